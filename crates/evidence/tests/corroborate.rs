//! The traps of corroboration, each with the answer that people would give.

use proptest::prelude::*;
use servanda_evidence::corroborate::fusion::{Side, Statement, fuse, statements};
use servanda_evidence::corroborate::rulings::{self, applied, from_json, standing, to_json};
use servanda_evidence::corroborate::wire::independent;
use servanda_evidence::corroborate::{Incidents, Proposals, Ruling, Said, Weights, incidents, propose};
use servanda_model::record::{Basis, RoleValue};
use servanda_model::time::HOUR;
use servanda_model::{Instant, Name, Number, Place, Point, Record, RecordId, When};
use std::collections::{BTreeMap, BTreeSet};

const DAY: i64 = 24 * HOUR;
const LATER: Instant = Instant(1_000 * DAY);

/// A report of a day: who says it, where, by whom, what kind, how many dead, in which words.
struct Told {
    id: &'static str,
    source: &'static str,
    day: i64,
    at: (f64, f64),
    radius_m: f64,
    by: &'static str,
    kind: &'static str,
    dead: i64,
    title: &'static str,
}

const USUAL: Told = Told {
    id: "a",
    source: "Team North",
    day: 100,
    at: (48.1396, 37.7447),
    radius_m: 1_000.0,
    by: "Red",
    kind: "shelling",
    dead: 3,
    title: "",
};

impl Told {
    fn record(&self) -> Record {
        let when = When { earliest: Instant(self.day * DAY), latest: Instant(self.day * DAY + DAY - 1) };
        let mut record = Record::new(self.id, "fire", when, Instant((self.day + 1) * DAY));
        record.source = self.source.into();
        record.title = self.title.into();
        record.place =
            Some(Place::Point { at: Point { lat: self.at.0, lon: self.at.1 }, radius_m: self.radius_m });
        record.roles.insert("by".into(), RoleValue::Name(self.by.into()));
        record.roles.insert("kind".into(), RoleValue::Name(self.kind.into()));
        record.roles.insert("dead".into(), RoleValue::Number(Number::ratio(self.dead, 1).unwrap()));
        record
    }
}

fn proposed(records: &[Record], rulings: &[Ruling]) -> Proposals {
    let ruled = incidents(records, rulings, LATER);
    propose(records, &BTreeMap::new(), &ruled, &Weights::shipped())
}

fn sets(proposals: &Proposals) -> Vec<Vec<&str>> {
    let mut sets: Vec<Vec<&str>> =
        proposals.proposals.iter().map(|p| p.records.iter().map(Name::as_str).collect()).collect();
    sets.sort();
    sets
}

fn ids(names: &[&str]) -> BTreeSet<RecordId> {
    names.iter().map(|n| RecordId::from(*n)).collect()
}

fn ruling(id: &str, day: i64, said: Said) -> Ruling {
    Ruling {
        id: id.into(),
        at: Instant(day * DAY),
        by: "desk officer".into(),
        said,
        why: String::new(),
        weights: String::new(),
        score: None,
    }
}

fn one(names: &[&str]) -> Said {
    Said::One(ids(names))
}

fn apart(names: &[&str]) -> Said {
    Said::Apart { records: ids(names), from: BTreeSet::new() }
}

#[test]
fn two_sources_of_one_shelling_are_proposed_with_a_card_that_adds_up() {
    let records = [
        USUAL.record(),
        Told {
            id: "b",
            source: "Team South",
            at: (48.1420, 37.7500),
            title: "Shelling kills three",
            ..USUAL
        }
        .record(),
        Told { id: "far", source: "Team South", at: (50.0, 36.2), ..USUAL }.record(),
        Told { id: "later", source: "Team South", day: 140, ..USUAL }.record(),
    ];
    let found = proposed(&records, &[]);
    assert_eq!(sets(&found), [["a", "b"]]);
    let proposal = &found.proposals[0];
    let card = &proposal.cards[0];
    let sum: f64 = card.base + card.lines.iter().map(|l| l.adds).sum::<f64>();
    assert!((sum - card.score).abs() < 1e-9 && (card.score - proposal.score).abs() < 1e-9);
    for words in
        ["the stated times overlap", "the same kind", "the same number, three or more", "two sources"]
    {
        assert!(card.text().contains(words), "no `{words}` in\n{}", card.text());
    }
    assert!(found.json().contains("\"level\": \"overlap\""));
}

