//! Load at the cut-off: many people who are signed in open the board, the map and the daily report within one minute, over TLS.
//!
//! It makes a workspace of `examples/berlin-framework` with an exercise of thirty days (`servanda exercise`), marks its records so that
//! they are seen by several audiences, enters an account for each person, starts `servanda serve` with a certificate of its own, as a
//! team would, and lets everybody sign in and look at the board once. Then the cut-off comes. Each person comes at a moment of
//! their own within the given seconds, on a connection that is kept, holds the stream of news on another, and asks one after another
//! what a browser asks for the board, for the map and for the report; the next page comes when the one before is there. Meanwhile
//! somebody enters a report of one more incident every few seconds, so that nothing may be shown that was made before.
//!
//! Figures, one line each, `name value`: times in milliseconds, CPU in seconds, memory in MB. A page is there when the last of its
//! answers is. The people share the machine with the server, and so do whoever else works on it: `beside` says how many cores they had.
//!
//! Invariants
//! - an answer that is not 200 (304 for a file that the browser has) is an error, and with an error there are no figures;
//! - what somebody is shown is compared: all of one audience who asked for the report at the cut-off got the same bytes, and two
//!   audiences did not;
//! - no file of the browser's is asked for: those are kept by it, and each is a comparison of its tag.
//!
//! Start at [`measured`].

use crate::serving::{Figures, PATIENCE, Serving, ran, spread, worked};
use servanda_evidence::record_json::{from_json, to_json};
use servanda_ledger::tree::sha256;
use servanda_model::Record;
use servanda_model::record::{Marking, Tlp};
use servanda_store::policy::{Role, TLP};
use servanda_store::{Account, Intake, StoredRecord, Workspace};
use servanda_trust::Trust;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Who comes, and to what.
pub struct Load {
    /// People.
    pub users: u64,
    /// True incidents a day, in the mean.
    pub incidents: u64,
    /// Within so many seconds everybody comes.
    pub within: u64,
    /// For the exercise.
    pub seed: u64,
    /// So many audiences of [`AUDIENCES`], the first ones.
    pub audiences: u64,
    /// The cut-off is the next full stretch of so many seconds. The server keeps the boards of full five minutes (300); those of other
    /// moments it makes from nothing.
    pub cut_off: u64,
}

/// Says on standard error how far it has come.
fn progress(since: Instant, what: &str) {
    eprintln!("{:7.1} s  {what}", since.elapsed().as_secs_f64());
}

const SETTINGS: &str = "agreement = \"berlin-framework.pact.md\"\n\n[serve]\nnames = [\"localhost\"]\ntls-certificate = \"certificate.pem\"\ntls-key = \"key.pem\"\n";
const PASSWORD: &str = "a bridge over the river";
/// Where the thirty days of the exercise end, in milliseconds: 31 March 2026, in Kyiv.
const ENDS: i64 = 1_774_904_400_000;
/// How often another incident is entered.
const ENTER_EVERY: Duration = Duration::from_secs(5);
/// People who sign in at the same time, before the cut-off.
const SIGNING_IN: usize = 8;

/// Those who see the same: party and clearance.
const AUDIENCES: [(Option<&str>, Tlp); 12] = [
    (Some("Ukraine"), Tlp::Amber),
    (Some("Ukraine"), Tlp::Red),
    (Some("Russia"), Tlp::Green),
    (Some("Russia"), Tlp::Amber),
    (Some("Germany"), Tlp::Amber),
    (Some("France"), Tlp::Amber),
    (Some("Poland"), Tlp::Amber),
    (Some("United-Kingdom"), Tlp::Amber),
    (Some("United-States"), Tlp::Amber),
    (None, Tlp::Clear),
    (None, Tlp::Green),
    (None, Tlp::Amber),
];

/// What a browser asks for a page, one after another: the page, the files that it has, and what the page fetches.
const BOARD: [&str; 6] = ["/", "/api/me", "/api/board", "/api/duties", "/api/timeline", "/api/agreement"];
const BOARD_MAP: &str = "/api/map";
const MAP: [&str; 4] = ["/map", "/api/me", "/api/points", "/ogc/collections/zones/items?limit=1000"];
const REPORTS: [&str; 1] = ["/reports"];
const FILES: [&str; 8] = [
    "/assets/page.css",
    "/assets/page.js",
    "/assets/element.js",
    "/assets/address.js",
    "/assets/board.js",
    "/assets/frame.js",
    "/assets/points.js",
    "/assets/people.js",
];

