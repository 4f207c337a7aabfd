//! The front: who is asking, and whether they may, before anything is answered.
//!
//! What it deliberately does not do: know a password (the store does), read the clock or the environment (both are handed in),
//! decide who sees which record (`servanda_store::policy` does).
//!
//! Two doors. Without accounts the server is for whoever sits at the machine, as the keeper of the folder: it is *open*, and listens on
//! the loopback address only. With the first account it is *locked*: people sign in.
//!
//! Invariants
//! - every request passes [`gate`] of its own route, which asks [`decide`] and nobody else;
//! - where it cannot be read who has an account, nobody is let in;
//! - a view that cannot be written down is not given;
//! - what a proxy says of the client counts only where that proxy is named in the configuration.
//!
//! Where to start reading: [`Team`], then [`gate`].

use crate::audiences::{Audiences, Cases};
use crate::challenges::Challenges;
use crate::drafting::Desk;
use crate::institution::Institution;
use crate::kept::{packed, takes_packed};
use crate::listening::Peer;
use crate::metrics::Counted;
use crate::pace::Pace;
use crate::routes::{Decision, Route, decide};
use crate::sheets::Lang;
use crate::signed_in::{AllSignedIn, SignedIn};
use crate::tries::Tries;
use crate::{Intake, Problem, Served, answers};
use axum::extract::{ConnectInfo, FromRef, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use servanda_model::Instant;
use servanda_model::record::{Marking, Tlp};
use servanda_store::policy::{Role, TLP, Viewer};
use servanda_store::{Account, Audience, Store, is_same};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Semaphore, watch};

/// The clock of whoever serves.
pub type Clock = dyn Fn() -> Instant + Send + Sync;

/// One view of what is recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Viewing {
    /// When.
    pub at: Instant,
    /// The account.
    pub name: String,
    /// Its party.
    pub party: Option<String>,
    /// The route, as the table of routes writes it.
    pub route: &'static str,
    /// What was asked of it, cut to 500 characters.
    pub query: String,
    /// The highest marking that its audience may see, by its word; `None` for an audience that sees no marked record.
    pub highest: Option<&'static str>,
    /// The records that it is about, where it is about single ones.
    pub records: BTreeSet<String>,
    /// It is a file to take away.
    pub is_file: bool,
}

/// The records that an answer is about, beside it.
#[derive(Clone)]
pub(crate) struct About(pub BTreeSet<String>);

/// Whoever writes down who looked at what.
pub trait Views: Send + Sync {
    /// Writes a view down before it is given.
    ///
    /// # Errors
    /// Where it cannot be written: then the view is not given.
    fn viewed(&self, viewing: &Viewing) -> Result<(), Problem>;
}

/// How the front stands: what the configuration says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// Names by which it may be asked, besides those of this machine.
    pub names: BTreeSet<String>,
    /// It is reached over TLS, which it does itself.
    pub is_tls: bool,
    /// Proxies that say who asks.
    pub proxies: BTreeSet<IpAddr>,
    /// Whoever is not signed in sees what is clear.
    pub is_public: bool,
    /// A password alone signs in. Where it does not, it lets an account that has no other way make a passkey, and nothing else.
    pub password_alone: bool,
    /// Signed in without doing anything, for so long at most, in milliseconds.
    pub idle: i64,
    /// Signed in for so long at most, in milliseconds.
    pub longest: i64,
    /// Whoever carries it may read the metrics.
    pub metrics_token: Option<String>,
    /// What tells the cookies of two servers on one machine apart.
    pub cookie: String,
    /// A program that looks into each file before it is taken.
    pub scan: Option<crate::Scanner>,
}

impl Default for Standing {
    fn default() -> Standing {
        Standing {
            names: BTreeSet::new(),
            is_tls: false,
            proxies: BTreeSet::new(),
            is_public: false,
            password_alone: true,
            idle: 60 * 60_000,
            longest: 12 * 60 * 60_000,
            metrics_token: None,
            cookie: "servanda".to_string(),
            scan: None,
        }
    }
}

/// What a server for several people is made of.
pub struct Team {
    /// Where the accounts are. Whoever stops the server has it enter what waits ([`Store::settle_signings`]).
    pub store: Arc<Store>,
    /// What each audience sees.
    pub cases: Arc<dyn Cases>,
    /// What the keeper sees, where it is at hand.
    pub keepers: Option<Arc<Served>>,
    /// Whoever takes submissions in.
    pub intake: Option<Arc<dyn Intake>>,
    /// Whoever computes plans.
    pub plans: Option<Arc<dyn crate::Plans>>,
    /// The configuration.
    pub standing: Standing,
    /// The clock.
    pub clock: Box<Clock>,
    /// Whoever writes views down.
    pub views: Arc<dyn Views>,
    /// What makes the first account, once.
    pub first_code: Option<String>,
    /// An institution that says who somebody is.
    pub institution: Option<Institution>,
    /// Becomes true when the server is to stop.
    pub stopping: watch::Receiver<bool>,
}

