//! The agreement: what the language is lowered to, and all that an engine sees of a text.
//!
//! Sugar is gone here (milestones, deliveries, quotas and notices are duties and bans), names are resolved, quantities
//! are in base units. Every norm keeps the clause and the quoted words it carries out and its read-back.
//!
//! Where to start reading: [`Agreement`], then [`Norm`], then [`Cond`].

use crate::record::Marking;
use crate::time::{CalendarPeriod, Span};
use crate::{Calendar, Grade, Instant, Name, Number, Point};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A whole agreement, lowered.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Agreement {
    /// Its name; empty while the text does not give one.
    pub name: String,
    /// Its title: the document's first heading.
    pub title: String,
    /// How it binds.
    pub status: Status,
    /// Day of signature.
    pub signed: Option<Date>,
    /// When it enters into force; `None`: the text does not say, and it is in force from its signature, or from the
    /// beginning where it has none.
    pub in_force: Option<Moment>,
    /// When it ends.
    pub ends: Option<Moment>,
    /// Zone, counting of days, rounding of months, days off.
    pub calendar: Calendar,
    /// When a notice counts.
    pub notices: Notices,
    /// Authentic languages.
    pub authentic: Vec<String>,
    /// Version of the text.
    pub version: Option<String>,
    /// Standard of proof where a norm or term names none.
    pub standard: Grade,
    /// Least share of time and place that must have been watched for "nothing happened" to count, where a norm names
    /// none: 0 to 1.
    pub watched: Number,
    /// Marked as an exercise.
    pub exercise: bool,
    /// Clauses, in order.
    pub clauses: Vec<Clause>,
    /// Parties.
    pub parties: BTreeMap<Name, Party>,
    /// Groups.
    pub groups: BTreeMap<Name, Group>,
    /// Bodies.
    pub bodies: BTreeMap<Name, Body>,
    /// Zones.
    pub zones: BTreeMap<Name, Zone>,
    /// Classes with their values and attributes.
    pub classes: BTreeMap<Name, Class>,
    /// Events, states, objects and measures.
    pub facts: BTreeMap<Name, Fact>,
    /// Terms, and norms left to somebody's judgement (`open`).
    pub terms: BTreeMap<Name, Term>,
    /// Rival interpretations.
    pub readings: BTreeMap<Name, Reading>,
    /// Duties, bans, remedies and the bans that rights imply, in order of the text.
    pub norms: Vec<Norm>,
    /// Powers.
    pub powers: Vec<Power>,
    /// Which rule yields to which.
    pub priorities: Vec<Priority>,
}

/// How an agreement binds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Status {
    /// Legally binding.
    #[default]
    Binding,
    /// Politically binding.
    Political,
    /// Some of each; norms say which.
    Mixed,
}

/// When a notice counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Notices {
    /// When it was sent.
    Sent,
    /// When it was received.
    #[default]
    Received,
}

/// A clause: a heading and the words under it.
#[derive(Clone, PartialEq, Debug)]
pub struct Clause {
    /// Stable identity, from the heading: `article-2-collective-response`.
    pub id: Name,
    /// The heading.
    pub heading: String,
    /// The quoted words.
    pub words: String,
    /// Line of the heading, from 1.
    pub line: u32,
}

/// A party.
#[derive(Clone, PartialEq, Debug)]
pub struct Party {
    /// Displayed phrase.
    pub phrase: String,
    /// Named in the agreement without being bound by it.
    pub outside: bool,
}

/// A group of parties and groups.
#[derive(Clone, PartialEq, Debug)]
pub struct Group {
    /// Displayed phrase.
    pub phrase: String,
    /// Members, each with the time of its membership.
    pub members: Vec<Member>,
}

/// A membership in time.
#[derive(Clone, PartialEq, Debug)]
pub struct Member {
    /// A party, a group or a body.
    pub who: Name,
    /// First instant; `None`: from the beginning.
    pub from: Option<Instant>,
    /// Last instant; `None`: without end.
    pub until: Option<Instant>,
}

/// A body.
#[derive(Clone, PartialEq, Debug)]
pub struct Body {
    /// Displayed phrase.
    pub phrase: String,
    /// Members.
    pub members: Vec<Member>,
    /// How it decides where its members act for it; `None`: only by a record of its own.
    pub decides: Option<Decision>,
}

