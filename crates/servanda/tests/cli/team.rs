//! Serving a team, through the binary: what is hidden from an account makes no difference to what the running server answers it.

use crate::terminal::{command, servanda};
use servanda_server::ROUTES;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};

/// A server, ended with the test.
struct Serving(Child, String);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Serving {
    fn begin(here: &Path, workspace: &str) -> Serving {
        // A case that stands still, so that two servers are asked about one moment.
        let still = ["--at", "2025-04-20T00:00", "--known-at", "2099-01-01"];
        let mut child = command(here, &["serve", workspace, "--port", "0"])
            .args(still)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
        let url = first.split_whitespace().find_map(|w| w.strip_prefix("http://")).unwrap().to_string();
        Serving(child, url)
    }

    /// Tells it to end, as a system does, and waits until it has.
    fn end(mut self) {
        let id = self.0.id().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.0.wait().unwrap().success());
    }

    /// Status line, headers without the date, and body.
    fn ask(&self, head: &str, cookies: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.1).unwrap();
        let text = format!(
            "{head} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncookie: {cookies}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(text.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        text.lines().filter(|line| !line.starts_with("date: ")).map(|line| format!("{line}\n")).collect()
    }

    fn sign_in(&self, name: &str) -> String {
        let cookie = |answer: &str| -> String {
            let line = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
            line.split(';').next().unwrap().to_string()
        };
        let form = self.ask("GET /sign-in", "", "");
        let kept = cookie(&form);
        let token = kept.split('=').nth(1).unwrap();
        let body = format!("token={token}&name={name}&password=a+bridge+over+the+river");
        let answer = self.ask("POST /sign-in", &kept, &body);
        assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
        cookie(&answer)
    }
}

fn account(here: &Path, workspace: &str, name: &str, party: &str) {
    let line = ["account", "set", name, "--party", party, "--role", "reader", "--clearance", "TLP:RED"];
    let mut child = command(here, &line)
        .args(["--password-stdin", "--workspace", workspace])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"a bridge over the river\n").unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_running_server_answers_alike_where_only_hidden_records_differ() {
    let here = tempfile::tempdir().unwrap();
    let hidden = r#"{"v":1,"id":"h1","fact":"fire","when":"2025-03-06T10:00:00Z","recorded":"2025-03-06T12:00:00Z","roles":{"by":"South"},"place":{"lat":0.5,"lon":0.5},"grade":"confirmed","marking":{"level":"TLP:AMBER","releasable_to":["South"]}}"#;
    std::fs::write(here.path().join("hidden.jsonl"), format!("{hidden}\n")).unwrap();
    for workspace in ["without", "with"] {
        servanda(here.path(), &["new", workspace]).ends_with(0);
        account(here.path(), workspace, "of-north", "North");
        account(here.path(), workspace, "of-south", "South");
    }
    servanda(here.path(), &["import", "jsonl", "hidden.jsonl", "--into", "with"]).ends_with(0);
    let (without, with) = (Serving::begin(here.path(), "without"), Serving::begin(here.path(), "with"));
    let everything = |serving: &Serving, name: &str| -> Vec<(String, String)> {
        let cookies = serving.sign_in(name);
        // Streams have no end; forms have a token of their own each time.
        let shown = ROUTES.iter().filter(|route| route.shows && route.path != "/events");
        let plain = ["/", "/api/me", "/health", "/api/card?norm=no-fire", "/api/nothing"].map(String::from);
        let paths = shown
            .map(|route| {
                route
                    .path
                    .replace("{collection}", "incidents")
                    .replace("{id}", "nothing")
                    .replace("{hash}", "nothing")
            })
            .chain(plain);
        let random = |word: &&str| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
        let answer = |path: String| {
            let mut text = serving.ask(&format!("GET {path}"), &cookies, "");
            let split: Vec<String> =
                text.split(|c: char| !c.is_ascii_alphanumeric()).filter(random).map(String::from).collect();
            for word in split {
                text = text.replace(&word, "(random)");
            }
            // The name of a cookie tells two servers of one machine apart.
            let lines = text.lines().filter(|line| !line.starts_with("set-cookie:"));
            (path, lines.collect::<Vec<_>>().join("\n"))
        };
        paths.map(answer).collect()
    };
    for (one, other) in everything(&without, "of-north").into_iter().zip(everything(&with, "of-north")) {
        assert_eq!(one, other);
    }
    let (one, other) = (everything(&without, "of-south"), everything(&with, "of-south"));
    assert!(one.iter().any(|(path, text)| path == "/api/board" && text.starts_with("HTTP/1.1 200")));
    let differ: Vec<&String> =
        one.iter().zip(&other).filter(|(one, other)| one != other).map(|(one, _)| &one.0).collect();
    for path in ["/api/board", "/api/map", "/api/timeline"] {
        assert!(differ.iter().any(|there| *there == path), "{path} is the same: {differ:?}");
    }
}

