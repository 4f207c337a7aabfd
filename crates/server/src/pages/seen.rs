//! What there is to see of incidents at a question, prepared once: each with its place, times, status and what rests on it.
//!
//! What it deliberately does not do: keep more than the last few questions, or anything that its [`Served`] does not know.
//!
//! Invariants
//! - items are in order of the earliest time at which they may have happened, then by name; the number of an item is its place in
//!   that order, and stays what it is for the same question;
//! - an item is an event that was reported to have happened up to the moment asked for; a withdrawn one stays in the list and says so;
//! - it is prepared once, however many ask at the same time.
//!
//! Where to start reading: [`Seen`].

use crate::asked::Asked;
use crate::known::Matter;
use crate::stand::Found;
use crate::{Problem, Served};
use servanda_evidence::incident::{self, Incident, Kind, Status, details};
use servanda_model::agreement::{FactKind, RoleType};
use servanda_model::place::{Point, Shape};
use servanda_model::record::{Basis, Says};
use servanda_model::{Agreement, Board, Instant, Name, Place, Question, Record, When};
use servanda_report::incidents::Line;
use servanda_report::watched::Watched;
use servanda_report::{View, map, wording};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// An incident, as lists and maps have it.
#[derive(Clone)]
pub(crate) struct Item {
    /// Its name.
    pub id: Name,
    /// How many records have made it what it is.
    pub version: usize,
    /// Reports of it.
    pub reports: usize,
    /// The report that its details are taken from, by its place among the records.
    pub main: u32,
    /// All records that make it, by their places among the records.
    pub records: Box<[u32]>,
    pub status: Status,
    pub when: When,
    /// Where it can be drawn: point and radius of doubt in metres.
    pub spot: Option<(Point, f64)>,
    /// To whom an assessment or a finding attributes it.
    pub attributed_to: Option<Box<str>>,
    /// Clauses that it may concern, and those of verdicts that cite it.
    pub clauses: Box<[Name]>,
    /// Verdicts of the board that cite it, by number.
    pub verdicts: Box<[u32]>,
    /// When it was first on record.
    pub first: Instant,
    /// When anything about it was last recorded.
    pub changed: Instant,
}

/// What there is to see at a question.
pub(crate) struct Seen {
    pub matter: Matter,
    pub board: Arc<Board>,
    pub items: Vec<Item>,
    /// Those about which one side claims something, or a party, a member or a body said something: whether they have a place or not.
    pub cases: Vec<Item>,
    pub watched: Watched,
    /// Zones that can be drawn, by name and arguments, with the name alone.
    pub zones: Vec<(String, Name, Shape)>,
}

/// Questions that are kept prepared.
const KEPT: usize = 4;

/// How often the records had been replaced, and how many there were, where that matters to the question.
type Stand = (u64, Option<usize>);

/// A question, of which records it was asked, and what there is to see.
type Prepared = (Question, Stand, Arc<OnceCell<Arc<Seen>>>);

/// The last questions.
#[derive(Default)]
pub(crate) struct Kept(Mutex<VecDeque<Prepared>>);

impl Served {
    /// What there is to see at the question that an address asks; it is then the board's.
    pub(crate) async fn seen(self: &Arc<Self>, asked: &mut Asked) -> Result<Arc<Seen>, Problem> {
        let found = self.found(asked).await?;
        self.seen_of(&found).await
    }

    /// The same, for whoever has found the board of the question.
    pub(crate) async fn seen_of(self: &Arc<Self>, found: &Found) -> Result<Arc<Seen>, Problem> {
        if let Some(stand) = found.stand.clone() {
            if let Some(seen) = stand.seen_already() {
                return Ok(seen);
            }
            return tokio::task::spawn_blocking(move || stand.seen()).await.map_err(|e| Problem::bug(&e));
        }
        let board = found.board.clone();
        let matter = self.known.matter();
        let depends = self.depends(&board.question).map(|_| matter.records.len());
        let cell = self.seen.cell(&board.question, (matter.turn, depends));
        let prepared = cell.get_or_try_init(|| async move {
            let prepare = move || Arc::new(Seen::prepared(matter, board));
            tokio::task::spawn_blocking(prepare).await.map_err(|e| Problem::bug(&e))
        });
        prepared.await.cloned()
    }
}

