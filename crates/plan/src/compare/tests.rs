//! The base against itself, monotonicity, a partner that drops out, refusals with place and remedy.

use super::*;
use crate::{Refusal, deliveries, forces};

const FORCE: &str = r#"
from = "2026-01"
months = 24
[[category]]
name = "soldiers"
serving = 20000
recruits = { low = 300, likely = 800, high = 1500, each = "month" }
places = [{ from = "2026-01", places = { low = 1000, likely = 1500, high = 2500 } }, { from = "2027-01", places = 1800 }]
training-months = 3
fails = { low = 0.02, likely = 0.05, high = 0.2 }
losses = { low = 0.002, likely = 0.01, high = 0.03 }
[[milestone]]
name = "10,000 trained"
measure = "trained"
at-least = 10000
by = "2027-06"
[[milestone]]
name = "strength"
measure = "serving"
at-least = 26000
by = "2027-12"
"#;

const DELIVERIES: &str = r#"
from = "2027-01"
months = 12
[[item]]
name = "howitzers"
fit = 4
crew = 5
trained = 200
recruits = 0
places = 0
training-months = 1
workshop = 0
repair-months = 1
wear = 0.0
losses = 0.0
[[delivery]]
item = "howitzers"
partner = "A"
month = "2027-03"
quantity = 6
[[delivery]]
item = "howitzers"
partner = "B"
month = "2027-06"
quantity = 8
[[milestone]]
name = "18 operate"
item = "howitzers"
at-least = 18
by = "2027-12"
"#;

fn base() -> BTreeMap<Kind, String> {
    BTreeMap::from([(Kind::Forces, FORCE.to_string()), (Kind::Deliveries, DELIVERIES.to_string())])
}

fn made(texts: &BTreeMap<Kind, String>) -> Outcome {
    let drawing = forces::Drawing { seed: 5, futures: 120, threads: 1 };
    let mut outcome = Outcome::default();
    for (kind, text) in texts {
        let answer = match kind {
            Kind::Forces => forces::answer(&forces::Plan::read("f", text).unwrap(), drawing, vec![]).unwrap(),
            _ => deliveries::answer(&deliveries::Plan::read("d", text).unwrap(), vec![]),
        };
        outcome.answers.insert(*kind, answer);
    }
    outcome
}

fn reads(kind: Kind) -> impl Fn(&str) -> Result<(), Refusal> {
    move |text| match kind {
        Kind::Forces => forces::Plan::read("force.toml", text).map(drop),
        _ => deliveries::Plan::read("deliveries.toml", text).map(drop),
    }
}

fn of(scenario: &Scenario) -> Result<BTreeMap<Kind, String>, Refusal> {
    let base = base();
    scenario.held_against(&base)?;
    base.iter()
        .map(|(kind, text)| Ok((*kind, scenario.changed(*kind, kind.word(), text, &reads(*kind))?)))
        .collect()
}

fn scenario(body: &str) -> Scenario {
    Scenario::read("s.toml", &format!("name = \"s\"\n{body}")).unwrap()
}

fn compared(body: &str) -> Answer {
    let scenario = scenario(body);
    let outcome = made(&of(&scenario).unwrap());
    answer(&made(&base()), &[(scenario, outcome)], Some(5), vec![])
}

fn column(answer: &Answer, table: &str, name: &str) -> Vec<Cell> {
    let table = answer.tables.iter().find(|shown| shown.name == table).expect(table);
    rows(Some(table)).map(|row| row.cell(name)).collect()
}

