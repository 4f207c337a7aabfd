//! How things are put into words here: bearers, times, grades, evidence rules, records.

use servanda_model::agreement::{Absence, EvidenceRule, Fact, Force, Norm, NormKind};
use servanda_model::record::{COVERAGE, Marking, RoleValue, Says};
use servanda_model::time::{DAY, HOUR};
use servanda_model::verdict::Bearer;
use servanda_model::{Agreement, Instant, Name, Number, Place, Record, When};

/// What stands under every verdict.
pub const CAVEAT: &str = "Assessed by software rules; a human body finds.";

/// How a bearer is called.
pub fn bearer(agreement: &Agreement, bearer: &Bearer) -> String {
    let list = |names: &[Name], last: &str| {
        let names: Vec<&str> = names.iter().map(|n| agreement.phrase(n)).collect();
        listed(&names, last)
    };
    match bearer {
        Bearer::Party(name) => agreement.phrase(name).to_string(),
        Bearer::Jointly(names) if names.len() == 1 => format!("{} jointly", agreement.phrase(&names[0])),
        Bearer::Jointly(names) => format!("{} jointly", list(names, "and")),
        Bearer::Unstated => "not stated".to_string(),
        Bearer::NotEstablished(names) => format!("not established ({})", list(names, "or")),
    }
}

/// Whether a bearer is the one that a person named: by name or by phrase.
pub fn is_bearer(agreement: &Agreement, bearer: &Bearer, asked: &str) -> bool {
    let named = |name: &Name| *name == *asked || agreement.phrase(name).eq_ignore_ascii_case(asked);
    match bearer {
        Bearer::Party(name) => named(name),
        Bearer::Jointly(names) => bearer.to_string() == asked || names.iter().any(named),
        Bearer::Unstated | Bearer::NotEstablished(_) => bearer.to_string() == asked,
    }
}

/// `a, b and c`.
pub fn listed<T: AsRef<str>>(items: &[T], last: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_string(),
        [most @ .., end] => {
            let most: Vec<&str> = most.iter().map(AsRef::as_ref).collect();
            format!("{} {last} {}", most.join(", "), end.as_ref())
        }
    }
}

/// How a norm is called: its phrase, else its name.
pub fn norm<'a>(norm: Option<&'a Norm>, name: &'a Name) -> &'a str {
    norm.map(|n| n.phrase.as_str()).filter(|p| !p.is_empty()).unwrap_or(name.as_str())
}

/// One word for a norm's kind.
pub fn kind(kind: NormKind) -> &'static str {
    match kind {
        NormKind::Duty => "duty",
        NormKind::Ban => "ban",
        NormKind::Remedy => "remedy",
        NormKind::Right => "right",
    }
}

/// How firmly a norm binds.
pub fn force(agreement: &Agreement, force: &Force) -> String {
    use servanda_model::agreement::Status;
    match (force, agreement.status) {
        (Force::AsAgreement, Status::Binding) | (Force::Binding, _) => "legally binding".into(),
        (Force::AsAgreement, Status::Political) | (Force::Political, _) => "politically binding".into(),
        (Force::AsAgreement, Status::Mixed) => "binding as the text says, clause by clause".into(),
        (Force::BestEfforts, _) => "best efforts".into(),
        (Force::WherePossible, _) => "where possible".into(),
        (Force::SubjectTo(what), _) => format!("subject to {what}"),
    }
}

/// How much time lies between two moments, in the two largest units: `3 days 4 hours`.
pub fn between(from: Instant, to: Instant) -> String {
    let ms = (to - from).unsigned_abs();
    let (day, hour) = (DAY.unsigned_abs(), HOUR.unsigned_abs());
    // A deadline is the last millisecond in time; people count to the next full minute.
    let minutes = ms.div_ceil(60_000);
    let ms = minutes * 60_000;
    let unit = |n: u64, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let (days, hours, minutes) = (ms / day, ms % day / hour, ms % hour / 60_000);
    match (days, hours, minutes) {
        (0, 0, m) => unit(m, "minute"),
        (0, h, 0) => unit(h, "hour"),
        (0, h, m) => format!("{} {}", unit(h, "hour"), unit(m, "minute")),
        (d, 0, _) => unit(d, "day"),
        (d, _, _) if d >= 60 => unit(d, "day"),
        (d, h, _) => format!("{} {}", unit(d, "day"), unit(h, "hour")),
    }
}

/// `in 3 days 4 hours` or `3 days 4 hours ago`.
pub fn left(now: Instant, due: When) -> String {
    if due.latest < now {
        format!("{} ago", between(due.latest, now))
    } else if due.earliest < now {
        "perhaps passed".into()
    } else {
        format!("in {}", between(now, due.earliest))
    }
}

/// A share as per cent, one digit after the point where it is not whole.
pub fn percent(share: &Number) -> String {
    let hundred = share.clone() * Number::from(100);
    match hundred.to_i64() {
        Some(whole) => format!("{whole} %"),
        None => format!("{:.1} %", hundred.to_f64()),
    }
}

/// A number for people: exact where it is a finite decimal, else to three digits.
pub fn number(n: &Number) -> String {
    let text = n.grouped();
    if text.contains('/') { format!("about {:.3}", n.to_f64()) } else { text }
}

