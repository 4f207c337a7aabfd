//! Closed forms, conservation, monotonicity, seeds and threads, small counts, and what is finer than a hromada.

use super::*;
use crate::Month;

const TEXT: &str = r#"
from = "2026-07"
months = 12

[[community]]
name = "Lviv"
level = "oblast"
code = "UA46000000000026241"
residents = 100000
displaced = 10000
arrivals = { low = 50, likely = 100, high = 400, each = "month" }
returns = { low = 0.005, likely = 0.02, high = 0.04 }
in-need = { low = 0.1, likely = 0.2, high = 0.3 }
housing = [{ from = "2026-07", is = 1900 }, { from = "2027-01", is = 2500 }]
pupils = 12000
school-age = 0.2
schools = 14100
litres = 100
water = 11500
vehicles = 1000
roads = 1600
seeking = 700
rent = 10000
currency = "UAH"
rent-rise = 0.05

[[site]]
in = "Lviv"
kind = "training-area"
people = [{ from = "2026-10", is = 2000 }]
families = 0.05
litres = 200
vehicles = [{ from = "2026-10", is = 700 }]
jobs = 40
days = 13
days-at-most = 12

[[housing]]
in = "Lviv"
by = "Germany"
places = [{ from = "2026-11", is = 300 }]
months-late = { low = 0, likely = 1, high = 4 }

[[desk]]
in = "Lviv"
to = "Germany"
complaints = 31
answers = 31
answer-takes-days = 3
acknowledged-after-days = 1
"#;

const ALL: Drawing = Drawing { seed: 5, futures: 300, threads: 1 };

fn plan(changes: &[(&str, &str)]) -> Plan {
    let mut text = TEXT.to_string();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    Plan::read("c.toml", &text).unwrap()
}

/// The same plan with nothing drawn: a range is its likely value.
const CERTAIN: [(&str, &str); 4] = [
    ("arrivals = { low = 50, likely = 100, high = 400, each = \"month\" }", "arrivals = 100"),
    ("returns = { low = 0.005, likely = 0.02, high = 0.04 }", "returns = 0.02"),
    ("in-need = { low = 0.1, likely = 0.2, high = 0.3 }", "in-need = 0.2"),
    ("months-late = { low = 0, likely = 1, high = 4 }", "months-late = 1"),
];

fn likely(plan: &Plan) -> Vec<State> {
    month_by_month(plan, 0, &value(0, None))
}

fn cell(answer: &Answer, table: &str, row: usize, column: &str) -> Cell {
    let table = answer.tables.iter().find(|t| t.name == table).unwrap();
    table.rows[row][table.columns.iter().position(|c| *c == column).unwrap()].clone()
}

#[test]
fn a_month_by_hand() {
    let states = likely(&plan(&CERTAIN));
    // 200 of 10,000 go home, 100 come; of 9,900 a fifth needs a place.
    assert_eq!((states[0].displaced, states[0].went, states[0].came), (Some(9_900), 200, 100));
    assert_eq!(states[0].loads[0], Some((1_980, 1_900)));
    // 198 go home, 100 come.
    assert_eq!(states[1].displaced, Some(9_802));
    // In October 100 of the families need a place too; Germany's 300 come a month late, in December.
    let of = |n: usize| states[n].loads;
    let october = states[3].displaced.unwrap();
    assert_eq!(of(3)[0], Some((october / 5 + 100, 1_900)));
    assert_eq!((of(4)[0].unwrap().1, of(5)[0].unwrap().1, of(6)[0].unwrap().1), (1_900, 2_200, 2_800));
    // Schools: a fifth of the displaced and of families; water in cubic metres; roads; days.
    assert_eq!(of(0)[1], Some((12_000 + 1_980, 14_100)));
    assert_eq!(of(3)[2], Some((((100_000 + october + 100) * 100 + 2_000 * 200).div_ceil(1000), 11_500)));
    assert_eq!((of(0)[3], of(3)[3]), (Some((1_000, 1_600)), Some((1_700, 1_600))));
    assert_eq!(of(0)[4], Some((13, 12)));
    // 80 of 100,000 find no place: 0.08 hundredths at 5 percent each are 0.4 percent.
    assert_eq!((states[0].rent, states[0].jobs), (Some(10_040), 40));
}

