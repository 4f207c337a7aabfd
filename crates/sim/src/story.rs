//! What was reported in a world, and what is asked of it.
//!
//! Rows are drawn for the facts that an agreement has: doubtful times, missing roles, denials, coverage in part,
//! corrections of corrections, withdrawals, disputes, incidents, late records. Times lie on the agreement's own grid.

use crate::draft::{Draft, Fact, Fills, KINDS, Sort};
use crate::world::{Ask, Row, World};
use servanda_exercise::chance::Chance;
use servanda_model::Instant;
use servanda_model::time::DAY;

/// The world of a seed and a number.
pub fn world(seed: u64, number: u64) -> World {
    let mut chance = Chance::of(seed, number);
    let order = chance.whole(0, i64::from(u32::MAX)).unsigned_abs();
    let mut draft = Draft::new(&mut chance);
    let rows = rows(&mut draft);
    let asks = asks(&mut draft);
    let clocks = (0..6).map(|_| instant(&mut draft, -2, 45)).collect();
    World { name: format!("{seed}-{number}"), declarations: draft.declarations, rows, asks, clocks, order }
}

fn rows(draft: &mut Draft) -> Vec<Row> {
    let count = [6, 12, 20, 32][draft.chance.weighted(&[2.0, 3.0, 2.0, 1.0])];
    let mut rows = Vec::new();
    for n in 0..count {
        let id = format!("e{n}");
        let row = match draft.chance.weighted(&[12.0, 2.0, 1.0, 0.4, 1.2, 0.8]) {
            1 => coverage(draft, id),
            2 => finding(draft, id),
            3 => explanation(draft, id),
            4 if !rows.is_empty() => about(draft, id, &rows, "withdraw"),
            5 if !rows.is_empty() => about(draft, id, &rows, "dispute"),
            _ => report(draft, id, &rows),
        };
        rows.push(row);
    }
    if draft.chance.happens(0.5) {
        let zone = draft.chance.pick(&draft.zones).to_string();
        let share = *draft.chance.pick(&["", " value 90%", " value 95%"]);
        let (from, to) = (draft.date(-3, 0), draft.date(20, 40));
        let what = format!("{from} .. {to}  coverage");
        let roles = vec![format!("at {zone}"), format!("by Evan{share}")];
        let attributes = vec![format!("recorded {}", draft.date(0, 10))];
        rows.push(Row { id: "watch".into(), what, roles, attributes });
    }
    rows
}

fn pick(chance: &mut Chance, among: &[&str]) -> String {
    (*chance.pick(among)).to_string()
}

fn when(draft: &mut Draft) -> String {
    match draft.chance.weighted(&[8.0, 1.5, 1.5]) {
        0 => draft.time(-2, 25),
        1 => draft.date(-2, 25),
        _ => stretch(draft),
    }
}

fn stretch(draft: &mut Draft) -> String {
    let from = draft.chance.whole(-2, 22);
    let to = from + draft.chance.whole(0, 4);
    let (a, b) = (draft.time(from, from), draft.time(to, to));
    if to == from {
        return format!("{} .. {}", draft.date(from, from), draft.date(from, from));
    }
    format!("{a} .. {b}")
}

fn place(draft: &mut Draft) -> String {
    if draft.chance.happens(0.6) {
        return draft.chance.pick(&draft.zones).to_string();
    }
    pick(
        draft.chance,
        &[
            "49.0,36.0",
            "48.0,36.0",
            "48.9,36.1~5km",
            "48.5,36.0~25km",
            "48.3,36.6",
            "49.2,37.4~2km",
            "48.05,36.2",
            "10.0,10.0",
        ],
    )
}

