//! The words of the language: declarations, their fields, and the shape of each field's value.
//!
//! One table, [`fields`], says which fields a declaration has. The tree, the typed fields, the suggestions and the
//! reference page all follow it.

/// What a declaration declares.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[allow(missing_docs, reason = "the names are the words of the language")]
pub enum Keyword {
    Agreement,
    Party,
    Group,
    Body,
    Zone,
    Class,
    Event,
    State,
    Object,
    Measure,
    Term,
    Open,
    Reading,
    Duty,
    Ban,
    Remedy,
    Right,
    Power,
    Priority,
    Milestone,
    Delivery,
    Quota,
    Notify,
}

impl Keyword {
    /// All of them, in the order of the language's description.
    pub const ALL: [Keyword; 23] = {
        use Keyword::*;
        [
            Agreement, Party, Group, Body, Zone, Class, Event, State, Object, Measure, Term, Open, Reading,
            Duty, Ban, Remedy, Right, Power, Priority, Milestone, Delivery, Quota, Notify,
        ]
    };

    /// The word that begins the declaration.
    pub fn word(self) -> &'static str {
        match self {
            Keyword::Agreement => "agreement",
            Keyword::Party => "party",
            Keyword::Group => "group",
            Keyword::Body => "body",
            Keyword::Zone => "zone",
            Keyword::Class => "class",
            Keyword::Event => "event",
            Keyword::State => "state",
            Keyword::Object => "object",
            Keyword::Measure => "measure",
            Keyword::Term => "term",
            Keyword::Open => "open",
            Keyword::Reading => "reading",
            Keyword::Duty => "duty",
            Keyword::Ban => "ban",
            Keyword::Remedy => "remedy",
            Keyword::Right => "right",
            Keyword::Power => "power",
            Keyword::Priority => "priority",
            Keyword::Milestone => "milestone",
            Keyword::Delivery => "delivery",
            Keyword::Quota => "quota",
            Keyword::Notify => "notify",
        }
    }

    /// The declaration that a word begins.
    pub fn parse(word: &str) -> Option<Keyword> {
        Keyword::ALL.into_iter().find(|k| k.word() == word)
    }

    /// With its article, for messages: `a duty`, `an event`.
    pub fn with_article(self) -> String {
        let an = matches!(self, Keyword::Agreement | Keyword::Event | Keyword::Object | Keyword::Open);
        format!("{} {}", if an { "an" } else { "a" }, self.word())
    }
}

/// The shape of a field's value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each is the shape of the value of the same name in `ast`")]
pub enum Shape {
    Flag,
    Words,
    Names,
    Texts,
    Expr,
    Moment,
    Who,
    Content,
    Within,
    Every,
    NoLater,
    Gap,
    Except,
    Members,
    Decides,
    Params,
    ZoneShape,
    Sides,
    ClassValue,
    Evidence,
    Span,
    Option,
    AtLeast,
    Calendar,
    Can,
    EffectAt,
    Silence,
    Rule,
    Row,
    Item,
    AtMost,
    Mark,
}

/// A field of a declaration.
#[derive(Clone, Copy, Debug)]
pub struct FieldRule {
    /// The field word: one or two words with one blank.
    pub word: &'static str,
    /// The shape of its value.
    pub shape: Shape,
    /// Whether it may stand more than once.
    pub many: bool,
}

const fn one(word: &'static str, shape: Shape) -> FieldRule {
    FieldRule { word, shape, many: false }
}

const fn many(word: &'static str, shape: Shape) -> FieldRule {
    FieldRule { word, shape, many: true }
}

const PER: FieldRule = many("per", Shape::Texts);
const MARK: FieldRule = one("mark", Shape::Mark);
const NEEDS: FieldRule = many("needs", Shape::Expr);
const SEEN_BY: FieldRule = one("seen by", Shape::Names);
const STANDARD: FieldRule = one("standard", Shape::Words);
const WATCHED: FieldRule = one("watched", Shape::AtLeast);
const FORCE: FieldRule = one("force", Shape::Words);
const ON_BREACH: FieldRule = many("on breach", Shape::Names);
const ACCEPTED: FieldRule = many("accepted", Shape::Texts);
const BEARER: FieldRule = one("bearer", Shape::Who);
const OWED_TO: FieldRule = one("owed to", Shape::Who);
const IF: FieldRule = one("if", Shape::Expr);
const UNLESS: FieldRule = one("unless", Shape::Expr);
const WHEN: FieldRule = one("when", Shape::Expr);
const FROM: FieldRule = one("from", Shape::Moment);
const UNTIL: FieldRule = one("until", Shape::Moment);
const EXCEPT: FieldRule = many("except", Shape::Except);

