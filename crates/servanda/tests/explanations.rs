//! Every explanation of every verdict of all scenarios, tried: what a verdict rests on suffices, none of it can be left
//! out, and what is said to change it does.

#[path = "../../scenario/tests/folder/mod.rs"]
mod folder;

use folder::{Beside, root, scenario_files, shown};
use servanda_engine::explain::{Explainer, Judge, Reference, explain, left_out, moved, relevant, same};
use servanda_evidence::{Context, Format, Mapping, import};
use servanda_model::explanation::{Explanation, What};
use servanda_model::record::{Basis, COVERAGE, RoleValue, Says, SourceGrade};
use servanda_model::verdict::{Bearer, Performance};
use servanda_model::{
    Agreement, Board, Calendar, Grade, Name, Place, Places, Question, Record, RecordId, Verdict, When,
};
use servanda_scenario::{parse, run};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Scenarios of more records are left to the measurements.
const MOST_RECORDS: usize = 400;
/// So many of the verdicts of one norm that come about alike are tried in each file.
const ALIKE: usize = 2;

/// What was found over all scenarios.
#[derive(Default)]
struct Found {
    asked: BTreeSet<String>,
    alike: BTreeMap<String, usize>,
    verdicts: usize,
    rests_on: usize,
    against: usize,
    would_change: usize,
    capped: usize,
    tried: usize,
    deeds: usize,
    kinds: BTreeMap<String, usize>,
    wrong: Vec<String>,
    times: Vec<(Duration, String)>,
}

