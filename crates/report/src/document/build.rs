//! Builds a report of a view: the sections of each kind of report in their order.
//!
//! What it deliberately does not do: decide a verdict (they stand on the board), choose who may see what (the records
//! that come in are those of the release; what was left out comes in as markings).
//!
//! Invariants
//! - what is corrected follows from the records alone: what was known at the previous cut-off against what is known now;
//! - a public bulletin names no record, no title and no place finer than a region or a cell of the grid.
//!
//! Where to start reading: [`document`], then `daily`. Tests: `tests/document.rs` of this crate.

use super::{Cell, Document, Feeds, Figure, Messages, Section, Spot, Table, Words, picture};
use crate::map::Coverage;
use crate::{View, wording};
use servanda_model::place::Shape;
use servanda_model::record::{Basis, COVERAGE, Marking, RoleValue, Says};
use servanda_model::time::{DAY, HOUR};
use servanda_model::{Calendar, Grade, Instant, Name, Place, Point, Record};
use std::collections::{BTreeMap, BTreeSet};

/// Which report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A period, for those who work with the record.
    Daily,
    /// One event, at once.
    Spot,
    /// A period, for the public: coarse and late.
    Bulletin,
    /// One allegation with its replies and history.
    Case,
    /// What was entered in a period, and what the verdicts rest on.
    Audit,
}

impl Kind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Daily => "daily",
            Kind::Spot => "spot",
            Kind::Bulletin => "bulletin",
            Kind::Case => "case",
            Kind::Audit => "audit",
        }
    }
}

/// What is asked for. The cut-off is the moment of the view's question.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// Which report.
    pub kind: Kind,
    /// Its number, `60/2026`.
    pub number: String,
    /// Where the period begins: the previous cut-off.
    pub from: Instant,
    /// When it is issued.
    pub issued: Instant,
    /// The zone that its times are given in.
    pub calendar: &'a Calendar,
    /// Its words.
    pub messages: &'a Messages,
    /// Which records feed which section.
    pub feeds: &'a Feeds,
    /// Markings of the records that this release leaves out.
    pub withheld: &'a BTreeSet<Marking>,
    /// The incident or record of a spot report or a case.
    pub incident: Option<&'a str>,
}

/// Seven days, for the mean.
const WEEK: i64 = 7;
/// Cell of the public's grid, degrees north and east: about 5 km in the latitudes of the examples.
const CELL: (f64, f64) = (0.05, 0.075);
/// Zones that a line about coverage names at most.
const NAMED: usize = 8;

struct Builder<'a> {
    view: &'a View<'a>,
    asked: &'a Asked<'a>,
    m: &'a Messages,
    from: Instant,
    to: Instant,
    coverage: Coverage,
    /// Areas, smallest first.
    areas: Vec<(Name, Shape, [f64; 4])>,
    zones: Vec<crate::extents::Drawn>,
}

/// The report; not checked yet.
pub fn document(view: &View<'_>, asked: &Asked<'_>) -> Document {
    let zones = view.zones();
    let mut areas: Vec<(Name, Shape, [f64; 4])> = Vec::new();
    let drawn = zones.iter().map(|z| (&z.zone, &z.shape));
    for (name, shape) in view.places.shapes.iter().chain(drawn) {
        if !matches!(shape, Shape::Line(_)) {
            areas.extend(shape.bounds().map(|b| (name.clone(), shape.clone(), b)));
        }
    }
    areas.sort_by(|a, b| {
        let size = |b: &[f64; 4]| (b[2] - b[0]) * (b[3] - b[1]);
        size(&a.2).total_cmp(&size(&b.2)).then_with(|| a.0.cmp(&b.0))
    });
    let to = view.board.question.at;
    let b = Builder {
        view,
        asked,
        m: asked.messages,
        from: asked.from,
        to,
        coverage: Coverage::of(view),
        areas,
        zones,
    };
    let known = view.known();
    let mut d = b.empty(&known);
    match asked.kind {
        Kind::Daily | Kind::Bulletin => b.daily(&known, &mut d),
        Kind::Spot | Kind::Case => b.incident(&known, &mut d),
        Kind::Audit => b.audit(&known, &mut d),
    }
    d.summary.truncate(10);
    d
}

