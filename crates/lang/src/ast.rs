//! Typed fields with spans, read from the trees.
//!
//! Names are not resolved here: `fire by Russia` and `zone-width of type` are both a name with roles. What a name is, and
//! whether it may stand where it stands, is decided when the text is lowered.
//!
//! Invariants
//! - every span is in bytes of the whole file;
//! - a field that could not be read is [`FieldValue::Unreadable`], and its declaration is marked as damaged.
//!
//! Where to start reading: [`File`], then [`Decl`], then [`Expr`].

use crate::diagnostic::Diagnostic;
use crate::parser::vocabulary::{self, Keyword};
use crate::parser::{Parse, Tree, expression, field, shown};
use crate::surface::{self, Language, Within};
use crate::syntax::{SyntaxKind, SyntaxNode};
use servanda_model::agreement::{Agg, ArithOp, Function, Op, Verb};
use servanda_model::time::CalendarPeriod;
use servanda_model::{Name, Number};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A place in the file, in bytes.
pub type Span = Range<usize>;

/// A word with its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ident {
    /// The word.
    pub text: Name,
    /// Its place.
    pub span: Span,
}

/// A quoted text, white space folded, with its place (quotation marks included).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text {
    /// The text.
    pub text: String,
    /// Its place.
    pub span: Span,
}

/// All declarations of a file.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct File {
    /// In order of the text.
    pub decls: Vec<Decl>,
}

/// A declaration.
#[derive(Clone, PartialEq, Debug)]
pub struct Decl {
    /// What it declares.
    pub keyword: Keyword,
    /// The word's place.
    pub keyword_span: Span,
    /// Its name.
    pub name: Option<Ident>,
    /// Displayed phrase, or the words that a reading or an `open` is about.
    pub phrase: Option<Text>,
    /// Words after that: `outside`.
    pub flags: Vec<Ident>,
    /// Its fields.
    pub fields: Vec<Field>,
    /// From its word to its last field.
    pub span: Span,
    /// The clause that it stands under, by index.
    pub clause: Option<usize>,
    /// Something in it could not be read.
    pub damaged: bool,
    /// The language of its words.
    pub language: Language,
}

impl Decl {
    /// The first field of that word.
    pub fn field(&self, word: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.word == word)
    }

    /// All fields of that word.
    pub fn all<'d>(&'d self, word: &'d str) -> impl Iterator<Item = &'d Field> {
        self.fields.iter().filter(move |f| f.word == word)
    }

    /// Where to point at the declaration: its name, else its word.
    pub fn name_span(&self) -> Span {
        self.name.as_ref().map_or(self.keyword_span.clone(), |n| n.span.clone())
    }
}

/// A field.
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    /// Its field word.
    pub word: &'static str,
    /// The field word's place.
    pub word_span: Span,
    /// Its value.
    pub value: FieldValue,
    /// From its word to the end of its value.
    pub span: Span,
}

/// The value of a field, by shape.
#[derive(Clone, PartialEq, Debug)]
#[allow(
    missing_docs,
    reason = "each is named after the field whose shape it is; `parser::vocabulary` says which have it"
)]
pub enum FieldValue {
    /// It could not be read; a diagnostic says why.
    Unreadable,
    Flag,
    /// Tokens as they stand.
    Words(Vec<Ident>),
    Names(Vec<Ident>),
    Texts(Vec<Text>),
    /// A condition, a trigger, a pattern or a value.
    Expr(Expr),
    Moment(Expr),
    Who(Who),
    Content {
        verb: Verb,
        cond: Expr,
    },
    Within {
        span: Expr,
        of: Option<Expr>,
    },
    Every {
        span: Expr,
        from: Option<Expr>,
    },
    NoLater {
        span: Expr,
        before: Option<Expr>,
    },
    Gap {
        total: Expr,
        window: Expr,
    },
    Except(Vec<Exception>),
    Members(Vec<Member>),
    Decides(Decision),
    Params(Vec<Param>),
    ZoneShape(ZoneShape),
    Sides {
        left: Ident,
        right: Ident,
    },
    ClassValue {
        name: Ident,
        phrase: Option<Text>,
        attributes: Vec<(Ident, Quantity)>,
    },
    Evidence(Vec<EvidenceRule>),
    Span(Expr),
    Option {
        name: Ident,
        meaning: Meaning,
    },
    AtLeast(Quantity),
    Calendar(Vec<CalendarItem>),
    Can {
        verb: Ident,
        by: Option<Expr>,
        on: Targets,
    },
    /// `None`: at once.
    EffectAt(Option<Expr>),
    Silence {
        span: Expr,
        objection: Option<Expr>,
    },
    Rule {
        over: Ident,
        yields: Ident,
    },
    Row {
        date: Text,
        amount: Quantity,
    },
    Item {
        what: Text,
        amount: Quantity,
        by: Ident,
        due: Expr,
    },
    AtMost {
        amount: Quantity,
        period: Option<CalendarPeriod>,
    },
    Mark {
        level: Option<Ident>,
        restricted: Option<Vec<Ident>>,
        note: String,
    },
}

