//! Verdicts with their reasons, and the board that holds them.
//!
//! A verdict is an answer, never an error: "violated", "unknown" and "depends on the reading" are answers. It cannot be
//! built without its [`Reasons`].

use crate::agreement::NormKind;
use crate::record::Marking;
use crate::{Grade, Instant, Name, Number, Period, RecordId, When};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What is asked: the verdicts at a moment, as known at a moment, under chosen readings.
#[derive(Clone, PartialEq, Debug)]
pub struct Question {
    /// The moment that the answer speaks of.
    pub at: Instant,
    /// The moment at which what was recorded by then is known.
    pub known_at: Instant,
    /// Reading → option, for readings that somebody chose.
    pub readings: BTreeMap<Name, Name>,
}

impl Question {
    /// At a moment, as known at that moment, no reading chosen.
    pub fn at(at: Instant) -> Question {
        Question { at, known_at: at, readings: BTreeMap::new() }
    }
}

/// All verdicts of an agreement for one question.
#[derive(Clone, PartialEq, Debug)]
pub struct Board {
    /// The question.
    pub question: Question,
    /// Verdicts: by norm in the text's order, then bearer, then trigger.
    pub verdicts: Vec<Verdict>,
    /// Terms as they stand.
    pub terms: Vec<TermState>,
    /// Acts under powers, with or without effect.
    pub acts: Vec<Act>,
}

/// The verdict on one instance of a norm.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Verdict {
    /// Norm.
    pub norm: Name,
    /// Its kind.
    pub kind: NormKind,
    /// Who owes it.
    pub bearer: Bearer,
    /// To whom.
    pub owed_to: Vec<Name>,
    /// Identity of the instance among those of the norm and bearer: `-` where there can be only one, else the anchor of
    /// the trigger's episode (the first record that spoke of it), and the number of the period for a recurring duty.
    pub instance: Name,
    /// When it was triggered.
    pub triggered: Option<When>,
    /// Last instant in time; an interval where the trigger is known only as one.
    pub due: Option<When>,
    /// Where it stands.
    pub standing: Standing,
    /// How it was performed.
    pub performance: Performance,
    /// The weakest necessary link.
    pub grade: Grade,
    /// When it was fulfilled: the deciding act, or the deadline at which the result held.
    pub fulfilled: Option<When>,
    /// When the breach was first established: the deadline that passed, or the start of the first episode.
    pub breached: Option<When>,
    /// For a violated act: when it was done after all.
    pub performed_late: Option<When>,
    /// Breach episodes of a `keep` or a ban.
    pub episodes: Vec<Episode>,
    /// Who may see it: the join of the markings in its support.
    pub marking: Marking,
    reasons: Reasons,
}

/// All that a verdict says besides its reasons; see [`Verdict`] for the fields.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs, reason = "the fields are those of Verdict")]
pub struct Ruling {
    pub norm: Name,
    pub kind: NormKind,
    pub bearer: Bearer,
    pub owed_to: Vec<Name>,
    pub instance: Name,
    pub triggered: Option<When>,
    pub due: Option<When>,
    pub standing: Standing,
    pub performance: Performance,
    pub grade: Grade,
    pub fulfilled: Option<When>,
    pub breached: Option<When>,
    pub performed_late: Option<When>,
    pub episodes: Vec<Episode>,
    pub marking: Marking,
}

/// A verdict as it is read, before anybody has seen that it has a reason.
#[derive(Deserialize)]
struct Written {
    norm: Name,
    kind: NormKind,
    bearer: Bearer,
    owed_to: Vec<Name>,
    instance: Name,
    triggered: Option<When>,
    due: Option<When>,
    standing: Standing,
    performance: Performance,
    grade: Grade,
    fulfilled: Option<When>,
    breached: Option<When>,
    performed_late: Option<When>,
    episodes: Vec<Episode>,
    marking: Marking,
    reasons: Reasons,
}

