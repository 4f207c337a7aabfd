//! The history that a draft is replayed over, and the rule on when each of its records would have been known.
//!
//! A data set of past events was mostly entered years later. Replayed by its dates of entry it says what somebody knew who
//! read it then; replayed *as it happened* it says what a mission on the ground would have known, after a stated delay.
//! Which of the two was taken stands in every output.
//!
//! Invariants
//! - as it happened, nothing is known before the last moment at which it can have happened, and no end before it came;
//! - as it happened, what was corrected or withdrawn by the end of the history is left out: a correction made years later
//!   was known to nobody then, and the wrong report it corrects would be no truth to test a draft on.

use crate::Refusal;
use servanda_model::agreement::{FactKind, Moment};
use servanda_model::record::{COVERAGE, EXPLANATION, FINDING, Phase, RoleValue, Says};
use servanda_model::time::HOUR;
use servanda_model::{Agreement, Instant, Name, Period, Place, Record, RecordId};
use std::collections::{BTreeMap, BTreeSet};

/// When a record counts as known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Knowledge {
    /// When it was recorded.
    AsRecorded,
    /// So many milliseconds after the last moment at which it can have happened.
    AsItHappened(i64),
}

impl Knowledge {
    /// The rule in words.
    pub fn words(self) -> String {
        match self {
            Knowledge::AsRecorded => {
                "as recorded: each record counts from the moment at which it was entered".to_string()
            }
            Knowledge::AsItHappened(0) => {
                "as it happened: each record counts from the last moment at which it can have \
                 happened, the end of a stretch from that end; corrected and withdrawn records are left out"
                    .to_string()
            }
            Knowledge::AsItHappened(delay) => format!(
                "as it happened: each record counts from {} after the last moment at which it can have happened, the end \
                 of a stretch from as long after that end; corrected and withdrawn records are left out",
                servanda_report::wording::between(Instant(0), Instant(delay))
            ),
        }
    }
}

/// What the history is and is not.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct About {
    /// Records that were handed in.
    pub given: usize,
    /// Records left out because a later one corrected or withdrew them.
    pub left_out: usize,
    /// Records by fact, the most frequent first; built-in facts are among them.
    pub facts: Vec<(Name, usize)>,
    /// Records of facts that the draft does not have.
    pub strangers: usize,
    /// Records by source, the most frequent first.
    pub sources: Vec<(String, usize)>,
    /// From when to when they speak.
    pub spoken_of: Option<Period>,
    /// Records that are not exact to the day.
    pub not_to_the_day: usize,
    /// Records of a lasting state whose end is not on record.
    pub open_ended: usize,
    /// Records whose place is a point with a doubt.
    pub doubt_of_place: usize,
    /// Records that name several actors, of whom one is meant.
    pub doubt_of_actor: usize,
    /// Records that say what was watched.
    pub coverage: usize,
    /// What must be said about it.
    pub notes: Vec<String>,
}

/// A history, ready to be replayed.
#[derive(Clone, PartialEq, Debug)]
pub struct Past {
    /// Records, each with the moment at which it counts as known.
    pub records: Vec<Record>,
    /// The rule.
    pub knowledge: Knowledge,
    /// The stretch that is counted: triggers from its beginning on, verdicts as they stand at its end.
    pub period: Period,
    /// What it is.
    pub about: About,
}

impl Past {
    /// A history of these records. Without `from` it is counted from its first event or from the draft's entry into force,
    /// whichever is later, without `to` until its last record
    /// was known.
    ///
    /// # Errors
    /// Where there is no record, or the period is empty.
    pub fn of(
        agreement: &Agreement,
        records: &[Record],
        knowledge: Knowledge,
        from: Option<Instant>,
        to: Option<Instant>,
        notes: Vec<String>,
    ) -> Result<Past, Refusal> {
        if records.is_empty() {
            return Err(Refusal::new(
                "the history is empty: there is no record to replay the draft over",
                "name files with --records FILE (and --map FILE where they need a mapping), or a workspace with --workspace DIR",
            ));
        }
        let known = match knowledge {
            Knowledge::AsRecorded => records.to_vec(),
            Knowledge::AsItHappened(delay) => as_it_happened(agreement, records, delay),
        };
        let first = known.iter().map(|r| r.when.earliest).min().unwrap_or(Instant::MIN);
        let last = known.iter().map(|r| r.recorded).max().unwrap_or(Instant::MIN);
        let begins = in_force(agreement).filter(|at| *at < last).unwrap_or(Instant::MIN);
        let period = Period { from: from.unwrap_or(first.max(begins)), to: to.unwrap_or(last) };
        if period.from > period.to {
            let show = |at| agreement.calendar.show(at);
            return Err(Refusal::new(
                format!(
                    "the replay would end ({}) before it begins ({})",
                    show(period.to),
                    show(period.from)
                ),
                format!(
                    "choose --from and --to so that they hold some of the history; its records speak of {} to {}",
                    show(first),
                    show(known.iter().map(spoken_until).max().unwrap_or(last))
                ),
            ));
        }
        let about = about(agreement, records.len(), &known, knowledge, notes);
        Ok(Past { records: known, knowledge, period, about })
    }

