//! Tokens of a field to its typed value, one function for each shape.

use crate::ast::{
    CalendarItem, Decision, EvidenceRule, Exception, Extent, FieldValue, Ident, Meaning, Member, Param,
    Quorum, Targets, Text, Who, WhoKind, ZoneShape,
};
use crate::document::folded;
use crate::parser::expression::{Read, Tokens};
use crate::parser::vocabulary::{FieldRule, Shape};
use crate::syntax::SyntaxKind;
use servanda_model::agreement::Verb;
use servanda_model::time::DayOff;
use servanda_model::{Name, Number};
use std::collections::BTreeSet;

/// Reads all tokens as the value of a field.
pub(crate) fn value(rule: &FieldRule, t: &mut Tokens) -> Read<FieldValue> {
    let value = match rule.shape {
        Shape::Flag => FieldValue::Flag,
        Shape::Words => words(t)?,
        Shape::Names => names(rule.word, t)?,
        Shape::Texts => texts(t)?,
        Shape::Expr => FieldValue::Expr(t.condition()?),
        Shape::Moment => FieldValue::Moment(t.condition()?),
        Shape::Who => FieldValue::Who(who(t)?),
        Shape::Content => content(rule.word, t)?,
        Shape::Within => FieldValue::Within { span: t.span()?, of: moment_after("of", t)? },
        Shape::Every => FieldValue::Every { span: t.span()?, from: moment_after("from", t)? },
        Shape::NoLater => no_later(t)?,
        Shape::Gap => gap(t)?,
        Shape::Except => except(t)?,
        Shape::Members => members(t)?,
        Shape::Decides => FieldValue::Decides(decides(t)?),
        Shape::Params => params(t)?,
        Shape::ZoneShape => zone_shape(t)?,
        Shape::Sides => sides(t)?,
        Shape::ClassValue => class_value(t)?,
        Shape::Evidence => evidence(t)?,
        Shape::Span => FieldValue::Span(t.span()?),
        Shape::Option => option(t)?,
        Shape::AtLeast => {
            t.eat_words("at least");
            FieldValue::AtLeast(t.quantity()?)
        }
        Shape::Calendar => calendar(t)?,
        Shape::Can => can(t)?,
        Shape::EffectAt => effect_at(t)?,
        Shape::Silence => silence(t)?,
        Shape::Rule => {
            let over = t.ident("the name of the rule that stands")?;
            t.expect("over")?;
            FieldValue::Rule { over, yields: t.ident("the name of the rule that yields")? }
        }
        Shape::Row => FieldValue::Row { date: t.date("a date: 2026-12-31")?, amount: t.quantity()? },
        Shape::Item => item(t)?,
        Shape::AtMost => at_most(t)?,
        Shape::Mark => mark(t)?,
    };
    t.finish()?;
    Ok(value)
}

fn words(t: &mut Tokens) -> Read<FieldValue> {
    let mut words = Vec::new();
    while let Some(token) = t.next() {
        words.push(Ident { text: Name::from(token.text.as_str()), span: token.span.clone() });
    }
    if words.is_empty() { t.expected("a word") } else { Ok(FieldValue::Words(words)) }
}

fn names(word: &str, t: &mut Tokens) -> Read<FieldValue> {
    if word == "on breach" && t.nth(1).is_some_and(|n| n.kind == SyntaxKind::Word) {
        t.eat("remedy");
    }
    Ok(FieldValue::Names(t.names(true)?))
}

fn texts(t: &mut Tokens) -> Read<FieldValue> {
    let mut texts = vec![t.text("a text in quotation marks")?];
    while !t.at_end() {
        let _ = t.eat_kind(SyntaxKind::Comma).is_some() || t.eat("because") || t.eat("and");
        texts.push(t.text("a text in quotation marks")?);
    }
    Ok(FieldValue::Texts(texts))
}

fn who(t: &mut Tokens) -> Read<Who> {
    let start = t.here().start;
    let (kind, names) = if t.eat_words("breaching party") {
        (WhoKind::BreachingParty, Vec::new())
    } else if t.nth(1).is_none() && t.eat("unstated") {
        (WhoKind::Unstated, Vec::new())
    } else if t.eat_words("each of") {
        (WhoKind::EachOf, t.names(true)?)
    } else if t.eat_words("every other of") {
        (WhoKind::EveryOtherOf, t.names(true)?)
    } else {
        let names = t.names(true)?;
        (if t.eat("jointly") { WhoKind::Jointly } else { WhoKind::Plain }, names)
    };
    let end = names.last().map_or(t.here().start, |n| n.span.end);
    Ok(Who { kind, names, span: start..end.max(start) })
}

