//! Sentences that bind, promise, intend or allow, and how firmly.
//!
//! It lists what is still to be encoded; it does not encode. The firmness is that of the words, in the order of [`Firmness`]; what
//! it means in law is for people to say.
//!
//! Invariants
//! - each sentence is listed once, with its firmest word, unless a word that weakens the promise stands beside it: *will seek to* is an
//!   endeavour, and *will, where possible,* is where possible.
//!
//! In Ukrainian a promise is often a perfective verb without any modal word (*надасть*). Such a sentence is found only where its verb
//! has the form of the compound or the synthetic future (*буде надавати*, *надаватиме*).

use crate::words::{Token, sentences, tokens};
use std::ops::Range;

/// How firmly a sentence promises, firmest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Firmness {
    /// shall, must, undertakes; зобов'язується, повинен.
    Shall,
    /// will; буде, надаватиме.
    Will,
    /// commits to, is committed to, agrees to; погоджується.
    Commits,
    /// should; слід.
    Should,
    /// intends, plans, aims; має намір.
    Intends,
    /// endeavours, strives, seeks, best efforts; докладатиме зусиль, прагне.
    Endeavours,
    /// where possible, as far as possible; за можливості.
    WherePossible,
    /// may; може.
    May,
}

impl Firmness {
    /// All, firmest first.
    pub const ALL: [Firmness; 8] = [
        Firmness::Shall,
        Firmness::Will,
        Firmness::Commits,
        Firmness::Should,
        Firmness::Intends,
        Firmness::Endeavours,
        Firmness::WherePossible,
        Firmness::May,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Firmness::Shall => "shall",
            Firmness::Will => "will",
            Firmness::Commits => "commits",
            Firmness::Should => "should",
            Firmness::Intends => "intends",
            Firmness::Endeavours => "endeavours",
            Firmness::WherePossible => "where possible",
            Firmness::May => "may",
        }
    }
}

/// A sentence with a modal word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Modal {
    /// The sentence's place.
    pub sentence: Range<usize>,
    /// The deciding word's place.
    pub word: Range<usize>,
    /// How firmly.
    pub firmness: Firmness,
}

/// Words of a modal, and how firm they are. `*` stands for the end of a word.
const PHRASES: &[(&str, Firmness)] = &[
    ("shall", Firmness::Shall),
    ("must", Firmness::Shall),
    ("undertake", Firmness::Shall),
    ("undertakes", Firmness::Shall),
    ("is obliged to", Firmness::Shall),
    ("are obliged to", Firmness::Shall),
    ("is required to", Firmness::Shall),
    ("are required to", Firmness::Shall),
    ("is prohibited", Firmness::Shall),
    ("are prohibited", Firmness::Shall),
    ("is forbidden", Firmness::Shall),
    ("are forbidden", Firmness::Shall),
    ("will", Firmness::Will),
    ("commits", Firmness::Commits),
    ("commit to", Firmness::Commits),
    ("committed to", Firmness::Commits),
    ("agrees to", Firmness::Commits),
    ("agree to", Firmness::Commits),
    ("should", Firmness::Should),
    ("intend", Firmness::Intends),
    ("intends", Firmness::Intends),
    ("intended to", Firmness::Intends),
    ("plans to", Firmness::Intends),
    ("plan to", Firmness::Intends),
    ("stands ready to", Firmness::Intends),
    ("stand ready to", Firmness::Intends),
    ("can jointly", Firmness::May),
    ("aims to", Firmness::Intends),
    ("aim to", Firmness::Intends),
    ("endeavour", Firmness::Endeavours),
    ("endeavours", Firmness::Endeavours),
    ("endeavor", Firmness::Endeavours),
    ("endeavors", Firmness::Endeavours),
    ("strive", Firmness::Endeavours),
    ("strives", Firmness::Endeavours),
    ("seek to", Firmness::Endeavours),
    ("seeks to", Firmness::Endeavours),
    ("make every effort", Firmness::Endeavours),
    ("make all efforts", Firmness::Endeavours),
    ("use best efforts", Firmness::Endeavours),
    ("use their best efforts", Firmness::Endeavours),
    ("where possible", Firmness::WherePossible),
    ("wherever possible", Firmness::WherePossible),
    ("whenever possible", Firmness::WherePossible),
    ("when possible", Firmness::WherePossible),
    ("if possible", Firmness::WherePossible),
    ("as far as possible", Firmness::WherePossible),
    ("to the extent possible", Firmness::WherePossible),
    ("may", Firmness::May),
    ("зобов'язу*", Firmness::Shall),
    ("зобов'язан*", Firmness::Shall),
    ("повинен", Firmness::Shall),
    ("повинна", Firmness::Shall),
    ("повинні", Firmness::Shall),
    ("повинно", Firmness::Shall),
    ("забороня*", Firmness::Shall),
    ("мусить", Firmness::Shall),
    ("мусять", Firmness::Shall),
    ("буде", Firmness::Will),
    ("будуть", Firmness::Will),
    ("погоджу*", Firmness::Commits),
    ("слід", Firmness::Should),
    ("має намір", Firmness::Intends),
    ("мають намір", Firmness::Intends),
    ("планує", Firmness::Intends),
    ("планують", Firmness::Intends),
    ("докладатиме", Firmness::Endeavours),
    ("докладатимуть", Firmness::Endeavours),
    ("докладає", Firmness::Endeavours),
    ("докладають", Firmness::Endeavours),
    ("прагне", Firmness::Endeavours),
    ("прагнуть", Firmness::Endeavours),
    ("прагнутиме", Firmness::Endeavours),
    ("прагнутимуть", Firmness::Endeavours),
    ("намагатиметься", Firmness::Endeavours),
    ("намагатимуться", Firmness::Endeavours),
    ("за можливості", Firmness::WherePossible),
    ("по можливості", Firmness::WherePossible),
    ("наскільки можливо", Firmness::WherePossible),
    ("де це можливо", Firmness::WherePossible),
    ("у міру можливості", Firmness::WherePossible),
    ("може", Firmness::May),
    ("можуть", Firmness::May),
];

