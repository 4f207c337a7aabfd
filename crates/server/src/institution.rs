//! An institution that says who somebody is: OpenID Connect, the authorization code flow with PKCE.
//!
//! What it deliberately does not do: open a connection (a [`Carrier`] does), decide what somebody may (the account that is bound to issuer
//! and subject does; no claim gives a right), keep a token: of all that the institution says the subject alone is used, once.
//!
//! Invariants
//! - nothing is asked but the addresses of the configured issuer and those that its own document names, and none without TLS unless the
//!   issuer itself is on this machine;
//! - a token counts only where it was signed by a key of the issuer, with a procedure that fits that key, for this server, for this
//!   sign-in (nonce), and is neither old nor of the future, [`SKEW`] allowed for clocks;
//! - why an answer was not believed goes to the log of the server; the person is told that it was not.
//!
//! Where to start reading: [`Institution`], then [`Institution::complete`]. Tests: `tests/institution.rs`.

use crate::base64url;
use crate::keys::Key;
use ring::digest::{SHA256, digest};
use serde_json::Value;
use servanda_model::Instant;
use std::sync::{Arc, Mutex, PoisonError};

/// So far the clocks of the institution and of this machine may be apart, in milliseconds.
pub const SKEW: i64 = 2 * 60_000;
/// A token that was made longer ago is not of this sign-in.
const OLDEST: i64 = 15 * 60_000;
/// What the institution said of itself stands so long.
const STANDS: i64 = 60 * 60_000;
/// Keys are not asked for more often than this, however many tokens name an unknown one.
const NOT_AGAIN: i64 = 30_000;
/// Longest token, in bytes.
const LONGEST: usize = 32 * 1024;
/// So many keys of an institution are looked at.
const MOST_KEYS: usize = 100;

/// Whoever carries questions to the institution. It blocks.
pub trait Carrier: Send + Sync {
    /// Reads a document.
    ///
    /// # Errors
    /// Why none came, for the log; a status other than 200 is one.
    fn get(&self, url: &str) -> Result<Vec<u8>, String>;

    /// Sends a form, with a name and a secret as HTTP Basic where they are given.
    ///
    /// # Errors
    /// As [`Carrier::get`].
    fn post(
        &self,
        url: &str,
        fields: &[(&str, &str)],
        basic: Option<(&str, &str)>,
    ) -> Result<Vec<u8>, String>;
}

/// An institution, as it is configured.
pub struct Institution {
    /// Its address, exactly as it names itself.
    pub issuer: String,
    /// What it calls this server.
    pub client: String,
    /// What this server proves itself by, where it has been given anything.
    pub secret: Option<String>,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// The claim that names a person: `sub`, or another one that the institution never gives to somebody else.
    pub claim: String,
    /// What people call it.
    pub name: String,
    /// Whoever carries questions to it.
    pub carrier: Arc<dyn Carrier>,
    /// What it said of itself.
    pub known: Said,
}

/// What an institution said of itself, kept for an hour.
#[derive(Default)]
pub struct Said(Mutex<Option<Arc<Known>>>);

struct Known {
    at: i64,
    authorize: String,
    token: String,
    keys: String,
    says_who_it_is: bool,
    takes_basic: bool,
    jwks: Vec<Value>,
}

/// Whether an address may be asked: with TLS, or where the issuer itself has none.
fn may_ask(issuer: &str, url: &str) -> bool {
    url.starts_with("https://") || (issuer.starts_with("http://") && url.starts_with("http://"))
}

fn text(document: &Value, name: &str) -> Result<String, String> {
    document[name].as_str().map(String::from).ok_or_else(|| format!("its document has no `{name}`"))
}

/// Names and values of an address or a form.
fn encoded(fields: &[(&str, &str)]) -> String {
    let mut all = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        all.append_pair(name, value);
    }
    all.finish()
}

/// Name and secret as HTTP Basic has them for OAuth: each encoded as in a form.
///
/// # Source
/// RFC 6749 section 2.3.1.
pub fn basic(name: &str, secret: &str) -> String {
    let part = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let both = format!("{}:{}", part(name), part(secret));
    format!("Basic {}", base64url::padded(both.as_bytes()))
}

/// What PKCE shows of a secret before it is told.
///
/// # Source
/// RFC 7636 section 4.2, `S256`.
fn shown_of(verifier: &str) -> String {
    base64url::write(digest(&SHA256, verifier.as_bytes()).as_ref())
}

