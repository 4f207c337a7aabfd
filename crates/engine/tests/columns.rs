//! Columns and the reference say the same, at every moment of knowledge: small worlds made with seeds, with late,
//! corrected, withdrawn and weakly graded records.

use servanda_engine::columns::{Live, Log, NO_TIME, Plan, Reading, Said, Table, replay};
use servanda_model::verdict::{Bearer, Performance};
use servanda_model::{Agreement, Grade, Instant, Name, Place, Places, Question, Record, When};
use std::collections::BTreeMap;

const HOUR: i64 = 3_600_000;

const PREAMBLE: &str = "# Rules over columns\n\n```pact\nagreement columns
  status      binding
  in force    1970-01-01T00:00
  time zone   UTC
  counting    event day excluded
  months      round down

body commission
party A
party B
party C
group sides
  members     A, B, C
class item
  value       x
  value       y
  value       z
event attack
  says        \"{by} attacks at {at}\"
  carries     by: party, at: place
event consultation
  says        \"{by} consults\"
  carries     by: party
event request
  says        \"{by} asks for {on}\"
  carries     by: party, on: item
event answer
  says        \"{by} answers on {on}\"
  carries     by: party, on: item
event payment
  says        \"{by} pays {amount}\"
  carries     by: party, amount: number
state approval
  says        \"approval of {on}\"
  carries     on: item
state block
  says        \"{by} is blocked\"
  carries     by: party
```

## Clause

> Whatever the wave, answer, access, cap.

```pact
term wave
  means       (count of attack by C in any 24 hours >= 4) and (distinct at of attack by C in any 24 hours >= 2)
  standard    probable
  per         \"wave\"
";

const RULES: [&str; 10] = [
    "duty after-wave\n  bearer each of sides\n  when wave begins\n  must do consultation by bearer\n  within 72 hours\n",
    "duty after-request\n  bearer each of sides\n  when request\n  must do answer by bearer\n  within 2 days\n",
    "duty own-request\n  bearer each of A, B\n  when request by bearer\n  must do answer by C on on of trigger\n  within 5 hours\n",
    "duty same-thing\n  bearer A\n  when request by sides\n  must do answer by bearer on on of trigger\n  within 0 hours\n",
    "duty only-approved\n  bearer each of sides\n  when request by bearer\n  must ensure approval on on of trigger\n  by trigger\n",
    "duty not-blocked\n  bearer each of sides\n  when request by bearer\n  must ensure not block by bearer\n  within 3 hours\n",
    "ban cap\n  bearer each of sides\n  must not keep sum amount of payment by bearer in any 30 hours > 12\n",
    "duty many\n  bearer each of sides\n  when (count of request by bearer in any 10 hours >= 2) begins\n  must do consultation by bearer\n  within 20 hours\n",
    "duty by-one\n  bearer each of sides\n  when request\n  must do answer by C on on of trigger\n  within 9 hours\n",
    "duty by-each\n  bearer each of sides\n  when request by bearer\n  must do answer by bearer on on of trigger\n  within 9 hours\n",
];

/// What the records of a rule's worlds speak of.
const FACTS: [&[&str]; 10] = [
    &["attack", "attack", "attack", "attack", "consultation", "request"],
    &["request", "answer"],
    &["request", "answer", "answer", "answer"],
    &["request", "answer", "answer"],
    &["request", "approval", "approval"],
    &["request", "block", "block"],
    &["payment", "request"],
    &["request", "consultation"],
    &["request", "answer", "answer"],
    &["request", "answer", "answer"],
];

fn checked(rule: &str) -> Agreement {
    let text = format!(
        "{PREAMBLE}{rule}  owed to commission\n  seen by commission\n  per \"wave, answer, access, cap\"\n```\n"
    );
    let checked = servanda_lang::check(&text);
    let errors: Vec<_> =
        checked.diagnostics.iter().map(|d| format!("{:?} {}", d.severity, d.message)).collect();
    assert!(!checked.has_errors(), "{rule}\n{errors:#?}");
    checked.agreement
}

#[test]
fn the_rules_compile() {
    for rule in RULES {
        let agreement = checked(rule);
        if let Err(refused) = Plan::of(&agreement) {
            panic!("{refused} {:#?}", agreement.norms[0]);
        }
    }
}

/// A seeded source of choices.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len() as u64) as usize]
    }
}

