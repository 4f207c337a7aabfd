//! Closed forms, conservation, monotonicity, seeds and threads.

use super::*;

fn plan(text: &str) -> Plan {
    Plan::read("t", text).unwrap()
}

fn likely(plan: &Plan) -> Vec<People> {
    month_by_month(plan, |_, _, _, range| range.likely).by_category.remove(0)
}

const RANGES: &str = r#"
from = "2026-01"
months = 36
[[category]]
name = "soldiers"
serving = 20000
waiting = 500
in-training = [100, 200]
recruits = { low = 300, likely = 800, high = 1500, each = "month" }
places = [{ from = "2026-01", places = { low = 1000, likely = 1500, high = 2500 } }, { from = "2027-01", places = 3000 }]
training-months = 3
fails = { low = 0.02, likely = 0.05, high = 0.2 }
leave-waiting = 0.03
losses = { low = 0.002, likely = 0.01, high = 0.03, each = "month" }
recover = { low = 0.3, likely = 0.5, high = 0.7 }
recovery-months = 4
ends = 0.005
[[category]]
name = "officers"
serving = 1500
recruits = 40
places = 150
training-months = 8
losses = { low = 0.0, likely = 0.005, high = 0.02 }
[[milestone]]
name = "strength"
measure = "serving"
at-least = 30000
by = "2028-06"
[[milestone]]
name = "taught"
category = "soldiers"
measure = "trained"
at-least = 18000
by = "2028-12"
"#;

const ALL: Drawing = Drawing { seed: 7, futures: 400, threads: 1 };

#[test]
fn without_losses_training_is_a_delay() {
    let months = likely(&plan(
        "from='2026-01'\nmonths=24\n[[category]]\nname='a'\nserving=1000\nrecruits=100\nplaces=1000\ntraining-months=3\n",
    ));
    for (month, people) in months.iter().enumerate() {
        let trained = 100 * (month as u64).saturating_sub(2);
        assert_eq!((people.trained, people.serving, people.waiting), (trained, 1000 + trained, 0), "{month}");
    }
}

#[test]
fn places_bound_what_training_gives() {
    // Sixty places and three months give twenty people a month, however many wait.
    let months = likely(&plan(
        "from='2026-01'\nmonths=31\n[[category]]\nname='a'\nserving=0\nrecruits=1000\nplaces=60\ntraining-months=3\n",
    ));
    assert_eq!((months[2].trained, months[3].trained, months[30].trained), (0, 60, 600));
    assert!(months.iter().all(|people| people.training == 60));
    assert_eq!(months[30].waiting, 31 * 1000 - 660);
}

#[test]
fn losses_are_geometric_and_their_return_is_late() {
    let months = likely(&plan(
        "from='2026-01'\nmonths=3\n[[category]]\nname='a'\nserving=100000\nrecruits=0\nplaces=0\ntraining-months=1\nlosses=0.1\n",
    ));
    assert_eq!(months.iter().map(|p| p.serving).collect::<Vec<_>>(), [90_000, 81_000, 72_900]);
    assert_eq!(months[2].lost, 27_100);
    let months = likely(&plan(
        "from='2026-01'\nmonths=3\n[[category]]\nname='a'\nserving=100000\nrecruits=0\nplaces=0\ntraining-months=1\nlosses=0.1\n\
         recover=1\nrecovery-months=2\n",
    ));
    assert_eq!(months.iter().map(|p| p.serving).collect::<Vec<_>>(), [90_000, 81_000, 82_900]);
    assert_eq!((months[2].lost, months[2].recovering), (0, 17_100));
}

#[test]
fn small_stocks_lose_people_too() {
    // One of a hundred in ten months, and not none each month for ever.
    let months = likely(&plan(
        "from='2026-01'\nmonths=10\n[[category]]\nname='a'\nserving=100\nrecruits=0\nplaces=0\ntraining-months=1\nends=0.001\n",
    ));
    assert_eq!((months[8].ended, months[9].ended), (0, 1));
}

