//! Recording by hand, outboxes and their delivery: to a workspace, over HTTP, interrupted, twice, from several devices.

use crate::terminal::{Ran, command, everything_below, servanda};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};

/// A folder with a workspace `w` in it.
fn folder() -> tempfile::TempDir {
    let here = tempfile::tempdir().unwrap();
    servanda(here.path(), &["new", "w"]).ends_with(0);
    here
}

const SHOT: [&str; 9] = [
    "--set",
    "what=shot",
    "--set",
    "when=2026-05-03 14:30",
    "--set",
    "means=heard",
    "--set",
    "source=Patrol 2",
    "--yes",
];

fn with<'a>(before: &[&'a str], after: &[&'a str]) -> Vec<&'a str> {
    [before, after].concat()
}

fn outbox(here: &Path, name: &str) {
    let line = with(
        &[
            "record",
            "--outbox",
            name,
            "--submitter",
            name,
            "--zone",
            "Europe/Kyiv",
            "--fact",
            "fire",
            "--exercise",
        ],
        &SHOT,
    );
    servanda(here, &line).ends_with(0).says(&[&format!("`{name}/1` is in the outbox")]);
}

fn register(here: &Path, name: &str) {
    let key = format!("{name}/{name}.pub");
    servanda(here, &["key", "register", name, &key, "--workspace", "w"]).ends_with(0);
}

fn typed(here: &Path, line: &[&str], text: &str) -> Ran {
    let mut child = command(here, line)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let ran = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: ran.status.code().unwrap_or(-1), out: text(ran.stdout), err: text(ran.stderr) }
}

fn incidents(here: &Path) -> Vec<Value> {
    let ran = servanda(here, &["incidents", "--workspace", "w", "--most", "100000", "--format", "json"]);
    ran.ends_with(0);
    serde_json::from_str::<Value>(&ran.out).unwrap()["incidents"].as_array().unwrap().clone()
}

fn of(here: &Path, submitter: &str) -> Vec<String> {
    let all = incidents(here);
    let ids = all.iter().map(|i| i["id"].as_str().unwrap().to_string());
    ids.filter(|id| id.starts_with(&format!("{submitter}/"))).collect()
}

#[test]
fn one_incident_is_entered_by_hand_and_seen_again() {
    let here = folder();
    let answers = "explosion\n2026-05-03 14:30\nriver-zone\nheard, smelt\nheard\nPatrol North 2\nabout 3\ninjured 2 men\n\
                   weapon\nmortar\ncalibre: 120 mm\nwhere\n48.1 37.7 within 500m\n\n";
    let ran = typed(&here.path().join("w"), &["record"], answers);
    ran.ends_with(0).says(&["is on record"]).complains(&[
        "`smelt` is no means",
        "ceasefire-violation, explosion",
        "120 mm",
    ]);
    let id = ran.out.split('`').nth(1).unwrap().to_string();
    let shown = servanda(&here.path().join("w"), &["incident", &id]);
    shown.ends_with(0).says(&[
        "EXERCISE",
        "As known at",
        "48.10000, 37.70000 within 500 m",
        "about 3",
        "mortar",
        "120 mm",
        "injured male adult 2",
        "Patrol North 2",
        "not attributed",
        "reported",
    ]);
    servanda(&here.path().join("w"), &["incident", "hnd"])
        .ends_with(2)
        .complains(&["no incident is called `hnd`"]);
    // The engine counts it like any other record: in the river zone nobody may fire.
    servanda(
        &here.path().join("w"),
        &[
            "record",
            "--set",
            "what=shot",
            "--set",
            "when=2025-04-11 10:00",
            "--set",
            "where=river-zone",
            "--set",
            "means=seen",
            "--set",
            "source=Patrol 2",
            "--set",
            "by=North",
            "--set",
            "item-grade=1",
            "--yes",
        ],
    )
    .ends_with(0);
    servanda(&here.path().join("w"), &["why", "no-fire", "North"]).says(&["Patrol 2"]);
}