fn content(word: &str, t: &mut Tokens) -> Read<FieldValue> {
    let ban = word == "must not";
    let verb = if t.eat("do") {
        if ban { Verb::NotDo } else { Verb::Do }
    } else if t.eat("keep") {
        if ban { Verb::NotKeep } else { Verb::Keep }
    } else if !ban && t.eat("ensure") {
        Verb::Ensure
    } else if ban {
        return t.expected("`do` (an act) or `keep` (a state)");
    } else {
        return t.expected(
            "`do` (an act by the deadline), `ensure` (a result at it) or `keep` (a state throughout)",
        );
    };
    Ok(FieldValue::Content { verb, cond: t.condition()? })
}

fn moment_after(word: &str, t: &mut Tokens) -> Read<Option<crate::ast::Expr>> {
    if t.eat(word) { Ok(Some(t.moment()?)) } else { Ok(None) }
}

fn no_later(t: &mut Tokens) -> Read<FieldValue> {
    t.expect("than")?;
    let span = t.span()?;
    t.expect("before")?;
    let before = if t.at_end() { None } else { Some(t.moment()?) };
    Ok(FieldValue::NoLater { span, before })
}

fn gap(t: &mut Tokens) -> Read<FieldValue> {
    t.eat_words("up to");
    let total = t.span()?;
    if !t.eat_words("in any") {
        return t.expected("`in any` and a length of time");
    }
    Ok(FieldValue::Gap { total, window: t.span()? })
}

fn except(t: &mut Tokens) -> Read<FieldValue> {
    let mut all = Vec::new();
    loop {
        let covers = t.condition()?;
        let up_to = if t.eat_words("up to") { Some(t.quantity()?) } else { None };
        let until = if t.eat("until") { Some(t.date("a date")?) } else { None };
        all.push(Exception { covers, up_to, until });
        if t.eat_kind(SyntaxKind::Comma).is_none() {
            return Ok(FieldValue::Except(all));
        }
        t.eat("or");
    }
}

fn members(t: &mut Tokens) -> Read<FieldValue> {
    let mut all = Vec::new();
    loop {
        let who = t.ident("the name of a party, group or body")?;
        let from = if t.eat("from") { Some(t.date("a date")?) } else { None };
        let until = if t.eat("until") { Some(t.date("a date")?) } else { None };
        all.push(Member { who, from, until });
        if t.eat_kind(SyntaxKind::Comma).is_none() {
            return Ok(FieldValue::Members(all));
        }
    }
}

fn decides(t: &mut Tokens) -> Read<Decision> {
    t.eat("by");
    let shares =
        [("two thirds", (2, 3)), ("three quarters", (3, 4)), ("three fourths", (3, 4)), ("half", (1, 2))];
    let quorum = if let Some((_, (n, d))) = shares.into_iter().find(|(words, _)| t.eat_words(words)) {
        of_members(t, Quorum::Share(Number::ratio(n, d).unwrap_or_default()))?
    } else if t.eat("majority") {
        of_members(t, Quorum::Majority)?
    } else if t.eat("all") {
        t.expect("members")?;
        Quorum::All
    } else if t.eat("any") {
        let n = t.count("how many of them")?;
        t.expect("of")?;
        Quorum::AnyOf(u32::try_from(n).unwrap_or(u32::MAX), t.ident("the name of a group")?)
    } else if t.is_kind(SyntaxKind::Number) {
        let quantity = t.quantity()?;
        let percent = quantity.unit.is_some();
        let share = if percent {
            quantity.number.over(&Number::from(100)).unwrap_or_default()
        } else {
            quantity.number
        };
        of_members(t, Quorum::Share(share))?
    } else {
        return t.expected(
            "`by two thirds of members`, `by majority of members`, `by all members` or `by any N of GROUP`",
        );
    };
    let mut decision = Decision { quorum, within: None, failing: None };
    while t.eat_kind(SyntaxKind::Comma).is_some() {
        if t.eat("within") {
            let span = t.span()?;
            t.expect("of")?;
            decision.within = Some((span, t.moment()?));
        } else if t.eat_words("failing which") {
            decision.failing = Some(Box::new(decides(t)?));
        } else {
            return t.expected("`within …` or `failing which …`");
        }
    }
    Ok(decision)
}