/// A wave: forty incidents on three days in one town, alike in everything that a poor method looks at.
fn wave() -> (Vec<Record>, Vec<Vec<String>>) {
    let kinds = ["shelling", "drone strike", "mine", "sniper fire"];
    let places = ["Kyivskyi", "Petrovskyi", "Kirovskyi", "Kuibyshevskyi", "Proletarskyi"];
    let (mut records, mut truth) = (Vec::new(), Vec::new());
    for n in 0..40usize {
        let told = Told {
            day: 100 + (n % 3) as i64,
            at: (48.0 + 0.012 * (n % 7) as f64, 37.75 + 0.015 * (n / 7) as f64),
            radius_m: 800.0,
            kind: kinds[n % 4],
            dead: 1 + (n * 7 % 11) as i64,
            ..USUAL
        };
        let mut event = Vec::new();
        for (i, source) in ["Team North", "Radio Town", "Hospital"].into_iter().enumerate().take(1 + n % 3) {
            let mut record = told.record();
            record.id = format!("r{n:02}{i}").as_str().into();
            record.source = source.into();
            record.extra.insert("location".into(), format!("{} quarter {}", places[n % 5], n / 5));
            event.push(record.id.to_string());
            records.push(record);
        }
        truth.push(event);
    }
    (records, truth)
}

#[test]
fn a_wave_of_violence_does_not_collapse_into_one_event() {
    let (records, truth) = wave();
    let found = proposed(&records, &[]);
    let most = found.proposals.iter().map(|p| p.records.len()).max().unwrap_or(0);
    assert!(most <= 6, "{most} reports of a wave were proposed as one event");
    let same: BTreeMap<&str, usize> = truth
        .iter()
        .enumerate()
        .flat_map(|(n, event)| event.iter().map(move |id| (id.as_str(), n)))
        .collect();
    let (mut right, mut wrong) = (0, 0);
    for proposal in &found.proposals {
        for (i, a) in proposal.records.iter().enumerate() {
            for b in &proposal.records[i + 1..] {
                if same[a.as_str()] == same[b.as_str()] { right += 1 } else { wrong += 1 }
            }
        }
    }
    let all: usize = truth.iter().map(|e| e.len() * (e.len() - 1) / 2).sum();
    assert!(right * 10 >= all * 8 && wrong * 4 <= right, "{right} right, {wrong} wrong, {all} true");
}

#[test]
fn a_vague_place_is_not_held_against_a_report_and_a_sharp_one_is() {
    let pair = |radius_m: f64| {
        let far = (48.1396, 38.12);
        let records = [
            Told { radius_m, title: "Market shelled, three dead", ..USUAL }.record(),
            Told {
                id: "b",
                source: "Team South",
                at: far,
                radius_m,
                title: "Three killed at market",
                ..USUAL
            }
            .record(),
        ];
        proposed(&records, &[]).proposals.first().map(|p| p.score)
    };
    // 28 km apart.
    assert!(pair(30_000.0).is_some(), "the doubt covers the distance");
    assert_eq!(pair(500.0), None, "both know their place");
}

#[test]
fn two_events_of_one_list_stay_apart() {
    let title = "Weekly report of violations along the line of contact";
    let records = [
        Told { title, ..USUAL }.record(),
        Told { id: "b", title, ..USUAL }.record(),
        Told { id: "c", source: "Team South", ..USUAL }.record(),
    ];
    let found = proposed(&records, &[]);
    for set in sets(&found) {
        assert!(!(set.contains(&"a") && set.contains(&"b")), "{set:?}");
    }
    // Two authors' lists: each of one's with each of the other's at most once.
    let other = "Summary of incidents recorded by the monitors this week";
    let lists: Vec<Record> = [("a1", 0), ("a2", 1), ("b1", 0), ("b2", 1)]
        .into_iter()
        .map(|(id, n)| {
            let (source, title) =
                if id.starts_with('a') { ("Team North", title) } else { ("Monitors", other) };
            let at = (48.14 + 0.02 * f64::from(n), 37.74);
            Told { id, source, title, at, dead: 3 + 4 * i64::from(n), ..USUAL }.record()
        })
        .collect();
    assert_eq!(sets(&proposed(&lists, &[])), [["a1", "b1"], ["a2", "b2"]]);
}