#[test]
fn a_scenario_without_a_difference_has_the_figures_of_the_base() {
    // The last is written anew by the change, read anew and drawn anew.
    for body in [
        "",
        "[[change]]\nplan = \"forces\"\nto = { months = 24 }\n",
        "[[change]]\nplan = \"forces\"\nlist = \"category\"\nto = { waiting = 0 }\n",
    ] {
        let said = compared(body);
        assert!(
            column(&said, "chances", "base_pct")
                .iter()
                .any(|cell| !matches!(cell.plain().as_str(), "0.0" | "100.0"))
        );
        for (table, pairs) in [
            (
                "chances",
                &[
                    ("base_promise", "promise"),
                    ("base_pct", "pct"),
                    ("base_reached", "reached"),
                    ("base_missing", "missing"),
                ][..],
            ),
            (
                "first-late",
                &[("base_date", "date"), ("base_what", "what"), ("base_nothing_pct", "nothing_pct")],
            ),
            (
                "deliveries",
                &[("base_there", "there"), ("base_planned", "planned"), ("base_reached", "reached")],
            ),
            ("serving", &[("base_p10", "p10"), ("base_p50", "p50"), ("base_p90", "p90")]),
        ] {
            for (base, other) in pairs {
                let all = column(&said, table, base);
                assert!(!all.is_empty() && all == column(&said, table, other), "{table} {base} in `{body}`");
            }
        }
        for table in ["chances", "deliveries"] {
            assert!(
                column(&said, table, "change")
                    .iter()
                    .all(|cell| matches!(cell, Cell::Number(n, _) if n.is_zero()))
            );
        }
        assert!(column(&said, "gaps", "state").iter().all(|state| state.plain() == "as in the base"));
        let overview = &said.tables[0].rows;
        assert_eq!(overview[0][1..], overview[1][1..]);
        assert!(said.gaps.iter().all(|gap| !gap.starts_with('`')), "{:?}", said.gaps);
    }
}

#[test]
fn a_plan_that_is_left_alone_is_the_same_text() {
    let base = base();
    assert_eq!(of(&scenario("")).unwrap(), base);
    let moved = of(&scenario("[[leaves]]\npartner = \"B\"\nfrom = \"2027-05\"\n")).unwrap();
    assert_eq!(moved[&Kind::Forces], FORCE);
    assert_ne!(moved[&Kind::Deliveries], DELIVERIES);
}

#[test]
fn more_places_never_lower_the_chance_of_having_trained_and_later_never_lowers_it_either() {
    let mut before: Option<Vec<Cell>> = None;
    let number = |cell: &Cell| match cell {
        Cell::Number(n, _) => n.clone(),
        other => panic!("{other:?}"),
    };
    for factor in ["1", "1.1", "1.3", "2"] {
        let said = compared(&format!(
            "[[change]]\nplan = \"forces\"\nlist = \"category\"\nwhere = {{ name = \"soldiers\" }}\ntimes = {{ places = {factor} }}\n"
        ));
        let now = column(&said, "chances", "pct");
        assert!(number(&column(&said, "chances", "change")[0]) >= Number::zero(), "{factor}");
        if let Some(before) = before {
            assert!(number(&now[0]) >= number(&before[0]), "{factor}");
        }
        before = Some(now);
    }
    let later = compared(
        "[[change]]\nplan = \"forces\"\nlist = \"milestone\"\nwhere = { name = \"10,000 trained\" }\nlater = { by = 3 }\n",
    );
    assert!(number(&column(&later, "chances", "change")[0]) > Number::zero());
    assert_eq!(column(&later, "chances", "promise")[0].plain(), "at least 10000 by 2027-09");
    let lost = compared("[[change]]\nplan = \"forces\"\nlist = \"category\"\ntimes = { losses = 2 }\n");
    assert!(
        number(&column(&lost, "chances", "change")[1]) < Number::zero(),
        "twice the losses keep less strength"
    );
}

