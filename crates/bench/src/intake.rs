//! Load at the intake: signed detections of several sensors at a fixed rate, over HTTP, to a server that follows.
//!
//! It makes a workspace of `examples/minsk-style`, registers a key for each sensor, starts `servanda serve --intake` as a user
//! would, and sends. Each sensor has one connection and its own numbers: a detection names the one before, is sent on its own, and
//! the next goes when its receipt is there. The rate is that of the schedule: a detection that has to wait because the one before
//! was not answered yet counts its waiting, from the moment at which it was due.
//!
//! Beside the sensors one observer enters a denial of access every few seconds and looks on the board of the page until the
//! breach is there: how far the verdicts are behind.
//!
//! Figures, one line each, `name value`: times in milliseconds, CPU in seconds, memory in MB. Beside those of the server stand two of
//! the machine: what bringing a small file down to the disk took meanwhile, and how many cores worked for anybody else (the sensors
//! among them). A server is not faster than its disk, and a figure of a shared machine is not one of the program alone.
//!
//! Invariants
//! - a figure is printed only where every detection has a receipt and stands on the board in the end, every probe has its verdict,
//!   and the log verifies and has as many entries as were sent.
//!
//! Start at [`measured`].

use crate::serving::{Figures, PATIENCE, Serving, ran, spread, worked};
use servanda_evidence::outbox::{self, Submission, sha256};
use servanda_evidence::record_json::from_json;
use servanda_ledger::envelope::Envelope;
use servanda_ledger::note::{Algorithm, SignerKey};
use servanda_model::Instant as Moment;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What is sent.
pub struct Load {
    /// Detections.
    pub records: u64,
    /// Detections a second, of all sensors together.
    pub rate: u64,
    /// Sensors.
    pub sensors: u64,
}

/// How often the observer enters something.
const PROBE_EVERY: Duration = Duration::from_secs(5);
/// How long it waits between two looks at the board.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often the disk is tried beside the server.
const DISK_EVERY: Duration = Duration::from_millis(500);

const SETTINGS: &str = "agreement = \"minsk-style.pact.md\"\n";

/// Writes a small file beside the workspace and brings it down to the disk, again and again: what the disk itself takes meanwhile,
/// whoever else uses it. Times in milliseconds.
fn disk(path: &Path, ended: &AtomicBool) -> Result<Vec<f64>, String> {
    let failed = |e: std::io::Error| format!("cannot write {}: {e}", path.display());
    let mut took = Vec::new();
    while !ended.load(Ordering::Relaxed) {
        let since = Instant::now();
        let mut file = std::fs::File::create(path).map_err(failed)?;
        file.write_all(&[7; 4096]).and_then(|()| file.sync_all()).map_err(failed)?;
        took.push(since.elapsed().as_secs_f64() * 1e3);
        std::thread::sleep(DISK_EVERY);
    }
    std::fs::remove_file(path).map_err(failed)?;
    Ok(took)
}

/// One connection that is kept.
struct Line {
    stream: BufReader<TcpStream>,
}

impl Line {
    fn to(address: &str) -> Result<Line, String> {
        let stream = TcpStream::connect(address).map_err(|e| format!("cannot reach {address}: {e}"))?;
        let set = stream.set_nodelay(true).and_then(|()| stream.set_read_timeout(Some(PATIENCE)));
        set.map_err(|e| e.to_string())?;
        Ok(Line { stream: BufReader::new(stream) })
    }

    /// One request, and the body of its answer.
    fn ask(&mut self, head: &str, body: &str) -> Result<String, String> {
        let length = body.len();
        let text = format!(
            "{head} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        let broken = |e: std::io::Error| format!("{head}: {e}");
        self.stream.get_mut().write_all(text.as_bytes()).map_err(broken)?;
        let (mut status, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).map_err(broken)? == 0 {
                return Err(format!("{head}: the server hung up"));
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if status.is_empty() {
                status = line.to_string();
            }
            if let Some(n) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = n.trim().parse().map_err(|_| format!("{head}: no length"))?;
            }
        }
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).map_err(broken)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match status.contains(" 200 ") {
            true => Ok(text),
            false => Err(format!("{head}: {status}: {text}")),
        }
    }
}

/// Whoever submits: its key, and what it sent last.
struct Submitter {
    name: String,
    key: SignerKey,
    number: u64,
    last: Option<String>,
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64)
}

impl Submitter {
    fn new(name: String, seed: u8) -> Result<Submitter, String> {
        let key = SignerKey::new(&name, Algorithm::Note, &[seed; 32]).map_err(|e| e.to_string())?;
        Ok(Submitter { name, key, number: 0, last: None })
    }