#[test]
fn what_is_known_about_it_grows_and_nothing_is_changed() {
    let here = folder();
    let w = here.path().join("w");
    servanda(&w, &with(&["record"], &SHOT)).ends_with(0);
    servanda(&w, &with(&["record"], &SHOT)).ends_with(0);
    let ids: Vec<String> =
        incidents(here.path()).iter().rev().take(2).map(|i| i["id"].as_str().unwrap().to_string()).collect();
    let (first, second) = (ids[1].clone().min(ids[0].clone()), ids[1].clone().max(ids[0].clone()));
    let enter = |line: &[&str]| servanda(&w, &with(&["record"], line));
    for line in [
        &["status", &first, "under check", "--by", "Duty officer"][..],
        &["link", &first, &second, "--by", "Duty officer", "--because", "same minute"],
        &["reply", &first, "--by", "North", "--words", "We did not fire.", "--due", "2020-01-01 10:00"],
        &["dissent", &first, "--by", "South member", "--words", "The report is late."],
        &[
            "assess",
            &first,
            "--to",
            "North|South",
            "--confidence",
            "low",
            "--by",
            "Cell",
            "--words",
            "by the crater",
        ],
        &["find", &first, "--by", "Commission", "--words", "It was so."],
        &["act", &first, "--told", "both liaison officers", "--by", "Duty officer", "--words", "safety note"],
        &["clause", &first, "1", "--by", "Legal desk"],
        &["grade", &first, "--item-grade", "2", "--by", "Duty officer"],
        &["status", &first, "verified", "--by", "Commission"],
    ] {
        enter(line).ends_with(0);
    }
    enter(&["status", &first, "certain", "--by", "X"])
        .ends_with(2)
        .complains(&["`certain` is no status", "verified"]);
    enter(&["status", "nothing", "verified", "--by", "X"])
        .ends_with(2)
        .complains(&["no incident is called `nothing`"]);
    enter(&["reply", &first, "--by", "North"]).ends_with(2).complains(&["it has no words"]);
    let shown = servanda(&w, &["incident", &second]);
    shown.ends_with(0).says(&[
        &format!("{first}, version 12"),
        "verified, by Commission",
        "same minute",
        "(late; due 2020-01-01 10:00): We did not fire.",
        "The report is late.",
        "North or South, confidence low: assessment by Cell",
        "told: both liaison officers",
        "graded anew",
        "On file: 2 observations, 1 assessment, 1 finding",
    ]);
    assert_eq!(
        servanda(&w, &["incidents", "--status", "verified"]).ends_with(0).out.matches(&first).count(),
        1
    );
    // No warning about facts that the agreement does not have, and no verdict from entries.
    servanda(&w, &["status"]).ends_with(0);
}

#[test]
fn nothing_is_lost_when_the_form_breaks_off() {
    let here = folder();
    let w = here.path().join("w");
    let ran = typed(&w, &["record"], "burst\nnow\n");
    ran.ends_with(1).complains(&["left as a draft"]);
    assert!(fs::read_to_string(w.join("record.draft.txt")).unwrap().contains("what: burst"));
    let kept = fs::read_to_string(w.join("record.draft.txt")).unwrap();
    assert!(!kept.contains("now"), "a draft keeps the moment that was meant: {kept}");
    let ran = typed(&w, &["record"], "\n\nseen\nPatrol 2\n\n\n\n");
    ran.ends_with(0).complains(&["a draft is there", "what: burst"]);
    assert!(!w.join("record.draft.txt").exists());
}

#[test]
fn a_file_of_answers_is_recorded_whole_or_not_at_all() {
    let here = folder();
    let path = here.path().join("answers.txt");
    let one = "what: shot\nwhen: 2026-05-03 14:30\nmeans: heard\nsource: Patrol 2\ncount: ";
    fs::write(&path, format!("{one}3\n---\n{one}lots\n")).unwrap();
    let before = incidents(here.path()).len();
    let line = ["record", "--into", "w", "--from", "answers.txt"];
    servanda(here.path(), &line).ends_with(2).complains(&[
        "incident 2, count",
        "`lots`",
        "nothing was recorded",
    ]);
    assert_eq!(incidents(here.path()).len(), before);
    fs::write(&path, format!("# two\n{one}3\n---\n{one}4\n")).unwrap();
    servanda(here.path(), &line).ends_with(0).says(&["2 incidents"]);
    assert_eq!(incidents(here.path()).len(), before + 2);
    servanda(here.path(), &["record", "--into", "w", "--yes", "--set", "what=shot"])
        .ends_with(2)
        .complains(&["means", "source", "when", "without it there is no record"]);
    servanda(here.path(), &["record", "--questions"])
        .ends_with(0)
        .says(&["direction-from", "ceasefire-violation"]);
    servanda(here.path(), &["record", "--yes"]).ends_with(2).complains(&["--outbox"]);
}

