//! The word, the sign and the tone of a verdict, and the answer to "is the agreement kept?".
//!
//! A verdict has two axes and reasons; a person wants one word. The words are those of an analyst (complied, violated,
//! not observed, disputed …). They are finer than [`Performance`] and never contradict it.

use crate::View;
use servanda_model::Verdict;
use servanda_model::agreement::NormKind;
use servanda_model::grade::Truth;
use servanda_model::verdict::{Bearer, Code, Ended, Performance, Standing};

/// The kind of answer behind a word: what a colour and a shape stand for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Tone {
    /// Broken.
    Broken,
    /// A soft duty was not performed.
    Missed,
    /// Options of a reading differ.
    Reading,
    /// Contested, or not decided by what is known.
    Doubt,
    /// Nobody was watching.
    Unseen,
    /// A precondition is open, or it rests.
    Waiting,
    /// Its time is not over.
    Open,
    /// Kept.
    Kept,
    /// It does not apply.
    Idle,
}

impl Tone {
    /// All of them, worst first.
    pub const ALL: [Tone; 9] = [
        Tone::Broken,
        Tone::Missed,
        Tone::Reading,
        Tone::Doubt,
        Tone::Unseen,
        Tone::Waiting,
        Tone::Open,
        Tone::Kept,
        Tone::Idle,
    ];

    /// The word that JSON and the page's style sheet use.
    pub fn word(self) -> &'static str {
        match self {
            Tone::Broken => "broken",
            Tone::Missed => "missed",
            Tone::Reading => "reading",
            Tone::Doubt => "doubt",
            Tone::Unseen => "unseen",
            Tone::Waiting => "waiting",
            Tone::Open => "open",
            Tone::Kept => "kept",
            Tone::Idle => "idle",
        }
    }

    /// A sign of one column, different for each.
    pub fn sign(self) -> char {
        match self {
            Tone::Broken => '✗',
            Tone::Missed => '−',
            Tone::Reading => '±',
            Tone::Doubt => '≠',
            Tone::Unseen => '?',
            Tone::Waiting => '◌',
            Tone::Open => '○',
            Tone::Kept => '✓',
            Tone::Idle => '·',
        }
    }
}

/// How a verdict is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct State {
    /// In words: `violated, complied late`.
    pub word: &'static str,
    /// The kind of answer.
    pub tone: Tone,
}

impl State {
    /// Of a verdict.
    pub fn of(verdict: &Verdict) -> State {
        let (word, tone) = match verdict.performance {
            Performance::Satisfied => ("complied", Tone::Kept),
            Performance::Violated => violated(verdict),
            Performance::Missed => ("missed", Tone::Missed),
            Performance::DependsOnReading => ("depends on the reading", Tone::Reading),
            Performance::PendingEvidence => undecided(verdict),
            Performance::Pending => pending(verdict),
            Performance::NotApplicable => not_applicable(verdict),
        };
        State { word, tone }
    }

    /// Of a performance alone, as under another reading.
    pub fn of_performance(performance: Performance) -> State {
        let (word, tone) = match performance {
            Performance::Satisfied => ("complied", Tone::Kept),
            Performance::Violated => ("violated", Tone::Broken),
            Performance::Missed => ("missed", Tone::Missed),
            Performance::DependsOnReading => ("depends on the reading", Tone::Reading),
            Performance::PendingEvidence => ("not established", Tone::Doubt),
            Performance::Pending => ("pending", Tone::Open),
            Performance::NotApplicable => ("does not apply", Tone::Idle),
        };
        State { word, tone }
    }
}

fn violated(verdict: &Verdict) -> (&'static str, Tone) {
    match (&verdict.standing, &verdict.bearer) {
        (Standing::Ended(Ended::Waived), _) => ("waived", Tone::Idle),
        (_, Bearer::NotEstablished(_)) => ("broken, by whom not established", Tone::Broken),
        _ if verdict.performed_late.is_some() => ("violated, complied late", Tone::Broken),
        _ => ("violated", Tone::Broken),
    }
}

