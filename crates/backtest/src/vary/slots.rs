//! Where in a draft numbers stand that can be varied, and their names.
//!
//! One walk over the agreement names every place; listing and changing are the same walk, so a name means one place.

use servanda_model::agreement::*;
use servanda_model::{Agreement, Grade, Name, Number, Span};
use std::collections::BTreeMap;
use std::fmt;

/// Something of a draft that can be varied.
#[derive(Clone, PartialEq, Debug)]
pub struct Knob {
    /// Its name: `consult.within`.
    pub name: String,
    /// What it is, in words.
    pub what: String,
    /// As it stands in the draft; `None` for a reading that nobody has chosen.
    pub stands: Option<Setting>,
    /// Of a reading: its options. Of a standard: the grades.
    pub options: Vec<Setting>,
    /// Whether a bare number may be written with a per cent sign.
    pub share: bool,
}

/// A value of a knob.
#[derive(Clone, PartialEq, Debug)]
pub enum Setting {
    /// A number in base units.
    Number(Number),
    /// A length of time.
    Span(Span),
    /// A number of days, or of sources.
    Whole(i64),
    /// A standard of proof.
    Grade(Grade),
    /// An option of a reading.
    Option(Name),
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Setting::Number(n) => write!(f, "{}", servanda_report::wording::number(n)),
            Setting::Span(span) => write!(f, "{span}"),
            Setting::Whole(n) => write!(f, "{n}"),
            Setting::Grade(grade) => write!(f, "{grade}"),
            Setting::Option(name) => write!(f, "{name}"),
        }
    }
}

impl Setting {
    /// Where it lies on an axis, for drawing; `None` where it is a word.
    pub fn on_an_axis(&self) -> Option<f64> {
        match self {
            Setting::Number(n) => Some(n.to_f64()),
            Setting::Span(Span::Exact(ms)) => Some(*ms as f64 / servanda_model::time::HOUR as f64),
            Setting::Span(Span::Days(n) | Span::Months(n) | Span::WorkingDays(n)) => Some(*n as f64),
            Setting::Whole(n) => Some(*n as f64),
            Setting::Grade(_) | Setting::Option(_) => None,
        }
    }

    /// The unit of [`on_an_axis`](Self::on_an_axis); empty for a bare number.
    pub fn unit(&self) -> &'static str {
        match self {
            Setting::Span(Span::Exact(_)) => "hours",
            Setting::Span(Span::Days(_)) => "days",
            Setting::Span(Span::Months(_)) => "months",
            Setting::Span(Span::WorkingDays(_)) => "working days",
            _ => "",
        }
    }
}

/// All that can be varied.
pub fn knobs(agreement: &Agreement) -> Vec<Knob> {
    let mut found = Vec::new();
    // The walk changes nothing here; it asks for the agreement to be able to.
    walk(&mut agreement.clone(), &mut |name, what, slot| {
        let (stands, share) = slot.stands();
        let options = match slot {
            Slot::Grade(_) => Grade::CHAIN.into_iter().map(Setting::Grade).collect(),
            _ => Vec::new(),
        };
        found.push(Knob {
            name: name.to_string(),
            what: what.to_string(),
            stands: Some(stands),
            options,
            share,
        });
    });
    let place = found.iter().position(|k| k.what.starts_with("of a fact")).unwrap_or(found.len());
    let readings = agreement.readings.iter().map(|(name, reading)| Knob {
        name: name.to_string(),
        what: format!("reading of {:?}", reading.words),
        stands: None,
        options: reading.options.iter().map(|(option, _)| Setting::Option(option.clone())).collect(),
        share: false,
    });
    let readings: Vec<Knob> = readings.collect();
    found.splice(place..place, readings);
    found
}

/// Sets a knob that is not a reading.
pub fn set(agreement: &mut Agreement, wanted: &str, value: &Setting) {
    walk(agreement, &mut |name, _, slot| {
        if name == wanted {
            match (slot, value) {
                (Slot::Number(n) | Slot::Share(n), Setting::Number(v)) => *n = v.clone(),
                (Slot::Span(s), Setting::Span(v)) => *s = *v,
                (Slot::Days(n), Setting::Whole(v)) => *n = *v,
                (Slot::Sources(n), Setting::Whole(v)) => *n = u32::try_from(*v).unwrap_or(u32::MAX),
                (Slot::Grade(g), Setting::Grade(v)) => *g = *v,
                _ => {}
            }
        }
    });
}

