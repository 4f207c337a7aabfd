//! Feeds for a calendar and a feed reader, which cannot sign in: an address with a token in it opens what its maker may read.
//!
//! What it deliberately does not do: keep a token (the store has its hash), word a calendar or an entry (`report` does).
//!
//! Invariants
//! - a feed shows what its maker would be shown now, through the same audience; whoever reads no more has none;
//! - a token that never was, one that was revoked and one of a closed account get the same answer;
//! - each feed that is given is written down as a view of its maker, and not given where that fails;
//! - the text of a token is shown once, on the page that made it.
//!
//! Where to start reading: [`duties`], [`changes`].

use crate::asked::asked;
use crate::forms::{self, Fields, field, form, given, or_problem, own_form, people};
use crate::front::{Caller, Front, Who};
use crate::signed_in::SignedIn;
use crate::{Problem, Served};
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use servanda_model::{Instant, Question};
use servanda_report::atom::{self, Entry};
use servanda_report::document::html::escape;
use servanda_report::ics;
use servanda_report::{Owed, View, wording};
use servanda_store::{Error, Feed};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Days that the feed of changes goes back.
const DAYS: usize = 7;
/// Most entries of incidents in it, the latest.
const MOST: usize = 200;

fn unable(error: &Error) -> Problem {
    eprintln!("error: the feeds cannot be read or written: {error}");
    Problem::unable("the feeds cannot be read just now; the log of the server says more")
}

fn none() -> Problem {
    Problem::missing("no-such-feed", "there is no such feed, or it was revoked; make one at `/account/feeds`")
}

/// What a token opens: what its maker is served. Written down as a view before anything is given.
async fn opened(front: &Front, token: String, route: &'static str) -> Result<Arc<Served>, Problem> {
    let Some(people) = &front.0.people else { return Err(none()) };
    let store = people.store.clone();
    let owner = tokio::task::spawn_blocking(move || store.feed_owner(&token)).await;
    let owner = owner.map_err(|e| Problem::bug(&e))?.map_err(|e| unable(&e))?.ok_or_else(none)?;
    let viewer = owner.viewer();
    let served = front.0.audiences.served(&viewer).await?;
    front.write_down(&viewer, route, "by a feed", Default::default(), false).await?;
    Ok(served)
}

/// A body with its tag; nothing where the reader has it already.
fn tagged(headers: &HeaderMap, mime: &'static str, body: String) -> Response {
    let tag = format!("\"{}\"", servanda_store::sha256(body.as_bytes()));
    let fresh = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, "private, no-cache".to_string())];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, fresh).into_response();
    }
    (fresh, [(header::CONTENT_TYPE, mime)], body).into_response()
}

/// Duties and their deadlines, as a calendar.
pub(crate) async fn duties(
    State(front): State<Front>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let made = async {
        let served = opened(&front, token, "/feeds/{token}/duties.ics").await?;
        let mut asked = asked("", &served.agreement, &served.asked_by_default, &[])?;
        let board = served.board_asked(&mut asked).await?;
        let work = move || {
            let matter = served.known.matter();
            let view = matter.view(&board);
            let owed = view.duties(&Owed { party: None, until: None, all: false });
            ics::calendar(&view, &owed, &ics::Feed::default())
        };
        let body = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::bug(&e))?;
        Ok(tagged(&headers, "text/calendar; charset=utf-8", body))
    };
    or_problem(made.await)
}

/// A row of the board, as it is told.
struct Told {
    word: &'static str,
    /// Norm and bearer in the words of the agreement.
    title: String,
}

/// The rows of a board, by norm and bearer.
fn told(view: &View<'_>) -> BTreeMap<(String, String), Told> {
    let of = |row: &servanda_report::Row<'_>| {
        let bearer = wording::bearer(view.agreement, row.bearer);
        let title = format!("{}, {bearer}", wording::norm(row.norm, row.name));
        ((row.name.to_string(), row.bearer.to_string()), Told { word: row.state().word, title })
    };
    view.rows().iter().map(of).collect()
}