/// Accounts that were read a moment ago.
type ReadAccounts = (i64, Arc<BTreeMap<String, Account>>);
/// For so long, in milliseconds, what was read of the accounts is taken to stand.
const ACCOUNTS_STAND: i64 = 1_000;
/// So many passwords are compared at once: each takes 19 MiB and some hundredths of a second.
const AT_ONCE: usize = 2;
/// And so many may wait for it.
pub(crate) const WAITING: usize = 64;

/// So many may ask the institution at once.
const ASKING: usize = 8;

/// The accounts of a workspace.
pub(crate) struct People {
    pub store: Arc<Store>,
    read: Mutex<Option<ReadAccounts>>,
    /// Held by whoever reads them: the others wait for what it reads.
    reading: tokio::sync::Mutex<()>,
    pub first_code: Option<String>,
    pub making_first: tokio::sync::Mutex<()>,
}

impl People {
    fn at_hand(&self, now: Instant) -> Option<Arc<BTreeMap<String, Account>>> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, accounts) = read.as_ref()?;
        ((now.0 - at).abs() < ACCOUNTS_STAND).then(|| accounts.clone())
    }

    pub(crate) async fn accounts(&self, now: Instant) -> Result<Arc<BTreeMap<String, Account>>, Problem> {
        if let Some(accounts) = self.at_hand(now) {
            return Ok(accounts);
        }
        let _turn = self.reading.lock().await;
        if let Some(accounts) = self.at_hand(now) {
            return Ok(accounts);
        }
        let store = self.store.clone();
        let read = tokio::task::spawn_blocking(move || store.accounts()).await;
        let accounts = read.map_err(|e| Problem::bug(&e))?.map_err(|e| {
            eprintln!("error: the accounts cannot be read: {e}");
            Problem::unable("it cannot be read who may sign in; the log of the server says more")
        })?;
        let accounts = Arc::new(accounts);
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = Some((now.0, accounts.clone()));
        Ok(accounts)
    }

    /// What was read stands no more.
    pub(crate) fn forget(&self) {
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The state of all routes.
#[derive(Clone)]
pub struct Front(pub(crate) Arc<Inside>);

pub(crate) struct Inside {
    pub audiences: Audiences,
    pub people: Option<People>,
    pub intake: Option<Arc<dyn Intake>>,
    pub plans: Option<Arc<dyn crate::Plans>>,
    pub standing: Standing,
    pub signed_in: AllSignedIn,
    pub tries: Tries,
    pub pace: Pace,
    pub comparing: Semaphore,
    pub waiting: Semaphore,
    pub challenges: Challenges,
    pub institution: Option<Arc<Institution>>,
    /// Questions to it that are under way.
    pub asking: Semaphore,
    pub desk: Desk,
    pub clock: Box<Clock>,
    pub views: Option<Arc<dyn Views>>,
    pub counted: Counted,
    pub stopping: watch::Receiver<bool>,
    /// Held so that a server that nobody stops is never told to.
    _never: Option<watch::Sender<bool>>,
}

/// Whoever is taken in by, where somebody is: what the routes of `intake` need.
#[derive(Clone)]
pub(crate) struct Taking(pub Option<Arc<dyn Intake>>);

impl FromRef<Front> for Taking {
    fn from_ref(front: &Front) -> Taking {
        Taking(front.0.intake.clone())
    }
}

impl Front {
    /// For whoever sits at the machine: no accounts, the loopback address only.
    pub(crate) fn open(served: Arc<Served>) -> Front {
        let (never, stopping) = watch::channel(false);
        let intake = served.intake.clone();
        let standing = Standing::default();
        Front(Arc::new(Inside {
            audiences: Audiences::new(None, Some(served)),
            people: None,
            intake,
            plans: None,
            signed_in: AllSignedIn::new(standing.idle, standing.longest),
            standing,
            tries: Tries::default(),
            pace: Pace::default(),
            comparing: Semaphore::new(AT_ONCE),
            waiting: Semaphore::new(WAITING),
            challenges: Challenges::default(),
            institution: None,
            asking: Semaphore::new(ASKING),
            desk: Desk::default(),
            clock: Box::new(|| Instant(0)),
            views: None,
            counted: Counted::default(),
            stopping,
            _never: Some(never),
        }))
    }

    /// For several people.
    pub(crate) fn of(team: Team) -> Front {
        let Team {
            store,
            cases,
            keepers,
            intake,
            plans,
            standing,
            clock,
            views,
            first_code,
            stopping,
            institution,
        } = team;
        Front(Arc::new(Inside {
            audiences: Audiences::new(Some(cases), keepers),
            people: Some(People {
                store,
                read: Mutex::new(None),
                reading: tokio::sync::Mutex::default(),
                first_code,
                making_first: tokio::sync::Mutex::default(),
            }),
            intake,
            plans,
            signed_in: AllSignedIn::new(standing.idle, standing.longest),
            standing,
            tries: Tries::default(),
            pace: Pace::default(),
            comparing: Semaphore::new(AT_ONCE),
            waiting: Semaphore::new(WAITING),
            challenges: Challenges::default(),
            institution: institution.map(Arc::new),
            asking: Semaphore::new(ASKING),
            desk: Desk::default(),
            clock,
            views: Some(views),
            counted: Counted::default(),
            stopping,
            _never: None,
        }))
    }

    pub(crate) fn takes(&self) -> bool {
        self.0.intake.is_some()
    }

    pub(crate) fn now(&self) -> Instant {
        (self.0.clock)()
    }

    /// The name of a cookie. With TLS a browser holds it to this host and to TLS.
    pub(crate) fn cookie(&self, secure: bool, of: &str) -> String {
        let prefix = if secure { "__Host-" } else { "" };
        format!("{prefix}{}{of}", self.0.standing.cookie)
    }

    /// Whether whoever signed in then still is who they were.
    pub(crate) async fn viewer_of(&self, one: &SignedIn) -> Result<Option<Viewer>, Problem> {
        let Some(people) = &self.0.people else { return Ok(None) };
        let accounts = people.accounts(self.now()).await?;
        let account = accounts.get(&one.name).filter(|a| !a.closed && a.credential() == one.credential);
        Ok(account.map(Account::viewer))
    }

    /// Writes down that somebody is shown something, before it is given.
    pub(crate) async fn write_down(
        &self,
        viewer: &Viewer,
        route: &'static str,
        query: &str,
        records: BTreeSet<String>,
        is_file: bool,
    ) -> Result<(), Problem> {
        let Some(views) = self.0.views.clone() else { return Ok(()) };
        let viewing = Viewing {
            at: self.now(),
            name: viewer.name.clone(),
            party: viewer.party.as_ref().map(ToString::to_string),
            route,
            query: query.to_string(),
            highest: self.0.audiences.audience(viewer).map(|audience| highest(&audience))?,
            records,
            is_file,
        };
        tokio::task::spawn_blocking(move || views.viewed(&viewing)).await.map_err(|e| Problem::bug(&e))?
    }

    /// Who is asking.
    async fn caller(&self, parts: &Parts) -> Result<Caller, Problem> {
        let headers = &parts.headers;
        let standing = &self.0.standing;
        let peer = parts.extensions.get::<ConnectInfo<Peer>>().map(|info| info.0.0);
        let proxied = peer.filter(|peer| standing.proxies.contains(peer)).is_some();
        let said = |name: &str| headers.get_all(name).iter().next_back().and_then(|v| v.to_str().ok());
        // The last one is what the trusted proxy itself saw.
        let forwarded = said("x-forwarded-for").and_then(|all| all.rsplit(',').next()?.trim().parse().ok());
        let address = if proxied { forwarded.or(peer) } else { peer };
        let is_secure = standing.is_tls || (proxied && said("x-forwarded-proto") == Some("https"));
        let bearer = said("authorization").and_then(|text| text.strip_prefix("Bearer "));
        let has_metrics_token = match (&standing.metrics_token, bearer) {
            (Some(token), Some(given)) => is_same(token, given),
            _ => false,
        };
        let query = parts.uri.query().unwrap_or_default();
        let asked = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "lang");
        let asked = asked.as_ref().map(|(_, value)| &**value);
        let mut caller = Caller {
            lang: Lang::of(asked, said("accept-language")),
            lang_asked: asked.is_some(),
            viewer: None,
            signed_in: None,
            token: None,
            is_locked: true,
            is_public: false,
            has_metrics_token,
            is_secure,
            address,
        };
        let accounts = match &self.0.people {
            Some(people) => people.accounts(self.now()).await?,
            None => Arc::default(),
        };
        if accounts.is_empty() && !standing.is_public {
            // Nobody from elsewhere is the keeper, whatever was configured; and nobody of whom a proxy speaks.
            let passed_on =
                ["x-forwarded-for", "forwarded", "via"].iter().any(|name| headers.contains_key(*name));
            if !passed_on && address.is_none_or(|address| address.to_canonical().is_loopback()) {
                caller.is_locked = false;
                caller.viewer = Some(Viewer::keeper());
            }
            return Ok(caller);
        }
        let quiet = headers.contains_key("servanda-quiet");
        let token = cookie(headers, &self.cookie(is_secure, ""));
        let one = token.and_then(|token| self.0.signed_in.find(token, self.now(), quiet));
        if let (Some(token), Some(one)) = (token, one) {
            match self.viewer_of(&one).await? {
                Some(viewer) => {
                    // Who gave a password where that is not enough is nobody but the account's owner on its own page.
                    caller.viewer = Some(viewer).filter(|_| !one.is_narrow);
                    caller.token = Some(token.to_string());
                    caller.signed_in = Some(one);
                    return Ok(caller);
                }
                None => self.0.signed_in.end(token),
            }
        }
        if standing.is_public {
            caller.is_public = true;
            caller.viewer = Some(Viewer::public());
        }
        Ok(caller)
    }

    /// The answer to whoever names it otherwise than it may be named.
    fn is_called(&self, host: &str) -> bool {
        let name = host
            .rsplit_once(':')
            .map_or(host, |(name, port)| if port.bytes().all(|b| b.is_ascii_digit()) { name } else { host });
        answers::is_this_machine(host)
            || self.0.standing.names.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

/// Who is asking.
#[derive(Clone)]
pub(crate) struct Caller {
    /// What they may see and do; `None` for nobody.
    pub viewer: Option<Viewer>,
    /// Through which signing in.
    pub signed_in: Option<SignedIn>,
    /// Its token.
    pub token: Option<String>,
    /// People sign in here.
    pub is_locked: bool,
    /// Nobody in particular, and the server is open to the public.
    pub is_public: bool,
    /// Carries the token for the metrics.
    pub has_metrics_token: bool,
    /// Comes over TLS.
    pub is_secure: bool,
    /// The language of forms.
    pub lang: Lang,
    /// And whether the address asked for it.
    pub lang_asked: bool,
    /// Where from, where that is known.
    pub address: Option<IpAddr>,
}

impl Caller {
    /// Whoever sits at the machine of a workspace without accounts.
    pub(crate) fn is_keeper(&self) -> bool {
        self.viewer.as_ref().is_some_and(Viewer::is_keeper)
    }
}

/// A cookie of a request.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let mut pairs = all.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Refuses what pages from elsewhere send: a browser says where a request comes from.
fn from_elsewhere(parts: &Parts) -> Option<Problem> {
    let text = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok());
    let site = text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let host = text("host").unwrap_or_default();
    let origin = text("origin").is_some_and(|origin| {
        let named = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        !named.is_some_and(|named| named.eq_ignore_ascii_case(host))
    });
    (site || origin).then(|| {
        Problem::with(
            StatusCode::FORBIDDEN,
            "not-this-page",
            "a page from elsewhere may not send to this server",
        )
    })
}

/// Around everything: names of this server only, and the headers that every answer carries.
pub(crate) async fn outer(State(front): State<Front>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).map(|h| h.to_str().unwrap_or(""));
    let mut response = match host.is_none_or(|host| front.is_called(host)) {
        true => next.run(request).await,
        false => Problem::stranger().into_response(),
    };
    answers::dress(response.headers_mut());
    if front.0.standing.is_tls {
        let year = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

/// Before each route: who asks, whether they may; after it, that they did.
pub(crate) async fn gate(
    State((front, route)): State<(Front, &'static Route)>,
    request: Request,
    next: Next,
) -> Response {
    let begun = front.now();
    let takes = takes_packed(request.headers());
    let response = gated(&front, route, request, next).await.unwrap_or_else(IntoResponse::into_response);
    let response = packed(response, takes).await;
    front.0.counted.request(route, response.status(), front.now().0 - begun.0);
    response
}

async fn gated(
    front: &Front,
    route: &'static Route,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    // The intake has a rule of its own for where a request comes from, and needs no sign-in that a page could borrow.
    if parts.method == Method::POST
        && !route.takes
        && let Some(problem) = from_elsewhere(&parts)
    {
        eprintln!("sign-in: {} was sent by a page from elsewhere: refused", route.path);
        return Err(problem);
    }
    // Who asks for what is the same for everybody is not asked.
    if route.path.starts_with("/assets/") || route.path == "/health" {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    }
    let caller = front.caller(&parts).await?;
    if caller.signed_in.is_none()
        && let Some(seconds) = front.0.pace.count(caller.address, front.now())
    {
        let message = "too many requests come from this address; ask again in a moment, or sign in";
        return Err(Problem::with(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", message).retry(seconds));
    }
    match decide(route.who, &caller) {
        Decision::Yes => {}
        Decision::SignIn
            if !route.path.starts_with("/api/")
                && !route.path.starts_with("/ogc")
                && route.method == "GET"
                && route.path != "/events"
                && route.path != "/entry/session"
                && route.path != "/metrics" =>
        {
            let wanted = parts.uri.path_and_query().map_or("/", |wanted| wanted.as_str());
            let back: String = form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
            return Ok(Redirect::to(&format!("/sign-in?back={back}")).into_response());
        }
        Decision::SignIn => {
            let message = "sign in first, at `/sign-in`";
            return Err(Problem::with(StatusCode::UNAUTHORIZED, "sign-in-first", message));
        }
        // A person who opens the page is told in words what the account may do, or what is missing.
        Decision::No
            if route.path == "/"
                || route.method == "GET" && !route.path.starts_with("/api/") && is_narrow(&caller) =>
        {
            return Ok(Redirect::to("/account").into_response());
        }
        // Whoever sits here is no account, and no registrar could change that.
        Decision::No if caller.is_keeper() => {
            return Err(Problem::with(StatusCode::FORBIDDEN, "no-accounts", without_accounts(route.who)));
        }
        Decision::No => {
            let who = caller.signed_in.as_ref().map_or("", |one| &one.name);
            crate::forms::tell(&caller, who, &format!("not allowed: {} {}", route.method, route.path));
            let message = "this account may not do that; a registrar can change what it may";
            return Err(Problem::with(StatusCode::FORBIDDEN, "not-allowed", message));
        }
    }
    let query: String = parts.uri.query().unwrap_or_default().chars().take(500).collect();
    parts.extensions.insert(caller.clone());
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let about = response.extensions_mut().remove::<About>();
    if let (true, true, Some(_), Some(viewer)) =
        (route.shows, response.status().is_success(), &caller.signed_in, &caller.viewer)
    {
        let is_file = response.headers().contains_key(header::CONTENT_DISPOSITION);
        let records = about.map(|About(records)| records).unwrap_or_default();
        front.write_down(viewer, route.path, &query, records, is_file).await?;
    }
    Ok(response)
}

/// What has to be done in a workspace without accounts before somebody may ask a route of that kind.
fn without_accounts(who: crate::Who) -> String {
    let (does, role) = match who {
        crate::Who::Reporter => {
            ("reports are entered by an account with the role `reporter`", " --role reporter")
        }
        crate::Who::Officer => ("this is done by an account with the role `officer`", " --role officer"),
        _ => ("this is for whoever signs in with an account", ""),
    };
    format!(
        "{does}, and this workspace has no accounts; make one with `servanda account set NAME --role reader{role} --password-stdin --workspace FOLDER`, \
         and sign in at `/sign-in`"
    )
}

fn is_narrow(caller: &Caller) -> bool {
    caller.signed_in.as_ref().is_some_and(|one| one.is_narrow)
}

/// The highest marking that an audience may see, where it may see anything that is marked.
fn highest(audience: &Audience) -> Option<&'static str> {
    let Audience::Labels(labels) = audience else { return Some(Tlp::Red.word()) };
    let is_marked = |label: &&Marking| **label != Marking::default();
    labels.iter().filter(is_marked).map(|label| label.level).max().map(Tlp::word)
}

/// What the one who asks is served.
pub(crate) struct Seen(pub Arc<Served>);

impl FromRequestParts<Front> for Seen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, front: &Front) -> Result<Seen, Problem> {
        let caller = Who::of(parts)?;
        let viewer = caller.viewer.ok_or_else(|| Problem::bug(&"nobody was let through"))?;
        front.0.audiences.served(&viewer).await.map(Seen)
    }
}

/// The one who asks.
pub(crate) struct Who(pub Caller);

impl Who {
    fn of(parts: &Parts) -> Result<Caller, Problem> {
        parts.extensions.get::<Caller>().cloned().ok_or_else(|| Problem::bug(&"a route without its gate"))
    }
}

impl FromRequestParts<Front> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Front) -> Result<Who, Problem> {
        Who::of(parts).map(Who)
    }
}

/// The account that is made first: it registers the others.
pub(crate) fn first_account(name: &str) -> Account {
    let mut account = Account::new(name);
    account.roles = [Role::Reader, Role::Registrar, Role::Auditor].into();
    account.clearances = [(TLP.into(), Tlp::Red)].into();
    account
}
