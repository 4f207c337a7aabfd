//! The check finds every way of breaking a schedule; bad plans, costs, records, a schedule read again. Schedules that are made are tested in
//! `crates/solve/tests`.

use super::*;
use jiff::civil::date;

pub(super) const TEXT: &str = r#"
from = "2027-01"
months = 12
decided = "2026-01-01"
overlap-days = 10
currency = "EUR m"
share-at-most = 60

[[presence]]
name = "force"
regions = ["west"]
at-least = 1000
at-most = 2500

[[contingent]]
partner = "A"
persons = 600
there-are = 2
tour-months = 6
recovery-months = 3
training-months = 3
notice-days = 90
cost-month = 1.5
cost-move = 2
not-in = [{ from = "2027-03", until = "2027-04" }]

[[contingent]]
partner = "B"
persons = 500
there-are = 3
tour-months = [4, 6]
recovery-months = 2
training-months = 4
notice-days = 30
cost-month = 1
cost-move = 1
"#;

fn plan() -> Plan {
    Plan::read("p.toml", TEXT).unwrap()
}

fn stay(partner: &str, unit: u32, from: (i16, i8), until: (i16, i8)) -> Stay {
    let takes_over = date(from.0, from.1, 1);
    Stay {
        partner: partner.into(),
        name: "contingent".into(),
        unit,
        region: "west".into(),
        arrives: plan::days(takes_over, -10),
        takes_over,
        leaves: date(until.0, until.1, 1),
        begun: false,
    }
}

/// B alone holds 1,000 of 1,000 all the year, which is more than its share; with the share lifted it is a schedule.
fn good() -> Vec<Stay> {
    let halves = [((2027, 1), (2027, 7)), ((2027, 7), (2028, 1))];
    let first = halves.map(|(from, until)| stay("B", 1, from, until));
    let mut all = vec![first[0].clone(), stay("B", 2, (2027, 1), (2027, 7))];
    all.extend([stay("B", 3, (2027, 7), (2028, 1)), stay("B", 4, (2027, 7), (2028, 1))]);
    all
}

fn lifted() -> Plan {
    let text =
        TEXT.replace("share-at-most = 60", "share-at-most = 100").replace("there-are = 3", "there-are = 4");
    Plan::read("p.toml", &text).unwrap()
}

#[test]
fn a_schedule_that_holds_has_no_finding() {
    let checked = check(&lifted(), &good());
    assert_eq!((checked.days, checked.stays, checked.findings), (365, 4, vec![]));
    // Four moves, 24 contingent-months, and four times ten days.
    let cost = check::cost(&lifted(), &good(), date(2028, 1, 1));
    assert_eq!(cost.get(&("B".into(), 2027)), Number::ratio(88, 3).as_ref());
}

