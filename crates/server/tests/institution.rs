//! Signing in by an institution, against one that does everything wrong in turn. Tests that cover an item of OWASP ASVS 5.0 bear its
//! number. An institution that we did not write is asked in `crates/servanda/tests/institution.rs`.

#[allow(dead_code, reason = "each test uses a part")]
mod team;

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING as P256, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use servanda_model::Instant;
use servanda_server::{Carrier, Institution, SKEW, Said, Standing};
use servanda_store::policy::Viewer;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use team::{Answer, Browser, TEXT, World, accounts, clear, world_by};

const ISSUER: &str = "https://id.example.org";
const NAME: &str = "truce.example.org";

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A key with its name.
struct SigningKey {
    id: &'static str,
    pair: EcdsaKeyPair,
}

impl SigningKey {
    fn new(id: &'static str) -> SigningKey {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&P256, &random).unwrap();
        SigningKey { id, pair: EcdsaKeyPair::from_pkcs8(&P256, pkcs8.as_ref(), &random).unwrap() }
    }

    fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        json!({"kty": "EC", "crv": "P-256", "kid": self.id, "use": "sig", "x": b64(&point[1..33]), "y": b64(&point[33..])})
    }

    fn sign(&self, header: Value, claims: &Value) -> String {
        let text = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        let signature = self.pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        format!("{text}.{}", b64(signature))
    }
}

type Change = Box<dyn Fn(&mut Value, &mut Value) + Send>;

/// An institution in memory.
struct Fake {
    keys: Vec<SigningKey>,
    /// Which of its keys it shows, and with which it signs.
    shows: Vec<usize>,
    signs: usize,
    issuer: String,
    document: Value,
    /// What each code was given for: challenge, nonce, address to go back to.
    codes: BTreeMap<String, (String, String, String)>,
    /// What it changes of header and claims.
    change: Change,
    /// What it gives in place of a token.
    instead: Option<String>,
    answers: bool,
    keys_asked: usize,
    basic: Vec<Option<String>>,
}

#[derive(Clone)]
struct Wire {
    fake: Arc<Mutex<Fake>>,
    now: Arc<Mutex<Option<Arc<std::sync::atomic::AtomicI64>>>>,
}

impl Wire {
    fn new() -> Wire {
        let fake = Fake {
            keys: ["one", "two", "foreign"].map(SigningKey::new).into(),
            shows: vec![0],
            signs: 0,
            issuer: ISSUER.into(),
            document: json!({}),
            codes: BTreeMap::new(),
            change: Box::new(|_, _| {}),
            instead: None,
            answers: true,
            keys_asked: 0,
            basic: Vec::new(),
        };
        Wire { fake: Arc::new(Mutex::new(fake)), now: Arc::default() }
    }

    fn fake(&self) -> std::sync::MutexGuard<'_, Fake> {
        self.fake.lock().unwrap()
    }

    fn changing(&self, change: impl Fn(&mut Value, &mut Value) + Send + 'static) {
        self.fake().change = Box::new(change);
    }
}

