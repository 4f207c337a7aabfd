//! `servanda sync`: delivers an outbox to a workspace or a server, as often as you like, without duplicates.

use super::Answer;
use crate::envelope;
use crate::failure::Failure;
use crate::input;
use crate::intake::Intake;
use crate::outbox::Outbox;
use crate::session::Session;
use serde_json::{Value, json};
use servanda_store::Workspace;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// So many go at once: what an interruption repeats at most.
const AT_ONCE: usize = 200;

#[derive(clap::Args)]
pub struct Arguments {
    /// The outbox
    #[arg(value_name = "OUTBOX")]
    outbox: PathBuf,
    /// Where to deliver it: a workspace's folder, or the address of `servanda serve` as http://127.0.0.1:7400
    #[arg(long, value_name = "DIR|URL")]
    to: String,
    /// Say what would go and deliver nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let outbox = Outbox::open(&arguments.outbox)?;
    let mut place = Place::of(&arguments.to)?;
    let to = place.name();
    let delivered = outbox.delivered(&to)?;
    let waiting = outbox.after(delivered)?;
    if arguments.dry_run || waiting.is_empty() {
        let (n, would) = (waiting.len(), if arguments.dry_run { "would go" } else { "wait" });
        let submissions = if n == 1 { "submission" } else { "submissions" };
        session.say(&format!("{n} {submissions} {would}; {delivered} were delivered to {to} before\n"))?;
        return Ok(Answer::Yes);
    }
    let working = session.working("delivering");
    let (mut taken, mut again) = (0, 0);
    for some in waiting.chunks(AT_ONCE) {
        let lines: Vec<String> = some.iter().map(|(_, line)| line.clone()).collect();
        let answers = place.send(&lines, &outbox.attachments(), session)?;
        let answered = answers.len();
        let mut kept: Vec<(u64, Value)> = Vec::new();
        let mut refused = None;
        for ((number, _), answer) in some.iter().zip(answers) {
            match answer["status"].as_str() {
                Some("accepted") => taken += 1,
                Some("again") => again += 1,
                _ => {
                    refused = Some((*number, answer));
                    break;
                }
            }
            kept.push((*number, answer));
        }
        outbox.keep(&to, &kept)?;
        if let Some((number, answer)) = refused {
            let word = |key: &str| answer[key].as_str().unwrap_or("").to_string();
            let code = word("code");
            let failure = Failure::new(format!(
                "{to} refused the submission {number} of `{}`: [{code}] {}",
                outbox.submitter,
                word("reason")
            ))
            .help(word("remedy"));
            return Err(failure.help(format!("{} before it are delivered; the rest waits", taken + again)));
        }
        if answered < some.len() {
            return Err(Failure::new(format!("{to} broke off after {} submissions", taken + again))
                .help("nothing is lost: run this again when it answers"));
        }
        working.at(&format!("delivering: {} of {}", taken + again, waiting.len()));
    }
    drop(working);
    let more = if again > 0 { format!(" ({again} of them had arrived before)") } else { String::new() };
    session.say(&format!("{} delivered to {to}{more}; nothing waits\n", taken + again))?;
    Ok(Answer::Yes)
}

/// Where an outbox is delivered.
enum Place {
    Folder(Box<Intake>, String),
    Server(String),
}

impl Place {
    fn of(to: &str) -> Result<Place, Failure> {
        if to.starts_with("https://") {
            return Err(Failure::new("this version speaks plain HTTP only, to this machine")
                .help("make a tunnel to the server (`ssh -L 7400:127.0.0.1:7400 SERVER`) and use --to http://127.0.0.1:7400"));
        }
        if to.starts_with("http://") {
            return Ok(Place::Server(to.trim_end_matches('/').to_string()));
        }
        let workspace = Workspace::open(Path::new(to))?;
        let name = std::fs::canonicalize(to).map_or(to.to_string(), |p| p.display().to_string());
        Ok(Place::Folder(Box::new(Intake::open(workspace)?), name))
    }

    fn name(&self) -> String {
        match self {
            Place::Folder(_, name) => name.clone(),
            Place::Server(url) => url.clone(),
        }
    }

    /// What was answered to each, in order; shorter where it broke off.
    fn send(
        &mut self,
        lines: &[String],
        attachments: &Path,
        session: &Session,
    ) -> Result<Vec<Value>, Failure> {
        match self {
            Place::Folder(intake, _) => {
                // The files first: nobody is to find a record whose photo is not there yet.
                for hash in lines.iter().flat_map(|line| attachments_of(line)) {
                    let path = attachments.join(&hash);
                    if path.is_file() {
                        intake.attach(&input::bytes(&path, input::DATA_LIMIT)?)?;
                    }
                }
                Ok(intake.submit(lines, session.now)?.iter().map(answer).collect())
            }
            Place::Server(url) => over_http(url, lines),
        }
    }
}

/// Hashes of the files that a submission names.
fn attachments_of(line: &str) -> Vec<String> {
    let payload = envelope::payload(line.as_bytes()).ok();
    let submission = payload.and_then(|payload| servanda_evidence::outbox::parse(&payload).ok());
    let all = submission.map_or(Vec::new(), |submission| submission.record.attachments);
    all.into_iter().filter(|hash| hash.bytes().all(|b| b.is_ascii_alphanumeric())).collect()
}

/// What is answered to a submission, as JSON.
pub fn answer(taken: &Result<crate::intake::Taken, crate::intake::Refusal>) -> Value {
    match taken {
        Ok(taken) => json!({
            "status": if taken.again { "again" } else { "accepted" },
            "submitter": taken.submitter,
            "number": taken.number,
            "sha256": taken.hash,
            "record": taken.record.as_str(),
            "receipt": taken.receipt,
        }),
        Err(refusal) => json!({
            "status": "refused",
            "submitter": refusal.of.as_ref().map(|(who, _)| who),
            "number": refusal.of.as_ref().map(|(_, number)| number),
            "code": refusal.code,
            "reason": refusal.reason,
            "remedy": refusal.remedy,
        }),
    }
}

fn over_http(url: &str, lines: &[String]) -> Result<Vec<Value>, Failure> {
    let failed = |why: String| {
        Failure::new(format!("cannot deliver to {url}: {why}"))
            .help("nothing is lost: run this again when the server answers")
    };
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_global(Some(Duration::from_secs(120)))
        .http_status_as_error(false)
        .build()
        .into();
    let body = lines.join("\n") + "\n";
    let sent = agent
        .post(format!("{url}/api/intake"))
        .header("content-type", "application/x-ndjson")
        .send(body.as_bytes());
    let mut response = sent.map_err(|e| failed(e.to_string()))?;
    let text = response
        .body_mut()
        .with_config()
        .limit(64 << 20)
        .read_to_string()
        .map_err(|e| failed(e.to_string()))?;
    if !response.status().is_success() {
        let problem: Value = serde_json::from_str(&text).unwrap_or_default();
        let why = problem["message"].as_str().map_or_else(|| response.status().to_string(), String::from);
        return Err(failed(why));
    }
    let answers: Result<Vec<Value>, _> =
        text.lines().filter(|l| !l.trim().is_empty()).map(serde_json::from_str).collect();
    let mut answers = answers.map_err(|_| failed("its answer is not understood".to_string()))?;
    // In the middle of a stream the server can only say so in a line.
    if let Some(at) = answers.iter().position(|answer| answer["servanda"] == "error/1") {
        if at == 0 {
            return Err(failed(
                answers[0]["message"].as_str().unwrap_or("it cannot take anything in").to_string(),
            ));
        }
        answers.truncate(at);
    }
    Ok(answers)
}
