//! The running server against programs that we did not write: schemathesis draws requests from our OpenAPI document, and an OpenID
//! provider signs people in.
//!
//! `SERVANDA_PYTHON` names a Python that has both (`python3` without it); `SERVANDA_FOREIGN=must`, as `.ci/run` sets it, makes a missing
//! one a failure.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

fn named(name: &str, otherwise: &str) -> String {
    std::env::var(name).ok().filter(|value| !value.is_empty()).unwrap_or_else(|| otherwise.to_string())
}

/// A Python that has this package; `None`, loudly, where there is none and that is allowed.
fn python(package: &str) -> Option<String> {
    let python = named("SERVANDA_PYTHON", "python3");
    let has = Command::new(&python)
        .args(["-c", &format!("import {package}")])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if has {
        return Some(python);
    }
    assert_ne!(named("SERVANDA_FOREIGN", ""), "must", "`{python}` has no package `{package}`");
    eprintln!("SKIPPED: `{python}` has no package `{package}`; `.ci/run` installs it");
    None
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn servanda(arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_servanda"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{arguments:?}: {err}");
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// Serves a folder; gives where.
fn serve(folder: &Path, more: &[&str]) -> (Running, String) {
    serve_telling(folder, more, Stdio::null())
}

/// The same, with a place for what it tells.
fn serve_telling(folder: &Path, more: &[&str], log: Stdio) -> (Running, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_servanda"))
        .args(["serve", folder.to_str().unwrap(), "--port", "0"])
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let running = Running(child);
    let line = lines.find(|line| line.as_ref().is_ok_and(|l| l.starts_with("serving "))).unwrap().unwrap();
    let url = line.split_whitespace().nth(1).unwrap().to_string();
    (running, url)
}

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/openapi.json");

/// What a value has to be beyond its type (a moment, a norm of this agreement, a signed envelope) the document does not say, so a refusal
/// with a reason is a right answer to what it lets through. Everything else that schemathesis looks at has to hold.
const NOT_LOOKED_AT: &str = "positive_data_acceptance";

fn schemathesis(python: &str, url: &str, seconds: &str) {
    let run = Command::new(python)
        .args(["-m", "schemathesis.cli", "run", DOCUMENT, "--url", url, "--max-time", seconds])
        .args(["--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--seed", "5"])
        .args(["--exclude-checks", NOT_LOOKED_AT, "--warnings", "off", "--no-color", "--max-examples", "20"])
        .args(["--request-timeout", "30"])
        // It keeps what it drew in the folder where it runs.
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}\n{}", String::from_utf8_lossy(&run.stderr));
    let count = said.lines().find_map(|line| {
        line.trim().strip_suffix(" generated").or(line.trim().split_once(" generated").map(|(n, _)| n))
    });
    let count: usize = count.and_then(|n| n.trim().parse().ok()).unwrap_or_else(|| panic!("{said}"));
    assert!(count > 50, "{said}");
}

/// A workspace as `servanda new` makes it, with its records.
fn workspace(folder: &Path) {
    servanda(&["new", folder.to_str().unwrap()], "");
}

#[test]
fn schemathesis_finds_no_answer_that_is_not_described() {
    let Some(python) = python("schemathesis") else { return };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("mission");
    workspace(&folder);
    {
        let (_running, url) = serve(&folder, &["--intake", "--intake-unsigned"]);
        schemathesis(&python, &url, "30");
    }
    // And where somebody would have to sign in.
    let name = folder.to_str().unwrap();
    servanda(
        &["account", "set", "mira", "--workspace", name, "--role", "reader", "--password-stdin"],
        "a bridge over the river\n",
    );
    let (_running, url) = serve(&folder, &["--intake"]);
    schemathesis(&python, &url, "15");
}

