//! A small workspace with accounts, and a browser for it: what the tests of signing in and of audiences share.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use servanda_lang::readers;
use servanda_model::place::Point;
use servanda_model::record::{Marking, RoleValue, Tlp};
use servanda_model::{Agreement, Instant, Number, Place, Places, Question, Record, When};
use servanda_plan::answer::{Cell, Shown};
use servanda_plan::{Answer as Answered, Basis};
use servanda_server::intake::Expected;
use servanda_server::{
    Cases, Institution, Intake, News, Planned, Plans, Problem, Router, Served, Standing, Team, Viewing,
    Views, router_for, watch,
};
use servanda_store::policy::{Role, TLP, Viewer};
use servanda_store::{Account, Audience, Intake as Imported, StoredRecord, Workspace};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use tower::ServiceExt;

pub const TEXT: &str = include_str!("truce.pact.md");

pub const PASSWORD: &str = "a bridge over the river";

pub fn at(text: &str) -> Instant {
    Instant::parse_utc(text).unwrap()
}

pub fn agreement() -> Agreement {
    servanda_lang::check(TEXT).agreement
}

pub fn record(id: &str, fact: &str, by: &str, when: &str, marking: Marking) -> Record {
    let mut record = Record::new(id, fact, When::exact(at(when)), at(when));
    record.roles.insert("by".into(), RoleValue::Name(by.into()));
    record.stated = Some(servanda_model::Grade::Confirmed);
    record.marking = marking;
    let point = Point { lon: 37.5, lat: 48.0 };
    record.place = Some(Place::Point { at: point, radius_m: 0.0 });
    record
}

pub fn only_to(party: &str, level: Tlp) -> Marking {
    Marking { releasable_to: Some([party.into()].into()), ..Marking::of(level) }
}

/// What only South has a photo of.
pub const PHOTO: &[u8] = b"\xff\xd8\xff\xe0 a photo of South";

/// Names it.
pub fn with_photo(mut record: Record) -> Record {
    record.attachments.push(servanda_store::sha256(PHOTO));
    record
}

/// What everybody may see.
pub fn clear() -> Vec<Record> {
    vec![
        record("r1", "fire", "North", "2026-02-01T08:00:00Z", Marking::default()),
        record("r2", "report", "North", "2026-02-02T08:00:00Z", Marking::default()),
    ]
}

/// What only South may see.
pub fn souths() -> Vec<Record> {
    vec![
        record("s1", "fire", "South", "2026-02-03T08:00:00Z", only_to("South", Tlp::Amber)),
        // No fact of the agreement: it shows on map and timeline only.
        with_photo(record("s4", "shelling", "South", "2026-02-05T08:00:00Z", only_to("South", Tlp::Amber))),
        record("s2", "fire", "North", "2026-02-04T08:00:00Z", only_to("South", Tlp::Red)),
    ]
}

pub fn stored(record: &Record) -> StoredRecord {
    StoredRecord {
        id: record.id.clone(),
        fact: record.fact.clone(),
        earliest: record.when.earliest,
        recorded: record.recorded,
        source: record.source.clone(),
        marking: record.marking.clone(),
        supersedes: record.supersedes.clone(),
        json: servanda_evidence::record_json::to_json(record),
    }
}

/// Accounts by name: `reader-North`, `auditor-South` and so on, and `reader-low`, who is cleared for nothing but what is clear.
pub fn accounts() -> Vec<Account> {
    let mut all = Vec::new();
    for role in Role::ALL {
        for party in ["North", "South"] {
            let mut account = Account::new(&format!("{}-{party}", role.word()));
            account.party = Some(party.into());
            account.roles = [role].into();
            account.clearances = [(TLP.into(), Tlp::Red)].into();
            all.push(account);
        }
    }
    let mut low = Account::new("reader-low");
    low.roles = [Role::Reader].into();
    low.clearances = [(TLP.into(), Tlp::Clear)].into();
    all.push(low);
    let mut none = Account::new("none");
    none.clearances = [(TLP.into(), Tlp::Red)].into();
    all.push(none);
    all
}

