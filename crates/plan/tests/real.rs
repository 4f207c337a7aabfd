//! The planner on real tables: the release of the Ukraine Support Tracker and the World Bank's series, read in place.

use servanda_model::{Grade, Number};
use servanda_plan::Answer;
use servanda_plan::answer::{Cell, decimal};
use servanda_plan::burden::{self, Asked, Gdp, Rule};
use servanda_plan::economy::{DEFENCE, Rates, Series, VALUE};
use servanda_plan::kiel::{EU, Files, Kiel, UNIT};
use servanda_plan::support::{self, Stage};
use std::collections::BTreeSet;

/// The text of a file of the real data.
///
/// # Panics
/// Where it is missing: a test that passes without its data shows nothing.
fn real(path: &str) -> String {
    let path = format!("{}/../../../shared/data/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("{path}: {error}. The real data belongs beside the repository in ../shared/data")
    })
}

fn kiel() -> Kiel {
    let file = |name: &str| real(&format!("support/kiel-release-29/{name}.csv"));
    let files = [
        "data_explorer",
        "total_allocations",
        "eu_aid_shares",
        "procurement_trends",
        "weapons",
        "release_info",
    ];
    let [explorer, totals, shares, procurement, weapons, release] = files.map(file);
    let files = Files {
        explorer: &explorer,
        totals: &totals,
        shares: &shares,
        procurement: &procurement,
        weapons: &weapons,
        release: &release,
    };
    Kiel::read(&files, Grade::Possible).unwrap()
}

fn sum<'a>(numbers: impl Iterator<Item = &'a Number>) -> Number {
    numbers.fold(Number::zero(), |sum, n| sum + n.clone())
}

#[test]
fn totals_agree_with_the_sources_own() {
    let kiel = kiel();
    assert_eq!(
        (kiel.label.as_str(), kiel.until.to_string().as_str()),
        ("Ukraine Support Tracker, Release 29 (04/2026)", "2026-04")
    );
    let months = kiel.checks.iter().filter(|check| check.what.starts_with("all, "));
    assert_eq!(months.clone().count(), 52 * 4, "52 months, all and three kinds");
    assert!(months.clone().all(|check| check.agrees));
    assert_eq!(decimal(&sum(kiel.by_year(Stage::Allocated).values()), 6), "358.399501");
    // The table of procurement covers less than the military aid; and one member's share is of an older state.
    let apart: Vec<&str> = kiel.checks.iter().filter(|c| !c.agrees).map(|c| c.what.as_str()).collect();
    assert_eq!(
        apart,
        [
            "Slovenia: bilateral aid, percent of GDP",
            "military allocations against the table of procurement, whole period"
        ],
        "{:?}",
        kiel.gaps()
    );
}

#[test]
fn the_members_shares_are_the_eus_own_aid_and_are_not_added_to_it() {
    let kiel = kiel();
    let of_eu = kiel.by_year(Stage::Allocated).into_iter().filter(|((partner, _), _)| partner == EU);
    let of_eu = of_eu.fold(Number::zero(), |sum, (_, n)| sum + n);
    assert_eq!((decimal(&of_eu, 6), kiel.shares.len()), ("84.425291".to_string(), 27));
    let apart = sum(kiel.shares.values()) - of_eu;
    assert!(apart.abs() <= Number::parse("0.000001").unwrap(), "rounding alone: {apart}");
    assert!(!kiel.gdp.contains_key(EU), "a GDP of 0 is none");
}

#[test]
fn balances_of_a_month_may_be_negative_and_the_promise_is_what_came_and_what_is_open() {
    let kiel = kiel();
    let curve = kiel.ledger.curve(UNIT, Stage::Allocated);
    assert_eq!((curve.len(), curve[0].0.to_string().as_str()), (52, "2022-01"));
    let (_, promised, came) = curve.last().unwrap();
    assert_eq!((decimal(promised, 3), decimal(came, 3)), ("547.984".to_string(), "358.400".to_string()));
    // Ireland, Australia and Slovakia are shown with more allocated than committed; it is named, and nothing is cut.
    let disorder = kiel.ledger.disorder();
    for partner in ["Ireland", "Australia", "Slovakia"] {
        assert!(disorder.iter().any(|gap| gap.starts_with(partner)), "{disorder:?}");
    }
    let answer =
        support::answer(&kiel.ledger, Stage::Allocated, "2026-04-30".parse().unwrap(), vec![], kiel.gaps());
    assert!(answer.human(None, servanda_plan::Language::English).starts_with("PLANNED"));
    let waiting = answer.csv(Some("waiting")).unwrap();
    assert!(waiting.contains(EU), "{waiting}");
}

