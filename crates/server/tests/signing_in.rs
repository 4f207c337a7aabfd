//! Signing in and out, as a browser does it. Tests that cover an item of OWASP ASVS 5.0 bear its number.

#[allow(dead_code, reason = "each test uses a part")]
mod team;

use axum::http::StatusCode;
use servanda_server::{Listening, Standing, Tls};
use servanda_store::Account;
use servanda_store::policy::Viewer;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use team::{PASSWORD, World, accounts, clear, token_of, world, world_of};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MINUTE: i64 = 60_000;

fn pass(world: &World, minutes: i64) {
    world.now.fetch_add(minutes * MINUTE, Ordering::SeqCst);
}

#[tokio::test]
async fn people_sign_in_see_what_is_theirs_and_sign_out() {
    let world = world(&clear());
    let mut browser = world.browser();
    let first = browser.get("/?at=2026-02-05T00%3A00").await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    let form = browser.get(first.to()).await;
    assert!(form.text().contains("name=\"back\" value=\"/?at=2026-02-05T00%3A00\""), "{}", form.text());
    let fields = [
        ("token", &*token_of(&form.text())),
        ("name", "reader-North"),
        ("password", PASSWORD),
        ("back", "/?at=2026-02-05T00%3A00"),
    ];
    assert_eq!(browser.post("/sign-in", &fields).await.to(), "/?at=2026-02-05T00%3A00");
    assert_eq!(browser.get("/api/board").await.status, StatusCode::OK);
    let me = browser.get("/api/me").await.text();
    assert!(me.contains("\"name\":\"reader-North\"") && me.contains("\"party\":\"North\""), "{me}");
    let page = browser.get("/account").await.text();
    assert!(page.contains("<dd>North</dd>") && page.contains("<dd>TLP:RED</dd>"), "{page}");
    let out = browser.post("/sign-out", &[("token", &token_of(&page))]).await;
    assert_eq!((out.status, out.to()), (StatusCode::SEE_OTHER, "/sign-in"));
    assert_eq!(browser.get("/api/board").await.status, StatusCode::UNAUTHORIZED);
}