/// Whoever takes nothing in, and says so.
pub struct TakesNothing;

impl Intake for TakesNothing {
    fn submit(&self, envelopes: Vec<String>) -> Result<Vec<serde_json::Value>, Problem> {
        Ok(envelopes.iter().map(|_| serde_json::json!({"status": "refused"})).collect())
    }

    fn import(&self, _: &str, _: Vec<u8>) -> Result<serde_json::Value, Problem> {
        Ok(serde_json::json!({}))
    }

    fn expects(&self, _: &str) -> Result<Expected, Problem> {
        Err(Problem::bad("not-expected", "nothing is expected"))
    }

    fn attach(&self, _: &Expected, _: Vec<u8>) -> Result<serde_json::Value, Problem> {
        Err(Problem::unable("nothing is kept"))
    }

    fn formats(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A plan for everybody, and one for South.
pub struct TwoPlans;

impl Plans for TwoPlans {
    fn list(&self) -> Vec<Planned> {
        let plan = |id: &str, title: &str, marking| Planned {
            id: id.into(),
            title: title.into(),
            asks: "forces".into(),
            marking,
        };
        vec![
            plan("force", "Growth <b>of the force</b>", Marking::default()),
            plan("secret", "Support of South", only_to("South", Tlp::Amber)),
        ]
    }

    fn answer(&self, id: &str) -> Result<Arc<Answered>, Problem> {
        let row = |month: &str, low: i64, mid: i64, high: i64| {
            let n = |n| Cell::whole(n);
            vec![Cell::text(month), Cell::text("<i>all"), n(low), n(mid), n(high)]
        };
        let kept = |name: &str, pct| vec![Cell::text(name), Cell::Number(Number::from(pct), 0)];
        Ok(Arc::new(Answered {
            asked: "forces",
            basis: Basis::Simulated,
            seed: Some(7),
            sources: vec![format!("plan {id}")],
            assumptions: vec!["nothing <script>".into()],
            gaps: vec!["no losses".into(), "nothing is late".into()],
            tables: vec![
                Shown {
                    name: "milestones",
                    title: "milestones".into(),
                    columns: vec!["milestone", "kept_pct"],
                    rows: vec![kept("first", 80), kept("second", 10)],
                },
                Shown {
                    name: "bands",
                    title: "people serving".into(),
                    columns: vec!["month", "category", "p10", "p50", "p90"],
                    rows: vec![row("2026-01", 8, 10, 12), row("2026-02", 9, 20, 22)],
                },
            ],
        }))
    }
}

/// Views, kept, or refused.
#[derive(Default)]
pub struct KeptViews {
    pub all: Mutex<Vec<Viewing>>,
    pub refuses: std::sync::atomic::AtomicBool,
}

impl Views for KeptViews {
    fn viewed(&self, viewing: &Viewing) -> Result<(), Problem> {
        if self.refuses.load(Ordering::SeqCst) {
            return Err(Problem::unable("the disk is full"));
        }
        self.all.lock().unwrap().push(viewing.clone());
        Ok(())
    }
}

/// What was made, for whom.
pub type Made = Arc<Mutex<Vec<(Audience, Arc<Served>)>>>;

struct StoreCases {
    text: String,
    workspace: Workspace,
    open: Made,
    made: Arc<AtomicI64>,
    follows: bool,
}

impl Cases for StoreCases {
    fn audience(&self, viewer: &Viewer) -> Result<Audience, Problem> {
        let labels = self.workspace.store().view(&Viewer::keeper()).markings().unwrap();
        let of_agreement = readers::markings(&servanda_lang::check(&self.text).agreement);
        Ok(Audience::of(viewer, labels.iter().chain(&of_agreement)))
    }

    fn open(&self, viewer: &Viewer, audience: &Audience) -> Result<Arc<Served>, Problem> {
        self.made.fetch_add(1, Ordering::SeqCst);
        let stored = self.workspace.store().view(viewer).records().unwrap();
        let records = stored.iter().filter(|r| audience.sees(&r.marking));
        let records = records.map(|r| servanda_evidence::record_json::from_json(&r.json).unwrap());
        let records: Vec<Record> = records.collect();
        let agreement = servanda_lang::check(&self.text).agreement;
        let reader = readers::with_text(&agreement, &self.text, &|marking| audience.sees(marking));
        let served = Served::new(
            reader.agreement,
            reader.text,
            Places::default(),
            records,
            Question::at(at("2026-03-01T00:00:00Z")),
            Box::new(servanda_engine::evaluate_of),
        );
        let served = served.explaining();
        let served = Arc::new(if self.follows { served.following().unwrap() } else { served });
        self.open.lock().unwrap().push((audience.clone(), served.clone()));
        Ok(served)
    }
}

/// A workspace that is served.
pub struct World {
    _folder: tempfile::TempDir,
    pub router: Router,
    pub workspace: Workspace,
    /// The server's own.
    pub store: Arc<servanda_store::Store>,
    pub views: Arc<KeptViews>,
    pub now: Arc<AtomicI64>,
    /// How many audiences were made.
    pub made: Arc<AtomicI64>,
    pub open: Made,
    pub stop: watch::Sender<bool>,
}

/// With these records; with accounts or without; standing so.
pub fn world_of(records: &[Record], accounts: &[Account], standing: Standing) -> World {
    world_with(TEXT, records, accounts, standing)
}

/// With another text.
pub fn world_with(text: &str, records: &[Record], accounts: &[Account], standing: Standing) -> World {
    world_in(text, records, accounts, standing, None, true)
}

/// And with an institution.
pub fn world_by(
    text: &str,
    records: &[Record],
    accounts: &[Account],
    standing: Standing,
    institution: Option<Institution>,
) -> World {
    world_in(text, records, accounts, standing, institution, true)
}

/// One that stands still at a moment, and as known then.
pub fn still_world(records: &[Record], accounts: &[Account], standing: Standing) -> World {
    world_in(TEXT, records, accounts, standing, None, false)
}

fn world_in(
    text: &str,
    records: &[Record],
    accounts: &[Account],
    standing: Standing,
    institution: Option<Institution>,
    follows: bool,
) -> World {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_path_buf();
    let workspace = Workspace::create(
        &root,
        &[("servanda.toml", b"agreement = \"truce.pact.md\"\n"), ("truce.pact.md", text.as_bytes())],
    )
    .unwrap();
    let all: Vec<StoredRecord> = records.iter().map(stored).collect();
    let imported = Imported {
        file: "test".into(),
        sha256: String::new(),
        entered: Instant(1),
        read: all.len() as u64,
        made: all.len() as u64,
        refused: 0,
        quarantine: None,
    };
    workspace.enter(&imported, &all, None, 0).unwrap();
    if records.iter().any(|record| record.id.as_str() == "s4") {
        let hash = workspace.store().attach(PHOTO).unwrap();
        workspace.store().hold(servanda_store::Holder::Record("s4"), &hash).unwrap();
    }
    // Hashing a password takes a tenth of a second without optimisation: one hash serves all.
    let mut one = Account::new("x");
    if !accounts.is_empty() {
        one.set_password(PASSWORD).unwrap();
    }
    for account in accounts {
        let mut with = one.clone();
        with.name = account.name.clone();
        with.party = account.party.clone();
        with.roles = account.roles.clone();
        with.clearances = account.clearances.clone();
        workspace.store().put_account(&with, Instant(2), &Viewer::keeper()).unwrap();
    }
    let (stop, stopping) = watch::channel(false);
    let views = Arc::new(KeptViews::default());
    let now = Arc::new(AtomicI64::new(at("2026-03-01T00:00:00Z").0));
    let (made, open) = (Arc::new(AtomicI64::new(0)), Arc::default());
    let clock = now.clone();
    let cases = StoreCases {
        text: text.to_string(),
        workspace: Workspace::open(&root).unwrap(),
        made: made.clone(),
        open: Arc::clone(&open),
        follows,
    };
    let store = Arc::new(workspace.store());
    let router = router_for(Team {
        store: Arc::clone(&store),
        cases: Arc::new(cases),
        keepers: None,
        intake: Some(Arc::new(TakesNothing)),
        plans: Some(Arc::new(TwoPlans)),
        standing,
        clock: Box::new(move || Instant(clock.load(Ordering::SeqCst))),
        views: views.clone(),
        first_code: Some("abcd-efgh-ijkm".into()),
        institution,
        stopping,
    });
    World { _folder: folder, router, workspace, store, views, now, made, open, stop }
}

pub fn world(records: &[Record]) -> World {
    world_of(records, &accounts(), Standing::default())
}

/// An answer.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn to(&self) -> &str {
        self.headers.get("location").map_or("", |v| v.to_str().unwrap())
    }
}

