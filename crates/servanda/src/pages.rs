//! What each audience of a workspace is shown, made of what it may see, and kept up to date with the news that it may see.
//!
//! What it deliberately does not do: decide who may see what (the store's policy does), answer anything over HTTP (`server` does).
//!
//! Invariants
//! - records and rulings come from the store's view of a viewer; places are those that these records name;
//! - news reaches an audience that may see its label, and no other; nor is any other told that something came, or when;
//! - up to when an audience's records are complete does not depend on what it may not see.
//!
//! Where to start reading: [`Pages::tell`], then [`Cases`].

use crate::failure::Failure;
use crate::intake::Intake;
use crate::matter::Evaluator;
use crate::{rulings, source};
use servanda_model::record::Marking;
use servanda_model::{Agreement, Instant, Name, Place, Places, Question, Record};
use servanda_server::{News, Problem, Served, Viewing, Views};
use servanda_store::policy::Viewer;
use servanda_store::{Audience, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one audience is shown, and the places that it knows.
struct Page {
    served: Weak<Served>,
    audience: Audience,
    places: Places,
    tried: BTreeSet<Name>,
    /// The last moment at which anything that it may see was recorded.
    latest: Instant,
}

/// All that are shown anything.
pub struct Pages {
    agreement: Agreement,
    shapes: BTreeMap<String, Vec<u8>>,
    all: Mutex<Vec<Page>>,
    /// Labels that are in use.
    labels: Mutex<BTreeSet<Marking>>,
}

impl Pages {
    /// For nobody yet. `path` is where the agreement lies.
    pub fn new(agreement: Agreement, path: &Path, labels: BTreeSet<Marking>) -> Pages {
        let (shapes, _) = crate::matter::shapes(&agreement, path);
        Pages { agreement, shapes, all: Mutex::default(), labels: Mutex::new(labels) }
    }

    /// Also tells this one, whose audience knows these places and records.
    pub fn add(&self, served: &Arc<Served>, audience: Audience, places: Places, latest: Instant) {
        let page = Page { served: Arc::downgrade(served), audience, places, tried: BTreeSet::new(), latest };
        let mut all = lock(&self.all);
        all.retain(|page| page.served.strong_count() > 0);
        all.push(page);
    }

    /// Tells each what it may see of this. Whoever sees nothing of it is told only where it is `time`, whatever came.
    pub fn tell(&self, records: &[Record], now: Instant, time: bool) {
        lock(&self.labels).extend(records.iter().map(|record| record.marking.clone()));
        let mut all = lock(&self.all);
        all.retain(|page| page.served.strong_count() > 0);
        for page in all.iter_mut() {
            let own: Vec<Record> =
                records.iter().filter(|record| page.audience.sees(&record.marking)).cloned().collect();
            if own.is_empty() && !time {
                continue;
            }
            page.latest = own.iter().map(|record| record.recorded).fold(page.latest, Instant::max);
            let complete_to = now.max(page.latest);
            let places = page.places_of(&own, &self.agreement, &self.shapes);
            if let Some(served) = page.served.upgrade()
                && let Err(error) = served.learn(News { records: own, places, complete_to })
            {
                eprintln!("error: the page no longer follows: {error}");
            }
        }
    }

    fn audience(&self, viewer: &Viewer) -> Audience {
        Audience::of(viewer, &*lock(&self.labels))
    }
}

impl Page {
    /// All places, where these records name some that nobody named before.
    fn places_of(
        &mut self,
        records: &[Record],
        agreement: &Agreement,
        shapes: &BTreeMap<String, Vec<u8>>,
    ) -> Option<Places> {
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
        let (more, _) = servanda_evidence::zones::places(agreement, shapes, records);
        self.places.shapes.extend(more.shapes);
        self.places.points.extend(more.points);
        Some(self.places.clone())
    }
}

/// Makes what an audience of a workspace sees.
pub struct Cases {
    /// Where the records are.
    pub store: Store,
    /// The agreement's text.
    pub text: String,
    /// The agreement.
    pub agreement: Agreement,
    /// What is asked by default, where the case stands still; the readings, where it moves.
    pub question: Question,
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
        let now = crate::clock::now();
        if let Some(intake) = &mut entering {
            let (news, _) = intake.news(now)?;
            self.pages.tell(&news, now, false);
        }
        let mut records = source::entered_for(&self.store, viewer)?;
        records.retain(|record| audience.sees(&record.marking));
        let latest = records.iter().map(|record| record.recorded).fold(Instant::MIN, Instant::max);
        let question = match entering {
            Some(_) => Question { readings: self.question.readings.clone(), ..Question::at(now.max(latest)) },
            None => self.question.clone(),
        };
        let records = rulings::counted_for(&self.store, viewer, records, question.known_at)?;
        let Pages { agreement, shapes, .. } = &*self.pages;
        let (places, _) = servanda_evidence::zones::places(agreement, shapes, &records);
        let engine = self.engine;
        let evaluate = Box::new(move |a: &_, p: &_, r: &[_], q: &_| engine.evaluate(a, p, r, q));
        let mut served = Served::new(
            self.agreement.clone(),
            self.text.clone(),
            places.clone(),
            records,
            question,
            evaluate,
        )
        .explaining();
        if entering.is_some() {
            served = served
                .following()
                .map_err(|e| Failure::new(format!("cannot start the engine that follows: {e}")))?;
        }
        let served = Arc::new(served);
        if entering.is_some() {
            self.pages.add(&served, audience.clone(), places, latest);
        }
        Ok(served)
    }
}

impl servanda_server::Cases for Cases {
    fn audience(&self, viewer: &Viewer) -> Result<Audience, Problem> {
        Ok(self.pages.audience(viewer))
    }

    fn open(&self, viewer: &Viewer, audience: &Audience) -> Result<Arc<Served>, Problem> {
        self.make(viewer, audience).map_err(|failure| {
            eprintln!("{}", failure.shown(false));
            Problem::unable("the records cannot be read just now; the log of the server says more")
        })
    }
}

/// Writes down who looked at what: a line of JSON for each view, in a file of the workspace that is only appended to.
pub struct ViewsFile(Mutex<std::fs::File>, PathBuf);

impl ViewsFile {
    /// Opens or begins it.
    pub fn open(root: &Path) -> Result<ViewsFile, Failure> {
        let path = root.join("views.jsonl");
        let mut how = std::fs::OpenOptions::new();
        how.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
        let file = how
            .open(&path)
            .map_err(|e| Failure::new(format!("cannot write down views in `{}`: {e}", path.display())))?;
        Ok(ViewsFile(Mutex::new(file), path))
    }
}

impl Views for ViewsFile {
    fn viewed(&self, viewing: &Viewing) -> Result<(), Problem> {
        let Viewing { at, name, party, route, query, highest } = viewing;
        let line = serde_json::json!({
            "servanda": "view/1", "at": at.to_string(), "account": name, "party": party, "route": route,
            "query": query, "up_to": highest,
        });
        lock(&self.0).write_all(format!("{line}\n").as_bytes()).map_err(|e| {
            eprintln!("error: a view cannot be written down in `{}`: {e}", self.1.display());
            Problem::unable(
                "this view cannot be written down, so it is not given; the log of the server says more",
            )
        })
    }
}