/// How a body decides.
#[derive(Clone, PartialEq, Debug)]
pub struct Decision {
    /// How many must agree.
    pub quorum: Quorum,
    /// Time it has from the request.
    pub within: Option<Span>,
    /// The act that is a request for a decision.
    pub request: Option<FactPattern>,
    /// Who may decide when the time has passed.
    pub failing: Option<Box<Decision>>,
}

/// How many must agree.
#[derive(Clone, PartialEq, Debug)]
pub enum Quorum {
    /// This share of the members or more (2/3); more than half is [`Quorum::Majority`].
    Share(Number),
    /// More than half of the members.
    Majority,
    /// All members.
    All,
    /// Any n of a group.
    AnyOf(u32, Name),
}

/// A zone: one or more shapes, by the values of its parameters and by date.
#[derive(Clone, PartialEq, Debug)]
pub struct Zone {
    /// Displayed phrase.
    pub phrase: String,
    /// Parameters: name and what they are.
    pub params: Vec<(Name, RoleType)>,
    /// Cases; the first whose guards hold and which is valid at the time gives the extent.
    pub cases: Vec<ZoneCase>,
    /// For a line: whose side is left and whose is right of it.
    pub sides: Option<(Name, Name)>,
    /// Marking of its extent.
    pub marking: Marking,
}

/// One case of a zone.
#[derive(Clone, PartialEq, Debug)]
pub struct ZoneCase {
    /// Parameter values for which the case stands.
    pub guards: Vec<(Name, Name)>,
    /// Extent.
    pub extent: Extent,
    /// First instant at which it is valid.
    pub from: Option<Instant>,
    /// Last instant at which it is valid.
    pub until: Option<Instant>,
}

/// How an extent is given.
#[derive(Clone, PartialEq, Debug)]
pub enum Extent {
    /// A name for the gazetteer, or a GeoJSON file (ends in `.geojson`), to be looked up in
    /// [`Places::shapes`](crate::Places::shapes).
    Given(Name),
    /// A zone of the agreement.
    Zone(ZoneRef),
    /// Within a distance (metres) of a line, on the side of a party or on both.
    Strip {
        /// A zone that is a line.
        line: ZoneRef,
        /// Metres.
        within: Box<Value>,
        /// Whose side.
        side: Option<Box<Value>>,
    },
    /// Within a distance (metres) of a point.
    Disc {
        /// Middle.
        at: Point,
        /// Metres.
        within: Box<Value>,
    },
    /// In any of them.
    Union(Vec<Extent>),
    /// In the first and not in the second.
    Difference(Box<Extent>, Box<Extent>),
}

/// A zone with its arguments.
#[derive(Clone, PartialEq, Debug)]
pub struct ZoneRef {
    /// The zone's name.
    pub zone: Name,
    /// One value per parameter.
    pub args: Vec<Value>,
}

/// A class: a closed list of values with attributes.
#[derive(Clone, PartialEq, Debug)]
pub struct Class {
    /// Values, in order.
    pub values: BTreeMap<Name, ClassValue>,
}

/// A value of a class.
#[derive(Clone, PartialEq, Debug)]
pub struct ClassValue {
    /// Displayed phrase.
    pub phrase: String,
    /// Attributes in base units.
    pub attributes: BTreeMap<Name, (Number, Dimension)>,
}

/// What a number measures.
#[derive(Clone, PartialEq, Eq, Debug, Default, PartialOrd, Ord)]
pub enum Dimension {
    /// A bare number, or a share (per cent).
    #[default]
    Plain,
    /// Length, in metres.
    Length,
    /// Counted in a unit of its own: persons, pieces, EUR.
    Counted(Name),
}

/// What can be observed.
#[derive(Clone, PartialEq, Debug)]
pub struct Fact {
    /// Event, state, object or measure.
    pub kind: FactKind,
    /// Displayed phrase.
    pub phrase: String,
    /// Sentence with `{role}` holes.
    pub says: String,
    /// Roles and their types, in order.
    pub roles: Vec<(Name, RoleType)>,
    /// Evidence needed: any of these rules suffices. Empty: none is stated.
    pub evidence: Vec<EvidenceRule>,
    /// How long a report stays good; `None`: until the same source reports anew.
    pub good_for: Option<Span>,
    /// What shows that nothing happened.
    pub absence: Absence,
    /// A notice: it counts when sent or received, as the agreement says.
    pub notice: bool,
    /// Unit of a measure.
    pub unit: Dimension,
    /// Instants at which the text itself says that a state begins.
    pub begins: Vec<Instant>,
    /// Instants at which the text itself says that a state ends.
    pub ends: Vec<Instant>,
}