#[test]
fn what_holds_is_printed_with_where_it_came_from() {
    let here = tempfile::tempdir().unwrap();
    servanda(here.path(), &["new", "truce"]).ends_with(0);
    servanda(here.path(), &["serve", "truce", "--print-config", "--port", "7777"])
        .ends_with(0)
        .says(&["port = 7777  # command line", "listen = \"127.0.0.1\"  # default"]);
    std::fs::write(here.path().join("own.toml"), "[serve]\nlisten = \"0.0.0.0\"\n").unwrap();
    servanda(here.path(), &["serve", "truce", "--config", "own.toml"])
        .ends_with(2)
        .complains(&["can be reached from other machines", "tls-certificate"]);
    std::fs::write(here.path().join("own.toml"), "[serve]\nprot = 1\n").unwrap();
    servanda(here.path(), &["serve", "truce", "--config", "own.toml"])
        .ends_with(2)
        .complains(&["line 2", "prot"]);
}

#[test]
fn a_feed_is_made_listed_read_and_revoked_by_command() {
    let here = tempfile::tempdir().unwrap();
    servanda(here.path(), &["new", "w"]).ends_with(0);
    let on = |words: &[&str]| servanda(here.path(), &[words, &["--workspace", "w"]].concat());
    on(&["account", "make-feed", "mira", "--for", "phone"])
        .ends_with(2)
        .complains(&["`mira` does not read here"]);
    on(&["account", "set", "mira", "--role", "reader", "--clearance", "TLP:CLEAR"]).ends_with(0);
    on(&["account", "feeds"]).ends_with(0).says(&["there are no feeds"]);
    let made = on(&["account", "make-feed", "mira", "--for", "phone"]);
    made.ends_with(0);
    let paths: Vec<&str> = made.out.lines().filter(|line| line.starts_with("/feeds/")).collect();
    let listed = on(&["account", "feeds", "mira"]);
    listed.ends_with(0).says(&["mira  phone"]);
    let id = listed.out.split_whitespace().next().unwrap().to_string();
    assert!(!listed.out.contains(paths[0].split('/').nth(2).unwrap()));
    let serving = Serving::begin(here.path(), "w");
    let read = |path: &str| serving.ask(&format!("GET {path}"), "", "");
    let calendar = read(paths[0]);
    assert!(calendar.starts_with("HTTP/1.1 200") && calendar.contains("BEGIN:VCALENDAR"), "{calendar}");
    let news = read(paths[1]);
    assert!(news.starts_with("HTTP/1.1 200") && news.contains("<feed xmlns="), "{news}");
    assert!(read("/api/board").starts_with("HTTP/1.1 401"), "the token opens nothing else");
    on(&["account", "revoke-feed", &id]).ends_with(0).says(&["opens nothing any more"]);
    on(&["account", "revoke-feed", &id]).ends_with(2).complains(&["there is no feed"]);
    on(&["account", "feeds"]).ends_with(0).says(&["revoked"]);
    for path in paths {
        assert!(read(path).starts_with("HTTP/1.1 404"));
    }
}

