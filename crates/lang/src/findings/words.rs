//! The words of the text against the rules: sentences that no rule accounts for, figures that stand in one and not in the other.

use super::{Desk, Open, is_norm, say};
use crate::ast::{Decl, FieldValue};
use crate::diagnostic::Severity;
use crate::document::{Clause, folded};
use crate::modal::modals;
use crate::parser::vocabulary::Keyword;
use crate::readback::{ONES, TENS};
use crate::words::parts;
use servanda_model::Number;
use servanda_model::agreement::Status;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// What a number that follows these is not a figure of.
const LABELS: &[&str] = &[
    "article",
    "articles",
    "annex",
    "paragraph",
    "paragraphs",
    "section",
    "chapter",
    "part",
    "protocol",
    "resolution",
    "no",
    "стаття",
    "статті",
    "додаток",
    "пункт",
];

const MONTHS: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "січня",
    "лютого",
    "березня",
    "квітня",
    "травня",
    "червня",
    "липня",
    "серпня",
    "вересня",
    "жовтня",
    "листопада",
    "грудня",
];

impl Desk<'_> {
    pub(super) fn words(&mut self) {
        let mut words = 0;
        let mut covered_words = 0;
        let mut open = Open::default();
        for index in 0..self.document.clauses.len() {
            let clause = &self.document.clauses[index];
            let covered = self.quoted(clause, index);
            for sentence in parts(&clause.words) {
                let text = &clause.words[sentence.clone()];
                let obliges = !modals(text).is_empty();
                // A word counts once, however many rules quote it.
                let mut at = sentence.start;
                let mut touched = 0;
                for word in text.split(' ') {
                    let end = at + word.len();
                    words += 1;
                    touched += usize::from(covered.iter().any(|c| c.start < end && at < c.end));
                    at = end + 1;
                }
                covered_words += touched;
                if touched > 0 {
                    continue;
                }
                if self.carried_out(index, text, obliges) {
                    let first: Vec<&str> = text.split(' ').take(8).collect();
                    open.add(format!(
                        "whether the declaration under “{} …” says all of it: no words of it are quoted",
                        first.join(" ").trim_end_matches(['.', ';', ','])
                    ));
                    continue;
                }
                let severity = if obliges && self.agreement.status != Status::Political {
                    Severity::Warning
                } else {
                    Severity::Info
                };
                let what = if obliges {
                    "no rule accounts for this sentence, and it obliges, allows or forbids"
                } else {
                    "no rule accounts for this sentence"
                };
                let wrong = say(severity, "A0705", clause.in_file(sentence.clone()), what)
                    .help("quote its words in the rule that carries it out (`per \"…\"`), or write one");
                self.found(None, wrong);
            }
        }
        let share = (covered_words * 100).checked_div(words).unwrap_or(100);
        open.add(match words {
            0 => "no clause of the text has words (`> …` under its heading)".to_string(),
            _ => format!(
                "{covered_words} of {words} words ({share} %) are quoted by a rule; whether the rule says the same is for a person to judge"
            ),
        });
        self.looked(
            "words that no rule accounts for",
            "the block quotes of the text, cut at ends of sentences and at semicolons; a sentence counts where a rule quotes any of it; not what the words mean",
            words,
            open,
        );
        self.figures();
    }

    /// Whether a declaration that quotes no words carries a sentence of its clause out all the same: the agreement what it says about its own
    /// life, a definition what it names. A sentence that obliges somebody is carried out by no definition.
    fn carried_out(&self, clause: usize, sentence: &str, obliges: bool) -> bool {
        /// What a sentence speaks of, and the field of the agreement that says so.
        const OF_ITSELF: &[(&str, &[&str])] = &[
            (
                "in force",
                &[
                    "in force",
                    "into force",
                    "become effective",
                    "becomes effective",
                    "applicable",
                    "take effect",
                    "takes effect",
                    "чинності",
                    "чинним",
                    "чинною",
                ],
            ),
            (
                "ends",
                &[
                    "remain in force",
                    "remains in force",
                    "expire",
                    "expires",
                    "terminate",
                    "terminates",
                    "втрачає чинність",
                ],
            ),
            ("signed", &["signed", "done at", "done in", "підписан"]),
            ("authentic", &["authentic", "автентичн"]),
            ("calendar", &["working day", "working days", "holidays", "робочий день", "робочі дні"]),
        ];
        let lower = sentence.to_lowercase();
        let says = |phrase: &str| {
            lower.match_indices(phrase).any(|(at, _)| {
                let whole = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
                whole(lower[..at].chars().next_back())
                    && (phrase.ends_with('н') || whole(lower[at + phrase.len()..].chars().next()))
            })
        };
        self.file
            .decls
            .iter()
            .filter(|d| d.clause == Some(clause) && !d.damaged && d.field("per").is_none())
            .any(|d| match d.keyword {
                Keyword::Agreement => OF_ITSELF
                    .iter()
                    .any(|(field, phrases)| d.field(field).is_some() && phrases.iter().any(|p| says(p))),
                Keyword::Party
                | Keyword::Group
                | Keyword::Body
                | Keyword::Zone
                | Keyword::Class
                | Keyword::Event
                | Keyword::State
                | Keyword::Object
                | Keyword::Measure
                    if !obliges =>
                {
                    let phrase = d.phrase.as_ref().map(|p| folded(&p.text).to_lowercase());
                    phrase.is_some_and(|p| p.chars().count() > 3 && says(&p))
                }
                _ => false,
            })
    }

    /// Stretches of a clause that a rule quotes.
    fn quoted(&self, clause: &Clause, index: usize) -> Vec<Range<usize>> {
        let mut out = Vec::new();
        for decl in self.file.decls.iter().filter(|d| d.clause == Some(index)) {
            let phrase =
                decl.phrase.iter().filter(|_| matches!(decl.keyword, Keyword::Reading | Keyword::Open));
            for quote in texts(decl, "per").chain(phrase.map(|t| t.text.as_str())) {
                let quote = folded(quote);
                if let Some(at) = clause.words.find(&quote).filter(|_| !quote.is_empty()) {
                    out.push(at..at + quote.len());
                }
            }
        }
        out
    }

    fn figures(&mut self) {
        let decls: Vec<&Decl> = self
            .file
            .decls
            .iter()
            .filter(|d| (is_norm(d.keyword) || d.keyword == Keyword::Term) && !d.damaged)
            .collect();
        let mut open = Open::default();
        // The figures of each declaration, outside of what it quotes.
        let said: Vec<(&Decl, Vec<Number>)> =
            self.file.decls.iter().map(|d| (d, numbers(&self.outside_quotes(d)))).collect();
        let mut of_clauses: BTreeMap<usize, BTreeSet<Number>> = BTreeMap::new();
        for decl in &decls {
            let Some(name) = decl.name.as_ref().map(|n| &n.text) else { continue };
            let found = decl.clause.and_then(|c| Some((c, self.document.clauses.get(c)?)));
            let Some((index, clause)) = found else {
                open.of("there is no clause whose words could be compared with the figures of {}", name);
                continue;
            };
            let quotes: Vec<String> = texts(decl, "per").map(folded).collect();
            if quotes.is_empty() {
                open.of("no words are quoted to be compared with the figures of {}", name);
                continue;
            }
            if quotes.iter().any(|q| has_ukrainian_number(q)) {
                open.of("number words in Ukrainian are not read, and the words of {} have some", name);
            }
            let in_words: BTreeSet<Number> = quotes.iter().flat_map(|q| numbers(q)).collect();
            // A rule may take a figure from a reading, a term or a state that it names.
            let is_said = |n: &Number| {
                said.iter()
                    .filter(|(d, _)| d.span == decl.span || d.clause == decl.clause || !is_norm(d.keyword))
                    .any(|(_, figures)| figures.contains(n))
            };
            let missing: Vec<String> = in_words.iter().filter(|n| !is_said(n)).map(Number::grouped).collect();
            if !missing.is_empty() {
                let wrong = say(
                    Severity::Warning,
                    "A0706",
                    decl.name_span(),
                    format!("the quoted words say {}, and `{name}` does not", missing.join(", ")),
                )
                .help("compare the figure in the rule with the words");
                self.found(Some(name), wrong);
            }
            let all = of_clauses.entry(index).or_insert_with(|| numbers(&clause.words).into_iter().collect());
            let fields = [
                "must", "must not", "by", "within", "every", "gap", "target", "floor", "ceiling", "item",
                "at most", "no later", "means",
            ];
            let rule: BTreeSet<Number> = decl
                .fields
                .iter()
                .filter(|f| fields.contains(&f.word))
                .flat_map(|f| numbers(&without_quotes(self.text.get(f.span.clone()).unwrap_or_default())))
                .collect();
            // Words leave the year of a day out where it is the year of the signature.
            let years = self.agreement.signed.map(|d| Number::from(i64::from(d.year())));
            let small = |n: &Number| *n <= Number::from(1) || Some(n) == years.as_ref();
            let added: Vec<String> =
                rule.iter().filter(|n| !all.contains(n) && !small(n)).map(Number::grouped).collect();
            if !added.is_empty() {
                let wrong = say(
                    Severity::Info,
                    "A0707",
                    decl.name_span(),
                    format!("`{name}` says {}, and the words of its clause do not", added.join(", ")),
                )
                .help("quote the annex or the clause that the figure is from");
                self.found(Some(name), wrong);
            }
        }
        let count = decls.len();
        self.looked(
            "figures in words and rules",
            "figures in digits, with `million` and the like, and in English words, in rules and terms and the words that they quote; days of dates and numbers of articles are no figures; not what a figure is of",
            count,
            open,
        );
    }

    fn outside_quotes(&self, decl: &Decl) -> String {
        without_quotes(self.text.get(decl.span.clone()).unwrap_or_default())
    }
}