/// A browser with its cookies.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    pub cookies: BTreeMap<String, String>,
    pub headers: Vec<(String, String)>,
}

impl World {
    pub fn browser(&self) -> Browser {
        Browser { router: self.router.clone(), cookies: BTreeMap::new(), headers: Vec::new() }
    }

    pub async fn signed_in(&self, name: &str) -> Browser {
        let mut browser = self.browser();
        let answer = browser.sign_in(name, PASSWORD).await;
        assert_eq!((answer.status, answer.to()), (StatusCode::SEE_OTHER, "/"), "{name}: {}", answer.text());
        browser
    }

    /// Tells every audience what it may see of this.
    pub fn tell(&self, records: &[Record]) {
        for (audience, served) in self.open.lock().unwrap().iter() {
            let own = records.iter().filter(|r| audience.sees(&r.marking)).cloned().map(Arc::new);
            let own: Vec<Arc<Record>> = own.collect();
            if let Some(latest) = own.iter().map(|r| r.recorded).max() {
                served.learn(News { records: own, places: None, complete_to: latest }).unwrap();
            }
        }
    }
}

pub fn token_of(page: &str) -> String {
    let from = page.find("name=\"token\" value=\"").expect("a form") + 20;
    page[from..].split('"').next().unwrap().to_string()
}