#[test]
fn nobody_appears_or_vanishes_in_any_future() {
    let plan = plan(RANGES);
    for future in 0..300 {
        let history = month_by_month(&plan, |category, parameter, step, range| {
            draw(3, future, &plan.categories[category].name, parameter, step, range)
        });
        for (category, months) in plan.categories.iter().zip(&history.by_category) {
            let begun = category.serving + category.waiting + category.in_training.iter().sum::<u64>();
            for people in months {
                let now = people.waiting + people.training + people.serving + people.recovering;
                let gone = people.failed + people.left_waiting + people.lost + people.ended;
                assert_eq!(now + gone, begun + people.recruited);
            }
        }
    }
}

#[test]
fn one_seed_is_one_answer_at_any_number_of_threads() {
    let plan = plan(RANGES);
    let of = |seed, threads| answer(&plan, Drawing { seed, futures: 101, threads }, vec![]).unwrap().json();
    assert_eq!(of(7, 1), of(7, 1));
    for threads in [2, 3, 7, 64, 256] {
        assert_eq!(of(7, 1), of(7, threads), "{threads} threads");
    }
    assert_ne!(of(7, 1), of(8, 1));
}

/// The same plan with other training places from 2027 on.
fn with_places(places: u64) -> Plan {
    plan(&RANGES.replace("places = 3000", &format!("places = {places}")))
}

#[test]
fn more_training_places_never_lower_what_is_trained_in_any_future() {
    let plans: Vec<Plan> = [1000, 1400, 1900, 3000, 6000].into_iter().map(with_places).collect();
    let mut rose = false;
    for pair in plans.windows(2) {
        for future in 0..300 {
            let of = |plan: &Plan| {
                month_by_month(plan, |category, parameter, step, range| {
                    draw(5, future, &plan.categories[category].name, parameter, step, range)
                })
            };
            let (fewer, more) = (of(&pair[0]), of(&pair[1]));
            for (before, after) in fewer.by_category[0].iter().zip(&more.by_category[0]) {
                assert!(after.trained >= before.trained, "future {future}: {before:?} {after:?}");
            }
        }
        let chance = |plan| probabilities(plan, ALL)[1].clone();
        let (before, after) = (chance(&pair[0]), chance(&pair[1]));
        assert!(after >= before);
        rose |= after > before;
    }
    assert!(rose, "the places matter in this plan");
}

#[test]
fn training_earlier_may_leave_fewer_people_serving() {
    // Not a fault: whoever serves earlier is exposed to losses for longer. So the promise above is of people trained.
    let of = |places| {
        likely(&plan(&format!(
            "from='2026-01'\nmonths=25\n[[category]]\nname='a'\nserving=0\nwaiting=1000\nrecruits=0\nplaces={places}\ntraining-months=3\nlosses=0.1\n"
        )))
    };
    let (few, many) = (of(500), of(1000));
    assert!(many[5].serving > few[5].serving && many[24].serving < few[24].serving);
    assert_eq!(many[24].trained, few[24].trained);
}

#[test]
fn more_recruits_and_fewer_losses_never_lower_the_chance() {
    let chance = |from: &str, to: &str| probabilities(&plan(&RANGES.replace(from, to)), ALL)[0].clone();
    let base = chance("", "");
    assert!(base > Number::zero() && base < Number::from(1), "{base}");
    assert!(chance("low = 300, likely = 800, high = 1500", "low = 500, likely = 1000, high = 1700") >= base);
    assert!(
        chance("low = 0.002, likely = 0.01, high = 0.03", "low = 0.001, likely = 0.005, high = 0.02") >= base
    );
    assert!(chance("at-least = 30000", "at-least = 29000") >= base);
    assert!(chance("at-least = 30000", "at-least = 31000") <= base);
}

