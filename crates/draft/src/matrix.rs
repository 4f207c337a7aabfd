//! Who promises what to whom, by when, how firmly: one row for each modal sentence, and a table of agreements and subjects.
//!
//! Of an agreement file it reads the rules ([`promises_of_rules`]), of a published text the forms of words: who promises is the last party named before the deciding word; to whom, another party named behind it; the subject
//! comes from a short list of words that is written here. A sentence that names nobody says *unstated*. It judges nothing, and it
//! does not add promises up over agreements as if they were alike.
//!
//! Invariants
//! - every cell counts the rows that it names by their clauses, and no others.

use crate::modal::Firmness;
use crate::outline::Draft;
use crate::survey::{Consultation, Survey};
use crate::words::{Unit, days, tokens};
use serde_json::{Value, json};
use servanda_model::agreement::{Deadline, Force, Moment, NormKind, Status};
use servanda_model::time::HOUR;
use servanda_model::{Agreement, Number, Span};
use std::collections::{BTreeMap, BTreeSet};

/// A promise.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Promise {
    /// The clause.
    pub clause: String,
    /// Who, as the text names it; `all`, or `unstated`.
    pub who: String,
    /// To whom; `each other`, or `unstated`.
    pub to: String,
    /// By when, in the text's words.
    pub when: Vec<String>,
    /// How firmly.
    pub firmness: Firmness,
    /// About what: names of [`SUBJECTS`].
    pub subjects: Vec<&'static str>,
    /// The sentence around its deciding word.
    pub excerpt: String,
}

/// An agreement's promises.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Column {
    /// The file's name.
    pub name: String,
    /// Its promises, in order.
    pub promises: Vec<Promise>,
    /// Hours of the consultation clause, and where it stands.
    pub consultations: Vec<crate::survey::Consultation>,
}

/// Subjects and the beginnings of words that show them.
pub const SUBJECTS: &[(&str, &[&str])] = &[
    ("consultation", &["consult", "консульт"]),
    (
        "armed attack",
        &["armed attack", "future aggression", "renewed aggression", "збройного нападу", "збройної агресії"],
    ),
    (
        "military aid",
        &[
            "military assist",
            "military support",
            "military aid",
            "weapon",
            "ammunition",
            "military equipment",
            "air defence",
            "air defense",
            "військов",
        ],
    ),
    ("training", &["training", "exercis", "навчан", "підготовк"]),
    (
        "defence industry",
        &["defence indust", "defense indust", "procurement", "оборонної промисл", "оборонно-промисл"],
    ),
    ("intelligence", &["intelligence", "розвід"]),
    ("cyber", &["cyber", "кібер"]),
    (
        "information",
        &["disinformation", "information manipulation", "information security", "propaganda", "дезінформац"],
    ),
    ("mines", &["demining", "mine action", "mine clearance", "розмінуван"]),
    ("crime", &["organised crime", "organized crime", "terroris", "злочинн"]),
    ("nuclear and CBRN", &["cbrn", "nuclear", "ядерн"]),
    (
        "finance",
        &[
            "macro-financial",
            "financial support",
            "financial assistance",
            "budget support",
            "loan",
            "grant",
            "imf",
            "фінансов",
        ],
    ),
    ("reconstruction", &["reconstruct", "recovery", "rebuild", "відновлен", "відбудов"]),
    ("humanitarian", &["humanitarian", "гуманітарн"]),
    (
        "energy and infrastructure",
        &["energy", "critical infrastructure", "енерг", "критичної інфраструктури"],
    ),
    ("sanctions", &["sanction", "restrictive measure", "санкці"]),
    ("accountability", &["accountab", "war crime", "international crim", "tribunal", "відповідальн"]),
    ("compensation", &["compensat", "immobilis", "immobiliz", "reparation", "компенсац"]),
    ("reform", &["reform", "anti-corruption", "rule of law", "реформ", "корупці"]),
    (
        "EU and NATO",
        &["european union", "eu member", "accession", "nato", "euro-atlantic", "європейськ", "євроатлант"],
    ),
    ("peace", &["just peace", "peace formula", "lasting peace", "формул", "мир"]),
    (
        "review and term",
        &["this agreement", "terminat", "amend", "extend", "notif", "цієї угоди", "ця угода"],
    ),
];

