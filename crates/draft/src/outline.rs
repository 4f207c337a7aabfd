//! Paragraphs to clauses: which are headings, which are numbered, what belongs to whom, and what each is called.
//!
//! A clause is a heading with the words under it, or a numbered paragraph with its points and with what follows it unnumbered. A
//! point, `(a)` or `•`, is a passage of its clause and no clause.
//!
//! It does not ask what the words mean. Where a file does not say by its style that a paragraph is a heading, its look decides: a
//! number of a kind that headings have, capitals, bold, or a short line without a full stop.
//!
//! Invariants
//! - every word of every block stands in exactly one clause, in order;
//! - identities are unique, and depend only on the headings and numbers from the top of the text down to the clause, so that a
//!   word changed elsewhere changes no identity.
//!
//! Where to start reading: [`Draft`], then [`draft`].

use crate::source::{Block, Place, Source};
use crate::words::Day;
use servanda_model::Name;
use std::collections::{BTreeMap, BTreeSet};

/// What a clause is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The title, with the preamble under it where that has no heading.
    Title,
    /// A heading.
    Heading,
    /// A numbered paragraph.
    Paragraph,
    /// Place and day of signature, and who signed.
    Signature,
}

/// A paragraph of a clause.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Passage {
    /// Its number or bullet.
    pub label: Option<String>,
    /// Its words without the label.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

impl Passage {
    /// Label and words as a reader sees them.
    pub fn shown(&self) -> String {
        match &self.label {
            Some(label) => format!("{label} {}", self.text),
            None => self.text.clone(),
        }
    }
}

/// A clause.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clause {
    /// Its identity in an agreement file: that of its heading there.
    pub id: String,
    /// Its identity in Akoma Ntoso.
    pub eid: String,
    /// Its heading in an agreement file.
    pub heading: String,
    /// The heading is of the text's own words.
    pub own: bool,
    /// From 1 (the title) to 6.
    pub level: u8,
    /// Its number as it stands in the text.
    pub number: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Its words.
    pub passages: Vec<Passage>,
}

impl Clause {
    /// The heading without its number.
    pub fn heading_words(&self) -> &str {
        match &self.number {
            Some(number) if self.own => {
                self.heading.strip_prefix(number.as_str()).unwrap_or(&self.heading).trim_start()
            }
            _ => &self.heading,
        }
    }

    /// All its words, passages separated by a blank.
    pub fn words(&self) -> String {
        self.passages.iter().map(Passage::shown).collect::<Vec<_>>().join(" ")
    }
}

/// The language of a text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Language {
    /// English.
    English,
    /// Ukrainian.
    Ukrainian,
}

impl Language {
    /// ISO 639-2.
    pub fn three_letters(self) -> &'static str {
        match self {
            Language::English => "eng",
            Language::Ukrainian => "ukr",
        }
    }

    /// Its name in English.
    pub fn name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::Ukrainian => "Ukrainian",
        }
    }
}

/// A text with its clauses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    /// Its clauses, the title first.
    pub clauses: Vec<Clause>,
    /// The language that most of its letters are of, or that was asked for.
    pub language: Language,
    /// The day of signature, where the text names one.
    pub signed: Option<Day>,
    /// What a reader should know about the source.
    pub notes: Vec<String>,
}

impl Draft {
    /// The number of words, without headings that are not of the text.
    pub fn words(&self) -> usize {
        let own = |c: &Clause| if c.own { c.heading.split_whitespace().count() } else { 0 };
        self.clauses.iter().map(|c| own(c) + c.words().split_whitespace().count()).sum()
    }
}

/// Finds the clauses.
pub fn draft(source: &Source, language: Option<Language>) -> Draft {
    let language = language.unwrap_or_else(|| {
        let (mut latin, mut cyrillic) = (0usize, 0usize);
        for c in source.blocks.iter().flat_map(|b| b.text.chars()) {
            match c {
                'a'..='z' | 'A'..='Z' => latin += 1,
                '\u{400}'..='\u{4ff}' => cyrillic += 1,
                _ => {}
            }
        }
        if cyrillic > latin { Language::Ukrainian } else { Language::English }
    });
    let mut maker = Maker::new(&source.blocks, language);
    maker.explicit = source.kind == crate::source::Kind::Akn;
    maker.run();
    let clauses = maker.finish();
    let signed = clauses.iter().filter(|c| c.kind == Kind::Signature).find_map(|c| {
        crate::words::days(&c.words()).into_iter().find_map(|(_, day)| day.is_whole().then_some(day))
    });
    Draft { clauses, language, signed, notes: source.notes.clone() }
}