#[test]
fn copies_of_one_wire_text_are_proposed_and_count_once() {
    let wire = "Three people killed as shells hit a market in the northern district on Sunday morning";
    let mut records = vec![
        Told { title: wire, ..USUAL }.record(),
        Told { id: "b", source: "Morning Post", title: wire, ..USUAL }.record(),
        Told {
            id: "c",
            source: "Hospital",
            title: "Surgeons receive three bodies and eleven wounded after noon",
            ..USUAL
        }
        .record(),
    ];
    assert_eq!(
        sets(&proposed(&records, &[])),
        [["a", "b", "c"]],
        "the same words do not speak against one event"
    );
    let accepted = [ruling("r1", 200, one(&["a", "b", "c"]))];
    let seen = applied(records.clone(), &accepted, LATER);
    assert_eq!(seen.iter().map(|r| r.sources).collect::<Vec<_>>(), [1, 0, 1]);
    let sources = independent(&records.iter().collect::<Vec<_>>());
    assert_eq!(sources.len(), 2);
    assert!(sources[0].repeats[0].1.contains("100 % of one text"), "{sources:?}");

    // One agency, named in two texts that were written anew; and short texts, which prove nothing.
    records[1].title = "Reuters reports a strike on the market that cost three lives".into();
    records[0].title = "Blast at market leaves three dead, according to Reuters news agency".into();
    assert_eq!(independent(&records.iter().collect::<Vec<_>>()).len(), 2);
    for record in &mut records {
        record.title = "shelling near market".into();
    }
    assert_eq!(independent(&records.iter().collect::<Vec<_>>()).len(), 3);
    assert!(applied(records, &accepted, LATER).iter().all(|r| r.sources == 1));
}

#[test]
fn what_a_person_ruled_counts_and_taking_it_back_undoes_just_that() {
    let records: Vec<Record> = ["a", "b", "c"].map(|id| Told { id, source: id, ..USUAL }.record()).to_vec();
    let of = |rulings: &[Ruling], at: i64| -> Vec<Option<String>> {
        let seen = applied(records.clone(), rulings, Instant(at * DAY));
        seen.iter().map(|r| r.incident.as_ref().map(Name::to_string)).collect()
    };
    let some = |name: &str| Some(name.to_string());
    let rulings = [
        ruling("r1", 110, one(&["a", "b"])),
        ruling("r2", 120, one(&["b", "c"])),
        ruling("r3", 130, Said::Undone("r1".into())),
        ruling("r4", 140, Said::Undone("r3".into())),
    ];
    assert_eq!(of(&rulings, 109), [None, None, None], "a ruling counts from when it was made");
    assert_eq!(of(&rulings, 115), [some("a"), some("a"), None]);
    assert_eq!(of(&rulings, 125), [some("a"), some("a"), some("a")]);
    assert_eq!(of(&rulings, 135), [None, some("b"), some("b")]);
    assert_eq!(of(&rulings, 145), [some("a"), some("a"), some("a")], "taking back is taken back");
    assert_eq!(standing(&rulings, LATER).len(), 3);
    assert_eq!(proposed(&records, &rulings).proposals, [], "what is ruled is not proposed again");
    let none = applied(records.clone(), &[], LATER);
    assert_eq!(none, records);

    // Of one moment, whatever they are called and however they are listed.
    let mut together = [ruling("z", 110, one(&["a", "b"])), ruling("a", 110, Said::Undone("z".into()))];
    assert_eq!(of(&together, 115), [None, None, None]);
    together.reverse();
    assert_eq!(of(&together, 115), [None, None, None]);
}

#[test]
fn not_one_event_is_the_stronger_word_and_the_clash_is_named() {
    let records: Vec<Record> = ["a", "b", "c"].map(|id| Told { id, source: id, ..USUAL }.record()).to_vec();
    let rulings = [
        ruling("r1", 110, one(&["a", "b"])),
        ruling("r2", 120, apart(&["a", "c"])),
        ruling("r3", 130, one(&["b", "c"])),
    ];
    let found = incidents(&records, &rulings, LATER);
    assert_eq!(found.of.len(), 2);
    assert_eq!(found.clashes.len(), 1);
    assert_eq!((found.clashes[0].not_followed.as_str(), found.clashes[0].because_of.as_str()), ("r3", "r2"));
    let mut held = vec![ruling("r2", 120, apart(&["a", "c"]))];
    for set in sets(&proposed(&records, &held)) {
        assert!(!(set.contains(&"a") && set.contains(&"c")));
    }
    held.push(ruling("r4", 130, Said::Undone("r2".into())));
    assert_eq!(sets(&proposed(&records, &held)), [["a", "b", "c"]]);
}