/// 6.3.8: whether a name is known cannot be told from the answer.
#[tokio::test]
async fn v6_3_8_all_that_is_wrong_is_answered_alike() {
    let world = world(&clear());
    let mut closed = Account::new("closed");
    closed.set_password(PASSWORD).unwrap();
    closed.closed = true;
    world.workspace.store().put_account(&closed, servanda_model::Instant(3), &Viewer::keeper()).unwrap();
    let mut answers = std::collections::BTreeSet::new();
    for (name, password) in [
        ("reader-North", "not the right password"),
        ("reader-North", ""),
        ("nobody-at-all", PASSWORD),
        ("closed", PASSWORD),
        ("", ""),
    ] {
        let mut browser = world.browser();
        let answer = browser.sign_in(name, password).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        let token = token_of(&answer.text());
        let text = answer.text().replace(&token, "").replace(&format!("value=\"{name}\""), "value=\"\"");
        answers.insert(text);
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
}

/// 6.3.1: after a few wrong passwords even the right one has to wait.
#[tokio::test]
async fn v6_3_1_after_five_wrong_passwords_one_waits() {
    let world = world(&clear());
    for _ in 0..5 {
        let answer = world.browser().sign_in("reader-North", "not the right password").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    let answer = world.browser().sign_in("reader-North", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers["retry-after"], "900");
    world.signed_in("reader-South").await;
    pass(&world, 15);
    world.signed_in("reader-North").await;
}

/// 3.5.1: what a page from elsewhere sends is refused, and so is a form without its token.
#[tokio::test]
async fn v3_5_1_a_page_from_elsewhere_sends_nothing() {
    let world = world(&clear());
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://127.0.0.1:7401"),
    ] {
        let mut browser = world.signed_in("reader-North").await;
        let token = token_of(&browser.get("/account").await.text());
        browser.headers.push((name.into(), value.into()));
        for path in ["/sign-out", "/sign-in", "/account/password"] {
            let answer = browser.post(path, &[("token", &token)]).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value} at {path}");
            assert!(answer.text().contains("not-this-page"));
        }
        browser.headers.clear();
        assert_eq!(browser.get("/api/board").await.status, StatusCode::OK, "still signed in");
    }
    // What a browser says of a form of this server's own page.
    let mut own = world.browser();
    own.headers.push(("sec-fetch-site".into(), "same-origin".into()));
    own.headers.push(("origin".into(), "http://127.0.0.1:7400".into()));
    assert_eq!(own.sign_in("reader-North", PASSWORD).await.status, StatusCode::SEE_OTHER);
    let mut browser = world.signed_in("reader-North").await;
    let other = token_of(&world.signed_in("reader-South").await.get("/account").await.text());
    for token in ["", "x", &other] {
        let answer = browser.post("/sign-out", &[("token", token)]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    // Signing in under another's name, by a form that another filled in.
    let token = token_of(&world.browser().get("/sign-in").await.text());
    let fields = [("token", &*token), ("name", "reader-South"), ("password", PASSWORD)];
    assert_eq!(world.browser().post("/sign-in", &fields).await.status, StatusCode::FORBIDDEN);
}

/// 3.3.2 (`SameSite`), 3.3.4 (`HttpOnly`), 3.4.3 to 3.4.6 (policy, types, referrer, frames), 14.3.2 (nothing is kept).
#[tokio::test]
async fn v3_3_and_v3_4_and_v14_3_2_cookies_and_headers() {
    let world = world(&clear());
    let answer = world.browser().sign_in("reader-North", PASSWORD).await;
    let cookies: Vec<&str> =
        answer.headers.get_all("set-cookie").iter().map(|v| v.to_str().unwrap()).collect();
    assert_eq!(cookies.len(), 2);
    for cookie in cookies {
        assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Strict"), "{cookie}");
    }
    let mut browser = world.signed_in("reader-North").await;
    for path in
        ["/", "/account", "/api/board", "/api/nothing", "/sign-in", "/api/card", "/metrics", "/health"]
    {
        let headers = browser.get(path).await.headers;
        let policy = headers["content-security-policy"].to_str().unwrap();
        for part in ["default-src 'self'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"]
        {
            assert!(policy.contains(part), "{path}");
        }
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        // Pages with a form name their own origin to this server only, or a browser would send `Origin: null`.
        let referrer = if ["/account", "/sign-in"].contains(&path) { "same-origin" } else { "no-referrer" };
        // Who is signed in already is sent on from the form.
        let is_page = headers.get("content-type").is_some_and(|kind| kind.to_str().unwrap().contains("html"));
        let referrer = if is_page { referrer } else { "no-referrer" };
        assert_eq!(headers["referrer-policy"], referrer, "{path}");
        assert!(["no-store", "no-cache"].contains(&headers["cache-control"].to_str().unwrap()), "{path}");
        // The page itself has nothing of anybody in it; all else is not kept.
        assert!(path == "/" || headers["cache-control"] == "no-store", "{path}");
    }
}

/// 7.2.4: a new token at each sign-in, and the old one is worth nothing; one that somebody else chose neither.
#[tokio::test]
async fn v7_2_4_a_token_is_new_at_each_sign_in() {
    let world = world(&clear());
    let mut browser = world.signed_in("reader-North").await;
    let old = browser.clone();
    let page = browser.get("/account").await.text();
    browser.post("/sign-out", &[("token", &token_of(&page))]).await;
    assert_eq!(old.clone().get("/api/board").await.status, StatusCode::UNAUTHORIZED);
    let mut fixed = world.browser();
    fixed.cookies.insert("servanda".into(), "a".repeat(64));
    fixed.sign_in("reader-North", PASSWORD).await;
    assert_ne!(fixed.cookies["servanda"], "a".repeat(64));
}

/// 7.3.1 and 7.3.2 on the routes: unused for an hour, or twelve hours old.
#[tokio::test]
async fn v7_3_1_and_v7_3_2_a_sign_in_ends() {
    let world = world(&clear());
    let mut browser = world.signed_in("reader-North").await;
    for _ in 0..11 {
        pass(&world, 59);
        assert_eq!(browser.get("/api/board").await.status, StatusCode::OK);
    }
    pass(&world, 60);
    assert_eq!(browser.get("/api/board").await.status, StatusCode::UNAUTHORIZED);
    let mut browser = world.signed_in("reader-North").await;
    browser.headers.push(("servanda-quiet".into(), "1".into()));
    for (minutes, status) in [(59, StatusCode::OK), (1, StatusCode::UNAUTHORIZED)] {
        pass(&world, minutes);
        assert_eq!(browser.get("/api/board").await.status, status, "what the page asks by itself is no use");
    }
}

/// 7.4.2: an account that is closed is signed out; 8.3.2: what somebody may changes at once.
#[tokio::test]
async fn v7_4_2_and_v8_3_2_what_is_taken_away_is_gone_at_once() {
    let world = world(&clear());
    let mut browser = world.signed_in("reader-North").await;
    let store = world.workspace.store();
    let mut account = store.accounts().unwrap().remove("reader-North").unwrap();
    account.roles.clear();
    store.put_account(&account, servanda_model::Instant(3), &Viewer::keeper()).unwrap();
    world.now.fetch_add(1_000, Ordering::SeqCst);
    assert_eq!(browser.get("/api/board").await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    account.closed = true;
    store.put_account(&account, servanda_model::Instant(4), &Viewer::keeper()).unwrap();
    world.now.fetch_add(1_000, Ordering::SeqCst);
    assert_eq!(browser.get("/account").await.to(), "/sign-in?back=%2Faccount");
}

/// 6.2.2 and 6.2.3 (one changes one's password, with the old one), 7.4.3 (all other browsers are signed out).
#[tokio::test]
async fn v6_2_2_v6_2_3_and_v7_4_3_another_password() {
    let world = world(&clear());
    let (mut here, mut there) =
        (world.signed_in("reader-North").await, world.signed_in("reader-North").await);
    let token = token_of(&here.get("/account").await.text());
    let mut change = async |token: &str, old: &str, new: &str| {
        here.post("/account/password", &[("token", token), ("old", old), ("new", new)]).await
    };
    let new = "another <b> of & 'words'";
    assert_eq!(change(&token, "not the right one", new).await.status, StatusCode::FORBIDDEN);
    assert_eq!(change(&token, PASSWORD, "short").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(change(&token, PASSWORD, new).await.to(), "/account");
    assert_eq!(here.get("/api/board").await.status, StatusCode::OK);
    assert_eq!(there.get("/api/board").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.browser().sign_in("reader-North", PASSWORD).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.browser().sign_in("reader-North", new).await.status, StatusCode::SEE_OTHER);
}

/// 7.5.2: signing out in all browsers.
#[tokio::test]
async fn v7_5_2_signing_out_everywhere() {
    let world = world(&clear());
    let (mut here, mut there) =
        (world.signed_in("reader-North").await, world.signed_in("reader-North").await);
    let mut other = world.signed_in("reader-South").await;
    let token = token_of(&here.get("/account").await.text());
    here.post("/sign-out", &[("token", &token), ("everywhere", "yes")]).await;
    assert_eq!(there.get("/api/board").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(other.get("/api/board").await.status, StatusCode::OK);
}

/// 1.2.1: what somebody typed is text.
#[tokio::test]
async fn v1_2_1_nothing_that_is_typed_is_markup() {
    let world = world(&clear());
    let name = "\"><script>alert(1)</script>";
    let page = world.browser().sign_in(name, "x").await.text();
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"), "{page}");
    let page = world.browser().get("/sign-in?back=%22%3E%3Cscript%3E").await.text();
    assert!(!page.contains("<script>"));
}

#[tokio::test]
async fn forms_are_bounded_and_of_one_type() {
    let world = world(&clear());
    let mut browser = world.browser();
    let long = "x".repeat(9_000);
    assert_eq!(browser.post("/sign-in", &[("name", &long)]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    browser.headers.push(("content-type".into(), "text/plain".into()));
    assert_eq!(browser.post("/sign-in", &[("name", "x")]).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

/// 16.2.1 (who, when, what): each view is written down, and what cannot be written down is not given.
#[tokio::test]
async fn v16_2_1_each_view_is_written_down_before_it_is_given() {
    let mut all = clear();
    all.extend(team::souths());
    let world = world(&all);
    let mut south = world.signed_in("reader-South").await;
    south.get("/api/card?norm=no-fire").await;
    south.get("/api/card?norm=nothing").await;
    world.signed_in("reader-North").await.get("/api/board").await;
    let views = world.views.all.lock().unwrap().clone();
    let short: Vec<_> =
        views.iter().map(|v| (&*v.name, v.party.as_deref(), v.route, &*v.query, v.highest)).collect();
    assert_eq!(
        short,
        [
            ("reader-South", Some("South"), "/api/card", "norm=no-fire", Some("TLP:RED")),
            ("reader-North", Some("North"), "/api/board", "", None),
        ]
    );
    // What is about single records names them, and what is taken away as a file says so.
    south.get("/api/incidents.csv").await;
    south.get("/api/incidents/s4").await;
    let views = world.views.all.lock().unwrap().clone();
    let about: Vec<_> = views[2..].iter().map(|v| (v.route, v.is_file, v.records.len())).collect();
    assert_eq!(about, [("/api/incidents.csv", true, 0), ("/api/incidents/{id}", false, 1)]);
    world.views.refuses.store(true, Ordering::SeqCst);
    let answer = south.get("/api/board").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!answer.text().contains("rows"));
}

/// 6.3.2: there is no account by default; the first is made with a code that only the terminal shows.
#[tokio::test]
async fn v6_3_2_the_first_account_is_made_with_the_code_once() {
    let world = world_of(&clear(), &[], Standing::default());
    let mut browser = world.browser();
    assert!(browser.get("/api/me").await.text().contains("\"first_account\":true"));
    let token = token_of(&browser.get("/first-account").await.text());
    let mut make = async |token: &str, code: &str, password: &str| {
        let fields = [("token", token), ("code", code), ("name", "mira"), ("password", password)];
        browser.post("/first-account", &fields).await
    };
    let wrong = make(&token, "aaaa-bbbb-cccc", PASSWORD).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    let token = token_of(&wrong.text());
    let short = make(&token, "abcd-efgh-ijkm", "short").await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", short.text());
    let token = token_of(&short.text());
    assert_eq!(make(&token, "abcd-efgh-ijkm", PASSWORD).await.to(), "/");
    assert!(browser.get("/api/me").await.text().contains("\"name\":\"mira\""));
    assert_eq!(browser.get("/api/board").await.status, StatusCode::OK);
    assert_eq!(world.browser().get("/api/board").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.browser().get("/first-account").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn without_accounts_nobody_whom_a_proxy_speaks_of_is_the_keeper() {
    let world = world_of(&clear(), &[], Standing::default());
    assert_eq!(world.browser().get("/api/board").await.status, StatusCode::OK);
    for header in ["x-forwarded-for", "forwarded", "via"] {
        let mut browser = world.browser();
        browser.headers.push((header.into(), "192.0.2.1".into()));
        assert_eq!(browser.get("/api/board").await.status, StatusCode::UNAUTHORIZED, "{header}");
    }
}

#[tokio::test]
async fn the_public_sees_what_is_clear_and_the_metrics_want_their_token() {
    let mut all = clear();
    all.extend(team::souths());
    let standing = Standing {
        is_public: true,
        metrics_token: Some("0123456789abcdef".into()),
        names: ["truce.example.org".to_string()].into(),
        ..Standing::default()
    };
    let world = world_of(&all, &accounts(), standing);
    let mut anybody = world.browser();
    let board = anybody.get("/api/board").await.text();
    assert_eq!(board, world.signed_in("reader-low").await.get("/api/board").await.text());
    assert!(world.views.all.lock().unwrap().iter().all(|v| v.name == "reader-low"));
    assert_eq!(anybody.get("/metrics").await.status, StatusCode::UNAUTHORIZED);
    for (token, status) in
        [("0123456789abcdef", StatusCode::OK), ("0123456789abcdeg", StatusCode::UNAUTHORIZED)]
    {
        let mut prometheus = world.browser();
        prometheus.headers.push(("authorization".into(), format!("Bearer {token}")));
        let answer = prometheus.get("/metrics").await;
        assert_eq!(answer.status, status);
        let text = answer.text();
        for secret in ["North", "South", "no-fire", "r1", "reader"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    for (host, status) in [("truce.example.org", 200), ("truce.example.org:7443", 200), ("evil.example", 421)]
    {
        let mut browser = world.browser();
        browser.headers.push(("host".into(), host.into()));
        assert_eq!(browser.get("/api/board").await.status.as_u16(), status, "{host}");
    }
}

/// What a connection is answered.
async fn spoken(stream: &mut (impl AsyncReadExt + AsyncWriteExt + Unpin), headers: &str) -> String {
    let request = format!("GET /sign-in HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A peer that does not say goodbye has still answered.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

async fn listening(standing: Standing, tls: Option<Tls>) -> (World, std::net::SocketAddr) {
    let world = world_of(&clear(), &accounts(), standing);
    let listening = Listening::at(([127, 0, 0, 1], 0).into(), tls, world.router.clone()).await.unwrap();
    let address = listening.url().rsplit_once("//").unwrap().1.parse().unwrap();
    tokio::spawn(listening.answer(std::future::pending()));
    (world, address)
}

/// 12.1.1 (current versions of TLS), 3.4.1 (`Strict-Transport-Security`), 3.3.1 and 3.3.3 (`Secure`, `__Host-`).
#[tokio::test(flavor = "multi_thread")]
async fn v12_1_1_v3_3_1_v3_3_3_and_v3_4_1_over_tls() {
    use tokio_rustls::rustls;
    let (certificate, key) = (include_bytes!("tls/certificate.pem"), include_bytes!("tls/key.pem"));
    assert!(Tls::new(certificate, b"no key").is_err() && Tls::new(b"none", key).is_err());
    let tls = Tls::new(certificate, key).unwrap();
    let (_world, address) = listening(Standing { is_tls: true, ..Standing::default() }, Some(tls)).await;
    let mut roots = rustls::RootCertStore::empty();
    for one in <rustls::pki_types::CertificateDer<'_> as rustls::pki_types::pem::PemObject>::pem_slice_iter(
        certificate,
    ) {
        roots.add(one.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
    // One who does not speak holds up nobody.
    let _silent = TcpStream::connect(address).await.unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let mut stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
    let answer = spoken(&mut stream, "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("strict-transport-security: max-age=31536000"), "{answer}");
    let cookie = answer.lines().find(|line| line.starts_with("set-cookie:")).unwrap();
    assert!(
        cookie.contains("__Host-") && cookie.contains("; Secure") && cookie.contains("Path=/;"),
        "{cookie}"
    );
    // Plain HTTP on the same port is no way in.
    let mut plain = TcpStream::connect(address).await.unwrap();
    assert!(!spoken(&mut plain, "").await.starts_with("HTTP/1.1 200"));
}

/// 4.1.3: what a proxy says counts only where that proxy is trusted.
#[tokio::test(flavor = "multi_thread")]
async fn v4_1_3_a_proxy_is_believed_only_where_it_is_named() {
    let https = "x-forwarded-for: 192.0.2.1\r\nx-forwarded-proto: https\r\n";
    for (proxies, secure) in [(vec![], false), (vec!["127.0.0.1"], true), (vec!["192.0.2.9"], false)] {
        let proxies = proxies.iter().map(|p| p.parse().unwrap()).collect();
        let (_world, address) = listening(Standing { proxies, ..Standing::default() }, None).await;
        let answer = spoken(&mut TcpStream::connect(address).await.unwrap(), https).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert_eq!(answer.contains("__Host-"), secure, "{answer}");
    }
}
