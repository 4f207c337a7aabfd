//! UCDP GED on two of its real files: every count and every doubt that the data folder's README names.

use jiff::civil::{Date, date};
use servanda_evidence::import::DATASET;
use servanda_evidence::record_json;
use servanda_evidence::{Context, Format, Import, Mapping, diff, import};
use servanda_model::record::{Basis, ItemGrade, RoleValue};
use servanda_model::{Calendar, Grade, Instant, Name, Place, Record};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The bytes of a file of the data folder; `None` only where its absence was announced.
fn shared(file: &str) -> Option<Vec<u8>> {
    let path = format!("{}/../../../shared/data/incidents/{file}", env!("CARGO_MANIFEST_DIR"));
    match std::fs::read(&path) {
        Ok(bytes) => Some(bytes),
        Err(_) if std::env::var_os("SERVANDA_WITHOUT_SHARED_DATA").is_some() => {
            eprintln!("skipped: {path} is not there, and SERVANDA_WITHOUT_SHARED_DATA is set");
            None
        }
        Err(error) => panic!(
            "{path}: {error}. The real data belongs beside the repository in ../shared/data; to test without it, set \
             SERVANDA_WITHOUT_SHARED_DATA=1"
        ),
    }
}

const UKRAINE: &str = "ucdp-ged-22.1-ukraine-2014-2021.csv";
const COLOMBIA: &str = "ucdp-ged-19.1-colombia-1989-2018.csv";

fn context(file: &str) -> Context {
    Context::new(Instant::parse_utc("2026-01-01T00:00Z").unwrap(), file)
}

/// The Ukrainian file, imported once for all tests.
fn ukraine() -> Option<&'static Import> {
    static READ: LazyLock<Option<Import>> =
        LazyLock::new(|| Some(import(Format::Ucdp, &shared(UKRAINE)?, None, &context(UKRAINE)).unwrap()));
    READ.as_ref()
}

fn kyiv() -> Calendar {
    Calendar::of_zone("Europe/Kyiv").unwrap()
}

fn extra<'r>(record: &'r Record, key: &str) -> &'r str {
    record.extra.get(key).map_or("", String::as_str)
}

#[test]
fn ukraine_gives_2989_records_with_their_doubts() {
    let Some(got) = ukraine() else { return };
    assert_eq!((got.rows_read, got.hxl_rows, got.records.len()), (2989, 1, 2989));
    assert_eq!(got.refused, []);
    let calendar = kyiv();
    let one_day = |r: &&Record| calendar.date(r.when.earliest) == calendar.date(r.when.latest);
    assert_eq!(got.records.iter().filter(|r| !one_day(r)).count(), 666, "not exact to the day");
    assert_eq!(got.records.iter().filter(|r| r.when.is_exact()).count(), 0, "no date is dated to a point");
    assert_eq!(got.records.iter().filter(|r| r.sources == 1).count(), 2340);
    for record in &got.records {
        let vague: u8 = extra(record, "date_prec").parse().unwrap();
        assert_eq!(vague > 1, !one_day(&record), "{}", record.id);
    }
    let first = got.records.iter().map(|r| calendar.date(r.when.earliest)).min().unwrap();
    let last = got.records.iter().map(|r| calendar.date(r.when.latest)).max().unwrap();
    assert_eq!((first, last), (date(2014, 1, 22), date(2021, 12, 31)));
}

#[test]
fn every_stretch_is_the_one_that_the_row_states() {
    let Some(got) = ukraine() else { return };
    let calendar = kyiv();
    for record in &got.records {
        let day = |key| extra(record, key)[..10].parse::<Date>().unwrap();
        assert_eq!(calendar.date(record.when.earliest), day("date_start"), "{}", record.id);
        assert_eq!(record.when.earliest, calendar.start_of_day(day("date_start")), "{}", record.id);
        assert_eq!(record.when.latest, calendar.end_of_day(day("date_end")), "{}", record.id);
    }
}

#[test]
fn every_doubt_of_place_is_carried() {
    let Some(got) = ukraine() else { return };
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    for record in &got.records {
        let place = match record.place.as_ref().expect("every event has a place") {
            Place::Named(name) => name.to_string(),
            Place::Point { radius_m, .. } => format!("{} km", radius_m / 1000.0),
        };
        *seen.entry((extra(record, "where_prec").to_string(), place)).or_default() += 1;
    }
    let rows = |rows: &[(&str, &str, usize)]| -> BTreeMap<(String, String), usize> {
        rows.iter().map(|(prec, place, n)| ((prec.to_string(), place.to_string()), *n)).collect()
    };
    let sums = |prec: &str| seen.iter().filter(|((p, _), _)| p == prec).map(|(_, n)| n).sum::<usize>();
    assert_eq!(["1", "2", "3", "4", "5", "6", "7"].map(sums), [730, 1542, 16, 470, 228, 2, 1]);
    assert_eq!(
        seen,
        rows(&[
            ("1", "5 km", 730),
            ("2", "25 km", 1542),
            ("3", "50 km", 16),
            ("4", "Donetsk", 350),
            ("4", "Luhansk", 120),
            ("5", "150 km", 228),
            ("6", "Ukraine", 2),
            ("7", "100 km", 1),
        ])
    );
}

