//! Whom a connection that this program opens believes: which authorities may vouch for the other end, and in words why one was
//! not believed.
//!
//! What it deliberately does not do: open a connection (the database, the broker and the server of an outbox are reached with
//! libraries of their own), read a file that a user named (its bytes are handed in), prove who *we* are to the other end.
//!
//! Invariants
//! - the certificate and the name of the other end are always checked; there is no switch that turns it off;
//! - who names a file of authorities trusts those alone, and else the store of this machine's system; no list is compiled in;
//! - nothing older than TLS 1.2;
//! - a refusal names the host, what was wrong, and what to do.
//!
//! Where to start reading: [`Trust`], then `refused`.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, ClientConfig, RootCertStore, crypto::ring};
use std::error::Error as StdError;
use std::net::IpAddr;
use std::sync::Arc;

pub use rustls::crypto::CryptoProvider;

/// Authorities that may vouch for the other end of a connection.
#[derive(Clone, Debug)]
pub struct Trust {
    config: Arc<ClientConfig>,
    authorities: Vec<CertificateDer<'static>>,
    /// Where they come from, as it is said to a reader.
    from: String,
}

/// Why the other end was not believed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// What was wrong; names the host.
    pub message: String,
    /// What to do next.
    pub remedy: String,
}

/// The provider of cryptography, the same everywhere in the program.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

impl Trust {
    /// The authorities of a file, and no others: PEM, one or several certificates. `name` is the file's, as the user wrote it.
    ///
    /// # Errors
    /// Where it has no certificate, or one that cannot be read.
    pub fn of_pem(name: &str, pem: &[u8]) -> Result<Trust, Refused> {
        let refused = |why: String| Refused {
            message: format!("`{name}` is no file of certificates: {why}"),
            remedy:
                "give the certificate of the authority as PEM: it begins with `-----BEGIN CERTIFICATE-----`"
                    .to_string(),
        };
        let all: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|e| refused(format!("it cannot be read as PEM ({e})")))?;
        if all.is_empty() {
            return Err(refused("it has no `BEGIN CERTIFICATE`".to_string()));
        }
        let mut roots = RootCertStore::empty();
        for (at, one) in all.iter().enumerate() {
            roots
                .add(one.clone())
                .map_err(|e| refused(format!("its certificate {} cannot be used ({e})", at + 1)))?;
        }
        Trust::with(roots, all, format!("the authorities in `{name}`"))
    }

    /// The authorities that this machine's system trusts.
    ///
    /// # Errors
    /// Where the system has none.
    pub fn of_system() -> Result<Trust, Refused> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        // A system's store may hold one that is too old to be read; the others stand.
        let all: Vec<CertificateDer<'static>> =
            found.certs.into_iter().filter(|one| roots.add(one.clone()).is_ok()).collect();
        if all.is_empty() {
            let why = found.errors.first().map_or(String::new(), |e| format!(" ({e})"));
            return Err(Refused {
                message: format!("the system of this machine trusts no authority{why}"),
                remedy: "install its list (Debian: `apt-get install ca-certificates`), or name a file of authorities"
                    .to_string(),
            });
        }
        Trust::with(roots, all, "the authorities that this machine trusts".to_string())
    }

    fn with(
        roots: RootCertStore,
        authorities: Vec<CertificateDer<'static>>,
        from: String,
    ) -> Result<Trust, Refused> {
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|e| Refused {
                message: format!("TLS cannot be used: {e}"),
                remedy: "this is a fault of the program; report it".to_string(),
            })?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Trust { config: Arc::new(config), authorities, from })
    }

    /// For a library that opens connections.
    pub fn config(&self) -> Arc<ClientConfig> {
        self.config.clone()
    }

    /// The certificates of the authorities, DER, for a library that makes its own configuration.
    pub fn authorities(&self) -> impl Iterator<Item = &[u8]> {
        self.authorities.iter().map(AsRef::as_ref)
    }

    /// Where the authorities come from, in words.
    pub fn from(&self) -> &str {
        &self.from
    }

    /// Why a connection to `host` failed, where TLS was the reason; `how` says how a file of authorities is named there
    /// (`--ca FILE`). `None`: the reason is another.
    pub fn refused(&self, host: &str, error: &(dyn StdError + 'static), how: &str) -> Option<Refused> {
        refused(host, error, &self.from, how)
    }
}

/// Whether a host is this machine, so that what is sent to it passes no network.
pub fn is_here(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse().is_ok_and(|address: IpAddr| address.to_canonical().is_loopback())
}