fn filled(draft: &mut Draft, role: &str, fills: Fills) -> String {
    let value = match fills {
        Fills::Party => match draft.chance.weighted(&[10.0, 0.8, 0.5, 0.5]) {
            0 => draft.chance.pick(&draft.parties).to_string(),
            1 => pick(draft.chance, &["Alba|Brin", "Brin|Evan"]),
            2 => "\"Somebody\"".into(),
            _ => "sides".into(),
        },
        Fills::Body => "council".into(),
        Fills::Place => place(draft),
        Fills::Kind => match draft.chance.happens(0.1) {
            true => "drone|shell".into(),
            false => pick(draft.chance, &KINDS),
        },
        Fills::Number => draft.chance.whole(0, 9).to_string(),
        Fills::Text => pick(draft.chance, &["\"tar\"", "\"salt\""]),
        Fills::Time => match draft.chance.happens(0.5) {
            true => draft.date(0, 20),
            false => draft.time(0, 20),
        },
    };
    format!("{role} {value}")
}

/// A report of a fact of the agreement.
fn report(draft: &mut Draft, id: String, rows: &[Row]) -> Row {
    let facts = draft.facts.clone();
    let Fact { name, sort, roles } = draft.chance.pick(&facts).clone();
    let denies = draft.chance.happens(0.07);
    let no = if denies { "no " } else { "" };
    let time = when(draft);
    let phase = match sort {
        Sort::State if !denies => pick(draft.chance, &[" begins", " begins", " ends", " holds"]),
        _ => String::new(),
    };
    let mut filled_roles = Vec::new();
    for (role, fills) in roles {
        if draft.chance.happens(0.9) {
            filled_roles.push(filled(draft, role, fills));
        }
    }
    if sort == Sort::Measure && !denies {
        filled_roles.push(format!("value {}", draft.chance.whole(0, 12)));
    }
    let mut attributes = graded(draft);
    if draft.chance.happens(0.12) && !rows.is_empty() {
        let same: Vec<&Row> = rows.iter().filter(|r| r.what.contains(&format!(" {name}"))).collect();
        let earlier = if same.is_empty() || draft.chance.happens(0.1) {
            draft.chance.pick(rows).id.clone()
        } else {
            draft.chance.pick(&same).id.clone()
        };
        attributes.push(format!("supersedes {earlier}"));
    }
    if draft.chance.happens(0.12) {
        attributes.push(format!("incident i{}", draft.chance.whole(1, 3)));
    }
    if draft.chance.happens(0.2) {
        attributes.push(format!("received {}", moved(draft)));
    }
    if draft.chance.happens(0.12) {
        attributes.push(format!("sent {}", moved(draft)));
    }
    if draft.chance.happens(0.05) && !time.contains("..") {
        // Never before the beginning: such a report says nothing that could be judged.
        attributes.push(format!("until {}", pick(draft.chance, &["+6 hours", "+24 hours", "+3 days"])));
    }
    Row { id, what: format!("{time}  {no}{name}{phase}"), roles: filled_roles, attributes }
}

/// What a row says of itself: grades, sources, basis, marking, when it was recorded.
fn graded(draft: &mut Draft) -> Vec<String> {
    let mut attributes = Vec::new();
    let chance = &mut *draft.chance;
    match chance.weighted(&[6.0, 2.0, 2.0]) {
        1 => attributes.push(format!("grade {}", pick(chance, &["possible", "probable", "confirmed"]))),
        2 => {
            if chance.happens(0.7) {
                attributes.push(format!("source-grade {}", pick(chance, &["A", "B", "C", "D", "E", "F"])));
            }
            if chance.happens(0.7) {
                attributes.push(format!("item-grade {}", chance.whole(1, 6)));
            }
        }
        _ => {}
    }
    if chance.happens(0.25) {
        attributes.push(format!("source \"{}\"", pick(chance, &["Mission", "Post", "Guard"])));
    }
    if chance.happens(0.12) {
        attributes.push(format!("sources {}", chance.whole(1, 3)));
    }
    if chance.happens(0.15) {
        let basis = ["declared", "claimed", "assessed", "found", "planned", "simulated"];
        attributes.push(format!("basis {}", pick(chance, &basis)));
    }
    if chance.happens(0.05) {
        attributes.push("mark TLP:AMBER".into());
    }
    if chance.happens(0.35) {
        attributes.push(format!("recorded {}", moved(draft)));
    }
    attributes
}

/// A time after the row's own, or any time.
fn moved(draft: &mut Draft) -> String {
    if draft.chance.happens(0.6) {
        return pick(draft.chance, &["+6 hours", "+24 hours", "+1 day", "+3 days", "+0 hours", "+10 days"]);
    }
    draft.time(-2, 30)
}