impl Carrier for Wire {
    fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        let mut fake = self.fake();
        if !fake.answers {
            return Err("it does not answer".into());
        }
        let document = match url.strip_prefix(ISSUER).unwrap() {
            "/.well-known/openid-configuration" => {
                let mut document = json!({
                    "issuer": fake.issuer, "authorization_endpoint": format!("{ISSUER}/authorize"),
                    "token_endpoint": format!("{ISSUER}/token"), "jwks_uri": format!("{ISSUER}/keys"),
                    "authorization_response_iss_parameter_supported": true,
                });
                for (name, value) in fake.document.as_object().unwrap() {
                    document[name] = value.clone();
                }
                document
            }
            "/keys" => {
                fake.keys_asked += 1;
                json!({"keys": fake.shows.iter().map(|i| fake.keys[*i].jwk()).collect::<Vec<_>>()})
            }
            other => panic!("{other}"),
        };
        Ok(document.to_string().into_bytes())
    }

    fn post(
        &self,
        url: &str,
        fields: &[(&str, &str)],
        basic: Option<(&str, &str)>,
    ) -> Result<Vec<u8>, String> {
        assert_eq!(url, format!("{ISSUER}/token"));
        let now = self.now.lock().unwrap().as_ref().unwrap().load(Ordering::SeqCst);
        let mut fake = self.fake();
        fake.basic.push(basic.map(|(name, secret)| format!("{name}:{secret}")));
        let field = |name: &str| fields.iter().find(|(n, _)| *n == name).map_or("", |(_, v)| *v);
        // A code is good once, for the one who can tell the secret, at the same address.
        let Some((challenge, nonce, back)) = fake.codes.remove(field("code")) else {
            return Err("400 invalid_grant".into());
        };
        let shown = b64(ring::digest::digest(&ring::digest::SHA256, field("code_verifier").as_bytes()));
        if field("grant_type") != "authorization_code" || shown != challenge || field("redirect_uri") != back
        {
            return Err("400 invalid_grant".into());
        }
        let key = &fake.keys[fake.signs];
        let mut header = json!({"alg": "ES256", "typ": "JWT", "kid": key.id});
        let mut claims = json!({
            "iss": ISSUER, "sub": "s-1", "aud": "servanda", "nonce": nonce,
            "iat": now / 1000, "exp": now / 1000 + 300, "roles": ["keeper"], "email": "reader-South",
        });
        (fake.change)(&mut header, &mut claims);
        let token = fake.instead.clone().unwrap_or_else(|| key.sign(header, &claims));
        Ok(json!({"access_token": "x", "token_type": "Bearer", "id_token": token}).to_string().into_bytes())
    }
}

fn world() -> (World, Wire) {
    let wire = Wire::new();
    let institution = Institution {
        issuer: ISSUER.into(),
        client: "servanda".into(),
        secret: Some("a secret".into()),
        scopes: vec!["profile".into()],
        claim: "sub".into(),
        name: "Example <University>".into(),
        carrier: Arc::new(wire.clone()),
        known: Said::default(),
    };
    let standing = Standing { names: [NAME.to_string()].into(), is_tls: true, ..Standing::default() };
    let world = world_by(TEXT, &clear(), &accounts(), standing, Some(institution));
    *wire.now.lock().unwrap() = Some(world.now.clone());
    let store = world.workspace.store();
    store.bind_identity("reader-North", ISSUER, "s-1", Instant(3), &Viewer::keeper()).unwrap();
    (world, wire)
}

fn browser(world: &World) -> Browser {
    let mut browser = world.browser();
    browser.headers.push(("host".into(), NAME.into()));
    browser
}