/// A found phrase: which tokens, and how firm.
struct Found {
    at: usize,
    end: usize,
    firmness: Firmness,
    /// It stands right behind a firmer word, which it weakens.
    weakens: bool,
}

/// The modal sentences of a paragraph.
pub fn modals(text: &str) -> Vec<Modal> {
    let mut out = Vec::new();
    for sentence in sentences(text) {
        let words = tokens(&text[sentence.clone()]);
        let mut found = Vec::new();
        let mut at = 0;
        while at < words.len() {
            match phrase(&words, at) {
                Some((end, firmness)) => {
                    found.push(Found { at, end, firmness, weakens: false });
                    at = end;
                }
                None => at += 1,
            }
        }
        // An endeavour right behind a firmer word is what the sentence promises.
        let mut kept: Vec<Found> = Vec::new();
        for mut next in found {
            let weaker = matches!(
                next.firmness,
                Firmness::Endeavours | Firmness::Intends | Firmness::WherePossible | Firmness::Commits
            );
            if let Some(last) = kept.last()
                && weaker
                && last.firmness < next.firmness
                && last.firmness != Firmness::May
                && next.at - last.end <= 2
            {
                kept.pop();
                next.weakens = true;
            }
            kept.push(next);
        }
        let soft = kept.iter().position(|f| f.firmness == Firmness::WherePossible);
        let Some(deciding) = soft
            .map(|at| &kept[at])
            .or_else(|| kept.first().filter(|f| f.weakens))
            .or_else(|| kept.iter().min_by_key(|f| f.firmness))
        else {
            continue;
        };
        let start = sentence.start;
        let word = words[deciding.at].at.start + start..words[deciding.end - 1].at.end + start;
        out.push(Modal { sentence, word, firmness: deciding.firmness });
    }
    out
}

fn phrase(words: &[Token], at: usize) -> Option<(usize, Firmness)> {
    let mut best: Option<(usize, Firmness)> = None;
    for (phrase, firmness) in PHRASES {
        let mut end = at;
        let fits = phrase.split(' ').all(|word| {
            let fits = words.get(end).is_some_and(|t| match word.strip_suffix('*') {
                Some(start) => t.lower.starts_with(start),
                None => t.lower == word,
            });
            end += 1;
            fits
        });
        if fits && best.is_none_or(|(b, _)| end > b) {
            best = Some((end, *firmness));
        }
    }
    let here = &words[at];
    if best.is_none() {
        let future = ["тиме", "тимуть", "тиметься", "тимуться"].iter().any(|e| here.lower.ends_with(e));
        if future && here.lower.chars().count() > 6 {
            return Some((at + 1, Firmness::Will));
        }
        // має надати, мають забезпечити.
        let must = matches!(here.lower.as_str(), "має" | "мають")
            && words
                .get(at + 1)
                .is_some_and(|t| t.lower.ends_with("ти") || t.lower.ends_with("тися") || t.lower == "бути");
        if must {
            return Some((at + 1, Firmness::Shall));
        }
        return None;
    }
    let before = at.checked_sub(1).map(|b| words[b].lower.as_str()).unwrap_or("");
    let next = words.get(at + 1).map(|t| t.lower.as_str()).unwrap_or("");
    match here.lower.as_str() {
        // The noun: their will, the will of the people, political will.
        "will"
            if matches!(
                before,
                "the"
                    | "their"
                    | "its"
                    | "his"
                    | "political"
                    | "free"
                    | "good"
                    | "common"
                    | "sovereign"
                    | "shared"
                    | "own"
                    | "joint"
                    | "firm"
                    | "express"
                    | "of"
                    | "national"
                    | "popular"
                    | "democratic"
                    | "a"
            ) || matches!(next, "of") && !matches!(before, "which" | "that") =>
        {
            None
        }
        // The month.
        "may" if here.text.starts_with('M') && (at > 0 || words.get(1).is_some_and(Token::is_number)) => None,
        "commits" if next == "suicide" => None,
        // Ukraine's efforts to strive; a plan with a name.
        "strive" | "seek" | "intend" | "plan" | "aim" | "undertake" | "endeavour" | "endeavor"
            if before == "to" || before == "did" =>
        {
            None
        }
        "plan" | "aim" if here.text.starts_with(char::is_uppercase) && at > 0 => None,
        // The noun.
        "endeavour" | "endeavours" | "endeavor" | "endeavors"
            if matches!(before, "this" | "their" | "its" | "the" | "these" | "such" | "best" | "'s")
                || before.ends_with("'s") =>
        {
            None
        }
        _ => best,
    }
}
