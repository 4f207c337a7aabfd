//! The engine asked about a plan: what it would say if the plan came true, and in how many of its drawn futures each duty would be kept.
//!
//! What it deliberately does not do: make records (each plan makes its own, marked planned or simulated), judge a duty, or keep anything: what
//! comes back is the engine's [`Future`], which is no verdict about what happened.
//!
//! Invariants
//! - a future is asked about with its own records and those that were observed, never with those of another future;
//! - the same futures give the same tables, whatever the number of threads;
//! - every table says planned or simulated.
//!
//! Where to start reading: [`Asking::tables`].

use crate::failure::Failure;
use crate::matter::{self, Heard, Matter};
use crate::session::Session;
use jiff::civil::Date;
use servanda_engine::future::{Foreseen, Future, World};
use servanda_model::agreement::Norm;
use servanda_model::record::Basis;
use servanda_model::uses::Uses;
use servanda_model::verdict::Performance;
use servanda_model::{Agreement, Board, Instant, Name, Number, Places, Question, Record};
use servanda_plan::answer::{Cell, Shown};
use servanda_plan::forces::{each_future, wilson};
use std::collections::{BTreeMap, BTreeSet};

/// Of a norm and bearer.
type Key = (String, String);

/// The worst that is said of a norm and bearer, and when it is first broken.
type Worst = BTreeMap<Key, (Performance, Option<Instant>)>;

/// How many instances there are of each performance, and of each breach, by norm and bearer.
type Counted = BTreeMap<Key, BTreeMap<(Performance, Option<Instant>), usize>>;

/// Futures of a plan, drawn one by one.
pub(super) struct Drawn<'a> {
    /// How many.
    pub futures: u32,
    /// Threads that ask about them; they change nothing but the time that it takes.
    pub threads: u16,
    /// The records of one, marked simulated.
    pub records: &'a (dyn Fn(u32) -> Vec<Record> + Sync),
}

/// A plan about which the engine is asked.
pub(super) struct Asking<'a> {
    heard: &'a Heard,
    /// Its name: the source of its records.
    world: &'a str,
    question: Question,
    places: Places,
}

impl<'a> Asking<'a> {
    /// Asks about the plan's last day, unless a moment was named. `planned` are the records of the plan itself: they name every place that its
    /// futures name.
    pub fn of(
        matter: &Matter,
        heard: &'a Heard,
        world: &'a str,
        last_day: Date,
        planned: &[Record],
        session: &Session,
    ) -> Result<Asking<'a>, Failure> {
        let all: Vec<Record> = heard.records.iter().chain(planned).cloned().collect();
        let places = matter::places(&heard.agreement, &heard.path, &all, session)?;
        let mut question = heard.question.clone();
        if !matter.names_a_moment() {
            question.at = heard.agreement.calendar.end_of_day(last_day);
        }
        question.known_at = question.known_at.max(question.at);
        Ok(Asking { heard, world, question, places })
    }

    fn ask(&self, basis: Basis, supposed: &[Record]) -> Result<Future, Failure> {
        let records: Vec<Record> = self.heard.records.iter().chain(supposed).cloned().collect();
        let world = World { name: self.world.into(), basis };
        servanda_engine::future::ask(&self.heard.agreement, &self.places, &records, &world, &self.question)
            .map_err(|none| Failure::new(none.to_string()).help("look at `[records]` of the plan"))
    }

    /// What the engine would say of the plan (`foreseen`) and, where something is drawn, of its futures (`chances`): of the duties that ask for
    /// one of the facts in `of`, and of those of which the plan changes something.
    ///
    /// The third part are gaps: of what in `of` no duty speaks, which duties are asked of nobody, and which hang on a reading.
    pub fn tables(
        &self,
        of: &BTreeSet<Name>,
        planned: &[Record],
        drawn: Option<Drawn<'_>>,
    ) -> Result<(Shown, Option<Shown>, Vec<String>), Failure> {
        let agreement = &self.heard.agreement;
        let before: Board =
            servanda_engine::evaluate(agreement, &self.places, &self.heard.records, &self.question);
        let today = before.verdicts.iter().map(|verdict| {
            let key = (verdict.norm.as_str().to_string(), verdict.bearer.to_string());
            (key, verdict.performance, verdict.breached.map(|when| when.earliest))
        });
        let (today, counted_today) = (worst(today.clone()), counted(today));
        let norms: Vec<(&Norm, Uses)> =
            agreement.norms.iter().map(|norm| (norm, Uses::of_content(agreement, norm))).collect();
        let asks = |uses: &Uses| uses.facts.iter().any(|fact| of.contains(fact));
        let named: BTreeSet<&str> =
            norms.iter().filter(|(_, uses)| asks(uses)).map(|(norm, _)| norm.name.as_str()).collect();
        let mut gaps: Vec<String> = of
            .iter()
            .filter(|fact| !norms.iter().any(|(_, uses)| uses.facts.contains(*fact)))
            .map(|fact| format!("no duty of the agreement asks for `{fact}`: of this number of the plan the engine has nothing to say"))
            .collect();
        let future = self.ask(Basis::Planned, planned)?;
        for norm in &named {
            let all = future.foreseen().iter().filter(|one| one.norm.as_str() == *norm);
            let idle = all.clone().all(|one| one.performance == Performance::NotApplicable);
            if idle {
                let why: BTreeSet<&str> =
                    all.flat_map(|one| one.because.iter().map(String::as_str)).collect();
                let why = match why.is_empty() {
                    true => String::new(),
                    false => format!(" ({})", why.into_iter().collect::<Vec<_>>().join(", ")),
                };
                gaps.push(format!(
                    "with the records that there are nobody owes `{norm}` on {}{why}: is the agreement in force in them?",
                    future.at()
                ));
            }
        }
        let shown = foreseen(&future, &counted_today, &named);
        let Some(drawn) = drawn else { return Ok((shown, None, gaps)) };
        let all = each_future(drawn.futures, drawn.threads, |number| {
            let future = self.ask(Basis::Simulated, &(drawn.records)(number))?;
            Ok(worst(future.foreseen().iter().map(of_foreseen)))
        });
        let all: Vec<Worst> = all.into_iter().collect::<Result<_, Failure>>()?;
        let chances = chances(&all, &today, &named, future.at());
        gaps.extend(readings(&all, &norms, agreement));
        Ok((shown, Some(chances), gaps))
    }
}