#[test]
fn a_chance_in_closed_form() {
    // What is recruited is triangular from 0 over 1 to 2 million; an eighth of it lies below half a million.
    let plan = plan(
        "from='2026-01'\nmonths=2\n[[category]]\nname='a'\nserving=0\nrecruits={low=0,likely=1000000,high=2000000}\nplaces=2000000\n\
         training-months=1\n[[milestone]]\nname='m'\nmeasure='trained'\nat-least=500000\nby='2026-02'\n",
    );
    let drawing = Drawing { seed: 1, futures: 20_000, threads: 2 };
    let chance = probabilities(&plan, drawing)[0].to_f64();
    // The standard error is 0.0023.
    assert!((chance - 0.875).abs() < 0.01, "{chance}");
}

fn cell<'a>(answer: &'a Answer, table: &str, row: usize, column: &str) -> &'a Cell {
    let table = answer.tables.iter().find(|t| t.name == table).unwrap();
    &table.rows[row][table.columns.iter().position(|c| *c == column).unwrap()]
}

#[test]
fn what_it_hangs_on_is_found() {
    // Places bind and recruits do not: ten times as many wait as can be trained.
    let plan = plan(
        "from='2026-01'\nmonths=24\n[[category]]\nname='a'\nserving=0\nrecruits={low=5000,likely=6000,high=7000}\n\
         places={low=300,likely=600,high=900}\ntraining-months=3\n[[milestone]]\nname='m'\nmeasure='trained'\nat-least=4000\nby='2027-12'\n",
    );
    let answer = answer(&plan, ALL, vec![]).unwrap();
    assert_eq!(cell(&answer, "hangs-on", 0, "parameter"), &Cell::text("places"));
    let swing = |row| match cell(&answer, "hangs-on", row, "swing") {
        Cell::Number(n, _) => n.to_i64(),
        _ => None,
    };
    assert_eq!((swing(0), swing(1)), (Some(100), Some(0)));
    assert_eq!(cell(&answer, "hangs-on", 1, "parameter"), &Cell::text("recruits"));
}

#[test]
fn the_first_late_date_and_what_is_missing() {
    let plan = plan(
        "from='2026-01'\nmonths=24\n[[category]]\nname='a'\nserving=1000\nrecruits=100\nplaces=1000\ntraining-months=3\n\
         [[milestone]]\nname='later'\nmeasure='serving'\nat-least=3000\nby='2026-12'\n\
         [[milestone]]\nname='sooner'\nmeasure='serving'\nat-least=1500\nby='2026-06'\n\
         [[milestone]]\nname='ceiling'\nmeasure='serving'\nat-most=1800\nfrom='2026-01'\nby='2026-12'\n",
    );
    let answer = answer(&plan, Drawing { seed: 1, futures: 10, threads: 1 }, vec![]).unwrap();
    // 1,300 at the end of June: two hundred too few, reached in August. 1,900 at the end of December: 1,100 too few.
    assert_eq!(cell(&answer, "milestones", 1, "missing_p50"), &Cell::whole(200));
    assert_eq!(cell(&answer, "milestones", 1, "reached_p50"), &Cell::text("2026-08"));
    assert_eq!(cell(&answer, "milestones", 0, "missing_p50"), &Cell::whole(1100));
    assert_eq!(cell(&answer, "milestones", 0, "reached_p50"), &Cell::text("2027-11"));
    assert_eq!(cell(&answer, "milestones", 2, "missing_p50"), &Cell::whole(100));
    assert_eq!(cell(&answer, "first-late", 0, "milestone"), &Cell::text("sooner"));
    assert!(answer.gaps.iter().any(|gap| gap.contains("all futures are the same")));
    assert!(
        answer
            .human(None, crate::Language::English)
            .starts_with("SIMULATED: drawn by chance from stated ranges, seed 1")
    );
}