/// One record for each event, the one entered last, in order of time: the events of that time, each as what was entered last says it.
fn events<'r>(known: &[&'r Record], from: Instant, to: Instant) -> Vec<&'r Record> {
    let is_event = |r: &Record| {
        r.says == Says::Affirms
            && r.disputes.is_none()
            && r.fact != *COVERAGE
            && !matches!(r.basis, Basis::Planned | Basis::Simulated)
    };
    fn of(r: &Record) -> &Name {
        r.incident.as_ref().unwrap_or(&r.id)
    }
    // Of an event that nobody put into that time it does not matter what was said last.
    let spoken = known.iter().filter(|r| from <= r.when.earliest && r.when.earliest < to);
    let spoken: BTreeSet<&Name> = spoken.filter(|r| is_event(r)).map(|r| of(r)).collect();
    let mut by_event: BTreeMap<&Name, &Record> = BTreeMap::new();
    for r in known {
        if is_event(r) && spoken.contains(of(r)) {
            let kept = by_event.entry(of(r)).or_insert(r);
            if (kept.recorded, &kept.id) < (r.recorded, &r.id) {
                *kept = r;
            }
        }
    }
    let mut all = within(&by_event.into_values().collect::<Vec<_>>(), from, to);
    all.sort_by(|a, b| (a.when.earliest, &a.id).cmp(&(b.when.earliest, &b.id)));
    all
}

fn within<'r>(events: &[&'r Record], from: Instant, to: Instant) -> Vec<&'r Record> {
    events.iter().filter(|r| from <= r.when.earliest && r.when.earliest < to).copied().collect()
}

impl<'a> Builder<'a> {
    fn empty(&self, known: &[&Record]) -> Document {
        let (m, c) = (self.m, self.asked.calendar);
        let level = known.iter().fold(Marking::default(), |all, r| {
            if all.level >= r.marking.level && r.marking == Marking::of(r.marking.level) {
                all
            } else {
                all.join(&r.marking)
            }
        });
        let span = (m.moment(c, self.from), m.moment(c, self.to));
        let exercise = self.view.agreement.exercise || known.iter().any(|r| r.exercise);
        let agreement = match self.view.agreement.title.as_str() {
            "" => self.view.agreement.name.clone(),
            title => title.to_string(),
        };
        let head = [
            ("agreement", agreement),
            ("number", self.asked.number.clone()),
            ("issued", m.moment(c, self.asked.issued)),
            ("as-of", m.with("as-of-value", &[("moment", &span.1), ("zone", c.zone_name())])),
            ("period", m.with("period-value", &[("from", &span.0), ("to", &span.1)])),
            ("marking", m.with("marking-value", &[("marking", &level.show())])),
        ];
        Document {
            schema: "report/1".into(),
            lang: m.text("lang"),
            kind: self.asked.kind.word().into(),
            title: m.with(
                &format!("title-{}", self.asked.kind.word()),
                &[("number", self.asked.number.as_str())],
            ),
            exercise: exercise.then(|| m.text("exercise")),
            dated: c.date(self.asked.issued).to_string(),
            head: head.into_iter().map(|(k, v)| (m.text(k), v)).collect(),
            summary: Vec::new(),
            headline: Vec::new(),
            sections: Vec::new(),
            words: Words {
                summary: m.text("summary"),
                total: m.text("total"),
                contents: m.text("contents"),
                page: m.text("page"),
            },
            points: Vec::new(),
        }
    }

    fn public(&self) -> bool {
        self.asked.kind == Kind::Bulletin
    }

    fn section(&self, id: &str) -> Section {
        Section {
            id: id.into(),
            heading: self.m.text(id),
            text: Vec::new(),
            tables: Vec::new(),
            picture: None,
        }
    }

    fn table(&self, key: &str, caption: &str, columns: &[&str]) -> Table {
        Table {
            key: key.into(),
            caption: self.m.text(caption),
            columns: columns.iter().map(|c| self.m.text(c)).collect(),
            rows: Vec::new(),
            summed: Vec::new(),
        }
    }

    fn cell(&self, n: i64) -> Cell {
        Cell::Count { n, shown: self.m.number(n) }
    }

    /// A party, a body or a zone in the agreement's words; else a name of the gazetteer, as it is.
    fn phrase(&self, name: &Name) -> String {
        let zone = self.view.agreement.zones.get(name).map(|zone| zone.phrase.as_str());
        match zone.filter(|phrase| !phrase.is_empty()) {
            Some(phrase) => phrase.to_string(),
            None => self.view.agreement.phrase(name).to_string(),
        }
    }

    /// The point of a place, with its radius of doubt; none for what is only known to lie in an area.
    fn point(&self, r: &Record) -> Option<(Point, f64)> {
        match r.place.as_ref()? {
            Place::Point { at, radius_m } => Some((*at, *radius_m)),
            Place::Named(name) => self.view.places.points.get(name).map(|p| (*p, 0.0)),
        }
    }

    fn region(&self, r: &Record) -> String {
        if let Some(Place::Named(name)) = &r.place
            && !self.view.places.points.contains_key(name)
        {
            return self.phrase(name);
        }
        let holds = |p: Point| {
            self.areas.iter().find(|(_, shape, [west, south, east, north])| {
                *west <= p.lon && p.lon <= *east && *south <= p.lat && p.lat <= *north && shape.covers(p)
            })
        };
        match self.point(r).and_then(|(p, _)| holds(p)) {
            Some((name, _, _)) => self.phrase(name),
            None => self.m.text("no-region"),
        }
    }