impl Kept {
    /// Lets go of what was prepared: it holds the records as they were, which could then not grow in place.
    pub(crate) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn cell(&self, question: &Question, stand: Stand) -> Arc<OnceCell<Arc<Seen>>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().position(|(q, n, _)| q == question && *n == stand);
        let entry =
            found.and_then(|i| kept.remove(i)).unwrap_or_else(|| (question.clone(), stand, Arc::default()));
        let cell = entry.2.clone();
        kept.push_front(entry);
        kept.truncate(KEPT);
        cell
    }
}

/// Whether a record speaks of something that happened somewhere: an event that has a place by its nature, or one that was entered as an
/// incident by hand.
pub(crate) fn is_event(agreement: &Agreement, record: &Record) -> bool {
    if record.says != Says::Affirms || matches!(record.basis, Basis::Planned | Basis::Simulated) {
        return false;
    }
    if record.extra.contains_key("incident.class") {
        return true;
    }
    agreement.facts.get(&record.fact).map_or(record.place.is_some(), |f| {
        f.kind == FactKind::Event && f.roles.iter().any(|(_, role)| *role == RoleType::Place)
    })
}

/// Whether it is a case: a claim, or something about which there is a reply, dissent or a finding.
fn is_case(found: &Incident<'_>) -> bool {
    found.reports.iter().any(|report| report.current().basis == Basis::Claimed)
        || found.entries.iter().any(|entry| matches!(entry.kind, Kind::Reply | Kind::Dissent | Kind::Finding))
}