/// Tries the explanations of a board of a scenario file.
fn heard(
    name: &str,
    agreement: &Agreement,
    places: &Places,
    records: &[Record],
    question: &Question,
    board: &Board,
    found: &mut Found,
) {
    let mut ids: Vec<&Name> =
        records.iter().filter(|r| r.recorded <= question.known_at).map(|r| &r.id).collect();
    ids.sort();
    let norms: Vec<&Name> = agreement.norms.iter().map(|n| &n.name).collect();
    let key = format!("{} {} {question:?} {norms:?} {ids:?}", name, agreement.name);
    if found.asked.insert(key) && records.len() <= MOST_RECORDS {
        for v in &board.verdicts {
            // Of verdicts that come about alike, the first few stand for all.
            let codes: Vec<_> = v.reasons().because.iter().map(|b| b.code).collect();
            let alike = format!("{} {} {:?} {:?} {codes:?}", name, v.norm, v.performance, v.standing);
            let seen = found.alike.entry(alike).or_default();
            *seen += 1;
            if *seen <= ALIKE {
                tried(name, agreement, places, records, question, v, found);
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test that says how long explanations take")]
fn started() -> Instant {
    Instant::now()
}

fn undecided(v: &Verdict) -> bool {
    matches!(v.performance, Performance::PendingEvidence | Performance::DependsOnReading)
}

/// Records that a statement about existing ones names.
fn named(what: &What) -> Vec<&RecordId> {
    match what {
        What::Confirmed(ids) => ids.iter().collect(),
        What::Dropped(id) | What::Actor(id, _) | What::Place(id) | What::Moment(id, _) => vec![id],
        What::Watched(_) | What::Deeds(_) => Vec::new(),
    }
}

/// The records that are there without some of those that may be left out.
fn keeping(records: &[Record], may_go: &BTreeSet<RecordId>, kept: &BTreeSet<RecordId>) -> Vec<Record> {
    let out = |r: &Record| may_go.contains(&r.id) && !kept.contains(&r.id);
    let out: BTreeSet<usize> = (0..records.len()).filter(|i| out(&records[*i])).collect();
    let out = left_out(records, &out);
    (0..records.len()).filter(|i| !out.contains(i)).map(|i| records[i].clone()).collect()
}

fn tried(
    name: &str,
    agreement: &Agreement,
    places: &Places,
    records: &[Record],
    question: &Question,
    v: &Verdict,
    found: &mut Found,
) {
    let begun = started();
    let why: Explanation = explain(agreement, places, records, question, v);
    let called = called(name, question, v);
    found.times.push((begun.elapsed(), called.clone()));
    holds(&called, agreement, places, records, question, v, &why, found);
}

fn called(name: &str, question: &Question, v: &Verdict) -> String {
    format!("{name}: {} {} {} at {}", v.norm, v.bearer, v.instance, question.at)
}

/// Tries every statement of an explanation.
#[expect(clippy::too_many_arguments, reason = "what was asked, what was answered, and where to note it")]
fn holds(
    called: &str,
    agreement: &Agreement,
    places: &Places,
    records: &[Record],
    question: &Question,
    v: &Verdict,
    why: &Explanation,
    found: &mut Found,
) {
    found.verdicts += 1;
    found.rests_on += why.rests_on.len();
    found.against += why.against.len();
    found.would_change += why.would_change.len();
    for c in why.against.iter().chain(&why.would_change) {
        let kind = format!("{:?}", c.what);
        let kind = kind.split('(').next().unwrap_or_default().to_string();
        *found.kinds.entry(format!("{kind} → {}", c.performance.word())).or_default() += 1;
    }
    found.capped += usize::from(why.may_rest_on_less || why.more_may_change);
    // Asked of all that is known, and not of what the explanation thought to matter.
    let known: Vec<Record> = records.iter().filter(|r| r.recorded <= question.known_at).cloned().collect();
    let judge = Reference::of(agreement, places, question, v).expect("a verdict's norm is in the agreement");
    let norm = agreement.norm(v.norm.as_str()).expect("likewise");
    let heard = relevant(agreement, records, question, norm);
    let gone: BTreeSet<&RecordId> =
        heard.iter().flat_map(|r| [&r.supersedes, &r.withdraws]).flatten().collect();
    let opposing: BTreeSet<&RecordId> = why.against.iter().flat_map(|c| named(&c.what)).collect();
    let speaks = |r: &&Record| {
        let stays = !undecided(v) && (r.disputes.is_some() || opposing.contains(&r.id));
        !gone.contains(&r.id) && r.withdraws.is_none() && !stays
    };
    let speaking: BTreeSet<RecordId> = heard.iter().filter(speaks).map(|r| r.id.clone()).collect();
    let needed: BTreeSet<RecordId> = why.rests_on.iter().map(|c| c.record.clone()).collect();
    let is_same = |kept: &BTreeSet<RecordId>| {
        judge.verdict(&keeping(&known, &speaking, kept)).is_some_and(|other| same(&other, v))
    };
    let mut wrong = |words: String| {
        found.wrong.push(format!("{called}: {words}; {:?}", v.performance));
    };
    if !needed.is_subset(&speaking) {
        wrong(format!("rests on records that do not speak for it: {needed:?}"));
    }
    if !is_same(&needed) {
        wrong(format!("does not stand on {needed:?}"));
    }
    for one in &needed {
        let mut fewer = needed.clone();
        fewer.remove(one);
        if is_same(&fewer) && !why.may_rest_on_less {
            wrong(format!("stands without {one}, of {needed:?}"));
        }
    }
    for change in why.against.iter().chain(&why.would_change) {
        let Some(supposed) = supposed(agreement, &known, question, v, &change.what) else { continue };
        let then = judge.verdict(&supposed);
        let performance = then.as_ref().map_or(Performance::NotApplicable, |t| t.performance);
        let holds = moved(v, then.as_ref()) && performance == change.performance;
        match change.what {
            // Which roles a deed has is not told; those that need none but their actor can be tried from outside.
            What::Deeds(_) => found.deeds += usize::from(holds),
            _ if holds => found.tried += 1,
            _ => found.wrong.push(format!("{called}: {change:?} leads to {performance:?}")),
        }
    }
}

/// The records as a change supposes them, made from what it says and nothing else; `None` where that is not enough.
fn supposed(
    agreement: &Agreement,
    known: &[Record],
    question: &Question,
    v: &Verdict,
    what: &What,
) -> Option<Vec<Record>> {
    let mut all = known.to_vec();
    let ids: BTreeSet<RecordId> = named(what).into_iter().cloned().collect();
    let blank = |k: usize, fact: &Name, when: servanda_model::Instant| {
        let mut r = Record::new(format!("tried-{k}"), fact.clone(), When::exact(when), question.known_at);
        believed(&mut r, agreement);
        (r.sent, r.received) = (Some(when), Some(when));
        r
    };
    match what {
        What::Dropped(_) => return Some(keeping(known, &ids, &BTreeSet::new())),
        What::Confirmed(_) => {
            all.iter_mut().filter(|r| ids.contains(&r.id)).for_each(|r| believed(r, agreement));
        }
        What::Moment(_, at) => {
            for r in all.iter_mut().filter(|r| ids.contains(&r.id)) {
                r.when = When::exact(*at);
                (r.sent, r.received) = (r.sent.map(|_| *at), r.received.map(|_| *at));
            }
        }
        What::Place(_) => {
            for r in all.iter_mut().filter(|r| ids.contains(&r.id)) {
                if let Some(Place::Point { radius_m, .. }) = &mut r.place {
                    *radius_m = 0.0;
                }
            }
        }
        What::Actor(_, name) => {
            for r in all.iter_mut().filter(|r| ids.contains(&r.id)) {
                r.roles.values_mut().for_each(|role| match role {
                    RoleValue::OneOf(names) if names.contains(name) => *role = RoleValue::Name(name.clone()),
                    _ => {}
                });
            }
        }
        What::Watched(watches) => {
            let observer = agreement.norm(v.norm.as_str())?.seen_by.first();
            for (k, w) in watches.iter().enumerate() {
                let mut r = blank(k, &COVERAGE.into(), w.over.from);
                r.until = Some(w.over.to);
                r.place = Some(Place::Named(w.zone.clone()));
                r.value = Some(1.into());
                r.roles.extend(observer.map(|o| ("by".into(), RoleValue::Name(o.clone()))));
                all.push(r);
            }
        }
        What::Deeds(deeds) => {
            for (k, d) in deeds
                .iter()
                .enumerate()
                .flat_map(|(k, d)| (0..d.times).map(move |n| (k * 1000 + n as usize, d)))
            {
                let mut r = blank(k, &d.fact, d.until.unwrap_or(question.at).min(question.at));
                r.says = d.says;
                if d.says == Says::Denies {
                    r.when.earliest = v.triggered.map_or(r.when.earliest, |t| t.latest.min(r.when.earliest));
                    r.until = Some(r.when.latest);
                    r.when.latest = r.when.earliest;
                }
                r.roles.extend(d.by.first().map(|by| ("by".into(), RoleValue::Name(by.clone()))));
                r.roles.extend(d.of.as_ref().map(|of| ("of".into(), RoleValue::Name(of.clone()))));
                all.push(r);
            }
        }
    }
    Some(all)
}

/// Lets a record reach any standard.
fn believed(r: &mut Record, agreement: &Agreement) {
    r.stated = Some(Grade::Confirmed);
    r.basis = Basis::Observed;
    r.source_grade = Some(SourceGrade::A);
    let rules = agreement.facts.get(&r.fact).map(|f| &f.evidence[..]).unwrap_or_default();
    r.sources = rules.iter().map(|e| e.sources).max().unwrap_or(1).max(r.sources);
}

#[test]
fn explanations_of_all_scenarios_hold_when_tried() {
    let root = root();
    let found = RefCell::new(Found::default());
    for folder in ["tests/agreed", "tests/scenarios", "examples"] {
        for (path, text) in scenario_files(&root.join(folder)) {
            let name = shown(&path);
            let judge = |agreement: &_, places: &_, records: &[_], question: &_| {
                let board = servanda_engine::evaluate(agreement, places, records, question);
                heard(&name, agreement, places, records, question, &board, &mut found.borrow_mut());
                board
            };
            run(&parse(&text), &name, &Beside { folder: path.parent().unwrap_or(&root), judge });
        }
    }
    let mut found = found.into_inner();
    found.times.sort();
    let n = found.times.len();
    let total: Duration = found.times.iter().map(|t| t.0).sum();
    println!(
        "{} verdicts explained in {total:?}: rest on {} records, {} against, {} would change, {} tried, {} deeds tried; {} capped; median {:?}, 99 of 100 {:?}, worst {:?}",
        found.verdicts,
        found.rests_on,
        found.against,
        found.would_change,
        found.tried,
        found.deeds,
        found.capped,
        found.times[n / 2].0,
        found.times[n * 99 / 100].0,
        found.times[n - 1],
    );
    for example in ["examples/minsk-style", "examples/berlin-framework"] {
        let own: Vec<Duration> =
            found.times.iter().filter(|t| t.1.starts_with(example)).map(|t| t.0).collect();
        let at = |share: usize| own[(own.len() * share / 100).min(own.len() - 1)];
        let (half, most, worst) = (at(50), at(90), at(100));
        println!("{example}: {} verdicts, median {half:?}, 90 of 100 {most:?}, worst {worst:?}", own.len());
    }
    println!("{:#?}", found.kinds);

    let shown: Vec<&str> = found.wrong.iter().map(String::as_str).take(40).collect();
    assert!(shown.is_empty(), "{} statements do not hold:\n{}", found.wrong.len(), shown.join("\n"));
    let Found { verdicts, capped, tried, deeds, .. } = found;
    assert!(verdicts > 500 && capped < 20, "{verdicts} verdicts were explained, {capped} of them cut short");
    assert!(tried > 40 && deeds > 150, "only {tried} changes and {deeds} deeds were tried from outside");
}

/// A real history: its records, or `None` where the data folder is left out on purpose.
fn real(map: Option<&str>) -> Option<Vec<Record>> {
    if std::env::var_os("SERVANDA_WITHOUT_SHARED_DATA").is_some() {
        eprintln!("left out: SERVANDA_WITHOUT_SHARED_DATA is set");
        return None;
    }
    let path = root().join("../shared/data/incidents/ucdp-ged-22.1-ukraine-2014-2021.csv");
    let bytes = std::fs::read(&path).unwrap_or_else(|e| {
        panic!(
            "the real data is missing at {}: {e}; put it there, or set SERVANDA_WITHOUT_SHARED_DATA=1 to leave the test out",
            path.display()
        )
    });
    let map = map.map(|map| {
        let map = std::fs::read_to_string(root().join("examples").join(map)).expect("the map");
        Mapping::parse(&map).expect("a map")
    });
    let calendar = Calendar::of_zone("Europe/Kyiv").expect("a zone");
    let context = Context { calendar, ..Context::new(time("2026-11-01T00:00:00Z"), "ucdp") };
    Some(import(Format::Ucdp, &bytes, map.as_ref(), &context).expect("the file is read").records)
}

fn time(text: &str) -> servanda_model::Instant {
    servanda_model::Instant::parse_utc(text).expect("a time")
}

fn drafted(path: &str, records: &[Record]) -> (Agreement, Places) {
    let path = root().join("examples").join(path);
    let agreement = servanda_lang::check(&std::fs::read_to_string(&path).expect("the example")).agreement;
    let line = path.with_file_name("zones").join("contact-line.geojson");
    let files = std::fs::read(line).map(|line| ("zones/contact-line.geojson".to_string(), line));
    let (places, _) = servanda_evidence::zones::places(&agreement, &files.into_iter().collect(), records);
    (agreement, places)
}

/// Two agreements over the list of lethal events in Ukraine, asked at many moments: every explanation is timed, and of
/// some of them every statement is tried on all records. How long they take is printed, and bounded loosely: the tests
/// run unoptimised and beside others.
#[test]
fn explanations_of_a_real_history_hold_when_tried() {
    let mut found = Found::default();
    let mut first_at: Vec<Duration> = Vec::new();
    for (draft, map) in [
        ("minsk-style/minsk-style.pact.md", None),
        ("backtest-ukraine/truce.pact.md", Some("backtest-ukraine/ucdp.map.toml")),
    ] {
        let Some(records) = real(map) else { return };
        assert!(records.len() > 2_900);
        let (agreement, places) = drafted(draft, &records);
        let mut times: Vec<(Duration, String)> = Vec::new();
        for year in 2015..=2021 {
            for month in ["03", "09", "12"] {
                let at = time(&format!("{year}-{month}-20T21:00:00Z"));
                let question = Question { known_at: time("2026-11-01T00:00:00Z"), ..Question::at(at) };
                let board = servanda_engine::evaluate(&agreement, &places, &records, &question);
                let begun = started();
                let explainer = Explainer::new(&agreement, &places, &records, &question);
                // The latest instances of each norm stand for its many.
                let mut told: BTreeMap<(&Name, &Bearer), usize> = BTreeMap::new();
                let mut asked: Vec<&Verdict> = board.verdicts.iter().rev().collect();
                asked.retain(|v| {
                    let many = told.entry((&v.norm, &v.bearer)).or_default();
                    *many += 1;
                    *many <= 12
                });
                // What is learnt for all of them is learnt once, as by a server before its first answer.
                asked.iter().for_each(|v| drop(explainer.explain(v)));
                first_at.push(begun.elapsed());
                for (k, v) in asked.iter().enumerate() {
                    let begun = started();
                    let why = explainer.explain(v);
                    let called = called(draft, &question, v);
                    let took = begun.elapsed();
                    println!(
                        "{took:?} {called} {} rests on {} of {}, {} against, {} would change, capped {} {}",
                        v.performance.word(),
                        why.rests_on.len(),
                        v.reasons().decided_by.len(),
                        why.against.len(),
                        why.would_change.len(),
                        why.may_rest_on_less,
                        why.more_may_change
                    );
                    times.push((took, called.clone()));
                    if month == "09" && k % 9 == year % 9 {
                        holds(&called, &agreement, &places, &records, &question, v, &why, &mut found);
                    }
                }
            }
        }
        times.sort();
        let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].0;
        println!(
            "{draft}: {} verdicts, median {:?}, 90 of 100 {:?}, 99 of 100 {:?}, worst {:?}",
            times.len(),
            at(50),
            at(90),
            at(99),
            times[times.len() - 1],
        );
        assert!(times.len() > 200, "{} verdicts", times.len());
        assert!(at(90) < Duration::from_millis(250), "90 of 100 explanations within {:?}", at(90));
    }
    first_at.sort();
    println!(
        "all of a moment, from nothing: median {:?}, worst {:?}",
        first_at[first_at.len() / 2],
        first_at[first_at.len() - 1]
    );
    println!(
        "{} tried, {} capped: rest on {}, {} changes, {} deeds; {:#?}",
        found.verdicts, found.capped, found.rests_on, found.tried, found.deeds, found.kinds
    );
    let shown: Vec<&str> = found.wrong.iter().map(String::as_str).take(40).collect();
    assert!(shown.is_empty(), "{} statements do not hold:\n{}", found.wrong.len(), shown.join("\n"));
    assert!(found.verdicts > 20, "only {} verdicts were tried", found.verdicts);
}

/// The Minsk-style example on the real list of incidents (UCDP GED, Ukraine 2014–2021), read where it lies.
#[test]
fn of_a_ban_broken_a_thousand_times_the_first_record_is_enough() {
    let Some(records) = real(None) else { return };
    let (agreement, places) = drafted("minsk-style/minsk-style.pact.md", &records);
    let question =
        Question { known_at: time("2026-11-01T00:00:00Z"), ..Question::at(time("2021-12-31T22:00:00Z")) };
    let board = servanda_engine::evaluate(&agreement, &places, &records, &question);
    let mut rests = Vec::new();
    for v in board.verdicts.iter().filter(|v| v.norm == "hold-fire") {
        let begun = started();
        let why = explain(&agreement, &places, &records, &question, v);
        println!(
            "{} {}: {} {:?}, {} records cited, rests on {:?} capped {}",
            v.norm,
            v.bearer,
            v.performance.word(),
            begun.elapsed(),
            v.reasons().decided_by.len(),
            why.rests_on,
            why.may_rest_on_less
        );
        if matches!(v.bearer, Bearer::NotEstablished(_)) {
            assert_eq!(why.rests_on.len(), 1, "{:?}", why.rests_on);
            assert!(v.reasons().decided_by.len() >= 100);
            let first = records.iter().find(|r| r.id == why.rests_on[0].record).map(|r| r.when);
            assert_eq!(first, v.breached, "the first breach is what it rests on");
            rests = why.rests_on;
        }
    }
    assert_eq!(rests.len(), 1, "the group's row is explained");
}