    fn place(&self, r: &Record) -> String {
        match &r.place {
            None => self.m.text("not-given"),
            Some(Place::Named(name)) => self.phrase(name),
            Some(place) => wording::place(place),
        }
    }

    fn grade(&self, r: &Record) -> String {
        let word = self.m.word("grade", r.grade().word());
        match wording::admiralty(r).as_str() {
            "" => word,
            letters => format!("{word} ({letters})"),
        }
    }

    /// The first of these roles, or of the fields that the importer kept aside, in words.
    fn role(&self, r: &Record, names: &[&str]) -> String {
        names
            .iter()
            .find_map(|n| {
                let role = r.roles.get(&Name::from(*n)).map(|v| wording::role(self.view.agreement, v));
                role.or_else(|| r.extra.get(*n).cloned())
            })
            .unwrap_or_else(|| self.m.text("not-given"))
    }

    fn what(&self, r: &Record) -> Cell {
        Cell::Text(wording::record_line(self.view.agreement, r))
    }

    fn when(&self, r: &Record) -> Cell {
        Cell::Text(self.m.when(self.asked.calendar, r.when))
    }

    fn hours(&self, zone: &Name) -> Option<String> {
        let share = self.coverage.watched(zone, self.from, self.to)?.to_f64();
        let hours = (self.to - self.from) as f64 / HOUR as f64;
        Some(self.m.with("hours", &[("n", &self.m.tenths((share * hours * 10.0).round() as i64))]))
    }

    fn coverage_line(&self) -> String {
        let all: Vec<String> = self
            .coverage
            .zones()
            .filter_map(|z| Some(format!("{} {}", self.phrase(z), self.hours(z)?)))
            .collect();
        let more = if all.len() > NAMED { ", …" } else { "" };
        let said = if all.is_empty() {
            self.m.text("coverage-none")
        } else {
            let list = format!("{}{more}", all[..all.len().min(NAMED)].join("; "));
            self.m.with("coverage-some", &[("list", &list)])
        };
        self.m.with("coverage-line", &[("coverage", &said)])
    }

    fn nothing(&self, section: &mut Section) {
        if section.tables.iter().all(|t| t.rows.is_empty()) {
            section.tables.clear();
            section.text.push(self.m.text("nothing"));
            section.text.push(self.coverage_line());
        }
    }

    fn daily(&self, known: &[&Record], d: &mut Document) {
        let m = self.m;
        let length = self.to - self.from;
        let first = (self.from + -length).min(self.to + -WEEK * DAY);
        let events = events(known, first, self.to);
        let now = within(&events, self.from, self.to);
        let before = within(&events, self.from + -length, self.from);
        let week = within(&events, self.to + -WEEK * DAY, self.to);

        let (section, violations, explosions) = self.violations(&now, &before, &week);
        d.sections.push(section);
        let mut tables = vec![("regions".to_string(), 1)];
        let mut of_explosions = vec![("regions".to_string(), 2)];
        if !self.public() {
            tables.push(("events".into(), 4));
            of_explosions.push(("events".into(), 5));
        }
        d.headline.push(Figure { label: m.text("headline-violations"), value: violations, tables });
        let label = m.text("headline-explosions");
        d.headline.push(Figure { label, value: explosions, tables: of_explosions });
        let earlier: i64 = before.iter().filter_map(|r| self.asked.feeds.count("violations", r)).sum();
        d.summary.push(m.with(
            "sum-violations",
            &[("violations", &m.count("violation", violations)), ("before", &m.count("violation", earlier))],
        ));
        d.summary.push(m.with("sum-explosions", &[("explosions", &m.count("explosion", explosions))]));
        d.summary.push(self.coverage_line());

        let (section, confirmed, checked) = self.casualties(&now);
        d.sections.push(section);
        d.headline.push(Figure {
            label: m.text("headline-hurt"),
            value: confirmed,
            tables: vec![("casualties".into(), 1)],
        });
        d.summary.push(m.with(
            "sum-hurt",
            &[("confirmed", &m.count("person", confirmed)), ("checked", &m.count("person", checked))],
        ));
        for id in ["withdrawal", "local-ceasefires", "infrastructure", "civilians", "access", "interference"]
        {
            d.sections.push(self.listing(id, &now));
        }
        let refused = now.iter().filter(|r| self.asked.feeds.count("access", r).is_some()).count() as i64;
        d.summary.push(m.with("sum-access", &[("n", &m.count("restriction", refused))]));
        d.sections.push(self.listing("joint-body", &now));
        d.sections.push(self.clauses(&mut d.summary, false));
        let (section, corrections) = self.corrections();
        d.sections.push(section);
        d.summary.push(m.with("sum-corrections", &[("n", &m.count("correction", corrections))]));
        d.sections.push(self.withheld());
        if self.public() {
            let mut section = self.section("complaint");
            section.text.push(m.text("complaint-text"));
            d.sections.push(section);
        } else {
            d.sections.push(self.annex_events(&now));
        }
        let shown: Vec<&Record> = now.iter().filter(|r| self.asked.feeds.feeds_any(r)).copied().collect();
        self.annex_map(&shown, d);
        d.sections.push(self.rules(&now));
        d.sections.push(self.sources(&now));
    }

