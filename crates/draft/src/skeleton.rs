//! A draft as an agreement file: every clause under its heading, its words in a quote, and what is still to be encoded below.
//!
//! It writes no rule: the one fence says what the agreement is called, when it was signed and who its parties are. So the file checks
//! without errors, and no word is covered by a rule yet.
//!
//! Invariants
//! - the language reads the same identities of clauses and the same words out of the file as stand in the draft;
//! - no word of the text becomes Markdown.

use crate::modal::Firmness;
use crate::outline::{Draft, Kind, Language};
use crate::survey::{Findings, Survey, with_clauses};
use crate::words::{Reading, Target, Unit};
use servanda_model::Name;

/// Lines of quotes are broken here.
const WIDTH: usize = 100;

/// The agreement file. `name` is what it is called in its declaration; where that is no name, `agreement` stands.
pub fn write(draft: &Draft, survey: &Survey, name: &str) -> String {
    let figures = survey.figures(draft);
    let mut out = String::new();
    for (clause, found) in with_clauses(draft, survey) {
        out.push_str(&format!("{} {}\n", "#".repeat(usize::from(clause.level)), escaped(&clause.heading)));
        if clause.kind == Kind::Title {
            out.push_str(&opening(draft, survey, name, &figures));
        }
        for (at, passage) in clause.passages.iter().enumerate() {
            out.push_str(if at == 0 { "\n" } else { ">\n" });
            quote(&passage.shown(), &mut out);
        }
        let list = listed(clause.passages.iter().map(|p| p.text.as_str()), found, draft.language);
        if !list.is_empty() {
            out.push('\n');
            out.push_str(&list);
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn opening(draft: &Draft, survey: &Survey, name: &str, figures: &crate::survey::Figures) -> String {
    let name = Name::slug(name);
    let usable = name.as_str().chars().any(char::is_alphabetic) && !servanda_lang::is_reserved(name.as_str());
    let name = if usable { name.to_string() } else { "agreement".into() };
    let title = draft.clauses.first().map(|c| c.heading.as_str()).unwrap_or("");
    let mut out = format!("\n```pact\nagreement {name} \"{}\"\n", phrase(title));
    if let Some(day) = draft.signed {
        out.push_str(&format!("  signed      {day}\n"));
    }
    let parties: Vec<String> = survey.parties.iter().map(|p| p.name.clone()).collect();
    if !parties.is_empty() {
        out.push('\n');
        for party in &parties {
            let short: Vec<String> = party.split_whitespace().map(letters).collect();
            let short = short.join("-");
            if short == *party {
                out.push_str(&format!("party {short}\n"));
            } else {
                out.push_str(&format!("party {short} \"{}\"\n", phrase(party)));
            }
        }
    }
    out.push_str("```\n");
    let uk = draft.language == Language::Ukrainian;
    let sentences = if uk {
        format!(
            "Чернетка: правил ще немає. Під кожним пунктом перелічено, що в його словах ще не закодовано. Пунктів: {}, слів: {}, речень \
             із зобов'язанням, наміром чи дозволом: {}; дати й величини записано так: {}.",
            figures.clauses,
            figures.words,
            figures.modals,
            locale(survey, true),
        )
    } else {
        format!(
            "A skeleton: it has no rules yet. Under each clause stands what in its words is not yet encoded. {} clauses, {} words, {} \
             sentences that bind, promise, intend or allow; numbers are written with: {}.",
            figures.clauses,
            figures.words,
            figures.modals,
            locale(survey, false),
        )
    };
    out.push('\n');
    out.push_str(&wrapped(&sentences, ""));
    for note in &draft.notes {
        out.push('\n');
        out.push_str(&wrapped(&escaped(&capital(note)), ""));
    }
    out
}

fn locale(survey: &Survey, uk: bool) -> String {
    let shown = survey.locale.shown();
    if !uk {
        return shown.to_string();
    }
    match shown {
        "decimal comma" => "десяткова кома",
        "decimal point" => "десяткова крапка",
        "no number shows it" => "з жодного числа не видно",
        _ => "і десяткова кома, і десяткова крапка",
    }
    .to_string()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

fn letters(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}

fn phrase(text: &str) -> String {
    text.replace('\\', "/").replace('"', "\\\"").replace('`', "'")
}

/// What is found in one clause, as lines of a list.
fn listed<'a>(texts: impl Iterator<Item = &'a str>, found: &[Findings], language: Language) -> String {
    let uk = language == Language::Ukrainian;
    let mut out = String::new();
    let mut others: Vec<String> = Vec::new();
    for (text, findings) in texts.zip(found) {
        for modal in &findings.modals {
            let excerpt = excerpt(&text[modal.sentence.clone()], modal.word.start - modal.sentence.start);
            let not_yet = if uk { "не закодовано" } else { "not encoded" };
            out.push_str(&wrapped(
                &format!("- {not_yet}, {}: “{}”", firmness(modal.firmness, uk), escaped(&excerpt)),
                "  ",
            ));
        }
        for reference in &findings.references {
            let leads = match &reference.target {
                Target::Clause(id) => format!("→ {id}"),
                Target::Elsewhere => if uk { "інший документ" } else { "another text" }.to_string(),
                Target::Missing => {
                    if uk { "такого пункту немає" } else { "no such clause here" }.to_string()
                }
            };
            others.push(format!("{} {leads}", escaped(&reference.written)));
        }
        for (at, day) in &findings.days {
            others.push(format!("{} = {day}", escaped(&text[at.clone()])));
        }
        for amount in &findings.amounts {
            let unit = match &amount.unit {
                Unit::Money(of) => of.clone(),
                Unit::Percent => "%".into(),
                Unit::Number => String::new(),
                Unit::Time(of) => (*of).to_string(),
            };
            let mut shown =
                format!("{} = {} {unit}", escaped(&amount.written), amount.value).trim_end().to_string();
            if let Some(other) = &amount.other {
                let doubt = match (amount.reading, uk) {
                    (Reading::Open, false) => format!(" or {other}: the text does not show which"),
                    (Reading::Open, true) => format!(" або {other}: з тексту не видно"),
                    (_, false) => format!(" (as elsewhere in the text; else {other})"),
                    (_, true) => format!(" (як деінде в тексті; інакше {other})"),
                };
                shown.push_str(&doubt);
            }
            others.push(shown);
        }
        for term in &findings.terms {
            others.push(format!("{} “{}”", if uk { "термін" } else { "term" }, escaped(&term.term)));
        }
    }
    if !others.is_empty() {
        let found = if uk { "знайдено" } else { "found" };
        out.push_str(&wrapped(&format!("- {found}: {}", others.join("; ")), "  "));
    }
    out
}

fn firmness(firmness: Firmness, uk: bool) -> &'static str {
    if !uk {
        return firmness.name();
    }
    match firmness {
        Firmness::Shall => "зобов'язання",
        Firmness::Will => "обіцянка",
        Firmness::Commits => "згода",
        Firmness::Should => "слід",
        Firmness::Intends => "намір",
        Firmness::Endeavours => "зусилля",
        Firmness::WherePossible => "за можливості",
        Firmness::May => "дозвіл",
    }
}

/// Some words before the place and more behind it.
pub(crate) fn excerpt(sentence: &str, at: usize) -> String {
    let before: Vec<&str> = sentence[..at].split_whitespace().collect();
    let after: Vec<&str> = sentence[at..].split_whitespace().collect();
    let (first, last) = (before.len().saturating_sub(9), after.len().min(16));
    let mut out = String::new();
    if first > 0 {
        out.push_str("… ");
    }
    out.push_str(&before[first..].iter().chain(&after[..last]).copied().collect::<Vec<_>>().join(" "));
    if last < after.len() {
        out.push_str(" …");
    }
    out
}

/// Letters that Markdown would take for its own.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '&' | '|' | '~' | '$') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A word that begins a line must not make a list or a heading of it.
fn at_start(word: &str) -> String {
    let core = word.trim_end_matches(['.', ')']);
    let number = core.len() < word.len() && !core.is_empty() && core.bytes().all(|b| b.is_ascii_digit());
    if number {
        let (digits, sign) = word.split_at(core.len());
        return format!("{digits}\\{sign}");
    }
    if matches!(word.chars().next(), Some('-' | '+' | '=')) {
        return format!("\\{word}");
    }
    word.to_string()
}

fn quote(text: &str, out: &mut String) {
    let mut line = String::new();
    for word in escaped(text).split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(&format!("> {line}\n"));
            line.clear();
        }
        if line.is_empty() {
            line = at_start(word);
        } else {
            line.push(' ');
            line.push_str(word);
        }
    }
    if !line.is_empty() {
        out.push_str(&format!("> {line}\n"));
    }
}

fn wrapped(text: &str, indent: &str) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for (n, word) in text.split_whitespace().enumerate() {
        if !line.trim().is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH + 2 {
            out.push_str(&line);
            out.push('\n');
            line = format!("{indent}{}", at_start(word));
        } else if n == 0 {
            line = word.to_string();
        } else {
            line.push(' ');
            line.push_str(word);
        }
    }
    out.push_str(&line);
    out.push('\n');
    out
}
