//! One page for whoever decides on a draft: for each duty who establishes a breach, how fast, what follows, who can block it, whether it
//! binds, and how long it takes from the cause to the last remedy.
//!
//! What it deliberately does not do: look for gaps. They come in as [`Gap`]s from the analyses of the language; here they are set beside
//! the duties that they are about. Nothing here is a verdict: no record is read.
//!
//! Invariants
//! - a time that the text does not give is "not stated", and a sum with one in it is open upwards; nothing is guessed;
//! - the headline is the sum of its tables ([`Document::checked`]).
//!
//! Where to start reading: [`document`]. Tests: `tests/enforceability.rs` of this crate.

use super::{Cell, Document, Figure, Section, Table, Words};
use crate::wording;
use servanda_model::agreement::*;
use servanda_model::time::Span;
use servanda_model::uses::Uses;
use servanda_model::{Agreement, Name};
use std::collections::BTreeSet;

/// What an analysis of the draft found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gap {
    /// Its code, `A0702`.
    pub code: String,
    /// Title of the code's page.
    pub title: String,
    /// Declaration that it is about.
    pub about: Option<Name>,
    /// In words.
    pub message: String,
    /// Why the drafter keeps it.
    pub accepted: Option<String>,
}

/// The page. `dated`: day of the draft, as given.
pub fn document(agreement: &Agreement, gaps: &[Gap], undecided: &[String], dated: &str) -> Document {
    let page = Page { agreement, gaps };
    let duties = page.duties();
    let parties = page.parties();
    let found = page.found();
    let figure = |label: &str, table: &Table| Figure {
        label: label.to_string(),
        value: table.sum(1),
        tables: vec![(table.key.clone(), 1)],
    };
    let headline = vec![
        figure("rules by party, each counted where it binds", &parties),
        figure("findings that nobody has accepted", &found),
    ];
    let title = if agreement.title.is_empty() { agreement.name.clone() } else { agreement.title.clone() };
    let section = |id: &str, heading: &str, text: Vec<String>, tables: Vec<Table>| Section {
        id: id.to_string(),
        heading: heading.to_string(),
        text,
        tables,
        picture: None,
    };
    Document {
        schema: "report/1".to_string(),
        lang: "en".to_string(),
        kind: "enforceability".to_string(),
        title: format!("Can it be enforced? {title}"),
        exercise: agreement.exercise.then(|| "EXERCISE – EXERCISE – EXERCISE. None of this happened.".to_string()),
        dated: dated.to_string(),
        head: page.head(dated),
        summary: page.summary(),
        headline,
        sections: vec![
            section("duties", "Each rule", vec!["What the text says, and what it leaves open. `not stated` means that no rule says it.".to_string()], vec![duties]),
            section("times", "From the cause to the last remedy", vec![
                "Best: found at once, and answered at once. Worst: every body takes all its time, and everybody acts on the last day. A time that the text does not give leaves the sum open.".to_string(),
            ], vec![page.times()]),
            section("sight", "What those who establish it get to see", Vec::new(), vec![page.sight()]),
            section("parties", "Who bears how much", Vec::new(), vec![parties]),
            section("judgement", "Left to judgement", page.judgement(), Vec::new()),
            section("findings", "What was found", Vec::new(), vec![found, page.each_found()]),
            section("undecided", "What the analyses could not decide", if undecided.is_empty() { vec!["Nothing.".to_string()] } else { undecided.to_vec() }, Vec::new()),
        ],
        words: Words {
            summary: "In short".to_string(),
            total: "Total".to_string(),
            contents: "Contents".to_string(),
            page: "page".to_string(),
        },
        points: Vec::new(),
    }
}

struct Page<'a> {
    agreement: &'a Agreement,
    gaps: &'a [Gap],
}

const NOT_STATED: &str = "not stated";

impl<'a> Page<'a> {
    /// Each declared norm once; rows of a milestone are one.
    fn norms(&self) -> Vec<(&'a Norm, Name)> {
        let mut seen = BTreeSet::new();
        self.agreement
            .norms
            .iter()
            .map(|n| (n, Name::from(n.declared())))
            .filter(|(_, name)| seen.insert(name.clone()))
            .collect()
    }

    fn called(&self, norm: &Norm, name: &Name) -> String {
        if norm.phrase.is_empty() { name.to_string() } else { norm.phrase.clone() }
    }

