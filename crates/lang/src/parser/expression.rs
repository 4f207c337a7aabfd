//! Tokens to expressions: conditions, values, moments and triggers in one grammar, by recursive descent with two
//! tokens of foresight. Which of them an expression may be is decided where it is lowered.
//!
//! Invariants
//! - `and` and `or` are never mixed without brackets;
//! - the first thing that cannot be read ends the reading of its field, with one diagnostic.

use crate::ast::{Expr, ExprKind, Happening, Ident, Pattern, Quantity, Span, Text, Token, Window, unquoted};
use crate::diagnostic::Diagnostic;
use crate::literal;
use crate::parser::shown;
use crate::syntax::SyntaxKind;
use servanda_model::agreement::{Agg, ArithOp, Function, Op};
use servanda_model::time::CalendarPeriod;
use servanda_model::{Name, Number};
use std::collections::BTreeSet;

/// Something could not be read; a diagnostic has been written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unreadable;

pub(crate) type Read<T> = Result<T, Unreadable>;

/// How deep brackets and `not` may go.
const DEEPEST: usize = 60;

/// Words that go on with what stands around a name: never a role, never a unit.
const GOES_ON: &[&str] = &[
    "and",
    "or",
    "not",
    "where",
    "in",
    "since",
    "inside",
    "outside",
    "holds",
    "begins",
    "ends",
    "found",
    "fulfilled",
    "breached",
    "due",
    "up",
    "until",
    "detected",
    "verified",
    "within",
    "jointly",
    "after",
    "before",
    "consecutive",
    "over",
    "counts",
    "minus",
    "along",
];

/// Words that are roles in most agreements: never a unit.
const ROLES: &[&str] = &["by", "of", "to", "at", "with", "from", "on", "for", "kind"];