    fn violations(&self, now: &[&Record], before: &[&Record], week: &[&Record]) -> (Section, i64, i64) {
        let feeds = self.asked.feeds;
        let mut section = self.section("violations");
        section.text.push(self.m.text("violations-note"));
        let mut rows: BTreeMap<String, ([i64; 4], Option<String>)> = BTreeMap::new();
        for zone in self.coverage.zones() {
            rows.entry(self.phrase(zone)).or_default().1 = self.hours(zone);
        }
        for (i, list) in [now, before, week].into_iter().enumerate() {
            for r in list {
                if let Some(n) = feeds.count("violations", r) {
                    let row = rows.entry(self.region(r)).or_default();
                    row.0[[0, 2, 3][i]] += n;
                    if i == 0 && feeds.count("explosions", r).is_some() {
                        row.0[1] += n;
                    }
                }
            }
        }
        let mut table = self.table(
            "regions",
            "violations",
            &[
                "col-region",
                "col-violations",
                "col-explosions",
                "col-before",
                "col-difference",
                "col-mean",
                "col-coverage",
            ],
        );
        let (mut violations, mut explosions) = (0, 0);
        for (region, ([n, bangs, earlier, seven], hours)) in rows {
            violations += n;
            explosions += bangs;
            let difference = n - earlier;
            let shown = format!("{}{}", if difference > 0 { "+" } else { "" }, self.m.number(difference));
            let mean = (seven * 10 + WEEK / 2).div_euclid(WEEK);
            table.rows.push(vec![
                Cell::Text(region),
                self.cell(n),
                self.cell(bangs),
                self.cell(earlier),
                Cell::Count { n: difference, shown },
                Cell::Text(self.m.tenths(mean)),
                Cell::Text(hours.unwrap_or_else(|| self.m.text("no-coverage"))),
            ]);
        }
        table.summed = vec![1, 2, 3, 4];
        let nothing = table.rows.is_empty();
        section.tables.push(table);
        if nothing {
            // The empty table stays: a headline of nought is checked as well.
            section.text.push(self.m.text("nothing"));
            section.text.push(self.coverage_line());
        }
        (section, violations, explosions)
    }

    fn hurt(&self, r: &Record) -> i64 {
        let number = |role: &String| match r.roles.get(&Name::from(role.as_str())) {
            Some(RoleValue::Number(n)) => n.to_i64().unwrap_or(0).max(0),
            _ => 0,
        };
        self.asked.feeds.casualty_roles.iter().map(number).sum()
    }

    fn casualties(&self, now: &[&Record]) -> (Section, i64, i64) {
        let mut section = self.section("casualties");
        let mut sums = [0, 0];
        let tables = [("casualties", "casualties-confirmed"), ("casualties-checked", "casualties-checked")];
        for (i, (key, caption)) in tables.into_iter().enumerate() {
            let wanted = |r: &&&Record| self.hurt(r) > 0 && (r.grade() == Grade::Confirmed) == (i == 0);
            let mut table = self.table(key, caption, &["col-region", "col-people", "col-when", "col-what"]);
            if self.public() {
                table.columns.truncate(2);
                let mut rows: BTreeMap<String, i64> = BTreeMap::new();
                for r in now.iter().filter(wanted) {
                    *rows.entry(self.region(r)).or_default() += self.hurt(r);
                }
                table.rows.extend(rows.into_iter().map(|(r, n)| vec![Cell::Text(r), self.cell(n)]));
            } else {
                for r in now.iter().filter(wanted) {
                    let n = self.cell(self.hurt(r));
                    table.rows.push(vec![Cell::Text(self.region(r)), n, self.when(r), self.what(r)]);
                }
            }
            table.summed = vec![1];
            sums[i] = table.sum(1);
            section.tables.push(table);
        }
        if sums == [0, 0] {
            section.text.push(self.m.text("nothing"));
            section.text.push(self.coverage_line());
        }
        section.tables.retain(|t| t.key == "casualties" || !t.rows.is_empty());
        (section, sums[0], sums[1])
    }