fn texts<'d>(decl: &'d Decl, word: &'static str) -> impl Iterator<Item = &'d str> {
    decl.all(word).flat_map(|f| match &f.value {
        FieldValue::Texts(texts) => texts.iter().map(|t| t.text.as_str()).collect::<Vec<_>>(),
        _ => Vec::new(),
    })
}

fn without_quotes(text: &str) -> String {
    text.split('"').step_by(2).collect::<Vec<_>>().join(" ")
}

/// The numbers of a text, in figures and in English words; labels such as `Article 5` are none.
pub(super) fn numbers(text: &str) -> Vec<Number> {
    let tokens: Vec<String> = text
        .split(|c: char| {
            c.is_whitespace() || matches!(c, '(' | ')' | '"' | '/' | '+' | '–' | '—' | ':' | ';')
        })
        .flat_map(|w| split_dashes(w.trim_matches(|c: char| matches!(c, ',' | '.' | '\'' | '’' | '%'))))
        .filter(|w| !w.is_empty())
        .map(|w| w.to_lowercase())
        .collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let labelled = at > 0 && LABELS.contains(&tokens[at - 1].trim_end_matches('.'));
        let digits = tokens[at].trim_end_matches(|c: char| c.is_alphabetic());
        if digits.starts_with(|c: char| c.is_ascii_digit()) {
            let mut number = Number::parse(digits);
            // `1.072 million`
            if let Some(scale) = tokens.get(at + 1).and_then(|w| scale(w)) {
                number = number.map(|n| n * Number::from(scale));
                at += 1;
            }
            // `15 February 2015`: the day is in the rule's date, if anywhere.
            let day = tokens.get(at + 1).is_some_and(|w| MONTHS.contains(&w.as_str()));
            // `February 15, 2015`.
            let after_month = digits.len() <= 2
                && at > 0
                && tokens[at - 1] != "may"
                && MONTHS.contains(&tokens[at - 1].as_str());
            let day = day || after_month;
            out.extend(number.filter(|_| !labelled && !day));
            at += 1;
            continue;
        }
        match in_words(&tokens[at..]) {
            Some((n, used)) => {
                out.extend(Some(Number::from(n)).filter(|_| !labelled));
                at += used;
            }
            None => at += 1,
        }
    }
    out
}

