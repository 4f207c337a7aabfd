//! `servanda-auditor`: what a court, an auditor or the other side runs to check a record, off-line, without the rest of servanda.
//!
//! It reads files and prints what it found. It links `ledger` and Rust's standard library, writes nothing, asks nobody, and reads no clock.
//!
//! Invariants
//! - exit code 0: all is as it claims to be; 1: so far as it goes, and something stays unproved; 2: it could not run; 3: something is
//!   not what it claims to be;
//! - a file is read up to the size that its format allows.
//!
//! Where to start reading: [`main`]; what is checked stands in `servanda_ledger::bundle` and `servanda_ledger::audit`. Tests: `tests/`
//! of this crate.

use servanda_ledger::audit::{self, Asked};
use servanda_ledger::bundle::{self, State};
use servanda_ledger::leaf::Leaf;
use servanda_ledger::note::{self, Note};
use servanda_ledger::policy::{self, Policy, Witnessed};
use servanda_ledger::proof::{self, Proof};
use servanda_ledger::tile;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: &str = "\
servanda-auditor checks records of a tamper-evident log, off-line. It changes nothing and asks nobody.

  servanda-auditor bundle FOLDER [--policy FILE] [--payload N]
      an auditor's bundle; --payload prints what entry N says, once it is checked
  servanda-auditor proof FILE --policy FILE
      the proof that an entry stands in a log
  servanda-auditor log FOLDER --policy FILE [--earlier FILE]... [--any-entries]
      a whole log; --earlier names checkpoints that you kept

POLICY is the file with the keys of the log and of the witnesses that your side trusts. Do not take it from
whoever gave you the record.

Ends with 0: all is as it claims to be; 1: it is, and something stays unproved; 2: it could not run;
3: something is not what it claims to be.
";

/// Why it could not run, or what is wrong.
enum Stop {
    Usage(String),
    CannotRun(String),
    Broken(String),
}

struct Line {
    what: PathBuf,
    policy: Option<PathBuf>,
    earlier: Vec<PathBuf>,
    payload: Option<u64>,
    any_entries: bool,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let ran = match command.as_str() {
        "bundle" => line(arguments, &["--policy", "--payload"]).and_then(|line| check_bundle(&line)),
        "proof" => line(arguments, &["--policy"]).and_then(|line| check_proof(&line)),
        "log" => {
            line(arguments, &["--policy", "--earlier", "--any-entries"]).and_then(|line| check_log(&line))
        }
        "" | "help" | "--help" | "-h" => say(HELP).map(|()| true),
        "--version" => say(&format!("servanda-auditor {}\n", env!("CARGO_PKG_VERSION"))).map(|()| true),
        other => Err(Stop::Usage(format!("`{other}` is not known"))),
    };
    let (code, words) = match ran {
        Ok(true) => return ExitCode::SUCCESS,
        Ok(false) => return ExitCode::from(1),
        Err(Stop::Usage(words)) => (2, format!("error: {words}\nhelp: servanda-auditor --help")),
        Err(Stop::CannotRun(words)) => (2, format!("error: {words}")),
        Err(Stop::Broken(words)) => (3, format!("error: {words}")),
    };
    // Where nobody can be told, the code still says it.
    let _ = writeln!(std::io::stderr().lock(), "{words}");
    ExitCode::from(code)
}

fn line(mut arguments: impl Iterator<Item = String>, allowed: &[&str]) -> Result<Line, Stop> {
    let mut what = None;
    let mut line =
        Line { what: PathBuf::new(), policy: None, earlier: Vec::new(), payload: None, any_entries: false };
    while let Some(argument) = arguments.next() {
        if argument.starts_with('-') && !allowed.contains(&argument.as_str()) {
            return Err(Stop::Usage(format!("the option `{argument}` is not known here")));
        }
        let mut value = || {
            arguments.next().ok_or_else(|| Stop::Usage(format!("after `{argument}` something is missing")))
        };
        match argument.as_str() {
            "--policy" => line.policy = Some(value()?.into()),
            "--earlier" => line.earlier.push(value()?.into()),
            "--payload" => {
                let number = value()?;
                let parsed = number.parse();
                line.payload =
                    Some(parsed.map_err(|_| Stop::Usage(format!("`{number}` is no number of an entry")))?);
            }
            "--any-entries" => line.any_entries = true,
            _ if what.is_none() => what = Some(argument.into()),
            other => return Err(Stop::Usage(format!("`{other}` is one argument too many"))),
        }
    }
    line.what = what.ok_or_else(|| Stop::Usage("what is to be checked is missing".into()))?;
    Ok(line)
}

fn say(text: &str) -> Result<(), Stop> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Stop::CannotRun(format!("cannot write the answer: {e}")))
        }
        _ => Ok(()),
    }
}