#[test]
fn broken_plans_are_refused_with_their_place() {
    for (from, to, words) in [
        ("months = 36", "months = 0", "months = 0 is out of range"),
        ("months = 36", "months = 36\nfoo = 1", "line 4: unknown field `foo`"),
        ("losses = { low = 0.002", "losses = { low = 0.2", "0.2, 0.01, 0.03 do not rise"),
        ("leave-waiting = 0.03", "leave-waiting = 3", "leave-waiting `3` is no share"),
        ("serving = 20000", "serving = -1", "serving `-1` is no number of people"),
        ("serving = 20000", "serving = 0.5", "serving `0.5` is no number of people"),
        ("by = \"2028-06\"", "by = \"2030-06\"", "2030-06 is not in the plan"),
        ("by = \"2028-06\"", "by = \"June\"", "`June` is no month"),
        ("category = \"soldiers\"", "category = \"sailors\"", "`sailors` is not known"),
        ("at-least = 30000\n", "", "milestone `strength`: no bound"),
        ("training-months = 3", "training-months = 0", "training-months = 0"),
        ("in-training = [100, 200]", "in-training = [1, 1, 1, 1]", "in-training has 4 months"),
        (
            "from = \"2027-01\", places",
            "from = \"2025-01\", places",
            "does not come after the step before it",
        ),
        ("name = \"officers\"", "name = \"soldiers\"", "no name of its own"),
        ("recruits = 40", "recruits = \"many\"", "a number, or a range"),
    ] {
        assert!(RANGES.contains(from), "{from}");
        let refusal = Plan::read("t", &RANGES.replacen(from, to, 1)).unwrap_err();
        assert!(refusal.message.contains(words), "{to}: {}", refusal.message);
    }
    let long = answer(&plan(RANGES), Drawing { seed: 1, futures: 10_000_000, threads: 1 }, vec![]);
    assert!(long.unwrap_err().message.contains("too many to keep"));
}

/// Random plans of one category: everything that bears on training, and loads far beyond and far below the places.
fn any_plan(number: u32, places: u64) -> Plan {
    let of = |parameter, low, high| {
        draw(
            11,
            number,
            "any",
            parameter,
            9,
            &Range { low, likely: (low + high) / 2, high, each: Each::Future },
        )
    };
    let leave = of(Parameter::LeaveWaiting, 0, 300) as f64 / 1000.0;
    let fails = of(Parameter::Fails, 0, 400) as f64 / 1000.0;
    let (recruits, months) = (of(Parameter::Recruits, 1, 900), of(Parameter::Ends, 1, 9));
    let (waiting, pool) = (of(Parameter::Losses, 0, 3000), of(Parameter::Recover, 500, 20_000));
    plan(&format!(
        "from='2026-01'\nmonths=40\n[[category]]\nname='a'\nserving=10\nwaiting={waiting}\npool={pool}\n\
         recruits={{low=0,likely={recruits},high={},each='month'}}\nplaces={places}\ntraining-months={months}\n\
         fails={fails}\nleave-waiting={leave}\n",
        recruits * 2
    ))
}

#[test]
fn more_places_never_lower_what_is_trained_in_any_plan() {
    for number in 0..400 {
        let base = draw(
            12,
            number,
            "any",
            Parameter::Places,
            0,
            &Range { low: 0, likely: 300, high: 3000, each: Each::Future },
        );
        let of = |places| {
            let plan = any_plan(number, places);
            month_by_month(&plan, |_, parameter, step, range| draw(13, number, "a", parameter, step, range))
                .by_category
                .remove(0)
        };
        for (fewer, more) in [(base, base + 1), (base, base + 50), (base, base * 2 + 7)] {
            for (month, (before, after)) in of(fewer).iter().zip(&of(more)).enumerate() {
                assert!(
                    after.trained >= before.trained,
                    "plan {number}, {fewer} and {more} places, month {month}"
                );
                assert!(after.left_waiting <= before.left_waiting, "plan {number}, month {month}");
            }
        }
    }
}
