//! `servanda backtest` on real histories, read where they lie: truces on the UCDP lists for Ukraine and Colombia, and air-raid
//! alarms as intervals.

use servanda_backtest::vary::{self, Found};
use servanda_backtest::{Knowledge, Past, Replay, labels, replay};
use servanda_evidence::{Context, Format, Mapping, import, zones};
use servanda_model::record::{Phase, RoleValue};
use servanda_model::verdict::Performance;
use servanda_model::{Agreement, Calendar, Instant, Places, Record};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file of the shared data, or `None` where the data folder is left out on purpose.
fn shared(path: &str) -> Option<Vec<u8>> {
    if std::env::var_os("SERVANDA_WITHOUT_SHARED_DATA").is_some() {
        eprintln!("left out: SERVANDA_WITHOUT_SHARED_DATA is set");
        return None;
    }
    let path = root().join("../shared/data").join(path);
    Some(std::fs::read(&path).unwrap_or_else(|e| {
        panic!(
            "the real data is missing at {}: {e}; put it there, or set SERVANDA_WITHOUT_SHARED_DATA=1 to leave the test out",
            path.display()
        )
    }))
}

fn draft(path: &str) -> Agreement {
    let text = std::fs::read_to_string(root().join("examples").join(path)).unwrap();
    let checked = servanda_lang::check(&text);
    assert!(!checked.has_errors(), "{:?}", checked.diagnostics);
    checked.agreement
}

fn records(bytes: &[u8], dataset: &str, map: &str, zone: &str) -> Vec<Record> {
    let map = std::fs::read_to_string(root().join("examples").join(map)).unwrap();
    let map = Mapping::parse(&map).unwrap_or_else(|faults| panic!("{faults:?}"));
    let format = map.format.unwrap_or(Format::Csv);
    let now = Instant::parse_utc("2026-11-01T00:00:00Z").unwrap();
    let context = Context { calendar: Calendar::of_zone(zone).unwrap(), ..Context::new(now, dataset) };
    let import = import(format, bytes, Some(&map), &context).unwrap_or_else(|faults| panic!("{faults:?}"));
    assert!(import.refused.is_empty(), "{:?}", import.refused.first());
    import.records
}

fn at(text: &str) -> Option<Instant> {
    Instant::parse_utc(text)
}

fn replayed(draft: &Agreement, past: &Past) -> Replay {
    let (places, problems) = zones::places(draft, &BTreeMap::new(), &past.records);
    assert!(problems.iter().all(|p| p.zones.is_empty()), "{problems:?}");
    replay(draft, &places, past, &BTreeMap::new())
}

fn ukraine() -> Option<Vec<Record>> {
    let bytes = shared("incidents/ucdp-ged-22.1-ukraine-2014-2021.csv")?;
    Some(records(&bytes, "ucdp", "backtest-ukraine/ucdp.map.toml", "Europe/Kyiv"))
}

#[test]
fn the_truce_on_the_ukrainian_list_until_the_first_spring() {
    let Some(records) = ukraine() else { return };
    let truce = draft("backtest-ukraine/truce.pact.md");
    let (from, to) = (at("2014-09-05T00:00:00Z"), at("2015-03-31T21:00:00Z"));
    let past = Past::of(&truce, &records, Knowledge::AsItHappened(0), from, to, Vec::new()).unwrap();
    assert_eq!((past.about.given, past.about.not_to_the_day), (2_989, 666));
    assert!(past.about.limits()[0].contains("lethal events only"), "{:?}", past.about.limits());
    let found = replayed(&truce, &past);
    let of = |name: &str| found.norms.iter().find(|n| n.norm == *name).unwrap();
    let ban = of("hold-fire");
    assert_eq!((ban.count(Performance::Violated), ban.instances), (1, 4), "by whom is not established");
    let broken = found
        .instances
        .iter()
        .find(|i| i.performance == Performance::Violated && i.norm == "hold-fire")
        .unwrap();
    assert_eq!(broken.bearer.to_string(), "not-established");
    assert!(ban.episodes > 5);

    // Every relapse that begins in force, or lasts then, calls one meeting; the list has no meetings.
    let relapses = found.terms.iter().find(|t| t.term == "relapse").unwrap();
    let meet = of("meet");
    assert!(meet.instances > 3, "{meet:?}");
    assert_eq!(meet.instances, relapses.episodes.len());
    assert_eq!(meet.count(Performance::Violated) + meet.count(Performance::Pending), meet.instances);
    let soonest = meet.from_trigger.unwrap().least;
    assert!(soonest >= 72 * 3_600_000, "no verdict before the deadline: {soonest}");

    // Nobody watched, so seven quiet days are never shown.
    assert_eq!(of("pull-back").instances, 0);
}

