//! How the page is served: each value from the command line, the environment, a file of its own or the workspace, in this order.
//!
//! Invariants
//! - where a value came from is known and can be printed;
//! - what would let passwords travel in clear, or let strangers in as the keeper, is refused before anything listens.
//!
//! Where to start reading: [`Effective::of`].

use crate::failure::Failure;
use crate::input;
use crate::institution::Institution;
use servanda_server::{Scanner, Standing, Tls};
use servanda_store::{Serve, sha256};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where the page is, unless something else is said.
pub const PORT: u16 = 7400;
/// Nobody stays signed in longer, in hours.
const LONGEST_HOURS: u32 = 24;

/// What the command line says.
#[derive(clap::Args, Default)]
pub struct Line {
    /// Port; 0 takes any that is free [default: 7400, or `[serve] port` of the workspace]
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,
    /// Address to listen at; other than this machine's own it needs accounts, a name, and TLS or a proxy [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// A file with a `[serve]` section that goes before the workspace's own
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print the effective configuration with where each value comes from, and end
    #[arg(long)]
    pub print_config: bool,
}

/// All values, and a line on each.
#[derive(Debug)]
pub struct Effective {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its certificate.
    tls: Option<(PathBuf, PathBuf)>,
    /// For the server.
    pub standing: Standing,
    /// An institution that says who somebody is.
    institution: Option<Institution>,
    lines: Vec<(String, String, String)>,
}

/// One value, found in the first place that has it.
struct Found<T> {
    value: Option<T>,
    from: String,
}

/// Looks in all places, in order.
struct Places<'a> {
    file: Serve,
    workspace: Serve,
    environment: &'a dyn Fn(&str) -> Option<String>,
}

fn listed(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|one| !one.is_empty()).map(String::from).collect()
}

fn variable(key: &str) -> String {
    format!("SERVANDA_{}", key.to_uppercase().replace('-', "_"))
}

impl Places<'_> {
    fn find<T>(
        &self,
        key: &str,
        line: Option<T>,
        read: impl Fn(&str) -> Option<T>,
        of: impl Fn(&Serve) -> Option<T>,
    ) -> Result<Found<T>, Failure> {
        let found = |value: T, from: &str| Found { value: Some(value), from: from.to_string() };
        if let Some(value) = line {
            return Ok(found(value, "command line"));
        }
        let variable = variable(key);
        if let Some(text) = (self.environment)(&variable).filter(|text| !text.is_empty()) {
            let Some(value) = read(&text) else {
                let failure =
                    Failure::new(format!("`{variable}` is `{text}`, which is no value for `{key}`"));
                return Err(failure.help("docs/guides/team-server.md has every key"));
            };
            return Ok(found(value, &variable));
        }
        for (serve, from) in [(&self.file, "--config"), (&self.workspace, "servanda.toml")] {
            if let Some(value) = of(serve) {
                return Ok(found(value, from));
            }
        }
        Ok(Found { value: None, from: "default".to_string() })
    }
}