/// Marks records so that no two audiences see the same, by their place in the file: most are for everybody who works here.
fn marked(record: &mut Record, at: usize) {
    let to = |parties: &[&str], level| Marking {
        releasable_to: Some(parties.iter().map(|p| (*p).into()).collect()),
        ..Marking::of(level)
    };
    record.marking = match at % 50 {
        0..25 => Marking::default(),
        25..35 => Marking::of(Tlp::Green),
        35..43 => Marking::of(Tlp::Amber),
        43 | 44 => to(&["Ukraine"], Tlp::Amber),
        45 => to(&["Russia"], Tlp::Green),
        46 => to(&["Germany", "France", "Poland", "United-Kingdom"], Tlp::Amber),
        47 => to(&["United-States", "United-Kingdom"], Tlp::Amber),
        48 if at.is_multiple_of(4) => to(&["Poland"], Tlp::Amber),
        48 => to(&["France"], Tlp::Amber),
        _ => Marking::of(Tlp::Red),
    };
}

/// A connection that is kept, over TLS.
struct Line {
    stream: BufReader<rustls::StreamOwned<rustls::ClientConnection, TcpStream>>,
    cookie: String,
}

/// An answer: its status, the cookies that it sets, its tag, and its body.
struct Answer {
    status: u16,
    cookies: Vec<String>,
    /// Where it sends to.
    location: Option<String>,
    tag: Option<String>,
    body: Vec<u8>,
}

impl Line {
    fn to(address: &str, trust: &Trust) -> Result<Line, String> {
        let failed = |e: std::io::Error| format!("cannot reach {address}: {e}");
        let stream = TcpStream::connect(address).map_err(failed)?;
        stream.set_nodelay(true).and_then(|()| stream.set_read_timeout(Some(PATIENCE))).map_err(failed)?;
        let name = "localhost".try_into().map_err(|e| format!("{e}"))?;
        let tls = rustls::ClientConnection::new(trust.config(), name).map_err(|e| e.to_string())?;
        Ok(Line { stream: BufReader::new(rustls::StreamOwned::new(tls, stream)), cookie: String::new() })
    }

    /// A new connection for the same browser: the server hangs up on one that was idle for half a minute.
    fn renew(&mut self, address: &str, trust: &Trust) -> Result<(), String> {
        let cookie = std::mem::take(&mut self.cookie);
        *self = Line { cookie, ..Line::to(address, trust)? };
        Ok(())
    }

