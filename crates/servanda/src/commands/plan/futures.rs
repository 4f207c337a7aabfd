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
use servanda_model::{Agreement, Board, Calendar, Instant, Name, Number, Places, Question, Record};
use servanda_plan::answer::{Cell, Shown};
use servanda_plan::forces::{each_future, wilson};
use std::collections::{BTreeMap, BTreeSet};

/// Of a norm and bearer.
type Key = (String, String);

/// The worst that is said of a norm and bearer, and when it is first broken.
type Worst<K = Key> = BTreeMap<K, (Performance, Option<Instant>)>;

/// What is said of each duty in one future; and of those that hang on readings, under each choice of them.
struct Said {
    duties: Worst,
    under: Worst<(Key, String)>,
}

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
    /// Asks about a moment, unless another was named. `planned` are the records of the plan itself: they name every place that its futures name.
    pub fn of(
        matter: &Matter,
        heard: &'a Heard,
        world: &'a str,
        at: Instant,
        planned: &[Record],
        session: &Session,
    ) -> Result<Asking<'a>, Failure> {
        let all: Vec<Record> = heard.records.iter().chain(planned).cloned().collect();
        let places = matter::places(&heard.agreement, &heard.path, &all, session)?;
        let mut question = heard.question.clone();
        if !matter.names_a_moment() {
            question.at = at;
        }
        question.known_at = question.known_at.max(question.at);
        Ok(Asking { heard, world, question, places })
    }

    /// What the engine would say of a world of such records.
    pub fn ask(&self, basis: Basis, supposed: &[Record]) -> Result<Future, Failure> {
        let records: Vec<Record> = self.heard.records.iter().chain(supposed).cloned().collect();
        let world = World { name: self.world.into(), basis };
        servanda_engine::future::ask(&self.heard.agreement, &self.places, &records, &world, &self.question)
            .map_err(|none| Failure::new(none.to_string()).help("look at `[records]` of the plan"))
    }

    /// What the engine would say of the plan (`foreseen`) and, where something is drawn, of its futures (`chances`, and `by-reading` where some
    /// hang on a reading): of the duties that ask for one of the facts in `of`, and of those of which the plan changes something.
    ///
    /// Beside the tables, gaps: of what in `of` no duty speaks, which duties are owed by nobody, and which hang on a reading.
    pub fn tables(
        &self,
        of: &BTreeSet<Name>,
        planned: &[Record],
        drawn: Option<Drawn<'_>>,
    ) -> Result<(Vec<Shown>, Vec<String>), Failure> {
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
        gaps.extend(idle(&future, &named));
        let mut tables = vec![foreseen(&future, &counted_today, &named)];
        let Some(drawn) = drawn else { return Ok((tables, gaps)) };
        let all = each_future(drawn.futures, drawn.threads, |number| {
            let future = self.ask(Basis::Simulated, &(drawn.records)(number))?;
            Ok(Said {
                duties: worst(future.foreseen().iter().map(of_foreseen)),
                under: worst(future.foreseen().iter().flat_map(under)),
            })
        });
        let all: Vec<Said> = all.into_iter().collect::<Result<_, Failure>>()?;
        tables.push(chances(&all, &today, &named, future.at()));
        tables.extend(by_reading(&all, future.at()));
        gaps.extend(readings(&all, &norms, agreement));
        Ok((tables, gaps))
    }
}

/// The moment at which a plan's last day is over, so that what is due on it is decided.
pub(super) fn over(calendar: &Calendar, last_day: Date) -> Instant {
    last_day.tomorrow().map_or_else(|_| calendar.end_of_day(last_day), |next| calendar.start_of_day(next))
}

/// Which duties that are asked about nobody owes, and why.
fn idle(future: &Future, named: &BTreeSet<&str>) -> Vec<String> {
    let mut by: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for norm in named {
        let all = future.foreseen().iter().filter(|one| one.norm.as_str() == *norm);
        if all.clone().any(|one| one.performance != Performance::NotApplicable) {
            continue;
        }
        let why: BTreeSet<&str> = all.flat_map(|one| one.because.iter().map(String::as_str)).collect();
        by.entry(why.into_iter().collect::<Vec<_>>().join(", ")).or_default().push(norm);
    }
    by.into_iter()
        .map(|(why, norms)| {
            let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
            format!(
                "with the records that there are nobody owes {} on {}{why}: is the agreement in force by them?",
                quoted(&norms),
                future.at()
            )
        })
        .collect()
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A duty under each choice of readings.
fn under(one: &Foreseen) -> impl Iterator<Item = ((Key, String), Performance, Option<Instant>)> + '_ {
    one.elsewhere.iter().map(|(choice, performance)| {
        let words: Vec<String> =
            choice.iter().map(|(reading, option)| format!("{reading}={option}")).collect();
        ((of_foreseen(one).0, words.join(" and ")), *performance, None)
    })
}

