//! Records: one thing that somebody reported, with its grades. Never changed; a correction is a new record.

use crate::{Grade, Instant, Name, Number, Place, When};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Identity of a record, unique in a workspace.
pub type RecordId = Name;

/// The built-in fact by which an observer says what was watched: `at` a zone, `by` an observer, from
/// [`When::earliest`] of [`Record::when`] until [`Record::until`], [`Record::value`] = the share watched (0 to 1).
pub const COVERAGE: &str = "coverage";
/// The built-in fact by which a body or a member says that a term is met: roles `of` (the term) and `by`.
pub const FINDING: &str = "finding";
/// The built-in fact by which a party states why it missed a soft duty: roles `of` (the norm) and `by`.
pub const EXPLANATION: &str = "explanation";

/// One thing that somebody reported.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Identity.
    pub id: RecordId,
    /// Which fact of the agreement (or which built-in fact) it speaks of.
    pub fact: Name,
    /// Whether it says that the thing was so, or that it was not.
    pub says: Says,
    /// For lasting facts, whether it reports a beginning, an end or how things stand.
    pub phase: Phase,
    /// Roles other than the place: `by Russia`, `kind strike`.
    pub roles: BTreeMap<Name, RoleValue>,
    /// Where (the role `at`).
    pub place: Option<Place>,
    /// The value of a measure, in the measure's unit; the share of a coverage record.
    pub value: Option<Number>,
    /// When it happened, or from when it was so.
    pub when: When,
    /// Until when it was so, where the record says.
    pub until: Option<Instant>,
    /// When it was sent to whom it concerns.
    pub sent: Option<Instant>,
    /// When it was received.
    pub received: Option<Instant>,
    /// When it entered the record: from then on it is known.
    pub recorded: Instant,
    /// Who reported.
    pub source: String,
    /// How many independent sources this record rests on.
    pub sources: u32,
    /// Records with the same incident were ruled to speak of one event.
    pub incident: Option<Name>,
    /// Admiralty grade of the source.
    pub source_grade: Option<SourceGrade>,
    /// Admiralty grade of the item.
    pub item_grade: Option<ItemGrade>,
    /// A grade stated outright; goes before the two Admiralty grades.
    pub stated: Option<Grade>,
    /// How the source knows.
    pub basis: Basis,
    /// Who may see it.
    pub marking: Marking,
    /// The record that this one corrects.
    pub supersedes: Option<RecordId>,
    /// The record that this one takes back; then everything else but `recorded` is beside the point.
    pub withdraws: Option<RecordId>,
    /// The record that this one says is wrong; its own grade then speaks against that record.
    pub disputes: Option<RecordId>,
    /// Attachments by hash.
    pub attachments: Vec<String>,
    /// One line for people.
    pub title: String,
    /// Part of an exercise: never to be taken for the real thing.
    pub exercise: bool,
    /// What the importer could not carry over into a field, by its source's name for it.
    pub extra: BTreeMap<String, String>,
}

/// Whether a record affirms or denies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub enum Says {
    /// It was so.
    #[default]
    Affirms,
    /// It was not so (`no fire`): over the whole of its time and place.
    Denies,
}

/// What a record about a lasting fact reports.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub enum Phase {
    /// An event, or a report of how things stand.
    #[default]
    Stands,
    /// A state begins.
    Begins,
    /// A state ends.
    Ends,
}

/// What fills a role.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum RoleValue {
    /// A party, a body, a class value, a zone.
    Name(Name),
    /// One of these, not known which (a source that names both sides of a conflict and not who fired).
    OneOf(Vec<Name>),
    /// An exact number.
    Number(Number),
    /// Free text.
    Text(String),
    /// A time.
    Time(When),
}

/// Admiralty reliability of the source, A (completely reliable) to F (cannot be judged).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the letters are the standard's own")]
pub enum SourceGrade {
    A,
    B,
    C,
    D,
    E,
    F,
}

impl SourceGrade {
    /// Reads the letter.
    pub fn parse(text: &str) -> Option<SourceGrade> {
        use SourceGrade::*;
        [A, B, C, D, E, F].into_iter().find(|g| format!("{g:?}").eq_ignore_ascii_case(text.trim()))
    }
}

/// Admiralty credibility of the item, 1 (confirmed) to 6 (cannot be judged).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct ItemGrade(pub u8);

impl ItemGrade {
    /// Reads the digit.
    pub fn parse(text: &str) -> Option<ItemGrade> {
        text.trim().parse().ok().filter(|n| (1..=6).contains(n)).map(ItemGrade)
    }
}