#[test]
fn returns_are_geometric_in_closed_form() {
    let none = [
        CERTAIN[0],
        CERTAIN[1],
        CERTAIN[2],
        CERTAIN[3],
        ("arrivals = 100", "arrivals = 0"),
        ("returns = 0.02", "returns = 0.1"),
    ];
    let displaced: Vec<u64> = likely(&plan(&none)).iter().filter_map(|state| state.displaced).collect();
    assert_eq!(displaced[..4], [9_000, 8_100, 7_290, 6_561]);
    // A small number goes home too: one of ten in ten months at a hundredth, and not none for ever.
    let few =
        [&none[..], &[("displaced = 10000", "displaced = 10"), ("returns = 0.1", "returns = 0.01")]].concat();
    let displaced: Vec<u64> = likely(&plan(&few)).iter().filter_map(|state| state.displaced).collect();
    assert_eq!((displaced[8], displaced[9]), (10, 9));
}

#[test]
fn nobody_appears_or_vanishes_in_any_future() {
    let plan = plan(&[]);
    for future in 0..300 {
        let mut here = 10_000;
        for state in month_by_month(&plan, 0, &value(9, Some(future))) {
            here = here + state.came - state.went;
            assert_eq!(state.displaced, Some(here), "future {future}");
        }
    }
}

#[test]
fn every_complaint_is_answered_once_and_the_oldest_first() {
    for (answers, waiting) in
        [("answers = 31", 0), ("answers = 10", 0), ("answers = 200", 0), ("answers = 31", 40)]
    {
        let text = [
            ("answers = 31", answers.to_string()),
            ("acknowledged-after-days = 1", format!("acknowledged-after-days = 1\nwaiting = {waiting}")),
        ];
        let changes: Vec<(&str, &str)> = text.iter().map(|(a, b)| (*a, b.as_str())).collect();
        let plan = plan(&changes);
        let cases = records::cases(&plan, 0, &value(0, None));
        assert_eq!(cases.len(), 12 * 31);
        let answered: Vec<_> = cases.iter().map_while(|case| case.answered).collect();
        assert!(
            cases.iter().skip(answered.len()).all(|case| case.answered.is_none()),
            "none overtakes another"
        );
        assert!(answered.windows(2).all(|pair| pair[0] <= pair[1]));
        for case in &cases {
            let days = case.answered.map(|day| case.received.until(day).unwrap().get_days());
            assert!(days.is_none_or(|days| days >= 3), "{case:?}");
        }
        // No more answers in a month than the desk can give.
        let most = plan.desks[0].answers.at(plan.from, 0);
        for n in 0..12 {
            let month = plan.from.plus(n);
            let given = answered.iter().filter(|day| Month::of_day(**day) == Some(month)).count() as u64;
            assert!(given <= most, "{month}: {given} of {most}");
        }
    }
    // One a day comes and one a day can be answered: each takes the three days that an answer takes.
    let cases = records::cases(&plan(&[]), 0, &value(0, None));
    let july = cases.iter().filter(|case| case.received.month() == 7);
    assert!(
        july.clone().count() == 31
            && july.clone().all(|case| case.received.until(case.answered.unwrap()).unwrap().get_days() == 3)
    );
}

