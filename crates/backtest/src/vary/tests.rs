//! Names, ranges, and that a variant is the draft with that value written into it.

use super::*;
use crate::Knowledge;
use servanda_model::record::{ItemGrade, RoleValue};
use servanda_model::{Record, When};

fn text(count: &str, hours: &str) -> String {
    format!(
        "# A\n\n> They stop, and meet soon.\n\n```pact\nagreement a\n  time zone UTC\n  in force 2024-01-01\n\nparty A\nparty B\n\
         body board\n  members A, B\n\nevent strike\n  says \"{{by}} strikes\"\n  carries by: party, kind: text\n\n\
         event meeting\n  says \"a meeting\"\n\n\
         term wave\n  means (count of strike by B in any 24 hours >= 3) and (distinct kind of strike by B in any 24 hours >= 2)\n\n\
         term burst\n  means count of strike by B in any 24 hours >= {count}\n\n\
         reading soon \"soon\"\n  option quick: 12 hours\n  option slow: 3 days\n\n\
         duty meet\n  bearer A\n  owed to B\n  when burst begins\n  must do meeting\n  within {hours} hours\n  seen by board\n  per \"They stop, and meet\"\n```\n"
    )
}

fn agreement(count: &str, hours: &str) -> Agreement {
    let checked = servanda_lang::check(&text(count, hours));
    let errors: Vec<_> = checked
        .diagnostics
        .iter()
        .filter(|d| d.severity == servanda_lang::diagnostic::Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    checked.agreement
}

/// Strikes at uneven times, and a few meetings.
fn history(agreement: &Agreement) -> Past {
    let start = Instant::parse_utc("2024-02-01T00:00:00Z").unwrap().0;
    let mut at = start;
    let mut records = Vec::new();
    for i in 0..70i64 {
        at += (1 + (i * i * 7) % 17) * 3_600_000;
        let mut r = Record::new(format!("s{i}"), "strike", When::exact(Instant(at)), Instant(at));
        let by = if i % 5 == 0 { "A" } else { "B" };
        r.roles.insert("by".into(), RoleValue::Name(by.into()));
        r.roles.insert("kind".into(), RoleValue::Name(["gun", "drone", "mine"][(i % 3) as usize].into()));
        r.item_grade = Some(ItemGrade(if i % 11 == 0 { 3 } else { 2 }));
        records.push(r);
        if i % 20 == 7 {
            let mut m =
                Record::new(format!("m{i}"), "meeting", When::exact(Instant(at + 5)), Instant(at + 5));
            m.item_grade = Some(ItemGrade(1));
            records.push(m);
        }
    }
    Past::of(agreement, &records, Knowledge::AsItHappened(3_600_000), None, None, Vec::new()).unwrap()
}

fn names(agreement: &Agreement) -> Vec<String> {
    knobs(agreement).into_iter().map(|k| k.name).collect()
}

#[test]
fn what_can_be_varied_has_names() {
    assert_eq!(
        names(&agreement("3", "48")),
        [
            "meet.within",
            "meet.standard",
            "meet.watched",
            "burst.count",
            "burst.count-window",
            "burst.standard",
            "wave.count",
            "wave.count-window",
            "wave.distinct",
            "wave.distinct-window",
            "wave.standard",
            "soon.quick.length",
            "soon.slow.length",
            "soon",
        ]
    );
}

#[test]
fn ranges_are_read_and_refused() {
    let agreement = agreement("3", "48");
    let show = |asked: &str| match varied(&agreement, &[asked.to_string()]) {
        Ok(v) => v[0].values.iter().map(Setting::to_string).collect::<Vec<_>>().join(" "),
        Err(refusal) => format!("{} | {}", refusal.message, refusal.help),
    };
    for (asked, is) in [
        ("burst.count=2..5", "2 3 4 5"),
        ("burst.count=10..50:20", "10 30 50"),
        ("burst.count=5,9", "5 9"),
        ("meet.within=12h..36h:12h", "12 hours 24 hours 36 hours"),
        ("meet.within=12..36 hours:12", "12 hours 24 hours 36 hours"),
        ("meet.within=24", "24 hours"),
        ("meet.watched=80%..100%:10%", "about 0.800 about 0.900 1"),
        ("soon=all", "quick slow"),
        ("soon=slow", "slow"),
        ("burst.standard=possible..probable", "possible probable"),
    ] {
        let shown = show(asked).replace("0.8 0.9", "about 0.800 about 0.900");
        assert_eq!(shown, is, "{asked}");
    }
    for (asked, says) in [
        ("burst.count", "says not what values to try"),
        ("burst.cuont=2..5", "did you mean `burst.count`?"),
        ("burst.count=", "names no value"),
        ("burst.count=5..2", "it ends before it begins"),
        ("burst.count=2..", "a range has a beginning and an end"),
        ("burst.count=2..9:0", "the step is to be more than 0"),
        ("burst.count=two", "is not a number"),
        ("meet.within=12h..3 days", "hours and days do not mix"),
        ("meet.within=12 houres", "did you mean `hours`?"),
        ("soon=fast", "has no option `fast`"),
        ("burst.count=all", "has no list of options"),
        ("burst.count=1..9999999", "it has more than 40,000 values"),
    ] {
        let shown = show(asked);
        assert!(shown.contains(says), "{asked}: {shown}");
    }
    let twice = varied(&agreement, &["soon=all".into(), "soon=slow".into()]).unwrap_err();
    assert!(twice.message.contains("varied twice"));
}

fn sweep_of(agreement: &Agreement, past: &Past, asked: &[&str], verdicts: bool) -> Result<Sweep, Refusal> {
    let asked: Vec<String> = asked.iter().map(|a| a.to_string()).collect();
    let varied = varied(agreement, &asked)?;
    sweep(agreement, &Places::default(), past, &BTreeMap::new(), varied, None, verdicts, |_, _| {})
}

#[test]
fn a_variant_is_the_draft_with_that_value_written_into_it() {
    let draft = agreement("3", "48");
    let past = history(&draft);
    let sweep = sweep_of(&draft, &past, &["burst.count=2..4", "meet.within=24h,48h"], true).unwrap();
    assert_eq!(sweep.variants.len(), 6);
    assert_eq!(sweep.variants.iter().filter(|v| v.is_draft).count(), 1);
    let mut met = Vec::new();
    for variant in &sweep.variants {
        let (count, within) =
            (&sweep.varied[0].values[variant.at[0]], &sweep.varied[1].values[variant.at[1]]);
        let hours = within.to_string().replace(" hours", "");
        let written = agreement(&count.to_string(), &hours);
        let alone = crate::replay(&written, &Places::default(), &past, &BTreeMap::new());
        let Found::Whole { norms, terms, .. } = &variant.found else { panic!() };
        assert_eq!((norms, terms), (&alone.norms, &alone.terms), "{count} {within}");
        met.push(norms[0].triggers);
    }
    assert!(met[0] > met[2] && met[2] > met[4] && met[4] > 0, "the threshold matters: {met:?}");
}

#[test]
fn the_quick_way_counts_what_replays_count() {
    let draft = agreement("3", "48");
    let past = history(&draft);
    for asked in [
        &["burst.count=1..6", "burst.count-window=6h..24h:6h"][..],
        &["wave.count=1..4", "wave.distinct=1..3"],
        &["burst.count=3,8"],
    ] {
        let quick = sweep_of(&draft, &past, asked, false).unwrap();
        let term = quick.term_only.clone().expect("the quick way was taken");
        let whole = sweep_of(&draft, &past, asked, true).unwrap();
        assert_eq!(whole.term_only, None);
        let triggers = |s: &Sweep| {
            s.variants
                .iter()
                .map(|v| (v.at.clone(), v.is_draft, v.triggers(Some(&term)).get(&term).copied()))
                .collect::<Vec<_>>()
        };
        assert_eq!(triggers(&quick), triggers(&whole), "{asked:?}");
        assert!(triggers(&quick).iter().any(|t| t.2 > Some(1)));
    }
}

#[test]
fn doubts_and_other_rules_take_the_long_way() {
    let draft = agreement("3", "48");
    let mut past = history(&draft);
    let long =
        |past: &Past, asked: &[&str]| sweep_of(&draft, past, asked, false).unwrap().term_only.is_none();
    assert!(!long(&past, &["burst.count=2..3"]));
    assert!(long(&past, &["burst.standard=all"]));
    assert!(long(&past, &["burst.count=2..3", "meet.within=24h"]));
    past.records[3].when.latest = past.records[3].when.latest + 1000;
    assert!(long(&past, &["burst.count=2..3"]));
}

#[test]
fn too_many_variants_are_refused_before_anything_is_computed() {
    let draft = agreement("3", "48");
    let past = history(&draft);
    let refusal = sweep_of(&draft, &past, &["meet.within=1h..500h"], false).unwrap_err();
    assert!(
        refusal.message.contains("500 variants") && refusal.message.contains("at most 200"),
        "{refusal:?}"
    );
    let refusal =
        sweep_of(&draft, &past, &["burst.count=1..40000", "burst.count-window=1h..9h"], false).unwrap_err();
    assert!(refusal.message.contains("360,000 variants"), "{refusal:?}");
}

#[test]
fn readings_are_tried_option_by_option() {
    let draft = agreement("3", "48");
    let past = history(&draft);
    let sweep = sweep_of(&draft, &past, &["soon=all"], false).unwrap();
    assert_eq!(sweep.variants.len(), 2);
    assert!(sweep.variants.iter().all(|v| !v.is_draft));
}

#[test]
fn a_replay_in_steps_gives_what_a_replay_gives_and_stops_when_it_is_told_to() {
    use crate::figures::{Bounds, Stopped, replay, replay_within};
    let (agreement, places) = (agreement("3", "48"), Places::default());
    let past = history(&agreement);
    let whole = replay(&agreement, &places, &past, &BTreeMap::new());
    let asked = std::cell::Cell::new(0);
    let go_on = || {
        asked.set(asked.get() + 1);
        true
    };
    let bounds = Bounds { go_on: &go_on, memory: u64::MAX, at_end_only: false };
    let stepped = replay_within(&agreement, &places, &past, &BTreeMap::new(), &bounds).unwrap();
    assert!(asked.get() > 50, "{}", asked.get());
    assert_eq!(format!("{:?}", stepped.log), format!("{:?}", whole.log));
    assert_eq!(format!("{:?}", stepped.board), format!("{:?}", whole.board));
    assert_eq!((stepped.norms, stepped.terms, stepped.load), (whole.norms, whole.terms, whole.load));
    // It is asked again and again, and takes no more room than it is given.
    let left = std::cell::Cell::new(20);
    let some = || {
        left.set(left.get() - 1);
        left.get() > 0
    };
    let stopped = replay_within(
        &agreement,
        &places,
        &past,
        &BTreeMap::new(),
        &Bounds { go_on: &some, memory: u64::MAX, at_end_only: false },
    );
    assert_eq!(stopped.err(), Some(Stopped::Unwanted));
    let small = replay_within(
        &agreement,
        &places,
        &past,
        &BTreeMap::new(),
        &Bounds { go_on: &|| true, memory: 10_000, at_end_only: false },
    );
    assert_eq!(small.err(), Some(Stopped::OutOfRoom));
}

#[test]
fn what_stands_at_the_end_is_the_same_without_the_way_there() {
    use crate::figures::{Bounds, NormFigures, replay, replay_within};
    let (agreement, places) = (agreement("3", "48"), Places::default());
    let past = history(&agreement);
    let whole = replay(&agreement, &places, &past, &BTreeMap::new());
    let bounds = Bounds { go_on: &|| true, memory: u64::MAX, at_end_only: true };
    let end = replay_within(&agreement, &places, &past, &BTreeMap::new(), &bounds).unwrap();
    assert_eq!(format!("{:?}", end.board), format!("{:?}", whole.board));
    let timeless = |n: NormFigures| NormFigures {
        revised: 0,
        from_trigger: None,
        from_deadline: None,
        from_deed: None,
        ..n
    };
    assert!(whole.norms.iter().any(|n| n.from_trigger.is_some()), "there is something to leave out");
    assert_eq!(end.norms, whole.norms.into_iter().map(timeless).collect::<Vec<_>>());
    assert_eq!((end.terms, end.load), (whole.terms, whole.load));
    let counted = |all: &[crate::figures::Instance]| {
        all.iter().map(|i| crate::figures::Instance { decided: None, ..i.clone() }).collect::<Vec<_>>()
    };
    assert_eq!(end.instances, counted(&whole.instances));
}

#[test]
fn a_sweep_within_bounds_is_the_sweep() {
    use crate::figures::Bounds;
    let (agreement, places) = (agreement("3", "48"), Places::default());
    let past = history(&agreement);
    let asked = |text: &str| varied(&agreement, &[text.to_string()]).unwrap();
    let bounds = Bounds { go_on: &|| true, memory: u64::MAX, at_end_only: false };
    let within = |text: &str, most| {
        sweep_within((&agreement, &places), &past, &BTreeMap::new(), asked(text), most, &bounds).unwrap()
    };
    let whole = sweep(
        &agreement,
        &places,
        &past,
        &BTreeMap::new(),
        asked("meet.within=12h,48h"),
        None,
        true,
        |_, _| {},
    );
    assert_eq!(within("meet.within=12h,48h", (5, 100)), whole);
    // More than are replayed: counted where that is exact, refused where it is not.
    let counted = within("burst.count=1..30", (5, 100)).unwrap();
    assert_eq!((counted.variants.len(), counted.term_only.is_some()), (30, true));
    assert!(within("burst.count=1..300", (5, 100)).is_err());
    assert!(within("meet.within=12h..72h:6h", (5, 100)).unwrap_err().message.contains("at most 5"));
}
