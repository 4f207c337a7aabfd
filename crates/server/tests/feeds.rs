//! Feeds: made by whoever is signed in, opened by a token alone, never more than their maker may read, and gone when they are revoked.

#[allow(dead_code, reason = "each test uses a part")]
mod team;

use axum::http::StatusCode;
use servanda_model::record::{Marking, Tlp};
use servanda_store::policy::{Role, Viewer};
use std::sync::atomic::Ordering;
use team::{Answer, Browser, World, clear, only_to, record, token_of};

/// Makes a feed on the page; gives its two paths.
async fn make(browser: &mut Browser, name: &str) -> (String, String) {
    let page = browser.get("/account/feeds").await.text();
    let made = browser.post("/account/feeds", &[("token", &token_of(&page)), ("name", name)]).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text());
    let text = made.text();
    let path = |ending: &str| {
        let end = text.find(ending).unwrap() + ending.len();
        let begin = text[..end].rfind("/feeds/").unwrap();
        text[begin..end].to_string()
    };
    (path("/duties.ics"), path("/changes.atom"))
}

/// Whoever has nothing but the address.
async fn read(world: &World, path: &str) -> Answer {
    world.browser().get(path).await
}

/// Records of two days before the one on which the world stands.
fn yesterday() -> Vec<servanda_model::Record> {
    vec![
        record("n1", "shelling", "North", "2026-02-27T08:00:00Z", Marking::default()),
        record("s8", "fire", "South", "2026-02-27T08:30:00Z", only_to("South", Tlp::Amber)),
        record("s9", "shelling", "South", "2026-02-27T09:00:00Z", only_to("South", Tlp::Amber)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_shows_its_maker_s_audience_and_nothing_else() {
    let mut all = clear();
    all.extend(yesterday());
    let world = team::world(&all);
    let mut south = world.signed_in("reader-South").await;
    let mut north = world.signed_in("reader-North").await;
    let (south_duties, south_changes) = make(&mut south, "desk <b>").await;
    let (north_duties, north_changes) = make(&mut north, "phone").await;
    assert!(south.get("/account/feeds").await.text().contains("desk &lt;b&gt;"), "as text");
    let list = north.get("/account/feeds").await.text();
    assert!(list.contains("phone") && !list.contains("desk"), "one's own alone");
    let token = south_duties.split('/').nth(2).unwrap();
    assert!(!south.get("/account/feeds").await.text().contains(token), "once");

    // The same as the page gives whoever is signed in.
    let feed = read(&world, &south_duties).await;
    assert_eq!(feed.status, StatusCode::OK);
    assert_eq!(feed.headers["content-type"], "text/calendar; charset=utf-8");
    assert_eq!(feed.text(), south.get("/api/duties.ics").await.text());
    assert_eq!(read(&world, &north_duties).await.text(), north.get("/api/duties.ics").await.text());

    let (by_south, by_north) = (read(&world, &south_changes).await, read(&world, &north_changes).await);
    assert_eq!(by_south.headers["content-type"], "application/atom+xml; charset=utf-8");
    let (by_south, by_north) = (by_south.text(), by_north.text());
    assert!(by_south.contains("/incidents/s9") && by_south.contains("/incidents/n1"), "{by_south}");
    assert!(by_north.contains("/incidents/n1"), "{by_north}");
    for hidden in ["s9", "s8", "South", "AMBER"] {
        assert!(!by_north.contains(hidden), "{hidden}: {by_north}");
    }
    // The board as it was known at the end of the 26th, and of the 27th.
    let changed = "South: no breach so far, then violated, as known at 2026-02-27";
    assert!(by_south.contains("<category term=\"board\"/>") && by_south.contains(changed), "{by_south}");
    // A reader that asks again is told the same, with the same identities.
    assert_eq!(read(&world, &south_changes).await.text(), by_south);

    // What is hidden from North makes no difference to North's feed.
    let mut less = clear();
    less.extend(yesterday().into_iter().filter(|r| r.id.as_str() == "n1"));
    let other = team::world(&less);
    let mut north = other.signed_in("reader-North").await;
    let (duties, changes) = make(&mut north, "phone").await;
    assert_eq!(read(&other, &changes).await.text(), by_north);
    assert_eq!(read(&other, &duties).await.text(), read(&world, &north_duties).await.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_revoked_closed_or_never_was_gets_the_same_answer() {
    let world = team::world(&clear());
    let mut reader = world.signed_in("reader-North").await;
    let (duties, changes) = make(&mut reader, "one").await;
    let (kept, _) = make(&mut reader, "two").await;
    let never = format!("/feeds/{}/duties.ics", "0".repeat(64));
    let gone = read(&world, &never).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(gone.text().contains("\"no-such-feed\""), "{}", gone.text());
    for path in ["/feeds/x/duties.ics", "/feeds/%00/changes.atom", "/feeds/..%2f..%2fboard/duties.ics"] {
        assert_eq!(read(&world, path).await.text(), gone.text(), "{path}");
    }

    // Another cannot revoke it, and is told no more than that.
    let page = reader.get("/account/feeds").await.text();
    let row = page.split("<li>one,").nth(1).unwrap();
    let id = row.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_string();
    let mut other = world.signed_in("reader-South").await;
    let token = token_of(&other.get("/account/feeds").await.text());
    let refused = other.post("/account/feeds/revoke", &[("token", &token), ("id", &id)]).await;
    let nothing = other.post("/account/feeds/revoke", &[("token", &token), ("id", "x")]).await;
    assert_eq!((refused.status, refused.text()), (StatusCode::NOT_FOUND, nothing.text()));
    // Nor a page from elsewhere, nor a form without its token.
    let forged = reader.post("/account/feeds/revoke", &[("token", "x"), ("id", &id)]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let forged = reader.post("/account/feeds", &[("token", "x"), ("name", "three")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(read(&world, &duties).await.status, StatusCode::OK);

    let token = token_of(&page);
    let done = reader.post("/account/feeds/revoke", &[("token", &token), ("id", &id)]).await;
    assert_eq!((done.status, done.to()), (StatusCode::SEE_OTHER, "/account/feeds"));
    for path in [&duties, &changes] {
        let answer = read(&world, path).await;
        assert_eq!((answer.status, answer.text()), (StatusCode::NOT_FOUND, gone.text()));
    }
    assert_eq!(read(&world, &kept).await.status, StatusCode::OK, "the other one stands");

    // Whoever reads no more has no feed; whoever never read makes none.
    let mut account = world.workspace.store().accounts().unwrap().remove("reader-North").unwrap();
    account.roles = [Role::Auditor].into();
    world.workspace.store().put_account(&account, servanda_model::Instant(9), &Viewer::keeper()).unwrap();
    world.now.fetch_add(5_000, Ordering::SeqCst);
    assert_eq!(read(&world, &kept).await.text(), gone.text());
    let mut auditor = world.signed_in("auditor-North").await;
    let token = token_of(&auditor.get("/account/feeds").await.text());
    let refused = auditor.post("/account/feeds", &[("token", &token), ("name", "mine")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("does not read here"), "{}", refused.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_is_written_down_as_a_view_and_not_sent_twice() {
    let world = team::world(&clear());
    let mut reader = world.signed_in("reader-North").await;
    let (duties, _) = make(&mut reader, "phone").await;
    let before = world.views.all.lock().unwrap().len();
    let first = read(&world, &duties).await;
    let seen = world.views.all.lock().unwrap()[before..].to_vec();
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].name.as_str(), seen[0].route), ("reader-North", "/feeds/{token}/duties.ics"));
    assert!(!format!("{seen:?}").contains(duties.split('/').nth(2).unwrap()), "the token stands in no list");
    let mut again = world.browser();
    again.headers.push(("if-none-match".into(), first.headers["etag"].to_str().unwrap().into()));
    let again = again.get(&duties).await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    // Where it cannot be written down, it is not given.
    world.views.refuses.store(true, Ordering::SeqCst);
    assert_eq!(read(&world, &duties).await.status, StatusCode::SERVICE_UNAVAILABLE);
}