/// What changed on the board from day to day, and the incidents that are new, as Atom.
pub(crate) async fn changes(
    State(front): State<Front>,
    caller: Who,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let made = async {
        let served = opened(&front, token, "/feeds/{token}/changes.atom").await?;
        let mut asked = asked("", &served.agreement, &served.asked_by_default, &[])?;
        let seen = served.seen(&mut asked).await?;
        let now = seen.board.question.clone();
        // The boards as they stood at the ends of the last days: the same question gives the same board, whenever it is asked.
        let calendar = &served.agreement.calendar;
        let mut boards = vec![seen.board.clone()];
        let mut day = calendar.start_of_day(calendar.date(now.known_at));
        for _ in 0..DAYS {
            let end = Instant(day.0 - 1);
            let question = Question { at: now.at.min(end), known_at: end, readings: now.readings.clone() };
            boards.push(served.board(&question).await?);
            day = calendar.start_of_day(calendar.date(end));
        }
        let begins = day;
        let root = root(&headers, &caller.0);
        let work = move || {
            let (matter, mut entries) = (&seen.matter, Vec::new());
            let calendar = &matter.agreement.calendar;
            for pair in boards.windows(2) {
                let (later, before) = (&pair[0], &pair[1]);
                let old = told(&matter.view(before));
                let until = later.question.known_at;
                for ((norm, bearer), Told { word, title }) in told(&matter.view(later)) {
                    let key = (norm, bearer);
                    let was = old.get(&key).map(|was| was.word);
                    if was == Some(word) {
                        continue;
                    }
                    let was = was.unwrap_or("not on the board");
                    let (norm, bearer) = key;
                    let date = calendar.date(until).to_string();
                    entries.push(Entry {
                        text: format!("{title}: {was}, then {word}, as known at {}.", calendar.show(until)),
                        title: format!("{title}: {word}"),
                        category: "board",
                        page: format!("{root}/?{}", address(&[("norm", &norm), ("bearer", &bearer)])),
                        // A day has one entry of a row: while the day lasts, it says what stands now.
                        of: vec!["board".to_string(), norm, bearer, date],
                        updated: until,
                    });
                }
            }
            let fresh = seen.items.iter().filter(|item| item.changed >= begins);
            let mut fresh: Vec<_> = fresh.collect();
            fresh.sort_by(|a, b| (b.changed, &a.id).cmp(&(a.changed, &b.id)));
            for item in fresh.into_iter().take(MOST) {
                let line = seen.line(item);
                let new = if item.first >= begins { "new" } else { "changed" };
                let marking =
                    if line.marking.is_empty() { String::new() } else { format!(" {}.", line.marking) };
                entries.push(Entry {
                    of: vec!["incident".to_string(), line.id.clone()],
                    title: format!("{}: {}", line.kind, line.title),
                    text: format!(
                        "{} ({new}, {}). {}. {}. Reported by {}; reports: {}.{marking}",
                        line.title, line.status, line.local, line.place, line.source, line.reports
                    ),
                    category: "incident",
                    page: format!("{root}/incidents/{}", escaped(&line.id)),
                    updated: item.changed,
                });
            }
            let agreement = &matter.agreement;
            let title =
                if agreement.title.is_empty() { agreement.name.to_string() } else { agreement.title.clone() };
            let about = atom::Feed {
                of: agreement.name.as_str(),
                title: format!("What changed under {title}"),
                page: format!("{root}/"),
                updated: entries.iter().map(|entry| entry.updated).max().unwrap_or(begins),
                exercise: matter.view(&seen.board).is_exercise(),
            };
            atom::feed(&about, &entries)
        };
        let body = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::bug(&e))?;
        Ok(tagged(&headers, "application/atom+xml; charset=utf-8", body))
    };
    or_problem(made.await)
}

fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

fn address(pairs: &[(&str, &str)]) -> String {
    pairs.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect::<Vec<_>>().join("&")
}

/// What the asker calls this server. Who asks under another name than it has was refused before.
fn root(headers: &HeaderMap, caller: &Caller) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    format!("{}://{host}", if caller.is_secure { "https" } else { "http" })
}

/// The list of somebody's feeds, with one that was made just now.
fn page(
    caller: &Caller,
    status: StatusCode,
    one: &SignedIn,
    feeds: &[Feed],
    fresh: &str,
    problem: &str,
) -> Response {
    let mut rows = String::new();
    for feed in feeds.iter().filter(|feed| feed.owner == one.name && !feed.revoked) {
        let id = format!("<input type=\"hidden\" name=\"id\" value=\"{}\">\n", escape(&feed.id));
        rows.push_str(&format!(
            "<li>{}, {} {} ({}){}</li>\n",
            escape(&feed.name),
            caller.say("made", "створено"),
            feed.made,
            escape(&feed.id),
            form(
                &caller.to("/account/feeds/revoke"),
                &one.form_token,
                &id,
                caller.say("Revoke", "Відкликати")
            )
        ));
    }
    let list = match rows.is_empty() {
        true => format!("<p>{}</p>", caller.say("There are none.", "Жодної немає.")),
        false => format!("<ul>\n{rows}</ul>\n"),
    };
    let what = caller.say("What it is for", "Для чого вона");
    let name = field(what, "name", "maxlength=\"64\" autocomplete=\"off\"");
    let main = format!(
        "<p><a href=\"{}\">{}</a></p>\n{}{fresh}<p>{}</p>\n<h2>{}</h2>\n{list}<h2>{}</h2>\n{}",
        caller.to("/account"),
        caller.say("Back to your account", "Назад до облікового запису"),
        forms::alert(problem),
        caller.say(
            "A calendar or a feed reader cannot sign in. It gets an address that opens what you may read, and nothing else: duties as a \
             calendar, and what changed as a feed. Whoever has the address reads as you do, so keep it like a password, and revoke it when \
             it is not used any more.",
            "Календар чи читач стрічок не може ввійти. Він отримує адресу, що відкриває те, що можете читати ви, і нічого більше: \
             обов’язки як календар, а зміни як стрічку. Хто має адресу, читає як ви, тож бережіть її, наче пароль, і відкличте, коли \
             вона більше не потрібна."
        ),
        caller.say("Feeds that stand", "Чинні стрічки"),
        caller.say("A new one", "Нова"),
        form(
            &caller.to("/account/feeds"),
            &one.form_token,
            &name,
            caller.say("Make a feed", "Створити стрічку")
        ),
    );
    forms::page(caller, status, caller.say("Your feeds", "Ваші стрічки"), &main)
}