#[test]
fn more_never_makes_it_worse() {
    let chance = |change: (&str, &str), what: &str| {
        let answer = answer(&plan(&[change]), ALL, &Known::default(), vec![]).unwrap();
        let row = answer.tables[0].rows.iter().find(|row| row[1] == Cell::text(what)).unwrap().clone();
        match &row[6] {
            Cell::Number(n, _) => n.clone(),
            other => panic!("{other:?}"),
        }
    };
    let base = chance(("seeking = 700", "seeking = 700"), "housing");
    let mut moved = false;
    for more in [
        ("is = 1900", "is = 2300"),
        ("is = 300", "is = 900"),
        ("low = 0.1, likely = 0.2, high = 0.3", "low = 0.05, likely = 0.1, high = 0.15"),
        ("low = 50, likely = 100, high = 400", "low = 0, likely = 50, high = 100"),
        ("low = 0.005, likely = 0.02, high = 0.04", "low = 0.02, likely = 0.04, high = 0.08"),
    ] {
        let with = chance(more, "housing");
        assert!(with <= base, "{more:?}: {with} against {base}");
        moved |= with < base;
    }
    assert!(moved, "one of them matters in this plan");
    let schools = chance(("seeking = 700", "seeking = 700"), "schools");
    assert!(chance(("schools = 14100", "schools = 14300"), "schools") <= schools);
}

#[test]
fn one_seed_is_one_answer_at_any_number_of_threads() {
    let plan = plan(&[]);
    let of = |seed, threads| {
        answer(&plan, Drawing { seed, futures: 101, threads }, &Known::default(), vec![]).unwrap().json()
    };
    for threads in [2, 3, 7, 64, 256] {
        assert_eq!(of(7, 1), of(7, threads), "{threads} threads");
    }
    assert_ne!(of(7, 1), of(8, 1));
}

#[test]
fn it_says_planned_where_nothing_is_drawn_and_simulated_where_something_is() {
    let planned = answer(&plan(&CERTAIN), ALL, &Known::default(), vec![]).unwrap();
    assert_eq!((planned.basis, planned.seed), (Basis::Planned, None));
    assert_eq!(cell(&planned, "shortages", 0, "short_pct"), Cell::Missing);
    let drawn = answer(&plan(&[]), ALL, &Known::default(), vec![]).unwrap();
    assert_eq!((drawn.basis, drawn.seed), (Basis::Simulated, Some(5)));
    assert!(
        drawn.page(crate::Language::English).contains(
            "Lviv, housing: places: needed (solid) with the middle 80 percent of futures as a band"
        )
    );
}

#[test]
fn what_is_not_stated_is_missing_and_named() {
    let without = plan(&[("water = 11500\n", ""), ("seeking = 700\n", ""), ("days-at-most = 12\n", "")]);
    let answer = answer(&without, ALL, &Known::default(), vec![]).unwrap();
    let kinds: Vec<String> = answer.tables[0].rows.iter().map(|row| row[1].plain()).collect();
    assert_eq!(kinds, ["housing", "schools", "roads"]);
    for words in ["Lviv: nothing is said of water; not stated: `water`", "not stated: `days-at-most`"] {
        assert!(answer.gaps.iter().any(|gap| gap.contains(words)), "{words} in {:?}", answer.gaps);
    }
    assert_eq!(cell(&answer, "jobs-and-rents", 0, "seeking"), Cell::Missing);
}

#[test]
fn few_people_are_not_shown_nor_what_would_give_them() {
    let few = [&CERTAIN[..], &[("displaced = 10000", "displaced = 8"), ("arrivals = 100", "arrivals = 0")]]
        .concat();
    let answer = answer(&plan(&few), ALL, &Known::default(), vec![]).unwrap();
    assert_eq!(cell(&answer, "displaced", 0, "displaced"), Cell::text("<10"));
    assert_eq!(cell(&answer, "displaced", 0, "went_home"), Cell::text("<10"));
    for row in 0..12 {
        assert_eq!(cell(&answer, "load", row, "needed"), Cell::text("<10"));
        assert_eq!(cell(&answer, "load", row, "short"), Cell::Missing);
        assert_eq!(cell(&answer, "jobs-and-rents", row, "rent"), Cell::Missing);
    }
    assert_eq!(cell(&answer, "shortages", 0, "worst"), Cell::text("<10"));
    // Ten are shown; but where one of the flows is small, both are hidden.
    let some =
        [&CERTAIN[..], &[("displaced = 10000", "displaced = 100"), ("arrivals = 100", "arrivals = 20")]]
            .concat();
    let answer = super::answer(&plan(&some), ALL, &Known::default(), vec![]).unwrap();
    assert_eq!(cell(&answer, "displaced", 0, "displaced"), Cell::whole(118));
    assert_eq!(
        (cell(&answer, "displaced", 0, "came"), cell(&answer, "displaced", 0, "went_home")),
        (Cell::text("<10"), Cell::text("<10"))
    );
}