/// How the source knows what it says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub enum Basis {
    /// Seen, heard or measured by the source.
    #[default]
    Observed,
    /// Declared by the party that it speaks of.
    Declared,
    /// Claimed by one side about another: never more than possible.
    Claimed,
    /// An analyst's conclusion.
    Assessed,
    /// A body's finding.
    Found,
    /// Part of a plan: not a fact.
    Planned,
    /// Made by a simulation: not a fact.
    Simulated,
}

impl Basis {
    /// All of them.
    pub const ALL: [Basis; 7] = [
        Basis::Observed,
        Basis::Declared,
        Basis::Claimed,
        Basis::Assessed,
        Basis::Found,
        Basis::Planned,
        Basis::Simulated,
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Basis::Observed => "observed",
            Basis::Declared => "declared",
            Basis::Claimed => "claimed",
            Basis::Assessed => "assessed",
            Basis::Found => "found",
            Basis::Planned => "planned",
            Basis::Simulated => "simulated",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Basis> {
        Basis::ALL.into_iter().find(|b| b.word() == word)
    }
}

/// Who may see something: a level, and what narrows it further.
///
/// # Source
/// Modelled on the confidentiality label of STANAG 4774; the levels are those of the Traffic Light Protocol 2.0.
#[derive(Clone, PartialEq, Eq, Debug, Default, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Marking {
    /// Whose rules give the level its meaning; `None`: the Traffic Light Protocol.
    pub policy: Option<Name>,
    /// The level, on one ladder whatever the policy calls its rungs.
    pub level: Tlp,
    /// `None`: no narrower than the level.
    pub releasable_to: Option<BTreeSet<Name>>,
    /// Only who holds all of these may see it.
    pub caveats: BTreeSet<Name>,
    /// Parties and bodies whose it is: only they, or a releaser, may lower it.
    pub originators: BTreeSet<Name>,
    /// Who else may lower it, named by the originators.
    pub releasers: BTreeSet<Name>,
    /// When somebody is to look whether it can be lowered.
    pub review: Option<Instant>,
    /// Why it is marked so.
    pub reason: String,
}

/// Levels of the Traffic Light Protocol 2.0, from open to closed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the colours are the standard's own")]
pub enum Tlp {
    #[default]
    Clear,
    Green,
    Amber,
    AmberStrict,
    Red,
}

impl Tlp {
    /// All of them.
    pub const ALL: [Tlp; 5] = [Tlp::Clear, Tlp::Green, Tlp::Amber, Tlp::AmberStrict, Tlp::Red];

    /// As the standard writes it.
    pub fn word(self) -> &'static str {
        match self {
            Tlp::Clear => "TLP:CLEAR",
            Tlp::Green => "TLP:GREEN",
            Tlp::Amber => "TLP:AMBER",
            Tlp::AmberStrict => "TLP:AMBER+STRICT",
            Tlp::Red => "TLP:RED",
        }
    }

    /// Reads it, with or without `TLP:`, in any case.
    pub fn parse(text: &str) -> Option<Tlp> {
        let text = text.trim().to_uppercase();
        let text = text.strip_prefix("TLP:").unwrap_or(&text);
        Tlp::ALL.into_iter().find(|t| t.word()["TLP:".len()..] == *text)
    }
}

impl Marking {
    /// A marking of the Traffic Light Protocol with nothing but its level.
    pub fn of(level: Tlp) -> Marking {
        Marking { level, ..Marking::default() }
    }

    /// The marking of what rests on both: the stricter level, the narrower release, all caveats and all originators; the
    /// earlier review. It may be lowered by whom both name.
    pub fn join(&self, other: &Marking) -> Marking {
        if self == other {
            return self.clone();
        }
        let releasable_to = match (&self.releasable_to, &other.releasable_to) {
            (Some(a), Some(b)) => Some(a.intersection(b).cloned().collect()),
            (one, two) => one.clone().or_else(|| two.clone()),
        };
        let union = |a: &BTreeSet<Name>, b: &BTreeSet<Name>| a.union(b).cloned().collect::<BTreeSet<Name>>();
        // Nobody has to be asked for what has no originator.
        let releasers = match (self.originators.is_empty(), other.originators.is_empty()) {
            (true, _) => other.releasers.clone(),
            (_, true) => self.releasers.clone(),
            _ => self.releasers.intersection(&other.releasers).cloned().collect(),
        };
        let reason = match (self.reason.as_str(), other.reason.as_str()) {
            (one, two) if two.is_empty() || one == two => one.to_string(),
            ("", two) => two.to_string(),
            (one, two) => format!("{}; {}", one.min(two), one.max(two)),
        };
        let policy = match self.level.cmp(&other.level) {
            Ordering::Greater => &self.policy,
            Ordering::Less => &other.policy,
            Ordering::Equal => (&self.policy).max(&other.policy),
        };
        Marking {
            policy: policy.clone(),
            level: self.level.max(other.level),
            releasable_to,
            caveats: union(&self.caveats, &other.caveats),
            originators: union(&self.originators, &other.originators),
            releasers,
            review: [self.review, other.review].into_iter().flatten().min(),
            reason,
        }
    }

