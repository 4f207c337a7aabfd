//! `servanda record`: one incident into the record, by hand; or an entry about one.
//!
//! It asks only what is needed and shows what it understood before anything counts. Every answer is on the disk as a draft
//! before the next is asked, so that nothing is lost to Ctrl-C or an empty battery.

use super::Answer;
use crate::failure::Failure;
use crate::input;
use crate::intake;
use crate::outbox::Outbox;
use crate::session::Session;
use servanda_evidence::incident::entry::{self, Desk, QUESTIONS, Question, Said};
use servanda_evidence::incident::{Kind, details};
use servanda_evidence::outbox::sha256;
use servanda_model::{Instant, Name, Record};
use servanda_store::{Holder, LARGEST_ATTACHMENT, Workspace, files};
use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    entry: Option<Entry>,
    #[command(flatten)]
    form: Form,
    #[command(flatten)]
    place: Where,
}

/// The incident itself.
#[derive(clap::Args)]
struct Form {
    /// An answer, without being asked: what, when, where, means, source, … (--questions lists them)
    #[arg(long = "set", value_name = "KEY=ANSWER")]
    set: Vec<String>,
    /// File of answers, `key: answer` on each line; `---` begins another incident
    #[arg(long, value_name = "FILE", conflicts_with = "set")]
    from: Option<PathBuf>,
    /// File that belongs to it (a photo); it is kept by its hash
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// Ask nothing and record what is given, or say what is missing
    #[arg(long)]
    yes: bool,
    /// Show the form and ask nothing
    #[arg(long)]
    questions: bool,
}

/// Where it goes.
#[derive(clap::Args)]
pub struct Where {
    /// Workspace; without it, the one that the current folder lies in
    #[arg(long, value_name = "DIR", conflicts_with = "outbox", global = true)]
    into: Option<PathBuf>,
    /// Outbox in place of a workspace: works without network, `servanda sync` delivers it
    #[arg(long, value_name = "DIR", global = true)]
    outbox: Option<PathBuf>,
    /// Make the outbox first, under this name
    #[arg(long, value_name = "NAME", requires = "outbox", global = true)]
    submitter: Option<String>,
    /// Time zone of the new outbox
    #[arg(long, value_name = "ZONE", requires = "submitter", global = true)]
    zone: Option<String>,
    /// Fact of the agreement that the new outbox's incidents speak of
    #[arg(long, value_name = "NAME", requires = "submitter", global = true)]
    fact: Option<String>,
    /// The new outbox is for an exercise
    #[arg(long, requires = "submitter", global = true)]
    exercise: bool,
}

/// An entry about an incident: a record of its own.
#[derive(clap::Subcommand)]
enum Entry {
    /// Say where the checking stands: reported, under-check, verified, not-verified, withdrawn
    Status {
        /// The incident
        incident: String,
        /// The status
        status: String,
        #[command(flatten)]
        said: By,
    },
    /// Put a party's reply on file, in its own words
    Reply {
        /// The incident
        incident: String,
        /// When the reply was due
        #[arg(long, value_name = "TIME")]
        due: Option<String>,
        #[command(flatten)]
        said: By,
    },
    /// Put dissent on file
    Dissent {
        /// The incident
        incident: String,
        #[command(flatten)]
        said: By,
    },
    /// Enter an analyst's judgement
    Assess {
        /// The incident
        incident: String,
        /// Who it was: a party, `A|B` for one of both, or `not attributed`
        #[arg(long = "to", value_name = "PARTY")]
        to: Option<String>,
        /// How sure: low, moderate, high, or 0 to 100
        #[arg(long, value_name = "WORD")]
        confidence: Option<String>,
        #[command(flatten)]
        said: By,
    },
    /// Enter a body's conclusion
    Find {
        /// The incident
        incident: String,
        /// Who it was: a party, `A|B` for one of both, or `not attributed`
        #[arg(long = "to", value_name = "PARTY")]
        to: Option<String>,
        /// How sure: low, moderate, high, or 0 to 100
        #[arg(long, value_name = "WORD")]
        confidence: Option<String>,
        #[command(flatten)]
        said: By,
    },
    /// Say what was done and who was told
    Act {
        /// The incident
        incident: String,
        /// Who was told
        #[arg(long, value_name = "TEXT")]
        told: Option<String>,
        #[command(flatten)]
        said: By,
    },
    /// Rule that a report speaks of an incident, and why
    Link {
        /// The incident
        incident: String,
        /// The report
        report: String,
        #[command(flatten)]
        said: By,
    },
    /// Link a clause that it may concern
    Clause {
        /// The incident
        incident: String,
        /// The clause
        clause: String,
        #[command(flatten)]
        said: By,
    },
    /// Grade the source or the report
    Grade {
        /// The incident
        incident: String,
        /// Reliability of the source, A to F
        #[arg(long, value_name = "LETTER")]
        source_grade: Option<String>,
        /// Credibility of the report, 1 to 6
        #[arg(long, value_name = "DIGIT")]
        item_grade: Option<String>,
        #[command(flatten)]
        said: By,
    },
}