const FACT_FIELDS: &[FieldRule] = &[
    one("says", Shape::Texts),
    many("carries", Shape::Params),
    one("evidence", Shape::Evidence),
    one("good for", Shape::Span),
    one("absence", Shape::Words),
    one("is", Shape::Words),
    one("unit", Shape::Words),
    many("begins", Shape::Moment),
    many("ends", Shape::Moment),
];

const DUTY: &[FieldRule] = &[
    BEARER,
    OWED_TO,
    WHEN,
    IF,
    UNLESS,
    NEEDS,
    many("must not", Shape::Content),
    many("must", Shape::Content),
    FROM,
    UNTIL,
    many("by", Shape::Moment),
    many("within", Shape::Within),
    many("every", Shape::Every),
    many("no later", Shape::NoLater),
    one("gap", Shape::Gap),
    EXCEPT,
    SEEN_BY,
    STANDARD,
    WATCHED,
    FORCE,
    ON_BREACH,
    PER,
    MARK,
    ACCEPTED,
];
const REMEDY: &[FieldRule] = &[one("effect", Shape::Words)];
const RIGHT: &[FieldRule] = &[
    BEARER,
    OWED_TO,
    WHEN,
    IF,
    UNLESS,
    NEEDS,
    one("may", Shape::Content),
    one("obstructed by", Shape::Expr),
    FROM,
    UNTIL,
    SEEN_BY,
    STANDARD,
    WATCHED,
    FORCE,
    ON_BREACH,
    PER,
    MARK,
    ACCEPTED,
];

const REST_OF_SUGAR: &[FieldRule] = &[
    BEARER, OWED_TO, IF, UNLESS, NEEDS, SEEN_BY, STANDARD, WATCHED, FORCE, ON_BREACH, PER, MARK, ACCEPTED,
    EXCEPT,
];

const MILESTONE: &[FieldRule] = &[
    one("measure", Shape::Expr),
    many("target", Shape::Row),
    many("floor", Shape::Row),
    many("ceiling", Shape::Row),
    one("compare", Shape::Names),
];
const DELIVERY: &[FieldRule] = &[many("item", Shape::Item), one("fact", Shape::Names)];
const QUOTA: &[FieldRule] = &[one("of", Shape::Expr), many("at most", Shape::AtMost), FROM, UNTIL, WHEN];
const NOTIFY: &[FieldRule] =
    &[one("of", Shape::Expr), many("must", Shape::Content), many("no later", Shape::NoLater), FROM, UNTIL];

const AGREEMENT: &[FieldRule] = &[
    one("status", Shape::Words),
    one("signed", Shape::Moment),
    one("in force", Shape::Moment),
    one("ends", Shape::Moment),
    one("time zone", Shape::Words),
    one("counting", Shape::Words),
    one("months", Shape::Words),
    many("calendar", Shape::Calendar),
    one("notices count", Shape::Words),
    one("authentic", Shape::Texts),
    one("version", Shape::Texts),
    STANDARD,
    WATCHED,
    one("exercise", Shape::Flag),
    NEEDS,
    PER,
];
const GROUP: &[FieldRule] = &[many("members", Shape::Members)];
const BODY: &[FieldRule] = &[many("members", Shape::Members), one("decides", Shape::Decides)];
const ZONE: &[FieldRule] =
    &[many("given", Shape::Params), many("shape", Shape::ZoneShape), one("sides", Shape::Sides), MARK];
const CLASS: &[FieldRule] = &[many("value", Shape::ClassValue)];
const TERM: &[FieldRule] =
    &[one("means", Shape::Expr), one("found by", Shape::Names), STANDARD, PER, ACCEPTED];
const OPEN: &[FieldRule] =
    &[one("judged by", Shape::Names), one("until then", Shape::Expr), STANDARD, PER, ACCEPTED];