/// The promises of a draft.
pub fn promises(draft: &Draft, survey: &Survey) -> Vec<Promise> {
    let mut out = Vec::new();
    for (clause, found) in draft.clauses.iter().zip(&survey.clauses) {
        for (passage, findings) in clause.passages.iter().zip(found) {
            for modal in &findings.modals {
                let sentence = &passage.text[modal.sentence.clone()];
                let at = modal.word.start - modal.sentence.start;
                let parties: Vec<&str> = survey.parties.iter().map(|p| p.name.as_str()).collect();
                let who = who(&sentence[..at], &parties);
                let to = to(sentence.get(at..).unwrap_or(""), &who, &parties);
                let mut when: Vec<String> = Vec::new();
                for amount in findings.amounts.iter().filter(|a| matches!(a.unit, Unit::Time(_))) {
                    if modal.sentence.contains(&amount.at.start) {
                        let before = passage.text[modal.sentence.start..amount.at.start]
                            .split_whitespace()
                            .next_back();
                        let before = before.filter(|w| {
                            ["within", "every", "for", "after", "before", "протягом", "упродовж", "через"]
                                .contains(&w.to_lowercase().as_str())
                        });
                        when.push(match before {
                            Some(word) => format!("{} {}", word.to_lowercase(), amount.written),
                            None => amount.written.clone(),
                        });
                    }
                }
                for (range, day) in days(sentence) {
                    let before =
                        sentence[..range.start].split_whitespace().next_back().unwrap_or("").to_lowercase();
                    if ["by", "until", "before", "before", "till", "to", "до"].contains(&before.as_str()) {
                        when.push(format!("{before} {day}"));
                    }
                }
                let lower = sentence.to_lowercase();
                for word in [
                    "annual",
                    "quarterly",
                    "regular",
                    "immediately",
                    "as long as it takes",
                    "щорічн",
                    "негайно",
                    "регулярн",
                ] {
                    if lower.contains(word) {
                        when.push(word.to_string());
                    }
                }
                let mut subjects: Vec<&'static str> = SUBJECTS
                    .iter()
                    .filter(|(_, words)| words.iter().any(|w| lower.contains(w)))
                    .map(|(name, _)| *name)
                    .collect();
                // "This Agreement" is said in passing nearly everywhere.
                if subjects.len() > 1
                    && !["terminat", "amend", "extend", "цієї угоди може", "зміни"]
                        .iter()
                        .any(|w| lower.contains(w))
                {
                    subjects.retain(|s| *s != "review and term");
                }
                if subjects.is_empty() {
                    subjects.push("other");
                }
                out.push(Promise {
                    clause: clause.id.clone(),
                    who,
                    to,
                    when,
                    firmness: modal.firmness,
                    subjects,
                    excerpt: crate::skeleton::excerpt(sentence, at),
                });
            }
        }
    }
    out
}