/// Kind of a fact.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FactKind {
    /// Happens.
    Event,
    /// Begins, lasts, ends.
    State,
    /// A thing that is somewhere.
    Object,
    /// A quantity that stands.
    Measure,
}

/// What fills a role.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RoleType {
    /// A party or group.
    Party,
    /// A body.
    Body,
    /// A place.
    Place,
    /// A number, with its unit.
    Number(Dimension),
    /// Free text.
    Text,
    /// A time.
    Time,
    /// A value of a class.
    Class(Name),
}

/// What shows that something did not happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Absence {
    /// The register of whoever the norm is `seen by`: what is not entered was not done. The default where the fact has
    /// no place.
    Register,
    /// Coverage of the place. The default where the fact has a place.
    Coverage,
}

/// A rule on the number and quality of sources.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EvidenceRule {
    /// At least so many independent sources.
    pub sources: u32,
    /// Each of this grade or better.
    pub grade: Option<crate::record::SourceGrade>,
    /// From this source.
    pub from: Option<String>,
}

/// A defined term, or a norm left to somebody's judgement.
#[derive(Clone, PartialEq, Debug)]
pub struct Term {
    /// Displayed phrase.
    pub phrase: String,
    /// Its condition; for `open`, what holds until somebody judges. `None`: nothing does.
    pub means: Option<Cond>,
    /// The body that finds it (`found by`, `judged by`).
    pub found_by: Option<Name>,
    /// Standard of proof.
    pub standard: Grade,
    /// Left to judgement: a finding, once there is one, decides in place of the condition.
    pub open: bool,
    /// Clause, by index into [`Agreement::clauses`].
    pub clause: Option<usize>,
    /// Quoted words.
    pub per: Vec<String>,
    /// In plain words.
    pub readback: String,
}

/// Rival interpretations of quoted words.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading {
    /// The words.
    pub words: String,
    /// Options in order of the text.
    pub options: Vec<(Name, Meaning)>,
    /// Clause.
    pub clause: Option<usize>,
}

/// What an option of a reading stands for.
#[derive(Clone, PartialEq, Debug)]
pub enum Meaning {
    /// A condition.
    Cond(Cond),
    /// A moment.
    Moment(Moment),
    /// A quantity.
    Value(Value),
    /// A way of comparing with a target.
    Compare(Comparator),
    /// A length of time.
    Span(Span),
}

/// A way of comparing a value with a target.
#[derive(Clone, PartialEq, Debug)]
pub enum Comparator {
    /// Not below the target.
    AtLeast,
    /// Not above the target.
    AtMost,
    /// Not further from the target than this share of it.
    Within(Number),
}

/// A duty, a ban, a remedy, or the ban that a right implies.
#[derive(Clone, PartialEq, Debug)]
pub struct Norm {
    /// Its name; empty while the text does not give one. sugar gives `milestone/2026-12-31`.
    pub name: Name,
    /// Displayed phrase, may be empty.
    pub phrase: String,
    /// Kind.
    pub kind: NormKind,
    /// Who owes it.
    pub bearer: Who,
    /// To whom.
    pub owed_to: Who,
    /// What starts an instance.
    pub when: Trigger,
    /// What else must hold (`if`).
    pub only_if: Option<Cond>,
    /// Preconditions (`needs`): the duty waits for them.
    pub needs: Vec<Cond>,
    /// Content and deadline; a remedy may have several.
    pub parts: Vec<Part>,
    /// From when.
    pub from: Option<Moment>,
    /// Until when.
    pub until: Option<Moment>,
    /// Allowed failing time of a `keep`.
    pub gap: Option<Gap>,
    /// What does not count as a breach.
    pub except: Vec<Exception>,
    /// No instance while this holds (`unless`).
    pub unless: Option<Cond>,
    /// Who establishes performance or breach.
    pub seen_by: Vec<Name>,
    /// How firmly it binds.
    pub force: Force,
    /// Standard of proof.
    pub standard: Grade,
    /// Least share watched, 0 to 1.
    pub watched: Number,
    /// Remedies on breach.
    pub on_breach: Vec<Name>,
    /// For a remedy: whether it replaces the breached duty.
    pub replaces: bool,
    /// Clause.
    pub clause: Option<usize>,
    /// Quoted words.
    pub per: Vec<String>,
    /// Marking of its content.
    pub marking: Marking,
    /// In plain words.
    pub readback: String,
    /// Line of the declaration, from 1.
    pub line: u32,
}

