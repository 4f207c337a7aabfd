//! Read-back in Ukrainian: the same sentences as [`readback`](crate::readback) gives in English, over the same lowered agreement.
//!
//! Names, phrases and `says` of an agreement are in whatever language it is written in, and are never inflected. So a Ukrainian sentence
//! is built of parts that a name can stand in as it is: behind a colon, in guillemets, or as the subject. What the words say of a fact
//! stands in guillemets.
//!
//! Invariants
//! - where two agreements have different English sentences, they have different Ukrainian ones (`tests/translate.rs` damages tokens of
//!   every example);
//! - whatever is half-written still gives a full sentence, and nothing panics.
//!
//! Where to start reading: [`norm`].

use crate::readback::{dimension_of, sentence};
use jiff::civil::Date;
use servanda_model::agreement::*;
use servanda_model::time::{CalendarPeriod, DayOff, EventDay, HOUR, MonthRounding};
use servanda_model::{Agreement, Grade, Instant, Name, Number, Span};

/// One sentence for a norm.
pub(crate) fn norm(agreement: &Agreement, norm: &Norm) -> String {
    sentence(Prose::new(agreement).norm(norm))
}

/// One sentence for a term, or for words left to judgement.
pub(crate) fn term(agreement: &Agreement, name: &Name, term: &Term) -> String {
    sentence(Prose::new(agreement).term(name, term))
}

/// One sentence for a power.
pub(crate) fn power(agreement: &Agreement, power: &Power) -> String {
    sentence(Prose { bearer: EMPOWERED, ..Prose::new(agreement) }.power(power))
}

/// One sentence for rival interpretations.
pub(crate) fn reading(agreement: &Agreement, name: &Name, reading: &Reading) -> String {
    sentence(Prose::new(agreement).whole_reading(name, reading))
}

/// A paragraph for the agreement as a whole.
pub(crate) fn agreement(agreement: &Agreement) -> String {
    let sentences = Prose::new(agreement).agreement();
    sentences.into_iter().map(sentence).collect::<Vec<_>>().join(" ")
}

// ---- numbers and dates ----------------------------------------------------------------------------------------------

const ONES: [&str; 20] = [
    "нуль",
    "один",
    "два",
    "три",
    "чотири",
    "п’ять",
    "шість",
    "сім",
    "вісім",
    "дев’ять",
    "десять",
    "одинадцять",
    "дванадцять",
    "тринадцять",
    "чотирнадцять",
    "п’ятнадцять",
    "шістнадцять",
    "сімнадцять",
    "вісімнадцять",
    "дев’ятнадцять",
];
const TENS: [&str; 10] = [
    "",
    "десять",
    "двадцять",
    "тридцять",
    "сорок",
    "п’ятдесят",
    "шістдесят",
    "сімдесят",
    "вісімдесят",
    "дев’яносто",
];
const HUNDREDS: [&str; 10] =
    ["", "сто", "двісті", "триста", "чотириста", "п’ятсот", "шістсот", "сімсот", "вісімсот", "дев’ятсот"];
/// Forms for one, a few and many, and whether it is feminine.
const GREAT: [(u64, [&str; 3], bool); 4] = [
    (1_000_000_000_000, ["трильйон", "трильйони", "трильйонів"], false),
    (1_000_000_000, ["мільярд", "мільярди", "мільярдів"], false),
    (1_000_000, ["мільйон", "мільйони", "мільйонів"], false),
    (1_000, ["тисяча", "тисячі", "тисяч"], true),
];