/// The promises of an agreement file: one for each duty, ban, remedy and right, from its rules and not from the forms of its words.
///
/// How firmly a rule binds is its `force`, else the agreement's `status`: *binding* is `shall`, *political* is `will`, *best efforts* is
/// `endeavours`, *where possible* is itself; a right is `may`. The subject comes from the words that it quotes, its phrase, and the words
/// of its act.
pub fn promises_of_rules(agreement: &Agreement) -> Vec<Promise> {
    let mut out = Vec::new();
    for norm in &agreement.norms {
        let row = servanda_lang::readback::row(agreement, norm);
        let firmness = match (&norm.force, agreement.status) {
            _ if norm.kind == NormKind::Right => Firmness::May,
            (Force::BestEfforts, _) => Firmness::Endeavours,
            (Force::WherePossible, _) => Firmness::WherePossible,
            (Force::Political, _) | (Force::AsAgreement, Status::Political) => Firmness::Will,
            (Force::Binding | Force::SubjectTo(_) | Force::AsAgreement, _) => Firmness::Shall,
        };
        let words = [&norm.per.join(" "), &norm.phrase, &row.what].map(|text| text.to_lowercase()).join(" ");
        let mut subjects: Vec<&'static str> = SUBJECTS
            .iter()
            .filter(|(_, beginnings)| beginnings.iter().any(|word| words.contains(word)))
            .map(|(name, _)| *name)
            .collect();
        if subjects.is_empty() {
            subjects.push("other");
        }
        let clause = norm.clause.and_then(|clause| agreement.clauses.get(clause));
        out.push(Promise {
            clause: clause.map_or(String::new(), |clause| clause.id.to_string()),
            who: row.who,
            to: row.to,
            when: row.when,
            firmness,
            subjects,
            excerpt: format!("{}: {}", norm.name, row.what),
        });
    }
    out
}

/// The rules of an agreement that ask for consultation within hours.
pub fn consultations_of_rules(agreement: &Agreement) -> Vec<Consultation> {
    let promises = promises_of_rules(agreement);
    let hours = |deadline: &Deadline| match deadline {
        Deadline::By(Moment::After(Span::Exact(length), _)) => {
            Number::from(*length).over(&Number::from(HOUR)).map(|hours| hours.grouped())
        }
        _ => None,
    };
    let rules = agreement.norms.iter().zip(&promises).filter(|(_, p)| p.subjects.contains(&"consultation"));
    rules
        .filter_map(|(norm, promise)| {
            let hours = norm.parts.iter().find_map(|part| hours(&part.deadline))?;
            Some(Consultation { clause: promise.clause.clone(), hours, firmness: Some(promise.firmness) })
        })
        .collect()
}

/// Where the names of parties stand in a text, in order.
fn named(text: &str, parties: &[&str]) -> Vec<(usize, String)> {
    let words = tokens(text);
    let mut out: Vec<(usize, String)> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        for party in parties {
            let name = tokens(party);
            let fits = !name.is_empty()
                && name.iter().enumerate().all(|(n, t)| {
                    let theirs = words.get(at + n).map_or("", |w| w.lower.as_str());
                    theirs == t.lower || theirs.strip_suffix("'s") == Some(&t.lower)
                });
            let possessive =
                words.get(at + name.len().saturating_sub(1)).is_some_and(|w| w.lower.ends_with("'s"));
            if fits && !possessive {
                out.push((at, (*party).to_string()));
            }
        }
        let collective = matches!(
            word.lower.as_str(),
            "participants"
                | "parties"
                | "sides"
                | "both"
                | "учасники"
                | "сторони"
                | "signatories"
                | "partners"
        );
        let single = matches!(word.lower.as_str(), "participant" | "side" | "party");
        let each = at > 0 && matches!(words[at - 1].lower.as_str(), "either" | "each" | "other");
        if collective && word.lower != "partners" {
            out.push((at, "all".into()));
        } else if single && each {
            out.push((at, format!("{} {}", words[at - 1].lower, word.lower)));
        } else if single
            && at > 0
            && words[at - 1].text.starts_with(char::is_uppercase)
            && words[at - 1].lower != "the"
        {
            out.push((at, format!("{} {}", words[at - 1].text, word.text)));
        }
    }
    out
}

fn who(before: &str, parties: &[&str]) -> String {
    let found = named(before, parties);
    let Some((last, name)) = found.last() else { return "unstated".into() };
    // Both of two, joined by "and", promise together.
    let words = tokens(before);
    if let Some((first, other)) = found.len().checked_sub(2).and_then(|n| found.get(n))
        && other != name
        && parties.contains(&other.as_str())
        && parties.contains(&name.as_str())
    {
        let between = &words[first + tokens(other).len()..*last];
        let joined = between.iter().all(|t| matches!(t.lower.as_str(), "and" | "the" | "та" | "і" | "й"));
        if joined && !between.is_empty() {
            return "all".into();
        }
    }
    name.clone()
}