/// The provider: `oidc-provider-mock` of PyPI, on a port that is free.
fn provider(python: &str) -> (Running, String) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new(python)
        .args(["-m", "oidc_provider_mock", "--port", &free.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let running = Running(child);
    let url = format!("http://127.0.0.1:{free}");
    for _ in 0..300 {
        if std::net::TcpStream::connect(("127.0.0.1", free)).is_ok() {
            return (running, url);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the provider does not listen");
}

/// A browser: cookies by name, no redirect followed.
struct Browser {
    agent: ureq::Agent,
    cookies: std::collections::BTreeMap<String, String>,
}

impl Browser {
    fn new() -> Browser {
        let config = ureq::Agent::config_builder().max_redirects(0).max_redirects_will_error(false);
        Browser { agent: config.http_status_as_error(false).build().into(), cookies: Default::default() }
    }

    /// Status, where it sends on to, and the body.
    fn keep(&mut self, mut response: ureq::http::Response<ureq::Body>) -> (u16, String, String) {
        for set in response.headers().get_all("set-cookie") {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            match set.contains("Max-Age=0") {
                true => drop(self.cookies.remove(name)),
                false => drop(self.cookies.insert(name.into(), value.into())),
            }
        }
        let to = response.headers().get("location").map_or("", |to| to.to_str().unwrap()).to_string();
        (response.status().as_u16(), to, response.body_mut().read_to_string().unwrap())
    }

    fn cookie(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn get(&mut self, url: &str) -> (u16, String, String) {
        let response = self.agent.get(url).header("cookie", self.cookie()).call().unwrap();
        self.keep(response)
    }
}

/// Goes the whole way as that person; gives the answer of our server.
fn sign_in(browser: &mut Browser, url: &str, subject: &str) -> (u16, String, String) {
    let (status, to, text) = browser.get(&format!("{url}/sign-in/institution?back=%2Fduties"));
    assert_eq!(status, 303, "{text}");
    // The provider asks who it is, and takes any answer.
    let response = browser.agent.post(&to).send_form([("sub", subject)]).unwrap();
    let back = response.headers().get("location").unwrap().to_str().unwrap().to_string();
    assert!(back.starts_with(&format!("{url}/sign-in/institution/done?")), "{back}");
    browser.get(&back)
}

#[test]
fn people_sign_in_by_a_provider_that_we_did_not_write() {
    let Some(python) = python("oidc_provider_mock") else { return };
    let (_provider, issuer) = provider(&python);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("mission");
    workspace(&folder);
    let name = folder.to_str().unwrap();
    servanda(
        &["account", "set", "mira", "--workspace", name, "--role", "reader", "--password-stdin"],
        "a bridge over the river\n",
    );
    servanda(&["account", "bind", "mira", "--workspace", name, "--issuer", &issuer, "--subject", "m-17"], "");
    assert!(servanda(&["account", "identities", "--workspace", name], "").contains("mira  m-17  of "));
    let config = folder.join("oidc.toml");
    let text = format!(
        "[serve.oidc]\nissuer = \"{issuer}\"\nclient-id = \"servanda\"\nclient-secret-file = \"{}\"\nname = \"Example\"\n",
        folder.join("oidc-secret").display()
    );
    std::fs::write(&config, text).unwrap();
    std::fs::write(folder.join("oidc-secret"), "a secret\n").unwrap();
    let (_running, url) = serve(&folder, &["--config", config.to_str().unwrap()]);

    let mut browser = Browser::new();
    let (status, _, text) = sign_in(&mut browser, &url, "m-17");
    assert_eq!(status, 200, "{text}");
    assert!(text.contains("href=\"/duties\""), "{text}");
    let (status, _, me) = browser.get(&format!("{url}/api/me"));
    assert!(status == 200 && me.contains("\"name\":\"mira\""), "{me}");
    assert_eq!(browser.get(&format!("{url}/api/board")).0, 200);

    let mut other = Browser::new();
    let (status, _, text) = sign_in(&mut other, &url, "eve");
    assert_eq!(status, 403);
    assert!(text.contains("<code>eve</code>"), "{text}");
    assert_eq!(other.get(&format!("{url}/api/board")).0, 401);

    // What was printed can be read again, and tells no secret.
    let printed = servanda(&["serve", name, "--config", config.to_str().unwrap(), "--print-config"], "");
    assert!(printed.contains("oidc = { issuer = ") && !printed.contains("a secret"), "{printed}");
}

/// 16.2.5 (no password), 16.3.1 (who tried to sign in), 16.3.2 (what was not allowed), 16.4.1 (nobody writes a line of their own).
#[test]
fn v16_2_5_v16_3_1_v16_3_2_and_v16_4_1_the_log_tells_what_was_tried_in_lines_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (mission, log) = (folder.path().join("mission"), folder.path().join("log"));
    workspace(&mission);
    let name = mission.to_str().unwrap();
    let password = "a bridge over the river\n";
    servanda(
        &["account", "set", "mira", "--workspace", name, "--role", "auditor", "--password-stdin"],
        password,
    );
    let file = std::fs::File::create(&log).unwrap();
    let (running, url) = serve_telling(&mission, &[], file.into());
    let mut browser = Browser::new();
    let mut sign_in = |name: &str, password: &str| {
        let (_, _, page) = browser.get(&format!("{url}/sign-in"));
        let token =
            page.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_string();
        let form = [("token", token.as_str()), ("name", name), ("password", password)];
        let cookie = browser.cookie();
        let response =
            browser.agent.post(&format!("{url}/sign-in")).header("cookie", cookie).send_form(form).unwrap();
        browser.keep(response).0
    };
    let forged = "x\nsign-in: \"mira\" from 192.0.2.7: signed in\r\n\u{1b}[2J\u{202e}\u{85}bug: all is lost";
    for name in [forged, "<script>evil</script>", "%s%n${jndi:ldap://evil}"] {
        assert_eq!(sign_in(name, "a secret that nobody may read"), 403);
    }
    assert_eq!(sign_in("mira", "a bridge over the river"), 303);
    assert_eq!(
        browser.get(&format!("{url}/api/board?text=%0Asign-in:%20evil")).0,
        403,
        "an auditor reads no board"
    );
    drop(running);
    let told = std::fs::read_to_string(&log).unwrap();
    for line in told.lines() {
        let known = ["sign-in: ", "note: ", "warning: "].iter().any(|begins| line.starts_with(begins));
        assert!(known, "{line:?} in {told}");
        let plain = line.chars().all(|c| !c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c));
        assert!(plain, "{line:?}");
        assert!(!line.starts_with("sign-in: \"mira\" from 192.0.2.7"), "{told}");
    }
    assert_eq!(told.matches(": refused\n").count(), 3, "{told}");
    assert!(told.contains("sign-in: \"mira\" from 127.0.0.1: signed in\n"), "{told}");
    assert!(told.contains("sign-in: \"mira\" from 127.0.0.1: not allowed: GET /api/board\n"), "{told}");
    assert!(!told.contains("bridge") && !told.contains("secret"), "{told}");
}