/// A place where a value stands.
enum Slot<'a> {
    Number(&'a mut Number),
    Share(&'a mut Number),
    Span(&'a mut Span),
    Days(&'a mut i64),
    Sources(&'a mut u32),
    Grade(&'a mut Grade),
}

impl Slot<'_> {
    fn stands(&self) -> (Setting, bool) {
        match self {
            Slot::Number(n) => (Setting::Number((**n).clone()), false),
            Slot::Share(n) => (Setting::Number((**n).clone()), true),
            Slot::Span(s) => (Setting::Span(**s), false),
            Slot::Days(n) => (Setting::Whole(**n), false),
            Slot::Sources(n) => (Setting::Whole(i64::from(**n)), false),
            Slot::Grade(g) => (Setting::Grade(**g), false),
        }
    }
}

/// Tells name, description and place of everything.
type Tell<'t> = &'t mut dyn FnMut(&str, &str, Slot<'_>);

struct Walk<'t> {
    tell: Tell<'t>,
    taken: BTreeMap<String, usize>,
    owner: String,
}

fn walk(agreement: &mut Agreement, tell: Tell<'_>) {
    let mut walk = Walk { tell, taken: BTreeMap::new(), owner: String::new() };
    for norm in &mut agreement.norms {
        walk.owner = norm.name.to_string();
        walk.norm(norm);
    }
    for (name, term) in &mut agreement.terms {
        walk.owner = name.to_string();
        if let Some(means) = &mut term.means {
            walk.cond(means);
        }
        walk.found("standard", "standard of proof", Slot::Grade(&mut term.standard));
    }
    for (name, reading) in &mut agreement.readings {
        for (option, meaning) in &mut reading.options {
            walk.owner = format!("{name}.{option}");
            match meaning {
                Meaning::Cond(c) => walk.cond(c),
                Meaning::Moment(m) => walk.moment(m, "after", "length of time"),
                Meaning::Value(v) => walk.value(v),
                Meaning::Span(s) => walk.found("length", "length of time", Slot::Span(s)),
                Meaning::Compare(Comparator::Within(n)) => {
                    walk.found("within", "share of the target", Slot::Share(n));
                }
                Meaning::Compare(_) => {}
            }
        }
    }
    for (name, fact) in &mut agreement.facts {
        walk.owner = name.to_string();
        if let Some(span) = &mut fact.good_for {
            walk.found("good-for", "of a fact: how long a report stays good", Slot::Span(span));
        }
        for rule in &mut fact.evidence {
            walk.found("sources", "of a fact: independent sources needed", Slot::Sources(&mut rule.sources));
        }
    }
    for power in &mut agreement.powers {
        walk.owner = power.name.to_string();
        for (label, span) in [("effect-at", &mut power.effect_after), ("silence", &mut power.silence)] {
            if let Some(span) = span {
                walk.found(label, "of a power: length of time", Slot::Span(span));
            }
        }
        if let Change::Extend(span) = &mut power.can {
            walk.found("extend-by", "of a power: length of time", Slot::Span(span));
        }
        power.only_if.iter_mut().chain(&mut power.unless).for_each(|c| walk.cond(c));
    }
    for class in agreement.classes.values_mut() {
        for (value, about) in &mut class.values {
            walk.owner = value.to_string();
            for (attribute, (number, _)) in &mut about.attributes {
                walk.found(attribute.as_str(), "of a class: attribute, in base units", Slot::Number(number));
            }
        }
    }
}

impl Walk<'_> {
    fn found(&mut self, label: &str, what: &str, slot: Slot<'_>) {
        let mut name = format!("{}.{label}", self.owner);
        let times = self.taken.entry(name.clone()).or_default();
        *times += 1;
        if *times > 1 {
            name = format!("{name}-{times}");
        }
        (self.tell)(&name, what, slot);
    }

    fn norm(&mut self, norm: &mut Norm) {
        match &mut norm.when {
            Trigger::Begins(c) | Trigger::Ends(c) => self.cond(c),
            Trigger::Each(p) => self.pattern(p),
            Trigger::At(m) => self.moment(m, "when", "length of time of the trigger"),
            Trigger::Always | Trigger::Found(_) | Trigger::Norm(_) | Trigger::Breach => {}
        }
        norm.only_if.iter_mut().chain(&mut norm.needs).chain(&mut norm.unless).for_each(|c| self.cond(c));
        for part in &mut norm.parts {
            match &mut part.deadline {
                Deadline::None => {}
                Deadline::By(m) => self.moment(m, "within", "deadline"),
                Deadline::Every(span, m) => {
                    self.found("every", "period", Slot::Span(span));
                    self.moment(m, "from", "length of time to the first period");
                }
            }
            self.cond(&mut part.cond);
        }
        if let Some(from) = &mut norm.from {
            self.moment(from, "from", "length of time to the beginning");
        }
        if let Some(until) = &mut norm.until {
            self.moment(until, "until", "length of time to the end");
        }
        if let Some(gap) = &mut norm.gap {
            self.found("gap", "failing time allowed", Slot::Span(&mut gap.total));
            self.found("gap-window", "window of the gap", Slot::Span(&mut gap.window));
        }
        for exception in &mut norm.except {
            if let Some(up_to) = &mut exception.up_to {
                self.found("up-to", "cap of an exception", Slot::Number(up_to));
            }
            self.cond(&mut exception.covers);
        }
        self.found("standard", "standard of proof", Slot::Grade(&mut norm.standard));
        self.found("watched", "least share watched", Slot::Share(&mut norm.watched));
    }

    fn moment(&mut self, moment: &mut Moment, label: &str, what: &str) {
        match moment {
            Moment::After(span, m) => {
                self.found(label, what, Slot::Span(span));
                self.moment(m, label, what);
            }
            Moment::Before(span, m) => {
                self.found("before", what, Slot::Span(span));
                self.moment(m, label, what);
            }
            Moment::StartOfDay(n, m) | Moment::EndOfDay(n, m) => {
                self.found("day", "number of the day", Slot::Days(n));
                self.moment(m, label, what);
            }
            Moment::Begins(c) | Moment::Ends(c) => self.cond(c),
            Moment::First(p) | Moment::AllOf(p, _) => self.pattern(p),
            Moment::Detected(m) | Moment::Verified(m) | Moment::AfterReading(_, m) => {
                self.moment(m, label, what)
            }
            Moment::Instant(_) | Moment::EndOfDate(_) | Moment::StartOfDate(_) | Moment::Signed => {}
            Moment::InForce | Moment::Trigger | Moment::Breach | Moment::Found(_) => {}
            Moment::Norm(_) | Moment::Reading(_) => {}
        }
    }

    fn cond(&mut self, cond: &mut Cond) {
        match cond {
            Cond::And(all) | Cond::Or(all) => all.iter_mut().for_each(|c| self.cond(c)),
            Cond::Not(c) => self.cond(c),
            Cond::Run(days, c, _) => {
                self.found("days", "days in a row", Slot::Days(days));
                self.cond(c);
            }
            Cond::Compare(a, _, b) => match (&mut *a, &mut *b) {
                (value, Value::Number(n, _)) | (Value::Number(n, _), value) => {
                    let (label, share) = called(value);
                    let slot = if share { Slot::Share(n) } else { Slot::Number(n) };
                    self.found(&label, "threshold", slot);
                    self.value(value);
                }
                (a, b) => {
                    self.value(a);
                    self.value(b);
                }
            },
            Cond::CompareBy(value, _, target) => {
                if let Value::Number(n, _) = target {
                    self.found("target", "target", Slot::Number(n));
                }
                self.value(value);
            }
            Cond::Fact(p) => self.pattern(p),
            Cond::Inside(..) | Cond::Term(_) | Cond::Found(_) | Cond::Norm(_) | Cond::Reading(_) => {}
        }
    }

    fn value(&mut self, value: &mut Value) {
        let (label, _) = called(value);
        match value {
            Value::Aggregate(aggregate) => {
                match &mut aggregate.window {
                    Window::InAny(span) => {
                        self.found(&format!("{label}-window"), "window", Slot::Span(span));
                    }
                    Window::Since(m) => self.moment(m, "since", "length of time"),
                    Window::All | Window::InEach(_) => {}
                }
                self.pattern(&mut aggregate.of);
            }
            Value::Measure(p) => self.pattern(p),
            Value::Number(n, _) => self.found("number", "number", Slot::Number(n)),
            Value::Arith(a, _, b) => {
                self.value(a);
                self.value(b);
            }
            Value::Call(_, all) => all.iter_mut().for_each(|v| self.value(v)),
            Value::Attribute(_, v) => self.value(v),
            _ => {}
        }
    }

    fn pattern(&mut self, pattern: &mut FactPattern) {
        if let Some(filter) = &mut pattern.filter {
            self.cond(filter);
        }
    }
}

/// How a quantity's threshold is called, and whether it is a share.
fn called(value: &Value) -> (String, bool) {
    let label = match value {
        Value::Aggregate(a) => format!("{:?}", a.what).to_lowercase(),
        Value::Measure(_) => "measure".to_string(),
        Value::Coverage(..) => return ("coverage".to_string(), true),
        Value::Role(role) | Value::OfTrigger(role) | Value::Attribute(role, _) => role.to_string(),
        _ => "value".to_string(),
    };
    (label, false)
}