/// A number with its unit.
#[derive(Clone, PartialEq, Debug)]
pub struct Quantity {
    /// The number as written.
    pub number: Number,
    /// The unit: `persons`, `percent`, `working days`.
    pub unit: Option<Ident>,
    /// Number and unit.
    pub span: Span,
}

/// Who.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Who {
    /// How the names are meant.
    pub kind: WhoKind,
    /// The names.
    pub names: Vec<Ident>,
    /// All of it.
    pub span: Span,
}

/// How names of parties are meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WhoKind {
    /// `each of A, B`.
    EachOf,
    /// `every other of A`.
    EveryOtherOf,
    /// `A and B jointly`.
    Jointly,
    /// `A`, or `A, B`.
    Plain,
    /// `unstated`.
    Unstated,
    /// `breaching party`.
    BreachingParty,
}

/// An exception.
#[derive(Clone, PartialEq, Debug)]
pub struct Exception {
    /// What it covers.
    pub covers: Expr,
    /// Up to how much.
    pub up_to: Option<Quantity>,
    /// Until when.
    pub until: Option<Text>,
}

/// A membership.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Who.
    pub who: Ident,
    /// From which date.
    pub from: Option<Text>,
    /// Until which date.
    pub until: Option<Text>,
}

/// How a body decides.
#[derive(Clone, PartialEq, Debug)]
pub struct Decision {
    /// How many must agree.
    pub quorum: Quorum,
    /// How fast, and from which act.
    pub within: Option<(Expr, Expr)>,
    /// Who may decide after that.
    pub failing: Option<Box<Decision>>,
}

/// How many must agree.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs, reason = "the names are their own description")]
pub enum Quorum {
    Share(Number),
    Majority,
    All,
    AnyOf(u32, Ident),
}

/// A role or a parameter with its type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Param {
    /// The role.
    pub name: Ident,
    /// Its type.
    pub of: Ident,
    /// The unit of a number.
    pub unit: Option<Ident>,
}

/// One case of a zone.
#[derive(Clone, PartialEq, Debug)]
pub struct ZoneShape {
    /// The extent.
    pub extent: Extent,
    /// `for PARAM = NAME`.
    pub guards: Vec<(Ident, Ident)>,
    /// `valid from`.
    pub from: Option<Text>,
    /// `until`.
    pub until: Option<Text>,
}

/// An extent.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs, reason = "the names are their own description")]
#[allow(clippy::large_enum_variant, reason = "an agreement has few extents")]
pub enum Extent {
    Given(Text),
    Zone(Pattern),
    Strip { line: Pattern, within: Expr, side: Option<Ident> },
    Disc { within: Quantity, lat: Number, lon: Number, span: Span },
    Union(Vec<Extent>),
    Minus(Box<Extent>, Box<Extent>),
}

/// A rule on sources.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EvidenceRule {
    /// At least so many.
    pub sources: u32,
    /// Of this grade or better.
    pub grade: Option<Ident>,
    /// From this source.
    pub from: Option<String>,
}

/// What an option of a reading stands for.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs, reason = "the names are their own description")]
pub enum Meaning {
    AtLeastTarget,
    AtMostTarget,
    TargetWithin(Quantity),
    Expr(Expr),
}