/// The value of a Roman number; letters of the Cyrillic script that look the same are read as such.
pub(crate) fn roman(text: &str) -> Option<u32> {
    let mut total = 0i64;
    let mut before = i64::MAX;
    let mut count = 0;
    let upper = text.chars().all(|c| !c.is_lowercase());
    let lower = text.chars().all(|c| !c.is_uppercase());
    if text.is_empty() || !(upper || lower) {
        return None;
    }
    for c in text.chars() {
        let worth = match c {
            'I' | 'i' | 'І' | 'і' => 1,
            'V' | 'v' => 5,
            'X' | 'x' | 'Х' | 'х' => 10,
            'L' | 'l' => 50,
            'C' | 'c' => 100,
            _ => return None,
        };
        count += 1;
        if before < worth {
            total += worth - 2 * before;
        } else {
            total += worth;
        }
        before = worth;
    }
    (count <= 8).then(|| u32::try_from(total).ok()).flatten().filter(|n| *n > 0)
}

/// Why a paragraph is a heading: its rank, lower is higher up.
type Rank = u16;

const WORDS_OF_HEADINGS: &[(&str, Rank)] = &[
    ("annex", 5),
    ("appendix", 5),
    ("protocol", 5),
    ("додаток", 5),
    ("part", 10),
    ("title", 10),
    ("chapter", 12),
    ("частина", 10),
    ("розділ", 10),
    ("глава", 12),
    ("section", 15),
    ("article", 20),
    ("стаття", 20),
];

struct Maker<'a> {
    blocks: &'a [Block],
    language: Language,
    clauses: Vec<Clause>,
    stack: Vec<(Rank, String)>,
    numbers: BTreeSet<String>,
    signed: bool,
    /// Numbers of paragraphs go on through the text.
    through: bool,
    /// The file itself says what is a heading: looks decide nothing.
    explicit: bool,
}