#[test]
fn attachments_are_kept_by_their_hash() {
    let here = folder();
    outbox(here.path(), "node-1");
    fs::write(here.path().join("crater.jpg"), b"not really a picture").unwrap();
    servanda(here.path(), &with(&["record", "--outbox", "node-1", "--attach", "crater.jpg"], &SHOT))
        .ends_with(0);
    let kept = everything_below(&here.path().join("node-1/attachments"));
    assert_eq!(kept.len(), 1);
    assert_eq!(
        fs::read(here.path().join("node-1/attachments").join(&kept[0])).unwrap(),
        b"not really a picture"
    );
    register(here.path(), "node-1");
    servanda(here.path(), &["sync", "node-1", "--to", "w"]).ends_with(0);
    servanda(here.path(), &["incident", "node-1/2", "--workspace", "w"]).says(&["crater.jpg ", &kept[0]]);
}

#[test]
fn a_node_works_fourteen_days_alone_and_is_delivered_once() {
    let here = folder();
    outbox(here.path(), "node-1");
    register(here.path(), "node-1");
    // Fourteen days of fifty incidents, recorded day by day.
    for day in 1..=14 {
        let one = |n: usize| {
            format!(
                "what: {}\nwhen: 2026-05-{day:02} {:02}:{:02}\nmeans: heard\nsource: Patrol {}\nwhere: 48.1 37.{} within 500m\ncount: {}\n",
                ["shot", "burst", "explosion"][n % 3],
                6 + n % 12,
                n,
                n % 4,
                600 + n,
                n + 1
            )
        };
        let text: Vec<String> = (0..50).map(one).collect();
        fs::write(here.path().join("day.txt"), text.join("---\n")).unwrap();
        servanda(here.path(), &["record", "--outbox", "node-1", "--from", "day.txt"]).ends_with(0);
    }
    servanda(here.path(), &["sync", "node-1", "--to", "w", "--dry-run"])
        .ends_with(0)
        .says(&["701 submissions would go"]);
    assert_eq!(of(here.path(), "node-1").len(), 0);
    servanda(here.path(), &["sync", "node-1", "--to", "w"]).ends_with(0).says(&["701 delivered"]);
    assert_eq!(of(here.path(), "node-1").len(), 701);
    servanda(here.path(), &["sync", "node-1", "--to", "w"])
        .ends_with(0)
        .says(&["0 submissions wait; 701 were delivered"]);
    // What was answered is lost on the way back: everything is sent again and nothing comes twice.
    fs::remove_file(here.path().join("node-1/receipts.jsonl")).unwrap();
    servanda(here.path(), &["sync", "node-1", "--to", "w"])
        .ends_with(0)
        .says(&["701 delivered", "701 of them had arrived before"]);
    assert_eq!(of(here.path(), "node-1").len(), 701);
    // It counts as known from its delivery, and says when it was made.
    let one = &incidents(here.path()).into_iter().find(|i| i["id"] == "node-1/1").unwrap();
    assert!(one["record"]["extra"]["submission.made"].is_string());
    assert!(one["exercise"].as_bool().unwrap());
}