    fn send(&mut self, method: &str, path: &str, more: &str, body: &str) -> Result<(), String> {
        let cookie = match self.cookie.is_empty() {
            true => String::new(),
            false => format!("cookie: {}\r\n", self.cookie),
        };
        let length = body.len();
        let text = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\naccept-encoding: gzip\r\n{cookie}{more}content-length: {length}\r\n\r\n{body}"
        );
        self.stream.get_mut().write_all(text.as_bytes()).map_err(|e| format!("{path}: {e}"))
    }

    fn receive(&mut self, path: &str) -> Result<Answer, String> {
        let broken = |e: std::io::Error| format!("{path}: {e}");
        let (mut answer, mut length) =
            (Answer { status: 0, cookies: Vec::new(), location: None, tag: None, body: Vec::new() }, 0);
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).map_err(broken)? == 0 {
                return Err(format!("{path}: the server hung up"));
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            let Some((name, value)) = line.split_once(": ") else {
                answer.status = line.split(' ').nth(1).and_then(|n| n.parse().ok()).unwrap_or(0);
                continue;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().map_err(|_| format!("{path}: no length"))?,
                "set-cookie" => answer.cookies.push(value.split(';').next().unwrap_or_default().to_string()),
                "location" => answer.location = Some(value.to_string()),
                "etag" => answer.tag = Some(value.to_string()),
                _ => {}
            }
        }
        answer.body = vec![0; length];
        self.stream.read_exact(&mut answer.body).map_err(broken)?;
        Ok(answer)
    }

    /// What a page asks for.
    fn get(&mut self, path: &str) -> Result<Answer, String> {
        self.send("GET", path, "", "")?;
        let answer = self.receive(path)?;
        match answer.status {
            200 => Ok(answer),
            status => Err(format!(
                "{path}: {status} {}: {}",
                answer.location.unwrap_or_default(),
                String::from_utf8_lossy(&answer.body)
            )),
        }
    }

    /// Whether a file is still the one that the browser has.
    fn compare(&mut self, path: &str, tag: &str) -> Result<(), String> {
        self.send("GET", path, &format!("if-none-match: {tag}\r\n"), "")?;
        match self.receive(path)?.status {
            304 => Ok(()),
            status => Err(format!("{path}: {status} for a file that has not changed")),
        }
    }

    /// Signs in as a browser does: the form, its token, the password.
    fn sign_in(&mut self, name: &str) -> Result<(), String> {
        self.send("GET", "/sign-in", "", "")?;
        let form = self.receive("/sign-in")?;
        let text = String::from_utf8_lossy(&form.body).into_owned();
        let token = text.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let token = token.ok_or("the form to sign in has no token")?.to_string();
        self.cookie = form.cookies.join("; ");
        let body = format!("token={token}&name={name}&password={}&back=%2F", PASSWORD.replace(' ', "+"));
        let head = "content-type: application/x-www-form-urlencoded\r\norigin: https://localhost\r\n";
        self.send("POST", "/sign-in", head, &body)?;
        let answer = self.receive("/sign-in")?;
        if answer.status != 303 {
            return Err(format!("{name} could not sign in: {}", answer.status));
        }
        let kept = answer.cookies.iter().find(|cookie| !cookie.ends_with('='));
        self.cookie = kept.cloned().ok_or("no cookie came of signing in")?;
        Ok(())
    }
}

/// How long everything took, by what was asked, in milliseconds.
type Took = BTreeMap<&'static str, Vec<f64>>;

/// One person at the cut-off. Gives what took how long, and the hash of the report.
fn person(
    line: &mut Line,
    (address, trust): (&str, &Trust),
    tags: &BTreeMap<&'static str, String>,
    report: &str,
    took: &mut Took,
) -> Result<[u8; 32], String> {
    let mut timed = |line: &mut Line, path: &'static str| -> Result<Answer, String> {
        let since = Instant::now();
        let answer = line.get(path)?;
        let elapsed = since.elapsed().as_secs_f64() * 1e3;
        took.entry("answer").or_default().push(elapsed);
        took.entry(path).or_default().push(elapsed);
        Ok(answer)
    };
    let mut pages = Vec::new();
    let since = Instant::now();
    line.renew(address, trust)?;
    for path in BOARD {
        timed(line, path)?;
    }
    timed(line, BOARD_MAP)?;
    for (path, tag) in tags {
        line.compare(path, tag)?;
    }
    pages.push(("page-board", since.elapsed()));
    let since = Instant::now();
    for path in MAP {
        timed(line, path)?;
    }
    for (path, tag) in tags {
        line.compare(path, tag)?;
    }
    pages.push(("page-map", since.elapsed()));
    let since = Instant::now();
    for path in REPORTS {
        timed(line, path)?;
    }
    let asked = Instant::now();
    let report = line.get(report)?;
    took.entry("report").or_default().push(asked.elapsed().as_secs_f64() * 1e3);
    pages.push(("page-report", since.elapsed()));
    for (name, elapsed) in pages {
        took.entry(name).or_default().push(elapsed.as_secs_f64() * 1e3);
        took.entry("page").or_default().push(elapsed.as_secs_f64() * 1e3);
    }
    Ok(sha256(&report.body))
}