fn coverage(draft: &mut Draft, id: String) -> Row {
    let no = if draft.chance.happens(0.06) { "no " } else { "" };
    let time = match draft.chance.happens(0.8) {
        true => stretch(draft),
        false => draft.date(-1, 25),
    };
    let share = pick(draft.chance, &["", "", " value 90%", " value 50%", " value 95%", " value 0"]);
    let by = pick(draft.chance, &["Alba", "Brin", "Evan", "council"]);
    let zone = draft.chance.pick(&draft.zones).to_string();
    let roles = vec![format!("at {zone}"), format!("by {by}{share}")];
    Row { id, what: format!("{time}  {no}coverage"), roles, attributes: graded(draft) }
}

fn finding(draft: &mut Draft, id: String) -> Row {
    let found: Vec<String> = draft.terms.iter().filter(|t| t.found).map(|t| t.name.clone()).collect();
    let (time, by) =
        (when(draft), pick(draft.chance, &["council", "council", "Alba", "Brin", "Corr", "Evan"]));
    let attributes = graded(draft);
    if found.is_empty() {
        return report(draft, id, &[]);
    }
    let by = if draft.parties.contains(&by.as_str()) || by == "council" { by } else { "Alba".into() };
    let term = draft.chance.pick(&found).clone();
    let no = if draft.chance.happens(0.08) { "no " } else { "" };
    Row {
        id,
        what: format!("{time}  {no}finding"),
        roles: vec![format!("of {term}"), format!("by {by}")],
        attributes,
    }
}

fn explanation(draft: &mut Draft, id: String) -> Row {
    let norms: Vec<String> = draft.norms.iter().map(|(name, _)| name.clone()).collect();
    if norms.is_empty() {
        return report(draft, id, &[]);
    }
    let norm = draft.chance.pick(&norms).clone();
    let by = pick(draft.chance, &["Alba", "Brin"]);
    let time = draft.time(0, 25);
    Row {
        id,
        what: format!("{time}  explanation"),
        roles: vec![format!("of {norm}"), format!("by {by}")],
        attributes: graded(draft),
    }
}

fn about(draft: &mut Draft, id: String, rows: &[Row], word: &str) -> Row {
    let other = draft.chance.pick(rows).id.clone();
    let mut what = format!("{}  {word} {other}", draft.time(0, 28));
    if word == "dispute" && draft.chance.happens(0.7) {
        what.push_str(&format!(" by {}", pick(draft.chance, &["Alba", "Brin"])));
    }
    let mut attributes = if word == "dispute" { graded(draft) } else { Vec::new() };
    if word == "withdraw" && draft.chance.happens(0.2) {
        attributes.push(format!("recorded {}", moved(draft)));
    }
    Row { id, what, roles: Vec::new(), attributes }
}

/// An instant of the grid, now and then beside it.
fn instant(draft: &mut Draft, low: i64, high: i64) -> Instant {
    let quarter = draft.chance.whole(low * 4, high * 4);
    let offset =
        [0, -1, 1, 1_800_000, -3_600_000, -7_200_000][draft.chance.weighted(&[4.0, 1.0, 1.0, 1.0, 1.0, 2.0])];
    draft.base + (quarter * DAY / 4 + offset)
}

fn asks(draft: &mut Draft) -> Vec<Ask> {
    let mut asks = Vec::new();
    for n in 0..6 {
        let at = match n {
            0 => instant(draft, 20, 45),
            1 => instant(draft, -60, 90),
            _ => instant(draft, -2, 35),
        };
        let known_at = match draft.chance.weighted(&[4.0, 2.0, 2.0, 1.0]) {
            0 => at,
            1 => instant(draft, -2, 40),
            2 => draft.base + 60 * DAY,
            _ => at + 3 * DAY,
        };
        let mut readings = Vec::new();
        for reading in draft.readings.clone() {
            if draft.chance.happens(0.25) {
                readings.push((reading.name, draft.chance.pick(&reading.options).clone()));
            }
        }
        asks.push(Ask { at, known_at, readings });
    }
    asks
}