    fn listing(&self, id: &str, now: &[&Record]) -> Section {
        let mut section = self.section(id);
        let fed: Vec<&&Record> = now.iter().filter(|r| self.asked.feeds.count(id, r).is_some()).collect();
        let mut table;
        if self.public() {
            table = self.table(id, id, &["col-region", "col-events"]);
            let mut rows: BTreeMap<String, i64> = BTreeMap::new();
            for r in fed {
                *rows.entry(self.region(r)).or_default() += 1;
            }
            table.rows.extend(rows.into_iter().map(|(r, n)| vec![Cell::Text(r), self.cell(n)]));
        } else if matches!(id, "access" | "interference") {
            table = self.table(
                id,
                id,
                &["col-when", "col-where", "col-who", "col-what", "col-reason", "col-result", "col-grade"],
            );
            for r in fed {
                table.rows.push(vec![
                    self.when(r),
                    Cell::Text(self.place(r)),
                    Cell::Text(self.role(r, &["by", "party", "who"])),
                    self.what(r),
                    Cell::Text(self.role(r, &["reason", "reason-given"])),
                    Cell::Text(self.role(r, &["result", "outcome"])),
                    Cell::Text(self.grade(r)),
                ]);
            }
        } else {
            table = self.table(id, id, &["col-when", "col-where", "col-what", "col-grade", "col-source"]);
            for r in fed {
                table.rows.push(vec![
                    self.when(r),
                    Cell::Text(self.place(r)),
                    self.what(r),
                    Cell::Text(self.grade(r)),
                    Cell::Text(r.source.clone()),
                ]);
            }
        }
        section.tables.push(table);
        self.nothing(&mut section);
        section
    }

    /// The board, in the engine's own states; `rests` adds the deciding records.
    fn clauses(&self, summary: &mut Vec<String>, rests: bool) -> Section {
        let mut section = self.section("clauses");
        section.text.push(self.m.text("clauses-note"));
        let mut columns = vec!["col-clause", "col-bearer", "col-state"];
        columns.extend(rests.then_some("col-supports"));
        let mut table = self.table("clauses", "clauses", &columns);
        // Worst first, as the board has them.
        let mut states: BTreeMap<(crate::Tone, String), i64> = BTreeMap::new();
        for row in self.view.rows() {
            let state = self.m.word("state", row.state().word);
            *states.entry((row.state().tone, state.clone())).or_default() += 1;
            let mut cells = vec![
                Cell::Text(wording::norm(row.norm, row.name).to_string()),
                Cell::Text(wording::bearer(self.view.agreement, row.bearer)),
                Cell::Text(state),
            ];
            if rests {
                let decided: Vec<&str> =
                    row.shown().reasons().decided_by.iter().map(|c| c.record.as_str()).take(5).collect();
                cells.push(Cell::Text(decided.join(", ")));
            }
            table.rows.push(cells);
        }
        if table.rows.is_empty() {
            section.text.push(self.m.text("clauses-none"));
        } else {
            section.tables.push(table);
        }
        for ((_, state), n) in states.into_iter().take(3) {
            let n = self.m.count("clause", n);
            summary.push(self.m.with("sum-clauses", &[("n", &n), ("state", &state)]));
        }
        section
    }