/// Records of all facts, mostly in order; some late, some corrected or withdrawn, some below the standard.
fn world(facts: &[&str], chance: &mut Chance) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    let n = 10 + chance.below(40);
    for i in 0..n {
        let recorded = (i as i64) * HOUR + chance.below(2) as i64 * HOUR;
        let late = if chance.below(4) == 0 { chance.below(60) as i64 } else { chance.below(3) as i64 };
        let when = When::exact(Instant(recorded - late * HOUR));
        let fact = chance.of(facts);
        let id = format!("r{:02}", chance.below(50) * 100 + i);
        let mut r = Record::new(id.as_str(), fact, when, Instant(recorded));
        let grades = [Grade::Possible, Grade::None, Grade::Probable, Grade::Confirmed, Grade::Confirmed];
        r.stated = Some(match fact {
            "payment" => Grade::Confirmed,
            _ => grades[chance.below(5) as usize],
        });
        let name = |of: &str| servanda_model::record::RoleValue::Name(of.into());
        let by =
            if fact == "attack" { chance.of(&["C", "C", "C", "A"]) } else { chance.of(&["A", "B", "C"]) };
        if fact != "approval" {
            r.roles.insert("by".into(), name(by));
        }
        if matches!(fact, "request" | "answer" | "approval") {
            r.roles.insert("on".into(), name(chance.of(&["x", "y"])));
        }
        if fact == "payment" {
            let amount = chance.below(9) as i64;
            r.roles.insert("amount".into(), servanda_model::record::RoleValue::Number(amount.into()));
        }
        if fact == "attack" {
            r.place = Some(Place::Named(chance.of(&["north", "south", "east"]).into()));
        }
        if chance.below(3) == 0 {
            r.phase = servanda_model::record::Phase::Ends;
        }
        let taken_back = chance.below(8);
        if taken_back < 2 && !records.is_empty() {
            let other = records[chance.below(records.len() as u64) as usize].clone();
            let corrected = records.iter().any(|r| r.supersedes.as_ref() == Some(&other.id));
            match taken_back {
                0 => r.withdraws = Some(other.id),
                _ if other.fact == r.fact
                    && other.withdraws.is_none()
                    && !corrected
                    && other.recorded < r.recorded =>
                {
                    r.supersedes = Some(other.id);
                }
                _ => {}
            }
        }
        records.push(r);
    }
    records
}

/// What the columns and the reference are to agree on: bearer, instance, triggered, due, performance, fulfilled, breached.
type Told = (String, String, i64, i64, Performance, Option<i64>, Option<i64>);

fn of_reference(agreement: &Agreement, records: &[Record], at: Instant) -> Vec<Told> {
    let board = servanda_engine::evaluate(agreement, &Places::default(), records, &Question::at(at));
    let mut told: Vec<Told> = Vec::new();
    for v in board.verdicts.iter().filter(|v| v.triggered.is_some()) {
        let Bearer::Party(bearer) = &v.bearer else { panic!("no other bearers here") };
        let exact = |w: Option<When>| {
            w.map(|w| {
                assert!(w.is_exact());
                w.latest.0
            })
        };
        let ban = v.norm == *"cap";
        // Of a ban the columns have a row for each episode.
        let (instance, breached) = match ban {
            true => ("-".to_string(), exact(v.breached)),
            false => (v.instance.to_string(), exact(v.breached)),
        };
        if ban && v.performance != Performance::Violated {
            assert_eq!(v.performance, Performance::Pending);
            continue;
        }
        let triggered = if ban { breached } else { exact(v.triggered) };
        told.push((
            bearer.to_string(),
            instance,
            triggered.unwrap(),
            exact(v.due).unwrap_or(NO_TIME),
            v.performance,
            exact(v.fulfilled),
            breached,
        ));
    }
    told.sort();
    told
}

fn of_columns(log: &Log, table: &Table, at: Instant) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    let mut first: BTreeMap<Name, i64> = BTreeMap::new();
    for row in log.as_known_at(at) {
        let (_, bearer, anchor) = log.whose(row);
        let performance = log.performance(row, at);
        if log.said(row) == Said::Exceeded {
            let first = first.entry(bearer.clone()).or_insert(NO_TIME);
            *first = log.triggered(row).min(*first);
            continue;
        }
        let fulfilled = (performance == Performance::Satisfied).then_some(log.done(row));
        let breached = (performance == Performance::Violated).then_some(log.due(row));
        let instance = table.id(anchor).unwrap().to_string();
        let when = (log.triggered(row), log.due(row));
        told.push((bearer.to_string(), instance, when.0, when.1, performance, fulfilled, breached));
    }
    let broken = first.into_iter().map(|(bearer, from)| {
        (bearer.to_string(), "-".to_string(), from, NO_TIME, Performance::Violated, None, Some(from))
    });
    told.extend(broken);
    told.sort();
    told
}