impl<'a> Maker<'a> {
    fn new(blocks: &'a [Block], language: Language) -> Maker<'a> {
        Maker {
            blocks,
            language,
            clauses: Vec::new(),
            stack: Vec::new(),
            numbers: BTreeSet::new(),
            signed: false,
            through: true,
            explicit: false,
        }
    }

    fn run(&mut self) {
        let title = self.title();
        let mut seen = BTreeSet::new();
        let headings: BTreeMap<usize, Rank> =
            (title..self.blocks.len()).filter_map(|at| Some((at, self.heading(at, title)?))).collect();
        for (at, block) in self.blocks.iter().enumerate().skip(title) {
            if !headings.contains_key(&at)
                && let Some(number) = self.number(block)
                && !seen.insert(number.to_string())
            {
                self.through = false;
            }
        }
        for (at, block) in self.blocks.iter().enumerate().skip(title) {
            let rank = if self.signed && !self.explicit && !is_annex(&block.text) {
                None
            } else {
                headings.get(&at).copied()
            };
            if let Some(rank) = rank {
                self.signed = false;
                self.stack.retain(|(r, _)| *r < rank);
                let level = u8::try_from(self.stack.len() + 2).unwrap_or(6).min(6);
                let heading = match &block.label {
                    Some(label) => format!("{label} {}", block.text),
                    None => block.text.clone(),
                };
                let number = block.label.clone().or_else(|| leading_number(&block.text));
                let short = self.short(number.as_deref(), &block.text);
                self.stack.push((rank, short));
                self.clauses.push(Clause {
                    id: String::new(),
                    eid: block.eid.clone().unwrap_or_default(),
                    heading,
                    own: true,
                    level,
                    number,
                    kind: Kind::Heading,
                    passages: Vec::new(),
                });
            } else if !self.signed && is_signature(&block.text) && at > title {
                self.signed = true;
                let heading = match self.language {
                    Language::English => "Signature",
                    Language::Ukrainian => "Підписи",
                };
                self.clauses.push(Clause {
                    id: String::new(),
                    eid: String::new(),
                    heading: heading.into(),
                    own: false,
                    level: 2,
                    number: None,
                    kind: Kind::Signature,
                    passages: vec![passage(block)],
                });
            } else if let Some(number) = self.number(block).filter(|_| !self.signed) {
                let level = u8::try_from(self.stack.len() + 2).unwrap_or(6).min(6);
                let path = self.path();
                let word = match self.language {
                    Language::English => "Paragraph",
                    Language::Ukrainian => "Пункт",
                };
                let short = number.trim_matches(|c: char| !c.is_alphanumeric());
                let heading = if self.through || path.is_empty() {
                    format!("{word} {short}")
                } else {
                    format!("{word} {path}, {short}")
                };
                self.clauses.push(Clause {
                    id: String::new(),
                    eid: block.eid.clone().unwrap_or_default(),
                    heading,
                    own: false,
                    level,
                    number: Some(number.to_string()),
                    kind: Kind::Paragraph,
                    passages: vec![passage(block)],
                });
            } else if let Some(clause) = self.clauses.last_mut() {
                clause.passages.push(passage(block));
            }
        }
    }

    /// Makes the title's clause and says where the rest begins.
    fn title(&mut self) -> usize {
        let mut end = 0;
        let mut words: Vec<String> = Vec::new();
        let most = if self.explicit { 1 } else { 10 };
        let lines = self.blocks.len().min(most);
        while end < lines {
            let block = &self.blocks[end];
            let text = &block.text;
            let long = text.chars().count() > 220;
            let count: usize = words.iter().map(|w| w.chars().count()).sum();
            let preamble =
                matches!(text.to_lowercase().as_str(), "preamble" | "introduction" | "преамбула" | "вступ");
            let joins = end == 0
                || (block.style.is_some() && self.blocks[0].style == block.style && open_end(&words))
                || (block.style.is_none() && (open_end(&words) || starts_open(text)));
            if long
                || preamble
                || block.label.is_some()
                || (end > 0 && (text.ends_with([',', '.', ':', ';']) || !joins))
            {
                break;
            }
            if count + text.chars().count() > 400 {
                break;
            }
            words.push(text.clone());
            end += 1;
        }
        let untitled = words.is_empty();
        let heading = if untitled {
            match self.language {
                Language::English => "Agreement".to_string(),
                Language::Ukrainian => "Угода".to_string(),
            }
        } else {
            words.join(" ")
        };
        self.clauses.push(Clause {
            id: String::new(),
            eid: "title".into(),
            heading,
            own: !untitled,
            level: 1,
            number: None,
            kind: Kind::Title,
            passages: Vec::new(),
        });
        end
    }

    /// The number of a numbered paragraph.
    fn number<'b>(&self, block: &'b Block) -> Option<&'b str> {
        let label = block.label.as_deref()?;
        if block.place != Place::Body || label.starts_with('(') {
            return None;
        }
        let core = label.trim_end_matches(['.', ')']);
        let digits = !core.is_empty()
            && core.split('.').all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
        let deep = block.depth > 0 && !core.contains('.');
        (digits && !deep).then_some(label)
    }

    /// Whether a paragraph is a heading, and of which rank.
    fn heading(&self, at: usize, title: usize) -> Option<Rank> {
        let block = &self.blocks[at];
        if block.place != Place::Body {
            return None;
        }
        let text = block.text.as_str();
        if self.explicit {
            return block.style.map(|level| u16::from(level) * 10);
        }
        if let Some(level) = block.style {
            return (text.chars().count() <= 300).then(|| u16::from(level) * 10);
        }
        let length = text.chars().count();
        let first = text.chars().next()?;
        if length > 200 || first.is_lowercase() || is_signature(text) || is_signatory(text) {
            return None;
        }
        if length <= 2 || text.ends_with([';', ',', ':']) {
            return None;
        }
        let closed = text.ends_with(['.', '!', '?']);
        let lower = text.to_lowercase();
        let word = lower.split_whitespace().next().unwrap_or("");
        let after = lower.split_whitespace().nth(1).unwrap_or("");
        if let Some((_, rank)) =
            WORDS_OF_HEADINGS.iter().find(|(w, _)| *w == word.trim_end_matches(['.', ':']))
            && block.label.is_none()
            && length <= 160
        {
            let core = after.trim_matches(|c: char| !c.is_alphanumeric());
            let numbered = !core.is_empty()
                && (roman(core).is_some()
                    || core.bytes().all(|b| b.is_ascii_digit())
                    || core.chars().count() == 1);
            if (numbered && !closed) || (*rank == 5 && after.is_empty()) {
                return Some(*rank);
            }
        }
        let label = block.label.as_deref();
        let core = label.map(|l| l.trim_matches(['(', ')', '.'])).unwrap_or("");
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        let capitals = letters > 3 && text.chars().filter(|c| c.is_alphabetic()).all(|c| !c.is_lowercase());
        let before = at.checked_sub(1).and_then(|b| self.blocks.get(b));
        let next = self.blocks.get(at + 1);
        let in_list = before.is_some_and(|b| b.text.ends_with([':', ';', ',']) && at > title);
        let twin = |other: Option<&Block>| {
            other.is_some_and(|o| o.label.as_deref().is_some_and(|l| same_kind(l, label.unwrap_or(""))))
        };
        if capitals && length <= 160 && !closed && next.is_some() {
            return Some(10);
        }
        if let Some(label) = label {
            let upper_roman =
                roman(core).is_some() && !core.chars().any(char::is_lowercase) && label.ends_with('.');
            let single = core.chars().count() == 1;
            if upper_roman && (!single || !self.lettered(at)) && !closed && length <= 160 {
                return Some(10);
            }
            if label.starts_with('(') || in_list || closed || length > 140 {
                return None;
            }
            if core.chars().count() == 1 && core.chars().all(char::is_alphabetic) {
                return (!twin(next)).then_some(45);
            }
            if !core.is_empty() && core.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
                return (block.emphasis || (!twin(next) && length <= 120)).then_some(25);
            }
            return None;
        }
        let listed = before.is_some_and(|b| b.text.ends_with([';', ',']) && at > title);
        if block.emphasis && length <= 160 && !listed && next.is_some() {
            return Some(35);
        }
        let quiet = !closed || (length <= 90 && block.emphasis);
        (quiet && length <= 120 && !in_list && next.is_some() && first.is_alphabetic()).then_some(40)
    }

    /// A lone `I.` or `C.` among `A.`, `B.`, … is a letter and no Roman number.
    fn lettered(&self, at: usize) -> bool {
        let core = |b: &Block| {
            b.label.as_deref().map(|l| l.trim_matches(['(', ')', '.']).to_string()).unwrap_or_default()
        };
        let own = core(&self.blocks[at]);
        let Some(own) = own.chars().next().filter(|c| c.is_ascii_uppercase()) else { return false };
        let wanted = char::from(own as u8 - u8::from(own > 'A')).to_string();
        // The last label of one capital letter before this one decides.
        let before = self.blocks[..at]
            .iter()
            .rev()
            .map(core)
            .find(|c| c.chars().count() == 1 && c.chars().all(|c| c.is_ascii_uppercase()));
        own != 'I' && before.as_deref() == Some(wanted.as_str())
            || own == 'I' && before.as_deref() == Some("H")
    }

    /// A heading as it is called in those below: its number, or its first words where another heading beside it has that number.
    fn short(&mut self, number: Option<&str>, text: &str) -> String {
        let number = number.map(|n| n.trim_matches(|c: char| !c.is_alphanumeric())).filter(|n| !n.is_empty());
        match number {
            Some(number) if self.numbers.insert(format!("{} / {number}", self.path())) => number.to_string(),
            _ => {
                let words: Vec<&str> = text.split_whitespace().take(4).collect();
                words.join(" ").trim_end_matches([',', '.', ':']).to_string()
            }
        }
    }

    fn path(&self) -> String {
        self.stack.iter().map(|(_, short)| short.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Gives identities.
    fn finish(self) -> Vec<Clause> {
        let mut clauses = self.clauses;
        let mut ids = BTreeSet::new();
        let mut eids = BTreeSet::new();
        let mut above: Vec<(u8, String)> = Vec::new();
        for clause in &mut clauses {
            // As the language does it for headings, so that both speak of the same clause.
            let slug = Name::slug(&clause.heading);
            let slug = if slug.as_str().is_empty() { "clause".to_string() } else { slug.to_string() };
            let mut id = slug.clone();
            let mut n = 1;
            while !ids.insert(id.clone()) {
                n += 1;
                id = format!("{slug}-{n}");
            }
            clause.id = id;
            above.retain(|(level, _)| *level < clause.level);
            if clause.eid.is_empty() {
                let number = clause.number.as_deref().map(|n| n.trim_matches(|c: char| !c.is_alphanumeric()));
                let own = match (clause.kind, number.filter(|n| !n.is_empty())) {
                    (Kind::Paragraph, Some(number)) => format!("para_{}", number.replace(['.', ' '], "-")),
                    (Kind::Signature, _) => "signature".to_string(),
                    (_, Some(number)) => format!("sec_{}", Name::slug(number)),
                    _ => {
                        let words: Vec<&str> = clause.heading.split_whitespace().take(6).collect();
                        format!("sec_{}", Name::slug(&words.join(" ")))
                    }
                };
                clause.eid = match above.last().filter(|(level, _)| *level > 1) {
                    Some((_, parent)) => format!("{parent}__{own}"),
                    None => own,
                };
            }
            let wanted = clause.eid.clone();
            let mut n = 1;
            while !eids.insert(clause.eid.clone()) {
                n += 1;
                clause.eid = format!("{wanted}-{n}");
            }
            above.push((clause.level, clause.eid.clone()));
        }
        clauses
    }
}

fn passage(block: &Block) -> Passage {
    Passage { label: block.label.clone(), text: block.text.clone(), place: block.place }
}

/// Whether two labels are of one kind: both numbers, both letters in brackets, …
fn same_kind(a: &str, b: &str) -> bool {
    let shape = |label: &str| -> String {
        let core = label.trim_matches(['(', ')', '.']);
        let kind = if core.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            '0'
        } else if core.chars().all(char::is_uppercase) {
            'A'
        } else {
            'a'
        };
        let close: String = label.chars().filter(|c| matches!(c, '(' | ')')).collect();
        format!("{kind}{close}")
    };
    shape(a) == shape(b)
}