impl TryFrom<Written> for Verdict {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Verdict, &'static str> {
        let Written { norm, kind, bearer, owed_to, instance, triggered, due, standing, .. } = written;
        let Written { performance, grade, fulfilled, breached, performed_late, episodes, .. } = written;
        let Written { marking, reasons, .. } = written;
        if reasons.because.is_empty() {
            return Err("a verdict without a reason");
        }
        Ok(Verdict {
            norm,
            kind,
            bearer,
            owed_to,
            instance,
            triggered,
            due,
            standing,
            performance,
            grade,
            fulfilled,
            breached,
            performed_late,
            episodes,
            marking,
            reasons,
        })
    }
}

impl Verdict {
    /// A ruling and its reasons.
    ///
    /// # Panics
    /// Where the reasons are empty: a verdict without a reason is a bug of the engine.
    pub fn new(ruling: Ruling, reasons: Reasons) -> Verdict {
        assert!(!reasons.because.is_empty(), "a verdict on `{}` has no reason", ruling.norm);
        let Ruling {
            norm,
            kind,
            bearer,
            owed_to,
            instance,
            triggered,
            due,
            standing,
            performance,
            grade,
            ..
        } = ruling;
        let Ruling { fulfilled, breached, performed_late, episodes, marking, .. } = ruling;
        Verdict {
            norm,
            kind,
            bearer,
            owed_to,
            instance,
            triggered,
            due,
            standing,
            performance,
            grade,
            fulfilled,
            breached,
            performed_late,
            episodes,
            marking,
            reasons,
        }
    }

    /// Why.
    pub fn reasons(&self) -> &Reasons {
        &self.reasons
    }

    /// The same verdict with further reasons: used where the results under other readings are added.
    pub fn with_elsewhere(mut self, elsewhere: Vec<Elsewhere>) -> Verdict {
        self.reasons.elsewhere = elsewhere;
        self
    }

    /// Whether a code is among its reasons.
    pub fn because(&self, code: Code) -> bool {
        self.reasons.because.iter().any(|b| b.code == code)
    }
}

/// Who bears an instance.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Bearer {
    /// A party or body.
    Party(Name),
    /// These together.
    Jointly(Vec<Name>),
    /// The text does not say.
    Unstated,
    /// Some party of these; which one is not established.
    NotEstablished(Vec<Name>),
}

impl fmt::Display for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |names: &[Name]| names.iter().map(Name::as_str).collect::<Vec<_>>().join("+");
        match self {
            Bearer::Party(name) => f.pad(name.as_str()),
            Bearer::Jointly(names) => f.pad(&list(names)),
            Bearer::Unstated => f.pad("unstated"),
            Bearer::NotEstablished(_) => f.pad("not-established"),
        }
    }
}

/// Where an instance stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Standing {
    /// Not triggered.
    Dormant,
    /// Triggered; a precondition is not met: what it waits for.
    Waiting(String),
    /// It applies.
    Active,
    /// It rests: why.
    Suspended(String),
    /// It is over.
    Ended(Ended),
}

impl Standing {
    /// One word.
    pub fn word(&self) -> &'static str {
        match self {
            Standing::Dormant => "dormant",
            Standing::Waiting(_) => "waiting",
            Standing::Active => "active",
            Standing::Suspended(_) => "suspended",
            Standing::Ended(how) => how.word(),
        }
    }
}

/// How an instance ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Ended {
    /// Its time ran out.
    Expired,
    /// Performed.
    Discharged,
    /// Excused.
    Excused,
    /// Waived.
    Waived,
    /// Ended by a power.
    Terminated,
    /// Replaced by a remedy.
    Superseded,
}

impl Ended {
    /// All of them.
    pub const ALL: [Ended; 6] = [
        Ended::Expired,
        Ended::Discharged,
        Ended::Excused,
        Ended::Waived,
        Ended::Terminated,
        Ended::Superseded,
    ];