const READING: &[FieldRule] = &[many("option", Shape::Option), PER];
const POWER: &[FieldRule] = &[
    BEARER,
    one("can", Shape::Can),
    one("by act", Shape::Expr),
    one("effect at", Shape::EffectAt),
    IF,
    UNLESS,
    one("silence", Shape::Silence),
    one("clock", Shape::Words),
    PER,
    ACCEPTED,
];
const PRIORITY: &[FieldRule] = &[many("rule", Shape::Rule), PER];

/// The fields of a declaration, in the order in which they usually stand.
pub fn fields(keyword: Keyword) -> impl Iterator<Item = &'static FieldRule> {
    let (own, rest): (&'static [FieldRule], &'static [FieldRule]) = match keyword {
        Keyword::Agreement => (AGREEMENT, &[]),
        Keyword::Party => (&[], &[]),
        Keyword::Group => (GROUP, &[]),
        Keyword::Body => (BODY, &[]),
        Keyword::Zone => (ZONE, &[]),
        Keyword::Class => (CLASS, &[]),
        Keyword::Event | Keyword::State | Keyword::Object | Keyword::Measure => (FACT_FIELDS, &[]),
        Keyword::Term => (TERM, &[]),
        Keyword::Open => (OPEN, &[]),
        Keyword::Reading => (READING, &[]),
        Keyword::Duty | Keyword::Ban => (DUTY, &[]),
        Keyword::Remedy => (REMEDY, DUTY),
        Keyword::Right => (RIGHT, &[]),
        Keyword::Power => (POWER, &[]),
        Keyword::Priority => (PRIORITY, &[]),
        Keyword::Milestone => (MILESTONE, REST_OF_SUGAR),
        Keyword::Delivery => (DELIVERY, REST_OF_SUGAR),
        Keyword::Quota => (QUOTA, REST_OF_SUGAR),
        Keyword::Notify => (NOTIFY, REST_OF_SUGAR),
    };
    own.iter().chain(rest)
}

/// The field of a declaration by its word.
pub fn field(keyword: Keyword, word: &str) -> Option<&'static FieldRule> {
    fields(keyword).find(|f| f.word == word)
}

/// The field word that a line begins with: the longest that fits its first two words.
pub fn field_word(first: &str, second: Option<&str>) -> Option<&'static str> {
    let two = second.and_then(|second| {
        ALL_FIELD_WORDS.iter().find(|w| w.split_once(' ').is_some_and(|(a, b)| a == first && b == second))
    });
    two.or_else(|| ALL_FIELD_WORDS.iter().find(|w| **w == first)).copied()
}

/// Every field word of the language.
pub const ALL_FIELD_WORDS: [&str; 73] = [
    "absence",
    "accepted",
    "at most",
    "authentic",
    "bearer",
    "begins",
    "by",
    "by act",
    "calendar",
    "can",
    "carries",
    "ceiling",
    "clock",
    "compare",
    "counting",
    "decides",
    "effect",
    "effect at",
    "ends",
    "every",
    "evidence",
    "except",
    "exercise",
    "fact",
    "floor",
    "force",
    "found by",
    "from",
    "gap",
    "given",
    "good for",
    "if",
    "in force",
    "is",
    "item",
    "judged by",
    "mark",
    "may",
    "means",
    "measure",
    "members",
    "months",
    "must",
    "must not",
    "needs",
    "no later",
    "notices count",
    "obstructed by",
    "of",
    "on breach",
    "option",
    "owed to",
    "per",
    "rule",
    "says",
    "seen by",
    "shape",
    "sides",
    "signed",
    "silence",
    "standard",
    "status",
    "target",
    "time zone",
    "unit",
    "unless",
    "until",
    "until then",
    "value",
    "version",
    "watched",
    "when",
    "within",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_list_of_field_words_is_that_of_the_fields() {
        let used: BTreeSet<&str> = Keyword::ALL.into_iter().flat_map(fields).map(|f| f.word).collect();
        assert_eq!(used, ALL_FIELD_WORDS.into_iter().collect());
    }

    #[test]
    fn the_longest_field_word_wins() {
        assert_eq!(field_word("must", Some("not")), Some("must not"));
        assert_eq!(field_word("must", Some("do")), Some("must"));
        assert_eq!(field_word("owed", Some("by")), None);
        assert_eq!(field_word("effect", Some("at")), Some("effect at"));
    }
}