    /// Whether this marking lets somebody see, or lower, what `other` keeps from them.
    ///
    /// Review and reason are words about the marking and open nothing.
    pub fn is_lower_than(&self, other: &Marking) -> bool {
        let wider = match (&self.releasable_to, &other.releasable_to) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(new), Some(old)) => !new.is_subset(old),
        };
        self.level < other.level
            || self.policy != other.policy
            || wider
            || !self.caveats.is_superset(&other.caveats)
            || !self.originators.is_superset(&other.originators)
            || (!other.originators.is_empty() && !self.releasers.is_subset(&other.releasers))
    }

    fn list(names: &BTreeSet<Name>) -> String {
        let names: Vec<&str> = names.iter().map(Name::as_str).collect();
        if names.is_empty() { "nobody".to_string() } else { names.join(", ") }
    }

    /// What stands behind the level in every form: caveats, release, originators.
    fn tail(&self, before: &str, release: &str, originator: &str) -> String {
        let mut out = String::new();
        for caveat in &self.caveats {
            out.push_str(&format!("{before}{caveat}"));
        }
        if let Some(to) = &self.releasable_to {
            out.push_str(&format!("{before}{release} {}", Marking::list(to)));
        }
        if !self.originators.is_empty() {
            out.push_str(&format!("{before}{originator} {}", Marking::list(&self.originators)));
        }
        out
    }

    /// As people read it: the level of TLP 2.0, then what narrows it.
    pub fn show(&self) -> String {
        let mut out = self.level.word().to_string();
        if let Some(to) = &self.releasable_to {
            out.push_str(&format!(" releasable to {}", Marking::list(to)));
        }
        if !self.caveats.is_empty() {
            out.push_str(&format!(", only with {}", Marking::list(&self.caveats)));
        }
        if !self.originators.is_empty() {
            out.push_str(&format!(", originator {}", Marking::list(&self.originators)));
        }
        out
    }

    /// In the form of NATO markings: `NATO SECRET // REL TO POL, UKR`. The rungs are set side by side from below, for a
    /// reader who knows those words; it makes nothing a classified document.
    pub fn show_nato(&self) -> String {
        let policy = self.policy.as_ref().map_or("NATO".to_string(), |p| p.as_str().to_uppercase());
        let level =
            ["UNCLASSIFIED", "RESTRICTED", "CONFIDENTIAL", "SECRET", "TOP SECRET"][self.level as usize];
        format!("{policy} {level}{}", self.tail(" // ", "REL TO", "ORCON"))
    }

    /// As it stands before a paragraph: `(A+S//REL TO Poland)`.
    pub fn show_portion(&self) -> String {
        let level = ["C", "G", "A", "A+S", "R"][self.level as usize];
        format!("({level}{})", self.tail("//", "REL TO", "ORCON"))
    }
}

impl Record {
    /// A record of an event or a report with nothing but what it must have; grade stated as confirmed nowhere.
    pub fn new(id: impl Into<Name>, fact: impl Into<Name>, when: When, recorded: Instant) -> Record {
        Record {
            id: id.into(),
            fact: fact.into(),
            says: Says::default(),
            phase: Phase::default(),
            roles: BTreeMap::new(),
            place: None,
            value: None,
            when,
            until: None,
            sent: None,
            received: None,
            recorded,
            source: String::new(),
            sources: 1,
            incident: None,
            source_grade: None,
            item_grade: None,
            stated: None,
            basis: Basis::default(),
            marking: Marking::default(),
            supersedes: None,
            withdraws: None,
            disputes: None,
            attachments: Vec::new(),
            title: String::new(),
            exercise: false,
            extra: BTreeMap::new(),
        }
    }