impl Institution {
    fn document(&self, url: &str) -> Result<Value, String> {
        if !may_ask(&self.issuer, url) {
            return Err(format!("`{url}` is not reached with TLS, so it is not asked"));
        }
        let bytes = self.carrier.get(url)?;
        serde_json::from_slice(&bytes).map_err(|e| format!("`{url}` is no JSON: {e}"))
    }

    fn keys_at(&self, url: &str) -> Result<Vec<Value>, String> {
        let mut document = self.document(url)?;
        match document["keys"].take() {
            Value::Array(keys) => Ok(keys.into_iter().take(MOST_KEYS).collect()),
            _ => Err(format!("`{url}` has no `keys`")),
        }
    }

    /// What it says of itself, at hand or asked anew. `keys_before`: keys that were read at that moment do not do.
    fn known(&self, now: Instant, keys_before: Option<i64>) -> Result<Arc<Known>, String> {
        let mut kept = self.known.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.as_ref() {
            let age = now.0 - known.at;
            let does = keys_before.is_none_or(|at| known.at > at || (0..NOT_AGAIN).contains(&age));
            if does && (0..STANDS).contains(&age) {
                return Ok(known.clone());
            }
        }
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let document = self.document(&url)?;
        let issuer = text(&document, "issuer")?;
        if issuer != self.issuer {
            return Err(format!("`{url}` is the document of `{issuer}`, and not of the configured issuer"));
        }
        let methods = document["token_endpoint_auth_methods_supported"].as_array();
        let takes_basic = methods.is_none_or(|all| all.iter().any(|one| one == "client_secret_basic"));
        let keys = text(&document, "jwks_uri")?;
        let known = Known {
            at: now.0,
            authorize: text(&document, "authorization_endpoint")?,
            token: text(&document, "token_endpoint")?,
            says_who_it_is: document["authorization_response_iss_parameter_supported"] == true,
            takes_basic,
            jwks: self.keys_at(&keys)?,
            keys,
        };
        for url in [&known.authorize, &known.token, &known.keys] {
            if !may_ask(&self.issuer, url) {
                return Err(format!("`{url}` is not reached with TLS, so it is not asked"));
            }
        }
        let known = Arc::new(known);
        *kept = Some(known.clone());
        Ok(known)
    }

    /// The address at which a person shows the institution who they are. It blocks.
    ///
    /// # Errors
    /// Why the institution cannot be asked, for the log.
    pub(crate) fn begin(
        &self,
        state: &str,
        nonce: &str,
        verifier: &str,
        back: &str,
        now: Instant,
    ) -> Result<String, String> {
        let known = self.known(now, None)?;
        let mut scopes = vec!["openid"];
        scopes.extend(self.scopes.iter().map(String::as_str).filter(|scope| *scope != "openid"));
        let query = encoded(&[
            ("response_type", "code"),
            ("client_id", &self.client),
            ("redirect_uri", back),
            ("scope", &scopes.join(" ")),
            ("state", state),
            ("nonce", nonce),
            ("code_challenge", &shown_of(verifier)),
            ("code_challenge_method", "S256"),
        ]);
        let sign = if known.authorize.contains('?') { '&' } else { '?' };
        Ok(format!("{}{sign}{query}", known.authorize))
    }

    /// Whether the answer that a browser brought says to be of this institution; where it always says so, it has to.
    ///
    /// # Source
    /// RFC 9207.
    pub(crate) fn is_of(&self, issuer: Option<&str>, now: Instant) -> Result<bool, String> {
        match issuer {
            Some(issuer) => Ok(issuer == self.issuer),
            None => self.known(now, None).map(|known| !known.says_who_it_is),
        }
    }

