//! Data made with a seed: traces for each of the timed rules, and a long history with late and withdrawn records.

use servanda_engine::columns::{Plan, Row, Table};
use servanda_model::Grade;
use std::fmt::Write;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// First second of the data: 2015-01-01.
const START: u64 = 1_420_070_400;

/// A seeded source of choices (SplitMix64).
pub struct Chance(u64);

impl Chance {
    /// The same seed gives the same choices.
    pub fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    fn percent(&mut self, p: u64) -> bool {
        self.below(100) < p
    }
}

/// The rules that traces are made for.
pub const KINDS: [&str; 7] = ["response", "window", "since", "sum", "access", "consult", "keys"];

/// A trace of about `n` events for one rule, or `all`: lines in the order in which they arrive, `late` per cent of the
/// events up to six hours late. `None`: there is no such rule.
pub fn trace(kind: &str, n: u64, seed: u64, late: u64) -> Option<String> {
    let mut chance = Chance::new(seed);
    let mut events: Vec<(u64, String)> = Vec::with_capacity(n as usize + 16);
    if kind == "all" {
        KINDS[..6].iter().for_each(|kind| of_kind(kind, n / 6, &mut chance, &mut events));
    } else if KINDS.contains(&kind) {
        of_kind(kind, n, &mut chance, &mut events);
    } else {
        return None;
    }
    let mut arrivals: Vec<(u64, usize)> = Vec::with_capacity(events.len());
    for (i, (time, _)) in events.iter().enumerate() {
        let delay = if chance.percent(late) { chance.below(6 * HOUR) } else { 0 };
        arrivals.push((time + delay, i));
    }
    arrivals.sort_unstable_by_key(|(arrival, i)| (*arrival, events[*i].0, *i));
    let mut text = String::with_capacity(events.len() * 32);
    for (_, i) in arrivals {
        let (time, event) = &events[i];
        let _ = writeln!(text, "@{time} {event}");
    }
    Some(text)
}

fn party(n: u64) -> String {
    format!("P{:02}", n + 1)
}

fn of_kind(kind: &str, n: u64, chance: &mut Chance, into: &mut Vec<(u64, String)>) {
    // A year, whatever the number: the windows of the rules keep their meaning only at about a million.
    let span = if kind == "keys" { 20 * HOUR } else { 365 * DAY };
    let at = |i: u64| START + (u128::from(i) * u128::from(span) / u128::from(n.max(1))) as u64;
    match kind {
        "keys" => {
            (0..n).for_each(|i| into.push((at(i), format!("request({},k{i})", party(chance.below(30))))))
        }
        "response" => {
            for i in 0..n / 2 {
                let asked = at(2 * i);
                into.push((asked, format!("request({},r{i})", party(chance.below(30)))));
                let after = match chance.below(1000) {
                    0..10 => continue,
                    10..25 => DAY + chance.below(DAY),
                    25..30 => DAY,
                    _ => chance.below(DAY),
                };
                into.push((asked + after, format!("answer(authority,r{i})")));
            }
        }
        "window" | "sum" => {
            for i in 0..n {
                let time = at(i);
                let hot = (time / DAY * 7 + chance.below(3)) % 30;
                let who = party(if chance.percent(50) { hot } else { chance.below(30) });
                into.push((
                    time,
                    match kind {
                        "window" => format!("strike({who})"),
                        _ => format!("payment({who},{})", 1 + chance.below(199)),
                    },
                ));
            }
        }
        "since" => {
            // What is approved is published a while later; of a hundred publications one was never approved, and of a
            // hundred approvals one ends before.
            for i in 0..n / 2 {
                let time = at(2 * i);
                let after = 60 + chance.below(30 * DAY);
                if !chance.percent(1) {
                    into.push((time, format!("approval(i{i})")));
                }
                if chance.percent(1) {
                    into.push((time + chance.below(after), format!("approval_ends(i{i})")));
                }
                into.push((time + after, format!("publication({},i{i})", party(chance.below(30)))));
            }
        }
        "access" => {
            for i in 0..n {
                let (who, item) = (party(chance.below(30)), chance.below(2000));
                let event = match chance.below(100) {
                    0..2 => format!("restriction({who},i{item})"),
                    2..20 => format!("restriction_ends({who},i{item})"),
                    _ => format!("access({who},i{item})"),
                };
                into.push((at(i), event));
            }
        }
        _ => {
            // Quiet for eight days of ten at a little under the threshold, then a wave.
            let mut time = START;
            for _ in 0..n {
                let wave = (time - START) / DAY % 10 >= 8;
                time += chance.below(if wave { 45 } else { 2 * DAY / 52 });
                let event = match chance.percent(10) {
                    true => format!("consultation({})", party(chance.below(30))),
                    false => format!("attack({},z{})", party(chance.below(30)), chance.below(8)),
                };
                into.push((time, event));
            }
        }
    }
}

/// A long history for the rule `consult`, straight into columns: ten years, 10 % consultations, 5 % of the records up to
/// three days late, 1 % withdrawn within ten days. Records arrive by the second.
pub fn history(plan: &Plan, n: u64, seed: u64) -> Table {
    let mut chance = Chance::new(seed);
    let number = |name: &str| plan.facts().iter().position(|f| f.name == *name).map_or(0, |f| f as u16);
    let (attack, consultation) = (number("attack"), number("consultation"));
    // Half of the days a little under fifty attacks a day, the rest of the records in waves.
    let days = 3650;
    let waves = (n * 9 / 10).saturating_sub(days / 2 * 48) / (days / 2);
    let step = |day: u64| DAY * 1000 * 9 / 10 / if day % 10 >= 5 { waves.max(1) } else { 48 };
    let mut events: Vec<(u64, u64, u16, u8, u8)> = Vec::with_capacity(n as usize);
    let mut time = START * 1000;
    for _ in 0..n {
        time += chance.below(2 * step((time / 1000 - START) / DAY));
        let second = time / 1000;
        let delay = if chance.percent(5) { chance.below(3 * DAY) } else { 0 };
        let act = chance.percent(10);
        let fact = if act { consultation } else { attack };
        events.push((second + delay, second, fact, chance.below(30) as u8, chance.below(8) as u8));
    }
    events.sort_unstable();
    let mut table = Table::new(plan);
    let parties: Vec<u32> = (0..30).map(|p| table.names.intern(party(p).as_bytes())).collect();
    let zones: Vec<u32> = (0..8).map(|z| table.names.intern(format!("z{z}").as_bytes())).collect();
    for (arrives, second, fact, by, at) in events {
        let recorded = arrives as i64 * 1000;
        let cells = [parties[by as usize], zones[at as usize]];
        let grade = Grade::Confirmed;
        let row =
            table.push(Row { fact, time: second as i64 * 1000, recorded, grade, ends: false, cells: &cells });
        if chance.percent(1) {
            table.take_back(row, recorded + 1000 * (1 + chance.below(10 * DAY)) as i64, None);
        }
    }
    table
}