#[test]
fn every_way_of_breaking_a_schedule_is_found() {
    type Break = (&'static str, fn(&mut Vec<Stay>, &mut Plan));
    let breaks: [Break; 12] = [
        ("500 people on 2027-07-01, and not 1000", |s, _| drop(s.pop())),
        ("there are only 4", |s, _| s[0].unit = 5),
        ("out again on 2027-06-21, and not ready", |s, _| s[2].unit = 1),
        ("no 10 days of hand-over", |s, _| s[0].arrives = s[0].takes_over),
        ("is no tour of its kind", |s, _| s[0].leaves = date(2027, 8, 1)),
        ("a caveat keeps it out of west", |_, p| p.contingents[1].regions.clear()),
        ("a caveat keeps it out from 2027-03", |s, _| s.push(stay("A", 1, (2027, 1), (2027, 7)))),
        ("it is not at hand", |_, p| p.contingents[1].during.from = Month::of(2027, 2).unwrap()),
        ("its partner leaves in 2027-12", |_, p| {
            p.partners.get_mut("B").unwrap().leaves = Month::of(2027, 12);
        }),
        ("are more than its share", |_, p| p.partners.get_mut("B").unwrap().share_at_most = 99.into()),
        ("are too many", |_, p| p.presences[0].at_most = Some(1500)),
        ("its cost in 2027 is above 29", |_, p| {
            p.partners.get_mut("B").unwrap().cost_a_year = Some(29.into())
        }),
    ];
    for (words, spoil) in breaks {
        let (mut stays, mut plan) = (good(), lifted());
        spoil(&mut stays, &mut plan);
        let findings = check(&plan, &stays).findings;
        assert!(findings.iter().any(|f| f.contains(words)), "{words}: {findings:?}");
    }
    let late = Plan { decided: date(2026, 12, 1), ..lifted() };
    assert_eq!(check::notice(&late, &good(), &BTreeSet::new()).len(), 2);
    assert_eq!(check::notice(&lifted(), &good(), &BTreeSet::new()), Vec::<String>::new());
}

#[test]
fn bad_plans_are_refused_with_their_place() {
    for (from, to, words) in [
        ("months = 12", "months = 0", "months = 0 is out of range"),
        ("months = 12", "months = 12\nmoons = 3", "line 4: unknown field `moons`"),
        ("decided = \"2026-01-01\"", "decided = \"soon\"", "decided `soon` is no day"),
        ("regions = [\"west\"]", "regions = []", "presence `force` has no region"),
        ("at-most = 2500", "at-most = 900", "presence `force`: the numbers of people cannot be"),
        (
            "there-are = 2",
            "there-are = 0",
            "contingent `A, contingent`: persons or there-are is out of range",
        ),
        ("cost-month = 1.5", "cost-month = -1.5", "contingent `A, contingent`: cost-month is no amount"),
        ("tour-months = 6", "tour-months = [0]", "tour-months is out of range"),
        ("notice-days = 90", "notice-days = 90\nregions = [\"east\"]", "no presence has the region `east`"),
        ("until = \"2027-04\"", "until = \"2027-02\"", "2027-03 is after 2027-02"),
        ("partner = \"B\"", "partner = \"A\"", "contingent `A, contingent` stands twice"),
        ("share-at-most = 60", "share-at-most = 160", "share-at-most is above 100"),
        ("[[presence]]", "[[partner]]\nname = \"C\"\n[[presence]]", "partner `C` has no contingent"),
        (
            "[[presence]]",
            "[[running]]\npartner = \"A\"\nregion = \"west\"\nsince = \"2027-02\"\nuntil = \"2027-03\"\n[[presence]]",
            "running `A, contingent`: 2027-02 to 2027-03 cannot be",
        ),
    ] {
        assert!(TEXT.contains(from), "{from}");
        let refusal = Plan::read("p.toml", &TEXT.replacen(from, to, 1)).unwrap_err();
        assert!(
            refusal.message.contains(words) && refusal.message.starts_with("`p.toml`"),
            "{words}: {refusal:?}"
        );
        assert!(!refusal.help.is_empty());
    }
}

#[test]
fn a_tour_costs_what_falls_into_the_plan() {
    let plan = plan();
    let tour = |from, months| Tour { contingent: 1, region: 0, from, months };
    let cost = |tour: Tour| plan.cost(&tour).into_values().fold(Number::zero(), |a, b| a + b);
    assert_eq!(Some(cost(tour(0, 6))), Number::ratio(22, 3));
    assert_eq!(Some(cost(tour(10, 6))), Number::ratio(10, 3));
    // Who was there before has been moved before.
    assert_eq!(cost(tour(-4, 6)), 2.into());
}

#[test]
fn records_are_marked_planned_and_tell_every_change() {
    let mut plan = lifted();
    plan.terms = Some(Terms {
        measure: "troops".into(),
        of: "of".into(),
        at: None,
        with: BTreeMap::from([("role".into(), "rotation".into())]),
        rotation: Some("rotation".into()),
        notice: Some("told".into()),
        notice_to: Some("Ukraine".into()),
        parties: BTreeMap::from([("B".into(), "Bravo".into())]),
    });
    let schedule = Schedule {
        stays: good(),
        cost: Number::zero(),
        bound: None,
        stopped: Stopped::Gap,
        changes: None,
        fewest: true,
        nodes: 0,
    };
    let terms = plan.terms.clone().unwrap();
    let made = servanda_model::Instant(0);
    let all = records::records(&plan, &terms, &schedule, "w", made, &servanda_model::Calendar::utc());
    assert!(all.iter().all(|r| r.basis == servanda_model::record::Basis::Planned && r.source == "w"));
    assert!(all.iter().all(|r| r.grade() == servanda_model::Grade::None), "a plan is no evidence");
    let strength: Vec<i64> = all
        .iter()
        .filter(|r| r.fact.as_str() == "troops")
        .map(|r| r.value.as_ref().unwrap().to_i64().unwrap())
        .collect();
    // Arrival before the year, six firsts, the second pair ten days before July, and the rest of the year.
    assert_eq!(strength, [vec![1000; 7], vec![2000], vec![1000; 6]].concat());
    let of = |fact: &str| all.iter().filter(|r| r.fact.as_str() == fact).count();
    assert_eq!((of("rotation"), of("told")), (4, 4));
    let told = all.iter().find(|r| r.fact.as_str() == "told").unwrap();
    assert_eq!(told.roles.get("by"), Some(&servanda_model::record::RoleValue::Name("Bravo".into())));
}

#[test]
fn a_schedule_is_read_again_as_it_was_written() {
    let plan = lifted();
    let schedule = Schedule {
        stays: good(),
        cost: Number::zero(),
        bound: None,
        stopped: Stopped::Gap,
        changes: None,
        fewest: true,
        nodes: 0,
    };
    let answer = Answer {
        asked: "rotations",
        basis: Basis::Planned,
        seed: None,
        sources: vec![],
        assumptions: vec!["one".into()],
        gaps: vec![],
        tables: vec![tours_table(&schedule)],
    };
    let before = Before::read("b.csv", &answer.csv(Some("tours")).unwrap(), &plan).unwrap();
    let tour = |from| Tour { contingent: 1, region: 0, from, months: 6 };
    assert_eq!(before.tours, BTreeMap::from([(tour(0), 2), (tour(6), 2)]));
    let stranger = "partner,contingent,region,from,until\nC,contingent,west,2027-01,2027-06\n";
    assert!(
        Before::read("b.csv", stranger, &plan).unwrap_err().message.contains("is no contingent of the plan")
    );
}
