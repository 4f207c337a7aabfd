//! What each audience of a workspace is shown, made of what it may see, and kept up to date with the news that it may see.
//!
//! What it deliberately does not do: decide who may see what (the store's policy does), answer anything over HTTP (`server` does).
//!
//! Invariants
//! - records and rulings come from the store's view of a viewer; places are those that these records name; the agreement is without
//!   what is marked for others, and its text is then composed of what is left;
//! - news reaches an audience that may see its label, and no other; nor is any other told that something came, or when;
//! - up to when an audience's records are complete does not depend on what it may not see;
//! - a ruling shows to those who may see it: their records are then read anew, and nobody else's are.
//!
//! Where to start reading: [`Pages::tell`], then [`Cases`].

use crate::failure::Failure;
use crate::intake::Intake;
use crate::matter::Evaluator;
use crate::rulings::Followed;
use crate::source;
use servanda_lang::readers::{self, Reader};
use servanda_ledger::tree::{Hash, sha256};
use servanda_model::record::Marking;
use servanda_model::{Agreement, Instant, Name, Place, Places, Question, Record};
use servanda_server::{News, Problem, Served, Viewing, Views};
use servanda_store::policy::Viewer;
use servanda_store::{Audience, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one audience is shown, and the places that it knows.
struct Page {
    served: Weak<Served>,
    audience: Audience,
    /// One of it.
    viewer: Viewer,
    /// As it sees it.
    agreement: Arc<Agreement>,
    places: Places,
    tried: BTreeSet<Name>,
    /// The last moment at which anything that it may see was recorded.
    latest: Instant,
    /// By which rulings its records are read.
    ruled: Followed,
    /// Its records have to be read anew, and could not be.
    is_behind: bool,
    /// Times of its news that lie ahead: a clock elsewhere is fast. The next ones, at most [`AHEAD`].
    ahead: BTreeSet<Instant>,
}

/// Times ahead that are waited for one by one; of more, the later ones are come to with time.
const AHEAD: usize = 1_000;

/// What one audience is shown first, and who it is.
pub struct Shown {
    /// Who: one of them.
    pub viewer: Viewer,
    /// All of them.
    pub audience: Audience,
    /// The agreement as they see it.
    pub agreement: Arc<Agreement>,
    /// Places that its records name.
    pub places: Places,
    /// The last moment at which anything that it may see was recorded.
    pub latest: Instant,
    /// By which rulings its records are read.
    pub ruled: Followed,
}

/// What else there is to tell besides records.
#[derive(Clone, Copy, Default)]
pub struct Besides {
    /// Time went on.
    pub time: bool,
    /// Somebody ruled, of which it is not known yet who may see it.
    pub rulings: bool,
}

/// All that are shown anything.
pub struct Pages {
    store: Store,
    shapes: BTreeMap<String, Vec<u8>>,
    all: Mutex<Vec<Page>>,
    /// Labels that are in use.
    labels: Mutex<BTreeSet<Marking>>,
    /// Records that somebody is shown: whoever else is shown the same holds the same.
    held: Mutex<Held>,
}

/// By identity: the hash of the bytes of which a record was read, and the record, while somebody holds it.
type Held = BTreeMap<Name, (Hash, Weak<Record>)>;

impl Pages {
    /// For nobody yet. `path` is where the agreement lies, `store` where the records do.
    pub fn new(store: Store, agreement: &Agreement, path: &Path, mut labels: BTreeSet<Marking>) -> Pages {
        labels.extend(readers::markings(agreement));
        let (shapes, _) = crate::matter::shapes(agreement, path);
        Pages { store, shapes, all: Mutex::default(), labels: Mutex::new(labels), held: Mutex::default() }
    }

    /// The records of an audience, as they were entered: those that another audience holds are not read again, where bytes and marking are
    /// the same.
    fn entered(&self, viewer: &Viewer, audience: &Audience) -> Result<Vec<Arc<Record>>, Failure> {
        let mut stored = self.store.view(viewer).records()?;
        stored.retain(|one| audience.sees(&one.marking));
        let mut held = lock(&self.held);
        held.retain(|_, (_, record)| record.strong_count() > 0);
        let mut all = Vec::with_capacity(stored.len());
        for one in &stored {
            let hash = sha256(one.json.as_bytes());
            let there =
                held.get(&one.id).filter(|(of, _)| *of == hash).and_then(|(_, there)| there.upgrade());
            all.push(match there.filter(|there| there.marking == one.marking) {
                Some(there) => there,
                None => {
                    let read = Arc::new(source::decoded(one)?);
                    held.insert(one.id.clone(), (hash, Arc::downgrade(&read)));
                    read
                }
            });
        }
        Ok(all)
    }

    /// Also tells this one.
    pub fn add(&self, served: &Arc<Served>, shown: Shown) {
        let Shown { viewer, audience, agreement, places, latest, ruled } = shown;
        let served = Arc::downgrade(served);
        let page = Page {
            served,
            audience,
            viewer,
            agreement,
            places,
            tried: BTreeSet::new(),
            latest,
            ruled,
            is_behind: false,
            ahead: BTreeSet::new(),
        };
        let mut all = lock(&self.all);
        all.retain(|page| page.served.strong_count() > 0);
        all.push(page);
    }

    /// Tells each what it may see of this. Whoever sees nothing of it is told only where time went on, whatever came.
    pub fn tell(&self, records: &[Record], now: Instant, besides: Besides) {
        lock(&self.labels).extend(records.iter().map(|record| record.marking.clone()));
        let records: Vec<Arc<Record>> = records.iter().map(|record| Arc::new(record.clone())).collect();
        let mut all = lock(&self.all);
        all.retain(|page| page.served.strong_count() > 0);
        for page in all.iter_mut() {
            let own: Vec<Arc<Record>> =
                records.iter().filter(|record| page.audience.sees(&record.marking)).cloned().collect();
            let Some(served) = page.served.upgrade() else { continue };
            let mut anew = !own.iter().all(|record| page.ruled.leaves_alone(record));
            if besides.rulings {
                match page.ruled.still_stand(&self.store, &page.viewer) {
                    Ok(stand) => anew |= !stand,
                    Err(failure) => {
                        // Whether they still do is seen by the next look.
                        page.is_behind = true;
                        eprintln!("{}", failure.shown(false));
                    }
                }
            }
            if anew || page.is_behind {
                page.is_behind = true;
                if let Err(failure) = page.anew(&served, self, now) {
                    eprintln!("{}", failure.shown(false));
                }
                continue;
            }
            let is_due = page.ahead.first().is_some_and(|at| *at <= now);
            if own.is_empty() && !besides.time && !is_due {
                continue;
            }
            page.latest = own.iter().map(|record| record.recorded).fold(page.latest, Instant::max);
            let complete_to = now.max(page.latest);
            page.ahead.extend(own.iter().flat_map(|record| [record.when.earliest, record.when.latest]));
            page.ahead.retain(|at| *at > complete_to);
            while page.ahead.len() > AHEAD {
                page.ahead.pop_last();
            }
            let places = page.places_of(&own, &self.shapes);
            if let Err(error) = served.learn(News { records: own, places, complete_to }) {
                eprintln!("error: the page no longer follows: {error}");
            }
        }
    }

    /// Whether anything that somebody was told lies no longer ahead.
    pub fn is_due(&self, now: Instant) -> bool {
        lock(&self.all).iter().any(|page| page.ahead.first().is_some_and(|at| *at <= now))
    }

    fn audience(&self, viewer: &Viewer) -> Audience {
        Audience::of(viewer, &*lock(&self.labels))
    }

    /// All that an audience may see, as it counts at the moment that is made of the last one at which any of it was recorded.
    fn read(
        &self,
        viewer: &Viewer,
        audience: &Audience,
        agreement: &Agreement,
        known_at: impl FnOnce(Instant) -> Instant,
    ) -> Result<Read, Failure> {
        let entered = self.entered(viewer, audience)?;
        let latest = entered.iter().map(|record| record.recorded).fold(Instant::MIN, Instant::max);
        let (records, ruled) = Followed::counted_of(&self.store, viewer, entered, known_at(latest))?;
        let (places, _) = servanda_evidence::zones::places_of(agreement, &self.shapes, (&records).into());
        Ok(Read { records, places, latest, ruled })
    }
}

/// What an audience may see.
struct Read {
    records: Vec<Arc<Record>>,
    places: Places,
    /// The last moment at which any of it was recorded.
    latest: Instant,
    ruled: Followed,
}

impl Page {
    /// Reads all that its audience may see again, and how it counts.
    fn anew(&mut self, served: &Served, pages: &Pages, now: Instant) -> Result<(), Failure> {
        let Read { records, places, latest, ruled } =
            pages.read(&self.viewer, &self.audience, &self.agreement, |latest| now.max(latest))?;
        let complete_to = now.max(latest);
        self.latest = self.latest.max(latest);
        self.places = places.clone();
        self.ruled = ruled;
        let all = News { records, places: Some(places), complete_to };
        served
            .learn_anew(all)
            .map_err(|e| Failure::new(format!("the page no longer follows what is entered: {e}")))?;
        self.is_behind = false;
        Ok(())
    }

    /// All places, where these records name some that nobody named before.
    fn places_of(&mut self, records: &[Arc<Record>], shapes: &BTreeMap<String, Vec<u8>>) -> Option<Places> {
        let mut new = false;
        for record in records {
            if let Some(Place::Named(name)) = &record.place
                && !self.places.shapes.contains_key(name)
                && !self.places.points.contains_key(name)
            {
                new |= self.tried.insert(name.clone());
            }
        }
        if !new {
            return None;
        }
        let (more, _) = servanda_evidence::zones::places_of(&self.agreement, shapes, records.into());
        self.places.shapes.extend(more.shapes);
        self.places.points.extend(more.points);
        Some(self.places.clone())
    }
}

/// Makes what an audience of a workspace sees.
pub struct Cases {
    /// The agreement's text.
    pub text: String,
    /// The agreement.
    pub agreement: Agreement,
    /// What is asked by default, where the case stands still; the readings, where it moves.
    pub question: Question,
    /// It stands still at no moment of knowledge: what is entered counts for whoever asks afterwards.
    pub learns: bool,
    /// Who computes.
    pub engine: Evaluator,
    /// All that are shown anything.
    pub pages: Arc<Pages>,
    /// What enters news, where the pages follow it.
    pub follows: Option<Arc<Mutex<Intake>>>,
}

impl Cases {
    fn make(&self, viewer: &Viewer, audience: &Audience) -> Result<Arc<Served>, Failure> {
        // While this is made nothing is entered by others here: it is either in it, or news for it.
        let mut entering = self.follows.as_ref().map(|intake| lock(intake));
        let now = crate::clock::finer();
        if let Some(intake) = &mut entering {
            let (news, _) = intake.news(now)?;
            self.pages.tell(&news, now, Besides::default());
        }
        let follows = entering.is_some();
        let moves = follows || self.learns;
        let known_at = |latest| if moves { now.max(latest) } else { self.question.known_at };
        let reader = match audience {
            Audience::All => Reader { agreement: self.agreement.clone(), text: self.text.clone() },
            Audience::Labels(_) => {
                readers::with_text(&self.agreement, &self.text, &|marking| audience.sees(marking))
            }
        };
        let Read { records, places, latest, ruled } =
            self.pages.read(viewer, audience, &reader.agreement, known_at)?;
        let question = match follows {
            true => Question { readings: self.question.readings.clone(), ..Question::at(now.max(latest)) },
            false if moves => {
                Question { known_at: now.max(latest).max(self.question.at), ..self.question.clone() }
            }
            false => self.question.clone(),
        };
        let engine = self.engine;
        let evaluate = Box::new(move |a: &_, p: &_, r: &[_], q: &_| engine.evaluate_of(a, p, r, q));
        let mut served =
            Served::new(reader.agreement.clone(), reader.text, places.clone(), records, question, evaluate)
                .explaining();
        if follows {
            served = served
                .following()
                .map_err(|e| Failure::new(format!("cannot start the engine that follows: {e}")))?;
        }
        let served = Arc::new(served);
        if follows {
            let (viewer, audience) = (viewer.clone(), audience.clone());
            let agreement = Arc::new(reader.agreement);
            self.pages.add(&served, Shown { viewer, audience, agreement, places, latest, ruled });
        }
        Ok(served)
    }
}

impl servanda_server::Cases for Cases {
    fn audience(&self, viewer: &Viewer) -> Result<Audience, Problem> {
        // Nobody tells of a label that came since: it is read.
        if self.follows.is_none() {
            let used = self.pages.store.view(&Viewer::keeper()).markings().map_err(|error| {
                eprintln!("error: the labels cannot be read: {error}");
                Problem::unable("the records cannot be read just now; the log of the server says more")
            })?;
            lock(&self.pages.labels).extend(used);
        }
        Ok(self.pages.audience(viewer))
    }

    fn open(&self, viewer: &Viewer, audience: &Audience) -> Result<Arc<Served>, Problem> {
        self.make(viewer, audience).map_err(|failure| {
            eprintln!("{}", failure.shown(false));
            Problem::unable("the records cannot be read just now; the log of the server says more")
        })
    }
}

/// Writes down who looked at what, in the access log of the workspace: `servanda log access` reads it.
pub struct ViewsLog(Store);

impl ViewsLog {
    /// For a workspace's store; of its own, because it writes rarely and at other times than what takes records in.
    pub fn of(store: Store) -> ViewsLog {
        ViewsLog(store)
    }

    /// Enters what waits.
    pub fn settle(&self) -> Result<(), Failure> {
        self.0.settle_looks(crate::clock::finer())?;
        Ok(())
    }
}

impl Views for ViewsLog {
    fn viewed(&self, viewing: &Viewing) -> Result<(), Problem> {
        let Viewing { at, name, route, query, highest, records, is_file, .. } = viewing;
        // What everybody may see needs no note.
        let Some(highest) = highest else { return Ok(()) };
        let asked = if query.is_empty() { String::new() } else { format!("?{query}") };
        let why = format!("page {route}{asked}, up to {highest}");
        let noted = self.0.viewed(name, &why, records.clone(), *at).and_then(|()| match is_file {
            // What is taken away is in the log before it is given.
            true => self.0.settle_looks(*at).map(drop),
            false => Ok(()),
        });
        noted.map_err(|error| {
            eprintln!("error: a view cannot be written down: {error}");
            Problem::unable(
                "this view cannot be written down, so it is not given; the log of the server says more",
            )
        })
    }
}