/// What went wrong with TLS, as it was handed up by whatever library: looked for in the error and in those beneath it.
fn cause<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e rustls::Error> {
    let mut next: Option<&'e (dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        // What a stream reports hides its cause from the chain.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

fn refused(host: &str, error: &(dyn StdError + 'static), from: &str, how: &str) -> Option<Refused> {
    use CertificateError as Wrong;
    let error = cause(error)?;
    let renew = "whoever runs it has to renew its certificate; nothing was sent to it".to_string();
    let (message, remedy) = match error {
        rustls::Error::InvalidCertificate(wrong) => match wrong {
            // A signature that does not fit: an authority of the same name with another key.
            Wrong::UnknownIssuer | Wrong::BadSignature => (
                format!("`{host}` is not believed: its certificate comes from an authority that is unknown to {from}"),
                format!("if the authority is your own, name its certificate with {how}; if not, somebody may be in between"),
            ),
            Wrong::NotValidForName => (
                format!("`{host}` is not believed: its certificate is for another name"),
                "reach it by the name in its certificate, or have the name added to it (as a subject alternative name)"
                    .to_string(),
            ),
            Wrong::NotValidForNameContext { presented, .. } => {
                let names = match presented.as_slice() {
                    [] => "no name at all (as a subject alternative name)".to_string(),
                    names => names.iter().map(|name| format!("`{}`", plain(name))).collect::<Vec<_>>().join(", "),
                };
                (
                    format!("`{host}` is not believed: its certificate is for {names}"),
                    "reach it by a name in its certificate, or have this one added to it; if it ought to be there already, \
                     somebody may be in between"
                        .to_string(),
                )
            }
            Wrong::Expired | Wrong::ExpiredContext { .. } => {
                let ago = match wrong {
                    Wrong::ExpiredContext { time, not_after } => {
                        format!(", {} ago", days(time.as_secs().saturating_sub(not_after.as_secs())))
                    }
                    _ => String::new(),
                };
                (
                    format!("`{host}` is not believed: its certificate has expired{ago}, by this machine's clock"),
                    renew,
                )
            }
            Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => (
                format!("`{host}` is not believed: its certificate is not valid yet, by this machine's clock"),
                "look whether this machine's clock is right".to_string(),
            ),
            Wrong::Revoked => (format!("`{host}` is not believed: its certificate was revoked"), renew),
            other => (
                format!("`{host}` is not believed: its certificate is not usable ({other})"),
                format!(
                    "it needs a certificate of its own, signed by an authority that is named with {how} (`openssl verify -CAfile` shows more)"
                ),
            ),
        },
        rustls::Error::InvalidMessage(_) => (
            format!("`{host}` does not speak TLS there"),
            "look whether the port is the one for TLS; nothing was sent in clear".to_string(),
        ),
        rustls::Error::AlertReceived(alert) => (
            format!("`{host}` refused the TLS connection ({alert:?})"),
            "look at its log: it may ask for a certificate of ours, or speak nothing newer than TLS 1.1".to_string(),
        ),
        other => (
            format!("no TLS connection to `{host}` came about ({other})"),
            "look at the log of the other end; nothing was sent in clear".to_string(),
        ),
    };
    Some(Refused { message, remedy })
}

/// A name out of a certificate: what somebody else wrote, so that it steers no terminal.
fn plain(name: &str) -> String {
    let name = name.strip_prefix("DnsName(\"").and_then(|rest| rest.strip_suffix("\")")).unwrap_or(name);
    name.chars().filter(|c| !c.is_control()).take(100).collect()
}

fn days(seconds: u64) -> String {
    match seconds / 86_400 {
        0 => "less than a day".to_string(),
        1 => "1 day".to_string(),
        days => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use rustls::pki_types::{PrivateKeyDer, ServerName};
    use rustls::{ClientConnection, ServerConfig, ServerConnection};

    fn authority() -> CertifiedIssuer<'static, KeyPair> {
        let mut of = CertificateParams::new(Vec::new()).unwrap();
        of.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(of, KeyPair::generate().unwrap()).unwrap()
    }

    fn server(
        by: &CertifiedIssuer<'static, KeyPair>,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Arc<ServerConfig> {
        let mut of =
            CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
        change(&mut of);
        let key = KeyPair::generate().unwrap();
        let certificate = of.signed_by(&key, by).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Arc::new(config)
    }

    /// Shakes hands in memory; gives what the client says of it.
    fn shake(trust: &Trust, host: &str, server: &Arc<ServerConfig>) -> Result<(), Refused> {
        let name = ServerName::try_from(host.to_string()).unwrap();
        let mut client = ClientConnection::new(trust.config(), name).unwrap();
        let mut server = ServerConnection::new(server.clone()).unwrap();
        let mut wire = Vec::new();
        for _ in 0..10 {
            wire.clear();
            while client.wants_write() {
                client.write_tls(&mut wire).unwrap();
            }
            server.read_tls(&mut wire.as_slice()).unwrap();
            server.process_new_packets().unwrap();
            wire.clear();
            while server.wants_write() {
                server.write_tls(&mut wire).unwrap();
            }
            client.read_tls(&mut wire.as_slice()).unwrap();
            if let Err(error) = client.process_new_packets() {
                // As a stream hands it up, and as a library wraps that once more.
                let error = std::io::Error::new(std::io::ErrorKind::InvalidData, error);
                return Err(trust.refused(host, &error, "`--ca FILE`").unwrap());
            }
            if !client.is_handshaking() {
                return Ok(());
            }
        }
        panic!("the handshake does not end");
    }

    #[test]
    fn who_is_not_believed_is_told_why() {
        let (ours, theirs) = (authority(), authority());
        let trust = Trust::of_pem("ca.pem", ours.pem().as_bytes()).unwrap();
        let fine = server(&ours, &["db.example.org"], |_| {});
        assert_eq!(shake(&trust, "db.example.org", &fine), Ok(()));
        let said = |host: &str, server: &Arc<ServerConfig>| {
            let refused = shake(&trust, host, server).unwrap_err();
            assert!(refused.message.contains(host), "{refused:?}");
            format!("{}; {}", refused.message, refused.remedy)
        };
        let other = said("db.example.org", &server(&theirs, &["db.example.org"], |_| {}));
        assert!(
            other.contains("unknown to the authorities in `ca.pem`") && other.contains("--ca FILE"),
            "{other}"
        );
        let name = said("db2.example.org", &fine);
        assert!(name.contains("its certificate is for `db.example.org`"), "{name}");
        let none = said("db.example.org", &server(&ours, &[], |_| {}));
        assert!(none.contains("no name at all"), "{none}");
        let old = server(&ours, &["db.example.org"], |of| {
            of.not_before = rcgen::date_time_ymd(2020, 1, 1);
            of.not_after = rcgen::date_time_ymd(2020, 2, 1);
        });
        let old = said("db.example.org", &old);
        assert!(old.contains("has expired, ") && old.contains("days ago") && old.contains("renew"), "{old}");
        let soon = server(&ours, &["db.example.org"], |of| of.not_before = rcgen::date_time_ymd(2990, 1, 1));
        let soon = said("db.example.org", &soon);
        assert!(soon.contains("not valid yet") && soon.contains("clock"), "{soon}");
        // A certificate that vouches for others is no server's own.
        let own =
            server(&ours, &["db.example.org"], |of| of.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
        let own = said("db.example.org", &own);
        assert!(own.contains("is not usable"), "{own}");
    }

    #[test]
    fn an_answer_that_is_not_tls_is_named() {
        let trust = Trust::of_pem("ca.pem", authority().pem().as_bytes()).unwrap();
        let name = ServerName::try_from("db.example.org").unwrap();
        let mut client = ClientConnection::new(trust.config(), name).unwrap();
        client.read_tls(&mut b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice()).unwrap();
        let error = client.process_new_packets().unwrap_err();
        let said = trust.refused("db.example.org", &error, "`--ca FILE`").unwrap();
        assert!(said.message.contains("`db.example.org` does not speak TLS"), "{said:?}");
        let other = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert_eq!(trust.refused("db.example.org", &other, ""), None);
    }

    #[test]
    fn a_file_without_authorities_is_refused() {
        for (text, words) in [
            ("", "no `BEGIN CERTIFICATE`"),
            ("hello", "no `BEGIN CERTIFICATE`"),
            ("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n", "cannot be read as PEM"),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                "certificate 1 cannot be used",
            ),
        ] {
            let refused = Trust::of_pem("ca.pem", text.as_bytes()).unwrap_err();
            assert!(refused.message.contains(words) && refused.message.contains("`ca.pem`"), "{refused:?}");
        }
    }

    #[test]
    fn only_this_machine_is_here() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "::ffff:127.0.0.1"] {
            assert!(is_here(host), "{host}");
        }
        for host in ["", "10.0.0.1", "localhost.example.org", "db", "::2", "0.0.0.0"] {
            assert!(!is_here(host), "{host}");
        }
    }
}