/// Kind of a norm.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NormKind {
    /// Must.
    Duty,
    /// Must not.
    Ban,
    /// A duty that a breach triggers.
    Remedy,
    /// May: its single part, if any, is the act of obstruction, which is banned for the addressee (the bearer here).
    Right,
}

/// Who bears a norm or is owed it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Who {
    /// Each of these, groups taken apart down to parties: one instance each.
    EachOf(Vec<Name>),
    /// For `owed to`: each of these but the bearer.
    EveryOtherOf(Vec<Name>),
    /// All together: one instance.
    Jointly(Vec<Name>),
    /// The bearer of the breached norm.
    BreachingParty,
    /// The text does not say.
    Unstated,
}

/// What starts instances of a norm.
#[derive(Clone, PartialEq, Debug)]
pub enum Trigger {
    /// One instance, from the entry into force or from [`Norm::from`].
    Always,
    /// One instance, at a moment.
    At(Moment),
    /// One instance for each time that a condition begins to hold.
    Begins(Cond),
    /// One instance for each time that a condition ceases to hold.
    Ends(Cond),
    /// One instance for each event.
    Each(FactPattern),
    /// One instance for each finding that a term is met.
    Found(Name),
    /// One instance for each time that a norm is fulfilled, breached or falls due.
    Norm(NormEvent),
    /// For remedies: one instance for each breached instance of the norms that name it.
    Breach,
}

/// Something that happens to a norm.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NormEvent {
    /// The norm.
    pub norm: Name,
    /// For this bearer only; [`PartyRef::Bearer`] for the bearer of the norm that asks; `None`: for all its bearers.
    pub of: Option<PartyRef>,
    /// What.
    pub what: NormMoment,
}

/// What can happen to a norm.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NormMoment {
    /// Satisfied.
    Fulfilled,
    /// Violated.
    Breached,
    /// Its deadline comes.
    Due,
}

/// A party in a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PartyRef {
    /// A party, group or body.
    Name(Name),
    /// The bearer of the instance.
    Bearer,
}

/// Content and deadline.
#[derive(Clone, PartialEq, Debug)]
pub struct Part {
    /// Verb.
    pub verb: Verb,
    /// What must be done, hold or be kept; for a ban, what must not be.
    pub cond: Cond,
    /// By when.
    pub deadline: Deadline,
}

/// Verb of a norm's content.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// An act by the deadline.
    Do,
    /// A result that holds at the deadline.
    Ensure,
    /// A state throughout.
    Keep,
    /// Must not do an act.
    NotDo,
    /// Must not keep a state.
    NotKeep,
}

/// By when.
#[derive(Clone, PartialEq, Debug)]
pub enum Deadline {
    /// Nothing is said.
    None,
    /// By a moment.
    By(Moment),
    /// Anew in each period that follows a moment.
    Every(Span, Moment),
}

/// Allowed failing time of a `keep`: a total in any window. Days count as 24 hours each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gap {
    /// Total allowed.
    pub total: Span,
    /// Trailing window.
    pub window: Span,
}

/// An exception of a ban or of a `keep` over a measure.
#[derive(Clone, PartialEq, Debug)]
pub struct Exception {
    /// Records that it covers: a condition over their roles.
    pub covers: Cond,
    /// Only up to this much (of a measure's value, or so many events).
    pub up_to: Option<Number>,
    /// Lapses after this instant.
    pub until: Option<Instant>,
}

/// How firmly a norm binds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Force {
    /// As the agreement's status says.
    #[default]
    AsAgreement,
    /// Legally.
    Binding,
    /// Politically.
    Political,
    /// Best efforts: soft.
    BestEfforts,
    /// Where possible: soft.
    WherePossible,
    /// Only once something else is given: the fact that gives it, by name (`appropriation`).
    SubjectTo(Name),
}

impl Force {
    /// A missed soft duty is missed, not violated.
    pub fn is_soft(&self) -> bool {
        matches!(self, Force::BestEfforts | Force::WherePossible)
    }
}

