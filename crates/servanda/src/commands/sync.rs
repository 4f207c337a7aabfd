//! `servanda sync`: delivers an outbox to a workspace or a server, as often as you like, without duplicates.

use super::Answer;
use crate::envelope;
use crate::failure::Failure;
use crate::input;
use crate::intake::Intake;
use crate::outbox::Outbox;
use crate::reach::{self, Reach};
use crate::session::Session;
use serde_json::{Value, json};
use servanda_store::{LARGEST_ATTACHMENT, Workspace};
use servanda_trust::Trust;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// So many go at once: what an interruption repeats at most.
const AT_ONCE: usize = 200;

#[derive(clap::Args)]
pub struct Arguments {
    /// The outbox
    #[arg(value_name = "OUTBOX")]
    outbox: PathBuf,
    /// Where to deliver it: a workspace's folder, or the address of `servanda serve` as `https://mission.example.org:7400`
    #[arg(long, value_name = "DIR|URL")]
    to: String,
    #[command(flatten)]
    reach: Reach,
    /// Say what would go and deliver nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let outbox = Outbox::open(&arguments.outbox)?;
    let mut place = Place::of(&arguments.to, &arguments.reach)?;
    let to = place.name();
    let delivered = outbox.delivered(&to)?;
    let waiting = outbox.after(delivered)?;
    if arguments.dry_run || waiting.is_empty() {
        let (n, would) = (waiting.len(), if arguments.dry_run { "would go" } else { "wait" });
        let submissions = if n == 1 { "submission" } else { "submissions" };
        session.say(&format!("{n} {submissions} {would}; {delivered} were delivered to {to} before\n"))?;
        if !arguments.dry_run {
            place.send_files(&outbox, session)?;
        }
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
    place.send_files(&outbox, session)?;
    Ok(Answer::Yes)
}

/// Where an outbox is delivered.
enum Place {
    Folder(Box<Intake>, String),
    Server(Server),
}

/// A server over HTTP.
struct Server {
    url: String,
    host: String,
    /// Who has to vouch for it; `None`: it is spoken to in clear.
    trust: Option<Trust>,
    agent: ureq::Agent,
}

impl Place {
    fn of(to: &str, reach: &Reach) -> Result<Place, Failure> {
        if to.starts_with("https://") || to.starts_with("http://") {
            return Server::of(to.trim_end_matches('/'), reach).map(Place::Server);
        }
        if reach.names_authorities() {
            return Err(Failure::new(format!("authorities are named, and `{to}` is a folder"))
                .help("write `https://…`, or leave --ca out"));
        }
        let workspace = Workspace::open(Path::new(to))?;
        let name = std::fs::canonicalize(to).map_or(to.to_string(), |p| p.display().to_string());
        Ok(Place::Folder(Box::new(Intake::open(workspace)?), name))
    }

    fn name(&self) -> String {
        match self {
            Place::Folder(_, name) => name.clone(),
            Place::Server(server) => server.url.clone(),
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
                for submission in lines.iter().filter_map(|line| submission_of(line)) {
                    for hash in submission.record.attachments.iter().filter(|hash| is_hash(hash)) {
                        let path = attachments.join(hash);
                        if path.is_file() {
                            intake.attach(&submission.submitter, &input::bytes(&path, input::DATA_LIMIT)?)?;
                        }
                    }
                }
                Ok(intake.submit(lines, session.now)?.iter().map(answer).collect())
            }
            Place::Server(server) => server.send(lines),
        }
    }

    /// The files of what was delivered. To a folder they went before it; over HTTP they come after: a report that is short does
    /// not wait behind a film on a thin line.
    fn send_files(&self, outbox: &Outbox, session: &Session) -> Result<(), Failure> {
        let Place::Server(server) = self else { return Ok(()) };
        let to = self.name();
        let until = outbox.delivered(&to)?;
        let taken = outbox.files_delivered(&to)?;
        // Each once, with one record that names it.
        let mut waiting: BTreeMap<String, String> = BTreeMap::new();
        for (_, line) in outbox.after(0)?.into_iter().filter(|(number, _)| *number <= until) {
            let Some(record) = record_of(&line) else { continue };
            for hash in record.attachments.iter().filter(|hash| !taken.contains(*hash)) {
                waiting.entry(hash.clone()).or_insert_with(|| record.id.to_string());
            }
        }
        let (mut sent, mut missing) = (0, 0);
        let working = session.working("delivering files");
        for (hash, record) in &waiting {
            let path = outbox.attachments().join(hash);
            if !is_hash(hash) || !path.is_file() {
                missing += 1;
                continue;
            }
            let bytes = input::bytes(&path, LARGEST_ATTACHMENT as u64)?;
            if servanda_store::sha256(&bytes) != *hash {
                return Err(Failure::new(format!(
                    "`{}` is not what was recorded: its hash is another",
                    path.display()
                ))
                .help("restore it from a copy; what stands in the outbox stays as it is"));
            }
            let statement = outbox.delivery(record, hash, bytes.len() as u64)?;
            if !server.send_file(record, &statement, &bytes)? {
                session.note(&format!(
                    "the scanner of {to} refuses the file {hash} of `{record}`: look at it, and take it out of the outbox's folder `attachments`"
                ));
                continue;
            }
            outbox.keep_file(&to, hash)?;
            sent += 1;
            working.at(&format!("delivering files: {sent} of {}", waiting.len()));
        }
        drop(working);
        let files = |n: usize| if n == 1 { "1 file".to_string() } else { format!("{n} files") };
        if sent > 0 {
            session.say(&format!("{} delivered to {to}\n", files(sent)))?;
        }
        if missing > 0 {
            session.note(&format!(
                "{} named, but not in the outbox's folder `attachments`: put there, they are delivered next time",
                if missing == 1 { "1 file is".to_string() } else { format!("{missing} files are") }
            ));
        }
        Ok(())
    }
}