    /// One word.
    pub fn word(self) -> &'static str {
        match self {
            Ended::Expired => "expired",
            Ended::Discharged => "discharged",
            Ended::Excused => "excused",
            Ended::Waived => "waived",
            Ended::Terminated => "terminated",
            Ended::Superseded => "superseded",
        }
    }
}

/// How an instance was performed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Performance {
    /// Never triggered, or excepted, or without force on the facts.
    NotApplicable,
    /// Satisfied.
    Satisfied,
    /// The deadline lies ahead, or the period is open and kept so far.
    Pending,
    /// What is known does not decide it.
    PendingEvidence,
    /// Options of a reading differ.
    DependsOnReading,
    /// A soft duty was not performed.
    Missed,
    /// Violated.
    Violated,
}

impl Performance {
    /// All of them.
    pub const ALL: [Performance; 7] = [
        Performance::NotApplicable,
        Performance::Satisfied,
        Performance::Pending,
        Performance::PendingEvidence,
        Performance::DependsOnReading,
        Performance::Missed,
        Performance::Violated,
    ];

    /// The word that scenarios and JSON use.
    pub fn word(self) -> &'static str {
        match self {
            Performance::NotApplicable => "not-applicable",
            Performance::Satisfied => "satisfied",
            Performance::Pending => "pending",
            Performance::PendingEvidence => "pending-evidence",
            Performance::DependsOnReading => "depends-on-reading",
            Performance::Missed => "missed",
            Performance::Violated => "violated",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Performance> {
        Performance::ALL.into_iter().find(|p| p.word() == word)
    }
}

/// A stretch of breach.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Episode {
    /// Its start.
    pub from: When,
    /// Its end; `None`: it lasts.
    pub to: Option<When>,
    /// How many events, or how far below or above the limit.
    pub size: Number,
    /// Grade.
    pub grade: Grade,
    /// Deciding records, first hundred.
    pub records: Vec<RecordId>,
}

/// Why a verdict is what it is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Reasons {
    /// Clause, by index into [`Agreement::clauses`](crate::Agreement::clauses).
    pub clause: Option<usize>,
    /// Quoted words.
    pub words: Vec<String>,
    /// The rule in plain words.
    pub rule: String,
    /// The readings that it was computed under, chosen or tried.
    pub readings: Vec<(Name, Name)>,
    /// The steps, in order; never empty.
    pub because: Vec<Because>,
    /// Deciding records.
    pub decided_by: Vec<Cited>,
    /// Records against.
    pub against: Vec<Cited>,
    /// What is missing that would change it.
    pub missing: Vec<String>,
    /// Coverage behind every absence.
    pub coverage: Vec<Watched>,
    /// The result under the options of the readings that it uses, where nobody chose.
    pub elsewhere: Vec<Elsewhere>,
    /// Rests on words left to somebody's judgement: these.
    pub judgement: Vec<Name>,
}

/// A step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Because {
    /// What kind of step.
    pub code: Code,
    /// In plain words.
    pub text: String,
}

/// Kinds of steps. Scenarios assert them by [`Code::word`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[allow(
    missing_docs,
    reason = "the words are their own description; docs/reference/verdicts.md has a line each"
)]
pub enum Code {
    NotInForce,
    NotTriggered,
    Triggered,
    Excepted,
    Awaiting,
    DeadlineAhead,
    PeriodOpen,
    NoDeadline,
    DoneInTime,
    DoneLate,
    NotDone,
    Holds,
    DoesNotHold,
    Kept,
    WithinGap,
    NotKept,
    NoBreach,
    Breach,
    BearerNotEstablished,
    BelowStandard,
    Contested,
    TimeInDoubt,
    DoubtOfPlaceOrActor,
    NotWatched,
    NobodySees,
    Suspended,
    Waived,
    Terminated,
    Expired,
    Extended,
    Superseded,
    Yields,
    SoftMissed,
    DependsOnReading,
    LeftToJudgement,
    BreachOf,
    RightNotObstructed,
}