fn parsed<T: FromStr>(text: &str) -> Option<T> {
    text.trim().parse().ok()
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

fn address(text: &str) -> Result<(IpAddr, Option<u16>), Failure> {
    let alone = text.trim().trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = alone.parse::<IpAddr>() {
        return Ok((address, None));
    }
    text.trim().parse::<SocketAddr>().map(|both| (both.ip(), Some(both.port()))).map_err(|_| {
        Failure::new(format!("`{text}` is no address to listen at"))
            .help("write it like `0.0.0.0`, `192.0.2.7:7443` or `[::]:7443`")
    })
}

impl Effective {
    /// Puts all together. `root` is the workspace's.
    pub fn of(
        line: &Line,
        workspace: Option<(&Path, &Serve)>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Effective, Failure> {
        let file = match &line.config {
            Some(path) => Serve::parse(path, &input::text(path)?)?,
            None => Serve::default(),
        };
        let places = Places {
            file,
            workspace: workspace.map(|(_, serve)| serve.clone()).unwrap_or_default(),
            environment,
        };
        let mut lines = Vec::new();
        let mut note = |key: &str, shown: String, from: &str| {
            lines.push((key.to_string(), shown, from.to_string()));
        };

        let listen =
            places.find("listen", line.listen.clone(), |t| Some(t.to_string()), |s| s.listen.clone())?;
        let port = places.find("port", line.port, parsed, |s| s.port)?;
        let (host, own_port) = match &listen.value {
            Some(text) => address(text)?,
            None => (Ipv4Addr::LOCALHOST.into(), None),
        };
        note("listen", quoted(&host.to_string()), &listen.from);
        let (port, from) = match (port.value, own_port) {
            // What is said nearer to the command line goes first; of one place, the port by itself.
            (Some(port), None) => (port, port_from(&port, &places, line)),
            (Some(_), Some(own)) if line.port.is_none() && line.listen.is_some() => {
                (own, listen.from.clone())
            }
            (Some(port), Some(_)) => (port, port_from(&port, &places, line)),
            (None, Some(own)) => (own, listen.from.clone()),
            (None, None) => (PORT, "default".to_string()),
        };
        note("port", port.to_string(), &from);

        let names = places.find("names", None, |t| Some(listed(t)), |s| s.names.clone())?;
        let all_names = names.value.unwrap_or_default();
        note("names", format!("{all_names:?}"), &names.from);
        let certificate =
            places.find("tls-certificate", None, |t| Some(t.to_string()), |s| s.tls_certificate.clone())?;
        let key = places.find("tls-key", None, |t| Some(t.to_string()), |s| s.tls_key.clone())?;
        for (name, found) in [("tls-certificate", &certificate), ("tls-key", &key)] {
            note(name, found.value.as_deref().map_or("none".to_string(), quoted), &found.from);
        }
        let within = |text: &str, from: &str| match workspace {
            // What a file of the workspace names lies in it.
            Some((root, _)) if from == "servanda.toml" => root.join(text),
            _ => PathBuf::from(text),
        };
        let tls = match (&certificate.value, &key.value) {
            (Some(one), Some(other)) => Some((within(one, &certificate.from), within(other, &key.from))),
            (None, None) => None,
            _ => {
                return Err(Failure::new("`tls-certificate` and `tls-key` go together, and one is missing")
                    .help("both name PEM files"));
            }
        };
        let proxies = places.find("proxies", None, |t| Some(listed(t)), |s| s.proxies.clone())?;
        let proxy_texts = proxies.value.unwrap_or_default();
        note("proxies", format!("{proxy_texts:?}"), &proxies.from);
        let mut proxies = BTreeSet::new();
        for text in &proxy_texts {
            proxies.insert(text.parse::<IpAddr>().map_err(|_| {
                Failure::new(format!("`{text}` is no address of a proxy")).help("write it like `127.0.0.1`")
            })?);
        }
        let public = places.find("public", None, parsed, |s| s.public)?;
        let is_public = public.value.unwrap_or(false);
        note("public", is_public.to_string(), &public.from);
        let alone = places.find("password-alone", None, parsed, |s| s.password_alone)?;
        let password_alone = alone.value.unwrap_or(true);
        note("password-alone", password_alone.to_string(), &alone.from);
        let idle = places.find("idle-minutes", None, parsed, |s| s.idle_minutes)?;
        let idle_minutes = idle.value.unwrap_or(60);
        note("idle-minutes", idle_minutes.to_string(), &idle.from);
        let hours = places.find("signed-in-hours", None, parsed, |s| s.signed_in_hours)?;
        let signed_in_hours = hours.value.unwrap_or(12);
        note("signed-in-hours", signed_in_hours.to_string(), &hours.from);
        if idle_minutes == 0 || signed_in_hours == 0 || signed_in_hours > LONGEST_HOURS {
            return Err(Failure::new("`idle-minutes` and `signed-in-hours` are at least 1")
                .help(format!("and `signed-in-hours` at most {LONGEST_HOURS}")));
        }
        let token =
            places.find("metrics-token", None, |t| Some(t.to_string()), |s| s.metrics_token.clone())?;
        let token_file = places.find(
            "metrics-token-file",
            None,
            |t| Some(t.to_string()),
            |s| s.metrics_token_file.clone(),
        )?;
        note(
            "metrics-token-file",
            token_file.value.as_deref().map_or("none".to_string(), quoted),
            &token_file.from,
        );
        let token = match (token.value, &token_file.value) {
            (Some(_), Some(_)) => {
                return Err(Failure::new(
                    "`metrics-token` and `metrics-token-file` say the same thing twice",
                )
                .help("leave one of them out"));
            }
            (None, Some(path)) => {
                let text = input::text(&within(path, &token_file.from))?.trim().to_string();
                Found { value: Some(text), from: "metrics-token-file".to_string() }
            }
            (value, None) => Found { value, from: token.from },
        };
        let hidden = if token.value.is_some() { "\"(not shown)\"" } else { "none" };
        note("metrics-token", hidden.to_string(), &token.from);
        if token.value.as_ref().is_some_and(|token| token.len() < 16) {
            return Err(Failure::new("`metrics-token` has fewer than 16 characters")
                .help("`openssl rand -hex 16` makes one"));
        }
        let scan = places.find("scan", None, |t| Some(listed(t)), |s| s.scan.clone())?;
        note("scan", scan.value.as_ref().map_or("none".to_string(), |all| format!("{all:?}")), &scan.from);
        let scan = match scan.value.as_deref() {
            None => None,
            Some([program, arguments @ ..]) if !program.is_empty() => {
                Some(Scanner { program: program.clone(), arguments: arguments.to_vec() })
            }
            Some(_) => {
                return Err(Failure::new("`scan` names no program").help(
                    "write a program and its arguments, such as `scan = [\"clamdscan\", \"--no-summary\", \"-\"]`, or leave it out",
                ));
            }
        };
        let oidc = places.find("oidc", None, |_| None, |s| s.oidc.clone())?;
        let institution = match oidc.value {
            None => {
                note("oidc", "none".to_string(), &oidc.from);
                None
            }
            Some(one) => {
                let from = oidc.from.as_str();
                let file = one.client_secret_file.as_deref().map(|path| within(path, from));
                let secret = match (environment("SERVANDA_OIDC_SECRET").filter(|s| !s.is_empty()), &file) {
                    (Some(secret), _) => Some(secret),
                    (None, Some(path)) => Some(input::text(path)?.trim().to_string()),
                    (None, None) => None,
                };
                let authorities = one.authorities.as_deref().map(|path| within(path, from));
                let found = Institution { said: one, secret, authorities };
                found.check()?;
                note("oidc", found.shown(), &oidc.from);
                Some(found)
            }
        };
        // Cookies of one machine are shared between its ports.
        let whose = workspace.map_or(String::new(), |(root, _)| root.display().to_string());
        let of = sha256(format!("{whose}:{port}").as_bytes());
        let standing = Standing {
            names: all_names.into_iter().collect(),
            is_tls: tls.is_some(),
            proxies,
            is_public,
            password_alone,
            idle: i64::from(idle_minutes) * 60_000,
            longest: i64::from(signed_in_hours) * 3_600_000,
            metrics_token: token.value,
            cookie: format!("servanda-{}", of.get(..8).unwrap_or_default()),
            scan,
        };
        Ok(Effective { address: SocketAddr::new(host, port), tls, standing, institution, lines })
    }

    /// The text of `--print-config`: the section that would say the same.
    pub fn text(&self) -> String {
        let mut out = String::from("[serve]\n");
        for (key, value, from) in &self.lines {
            // What has no value is no key.
            let (sign, value) = if value == "none" { ("# ", "") } else { ("", value.as_str()) };
            out.push_str(&format!("{sign}{key} = {value}  # {from}\n"));
        }
        out
    }

    /// Refuses what is not safe. `has_accounts`: people can sign in.
    pub fn check(&self, has_accounts: bool) -> Result<(), Failure> {
        if self.address.ip().is_loopback() && self.standing.proxies.is_empty() {
            return Ok(());
        }
        let elsewhere = || Failure::new(format!("`{}` can be reached from other machines", self.address));
        if !self.standing.is_tls && self.standing.proxies.is_empty() {
            return Err(elsewhere()
                .help("passwords would travel in clear: give it `tls-certificate` and `tls-key`")
                .help(
                    "or let it listen at 127.0.0.1 behind a proxy that does TLS, and name that in `proxies`",
                ));
        }
        if self.standing.names.is_empty() {
            return Err(Failure::new("the server does not know by which name people will open it")
                .help("say it in servanda.toml: `[serve]` with `names = [\"truce.example.org\"]`"));
        }
        if !has_accounts && !self.standing.is_public {
            return Err(Failure::new("there are no accounts, so nobody could sign in").help(
                "make one: `servanda account set NAME --role reader --clearance TLP:AMBER --password-stdin`",
            ));
        }
        Ok(())
    }

    /// The institution, with whoever carries questions to it.
    pub fn institution(&self) -> Result<Option<servanda_server::Institution>, Failure> {
        self.institution.as_ref().map(Institution::reached).transpose()
    }

    /// Its certificate, read.
    pub fn tls(&self) -> Result<Option<Tls>, Failure> {
        let Some((certificate, key)) = &self.tls else { return Ok(None) };
        let read = |path: &Path| input::bytes(path, 1 << 20);
        let tls = Tls::new(&read(certificate)?, &read(key)?);
        tls.map(Some).map_err(|why| {
            Failure::new(format!("`{}` and `{}`: {why}", certificate.display(), key.display()))
                .help("both are PEM files: the certificate with those that vouch for it, and its key")
        })
    }
}

/// Where a port that was found came from.
fn port_from(port: &u16, places: &Places<'_>, line: &Line) -> String {
    places.find("port", line.port, parsed, |s| s.port).map_or_else(|_| port.to_string(), |found| found.from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serve(text: &str) -> Serve {
        Serve::parse(Path::new("x.toml"), &format!("[serve]\n{text}")).unwrap()
    }

    fn effective(line: &Line, own: &str, environment: &[(&str, &str)]) -> Result<Effective, Failure> {
        let own = serve(own);
        let look = |name: &str| {
            environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_string())
        };
        Effective::of(line, Some((Path::new("mission"), &own)), &look)
    }

    #[test]
    fn the_nearest_place_decides_and_says_so() {
        let own = "port = 8000\nidle-minutes = 30\nmetrics-token = \"0123456789abcdef\"\n";
        let line = Line { port: Some(9000), ..Line::default() };
        let found =
            effective(&line, own, &[("SERVANDA_IDLE_MINUTES", "15"), ("SERVANDA_PORT", "8500")]).unwrap();
        assert_eq!(found.address.port(), 9000);
        assert_eq!(found.standing.idle, 15 * 60_000);
        assert!(found.standing.password_alone);
        let no =
            effective(&Line::default(), "password-alone = true", &[("SERVANDA_PASSWORD_ALONE", "false")]);
        assert!(!no.unwrap().standing.password_alone);
        let text = found.text();
        for words in [
            "port = 9000  # command line",
            "idle-minutes = 15  # SERVANDA_IDLE_MINUTES",
            "signed-in-hours = 12  # default",
            "metrics-token = \"(not shown)\"  # servanda.toml",
            "# tls-key =   # default",
        ] {
            assert!(text.contains(words), "{words} is not in\n{text}");
        }
        assert!(!text.contains("0123456789abcdef"));
        assert!(Serve::parse(Path::new("x"), &text).is_ok(), "what is printed can be read again");
        let found = effective(&Line::default(), own, &[("SERVANDA_PORT", "8500")]).unwrap();
        assert_eq!(found.address.port(), 8500);
        let listen = Line { listen: Some("[::1]:7443".into()), ..Line::default() };
        assert_eq!(effective(&listen, own, &[]).unwrap().address.to_string(), "[::1]:7443");
        assert!(effective(&Line::default(), "", &[("SERVANDA_PORT", "many")]).is_err());
        assert!(effective(&Line::default(), "proxies = [\"here\"]", &[]).is_err());
        assert!(effective(&Line::default(), "tls-key = \"k\"", &[]).is_err());
        assert!(effective(&Line::default(), "metrics-token = \"short\"", &[]).is_err());
        assert!(effective(&Line::default(), "signed-in-hours = 200", &[]).is_err());
        assert!(effective(&Line::default(), "scan = []", &[]).is_err());
    }

    #[test]
    fn a_scanner_and_a_token_come_from_where_they_are_named() {
        let own = "scan = [\"clamdscan\", \"-\"]\n";
        let scanner = |arguments: &[&str]| Scanner {
            program: "clamdscan".into(),
            arguments: arguments.iter().map(|one| one.to_string()).collect(),
        };
        let found = effective(&Line::default(), own, &[]).unwrap();
        assert_eq!(found.standing.scan, Some(scanner(&["-"])));
        assert!(found.text().contains("scan = [\"clamdscan\", \"-\"]  # servanda.toml"), "{}", found.text());
        assert!(Serve::parse(Path::new("x"), &found.text()).is_ok());
        let found = effective(&Line::default(), own, &[("SERVANDA_SCAN", "clamdscan, --no-summary, -")]);
        assert_eq!(found.unwrap().standing.scan, Some(scanner(&["--no-summary", "-"])));

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "0123456789abcdef\n").unwrap();
        let named = format!("metrics-token-file = {file:?}\n");
        let found = effective(&Line::default(), &named, &[]).unwrap();
        assert_eq!(found.standing.metrics_token.as_deref(), Some("0123456789abcdef"));
        assert!(!found.text().contains("0123456789abcdef"));
        let twice = format!("{named}metrics-token = \"0123456789abcdef\"\n");
        assert!(effective(&Line::default(), &twice, &[]).is_err());
        assert!(effective(&Line::default(), "metrics-token-file = \"/no/such/file\"", &[]).is_err());
    }

    /// ASVS 5.0: 12.2.1 (TLS for all that comes from outside), 13.4.2 (no way in by default).
    #[test]
    fn v12_2_1_other_machines_get_in_with_accounts_a_name_and_tls_only() {
        let check = |own: &str, accounts| effective(&Line::default(), own, &[]).unwrap().check(accounts);
        let tls = "tls-certificate = \"c\"\ntls-key = \"k\"\n";
        let name = "names = [\"truce.example.org\"]\n";
        check("", false).unwrap();
        for (own, accounts) in [
            ("listen = \"0.0.0.0\"\n".to_string(), true),
            (format!("listen = \"0.0.0.0\"\n{name}"), true),
            (format!("listen = \"0.0.0.0\"\n{tls}"), true),
            (format!("listen = \"0.0.0.0\"\n{tls}{name}"), false),
            (format!("proxies = [\"127.0.0.1\"]\n{name}"), false),
            ("proxies = [\"127.0.0.1\"]\n".to_string(), true),
        ] {
            assert!(check(&own, accounts).is_err(), "{own}");
        }
        check(&format!("listen = \"0.0.0.0\"\n{tls}{name}"), true).unwrap();
        check(&format!("proxies = [\"127.0.0.1\"]\n{name}"), true).unwrap();
        check(&format!("listen = \"0.0.0.0\"\n{tls}{name}public = true\n"), false).unwrap();
    }
}