#[test]
fn nobody_is_named_as_the_one_who_fired() {
    let Some(got) = ukraine() else { return };
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for record in &got.records {
        let by = match &record.roles[&Name::from("by")] {
            RoleValue::OneOf(names) => names.iter().map(Name::as_str).collect::<Vec<_>>().join("|"),
            other => panic!("{}: {other:?}", record.id),
        };
        *seen.entry(by).or_default() += 1;
    }
    let want = [
        ("Ukraine|DNR", 1574),
        ("Ukraine|DNR|LNR", 870),
        ("Ukraine|LNR", 538),
        ("Ukraine|Maidan", 6),
        ("supporters-of-independence-for-eastern-ukraine|supporters-of-ukrainian-unity", 1),
    ];
    assert_eq!(seen, want.map(|(by, n)| (by.to_string(), n)).into_iter().collect());
}

#[test]
fn nothing_is_confirmed_and_the_analysts_say_so() {
    let Some(got) = ukraine() else { return };
    let graded = |n| got.records.iter().filter(|r| r.item_grade == Some(ItemGrade(n))).count();
    assert_eq!([2, 3].map(graded), [2767, 222]);
    assert!(got.records.iter().all(|r| r.grade() < Grade::Confirmed && r.basis == Basis::Assessed));
    let one = got.records.iter().find(|r| r.id == *"ucdp-147997").unwrap();
    assert_eq!(one.title, "Police disperse Kiev protest, activists say one shot dead");
    assert_eq!(
        (one.source.as_str(), one.sources, extra(one, "low"), extra(one, "high")),
        ("UCDP GED", 5, "5", "5")
    );
    assert_eq!(extra(one, DATASET), UKRAINE);
}