async fn all(front: &Front) -> Result<Vec<Feed>, Problem> {
    let store = people(front)?.store.clone();
    let read = tokio::task::spawn_blocking(move || store.feeds()).await;
    read.map_err(|e| Problem::bug(&e))?.map_err(|e| unable(&e))
}

pub(crate) async fn list(State(front): State<Front>, Who(caller): Who, RawQuery(_): RawQuery) -> Response {
    let made = async {
        let one = caller.signed_in.clone().ok_or_else(|| Problem::bug(&"nobody is signed in"))?;
        Ok(page(&caller, StatusCode::OK, &one, &all(&front).await?, "", ""))
    };
    or_problem(made.await)
}

pub(crate) async fn make(State(front): State<Front>, Who(caller): Who, request: Request) -> Response {
    let made = async {
        let (headers, one, fields): (HeaderMap, SignedIn, Fields) = own_form(&caller, request).await?;
        let (store, now) = (people(&front)?.store.clone(), front.now());
        let (owner, name) = (one.name.clone(), given(&fields, "name").to_string());
        let made = tokio::task::spawn_blocking(move || store.make_feed(&owner, &name, now)).await;
        match made.map_err(|e| Problem::bug(&e))? {
            Ok((feed, token)) => {
                let root = root(&headers, &caller);
                let fresh = format!(
                    "<section role=\"status\">\n<h2>{}</h2>\n<p>{}</p>\n\
                     <p>{}: <code>{root}/feeds/{token}/duties.ics</code></p>\n\
                     <p>{}: <code>{root}/feeds/{token}/changes.atom</code></p>\n</section>\n",
                    escape(&feed.name),
                    caller.say(
                        "Copy these now: they are not shown again.",
                        "Скопіюйте їх зараз: більше їх не покажуть."
                    ),
                    caller.say("Calendar", "Календар"),
                    caller.say("Feed reader", "Читач стрічок"),
                    root = escape(&root),
                );
                Ok(page(&caller, StatusCode::OK, &one, &all(&front).await?, &fresh, ""))
            }
            Err(error) if error.is_refused() || error.is_denied() => {
                let words = format!("{}{error}.", caller.say("It was not made: ", "Її не створено: "));
                Ok(page(&caller, StatusCode::UNPROCESSABLE_ENTITY, &one, &all(&front).await?, "", &words))
            }
            Err(error) => Err(unable(&error)),
        }
    };
    or_problem(made.await)
}

pub(crate) async fn revoke(State(front): State<Front>, Who(caller): Who, request: Request) -> Response {
    let made = async {
        let (_, one, fields) = own_form(&caller, request).await?;
        let viewer = caller.viewer.clone().ok_or_else(|| Problem::bug(&"nobody is signed in"))?;
        let (store, now) = (people(&front)?.store.clone(), front.now());
        let id = given(&fields, "id").to_string();
        let done = tokio::task::spawn_blocking(move || store.revoke_feed(&id, now, &viewer)).await;
        match done.map_err(|e| Problem::bug(&e))? {
            Ok(_) => Ok(Redirect::to(&caller.to("/account/feeds")).into_response()),
            Err(error) if error.is_not_found() => {
                let words = caller.say(
                    "It was not revoked: there is no such feed of yours.",
                    "Її не відкликано: у вас немає такої стрічки.",
                );
                Ok(page(&caller, StatusCode::NOT_FOUND, &one, &all(&front).await?, "", words))
            }
            Err(error) => Err(unable(&error)),
        }
    };
    or_problem(made.await)
}