/// Whether words hold a number that is written in Ukrainian words: `вісімсот`. `тисяч` behind figures is read.
fn has_ukrainian_number(text: &str) -> bool {
    const WHOLE: &[&str] = &[
        "два",
        "дві",
        "двох",
        "три",
        "трьох",
        "чотири",
        "чотирьох",
        "п'ять",
        "п'яти",
        "шість",
        "шести",
        "сім",
        "семи",
        "вісім",
        "восьми",
        "дев'ять",
        "дев'яти",
        "сорок",
        "сорока",
        "сто",
        "ста",
        "двісті",
        "двохсот",
        "триста",
        "трьохсот",
        "чотириста",
        "чотирьохсот",
    ];
    const WITHIN: &[&str] = &["десят", "дцят", "ятсот", "істсот", "імсот"];
    crate::words::tokens(text).iter().any(|token| {
        WHOLE.contains(&token.lower.as_str()) || WITHIN.iter().any(|part| token.lower.contains(part))
    })
}

/// `twenty-four`, `60-day`; of a date the year alone, since words give months by name.
fn split_dashes(word: &str) -> Vec<&str> {
    let parts: Vec<&str> = word.split('-').collect();
    if let [year, month, day] = parts[..]
        && year.len() == 4
        && month.len() == 2
        && day.chars().take(2).all(|c| c.is_ascii_digit())
        && year.chars().chain(month.chars()).all(|c| c.is_ascii_digit())
    {
        return vec![year];
    }
    let numeric = parts.iter().all(|p| unit(p).is_some() || p.chars().all(|c| c.is_ascii_digit()));
    if numeric || parts.first().is_some_and(|p| p.starts_with(|c: char| c.is_ascii_digit())) {
        parts
    } else {
        vec![word]
    }
}