#[test]
fn columns_say_what_the_reference_says_at_every_moment_of_knowledge() {
    for (number, rule) in RULES.iter().enumerate() {
        let agreement = checked(rule);
        let plan = Plan::of(&agreement).unwrap();
        let mut seen: BTreeMap<Performance, usize> = BTreeMap::new();
        for seed in 0..120 {
            let mut records = world(FACTS[number], &mut Chance(seed * 31 + number as u64));
            for r in &mut records {
                r.when = When::exact(r.when.latest + 100 * HOUR);
                r.recorded = r.recorded + 100 * HOUR;
            }
            let table = Table::from_records(&plan, &records).unwrap();
            let log = replay(&plan, &table, 1).unwrap();
            let end = records.iter().map(|r| r.recorded).max().unwrap();
            for k in 0..7 {
                let at = if k == 6 { end + 200 * HOUR } else { Instant(100 * HOUR) + k * 13 * HOUR };
                // In the very millisecond at which a state is judged, a state that was so before and is no longer is
                // already violated to the reference, and still pending here.
                let at = at + i64::from(rule.contains("ensure"));
                // Episodes closer than a window share their first record here; the reference gives the later one
                // another name. When each was triggered tells them apart.
                let nameless = |mut told: Vec<Told>| {
                    told.iter_mut().for_each(|t| t.1.clear());
                    told.sort();
                    told
                };
                let told = nameless(of_columns(&log, &table, at));
                assert_eq!(
                    told,
                    nameless(of_reference(&agreement, &records, at)),
                    "{rule} seed {seed} at {at} {records:#?}"
                );
                told.iter().for_each(|t| *seen.entry(t.4).or_default() += 1);
            }
        }
        assert!(seen.len() > 2 || number == 6 && seen[&Performance::Violated] > 20, "{rule}: {seen:?}");
    }
}

#[test]
fn the_step_of_a_replay_changes_only_when_things_are_said() {
    for (rule, facts) in RULES.iter().zip(FACTS) {
        let plan = Plan::of(&checked(rule)).unwrap();
        for seed in 0..20 {
            let mut records = world(facts, &mut Chance(seed));
            records.iter_mut().for_each(|r| {
                r.when = When::exact(r.when.latest + 100 * HOUR);
                r.recorded = r.recorded + 100 * HOUR;
            });
            let table = Table::from_records(&plan, &records).unwrap();
            let (fine, coarse) =
                (replay(&plan, &table, 1).unwrap(), replay(&plan, &table, 24 * HOUR).unwrap());
            for day in 4..20 {
                let at = Instant(day * 24 * HOUR);
                assert_eq!(of_columns(&fine, &table, at), of_columns(&coarse, &table, at));
            }
            records.reverse();
            assert_eq!(Table::from_records(&plan, &records).unwrap().len(), table.len());
        }
    }
}

#[test]
fn rows_taken_in_as_they_come_say_what_a_replay_says() {
    for (rule, facts) in RULES.iter().zip(FACTS) {
        let plan = Plan::of(&checked(rule)).unwrap();
        for seed in 0..20 {
            let mut records = world(facts, &mut Chance(seed));
            records.retain(|r| r.withdraws.is_none() && r.supersedes.is_none());
            records.iter_mut().for_each(|r| {
                r.when = When::exact(r.when.latest + 100 * HOUR);
                r.recorded = r.recorded + 100 * HOUR;
            });
            let table = Table::from_records(&plan, &records).unwrap();
            let log = replay(&plan, &table, 1).unwrap();
            for part in [1, 3, 100] {
                let mut live = Live::new(&plan);
                for first in (0..table.len() as u32).step_by(part) {
                    live.insert_all(&table, first..(first + part as u32).min(table.len() as u32)).unwrap();
                }
                live.settle(Instant(table.recorded(table.len() as u32 - 1)));
                let all = |log: &Log| {
                    let row = |r| (log.triggered(r), log.due(r), log.done(r), log.said(r), log.known_to(r));
                    (0..log.len()).map(|r| (log.known_from(r), row(r))).collect::<Vec<_>>()
                };
                assert_eq!(all(live.log()), all(&log), "{rule} seed {seed} {part} at once");
            }
        }
    }
}

#[test]
fn stored_columns_come_back_and_others_are_refused() {
    let (plan, other) = (Plan::of(&checked(RULES[1])).unwrap(), Plan::of(&checked(RULES[0])).unwrap());
    let table = Table::from_records(&plan, &world(FACTS[1], &mut Chance(5))).unwrap();
    let bytes = table.to_bytes(&plan);
    let back = Table::from_bytes(&plan, &bytes).unwrap();
    assert_eq!(back.to_bytes(&plan), bytes);
    let told = |table: &Table| {
        let log = replay(&plan, table, 1).unwrap();
        (0..log.len()).map(|r| (log.triggered(r), log.done(r), log.known_to(r))).collect::<Vec<_>>()
    };
    assert_eq!(told(&back), told(&table));
    assert!(Table::from_bytes(&other, &bytes).is_err_and(|e| e.why.contains("other facts")));
    for cut in 0..bytes.len() {
        assert!(Table::from_bytes(&plan, &bytes[..cut]).is_err(), "{cut}");
    }
    for part in [1, 7, 64] {
        let mut reading = Reading::new(&plan);
        bytes.chunks(part).for_each(|part| reading.feed(part).unwrap());
        assert_eq!(reading.finish().unwrap().to_bytes(&plan), bytes, "{part} bytes at once");
    }
    let longer = [&bytes[..], b"x"].concat();
    assert!(Table::from_bytes(&plan, &longer).is_err());
    let later = [b"servanda columns 3\n", &bytes[19..]].concat();
    assert!(Table::from_bytes(&plan, &later).is_err_and(|e| e.why.contains("another version")));
}
