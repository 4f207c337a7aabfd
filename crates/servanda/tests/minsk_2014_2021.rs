//! The Minsk-style example on the real list of incidents: UCDP GED, Ukraine 2014–2021, read where it lies.

use servanda_evidence::{Context, Format, import, zones};
use servanda_model::verdict::{Bearer, Code, Performance};
use servanda_model::{Board, Calendar, Instant, Question, Record, RecordId};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The list, or `None` where the data folder is left out on purpose.
fn incidents() -> Option<Vec<Record>> {
    let path = root().join("../shared/data/incidents/ucdp-ged-22.1-ukraine-2014-2021.csv");
    if std::env::var_os("SERVANDA_WITHOUT_SHARED_DATA").is_some() {
        eprintln!("left out: SERVANDA_WITHOUT_SHARED_DATA is set");
        return None;
    }
    let bytes = std::fs::read(&path).unwrap_or_else(|e| {
        panic!(
            "the real data is missing at {}: {e}; put it there, or set SERVANDA_WITHOUT_SHARED_DATA=1 to leave the test out",
            path.display()
        )
    });
    let now = Instant::parse_utc("2026-11-01T00:00:00Z").unwrap();
    let context =
        Context { calendar: Calendar::of_zone("Europe/Kyiv").unwrap(), ..Context::new(now, "ucdp") };
    Some(import(Format::Ucdp, &bytes, None, &context).expect("the file is read").records)
}

struct Minsk {
    agreement: servanda_model::Agreement,
    places: servanda_model::Places,
}

fn minsk(records: &[Record]) -> Minsk {
    let folder = root().join("examples/minsk-style");
    let text = std::fs::read_to_string(folder.join("minsk-style.pact.md")).unwrap();
    let checked = servanda_lang::check(&text);
    let line = std::fs::read(folder.join("zones/contact-line.geojson")).unwrap();
    let files = BTreeMap::from([("zones/contact-line.geojson".to_string(), line)]);
    let (places, problems) = zones::places(&checked.agreement, &files, records);
    assert!(problems.is_empty(), "{problems:?}");
    Minsk { agreement: checked.agreement, places }
}

impl Minsk {
    fn asked(&self, records: &[Record], at: &str, known_at: &str) -> Board {
        let time = |text: &str| Instant::parse_utc(text).unwrap();
        let question = Question { known_at: time(known_at), ..Question::at(time(at)) };
        servanda_engine::evaluate(&self.agreement, &self.places, records, &question)
    }
}

/// Records that the verdicts on the ban cite as breaches.
fn broken_by(board: &Board) -> BTreeSet<RecordId> {
    let bans = board.verdicts.iter().filter(|v| v.norm == "hold-fire");
    bans.flat_map(|v| v.episodes.iter().flat_map(|e| e.records.clone())).collect()
}

#[test]
fn the_ban_on_fire_is_broken_from_its_first_day_and_by_whom_is_not_established() {
    let Some(records) = incidents() else { return };
    assert_eq!(records.len(), 2_989);
    let exact = |r: &&Record| r.when.latest - r.when.earliest < 25 * 3_600_000;
    assert_eq!(records.iter().filter(exact).count(), 2_989 - 666);
    let minsk = minsk(&records);
    let board = minsk.asked(&records, "2021-12-31T22:00:00Z", "2026-11-01T00:00:00Z");
    let of = |who: &str| board.verdicts.iter().find(|v| v.norm == "hold-fire" && v.bearer.to_string() == who);
    let group = of("not-established").expect("the group's row");
    assert_eq!(group.performance, Performance::Violated);
    assert!(group.because(Code::BearerNotEstablished));
    assert!(matches!(&group.bearer, Bearer::NotEstablished(names) if names.len() == 3));
    let calendar = &minsk.agreement.calendar;
    let first = &group.episodes[0];
    assert_eq!(calendar.date(first.from.earliest).to_string(), "2015-02-15");
    assert!(group.episodes.len() > 50, "{} episodes", group.episodes.len());
    for side in ["Ukraine", "DNR", "LNR"] {
        let own = of(side).unwrap();
        assert_ne!(own.performance, Performance::Violated, "{side}: the list names sides, never who fired");
    }
    let ids = broken_by(&board);
    let by_id: BTreeMap<_, _> = records.iter().map(|r| (&r.id, r)).collect();
    assert!(ids.iter().all(|id| calendar.date(by_id[id].when.earliest).to_string().as_str() >= "2015-02-15"));
}

#[test]
fn what_was_not_yet_reported_is_not_known() {
    let Some(records) = incidents() else { return };
    let minsk = minsk(&records);
    let late = minsk.asked(&records, "2015-06-30T00:00:00Z", "2026-11-01T00:00:00Z");
    let ids = broken_by(&late);
    let one = records.iter().filter(|r| ids.contains(&r.id)).max_by_key(|r| r.recorded).expect("a breach");
    let before = Instant(one.recorded.0 - 1).to_string();
    let early = minsk.asked(&records, "2015-06-30T00:00:00Z", &before);
    assert!(!broken_by(&early).contains(&one.id));
    let then = minsk.asked(&records, "2015-06-30T00:00:00Z", &one.recorded.to_string());
    assert!(broken_by(&then).len() <= ids.len());
}

#[test]
fn sixty_days_before_and_after_each_truce() {
    let Some(records) = incidents() else { return };
    let calendar = Calendar::of_zone("Europe/Kyiv").unwrap();
    let deaths = |r: &Record| match r.roles.get("deaths") {
        Some(servanda_model::record::RoleValue::Number(n)) => n.to_i64().unwrap(),
        other => panic!("{other:?}"),
    };
    let table = [
        ("2014-09-05", (778, 2073), (239, 1190)),
        ("2014-12-09", (212, 872), (299, 881)),
        ("2015-02-15", (352, 1058), (106, 193)),
        ("2015-09-01", (104, 187), (14, 16)),
        ("2016-12-24", (11, 20), (33, 143)),
        ("2020-07-27", (32, 38), (13, 11)),
    ];
    for (truce, before, after) in table {
        let day: jiff::civil::Date = truce.parse().unwrap();
        let count = |from: i64, to: i64| {
            let (from, to) = (
                calendar.start_of_day(day.saturating_add(jiff::Span::new().days(from))),
                calendar.start_of_day(day.saturating_add(jiff::Span::new().days(to))),
            );
            let within = records.iter().filter(|r| from <= r.when.earliest && r.when.earliest < to);
            within.fold((0, 0), |(n, dead), r| (n + 1, dead + deaths(r)))
        };
        assert_eq!((count(-60, 0), count(0, 60)), (before, after), "{truce}");
    }
}