    /// The next envelope, with this record; `fields` are those of the record besides identity, times and source.
    fn envelope(&mut self, fields: &str) -> Result<String, String> {
        self.number += 1;
        let (name, number, made) = (&self.name, self.number, Moment(now_ms()));
        let line = format!(
            "{{\"v\":1,\"id\":\"{name}/{number}\",\"source\":\"{name}\",\"when\":\"{made}\",\"recorded\":\"{made}\",\
             \"exercise\":true,{fields}}}"
        );
        let record = from_json(&line).map_err(|e| e.to_string())?;
        let submission =
            Submission { submitter: name.clone(), number, previous: self.last.clone(), made, record };
        let mut envelope = Envelope::new(outbox::PAYLOAD, outbox::payload(&submission).as_bytes());
        envelope.sign(&self.key);
        let text = envelope.to_json();
        self.last = Some(sha256(text.as_bytes()));
        Ok(text)
    }
}

/// A detection: in the named districts or a little beside, by one side or the other.
fn detection(sensor: u64, number: u64) -> String {
    let party = ["DNR", "LNR", "Ukraine"][(sensor % 3) as usize];
    let weapon = ["small-arms", "gun-100mm", "rocket"][(number % 3) as usize];
    let spread = |of: u64, times: u64| (number * times % of) as f64 / of as f64;
    format!(
        "\"fact\":\"fire\",\"grade\":\"probable\",\"roles\":{{\"by\":\"{party}\",\"weapon\":\"{weapon}\"}},\
         \"place\":{{\"lat\":{:.5},\"lon\":{:.5},\"radius_m\":150.0}}",
        47.8 + 0.6 * spread(997, 31),
        37.4 + 1.2 * spread(1009, 17),
    )
}

const DENIAL: &str =
    "\"fact\":\"access-denial\",\"grade\":\"confirmed\",\"roles\":{\"by\":\"Ukraine\",\"to\":\"SMM\"}";

/// Sends one envelope and holds its answer to be a receipt.
fn send(line: &mut Line, envelope: &str) -> Result<(), String> {
    let said = line.ask("POST /api/intake", envelope)?;
    match said.contains("\"status\":\"accepted\"") {
        true => Ok(()),
        false => Err(format!("a detection was not accepted: {said}")),
    }
}

/// What one sensor does: waiting times, in milliseconds.
fn sensor(
    load: &Load,
    index: u64,
    mut who: Submitter,
    address: &str,
    start: Instant,
) -> Result<Vec<f64>, String> {
    let mut line = Line::to(address)?;
    let mut waited = Vec::new();
    for at in (index..load.records).step_by(load.sensors as usize) {
        let due = start + Duration::from_secs_f64(at as f64 / load.rate as f64);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let envelope = who.envelope(&detection(index, at))?;
        send(&mut line, &envelope)?;
        waited.push(due.elapsed().as_secs_f64() * 1e3);
    }
    Ok(waited)
}

/// How many breaches of a ban the board speaks of, of all who are bound by it: `12 on record, the first ...`.
fn breaches(board: &str, ban: &str) -> Result<u64, String> {
    let board: serde_json::Value = serde_json::from_str(board).map_err(|e| e.to_string())?;
    let rows = board["rows"].as_array().ok_or("the board has no rows")?;
    let reasons = rows.iter().filter(|row| row["norm"] == ban).filter_map(|row| row["reason"].as_str());
    Ok(reasons.filter_map(|reason| reason.split_once(" on record")?.0.parse::<u64>().ok()).sum())
}

/// What the observer does until everything is sent: from the moment at which a denial is sent to its verdict on the board.
fn observer(mut who: Submitter, address: &str, ended: &AtomicBool) -> Result<(Vec<f64>, Vec<f64>), String> {
    let mut line = Line::to(address)?;
    let (mut behind, mut looks) = (Vec::new(), Vec::new());
    loop {
        let before = breaches(&line.ask("GET /api/board", "")?, "hamper-monitors")?;
        let sent = Instant::now();
        let envelope = who.envelope(DENIAL)?;
        send(&mut line, &envelope)?;
        loop {
            let look = Instant::now();
            let board = line.ask("GET /api/board", "")?;
            looks.push(look.elapsed().as_secs_f64() * 1e3);
            if breaches(&board, "hamper-monitors")? > before {
                break;
            }
            if sent.elapsed() > PATIENCE {
                return Err("a denial was accepted, and no verdict followed from it".into());
            }
            std::thread::sleep(LOOK_EVERY);
        }
        behind.push(sent.elapsed().as_secs_f64() * 1e3);
        if std::env::var_os("SERVANDA_BENCH_FIGURES").is_some() {
            eprintln!("probe {} behind {:.0} ms", behind.len(), sent.elapsed().as_secs_f64() * 1e3);
        }
        if ended.load(Ordering::Relaxed) {
            return Ok((behind, looks));
        }
        std::thread::sleep(PROBE_EVERY.saturating_sub(sent.elapsed()));
    }
}