/// The form that goes with a number: 1 день, 2 дні, 5 днів.
fn counted(n: u64, forms: [&'static str; 3]) -> &'static str {
    match (n % 10, n % 100) {
        (_, 11..=14) => forms[2],
        (1, _) => forms[0],
        (2..=4, _) => forms[1],
        _ => forms[2],
    }
}

/// A whole number in words; `None` where it has a part, or is too great to be read.
pub(crate) fn in_words(number: &Number) -> Option<String> {
    let n = number.to_i64().filter(|n| n.unsigned_abs() < 1_000_000_000_000_000)?;
    if n == 0 {
        return Some(ONES[0].to_string());
    }
    let mut parts: Vec<String> = Vec::new();
    let mut rest = n.unsigned_abs();
    for (size, forms, feminine) in GREAT {
        if rest >= size {
            parts.push(below_thousand(rest / size, feminine));
            parts.push(counted(rest / size, forms).to_string());
            rest %= size;
        }
    }
    if rest > 0 {
        parts.push(below_thousand(rest, false));
    }
    Some(format!("{}{}", if n < 0 { "мінус " } else { "" }, parts.join(" ")))
}

fn below_thousand(n: u64, feminine: bool) -> String {
    let one = |n: u64| match (n, feminine) {
        (1, true) => "одна",
        (2, true) => "дві",
        _ => ONES[n as usize],
    };
    let mut parts = Vec::new();
    if n >= 100 {
        parts.push(HUNDREDS[(n / 100) as usize]);
    }
    match n % 100 {
        0 => {}
        rest @ 1..=19 => parts.push(one(rest)),
        rest => {
            parts.push(TENS[(rest / 10) as usize]);
            if rest % 10 > 0 {
                parts.push(one(rest % 10));
            }
        }
    }
    parts.join(" ")
}

fn figures(number: &Number) -> String {
    match in_words(number).filter(|_| *number > Number::from(10) || *number < Number::zero()) {
        Some(words) => format!("{} ({words})", number.grouped()),
        None => number.grouped(),
    }
}

fn date(date: Date) -> String {
    const MONTHS: [&str; 12] = [
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
    let month = MONTHS[usize::try_from(date.month() - 1).unwrap_or(0).min(11)];
    format!("{} {month} {} року", date.day(), date.year())
}

/// A length of time: `24 години`, and in the genitive `24 годин`, `1 години`.
fn span(span: Span, genitive: bool) -> String {
    const FORMS: [[&str; 4]; 7] = [
        ["година", "години", "годин", "години"],
        ["хвилина", "хвилини", "хвилин", "хвилини"],
        ["секунда", "секунди", "секунд", "секунди"],
        ["день", "дні", "днів", "дня"],
        ["рік", "роки", "років", "року"],
        ["місяць", "місяці", "місяців", "місяця"],
        ["робочий день", "робочі дні", "робочих днів", "робочого дня"],
    ];
    let (n, unit) = match span {
        Span::Exact(ms) if ms % HOUR == 0 => (ms / HOUR, 0),
        Span::Exact(ms) if ms % 60_000 == 0 => (ms / 60_000, 1),
        Span::Exact(ms) => (ms / 1000, 2),
        Span::Days(n) => (n, 3),
        Span::Months(n) if n % 12 == 0 && n != 0 => (n / 12, 4),
        Span::Months(n) => (n, 5),
        Span::WorkingDays(n) => (n, 6),
    };
    let [one, few, many, of_one] = FORMS[unit];
    let forms = if genitive { [of_one, many, many] } else { [one, few, many] };
    format!("{n} {}", counted(n.unsigned_abs(), forms))
}

fn percent(share: &Number) -> String {
    format!("{} %", (share.clone() * Number::from(100)).grouped())
}

fn quantity(number: &Number, dimension: &Dimension) -> String {
    match dimension {
        Dimension::Plain => figures(number),
        Dimension::Length => {
            let km = number.over(&Number::from(1_000)).unwrap_or_default();
            match km.to_i64() {
                Some(km) if km != 0 => format!("{} км", Number::from(km).grouped()),
                _ => format!("{} м", number.grouped()),
            }
        }
        Dimension::Counted(unit) => format!("{} {unit}", figures(number)),
    }
}

fn listed(items: &[String], and: &str) -> String {
    match items {
        [] => "ніхто".to_string(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {and} {last}", first.join(", ")),
    }
}

fn quoted(words: &str) -> String {
    format!("«{}»", words.trim())
}

fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::None => "жодного",
        Grade::Possible => "можливо",
        Grade::Probable => "ймовірно",
        Grade::Confirmed => "підтверджено",
    }
}

/// How deep readings are taken apart inside sentences.
const DEEPEST: u32 = 3;

#[derive(Clone, Copy)]
struct Prose<'a> {
    agreement: &'a Agreement,
    depth: u32,
    /// What whoever bears the norm or holds the power is called inside of its sentence.
    bearer: &'static str,
}

/// As in treaties and in the law of obligations: who has to do or to leave something, and who may do it.
const OBLIGED: &str = "зобов’язана сторона";
const EMPOWERED: &str = "уповноважена сторона";

impl<'a> Prose<'a> {
    fn new(agreement: &'a Agreement) -> Prose<'a> {
        Prose { agreement, depth: 0, bearer: OBLIGED }
    }

    fn deeper(self) -> Prose<'a> {
        Prose { depth: self.depth + 1, ..self }
    }

    // ---- who -------------------------------------------------------------------------------------------------------

    fn name(self, name: &Name) -> String {
        let a = self.agreement;
        let phrase = a.phrase(name);
        if phrase != name.as_str() {
            return phrase.to_string();
        }
        if let Some(zone) = a.zones.get(name).filter(|zone| !zone.phrase.is_empty()) {
            return zone.phrase.clone();
        }
        let class_value = a.classes.values().find_map(|class| class.values.get(name));
        match class_value.filter(|value| !value.phrase.is_empty()) {
            Some(value) => quoted(&value.phrase),
            None if name.as_str().is_empty() => "без назви".to_string(),
            None => name.to_string(),
        }
    }

    fn names(self, names: &[Name], and: &str) -> String {
        listed(&names.iter().map(|name| self.name(name)).collect::<Vec<_>>(), and)
    }

    fn who(self, who: &Who) -> String {
        let many = |name: &Name| self.agreement.groups.contains_key(name);
        match who {
            Who::EachOf(names) | Who::Jointly(names) if names.is_empty() => self.who(&Who::Unstated),
            Who::EachOf(names) | Who::Jointly(names) if names.len() == 1 && !many(&names[0]) => {
                self.name(&names[0])
            }
            Who::EachOf(names) => format!("кожна окремо сторона з переліку ({})", self.names(names, "та")),
            Who::EveryOtherOf(names) => {
                format!("кожна інша сторона з переліку ({})", self.names(names, "та"))
            }
            Who::Jointly(names) => format!("{} спільно", self.names(names, "та")),
            Who::BreachingParty => "сторона-порушник".to_string(),
            Who::Unstated => "хтось, кого текст не називає".to_string(),
        }
    }

    fn party(self, party: &PartyRef) -> String {
        match party {
            PartyRef::Name(name) => self.name(name),
            PartyRef::Bearer => self.bearer.to_string(),
        }
    }

    // ---- facts -----------------------------------------------------------------------------------------------------

    fn fact(self, pattern: &FactPattern) -> Option<&'a Fact> {
        self.agreement.facts.get(&pattern.fact)
    }

    fn is_event(self, pattern: &FactPattern) -> bool {
        self.fact(pattern).is_none_or(|fact| fact.kind == FactKind::Event)
    }

    fn hole(self, fact: &Fact, role: &str, pattern: &FactPattern) -> String {
        if let Some((_, value)) = pattern.roles.iter().find(|(name, _)| *name == *role) {
            return self.value(value);
        }
        match fact.roles.iter().find(|(name, _)| *name == *role).map(|(_, kind)| kind) {
            Some(RoleType::Party) => "будь-яка сторона".to_string(),
            Some(RoleType::Body) => "будь-який орган".to_string(),
            Some(RoleType::Place) => "будь-яке місце".to_string(),
            Some(RoleType::Number(_)) => "будь-яке число".to_string(),
            Some(RoleType::Time) => "будь-який час".to_string(),
            Some(RoleType::Class(class)) => format!("будь-що з {class}"),
            Some(RoleType::Text) | None => format!("будь-що ({})", said(role)),
        }
    }

    /// What is said of a fact, in guillemets, with its holes filled; roles without a hole and the condition behind it.
    fn pattern(self, pattern: &FactPattern) -> String {
        let (says, noun) = match self.fact(pattern) {
            Some(fact) if !fact.says.trim().is_empty() => (fact.says.clone(), true),
            Some(fact) if !fact.phrase.is_empty() => (fact.phrase.clone(), true),
            Some(_) => (pattern.fact.to_string(), true),
            None => (format!("{} (не оголошено)", pattern.fact), false),
        };
        let mut out = String::new();
        let mut rest = says.as_str();
        if let Some(fact) = self.fact(pattern).filter(|_| noun) {
            while let Some(open) = rest.find('{') {
                let Some(close) = rest[open..].find('}') else { break };
                out.push_str(&rest[..open]);
                out.push_str(&self.hole(fact, rest[open + 1..open + close].trim(), pattern));
                rest = &rest[open + close + 1..];
            }
        }
        out.push_str(rest);
        let mut out = quoted(&out);
        let shown = |role: &Name| says.contains(&format!("{{{role}}}"));
        for (role, value) in pattern.roles.iter().filter(|(role, _)| !shown(role)) {
            out.push_str(&format!(" ({}: {})", said(role.as_str()), self.value(value)));
        }
        if let Some(filter) = &pattern.filter {
            out.push_str(&format!(" за умови, що {}", self.bracketed(filter)));
        }
        out
    }

    // ---- conditions ------------------------------------------------------------------------------------------------

    fn bracketed(self, cond: &Cond) -> String {
        match cond {
            Cond::And(_) | Cond::Or(_) => format!("({})", self.cond(cond)),
            _ => self.cond(cond),
        }
    }

    fn joined(self, conds: &[Cond], word: &str) -> String {
        match conds {
            [] if word == "і" => "нічого не вимагається".to_string(),
            [] => "ніщо не підійде".to_string(),
            _ => conds.iter().map(|cond| self.bracketed(cond)).collect::<Vec<_>>().join(&format!(" {word} ")),
        }
    }

    fn cond(self, cond: &Cond) -> String {
        match cond {
            Cond::And(conds) => self.joined(conds, "і"),
            Cond::Or(conds) => self.joined(conds, "або"),
            Cond::Not(inner) => match &**inner {
                Cond::Fact(pattern) if self.is_event(pattern) => {
                    format!("не сталося: {}", self.pattern(pattern))
                }
                Cond::Fact(pattern) => format!("немає: {}", self.pattern(pattern)),
                Cond::Inside(place, zone) => {
                    format!("{} лежить поза межами: {}", self.value(place), self.zone(zone))
                }
                Cond::Term(term) => format!("не настало: {}", self.term_name(term)),
                other => format!("неправда, що {}", self.bracketed(other)),
            },
            Cond::Compare(left, op, right) => self.comparison(left, *op, right),
            Cond::CompareBy(value, reading, target) => format!(
                "{} співвідноситься з ціллю {} так, як каже {}",
                self.value(value),
                self.value(target),
                self.reading(reading)
            ),
            Cond::Inside(place, zone) => format!("{} лежить у межах: {}", self.value(place), self.zone(zone)),
            Cond::Fact(pattern) => match self.fact(pattern).map(|fact| fact.kind) {
                Some(FactKind::State) => format!("триває {}", self.pattern(pattern)),
                Some(FactKind::Object | FactKind::Measure) => format!("наявне: {}", self.pattern(pattern)),
                Some(FactKind::Event) | None => format!("сталося: {}", self.pattern(pattern)),
            },
            Cond::Run(days, inner, unwatched) => format!(
                "{} календарних днів поспіль {} (день, якого ніхто не спостерігав, {})",
                figures(&Number::from(*days)),
                self.bracketed(inner),
                match unwatched {
                    Unwatched::Neither => "не рахується й не починає відлік наново",
                    Unwatched::Counts => "рахується",
                    Unwatched::Resets => "починає відлік наново",
                }
            ),
            Cond::Term(term) => format!("настало: {}", self.term_name(term)),
            Cond::Found(term) => format!("визнано, що настало: {}", self.term_name(term)),
            Cond::Norm(event) => self.norm_event(event),
            Cond::Reading(reading) => format!("є так, як каже {}", self.reading(reading)),
        }
    }

    fn comparison(self, left: &Value, op: Op, right: &Value) -> String {
        let share = matches!(left, Value::Coverage(..)) || matches!(right, Value::Coverage(..));
        let side = |value: &Value| match value {
            Value::Number(n, Dimension::Plain) if share => percent(n),
            value => self.value(value),
        };
        let sign = match op {
            Op::Eq => "дорівнює:",
            Op::Ne => "не дорівнює:",
            Op::Lt => "менше ніж",
            Op::Gt => "більше ніж",
            Op::Le => "не більше ніж",
            Op::Ge => "не менше ніж",
        };
        format!("{} {sign} {}", side(left), side(right))
    }

    fn norm_event(self, event: &NormEvent) -> String {
        let what = match event.what {
            NormMoment::Fulfilled => "виконано",
            NormMoment::Breached => "порушено",
            NormMoment::Due => "настав строк для",
        };
        let of = match (&event.of, event.what) {
            (None, NormMoment::Breached) => String::new(),
            (None, _) => " (для всіх, хто це винен)".to_string(),
            (Some(of), _) => format!(" (сторона: {})", self.party(of)),
        };
        format!("{what} `{}`{of}", event.norm)
    }

    fn term_name(self, name: &Name) -> String {
        match self.agreement.terms.get(name) {
            Some(term) if !term.phrase.is_empty() => quoted(&term.phrase),
            _ => format!("`{name}`"),
        }
    }

    fn reading(self, name: &Name) -> String {
        let Some(reading) = self.agreement.readings.get(name) else {
            return format!("тлумачення `{name}` (не оголошено)");
        };
        if self.depth >= DEEPEST {
            return format!("тлумачення `{name}`");
        }
        let options: Vec<String> =
            reading.options.iter().map(|(_, meaning)| self.deeper().meaning(meaning)).collect();
        match &options[..] {
            [] => format!("тлумачення `{name}`"),
            _ => format!("тлумачення `{name}` (або {})", options.join(", або ")),
        }
    }

    fn meaning(self, meaning: &Meaning) -> String {
        match meaning {
            Meaning::Cond(cond) => self.cond(cond),
            Meaning::Moment(moment) => format!("момент {}", self.moment(moment)),
            Meaning::Value(value) => self.value(value),
            Meaning::Compare(Comparator::AtLeast) => "щонайменше ціль".to_string(),
            Meaning::Compare(Comparator::AtMost) => "щонайбільше ціль".to_string(),
            Meaning::Compare(Comparator::Within(share)) => {
                format!("не далі від цілі ніж на {} її", percent(share))
            }
            Meaning::Span(length) => span(*length, false),
        }
    }

    // ---- values ----------------------------------------------------------------------------------------------------

    fn zone(self, zone: &ZoneRef) -> String {
        let name = self.name(&zone.zone);
        match &zone.args[..] {
            [] => name,
            args => {
                let args: Vec<String> = args.iter().map(|arg| self.value(arg)).collect();
                format!("{name} ({})", args.join(", "))
            }
        }
    }

    fn value(self, value: &Value) -> String {
        match value {
            Value::Number(n, dimension) => quantity(n, dimension),
            Value::Instant(at) => self.instant(*at),
            Value::Text(text) => quoted(text),
            Value::Name(name) => self.name(name),
            Value::Role(role) => format!("його {}", quoted(&said(role.as_str()))),
            Value::Attribute(attribute, of) => format!("{} ({attribute})", self.value(of)),
            Value::OfTrigger(role) => format!("{} підстави", quoted(&said(role.as_str()))),
            Value::Bearer => self.bearer.to_string(),
            Value::Beneficiary => "бенефіціар".to_string(),
            Value::Aggregate(aggregate) => self.aggregate(aggregate),
            Value::Measure(pattern) => self.pattern(pattern),
            Value::Coverage(zone, by) => match by {
                Some(by) => {
                    format!("частка під наглядом ({}; спостерігач: {})", self.zone(zone), self.party(by))
                }
                None => format!("частка під чиїмось наглядом ({})", self.zone(zone)),
            },
            Value::Arith(left, op, right) => self.arithmetic(left, *op, right),
            Value::Call(function, args) => {
                let args: Vec<String> = args.iter().map(|arg| self.value(arg)).collect();
                let args = args.join("; ");
                match function {
                    Function::Ceil => format!("ціле число, не менше ніж ({args})"),
                    Function::Floor => format!("ціле число, не більше ніж ({args})"),
                    Function::Min => format!("найменше з ({args})"),
                    Function::Max => format!("найбільше з ({args})"),
                    Function::Abs => format!("величина ({args}) без знака"),
                }
            }
            Value::Reading(reading) => self.reading(reading),
        }
    }

    fn arithmetic(self, left: &Value, op: ArithOp, right: &Value) -> String {
        if let (Value::Number(share, Dimension::Plain), ArithOp::Mul) = (left, op) {
            if Number::ratio(1, 2).as_ref() == Some(share) {
                return format!("половина від {}", self.operand(right));
            }
            if share.to_i64().is_none() {
                return format!("{} від {}", percent(share), self.operand(right));
            }
        }
        let sign = match op {
            ArithOp::Add => "плюс",
            ArithOp::Sub => "мінус",
            ArithOp::Mul => "помножити на",
            ArithOp::Div => "поділити на",
        };
        format!("{} {sign} {}", self.operand(left), self.operand(right))
    }

    fn operand(self, value: &Value) -> String {
        match value {
            Value::Arith(..) => format!("({})", self.value(value)),
            _ => self.value(value),
        }
    }

    fn aggregate(self, aggregate: &Aggregate) -> String {
        let pattern = self.pattern(&aggregate.of);
        let role = quoted(&said(aggregate.role.as_ref().map_or("value", Name::as_str)));
        let what = match aggregate.what {
            Agg::Count if self.is_event(&aggregate.of) => format!("кількість разів, коли {pattern}"),
            Agg::Count => format!("кількість: {pattern}"),
            Agg::Sum => format!("сума {role} за всіма: {pattern}"),
            Agg::Distinct => format!("кількість різних {role} серед: {pattern}"),
            Agg::Max => format!("найбільше {role} серед: {pattern}"),
            Agg::Min => format!("найменше {role} серед: {pattern}"),
            Agg::First => format!("{role} найранішого з: {pattern}"),
            Agg::Last => format!("{role} останнього з: {pattern}"),
        };
        let window = match &aggregate.window {
            Window::All => String::new(),
            Window::InAny(length) => format!(" {}", in_any(*length)),
            Window::InEach(period) => format!(" за кожен календарний {}", period_word(*period)),
            Window::Since(moment) => format!(" від {}", self.moment(moment)),
        };
        what + &window
    }

    // ---- moments and deadlines: in the genitive, behind `від`, `до`, `після` -----------------------------------------

    fn instant(self, at: Instant) -> String {
        let calendar = &self.agreement.calendar;
        let shown = calendar.show(at);
        match shown.split_once(' ') {
            Some((_, clock)) if at > Instant::MIN && at < Instant::MAX => {
                format!("{clock} {}", date(calendar.date(at)))
            }
            _ => shown,
        }
    }

    fn counting(self) -> &'static str {
        match self.agreement.calendar.event_day {
            EventDay::Excluded => "день події не рахується",
            EventDay::Included => "день події рахується як перший",
        }
    }

    fn last_day(self, length: Span) -> String {
        let calendar = &self.agreement.calendar;
        let mut out = self.counting().to_string();
        if let Span::Months(_) = length {
            out.push_str(match calendar.months {
                Some(MonthRounding::Down) => ", у коротшому місяці – його останній день",
                Some(MonthRounding::Up) => ", у коротшому місяці – перший день наступного",
                None => ", про коротші місяці нічого не сказано",
            });
        }
        match calendar.day_off {
            DayOff::Stands => {}
            DayOff::MovesToNext => out.push_str(", з вихідного переноситься на наступний робочий день"),
            DayOff::MovesToPrevious => out.push_str(", з вихідного переноситься на попередній робочий день"),
        }
        out
    }

    fn day_of(self, length: Span) -> String {
        match length {
            Span::Days(n) => format!("{n}-го дня"),
            Span::WorkingDays(n) => format!("{n}-го робочого дня"),
            Span::Months(_) | Span::Exact(_) => format!("дня через {}", span(length, false)),
        }
    }

    fn moment(self, moment: &Moment) -> String {
        match moment {
            Moment::Instant(at) => self.instant(*at),
            Moment::EndOfDate(day) => format!("24:00 {}", date(*day)),
            Moment::StartOfDate(day) => format!("00:00 {}", date(*day)),
            Moment::Signed => match self.agreement.signed {
                Some(day) => format!("дня підписання ({})", date(day)),
                None => "дня підписання (не зазначено)".to_string(),
            },
            Moment::InForce => "набрання чинності".to_string(),
            Moment::Trigger => "цього моменту".to_string(),
            Moment::Breach => "порушення".to_string(),
            Moment::Begins(cond) => self.edge(cond, "початку:"),
            Moment::Ends(cond) => self.edge(cond, "кінця:"),
            Moment::First(pattern) => format!("першого разу: {}", self.pattern(pattern)),
            Moment::AllOf(pattern, who) => {
                let who = match who {
                    Who::EachOf(names) | Who::Jointly(names) => self.names(names, "та"),
                    other => self.who(other),
                };
                format!("моменту, коли це зробить остання зі сторін ({who}): {}", self.pattern(pattern))
            }
            Moment::Found(term) => format!("визнання, що настало: {}", self.term_name(term)),
            Moment::Norm(event) => {
                let what = match event.what {
                    NormMoment::Fulfilled => "виконання",
                    NormMoment::Breached => "порушення",
                    NormMoment::Due => "строку для",
                };
                let of =
                    event.of.as_ref().map_or(String::new(), |of| format!(" (сторона: {})", self.party(of)));
                format!("{what} `{}`{of}", event.norm)
            }
            Moment::Detected(inner) => format!("першого повідомлення про момент {}", self.moment(inner)),
            Moment::Verified(inner) => format!("підтвердження моменту {}", self.moment(inner)),
            Moment::After(length, inner) if length.is_calendar() => format!(
                "24:00 {} після {} ({})",
                self.day_of(*length),
                self.moment(inner),
                self.last_day(*length)
            ),
            Moment::After(length, inner) => {
                format!("моменту через {} після {}", span(*length, false), self.moment(inner))
            }
            Moment::Before(length, inner) if length.is_calendar() => {
                format!("24:00 {} до {} ({})", self.day_of(*length), self.moment(inner), self.counting())
            }
            Moment::Before(length, inner) => {
                format!("моменту за {} до {}", span(*length, false), self.moment(inner))
            }
            Moment::StartOfDay(n, inner) => {
                format!("00:00 {n}-го дня після {} ({})", self.moment(inner), self.counting())
            }
            Moment::EndOfDay(n, inner) => {
                format!("24:00 {n}-го дня після {} ({})", self.moment(inner), self.counting())
            }
            Moment::AfterReading(reading, inner) => {
                format!("кінця строку ({}) після {}", self.reading(reading), self.moment(inner))
            }
            Moment::Reading(reading) => format!("моменту за умовою: {}", self.reading(reading)),
        }
    }

    fn edge(self, cond: &Cond, noun: &str) -> String {
        match cond {
            Cond::Fact(pattern) if !self.is_event(pattern) => format!("{noun} {}", self.pattern(pattern)),
            Cond::Term(term) => format!("{noun} {}", self.term_name(term)),
            cond => format!("{noun} {}", self.bracketed(cond)),
        }
    }

    fn deadline(self, deadline: &Deadline) -> String {
        match deadline {
            Deadline::None => String::new(),
            Deadline::By(Moment::After(length, inner)) if !length.is_calendar() => {
                format!("протягом {} від {}", span(*length, true), self.moment(inner))
            }
            Deadline::By(Moment::Before(length, inner)) if !length.is_calendar() => {
                format!("не пізніше ніж за {} до {}", span(*length, false), self.moment(inner))
            }
            Deadline::By(moment) => format!("у строк до {}", self.moment(moment)),
            Deadline::Every(length, from) => {
                let counted =
                    if length.is_calendar() { format!(" ({})", self.counting()) } else { String::new() };
                format!("наново кожні {} від {}{counted}", span(*length, false), self.moment(from))
            }
        }
    }

    // ---- norms -----------------------------------------------------------------------------------------------------

    fn trigger(self, norm: &Norm) -> Option<String> {
        let change = |cond: &Cond, verb: &str| match cond {
            Cond::Fact(pattern) if !self.is_event(pattern) => format!("{verb} {}", self.pattern(pattern)),
            Cond::Term(term) => format!("{verb} {}", self.term_name(term)),
            cond => format!("{verb} так, що {}", self.bracketed(cond)),
        };
        Some(match &norm.when {
            Trigger::Always => return None,
            Trigger::At(moment) => format!("від {}", self.moment(moment)),
            Trigger::Begins(cond) => format!("щоразу, коли {}", change(cond, "починається")),
            Trigger::Ends(cond) => format!("щоразу, коли {}", change(cond, "закінчується")),
            Trigger::Each(pattern) if self.is_event(pattern) => {
                format!("щоразу, коли {}", self.pattern(pattern))
            }
            Trigger::Each(pattern) => format!("за кожним повідомленням: {}", self.pattern(pattern)),
            Trigger::Found(term) => format!("щоразу, коли визнано, що настало {}", self.term_name(term)),
            Trigger::Norm(event) => format!("коли {}", self.norm_event(event)),
            Trigger::Breach => {
                let named: Vec<String> = self
                    .agreement
                    .norms
                    .iter()
                    .filter(|other| other.on_breach.contains(&norm.name))
                    .map(|other| format!("`{}`", other.name))
                    .collect();
                match &named[..] {
                    [] => "після кожного порушення правила, яке називає цей наслідок (жодне не називає)"
                        .to_string(),
                    named => format!("після кожного порушення {}", listed(named, "або")),
                }
            }
        })
    }

    fn content(self, part: &Part) -> String {
        let what = match &part.cond {
            Cond::Fact(pattern) if self.is_event(pattern) => self.pattern(pattern),
            cond => self.cond(cond),
        };
        match part.verb {
            Verb::Do => format!("зобов’язання вчинити: {what}"),
            Verb::NotDo => format!("заборонено вчиняти: {what}"),
            Verb::Ensure => match part.deadline {
                Deadline::None => format!("зобов’язання забезпечити, щоб {what}"),
                _ => format!("зобов’язання забезпечити, щоб на кінець строку {what}"),
            },
            Verb::Keep => format!("зобов’язання весь час зберігати стан, за якого {what}"),
            Verb::NotKeep => format!("заборонено будь-коли мати стан, за якого {what}"),
        }
    }

    fn norm(self, norm: &Norm) -> String {
        if norm.kind == NormKind::Right {
            return self.right(norm);
        }
        let mut out = String::new();
        if let Some(trigger) = self.trigger(norm) {
            out.push_str(&format!("{trigger}, "));
        }
        if let Some(only_if) = &norm.only_if {
            out.push_str(&format!("якщо {}, ", self.cond(only_if)));
        }
        if let Some(unless) = &norm.unless {
            out.push_str(&format!("крім випадку, коли {}, ", self.cond(unless)));
        }
        out.push_str(&format!("{} – ", self.who(&norm.bearer)));
        let parts: Vec<String> = norm
            .parts
            .iter()
            .map(|part| {
                let deadline = self.deadline(&part.deadline);
                let gap = if deadline.is_empty() { "" } else { ", " };
                format!("{}{gap}{deadline}", self.content(part))
            })
            .collect();
        match &parts[..] {
            [] => out.push_str(match norm.kind {
                NormKind::Ban => "заборонено щось, чого текст не визначає",
                _ => "зобов’язання, змісту якого текст не визначає",
            }),
            parts => out.push_str(&parts.join("; а також ")),
        }
        self.stretch(norm, &mut out);
        self.rest(norm, &mut out);
        out
    }

    fn right(self, norm: &Norm) -> String {
        let called = match norm.phrase.is_empty() {
            true => format!("`{}`", norm.name),
            false => quoted(&norm.phrase),
        };
        let mut out = format!("{} має право {called}", self.who(&norm.owed_to));
        match norm.parts.first() {
            Some(part) => {
                out.push_str(&format!(
                    "; {} – {}, бо це йому перешкоджало б",
                    self.who(&norm.bearer),
                    self.content(part)
                ));
                self.stretch(norm, &mut out);
                self.rest(norm, &mut out);
            }
            None => out.push_str("; текст не називає дії, яка б йому перешкоджала"),
        }
        out
    }

    fn stretch(self, norm: &Norm, out: &mut String) {
        match &norm.from {
            Some(Moment::Trigger) => out.push_str(", відтоді й надалі"),
            Some(from) => out.push_str(&format!(", починаючи від {}", self.moment(from))),
            None => {}
        }
        if let Some(until) = &norm.until {
            out.push_str(&format!(", аж до {}", self.moment(until)));
        }
    }

    fn rest(self, norm: &Norm, out: &mut String) {
        let mut say = |text: String| {
            out.push_str("; ");
            out.push_str(&text);
        };
        if !norm.needs.is_empty() {
            say(format!("не діє, доки {}", self.joined(&norm.needs, "і")));
        }
        if let Some(gap) = &norm.gap {
            say(format!("перерви загалом до {} {} не рахуються", span(gap.total, true), in_any(gap.window)));
        }
        for exception in &norm.except {
            say(self.exception(norm, exception));
        }
        match &norm.owed_to {
            Who::Unstated => say("текст не каже, перед ким це зобов’язання".to_string()),
            who => say(format!("перед ким: {}", self.who(who))),
        }
        let lasting = norm.parts.iter().any(|part| !matches!(part.verb, Verb::Do | Verb::Ensure));
        let seen = match &norm.seen_by[..] {
            [] => "нікого не названо, хто встановлює дотримання".to_string(),
            names => format!("дотримання встановлює: {}", self.names(names, "або")),
        };
        let watched = match lasting {
            true => format!(
                ", а мовчання рахується лише тоді, коли під наглядом було щонайменше {} часу й місця",
                percent(&norm.watched)
            ),
            false => String::new(),
        };
        say(format!("{seen}; стандарт доказування: {}{watched}", grade(norm.standard)));
        match &norm.force {
            Force::AsAgreement => {}
            Force::Binding => say("має обов’язкову юридичну силу".to_string()),
            Force::Political => say("має політичну силу".to_string()),
            Force::BestEfforts => {
                say("вимагає лише найкращих зусиль: невиконання не є порушенням".to_string());
            }
            Force::WherePossible => say("діє за можливості: невиконання не є порушенням".to_string()),
            Force::SubjectTo(fact) => {
                say(format!(
                    "не має сили, доки не сталося: {}",
                    self.pattern(&FactPattern::any(fact.clone()))
                ));
            }
        }
        if norm.kind == NormKind::Remedy {
            say(match norm.replaces {
                true => "це стає на місце порушеного правила".to_string(),
                false => "порушене правило діє поряд із цим".to_string(),
            });
        }
        if !norm.on_breach.is_empty() {
            let remedies: Vec<String> = norm.on_breach.iter().map(|name| format!("`{name}`")).collect();
            say(format!("наслідок порушення: {}", listed(&remedies, "та")));
        }
        for priority in self.agreement.priorities.iter().filter(|priority| priority.yields == norm.name) {
            say(format!("поступається правилу `{}`", priority.over));
        }
        if norm.marking != servanda_model::record::Marking::default() {
            say(format!("гриф: {}", norm.marking.show()));
        }
    }

    fn exception(self, norm: &Norm, exception: &Exception) -> String {
        let mut out = format!("не є порушенням, коли {}", self.cond(&exception.covers));
        if let Some(most) = &exception.up_to {
            let unit =
                norm.parts.first().map_or(Dimension::Plain, |part| dimension_of(self.agreement, &part.cond));
            out.push_str(&format!(", не більше ніж {}", quantity(most, &unit)));
        }
        if let Some(until) = exception.until {
            out.push_str(&format!(", аж до {}", self.instant(until)));
        }
        out
    }

    // ---- the rest --------------------------------------------------------------------------------------------------

    fn term(self, name: &Name, term: &Term) -> String {
        let called = self.term_name(name);
        let mut out = match (&term.means, term.open) {
            (Some(means), false) => format!("{called} означає, що {}", self.cond(means)),
            (None, false) => format!("{called} – термін, значення якого текст не дає"),
            (Some(means), true) => {
                format!("{called} залишено на розсуд; доти це настало, коли {}", self.cond(means))
            }
            (None, true) => format!("{called} залишено на розсуд; доти це не настало"),
        };
        match (&term.found_by, term.open) {
            (Some(body), true) => out.push_str(&format!("; оцінює: {}", self.name(body))),
            (Some(body), false) => out.push_str(&format!("; визнає: {}", self.name(body))),
            (None, _) => out.push_str("; нікого не названо, хто це визнає"),
        }
        out.push_str(&format!("; стандарт доказування: {}", grade(term.standard)));
        out
    }

    fn whole_reading(self, name: &Name, reading: &Reading) -> String {
        let words = if reading.words.is_empty() { format!("`{name}`") } else { quoted(&reading.words) };
        if reading.options.is_empty() {
            return format!("слова {words} (`{name}`) можна читати по-різному, а жодного варіанта не дано");
        }
        let options: Vec<String> = reading
            .options
            .iter()
            .map(|(option, meaning)| format!("`{option}`, {}", self.deeper().meaning(meaning)))
            .collect();
        let ways = match options.len() {
            1 => "лише одним способом".to_string(),
            n => format!("{n} {}", counted(n as u64, ["способом", "способами", "способами"])),
        };
        format!("слова {words} (`{name}`) можна читати {ways}: {}", options.join("; або "))
    }

    fn power(self, power: &Power) -> String {
        let norms = match &power.on {
            Targets::Norms(names) => {
                listed(&names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>(), "та")
            }
            Targets::EveryNormOfActor => "кожну норму, яка її зобов’язує".to_string(),
            Targets::All => "кожну норму".to_string(),
        };
        let can = match power.can {
            Change::Start => format!("почати: {norms}"),
            Change::Suspend => format!("зупинити: {norms}"),
            Change::Resume => format!("відновити: {norms}"),
            Change::Waive => format!("відмовитися від: {norms}"),
            Change::Extend(by) => format!("продовжити строки на {}: {norms}", span(by, false)),
            Change::Object => format!("заперечити проти: {norms}, і тоді це на неї не поширюється"),
            Change::End => format!("припинити: {norms}"),
        };
        let mut act = power.act.clone();
        let is_by = |role: &Name| role.as_str() == "by";
        let acts = self.fact(&act).is_some_and(|fact| fact.roles.iter().any(|(role, _)| is_by(role)));
        if acts && !act.roles.iter().any(|(role, _)| is_by(role)) {
            act.roles.push(("by".into(), Value::Bearer));
        }
        let mut out =
            format!("{} може {can}; дія, якою це робиться: {}", self.who(&power.bearer), self.pattern(&act));
        match power.effect_after {
            None => out.push_str("; набуває дії негайно"),
            Some(length) if length.is_calendar() => out.push_str(&format!(
                "; набуває дії о 24:00 {} після цієї дії ({})",
                self.day_of(length),
                self.last_day(length)
            )),
            Some(length) => out.push_str(&format!("; набуває дії через {} після неї", span(length, false))),
        }
        if let Some(only_if) = &power.only_if {
            out.push_str(&format!("; лише якщо {}", self.cond(only_if)));
        }
        if let Some(unless) = &power.unless {
            out.push_str(&format!("; не тоді, коли {}", self.cond(unless)));
        }
        if let Some(silence) = power.silence {
            let addressee =
                power.addressee.as_ref().map_or("будь-хто".to_string(), |who| self.who(who));
            out.push_str(&format!(
                "; потрібна згода, і мовчання протягом {} після отримання вважається згодою",
                span(silence, true)
            ));
            match &power.objection {
                Some(act) => {
                    out.push_str(&format!("; {addressee} може заперечити такою дією: {}", self.pattern(act)))
                }
                None => out.push_str("; дії для заперечення не названо"),
            }
        }
        if power.can == Change::Suspend {
            out.push_str(match power.clock_runs {
                true => "; строки тим часом спливають далі",
                false => "; строки тим часом зупиняються",
            });
        }
        for priority in self.agreement.priorities.iter().filter(|priority| priority.yields == power.name) {
            out.push_str(&format!("; поступається правилу `{}`", priority.over));
        }
        out
    }

    fn members(self, members: &[Member]) -> String {
        let each: Vec<String> = members
            .iter()
            .map(|member| {
                let mut out = self.name(&member.who);
                if let Some(from) = member.from {
                    out.push_str(&format!(" від {}", self.instant(from)));
                }
                if let Some(until) = member.until {
                    out.push_str(&format!(" до {}", self.instant(until)));
                }
                out
            })
            .collect();
        listed(&each, "та")
    }

    fn decision(self, decision: &Decision) -> String {
        let mut out = match &decision.quorum {
            Quorum::Share(share) => format!("щонайменше {} своїх членів", fraction(share)),
            Quorum::Majority => "більш ніж половиною своїх членів".to_string(),
            Quorum::All => "усіма своїми членами".to_string(),
            Quorum::AnyOf(n, group) => format!("будь-якими {n} із: {}", self.name(group)),
        };
        if let Some(within) = decision.within {
            out.push_str(&format!(" протягом {}", span(within, true)));
        }
        if let Some(request) = &decision.request {
            out.push_str(&format!(" від звернення ({})", self.pattern(request)));
        }
        if let Some(failing) = &decision.failing {
            out.push_str(&format!(", а якщо рішення немає – {}", self.decision(failing)));
        }
        out
    }

    fn agreement(self) -> Vec<String> {
        let a = self.agreement;
        let calendar = &a.calendar;
        let mut out = Vec::new();
        if a.exercise {
            out.push("це навчальна угода, а не справжня".to_string());
        }
        let called = match (a.name.is_empty(), a.title.is_empty()) {
            (true, true) => "угода без назви".to_string(),
            (true, false) => quoted(&a.title),
            (false, true) => format!("`{}`", a.name),
            (false, false) => format!("{} (`{}`)", quoted(&a.title), a.name),
        };
        let status = match a.status {
            Status::Binding => "має обов’язкову юридичну силу",
            Status::Political => "має політичну силу",
            Status::Mixed => "має почасти юридичну, почасти політичну силу, як каже кожне правило",
        };
        let version =
            a.version.as_ref().map_or(String::new(), |version| format!(" у редакції {}", quoted(version)));
        let signed = a.signed.map_or(String::new(), |day| format!("; підписано {}", date(day)));
        out.push(format!("{called}{version} {status}{signed}"));
        let force = match &a.in_force {
            Some(moment) => format!("чинність – від {}", self.moment(moment)),
            None => "не сказано, коли набирає чинності, тож кожне правило чекає".to_string(),
        };
        let ends = match &a.ends {
            Some(moment) => format!("до {}", self.moment(moment)),
            None => "кінця не визначено".to_string(),
        };
        out.push(format!("{force}; {ends}"));
        let months = match calendar.months {
            Some(MonthRounding::Down) => "у закороткому місяці строк закінчується його останнім днем",
            Some(MonthRounding::Up) => "у закороткому місяці строк переходить на перший день наступного",
            None => "про закороткі місяці нічого не сказано",
        };
        out.push(format!(
            "час – за поясом {}; коли рахують дні, {}; {months}",
            calendar.zone_name(),
            self.counting()
        ));
        out.push(self.working_days());
        let notices = match a.notices {
            Notices::Sent => "надсилання",
            Notices::Received => "отримання",
        };
        out.push(format!(
            "повідомлення діють з {notices}; де правило не каже іншого, стандарт доказування – {}, а під наглядом має бути \
             щонайменше {}",
            grade(a.standard),
            percent(&a.watched)
        ));
        if !a.authentic.is_empty() {
            out.push(format!("автентичні тексти: {}", listed(&a.authentic, "та")));
        }
        let (outside, bound): (Vec<&Name>, Vec<&Name>) =
            a.parties.keys().partition(|name| a.parties[*name].outside);
        let names =
            |names: &[&Name]| listed(&names.iter().map(|name| self.name(name)).collect::<Vec<_>>(), "та");
        if !bound.is_empty() {
            out.push(format!("сторони: {}", names(&bound)));
        }
        if !outside.is_empty() {
            out.push(format!("названо, але не зв’язано угодою: {}", names(&outside)));
        }
        for (name, group) in &a.groups {
            out.push(format!("{}: {}", self.name(name), self.members(&group.members)));
        }
        for (name, body) in &a.bodies {
            let mut about = match &body.members[..] {
                [] => format!("{} – орган", self.name(name)),
                members => {
                    format!("{} – орган, до якого входять: {}", self.name(name), self.members(members))
                }
            };
            match &body.decides {
                Some(decision) => about.push_str(&format!("; ухвалює рішення {}", self.decision(decision))),
                None => about.push_str("; вирішує власною дією"),
            }
            out.push(about);
        }
        out
    }

    fn working_days(self) -> String {
        const DAYS: [&str; 7] = ["понеділок", "вівторок", "середа", "четвер", "п’ятниця", "субота", "неділя"];
        let calendar = &self.agreement.calendar;
        let working: Vec<String> = DAYS
            .iter()
            .zip(0i8..)
            .filter(|(_, day)| !calendar.days_off.contains(day))
            .map(|(name, _)| name.to_string())
            .collect();
        let holidays = match calendar.holidays.len() {
            0 => String::new(),
            _ => {
                let dates: Vec<String> = calendar.holidays.iter().map(|day| date(*day)).collect();
                format!(", крім {}", listed(&dates, "та"))
            }
        };
        let moves = match calendar.day_off {
            DayOff::Stands => "строк, що припадає на вихідний, не переноситься",
            DayOff::MovesToNext => "строк, що припадає на вихідний, переноситься на наступний робочий день",
            DayOff::MovesToPrevious => {
                "строк, що припадає на вихідний, переноситься на попередній робочий день"
            }
        };
        match working.len() {
            0 => format!("робочих днів немає; {moves}"),
            _ => format!("робочі дні: {}{holidays}; {moves}", listed(&working, "та")),
        }
    }
}