/// Who says it, in which words.
#[derive(clap::Args)]
struct By {
    /// Who says so
    #[arg(long, value_name = "NAME")]
    by: String,
    /// The words
    #[arg(long, alias = "because", value_name = "TEXT")]
    words: Option<String>,
}

/// A workspace or an outbox.
enum Target {
    Workspace(Box<Workspace>),
    Outbox(Outbox),
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    if arguments.form.questions {
        session.say(&form())?;
        return Ok(Answer::Yes);
    }
    let target = arguments.place.target()?;
    match &arguments.entry {
        Some(entry) => enter(entry, &target, session),
        None => arguments.form.run(&target, session),
    }
}

impl Where {
    fn target(&self) -> Result<Target, Failure> {
        let Some(folder) = &self.outbox else {
            let workspace = match &self.into {
                Some(root) => Workspace::open(root)?,
                None => Workspace::find(Path::new(".")).map_err(|e| {
                    Failure::from(e)
                        .help("or record into an outbox: --outbox DIR --submitter NAME --zone Europe/Kyiv")
                })?,
            };
            return Ok(Target::Workspace(Box::new(workspace)));
        };
        let Some(submitter) = &self.submitter else { return Ok(Target::Outbox(Outbox::open(folder)?)) };
        let zone = self.zone.as_deref().ok_or_else(|| {
            Failure::new("a new outbox needs its time zone").help("add for example --zone Europe/Kyiv")
        })?;
        Ok(Target::Outbox(Outbox::create(folder, submitter, zone, self.fact.as_deref(), self.exercise)?))
    }
}

impl Target {
    fn draft(&self) -> PathBuf {
        match self {
            Target::Workspace(workspace) => workspace.root().join("record.draft.txt"),
            Target::Outbox(outbox) => outbox.draft(),
        }
    }

