//! The details of an incident: what its record says beyond the fields that every record has.
//!
//! They stand in [`Record::extra`](servanda_model::Record::extra) under `incident.KEY`, as texts in a written form. So a
//! record with details is read by every program that reads records, and no detail decides a verdict.
//!
//! Invariants
//! - a key that is not listed here is no detail;
//! - what [`checked`] gives back is checked again unchanged.
//!
//! The meaning of each stands in `docs/reference/incident.md`.

use crate::bearing;
use crate::count::{self, CountIs};
use crate::spelling;
use servanda_model::Record;
use std::collections::BTreeMap;

/// What the keys begin with in [`Record::extra`].
pub const PREFIX: &str = "incident.";

/// Every detail with what it is, in the order in which it is shown.
pub const KEYS: &[(&str, &str)] = &[
    ("class", "class of what happened"),
    ("subclass", "its subclass"),
    ("observer", "who perceived it"),
    ("observer-at", "where the observer or the sensor was"),
    ("sensor", "the sensor that recorded it"),
    ("means", "how it was perceived: seen, heard, recorded, image, told"),
    ("bearing", "direction from the observer"),
    ("distance", "distance from the observer"),
    ("place-name", "the place as it was named"),
    ("controlled-by", "who controlled the place on that date, in the words of the report"),
    ("count", "how many"),
    ("count-is", "how the count is meant: exact, about, at-least"),
    ("weapon", "weapon, or `not known`"),
    ("calibre", "calibre, or `not known`"),
    ("direction-from", "where it came from"),
    ("direction-to", "where it went"),
    ("people", "people harmed, by outcome, sex and age"),
    ("damage", "damage"),
    ("infrastructure", "infrastructure that was hit"),
    ("remark", "what the observer took it for"),
    ("clauses", "clauses of the agreement that it may concern"),
    ("action", "action taken at once"),
    ("told", "who was told"),
];

/// How something was perceived.
pub const MEANS: &[&str] = &["seen", "heard", "recorded", "image", "told"];
/// What became of people.
pub const OUTCOMES: &[&str] = &["killed", "injured", "missing", "detained", "displaced"];
/// Sexes as reports have them.
pub const SEXES: &[&str] = &["female", "male", "unknown"];
/// Age groups as reports have them.
pub const AGES: &[&str] = &["child", "adult", "older", "unknown"];
/// Kinds of infrastructure.
pub const INFRASTRUCTURE: &[&str] = &[
    "water",
    "power",
    "gas",
    "heating",
    "health",
    "school",
    "housing",
    "road",
    "bridge",
    "railway",
    "communications",
    "other",
];

/// Classes with their subclasses, after the practice of the OSCE Special Monitoring Mission. `other` stands in each.
pub const CLASSES: &[(&str, &[&str])] = &[
    (
        "ceasefire-violation",
        &[
            "explosion",
            "impact",
            "burst",
            "shot",
            "projectile",
            "muzzle-flash",
            "flare",
            "drone-strike",
            "other",
        ],
    ),
    (
        "weapons",
        &["in-violation-of-line", "outside-storage", "missing-from-storage", "new-position", "other"],
    ),
    ("movement-restriction", &["denial", "delay", "conditional", "mines", "other"]),
    ("interference", &["jamming", "gunfire", "damage-to-equipment", "other"]),
    ("uav", &["sighting", "crash", "other"]),
    ("mines", &["mine", "unexploded-ordnance", "hazard-sign", "other"]),
    ("harm", &["casualty", "damage", "displacement", "other"]),
    ("infrastructure", &["outage", "repair", "blocked-works", "other"]),
    ("crossing-point", &["closed", "queue", "incident", "other"]),
    ("detention", &["detention", "release", "exchange", "other"]),
    ("other", &["other"]),
];

/// Why a detail cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DetailFault {
    /// Why.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

fn fault(reason: impl Into<String>, remedy: impl Into<String>) -> DetailFault {
    DetailFault { reason: reason.into(), remedy: remedy.into() }
}