#[test]
fn what_is_finer_than_a_hromada_is_refused_and_a_difference_too() {
    let hromada = "level = \"hromada\"\ncode = \"UA46060250000025047\"";
    for (from, to, words, help) in [
        (
            "level = \"oblast\"",
            "level = \"village\"",
            "`village` is none that is planned with",
            "nothing is finer",
        ),
        (
            "level = \"oblast\"\ncode = \"UA46000000000026241\"",
            "level = \"hromada\"\ncode = \"UA46060250010015970\"",
            "is finer than a hromada",
            "`UA4606025`",
        ),
        ("level = \"oblast\"", "level = \"hromada\"", "is that of a oblast, and no hromada", "say the same"),
        (
            "code = \"UA46000000000026241\"",
            "code = \"Lviv\"",
            "`Lviv` is no code of the register",
            "17 digits",
        ),
        (
            "kind = \"training-area\"",
            "kind = \"training-area\"\nlat = 49.8",
            "`lat` is finer than a hromada",
            "take it out",
        ),
        (
            "kind = \"training-area\"",
            "kind = \"training-area\"\naddress = \"x\"",
            "`address` is finer than a hromada",
            "take it out",
        ),
        (
            "to = \"Germany\"\ncomplaints",
            "to = \"Germany\"\ncomplainant = \"x\"\ncomplaints",
            "`complainant` may tell of a person",
            "take it out",
        ),
        ("months = 12", "months = 12\nshow-from = 4", "show-from = 4 shows counts", "at least 5"),
        ("rent = 10000\ncurrency = \"UAH\"", "rent = 10000", "a rent without a currency", "none is assumed"),
        ("displaced = 10000\n", "", "and not how many there are", "not guessed"),
        ("litres = 100", "litres = -1", "litres `-1` is no number", "whole"),
        ("school-age = 0.2", "school-age = 1.2", "school-age `1.2` is no share", "0.05"),
        ("in = \"Lviv\"\nkind", "in = \"Kyiv\"\nkind", "there is no community `Kyiv`", "Lviv"),
        ("low = 0, likely = 1, high = 4", "low = 2, likely = 1, high = 4", "do not rise", "likely"),
        ("months = 12", "months = 0", "months = 0 is out of range", "from 1"),
        ("roads = 1600", "rods = 1600", "unknown field `rods`", "planning.md"),
    ] {
        assert!(TEXT.contains(from), "{from}");
        let refusal = Plan::read("c.toml", &TEXT.replacen(from, to, 1)).unwrap_err();
        assert!(refusal.message.contains(words) && refusal.help.contains(help), "{words}: {refusal:?}");
    }
    let beside = format!("{TEXT}\n[[community]]\nname = \"one of it\"\n{hromada}\n");
    let refusal = Plan::read("c.toml", &beside).unwrap_err();
    assert!(
        refusal.message.contains("lie in each other") && refusal.help.contains("third place"),
        "{refusal:?}"
    );
}

