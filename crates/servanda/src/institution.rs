//! The institution by which people sign in: what the configuration says of it, and how it is reached.
//!
//! What it deliberately does not do: believe what it says (`server` does), follow it elsewhere: an answer that sends on is none.
//!
//! Invariants
//! - it is reached with TLS, by the authorities that are named or that the system trusts; in clear only where it is on this machine;
//! - what it answers is bounded in length and in time.
//!
//! Where to start reading: [`Institution::reached`].

use crate::failure::Failure;
use crate::input;
use crate::reach;
use servanda_server::Carrier;
use servanda_store::Oidc;
use servanda_trust::{Trust, is_here};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Longest answer, in bytes.
const LONGEST: u64 = 1 << 20;

/// What is configured.
#[derive(Debug)]
pub struct Institution {
    /// As it stands in the file.
    pub said: Oidc,
    /// What this server proves itself by.
    pub secret: Option<String>,
    /// File of the authorities that vouch for it.
    pub authorities: Option<PathBuf>,
}

/// Scheme and host of an address.
fn parts(url: &str) -> Option<(bool, String)> {
    let parsed: ureq::http::Uri = url.parse().ok()?;
    let is_tls = match parsed.scheme_str()? {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    Some((is_tls, parsed.host()?.to_string()))
}

impl Institution {
    /// Refuses what cannot be an institution, before anything listens.
    pub fn check(&self) -> Result<(), Failure> {
        let issuer = &self.said.issuer;
        let Some((is_tls, host)) = parts(issuer) else {
            return Err(Failure::new(format!("`{issuer}` is no address of an institution"))
                .help("write `issuer` as the institution names itself, such as `https://id.example.org`"));
        };
        if !is_tls && !is_here(&host) {
            return Err(Failure::new(format!(
                "`{issuer}` is another machine, and who signs in could be read and changed on the way"
            ))
            .help("write `https://`"));
        }
        if issuer.contains(['?', '#']) || self.said.client_id.trim().is_empty() {
            return Err(Failure::new(
                "`[serve.oidc]` needs an `issuer` without `?` and `#`, and a `client-id`",
            )
            .help("the institution tells both when this server is registered there"));
        }
        Ok(())
    }

    /// As `--print-config` shows it.
    pub fn shown(&self) -> String {
        let Oidc { issuer, client_id, client_secret_file, scopes, claim, name, authorities } = &self.said;
        let mut all = vec![format!("issuer = {issuer:?}"), format!("client-id = {client_id:?}")];
        let texts = [
            ("client-secret-file", client_secret_file),
            ("claim", claim),
            ("name", name),
            ("authorities", authorities),
        ];
        all.extend(texts.iter().filter_map(|(key, value)| value.as_ref().map(|v| format!("{key} = {v:?}"))));
        all.extend(scopes.as_ref().map(|scopes| format!("scopes = {scopes:?}")));
        format!("{{ {} }}", all.join(", "))
    }

    /// For the server.
    pub fn reached(&self) -> Result<servanda_server::Institution, Failure> {
        let said = &self.said;
        let (is_tls, host) = parts(&said.issuer).unwrap_or_default();
        let trust = match &self.authorities {
            Some(path) => Trust::of_pem(&path.display().to_string(), &input::bytes(path, input::TEXT_LIMIT)?),
            None if is_tls => Trust::of_system(),
            None => return Ok(self.with(Arc::new(Wire { agent: agent(None), trust: None }), host)),
        };
        let trust = trust.map_err(reach::failure)?;
        let agent = agent(Some(&trust));
        Ok(self.with(Arc::new(Wire { agent, trust: Some(trust) }), host))
    }

    fn with(&self, carrier: Arc<dyn Carrier>, host: String) -> servanda_server::Institution {
        let said = &self.said;
        servanda_server::Institution {
            issuer: said.issuer.clone(),
            client: said.client_id.clone(),
            secret: self.secret.clone(),
            scopes: said.scopes.clone().unwrap_or_default(),
            claim: said.claim.clone().unwrap_or_else(|| "sub".to_string()),
            name: said.name.clone().unwrap_or(host),
            carrier,
            known: servanda_server::Said::default(),
        }
    }
}

/// Opens the connections.
struct Wire {
    agent: ureq::Agent,
    trust: Option<Trust>,
}

fn agent(trust: Option<&Trust>) -> ureq::Agent {
    reach::agent(trust, Duration::from_secs(5), Duration::from_secs(10))
}

impl Wire {
    fn read(
        &self,
        url: &str,
        sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Vec<u8>, String> {
        let mut response = sent.map_err(|error| {
            let host = parts(url).map(|(_, host)| host).unwrap_or_default();
            let how = "`authorities` in `[serve.oidc]`";
            let trust = self.trust.as_ref();
            match trust.and_then(|trust| reach::refused_request(trust, &host, &error, how)) {
                Some(refused) => format!("{}; {}", refused.message, refused.remedy),
                None => format!("`{url}` does not answer: {error}"),
            }
        })?;
        let status = response.status();
        let body = response.body_mut().with_config().limit(LONGEST).read_to_vec();
        let body = body.map_err(|e| format!("the answer of `{url}` cannot be read: {e}"))?;
        if status != ureq::http::StatusCode::OK {
            // What an institution says of a mistake is short, and helps whoever runs this server.
            let said: String = String::from_utf8_lossy(&body).chars().take(200).collect();
            return Err(format!("`{url}` answers {status}: {said}"));
        }
        Ok(body)
    }
}

impl Carrier for Wire {
    fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        self.read(url, self.agent.get(url).header("accept", "application/json").call())
    }

    fn post(
        &self,
        url: &str,
        fields: &[(&str, &str)],
        basic: Option<(&str, &str)>,
    ) -> Result<Vec<u8>, String> {
        let mut request = self.agent.post(url).header("accept", "application/json");
        if let Some((name, secret)) = basic {
            request = request.header("authorization", &servanda_server::basic(name, secret));
        }
        self.read(url, request.send_form(fields.iter().copied()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Institution {
        let text = format!("[serve.oidc]\n{text}");
        let said = servanda_store::Serve::parse(std::path::Path::new("x.toml"), &text).unwrap().oidc.unwrap();
        Institution { said, secret: None, authorities: None }
    }

    #[test]
    fn an_institution_elsewhere_is_reached_with_tls_only() {
        let id = "client-id = \"servanda\"\n";
        for fine in ["https://id.example.org", "https://id.example.org/realms/a", "http://127.0.0.1:8080"] {
            of(&format!("issuer = \"{fine}\"\n{id}")).check().unwrap();
        }
        for wrong in ["http://id.example.org", "id.example.org", "ftp://127.0.0.1", "https://a/?b", ""] {
            assert!(of(&format!("issuer = \"{wrong}\"\n{id}")).check().is_err(), "{wrong}");
        }
        assert!(of("issuer = \"https://a\"\nclient-id = \" \"\n").check().is_err());
    }
}