fn query(address: &str) -> BTreeMap<String, String> {
    let (_, query) = address.split_once('?').unwrap();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// Sets out, and has the institution give a code: what the browser would bring back.
async fn set_out(browser: &mut Browser, wire: &Wire) -> BTreeMap<String, String> {
    let answer = browser.get("/sign-in/institution?back=%2Fduties").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let cookie = answer.headers["set-cookie"].to_str().unwrap().to_string();
    for part in ["__Host-servanda-way=", "; HttpOnly", "; SameSite=Lax", "; Secure", "; Max-Age=600"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let asked = query(answer.to());
    assert!(answer.to().starts_with("https://id.example.org/authorize?"), "{}", answer.to());
    assert_eq!(asked["scope"], "openid profile");
    assert_eq!((&*asked["response_type"], &*asked["code_challenge_method"]), ("code", "S256"));
    assert_eq!(asked["redirect_uri"], "https://truce.example.org/sign-in/institution/done");
    let code = format!("code-{}", &asked["state"][..8]);
    let given = (asked["code_challenge"].clone(), asked["nonce"].clone(), asked["redirect_uri"].clone());
    wire.fake().codes.insert(code.clone(), given);
    [("code", code), ("state", asked["state"].clone()), ("iss", ISSUER.to_string())]
        .map(|(name, value)| (name.to_string(), value))
        .into()
}

async fn come_back(browser: &mut Browser, brought: &BTreeMap<String, String>) -> Answer {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(brought);
    browser.get(&format!("/sign-in/institution/done?{}", query.finish())).await
}

/// The whole way, with what the institution does.
async fn tried(world: &World, wire: &Wire) -> StatusCode {
    let mut browser = browser(world);
    let brought = set_out(&mut browser, wire).await;
    let answer = come_back(&mut browser, &brought).await;
    let is_in = browser.get("/api/board").await.status == StatusCode::OK;
    assert_eq!(answer.status == StatusCode::OK, is_in, "{}", answer.text());
    answer.status
}

#[tokio::test]
async fn whom_the_institution_knows_signs_in_to_the_account_that_is_bound_and_may_what_that_may() {
    let (world, wire) = world();
    let mut browser = browser(&world);
    assert!(browser.get("/sign-in").await.text().contains("Example &lt;University&gt;"));
    let brought = set_out(&mut browser, &wire).await;
    let answer = come_back(&mut browser, &brought).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.headers["refresh"], "0; url=/duties");
    let cookies: Vec<&str> =
        answer.headers.get_all("set-cookie").iter().map(|v| v.to_str().unwrap()).collect();
    assert!(cookies.iter().any(|c| c.starts_with("__Host-servanda=") && c.contains("SameSite=Strict")));
    assert!(cookies.iter().any(|c| c.starts_with("__Host-servanda-way=;") && c.contains("Max-Age=0")));
    let me = browser.get("/api/me").await.text();
    assert!(me.contains("\"name\":\"reader-North\"") && me.contains("\"roles\":[\"reader\"]"), "{me}");
    assert_eq!(wire.fake().basic, [Some("servanda:a secret".to_string())]);
    // Taken away, it ends; and a way that was begun before brings nobody in after.
    let store = world.workspace.store();
    store.unbind_identity(ISSUER, "s-1", Instant(4), &Viewer::keeper()).unwrap();
    world.now.fetch_add(1_000, Ordering::SeqCst);
    assert_eq!(browser.get("/api/board").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(tried(&world, &wire).await, StatusCode::FORBIDDEN);
}

/// 10.5.2 (the subject alone says who it is), 6.8.1 (nobody is taken for an account by a name that the institution gives).
#[tokio::test]
async fn v10_5_2_and_v6_8_1_whom_no_account_is_bound_to_gets_none() {
    let (world, wire) = world();
    wire.changing(|_, claims| claims["sub"] = "reader-South".into());
    let mut browser = browser(&world);
    let brought = set_out(&mut browser, &wire).await;
    let answer = come_back(&mut browser, &brought).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.text().contains("<code>reader-South</code>"), "{}", answer.text());
    assert_eq!(browser.get("/api/board").await.status, StatusCode::UNAUTHORIZED);
    for wrong in [json!(""), json!(7), json!(null), json!("x".repeat(256)), json!("a\nb")] {
        wire.changing(move |_, claims| claims["sub"] = wrong.clone());
        assert_eq!(tried(&world, &wire).await, StatusCode::FORBIDDEN);
    }
    // A closed account stays closed.
    wire.changing(|_, _| {});
    let store = world.workspace.store();
    let mut account = store.accounts().unwrap().remove("reader-North").unwrap();
    account.closed = true;
    store.put_account(&account, Instant(5), &Viewer::keeper()).unwrap();
    assert_eq!(tried(&world, &wire).await, StatusCode::FORBIDDEN);
}

/// 10.1.2 and 10.2.1 (state and PKCE tie the way to one browser), 10.2.2 (mix-up: the issuer in what comes back).
#[tokio::test]
async fn v10_1_2_v10_2_1_and_v10_2_2_what_comes_back_counts_in_the_browser_that_set_out_once() {
    let (world, wire) = world();
    let mut own = browser(&world);
    let brought = set_out(&mut own, &wire).await;
    // In another browser, in one that set out itself, and in none.
    let mut other = browser(&world);
    assert_eq!(come_back(&mut other, &brought).await.status, StatusCode::FORBIDDEN);
    set_out(&mut other, &wire).await;
    assert_eq!(come_back(&mut other, &brought).await.status, StatusCode::FORBIDDEN);
    // Each ends the way, so each sets out anew.
    let changes: [(&str, Option<&str>); 6] = [
        ("state", Some("x")),
        ("state", None),
        ("iss", Some("https://evil.example")),
        ("iss", None),
        ("code", Some("guessed")),
        ("code", None),
    ];
    for (name, value) in changes {
        let mut browser = browser(&world);
        let mut brought = set_out(&mut browser, &wire).await;
        brought.remove(name);
        brought.extend(value.map(|value| (name.to_string(), value.to_string())));
        let answer = come_back(&mut browser, &brought).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}");
        assert_eq!(browser.get("/api/board").await.status, StatusCode::UNAUTHORIZED);
    }
    // Twice: the state was used, and so was the code.
    let kept = own.clone();
    assert_eq!(come_back(&mut own, &brought).await.status, StatusCode::OK);
    assert_eq!(come_back(&mut kept.clone(), &brought).await.status, StatusCode::FORBIDDEN);
    // A code of one way brought back on another: the secret does not fit.
    let (mut one, mut two) = (browser(&world), browser(&world));
    let (of_one, mut of_two) = (set_out(&mut one, &wire).await, set_out(&mut two, &wire).await);
    of_two.insert("code".into(), of_one["code"].clone());
    assert_eq!(come_back(&mut two, &of_two).await.status, StatusCode::FORBIDDEN);
    // Too late.
    let mut late = browser(&world);
    let brought = set_out(&mut late, &wire).await;
    world.now.fetch_add(10 * 60_000, Ordering::SeqCst);
    assert_eq!(come_back(&mut late, &brought).await.status, StatusCode::FORBIDDEN);
    // The person said no, and a name that stands twice.
    let mut refused = browser(&world);
    let mut brought = set_out(&mut refused, &wire).await;
    brought.insert("error".into(), "access_denied".into());
    assert_eq!(come_back(&mut refused, &brought).await.status, StatusCode::FORBIDDEN);
    let mut twice = browser(&world);
    let brought = set_out(&mut twice, &wire).await;
    let path = format!(
        "/sign-in/institution/done?code={0}&code={0}&state={1}&iss=https%3A%2F%2Fid.example.org",
        brought["code"], brought["state"]
    );
    assert_eq!(twice.get(&path).await.status, StatusCode::FORBIDDEN);
}