#[test]
fn a_partner_that_drops_out_takes_its_share_along() {
    let said = compared("[[leaves]]\npartner = \"B\"\nfrom = \"2027-05\"\n");
    let there = ["base_there", "there", "change"].map(|name| column(&said, "deliveries", name)[0].plain());
    assert_eq!(there, ["18", "10", "-8"]);
    assert_eq!(column(&said, "deliveries", "planned")[0].plain(), "missed");
    assert_eq!(column(&said, "deliveries", "starves_of")[0].plain(), "deliveries");
    assert_eq!(column(&said, "first-late", "date").last().unwrap().plain(), "2027-12");
    // What had come before stays.
    let late = compared("[[leaves]]\npartner = \"B\"\nfrom = \"2027-07\"\n");
    assert_eq!(column(&late, "deliveries", "change")[0].plain(), "0");
    // Somebody joins, and somebody else brings more.
    let joins = compared(
        "[[leaves]]\npartner = \"B\"\nfrom = \"2027-05\"\n[[change]]\nplan = \"deliveries\"\nlist = \"delivery\"\n\
         add = { item = \"howitzers\", partner = \"C\", month = \"2027-08\", quantity = 5 }\n\
         [[change]]\nplan = \"deliveries\"\nlist = \"delivery\"\nwhere = { partner = \"A\" }\ntimes = { quantity = 1.5 }\n",
    );
    assert_eq!(column(&joins, "deliveries", "there")[0].plain(), "18");
}

