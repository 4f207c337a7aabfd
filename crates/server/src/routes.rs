//! The one table of routes: which address, which method, and who may.
//!
//! The router is built from it, and so are the tests that ask every route as everybody.
//!
//! Invariants
//! - what is not in the table does not exist, and who is not named there is refused;
//! - what a route shows depends on the viewer's audience alone, never on a role.
//!
//! Where to start reading: [`ROUTES`], then [`decide`]. Tests: `tests/matrix.rs` compares with `tests/matrix.txt`.

use crate::Problem;
use crate::front::{Caller, Front, gate};
use crate::{
    answers, attached, doors, drafting, entry, events, feeds, forms, intake, invitation, metrics, notices,
    pages, plans, sheets,
};
use axum::Router;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use servanda_store::policy::Role;

/// Who may ask a route.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// Anyone: it shows nothing of the record, or is held to a signature of its own.
    Anyone,
    /// Readers, each what their audience may see; the public where the server is open to it.
    Reader,
    /// Readers who are signed in: something is computed on what they send.
    Drafter,
    /// Whoever is signed in, for themselves.
    Account,
    /// The same, also where it takes more than the password that was given: to see what is missing, to make a passkey, to sign out.
    Owner,
    /// Reporters, each for their own party.
    Reporter,
    /// Officers, who propose and confirm.
    Officer,
    /// Auditors.
    Auditor,
    /// Auditors, and whoever holds the token for the metrics.
    Operator,
    /// Whoever sits at the machine of a workspace without accounts.
    Keeper,
}

/// A route.
pub struct Route {
    /// `GET` (and with it `HEAD`) or `POST`.
    pub method: &'static str,
    /// Its path, as the router writes it.
    pub path: &'static str,
    /// Who may ask it.
    pub who: Who,
    /// It shows what is recorded: each answer is written down as a view.
    pub shows: bool,
    /// It is there only where something is taken in.
    pub takes: bool,
    make: fn() -> MethodRouter<Front>,
}

const fn shows(path: &'static str, make: fn() -> MethodRouter<Front>) -> Route {
    Route { method: "GET", path, who: Who::Reader, shows: true, takes: false, make }
}

const fn reads(path: &'static str, who: Who, make: fn() -> MethodRouter<Front>) -> Route {
    Route { method: "GET", path, who, shows: false, takes: false, make }
}

const fn does(path: &'static str, who: Who, make: fn() -> MethodRouter<Front>) -> Route {
    Route { method: "POST", path, who, shows: false, takes: false, make }
}

/// Computes on what is sent; the answer shows what is recorded.
const fn computes(path: &'static str, make: fn() -> MethodRouter<Front>) -> Route {
    Route { method: "POST", path, who: Who::Drafter, shows: true, takes: false, make }
}

const fn taking(route: Route) -> Route {
    Route { takes: true, ..route }
}