    /// Whether no record that counts as known by the end happened within the period.
    pub fn is_silent(&self) -> bool {
        !self
            .records
            .iter()
            .any(|r| r.recorded <= self.period.to && r.when.possibly_within(self.period.from, self.period.to))
    }
}

/// When a draft enters into force, where it says so by a date.
fn in_force(agreement: &Agreement) -> Option<Instant> {
    match agreement.in_force.as_ref()? {
        Moment::Instant(at) => Some(*at),
        Moment::StartOfDate(date) => Some(agreement.calendar.start_of_day(*date)),
        Moment::EndOfDate(date) => Some(agreement.calendar.end_of_day(*date)),
        _ => None,
    }
}

fn spoken_until(record: &Record) -> Instant {
    record.until.map_or(record.when.latest, |until| until.max(record.when.latest))
}

/// The part of a record's identity that marks the report of its end.
const END: &str = "~end";

/// Records as somebody on the ground would have come to know them.
fn as_it_happened(agreement: &Agreement, records: &[Record], delay: i64) -> Vec<Record> {
    let gone: BTreeSet<&RecordId> =
        records.iter().flat_map(|r| [&r.supersedes, &r.withdraws]).flatten().collect();
    let mut known = Vec::with_capacity(records.len());
    let mut split: BTreeSet<&RecordId> = BTreeSet::new();
    for r in records.iter().filter(|r| r.withdraws.is_none() && !gone.contains(&r.id)) {
        let happened =
            [Some(r.when.latest), r.sent, r.received].into_iter().flatten().max().unwrap_or(r.recorded);
        let base = Record { supersedes: None, recorded: happened + delay, ..r.clone() };
        let state = agreement.facts.get(&r.fact).is_some_and(|f| f.kind == FactKind::State);
        match r.until.filter(|until| *until >= happened) {
            // That a state begins is known before it is known when it ends.
            Some(until) if state && r.says == Says::Affirms && r.phase != Phase::Ends => {
                let id: RecordId = format!("{}{END}", r.id).into();
                let end = Record {
                    id,
                    supersedes: Some(r.id.clone()),
                    recorded: until.next() + delay,
                    ..base.clone()
                };
                known.push(Record { until: None, ..base });
                known.push(end);
                split.insert(&r.id);
            }
            Some(until) => known.push(Record { recorded: until + delay, ..base }),
            None => known.push(base),
        }
    }
    // Who disputes a report disputes it after its end is known, too.
    let again: Vec<Record> = known
        .iter()
        .filter(|r| r.disputes.as_ref().is_some_and(|id| split.contains(id)))
        .map(|r| Record {
            id: format!("{}{END}", r.id).into(),
            disputes: r.disputes.as_ref().map(|id| format!("{id}{END}").into()),
            ..r.clone()
        })
        .collect();
    known.extend(again);
    known
}

fn about(
    agreement: &Agreement,
    given: usize,
    known: &[Record],
    knowledge: Knowledge,
    notes: Vec<String>,
) -> About {
    let mut about = About { given, notes, ..About::default() };
    let mut facts: BTreeMap<&Name, usize> = BTreeMap::new();
    let mut sources: BTreeMap<&str, usize> = BTreeMap::new();
    // Of a state whose beginning and end were told apart, the beginning is no record of its own.
    let ended: BTreeSet<&RecordId> =
        known.iter().filter(|r| r.id.as_str().ends_with(END)).filter_map(|r| r.supersedes.as_ref()).collect();
    let counted = || known.iter().filter(|r| !ended.contains(&r.id) && r.withdraws.is_none());
    for r in counted() {
        *facts.entry(&r.fact).or_default() += 1;
        *sources.entry(r.source.as_str()).or_default() += 1;
        let built_in = [COVERAGE, FINDING, EXPLANATION].contains(&r.fact.as_str());
        about.strangers += usize::from(!built_in && !agreement.facts.contains_key(&r.fact));
        // A day on which the clocks are put back has 25 hours.
        about.not_to_the_day += usize::from(r.when.latest - r.when.earliest >= 25 * HOUR);
        about.doubt_of_place +=
            usize::from(matches!(r.place, Some(Place::Point { radius_m, .. }) if radius_m > 0.0));
        about.doubt_of_actor += usize::from(r.roles.values().any(|v| matches!(v, RoleValue::OneOf(_))));
        about.coverage += usize::from(r.fact == *COVERAGE);
        let state = agreement.facts.get(&r.fact).is_some_and(|f| f.kind == FactKind::State);
        about.open_ended += usize::from(state && r.until.is_none() && r.phase == Phase::Stands);
    }
    if knowledge != Knowledge::AsRecorded {
        about.left_out =
            given - counted().filter(|r| !(r.disputes.is_some() && r.id.as_str().ends_with(END))).count();
    }
    let from = counted().map(|r| r.when.earliest).min();
    let to = counted().map(spoken_until).max();
    about.spoken_of = from.zip(to).map(|(from, to)| Period { from, to });
    let mut ranked: Vec<(Name, usize)> = facts.into_iter().map(|(n, c)| (n.clone(), c)).collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    about.facts = ranked;
    let mut ranked: Vec<(String, usize)> = sources.into_iter().map(|(n, c)| (n.to_string(), c)).collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    about.sources = ranked;
    if about.sources.iter().any(|(s, _)| s == "UCDP GED") {
        about.notes.insert(
            0,
            "UCDP GED lists lethal events only: a small part of all violations. It names the two sides of a conflict, never who fired."
                .to_string(),
        );
    }
    about
}