fn listed(value: &str, known: &[&str], what: &str) -> Result<String, DetailFault> {
    let plain = value.trim().to_lowercase().replace([' ', '_'], "-");
    if known.contains(&plain.as_str()) {
        return Ok(plain);
    }
    let all = format!("write one of {}", known.join(", "));
    Err(fault(
        format!("`{}` is no {what}", shown(value)),
        spelling::remedy(&plain, known.iter().copied(), &all),
    ))
}

fn shown(text: &str) -> String {
    let clean: String = text.chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.trim().to_string()
}

/// Longest text of a detail, in bytes.
pub const LONGEST: usize = 20_000;

/// The value of a detail in its written form.
///
/// # Errors
/// What is wrong with it and what is possible.
///
/// # Example
/// ```
/// use servanda_evidence::incident::details::checked;
/// assert_eq!(checked("means", "Heard, seen").unwrap(), "heard;seen");
/// assert_eq!(checked("people", "killed 1 female child").unwrap(), "killed female child 1");
/// assert!(checked("means", "smelt").unwrap_err().remedy.contains("heard"));
/// ```
pub fn checked(key: &str, value: &str) -> Result<String, DetailFault> {
    let value = value.trim();
    if value.is_empty() {
        return Err(fault(format!("`{key}` is empty"), "leave it out"));
    }
    if value.len() > LONGEST {
        return Err(fault(
            format!("`{key}` has more than {LONGEST} bytes"),
            "shorten it, or attach a document",
        ));
    }
    let list = |known: &[&str], what: &str| {
        let parts = value.split([',', ';']).map(str::trim).filter(|p| !p.is_empty());
        let mut all = parts.map(|part| listed(part, known, what)).collect::<Result<Vec<_>, _>>()?;
        all.dedup();
        Ok(all.join(";"))
    };
    match key {
        "class" => listed(value, &CLASSES.iter().map(|(class, _)| *class).collect::<Vec<_>>(), "class"),
        "subclass" => {
            let mut all: Vec<&str> =
                CLASSES.iter().flat_map(|(_, subclasses)| subclasses.iter().copied()).collect();
            all.sort_unstable();
            all.dedup();
            listed(value, &all, "subclass")
        }
        "means" => list(MEANS, "means"),
        "infrastructure" => list(INFRASTRUCTURE, "kind of infrastructure"),
        "count-is" => listed(value, &CountIs::ALL.map(CountIs::word), "way to mean a count"),
        "count" => match count::parse(value) {
            Some(count) => Ok(count.number.to_string()),
            None => Err(fault(format!("`{}` is no count", shown(value)), "write digits, such as `3`")),
        },
        "bearing" | "direction-from" | "direction-to" if count::is_not_known(value) => {
            Ok("not known".to_string())
        }
        "bearing" => match bearing::Direction::parse(value) {
            Some(_) => Ok(value.to_string()),
            None => Err(fault(
                format!("`{}` is no direction", shown(value)),
                "write a wind such as `ESE`, or degrees from north such as `112`",
            )),
        },
        "distance" => match bearing::distance_m(value) {
            Some(_) => Ok(value.to_string()),
            None => Err(fault(
                format!("`{}` is no distance", shown(value)),
                "write `3km`, `3-5km` or `within 300m`",
            )),
        },
        "weapon" | "calibre" if count::is_not_known(value) => Ok("not known".to_string()),
        "people" => people(value),
        "clauses" => {
            let parts = value.split([',', ';']).map(str::trim).filter(|p| !p.is_empty());
            Ok(parts.collect::<Vec<_>>().join(";"))
        }
        _ if KEYS.iter().any(|(known, _)| *known == key) => Ok(value.to_string()),
        _ => {
            let known = KEYS.iter().map(|(known, _)| *known);
            Err(fault(
                format!("an incident has no detail `{}`", shown(key)),
                spelling::remedy(key, known, "docs/reference/incident.md has every detail"),
            ))
        }
    }
}