fn to(after: &str, who: &str, parties: &[&str]) -> String {
    let lower = after.to_lowercase();
    if who == "all"
        || lower.contains("each other")
        || lower.contains("one another")
        || lower.contains("один одн")
    {
        return "each other".into();
    }
    let other = named(after, parties)
        .into_iter()
        .map(|(_, name)| name)
        .find(|name| name != who && parties.contains(&name.as_str()));
    other.unwrap_or_else(|| "unstated".into())
}

/// Cells of one agreement: promises by subject.
fn cells(column: &Column) -> BTreeMap<&'static str, Vec<&Promise>> {
    let mut out: BTreeMap<&'static str, Vec<&Promise>> = BTreeMap::new();
    for promise in &column.promises {
        for subject in &promise.subjects {
            out.entry(subject).or_default().push(promise);
        }
    }
    out
}

fn subjects() -> Vec<&'static str> {
    SUBJECTS.iter().map(|(name, _)| *name).chain(["other"]).collect()
}

fn firmest(promises: &[&Promise]) -> &'static str {
    promises.iter().map(|p| p.firmness).min().map_or("", Firmness::name)
}

fn clauses<'a>(promises: &[&'a Promise]) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    promises.iter().map(|p| p.clause.as_str()).filter(|c| seen.insert(*c)).collect()
}

/// The table for people: a line for each agreement and subject, and the sums by firmness.
pub fn text(columns: &[Column]) -> String {
    let mut out = String::new();
    let wide = columns.iter().map(|c| c.name.chars().count()).max().unwrap_or(0).max(9);
    out.push_str(&format!("{:wide$}  promises", "agreement"));
    for firmness in Firmness::ALL {
        out.push_str(&format!("  {}", firmness.name()));
    }
    out.push_str("  consultation\n");
    for column in columns {
        out.push_str(&format!("{:wide$}  {:>8}", column.name, column.promises.len()));
        for firmness in Firmness::ALL {
            let n = column.promises.iter().filter(|p| p.firmness == firmness).count();
            let width = firmness.name().len();
            out.push_str(&format!("  {n:>width$}"));
        }
        out.push_str(&format!("  {}\n", consultation(column)));
    }
    for subject in subjects() {
        let mut lines = String::new();
        for column in columns {
            let cells = cells(column);
            let Some(promises) = cells.get(subject) else { continue };
            let who = tally(promises.iter().map(|p| format!("{} to {}", p.who, p.to)));
            let mut when: Vec<String> = promises.iter().flat_map(|p| p.when.clone()).collect();
            when.sort();
            when.dedup();
            let when = if when.is_empty() { String::new() } else { format!("; {}", when.join(", ")) };
            lines.push_str(&format!(
                "  {:wide$}  {:>3}, firmest: {}; {who}{when}; {}\n",
                column.name,
                promises.len(),
                firmest(promises),
                clauses(promises).join(" "),
            ));
        }
        if !lines.is_empty() {
            out.push_str(&format!("\n{subject}\n{lines}"));
        }
    }
    out
}

fn consultation(column: &Column) -> String {
    let mut shown: Vec<String> = Vec::new();
    for found in &column.consultations {
        let firmness = found.firmness.map_or(String::new(), |f| format!(", {}", f.name()));
        shown.push(format!("{} h ({}{firmness})", found.hours, found.clause));
    }
    if shown.is_empty() { "none".into() } else { shown.join("; ") }
}

fn tally(names: impl Iterator<Item = String>) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    let mut list: Vec<(usize, String)> = counts.into_iter().map(|(name, n)| (n, name)).collect();
    list.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    list.into_iter().map(|(n, name)| format!("{name} {n}×")).collect::<Vec<_>>().join(", ")
}