fn of_foreseen(one: &Foreseen) -> (Key, Performance, Option<Instant>) {
    ((one.norm.as_str().to_string(), one.bearer.to_string()), one.performance, one.breached)
}

/// Of several instances the worst: broken before open before kept.
fn worst<K: Ord>(all: impl Iterator<Item = (K, Performance, Option<Instant>)>) -> Worst<K> {
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

fn share(n: u32, of: usize) -> Number {
    Number::ratio(i64::from(n), of as i64).unwrap_or_default()
}

fn percent(n: u32, of: usize) -> Cell {
    Cell::Number(share(n, of) * Number::from(100), 1)
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
fn chances(all: &[Said], today: &Worst, named: &BTreeSet<&str>, at: Instant) -> Shown {
    let mut seen: BTreeMap<&Key, Seen> = BTreeMap::new();
    for (key, (performance, breached)) in all.iter().flat_map(|said| &said.duties) {
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
        let pct = |n: u32| percent(n, futures);
        let (low, high) = wilson(&share(of.kept, futures), futures);
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

/// Duties that hang on a reading in some of the futures.
fn depending(all: &[Said]) -> BTreeSet<&Key> {
    let depends = |of: &(&Key, &(Performance, Option<Instant>))| of.1.0 == Performance::DependsOnReading;
    all.iter().flat_map(|said| &said.duties).filter(depends).map(|(key, _)| key).collect()
}

/// In how many of the futures the duties that hang on a reading would be kept, under each choice.
fn by_reading(all: &[Said], at: Instant) -> Option<Shown> {
    let depends = depending(all);
    let mut seen: BTreeMap<&(Key, String), [u32; 3]> = BTreeMap::new();
    for (key, (performance, _)) in all.iter().flat_map(|said| &said.under) {
        if !depends.contains(&key.0) {
            continue;
        }
        let of = match performance {
            Performance::Satisfied => 0,
            Performance::Violated | Performance::Missed => 1,
            _ => 2,
        };
        seen.entry(key).or_default()[of] += 1;
    }
    let futures = all.len();
    let rows = seen.into_iter().map(|(((norm, bearer), choice), counts)| {
        let mut row = vec![Cell::text(norm), Cell::text(bearer), Cell::text(choice)];
        row.extend(counts.map(|n| percent(n, futures)));
        row
    });
    (!depends.is_empty()).then(|| Shown {
        name: "by-reading",
        title: format!(
            "of {futures} futures, the percent in which the engine would say on {at} that all instances of a duty are kept, that one is broken, or neither, under each \
             choice of the readings that nobody has chosen: simulated, and no verdict about what happened"
        ),
        columns: vec!["norm", "bearer", "reading", "all_kept_pct", "broken_pct", "some_open_pct"],
        rows: rows.collect(),
    })
}

/// Which duties hang on a reading in some of the futures, and how one is chosen.
fn readings(all: &[Said], norms: &[(&Norm, Uses)], agreement: &Agreement) -> Vec<String> {
    let depends: BTreeSet<&str> = depending(all).into_iter().map(|(norm, _)| norm.as_str()).collect();
    let mut by: BTreeMap<&Name, Vec<&str>> = BTreeMap::new();
    for (norm, uses) in norms.iter().filter(|(norm, _)| depends.contains(norm.name.as_str())) {
        for reading in &uses.readings {
            by.entry(reading).or_default().push(norm.name.as_str());
        }
    }
    by.into_iter()
        .map(|(reading, norms)| {
            let options = agreement.readings.get(reading).map_or(&[][..], |reading| &reading.options);
            let options: Vec<&str> = options.iter().map(|(option, _)| option.as_str()).collect();
            format!(
                "in some futures it hangs on the reading `{reading}` whether {} would be kept (`by-reading`); --reading {reading}=OPTION chooses one of {}",
                quoted(&norms),
                quoted(&options)
            )
        })
        .collect()
}