fn of_members(t: &mut Tokens, quorum: Quorum) -> Read<Quorum> {
    t.expect("of")?;
    t.eat("its");
    t.expect("members")?;
    Ok(quorum)
}

fn params(t: &mut Tokens) -> Read<FieldValue> {
    let mut all = Vec::new();
    loop {
        let name = t.ident("the name of a role")?;
        if t.eat_kind(SyntaxKind::Colon).is_none() {
            return t.expected("`:` and what fills the role: `by: party`");
        }
        let of = t.ident("party, body, place, number, text, time or the name of a class")?;
        let unit = match t.peek() {
            Some(token) if token.kind == SyntaxKind::Word => Some(t.ident("a unit")?),
            Some(token) if token.kind == SyntaxKind::Percent => {
                t.next();
                Some(Ident { text: Name::from("percent"), span: token.span.clone() })
            }
            _ => None,
        };
        all.push(Param { name, of, unit });
        if t.eat_kind(SyntaxKind::Comma).is_none() {
            return Ok(FieldValue::Params(all));
        }
    }
}

fn zone_shape(t: &mut Tokens) -> Read<FieldValue> {
    let mut extent = extent(t)?;
    while t.eat("minus") {
        extent = Extent::Minus(Box::new(extent), Box::new(extent_atom(t)?));
    }
    let mut shape = ZoneShape { extent, guards: Vec::new(), from: None, until: None };
    while t.eat_kind(SyntaxKind::Comma).is_some() {
        if t.eat("for") {
            loop {
                let param = t.ident("a parameter of the zone")?;
                if t.eat_kind(SyntaxKind::Eq).is_none() {
                    return t.expected("`=`");
                }
                shape.guards.push((param, t.ident("a name")?));
                if !t.eat("and") {
                    break;
                }
            }
        } else if t.eat_words("valid from") {
            shape.from = Some(t.date("a date")?);
            shape.until = if t.eat("until") { Some(t.date("a date")?) } else { None };
        } else if t.eat_words("valid until") {
            shape.until = Some(t.date("a date")?);
        } else {
            return t.expected("`for …` or `valid from …`");
        }
    }
    Ok(FieldValue::ZoneShape(shape))
}

fn extent(t: &mut Tokens) -> Read<Extent> {
    if t.eat_words("union of") {
        let mut all = vec![extent_atom(t)?];
        let goes_on =
            |t: &Tokens| t.is_kind(SyntaxKind::Comma) && !t.nth_is(1, "for") && !t.nth_is(1, "valid");
        while goes_on(t) || t.is("and") {
            t.next();
            t.eat("and");
            all.push(extent_atom(t)?);
        }
        return Ok(Extent::Union(all));
    }
    extent_atom(t)
}

fn extent_atom(t: &mut Tokens) -> Read<Extent> {
    let start = t.here().start;
    if t.eat_kind(SyntaxKind::OpenParen).is_some() {
        let mut inner = extent(t)?;
        while t.eat("minus") {
            inner = Extent::Minus(Box::new(inner), Box::new(extent_atom(t)?));
        }
        if t.eat_kind(SyntaxKind::CloseParen).is_none() {
            return t.expected("`)`");
        }
        return Ok(inner);
    }
    if t.is_kind(SyntaxKind::String) {
        return Ok(Extent::Given(t.text("a place")?));
    }
    if t.eat_words("strip along") {
        let line = t.zone()?;
        if t.eat_kind(SyntaxKind::Comma).is_none() {
            return t.expected("`,` and how far the strip reaches");
        }
        t.eat("within");
        let within = t.moment()?;
        let on_side = t.is_kind(SyntaxKind::Comma) && t.nth_is(1, "on");
        let side = if on_side {
            t.next();
            t.next();
            let word = t.ident("`side`")?;
            let named = word.text == "side" && t.peek().is_some_and(|n| n.kind == SyntaxKind::Word);
            Some(if named { t.ident("a party or a parameter")? } else { word })
        } else {
            None
        };
        return Ok(Extent::Strip { line, within, side });
    }
    if t.eat("within") {
        let within = t.quantity()?;
        if !t.eat_words("of point") {
            return t.expected("`of point` with latitude and longitude");
        }
        let (lat, _) = t.number()?;
        t.eat_kind(SyntaxKind::Comma);
        let (lon, span) = t.number()?;
        return Ok(Extent::Disc { within, lat, lon, span: start..span.end });
    }
    if t.is_kind(SyntaxKind::Word) {
        return Ok(Extent::Zone(t.zone()?));
    }
    t.expected(
        "a place in quotation marks, the name of a zone, `union of …`, `strip along …` or `within N km of point LAT LON`",
    )
}