#[test]
fn a_ruling_holds_for_the_correction_of_a_report_and_over_an_imported_incident() {
    let mut records: Vec<Record> = ["a", "b"].map(|id| Told { id, source: id, ..USUAL }.record()).to_vec();
    let mut next = Told { id: "a2", source: "a", dead: 4, ..USUAL }.record();
    next.supersedes = Some("a".into());
    next.recorded = Instant(150 * DAY);
    records.push(next);
    let accepted = [ruling("r1", 110, one(&["a", "b"]))];
    let found = incidents(&records, &accepted, LATER);
    assert_eq!(found.of[&RecordId::from("a2")], Name::from("a"));
    assert_eq!(proposed(&records, &accepted).proposals, []);
    assert_eq!(proposed(&records, &[ruling("r1", 160, apart(&["a", "b"]))]).proposals, []);

    for record in &mut records {
        record.incident = Some("market".into());
    }
    let seen = applied(records.clone(), &[ruling("r1", 160, apart(&["a2", "b"]))], LATER);
    let names: Vec<Option<&str>> = seen.iter().map(|r| r.incident.as_ref().map(Name::as_str)).collect();
    assert_eq!(names, [Some("market"), None, Some("market")]);
}

#[test]
fn one_claim_about_the_other_side_is_less_than_an_admission_or_a_witness() {
    let party = |source: &str| ["Red", "Blue"].into_iter().find(|p| *p == source).map(Name::from);
    let trust = |source: &'static str, basis: Basis| {
        let mut record = Told { source, ..USUAL }.record();
        record.basis = basis;
        let said = statements(&[record], &BTreeMap::new(), party);
        let side = said[0].side;
        (side, fuse(&said).events[&Name::from("a")])
    };
    let (side, claimed) = trust("Blue", Basis::Observed);
    assert_eq!(side, Side::Other);
    let (side, admitted) = trust("Red", Basis::Observed);
    assert_eq!(side, Side::Itself);
    let (side, witnessed) = trust("Hospital", Basis::Observed);
    assert_eq!(side, Side::Neither);
    assert_eq!(trust("Blue command", Basis::Claimed).0, Side::Other);
    assert!(claimed < witnessed && witnessed < admitted, "{claimed} {witnessed} {admitted}");
    assert!(claimed < 0.75, "{claimed}");
}

#[test]
fn who_is_contradicted_time_and_again_is_trusted_less_about_the_other_side_only() {
    let told = |event: usize, source: &str, side: Side, so: bool| Statement {
        event: format!("e{event:02}").as_str().into(),
        source: source.into(),
        side,
        so,
    };
    let mut said = Vec::new();
    for n in 0..40 {
        said.push(told(n, "Blue", Side::Other, true));
        let so = n % 4 == 0;
        said.extend(["Hospital", "Monitors"].map(|source| told(n, source, Side::Neither, so)));
        said.push(told(100 + n, "Blue", Side::Itself, true));
    }
    let fused = fuse(&said);
    let of = |source: &str, side: Side| fused.sources[&(source.to_string(), side)];
    assert!(of("Blue", Side::Other).says_so_when_not > 0.75, "{:?}", of("Blue", Side::Other));
    assert!(of("Blue", Side::Itself).says_so_when_not < 0.2);
    assert!(of("Monitors", Side::Neither).says_so_when_not < 0.1);
    assert!(fused.events[&Name::from("e01")] < 0.2 && fused.events[&Name::from("e04")] > 0.8);
    let mut turned = said.clone();
    turned.reverse();
    assert_eq!(fuse(&turned), fused);
}

#[test]
fn a_dispute_speaks_against_the_event_that_it_disputes() {
    let party = |source: &str| ["Red", "Blue"].into_iter().find(|p| *p == source).map(Name::from);
    let mut denial = Told { id: "n", source: "Red", ..USUAL }.record();
    denial.disputes = Some("a".into());
    let records = [Told { source: "Blue", ..USUAL }.record(), denial];
    let said = statements(&records, &BTreeMap::new(), party);
    let shown: Vec<(&str, Side, bool)> = said.iter().map(|s| (s.source.as_str(), s.side, s.so)).collect();
    assert_eq!(shown, [("Blue", Side::Other, true), ("Red", Side::Itself, false)]);
    assert!(fuse(&said).events[&Name::from("a")] < 0.6);
}