fn economy(file: &str, column: &str) -> Series {
    Series::read(file, &real(&format!("economy/{file}.csv")), column).unwrap()
}

fn asked(kiel: &Kiel) -> Asked {
    Asked {
        costs: kiel.by_year(Stage::Allocated),
        measure: "allocated".into(),
        codes: kiel.codes.clone(),
        eu: EU.into(),
        members: None,
        gdp: Gdp::Fixed(kiel.gdp.clone()),
        population: Some(economy("population", VALUE)),
        defence: Some(economy("public-sector", DEFENCE)),
        hold: false,
        rule: Rule::Gdp,
        years: (2022, 2026),
        until: kiel.until,
        among: BTreeSet::new(),
        without: BTreeSet::new(),
        need: None,
    }
}

/// Sum of a column of numbers.
fn column(answer: &Answer, table: &str, column: &str) -> Number {
    let table = answer.tables.iter().find(|t| t.name == table).unwrap();
    let index = table.columns.iter().position(|c| *c == column).unwrap();
    let numbers = table.rows.iter().filter_map(|row| match &row[index] {
        Cell::Number(value, _) => Some(value),
        _ => None,
    });
    sum(numbers)
}

#[test]
fn the_burden_adds_up_and_the_unions_aid_is_in_it_once() {
    let kiel = kiel();
    let apart = burden::answer(&asked(&kiel), vec![]).unwrap();
    let divided =
        burden::answer(&Asked { members: Some(kiel.shares.clone()), ..asked(&kiel) }, vec![]).unwrap();
    for answer in [&apart, &divided] {
        assert_eq!(decimal(&column(answer, "yearly", "cost"), 6), "358.399501");
        assert_eq!(column(answer, "fairness", "over"), Number::zero());
    }
    let csv = divided.csv(Some("yearly")).unwrap();
    assert!(!csv.lines().any(|line| line.starts_with(EU)), "on its members' lines alone");
    // What the series do not have is named: Taiwan is in no series of the World Bank, defence ends in 2020, and 2026 in April.
    let gaps = apart.gaps.join("\n");
    for words in [
        "no population for EU (Commission and Council), Taiwan: 2022",
        "no defence budget for",
        "2026 is known to 2026-04 only",
    ] {
        assert!(gaps.contains(words), "{words} in {gaps}");
    }
    assert_eq!(
        column(&apart, "yearly", "pct_defence"),
        Number::zero(),
        "no budget of these years, so no share of one"
    );
    let held = burden::answer(&Asked { hold: true, ..asked(&kiel) }, vec![]).unwrap();
    assert!(
        held.assumptions.join("\n").contains("defence budget of 2020 for 2024"),
        "{:?}",
        held.assumptions
    );
    assert!(column(&held, "yearly", "pct_defence") > Number::zero());
}

#[test]
fn when_the_largest_leaves_the_others_take_over_all_of_it() {
    let kiel = kiel();
    let without = ["United States".to_string()].into();
    let answer = burden::answer(&Asked { without, ..asked(&kiel) }, vec![]).unwrap();
    let gave = kiel.by_year(Stage::Allocated).into_iter().filter(|((p, _), _)| p == "United States");
    let gave = gave.fold(Number::zero(), |sum, (_, n)| sum + n);
    assert_eq!(decimal(&gave, 3), "115.381");
    assert_eq!(column(&answer, "taken-over", "extra"), gave);
}

#[test]
fn world_bank_dollars_without_a_rate_give_no_share_of_gdp() {
    let kiel = kiel();
    let gdp = Gdp::Yearly { series: economy("gdp", VALUE), currency: "USD".into(), rates: Rates::default() };
    let answer = burden::answer(&Asked { gdp, ..asked(&kiel) }, vec![]).unwrap();
    assert_eq!(column(&answer, "yearly", "pct_gdp"), Number::zero());
    let gaps = answer.gaps.join("\n");
    assert!(gaps.contains("no rate from USD to EUR: 2022, 2023"), "{gaps}");
    // The series ends in 2023: nobody has a figure afterwards.
    assert!(gaps.contains("no GDP for 3") || gaps.contains("no GDP for 4"), "{gaps}");
}