fn sides(t: &mut Tokens) -> Read<FieldValue> {
    t.expect("left")?;
    let left = t.ident("a party")?;
    t.eat_kind(SyntaxKind::Comma);
    t.expect("right")?;
    Ok(FieldValue::Sides { left, right: t.ident("a party")? })
}

fn class_value(t: &mut Tokens) -> Read<FieldValue> {
    let name = t.ident("the name of the value")?;
    let phrase = if t.is_kind(SyntaxKind::String) { Some(t.text("a phrase")?) } else { None };
    let mut attributes = Vec::new();
    while !t.at_end() {
        if t.eat_kind(SyntaxKind::Comma).is_none() {
            return t.expected("`,` and an attribute: `zone-width 50 km`");
        }
        let attribute = t.ident("the name of an attribute")?;
        attributes.push((attribute, t.quantity()?));
    }
    Ok(FieldValue::ClassValue { name, phrase, attributes })
}

fn evidence(t: &mut Tokens) -> Read<FieldValue> {
    let mut all = Vec::new();
    loop {
        t.eat_words("at least");
        let n = t.count("how many sources")?;
        if !(t.eat("sources") || t.eat("source")) {
            return t.expected("`sources`");
        }
        let mut rule =
            EvidenceRule { sources: u32::try_from(n).unwrap_or(u32::MAX).max(1), grade: None, from: None };
        loop {
            if t.eat_words("of grade") {
                rule.grade = Some(t.ident("a letter from A to F")?);
            } else if t.eat("from") {
                rule.from = Some(match t.peek() {
                    Some(token) if token.kind == SyntaxKind::String => t.text("a source")?.text,
                    _ => t.ident("the name of a source in quotation marks")?.text.to_string(),
                });
            } else {
                break;
            }
        }
        all.push(rule);
        let comma = t.eat_kind(SyntaxKind::Comma).is_some();
        if !t.eat("or") && !comma {
            return Ok(FieldValue::Evidence(all));
        }
    }
}

fn option(t: &mut Tokens) -> Read<FieldValue> {
    let name = t.ident("the name of the option")?;
    if t.eat_kind(SyntaxKind::Colon).is_none() {
        return t.expected("`:` and what the words mean under this option");
    }
    let meaning = if t.eat_words("at least target") {
        Meaning::AtLeastTarget
    } else if t.eat_words("at most target") {
        Meaning::AtMostTarget
    } else if t.eat_words("target within") {
        Meaning::TargetWithin(t.quantity()?)
    } else {
        Meaning::Expr(t.condition()?)
    };
    Ok(FieldValue::Option { name, meaning })
}

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

fn weekday(t: &mut Tokens) -> Read<i8> {
    match WEEKDAYS.iter().position(|day| t.eat(day)) {
        Some(day) => Ok(i8::try_from(day).unwrap_or(0)),
        None => t.expected("a day of the week, from `Monday` to `Sunday`"),
    }
}

fn calendar(t: &mut Tokens) -> Read<FieldValue> {
    let mut all = Vec::new();
    loop {
        all.push(if t.eat_words("working days") {
            let mut days = BTreeSet::new();
            loop {
                let first = weekday(t)?;
                days.insert(first);
                if t.eat("to") {
                    let last = weekday(t)?;
                    let length = (last - first).rem_euclid(7);
                    days.extend((0..=length).map(|n| (first + n).rem_euclid(7)));
                }
                if t.eat_kind(SyntaxKind::Comma).is_none() && !t.eat("and") {
                    break;
                }
            }
            CalendarItem::WorkingDays(days)
        } else if t.eat("holidays") {
            let mut dates = vec![t.date("a date")?];
            while t.eat_kind(SyntaxKind::Comma).is_some() {
                dates.push(t.date("a date")?);
            }
            CalendarItem::Holidays(dates)
        } else if t.eat_words("deadlines on days off") {
            CalendarItem::DaysOff(if t.eat("stand") {
                DayOff::Stands
            } else if t.eat_words("move to next working day") {
                DayOff::MovesToNext
            } else if t.eat_words("move to previous working day") {
                DayOff::MovesToPrevious
            } else {
                return t.expected("`stand`, `move to next working day` or `move to previous working day`");
            })
        } else {
            return t.expected("`working days …`, `holidays …` or `deadlines on days off …`");
        });
        if t.eat_kind(SyntaxKind::Semicolon).is_none() {
            return Ok(FieldValue::Calendar(all));
        }
    }
}