fn undecided(verdict: &Verdict) -> (&'static str, Tone) {
    let has = |code| verdict.because(code);
    if has(Code::Contested) {
        ("disputed", Tone::Doubt)
    } else if has(Code::NotWatched) || has(Code::NobodySees) {
        ("not observed", Tone::Unseen)
    } else if has(Code::TimeInDoubt) {
        ("time in doubt", Tone::Doubt)
    } else if has(Code::DoubtOfPlaceOrActor) {
        ("place or actor in doubt", Tone::Doubt)
    } else if has(Code::LeftToJudgement) {
        ("left to judgement", Tone::Doubt)
    } else {
        ("not established", Tone::Doubt)
    }
}

fn pending(verdict: &Verdict) -> (&'static str, Tone) {
    match &verdict.standing {
        Standing::Waiting(_) => ("waiting", Tone::Waiting),
        Standing::Suspended(_) => ("suspended", Tone::Waiting),
        _ if verdict.because(Code::DeadlineAhead) => ("not due", Tone::Open),
        _ if verdict.because(Code::PeriodOpen) && verdict.kind == NormKind::Ban => {
            ("no breach so far", Tone::Open)
        }
        _ if verdict.because(Code::PeriodOpen) => ("kept so far", Tone::Open),
        _ => ("pending", Tone::Open),
    }
}

fn not_applicable(verdict: &Verdict) -> (&'static str, Tone) {
    let word = match &verdict.standing {
        Standing::Ended(Ended::Waived) => "waived",
        Standing::Ended(Ended::Excused) => "excused",
        Standing::Ended(Ended::Terminated) => "ended",
        Standing::Ended(Ended::Superseded) => "replaced",
        Standing::Ended(Ended::Expired) => "expired",
        Standing::Waiting(_) => return ("waiting", Tone::Waiting),
        Standing::Suspended(_) => return ("suspended", Tone::Waiting),
        _ if verdict.because(Code::NotInForce) => "not in force",
        _ if verdict.because(Code::Excepted) => "excepted",
        _ if verdict.because(Code::Yields) => "yields to another rule",
        _ if verdict.because(Code::NotTriggered) => "not triggered",
        Standing::Dormant => "not triggered",
        _ => "does not apply",
    };
    (word, Tone::Idle)
}

/// The answer above the fold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// `No.`
    pub word: &'static str,
    /// What it rests on: how many obligations are in which state.
    pub sentence: String,
}

impl Answer {
    /// Of a view, from its rows: one obligation is one norm for one bearer.
    pub fn of(view: &View<'_>) -> Answer {
        let rows = view.rows();
        let count = |tone| rows.iter().filter(|r| r.state().tone == tone).count();
        let (broken, reading) = (count(Tone::Broken), count(Tone::Reading));
        let (doubt, unseen) = (count(Tone::Doubt), count(Tone::Unseen));
        let word = match () {
            () if broken > 0 => "No.",
            () if reading > 0 => "It depends on how the words are read.",
            () if doubt + unseen > 0 => "It is not known.",
            () if count(Tone::Kept) + count(Tone::Open) + count(Tone::Missed) > 0 => "Yes, so far.",
            () => "Nothing applies yet.",
        };
        let parts: Vec<String> = [
            (broken, "broken"),
            (count(Tone::Missed), "missed where only an effort was owed"),
            (reading, "a matter of reading"),
            (doubt, "disputed or not established"),
            (unseen, "not observed"),
            (count(Tone::Open) + count(Tone::Waiting), "still open"),
            (count(Tone::Kept), "complied with"),
            (count(Tone::Idle), "not applicable now"),
        ]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
        let noun = if rows.len() == 1 { "obligation" } else { "obligations" };
        let sentence = match parts.as_slice() {
            [] => "The agreement has no obligation to judge.".to_string(),
            parts => format!("Of {} {noun}: {}.", rows.len(), parts.join(", ")),
        };
        Answer { word, sentence }
    }
}

/// Whether a term is met now, with a sign before the word.
pub fn met(now: Truth) -> (Tone, &'static str) {
    match now {
        Truth::True => (Tone::Broken, "● met"),
        Truth::False => (Tone::Idle, "○ not met"),
        Truth::Unknown => (Tone::Unseen, "? not known"),
        Truth::Contested => (Tone::Doubt, "≠ disputed"),
    }
}
