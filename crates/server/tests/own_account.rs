//! What an account is told of itself, and how its owner comes to a password that nobody else knows. Tests that cover an item of OWASP
//! ASVS 5.0 bear its number.

#[allow(dead_code, reason = "each test uses a part")]
mod team;

use axum::http::StatusCode;
use servanda_model::Instant;
use servanda_server::Standing;
use servanda_store::policy::{Role, Viewer};
use servanda_store::{Account, Passkey};
use std::sync::atomic::Ordering;
use std::time::Duration;
use team::{Answer, Browser, PASSWORD, World, accounts, clear, token_of, world, world_of};

const CHOSEN: &str = "four grey horses, no rider";

/// The page of an account, once what was noted after an answer stands there.
async fn account_with(browser: &mut Browser, text: &str) -> String {
    for _ in 0..500 {
        let page = browser.get("/account").await.text();
        if page.contains(text) {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("`{text}` never stood on {}", browser.get("/account").await.text());
}

fn has_notices(page: &str) -> bool {
    page.contains("id=\"notices\"")
}

async fn waiting(browser: &mut Browser) -> u64 {
    let me: serde_json::Value = serde_json::from_slice(&browser.get("/api/me").await.body).unwrap();
    me["notices"].as_u64().unwrap()
}

fn shown(page: &str) -> String {
    page.split("name=\"shown\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_string()
}

async fn put_away(browser: &mut Browser, page: &str) -> Answer {
    browser.post("/account/notices", &[("token", &token_of(page)), ("shown", &shown(page))]).await
}

/// 6.3.5 (suspicious tries are told to whoever they are tried against), and to nobody else.
#[tokio::test]
async fn v6_3_5_an_account_is_told_of_tries_that_failed() {
    let world = world(&clear());
    let (mut here, mut other) =
        (world.signed_in("reader-North").await, world.signed_in("reader-South").await);
    let page = here.get("/account").await.text();
    assert!(page.contains("2026-03-01 00:00 UTC, with the password, from this machine"), "{page}");
    assert!(page.contains("no try failed") && !has_notices(&page));
    let quiet = other.get("/account").await.text();
    world.now.fetch_add(60_000, Ordering::SeqCst);
    for name in ["reader-North", "nobody-at-all"] {
        for _ in 0..4 {
            let answer = world.browser().sign_in(name, "not the right password").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
        }
    }
    // Who is signed in already is told at once, on every page.
    let page = account_with(&mut here, "Failed tries since the latest: 4").await;
    assert!(page.contains("Tries to sign in failed: 4; 2026-03-01 00:01 UTC; from this machine."), "{page}");
    assert_eq!((waiting(&mut here).await, waiting(&mut other).await), (1, 0));
    assert!(here.get("/duties").await.text().contains("1 notice on your account"));
    assert!(here.get("/duties?lang=uk").await.text().contains("1 повідомлення про ваш запис"));
    assert!(here.get("/account?lang=uk").await.text().contains("Були невдалі спроби ввійти: 4"));
    assert!(!other.get("/duties").await.text().contains("on your account"));
    assert_eq!(other.get("/account").await.text(), quiet, "another is told nothing");
    // Signing in puts nothing away, and says how many failed before it.
    world.now.fetch_add(60_000, Ordering::SeqCst);
    let mut again = world.signed_in("reader-North").await;
    let page = again.get("/account").await.text();
    assert!(has_notices(&page) && page.contains("failed tries before it: 4"), "{page}");
    // It is there after the server was begun anew.
    world.store.settle_signings(Instant(1)).unwrap();
    let kept = world.workspace.store().signings("reader-North", Instant(1)).unwrap();
    assert_eq!((kept.notices().len(), kept.sign_ins.len()), (1, 2));
    // What came since the page was opened is not put away unseen.
    for _ in 0..3 {
        world.browser().sign_in("reader-North", "not the right password").await;
    }
    account_with(&mut again, "Failed tries since the latest: 3").await;
    let late = put_away(&mut again, &page).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text().contains("Look again") && has_notices(&late.text()));
    let page = again.get("/account").await.text();
    assert_eq!(put_away(&mut again, &page).await.to(), "/account");
    // In every browser of the account.
    assert!(
        !has_notices(&again.get("/account").await.text()) && !has_notices(&here.get("/account").await.text())
    );
    assert_eq!(waiting(&mut here).await, 0);
    // A form without its token puts nothing away.
    assert_eq!(again.post("/account/notices", &[("token", "x")]).await.status, StatusCode::FORBIDDEN);
}

/// 6.3.5: a password that is known to somebody who lacks the other part is told, too.
#[tokio::test]
async fn v6_3_5_a_password_that_somebody_knows_is_told() {
    let world = world_of(&clear(), &accounts(), Standing { password_alone: false, ..Standing::default() });
    let passkey = Passkey {
        id: "one".into(),
        owner: "reader-North".into(),
        name: "blue key".into(),
        host: "localhost".into(),
        handle: "aGFuZGxl".into(),
        key: "p256:AAAA".into(),
        made: Instant(3),
        revoked: false,
    };
    world.workspace.store().add_passkey(&passkey, Instant(3)).unwrap();
    let answer = world.browser().sign_in("reader-North", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    for _ in 0..500 {
        let told = world.store.signings("reader-North", Instant(4)).unwrap();
        if told.notices().iter().any(|notice| notice.what == servanda_store::What::KnownPassword) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it was not noted");
}

/// 6.3.7 (changes of how one signs in are told), whoever made them, in every browser, until they are put away.
#[tokio::test]
async fn v6_3_7_an_account_is_told_that_its_credentials_changed() {
    let world = world(&clear());
    let mut here = world.signed_in("reader-North").await;
    let token = token_of(&here.get("/account").await.text());
    let change = [("token", &*token), ("old", PASSWORD), ("new", CHOSEN)];
    assert_eq!(here.post("/account/password", &change).await.to(), "/account");
    let page = here.get("/account").await.text();
    assert!(page.contains("Your password was changed; 2026-03-01 00:00 UTC; from this machine."), "{page}");
    assert!(!page.contains(CHOSEN) && !page.contains("argon2"));
    // A registrar, at the machine, while nobody is looking.
    let store = world.workspace.store();
    store
        .bind_identity("reader-North", "https://id.example.org", "s-1", Instant(3), &Viewer::keeper())
        .unwrap();
    world.now.fetch_add(120_000, Ordering::SeqCst);
    let mut there = world.browser();
    there.sign_in("reader-North", CHOSEN).await;
    let page = there.get("/account").await.text();
    assert!(page.contains("Your password was changed"), "{page}");
    assert!(
        page.contains(
            "bound to an identity of an institution, which now signs in to it; between 2026-03-01 00:00 UTC and \
             2026-03-01 00:02 UTC; not in a browser of this account, but by a registrar."
        ),
        "{page}"
    );
    assert_eq!(waiting(&mut there).await, 2);
    assert_eq!(put_away(&mut there, &page).await.to(), "/account");
    let mut later = world.browser();
    later.sign_in("reader-North", CHOSEN).await;
    assert!(!has_notices(&later.get("/account").await.text()));
}

/// An account that has no password yet, and the code of its invitation.
fn invited(world: &World, name: &str, now: i64) -> String {
    let store = world.workspace.store();
    let mut account = store.accounts().unwrap().remove(name).unwrap_or_else(|| Account::new(name));
    account.roles = [Role::Reader].into();
    account.closed = false;
    let code = account.invite(Instant(now)).unwrap();
    store.put_account(&account, Instant(now), &Viewer::keeper()).unwrap();
    code
}

async fn accept(browser: &mut Browser, name: &str, code: &str, password: &str) -> Answer {
    let token = token_of(&browser.get("/invitation").await.text());
    let fields = [("token", &*token), ("name", name), ("code", code), ("password", password)];
    browser.post("/invitation", &fields).await
}

/// 6.4.6 (whoever administers begins a reset and neither chooses nor knows the password); 6.4.1 (random, short-lived, once).
#[tokio::test]
async fn v6_4_6_and_v6_4_1_an_invitation_is_good_once_for_its_account_and_seven_days() {
    let world = world(&clear());
    let begin = world.now.load(Ordering::SeqCst);
    let code = invited(&world, "anna", begin);
    let pass = |milliseconds: i64| world.now.store(begin + milliseconds, Ordering::SeqCst);
    pass(2_000);
    // Whatever is wrong is answered alike: a code of another, no such account, one without an invitation.
    let mut answers = std::collections::BTreeSet::new();
    for (name, code) in [("anna", "x"), ("nobody-at-all", code.as_str()), ("reader-South", code.as_str())] {
        let answer = accept(&mut world.browser(), name, code, CHOSEN).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        let text = answer.text();
        assert!(!text.contains(CHOSEN));
        let plain = text.replace(&token_of(&text), "").replace(&format!("value=\"{name}\""), "");
        answers.insert(plain);
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
    // An unfit password uses nothing up.
    let answer = accept(&mut world.browser(), "anna", &code, "anna12345678").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = answer.text();
    assert!(
        text.contains("guessed soon") && text.contains(&code) && !text.contains("anna12345678"),
        "{text}"
    );
    let mut anna = world.browser();
    assert_eq!(accept(&mut anna, "anna", &code, CHOSEN).await.to(), "/");
    assert_eq!(anna.get("/api/board").await.status, StatusCode::OK);
    assert!(anna.get("/account").await.text().contains("with an invitation, from this machine"));
    assert_eq!(
        accept(&mut world.browser(), "anna", &code, "another river, no bridge").await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(world.browser().sign_in("anna", CHOSEN).await.status, StatusCode::SEE_OTHER);
    // Signed in, one is told where one's own password is changed.
    assert_eq!(anna.get("/invitation").await.to(), "/account");

    // A reset: the old password and whoever signed in with it stay until the owner chose another one; then they end, and are told.
    let code = invited(&world, "anna", begin + 2_000);
    pass(4_000);
    assert_eq!(anna.get("/api/board").await.status, StatusCode::OK);
    let mut again = world.browser();
    assert_eq!(accept(&mut again, "anna", &code, "another river, no bridge").await.to(), "/");
    assert_eq!(anna.get("/api/board").await.status, StatusCode::UNAUTHORIZED);
    assert!(again.get("/account").await.text().contains("Your password was changed"));

    // Too old, and of a closed account.
    let code = invited(&world, "anna", begin);
    pass(7 * 24 * 3_600_000 + 1);
    assert_eq!(accept(&mut world.browser(), "anna", &code, CHOSEN).await.status, StatusCode::FORBIDDEN);
    pass(5_000);
    let store = world.workspace.store();
    let mut closed = store.accounts().unwrap().remove("anna").unwrap();
    closed.closed = true;
    store.put_account(&closed, Instant(begin), &Viewer::keeper()).unwrap();
    pass(7_000);
    assert_eq!(accept(&mut world.browser(), "anna", &code, CHOSEN).await.status, StatusCode::FORBIDDEN);
}

/// 6.3.1: a code is tried as often as a password.
#[tokio::test]
async fn v6_3_1_codes_of_invitations_are_not_guessed() {
    let world = world(&clear());
    let code = invited(&world, "anna", world.now.load(Ordering::SeqCst));
    world.now.fetch_add(2_000, Ordering::SeqCst);
    for _ in 0..5 {
        assert_eq!(accept(&mut world.browser(), "anna", "x", CHOSEN).await.status, StatusCode::FORBIDDEN);
    }
    let answer = accept(&mut world.browser(), "anna", &code, CHOSEN).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    world.now.fetch_add(15 * 60_000, Ordering::SeqCst);
    assert_eq!(accept(&mut world.browser(), "anna", &code, CHOSEN).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_is_typed_into_an_invitation_is_text_and_a_form_without_its_token_is_none() {
    let world = world(&clear());
    let code = invited(&world, "anna", world.now.load(Ordering::SeqCst));
    world.now.fetch_add(2_000, Ordering::SeqCst);
    let name = "\"><script>alert(1)</script>";
    let page = accept(&mut world.browser(), name, name, name).await.text();
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script>alert"), "{page}");
    let fields = [("token", "x"), ("name", "anna"), ("code", &*code), ("password", CHOSEN)];
    assert_eq!(world.browser().post("/invitation", &fields).await.status, StatusCode::FORBIDDEN);
    // It used nothing up.
    assert_eq!(accept(&mut world.browser(), "anna", &code, CHOSEN).await.to(), "/");
}