/// A file of at most so many bytes; nothing where it is not there.
fn file(path: &Path, most: usize) -> Result<Option<Vec<u8>>, Stop> {
    let failed = |e| Stop::CannotRun(format!("cannot read `{}`: {e}", path.display()));
    let file = match File::open(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(failed)?,
    };
    let mut bytes = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.len() > most {
        true => Err(Stop::Broken(format!("`{}` is larger than {most} bytes", path.display()))),
        false => Ok(Some(bytes)),
    }
}

fn named(path: &Path, most: usize) -> Result<Vec<u8>, Stop> {
    file(path, most)?.ok_or_else(|| Stop::CannotRun(format!("`{}` is not there", path.display())))
}

/// The policy that was handed in.
fn own_policy(path: &Path) -> Result<Policy, Stop> {
    let bytes = named(path, policy::LARGEST)?;
    Policy::parse(&bytes).map_err(|e| Stop::CannotRun(format!("`{}`: {e}", path.display())))
}

fn needed(line: &Line) -> Result<Policy, Stop> {
    match &line.policy {
        Some(path) => own_policy(path),
        None => Err(Stop::Usage("name your policy with --policy FILE".into())),
    }
}

fn witnessed(witnessed: &Witnessed) -> String {
    let head = &witnessed.checkpoint;
    let mut told = format!("checkpoint of {}, {} entries: counts\n", head.origin, head.size);
    for (name, time_s) in &witnessed.cosigned {
        let time_ms = i64::try_from(*time_s).ok().and_then(|s| s.checked_mul(1000));
        told.push_str(&format!("  cosigned by {name}, {}\n", time_ms.map_or("at no time".into(), utc)));
    }
    if witnessed.cosigned.is_empty() {
        told.push_str("  no witness has cosigned it, and the policy asks for none\n");
    }
    told
}

fn leaf(leaf: &Leaf) -> String {
    format!(
        "{}, number {} of `{}`, received {}",
        leaf.kind,
        leaf.number,
        leaf.submitter,
        utc(leaf.received_ms)
    )
}

/// Milliseconds since 1970 as a date and time in UTC.
fn utc(ms: i64) -> String {
    let (days, ms) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    // Days are counted from 1 March of year 0, in eras of 400 years, so that a leap day ends a year.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = year + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn check_bundle(line: &Line) -> Result<bool, Stop> {
    if !line.what.is_dir() {
        return Err(Stop::CannotRun(format!("`{}` is no folder", line.what.display())));
    }
    let own = line.policy.as_deref().map(own_policy).transpose()?;
    let report = bundle::check(|path| file(&line.what.join(path), bundle::LARGEST_FILE), own.as_ref())?;
    if let Some(number) = line.payload {
        return payload(&report, number);
    }
    let mut told = String::new();
    if let Some(head) = &report.witnessed {
        told.push_str(&witnessed(head));
    }
    if let Some(made) = report.made_ms {
        told.push_str(&format!(
            "bundle made {}, by its own word; its list of files is signed by the log\n",
            utc(made)
        ));
    }
    for old in &report.earlier {
        told.push_str(&format!(
            "the checkpoint of size {old} is continued: nothing of it was removed or changed\n"
        ));
    }
    for (key, registered) in &report.keys {
        let how = match registered {
            true => format!("registered by entry {}, which is in this bundle", key.from),
            false => format!("said to be registered by entry {}, which is not opened here", key.from),
        };
        let until = key.until.map(|until| format!(", revoked by entry {until}")).unwrap_or_default();
        told.push_str(&format!("key {}: {how}{until}\n", key.key.short()));
    }
    told.push('\n');
    for item in &report.items {
        told.push_str(&format!("entry {}: {}\n", item.index, leaf(&item.leaf)));
        told.push_str(&match &item.state {
            State::Opened { payload_type, payload, signed_by, unknown } => {
                let signed = match (signed_by.is_empty(), unknown.is_empty()) {
                    (false, _) => format!("signed by {}", signed_by.join(", ")),
                    (true, false) => {
                        format!("signed, it says, by {}, whose key is not here", plain(&unknown.join(", ")))
                    }
                    (true, true) => "not signed by a key that counts".into(),
                };
                format!("  opened: {} bytes of {}, {signed}\n", payload.len(), plain(payload_type))
            }
            State::Withheld(why) => format!("  proven present, withheld: {}\n", plain(why)),
            State::Wrong => "  NOT what was logged\n".into(),
        });
    }
    told.push_str("\ncustody\n");
    for entry in &report.custody {
        told.push_str(&format!("  {}\n", plain(entry)));
    }
    for (place, what) in &report.findings {
        told.push_str(&format!("FINDING {place}: {what}\n"));
    }
    say(&told)?;
    if !report.findings.is_empty() {
        return Err(Stop::Broken(format!(
            "{} findings: the bundle is not what it claims to be",
            report.findings.len()
        )));
    }
    let unsigned =
        |item: &bundle::Item| matches!(&item.state, State::Opened { signed_by, .. } if signed_by.is_empty());
    let unproved = report.items.iter().filter(|item| unsigned(item)).count();
    if unproved > 0 {
        say(&format!(
            "\n{unproved} opened entries are signed by keys that are not here: who said it stays unproved\n"
        ))?;
    }
    if own.is_none() {
        say(
            "\nThe policy came with the bundle. That proves that the folder fits together, and nothing against whoever\n\
             made it: check again with the policy of your own side, --policy FILE.\n",
        )?;
    }
    say(&format!("\n{} entries, all as they claim to be\n", report.items.len()))?;
    Ok(own.is_some() && unproved == 0)
}

