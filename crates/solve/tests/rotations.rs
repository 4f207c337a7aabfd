//! Schedules made with the solver that ships: closed forms, comparison with trying everything, why there is none, and as few
//! changes as may be.

use servanda_plan::program::{Effort, Stopped};
use servanda_plan::rotations::{Before, Clause, Outcome, Plan, Schedule, Tour, answer, check, schedule};
use servanda_solve::Microlp;
use std::collections::{BTreeMap, BTreeSet};

const PROOF: Effort = Effort { gap: 0.0, nodes: 100_000, seconds: None };

fn text(head: &str, contingents: &[String]) -> String {
    format!(
        "from = \"2027-01\"\ndecided = \"2026-01-01\"\ncurrency = \"EUR m\"\n{head}\n{}",
        contingents.join("\n")
    )
}

fn contingent(partner: &str, persons: u32, there_are: u32, tours: &str, home: u32, cost: &str) -> String {
    format!(
        "[[contingent]]\npartner = \"{partner}\"\npersons = {persons}\nthere-are = {there_are}\ntour-months = {tours}\n\
         recovery-months = {home}\ntraining-months = 0\nnotice-days = 30\ncost-month = {cost}\ncost-move = 1\n"
    )
}

fn presence(at_least: u32) -> String {
    format!("[[presence]]\nname = \"force\"\nregions = [\"west\"]\nat-least = {at_least}\n")
}

fn plan(head: &str, contingents: &[String]) -> Plan {
    Plan::read("p.toml", &text(head, contingents)).unwrap()
}

fn made(plan: &Plan, before: Option<&Before>) -> Schedule {
    match schedule(plan, before, &Microlp, PROOF).unwrap() {
        Outcome::Kept(schedule) => schedule,
        other => panic!("{other:?}"),
    }
}

#[test]
fn three_contingents_hold_a_post_and_cost_what_they_must() {
    let plan = plan(
        &format!("months = 36\noverlap-days = 15\n{}", presence(1000)),
        &[contingent("A", 1000, 3, "6", 12, "2")],
    );
    let found = made(&plan, None);
    assert_eq!((found.stays.len(), found.stopped), (6, Stopped::Proved));
    // Six moves, six half months of hand-over, 36 months.
    assert_eq!(found.cost, (6 + 6 + 72).into());
    assert!(found.gap().unwrap() < 1e-9);
    assert_eq!(check(&plan, &found.stays).findings, Vec::<String>::new());
    let units: Vec<u32> = found.stays.iter().map(|s| s.unit).collect();
    assert_eq!(units, [1, 2, 3, 1, 2, 3], "one out, two recovering or training");
}

#[test]
fn two_contingents_do_not_and_the_answer_says_what_would() {
    let plan = plan(&format!("months = 36\n{}", presence(1000)), &[contingent("A", 1000, 2, "6", 12, "2")]);
    let Outcome::Impossible(why) = schedule(&plan, None, &Microlp, PROOF).unwrap() else { panic!() };
    assert_eq!(why.conflict, BTreeSet::from([Clause::AtLeast(0), Clause::Ready]));
    assert_eq!(why.open, Vec::<String>::new());
    let by: BTreeMap<Clause, (Option<f64>, bool)> =
        why.relaxations.iter().map(|r| (r.clause, (r.by, r.least))).collect();
    assert_eq!(by[&Clause::AtLeast(0)], (Some(1000.0), true));
    assert_eq!(by[&Clause::Ready], (Some(1.0), true));
    let (said, schedule) = answer(&plan, None, &Microlp, PROOF, vec![]).unwrap();
    assert!(schedule.is_none());
    let human = said.human(None, servanda_plan::Language::English);
    for words in [
        "impossible, because these conflict: `force`, at-least; how many contingents there are",
        "1 contingents more would do",
    ] {
        assert!(human.contains(words), "{words} in {human}");
    }
}

#[test]
fn each_clause_can_be_what_stands_in_the_way() {
    let three = || vec![contingent("A", 1000, 3, "6", 12, "2")];
    let head = |more: &str| format!("months = 18\n{more}\n{}", presence(1000));
    let conflict = |plan: &Plan| match schedule(plan, None, &Microlp, PROOF).unwrap() {
        Outcome::Impossible(why) => (why.conflict.clone(), why.words(plan)),
        other => panic!("{other:?}"),
    };
    let least = Clause::AtLeast(0);
    let share = plan(&head("share-at-most = 50"), &three());
    assert_eq!(conflict(&share).0, BTreeSet::from([least, Clause::Shares]));
    let late = three()[0].replace("notice-days = 30", "notice-days = 400");
    assert_eq!(conflict(&plan(&head(""), &[late])).0, BTreeSet::from([least, Clause::AtHand]));
    let caveat = three()[0].clone() + "not-in = [{ from = \"2027-05\", until = \"2027-05\" }]\n";
    assert_eq!(conflict(&plan(&head(""), &[caveat])).0, BTreeSet::from([least, Clause::Caveats]));
    let dear = three()[0].clone() + "[[partner]]\nname = \"A\"\ncost-a-year-at-most = 20\n";
    assert_eq!(conflict(&plan(&head(""), &[dear])).0, BTreeSet::from([least, Clause::Costs]));
    let low = head("").replace("at-least = 1000", "at-least = 1000\nat-most = 1500");
    let large = [contingent("A", 800, 9, "6", 6, "2")];
    assert_eq!(conflict(&plan(&low, &large)).0, BTreeSet::from([least, Clause::AtMost(0)]));
}