#[test]
fn a_delay_moves_the_verdict_and_not_the_breach() {
    let Some(records) = ukraine() else { return };
    let mut truce = draft("backtest-ukraine/truce.pact.md");
    truce.norms.retain(|n| n.name == "hold-fire");
    let to = at("2014-10-31T00:00:00Z");
    let run = |delay| {
        let past = Past::of(&truce, &records, Knowledge::AsItHappened(delay), None, to, Vec::new()).unwrap();
        replayed(&truce, &past)
    };
    let (now, later) = (run(0), run(48 * 3_600_000));
    assert_eq!(now.norms[0].from_deed.unwrap().most, 0);
    assert_eq!(later.norms[0].from_deed.unwrap().most, 48 * 3_600_000);
    let first = |r: &Replay| r.instances.iter().flat_map(|i| i.breaches.first().copied()).next();
    assert_eq!(first(&now), first(&later));
}

#[test]
fn labels_and_variants_on_the_ukrainian_list() {
    let Some(records) = ukraine() else { return };
    let mut truce = draft("backtest-ukraine/truce.pact.md");
    truce.norms.retain(|n| n.name == "meet");
    let text = std::fs::read_to_string(root().join("examples/backtest-ukraine/labels.csv")).unwrap();
    let labels = labels::parse(&text, &truce).unwrap_or_else(|faults| panic!("{faults:?}"));
    let (from, to) = (at("2014-09-05T00:00:00Z"), at("2015-09-30T00:00:00Z"));
    let past = Past::of(&truce, &records, Knowledge::AsItHappened(0), from, to, Vec::new()).unwrap();
    let (places, _) = zones::places(&truce, &BTreeMap::new(), &past.records);
    let varied = vary::varied(&truce, &["relapse.count=6..36:15".to_string()]).unwrap();
    let day = 86_400_000;
    let beside = Some((&labels[..], 7 * day));
    let none = BTreeMap::new();
    let sweep = vary::sweep(&truce, &places, &past, &none, varied, beside, false, |_, _| {}).unwrap();
    assert_eq!(sweep.term_only, None, "events known to the day are not counted the quick way");
    let errors: Vec<(usize, usize)> = sweep
        .variants
        .iter()
        .map(|v| match &v.found {
            Found::Whole { scored: Some(s), .. } => {
                (s.scores[0].missed.len(), s.scores[0].false_alarms.len())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    // A higher threshold misses more and cries less often.
    assert!(errors[0].0 < errors[2].0, "{errors:?}");
    let met = |i: usize| match &sweep.variants[i].found {
        Found::Whole { terms, .. } => terms[0].met,
        Found::Triggers { .. } => 0,
    };
    assert!(met(0) > met(1) && met(1) > met(2));
    let outside = labels.iter().filter(|l| l.period.from > past.period.to).count();
    assert_eq!(outside, 2);
}

#[test]
fn the_ceasefire_on_the_colombian_list() {
    let Some(bytes) = shared("incidents/ucdp-ged-19.1-colombia-1989-2018.csv") else { return };
    let records = records(&bytes, "ucdp", "backtest-colombia/ucdp.map.toml", "America/Bogota");
    assert_eq!(records.len(), 4_632);
    let draft = draft("backtest-colombia/ceasefire.pact.md");
    let past = Past::of(&draft, &records, Knowledge::AsItHappened(0), None, None, Vec::new()).unwrap();
    assert_eq!(
        draft.calendar.date(past.period.from).to_string(),
        "2017-10-01",
        "counted from the entry into force"
    );
    let found = replayed(&draft, &past);
    let ban: Vec<_> = found.instances.iter().filter(|i| i.norm == "hold-fire").collect();
    let end = draft.calendar.end_of_day("2018-01-09".parse().unwrap());
    for (from, _) in ban.iter().flat_map(|i| &i.breaches) {
        assert!(
            from.earliest >= past.period.from && from.earliest <= end,
            "{from:?} lies outside the hundred days"
        );
    }
    // What was over before the entry into force calls for no report.
    let report = found.norms.iter().find(|n| n.norm == "report-it").unwrap();
    let back = found.terms.iter().find(|t| t.term == "comes-back").unwrap();
    assert!(report.instances > 0 && report.instances <= back.episodes.len(), "{report:?}");
}

fn alarms() -> Option<Vec<Record>> {
    let mut all = Vec::new();
    for file in ["official_data_en.csv", "volunteer_data_en.csv"] {
        let bytes = shared(&format!("alarms/{file}"))?;
        all.extend(records(&bytes, file, "backtest-alarms/alarms.map.toml", "Europe/Kyiv"));
    }
    Some(all)
}

#[test]
fn all_alarms_are_intervals_and_an_assumed_end_stays_a_doubt() {
    let Some(records) = alarms() else { return };
    let rows: BTreeSet<&str> = records.iter().map(|r| r.id.as_str()).collect();
    assert_eq!((records.len(), rows.len()), (97_545, 97_545));
    let assumed = records.iter().filter(|r| r.phase == Phase::Stands).count();
    assert_eq!(assumed, 2_395);
    assert!(records.iter().all(|r| r.until.is_none() == (r.phase == Phase::Stands)));
    let longest = records.iter().filter_map(|r| Some(r.until? - r.when.earliest)).max().unwrap();
    assert_eq!((longest + 59_999) / 60_000, 10_696);

    let draft = draft("backtest-alarms/all-clear.pact.md");
    let past = Past::of(&draft, &records, Knowledge::AsItHappened(0), None, None, Vec::new()).unwrap();
    assert_eq!(past.records.len(), 97_545 + (97_545 - 2_395), "a beginning, and an end where there is one");
    assert_eq!(past.about.open_ended, 2_395);
    assert!(past.records.iter().all(|r| r.until.is_none_or(|until| r.recorded > until)));

    // 336 variants over all rows in one pass; one of them counted here by hand.
    let asked = ["country-wide.count=5..25".to_string(), "country-wide.distinct=5..20".to_string()];
    let varied = vary::varied(&draft, &asked).unwrap();
    assert!(vary::is_countable(&draft, &past, &varied));
    let (places, none) = (Places::default(), BTreeMap::new());
    let sweep = vary::sweep(&draft, &places, &past, &none, varied, None, false, |_, _| {}).unwrap();
    assert_eq!(sweep.variants.len(), 336);
    let term = sweep.term_only.clone().unwrap();
    let drafted = sweep.variants.iter().find(|v| v.is_draft).unwrap();
    assert_eq!(drafted.triggers(Some(&term))[&term], by_hand(&records, 15, 15));
    assert!(by_hand(&records, 15, 15) > 10);
}

/// How often at least `n` official alarms of `kinds` whole regions begin within an hour: at every beginning.
fn by_hand(records: &[Record], n: usize, kinds: usize) -> usize {
    let name = |r: &Record, role: &str| match r.roles.get(role) {
        Some(RoleValue::Name(name)) => name.to_string(),
        other => panic!("{other:?}"),
    };
    let whole = |r: &&Record| name(r, "list") == "official" && name(r, "level") == "oblast";
    let mut begun: Vec<(i64, String)> =
        records.iter().filter(whole).map(|r| (r.when.earliest.0, name(r, "region"))).collect();
    begun.sort();
    let hour = 3_600_000;
    let holds = |t: i64, at: usize| {
        let within: Vec<_> = begun[..at].iter().rev().take_while(|(b, _)| *b > t - hour).collect();
        within.len() >= n && within.iter().map(|(_, r)| r).collect::<BTreeSet<_>>().len() >= kinds
    };
    let (mut times, mut on) = (0, false);
    let mut changes: Vec<i64> = begun.iter().flat_map(|(t, _)| [*t, *t + hour]).collect();
    changes.sort_unstable();
    changes.dedup();
    for t in changes {
        let now = holds(t, begun.partition_point(|(b, _)| *b <= t));
        times += usize::from(now && !on);
        on = now;
    }
    times
}

#[test]
fn the_first_days_of_the_alarms_replayed() {
    let Some(records) = alarms() else { return };
    let draft = draft("backtest-alarms/all-clear.pact.md");
    let until = at("2022-03-18T00:00:00Z").unwrap();
    let first: Vec<Record> = records.into_iter().filter(|r| r.when.earliest < until).collect();
    let past = Past::of(&draft, &first, Knowledge::AsItHappened(0), None, Some(until), Vec::new()).unwrap();
    let found = replayed(&draft, &past);
    let of = |name: &str| found.norms.iter().find(|n| n.norm == *name).unwrap();
    let official = first.iter().filter(|r| r.roles["list"] == RoleValue::Name("official".into()));
    let whole = official.filter(|r| r.roles["level"] == RoleValue::Name("oblast".into())).count();
    assert_eq!(of("call-off").instances, whole, "an instance for each alarm of a whole region");
    let (kept, broken) =
        (of("call-off").count(Performance::Satisfied), of("call-off").count(Performance::Violated));
    assert!(kept > broken && broken > 0, "{kept} {broken}");
    // Most alarms stand in both lists ten minutes later; an assumed end decides nothing.
    let one_word = of("one-word");
    assert!(one_word.count(Performance::Satisfied) > one_word.count(Performance::Violated), "{one_word:?}");
    // Three hours after the beginning, to the millisecond, and not before.
    let spread = of("call-off").from_trigger.unwrap();
    assert!(spread.least >= 3 * 3_600_000, "{spread:?}");
    assert!(found.log.iter().all(|r| r.known_from <= until));
}