#[test]
fn what_people_look_at_on_the_page_is_in_the_access_log() {
    let here = tempfile::tempdir().unwrap();
    let marked = r#"{"v":1,"id":"m1","fact":"fire","when":"2025-03-06T10:00:00Z","recorded":"2025-03-06T12:00:00Z","roles":{"by":"South"},"place":{"lat":0.5,"lon":0.5},"grade":"confirmed","marking":{"level":"TLP:AMBER","releasable_to":["South"]}}"#;
    std::fs::write(here.path().join("marked.jsonl"), format!("{marked}\n")).unwrap();
    servanda(here.path(), &["new", "w"]).ends_with(0);
    account(here.path(), "w", "of-north", "North");
    account(here.path(), "w", "of-south", "South");
    servanda(here.path(), &["import", "jsonl", "marked.jsonl", "--into", "w"]).ends_with(0);
    let access = |record: &[&str]| {
        let mut line = vec!["log", "access", "--workspace", "w"];
        line.extend(record);
        servanda(here.path(), &line)
    };
    let serving = Serving::begin(here.path(), "w");
    let (south, north) = (serving.sign_in("of-south"), serving.sign_in("of-north"));
    for path in ["/api/board", "/api/board", "/api/incidents/m1", "/api/incidents/none"] {
        serving.ask(&format!("GET {path}"), &south, "");
    }
    serving.ask("GET /api/board", &north, "");
    // A file is in the log before it is given, and what waits with it.
    assert!(serving.ask("GET /api/incidents.csv?status=reported", &south, "").starts_with("HTTP/1.1 200"));
    access(&[]).ends_with(0).says(&[
        "of-south  0 records  page /api/board, up to TLP:AMBER",
        "of-south  1 records  page /api/incidents/{id}, up to TLP:AMBER",
        "of-south  0 records  page /api/incidents.csv?status=reported, up to TLP:AMBER",
    ]);
    // What is seen after that is in it at the end. Who may see nothing marked leaves no note.
    serving.ask("GET /api/map", &south, "");
    serving.end();
    let told = access(&[]);
    told.says(&["page /api/map, up to TLP:AMBER"]);
    assert!(!told.out.contains("of-north") && !here.path().join("w/views.jsonl").exists(), "{}", told.out);
    assert_eq!(told.out.matches("/api/board").count(), 1, "two looks at one page are one note: {}", told.out);
    access(&["--record", "m1"]).says(&["/api/incidents/{id}"]);
    servanda(here.path(), &["rebuild", "--check", "--workspace", "w"]).ends_with(0);
}

/// ASVS 5.0: 6.4.6, from the command line to the page; and what an account is told survives the end of the server.
#[test]
fn v6_4_6_who_is_invited_chooses_a_password_that_the_keeper_does_not_set() {
    let here = tempfile::tempdir().unwrap();
    servanda(here.path(), &["new", "truce"]).ends_with(0);
    let set = ["account", "set", "anna", "--role", "reader", "--workspace", "truce"];
    let told = command(here.path(), &set).arg("--invite").output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let code = told.lines().find_map(|line| line.strip_prefix("code ")).unwrap().trim().to_string();
    assert!(told.contains(&format!("/invitation#anna:{code}")), "{told}");
    let list = command(here.path(), &["account", "list", "--workspace", "truce"]).output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    assert!(list.contains("anna  reader, invited until ") && !list.contains(&code), "{list}");
    let cookie = |answer: &str| -> String {
        let line = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        line.split(';').next().unwrap().to_string()
    };
    let serving = Serving::begin(here.path(), "truce");
    let kept = cookie(&serving.ask("GET /invitation", "", ""));
    let token = kept.split('=').nth(1).unwrap();
    let body = format!("token={token}&name=anna&code={code}&password=a+bridge+over+the+river");
    let answer = serving.ask("POST /invitation", &kept, &body);
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    serving.end();
    // What was noted is entered when the server ends.
    let serving = Serving::begin(here.path(), "truce");
    let page = serving.ask("GET /account", &serving.sign_in("anna"), "");
    assert!(page.contains("with an invitation, from this machine"), "{page}");
    drop(serving);
    let mut child = command(here.path(), &set)
        .arg("--password-stdin")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"a password of the keeper\n").unwrap();
    let refused = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && said.contains("its owner chose") && said.contains("--invite"),
        "{said}"
    );
}