#[test]
fn every_form_says_planned_or_simulated_row_by_row() {
    let said = compared("note = \"why\"\n[[leaves]]\npartner = \"B\"\nfrom = \"2027-05\"\n");
    assert_eq!((said.basis, said.seed), (Basis::Simulated, Some(5)));
    let csv = said.csv(Some("deliveries")).unwrap();
    assert!(csv.contains("starves_of,basis\n") && csv.trim_end().ends_with(",planned"), "{csv}");
    let csv = said.csv(Some("chances")).unwrap();
    assert!(
        csv.starts_with("# simulated: drawn by chance from stated ranges, seed 5")
            && csv.contains(",simulated\n")
    );
    let page = said.page(crate::Language::English);
    for words in [
        "SIMULATED",
        "seed 5",
        "10,000 trained: base (hollow), scenario (filled)",
        "median (solid)",
        "B is no longer there from 2027-05 on",
        "why",
    ] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn due_dates_are_in_the_calendar_with_what_they_are() {
    let scenario = scenario("[[change]]\nplan = \"deliveries\"\nlist = \"milestone\"\nlater = { by = -2 }\n");
    let outcome = made(&of(&scenario).unwrap());
    let stamp = servanda_model::Instant::parse_utc("2026-05-01T10:00:00Z").unwrap();
    let text = ics(&made(&base()), &[(scenario, outcome)], Some(5), stamp);
    for line in [
        "DTSTAMP:20260501T100000Z\r\n",
        "DTSTART;VALUE=DATE:20271231\r\nDTEND;VALUE=DATE:20280101\r\nSUMMARY:base: 18 operate (planned)\r\n",
        "DTSTART;VALUE=DATE:20271031\r\nDTEND;VALUE=DATE:20271101\r\nSUMMARY:s: 18 operate (planned)\r\n",
        "SUMMARY:s: 10\\,000 trained (simulated)\r\n",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 6);
    assert_eq!(text.matches("SIMULATED: kept in ").count() + text.matches("PLANNED: ").count(), 6);
    assert!(text.split("\r\n").all(|line| line.len() <= 75));
}

#[test]
fn what_is_wrong_is_named_with_its_place_and_what_to_do() {
    for (body, words, help) in [
        (
            "[[change]]\nplan = \"forces\"\nlist = \"categry\"\nto = { serving = 1 }\n",
            "change 1: `categry` is no list of forces",
            "category, milestone",
        ),
        ("[[change]]\nplan = \"forces\"\n", "change 1: a change does one thing", "`times`"),
        (
            "[[change]]\nplan = \"forces\"\nto = { months = 3 }\ntimes = { months = 2 }\n",
            "change 1: a change does one thing",
            "more `[[change]]`",
        ),
        ("[[change]]\nplan = \"forces\"\nremove = true\n", "there is no `list`", "name the list"),
        (
            "[[change]]\nplan = \"forces\"\nlist = \"category\"\ntimes = { losses = -1 }\n",
            "losses = -1 is no factor",
            "zero or more",
        ),
        ("[[leaves]]\npartner = \"B\"\nfrom = \"soon\"\n", "leaves `B`: from `soon` is no month", "2027-06"),
        (
            "[[change]]\nplan = \"force\"\nto = { months = 3 }\n",
            "line 3: unknown variant `force`",
            "planning.md",
        ),
        ("[[changes]]\nplan = \"forces\"\n", "unknown field `changes`", "planning.md"),
    ] {
        let refusal = Scenario::read("s.toml", &format!("name = \"s\"\n{body}")).unwrap_err();
        assert!(
            refusal.message.contains("`s.toml`") && refusal.message.contains(words),
            "{}",
            refusal.message
        );
        assert!(refusal.help.contains(help), "{}", refusal.help);
    }
    for name in ["", "base"] {
        let refusal = Scenario::read("s.toml", &format!("name = \"{name}\"\n")).unwrap_err();
        assert!(refusal.message.contains("no name of its own"));
    }
    for (body, words, help) in [
        (
            "[[change]]\nplan = \"rotations\"\nto = { months = 3 }\n",
            "change 1: it changes rotations, and no plan of rotations is compared",
            "--rotations FILE.toml",
        ),
        (
            "[[leaves]]\npartner = \"Z\"\nfrom = \"2027-05\"\n",
            "the partner `Z` is in none of the plans",
            "the partners are: A; B",
        ),
        (
            "[[leaves]]\npartner = \"B\"\nfrom = \"2027-05\"\nplans = [\"forces\"]\n",
            "the partner `B` is in none",
            "compare a plan that has partners",
        ),
        (
            "[[change]]\nplan = \"forces\"\nlist = \"milestone\"\nwhere = { name = \"strenth\" }\nto = { at-least = 1 }\n",
            "change 1 of `forces`: nothing in the plan fits its `where`",
            "name = \"strength\"",
        ),
        (
            "[[change]]\nplan = \"forces\"\nlist = \"category\"\ntimes = { leave-waiting = 2 }\n",
            "`leave-waiting` does not stand there",
            "losses",
        ),
        (
            "[[change]]\nplan = \"forces\"\nlist = \"category\"\ntimes = { name = 2 }\n",
            "`name` holds no number",
            "use `to`",
        ),
        (
            "[[change]]\nplan = \"forces\"\nlist = \"milestone\"\nlater = { measure = 2 }\n",
            "`measure` is no month and no day",
            "2027-06",
        ),
        (
            "[[change]]\nplan = \"forces\"\nlist = \"category\"\ntimes = { losses = 200 }\n",
            "change 1 of `forces`: `force.toml`: category `soldiers`: losses `2` is no share",
            "from 0 to 1",
        ),
        (
            "[[change]]\nplan = \"forces\"\nto = { month = 3 }\n",
            "change 1 of `forces`: `force.toml`: unknown field `month`",
            "planning.md",
        ),
        (
            "[[change]]\nplan = \"deliveries\"\nlist = \"milestone\"\nremove = true\n[[change]]\nplan = \"deliveries\"\nlist = \"milestone\"\nremove = true\n",
            "change 2 of `deliveries`: nothing in the plan",
            "there are: ",
        ),
    ] {
        let refusal = of(&scenario(body)).unwrap_err();
        assert!(
            refusal.message.contains("`s.toml`") && refusal.message.contains(words),
            "{}",
            refusal.message
        );
        assert!(refusal.help.contains(help), "{}", refusal.help);
    }
}

#[test]
fn options_of_a_file_are_words_of_a_command() {
    let text = "kiel = \"k\"\nhold = true\nwithout = [\"A\", \"B C\"]\ninflation = 2.5\nfrom = 2022\nneed = { 2027 = 60 }\n";
    let placed = |key: &str, text: &str| if key == "kiel" { format!("in/{text}") } else { text.to_string() };
    let words = options("b.toml", text, &placed).unwrap();
    let all = [
        "--from=2022",
        "--hold",
        "--inflation=2.5",
        "--kiel=in/k",
        "--need=2027=60",
        "--without=A",
        "--without=B C",
    ];
    let mut sorted = words.clone();
    sorted.sort();
    assert_eq!(sorted, all);
    assert!(options("b.toml", "a = [[1]]\n", &placed).unwrap_err().message.contains("`a` is neither"));
}