fn submission_of(line: &str) -> Option<servanda_evidence::outbox::Submission> {
    let payload = envelope::payload(line.as_bytes()).ok()?;
    servanda_evidence::outbox::parse(&payload).ok()
}

fn record_of(line: &str) -> Option<servanda_model::Record> {
    submission_of(line).map(|submission| submission.record)
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
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

impl Server {
    fn of(url: &str, reach: &Reach) -> Result<Server, Failure> {
        let wrong = || {
            Failure::new(format!("`{url}` is no address of a server"))
                .help("write for example https://mission.example.org:7400")
        };
        let parsed: ureq::http::Uri = url.parse().map_err(|_| wrong())?;
        let host = parsed.host().ok_or_else(wrong)?.to_string();
        let trust = match parsed.scheme_str() {
            Some("https") => Some(reach.trust()?),
            _ => {
                let authority = parsed.authority().map_or("", |authority| authority.as_str());
                reach.in_clear(&host, &format!("https://{authority}"))?;
                None
            }
        };
        let agent = reach::agent(trust.as_ref(), Duration::from_secs(10), Duration::from_secs(120));
        Ok(Server { url: url.to_string(), host, trust, agent })
    }

    fn failed(&self, why: &str) -> Failure {
        Failure::new(format!("cannot deliver to {}: {why}", self.url))
            .help("nothing is lost: run this again when the server answers")
    }

    /// Why no answer came.
    fn unanswered(&self, error: ureq::Error) -> Failure {
        let trust = self.trust.as_ref();
        let refused = trust.and_then(|trust| reach::refused_request(trust, &self.host, &error, reach::CA));
        match refused {
            Some(refused) => Failure::new(format!("cannot deliver to {}: {}", self.url, refused.message))
                .help(refused.remedy)
                .help("nothing was sent, and nothing is lost"),
            None => self.failed(&error.to_string()),
        }
    }

    /// The body of an answer; where it is a refusal, its words.
    fn answered(&self, response: ureq::http::Response<ureq::Body>) -> Result<String, Failure> {
        self.answered_or(response)?.map_err(|(why, _)| self.failed(&why))
    }

    /// The body of an answer, or the words and the code of a refusal.
    fn answered_or(
        &self,
        mut response: ureq::http::Response<ureq::Body>,
    ) -> Result<Result<String, (String, String)>, Failure> {
        let text = response
            .body_mut()
            .with_config()
            .limit(64 << 20)
            .read_to_string()
            .map_err(|e| self.unanswered(e))?;
        let status = response.status();
        if status.is_success() {
            return Ok(Ok(text));
        }
        let problem: Value = serde_json::from_str(&text).unwrap_or_default();
        let why = match problem["message"].as_str() {
            Some(message) => message.to_string(),
            None if status.is_redirection() => {
                format!("it sends elsewhere ({status}): give the address at which it answers itself")
            }
            None => status.to_string(),
        };
        Ok(Err((why, problem["code"].as_str().unwrap_or_default().to_string())))
    }

    fn send(&self, lines: &[String]) -> Result<Vec<Value>, Failure> {
        let body = lines.join("\n") + "\n";
        let sent = self
            .agent
            .post(format!("{}/api/intake", self.url))
            .header("content-type", "application/x-ndjson")
            .send(body.as_bytes());
        let text = self.answered(sent.map_err(|e| self.unanswered(e))?)?;
        let answers: Result<Vec<Value>, _> =
            text.lines().filter(|l| !l.trim().is_empty()).map(serde_json::from_str).collect();
        let mut answers = answers.map_err(|_| self.failed("its answer is not understood"))?;
        // In the middle of a stream the server can only say so in a line.
        if let Some(at) = answers.iter().position(|answer| answer["servanda"] == "error/1") {
            if at == 0 {
                return Err(
                    self.failed(answers[0]["message"].as_str().unwrap_or("it cannot take anything in"))
                );
            }
            answers.truncate(at);
        }
        Ok(answers)
    }

    /// Whether the file was taken; `false`: the server's scanner refuses it, and others may be taken.
    fn send_file(&self, record: &str, statement: &str, bytes: &[u8]) -> Result<bool, Failure> {
        // A minute, and what a thin line needs.
        let patience = Duration::from_secs(60 + bytes.len() as u64 / 4_000);
        let sent = self
            .agent
            .post(format!("{}/api/intake/attachment", self.url))
            .config()
            .timeout_global(Some(patience))
            .build()
            .header("content-type", "application/octet-stream")
            .header("servanda-delivery", statement)
            .send(bytes);
        let waits = |failure: Failure| {
            failure.help(format!("the file belongs to `{record}`, which is delivered; only its files wait"))
        };
        let answered = sent.map_err(|e| self.unanswered(e)).and_then(|response| self.answered_or(response));
        match answered.map_err(waits)? {
            Ok(_) => Ok(true),
            Err((_, code)) if code == "refused-by-scanner" => Ok(false),
            Err((why, _)) => Err(waits(self.failed(&why))),
        }
    }
}