impl About {
    /// What limits the figures, a sentence each.
    pub fn limits(&self) -> Vec<String> {
        let mut out = self.notes.clone();
        let mut tell = |n: usize, one: &str, many: &str| {
            if n > 0 {
                out.push(format!("{} {}", crate::text::grouped(n), if n == 1 { one } else { many }));
            }
        };
        tell(self.not_to_the_day, "record is not exact to the day.", "records are not exact to the day.");
        tell(
            self.open_ended,
            "record of a state has no end on record.",
            "records of a state have no end on record.",
        );
        tell(self.doubt_of_place, "record has a place in doubt.", "records have a place in doubt.");
        tell(
            self.doubt_of_actor,
            "record names several actors of whom one is meant.",
            "records name several actors of whom one is meant.",
        );
        tell(
            self.strangers,
            "record speaks of a fact that the draft does not have.",
            "records speak of facts that the draft does not have.",
        );
        tell(
            self.left_out,
            "record was corrected or withdrawn and is left out.",
            "records were corrected or withdrawn and are left out.",
        );
        if self.coverage == 0 {
            out.push(
                "No record says what was watched: silence shows nothing where a fact needs coverage."
                    .to_string(),
            );
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use servanda_model::When;

    fn agreement() -> Agreement {
        let text = "```pact\nagreement a\n  time zone UTC\n\nstate alarm\n  says \"the alarm\"\n\nevent shot\n  says \"a shot\"\n```\n";
        servanda_lang::check(text).agreement
    }

    fn record(id: &str, fact: &str, from: i64, to: i64) -> Record {
        Record::new(id, fact, When { earliest: Instant(from), latest: Instant(to) }, Instant(1_000_000))
    }

    fn past(records: &[Record], knowledge: Knowledge) -> Past {
        Past::of(&agreement(), records, knowledge, None, None, Vec::new()).unwrap()
    }

    #[test]
    fn nothing_is_known_before_it_can_have_happened() {
        let records = [
            record("a", "shot", 10, 20),
            Record { until: Some(Instant(90)), ..record("b", "coverage", 10, 10) },
        ];
        let known = past(&records, Knowledge::AsItHappened(5)).records;
        assert_eq!(known.iter().map(|r| r.recorded.0).collect::<Vec<_>>(), [25, 95]);
        let recorded = past(&records, Knowledge::AsRecorded).records;
        assert!(recorded.iter().all(|r| r.recorded == Instant(1_000_000)));
    }

    #[test]
    fn a_state_is_known_to_begin_before_it_is_known_when_it_ends() {
        let records = [Record { until: Some(Instant(90)), ..record("a", "alarm", 10, 10) }];
        let past = past(&records, Knowledge::AsItHappened(0));
        let [begin, end] = &past.records[..] else { panic!("{:?}", past.records) };
        assert_eq!((begin.recorded, begin.until), (Instant(10), None));
        assert_eq!((end.recorded, end.until), (Instant(91), Some(Instant(90))));
        assert_eq!(end.supersedes.as_ref(), Some(&begin.id));
        assert_eq!((past.about.facts[0].1, past.about.left_out, past.about.open_ended), (1, 0, 0));
    }

    #[test]
    fn what_was_corrected_or_withdrawn_is_left_out_as_it_happened() {
        let records = [
            record("a", "shot", 10, 10),
            Record { supersedes: Some("a".into()), ..record("a2", "shot", 30, 30) },
            record("b", "shot", 50, 50),
            Record { withdraws: Some("b".into()), ..record("b-", "shot", 50, 50) },
        ];
        let past = past(&records, Knowledge::AsItHappened(0));
        assert_eq!(past.records.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), ["a2"]);
        assert_eq!(past.about.left_out, 3);
    }

    #[test]
    fn an_empty_history_and_an_empty_period_are_refused() {
        let none = Past::of(&agreement(), &[], Knowledge::AsRecorded, None, None, Vec::new()).unwrap_err();
        assert!(none.message.contains("the history is empty") && none.help.contains("--records"));
        let (from, to) = (Some(Instant(50)), Some(Instant(40)));
        let bad =
            Past::of(&agreement(), &[record("a", "shot", 1, 1)], Knowledge::AsRecorded, from, to, Vec::new());
        assert!(bad.unwrap_err().message.contains("before it begins"));
    }
}