/// 9.1.1 to 9.2.4 (signature, procedure, keys, times, purpose, audience), 10.5.1 (nonce), 10.5.3 (issuer), 10.5.4 (audience).
#[tokio::test]
async fn v9_1_1_v9_1_2_v9_1_3_v9_2_1_v9_2_3_v10_5_1_v10_5_3_v10_5_4_a_token_is_looked_at_from_all_sides() {
    let (world, wire) = world();
    let second = 1_000;
    let skew = SKEW / second;
    type Wrong = (&'static str, fn(&mut Value, &mut Value, i64, i64));
    let wrong: [Wrong; 19] = [
        ("nonce of another sign-in", |_, c, _, _| c["nonce"] = "x".into()),
        ("no nonce", |_, c, _, _| drop(c.as_object_mut().unwrap().remove("nonce"))),
        ("other issuer", |_, c, _, _| c["iss"] = "https://id.example.org/".into()),
        ("no issuer", |_, c, _, _| drop(c.as_object_mut().unwrap().remove("iss"))),
        ("other audience", |_, c, _, _| c["aud"] = "another".into()),
        ("several audiences, not ours alone", |_, c, _, _| c["aud"] = json!(["servanda", "another"])),
        ("several audiences, asked for by another", |_, c, _, _| {
            c["aud"] = json!(["servanda", "another"]);
            c["azp"] = "another".into();
        }),
        ("asked for by another", |_, c, _, _| c["azp"] = "another".into()),
        ("no audience", |_, c, _, _| c["aud"] = json!([])),
        ("expired", |_, c, now, skew| c["exp"] = (now - skew).into()),
        ("no end", |_, c, _, _| drop(c.as_object_mut().unwrap().remove("exp"))),
        ("no beginning", |_, c, _, _| drop(c.as_object_mut().unwrap().remove("iat"))),
        ("of the future", |_, c, now, skew| c["iat"] = (now + skew + 1).into()),
        ("not yet", |_, c, now, skew| c["nbf"] = (now + skew + 1).into()),
        ("made long ago", |_, c, now, _| c["iat"] = (now - 3_600).into()),
        ("none", |h, _, _, _| h["alg"] = "none".into()),
        ("a shared secret", |h, _, _, _| h["alg"] = "HS256".into()),
        ("another procedure", |h, _, _, _| h["alg"] = "RS256".into()),
        ("something unknown is critical", |h, _, _, _| h["crit"] = json!(["b64"])),
    ];
    let now = world.now.load(Ordering::SeqCst) / second;
    for (what, change) in wrong {
        wire.changing(move |header, claims| change(header, claims, now, skew));
        assert_eq!(tried(&world, &wire).await, StatusCode::FORBIDDEN, "{what}");
    }
    // Within the skew both ways, and for several where we asked for it.
    wire.changing(move |_, c| c["exp"] = (now - skew + 1).into());
    assert_eq!(tried(&world, &wire).await, StatusCode::OK);
    wire.changing(move |_, c| c["iat"] = (now + skew).into());
    assert_eq!(tried(&world, &wire).await, StatusCode::OK);
    wire.changing(|_, c| {
        c["aud"] = json!(["another", "servanda"]);
        c["azp"] = "servanda".into();
    });
    assert_eq!(tried(&world, &wire).await, StatusCode::OK);
    wire.changing(|_, _| {});
    // No token at all, and one without a signature.
    let claims = json!({"iss": ISSUER, "sub": "s-1", "aud": "servanda", "iat": now, "exp": now + 300});
    let unsigned = format!("{}.{}.", b64(r#"{"alg":"none"}"#), b64(claims.to_string()));
    for instead in ["", "a.b", "a.b.c", "....", &unsigned, &"x".repeat(40_000)] {
        wire.fake().instead = Some(instead.to_string());
        assert_eq!(tried(&world, &wire).await, StatusCode::FORBIDDEN, "{instead:.40}");
    }
    wire.fake().instead = None;
    // Signed by somebody who calls the key by a name that is known, and who brings a key along.
    wire.fake().signs = 2;
    let foreign = wire.fake().keys[2].jwk();
    wire.changing(move |header, _| {
        header["kid"] = "one".into();
        header["jwk"] = foreign.clone();
        header["jku"] = "https://evil.example/keys".into();
    });
    assert_eq!(tried(&world, &wire).await, StatusCode::FORBIDDEN);
    wire.changing(|_, _| {});
    assert_eq!(tried(&world, &wire).await, StatusCode::FORBIDDEN, "under its own name");
}

#[tokio::test]
async fn an_institution_changes_its_keys_and_nobody_has_it_asked_all_the_time() {
    let (world, wire) = world();
    assert_eq!(tried(&world, &wire).await, StatusCode::OK);
    assert_eq!(wire.fake().keys_asked, 1);
    // A new key beside the old one, and then alone.
    (wire.fake().shows, wire.fake().signs) = (vec![0, 1], 1);
    world.now.fetch_add(60_000, Ordering::SeqCst);
    assert_eq!(tried(&world, &wire).await, StatusCode::OK);
    assert_eq!(wire.fake().keys_asked, 2);
    wire.fake().signs = 2;
    for _ in 0..5 {
        assert_eq!(tried(&world, &wire).await, StatusCode::FORBIDDEN);
    }
    assert_eq!(wire.fake().keys_asked, 2, "within half a minute it is not asked again");
    // The old key is gone: an hour later nobody believes it.
    (wire.fake().shows, wire.fake().signs) = (vec![1], 0);
    world.now.fetch_add(60 * 60_000, Ordering::SeqCst);
    assert_eq!(tried(&world, &wire).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_institution_that_is_another_or_does_not_answer_signs_nobody_in() {
    type Wrong = Box<dyn Fn(&mut Fake)>;
    let wrong: [Wrong; 4] = [
        Box::new(|fake| fake.answers = false),
        Box::new(|fake| fake.issuer = "https://evil.example".into()),
        Box::new(|fake| fake.document = json!({"token_endpoint": "http://id.example.org/token"})),
        Box::new(|fake| fake.document = json!({"authorization_endpoint": 7})),
    ];
    for change in wrong {
        let (world, wire) = world();
        change(&mut wire.fake());
        let answer = browser(&world).get("/sign-in/institution").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text());
        // And the password still does.
        assert_eq!(
            browser(&world).sign_in("reader-North", team::PASSWORD).await.status,
            StatusCode::SEE_OTHER
        );
    }
    // Where none is configured there is none.
    let world = team::world(&clear());
    for path in ["/sign-in/institution", "/sign-in/institution/done?code=x&state=y"] {
        assert_eq!(world.browser().get(path).await.status, StatusCode::NOT_FOUND);
    }
}