/// People harmed, one group after another: `killed 2 male adult; injured about 3`.
fn people(value: &str) -> Result<String, DetailFault> {
    let mut groups = Vec::new();
    for group in value.split([';', ',']).map(str::trim).filter(|g| !g.is_empty()) {
        let lower = group.to_lowercase();
        let (mut outcome, mut sex, mut age) = (None, "unknown", "unknown");
        let mut number: Vec<&str> = Vec::new();
        for word in lower.split_whitespace() {
            let single = word.strip_suffix('s').unwrap_or(word);
            let known = |list: &[&'static str]| list.iter().find(|w| **w == word || **w == single).copied();
            let person = match word {
                "man" | "men" => Some(("male", "adult")),
                "woman" | "women" => Some(("female", "adult")),
                "boy" | "boys" => Some(("male", "child")),
                "girl" | "girls" => Some(("female", "child")),
                "child" | "children" => Some((sex, "child")),
                _ => None,
            };
            if let Some(found) = known(OUTCOMES) {
                outcome = Some(found);
            } else if let Some((found, years)) = person {
                (sex, age) = (found, years);
            } else if word != "unknown"
                && let Some(found) = known(SEXES)
            {
                sex = found;
            } else if word != "unknown"
                && let Some(found) = known(AGES)
            {
                age = found;
            } else if word != "unknown" && !["person", "persons", "people"].contains(&word) {
                number.push(word);
            }
        }
        let count = count::parse(&number.join(" "));
        let (Some(outcome), Some(count)) = (outcome, count) else {
            let remedy = format!(
                "write for example `killed 2 male adult; injured about 3`: outcome ({}), number, sex ({}), age ({})",
                OUTCOMES.join(", "),
                SEXES.join(", "),
                AGES.join(", ")
            );
            return Err(fault(format!("`{}` does not say who was harmed", shown(group)), remedy));
        };
        groups.push(format!("{outcome} {sex} {age} {count}"));
    }
    if groups.is_empty() { Err(fault("nobody is named", "leave it out")) } else { Ok(groups.join("; ")) }
}

/// The details of a record by key.
pub fn of(record: &Record) -> BTreeMap<&str, &str> {
    let details =
        record.extra.iter().filter_map(|(key, value)| Some((key.strip_prefix(PREFIX)?, value.as_str())));
    details.collect()
}

/// Puts a detail into a record.
///
/// # Errors
/// As [`checked`].
pub fn put(record: &mut Record, key: &str, value: &str) -> Result<(), DetailFault> {
    let value = checked(key, value)?;
    record.extra.insert(format!("{PREFIX}{key}"), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_checked_is_checked_again_unchanged() {
        for (key, value, written) in [
            ("class", "Ceasefire violation", "ceasefire-violation"),
            ("subclass", "muzzle flash", "muzzle-flash"),
            ("means", "heard; SEEN", "heard;seen"),
            (
                "people",
                "killed 1 woman, injured at least 2 boys",
                "killed female adult 1; injured male child at least 2",
            ),
            ("people", "injured 3", "injured unknown unknown 3"),
            ("weapon", "N/K", "not known"),
            ("weapon", "mortar", "mortar"),
            ("clauses", "1.2, 3", "1.2;3"),
            ("infrastructure", "water", "water"),
            ("bearing", "ESE", "ESE"),
        ] {
            let once = checked(key, value).unwrap_or_else(|f| panic!("{key} {value}: {f:?}"));
            assert_eq!(once, written);
            assert_eq!(checked(key, &once).unwrap(), once);
        }
    }

    #[test]
    fn what_cannot_be_used_says_what_can() {
        for (key, value, hint) in [
            ("class", "attack", "ceasefire-violation"),
            ("means", "herd", "`heard`"),
            ("people", "killed many", "killed 2 male adult"),
            ("people", "3 men", "outcome"),
            ("bearing", "yonder", "ESE"),
            ("wepon", "mortar", "`weapon`"),
            ("count", "dozens", "digits"),
        ] {
            let fault = checked(key, value).unwrap_err();
            assert!(fault.remedy.contains(hint), "{key} {value}: {fault:?}");
        }
        assert!(checked("remark", &"x".repeat(LONGEST + 1)).is_err());
    }

    #[test]
    fn a_subclass_stands_in_one_class() {
        let mut all: Vec<&str> = CLASSES.iter().flat_map(|(_, subs)| subs.iter().copied()).collect();
        all.retain(|word| *word != "other");
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn no_class_is_called_an_attack() {
        let words = CLASSES.iter().flat_map(|(class, subs)| subs.iter().chain([class]));
        assert!(words.into_iter().all(|word| !word.contains("attack")));
    }
}