    /// Keeps a file by its hash: gives its name and the hash.
    fn attach(&self, path: &Path) -> Result<(String, String), Failure> {
        let bytes = input::bytes(path, input::DATA_LIMIT)?;
        if bytes.len() > LARGEST_ATTACHMENT {
            let most = LARGEST_ATTACHMENT >> 20;
            return Err(Failure::new(format!("`{}` is longer than {most} MB, the most that an attachment has", path.display()))
                .help("make it smaller, or keep it elsewhere and say in the incident's remark where, and its SHA-256"));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let folder = match self {
            Target::Workspace(workspace) => return Ok((name, workspace.store().attach(&bytes)?)),
            Target::Outbox(outbox) => outbox.attachments(),
        };
        let hash = sha256(&bytes);
        let place = folder.join(&hash);
        if !place.exists() {
            std::fs::create_dir_all(&folder)
                .map_err(|e| Failure::new(format!("cannot make `{}`: {e}", folder.display())))?;
            files::write(&place, &bytes)?;
        }
        Ok((name, hash))
    }

    fn desk(&self, now: Instant) -> Result<Desk, Failure> {
        Ok(match self {
            Target::Workspace(workspace) => Desk::of(&intake::agreement_of(workspace)?, now),
            Target::Outbox(outbox) => Desk {
                now,
                calendar: outbox.calendar.clone(),
                facts: BTreeSet::new(),
                fact: outbox.fact.clone(),
                zones: BTreeSet::new(),
                attachments: Vec::new(),
                exercise: outbox.exercise,
            },
        })
    }

    /// Records what `make` gives for each identity; all or none.
    fn record(
        &self,
        count: usize,
        now: Instant,
        mut make: impl FnMut(usize, &str, Instant) -> Result<Record, Failure>,
    ) -> Result<Vec<Record>, Failure> {
        match self {
            Target::Outbox(outbox) => {
                let mut n = 0;
                outbox.append(count, now, |number| {
                    n += 1;
                    make(n - 1, &format!("{}/{number}", outbox.submitter), now)
                })
            }
            Target::Workspace(workspace) => intake::by_hand(workspace, now, |taken, recorded| {
                let day = intake::agreement_of(workspace)?.calendar.date(now);
                let mut free =
                    (1..).map(|n| format!("hand-{day}-{n}")).filter(|id| !taken.contains(id.as_str()));
                (0..count).map(|n| make(n, &free.next().unwrap_or_default(), recorded)).collect()
            }),
        }
    }

    fn told(&self, records: &[Record]) -> String {
        let ids: Vec<&str> = records.iter().map(|r| r.id.as_str()).collect();
        let ids = match ids.as_slice() {
            [one] => format!("`{one}` is"),
            [first, .., last] => format!("{} incidents, `{first}` to `{last}`, are", ids.len()),
            [] => "nothing is".to_string(),
        };
        match self {
            Target::Workspace(_) => format!("{ids} on record\n"),
            Target::Outbox(_) => format!("{ids} in the outbox; `servanda sync` delivers it\n"),
        }
    }
}

type Answers = BTreeMap<String, String>;

impl Form {
    fn run(&self, target: &Target, session: &Session) -> Result<Answer, Failure> {
        let mut desk = target.desk(session.now)?;
        desk.attachments = self.attach.iter().map(|path| target.attach(path)).collect::<Result<_, _>>()?;
        let mut given: Vec<Answers> = match &self.from {
            Some(path) => answers_of(&input::text(path)?)?,
            None => vec![self.set.iter().map(|text| pair(text, '=')).collect::<Result<_, _>>()?],
        };
        if self.from.is_some() || self.yes {
            return self.record(&given, target, &desk, session);
        }
        // By hand: one incident, and what was kept of the last one that was not finished.
        let mut answers = given.pop().unwrap_or_default();
        let Some(answers) = ask(&mut answers, target, &desk, session)? else { return Ok(Answer::No) };
        let answer = self.record(&[answers], target, &desk, session)?;
        let _ = std::fs::remove_file(target.draft());
        Ok(answer)
    }