/// A part of the field `calendar`.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are their own description")]
pub enum CalendarItem {
    /// Days of the week, Monday = 0.
    WorkingDays(BTreeSet<i8>),
    Holidays(Vec<Text>),
    DaysOff(servanda_model::time::DayOff),
}

/// What a power acts on.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are their own description")]
pub enum Targets {
    Names(Vec<Ident>),
    EveryDutyOfBearer,
    EveryNorm,
}

/// A condition, a value, a moment or a trigger: which of them it may be is decided by its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its place, brackets around it included.
    pub span: Span,
}

/// Kinds of expressions.
#[derive(Clone, PartialEq, Debug)]
pub enum ExprKind {
    /// All.
    And(Vec<Expr>),
    /// Any.
    Or(Vec<Expr>),
    /// `not`.
    Not(Box<Expr>),
    /// A comparison.
    Compare(Box<Expr>, Op, Box<Expr>),
    /// `at inside ZONE`, `at outside ZONE`.
    Inside(Box<Expr>, Pattern, bool),
    /// `ceasefire begins`, `duty-x breached by A`.
    Happening(Box<Expr>, Happening, Option<Ident>),
    /// `no FACT`.
    No(Box<Expr>),
    /// `any FACT`.
    Any(Box<Expr>),
    /// `N days consecutive with …`.
    Run(Quantity, Box<Expr>, Option<Ident>),
    /// A number, a share or a span.
    Quantity(Quantity),
    /// A date or a time, as written.
    Time(Text),
    /// A quoted text.
    Text(String),
    /// A name, with what stands to its right.
    Pattern(Pattern),
    /// `each of A, B` in the place of a role's value.
    EachOf(Vec<Ident>),
    /// An aggregate.
    Aggregate(Agg, Option<Ident>, Pattern, Window),
    /// `coverage of ZONE by A`.
    Coverage(Pattern, Option<Ident>),
    /// `half of V`, `10 percent of V`: the share, and of what.
    Share(Number, Box<Expr>),
    /// A function.
    Call(Function, Vec<Expr>),
    /// Arithmetic.
    Arith(Box<Expr>, ArithOp, Box<Expr>),
    /// `SPAN after MOMENT` (true), `SPAN before MOMENT` (false).
    Shift(Box<Expr>, bool, Box<Expr>),
    /// `day N after MOMENT`, and with true `end of day N after MOMENT`.
    Day(i64, bool, Box<Expr>),
    /// `MOMENT detected` (false), `MOMENT verified` (true).
    Known(Box<Expr>, bool),
}

/// A name with its arguments, roles and filter.
#[derive(Clone, PartialEq, Debug)]
pub struct Pattern {
    /// The name.
    pub name: Ident,
    /// Arguments in brackets.
    pub args: Vec<Expr>,
    /// Roles and their values.
    pub roles: Vec<(Ident, Expr)>,
    /// `where ( … )`.
    pub filter: Option<Box<Expr>>,
    /// All of it.
    pub span: Span,
}

impl Pattern {
    /// Whether it is a name and nothing else.
    pub fn is_bare(&self) -> bool {
        self.args.is_empty() && self.roles.is_empty() && self.filter.is_none()
    }
}

/// What can happen to what a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are the words of the language")]
pub enum Happening {
    Begins,
    Ends,
    Holds,
    Found,
    Fulfilled,
    Breached,
    Due,
}

impl Happening {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Happening::Begins => "begins",
            Happening::Ends => "ends",
            Happening::Holds => "holds",
            Happening::Found => "found",
            Happening::Fulfilled => "fulfilled",
            Happening::Breached => "breached",
            Happening::Due => "due",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Happening> {
        use Happening::*;
        [Begins, Ends, Holds, Found, Fulfilled, Breached, Due].into_iter().find(|h| h.word() == word)
    }
}

/// Over what time an aggregate goes.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs, reason = "the names are their own description")]
pub enum Window {
    All,
    InAny(Quantity),
    InEach(CalendarPeriod),
    Since(Box<Expr>),
}

