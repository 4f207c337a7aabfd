//! Reaching another machine: whose certificates are trusted, and that nothing goes in clear unless that was said.
//!
//! Invariants
//! - what leaves this machine is encrypted, or `--in-clear` was given by name;
//! - where encryption was asked for and fails, nothing is sent otherwise.

use crate::failure::Failure;
use crate::input;
use servanda_trust::{Refused, Trust, is_here};
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How a file of authorities is named on the command line.
pub const CA: &str = "`--ca FILE`";

#[derive(clap::Args, Default)]
pub struct Reach {
    /// File of the authorities that are trusted, PEM, and no others [default: those that this machine's system trusts]
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Speak to another machine without encryption: everybody on the way can read it
    #[arg(long, conflicts_with = "ca")]
    in_clear: bool,
}

impl Reach {
    /// Whether a file of authorities was named.
    pub fn names_authorities(&self) -> bool {
        self.ca.is_some()
    }

    /// Whose certificates are trusted.
    pub fn trust(&self) -> Result<Trust, Failure> {
        let trust = match &self.ca {
            Some(path) => Trust::of_pem(&path.display().to_string(), &input::bytes(path, input::TEXT_LIMIT)?),
            None => Trust::of_system(),
        };
        trust.map_err(failure)
    }

    /// Refuses a connection in clear to another machine; `instead` is the address to write.
    pub fn in_clear(&self, host: &str, instead: &str) -> Result<(), Failure> {
        if self.ca.is_some() {
            return Err(Failure::new("authorities are named, and the address is one without encryption")
                .help(format!("write `{instead}`, or leave --ca out")));
        }
        if self.in_clear || is_here(host) {
            return Ok(());
        }
        Err(Failure::new(format!(
            "`{host}` is another machine, and what is sent to it would be read by everybody on the way"
        ))
        .help(format!("write `{instead}`; --in-clear sends it in clear all the same")))
    }
}

/// Why a connection failed, where TLS was the reason.
pub fn refused(trust: &Trust, host: &str, error: &(dyn Error + 'static)) -> Option<Refused> {
    trust.refused(host, error, CA)
}

/// The same of a request that was not answered. What its error wraps is not told by its `source`.
pub fn refused_request(trust: &Trust, host: &str, error: &ureq::Error, how: &str) -> Option<Refused> {
    let cause: &(dyn Error + 'static) = match error {
        ureq::Error::Io(inner) => inner,
        ureq::Error::Rustls(inner) => inner,
        other => other,
    };
    trust.refused(host, cause, how)
}

/// What sends requests: to the address that was said and nowhere else, with TLS where somebody is trusted, and not for longer than
/// `connecting` and `whole`.
pub fn agent(trust: Option<&Trust>, connecting: Duration, whole: Duration) -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .timeout_connect(Some(connecting))
        .timeout_global(Some(whole))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .https_only(trust.is_some());
    let Some(trust) = trust else { return config.build().into() };
    let authorities =
        trust.authorities().map(|der| ureq::tls::Certificate::from_der(der).to_owned()).collect();
    let tls = ureq::tls::TlsConfig::builder()
        .provider(ureq::tls::TlsProvider::Rustls)
        .root_certs(ureq::tls::RootCerts::Specific(Arc::new(authorities)))
        .unversioned_rustls_crypto_provider(servanda_trust::provider())
        .build();
    config.tls_config(tls).build().into()
}

pub fn failure(refused: Refused) -> Failure {
    Failure::new(refused.message).help(refused.remedy)
}