impl Code {
    /// All of them.
    pub const ALL: [Code; 37] = {
        use Code::*;
        [
            NotInForce,
            NotTriggered,
            Triggered,
            Excepted,
            Awaiting,
            DeadlineAhead,
            PeriodOpen,
            NoDeadline,
            DoneInTime,
            DoneLate,
            NotDone,
            Holds,
            DoesNotHold,
            Kept,
            WithinGap,
            NotKept,
            NoBreach,
            Breach,
            BearerNotEstablished,
            BelowStandard,
            Contested,
            TimeInDoubt,
            DoubtOfPlaceOrActor,
            NotWatched,
            NobodySees,
            Suspended,
            Waived,
            Terminated,
            Expired,
            Extended,
            Superseded,
            Yields,
            SoftMissed,
            DependsOnReading,
            LeftToJudgement,
            BreachOf,
            RightNotObstructed,
        ]
    };

    /// The word for it: `not-done`.
    pub fn word(self) -> String {
        let mut out = String::new();
        for c in format!("{self:?}").chars() {
            if c.is_uppercase() && !out.is_empty() {
                out.push('-');
            }
            out.extend(c.to_lowercase());
        }
        out
    }
}

/// A record that decided something.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Cited {
    /// The record.
    pub record: RecordId,
    /// Its grade after the rule on sources.
    pub grade: Grade,
}

/// Coverage behind an absence.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Watched {
    /// What was to be watched: a zone, or the register of a body.
    pub what: String,
    /// From when to when.
    pub period: Period,
    /// Share watched, 0 to 1, over the period.
    pub share: Number,
    /// The best grade at which the minimum is reached.
    pub grade: Grade,
    /// Stretches in which nobody watched, first twenty.
    pub gaps: Vec<Period>,
}

/// The result under one choice of readings.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Elsewhere {
    /// Reading → option.
    pub readings: Vec<(Name, Name)>,
    /// Performance.
    pub performance: Performance,
    /// Grade.
    pub grade: Grade,
    /// Due.
    pub due: Option<When>,
}

/// A term as it stands.
#[derive(Clone, PartialEq, Debug)]
pub struct TermState {
    /// The term.
    pub term: Name,
    /// The readings it was computed under.
    pub readings: Vec<(Name, Name)>,
    /// Whether it is met at the moment asked for.
    pub now: crate::grade::Truth,
    /// Support at that moment.
    pub support: crate::Support,
    /// Times at which it was met.
    pub episodes: Vec<TermEpisode>,
    /// The quantities that it compares, as they stand: text, least value established at the standard, threshold.
    pub gauges: Vec<Gauge>,
}

/// A time at which a term was met.
#[derive(Clone, PartialEq, Debug)]
pub struct TermEpisode {
    /// Its identity: the first record that spoke of it.
    pub anchor: Name,
    /// When it began.
    pub began: When,
    /// When it ended; `None`: it lasts.
    pub ended: Option<When>,
    /// Grade at its beginning.
    pub grade: Grade,
    /// When it was found, if it was.
    pub found: Option<When>,
}

/// A quantity beside its threshold.
#[derive(Clone, PartialEq, Debug)]
pub struct Gauge {
    /// In plain words.
    pub what: String,
    /// As it stands.
    pub value: Number,
    /// Threshold.
    pub threshold: Number,
}

/// An act under a power.
#[derive(Clone, PartialEq, Debug)]
pub struct Act {
    /// The power.
    pub power: Name,
    /// Who acted.
    pub actor: Option<Name>,
    /// The record of the act.
    pub record: RecordId,
    /// When.
    pub when: When,
    /// From when it has effect, which may lie ahead; `None`: it has none, or its consent is still open.
    pub effect: Option<Instant>,
    /// Whether it was outside the power's conditions and so has no effect.
    pub purported: bool,
    /// Why.
    pub because: String,
}