fn leading_number(heading: &str) -> Option<String> {
    let mut words = heading.split_whitespace();
    let first = words.next()?;
    let known =
        WORDS_OF_HEADINGS.iter().any(|(w, _)| *w == first.to_lowercase().trim_end_matches(['.', ':']));
    let second = words.next().filter(|_| known)?;
    let core = second.trim_matches(|c: char| !c.is_alphanumeric());
    (!core.is_empty()).then(|| format!("{first} {second}"))
}

fn open_end(words: &[String]) -> bool {
    let all = words.join(" ").to_lowercase();
    let last = all.split_whitespace().next_back().unwrap_or("");
    let capitals =
        words.last().is_some_and(|w| w.chars().filter(|c| c.is_alphabetic()).all(|c| !c.is_lowercase()));
    matches!(last, "between" | "and" | "of" | "the" | "on" | "to" | "між" | "та" | "і" | "про" | "й")
        || (!all.contains(" between ")
            && !all.contains(" між ")
            && (all.split_whitespace().count() < 3 || capitals))
}

fn starts_open(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or("").to_lowercase();
    matches!(first.as_str(), "between" | "and" | "on" | "of" | "for" | "між" | "та" | "про" | "і")
        && text.chars().count() < 160
}

/// The line with place and day of signature.
pub(crate) fn is_signature(text: &str) -> bool {
    let lower = text.to_lowercase();
    let begins = [
        "signed in ",
        "signed at ",
        "signed on ",
        "done at ",
        "done in ",
        "done this ",
        "signed, ",
        "in witness whereof",
        "підписано ",
        "учинено ",
        "вчинено ",
        "укладено ",
        "здійснено ",
    ];
    begins.iter().any(|b| lower.starts_with(b)) && text.chars().any(|c| c.is_ascii_digit())
}

/// The line of one who signs.
fn is_signatory(text: &str) -> bool {
    let lower = text.to_lowercase();
    let begins = lower.starts_with("for ")
        || lower.starts_with("за ")
        || lower.starts_with("on behalf of")
        || lower.starts_with("від ");
    begins && text.chars().count() < 160 && !text.ends_with('.')
}

fn is_annex(text: &str) -> bool {
    let lower = text.to_lowercase();
    let first = lower.split_whitespace().next().unwrap_or("").trim_end_matches(['.', ':']);
    matches!(first, "annex" | "appendix" | "додаток" | "protocol") && text.chars().count() < 160
}