/// `TLP:AMBER, only to A, B`; empty for what everybody may see.
pub fn marking(agreement: &Agreement, marking: &Marking) -> String {
    if *marking == Marking::default() {
        return String::new();
    }
    match &marking.releasable_to {
        None => marking.level.word().to_string(),
        Some(to) => {
            let names: Vec<&str> = to.iter().map(|n| agreement.phrase(n)).collect();
            format!("{}, only to {}", marking.level.word(), listed(&names, "and"))
        }
    }
}

/// What evidence a fact needs, in words; `None` where no rule is stated.
pub fn evidence(fact: &Fact) -> Option<String> {
    let rule = |r: &EvidenceRule| {
        let n =
            if r.sources == 1 { "1 source".to_string() } else { format!("at least {} sources", r.sources) };
        let grade = r.grade.map(|g| format!(" of grade {g:?} or better")).unwrap_or_default();
        let from = r.from.as_ref().map(|f| format!(" from {f}")).unwrap_or_default();
        format!("{n}{grade}{from}")
    };
    let rules: Vec<String> = fact.evidence.iter().map(rule).collect();
    (!rules.is_empty()).then(|| rules.join(", or "))
}

/// What shows that a fact did not happen.
pub fn absence(fact: &Fact) -> &'static str {
    match fact.absence {
        Absence::Register => "what is not entered was not done",
        Absence::Coverage => "nothing seen counts only where somebody watched",
    }
}

/// What a record says, in one line without control characters: its title, else the sentence of its fact with the roles
/// filled in.
pub fn record_line(agreement: &Agreement, record: &Record) -> String {
    let line = record_sentence(agreement, record);
    line.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).collect()
}

fn record_sentence(agreement: &Agreement, record: &Record) -> String {
    if !record.title.is_empty() {
        return record.title.clone();
    }
    if *record.fact.as_str() == *COVERAGE {
        let zone = record.place.as_ref().map_or("a place not named".to_string(), place);
        let by = record.roles.get("by").map(|by| format!(" by {}", role(agreement, by))).unwrap_or_default();
        let share = record.value.as_ref().map(|v| format!(", {}", percent(v))).unwrap_or_default();
        let watched = if record.says == Says::Denies { "not watched" } else { "watched" };
        return format!("{zone} {watched}{by}{share}");
    }
    let mut line = match agreement.facts.get(&record.fact) {
        Some(fact) if !fact.says.is_empty() => fact.says.clone(),
        Some(fact) if !fact.phrase.is_empty() => fact.phrase.clone(),
        _ => {
            let roles: Vec<String> =
                record.roles.iter().map(|(k, v)| format!("{k} {}", role(agreement, v))).collect();
            format!("{} {}", record.fact, roles.join(" ")).trim().to_string()
        }
    };
    for (name, value) in &record.roles {
        line = line.replace(&format!("{{{name}}}"), &role(agreement, value));
    }
    if let Some(at) = &record.place {
        line = line.replace("{at}", &place(at));
    }
    // What the record does not say is said so, never left as a hole.
    while let Some((start, end)) = line.find('{').and_then(|s| line[s..].find('}').map(|e| (s, s + e))) {
        let hole = format!("somebody or something ({})", &line[start + 1..end]);
        line.replace_range(start..=end, &hole);
    }
    if let Some(value) = &record.value {
        line = format!("{line}: {}", number(value));
    }
    if record.says == Says::Denies { format!("it is denied that: {line}") } else { line }
}

/// A role's value.
pub fn role(agreement: &Agreement, value: &RoleValue) -> String {
    match value {
        RoleValue::Name(name) => agreement.phrase(name).to_string(),
        RoleValue::OneOf(names) => {
            let names: Vec<&str> = names.iter().map(|n| agreement.phrase(n)).collect();
            listed(&names, "or")
        }
        RoleValue::Number(n) => number(n),
        RoleValue::Text(text) => text.clone(),
        RoleValue::Time(when) => agreement.calendar.show_when(*when),
    }
}

/// A place in words.
pub fn place(place: &Place) -> String {
    match place {
        Place::Named(name) => name.to_string(),
        Place::Point { at, radius_m } if *radius_m <= 0.0 => format!("{:.4}, {:.4}", at.lat, at.lon),
        Place::Point { at, radius_m } => {
            format!("{:.3}, {:.3} (within {})", at.lat, at.lon, metres(*radius_m))
        }
    }
}

/// A length on the ground: `500 m`, `2.5 km`, `25 km`.
fn metres(m: f64) -> String {
    match m {
        m if m < 1000.0 => format!("{m:.0} m"),
        m if m < 10_000.0 => format!("{:.1} km", m / 1000.0).replace(".0 km", " km"),
        m => format!("{:.0} km", m / 1000.0),
    }
}

/// The Admiralty grade of a record's source and item: `B2`; empty where it has none.
pub fn admiralty(record: &Record) -> String {
    let source = record.source_grade.map(|g| format!("{g:?}"));
    let item = record.item_grade.map(|g| g.0.to_string());
    match (source, item) {
        (None, None) => String::new(),
        (source, item) => format!("{}{}", source.unwrap_or("–".into()), item.unwrap_or("–".into())),
    }
}

/// A time in UTC to the second, as a treaty desk wants it beside the local one; milliseconds are cut off.
pub fn utc(when: When) -> String {
    let second = |at: Instant| Instant(at.0.div_euclid(1000) * 1000);
    if when.is_exact() {
        return second(when.earliest).to_string();
    }
    format!("{} to {}", second(when.earliest), second(when.latest))
}