/// What an entry says, if it is what was logged.
fn payload(report: &bundle::Report, number: u64) -> Result<bool, Stop> {
    match report.items.iter().find(|item| item.index == number).map(|item| &item.state) {
        Some(State::Opened { payload, .. }) => {
            let written = std::io::stdout().lock().write_all(payload);
            written.map_err(|e| Stop::CannotRun(format!("cannot write the answer: {e}")))?;
            Ok(report.findings.is_empty())
        }
        Some(State::Withheld(why)) => {
            Err(Stop::CannotRun(format!("entry {number} is withheld: {}", plain(why))))
        }
        Some(State::Wrong) => Err(Stop::Broken(format!("entry {number} is not what was logged"))),
        None => match report.findings.first() {
            Some((place, what)) => Err(Stop::Broken(format!("{place}: {what}"))),
            None => Err(Stop::CannotRun(format!("entry {number} is not in the bundle"))),
        },
    }
}

/// Without control characters, which could make a terminal show something else.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn check_proof(line: &Line) -> Result<bool, Stop> {
    let policy = needed(line)?;
    let broken = |e: servanda_ledger::Error| Stop::Broken(format!("`{}`: {e}", line.what.display()));
    let proof = Proof::parse(&named(&line.what, proof::LARGEST)?).map_err(broken)?;
    let Some(entry) = &proof.extra else {
        return Err(Stop::CannotRun(format!("`{}` does not hold the entry", line.what.display())));
    };
    let head = proof.verify(entry, &policy).map_err(broken)?;
    let what = Leaf::from_bytes(entry).map_or("an entry of no form that is known here".into(), |l| leaf(&l));
    say(&format!("{}entry {} stands there: {what}\n", witnessed(&head), proof.index))?;
    Ok(true)
}

fn check_log(line: &Line) -> Result<bool, Stop> {
    let policy = needed(line)?;
    if !line.what.is_dir() {
        return Err(Stop::CannotRun(format!("`{}` is no folder", line.what.display())));
    }
    let mut earlier = Vec::new();
    for path in &line.earlier {
        let note = Note::parse(&named(path, note::LARGEST)?);
        earlier.push(note.map_err(|e| Stop::Broken(format!("`{}`: {e}", path.display())))?);
    }
    let asked = Asked {
        policy: &policy,
        newest_witnessed: false,
        leaves: !line.any_entries,
        late_ms: 300_000,
        no_strangers: false,
        earlier,
    };
    let report = audit::log(|path| file(&line.what.join(path), tile::LARGEST_BUNDLE), &asked)?;
    let mut told = format!("{} entries, {} bytes\n", report.entries, report.bytes);
    for (kind, count) in &report.kinds {
        told.push_str(&format!("  {count} {kind}\n"));
    }
    for (name, number) in report.submitters.iter().filter(|_| !line.any_entries) {
        told.push_str(&format!("  `{}`: numbers 1 to {number}\n", plain(name)));
    }
    match &report.witnessed {
        Some(head) => told.push_str(&witnessed(head)),
        None => told.push_str("no checkpoint counts: the log has signed it, and the policy asks for more\n"),
    }
    for finding in &report.findings {
        told.push_str(&format!("FINDING {finding}\n"));
    }
    if report.more > 0 {
        told.push_str(&format!("and {} more\n", report.more));
    }
    say(&told)?;
    match report.findings.is_empty() {
        true => Ok(report.witnessed.is_some()),
        false => Err(Stop::Broken("the log is not what it claims to be".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::utc;

    #[test]
    fn moments_are_dates() {
        for (ms, date) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1000, "1969-12-31T23:59:59Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
            (-62_135_596_800_000, "0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(utc(ms), date);
        }
        // No moment that fits makes it panic.
        utc(i64::MAX);
        utc(i64::MIN);
    }
}
