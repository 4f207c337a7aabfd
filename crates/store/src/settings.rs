//! `servanda.toml`: which agreement a workspace is about, and what is taken for granted there.
//!
//! Unknown keys are refused, so that a slip of the pen is not silently nothing.

use crate::error::{Error, Kind};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What `servanda.toml` says.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The agreement's file, from the workspace's root.
    pub agreement: String,
    /// Readings that are chosen unless the command line chooses another option.
    #[serde(default)]
    pub readings: BTreeMap<String, String>,
    /// The moment that answers speak of and are known at, where a case stands still; else it is now.
    #[serde(default)]
    pub clock: Clock,
    /// The page.
    #[serde(default)]
    pub serve: Serve,
    /// The database.
    #[serde(default)]
    pub store: Database,
    /// The vault.
    #[serde(default)]
    pub vault: VaultFolder,
    /// Plans that the page shows, by the name in their address.
    #[serde(default)]
    pub plans: BTreeMap<String, Plan>,
    /// There only where the workspace was made by the demonstration.
    pub demo: Option<Demo>,
}

/// A plan that the page shows.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Plan {
    /// A line for people; without it, the plan's name.
    pub title: Option<String>,
    /// What is asked of `servanda plan`, word by word; files are named from the workspace's root.
    pub ask: Vec<String>,
    /// The level of who may see it: CLEAR, GREEN, AMBER, AMBER+STRICT, RED; without it, AMBER+STRICT.
    pub marking: Option<String>,
    /// Only these parties and bodies may see it.
    pub releasable_to: Option<Vec<String>>,
    /// Only who holds all of these may see it.
    #[serde(default)]
    pub caveats: Vec<String>,
}

/// Where a case stands still: an exercise, or the past. Times as in an agreement, in its zone.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// The moment that answers speak of.
    pub at: Option<String>,
    /// The moment at which what was recorded by then is known.
    #[serde(rename = "known-at")]
    pub known_at: Option<String>,
}

/// The page.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Serve {
    /// Port.
    pub port: Option<u16>,
    /// Address to listen at; without it, the loopback address.
    pub listen: Option<String>,
    /// Names by which people open it, besides those of this machine.
    pub names: Option<Vec<String>>,
    /// File of its certificate and those that vouch for it, PEM.
    pub tls_certificate: Option<String>,
    /// File of the certificate's key, PEM.
    pub tls_key: Option<String>,
    /// Addresses of proxies that are believed about who asks.
    pub proxies: Option<Vec<String>>,
    /// Whoever is not signed in sees what is clear.
    pub public: Option<bool>,
    /// Signed in without doing anything, for so long at most.
    pub idle_minutes: Option<u32>,
    /// A password alone signs in.
    pub password_alone: Option<bool>,
    /// Signed in for so long at most.
    pub signed_in_hours: Option<u32>,
    /// Whoever carries it may read the metrics.
    pub metrics_token: Option<String>,
    /// File with that, one line.
    pub metrics_token_file: Option<String>,
    /// A program that looks into each file before it is taken, and its arguments.
    pub scan: Option<Vec<String>>,
    /// An institution that says who somebody is.
    pub oidc: Option<Oidc>,
}

/// An institution that says who somebody is, by OpenID Connect.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Oidc {
    /// Its address, as it names itself.
    pub issuer: String,
    /// What it calls this server.
    pub client_id: String,
    /// File with what this server proves itself by, one line; else the variable `SERVANDA_OIDC_SECRET`, else none.
    pub client_secret_file: Option<String>,
    /// What is asked for; `openid` always is.
    pub scopes: Option<Vec<String>>,
    /// The claim that names a person; without it `sub`.
    pub claim: Option<String>,
    /// What people call it, on the button.
    pub name: Option<String>,
    /// File of the authorities that are trusted to vouch for it, PEM; without it, those that the system trusts.
    pub authorities: Option<String>,
}

impl Serve {
    /// Reads a file of its own, which has nothing but `[serve]`.
    ///
    /// # Errors
    /// [`Error::is_settings`] with the line that is wrong.
    pub fn parse(path: &Path, text: &str) -> Result<Serve, Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Alone {
            serve: Serve,
        }
        read::<Alone>(path, text).map(|alone| alone.serve)
    }
}

/// The database.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// A PostgreSQL database, like `postgres://user@localhost/servanda`; without it, `servanda.db` in the folder. On another machine it
    /// is reached with TLS; `?sslrootcert=FILE` names the authorities that are trusted, from the workspace's root.
    pub url: Option<String>,
}

/// The vault of identities.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultFolder {
    /// Its folder, best on another disk; without it, `vault` in the workspace.
    pub path: Option<String>,
}

/// What the demonstration was made of.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demo {
    /// Seed of its exercise world.
    pub seed: u64,
}

fn read<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T, Error> {
    toml::from_str(text).map_err(|e| {
        let line = e.span().map(|s| text[..s.start.min(text.len())].matches('\n').count() + 1);
        let place = line.map_or(String::new(), |line| format!(", line {line}"));
        Error::new(Kind::Settings, format!("`{}`{place}: {}", path.display(), e.message())).help(
            "the keys are explained in docs/guides/workspace.md; `servanda new DIR` writes a commented file",
        )
    })
}

impl Settings {
    /// Reads the text of the file at `path`.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Settings, Error> {
        let settings: Settings = read(path, text)?;
        let own = Path::new(&settings.agreement);
        if own.is_absolute() || own.components().any(|c| c == std::path::Component::ParentDir) {
            let message =
                format!("`{}`: the agreement `{}` is outside the workspace", path.display(), own.display());
            return Err(
                Error::new(Kind::Settings, message).help("put the agreement into the workspace's folder")
            );
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Settings, Error> {
        Settings::parse(Path::new("servanda.toml"), text)
    }

    #[test]
    fn settings_are_read_and_slips_are_refused_with_their_line() {
        let read = parse("agreement = \"a.pact.md\"\n[readings]\ntruce = \"from-signature\"\n").unwrap();
        assert_eq!(read.agreement, "a.pact.md");
        assert_eq!(read.readings["truce"], "from-signature");
        for (text, words) in [
            ("agreement = \"a\"\n[readngs]\n", "line 2: unknown field `readngs`"),
            ("agreement = 1\n", "line 1: invalid type"),
            ("\n\nagreement = \"a\n", "line 3"),
            ("[readings]\n", "missing field `agreement`"),
            ("agreement = \"../a\"\n", "outside the workspace"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.is_settings() && error.to_string().contains(words), "{text:?} gave {error}");
        }
    }
}