/// All routes.
pub static ROUTES: &[Route] = &[
    reads("/", Who::Reader, || get(answers::page)),
    reads("/assets/{*path}", Who::Anyone, || get(answers::file)),
    shows("/api/board", || get(answers::board)),
    shows("/api/card", || get(answers::card)),
    shows("/api/duties", || get(answers::duties)),
    shows("/api/duties.ics", || get(answers::calendar)),
    shows("/api/map", || get(answers::map_document)),
    shows("/api/timeline", || get(answers::timeline_document)),
    shows("/api/terms", || get(answers::terms)),
    shows("/api/agreement", || get(answers::agreement)),
    shows("/events", || get(events::events)),
    reads("/incidents", Who::Reader, || get(answers::frame)),
    reads("/incidents/{id}", Who::Reader, || get(answers::frame)),
    reads("/map", Who::Reader, || get(answers::frame)),
    reads("/access", Who::Reader, || get(answers::frame)),
    shows("/api/incidents", || get(pages::incidents)),
    shows("/api/incidents.csv", || get(pages::as_csv)),
    shows("/api/incidents.geojson", || get(pages::as_geojson)),
    shows("/api/incidents.parquet", || get(pages::as_parquet)),
    shows("/api/incidents/{id}", || get(pages::incident)),
    shows("/api/incidents/{id}/attachments/{hash}", || get(attached::give)),
    shows("/api/points", || get(pages::columns)),
    shows("/api/access", || get(pages::restrictions)),
    shows("/api/inspections", || get(pages::inspections_json)),
    shows("/api/inspections.csv", || get(pages::inspections_csv)),
    shows("/inspections", || get(sheets::inspections)),
    shows("/duties", || get(sheets::duties)),
    shows("/triggers", || get(sheets::triggers)),
    shows("/triggers/{id}", || get(sheets::trigger)),
    does("/triggers/{id}/decisions", Who::Officer, || post(sheets::decide)),
    shows("/cases", || get(sheets::cases)),
    shows("/cases/{id}", || get(sheets::case)),
    does("/cases/{id}/reply", Who::Reporter, || post(sheets::reply)),
    shows("/plans", || get(sheets::plans)),
    shows("/plans/{id}", || get(sheets::plan)),
    shows("/plans/{id}/{file}", || get(plans::file)),
    reads("/draft", Who::Drafter, || get(answers::frame)),
    reads("/lab", Who::Drafter, || get(answers::frame)),
    Route { who: Who::Drafter, ..shows("/api/draft/text", || get(drafting::text)) },
    does("/api/draft/check", Who::Drafter, || post(drafting::check)),
    does("/api/draft/at", Who::Drafter, || post(drafting::at)),
    does("/api/draft/format", Who::Drafter, || post(drafting::format)),
    does("/api/draft/audit", Who::Drafter, || post(drafting::audit)),
    computes("/api/draft/changes", || post(drafting::changes)),
    computes("/api/lab/replay", || post(drafting::replay)),
    computes("/api/lab/vary", || post(drafting::vary)),
    computes("/api/lab/page", || post(drafting::page)),
    shows("/bulletin", || get(sheets::bulletin)),
    does("/bulletin/complaint", Who::Reader, || post(sheets::complain)),
    does("/bulletin/complaint/state", Who::Reader, || post(sheets::complaint_state)),
    shows("/reports", || get(sheets::reports)),
    shows("/reports/{id}", || get(sheets::report)),
    reads("/audit", Who::Auditor, || get(sheets::audit)),
    reads("/audit/checkpoint", Who::Auditor, || get(sheets::checkpoint)),
    reads("/audit/proof", Who::Auditor, || get(sheets::proof)),
    reads("/api/openapi.json", Who::Anyone, || get(pages::openapi)),
    shows("/ogc", || get(pages::ogc_landing)),
    shows("/ogc/", || get(pages::ogc_landing)),
    shows("/ogc/conformance", || get(pages::ogc_conformance)),
    shows("/ogc/collections", || get(pages::ogc_collections)),
    shows("/ogc/collections/{collection}", || get(pages::ogc_collection)),
    shows("/ogc/collections/{collection}/items", || get(pages::ogc_items)),
    shows("/ogc/collections/{collection}/items/{id}", || get(pages::ogc_item)),
    taking(reads("/api/intake", Who::Anyone, || get(intake::about))),
    taking(does("/api/intake", Who::Anyone, || post(intake::submit))),
    taking(does("/api/intake/attachment", Who::Anyone, || post(intake::attachment))),
    taking(does("/api/intake/{format}", Who::Keeper, || post(intake::document))),
    // Nothing in the page's own files is anybody's; a browser keeps them for when there is no network.
    reads("/entry", Who::Anyone, || get(entry::page)),
    reads("/entry/worker.js", Who::Anyone, || get(entry::worker)),
    reads("/entry/session", Who::Reporter, || get(entry::session)),
    does("/entry/deliver", Who::Reporter, || post(entry::deliver)),
    does("/entry/file", Who::Reporter, || post(attached::take)),
    reads("/api/me", Who::Anyone, || get(forms::me)),
    reads("/sign-in", Who::Anyone, || get(forms::sign_in_page)),
    does("/sign-in", Who::Anyone, || post(forms::sign_in)),
    reads("/sign-in/institution", Who::Anyone, || get(doors::set_out)),
    reads("/sign-in/institution/done", Who::Anyone, || get(doors::come_back)),
    does("/sign-in/passkey", Who::Anyone, || post(doors::sign_in_with_passkey)),
    does("/sign-out", Who::Owner, || post(forms::sign_out)),
    reads("/account", Who::Owner, || get(forms::account_page)),
    does("/account/notices", Who::Account, || post(notices::put_away)),
    does("/account/password", Who::Owner, || post(forms::change_password)),
    does("/account/passkeys", Who::Owner, || post(doors::ask_device)),
    does("/account/passkeys/made", Who::Owner, || post(doors::keep_passkey)),
    does("/account/passkeys/revoke", Who::Account, || post(doors::revoke_passkey)),
    reads("/account/feeds", Who::Account, || get(feeds::list)),
    does("/account/feeds", Who::Account, || post(feeds::make)),
    does("/account/feeds/revoke", Who::Account, || post(feeds::revoke)),
    // The token in the address is what opens them; each writes its views down itself.
    reads("/feeds/{token}/duties.ics", Who::Anyone, || get(feeds::duties)),
    reads("/feeds/{token}/changes.atom", Who::Anyone, || get(feeds::changes)),
    reads("/invitation", Who::Anyone, || get(invitation::invitation_page)),
    does("/invitation", Who::Anyone, || post(invitation::accept)),
    reads("/first-account", Who::Keeper, || get(forms::first_page)),
    does("/first-account", Who::Keeper, || post(forms::first)),
    reads("/health", Who::Anyone, || get(metrics::health)),
    reads("/metrics", Who::Operator, || get(metrics::metrics)),
];