/// A power: an act that changes norms.
#[derive(Clone, PartialEq, Debug)]
pub struct Power {
    /// Name.
    pub name: Name,
    /// Who has it.
    pub bearer: Who,
    /// What the act does.
    pub can: Change,
    /// To which norms.
    pub on: Targets,
    /// The act.
    pub act: FactPattern,
    /// Time from the act to its effect.
    pub effect_after: Option<Span>,
    /// Only if.
    pub only_if: Option<Cond>,
    /// Not while.
    pub unless: Option<Cond>,
    /// The act needs consent: silence of this length after its receipt counts as consent.
    pub silence: Option<Span>,
    /// The act by which an addressee objects within that time.
    pub objection: Option<FactPattern>,
    /// Who may object; `None`: anybody.
    pub addressee: Option<Who>,
    /// For a suspension: whether deadlines go on running.
    pub clock_runs: bool,
    /// Clause.
    pub clause: Option<usize>,
    /// Quoted words.
    pub per: Vec<String>,
    /// In plain words.
    pub readback: String,
}

/// What a power does to norms.
#[derive(Clone, PartialEq, Debug)]
pub enum Change {
    /// They begin.
    Start,
    /// They rest.
    Suspend,
    /// They go on.
    Resume,
    /// The breach or the duty is waived.
    Waive,
    /// Deadlines move by this.
    Extend(Span),
    /// The norm does not come to apply (to whoever objects).
    Object,
    /// They end.
    End,
}

/// Norms that a power acts on.
#[derive(Clone, PartialEq, Debug)]
pub enum Targets {
    /// These.
    Norms(Vec<Name>),
    /// All that the actor bears.
    EveryNormOfActor,
    /// All.
    All,
}

/// Which rule yields.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Priority {
    /// The rule that stands.
    pub over: Name,
    /// The rule or power that yields.
    pub yields: Name,
}

/// A moment.
#[derive(Clone, PartialEq, Debug)]
pub enum Moment {
    /// A fixed instant.
    Instant(Instant),
    /// The end of a day.
    EndOfDate(Date),
    /// The start of a day.
    StartOfDate(Date),
    /// Signature: the start of that day.
    Signed,
    /// Entry into force.
    InForce,
    /// What triggered the instance.
    Trigger,
    /// The breach that triggered a remedy.
    Breach,
    /// The first time that a condition begins to hold (in a norm's `from`: the first after the trigger).
    Begins(Box<Cond>),
    /// The first time that it ceases to.
    Ends(Box<Cond>),
    /// The first matching event.
    First(Box<FactPattern>),
    /// When the last of these has done it for the first time; the fact is matched with its role `by` set to each.
    AllOf(Box<FactPattern>, Who),
    /// When a term was found to be met.
    Found(Name),
    /// Something that happens to a norm.
    Norm(NormEvent),
    /// When it was first known: the reports that establish it had been received.
    Detected(Box<Moment>),
    /// When it was first known as confirmed.
    Verified(Box<Moment>),
    /// A span after: exact to the millisecond; a calendar span ends at the end of its last day.
    After(Span, Box<Moment>),
    /// A span before, likewise.
    Before(Span, Box<Moment>),
    /// The start of day n after.
    StartOfDay(i64, Box<Moment>),
    /// The end of day n after.
    EndOfDay(i64, Box<Moment>),
    /// A span, given by a reading, after.
    AfterReading(Name, Box<Moment>),
    /// As a reading says.
    Reading(Name),
}

/// A condition.
#[derive(Clone, PartialEq, Debug)]
pub enum Cond {
    /// All.
    And(Vec<Cond>),
    /// Any.
    Or(Vec<Cond>),
    /// Not.
    Not(Box<Cond>),
    /// A comparison of quantities or names.
    Compare(Value, Op, Value),
    /// A comparison with a target, in the way a reading says.
    CompareBy(Value, Name, Value),
    /// In a `where`: a place lies inside (or, negated by [`Cond::Not`], outside) a zone.
    Inside(Value, ZoneRef),
    /// An event happened (in the scope that the context gives), a state holds, an object is there.
    Fact(FactPattern),
    /// N consecutive calendar days on each of which the condition holds.
    Run(i64, Box<Cond>, Unwatched),
    /// A term is met.
    Term(Name),
    /// A term was found to be met.
    Found(Name),
    /// A norm was fulfilled, breached or is due.
    Norm(NormEvent),
    /// As a reading says.
    Reading(Name),
}