/// Reads the typed fields of a parsed file. `text` is the text that was parsed.
pub fn file(text: &str, parse: &Parse) -> (File, Vec<Diagnostic>) {
    let mut reader = Reader { text, roles: roles(parse), diagnostics: Vec::new() };
    let mut decls = Vec::new();
    for tree in &parse.trees {
        for node in tree.root().children().filter(|n| n.kind() == SyntaxKind::Decl) {
            decls.extend(reader.declaration(&node, tree));
        }
    }
    (File { decls }, reader.diagnostics)
}

/// A token with its place in the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Token {
    pub(crate) kind: SyntaxKind,
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// The English word of a field's node.
pub(crate) fn field_word(language: Language, field: &SyntaxNode) -> Option<&'static str> {
    let word = solid_tokens(&field.first_child()?, 0);
    let words: Vec<&str> = word.iter().map(|t| t.text.as_str()).collect();
    let (found, used) = surface::field_of(language, &words)?;
    (used == words.len()).then_some(found)
}

pub(crate) fn solid_tokens(node: &SyntaxNode, offset: usize) -> Vec<Token> {
    node.descendants_with_tokens()
        .filter_map(|e| e.into_token())
        .filter(|t| !t.kind().is_trivia())
        .map(|t| {
            let start = offset + usize::from(t.text_range().start());
            Token { kind: t.kind(), span: start..start + t.text().len(), text: t.text().to_string() }
        })
        .collect()
}

/// The names of all roles that any fact of the file carries: after a number they are roles, not units.
fn roles(parse: &Parse) -> BTreeSet<Name> {
    let mut roles = BTreeSet::new();
    for tree in &parse.trees {
        for field in tree.root().descendants().filter(|n| n.kind() == SyntaxKind::Field) {
            if field_word(tree.language, &field) == Some("carries") {
                let tokens =
                    surface::canonical(tree.language, solid_tokens(&field, 0), Within::Field("carries"));
                let named = tokens.windows(2).filter(|two| two[1].kind == SyntaxKind::Colon);
                roles.extend(named.map(|two| Name::from(two[0].text.as_str())));
            }
        }
    }
    roles
}

/// The text between quotation marks, white space folded.
pub(crate) fn unquoted(text: &str) -> String {
    let inner = text.strip_prefix('"').unwrap_or(text);
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    crate::document::folded(&inner.replace("\\\"", "\""))
}

