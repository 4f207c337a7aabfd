//! How long the engine takes over an exercise world: `pace FILE.pact.md RECORDS [step]`.
#![allow(clippy::disallowed_methods, reason = "the edge: it measures")]
use servanda_engine::incremental::Settings;
use servanda_engine::{Engine, reference};
use servanda_model::{Places, Question};
use std::time::Instant as Clock;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let n: usize = arguments[2].parse().expect("a number of records");
    let large = arguments[1].parse::<usize>().ok();
    let text = match large {
        Some(norms) => large_text(norms),
        None => std::fs::read_to_string(&arguments[1]).expect("the agreement"),
    };
    let checked = servanda_lang::check(&text);
    for d in checked.diagnostics.iter().take(3) {
        println!("{d:?}");
    }
    let agreement = checked.agreement;
    let records = match large {
        Some(_) => large_records(n),
        None => servanda_exercise::generate(&servanda_exercise::Settings::for_records(1, n as u32)).records,
    };
    println!("{} norms, {} records", agreement.norms.len(), records.len());
    let places = Places::default();
    let last = records.iter().map(|r| r.recorded).max().expect("records");
    let question = Question::at(last);
    let modes: Vec<&str> =
        arguments.get(3).map_or(vec!["ref", "board", "advance", "one"], |m| m.split(',').collect());
    if modes.contains(&"ref") {
        let t = Clock::now();
        let b = reference::evaluate(&agreement, &places, &records, &question);
        println!("reference: {:?}, {} verdicts", t.elapsed(), b.verdicts.len());
    }
    let mut engine = Engine::new(&agreement, &places, Settings::default());
    engine.add(records.iter().cloned());
    if modes.contains(&"board") {
        let t = Clock::now();
        let b = engine.board(&question);
        println!("engine, board: {:?}, {} verdicts", t.elapsed(), b.verdicts.len());
    }
    if modes.contains(&"one") {
        let mut engine = Engine::new(&agreement, &places, Settings::default());
        let cut = records.len() * 9 / 10;
        let mut sorted = records.clone();
        sorted.sort_by(|a, b| (a.recorded, &a.id).cmp(&(b.recorded, &b.id)));
        let tail: Vec<_> = sorted.split_off(cut);
        let from = sorted.last().expect("records").recorded;
        // Everything before as known at once.
        let mut early = sorted;
        early.iter_mut().for_each(|r| r.recorded = from);
        engine.add(early);
        let t = Clock::now();
        engine.advance(from);
        println!("first 90 % at once: {:?}", t.elapsed());
        let mut times = Vec::new();
        let mut slow = std::collections::BTreeMap::new();
        for r in tail.into_iter().take(2000) {
            let at = r.recorded.max(engine.frontier().next());
            let r = servanda_model::Record { recorded: at, ..r };
            let fact = format!("{} {}", r.fact, r.roles.len());
            engine.add([r]);
            let t = Clock::now();
            engine.advance(at);
            let took = t.elapsed();
            if took.as_millis() >= 20 {
                *slow.entry(fact).or_insert(0) += 1;
            }
            times.push(took);
        }
        times.sort();
        println!("slow: {slow:?}");
        println!(
            "one record: p50 {:?} p99 {:?} max {:?}",
            times[times.len() / 2],
            times[times.len() * 99 / 100],
            times.last()
        );
    }
    if modes.contains(&"advance") {
        let t = Clock::now();
        let rows = engine.advance(last).len();
        println!("engine, whole history: {:?}, {} rows", t.elapsed(), rows);
    }
}

const PARTIES: usize = 40;
const KINDS: usize = 20;

/// An agreement of so many norms for forty parties.
fn large_text(norms: usize) -> String {
    use std::fmt::Write as _;
    let mut text = String::from(
        "# Large\n\n## Article 1\n\n> Words.\n\n```pact\nagreement large\n  status  binding\n  signed  2025-01-01\n  in force  2025-01-01\n  time zone  UTC\n  counting  event day excluded\n\n",
    );
    let parties: Vec<String> = (0..PARTIES).map(|p| format!("p{p}")).collect();
    parties.iter().for_each(|p| writeln!(text, "party {p}\n").expect("text"));
    writeln!(text, "group parties\n  members  {}\n", parties.join(", ")).expect("text");
    writeln!(text, "body commission\n  members  parties\n").expect("text");
    writeln!(text, "class kind").expect("text");
    (0..KINDS).for_each(|k| writeln!(text, "  value k{k} \"kind {k}\"").expect("text"));
    text.push_str("\nevent incident\n  says  \"{by} {kind}\"\n  carries  by: party\n  carries  kind: kind\n\nevent consultation\n  says  \"{by} consults on {kind}\"\n  carries  by: party\n  carries  kind: kind\n\n");
    for i in 0..norms / 3 {
        let k = i % KINDS;
        let n = 3 + i % 7;
        writeln!(text, "ban ban-{i}\n  bearer  each of parties\n  must not  do incident by bearer where (kind = k{k})\n  seen by  commission\n  until  {}-12-31\n", 2026 + i % 9).expect("text");
        writeln!(
            text,
            "term wave-{i}\n  means  count of incident where (kind = k{k}) in any 24 hours >= {}\n",
            18 + n
        )
        .expect("text");
        writeln!(text, "duty consult-{i}\n  bearer  each of parties\n  when  wave-{i} begins\n  must  do consultation by bearer where (kind = k{k})\n  within  72 hours\n  seen by  commission\n").expect("text");
        writeln!(text, "duty quota-{i}\n  bearer  each of parties\n  must  ensure count of consultation by bearer where (kind = k{k}) in each calendar year >= {n}\n  by  {}-12-31\n  seen by  commission\n", 2026 + i % 9).expect("text");
    }
    text.push_str("```\n");
    text
}

/// Ten years of incidents and consultations.
fn large_records(n: usize) -> Vec<servanda_model::Record> {
    use servanda_model::record::RoleValue;
    use servanda_model::{Grade, Instant, Record, When};
    let mut state = 1u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % below
    };
    let start = 1_735_689_600_000i64;
    let span = 3650 * 86_400_000u64;
    (0..n)
        .map(|i| {
            let at = Instant(start + (span / n as u64) as i64 * i as i64);
            let late = if draw(20) == 0 { draw(30 * 86_400_000) as i64 } else { 0 };
            let fact = if draw(10) == 0 { "consultation" } else { "incident" };
            let mut r = Record::new(format!("r{i}"), fact, When::exact(at), at + late);
            r.stated = Some(Grade::Confirmed);
            r.source = "watch".into();
            r.roles
                .insert("by".into(), RoleValue::Name(format!("p{}", draw(PARTIES as u64)).as_str().into()));
            r.roles
                .insert("kind".into(), RoleValue::Name(format!("k{}", draw(KINDS as u64)).as_str().into()));
            r
        })
        .collect()
}