/// What an unwatched day does to a run of days.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Unwatched {
    /// It neither counts nor resets.
    #[default]
    Neither,
    /// It counts.
    Counts,
    /// It resets.
    Resets,
}

/// How two values are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the signs are their own description")]
pub enum Op {
    Eq,
    Ne,
    Lt,
    Gt,
    Le,
    Ge,
}

impl Op {
    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Op::Eq => "=",
            Op::Ne => "!=",
            Op::Lt => "<",
            Op::Gt => ">",
            Op::Le => "<=",
            Op::Ge => ">=",
        }
    }
}

/// A value.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// A number in base units.
    Number(Number, Dimension),
    /// An instant.
    Instant(Instant),
    /// Free text.
    Text(String),
    /// A party, group, body, class value or zone.
    Name(Name),
    /// In a `where`, an `except` or a zone: the role of the record under test, or the zone's parameter.
    Role(Name),
    /// An attribute of a class value: `zone-width of type`.
    Attribute(Name, Box<Value>),
    /// A role of the event that triggered the instance: `name of trigger`.
    OfTrigger(Name),
    /// The bearer of the instance.
    Bearer,
    /// The beneficiary of the instance.
    Beneficiary,
    /// An aggregate over matching facts.
    Aggregate(Box<Aggregate>),
    /// A measure as it stands now, summed over its matching keys.
    Measure(Box<FactPattern>),
    /// The share of a zone that is watched now, by an observer or by anybody.
    Coverage(ZoneRef, Option<PartyRef>),
    /// Arithmetic.
    Arith(Box<Value>, ArithOp, Box<Value>),
    /// A function.
    Call(Function, Vec<Value>),
    /// As a reading says.
    Reading(Name),
}

/// Arithmetic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are their own description")]
pub enum ArithOp {
    Add,
    Sub,
    Mul,
    Div,
}

/// Functions on values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are their own description")]
pub enum Function {
    Ceil,
    Floor,
    Min,
    Max,
    Abs,
}

/// An aggregate over matching facts.
#[derive(Clone, PartialEq, Debug)]
pub struct Aggregate {
    /// What is computed.
    pub what: Agg,
    /// Over which role; `value` for a measure's value; `None` for a count.
    pub role: Option<Name>,
    /// The facts.
    pub of: FactPattern,
    /// Over what time.
    pub window: Window,
}

impl Aggregate {
    /// In words, the fact being called so: `number of armed attack in 72 hours`.
    pub fn words(&self, called: &str) -> String {
        let start = match (self.what, &self.role) {
            (Agg::Sum, Some(role)) => format!("{role}, all together, of "),
            (Agg::Distinct, Some(role)) => format!("different values of {role} of "),
            (what, Some(role)) => format!("{what:?} {role} of ").to_lowercase(),
            (_, None) => "number of ".to_string(),
        };
        let end = match &self.window {
            Window::InAny(span) => format!(" in {span}"),
            Window::InEach(period) => format!(" in a calendar {}", period.word()),
            Window::All | Window::Since(_) => String::new(),
        };
        format!("{start}{called}{end}")
    }
}

/// What an aggregate computes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Agg {
    /// How many.
    Count,
    /// Their sum.
    Sum,
    /// How many different values.
    Distinct,
    /// The greatest.
    Max,
    /// The least.
    Min,
    /// The earliest in time.
    First,
    /// The latest in time.
    Last,
}

/// Over what time an aggregate goes. At a moment t:
#[derive(Clone, PartialEq, Debug)]
pub enum Window {
    /// From the beginning to t (for objects and measures: as they stand at t).
    All,
    /// `(t − span, t]`: two events exactly a span apart are in no window together.
    InAny(Span),
    /// From the start of the calendar period that t lies in, to t.
    InEach(CalendarPeriod),
    /// From a moment to t.
    Since(Moment),
}

/// A pattern of facts: roles set to values, and a condition over roles.
#[derive(Clone, PartialEq, Debug)]
pub struct FactPattern {
    /// The fact.
    pub fact: Name,
    /// Roles that must have these values; a group matches its members, a zone what lies in it.
    pub roles: Vec<(Name, Value)>,
    /// A condition over the roles of a record.
    pub filter: Option<Box<Cond>>,
}

impl FactPattern {
    /// Any fact of this name.
    pub fn any(fact: impl Into<Name>) -> FactPattern {
        FactPattern { fact: fact.into(), roles: Vec::new(), filter: None }
    }
}