/// `за будь-які 72 години`, `за будь-який рік`: a window of time.
fn in_any(window: Span) -> String {
    let shown = span(window, false);
    let one = shown.strip_prefix("1 ").map(|unit| match unit {
        "година" => "за будь-яку годину".to_string(),
        "хвилина" => "за будь-яку хвилину".to_string(),
        "секунда" => "за будь-яку секунду".to_string(),
        unit => format!("за будь-який {unit}"),
    });
    one.unwrap_or_else(|| format!("за будь-які {shown}"))
}

/// A role in the words of the language, where it is one of its words.
fn said(role: &str) -> String {
    match role {
        "value" => "значення".to_string(),
        role => crate::surface::role_in(crate::Language::Ukrainian, role).unwrap_or_else(|| role.to_string()),
    }
}

fn period_word(period: CalendarPeriod) -> &'static str {
    match period {
        CalendarPeriod::Day => "день",
        CalendarPeriod::Week => "тиждень",
        CalendarPeriod::Month => "місяць",
        CalendarPeriod::Quarter => "квартал",
        CalendarPeriod::Year => "рік",
    }
}

/// A share in the instrumental: `двома третинами`.
fn fraction(share: &Number) -> String {
    let named = [
        (1, 2, "половиною"),
        (1, 3, "однією третиною"),
        (2, 3, "двома третинами"),
        (3, 4, "трьома чвертями"),
        (3, 5, "трьома п’ятими"),
    ];
    match named.into_iter().find(|(n, d, _)| Number::ratio(*n, *d).as_ref() == Some(share)) {
        Some((_, _, words)) => words.to_string(),
        None => percent(share),
    }
}