struct Reader<'t> {
    text: &'t str,
    roles: BTreeSet<Name>,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn declaration(&mut self, node: &SyntaxNode, tree: &Tree) -> Option<Decl> {
        let (offset, language) = (tree.offset, tree.language);
        let head = surface::canonical(language, solid_tokens(&node.first_child()?, offset), Within::Head);
        let first = head.first()?;
        let keyword = surface::declaration_of(language, &first.text)?;
        let mut decl = Decl {
            keyword,
            keyword_span: first.span.clone(),
            name: None,
            phrase: None,
            flags: Vec::new(),
            fields: Vec::new(),
            span: first.span.start..head.last()?.span.end,
            clause: tree.clause,
            damaged: false,
            language,
        };
        self.head(&mut decl, &head[1..]);
        let mut seen: BTreeMap<&'static str, Span> = BTreeMap::new();
        for child in node.children() {
            match child.kind() {
                SyntaxKind::Error => decl.damaged = true,
                SyntaxKind::Field => {
                    let Some(field) = self.field(keyword, &child, tree, &mut seen) else {
                        decl.damaged = true;
                        continue;
                    };
                    decl.damaged |= field.value == FieldValue::Unreadable;
                    decl.span.end = decl.span.end.max(field.span.end);
                    decl.fields.push(field);
                }
                _ => {}
            }
        }
        Some(decl)
    }

    fn head(&mut self, decl: &mut Decl, rest: &[Token]) {
        let mut rest = rest.iter().peekable();
        match rest.peek() {
            Some(token) if token.kind == SyntaxKind::Word => {
                decl.name = Some(Ident { text: Name::from(token.text.as_str()), span: token.span.clone() });
                rest.next();
            }
            other => {
                let span = other.map_or(decl.keyword_span.clone(), |t| t.span.clone());
                decl.damaged = true;
                let what = decl.keyword.word();
                self.diagnostics.push(
                    Diagnostic::error("P0109", span, format!("this {what} has no name")).help(
                        "a name is one word of letters, digits, `-`, `_` and `/` with at least one letter: \
                         `large-scale-aggression`; the phrase for people stands after it in quotation marks",
                    ),
                );
                if other.is_some_and(|t| t.kind != SyntaxKind::String) {
                    return;
                }
            }
        }
        if let Some(token) = rest.next_if(|t| t.kind == SyntaxKind::String) {
            decl.phrase = Some(Text { text: unquoted(&token.text), span: token.span.clone() });
        }
        for token in rest {
            let known =
                token.kind == SyntaxKind::Word && decl.keyword == Keyword::Party && token.text == "outside";
            if known {
                decl.flags.push(Ident { text: Name::from(token.text.as_str()), span: token.span.clone() });
                continue;
            }
            decl.damaged = true;
            if token.kind == SyntaxKind::OpenString || token.kind == SyntaxKind::Unknown {
                return;
            }
            self.diagnostics.push(
                Diagnostic::error(
                    "P0110",
                    token.span.clone(),
                    format!("`{}` has no place after the name", shown(&token.text)),
                )
                .help(match decl.keyword {
                    Keyword::Party => {
                        "after a party's name come its phrase in quotation marks and `outside`, if at all"
                    }
                    _ => "after the name comes its phrase in quotation marks, if at all; a name is one word",
                }),
            );
            return;
        }
    }

    fn field(
        &mut self,
        keyword: Keyword,
        node: &SyntaxNode,
        tree: &Tree,
        seen: &mut BTreeMap<&'static str, Span>,
    ) -> Option<Field> {
        let mut children = node.children();
        let words = solid_tokens(&children.next()?, tree.offset);
        let value = children.next().map(|n| solid_tokens(&n, tree.offset)).unwrap_or_default();
        let word_span = words.first()?.span.start..words.last()?.span.end;
        let word = field_word(tree.language, node)?;
        let value = surface::canonical(tree.language, value, Within::Field(word));
        let Some(rule) = vocabulary::field(keyword, word) else {
            self.field_of_another(keyword, word, word_span);
            return None;
        };
        if let Some(first) = seen.insert(rule.word, word_span.clone()).filter(|_| !rule.many) {
            self.diagnostics.push(
                Diagnostic::error(
                    "P0112",
                    word_span.clone(),
                    format!("`{word}` stands twice in this declaration"),
                )
                .label(first, "the first one")
                .help("keep one of them"),
            );
            return None;
        }
        let span = word_span.start..value.last().map_or(word_span.end, |t| t.span.end);
        let mut tokens = expression::Tokens::new(self.text, &self.roles, &value, word_span.clone());
        let value = field::value(rule, &mut tokens).unwrap_or(FieldValue::Unreadable);
        let value = if tokens.broken { FieldValue::Unreadable } else { value };
        self.diagnostics.append(&mut tokens.diagnostics);
        Some(Field { word: rule.word, word_span, value, span })
    }

    fn field_of_another(&mut self, keyword: Keyword, word: &str, span: Span) {
        let own = || vocabulary::fields(keyword).map(|f| f.word);
        let wrong = Diagnostic::error(
            "P0111",
            span.clone(),
            format!("{} has no field `{word}`", keyword.with_article()),
        );
        self.diagnostics.push(match crate::closest(word, own()) {
            Some(near) => {
                wrong.help(format!("did you mean `{near}`?")).fix(span, near, format!("write `{near}`"))
            }
            None => {
                let list: Vec<&str> = own().collect();
                wrong.help(if list.is_empty() {
                    format!("{} has no fields", keyword.with_article())
                } else {
                    format!("its fields are: {}", list.join(", "))
                })
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All fields in a declaration with what was read, and the codes of what could not be.
    fn read(fields: &str) -> (Vec<FieldValue>, Vec<&'static str>) {
        let text = format!("```pact\nevent e\n  carries     by: party, item: text\nduty d\n{fields}\n```\n");
        let parse = crate::parse(&text);
        let (file, diagnostics) = file(&text, &parse);
        let codes = parse.diagnostics.iter().chain(&diagnostics).map(|d| d.code).collect();
        (file.decls[1].fields.iter().map(|f| f.value.clone()).collect(), codes)
    }

    fn expr(value: &FieldValue) -> &ExprKind {
        match value {
            FieldValue::Expr(e) | FieldValue::Moment(e) | FieldValue::Content { cond: e, .. } => &e.kind,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_form_of_the_language_is_read() {
        for field in [
            "when  large-scale-aggression begins",
            "when  (count of e where (by = A and at inside Z) in any 72 hours >= 100) or (sum persons of e in each calendar month > 1,000 persons)",
            "when  finish-pull-back fulfilled by A",
            "when  m of A > 800,000 begins",
            "if    no heavy-weapon where (owner = bearer and at inside pull-back-zone(type, bearer))",
            "if    30 days consecutive with no e by A, unwatched days reset",
            "if    30 consecutive days with (no e and no f)",
            "needs ratification by each of guarantors, europeans",
            "must  do e by bearer to commission where (case = case of trigger)",
            "must  do e by bearer of name of trigger item \"x\"",
            "must  ensure distinct kind of e by bearer since trigger >= 2",
            "must  keep coverage of z by SMM >= 95 percent",
            "must  ensure m at z >= 10 percent of troops of europeans at z + ceil(half of zone-width of type / 2)",
            "must not keep max persons of e in each calendar year > 3",
            "from  day 60 after ceasefire begins",
            "by    end of day 14 after fourteen-days",
            "by    12 months after (ratification by each of guarantors) verified",
            "by    3 working days before 2026-03-01T00:00",
            "within fourteen-days of breach",
            "every 7 days from ceasefire begins",
            "no later than 42 days before",
            "gap   up to 14 days in any 12 months",
            "except role = \"x\", or role = \"y\" up to 200 persons until 2026-12-31",
            "bearer A, B and C jointly",
            "bearer breaching party",
            "mark  basing annex restricted to A, B",
            "mark  TLP:AMBER+STRICT",
        ] {
            let (values, codes) = read(&format!("  {field}"));
            assert_eq!(codes, [] as [&str; 0], "{field}");
            assert!(!matches!(values[0], FieldValue::Unreadable), "{field}");
        }
    }

    #[test]
    fn a_role_after_a_number_is_no_unit() {
        let (values, _) = read("  must  do e by A item 72 item \"x\"");
        let ExprKind::Pattern(pattern) = expr(&values[0]) else { panic!() };
        let roles: Vec<&str> = pattern.roles.iter().map(|(r, _)| r.text.as_str()).collect();
        assert_eq!(roles, ["by", "item", "item"]);
    }

    #[test]
    fn and_and_or_are_never_mixed() {
        let (values, codes) = read("  if  a holds and b holds or c holds");
        assert_eq!((codes, &values[0]), (vec!["P0118"], &FieldValue::Unreadable));
        let text = "```pact\nduty d\n  if  a holds or (b holds) and c holds\n```\n";
        let fix = file(text, &crate::parse(text)).1[0].fix.clone().unwrap();
        let mut repaired = text.to_string();
        repaired.replace_range(fix.span, &fix.replacement);
        assert!(repaired.contains("if  a holds or ((b holds) and c holds)\n"), "{repaired}");
        assert_eq!(file(&repaired, &crate::parse(&repaired)).1, []);
    }

    #[test]
    fn what_cannot_be_read_is_named_once() {
        for (field, code) in [
            ("when", "P0114"),
            ("if  a holds and", "P0115"),
            ("if  a holds b", "P0113"),
            ("if  count of e > 74,4", "P0116"),
            ("if  5 days consecutive with no a and no b", "P0119"),
            ("if  (a holds", "P0115"),
            ("target 2026-12-31 5", "P0111"),
            ("must  fire by A", "P0113"),
            ("gap   up to 14 days", "P0115"),
        ] {
            let (_, codes) = read(&format!("  {field}"));
            assert_eq!(codes, [code], "{field}");
        }
        let (_, codes) = read(&format!("  if  {}a{}", "(".repeat(5000), ")".repeat(5000)));
        assert_eq!(codes, ["P0117"]);
    }
}