fn of_foreseen(one: &Foreseen) -> (Key, Performance, Option<Instant>) {
    ((one.norm.as_str().to_string(), one.bearer.to_string()), one.performance, one.breached)
}

/// Of several instances the worst: broken before open before kept.
fn worst(all: impl Iterator<Item = (Key, Performance, Option<Instant>)>) -> Worst {
    let rank = |performance: Performance| match performance {
        Performance::Violated => 4,
        Performance::Missed => 3,
        Performance::Pending | Performance::PendingEvidence | Performance::DependsOnReading => 2,
        Performance::Satisfied => 1,
        Performance::NotApplicable => 0,
    };
    let mut found = Worst::new();
    for (key, performance, breached) in all {
        let entry = found.entry(key).or_insert((performance, breached));
        entry.1 = match (entry.1, breached) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if rank(performance) > rank(entry.0) {
            entry.0 = performance;
        }
    }
    found
}

fn counted(all: impl Iterator<Item = (Key, Performance, Option<Instant>)>) -> Counted {
    let mut counted = Counted::new();
    for (key, performance, breached) in all {
        *counted.entry(key).or_default().entry((performance, breached)).or_default() += 1;
    }
    counted
}

/// What the engine would say of the plan, by norm, bearer and performance.
fn foreseen(future: &Future, today: &Counted, named: &BTreeSet<&str>) -> Shown {
    let mut by: BTreeMap<Key, Vec<&Foreseen>> = BTreeMap::new();
    for one in future.foreseen() {
        by.entry(of_foreseen(one).0).or_default().push(one);
    }
    let then = counted(future.foreseen().iter().map(of_foreseen));
    let mut rows = Vec::new();
    for (key, all) in by {
        if then.get(&key) == today.get(&key) && !named.contains(key.0.as_str()) {
            continue;
        }
        let words: BTreeSet<Performance> = all.iter().map(|one| one.performance).collect();
        for word in words {
            let of: Vec<&&Foreseen> = all.iter().filter(|one| one.performance == word).collect();
            let first = of.iter().filter_map(|one| one.breached).min();
            let because: BTreeSet<&str> =
                of.iter().flat_map(|one| one.because.iter().map(String::as_str)).collect();
            rows.push(vec![
                Cell::text(&key.0),
                Cell::text(&key.1),
                Cell::text(word.word()),
                Cell::whole(of.len() as i64),
                first.map_or(Cell::Missing, |at| Cell::text(at.to_string())),
                Cell::text(because.into_iter().collect::<Vec<_>>().join(", ")),
                Cell::text(Basis::Planned.word()),
            ]);
        }
    }
    Shown {
        name: "foreseen",
        title: format!(
            "what the engine would say on {} if the {} records of this plan came true, and of what is on record nothing changed: \
             planned, and no verdict about what happened. {}, with how many instances",
            future.at(),
            future.supposed(),
            which(named)
        ),
        columns: vec!["norm", "bearer", "would_be", "instances", "broken_from", "because", "basis"],
        rows,
    }
}