    /// Who it is that a code speaks of, as the institution knows the person. It blocks.
    ///
    /// # Errors
    /// Why the answer is not believed, for the log.
    pub(crate) fn complete(
        &self,
        code: &str,
        nonce: &str,
        verifier: &str,
        back: &str,
        now: &dyn Fn() -> Instant,
    ) -> Result<String, String> {
        let known = self.known(now(), None)?;
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back),
            ("code_verifier", verifier),
        ];
        let basic = match &self.secret {
            Some(secret) if known.takes_basic => Some((self.client.as_str(), secret.as_str())),
            Some(secret) => {
                fields.extend([("client_id", self.client.as_str()), ("client_secret", secret)]);
                None
            }
            None => {
                fields.push(("client_id", &self.client));
                None
            }
        };
        let answer = self.carrier.post(&known.token, &fields, basic)?;
        let answer: Value =
            serde_json::from_slice(&answer).map_err(|e| format!("its answer to the code is no JSON: {e}"))?;
        let token = text(&answer, "id_token")?;
        self.believed(&token, nonce, now())
    }

    /// What a token says, where it is believed.
    ///
    /// # Source
    /// OpenID Connect Core 1.0, section 3.1.3.7; RFC 8725.
    fn believed(&self, token: &str, nonce: &str, now: Instant) -> Result<String, String> {
        if token.len() > LONGEST {
            return Err("its token is too long".to_string());
        }
        let parts: Vec<&str> = token.split('.').collect();
        let [head, body, signature] = parts.as_slice() else {
            return Err("its token does not have three parts".to_string());
        };
        let json = |part: &str, what: &str| -> Result<Value, String> {
            let bytes =
                base64url::read(part).ok_or_else(|| format!("the {what} of its token is no base64"))?;
            serde_json::from_slice(&bytes).map_err(|e| format!("the {what} of its token is no JSON: {e}"))
        };
        let header = json(head, "head")?;
        let way = header["alg"].as_str().unwrap_or_default();
        if header.get("crit").is_some() {
            return Err("its token wants something that this server does not know (`crit`)".to_string());
        }
        let signature = base64url::read(signature).ok_or("the signature of its token is no base64")?;
        let signed = format!("{head}.{body}");
        let fits = |known: &Known| {
            known.jwks.iter().any(|jwk| {
                let named = header.get("kid").is_none_or(|kid| jwk.get("kid") == Some(kid));
                let way_fits = jwk.get("alg").is_none_or(|alg| *alg == way);
                named
                    && way_fits
                    && Key::of_jwk(jwk)
                        .is_some_and(|key| key.signed_token(way, signed.as_bytes(), &signature))
            })
        };
        let known = self.known(now, None)?;
        // It may sign with a new key since we asked.
        if !fits(&known) && !fits(&*self.known(now, Some(known.at))?) {
            return Err(format!("its token was signed by no key of the issuer ({way:?})"));
        }
        self.said(&json(body, "body")?, nonce, now)
    }

    fn said(&self, claims: &Value, nonce: &str, now: Instant) -> Result<String, String> {
        let wrong = |what: &str| Err(format!("its token {what}"));
        if claims["iss"] != self.issuer.as_str() {
            return wrong("is of another issuer");
        }
        let is_ours = |one: &Value| *one == self.client.as_str();
        let for_us = match &claims["aud"] {
            Value::Array(all) if all.len() == 1 => all.iter().all(is_ours),
            // Where it is for several, it must say that we asked for it.
            Value::Array(all) => all.iter().any(is_ours) && is_ours(&claims["azp"]),
            one => is_ours(one),
        };
        if !for_us || claims.get("azp").is_some_and(|azp| !is_ours(azp)) {
            return wrong("is for another server");
        }
        // Seconds, with a fraction where the institution likes.
        let moment =
            |name: &str| claims[name].as_f64().filter(|s| s.is_finite()).map(|s| (s * 1000.0) as i64);
        let (Some(expires), Some(made)) = (moment("exp"), moment("iat")) else {
            return wrong("does not say when it was made and until when it holds");
        };
        if now.0.saturating_sub(SKEW) >= expires {
            return wrong("has expired, by this machine's clock");
        }
        let earliest = moment("nbf").unwrap_or(made).max(made);
        if earliest > now.0.saturating_add(SKEW) {
            return wrong("is of the future, by this machine's clock");
        }
        if made < now.0.saturating_sub(OLDEST) {
            return wrong("was made too long ago");
        }
        if !claims["nonce"].as_str().is_some_and(|given| servanda_store::is_same(given, nonce)) {
            return wrong("is of another sign-in");
        }
        match claims[&self.claim].as_str() {
            Some(subject)
                if !subject.is_empty()
                    && subject.chars().count() <= 255
                    && !subject.chars().any(char::is_control) =>
            {
                Ok(subject.to_string())
            }
            _ => wrong(&format!("has no `{}` that names somebody", self.claim)),
        }
    }
}