/// The name of the declaration behind the name of a norm; see [`Norm::declared`].
pub fn declared(norm: &Name) -> &str {
    norm.as_str().split_once('/').map_or(norm.as_str(), |(declaration, _)| declaration)
}

impl Norm {
    /// The name of its declaration: of `milestone/2026-12-31`, a row of sugar, `milestone`.
    pub fn declared(&self) -> &str {
        declared(&self.name)
    }

    /// For a norm that is subject to something: that it is given, by the bearer itself where the fact names who gives it.
    pub fn subject(&self, agreement: &Agreement) -> Option<Cond> {
        let Force::SubjectTo(fact) = &self.force else { return None };
        let by = |f: &Fact| f.roles.iter().any(|(role, _)| *role == "by");
        let own = agreement.facts.get(fact).is_some_and(by);
        let roles = if own { vec![(Name::from("by"), Value::Bearer)] } else { Vec::new() };
        Some(Cond::Fact(FactPattern { roles, ..FactPattern::any(fact.clone()) }))
    }
}

impl Zone {
    /// Whether its extent hangs on the instance that asks: it names the bearer, the beneficiary or the trigger.
    pub fn is_relative(&self) -> bool {
        fn of_value(value: &Value) -> bool {
            match value {
                Value::Bearer | Value::Beneficiary | Value::OfTrigger(_) | Value::Reading(_) => true,
                Value::Attribute(_, v) => of_value(v),
                Value::Arith(a, _, b) => of_value(a) || of_value(b),
                _ => false,
            }
        }
        fn of_extent(extent: &Extent) -> bool {
            match extent {
                Extent::Given(_) => false,
                Extent::Zone(zone) => zone.args.iter().any(of_value),
                Extent::Strip { line, within, side } => {
                    line.args.iter().chain([&**within]).chain(side.as_deref()).any(of_value)
                }
                Extent::Disc { within, .. } => of_value(within),
                Extent::Union(all) => all.iter().any(of_extent),
                Extent::Difference(a, b) => of_extent(a) || of_extent(b),
            }
        }
        self.cases.iter().any(|case| of_extent(&case.extent))
    }
}

impl Agreement {
    /// The instants at which a membership or the validity of a zone begins or is over, in order.
    pub fn epochs(&self) -> Vec<Instant> {
        let members = self.groups.values().flat_map(|g| &g.members);
        let members = members.chain(self.bodies.values().flat_map(|b| &b.members)).map(|m| (m.from, m.until));
        let cases = self.zones.values().flat_map(|z| &z.cases).map(|c| (c.from, c.until));
        let mut all: Vec<Instant> = members
            .chain(cases)
            .flat_map(|(from, until)| [from, until.map(Instant::next)])
            .flatten()
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The norm of that name.
    pub fn norm(&self, name: &str) -> Option<&Norm> {
        self.norms.iter().find(|n| n.name == *name)
    }

    /// The parties that a name stands for at an instant: itself, or the members of a group or body, taken apart down
    /// to parties. A name that stands for nothing known is itself.
    pub fn parties_of(&self, name: &Name, at: Instant) -> BTreeSet<Name> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![name.clone()];
        while let Some(name) = open.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            let members = match (self.groups.get(&name), self.parties.contains_key(&name)) {
                (Some(group), false) => &group.members,
                _ => {
                    found.insert(name);
                    continue;
                }
            };
            let then = members
                .iter()
                .filter(|m| m.from.is_none_or(|f| f <= at) && m.until.is_none_or(|u| at <= u))
                .map(|m| m.who.clone());
            open.extend(then);
        }
        found
    }

    /// How a fact is called.
    pub fn fact_phrase<'a>(&'a self, name: &'a Name) -> &'a str {
        self.facts
            .get(name)
            .map(|f| &f.phrase)
            .filter(|p| !p.is_empty())
            .map_or(name.as_str(), String::as_str)
    }

    /// How a party, group or body is called.
    pub fn phrase<'a>(&'a self, name: &'a Name) -> &'a str {
        let phrase = self
            .parties
            .get(name)
            .map(|p| &p.phrase)
            .or_else(|| self.groups.get(name).map(|g| &g.phrase))
            .or_else(|| self.bodies.get(name).map(|b| &b.phrase));
        phrase.filter(|p| !p.is_empty()).map_or(name.as_str(), String::as_str)
    }
}