/// The scores of a look ahead, by way: CRPS, middle 80 and 95 percent, forecasts, and whether it is the one that is shipped.
fn scores(answer: &Answer, days: &str) -> Vec<(String, f64, f64, f64, i64, bool)> {
    let number = |cell: &Cell| match cell {
        Cell::Number(n, _) => n.to_f64(),
        other => panic!("{other:?}"),
    };
    let table = answer.tables.iter().find(|t| t.name == "scores").unwrap();
    table
        .rows
        .iter()
        .filter(|row| matches!(&row[0], Cell::Number(n, _) if n.to_string() == days))
        .map(|row| {
            let Cell::Text(way) = &row[1] else { panic!() };
            let shipped = row[8] == Cell::text("shipped");
            (way.clone(), number(&row[2]), number(&row[5]), number(&row[6]), number(&row[7]) as i64, shipped)
        })
        .collect()
}

#[test]
fn the_watch_is_scored_over_years_and_ships_what_was_best() {
    use servanda_plan::watch::{Counts, Threshold, answer};
    for (file, regions, years) in [
        ("incidents/ucdp-ged-22.1-ukraine-2014-2021.csv", 5, 5),
        ("incidents/ucdp-ged-19.1-colombia-1989-2018.csv", 25, 20),
    ] {
        let counts = Counts::read(file, &real(file)).unwrap();
        assert!(counts.regions.len() >= regions, "{file}: {:?}", counts.regions.keys());
        let threshold = Threshold::read("aggression=10/7").unwrap();
        let said = answer(&counts, &[threshold], vec![]).unwrap();
        for days in ["7", "28"] {
            let scores = scores(&said, days);
            println!("{file}, {days} days: {scores:?}");
            assert!(scores[0].4 >= counts.regions.len() as i64 * years * 52, "{scores:?}");
            let least = scores.iter().map(|s| s.1).fold(f64::INFINITY, f64::min);
            assert!(scores.iter().all(|s| !s.5 || s.1 <= least + 1e-4), "{scores:?}");
            assert_eq!(scores.iter().filter(|s| s.5).count(), 1);
            let shipped = scores.iter().find(|s| s.5).unwrap();
            assert!(
                shipped.2 >= 75.0 && shipped.3 >= 90.0,
                "its intervals cover what they claim: {shipped:?}"
            );
            let says =
                said.gaps.iter().any(|g| g.contains(&format!("for {days} days the model does not beat")));
            assert_eq!(says, shipped.0 != "model");
        }
        assert!(said.tables.iter().any(|t| t.name == "calibration" && !t.rows.is_empty()));
    }
}

/// Cells of a table as they are shown.
fn table(answer: &[servanda_plan::answer::Shown], name: &str) -> Vec<Vec<String>> {
    let table = answer.iter().find(|table| table.name == name).unwrap();
    table.rows.iter().map(|row| row.iter().map(Cell::plain).collect()).collect()
}

#[test]
fn displaced_people_as_two_sources_have_them_and_no_year_is_guessed() {
    use servanda_plan::communities::Displaced;
    let unhcr = real("displacement/unhcr-population-ukr-col.csv");
    let idmc = real("displacement/idmc-internal.csv");
    let of = Displaced::read("UKR", &unhcr, &idmc).unwrap();
    // 2014 to 2025 in both; the zero of 2000 and of returns before 2022 is no count.
    assert_eq!(of.idmc.keys().copied().collect::<Vec<_>>(), (2014..=2025).collect::<Vec<i16>>());
    assert_eq!((of.unhcr[&2000][0], of.unhcr[&2014][0], of.unhcr[&2021][1]), (None, Some(823_000), None));
    assert_eq!((of.unhcr[&2025][0], of.unhcr[&2022][1]), (Some(3_712_000), Some(2_616_000)));
    assert_eq!(of.idmc[&2014], 647_000);
    let gaps = of.gaps.join("\n");
    for words in [
        "UNHCR, gone home within the country: from 2022 to 2025, none between is missing; no other year is guessed",
        "2017 (1800000 and 800000)",
        "nothing of them is divided among communities",
    ] {
        assert!(gaps.contains(words), "{words} in {gaps}");
    }
    assert!(!gaps.contains("2020 ("), "where they agree they are not named");
    let shown = [of.shown("UKR", 10)];
    let rows = table(&shown, "known-displaced");
    assert!(rows.iter().any(|row| row[..4] == ["2024", "UKR", "3665000", "3665000"]));
    assert!(!rows.iter().any(|row| row[0] == "2026"), "no year beyond the series");
    // The rows of the country `UNK` are the world's sums, and are nobody's.
    assert!(Displaced::read("UKN", &unhcr, &idmc).is_err());
    let colombia = Displaced::read("COL", &unhcr, &idmc).unwrap();
    assert_eq!(colombia.idmc[&2025], 7_211_000);
}