fn scale(word: &str) -> Option<i64> {
    match word {
        "hundred" => Some(100),
        "thousand" => Some(1_000),
        "million" => Some(1_000_000),
        "billion" => Some(1_000_000_000),
        "тисяча" | "тисячі" | "тисяч" | "тис" => Some(1_000),
        "мільйон" | "мільйона" | "мільйони" | "мільйонів" | "млн" => {
            Some(1_000_000)
        }
        "мільярд" | "мільярда" | "мільярди" | "мільярдів" | "млрд" => {
            Some(1_000_000_000)
        }
        _ => None,
    }
}

fn unit(word: &str) -> Option<i64> {
    let word = word.to_lowercase();
    let ones = ONES.iter().position(|w| *w == word).map(|i| i as i64);
    ones.or_else(|| TENS.iter().skip(2).position(|w| *w == word).map(|i| (i as i64 + 2) * 10))
}

/// A number in words at the start, and how many words it takes. A lone `one` and a lone `a` are no figures.
fn in_words(words: &[String]) -> Option<(i64, usize)> {
    match words.first().map(String::as_str) {
        Some("twice" | "двічі") => return Some((2, 1)),
        Some("thrice" | "тричі") => return Some((3, 1)),
        _ => {}
    }
    let (mut total, mut group, mut used) = (0_i64, 0_i64, 0);
    let mut any = false;
    while let Some(word) = words.get(used) {
        let next = words.get(used + 1);
        if let Some(n) = unit(word) {
            group += n;
            any = true;
        } else if let Some(size) = scale(word) {
            group = group.max(1).checked_mul(size)?;
            if size >= 1_000 {
                total = total.checked_add(group)?;
                group = 0;
            }
            any = true;
        } else {
            let a_hundred =
                used == 0 && matches!(word.as_str(), "a" | "an") && next.is_some_and(|w| scale(w).is_some());
            let whole = group % 100 == 0 && (group > 0 || total > 0);
            let and_twenty = word == "and" && whole && next.is_some_and(|w| unit(w).is_some());
            if !a_hundred && !and_twenty {
                break;
            }
        }
        used += 1;
    }
    let lone_one = used == 1 && words.first().is_some_and(|w| w == "one" || w == "zero");
    let lone_scale = used == 1 && words.first().is_some_and(|w| scale(w).is_some());
    (any && !lone_one && !lone_scale).then_some((total.checked_add(group)?, used))
}