/// An exercise with markings, entered; gives the number of records and one to make others of.
fn workspace(
    binary: &Path,
    example: &Path,
    folder: &Path,
    load: &Load,
) -> Result<(Workspace, usize, Record), String> {
    let failed = |e: std::io::Error| format!("cannot make {}: {e}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(failed)?;
    }
    let beside = folder.with_extension("jsonl");
    let (seed, incidents) = (load.seed.to_string(), load.incidents.to_string());
    ran(Command::new(binary)
        .args(["exercise", "--days", "30", "--force", "--seed", &seed, "--incidents", &incidents, "--out"])
        .arg(&beside))?;
    let text = std::fs::read_to_string(&beside).map_err(failed)?;
    // The thirty days end now; what was recorded of them afterwards is not there yet, else the server would speak of a time to come.
    let moved = now().0 - ENDS;
    let mut records = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let mut record = from_json(line).map_err(|e| e.to_string())?;
        if record.recorded.0 > ENDS {
            continue;
        }
        marked(&mut record, at);
        record.when.earliest = record.when.earliest + moved;
        record.when.latest = record.when.latest + moved;
        record.recorded = record.recorded + moved;
        records.push(record);
    }
    let stored: Vec<StoredRecord> = records.iter().map(|r| StoredRecord::of(r, to_json(r))).collect();
    let read = |name: &str| std::fs::read(example.join(name)).map_err(failed);
    let (agreement, zones) = (read("berlin-framework.pact.md")?, read("zones/contact-line.geojson")?);
    let made = rcgen::generate_simple_self_signed(["localhost".to_string()]).map_err(|e| e.to_string())?;
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let files: [(&str, &[u8]); 5] = [
        ("servanda.toml", SETTINGS.as_bytes()),
        ("berlin-framework.pact.md", &agreement),
        ("zones/contact-line.geojson", &zones),
        ("certificate.pem", certificate.as_bytes()),
        ("key.pem", key.as_bytes()),
    ];
    std::fs::create_dir_all(folder).map_err(failed)?;
    let workspace = Workspace::create(folder, &files).map_err(|e| e.to_string())?;
    enter(&workspace, "exercise.jsonl", &stored, 0)?;
    let last = records.iter().rev().find(|r| r.place.is_some()).cloned();
    Ok((workspace, stored.len(), last.ok_or("the exercise has no incident with a place")?))
}

fn enter(workspace: &Workspace, file: &str, stored: &[StoredRecord], seen: usize) -> Result<(), String> {
    let all: String = stored.iter().map(|one| one.json.as_str()).collect();
    let digest = servanda_store::sha256(all.as_bytes());
    let count = stored.len() as u64;
    let intake = Intake {
        file: file.to_string(),
        sha256: digest,
        entered: now(),
        read: count,
        made: count,
        refused: 0,
        quarantine: None,
    };
    workspace.enter(&intake, stored, None, seen).map(drop).map_err(|e| e.to_string())
}

fn now() -> servanda_model::Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    servanda_model::Instant(since.map_or(0, |d| d.as_millis() as i64))
}