/// What is decided about a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Decision {
    Yes,
    /// Nobody is signed in, and somebody would have to be.
    SignIn,
    No,
}

/// Whether this caller may ask a route of that kind: the one place where it is decided.
pub(crate) fn decide(who: Who, caller: &Caller) -> Decision {
    let may = |role: Role| caller.viewer.as_ref().is_some_and(|viewer| viewer.may(role));
    let yes = match who {
        Who::Anyone => true,
        Who::Reader => caller.is_keeper() || caller.is_public || may(Role::Reader),
        Who::Drafter => caller.is_keeper() || may(Role::Reader) && caller.signed_in.is_some(),
        Who::Account => caller.signed_in.as_ref().is_some_and(|one| !one.is_narrow),
        Who::Owner => caller.signed_in.is_some(),
        Who::Reporter => may(Role::Reporter) && caller.signed_in.is_some(),
        Who::Officer => may(Role::Officer) && caller.signed_in.is_some(),
        Who::Auditor => caller.is_keeper() || may(Role::Auditor),
        Who::Operator => caller.is_keeper() || caller.has_metrics_token || may(Role::Auditor),
        Who::Keeper => caller.is_keeper(),
    };
    match yes {
        true => Decision::Yes,
        false if caller.signed_in.is_none() && !caller.is_keeper() && who != Who::Keeper => Decision::SignIn,
        false => Decision::No,
    }
}

/// Whether a path is one of those that the table writes so.
fn is_one(written: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    for part in written.split('/') {
        match parts.next() {
            Some(_) if part.starts_with("{*") => return true,
            Some(given) if part.starts_with('{') && !given.is_empty() => {}
            Some(given) if given == part => {}
            _ => return false,
        }
    }
    parts.next().is_none()
}

/// The answer to a method that an address does not take: it names those that it does.
pub(crate) async fn other_method(uri: Uri) -> Response {
    // What is written out goes before what stands for anything, as in the router.
    let of_path = |exact: bool, method: &str| {
        let fits = |route: &&Route| match exact {
            true => route.path == uri.path(),
            false => is_one(route.path, uri.path()),
        };
        ROUTES.iter().filter(fits).any(|route| route.method == method)
    };
    let is_exact = of_path(true, "GET") || of_path(true, "POST");
    let takes = |method: &str| of_path(is_exact, method);
    let allowed = match (takes("GET"), takes("POST")) {
        (true, true) => "GET, HEAD, POST",
        (false, true) => "POST",
        _ => "GET, HEAD",
    };
    let mut response = Problem::method().into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}

/// The router of the table.
pub(crate) fn all(front: &Front) -> Router<Front> {
    let there = ROUTES.iter().filter(|route| !route.takes || front.takes());
    there.fold(Router::new(), |router, route| {
        let gated = axum::middleware::from_fn_with_state((front.clone(), route), gate);
        router.route(route.path, (route.make)().route_layer(gated))
    })
}
