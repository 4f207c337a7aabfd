//! Passkeys, with a device in memory that does everything wrong in turn. Tests that cover an item of OWASP ASVS 5.0 bear its number. A
//! browser with a device that we did not write makes them in `tests/browser/passkey.mjs`.

#[allow(dead_code, reason = "each test uses a part")]
mod team;

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING as P256, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use servanda_model::Instant;
use servanda_server::Standing;
use servanda_store::policy::Viewer;
use std::sync::atomic::Ordering;
use team::{Answer, Browser, PASSWORD, World, accounts, clear, token_of, world_of};

const NAME: &str = "truce.example.org";
const ORIGIN: &str = "https://truce.example.org";

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A device with one passkey.
struct Device {
    pair: EcdsaKeyPair,
    id: [u8; 32],
    handle: String,
    count: u32,
    /// What it does wrong.
    host: String,
    flags: u8,
    client: fn(&mut Value),
}

fn unchanged(_: &mut Value) {}

/// Present and verified.
const ASKED: u8 = 0x05;

impl Device {
    fn new(id: u8) -> Device {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&P256, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&P256, pkcs8.as_ref(), &random).unwrap();
        let (host, handle) = (NAME.to_string(), String::new());
        Device { pair, id: [id; 32], handle, count: 0, host, flags: ASKED, client: unchanged }
    }

    fn client(&self, kind: &str, challenge: &str) -> String {
        let mut said =
            json!({"type": kind, "challenge": b64(challenge), "origin": ORIGIN, "crossOrigin": false});
        (self.client)(&mut said);
        said.to_string()
    }

    fn head(&self, flags: u8) -> Vec<u8> {
        let mut said = digest(&SHA256, self.host.as_bytes()).as_ref().to_vec();
        said.push(flags);
        said.extend(self.count.to_be_bytes());
        said
    }

    /// Client and device, as a new passkey is told.
    fn make(&self, challenge: &str) -> [(&'static str, String); 2] {
        let point = self.pair.public_key().as_ref();
        let mut said = self.head(self.flags | 0x40);
        said.extend([0; 16]);
        said.extend([0, 32]);
        said.extend(self.id);
        said.extend([0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32]);
        said.extend(&point[1..33]);
        said.extend([0x22, 0x58, 32]);
        said.extend(&point[33..]);
        [("client", b64(self.client("webauthn.create", challenge))), ("device", b64(said))]
    }

    fn sign(&self, challenge: &str) -> [(&'static str, String); 5] {
        let client = self.client("webauthn.get", challenge);
        let said = self.head(self.flags);
        let message = [said.as_slice(), digest(&SHA256, client.as_bytes()).as_ref()].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &message).unwrap();
        [
            ("id", b64(self.id)),
            ("client", b64(client)),
            ("device", b64(said)),
            ("signature", b64(signature)),
            ("handle", self.handle.clone()),
        ]
    }
}

fn world() -> World {
    let standing = Standing { names: [NAME.to_string()].into(), is_tls: true, ..Standing::default() };
    world_of(&clear(), &accounts(), standing)
}

fn browser(world: &World) -> Browser {
    let mut browser = world.browser();
    browser.headers.push(("host".into(), NAME.into()));
    browser
}

async fn signed_in(world: &World, name: &str) -> Browser {
    let mut browser = browser(world);
    assert_eq!(browser.sign_in(name, PASSWORD).await.status, StatusCode::SEE_OTHER);
    browser
}

fn between(text: &str, begin: &str, end: &str) -> String {
    text.split(begin)
        .nth(1)
        .unwrap_or_else(|| panic!("{begin} is not in {text}"))
        .split(end)
        .next()
        .unwrap()
        .to_string()
}

fn challenge(page: &str) -> String {
    between(page, "data-challenge=\"", "\"")
}

/// Gives the password and asks for a passkey.
async fn ask(browser: &mut Browser, called: &str, password: &str) -> Answer {
    let token = token_of(&browser.get("/account").await.text());
    browser.post("/account/passkeys", &[("token", &token), ("called", called), ("password", password)]).await
}

async fn keep(browser: &mut Browser, page: &str, challenge: &str, called: &str, device: &Device) -> Answer {
    let (token, handle) = (token_of(page), between(page, "data-handle=\"", "\""));
    let made = device.make(challenge);
    let mut fields = vec![
        ("token", token.as_str()),
        ("challenge", challenge),
        ("called", called),
        ("handle", handle.as_str()),
    ];
    fields.extend(made.iter().map(|(name, value)| (*name, value.as_str())));
    browser.post("/account/passkeys/made", &fields).await
}