#[test]
fn the_hromadas_have_codes_and_names_that_are_not_their_own() {
    use servanda_plan::communities::place::OBLASTS;
    use servanda_plan::communities::{Code, Complaints, Hromadas, Level, Plan};
    let text = real("places/kse/minregion-war-status.csv");
    let hromadas = Hromadas::read("hromadas", &text).unwrap();
    assert_eq!(hromadas.len(), 1469);
    assert_eq!(hromadas.without(), ["Crimea", "Kyiv City", "Sevastopol"]);
    let mut of_war = 0;
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let level = |at: usize| Code::read(cells[at]).map(|(code, finer)| (code.level(), finer));
        assert_eq!(level(8), Some((Level::Oblast, false)), "{line}");
        assert_eq!(level(9), Some((Level::Raion, false)), "{line}");
        assert_eq!(level(10), Some((Level::Hromada, false)), "{line}");
        let (hromada, oblast) = (Code::read(cells[10]).unwrap().0, Code::read(cells[8]).unwrap().0);
        assert!(hromada.is_in(&oblast));
        assert!(
            OBLASTS.iter().any(|(digits, _, name)| *digits == oblast.oblast() && *name == cells[0]),
            "{line}"
        );
        of_war += usize::from(cells[7] == "1");
    }
    let rows = [hromadas.shown()];
    let sum: usize = table(&rows, "known-hromadas").iter().map(|row| row[5].parse::<usize>().unwrap()).sum();
    assert_eq!((sum, of_war), (324, 324));
    // Two hromadas of one oblast have one name: it is asked for the code.
    assert_eq!(hromadas.named("Калинівська").len(), 4);
    let plan =
        "from='2026-07'\nmonths=2\n[[community]]\nname='Lviv'\nlevel='oblast'\ncode='UA46000000000026241'\n";
    let plan = Plan::read("p", plan).unwrap();
    let complaints = |place: &str| {
        Complaints::read("c", &format!("case,place,received\n1,{place},2026-07-01\n"), &plan, Some(&hromadas))
    };
    let refusal = complaints("Калинівська").unwrap_err();
    assert!(
        refusal.message.contains("is the name of 4 hromadas") && refusal.help.contains("UA"),
        "{refusal:?}"
    );
    assert!(complaints("Зеленодольська").is_ok());
}

#[test]
fn real_forces_were_foretold_within_the_bands_in_the_years_held_out() {
    use servanda_plan::forces::calibration::{AHEAD, Strengths, Way, calibrated};
    for (file, states, last) in
        [("forces/cow-nmc-1990-2022.csv", 150, 2022), ("economy/public-sector.csv", 150, 2018)]
    {
        let series = Strengths::read(file, &real(file)).unwrap();
        assert!(series.states() >= states, "{file}: {}", series.states());
        let of = calibrated(&series, 8).unwrap();
        assert_eq!(of.last, last);
        println!("{file}: {:?}", series.gaps);
        for ahead in AHEAD {
            let (way, wider) = of.shipped[&ahead];
            let before = of.scores[&(ahead, way, false)];
            let held = of.scores[&(ahead, way, true)];
            let still = of.scores[&(ahead, Way::Persistence, true)];
            println!(
                "{ahead} years: {way:?} x{wider:?}; before {before:?}; held out {held:?}; persistence {:.3}; all: {:?} {:?}; own {:?} {:?}",
                still.crps,
                of.scores[&(ahead, Way::All, false)].crps,
                of.scores[&(ahead, Way::All, true)],
                of.scores[&(ahead, Way::Own, false)].crps,
                of.scores[&(ahead, Way::Own, true)]
            );
            assert!(held.forecasts >= 900, "{held:?}");
            assert!(
                held.covered[2] >= 80.0 && held.covered[3] >= 95.0,
                "the bands cover what they claim: {held:?}"
            );
            assert!(!of.gaps().iter().any(|gap| gap.contains("cover less than they claim")));
            let beaten =
                of.scores[&(ahead, Way::Persistence, false)].crps > before.crps && still.crps > held.crps;
            let says = of.gaps().iter().any(|gap| {
                gap.contains(&format!("for {ahead} years `all states` does not beat persistence"))
            });
            assert_eq!(beaten, !says, "{:?}", of.gaps());
        }
    }
}
