//! Laws that every plan keeps: what comes sooner is never later, more of a weight is never less of a share, rows in another order change
//! nothing, and each answer says what it is.

use servanda_model::Number;
use servanda_plan::answer::Cell;
use servanda_plan::burden::{self, Asked, Gdp, Need, Rule};
use servanda_plan::support::{self, Ledger, Stage};
use servanda_plan::{Answer, Month, deliveries, watch};
use std::collections::{BTreeMap, BTreeSet};

fn column(answer: &Answer, table: &str, name: &str) -> Vec<Cell> {
    let table = answer.tables.iter().find(|t| t.name == table).unwrap();
    let at = table.columns.iter().position(|c| *c == name).unwrap();
    table.rows.iter().map(|row| row[at].clone()).collect()
}

fn sum(cells: &[Cell]) -> Number {
    let number = |cell: &Cell| match cell {
        Cell::Number(n, _) => n.clone(),
        _ => Number::zero(),
    };
    cells.iter().map(number).fold(Number::zero(), |sum, n| sum + n)
}

/// A fixed sequence that looks like chance.
fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    })
}

fn ledger(seed: u64, more: u64) -> Ledger {
    let mut of = numbers(seed);
    let mut next = |most: u64| of.next().unwrap() % most;
    let mut text = "id,partner,item,stage,date,due,quantity,unit,source\n".to_string();
    for n in 0..12 {
        let (partner, item) = (["A", "B"][next(2) as usize], ["guns", "lorries"][next(2) as usize]);
        text += &format!(
            "p{n},{partner},{item},pledged,2025-{:02}-10,2025-{:02}-28,{},pieces,x\n",
            1 + next(6),
            7 + next(6),
            1 + next(40)
        );
        text += &format!(
            "r{n},{partner},{item},received,2025-{:02}-{:02},,{},pieces,x\n",
            1 + next(12),
            1 + next(28),
            next(30) + more
        );
    }
    Ledger::read("t", &text).unwrap()
}

#[test]
fn more_that_comes_never_leaves_more_open_and_nothing_is_lost_between_stages() {
    let at = "2025-12-31".parse().unwrap();
    for seed in 0..200 {
        let of = |more| support::answer(&ledger(seed, more), Stage::Received, at, vec![], vec![]);
        let (few, many) = (of(0), of(3));
        for (table, name) in [("waiting", "open"), ("late", "open")] {
            assert!(
                sum(&column(&many, table, name)) <= sum(&column(&few, table, name)),
                "seed {seed}: {table}"
            );
        }
        // Promised is what came for it and what is open, line by line, where no more came than was promised.
        let pledged = sum(&column(&few, "stages", "pledged"));
        let lines = few.tables.iter().find(|t| t.name == "stages").unwrap();
        let came = lines.rows.iter().fold(Number::zero(), |all, row| {
            let (pledged, came) = (sum(&row[3..4]), sum(&row[7..8]));
            all + if came < pledged { came } else { pledged }
        });
        assert_eq!(pledged, came + sum(&column(&few, "waiting", "open")), "seed {seed}");
    }
}

fn asked(gdp: [i64; 3], need: Option<Need>) -> Asked {
    let partners = ["A", "B", "C"];
    Asked {
        costs: partners
            .iter()
            .zip([7, 11, 13])
            .map(|(p, n)| ((p.to_string(), 2025), Number::from(n)))
            .collect(),
        measure: "allocated".into(),
        codes: BTreeMap::new(),
        eu: "EU".into(),
        members: None,
        gdp: Gdp::Fixed(partners.iter().zip(gdp).map(|(p, n)| (p.to_string(), Number::from(n))).collect()),
        population: None,
        defence: None,
        hold: false,
        rule: Rule::Gdp,
        years: (2025, 2025),
        until: Month::parse("2025-12").unwrap(),
        among: BTreeSet::new(),
        without: BTreeSet::new(),
        need,
    }
}

#[test]
fn a_larger_economy_never_owes_less_and_growth_never_makes_it_heavier() {
    let fair = |gdp| {
        let answer = burden::answer(&asked(gdp, None), vec![]).unwrap();
        let names = column(&answer, "fairness", "partner");
        let at = names.iter().position(|name| *name == Cell::text("A")).unwrap();
        let rule = column(&answer, "fairness", "rule");
        assert_eq!(sum(&rule), Number::from(31), "all of it is divided");
        sum(&rule[at..=at])
    };
    let mut before = Number::zero();
    for gdp in [10, 20, 50, 400, 10_000] {
        let now = fair([gdp, 90, 70]);
        assert!(now > before, "{gdp}");
        before = now;
    }
    let share = |growth: i64, inflation: i64| {
        let need = Need {
            amounts: [(2030, Number::from(60))].into(),
            prices_of: 2025,
            growth: Number::from(growth),
            inflation: Number::from(inflation),
            others: vec![],
        };
        let answer = burden::answer(&asked([100, 90, 70], Some(need)), vec![]).unwrap();
        (sum(&column(&answer, "need", "pct_gdp")), sum(&column(&answer, "need", "cost")))
    };
    for growth in -3..6 {
        assert!(share(growth + 1, 2).0 < share(growth, 2).0, "{growth}");
        assert!(share(growth, 3).1 > share(growth, 2).1, "dearer money is more of it");
        assert_eq!(share(growth, 3).0, share(growth, 2).0, "and the same share of dearer economies");
    }
}

#[test]
fn rows_in_another_order_change_no_watch() {
    let mut of = numbers(4);
    let first: jiff::civil::Date = "2020-01-06".parse().unwrap();
    let mut rows: Vec<String> = (0..900)
        .map(|_| {
            let day = first.checked_add(jiff::Span::new().days((of.next().unwrap() % 1400) as i64)).unwrap();
            format!("{day},{}", ["North", "South"][(of.next().unwrap() % 2) as usize])
        })
        .collect();
    rows.push(format!("{first},North"));
    let said = |rows: &[String]| {
        let text = format!("date,region\n{}\n", rows.join("\n"));
        let counts = watch::Counts::read("i.csv", &text).unwrap();
        watch::answer(&counts, &[], vec![]).unwrap().json()
    };
    let forwards = said(&rows);
    rows.reverse();
    assert_eq!(forwards, said(&rows));
}

#[test]
fn more_training_places_never_mean_fewer_crews_in_any_plan() {
    for seed in 0..200 {
        let mut of = numbers(seed);
        let mut next = |most: u64| of.next().unwrap() % most;
        let (crew, trained, recruits, months) = (1 + next(9), next(100), next(60), 1 + next(6));
        let trained_of = |places: u64| {
            let text = format!(
                "from='2027-01'\nmonths=30\n[[item]]\nname='a'\nfit=20\ncrew={crew}\ntrained={trained}\nrecruits={recruits}\nplaces={places}\n\
                 training-months={months}\nworkshop=2\nrepair-months=1\nwear=0\nlosses=0\n[[delivery]]\nitem='a'\npartner='A'\nmonth='2027-05'\nquantity=9\n"
            );
            let plan = deliveries::Plan::read("d", &text).unwrap();
            deliveries::month_by_month(&plan, &plan.items[0])
                .iter()
                .map(|s| (s.trained, s.operating))
                .collect::<Vec<_>>()
        };
        let places = next(200);
        for (few, many) in trained_of(places).iter().zip(trained_of(places + 1 + next(50))) {
            assert!(many.0 >= few.0 && many.1 >= few.1, "seed {seed}");
        }
    }
}