    /// What the record's own grades come to on the chain, before any rule on the number of sources.
    ///
    /// A stated grade goes first. Else the item's grade decides: 1 confirmed, 2 probable, 3 possible, 4 and 5 (doubtful,
    /// improbable) nothing. Where the item cannot be judged (6) or was not graded, the source's does: A and B probable,
    /// C, D and F (not judged) possible, E nothing. A claim is never more than possible; a plan or a simulation is
    /// no fact at all.
    ///
    /// # Source
    /// `docs/reference/language.md`, "Grades".
    pub fn grade(&self) -> Grade {
        let graded = self.stated.unwrap_or(match self.item_grade {
            Some(ItemGrade(1)) => Grade::Confirmed,
            Some(ItemGrade(2)) => Grade::Probable,
            Some(ItemGrade(3)) => Grade::Possible,
            Some(ItemGrade(4 | 5)) => Grade::None,
            _ => match self.source_grade {
                Some(SourceGrade::A | SourceGrade::B) => Grade::Probable,
                Some(SourceGrade::E) => Grade::None,
                _ => Grade::Possible,
            },
        });
        match self.basis {
            Basis::Claimed => graded.min(Grade::Possible),
            Basis::Planned | Basis::Simulated => Grade::None,
            _ => graded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record::new("r1", "fire", When::exact(Instant(0)), Instant(0))
    }

    #[test]
    fn grades_by_the_table() {
        assert_eq!(record().grade(), Grade::Possible);
        assert_eq!(Record { source_grade: Some(SourceGrade::A), ..record() }.grade(), Grade::Probable);
        assert_eq!(
            Record { source_grade: Some(SourceGrade::A), item_grade: Some(ItemGrade(5)), ..record() }.grade(),
            Grade::None
        );
        assert_eq!(
            Record { stated: Some(Grade::Confirmed), basis: Basis::Claimed, ..record() }.grade(),
            Grade::Possible
        );
        assert_eq!(
            Record { stated: Some(Grade::Confirmed), basis: Basis::Planned, ..record() }.grade(),
            Grade::None
        );
    }

    fn set(names: &[&str]) -> BTreeSet<Name> {
        names.iter().map(|n| Name::from(*n)).collect()
    }

    fn some_markings() -> Vec<Marking> {
        let mut all = Vec::new();
        for level in [Tlp::Clear, Tlp::Amber, Tlp::Red] {
            for to in
                [None, Some(set(&["Ukraine", "Poland"])), Some(set(&["Poland", "France"])), Some(set(&[]))]
            {
                for caveats in [set(&[]), set(&["medical"]), set(&["medical", "source"])] {
                    for originators in [set(&[]), set(&["Poland"])] {
                        all.push(Marking {
                            policy: originators.first().map(|_| Name::from("NATO")),
                            releasable_to: to.clone(),
                            caveats: caveats.clone(),
                            releasers: originators.iter().map(|_| Name::from("JMC")).collect(),
                            originators,
                            review: (level == Tlp::Red).then_some(Instant(5)),
                            reason: format!("{level:?}"),
                            level,
                        });
                    }
                }
            }
        }
        all
    }

    #[test]
    fn a_join_never_widens() {
        let a = Marking { releasable_to: Some(set(&["Ukraine", "Poland"])), ..Marking::of(Tlp::Amber) };
        let b = Marking { releasable_to: Some(set(&["Poland", "France"])), ..Marking::of(Tlp::Green) };
        assert_eq!(a.join(&b), Marking { releasable_to: Some(set(&["Poland"])), ..Marking::of(Tlp::Amber) });
        assert_eq!(a.join(&Marking::default()), a);
        assert_eq!(Tlp::parse("tlp:amber+strict"), Some(Tlp::AmberStrict));
        let all = some_markings();
        for a in &all {
            assert!(!a.is_lower_than(a));
            for b in &all {
                let joined = a.join(b);
                assert_eq!(joined, b.join(a));
                for part in [a, b] {
                    let same_policy = Marking { policy: part.policy.clone(), ..joined.clone() };
                    assert!(!same_policy.is_lower_than(part), "{a:?} and {b:?}");
                }
            }
        }
    }

    #[test]
    fn one_marking_in_three_forms() {
        let plain = Marking::default();
        assert_eq!(
            [plain.show(), plain.show_nato(), plain.show_portion()],
            ["TLP:CLEAR", "NATO UNCLASSIFIED", "(C)"]
        );
        let narrow = Marking {
            releasable_to: Some(set(&["Ukraine", "Poland"])),
            caveats: set(&["MEDICAL"]),
            originators: set(&["Poland"]),
            ..Marking::of(Tlp::AmberStrict)
        };
        assert_eq!(
            narrow.show(),
            "TLP:AMBER+STRICT releasable to Poland, Ukraine, only with MEDICAL, originator Poland"
        );
        assert_eq!(narrow.show_nato(), "NATO SECRET // MEDICAL // REL TO Poland, Ukraine // ORCON Poland");
        assert_eq!(narrow.show_portion(), "(A+S//MEDICAL//REL TO Poland, Ukraine//ORCON Poland)");
        let nobody = Marking { releasable_to: Some(set(&[])), ..Marking::of(Tlp::Red) };
        assert_eq!(nobody.show(), "TLP:RED releasable to nobody");
    }
}