/// All promises for programs, and the cells.
pub fn as_json(columns: &[Column]) -> String {
    let column = |c: &Column| {
        let promises: Vec<Value> = c
            .promises
            .iter()
            .map(|p| {
                json!({
                    "clause": p.clause, "who": p.who, "to": p.to, "when": p.when, "firmness": p.firmness.name(),
                    "subjects": p.subjects, "words": p.excerpt,
                })
            })
            .collect();
        let cells: Vec<Value> = cells(c)
            .into_iter()
            .map(|(subject, list)| json!({"subject": subject, "count": list.len(), "firmest": firmest(&list), "clauses": clauses(&list)}))
            .collect();
        let consultations: Vec<Value> = c
            .consultations
            .iter()
            .map(
                |f| json!({"clause": f.clause, "hours": f.hours, "firmness": f.firmness.map(Firmness::name)}),
            )
            .collect();
        json!({"agreement": c.name, "promises": promises, "cells": cells, "consultations": consultations})
    };
    let document = json!({"servanda": "matrix", "version": 1, "agreements": columns.iter().map(column).collect::<Vec<_>>()});
    format!("{document:#}\n")
}

/// One line for each promise.
pub fn csv(columns: &[Column]) -> String {
    // A spreadsheet takes a cell that begins so for a formula.
    let field = |text: &str| {
        let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_string() };
        if text.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text
        }
    };
    let mut out = String::from("agreement,clause,who,to,when,firmness,subjects,words\n");
    for column in columns {
        for p in &column.promises {
            let row = [
                column.name.clone(),
                p.clause.clone(),
                p.who.clone(),
                p.to.clone(),
                p.when.join("; "),
                p.firmness.name().to_string(),
                p.subjects.join("; "),
                p.excerpt.clone(),
            ];
            out.push_str(&row.iter().map(|f| field(f)).collect::<Vec<_>>().join(","));
            out.push('\n');
        }
    }
    out
}

fn markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The table as a page, whole in one file.
pub fn html(columns: &[Column]) -> String {
    let mut out = String::from(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Who promises what</title><style>\
         body{font:14px/1.4 system-ui,sans-serif;margin:1.5rem;color:#222;background:#fff}\
         .wide{overflow-x:auto}table{border-collapse:collapse}th,td{border:1px solid #bbb;padding:.3rem .5rem;vertical-align:top;text-align:left}\
         thead th{position:sticky;top:0;background:#eee}tbody th{position:sticky;left:0;background:#f6f6f6}\
         details summary{cursor:pointer;white-space:nowrap}li{max-width:36rem}small{color:#555}\
         @media print{details>*{display:block}}</style></head><body>\n<h1>Who promises what</h1>\n\
         <p>Each cell: how many sentences that bind, promise, intend or allow speak of the subject, and the firmest word. A sentence may \
         stand in several columns. Found by the forms of words, not by meaning.</p>\n<div class=\"wide\"><table><thead><tr>\
         <th scope=\"col\">agreement</th><th scope=\"col\">consultation within</th>",
    );
    for subject in subjects() {
        out.push_str(&format!("<th scope=\"col\">{}</th>", markup(subject)));
    }
    out.push_str("</tr></thead><tbody>\n");
    for column in columns {
        out.push_str(&format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td>",
            markup(&column.name),
            markup(&consultation(column))
        ));
        let cells = cells(column);
        for subject in subjects() {
            match cells.get(subject) {
                None => out.push_str("<td>–</td>"),
                Some(promises) => {
                    out.push_str(&format!(
                        "<td><details><summary>{} · {}</summary><ul>",
                        promises.len(),
                        markup(firmest(promises))
                    ));
                    for p in promises {
                        let when = if p.when.is_empty() {
                            String::new()
                        } else {
                            format!(" · {}", p.when.join(", "))
                        };
                        out.push_str(&format!(
                            "<li><small>{} · {} to {} · {}{}</small><br>{}</li>",
                            markup(&p.clause),
                            markup(&p.who),
                            markup(&p.to),
                            p.firmness.name(),
                            markup(&when),
                            markup(&p.excerpt),
                        ));
                    }
                    out.push_str("</ul></details></td>");
                }
            }
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n</body></html>\n");
    out
}