    fn names(&self, names: &[Name]) -> String {
        let phrases: Vec<&str> = names.iter().map(|n| self.agreement.phrase(n)).collect();
        wording::listed(&phrases, "and")
    }

    fn who(&self, who: &Who) -> String {
        match who {
            Who::EachOf(names)
                if names.len() > 1 || names.iter().any(|n| self.agreement.groups.contains_key(n)) =>
            {
                format!("each of {}", self.names(names))
            }
            Who::EachOf(names) => self.names(names),
            Who::EveryOtherOf(names) => format!("every other of {}", self.names(names)),
            Who::Jointly(names) => format!("{} jointly", self.names(names)),
            Who::BreachingParty => "whoever broke it".to_string(),
            Who::Unstated => NOT_STATED.to_string(),
        }
    }

    fn owed_to(&self, who: &Who) -> String {
        match who {
            Who::EachOf(names) | Who::Jointly(names) => self.names(names),
            other => self.who(other),
        }
    }

    /// Who bears it; of a delivery, whoever bears one of its items.
    fn bearer(&self, norm: &Norm, name: &Name) -> String {
        let row =
            |n: &Norm| n.name.as_str().strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('/'));
        let mut all: Vec<Name> = Vec::new();
        for other in self.agreement.norms.iter().filter(|n| row(n)) {
            let Who::EachOf(names) = &other.bearer else { continue };
            all.extend(names.iter().filter(|n| !all.contains(n)).cloned().collect::<Vec<_>>());
        }
        if all.len() > 1 { self.names(&all) } else { self.who(&norm.bearer) }
    }

    fn head(&self, dated: &str) -> Vec<(String, String)> {
        let a = self.agreement;
        let status = match a.status {
            Status::Binding => "legally binding",
            Status::Political => "politically binding",
            Status::Mixed => "in part legally, in part politically binding",
        };
        let mut head = vec![
            ("Status".to_string(), status.to_string()),
            (
                "In force".to_string(),
                a.in_force.as_ref().map_or(NOT_STATED.to_string(), |m| self.condition(m)),
            ),
            ("Version".to_string(), a.version.clone().unwrap_or(NOT_STATED.to_string())),
        ];
        if !dated.is_empty() {
            head.push(("Looked at".to_string(), dated.to_string()));
        }
        head
    }

    /// On what the entry into force hangs.
    fn condition(&self, moment: &Moment) -> String {
        let uses = Uses::of_moment(self.agreement, moment);
        let facts: Vec<&str> = uses.facts.iter().map(|f| self.agreement.fact_phrase(f)).collect();
        match moment {
            Moment::Instant(at) => self.agreement.calendar.show(*at),
            Moment::EndOfDate(day) | Moment::StartOfDate(day) => day.to_string(),
            Moment::After(span, _) if !facts.is_empty() => {
                format!("{span} after {}", wording::listed(&facts, "and"))
            }
            _ if !facts.is_empty() => format!("after {}", wording::listed(&facts, "and")),
            _ => "as the text says".to_string(),
        }
    }

    fn summary(&self) -> Vec<String> {
        let norms = self.norms();
        let open = |code: &str| {
            let its: BTreeSet<&Name> = self
                .gaps
                .iter()
                .filter(|g| g.code == code && g.accepted.is_none())
                .filter_map(|g| g.about.as_ref())
                .collect();
            its.len()
        };
        let of = norms.len();
        let mut out = vec![format!("The text has {}.", counted(of, "rule"))];
        for (code, words) in [
            ("A0701", "nobody is named who establishes a breach"),
            ("A0702", "nothing follows a breach"),
            ("A0703", "a response has no time"),
            ("A0711", "those concerned can keep the body from deciding"),
            ("A0709", "somebody may hold it up by doing nothing"),
            ("A0713", "nobody owes the watching that would show that it was kept"),
            ("A0714", "the response is due before its cause can be found"),
        ] {
            let n = open(code);
            if n > 0 {
                out.push(format!("In {n} of {of}: {words} ({code})."));
            }
        }
        let soft = norms.iter().filter(|(n, _)| n.force.is_soft()).count();
        if soft > 0 {
            out.push(format!("{} only asked for, by best efforts or where possible.", are(soft, "rule")));
        }
        let conditional = norms.iter().filter(|(n, _)| matches!(n.force, Force::SubjectTo(_))).count();
        if conditional > 0 {
            out.push(format!(
                "{} without force before something else is given, as a ratification or an appropriation.",
                are(conditional, "rule")
            ));
        }
        out.truncate(10);
        out
    }

    /// How fast the body behind these names decides.
    fn decides(&self, names: &[Name]) -> Option<Span> {
        names
            .iter()
            .filter_map(|n| self.agreement.bodies.get(n)?.decides.as_ref()?.within)
            .max_by_key(|s| s.nominal_hours())
    }

    fn duties(&self) -> Table {
        let rows = self.norms().into_iter().map(|(norm, name)| {
            let binds = match &norm.force {
                Force::AsAgreement => match self.agreement.status {
                    Status::Binding => "legally".to_string(),
                    Status::Political => "politically".to_string(),
                    Status::Mixed => "as the agreement".to_string(),
                },
                Force::Binding => "legally".to_string(),
                Force::Political => "politically".to_string(),
                Force::BestEfforts => "best efforts".to_string(),
                Force::WherePossible => "where possible".to_string(),
                Force::SubjectTo(fact) => format!("only after {}", self.agreement.fact_phrase(fact)),
            };
            let establishes = match (norm.seen_by.is_empty(), self.decides(&norm.seen_by)) {
                (true, _) => NOT_STATED.to_string(),
                (false, Some(within)) => format!("{}, within {within}", self.names(&norm.seen_by)),
                (false, None) => format!("{}; time {NOT_STATED}", self.names(&norm.seen_by)),
            };
            let cells = [
                self.called(norm, &name),
                self.bearer(norm, &name),
                self.owed_to(&norm.owed_to),
                binds,
                establishes,
                self.follows(norm, &name),
                self.said(&name, &["A0709", "A0711", "A0717"]),
            ];
            cells.into_iter().map(Cell::Text).collect()
        });
        let columns = [
            "Rule",
            "Owed by",
            "To",
            "Binds",
            "Who establishes it",
            "What follows a breach",
            "Who can block it",
        ];
        Table {
            key: "duties".to_string(),
            caption: "Each rule, and how it would be enforced".to_string(),
            columns: columns.map(str::to_string).to_vec(),
            rows: rows.collect(),
            summed: Vec::new(),
        }
    }

    /// What is owed to those who establish breaches: the rules by which they come to see anything.
    fn sight(&self) -> Table {
        let norms = self.norms();
        let eyes: BTreeSet<&Name> = norms.iter().flat_map(|(n, _)| &n.seen_by).collect();
        let rows = eyes.into_iter().map(|eye| {
            let is_theirs = |who: &Who| match who {
                Who::EachOf(names) | Who::EveryOtherOf(names) | Who::Jointly(names) => names.contains(eye),
                Who::BreachingParty | Who::Unstated => false,
            };
            // A right stands as the ban of its obstruction: borne by its addressee, owed to who has it.
            let owed: Vec<String> = norms
                .iter()
                .filter(|(n, _)| is_theirs(&n.owed_to))
                .map(|(n, name)| self.called(n, name))
                .collect();
            let establishes = norms.iter().filter(|(n, _)| n.seen_by.contains(eye)).count();
            vec![
                Cell::Text(self.agreement.phrase(eye).to_string()),
                Cell::Count { n: establishes as i64, shown: establishes.to_string() },
                Cell::Text(
                    self.decides(std::slice::from_ref(eye)).map_or(NOT_STATED.to_string(), |s| s.to_string()),
                ),
                Cell::Text(if owed.is_empty() {
                    "no rule is owed to it".to_string()
                } else {
                    owed.join("; ")
                }),
            ]
        });
        Table {
            key: "sight".to_string(),
            caption: "Who establishes breaches, and what is owed to it so that it sees them".to_string(),
            columns: ["Who", "Rules it watches over", "Time to decide", "What is owed to it"]
                .map(str::to_string)
                .to_vec(),
            rows: rows.collect(),
            summed: Vec::new(),
        }
    }

    fn follows(&self, norm: &Norm, name: &Name) -> String {
        let started = self.agreement.norms.iter().filter(|n| {
            matches!(&n.when, Trigger::Norm(e) if e.what == NormMoment::Breached && (e.norm == norm.name || e.norm == *name))
        });
        let named = norm.on_breach.iter().filter_map(|r| self.agreement.norm(r.as_str()));
        let all: Vec<String> = named
            .chain(started)
            .map(|remedy| match longest(remedy) {
                Some(span) => format!("{}, within {span}", self.called(remedy, &remedy.name)),
                None => format!("{}; time {NOT_STATED}", self.called(remedy, &remedy.name)),
            })
            .collect();
        match (all.is_empty(), norm.kind) {
            (false, _) => all.join("; "),
            (true, NormKind::Remedy) => "–".to_string(),
            (true, _) => "nothing".to_string(),
        }
    }

    /// What was found about a rule under these codes.
    fn said(&self, name: &Name, codes: &[&str]) -> String {
        let its: Vec<String> = self
            .gaps
            .iter()
            .filter(|g| g.about.as_ref() == Some(name) && codes.contains(&g.code.as_str()))
            .map(|g| match &g.accepted {
                Some(why) => format!("{} (accepted: {why})", g.message),
                None => g.message.clone(),
            })
            .collect();
        if its.is_empty() { "nobody, as far as the text shows".to_string() } else { its.join("; ") }
    }

    /// Times along each chain: cause, finding, act, finding of the breach, remedy.
    fn times(&self) -> Table {
        let mut rows = Vec::new();
        for (norm, name) in self.norms() {
            let remedies: Vec<&Norm> =
                norm.on_breach.iter().filter_map(|r| self.agreement.norm(r.as_str())).collect();
            let found_by = match &norm.when {
                Trigger::Begins(Cond::Term(t)) | Trigger::Found(t) => {
                    self.agreement.terms.get(t).and_then(|t| t.found_by.clone())
                }
                _ => None,
            };
            let Some(act) = longest(norm) else { continue };
            let cause = found_by.as_ref().map(|body| {
                (
                    format!("{} finds the cause", self.agreement.phrase(body)),
                    self.decides(std::slice::from_ref(body)),
                )
            });
            // A deadline that runs from the finding comes after it; one that runs from the cause does not wait for it.
            let waits = matches!(norm.when, Trigger::Found(_));
            let breach = (!norm.seen_by.is_empty() && !remedies.is_empty()).then(|| {
                (format!("{} finds the breach", self.names(&norm.seen_by)), self.decides(&norm.seen_by))
            });
            for remedy in remedies.iter().map(|r| Some(*r)).chain(remedies.is_empty().then_some(None)) {
                let mut steps: Vec<(String, Option<Span>)> = Vec::new();
                steps.extend(cause.clone().filter(|_| waits));
                steps.push((self.called(norm, &name), Some(act)));
                let best = act.nominal_hours();
                if let Some(remedy) = remedy {
                    steps.extend(breach.clone());
                    steps.push((self.called(remedy, &remedy.name), longest(remedy)));
                }
                let worst: Option<i64> = steps.iter().map(|(_, s)| s.map(Span::nominal_hours)).sum();
                let shown: Vec<String> = steps
                    .iter()
                    .map(|(what, span)| {
                        format!("{what} ({})", span.map_or(NOT_STATED.to_string(), |s| s.to_string()))
                    })
                    .collect();
                rows.push(vec![
                    Cell::Text(self.called(norm, &name)),
                    Cell::Text(shown.join(" → ")),
                    Cell::Text(in_hours(best)),
                    Cell::Text(worst.map_or("open: a time is not stated".to_string(), in_hours)),
                ]);
            }
        }
        Table {
            key: "times".to_string(),
            caption: "Times added up, from the cause to the last remedy".to_string(),
            columns: ["Rule", "Steps", "Best", "Worst"].map(str::to_string).to_vec(),
            rows,
            summed: Vec::new(),
        }
    }

    fn parties(&self) -> Table {
        let flat = |who: &Who| -> BTreeSet<Name> {
            let (Who::EachOf(names) | Who::EveryOtherOf(names) | Who::Jointly(names)) = who else {
                return BTreeSet::new();
            };
            let mut open: Vec<Name> = names.clone();
            let mut found = BTreeSet::new();
            let mut seen = BTreeSet::new();
            while let Some(name) = open.pop() {
                if !seen.insert(name.clone()) {
                    continue;
                }
                match self.agreement.groups.get(&name) {
                    Some(group) => open.extend(group.members.iter().map(|m| m.who.clone())),
                    None => drop(found.insert(name)),
                }
            }
            found
        };
        let norms = self.norms();
        let actors: BTreeSet<Name> = norms
            .iter()
            .flat_map(|(n, _)| flat(&n.bearer))
            .chain(self.agreement.parties.iter().filter(|(_, p)| !p.outside).map(|(n, _)| n.clone()))
            .collect();
        let count = |n: usize| Cell::Count { n: n as i64, shown: n.to_string() };
        let rows = actors.iter().map(|party| {
            let bears = norms.iter().filter(|(n, _)| flat(&n.bearer).contains(party)).count();
            let owed = norms.iter().filter(|(n, _)| flat(&n.owed_to).contains(party)).count();
            vec![Cell::Text(self.agreement.phrase(party).to_string()), count(bears), count(owed)]
        });
        Table {
            key: "parties".to_string(),
            caption: "Rules by party".to_string(),
            columns: ["Party", "Rules that bind it", "Rules owed to it"].map(str::to_string).to_vec(),
            rows: rows.collect(),
            summed: vec![1],
        }
    }

    fn judgement(&self) -> Vec<String> {
        let a = self.agreement;
        let open = a.terms.iter().filter(|(_, t)| t.open).map(|(name, t)| {
            let phrase = if t.phrase.is_empty() { name.as_str() } else { t.phrase.as_str() };
            let by = t.found_by.as_ref().map_or(NOT_STATED.to_string(), |b| a.phrase(b).to_string());
            format!(
                "\"{phrase}\": judged by {by}; until then {}.",
                if t.means.is_some() { "the text gives a rule" } else { "nothing holds" }
            )
        });
        let found = a.terms.iter().filter(|(_, t)| !t.open).filter_map(|(name, t)| {
            let phrase = if t.phrase.is_empty() { name.as_str() } else { t.phrase.as_str() };
            Some(format!("\"{phrase}\": found by {}.", a.phrase(t.found_by.as_ref()?)))
        });
        let readings = a.readings.values().map(|r| {
            let options: Vec<&str> = r.options.iter().map(|(n, _)| n.as_str()).collect();
            format!(
                "\"{}\": read as {}; nobody is named who decides between them.",
                r.words,
                wording::listed(&options, "or")
            )
        });
        let all: Vec<String> = open.chain(found).chain(readings).collect();
        if all.is_empty() { vec!["Nothing.".to_string()] } else { all }
    }

    /// How many findings under each code are open.
    fn found(&self) -> Table {
        let codes: BTreeSet<(&str, &str)> =
            self.gaps.iter().map(|g| (g.code.as_str(), g.title.as_str())).collect();
        let rows = codes.into_iter().map(|(code, title)| {
            let (kept, open): (Vec<&Gap>, Vec<&Gap>) =
                self.gaps.iter().filter(|g| g.code == code).partition(|g| g.accepted.is_some());
            let count = |n: usize| Cell::Count { n: n as i64, shown: n.to_string() };
            vec![Cell::Text(format!("{code} {title}")), count(open.len()), count(kept.len())]
        });
        Table {
            key: "codes".to_string(),
            caption: "Findings by kind; `servanda explain CODE` shows the page of each".to_string(),
            columns: ["Finding", "Open", "Accepted"].map(str::to_string).to_vec(),
            rows: rows.collect(),
            summed: vec![1, 2],
        }
    }

    fn each_found(&self) -> Table {
        let rows = self.gaps.iter().map(|g| {
            let kept = g.accepted.as_ref().map_or(String::new(), |why| format!("because {why}"));
            [g.code.clone(), g.message.clone(), kept].into_iter().map(Cell::Text).collect()
        });
        Table {
            key: "findings".to_string(),
            caption: "Each finding".to_string(),
            columns: ["Code", "What", "Accepted"].map(str::to_string).to_vec(),
            rows: rows.collect(),
            summed: Vec::new(),
        }
    }
}

/// The longest time that a norm gives its bearer.
fn longest(norm: &Norm) -> Option<Span> {
    let spans = norm.parts.iter().filter_map(|p| match &p.deadline {
        Deadline::By(Moment::After(span, from))
            if matches!(**from, Moment::Trigger | Moment::Breach | Moment::Found(_)) =>
        {
            Some(*span)
        }
        _ => None,
    });
    spans.max_by_key(|s| s.nominal_hours())
}

fn in_hours(hours: i64) -> String {
    match hours {
        h if h >= 72 && h % 24 == 0 => format!("{} days", h / 24),
        h => counted(usize::try_from(h).unwrap_or_default(), "hour"),
    }
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn are(n: usize, what: &str) -> String {
    format!("{} {}", counted(n, what), if n == 1 { "is" } else { "are" })
}