#[test]
fn complaints_are_counted_by_month_and_place_and_nobody_is_found() {
    let plan = plan(&[]);
    let mut text = "case,place,received,acknowledged,answered\n".to_string();
    // In June twelve: all acknowledged, eleven answered. In July twelve, all answered after ten days. In August three.
    for n in 0..12 {
        let answered = if n < 11 { "2026-06-20" } else { "" };
        text += &format!(
            "a{n},Lviv,2026-06-01,2026-06-02,{answered}\nb{n},UA46060250010015970,2026-07-01,2026-07-03,2026-07-11\n"
        );
    }
    text += "c1,Lviv,2026-08-01,,\nc2,Lviv,2026-08-02,,\nc3,Lviv,2026-08-03,,\n";
    let read = |text: &str| Complaints::read("c.csv", text, &plan, None);
    let complaints = read(&text).unwrap();
    assert_eq!((complaints.counted, complaints.finer), (27, 12));
    let table = complaints.shown(10);
    let rows: Vec<Vec<String>> = table.rows.iter().map(|row| row.iter().map(Cell::plain).collect()).collect();
    assert_eq!(
        rows[0],
        ["2026-06", "Lviv", "12", "12", "<10", "<10", ""],
        "one is open, and cannot be computed"
    );
    assert_eq!(
        rows[1],
        ["2026-07", "Lviv", "12", "12", "12", "0", "10"],
        "a settlement is counted in the community"
    );
    assert_eq!(rows[2], ["2026-08", "Lviv", "<10", "<10", "<10", "<10", ""]);
    for (from, to, words) in [
        ("case,place", "lat,place", "has no column `case`"),
        ("received,acknowledged", "received,address,acknowledged", "`address` is finer than a hromada"),
        ("received,acknowledged", "received,phone,acknowledged", "`phone` may tell of a person"),
        ("received,acknowledged", "received,note,acknowledged", "`note` is not known"),
        ("a1,Lviv", "a0,Lviv", "is no number of its own"),
        ("a1,Lviv", "a1,12 High Street", "`12 High Street` is no community of the plan"),
        ("a1,Lviv,2026-06-01,2026-06-02", "a1,Lviv,2026-06-01,2026-05-02", "comes before the complaint"),
        ("a1,Lviv,2026-06-01", "a1,Lviv,June", "`June` is no date"),
    ] {
        let mut broken = text.replacen(from, to, 1);
        if to.contains(",address,") || to.contains(",phone,") || to.contains(",note,") {
            broken = "case,place,received,".to_string()
                + to.split(',').nth(1).unwrap()
                + "\n1,Lviv,2026-06-01,x\n";
        }
        let refusal = read(&broken).unwrap_err();
        assert!(refusal.message.contains(words), "{words}: {refusal:?}");
    }
}

#[test]
fn records_are_of_the_future_and_of_nobody() {
    use servanda_model::record::Basis as Of;
    let plan = plan(&[]);
    let terms = Terms {
        housing: Some("housing-provided".into()),
        complaint: Some("complaint".into()),
        acknowledged: Some("seen".into()),
        answer: Some("answer".into()),
        parties: [("Germany".to_string(), "DE".to_string())].into(),
    };
    let made = records::records(
        &plan,
        &terms,
        &value(0, None),
        Of::Planned,
        "c.toml",
        servanda_model::Instant::parse_utc("2026-06-01T00:00:00Z").unwrap(),
        &servanda_model::Calendar::utc(),
    );
    assert!(made.iter().all(|record| record.basis == Of::Planned && record.source == "c.toml"));
    let count = |fact: &str| made.iter().filter(|record| record.fact.as_str() == fact).count();
    assert_eq!((count("housing-provided"), count("complaint"), count("seen")), (12, 372, 372));
    let values: Vec<String> =
        made.iter().filter_map(|record| record.value.as_ref().map(ToString::to_string)).collect();
    // Promised from November, likely a month late.
    assert_eq!(values, ["0", "0", "0", "0", "0", "300", "300", "300", "300", "300", "300", "300"]);
}