#[test]
fn shares_make_the_dear_partner_come_too() {
    let both = [contingent("A", 500, 6, "6", 6, "1"), contingent("B", 500, 6, "6", 6, "3")];
    let alone = made(&plan(&format!("months = 12\n{}", presence(1000)), &both), None);
    assert!(alone.stays.iter().all(|s| s.partner == "A"));
    let shared = made(&plan(&format!("months = 12\nshare-at-most = 50\n{}", presence(1000)), &both), None);
    assert_eq!(shared.stays.iter().filter(|s| s.partner == "B").count(), 2);
    assert_eq!(shared.cost - alone.cost, 24.into());
}

/// Every number of every tour, by trying.
fn by_trying(plan: &Plan, tours: &[Tour]) -> Option<f64> {
    let mut best: Option<f64> = None;
    let mut counts = vec![0_u32; tours.len()];
    loop {
        let holds = (0..i64::from(plan.months)).all(|month| {
            let there: u64 = tours
                .iter()
                .zip(&counts)
                .filter(|(t, _)| t.from <= month && month < t.from + i64::from(t.months))
                .map(|(t, n)| plan.contingents[t.contingent].persons * u64::from(*n))
                .sum();
            let ready = plan.contingents.iter().enumerate().all(|(i, of)| {
                let busy = tours.iter().zip(&counts).filter(|(t, _)| {
                    t.contingent == i
                        && t.from <= month
                        && month < t.from + i64::from(t.months + of.recovery + of.training)
                });
                busy.map(|(_, n)| n).sum::<u32>() <= of.there_are
            });
            there >= plan.presences[0].at_least && ready
        });
        if holds {
            let cost: f64 = tours
                .iter()
                .zip(&counts)
                .map(|(t, n)| {
                    let of = &plan.contingents[t.contingent];
                    let months = (i64::from(plan.months) - t.from).min(i64::from(t.months));
                    f64::from(*n) * (of.cost_move.to_f64() + of.cost_month.to_f64() * months as f64)
                })
                .sum();
            best = Some(best.map_or(cost, |b| b.min(cost)));
        }
        let Some(next) =
            counts.iter().zip(tours).position(|(n, t)| *n < plan.contingents[t.contingent].there_are)
        else {
            return best;
        };
        counts[..next].fill(0);
        counts[next] += 1;
    }
}

#[test]
fn nothing_that_was_tried_is_cheaper() {
    let (mut kept, mut none) = (0, 0);
    for seed in 0..24_u32 {
        let at = |k: u32, n: u32| (seed.wrapping_mul(2_654_435_761) >> (k * 5 + 3)) % n;
        let plan = plan(
            &format!("months = 4\n{}", presence(300 + 100 * at(0, 6))),
            &[
                contingent("A", 200 + 100 * at(1, 3), 1 + at(2, 2), "2", at(3, 3), "1.5"),
                contingent("B", 300, 1 + at(4, 2), "[2, 3]", 1, "2.25"),
            ],
        );
        let mut tours = Vec::new();
        for (contingent, of) in plan.contingents.iter().enumerate() {
            for from in 0..i64::from(plan.months) {
                tours.extend(of.tours.iter().map(|months| Tour {
                    contingent,
                    region: 0,
                    from,
                    months: *months,
                }));
            }
        }
        match (schedule(&plan, None, &Microlp, PROOF).unwrap(), by_trying(&plan, &tours)) {
            (Outcome::Kept(found), Some(least)) => {
                assert!((found.cost.to_f64() - least).abs() < 1e-6, "{seed}: {} {least}", found.cost);
                kept += 1;
            }
            (Outcome::Impossible(_), None) => none += 1,
            (found, tried) => panic!("{seed}: {found:?}, by trying {tried:?}"),
        }
    }
    assert!(kept > 4 && none > 4, "{kept} {none}");
}

#[test]
fn a_partner_drops_out_and_little_else_changes() {
    let three = |more: &str| {
        let all = ["A", "B", "C"].map(|name| contingent(name, 500, 4, "6", 6, "1"));
        let text = text(&format!("months = 24\n{}", presence(1000)), &all) + more;
        Plan::read("p.toml", &text).unwrap()
    };
    let first = made(&three(""), None);
    let (said, _) = answer(&three(""), None, &Microlp, PROOF, vec![]).unwrap();
    let csv = said.csv(Some("tours")).unwrap();
    // Told on 2027-10-15 that A leaves in 2028: its tours after that have to be taken over, one for one, and no more.
    let later = |leaves: &str| {
        let text = text(
            &format!("months = 24\n{}", presence(1000)),
            &["A", "B", "C"].map(|name| contingent(name, 500, 4, "6", 6, "1")),
        )
        .replace("2026-01-01", "2027-10-15");
        Plan::read("p.toml", &(text + &format!("[[partner]]\nname = \"{leaves}\"\nleaves = \"2028-01\"\n")))
            .unwrap()
    };
    for leaves in ["A", "B", "C"] {
        let plan = later(leaves);
        let before = Before::read("before.csv", &csv, &plan).unwrap();
        let lost = first.stays.iter().filter(|s| s.partner == leaves && s.takes_over.year() >= 2028).count();
        let again = made(&plan, Some(&before));
        assert_eq!(again.changes, Some(2 * lost as u32), "{leaves}");
        assert!(again.fewest && check(&plan, &again.stays).findings.is_empty());
        assert!(again.stays.iter().all(|s| s.partner != leaves || s.leaves.year() <= 2028));
    }
    assert!(first.stays.iter().any(|s| s.takes_over.year() >= 2028));
}

#[test]
fn the_same_question_has_the_same_answer() {
    let all = ["A", "B", "C", "D"].map(|name| contingent(name, 400, 3, "[4, 6]", 8, "1"));
    let plan = plan(&format!("months = 24\noverlap-days = 10\nshare-at-most = 50\n{}", presence(1000)), &all);
    assert_eq!(made(&plan, None), made(&plan, None));
}
