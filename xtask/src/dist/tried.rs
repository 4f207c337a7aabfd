//! An upgrade, tried: what the older package's program left is served by the newer one's, with everything in it.
//!
//! Both packages are unpacked into a folder of their own, the newer over the older, as `dpkg` lays them; so nothing of this machine is touched
//! and nobody has to be root. What it deliberately does not do: run the packages' scripts, which make a user and restart a service. Those are
//! tried on a machine that may be thrown away (docs/operating/upgrade.md).
//!
//! Invariants
//! - whatever happens, the folder and the servers are gone afterwards.
//!
//! Start at [`tried`].

use super::said;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A server, stopped as the service stops it.
struct Serving(Child);

impl Serving {
    /// Ends it as systemd does, and waits: it seals the log.
    fn end(mut self) -> Result<(), String> {
        said(Command::new("kill").args(["-TERM", &self.0.id().to_string()]))?;
        let status = self.0.wait().map_err(|e| e.to_string())?;
        if status.success() { Ok(()) } else { Err(format!("the server ended with {status}")) }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a server of a workspace answers at `/health` and how many incidents it lists.
fn served(program: &Path, workspace: &Path) -> Result<String, String> {
    let mut child = Command::new(program)
        .args(["serve", "--port", "0", "--intake"])
        .arg(workspace)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("cannot start {}: {e}", program.display()))?;
    let mut first = String::new();
    let told = child.stdout.take().map(|out| BufReader::new(out).read_line(&mut first));
    let serving = Serving(child);
    told.ok_or("the server has no output")?.map_err(|e| e.to_string())?;
    let address = first
        .split("http://")
        .nth(1)
        .and_then(|rest| rest.split(|c: char| c == '/' || c.is_whitespace()).next());
    let address = address.map(str::trim).ok_or_else(|| format!("the server says no address: {first:?}"))?;
    let health = asked(address, "/health")?;
    if !health.starts_with("HTTP/1.1 200") {
        return Err(format!("`/health` says {health}"));
    }
    let list = asked(address, "/api/incidents.csv")?;
    let (head, rows) = list.split_once("\r\n\r\n").ok_or("an answer without a head")?;
    if !head.starts_with("HTTP/1.1 200") {
        return Err(format!("`/api/incidents.csv` says {head}"));
    }
    let rows = rows.to_string();
    serving.end()?;
    Ok(rows)
}

fn asked(address: &str, path: &str) -> Result<String, String> {
    let mut stream = TcpStream::connect(address).map_err(|e| format!("cannot reach {address}: {e}"))?;
    let patience = Some(Duration::from_secs(60));
    stream.set_read_timeout(patience).map_err(|e| e.to_string())?;
    // 1.0: the answer ends with the connection, and comes in one piece.
    let question = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(question.as_bytes()).map_err(|e| e.to_string())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).map_err(|e| format!("{path}: {e}"))?;
    Ok(String::from_utf8_lossy(&bytes).replace("HTTP/1.0", "HTTP/1.1"))
}

fn field(package: &Path, name: &str) -> Result<String, String> {
    Ok(said(Command::new("dpkg-deb").arg("-f").arg(package).arg(name))?.trim().to_string())
}

/// Installs, enters, serves, upgrades, serves again.
///
/// # Errors
/// What was not as it should be.
pub(super) fn tried(old: &Path, new: &Path) -> Result<Vec<String>, String> {
    let (from, to) = (field(old, "Version")?, field(new, "Version")?);
    said(Command::new("dpkg").args(["--compare-versions", &from, "lt", &to]))
        .map_err(|_| format!("{from} is not before {to}: name the older package first"))?;
    let folder = Folder(std::env::temp_dir().join(format!("servanda-upgrade-{}", std::process::id())));
    let root = folder.0.join("root");
    fs::create_dir_all(&root).map_err(|e| format!("cannot make {}: {e}", root.display()))?;
    let unpack = |package: &Path| said(Command::new("dpkg-deb").arg("-x").arg(package).arg(&root)).map(drop);
    let program = root.join("usr/bin/servanda");
    let workspace = folder.0.join("workspace");
    let run = |arguments: &[&str]| {
        said(Command::new(&program).args(arguments).current_dir(&folder.0).env("HOME", &folder.0))
    };
    let mut told = Vec::new();

    unpack(old)?;
    run(&["new", "workspace"])?;
    // The example stands still in the past; here time goes on.
    let settings = workspace.join("servanda.toml");
    let text =
        fs::read_to_string(&settings).map_err(|e| format!("cannot read {}: {e}", settings.display()))?;
    let text: Vec<&str> =
        text.lines().filter(|line| !line.starts_with("at = ") && !line.starts_with("known-at = ")).collect();
    fs::write(&settings, text.join("\n")).map_err(|e| format!("cannot write {}: {e}", settings.display()))?;
    let report =
        ["what=explosion", "when=2026-05-03 14:30", "means=heard", "source=Patrol 2", "where=48.14 37.74"];
    let mut arguments = vec!["record", "--into", "workspace", "--yes"];
    arguments.extend(report.iter().flat_map(|answer| ["--set", answer]));
    run(&arguments)?;
    let before = served(&program, &workspace)?;
    let count = before.lines().count().saturating_sub(1);
    if count == 0 {
        return Err("the older program serves no incident: nothing would be compared".to_string());
    }
    told.push(format!("{from}: serves {count} incidents"));

    unpack(new)?;
    // 0: nothing to do; 1: the database is made again.
    let check = Command::new(&program)
        .args(["upgrade", "--check", "--workspace", "workspace"])
        .current_dir(&folder.0)
        .output()
        .map_err(|e| e.to_string())?;
    if !matches!(check.status.code(), Some(0 | 1)) {
        return Err(format!("`upgrade --check`: {}", String::from_utf8_lossy(&check.stderr)));
    }
    run(&["upgrade", "--workspace", "workspace"])?;
    run(&["rebuild", "--check", "--workspace", "workspace"])?;
    let after = served(&program, &workspace)?;
    told.push(format!("{to}: serves {} incidents", after.lines().count().saturating_sub(1)));
    if before != after {
        return Err(format!("the list of incidents is another one:\n{before}\n{after}"));
    }
    told.push("the upgrade keeps what was entered, and serves it as before".to_string());
    Ok(told)
}
