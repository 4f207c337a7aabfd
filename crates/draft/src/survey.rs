//! A draft with all that is found in its words, clause by clause, and the parties that it is between.
//!
//! It does not decide who owes what: who stands before a promise is read off the sentence, and a sentence that names nobody says so.

use crate::modal::{Firmness, Modal, modals};
use crate::outline::{Clause, Draft, Kind};
use crate::words::{self, Amount, Day, Locale, Numbers, Reference, Target, Term, Unit, tokens};
use std::collections::BTreeMap;
use std::ops::Range;

/// What is found in one passage. Places are bytes of [`crate::outline::Passage::text`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Findings {
    /// Sentences with modal words.
    pub modals: Vec<Modal>,
    /// References to clauses.
    pub references: Vec<Reference>,
    /// Days and months.
    pub days: Vec<(Range<usize>, Day)>,
    /// Money, shares, spans of time, big numbers.
    pub amounts: Vec<Amount>,
    /// Defined terms.
    pub terms: Vec<Term>,
}

/// A party of the agreement.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Party {
    /// As the text names it before its promises.
    pub name: String,
}

/// The clause by which the parties consult after an attack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Consultation {
    /// The clause.
    pub clause: String,
    /// Within how many hours.
    pub hours: String,
    /// How firmly.
    pub firmness: Option<Firmness>,
}

/// All findings of a draft.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Survey {
    /// One list for each clause, one [`Findings`] for each passage.
    pub clauses: Vec<Vec<Findings>>,
    /// How the text writes numbers.
    pub locale: Locale,
    /// The parties that were found.
    pub parties: Vec<Party>,
    /// Consultation with a number of hours.
    pub consultations: Vec<Consultation>,
}

/// How much was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// Clauses, the title and the signatures among them.
    pub clauses: usize,
    /// Numbered paragraphs among them.
    pub paragraphs: usize,
    /// Words.
    pub words: usize,
    /// Sentences with modal words.
    pub modals: usize,
    /// By firmness, in the order of [`Firmness::ALL`].
    pub by_firmness: [usize; 8],
    /// References that lead to a clause of the text.
    pub resolved: usize,
    /// References to other texts.
    pub elsewhere: usize,
    /// References to clauses that are not there.
    pub missing: usize,
    /// Days and months.
    pub days: usize,
    /// Money, shares, big numbers.
    pub amounts: usize,
    /// Spans of time.
    pub spans: usize,
    /// Amounts that can be read in two ways.
    pub doubtful: usize,
    /// Defined terms.
    pub terms: usize,
}

/// Looks through a draft.
pub fn survey(draft: &Draft) -> Survey {
    let texts = draft.clauses.iter().flat_map(|c| c.passages.iter().map(|p| p.text.as_str()));
    let locale = Locale::of(texts);
    let numbers = Numbers::of(&draft.clauses);
    let order: Vec<String> = draft.clauses.iter().map(|c| c.id.clone()).collect();
    let mut clauses = Vec::with_capacity(draft.clauses.len());
    let mut seen = std::collections::BTreeSet::new();
    for clause in &draft.clauses {
        let of = |text: &str| Findings {
            modals: modals(text),
            references: words::references(text, &numbers, &clause.id, &order),
            days: words::days(text),
            amounts: words::amounts(text, locale),
            terms: words::terms(text),
        };
        let mut found: Vec<Findings> = clause.passages.iter().map(|p| of(&p.text)).collect();
        // A term is defined where it is first said to be.
        for findings in &mut found {
            findings.terms.retain(|t| seen.insert(t.term.clone()));
        }
        clauses.push(found);
    }
    let parties = parties(draft);
    let mut survey = Survey { clauses, locale, parties, consultations: Vec::new() };
    survey.consultations = consultations(draft, &survey);
    survey
}

impl Survey {
    /// How much was found.
    pub fn figures(&self, draft: &Draft) -> Figures {
        let mut figures = Figures {
            clauses: draft.clauses.len(),
            paragraphs: draft.clauses.iter().filter(|c| c.kind == Kind::Paragraph).count(),
            words: draft.words(),
            ..Figures::default()
        };
        for found in self.clauses.iter().flatten() {
            figures.modals += found.modals.len();
            for modal in &found.modals {
                if let Some(at) = Firmness::ALL.iter().position(|f| *f == modal.firmness) {
                    figures.by_firmness[at] += 1;
                }
            }
            for reference in &found.references {
                match reference.target {
                    Target::Clause(_) => figures.resolved += 1,
                    Target::Elsewhere => figures.elsewhere += 1,
                    Target::Missing => figures.missing += 1,
                }
            }
            figures.days += found.days.len();
            for amount in &found.amounts {
                match amount.unit {
                    Unit::Time(_) => figures.spans += 1,
                    _ => figures.amounts += 1,
                }
                figures.doubtful += usize::from(amount.reading != words::Reading::Plain);
            }
            figures.terms += found.terms.len();
        }
        figures
    }
}