/// The whole way to a passkey.
async fn made(browser: &mut Browser, called: &str, device: &mut Device) {
    let page = ask(browser, called, PASSWORD).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    device.handle = between(&page.text(), "data-handle=\"", "\"");
    let answer = keep(browser, &page.text(), &challenge(&page.text()), called, device).await;
    assert_eq!((answer.status, answer.to()), (StatusCode::SEE_OTHER, "/account"), "{}", answer.text());
}

async fn with_passkey(browser: &mut Browser, device: &Device) -> Answer {
    let page = browser.get("/sign-in").await.text();
    let (challenge, token) = (challenge(&page), token_of(&page));
    send(browser, &token, &challenge, &device.sign(&challenge)).await
}

async fn send(
    browser: &mut Browser,
    token: &str,
    challenge: &str,
    said: &[(&'static str, String); 5],
) -> Answer {
    let mut fields = vec![("token", token), ("challenge", challenge), ("back", "/duties")];
    fields.extend(said.iter().map(|(name, value)| (*name, value.as_str())));
    browser.post("/sign-in/passkey", &fields).await
}

/// 6.3.3 (more than one factor where the server asks for it), 6.3.4 (no weaker way beside it).
#[tokio::test]
async fn v6_3_3_and_v6_3_4_where_a_password_alone_does_not_do_it_opens_nothing_but_the_making_of_a_passkey() {
    let standing = Standing {
        names: [NAME.to_string()].into(),
        is_tls: true,
        password_alone: false,
        ..Standing::default()
    };
    let world = world_of(&clear(), &accounts(), standing);
    let mut here = browser(&world);
    let answer = here.sign_in("reader-North", PASSWORD).await;
    assert_eq!((answer.status, answer.to()), (StatusCode::SEE_OTHER, "/account"));
    for route in servanda_server::ROUTES.iter().filter(|route| route.who != servanda_server::Who::Anyone) {
        let path = route
            .path
            .replace("{id}", "r1")
            .replace("{file}", "x")
            .replace("{hash}", "x")
            .replace("{collection}", "incidents");
        let answer = match route.method {
            "GET" => here.get(&path).await,
            _ => here.post(&path, &[]).await,
        };
        let own =
            ["/account", "/account/password", "/account/passkeys", "/account/passkeys/made", "/sign-out"];
        let refused = answer.status == StatusCode::FORBIDDEN && answer.text().contains("\"not-allowed\"");
        let shown_out = answer.status == StatusCode::SEE_OTHER && answer.to() == "/account";
        assert_eq!(
            refused || shown_out,
            !own.contains(&path.as_str()),
            "{} {path}: {}",
            route.method,
            answer.status
        );
        assert!(!answer.text().contains("\"r1\""), "{path}");
    }
    assert!(here.get("/account").await.text().contains("A password alone opens nothing"));
    assert!(here.get("/account?lang=uk").await.text().contains("Самого пароля"));
    // With a passkey it is a whole sign-in; the password signs nobody in any more, in the same words as a wrong one.
    let mut device = Device::new(1);
    made(&mut here, "blue", &mut device).await;
    assert_eq!(here.get("/api/board").await.status, StatusCode::OK);
    let mut other = browser(&world);
    let (right, wrong) =
        (other.sign_in("reader-North", PASSWORD).await, other.sign_in("reader-North", "not this one").await);
    let said = |answer: &Answer| between(&answer.text(), "role=\"alert\">", "<");
    assert_eq!((right.status, said(&right)), (wrong.status, said(&wrong)));
    assert_eq!(right.status, StatusCode::FORBIDDEN);
    assert!(other.get("/api/board").await.status == StatusCode::UNAUTHORIZED);
    let answer = with_passkey(&mut other, &device).await;
    assert_eq!((answer.status, answer.to()), (StatusCode::SEE_OTHER, "/duties"), "{}", answer.text());
    assert_eq!(other.get("/api/board").await.status, StatusCode::OK);
    // An account that its institution signs in has another way as well, and no passkey.
    let store = world.workspace.store();
    store
        .bind_identity("officer-North", "https://id.example.org", "n-1", Instant(3), &Viewer::keeper())
        .unwrap();
    assert_eq!(browser(&world).sign_in("officer-North", PASSWORD).await.status, StatusCode::FORBIDDEN);
}

/// 6.5.6 (revoked at any time), 7.4.3 (other browsers are signed out when a way in comes or goes), 7.5.1 (the password again).
#[tokio::test]
async fn v6_5_6_v7_4_3_and_v7_5_1_a_passkey_is_made_with_the_password_signs_in_and_is_revoked() {
    let world = world();
    let (mut here, mut there) =
        (signed_in(&world, "reader-North").await, signed_in(&world, "reader-North").await);
    assert_eq!(ask(&mut here, "blue", "another bridge over it").await.status, StatusCode::FORBIDDEN);
    assert_eq!(ask(&mut here, " ", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut device = Device::new(1);
    made(&mut here, "blue <b>", &mut device).await;
    assert_eq!(there.get("/api/board").await.status, StatusCode::UNAUTHORIZED);
    let page = here.get("/account").await.text();
    assert!(page.contains("blue &lt;b&gt;") && page.contains(NAME), "{page}");

    let mut other = browser(&world);
    let answer = with_passkey(&mut other, &device).await;
    assert_eq!((answer.status, answer.to()), (StatusCode::SEE_OTHER, "/duties"), "{}", answer.text());
    assert!(other.get("/api/me").await.text().contains("\"name\":\"reader-North\""));
    // A second one of the same account bears the same handle; one of another account another.
    let mut second = Device::new(2);
    made(&mut other, "green", &mut second).await;
    assert_eq!(second.handle, device.handle);
    let mut south = signed_in(&world, "reader-South").await;
    let mut souths = Device::new(3);
    made(&mut south, "red", &mut souths).await;
    assert_ne!(souths.handle, device.handle);

    // Nobody revokes another's.
    let revoke = |token: String, id: [u8; 32]| [("token", token), ("id", b64(id))];
    let form = revoke(token_of(&south.get("/account").await.text()), device.id);
    let fields: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
    assert_eq!(south.post("/account/passkeys/revoke", &fields).await.status, StatusCode::NOT_FOUND);
    let form = revoke(token_of(&other.get("/account").await.text()), device.id);
    let fields: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
    assert_eq!(other.post("/account/passkeys/revoke", &fields).await.to(), "/account");
    assert_eq!(with_passkey(&mut browser(&world), &device).await.status, StatusCode::FORBIDDEN);
    assert_eq!(with_passkey(&mut browser(&world), &second).await.status, StatusCode::SEE_OTHER);
    // A closed account has no passkey.
    let store = world.workspace.store();
    let mut account = store.accounts().unwrap().remove("reader-North").unwrap();
    account.closed = true;
    store.put_account(&account, Instant(5), &Viewer::keeper()).unwrap();
    assert_eq!(with_passkey(&mut browser(&world), &second).await.status, StatusCode::FORBIDDEN);
}

/// 6.7.2 (the challenge is long, of this server, and good once), 6.3.4 (as strong as it says: its user is asked).
#[tokio::test]
async fn v6_7_2_and_v6_3_4_what_a_device_says_counts_for_the_question_that_was_put() {
    let world = world();
    let mut own = signed_in(&world, "reader-North").await;
    let mut device = Device::new(1);
    made(&mut own, "blue", &mut device).await;
    type Wrong = (&'static str, fn(&mut Device));
    let wrong: [Wrong; 10] = [
        ("nobody was there", |d| d.flags = 0x04),
        ("its user was not asked", |d| d.flags = 0x01),
        ("another host", |d| d.host = "evil.example".into()),
        ("another origin", |d| d.client = |c| c["origin"] = "https://evil.example".into()),
        ("another port", |d| d.client = |c| c["origin"] = "https://truce.example.org:8443".into()),
        ("in clear", |d| d.client = |c| c["origin"] = "http://truce.example.org".into()),
        ("another question", |d| d.client = |c| c["challenge"] = b64("x").into()),
        ("another purpose", |d| d.client = |c| c["type"] = "webauthn.create".into()),
        ("within another page", |d| d.client = |c| c["crossOrigin"] = true.into()),
        ("of another account", |d| d.handle = b64([7; 32])),
    ];
    for (what, change) in wrong {
        let (flags, host, handle) = (device.flags, device.host.clone(), device.handle.clone());
        change(&mut device);
        let mut browser = browser(&world);
        assert_eq!(with_passkey(&mut browser, &device).await.status, StatusCode::FORBIDDEN, "{what}");
        assert_eq!(browser.get("/api/board").await.status, StatusCode::UNAUTHORIZED);
        (device.flags, device.host, device.handle, device.client) = (flags, host, handle, unchanged);
    }
    // A key of somebody else, who knows the id.
    let mut thief = Device::new(1);
    thief.handle.clone_from(&device.handle);
    assert_eq!(with_passkey(&mut browser(&world), &thief).await.status, StatusCode::FORBIDDEN);
    // Sent again, in another browser, too late, and in pieces.
    let mut browser_ = browser(&world);
    let page = browser_.get("/sign-in").await.text();
    let (question, token) = (challenge(&page), token_of(&page));
    assert_eq!(question.len(), 75);
    let said = device.sign(&question);
    let mut other = browser(&world);
    let others = token_of(&other.get("/sign-in").await.text());
    assert_eq!(send(&mut other, &others, &question, &said).await.status, StatusCode::FORBIDDEN);
    let kept = browser_.clone();
    assert_eq!(send(&mut browser_, &token, &question, &said).await.status, StatusCode::SEE_OTHER);
    assert_eq!(send(&mut kept.clone(), &token, &question, &said).await.status, StatusCode::FORBIDDEN);
    let mut late = browser(&world);
    let page = late.get("/sign-in").await.text();
    world.now.fetch_add(10 * 60_000, Ordering::SeqCst);
    let (question, token) = (challenge(&page), token_of(&page));
    assert_eq!(
        send(&mut late, &token, &question, &device.sign(&question)).await.status,
        StatusCode::FORBIDDEN
    );
    for cut in 0..5 {
        let mut browser = browser(&world);
        let page = browser.get("/sign-in").await.text();
        let (question, token) = (challenge(&page), token_of(&page));
        let mut said = device.sign(&question);
        said[cut].1.truncate(20);
        assert_eq!(send(&mut browser, &token, &question, &said).await.status, StatusCode::FORBIDDEN, "{cut}");
    }
    // One that counts must go on counting.
    device.count = 7;
    assert_eq!(with_passkey(&mut browser(&world), &device).await.status, StatusCode::SEE_OTHER);
    for count in [7, 3, 0] {
        device.count = count;
        assert_eq!(
            with_passkey(&mut browser(&world), &device).await.status,
            StatusCode::FORBIDDEN,
            "{count}"
        );
    }
}

#[tokio::test]
async fn a_passkey_is_kept_for_the_question_the_account_and_the_name_that_it_was_asked_for() {
    let world = world();
    let mut own = signed_in(&world, "reader-North").await;
    let mut south = signed_in(&world, "reader-South").await;
    let page = ask(&mut own, "blue", PASSWORD).await.text();
    let question = challenge(&page);
    let device = Device::new(1);
    // By another account, under another name, for a made-up question.
    let of_south = ask(&mut south, "blue", PASSWORD).await.text();
    assert_eq!(
        keep(&mut south, &of_south, &question, "blue", &device).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        keep(&mut own, &page, &question, "green", &device).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(keep(&mut own, &page, "x", "blue", &device).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    // A device that does not ask who its user is.
    let mut careless = Device::new(1);
    careless.flags = 0x01;
    let answer = keep(&mut own, &page, &question, "blue", &careless).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "and the question was used up");
    assert_eq!(
        keep(&mut own, &page, &question, "blue", &device).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(world.workspace.store().passkeys().unwrap(), []);
    // Where a browser makes none there is no button: at a number, and in clear under a name.
    for host in ["127.0.0.1:7400", "[::1]:7400"] {
        let mut browser = world.browser();
        browser.headers.push(("host".into(), host.into()));
        assert!(!browser.get("/sign-in").await.text().contains("data-way"), "{host}");
    }
    assert!(browser(&world).get("/sign-in").await.text().contains("data-host=\"truce.example.org\""));
    // A passkey of one name does nothing under another.
    let mut device = Device::new(1);
    let mut own = signed_in(&world, "reader-North").await;
    made(&mut own, "blue", &mut device).await;
    device.host = "localhost".into();
    device.client = |c| c["origin"] = "https://localhost:7400".into();
    let mut elsewhere = world.browser();
    elsewhere.headers.push(("host".into(), "localhost:7400".into()));
    assert_eq!(with_passkey(&mut elsewhere, &device).await.status, StatusCode::FORBIDDEN);
}