fn which(named: &BTreeSet<&str>) -> &'static str {
    match named.is_empty() {
        true => "Only duties of which the plan changes something",
        false => "Only duties that ask for what the plan tells, and those of which it changes something",
    }
}

/// What the engine said of one duty in all futures.
#[derive(Default)]
struct Seen {
    kept: u32,
    broken: u32,
    open: u32,
    depends: u32,
    first: Vec<Instant>,
    differs: bool,
}

/// In how many of the futures each duty would be kept.
fn chances(all: &[Worst], today: &Worst, named: &BTreeSet<&str>, at: Instant) -> Shown {
    let mut seen: BTreeMap<&Key, Seen> = BTreeMap::new();
    for (key, (performance, breached)) in all.iter().flatten() {
        let of = seen.entry(key).or_default();
        match performance {
            Performance::Violated | Performance::Missed => of.broken += 1,
            Performance::Satisfied => of.kept += 1,
            Performance::DependsOnReading => of.depends += 1,
            Performance::Pending | Performance::PendingEvidence => of.open += 1,
            Performance::NotApplicable => {}
        }
        of.first.extend(breached);
        of.differs |= today.get(key) != Some(&(*performance, *breached));
    }
    let futures = all.len();
    let rows = seen.into_iter().filter(|(key, of)| of.differs || named.contains(key.0.as_str()));
    let rows = rows.map(|(key, mut of)| {
        of.first.sort_unstable();
        let share = |n: u32| Number::ratio(i64::from(n), futures as i64).unwrap_or_default();
        let pct = |n: u32| Cell::Number(share(n) * Number::from(100), 1);
        let (low, high) = wilson(&share(of.kept), futures);
        let at = |tenths: usize| {
            let rank = (of.first.len() * tenths).div_ceil(10).max(1) - 1;
            of.first.get(rank).map_or(Cell::Missing, |at| Cell::text(at.to_string()))
        };
        let (first, median) = (at(1), at(5));
        vec![
            Cell::text(&key.0),
            Cell::text(&key.1),
            pct(of.kept),
            low,
            high,
            pct(of.broken),
            pct(of.depends),
            pct(of.open),
            first,
            median,
        ]
    });
    Shown {
        name: "chances",
        title: format!(
            "of {futures} futures, the percent in which the engine would say on {at} that all instances of a duty are kept (with what chance in drawing leaves \
             open, 95 percent), that one is broken, or that none is and of some it hangs on a reading, or they are open; and when it would first be broken, of those in which it is \
             (10 and 50 percent): simulated, and no verdict about what happened. {}",
            which(named)
        ),
        columns: vec![
            "norm",
            "bearer",
            "all_kept_pct",
            "kept_low",
            "kept_high",
            "broken_pct",
            "depends_pct",
            "some_open_pct",
            "broken_p10",
            "broken_p50",
        ],
        rows: rows.collect(),
    }
}

/// Which duties hang on a reading in some of the futures, and how one is chosen.
fn readings(all: &[Worst], norms: &[(&Norm, Uses)], agreement: &Agreement) -> Vec<String> {
    let depends: BTreeSet<&str> = all
        .iter()
        .flatten()
        .filter(|(_, (performance, _))| *performance == Performance::DependsOnReading)
        .map(|((norm, _), _)| norm.as_str())
        .collect();
    let mut by: BTreeMap<&Name, Vec<&str>> = BTreeMap::new();
    for (norm, uses) in norms.iter().filter(|(norm, _)| depends.contains(norm.name.as_str())) {
        for reading in &uses.readings {
            by.entry(reading).or_default().push(norm.name.as_str());
        }
    }
    by.into_iter()
        .map(|(reading, norms)| {
            let options = agreement.readings.get(reading).map_or(&[][..], |reading| &reading.options);
            let options: Vec<String> = options.iter().map(|(option, _)| format!("`{option}`")).collect();
            format!(
                "in some futures {} hang on the reading `{reading}`: choose {} with --reading {reading}=OPTION",
                norms.iter().map(|norm| format!("`{norm}`")).collect::<Vec<_>>().join(", "),
                options.join(" or ")
            )
        })
        .collect()
}