#[test]
fn rulings_are_written_and_read_alike_and_slips_are_named() {
    let mut full = ruling("r1", 110, Said::Apart { records: ids(&["a"]), from: ids(&["b", "c"]) });
    (full.why, full.weights, full.score) = ("other bridge".into(), "shipped-1".into(), Some(-250));
    for ruling in
        [full.clone(), ruling("r2", 111, one(&["a", "b"])), ruling("r3", 112, Said::Undone("r1".into()))]
    {
        assert_eq!(from_json(&to_json(&ruling)), Ok(ruling));
    }
    let line = to_json(&full);
    for (from, to, words) in [
        ("\"v\":1", "\"v\":2", "version 2"),
        ("not-one-event", "maybe", "cannot say `maybe`"),
        ("\"by\":\"desk officer\"", "\"by\":\" \"", "`by`"),
        ("\"records\":[\"a\"]", "\"records\":[]", "`records`"),
        ("1970-04-21T00:00:00Z", "yesterday", "`at`"),
        ("\"score\":-250", "\"score\":-250,\"grade\":\"A\"", "no field `grade`"),
        ("{", "", "not JSON"),
    ] {
        let broken = line.replacen(from, to, 1);
        assert_ne!(broken, line, "{from}");
        let fault = from_json(&broken).unwrap_err().to_string();
        assert!(fault.contains(words), "{fault}");
    }
}

#[test]
fn fields_that_are_missing_or_mad_break_nothing() {
    let mut records: Vec<Record> = Vec::new();
    for (n, (lat, lon, radius_m)) in [
        (90.0, 180.0, 0.0),
        (-90.0, -180.0, 2e7),
        (0.0, 179.999, 1.0),
        (0.0, -179.999, 1.0),
        (f64::NAN, 0.0, 1.0),
    ]
    .into_iter()
    .enumerate()
    {
        let mut record = Told { id: "x", at: (lat, lon), radius_m, ..USUAL }.record();
        record.id = format!("x{n}").as_str().into();
        record.source = format!("s{n}");
        records.push(record);
    }
    records.push(Record::new(
        "bare",
        "fire",
        When { earliest: Instant::MIN, latest: Instant::MAX },
        Instant(0),
    ));
    records.push(Record::new("bare2", "fire", When::exact(Instant::MAX), Instant(0)));
    let mut circle = Told { id: "c1", ..USUAL }.record();
    circle.supersedes = Some("c2".into());
    let mut other = Told { id: "c2", ..USUAL }.record();
    other.supersedes = Some("c1".into());
    records.extend([circle, other]);
    let found = proposed(
        &records,
        &[ruling("r", 1, one(&["c1", "c2", "gone"])), ruling("r", 1, apart(&["c1", "bare"]))],
    );
    // On both sides of the date line, 222 m apart.
    assert!(sets(&found).contains(&vec!["x2", "x3"]), "{:?}", sets(&found));
    assert_eq!(proposed(&[], &[]).proposals, []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_order_of_records_and_rulings_makes_no_difference(seed in 0u64..1000) {
        let (mut records, truth) = wave();
        let mut rulings: Vec<Ruling> = truth
            .iter()
            .filter(|event| event.len() > 1)
            .take(6)
            .enumerate()
            .map(|(n, event)| {
                let named: Vec<&str> = event.iter().map(String::as_str).collect();
                ruling(&format!("r{n}"), 200 + (n % 2) as i64, if n % 3 == 0 { apart(&named) } else { one(&named) })
            })
            .collect();
        rulings.push(ruling("r9", 201, one(&["r000", "r010", "r020"])));
        rulings.push(ruling("u", 202, Said::Undone("r1".into())));
        let before = (incidents(&records, &rulings, LATER), proposed(&records, &rulings).json());
        let mut state = seed;
        let mut shuffle = |n: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            ((state >> 33) as usize) % n
        };
        for i in (1..records.len()).rev() {
            records.swap(i, shuffle(i + 1));
        }
        for i in (1..rulings.len()).rev() {
            rulings.swap(i, shuffle(i + 1));
        }
        let after: (Incidents, String) = (incidents(&records, &rulings, LATER), proposed(&records, &rulings).json());
        prop_assert_eq!(before, after);
    }
}

#[test]
fn an_incident_bears_the_name_of_its_first_report() {
    // What hung on the first report alone hangs on it still.
    let mut records: Vec<Record> = ["b", "a"].map(|id| Told { id, source: id, ..USUAL }.record()).to_vec();
    records[0].recorded = Instant(101 * DAY - 5);
    let found = rulings::incidents(&records, &[ruling("r", 110, one(&["a", "b"]))], LATER);
    assert!(found.of.values().all(|name| name.as_str() == "b"));
}