impl Browser {
    fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let mut request = Request::builder().method(method).uri(path);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            request = request.header("host", "127.0.0.1:7400");
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if !self.cookies.is_empty() {
            let all: Vec<String> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
            request = request.header("cookie", all.join("; "));
        }
        request
    }

    pub async fn raw(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub async fn begin(&self, path: &str) -> axum::response::Response {
        self.raw(self.request("GET", path).body(Body::empty()).unwrap()).await
    }

    async fn send(&mut self, request: Request<Body>) -> Answer {
        let (parts, body) = self.raw(request).await.into_parts();
        for set in parts.headers.get_all("set-cookie") {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            match set.contains("Max-Age=0") {
                true => drop(self.cookies.remove(name)),
                false => drop(self.cookies.insert(name.into(), value.into())),
            }
        }
        // A stream that follows has no end: what it begins with is enough.
        let is_stream = parts.headers.get("content-type").is_some_and(|t| t == "text/event-stream");
        let body = match is_stream {
            true => {
                let mut body = body;
                let frame = body.frame().await.unwrap().unwrap();
                frame.into_data().unwrap().to_vec()
            }
            false => body.collect().await.unwrap().to_bytes().to_vec(),
        };
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(self.request("GET", path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut body = form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields {
            body.append_pair(name, value);
        }
        let request = self.request("POST", path).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body.finish())).unwrap()).await
    }

    /// What a page asks with a text.
    pub async fn ask(&mut self, path: &str, body: &serde_json::Value) -> Answer {
        let request = self.request("POST", path).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub async fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        let token = token_of(&self.get("/sign-in").await.text());
        self.post("/sign-in", &[("token", &token), ("name", name), ("password", password)]).await
    }
}