    fn record(
        &self,
        all: &[Answers],
        target: &Target,
        desk: &Desk,
        session: &Session,
    ) -> Result<Answer, Failure> {
        // Everything is looked at before anything is recorded.
        let mut faults = String::new();
        for (n, answers) in all.iter().enumerate() {
            for (key, fault) in entry::record("x", answers, desk).err().unwrap_or_default() {
                let of = if all.len() > 1 { format!("incident {}, ", n + 1) } else { String::new() };
                faults.push_str(&format!("\n  {of}{key}: {}; {}", fault.reason, fault.remedy));
            }
        }
        if !faults.is_empty() {
            return Err(Failure::new(format!("nothing was recorded:{faults}")));
        }
        let records = target.record(all.len(), desk.now, |n, id, recorded| {
            let desk = Desk { now: desk.now, ..desk.clone() };
            let mut record = entry::record(id, &all[n], &desk)
                .map_err(|_| Failure::new("an answer was changed meanwhile"))?;
            record.recorded = recorded;
            if let Target::Workspace(workspace) = target {
                for hash in &record.attachments {
                    workspace.store().hold(Holder::Record(id), hash)?;
                }
            }
            Ok(record)
        })?;
        session.say(&target.told(&records))?;
        Ok(Answer::Yes)
    }
}

fn pair(text: &str, sign: char) -> Result<(String, String), Failure> {
    let (key, value) = text.split_once(sign).ok_or_else(|| {
        Failure::new(format!("`{text}` is no answer"))
            .help(format!("write KEY{sign}ANSWER; --questions lists the keys"))
    })?;
    Ok((key.trim().to_string(), value.trim().to_string()))
}

/// Incidents of a file, each as answers by their keys.
fn answers_of(text: &str) -> Result<Vec<Answers>, Failure> {
    let mut all = vec![Answers::new()];
    for (n, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line == "---" {
            all.push(Answers::new());
            continue;
        }
        let (key, value) = pair(line, ':').map_err(|f| f.help(format!("it is line {}", n + 1)))?;
        if let Some(last) = all.last_mut() {
            last.insert(key, value);
        }
    }
    all.retain(|answers| !answers.is_empty());
    if all.is_empty() {
        Err(Failure::new("the file has no answers").help("--questions shows the form"))
    } else {
        Ok(all)
    }
}

fn shown(answers: &Answers) -> String {
    let line = |question: &Question| {
        Some(format!("{}: {}\n", question.key, answers.get(question.key).filter(|a| !a.is_empty())?))
    };
    QUESTIONS.iter().filter_map(line).collect()
}

/// The form, as text.
fn form() -> String {
    let mut out = String::from("needed:\n");
    let line = |q: &Question| format!("  {:<16} {}  ({})\n", q.key, q.ask, q.hint);
    out.extend(QUESTIONS.iter().filter(|q| q.needed).map(line));
    out.push_str("\nas you like:\n");
    out.extend(QUESTIONS.iter().filter(|q| !q.needed).map(line));
    out.push_str("\nclasses, with their subclasses:\n");
    for (class, subclasses) in details::CLASSES {
        out.push_str(&format!("  {class:<20} {}\n", subclasses.join(", ")));
    }
    out
}

/// Asks until the form can be recorded. `None`: it was left as a draft.
fn ask(
    given: &mut Answers,
    target: &Target,
    desk: &Desk,
    session: &Session,
) -> Result<Option<Answers>, Failure> {
    let mut lines = std::io::stdin().lock().lines();
    let mut next = |prompt: String| -> Result<Option<String>, Failure> {
        session.prompt(&prompt);
        match lines.next() {
            None => Ok(None),
            Some(Ok(line)) => Ok(Some(line.trim().to_string())),
            Some(Err(error)) => Err(Failure::new(format!("cannot read the answer: {error}"))),
        }
    };
    let draft = target.draft();
    let left = || {
        session.note(&format!("\nleft as a draft in `{}`; run this again to go on", draft.display()));
        Ok(None)
    };
    let mut answers = Answers::new();
    if draft.exists() && given.is_empty() {
        let old = answers_of(&input::text(&draft)?).ok().and_then(|mut all| all.pop()).unwrap_or_default();
        if !old.is_empty() {
            session.note(&format!("a draft is there:\n{}", shown(&old)));
            match next("go on with it? [Y/n] ".to_string())?.as_deref() {
                None => return left(),
                Some("n" | "N" | "no") => {}
                Some(_) => answers = old,
            }
        }
    }
    answers.append(given);
    let keep = |answers: &Answers| files::write(&draft, shown(answers).as_bytes());
    for question in QUESTIONS.iter().filter(|q| q.always) {
        if answers.get(question.key).is_some_and(|a| entry::checked(question.key, a, desk).is_ok()) {
            continue;
        }
        loop {
            let optional = if question.needed { "" } else { ", or nothing" };
            let Some(text) = next(format!("{}  ({}{optional})\n> ", question.ask, question.hint))? else {
                return left();
            };
            if text.is_empty() && !question.needed {
                break;
            }
            match entry::checked(question.key, &text, desk) {
                Ok(understood) => {
                    if understood != text {
                        session.note(&format!("  = {understood}"));
                    }
                    answers.insert(question.key.to_string(), entry::kept(question.key, &text, desk));
                    keep(&answers)?;
                    break;
                }
                Err(fault) => session.note(&format!("  {}; {}", fault.reason, fault.remedy)),
            }
        }
    }
    loop {
        let mut preview = String::from("\n");
        for question in QUESTIONS {
            if let Some(text) = answers.get(question.key).filter(|a| !a.is_empty()) {
                let understood =
                    entry::checked(question.key, text, desk).unwrap_or_else(|f| format!("?? {}", f.reason));
                preview.push_str(&format!("  {:<16} {understood}\n", question.key));
            }
        }
        session.note(&preview);
        let prompt = "Enter records it; a name adds or changes (weapon, direction-from, …); ? lists them; q leaves a draft\n> ";
        let Some(text) = next(prompt.to_string())? else { return left() };
        match text.as_str() {
            "" => match entry::record("x", &answers, desk) {
                Ok(_) => return Ok(Some(answers)),
                Err(faults) => {
                    for (key, fault) in faults {
                        session.note(&format!("  {key}: {}; {}", fault.reason, fault.remedy));
                    }
                }
            },
            "q" => return left(),
            "?" => session.note(&form()),
            name => {
                let (key, value) = match name.split_once([':', '=']) {
                    Some((key, value)) => (key.trim(), Some(value.trim().to_string())),
                    None => (name, None),
                };
                let Some(question) = QUESTIONS.iter().find(|q| q.key == key) else {
                    session.note(&format!("  the form has no `{key}`; ? lists what it has"));
                    continue;
                };
                let value = match value {
                    Some(value) => value,
                    None => match next(format!("{}  ({}, or nothing)\n> ", question.ask, question.hint))? {
                        Some(value) => value,
                        None => return left(),
                    },
                };
                if value.is_empty() {
                    answers.remove(key);
                } else if let Err(fault) = entry::checked(key, &value, desk) {
                    session.note(&format!("  {}; {}", fault.reason, fault.remedy));
                    continue;
                } else {
                    answers.insert(key.to_string(), entry::kept(key, &value, desk));
                }
                keep(&answers)?;
            }
        }
    }
}

/// An entry about an incident.
fn enter(entry: &Entry, target: &Target, session: &Session) -> Result<Answer, Failure> {
    let mut parts = BTreeMap::new();
    let mut put = |key: &str, value: &Option<String>| {
        if let Some(value) = value {
            parts.insert(key.to_string(), value.clone());
        }
    };
    let (kind, incident, by) = match entry {
        Entry::Status { incident, status, said } => {
            put("status", &Some(status.clone()));
            (Kind::Status, incident, said)
        }
        Entry::Reply { incident, due, said } => {
            put("due", due);
            (Kind::Reply, incident, said)
        }
        Entry::Dissent { incident, said } => (Kind::Dissent, incident, said),
        Entry::Assess { incident, to, confidence, said } => {
            put("attributed-to", to);
            put("confidence", confidence);
            (Kind::Assessment, incident, said)
        }
        Entry::Find { incident, to, confidence, said } => {
            put("attributed-to", to);
            put("confidence", confidence);
            (Kind::Finding, incident, said)
        }
        Entry::Act { incident, told, said } => {
            put("told", told);
            (Kind::Action, incident, said)
        }
        Entry::Link { incident, report, said } => {
            put("report", &Some(report.clone()));
            (Kind::Link, incident, said)
        }
        Entry::Clause { incident, clause, said } => {
            put("clause", &Some(clause.clone()));
            (Kind::Clause, incident, said)
        }
        Entry::Grade { incident, source_grade, item_grade, said } => {
            put("source-grade", source_grade);
            put("item-grade", item_grade);
            (Kind::Grade, incident, said)
        }
    };
    if let Target::Workspace(workspace) = target {
        let records = crate::source::entered(workspace)?;
        for name in [Some(incident.as_str()), parts.get("report").map(String::as_str)].into_iter().flatten() {
            super::incident::known(&records, name, session)?;
        }
    }
    let said = Said {
        kind,
        about: Name::from(incident.as_str()),
        by: by.by.clone(),
        words: by.words.clone(),
        parts,
    };
    let desk = target.desk(session.now)?;
    let wrong = |fault: details::DetailFault| Failure::new(fault.reason).help(fault.remedy);
    entry::entry("x", &said, &desk).map_err(wrong)?;
    let records = target.record(1, session.now, |_, id, recorded| {
        let mut record = entry::entry(id, &said, &desk).map_err(wrong)?;
        record.recorded = recorded;
        Ok(record)
    })?;
    session.say(&target.told(&records))?;
    Ok(Answer::Yes)
}