/// Sentences that speak of consulting and of hours, or of hours in a clause that speaks of consulting.
fn consultations(draft: &Draft, survey: &Survey) -> Vec<Consultation> {
    let speaks = |text: &str| {
        let lower = text.to_lowercase();
        ["consult", "консульт", "meet", "confer"].iter().any(|w| lower.contains(w))
    };
    let mut out = Vec::new();
    for (clause, found) in draft.clauses.iter().zip(&survey.clauses) {
        for (passage, findings) in clause.passages.iter().zip(found) {
            for amount in findings.amounts.iter().filter(|a| a.unit == Unit::Time("hours")) {
                let sentence =
                    words::sentences(&passage.text).into_iter().find(|s| s.contains(&amount.at.start));
                let Some(sentence) = sentence else { continue };
                if speaks(&passage.text[sentence.clone()]) || speaks(&clause.words()) {
                    let modal = findings.modals.iter().find(|m| m.sentence == sentence);
                    out.push(Consultation {
                        clause: clause.id.clone(),
                        hours: amount.value.clone(),
                        firmness: modal.map(|m| m.firmness),
                    });
                }
            }
        }
    }
    out
}

/// Names that stand before promises and in the title or the first words.
fn parties(draft: &Draft) -> Vec<Party> {
    let Some(first) = draft.clauses.first() else { return Vec::new() };
    let opening: Vec<String> = std::iter::once(first.heading.clone())
        .chain(draft.clauses.iter().flat_map(|c| c.passages.iter()).take(3).map(|p| p.text.clone()))
        .collect();
    let opening = opening.join(" ").to_lowercase();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for passage in draft.clauses.iter().flat_map(|c| &c.passages) {
        let words = tokens(&passage.text);
        for (at, word) in words.iter().enumerate() {
            let promise = matches!(
                word.lower.as_str(),
                "will"
                    | "shall"
                    | "has"
                    | "commits"
                    | "intends"
                    | "reaffirms"
                    | "supports"
                    | "recognises"
                    | "recognizes"
                    | "undertakes"
                    | "має"
                    | "буде"
                    | "підтверджує"
                    | "підтримує"
                    | "зобов'язується"
            ) || word.lower.ends_with("тиме");
            if !promise {
                continue;
            }
            let mut start = at;
            while start > 0 && at - start < 4 && words[start - 1].is_word() {
                let capital = words[start - 1].text.starts_with(char::is_uppercase);
                let joint = words[start - 1].lower == "of"
                    && start < at
                    && start > 1
                    && words[start - 2].text.starts_with(char::is_uppercase);
                if !capital && !joint {
                    break;
                }
                start -= 1;
            }
            if start == at {
                continue;
            }
            let name: Vec<&str> = words[start..at].iter().map(|t| t.text.as_str()).collect();
            let name = name.join(" ");
            let name = name.strip_prefix("The ").unwrap_or(&name).to_string();
            let collective = [
                "participant",
                "part",
                "side",
                "both",
                "they",
                "it",
                "this",
                "such",
                "training",
                "сторон",
                "учасник",
                "agreement",
                "accord",
                "these",
                "that",
                "each",
                "either",
            ]
            .iter()
            .any(|c| name.to_lowercase().split(' ').any(|w| w.starts_with(c)));
            if !collective && opening.contains(&name.to_lowercase()) {
                *counts.entry(name).or_default() += 1;
            }
        }
    }
    let mut list: Vec<(usize, String)> = counts.into_iter().map(|(name, n)| (n, name)).collect();
    list.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let strangers = ["nato", "russia", "russian federation", "g7", "president", "росія"];
    let mut names: Vec<String> = list
        .into_iter()
        .map(|(_, name)| name)
        .filter(|name| !strangers.contains(&name.to_lowercase().as_str()))
        .take(2)
        .collect();
    // A party that promises nothing in its own name stands at least in the title: between X and Y.
    let heading = first.heading.trim_end_matches('.');
    if names.len() < 2
        && let Some((_, pair)) = heading.split_once(" between ")
        && let Some((x, y)) = pair.split_once(" and ")
    {
        for name in [x, y] {
            let name = name.trim().trim_start_matches("the ").to_string();
            let plain = name.split_whitespace().all(|w| w.starts_with(char::is_uppercase) || w == "of");
            let known = names.iter().any(|n| n.contains(&name) || name.contains(n.as_str()));
            if names.len() < 2 && plain && !known && !name.is_empty() {
                names.push(name);
            }
        }
    }
    names.into_iter().map(|name| Party { name }).collect()
}

/// A clause's findings together with it.
pub fn with_clauses<'a>(
    draft: &'a Draft,
    survey: &'a Survey,
) -> impl Iterator<Item = (&'a Clause, &'a [Findings])> {
    draft.clauses.iter().zip(survey.clauses.iter().map(Vec::as_slice))
}