#[test]
fn two_nodes_do_not_mix_and_strangers_are_refused() {
    let here = folder();
    outbox(here.path(), "north");
    outbox(here.path(), "south");
    register(here.path(), "north");
    servanda(here.path(), &["sync", "south", "--to", "w"]).ends_with(2).complains(&[
        "E0132",
        "no key of `south` is registered",
        "servanda key register south",
    ]);
    register(here.path(), "south");
    for name in ["north", "south"] {
        servanda(here.path(), &["sync", name, "--to", "w"]).ends_with(0).says(&["1 delivered"]);
    }
    assert_eq!((of(here.path(), "north").len(), of(here.path(), "south").len()), (1, 1));
    // A copy of an outbox that goes on by itself is a fork, and is told.
    copy(&here.path().join("north"), &here.path().join("copy"));
    for name in ["north", "copy"] {
        servanda(here.path(), &with(&["record", "--outbox", name, "--set", &format!("title={name}")], &SHOT))
            .ends_with(0);
    }
    servanda(here.path(), &["sync", "north", "--to", "w"]).ends_with(0);
    servanda(here.path(), &["sync", "copy", "--to", "w"])
        .ends_with(2)
        .complains(&["number 2 of `north` was used", "for other bytes"]);
    assert_eq!(of(here.path(), "north").len(), 2);
    // Another key under the same name.
    fs::create_dir(here.path().join("other")).unwrap();
    let forged = with(&["record", "--outbox", "other/north", "--submitter", "north", "--zone", "UTC"], &SHOT);
    servanda(here.path(), &forged).ends_with(0);
    servanda(here.path(), &["sync", "other/north", "--to", "w"]).ends_with(2).complains(&["E0132"]);
    servanda(here.path(), &["explain", "E0132"]).ends_with(0).says(&["outbox"]);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

#[test]
fn a_torn_line_is_set_aside_and_an_edited_one_is_told() {
    let here = folder();
    outbox(here.path(), "node-1");
    register(here.path(), "node-1");
    let path = here.path().join("node-1/outbox.jsonl");
    let whole = fs::read(&path).unwrap();
    // The battery went empty in the middle of the second line.
    fs::write(&path, [&whole[..], &whole[..whole.len() / 2]].concat()).unwrap();
    servanda(here.path(), &["sync", "node-1", "--to", "w"]).ends_with(0).says(&["1 delivered"]);
    servanda(here.path(), &with(&["record", "--outbox", "node-1"], &SHOT)).ends_with(0).says(&["`node-1/2`"]);
    assert!(here.path().join("node-1/outbox.torn-1").exists());
    servanda(here.path(), &["sync", "node-1", "--to", "w"]).ends_with(0).says(&["1 delivered"]);
    // A line in the middle goes, or changes its place.
    let lines: Vec<String> = fs::read_to_string(&path).unwrap().lines().map(String::from).collect();
    for broken in [vec![&lines[1]], vec![&lines[1], &lines[0]], vec![&lines[0], &lines[0]]] {
        let text: String = broken.iter().map(|l| format!("{l}\n")).collect();
        fs::write(&path, text).unwrap();
        servanda(here.path(), &["sync", "node-1", "--to", "w"])
            .ends_with(2)
            .complains(&["E0132", "outbox.jsonl"]);
    }
    // A letter of what was signed.
    let payload = lines[0].find("payload\":\"").unwrap() + 40;
    let mut bytes = lines[0].clone().into_bytes();
    bytes[payload] = if bytes[payload] == b'A' { b'B' } else { b'A' };
    fs::write(&path, [&bytes[..], b"\n"].concat()).unwrap();
    servanda(here.path(), &["sync", "node-1", "--to", "w"]).ends_with(2).complains(&["E0132", "was changed"]);
    // The end is cut off.
    fs::write(&path, format!("{}\n", lines[0])).unwrap();
    servanda(here.path(), &["sync", "node-1", "--to", "w"])
        .ends_with(2)
        .complains(&["E0132", "ends with the submission 1"]);
    assert_eq!(of(here.path(), "node-1").len(), 2);
}

/// A server over the workspace `w`.
pub struct Serving(Child, String);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn serve(here: &Path, more: &[&str]) -> Serving {
    let line = with(&["serve", "w", "--port", "0"], more);
    let mut child = command(here, &line).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
    let url = first.split_whitespace().find(|w| w.starts_with("http://")).unwrap().to_string();
    Serving(child, url)
}

/// One request, and everything that comes back.
pub fn ask(serving: &Serving, head: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(serving.1.trim_start_matches("http://")).unwrap();
    let head =
        format!("{head}\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    let _ = stream.write_all(body);
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

const JSON: &str = "content-type: application/json";
const LINES: &str = "content-type: application/x-ndjson";

#[test]
fn over_http_one_many_and_a_stream_are_taken_in() {
    let here = folder();
    outbox(here.path(), "node-1");
    for _ in 0..4 {
        servanda(here.path(), &with(&["record", "--outbox", "node-1"], &SHOT)).ends_with(0);
    }
    let lines: Vec<String> = fs::read_to_string(here.path().join("node-1/outbox.jsonl"))
        .unwrap()
        .lines()
        .map(String::from)
        .collect();
    let closed = serve(here.path(), &[]);
    assert!(
        ask(&closed, &format!("POST /api/intake HTTP/1.1\r\n{JSON}"), lines[0].as_bytes())
            .starts_with("HTTP/1.1 404")
    );
    drop(closed);
    register(here.path(), "node-1");
    let serving = serve(here.path(), &["--intake"]);
    let post = |kind: &str, body: &str| {
        ask(&serving, &format!("POST /api/intake HTTP/1.1\r\n{kind}"), body.as_bytes())
    };
    // Out of order, then in order, then again.
    let early = post(JSON, &lines[1]);
    assert!(early.starts_with("HTTP/1.1 422") && early.contains("and 1 is missing"), "{early}");
    let first = post(JSON, &lines[0]);
    assert!(first.starts_with("HTTP/1.1 200") && first.contains("\"status\":\"accepted\""), "{first}");
    assert!(post(JSON, &lines[0]).contains("\"status\":\"again\""));
    let many = post(JSON, &format!("[{},{}, {{}}]", lines[0], lines[1]));
    for words in ["\"again\"", "\"accepted\"", "\"refused\""] {
        assert!(many.contains(words), "{many}");
    }
    let stream = post(LINES, &(lines.join("\n") + "\n"));
    assert_eq!(
        (stream.matches("\"again\"").count(), stream.matches("\"accepted\"").count()),
        (2, 3),
        "{stream}"
    );
    // What is not to be had.
    for (kind, body, words) in [
        (JSON, "[{\"payload\"", "not-json"),
        ("content-type: text/plain", "x", "unknown-type"),
        ("content-type: application/json\r\norigin: https://evil.example", "{}", "not-this-page"),
        ("content-type: application/json\r\ncontent-encoding: br", "{}", "unknown-packing"),
        ("content-type: application/json\r\ncontent-encoding: gzip", "{}", "not-gzip"),
    ] {
        let said = post(kind, body);
        assert!(said.contains(words), "{kind}: {said}");
    }
    let unsigned = ask(&serving, &format!("POST /api/intake/sensorthings HTTP/1.1\r\n{JSON}"), b"{}");
    assert!(unsigned.starts_with("HTTP/1.1 404") && unsigned.contains("--intake-unsigned"), "{unsigned}");
    servanda(here.path(), &["sync", "node-1", "--to", &serving.1])
        .ends_with(0)
        .says(&["5 of them had arrived before"]);
    drop(serving);
    assert_eq!(of(here.path(), "node-1").len(), 5);
}

/// Asks the page until it says this, for half a minute at the most.
pub fn shows(serving: &Serving, address: &str, words: &str) -> bool {
    (0..60).any(|look| {
        if look > 0 {
            std::thread::sleep(std::time::Duration::from_millis(500));
        }
        ask(serving, &format!("GET {address} HTTP/1.1"), b"").contains(words)
    })
}

#[test]
fn what_is_entered_shows_on_the_page_as_it_comes() {
    let here = folder();
    // A case that does not stand still.
    let settings = here.path().join("w/servanda.toml");
    let text = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, text.replace("\nat = ", "\n# at = ")).unwrap();
    outbox(here.path(), "node-1");
    register(here.path(), "node-1");
    let serving = serve(here.path(), &["--intake"]);
    let card = "/api/card?norm=no-fire&bearer=North";
    assert!(
        shows(&serving, card, "2025-03-05")
            && !ask(&serving, &format!("GET {card} HTTP/1.1"), b"").contains("2025-05-01")
    );
    // By another process, while it is served.
    let more = "report,what,start,end,party,number,lat,lon,grade,entered\n\
                S-9,shot,2025-05-01T10:00,,North,,0.50,0.50,confirmed,2025-05-01T18:00\n";
    fs::write(here.path().join("more.csv"), more).unwrap();
    servanda(here.path(), &["import", "csv", "more.csv", "--map", "reports", "--into", "w"]).ends_with(0);
    assert!(shows(&serving, card, "2025-05-01"), "{}", ask(&serving, &format!("GET {card} HTTP/1.1"), b""));
    // By a submission: the answer comes when it is stored, and the board of now speaks of a later moment.
    let moment = |said: &str| {
        let body = said.split("\r\n\r\n").nth(1).unwrap();
        serde_json::from_str::<Value>(body).unwrap()["question"]["known_at"].as_str().unwrap().to_string()
    };
    let before = moment(&ask(&serving, "GET /api/board HTTP/1.1", b""));
    // Moments are told to the second.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    servanda(here.path(), &["sync", "node-1", "--to", &serving.1]).ends_with(0);
    assert!(moment(&ask(&serving, "GET /api/board HTTP/1.1", b"")) > before);
}

#[test]
fn a_server_that_goes_away_is_waited_for() {
    let here = folder();
    outbox(here.path(), "node-1");
    register(here.path(), "node-1");
    let serving = serve(here.path(), &["--intake"]);
    let url = serving.1.clone();
    drop(serving);
    servanda(here.path(), &["sync", "node-1", "--to", &url])
        .ends_with(2)
        .complains(&["cannot deliver", "nothing is lost"]);
    // Nothing goes to another machine in clear, unless that is said.
    servanda(here.path(), &["sync", "node-1", "--to", "http://mission.invalid:7400"])
        .ends_with(2)
        .complains(&["`mission.invalid` is another machine", "`https://mission.invalid:7400`", "--in-clear"]);
    servanda(here.path(), &["sync", "node-1", "--to", "http://mission.invalid:7400", "--in-clear"])
        .ends_with(2)
        .complains(&["cannot deliver", "nothing is lost"]);
    servanda(here.path(), &["sync", "node-1", "--to", "w", "--ca", "ca.pem"])
        .ends_with(2)
        .complains(&["`w` is a folder"]);
    servanda(here.path(), &["sync", "node-1", "--to", "nowhere"]).ends_with(2).complains(&["no workspace"]);
    servanda(here.path(), &["sync", "w", "--to", "w"]).ends_with(2).complains(&["no outbox"]);
    servanda(here.path(), &["sync", "node-1", "--to", "w"]).ends_with(0).says(&["1 delivered"]);
}

#[test]
fn documents_of_sensors_are_taken_in_unsigned_where_that_is_allowed() {
    let here = folder();
    let serving = serve(here.path(), &["--intake-unsigned"]);
    let post = |body: &str| {
        let said =
            ask(&serving, &format!("POST /api/intake/sensorthings HTTP/1.1\r\n{JSON}"), body.as_bytes());
        serde_json::from_str::<Value>(said.split("\r\n\r\n").nth(1).unwrap())
            .unwrap_or_else(|e| panic!("{e}: {said}"))
    };
    let one =
        r#"{"@iot.id":1,"phenomenonTime":"2026-05-03T02:00:01Z","result":3,"Datastream":{"@iot.id":7}}"#;
    assert_eq!(post(one)["made"], 1);
    assert_eq!(post(one)["unchanged"], 1);
    assert_eq!(post(&one.replace(":3,", ":4,"))["made"], 1, "a corrected observation supersedes");
    let bad = post(&one.replace("2026-05-03", "2026-05-33"));
    assert_eq!((bad["refused"].as_u64(), bad["first_refused"][0]["code"].as_str()), (Some(1), Some("E0116")));
    assert!(here.path().join("w").join(bad["quarantine"].as_str().unwrap()).is_file());
    let gone = ask(&serving, &format!("POST /api/intake/parquet HTTP/1.1\r\n{JSON}"), b"PAR1");
    assert!(gone.contains("no-such-format"), "{gone}");
    // What comes later withdraws nothing.
    assert_eq!(post(&one.replace("\"@iot.id\":1", "\"@iot.id\":2"))["made"], 1);
    drop(serving);
    let all = incidents(here.path());
    let ids =
        all.iter().map(|i| i["id"].as_str().unwrap()).filter(|id| id.starts_with("st-")).collect::<Vec<_>>();
    assert_eq!(ids, ["st-7-1", "st-7-2"]);
}

#[test]
fn the_examples_of_each_format_come_in_as_their_page_says() {
    let here = folder();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/intake");
    let page = fs::read_to_string(examples.join("README.md")).unwrap();
    let mut imported = 0;
    for line in page.lines().filter(|l| l.starts_with("servanda import ")) {
        let words: Vec<String> = line
            .split_whitespace()
            .skip(1)
            .map(|w| match w.strip_prefix("examples/intake/") {
                Some(file) => examples.join(file).display().to_string(),
                None => w.replace("my-workspace", "w"),
            })
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let file = Path::new(words[2]).file_name().unwrap().to_str().unwrap();
        let row = page
            .lines()
            .find(|l| l.starts_with(&format!("| [{file}]")))
            .unwrap_or_else(|| panic!("no row for {file}"));
        let records: usize = row.split('|').nth(2).unwrap().trim().parse().unwrap();
        let ran = servanda(here.path(), &words);
        ran.ends_with(0).says(&[&format!("{records} record")]);
        assert!(!ran.out.contains("refused"), "{}", ran.out);
        // Again: nothing new.
        servanda(here.path(), &words).ends_with(0).says(&["0 records made"]);
        imported += 1;
    }
    assert_eq!(imported, 6);
    servanda(here.path(), &["incidents", "--workspace", "w"]).ends_with(0).says(&[
        "acled-EXE900001",
        "firms-N-",
        "odk-5f1d",
        "st-7-11",
        "cap-drill",
    ]);
    let form =
        servanda(here.path(), &["incident", "odk-5f1d2c3e-0000-4000-8000-000000000001", "--workspace", "w"]);
    form.ends_with(0).says(&["Patrol North 2", "about 3", "crater.txt ", "48.15000, 37.76000 within 400 m"]);
}

#[test]
fn a_submitter_gets_a_receipt_for_every_submission() {
    let here = folder();
    outbox(here.path(), "north");
    register(here.path(), "north");
    servanda(here.path(), &["sync", "north", "--to", "w"]).ends_with(0);
    let receipts = fs::read_to_string(here.path().join("north/receipts.jsonl")).unwrap();
    let answer: Value = serde_json::from_str(receipts.lines().next().unwrap()).unwrap();
    assert!(answer["answer"]["receipt"].as_str().unwrap().starts_with("servanda receipt v1\n"), "{answer}");
    servanda(here.path(), &with(&["record", "--outbox", "north"], &SHOT)).ends_with(0);
    servanda(here.path(), &["sync", "north", "--to", "w"]).ends_with(0).says(&["1 delivered"]);
    assert_eq!(of(here.path(), "north").len(), 2);
}

/// An envelope as a device would make it that does not keep to the rules.
fn forged(
    here: &Path,
    name: &str,
    number: u64,
    previous: Option<String>,
    change: impl Fn(&mut servanda_model::Record),
) -> String {
    use servanda_evidence::outbox::{PAYLOAD, Submission, payload};
    use servanda_ledger::envelope::Envelope;
    use servanda_ledger::note::SignerKey;
    let secret = fs::read_to_string(here.join(name).join("secret.key")).unwrap();
    let at = servanda_model::Instant::parse_utc("2026-05-03T10:00Z").unwrap();
    let mut record =
        servanda_model::Record::new(format!("{name}/{number}"), "fire", servanda_model::When::exact(at), at);
    change(&mut record);
    let made = servanda_model::Instant::parse_utc("2026-11-28T10:00Z").unwrap();
    let submission = Submission { submitter: name.to_string(), number, previous, made, record };
    let mut envelope = Envelope::new(PAYLOAD, payload(&submission).as_bytes());
    envelope.sign(&SignerKey::parse(secret.trim()).unwrap());
    envelope.to_json()
}

#[test]
fn a_submitter_speaks_for_itself_only() {
    let here = folder();
    outbox(here.path(), "north");
    outbox(here.path(), "south");
    register(here.path(), "north");
    register(here.path(), "south");
    servanda(here.path(), &["sync", "south", "--to", "w"]).ends_with(0);
    let serving = serve(here.path(), &["--intake"]);
    let post = |body: &str| ask(&serving, &format!("POST /api/intake HTTP/1.1\r\n{JSON}"), body.as_bytes());
    for change in [
        (|r: &mut servanda_model::Record| r.id = "south-9".into()) as fn(&mut servanda_model::Record),
        |r| r.withdraws = Some("south-1".into()),
        |r| r.supersedes = Some("reports-csv-S-1".into()),
    ] {
        let said = post(&forged(here.path(), "north", 1, None, change));
        assert!(said.starts_with("HTTP/1.1 422") && said.contains("not its own"), "{said}");
    }
    // To say that another is wrong is everybody's right.
    let fine = forged(here.path(), "north", 1, None, |r| r.disputes = Some("south-1".into()));
    assert!(post(&fine).contains("\"accepted\""));
    // Under another's name.
    let other = fine.replace("north", "south");
    assert!(post(&other).contains("\"refused\""));
    let stolen = forged(here.path(), "north", 2, Some("0".repeat(64)), |_| {});
    let said = post(&stolen);
    assert!(said.contains("\"refused\"") && said.contains("another one before it"), "{said}");
}