fn can(t: &mut Tokens) -> Read<FieldValue> {
    let verb = t.ident("`start`, `suspend`, `resume`, `waive`, `extend`, `object to` or `end`")?;
    let mut by = None;
    match verb.text.as_str() {
        "start" | "suspend" | "resume" | "waive" | "end" => {}
        "object" => t.expect("to")?,
        "extend" => {
            t.expect("by")?;
            by = Some(t.span()?);
        }
        _ => {
            let word = verb.text.as_str();
            let verbs = ["start", "suspend", "resume", "waive", "extend", "object", "end"];
            let help = match crate::closest(word, verbs.into_iter()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write one of: {}", verbs.join(", ")),
            };
            t.diagnostics.push(
                crate::Diagnostic::error("P0120", verb.span.clone(), format!("no power can `{word}`"))
                    .help(help),
            );
            return Err(crate::parser::expression::Unreadable);
        }
    }
    let on = if t.eat_words("every duty of bearer") || t.eat_words("every norm of bearer") {
        Targets::EveryDutyOfBearer
    } else if t.eat_words("every norm") {
        Targets::EveryNorm
    } else {
        Targets::Names(t.names(true)?)
    };
    Ok(FieldValue::Can { verb, by, on })
}

fn effect_at(t: &mut Tokens) -> Read<FieldValue> {
    if t.eat_words("at once") || t.eat("once") {
        return Ok(FieldValue::EffectAt(None));
    }
    Ok(FieldValue::EffectAt(Some(t.moment()?)))
}

fn silence(t: &mut Tokens) -> Read<FieldValue> {
    t.eat("of");
    let span = t.span()?;
    t.eat_words("after receipt");
    if !t.eat_words("counts as consent") {
        return t.expected("`after receipt counts as consent`");
    }
    t.eat_kind(SyntaxKind::Comma);
    let objection = if t.eat("objection") { Some(t.condition()?) } else { None };
    Ok(FieldValue::Silence { span, objection })
}

fn item(t: &mut Tokens) -> Read<FieldValue> {
    let comma = |t: &mut Tokens| match t.eat_kind(SyntaxKind::Comma) {
        Some(_) => Ok(()),
        None => t.expected("`,`: a row is `\"item\", NUMBER UNIT, PARTY, by DATE`"),
    };
    let what = t.text("the item in quotation marks")?;
    comma(t)?;
    let amount = t.quantity()?;
    comma(t)?;
    let by = t.ident("the party that delivers")?;
    comma(t)?;
    t.expect("by")?;
    Ok(FieldValue::Item { what, amount, by, due: t.moment()? })
}

fn at_most(t: &mut Tokens) -> Read<FieldValue> {
    let amount = t.quantity()?;
    let period = if t.eat_words("in each") {
        t.eat("calendar");
        Some(t.period()?)
    } else {
        None
    };
    Ok(FieldValue::AtMost { amount, period })
}

fn mark(t: &mut Tokens) -> Read<FieldValue> {
    let mut level = None;
    let mut note = Vec::new();
    let mut restricted = None;
    while let Some(token) = t.peek() {
        if t.eat_words("restricted to") {
            restricted = Some(t.names(true)?);
            break;
        }
        t.next();
        if token.text.eq_ignore_ascii_case("TLP") && level.is_none() {
            t.eat_kind(SyntaxKind::Colon);
            let mut word = t.ident("CLEAR, GREEN, AMBER, AMBER+STRICT or RED")?;
            if t.eat_kind(SyntaxKind::Plus).is_some() {
                let strict = t.ident("`STRICT`")?;
                word = Ident {
                    text: Name::from(format!("{}+{}", word.text, strict.text)),
                    span: word.span.start..strict.span.end,
                };
            }
            level = Some(word);
            continue;
        }
        note.push(token.text.trim_matches('"').to_string());
    }
    if level.is_none() && restricted.is_none() && note.is_empty() {
        return t.expected("`TLP:AMBER`, `restricted to …` or a note");
    }
    Ok(FieldValue::Mark { level, restricted, note: folded(&note.join(" ")) })
}

impl Text {
    /// Whether it is written as a date alone.
    pub(crate) fn is_date(&self) -> bool {
        !self.text.contains('T')
    }
}