/// Deaths as the record has them.
fn deaths(record: &Record) -> i64 {
    match &record.roles[&Name::from("deaths")] {
        RoleValue::Number(n) => n.to_i64().unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn events_and_deaths_around_each_truce_equal_the_table() {
    let Some(got) = ukraine() else { return };
    let calendar = kyiv();
    let sum = |from: Date, to: Date| {
        let within: Vec<&Record> = got
            .records
            .iter()
            .filter(|r| {
                let day = calendar.date(r.when.earliest);
                from <= day && day < to
            })
            .collect();
        (within.len(), within.iter().map(|r| deaths(r)).sum::<i64>())
    };
    let days = |n: i64| jiff::Span::new().days(n);
    for (truce, day, before, after) in [
        ("Minsk I", date(2014, 9, 5), (778, 2073), (239, 1190)),
        ("silence regime", date(2014, 12, 9), (212, 872), (299, 881)),
        ("Minsk II", date(2015, 2, 15), (352, 1058), (106, 193)),
        ("school truce", date(2015, 9, 1), (104, 187), (14, 16)),
        ("Christmas", date(2016, 12, 24), (11, 20), (33, 143)),
        ("measures of 27 July 2020", date(2020, 7, 27), (32, 38), (13, 11)),
    ] {
        let (start, end) = (day.checked_sub(days(60)).unwrap(), day.checked_add(days(60)).unwrap());
        assert_eq!((sum(start, day), sum(day, end)), (before, after), "{truce}");
    }
}

#[test]
fn no_record_is_known_before_its_event_was_over_and_reported() {
    let Some(got) = ukraine() else { return };
    let calendar = kyiv();
    let mut by_report = 0;
    for record in &got.records {
        assert!(record.when.latest <= record.recorded, "{} is known before it was over", record.id);
        let recorded = calendar.date(record.recorded);
        assert_eq!(record.recorded, calendar.end_of_day(recorded), "{}", record.id);
        let end = extra(record, "date_end")[..10].parse::<Date>().unwrap();
        let reports = extra(record, "source_date").split(';').map(|d| d.parse::<Date>().unwrap());
        let first = reports.filter(|d| *d >= end).min();
        assert_eq!(recorded, first.unwrap_or(end), "{}", record.id);
        by_report += usize::from(first.is_some_and(|d| d > end));
    }
    assert!(by_report > 500, "{by_report} records are known later than their last day");
    // What an observer could know at noon of the day on which Minsk II entered into force.
    let noon = calendar.start_of_day(date(2015, 2, 15)) + 12 * servanda_model::time::HOUR;
    let known = got.records.iter().filter(|r| r.recorded <= noon).count();
    let happened = got.records.iter().filter(|r| r.when.earliest <= noon).count();
    assert!(known < happened, "{known} of {happened}");
}

#[test]
fn colombia_gives_4632_records_and_names_the_attacker_of_one_sided_violence_only() {
    let Some(bytes) = shared(COLOMBIA) else { return };
    let got = import(Format::Ucdp, &bytes, None, &context(COLOMBIA)).unwrap();
    assert_eq!((got.rows_read, got.hxl_rows, got.records.len()), (4632, 1, 4632));
    assert_eq!(got.refused, []);
    let bogota = Calendar::of_zone("America/Bogota").unwrap();
    let vague = |r: &&Record| bogota.date(r.when.earliest) != bogota.date(r.when.latest);
    assert_eq!(got.records.iter().filter(vague).count(), 517);
    let named = |r: &&Record| matches!(r.roles[&Name::from("by")], RoleValue::Name(_));
    assert_eq!(got.records.iter().filter(named).count(), 1012);
    for record in got.records.iter().filter(named) {
        assert_eq!(extra(record, "type_of_violence"), "3", "{}", record.id);
        assert_eq!(extra(record, "side_b"), "Civilians", "{}", record.id);
    }
    let country = |r: &&Record| r.place == Some(Place::Named(Name::from("Colombia")));
    assert_eq!(got.records.iter().filter(country).count(), 190, "only the country is known");
    // 649 events are known to the department, which the gazetteer does not have: the point with a wide radius.
    let wide = |r: &&Record| matches!(r.place, Some(Place::Point { radius_m, .. }) if radius_m == 150_000.0);
    assert_eq!(got.records.iter().filter(wide).count(), 649 + 55);
    // UCDP writes −1 where the sources were not counted.
    let uncounted = got.warnings.iter().find(|w| w.text.contains("number of sources")).expect("a warning");
    assert_eq!((uncounted.rows, got.records.iter().filter(|r| r.sources == 1).count()), (4333, 4333 + 258));
}

#[test]
fn importing_again_changes_nothing_and_a_changed_row_supersedes() {
    let Some(bytes) = shared(UKRAINE) else { return };
    let context = context(UKRAINE);
    let Some(first) = ukraine() else { return };
    let stored: Vec<Record> =
        first.records.iter().map(|r| record_json::from_json(&record_json::to_json(r)).unwrap()).collect();
    assert_eq!(stored, first.records, "what is stored is what was imported");
    let later = Context { now: context.now + servanda_model::time::DAY, ..context.clone() };
    let again = diff(&first.records, &import(Format::Ucdp, &bytes, None, &later).unwrap(), later.now);
    assert_eq!((again.unchanged, again.records().count()), (2989, 0));

    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let row = lines.iter().position(|l| l.starts_with("147997,")).unwrap();
    let mut edited: Vec<String> = lines.iter().map(|l| l.to_string()).collect();
    edited[row] = edited[row].replace(",0,5,0,0,5,5,5,", ",0,7,0,0,7,7,7,");
    let gone = lines.iter().position(|l| l.starts_with("149221,")).unwrap();
    edited.remove(gone);
    let changed = import(Format::Ucdp, edited.concat().as_bytes(), None, &later).unwrap();
    let changes = diff(&first.records, &changed, later.now);
    assert_eq!((changes.unchanged, changes.new.len()), (2987, 0));
    let [correction] = changes.superseding.as_slice() else { panic!("{:?}", changes.superseding) };
    assert_eq!((correction.id.as_str(), deaths(correction)), ("ucdp-147997~2", 7));
    assert_eq!(correction.supersedes, Some(Name::from("ucdp-147997")));
    assert_eq!(correction.recorded, later.now);
    let [withdrawal] = changes.withdrawn.as_slice() else { panic!("{:?}", changes.withdrawn) };
    assert_eq!(withdrawal.withdraws, Some(Name::from("ucdp-149221")));
}

#[test]
fn a_users_own_map_file_changes_the_fact_and_the_names() {
    let Some(bytes) = shared(UKRAINE) else { return };
    let mapping =
        Mapping::parse("base = \"ucdp\"\nfact = \"shelling\"\n[names]\nDPR = \"Russia\"\nLPR = \"Russia\"\n")
            .unwrap();
    let got = import(Format::Ucdp, &bytes, Some(&mapping), &context(UKRAINE)).unwrap();
    assert!(got.records.iter().all(|r| r.fact == *"shelling"));
    let russia = RoleValue::OneOf(vec![Name::from("Ukraine"), Name::from("Russia")]);
    assert_eq!(got.records.iter().filter(|r| r.roles[&Name::from("by")] == russia).count(), 1574 + 538);
}