/// The tokens of a field's value, and the place where reading has come to.
pub(crate) struct Tokens<'a> {
    text: &'a str,
    roles: &'a BTreeSet<Name>,
    tokens: &'a [Token],
    at: usize,
    depth: usize,
    /// Place of the field word, for what is missing.
    word: Span,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Something was read that may not stand.
    pub(crate) broken: bool,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(
        text: &'a str,
        roles: &'a BTreeSet<Name>,
        tokens: &'a [Token],
        word: Span,
    ) -> Tokens<'a> {
        Tokens { text, roles, tokens, at: 0, depth: 0, word, diagnostics: Vec::new(), broken: false }
    }

    // The cursor.

    pub(crate) fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    pub(crate) fn nth(&self, n: usize) -> Option<&'a Token> {
        self.tokens.get(self.at + n)
    }

    pub(crate) fn next(&mut self) -> Option<&'a Token> {
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        Some(token)
    }

    pub(crate) fn at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    pub(crate) fn is(&self, word: &str) -> bool {
        self.nth_is(0, word)
    }

    pub(crate) fn nth_is(&self, n: usize, word: &str) -> bool {
        self.nth(n).is_some_and(|t| t.kind == SyntaxKind::Word && t.text == word)
    }

    pub(crate) fn is_kind(&self, kind: SyntaxKind) -> bool {
        self.peek().is_some_and(|t| t.kind == kind)
    }

    pub(crate) fn eat(&mut self, word: &str) -> bool {
        let found = self.is(word);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn eat_kind(&mut self, kind: SyntaxKind) -> Option<&'a Token> {
        if self.is_kind(kind) { self.next() } else { None }
    }

    /// Words one after the other.
    pub(crate) fn eat_words(&mut self, words: &str) -> bool {
        let found = words.split(' ').enumerate().all(|(n, word)| self.nth_is(n, word));
        self.at += if found { words.split(' ').count() } else { 0 };
        found
    }

    /// The place of the next token, or the end of the value.
    pub(crate) fn here(&self) -> Span {
        match self.peek() {
            Some(token) => token.span.clone(),
            None => self.tokens.last().map_or(self.word.clone(), |t| t.span.end..t.span.end),
        }
    }

    fn end(&self) -> usize {
        self.at.checked_sub(1).and_then(|n| self.tokens.get(n)).map_or(self.word.end, |t| t.span.end)
    }

    /// Says that something else was expected.
    pub(crate) fn expected<T>(&mut self, what: &str) -> Read<T> {
        let diagnostic = match self.peek() {
            // The lexer's own diagnostic says it better.
            Some(token) if matches!(token.kind, SyntaxKind::OpenString | SyntaxKind::Unknown) => None,
            Some(token) => Some(Diagnostic::error(
                "P0113",
                token.span.clone(),
                format!("`{}` cannot stand here", shown(&token.text)),
            )),
            None if self.tokens.is_empty() => Some(Diagnostic::error(
                "P0114",
                self.word.clone(),
                format!("nothing stands after `{}`", &self.text[self.word.clone()]),
            )),
            None => {
                let last = self.tokens[self.tokens.len() - 1].span.clone();
                Some(Diagnostic::error("P0115", last, "something is missing after this"))
            }
        };
        self.diagnostics.extend(diagnostic.map(|d| d.help(format!("expected {what}"))));
        Err(Unreadable)
    }

    pub(crate) fn expect(&mut self, word: &str) -> Read<()> {
        if self.eat(word) { Ok(()) } else { self.expected(&format!("`{word}`")) }
    }

    pub(crate) fn ident(&mut self, what: &str) -> Read<Ident> {
        match self.eat_kind(SyntaxKind::Word) {
            Some(token) => Ok(Ident { text: Name::from(token.text.as_str()), span: token.span.clone() }),
            None => self.expected(what),
        }
    }

    pub(crate) fn text(&mut self, what: &str) -> Read<Text> {
        match self.eat_kind(SyntaxKind::String) {
            Some(token) => Ok(Text { text: unquoted(&token.text), span: token.span.clone() }),
            None => self.expected(what),
        }
    }

    pub(crate) fn date(&mut self, what: &str) -> Read<Text> {
        match self.peek() {
            Some(token) if matches!(token.kind, SyntaxKind::Date | SyntaxKind::Time) => {
                self.at += 1;
                Ok(Text { text: token.text.clone(), span: token.span.clone() })
            }
            _ => self.expected(what),
        }
    }

    pub(crate) fn number(&mut self) -> Read<(Number, Span)> {
        let start = self.here().start;
        let minus = self.is_kind(SyntaxKind::Minus)
            && self.nth(1).is_some_and(|t| t.kind == SyntaxKind::Number)
            && self.next().is_some();
        let Some(token) = self.eat_kind(SyntaxKind::Number) else {
            return self.expected("a number");
        };
        match literal::number(&token.text) {
            Ok(number) => Ok((if minus { -number } else { number }, start..token.span.end)),
            Err(wrong) => {
                self.diagnostics
                    .push(Diagnostic::error("P0116", token.span.clone(), wrong.message).help(wrong.remedy));
                Err(Unreadable)
            }
        }
    }

    /// A small whole number.
    pub(crate) fn count(&mut self, what: &str) -> Read<i64> {
        let before = self.at;
        let (number, span) = self.number()?;
        match number.to_i64().filter(|n| (0..=1_000_000).contains(n)) {
            Some(n) => Ok(n),
            None => {
                self.at = before;
                self.diagnostics.push(
                    Diagnostic::error(
                        "P0116",
                        span,
                        format!("`{number}` is not a whole number from 0 to 1,000,000"),
                    )
                    .help(format!("expected {what}")),
                );
                Err(Unreadable)
            }
        }
    }

    /// A number and, if there is one, its unit.
    pub(crate) fn quantity(&mut self) -> Read<Quantity> {
        let (number, span) = self.number()?;
        let unit = self.unit();
        let end = unit.as_ref().map_or(span.end, |u| u.span.end);
        Ok(Quantity { number, unit, span: span.start..end })
    }

    fn unit(&mut self) -> Option<Ident> {
        let token = self.peek()?;
        if token.kind == SyntaxKind::Percent {
            self.at += 1;
            return Some(Ident { text: Name::from("percent"), span: token.span.clone() });
        }
        let word = token.text.as_str();
        if token.kind != SyntaxKind::Word || GOES_ON.contains(&word) || ROLES.contains(&word) {
            return None;
        }
        if self.eat_words("per cent") {
            return Some(Ident { text: Name::from("percent"), span: token.span.start..self.end() });
        }
        if self.eat_words("working days") || self.eat_words("working day") {
            return Some(Ident { text: Name::from("working days"), span: token.span.start..self.end() });
        }
        if self.roles.contains(word) && self.nth(1).is_some_and(starts_value) {
            return None;
        }
        self.at += 1;
        Some(Ident { text: Name::from(word), span: token.span.clone() })
    }

    /// A length of time, or the name of a reading that gives one.
    pub(crate) fn span(&mut self) -> Read<Expr> {
        match self.peek().map(|t| t.kind) {
            Some(SyntaxKind::Number) => {
                let quantity = self.quantity()?;
                let span = quantity.span.clone();
                Ok(Expr { kind: ExprKind::Quantity(quantity), span })
            }
            Some(SyntaxKind::Word) => {
                let name = self.ident("a length of time")?;
                let span = name.span.clone();
                Ok(Expr { kind: ExprKind::Pattern(bare(name)), span })
            }
            _ => self.expected("a length of time, such as `24 hours`, `14 days` or `10 working days`"),
        }
    }

    /// Nothing may be left.
    pub(crate) fn finish(&mut self) -> Read<()> {
        if self.at_end() { Ok(()) } else { self.expected("the end of the field here") }
    }

    // Expressions.

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth >= DEEPEST {
            self.diagnostics.push(
                Diagnostic::error("P0117", self.here(), "this is nested too deeply to be read")
                    .help("give parts of it names, as terms"),
            );
            return Err(Unreadable);
        }
        self.depth += 1;
        let out = read(self);
        self.depth -= 1;
        out
    }

    /// `a and b`, `a or b`, never both without brackets.
    pub(crate) fn condition(&mut self) -> Read<Expr> {
        self.deeper(|this| {
            let first = this.conjunct()?;
            let word = match this.peek() {
                Some(t) if t.kind == SyntaxKind::Word && t.text == "and" => "and",
                Some(t) if t.kind == SyntaxKind::Word && t.text == "or" => "or",
                _ => return Ok(first),
            };
            let other = if word == "and" { "or" } else { "and" };
            let mut all = vec![first];
            let mut mixed = None;
            loop {
                if this.eat(word) {
                    all.push(this.conjunct()?);
                } else if this.is(other) {
                    let (at, end) = (this.here(), all.last().map_or(0, |e| e.span.end));
                    let start = if word == "and" { all[0].span.start } else { all[all.len() - 1].span.start };
                    mixed.get_or_insert((at, start, end));
                    this.at += 1;
                    all.push(this.conjunct()?);
                } else {
                    break;
                }
            }
            if let Some((at, start, end)) = mixed {
                this.mixed(word, at, start, end, all.last().map_or(end, |e| e.span.end));
            }
            let span = all[0].span.start..all[all.len() - 1].span.end;
            this.one_run_in_brackets(&all);
            let kind = if word == "and" { ExprKind::And(all) } else { ExprKind::Or(all) };
            Ok(Expr { kind, span })
        })
    }

    fn mixed(&mut self, word: &str, at: Span, start: usize, end: usize, last: usize) {
        // `a and b or c`: brackets around `a and b`; `a or b and c`: around `b and c`.
        let group = if word == "and" { start..end } else { start..last };
        self.broken = true;
        self.diagnostics.push(
            Diagnostic::error("P0118", at, "`and` and `or` stand side by side without brackets")
                .help("write brackets around what belongs together; there is no rule on which of them goes first")
                .fix(group.clone(), format!("({})", &self.text[group]), "write brackets around the `and`"),
        );
    }

    /// `5 days consecutive with a and b` would be read in two ways.
    fn one_run_in_brackets(&mut self, all: &[Expr]) {
        let in_brackets = |e: &Expr| self.text[e.span.start..].starts_with('(');
        let loose = |e: &&Expr| match &e.kind {
            ExprKind::Run(_, of, _) => !in_brackets(e) && !in_brackets(of),
            _ => false,
        };
        if let Some(run) = all.iter().find(loose) {
            self.broken = true;
            self.diagnostics.push(
                Diagnostic::error("P0119", run.span.clone(), "it is not clear how far the days in a row reach").help(
                    "write brackets: `30 days consecutive with (a and b)`, or `(30 days consecutive with a) and b`",
                ),
            );
        }
    }

    fn conjunct(&mut self) -> Read<Expr> {
        let start = self.here().start;
        if self.eat("not") {
            let inner = self.deeper(Tokens::conjunct)?;
            let span = start..inner.span.end;
            return Ok(Expr { kind: ExprKind::Not(Box::new(inner)), span });
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Read<Expr> {
        let left = self.sum()?;
        let start = left.span.start;
        if self.is("inside") || self.is("outside") {
            let outside = self.next().is_some_and(|t| t.text == "outside");
            let zone = self.zone()?;
            let span = start..zone.span.end;
            return Ok(Expr { kind: ExprKind::Inside(Box::new(left), zone, outside), span });
        }
        let op = match self.peek().map(|t| t.kind) {
            Some(SyntaxKind::Eq) => Op::Eq,
            Some(SyntaxKind::Ne) => Op::Ne,
            Some(SyntaxKind::Lt) => Op::Lt,
            Some(SyntaxKind::Gt) => Op::Gt,
            Some(SyntaxKind::Le) => Op::Le,
            Some(SyntaxKind::Ge) => Op::Ge,
            _ => return Ok(left),
        };
        self.at += 1;
        let right = self.sum()?;
        let span = start..right.span.end;
        let compared = Expr { kind: ExprKind::Compare(Box::new(left), op, Box::new(right)), span };
        if self.peek().is_some_and(|t| {
            matches!(
                t.kind,
                SyntaxKind::Eq
                    | SyntaxKind::Ne
                    | SyntaxKind::Lt
                    | SyntaxKind::Gt
                    | SyntaxKind::Le
                    | SyntaxKind::Ge
            )
        }) {
            return self.expected("one comparison at a time: `a < b and b < c`");
        }
        self.happening(compared)
    }

    fn sum(&mut self) -> Read<Expr> {
        let mut left = self.product()?;
        loop {
            let op = match self.peek().map(|t| t.kind) {
                Some(SyntaxKind::Plus) => ArithOp::Add,
                Some(SyntaxKind::Minus) => ArithOp::Sub,
                _ => return Ok(left),
            };
            self.at += 1;
            left = arith(left, op, self.product()?);
        }
    }

    fn product(&mut self) -> Read<Expr> {
        let mut left = self.postfix()?;
        loop {
            let op = match self.peek().map(|t| t.kind) {
                Some(SyntaxKind::Star) => ArithOp::Mul,
                Some(SyntaxKind::Slash) => ArithOp::Div,
                _ => return Ok(left),
            };
            self.at += 1;
            left = arith(left, op, self.postfix()?);
        }
    }

    /// A moment: as an operand, without comparison or arithmetic.
    pub(crate) fn moment(&mut self) -> Read<Expr> {
        self.postfix()
    }

    fn postfix(&mut self) -> Read<Expr> {
        let inner = self.primary()?;
        let inner = self.happening(inner)?;
        if (self.is("after") || self.is("before")) && self.nth(1).is_some_and(starts_value) {
            let start = inner.span.start;
            let after = self.next().is_some_and(|t| t.text == "after");
            let of = self.deeper(Tokens::moment)?;
            let span = start..of.span.end;
            return Ok(Expr { kind: ExprKind::Shift(Box::new(inner), after, Box::new(of)), span });
        }
        Ok(inner)
    }

    /// `begins`, `found`, `breached by A`, `detected` after what it is said of.
    fn happening(&mut self, mut inner: Expr) -> Read<Expr> {
        loop {
            let Some(token) = self.peek().filter(|t| t.kind == SyntaxKind::Word) else { return Ok(inner) };
            let start = inner.span.start;
            if let Some(how) = Happening::parse(&token.text) {
                self.at += 1;
                let of_norm = matches!(how, Happening::Fulfilled | Happening::Breached | Happening::Due);
                let by =
                    if of_norm && self.is("by") && self.nth(1).is_some_and(|t| t.kind == SyntaxKind::Word) {
                        self.at += 1;
                        Some(self.ident("a party")?)
                    } else {
                        None
                    };
                inner = Expr { kind: ExprKind::Happening(Box::new(inner), how, by), span: start..self.end() };
            } else if token.text == "detected" || token.text == "verified" {
                self.at += 1;
                inner = Expr {
                    kind: ExprKind::Known(Box::new(inner), token.text == "verified"),
                    span: start..self.end(),
                };
            } else {
                return Ok(inner);
            }
        }
    }

    fn primary(&mut self) -> Read<Expr> {
        let Some(token) = self.peek() else { return self.expected("a name, a number or a condition") };
        let start = token.span.start;
        let kind = match token.kind {
            SyntaxKind::OpenParen => {
                self.at += 1;
                let mut inner = self.condition()?;
                if self.eat_kind(SyntaxKind::CloseParen).is_none() {
                    return self.expected("`)`");
                }
                inner.span = start..self.end();
                return Ok(inner);
            }
            SyntaxKind::Minus if self.nth(1).is_none_or(|t| t.kind != SyntaxKind::Number) => {
                self.at += 1;
                let zero = Quantity { number: Number::zero(), unit: None, span: token.span.clone() };
                let zero = Expr { kind: ExprKind::Quantity(zero), span: token.span.clone() };
                let inner = self.deeper(Tokens::postfix)?;
                return Ok(arith(zero, ArithOp::Sub, inner));
            }
            SyntaxKind::Number | SyntaxKind::Minus => return self.number_or_run(start),
            SyntaxKind::Date | SyntaxKind::Time => {
                self.at += 1;
                ExprKind::Time(Text { text: token.text.clone(), span: token.span.clone() })
            }
            SyntaxKind::String => {
                self.at += 1;
                ExprKind::Text(unquoted(&token.text))
            }
            SyntaxKind::Word => return self.after_word(token),
            _ => return self.expected("a name, a number or a condition"),
        };
        Ok(Expr { kind, span: start..self.end() })
    }

    fn number_or_run(&mut self, start: usize) -> Read<Expr> {
        let quantity = self.quantity()?;
        if self.is("consecutive") {
            return self.run(quantity, start);
        }
        if quantity.unit.as_ref().is_some_and(|u| u.text == "percent") && self.is("of") {
            self.at += 1;
            let of = self.deeper(Tokens::postfix)?;
            let share = quantity.number.over(&Number::from(100)).unwrap_or_default();
            let span = start..of.span.end;
            return Ok(Expr { kind: ExprKind::Share(share, Box::new(of)), span });
        }
        let span = quantity.span.clone();
        Ok(Expr { kind: ExprKind::Quantity(quantity), span })
    }

    /// `N days consecutive with C`, also `N consecutive days with C`.
    fn run(&mut self, mut days: Quantity, start: usize) -> Read<Expr> {
        self.expect("consecutive")?;
        if days.unit.is_none() {
            let unit = self.ident("`days`")?;
            days.span.end = unit.span.end;
            days.unit = Some(unit);
        }
        self.expect("with")?;
        let of = self.deeper(Tokens::conjunct)?;
        let mut unwatched = None;
        if self.is_kind(SyntaxKind::Comma) && self.nth_is(1, "unwatched") {
            self.at += 1;
            if !self.eat_words("unwatched days") {
                return self.expected("`unwatched days count` or `unwatched days reset`");
            }
            unwatched = Some(self.ident("`count` or `reset`")?);
        }
        Ok(Expr { kind: ExprKind::Run(days, Box::new(of), unwatched), span: start..self.end() })
    }

    fn after_word(&mut self, token: &'a Token) -> Read<Expr> {
        let start = token.span.start;
        let word = token.text.as_str();
        let function = match word {
            "ceil" => Some(Function::Ceil),
            "floor" => Some(Function::Floor),
            "min" => Some(Function::Min),
            "max" => Some(Function::Max),
            "abs" => Some(Function::Abs),
            _ => None,
        };
        if let Some(function) =
            function.filter(|_| self.nth(1).is_some_and(|t| t.kind == SyntaxKind::OpenParen))
        {
            self.at += 1;
            let args = self.arguments()?;
            return Ok(Expr { kind: ExprKind::Call(function, args), span: start..self.end() });
        }
        let aggregate = match word {
            "count" => Some(Agg::Count),
            "sum" => Some(Agg::Sum),
            "distinct" => Some(Agg::Distinct),
            "max" => Some(Agg::Max),
            "min" => Some(Agg::Min),
            "first" => Some(Agg::First),
            "last" => Some(Agg::Last),
            _ => None,
        };
        let is_aggregate = match aggregate {
            Some(Agg::Count) => self.nth_is(1, "of"),
            Some(_) => self.nth(1).is_some_and(|t| t.kind == SyntaxKind::Word) && self.nth_is(2, "of"),
            None => false,
        };
        if let Some(what) = aggregate.filter(|_| is_aggregate) {
            self.at += 1;
            let role = if what == Agg::Count { None } else { Some(self.ident("a role")?) };
            self.expect("of")?;
            let of = self.pattern()?;
            let window = self.window()?;
            return Ok(Expr { kind: ExprKind::Aggregate(what, role, of, window), span: start..self.end() });
        }
        if word == "coverage" && self.nth_is(1, "of") {
            self.at += 2;
            let zone = self.zone()?;
            let by = if self.eat("by") { Some(self.ident("who watches")?) } else { None };
            return Ok(Expr { kind: ExprKind::Coverage(zone, by), span: start..self.end() });
        }
        if word == "half" && self.nth_is(1, "of") {
            self.at += 2;
            let of = self.deeper(Tokens::postfix)?;
            let half = Number::ratio(1, 2).unwrap_or_default();
            let span = start..of.span.end;
            return Ok(Expr { kind: ExprKind::Share(half, Box::new(of)), span });
        }
        if word == "day" && self.nth(1).is_some_and(|t| t.kind == SyntaxKind::Number) {
            return self.day(false, start);
        }
        if self.eat_words("end of day") {
            self.at -= 1;
            return self.day(true, start);
        }
        if matches!(word, "no" | "any") && self.nth(1).is_some_and(|t| t.kind == SyntaxKind::Word) {
            self.at += 1;
            let pattern = self.pattern()?;
            let span = pattern.span.clone();
            let inner = Box::new(Expr { kind: ExprKind::Pattern(pattern), span });
            let kind = if word == "no" { ExprKind::No(inner) } else { ExprKind::Any(inner) };
            return Ok(Expr { kind, span: start..self.end() });
        }
        if GOES_ON.contains(&word) && !matches!(word, "found" | "due" | "over") {
            return self.expected("a name, a number or a condition");
        }
        let pattern = self.pattern()?;
        let span = pattern.span.clone();
        Ok(Expr { kind: ExprKind::Pattern(pattern), span })
    }

    fn day(&mut self, end: bool, start: usize) -> Read<Expr> {
        self.expect("day")?;
        let n = self.count("the number of the day")?;
        self.expect("after")?;
        let of = self.deeper(Tokens::moment)?;
        let span = start..of.span.end;
        Ok(Expr { kind: ExprKind::Day(n, end, Box::new(of)), span })
    }

    fn arguments(&mut self) -> Read<Vec<Expr>> {
        let mut args = Vec::new();
        if self.eat_kind(SyntaxKind::OpenParen).is_none() {
            return Ok(args);
        }
        loop {
            args.push(self.deeper(Tokens::sum)?);
            if self.eat_kind(SyntaxKind::Comma).is_some() {
                continue;
            }
            if self.eat_kind(SyntaxKind::CloseParen).is_some() {
                return Ok(args);
            }
            return self.expected("`,` or `)`");
        }
    }

    /// A zone with its arguments.
    pub(crate) fn zone(&mut self) -> Read<Pattern> {
        let name = self.ident("the name of a zone")?;
        let args = self.arguments()?;
        let span = name.span.start..self.end();
        Ok(Pattern { args, span, ..bare(name) })
    }

    /// A name with its arguments, roles and filter.
    pub(crate) fn pattern(&mut self) -> Read<Pattern> {
        let name = self.ident("a name")?;
        let args = self.arguments()?;
        let mut pattern = Pattern { args, ..bare(name) };
        while let Some(token) = self.peek().filter(|t| t.kind == SyntaxKind::Word) {
            if token.text == "where" {
                self.at += 1;
                if !self.is_kind(SyntaxKind::OpenParen) {
                    return self.expected("`(` after `where`");
                }
                pattern.filter = Some(Box::new(self.deeper(Tokens::primary)?));
                break;
            }
            let role = !GOES_ON.contains(&token.text.as_str())
                && self.nth(1).is_some_and(starts_value)
                && !self
                    .nth(1)
                    .is_some_and(|t| t.kind == SyntaxKind::Word && GOES_ON.contains(&t.text.as_str()));
            if !role {
                break;
            }
            let role = self.ident("a role")?;
            let value = self.role_value()?;
            pattern.roles.push((role, value));
        }
        pattern.span.end = self.end();
        Ok(pattern)
    }

    /// What fills a role: it has no roles of its own, but for `name of trigger`.
    fn role_value(&mut self) -> Read<Expr> {
        let start = self.here().start;
        if self.eat_words("each of") {
            let names = self.names(false)?;
            return Ok(Expr { kind: ExprKind::EachOf(names), span: start..self.end() });
        }
        let Some(token) = self.peek().filter(|t| t.kind == SyntaxKind::Word) else {
            return self.deeper(Tokens::primary);
        };
        let of_trigger = self.nth_is(1, "of") && self.nth_is(2, "trigger");
        let name = Ident { text: Name::from(token.text.as_str()), span: token.span.clone() };
        self.at += 1;
        let args = self.arguments()?;
        let mut pattern = Pattern { args, ..bare(name) };
        if of_trigger {
            let role = self.ident("`of`")?;
            let trigger = self.ident("`trigger`")?;
            let span = trigger.span.clone();
            pattern.roles.push((role, Expr { kind: ExprKind::Pattern(bare(trigger)), span }));
        }
        pattern.span.end = self.end();
        let span = pattern.span.clone();
        Ok(Expr { kind: ExprKind::Pattern(pattern), span })
    }

    /// `A, B`, and where `and` may stand `A, B and C`.
    pub(crate) fn names(&mut self, and: bool) -> Read<Vec<Ident>> {
        let mut names = vec![self.ident("a name")?];
        loop {
            let goes_on =
                |n: usize| self.nth(n).is_some_and(|t| t.kind == SyntaxKind::Word && t.text != "or");
            let comma = self.is_kind(SyntaxKind::Comma) && goes_on(1);
            if !(comma || and && self.is("and") && goes_on(1)) {
                return Ok(names);
            }
            self.at += 1;
            self.eat("and");
            names.push(self.ident("a name")?);
        }
    }

    fn window(&mut self) -> Read<Window> {
        if self.eat_words("in any") {
            return Ok(Window::InAny(self.quantity()?));
        }
        if self.eat_words("in each") {
            self.eat("calendar");
            return Ok(Window::InEach(self.period()?));
        }
        if self.eat("since") {
            return Ok(Window::Since(Box::new(self.deeper(Tokens::moment)?)));
        }
        Ok(Window::All)
    }

    /// `day`, `week`, `month`, `quarter`, `year`.
    pub(crate) fn period(&mut self) -> Read<CalendarPeriod> {
        use CalendarPeriod::*;
        let found = [Day, Week, Month, Quarter, Year].into_iter().find(|p| self.is(p.word()));
        match found {
            Some(period) => {
                self.at += 1;
                Ok(period)
            }
            None => self.expected("`day`, `week`, `month`, `quarter` or `year`"),
        }
    }
}

fn starts_value(token: &Token) -> bool {
    matches!(
        token.kind,
        SyntaxKind::Word
            | SyntaxKind::Number
            | SyntaxKind::Date
            | SyntaxKind::Time
            | SyntaxKind::String
            | SyntaxKind::OpenParen
    )
}

fn bare(name: Ident) -> Pattern {
    let span = name.span.clone();
    Pattern { name, args: Vec::new(), roles: Vec::new(), filter: None, span }
}

fn arith(left: Expr, op: ArithOp, right: Expr) -> Expr {
    let span = left.span.start..right.span.end;
    Expr { kind: ExprKind::Arith(Box::new(left), op, Box::new(right)), span }
}