/// Somebody enters another incident every few seconds, as another program on the same machine does.
fn reporter(workspace: &Workspace, like: &Record, there: usize, ended: &AtomicBool) -> Result<usize, String> {
    let mut made = 0;
    // Not in the millisecond of the cut-off itself: what is recorded in it counts for its reports, and all of them are then made anew.
    std::thread::sleep(ENTER_EVERY / 2);
    while !ended.load(Ordering::Relaxed) {
        made += 1;
        let mut record = like.clone();
        record.id = format!("at-the-cut-off-{made}").as_str().into();
        record.incident = None;
        record.supersedes = None;
        record.recorded = now();
        // Seen by everybody: nobody's answers stay what they were.
        record.marking = Marking::default();
        let stored = [StoredRecord::of(&record, to_json(&record))];
        enter(workspace, &format!("late-{made}.jsonl"), &stored, there + made - 1)?;
        for _ in 0..ENTER_EVERY.as_millis() / 100 {
            if ended.load(Ordering::Relaxed) {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    Ok(made)
}

/// All people with their connections, signed in, each having looked at the board and the map before.
fn people(
    address: &str,
    trust: &Trust,
    (users, audiences): (u64, u64),
    begun: Instant,
    out: &mut String,
) -> Result<Vec<(Line, Line)>, String> {
    let next = std::sync::atomic::AtomicU64::new(0);
    let since = Instant::now();
    let signed: Result<Vec<_>, String> = std::thread::scope(|scope| {
        let work = || {
            let mut own = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= users {
                    return Ok::<_, String>(own);
                }
                let mut line = Line::to(address, trust)?;
                let begun = Instant::now();
                line.sign_in(&name_of(number))?;
                let took = begun.elapsed().as_secs_f64() * 1e3;
                own.push((number, line, took));
            }
        };
        let all: Vec<_> = (0..SIGNING_IN).map(|_| scope.spawn(work)).collect();
        let joined =
            all.into_iter().map(|one| one.join().unwrap_or_else(|_| Err("a sign-in ended halfway".into())));
        joined.collect()
    });
    let mut signed: Vec<_> = signed?.into_iter().flatten().collect();
    let _ = writeln!(out, "signed-in {:.2}", since.elapsed().as_secs_f64());
    spread(out, "sign-in", signed.iter().map(|(_, _, took)| *took).collect());
    signed.sort_by_key(|(number, ..)| *number);
    progress(begun, &format!("{users} people are signed in"));
    let since = Instant::now();
    let mut all = Vec::new();
    for (number, mut line, _) in signed {
        // One of each audience has looked before; the others have the page open, and follow.
        if number < audiences {
            line.renew(address, trust)?;
            for path in BOARD.iter().chain([&BOARD_MAP]).chain(&MAP).chain(&REPORTS) {
                line.get(path)?;
            }
            progress(begun, &format!("audience {} of {audiences} has looked", number + 1));
        }
        let mut stream = Line::to(address, trust)?;
        stream.cookie = line.cookie.clone();
        stream.send("GET", "/events", "", "")?;
        all.push((line, stream));
    }
    let _ = writeln!(out, "first-looks {:.2}", since.elapsed().as_secs_f64());
    Ok(all)
}

fn name_of(number: u64) -> String {
    format!("user-{number}")
}

/// Runs the load against a binary and gives the figures.
pub fn measured(binary: &str, example: &str, folder: &str, load: &Load) -> Result<Vec<u8>, String> {
    let audiences = load.audiences;
    if !(1..=AUDIENCES.len() as u64).contains(&audiences) {
        return Err(format!("1 to {} audiences", AUDIENCES.len()));
    }
    if !(audiences..=4_000).contains(&load.users) || !(1..=3_600).contains(&load.within) {
        return Err("as many people as audiences, to 4,000, within 1 to 3,600 seconds".into());
    }
    if !(1..=3_600).contains(&load.cut_off) {
        return Err("a cut-off at a full 1 to 3,600 seconds".into());
    }
    let begun = Instant::now();
    let (binary, folder) = (Path::new(binary), Path::new(folder));
    let (workspace, records, like) = workspace(binary, Path::new(example), folder, load)?;
    progress(begun, &format!("{records} records are entered"));
    let store = workspace.store();
    let keeper = servanda_store::policy::Viewer::keeper();
    let mut account = Account::new("user");
    account.set_password(PASSWORD).map_err(|e| e.to_string())?;
    account.roles = [Role::Reader].into();
    for number in 0..load.users {
        let (party, level) = AUDIENCES[(number % audiences) as usize];
        account.name = name_of(number);
        account.party = party.map(Into::into);
        account.clearances = [(TLP.into(), level)].into();
        store.put_account(&account, now(), &keeper).map_err(|e| e.to_string())?;
    }
    drop(store);
    let pem = std::fs::read(folder.join("certificate.pem")).map_err(|e| e.to_string())?;
    let trust = Trust::of_pem("certificate.pem", &pem).map_err(|e| e.message)?;
    let serving = Serving::start(binary, folder, &["--port", "0"])?;
    let address = serving.address.as_str();
    let mut out = format!("records {records}\n");
    let people = people(address, &trust, (load.users, audiences), begun, &mut out)?;
    let mut tags = BTreeMap::new();
    let mut first = Line::to(address, &trust)?;
    for path in FILES {
        let tag = first.get(path)?.tag.ok_or_else(|| format!("{path} has no tag"))?;
        tags.insert(path, tag);
    }
    let ready = serving.figures()?;
    let _ = writeln!(out, "memory-before {:.0}", ready.memory);
    let ended = AtomicBool::new(false);
    let tags = Arc::new(tags);
    let cut_off = load.cut_off as i64 * 1_000;
    let cut_off = servanda_model::Instant((now().0 / cut_off + 1) * cut_off);
    let report = format!("/reports/daily?cut-off={cut_off}&format=html&lang=en");
    let wait = (cut_off - now()).unsigned_abs();
    progress(begun, &format!("all are there; the cut-off is in {} s", wait / 1_000));
    std::thread::sleep(Duration::from_millis(wait));
    let before = serving.figures()?;
    let worked_before = worked()?;
    let start = Instant::now();
    let count = people.len() as f64;
    let (all, entered, lasted) = std::thread::scope(|scope| {
        let entering = scope.spawn(|| reporter(&workspace, &like, records, &ended));
        let each: Vec<_> = people
            .into_iter()
            .enumerate()
            .map(|(at, (mut line, stream))| {
                let (tags, report, trust) = (tags.clone(), report.as_str(), &trust);
                // A step that shares no factor with any audience count mixes the audiences over the whole time.
                let place = (at * 263 % count as usize) as f64 / count;
                let due = start + Duration::from_secs_f64(place * load.within as f64);
                let builder = std::thread::Builder::new().stack_size(256 << 10);
                builder.spawn_scoped(scope, move || {
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    let mut took = Took::new();
                    let hash = person(&mut line, (address, trust), &tags, report, &mut took);
                    drop(stream);
                    hash.map(|hash| (at as u64 % audiences, hash, took))
                })
            })
            .collect();
        let mut all = Vec::new();
        let (whole, mut tenth) = (each.len(), 0);
        for (at, one) in each.into_iter().enumerate() {
            if at * 10 / whole > tenth {
                tenth = at * 10 / whole;
                progress(begun, &format!("{at} of {whole} people have their pages"));
            }
            all.push(match one {
                Ok(thread) => thread.join().unwrap_or_else(|_| Err("a person ended halfway".into())),
                Err(e) => Err(format!("no thread for a person: {e}")),
            });
        }
        let lasted = start.elapsed().as_secs_f64();
        progress(begun, "all have their pages");
        ended.store(true, Ordering::Relaxed);
        (all, entering.join().unwrap_or_else(|_| Err("the reporter ended halfway".into())), lasted)
    });
    let Figures { user, system, memory, peak } = serving.figures()?;
    let (user, system) = (user - before.user, system - before.system);
    let whole = worked()? - worked_before;
    let errors: Vec<&String> = all.iter().filter_map(|one| one.as_ref().err()).collect();
    if let Some(first) = errors.first() {
        return Err(format!("{} of {} people met an error, the first: {first}", errors.len(), all.len()));
    }
    let mut took = Took::new();
    let mut reports: BTreeMap<u64, BTreeSet<[u8; 32]>> = BTreeMap::new();
    for (audience, hash, own) in all.into_iter().flatten() {
        reports.entry(audience).or_default().insert(hash);
        for (name, times) in own {
            took.entry(name).or_default().extend(times);
        }
    }
    if let Some((audience, hashes)) = reports.iter().find(|(_, hashes)| hashes.len() != 1) {
        return Err(format!("the audience {audience} was given {} different reports", hashes.len()));
    }
    let different: BTreeSet<_> = reports.values().flatten().collect();
    if different.len() as u64 != audiences {
        return Err(format!("{audiences} audiences were given {} reports", different.len()));
    }
    let requests = took["answer"].len() + took["report"].len() + load.users as usize * 2 * FILES.len();
    let _ = writeln!(
        out,
        "users {}\naudiences {audiences}\nentered {}\nlasted {lasted:.2}\nrequests {requests}\nerrors 0",
        load.users, entered?
    );
    for (name, times) in took {
        spread(&mut out, name, times);
    }
    let cores = (user + system) / lasted;
    let _ = writeln!(
        out,
        "user {user:.2}\nsystem {system:.2}\nper-request {:.3}\ncores {cores:.3}\nbeside {:.3}\nmemory {memory:.0}\npeak {peak:.0}",
        (user + system) * 1e3 / requests as f64,
        whole / lasted - cores
    );
    serving.end()?;
    Ok(out.into_bytes())
}