impl Seen {
    pub(crate) fn prepared(matter: Matter, board: Arc<Board>) -> Seen {
        let view = matter.view(&board);
        let drawn = view.zones();
        let at = board.question.at;
        let numbers: BTreeMap<&Name, u32> =
            matter.records.iter().enumerate().map(|(i, r)| (&r.id, i as u32)).collect();
        let mut cited: BTreeMap<&Name, BTreeSet<u32>> = BTreeMap::new();
        for (number, verdict) in board.verdicts.iter().enumerate() {
            let reasons = verdict.reasons();
            for one in reasons.decided_by.iter().chain(&reasons.against) {
                cited.entry(&one.record).or_default().insert(number as u32);
            }
        }
        let clause_of = |verdict: u32| {
            let norm = matter.agreement.norm(board.verdicts[verdict as usize].norm.as_str())?;
            matter.agreement.clauses.get(norm.clause?).map(|clause| clause.id.clone())
        };
        // With whether it is an event with a place, and whether it is a case.
        let item = |found: Incident<'_>| -> Option<(Item, bool, bool)> {
            let main = found.main();
            let (event, case) = (is_event(&matter.agreement, main), is_case(&found));
            if !(event || case) || main.when.earliest > at {
                return None;
            }
            let reports = found.reports.iter();
            let records = reports.flat_map(|r| r.versions.iter().copied().chain(r.withdrawn));
            let records: Vec<&Record> = records
                .chain(found.entries.iter().flat_map(|e| std::iter::once(e.record).chain(e.withdrawn)))
                .collect();
            let verdicts: BTreeSet<u32> =
                records.iter().filter_map(|r| cited.get(&r.id)).flatten().copied().collect();
            let mut clauses: BTreeSet<Name> = found.clauses().into_iter().map(Name::from).collect();
            clauses.extend(verdicts.iter().filter_map(|v| clause_of(*v)));
            let attributed_to = found.attribution().map(|made| {
                let to: Vec<&str> = made.to.iter().map(|n| matter.agreement.phrase(n)).collect();
                wording::listed(&to, "or").into_boxed_str()
            });
            let item = Item {
                version: found.version(),
                reports: found.reports.len(),
                main: *numbers.get(&main.id)?,
                records: records.iter().filter_map(|r| numbers.get(&r.id).copied()).collect(),
                status: found.status().0,
                when: main.when,
                spot: map::located(&view, &drawn, main).map(|(point, radius_m, _)| (point, radius_m)),
                attributed_to,
                clauses: clauses.into_iter().collect(),
                verdicts: verdicts.into_iter().collect(),
                first: records.iter().map(|r| r.recorded).min()?,
                changed: records.iter().map(|r| r.recorded).max()?,
                id: found.id,
            };
            Some((item, event, case))
        };
        let found = incident::incidents(&*matter.records, board.question.known_at);
        let (mut items, mut cases) = (Vec::new(), Vec::new());
        for (item, event, case) in found.into_iter().filter_map(item) {
            if case {
                cases.push(item.clone());
            }
            if event {
                items.push(item);
            }
        }
        items.sort_by(|a, b| (a.when.earliest, &a.id).cmp(&(b.when.earliest, &b.id)));
        let watched = Watched::of(&view);
        let zones = drawn.into_iter().map(|drawn| {
            let args: Vec<&str> = drawn.args.iter().map(|(_, value)| value.as_str()).collect();
            let called = if args.is_empty() {
                drawn.zone.to_string()
            } else {
                format!("{}({})", drawn.zone, args.join(", "))
            };
            (called, drawn.zone, drawn.shape)
        });
        let zones = zones.collect();
        Seen { matter, board, items, cases, watched, zones }
    }

    /// For the room that words it.
    pub(crate) fn view(&self) -> View<'_> {
        self.matter.view(&self.board)
    }

    /// The record that an item's details are taken from.
    pub(crate) fn main(&self, item: &Item) -> &Record {
        &self.matter.records[item.main as usize]
    }

    /// A fact in the words of the agreement.
    pub(crate) fn phrase<'a>(&'a self, fact: &'a Name) -> &'a str {
        let phrase = self.matter.agreement.facts.get(fact).map(|f| f.phrase.as_str());
        phrase.filter(|p| !p.is_empty()).unwrap_or(fact.as_str())
    }

    /// A zone in the words of the agreement.
    pub(crate) fn zone_phrase<'a>(&'a self, zone: &'a str) -> &'a str {
        let phrase = self.matter.agreement.zones.get(zone).map(|z| z.phrase.as_str());
        phrase.filter(|p| !p.is_empty()).unwrap_or(zone)
    }

    /// The incident that a name stands for: its own, or that of one of its records.
    pub(crate) fn find(&self, name: &str) -> Option<&Item> {
        self.find_in(&self.items, name)
    }

    /// The same among cases.
    pub(crate) fn find_case(&self, name: &str) -> Option<&Item> {
        self.find_in(&self.cases, name).or_else(|| self.find(name))
    }

    fn find_in<'i>(&self, items: &'i [Item], name: &str) -> Option<&'i Item> {
        let records = &self.matter.records;
        let has = |item: &&Item| item.records.iter().any(|r| records[*r as usize].id.as_str() == name);
        items.iter().find(|item| item.id.as_str() == name).or_else(|| items.iter().find(has))
    }

    /// An item as a row.
    pub(crate) fn line(&self, item: &Item) -> Line {
        let main = self.main(item);
        let agreement = &self.matter.agreement;
        let found = details::of(main);
        let detail = |key: &str| found.get(key).map_or(String::new(), |text| text.to_string());
        let named = found.get("place-name").map(|n| n.to_string());
        let at = item.spot.map(|(point, _)| map::position(point));
        Line {
            id: item.id.to_string(),
            version: item.version,
            title: wording::record_line(agreement, main),
            fact: main.fact.to_string(),
            kind: self.phrase(&main.fact).to_string(),
            class: detail("class"),
            subclass: detail("subclass"),
            status: item.status.word().to_string(),
            earliest: item.when.earliest.to_string(),
            latest: item.when.latest.to_string(),
            local: agreement.calendar.show_when(item.when),
            lat: at.map(|[_, lat]| lat),
            lon: at.map(|[lon, _]| lon),
            radius_m: item.spot.map(|(_, radius_m)| radius_m.round()),
            // The radius has a field of its own.
            place: named
                .or_else(|| match main.place.as_ref()? {
                    Place::Point { at, .. } => Some(format!("{:.4}, {:.4}", at.lat, at.lon)),
                    place => Some(wording::place(place)),
                })
                .unwrap_or_default(),
            source: main.source.clone(),
            reports: item.reports,
            grade: main.grade().word().to_string(),
            admiralty: wording::admiralty(main),
            attributed_to: item.attributed_to.as_deref().unwrap_or_default().to_string(),
            clauses: item.clauses.iter().map(Name::to_string).collect(),
            recorded: item.first.to_string(),
            changed: item.changed.to_string(),
            marking: wording::marking(agreement, &main.marking),
            exercise: main.exercise,
        }
    }
}