/// A workspace of the example, with a key for each submitter.
fn workspace(binary: &Path, example: &Path, folder: &Path, all: &[&Submitter]) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("cannot make {}: {e}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(failed)?;
    }
    std::fs::create_dir_all(folder.join("zones")).map_err(failed)?;
    for file in ["minsk-style.pact.md", "zones/contact-line.geojson"] {
        std::fs::copy(example.join(file), folder.join(file)).map_err(failed)?;
    }
    std::fs::write(folder.join("servanda.toml"), SETTINGS).map_err(failed)?;
    for who in all {
        let key = who.key.public().to_string();
        ran(Command::new(binary).args(["key", "register", &who.name, &key, "--workspace"]).arg(folder))?;
    }
    Ok(())
}

/// Runs the load against a binary and gives the figures.
pub fn measured(binary: &str, example: &str, folder: &str, load: &Load) -> Result<Vec<u8>, String> {
    if load.rate == 0 || load.sensors == 0 || load.sensors > 200 || load.records < load.sensors {
        return Err("a load has a rate, 1 to 200 sensors, and a record for each at least".into());
    }
    let (binary, folder) = (Path::new(binary), Path::new(folder));
    let names = (0..load.sensors).map(|i| (format!("sensor-{i}"), i as u8 + 1));
    let sensors: Vec<Submitter> =
        names.map(|(name, seed)| Submitter::new(name, seed)).collect::<Result<_, _>>()?;
    let probe = Submitter::new("observer".into(), 255)?;
    let all: Vec<&Submitter> = sensors.iter().chain([&probe]).collect();
    workspace(binary, Path::new(example), folder, &all)?;
    let serving = Serving::start(binary, folder, &["--intake", "--port", "0"])?;
    let address = serving.address.as_str();
    let ended = AtomicBool::new(false);
    let (before, worked_before) = (serving.figures()?, worked()?);
    let start = Instant::now();
    let beside = folder.with_extension("disk");
    let (waited, probed, tried, took) = std::thread::scope(|scope| {
        let trying = scope.spawn(|| disk(&beside, &ended));
        let observing = scope.spawn(|| observer(probe, address, &ended));
        let all: Vec<_> = (0..)
            .zip(sensors)
            .map(|(index, who)| scope.spawn(move || sensor(load, index, who, address, start)))
            .collect();
        let mut waited = Vec::new();
        for one in all {
            waited.push(one.join().unwrap_or_else(|_| Err("a sensor ended halfway".into())));
        }
        let took = start.elapsed().as_secs_f64();
        ended.store(true, Ordering::Relaxed);
        let probed = observing.join().unwrap_or_else(|_| Err("the observer ended halfway".into()));
        (waited, probed, trying.join().unwrap_or_else(|_| Err("nobody tried the disk".into())), took)
    });
    let waited: Vec<f64> = waited.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
    let (behind, looks) = probed?;
    let Figures { user, system, memory, peak } = serving.figures()?;
    let (user, system) = (user - before.user, system - before.system);
    let whole = worked()? - worked_before;
    let board = Line::to(address)?.ask("GET /api/board", "")?;
    let (judged, denied) = (breaches(&board, "hold-fire")?, breaches(&board, "hamper-monitors")?);
    if (judged, denied) != (load.records, behind.len() as u64) {
        return Err(format!(
            "of {} detections {judged} stand on the board, of {} denials {denied}",
            load.records,
            behind.len()
        ));
    }
    let mut out = String::new();
    let probes = behind.len();
    let _ =
        writeln!(out, "records {}\nrate {:.2}\nprobes {probes}", waited.len(), waited.len() as f64 / took);
    spread(&mut out, "receipt", waited);
    spread(&mut out, "behind", behind);
    spread(&mut out, "board", looks);
    spread(&mut out, "disk", tried?);
    let cores = (user + system) / took;
    let _ = writeln!(
        out,
        "user {user:.2}\nsystem {system:.2}\ncores {cores:.3}\nbeside {:.3}\nmemory {memory:.0}\npeak {peak:.0}",
        whole / took - cores
    );
    serving.end()?;
    // What was promised is there: as many entries as were sent, besides the keys, and a log that verifies.
    let read = |name: &str| {
        std::fs::read_to_string(folder.join(name)).map_err(|e| format!("cannot read {name}: {e}"))
    };
    let key = SignerKey::parse(read("secret/log.key")?.trim()).map_err(|e| e.to_string())?;
    let policy = folder.join("log.policy");
    std::fs::write(&policy, format!("log {}\nquorum none\n", key.public())).map_err(|e| e.to_string())?;
    ran(Command::new(binary).args(["log", "verify", "--policy"]).arg(&policy).arg(folder.join("log")))?;
    let expected = load.records + probes as u64 + load.sensors + 2;
    let entries = read("log/checkpoint")?.lines().nth(1).and_then(|n| n.parse::<u64>().ok());
    if entries != Some(expected) {
        return Err(format!("the log has {entries:?} entries, and {expected} were promised"));
    }
    Ok(out.into_bytes())
}