    /// What was known at the previous cut-off and is not so now, and what came late.
    fn corrections(&self) -> (Section, i64) {
        let mut section = self.section("corrections");
        let by = self.view.board.question.known_at;
        let entered = || self.view.records.iter().filter(|r| self.from < r.recorded && r.recorded <= by);
        let spoken = entered().flat_map(|r| [&r.supersedes, &r.withdraws, &r.disputes]);
        let spoken: BTreeSet<&str> = spoken.flatten().map(Name::as_str).collect();
        let of_them = self.view.records.iter().filter(|r| spoken.contains(r.id.as_str()));
        let by_id: BTreeMap<&str, &Record> = of_them.map(|r| (r.id.as_str(), r)).collect();
        let mut rows: Vec<(Instant, &'static str, Option<&Record>, &Record)> = Vec::new();
        for r in entered() {
            let targets = [
                ("change-corrected", &r.supersedes),
                ("change-withdrawn", &r.withdraws),
                ("change-disputed", &r.disputes),
            ];
            let mut found = false;
            for (change, target) in targets {
                let old = target.as_ref().and_then(|t| by_id.get(t.as_str()));
                if let Some(old) = old.filter(|o| o.recorded <= self.from) {
                    rows.push((r.recorded, change, Some(old), r));
                    found = true;
                }
            }
            let is_fresh = r.supersedes.is_none() && r.withdraws.is_none() && r.disputes.is_none();
            if !found && is_fresh && r.when.earliest < self.from && self.asked.feeds.feeds_any(r) {
                rows.push((r.recorded, "change-late", None, r));
            }
        }
        rows.sort_by(|a, b| (a.0, &a.3.id, a.1).cmp(&(b.0, &b.3.id, b.1)));
        let count = rows.len() as i64;
        if self.public() {
            let mut table = self.table("corrections", "corrections", &["col-change", "col-events"]);
            let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
            for (_, change, _, _) in &rows {
                *counts.entry(change).or_default() += 1;
            }
            table.rows =
                counts.into_iter().map(|(c, n)| vec![Cell::Text(self.m.text(c)), self.cell(n)]).collect();
            section.tables.push(table);
        } else {
            let columns = ["col-change", "col-record", "col-said", "col-says", "col-entered", "col-source"];
            let mut table = self.table("corrections", "corrections", &columns);
            for (at, change, old, new) in rows {
                let line = |r: &Record| {
                    let what = wording::record_line(self.view.agreement, r);
                    format!("{} – {}: {what}", self.m.when(self.asked.calendar, r.when), self.place(r))
                };
                table.rows.push(vec![
                    Cell::Text(self.m.text(change)),
                    Cell::Text(old.unwrap_or(new).id.to_string()),
                    Cell::Text(old.map_or(String::from("–"), line)),
                    Cell::Text(if change == "change-withdrawn" {
                        self.m.text("change-withdrawn")
                    } else {
                        line(new)
                    }),
                    Cell::Text(self.asked.calendar.show(at)),
                    Cell::Text(new.source.clone()),
                ]);
            }
            section.tables.push(table);
        }
        if count == 0 {
            section.tables.clear();
            section.text.push(self.m.text("corrections-none"));
        }
        let start = self.from + -(self.to - self.from);
        let sum = |known: &[&Record]| {
            let in_period = events(known, start, self.from);
            let n: i64 = in_period.iter().filter_map(|r| self.asked.feeds.count("violations", r)).sum();
            self.m.count("violation", n)
        };
        let (before, now) = (sum(&self.view.known_by(self.from)), sum(&self.view.known()));
        section.text.push(self.m.with("corrections-note", &[("before", &before), ("now", &now)]));
        (section, count)
    }

    fn withheld(&self) -> Section {
        let mut section = self.section("withheld");
        let mut lines: BTreeSet<String> = BTreeSet::new();
        for marking in self.asked.withheld {
            let mut category = marking.level.word().to_string();
            for caveat in &marking.caveats {
                category.push_str(&format!(", {caveat}"));
            }
            let by: Vec<&str> = marking.originators.iter().map(Name::as_str).collect();
            let by = if by.is_empty() { self.m.text("no-authority") } else { by.join(", ") };
            lines.insert(self.m.with("withheld-row", &[("category", &category), ("authority", &by)]));
        }
        section.text.extend(lines);
        if section.text.is_empty() {
            section.text.push(self.m.text("nothing-withheld"));
        }
        section
    }

    fn annex_events(&self, now: &[&Record]) -> Section {
        let mut section = self.section("annex-events");
        let mut table = self.table(
            "events",
            "annex-events",
            &[
                "col-record",
                "col-when",
                "col-region",
                "col-where",
                "col-violations",
                "col-explosions",
                "col-what",
                "col-grade",
                "col-source",
                "col-marking",
            ],
        );
        let feeds = self.asked.feeds;
        for r in now.iter().filter(|r| feeds.feeds_any(r) || self.hurt(r) > 0) {
            let n = feeds.count("violations", r).unwrap_or(0);
            let bangs = if feeds.count("explosions", r).is_some() { n } else { 0 };
            table.rows.push(vec![
                Cell::Text(r.id.to_string()),
                self.when(r),
                Cell::Text(self.region(r)),
                Cell::Text(self.place(r)),
                self.cell(n),
                self.cell(bangs),
                self.what(r),
                Cell::Text(self.grade(r)),
                Cell::Text(r.source.clone()),
                Cell::Text(r.marking.show_portion()),
            ]);
        }
        table.summed = vec![4, 5];
        if table.rows.is_empty() {
            section.text.push(self.m.text("nothing"));
            section.text.push(self.coverage_line());
        }
        section.tables.push(table);
        section
    }

    fn annex_map(&self, shown: &[&Record], d: &mut Document) {
        let mut section = self.section("annex-map");
        let four = |x: f64| (x * 10_000.0).round() / 10_000.0;
        if self.public() {
            let mut cells: BTreeMap<(i64, i64), i64> = BTreeMap::new();
            for (p, _) in shown.iter().filter_map(|r| self.point(r)) {
                let cell = ((p.lat / CELL.0).floor() as i64, (p.lon / CELL.1).floor() as i64);
                *cells.entry(cell).or_default() += 1;
            }
            d.points.extend(cells.into_iter().map(|((north, east), events)| Spot {
                lat: four((north as f64 + 0.5) * CELL.0),
                lon: four((east as f64 + 0.5) * CELL.1),
                radius_m: 5000.0,
                record: String::new(),
                title: String::new(),
                when: self.asked.calendar.date(self.from).to_string(),
                events,
            }));
        } else {
            d.points.extend(shown.iter().filter_map(|r| {
                let (at, radius_m) = self.point(r)?;
                Some(Spot {
                    lat: four(at.lat),
                    lon: four(at.lon),
                    radius_m: radius_m.round(),
                    record: r.id.to_string(),
                    title: wording::record_line(self.view.agreement, r),
                    when: self.m.when(self.asked.calendar, r.when),
                    events: 1,
                })
            }));
        }
        if d.points.is_empty() {
            section.text.push(self.m.text("map-none"));
        }
        let alternative = self.m.text(if self.public() { "map-alt-public" } else { "map-alt" });
        section.picture = picture::svg(&self.zones, &d.points).map(|svg| (svg, alternative));
        d.sections.push(section);
    }

    fn rules(&self, now: &[&Record]) -> Section {
        let mut section = self.section("annex-rules");
        let unfed: BTreeSet<&str> =
            now.iter().filter(|r| !self.asked.feeds.feeds_any(r)).map(|r| r.fact.as_str()).collect();
        for rule in ["period", "event", "count", "mean", "coverage", "region", "withdrawn", "no-rank"] {
            section.text.push(self.m.text(&format!("rule-{rule}")));
        }
        if self.public() {
            section.text.push(self.m.text("rule-public"));
        }
        if !unfed.is_empty() {
            let list: Vec<&str> = unfed.into_iter().collect();
            section.text.push(self.m.with("rule-unfed", &[("list", &list.join(", "))]));
        }
        section
    }

    fn sources(&self, now: &[&Record]) -> Section {
        let mut section = self.section("sources");
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        for r in now.iter().filter(|_| !self.public()) {
            *counts.entry(r.source.clone()).or_default() += 1;
        }
        let mut table = self.table("sources", "sources", &["col-source", "col-events"]);
        table.rows = counts.into_iter().map(|(s, n)| vec![Cell::Text(s), self.cell(n)]).collect();
        section.tables.push(table);
        if self.public() {
            section.tables.clear();
            section.text.push(self.m.text("rule-public"));
        }
        self.nothing_plain(&mut section);
        section
    }

    fn nothing_plain(&self, section: &mut Section) {
        if section.tables.iter().all(|t| t.rows.is_empty()) && section.text.is_empty() {
            section.tables.clear();
            section.text.push(self.m.text("nothing"));
        }
    }

    /// One event: its records, what was replied, which clauses it bears on, its history.
    fn incident(&self, known: &[&Record], d: &mut Document) {
        let asked = self.asked.incident.unwrap_or_default();
        let is_it = |r: &Record| r.id == *asked || r.incident.as_ref().is_some_and(|i| *i == *asked);
        let by = self.view.board.question.known_at;
        let mut ids: BTreeSet<&Name> =
            self.view.records.iter().filter(|r| r.recorded <= by && is_it(r)).map(|r| &r.id).collect();
        // Corrections of corrections belong to it as well.
        loop {
            let size = ids.len();
            for r in self.view.records.iter().filter(|r| r.recorded <= by) {
                let old = r.supersedes.as_ref().or(r.withdraws.as_ref());
                if old.is_some_and(|o| ids.contains(o)) {
                    ids.insert(&r.id);
                }
            }
            if ids.len() == size {
                break;
            }
        }
        let now: Vec<&Record> = known.iter().filter(|r| ids.contains(&r.id)).copied().collect();
        let mut section = self.section("record");
        let columns =
            ["col-record", "col-when", "col-where", "col-region", "col-what", "col-grade", "col-source"];
        let mut table = self.table("record", "record", &columns);
        for r in &now {
            table.rows.push(vec![
                Cell::Text(r.id.to_string()),
                self.when(r),
                Cell::Text(self.place(r)),
                Cell::Text(self.region(r)),
                self.what(r),
                Cell::Text(self.grade(r)),
                Cell::Text(r.source.clone()),
            ]);
            let line = wording::record_line(self.view.agreement, r);
            d.summary.push(format!("{} – {line}", self.m.when(self.asked.calendar, r.when)));
        }
        section.tables.push(table);
        for r in &now {
            let mut table = self.table(&format!("details-{}", r.id), "record", &["col-what", "col-says"]);
            table.caption = r.id.to_string();
            for (name, value) in &r.roles {
                let value = wording::role(self.view.agreement, value);
                table.rows.push(vec![Cell::Text(name.to_string()), Cell::Text(value)]);
            }
            for (name, value) in &r.extra {
                table.rows.push(vec![Cell::Text(name.clone()), Cell::Text(value.clone())]);
            }
            if !table.rows.is_empty() {
                section.tables.push(table);
            }
        }
        self.nothing(&mut section);
        d.sections.push(section);

        let mut section = self.section("replies");
        let columns = ["col-record", "col-entered", "col-source", "col-what", "col-grade"];
        let mut table = self.table("replies", "replies", &columns);
        for r in known {
            let of = r.roles.get(&Name::from("of"));
            let names = matches!(of, Some(RoleValue::Name(n)) if ids.contains(n) || *n == *asked);
            if names || r.disputes.as_ref().is_some_and(|o| ids.contains(o)) {
                table.rows.push(vec![
                    Cell::Text(r.id.to_string()),
                    Cell::Text(self.asked.calendar.show(r.recorded)),
                    Cell::Text(r.source.clone()),
                    self.what(r),
                    Cell::Text(self.grade(r)),
                ]);
            }
        }
        section.tables.push(table);
        self.nothing_plain_tables(&mut section);
        d.sections.push(section);

        let mut section = self.section("clauses");
        section.text.push(self.m.text("clauses-note"));
        let mut table = self.table("clauses", "clauses", &["col-clause", "col-bearer", "col-state"]);
        for v in &self.view.board.verdicts {
            let reasons = v.reasons();
            if reasons.decided_by.iter().chain(&reasons.against).any(|c| ids.contains(&c.record)) {
                table.rows.push(vec![
                    Cell::Text(
                        wording::norm(self.view.agreement.norms.iter().find(|n| n.name == v.norm), &v.norm)
                            .to_string(),
                    ),
                    Cell::Text(wording::bearer(self.view.agreement, &v.bearer)),
                    Cell::Text(self.m.word("state", crate::State::of(v).word)),
                ]);
            }
        }
        section.tables.push(table);
        self.nothing_plain_tables(&mut section);
        d.sections.push(section);

        let mut section = self.section("history");
        let columns = ["col-record", "col-entered", "col-change", "col-what", "col-source"];
        let mut table = self.table("history", "history", &columns);
        let mut all: Vec<&Record> = self.view.records.iter().filter(|r| ids.contains(&r.id)).collect();
        all.sort_by(|a, b| (a.recorded, &a.id).cmp(&(b.recorded, &b.id)));
        for r in all {
            let change = match (&r.supersedes, &r.withdraws) {
                (Some(old), _) => format!("{}: {old}", self.m.text("change-corrected")),
                (_, Some(old)) => format!("{}: {old}", self.m.text("change-withdrawn")),
                _ => "–".to_string(),
            };
            table.rows.push(vec![
                Cell::Text(r.id.to_string()),
                Cell::Text(self.asked.calendar.show(r.recorded)),
                Cell::Text(change),
                self.what(r),
                Cell::Text(r.source.clone()),
            ]);
        }
        section.tables.push(table);
        d.sections.push(section);
        d.sections.push(self.withheld());
        self.annex_map(&now, d);
    }

    fn nothing_plain_tables(&self, section: &mut Section) {
        if section.tables.iter().all(|t| t.rows.is_empty()) {
            section.tables.clear();
            section.text.push(self.m.text("nothing"));
        }
    }

    /// What was entered, what was changed, and what the verdicts rest on.
    fn audit(&self, _known: &[&Record], d: &mut Document) {
        let by = self.view.board.question.known_at;
        let mut entered: Vec<&Record> =
            self.view.records.iter().filter(|r| self.from < r.recorded && r.recorded <= by).collect();
        entered.sort_by(|a, b| (a.recorded, &a.id).cmp(&(b.recorded, &b.id)));
        let mut section = self.section("entries");
        let mut markings: BTreeMap<String, i64> = BTreeMap::new();
        for r in &entered {
            *markings.entry(r.marking.show()).or_default() += 1;
        }
        let mut counts = self.table("markings", "col-marking", &["col-marking", "col-records"]);
        counts.rows = markings.into_iter().map(|(k, n)| vec![Cell::Text(k), self.cell(n)]).collect();
        counts.summed = vec![1];
        let columns = ["col-record", "col-entered", "col-when", "col-what", "col-source", "col-marking"];
        let mut table = self.table("entries", "entries", &columns);
        for r in &entered {
            table.rows.push(vec![
                Cell::Text(r.id.to_string()),
                Cell::Text(self.asked.calendar.show(r.recorded)),
                self.when(r),
                self.what(r),
                Cell::Text(r.source.clone()),
                Cell::Text(r.marking.show_portion()),
            ]);
        }
        d.headline.push(Figure {
            label: self.m.text("entries"),
            value: entered.len() as i64,
            tables: vec![("markings".into(), 1)],
        });
        section.tables.extend([counts, table]);
        if entered.is_empty() {
            section.text.push(self.m.text("nothing"));
        }
        d.sections.push(section);
        let (section, corrections) = self.corrections();
        d.sections.push(section);
        d.summary.push(self.m.with("sum-corrections", &[("n", &self.m.count("correction", corrections))]));
        d.sections.push(self.clauses(&mut d.summary, true));
        d.sections.push(self.withheld());
        let mut section = self.section("proof");
        section.text.push(self.m.text("proof-text"));
        d.sections.push(section);
    }
}
