//! `servanda links`: which reports speak of one event. The program proposes with a score card, a person rules, and only
//! what was accepted counts.

use super::{Answer, Output};
use crate::failure::Failure;
use crate::input;
use crate::matter::{Heard, Matter, places};
use crate::rulings;
use crate::session::Session;
use clap::Subcommand;
use servanda_evidence::corroborate::fusion::{fuse, statements};
use servanda_evidence::corroborate::measure::{Figures, Labelled, deal};
use servanda_evidence::corroborate::propose::{compare, odds};
use servanda_evidence::corroborate::rulings::{applied, roots, standing, to_json};
use servanda_evidence::corroborate::wire::independent;
use servanda_evidence::corroborate::{
    Candidates, FIELDS, Incidents, Levels, Proposal, Proposals, Reports, Ruling, Said, Weights, fit,
    incidents, propose, reports,
};
use servanda_model::record::Marking;
use servanda_model::{Agreement, Board, Name, Record, RecordId, Verdict};
use servanda_store::{Workspace, files, sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Weights of a workspace, where it has its own.
const WEIGHTS: &str = "links.weights.toml";
/// Folds in which groups are held out when weights are measured.
const FOLDS: u32 = 5;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List reports that may speak of one event; nothing counts because it is proposed
    Propose {
        #[command(flatten)]
        given: Given,
        /// At most so many, the surest first
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: usize,
        /// Form of the answer
        #[arg(long, value_enum, default_value_t, value_name = "FORM")]
        format: Output,
    },
    /// Show a proposal's score card; without one, what counts with and without what nobody has ruled on
    Show {
        /// A proposal, or two records
        #[arg(value_name = "WHAT")]
        what: Vec<String>,
        #[command(flatten)]
        given: Given,
    },
    /// Rule that reports speak of one event
    Accept {
        /// A proposal, or two or more records
        #[arg(required = true, value_name = "WHAT")]
        what: Vec<String>,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        given: Given,
    },
    /// Rule that no two of them speak of one event
    Reject {
        /// A proposal, or two or more records
        #[arg(required = true, value_name = "WHAT")]
        what: Vec<String>,
        /// Only hold these records of the proposal apart from the rest of it
        #[arg(long, value_name = "RECORD", num_args = 1..)]
        only: Vec<String>,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        given: Given,
    },
    /// Take a ruling back; it stays on record, and no longer counts
    Undo {
        /// The ruling, as `servanda links show` names it
        #[arg(value_name = "RULING")]
        ruling: String,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        given: Given,
    },
    /// Learn weights from the rulings, held near the shipped ones
    Fit {
        #[command(flatten)]
        given: Given,
        /// Say what would be learned and write nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Say how good the proposals are: on the rulings, or on reports that were linked elsewhere
    Measure {
        #[command(flatten)]
        given: Given,
        /// CSV with the columns record, event and group; a group is held out as a whole
        #[arg(long, value_name = "FILE")]
        labels: Option<PathBuf>,
    },
}

#[derive(clap::Args)]
struct Given {
    #[command(flatten)]
    matter: Matter,
    /// Weights in place of the workspace's or the shipped ones (docs/reference/rulings.md)
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Who {
    /// Who rules
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Why, in your words
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
}

/// Everything that proposals and rulings are made of.
struct Desk {
    heard: Heard,
    workspace: Workspace,
    rulings: Vec<Ruling>,
    ruled: Incidents,
    weights: Weights,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    match &arguments.what {
        What::Propose { given, limit, format } => {
            let desk = Desk::of(given, session)?;
            let found = desk.proposals(session)?;
            session.say(&match format {
                Output::Json => found.json(),
                Output::Human => desk.listed(&found, *limit),
            })?;
        }
        What::Show { what, given } if what.is_empty() => {
            let desk = Desk::of(given, session)?;
            let shown = desk.counts(given, session)?;
            session.say(&shown)?;
        }
        What::Show { what, given } => {
            let desk = Desk::of(given, session)?;
            session.say(&desk.card(what, session)?)?;
        }
        What::Accept { what, who, given } => {
            let desk = Desk::of(given, session)?;
            let (records, score) = desk.meant(what, session)?;
            desk.rule(Said::One(records), score, who, session)?;
        }
        What::Reject { what, only, who, given } => {
            let desk = Desk::of(given, session)?;
            let (records, score) = desk.meant(what, session)?;
            let said = match only.as_slice() {
                [] => Said::Apart { records, from: BTreeSet::new() },
                only => {
                    let only: BTreeSet<RecordId> =
                        only.iter().map(|id| RecordId::from(id.as_str())).collect();
                    if let Some(stranger) = only.iter().find(|id| !records.contains(*id)) {
                        return Err(Failure::new(format!(
                            "`{stranger}` is none of the records that are meant"
                        ))
                        .help("`servanda links show PROPOSAL` lists them"));
                    }
                    let from: BTreeSet<RecordId> = records.difference(&only).cloned().collect();
                    if from.is_empty() {
                        return Err(Failure::new(
                            "--only names all of them, so there is nothing to hold them apart from",
                        )
                        .help("leave --only out to say that no two of them speak of one event"));
                    }
                    Said::Apart { records: only, from }
                }
            };
            desk.rule(said, score, who, session)?;
        }
        What::Undo { ruling, who, given } => {
            let desk = Desk::of(given, session)?;
            let matching: Vec<&Ruling> = standing(&desk.rulings, session.now)
                .into_iter()
                .filter(|r| r.id.as_str().starts_with(ruling.as_str()))
                .collect();
            let [one] = matching.as_slice() else {
                let words = match matching.len() {
                    0 => format!("no ruling `{ruling}` stands"),
                    n => format!("{n} rulings begin with `{ruling}`"),
                };
                return Err(Failure::new(words).help("`servanda links show` lists the rulings that stand"));
            };
            desk.rule(Said::Undone(one.id.clone()), None, who, session)?;
        }
        What::Fit { given, dry_run } => {
            let desk = Desk::of(given, session)?;
            let shown = desk.fit(*dry_run, session)?;
            session.say(&shown)?;
        }
        What::Measure { given, labels } => {
            let desk = Desk::of(given, session)?;
            let shown = match labels {
                Some(path) => desk.measured_on(path)?,
                None => desk.measured()?,
            };
            session.say(&shown)?;
        }
    }
    Ok(Answer::Yes)
}

fn weights_of(path: &std::path::Path) -> Result<Weights, Failure> {
    let text = input::text(path)?;
    Weights::parse(&text).map_err(|fault| {
        Failure::new(format!("`{}`: {fault}", path.display())).help("docs/reference/rulings.md has every key")
    })
}

/// The weights of a workspace: its own, where it learned some, else those that ship.
pub fn weights_in_use(workspace: &Workspace) -> Result<Weights, Failure> {
    let own = workspace.root().join(WEIGHTS);
    match own.exists() {
        true => weights_of(&own),
        false => Ok(Weights::shipped()),
    }
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

impl Desk {
    fn of(given: &Given, session: &Session) -> Result<Desk, Failure> {
        let mut heard = given.matter.hear(session)?;
        let Some(workspace) = heard.workspace.take() else {
            return Err(Failure::new("rulings are kept in a workspace, and there is none here")
                .help("stand in its folder, or name it with --workspace DIR"));
        };
        let known_at = heard.question.known_at;
        heard.records.retain(|r| r.recorded <= known_at);
        let rulings = rulings::read(&workspace)?;
        let ruled = incidents(&heard.records, &rulings, known_at);
        let weights = match &given.weights {
            Some(path) => weights_of(path)?,
            None => weights_in_use(&workspace)?,
        };
        for clash in &ruled.clashes {
            session.note(&format!(
                "warning: `{}` is not followed, because `{}` holds apart what it would bring together; take one of them back",
                clash.not_followed, clash.because_of
            ));
        }
        Ok(Desk { heard, workspace, rulings, ruled, weights })
    }

    fn record(&self, id: &RecordId) -> Option<&Record> {
        self.heard.records.iter().find(|r| r.id == *id)
    }

    fn points(&self, session: &Session) -> Result<BTreeMap<Name, servanda_model::Point>, Failure> {
        Ok(places(&self.heard.agreement, &self.heard.path, &self.heard.records, session)?.points)
    }

    fn proposals(&self, session: &Session) -> Result<Proposals, Failure> {
        let points = self.points(session)?;
        let _working = session.working(&format!("comparing {} records", self.heard.records.len()));
        Ok(propose(&self.heard.records, &points, &self.ruled, &self.weights))
    }

    /// One line for a record.
    fn line(&self, id: &RecordId) -> String {
        let Some(record) = self.record(id) else { return id.to_string() };
        let when = self.heard.agreement.calendar.show_when(record.when);
        let title = if record.title.is_empty() { String::new() } else { format!(": {}", record.title) };
        format!("{id}  {when}  {}{title}", record.source)
    }

    fn listed(&self, found: &Proposals, limit: usize) -> String {
        let mut out = format!(
            "As known at {}: {}, {} compared, weights {}.\n",
            self.heard.agreement.calendar.show(self.heard.question.known_at),
            counted(found.reports, "report"),
            counted(found.compared, "pair"),
            found.weights
        );
        if found.cut > 0 {
            let _ = writeln!(
                out,
                "{} lie where so many others lie that only the nearest in time were looked at.",
                counted(found.cut, "report")
            );
        }
        if found.proposals.is_empty() {
            out.push_str("Nothing is proposed that nobody has ruled on.\n");
        }
        for proposal in found.proposals.iter().take(limit) {
            let _ = writeln!(
                out,
                "\n{}  {} that may speak of one event, {}",
                proposal.id,
                counted(proposal.records.len(), "report"),
                odds(proposal.score)
            );
            for id in &proposal.records {
                let _ = writeln!(out, "  {}", self.line(id));
            }
        }
        if found.proposals.len() > limit {
            let _ =
                writeln!(out, "\nand {} more; --limit N shows more of them", found.proposals.len() - limit);
        }
        if !found.proposals.is_empty() {
            out.push_str(
                "\nNone of this counts until somebody accepts it: `servanda links show PROPOSAL`, then `accept` or `reject`.\n",
            );
        }
        out
    }

    fn find<'a>(&self, found: &'a Proposals, named: &str) -> Result<&'a Proposal, Failure> {
        let matching: Vec<&Proposal> =
            found.proposals.iter().filter(|p| p.id.as_str().starts_with(named)).collect();
        match matching.as_slice() {
            [one] => Ok(one),
            [] => Err(Failure::new(format!("there is no proposal `{named}`"))
                .help("`servanda links propose` lists them; what was ruled on is not proposed again")),
            many => Err(Failure::new(format!("{} proposals begin with `{named}`", many.len()))
                .help("write more of its name")),
        }
    }

    /// The records that are meant, and the score of the proposal in thousandths.
    fn meant(
        &self,
        what: &[String],
        session: &Session,
    ) -> Result<(BTreeSet<RecordId>, Option<i64>), Failure> {
        if let [one] = what {
            let found = self.proposals(session)?;
            let proposal = self.find(&found, one)?;
            return Ok((
                proposal.records.iter().cloned().collect(),
                Some((proposal.score * 1000.0).round() as i64),
            ));
        }
        let records: BTreeSet<RecordId> = what.iter().map(|id| RecordId::from(id.as_str())).collect();
        if let Some(stranger) = records.iter().find(|id| self.record(id).is_none()) {
            return Err(Failure::new(format!("there is no record `{stranger}`"))
                .help("name one proposal, or two or more records by their ids"));
        }
        if records.len() < 2 {
            return Err(Failure::new("a ruling needs two different records"));
        }
        Ok((records, None))
    }

    /// The score card.
    fn card(&self, what: &[String], session: &Session) -> Result<String, Failure> {
        if let [one] = what {
            let found = self.proposals(session)?;
            let proposal = self.find(&found, one)?;
            let mut out = format!("{}  {}\n", proposal.id, odds(proposal.score));
            for id in &proposal.records {
                let _ = writeln!(out, "  {}", self.line(id));
            }
            out.push_str(&self.sources(&proposal.records));
            for card in &proposal.cards {
                let _ = write!(out, "\n{}", card.text());
            }
            if proposal.not_compared > 0 {
                let _ = writeln!(
                    out,
                    "\n{} of it lie too far apart to be compared and count as {:+.2} each",
                    counted(proposal.not_compared, "pair"),
                    self.weights.unseen
                );
            }
            return Ok(out);
        }
        let [a, b] = what else {
            return Err(Failure::new("name one proposal, or two records"));
        };
        let read = Reports::of(&self.heard.records, &self.points(session)?);
        let of = |id: &String| {
            read.find(&RecordId::from(id.as_str())).ok_or_else(|| {
                Failure::new(format!("there is no report `{id}`"))
                    .help("what is withdrawn, superseded, denied or a measure speaks of no event")
            })
        };
        let (a, b) = (of(a)?, of(b)?);
        if a == b {
            return Err(Failure::new("name two different records"));
        }
        Ok(compare(&read, &Candidates::of(&read), a, b, &self.weights).text())
    }

    /// How many of these sources are independent, and how far they are to be trusted together.
    fn sources(&self, ids: &[RecordId]) -> String {
        let records: Vec<&Record> = ids.iter().filter_map(|id| self.record(id)).collect();
        let found = independent(&records);
        let mut out = format!("  {} that are independent\n", counted(found.len(), "source"));
        for source in &found {
            for (name, why) in &source.repeats {
                let _ = writeln!(out, "    `{name}` repeats `{}`: {why}", source.counts);
            }
        }
        let one: BTreeMap<RecordId, Name> = ids.iter().map(|id| (id.clone(), Name::from("one"))).collect();
        let mut as_one = self.ruled.of.clone();
        as_one.extend(one);
        let fused =
            fuse(&statements(&self.heard.records, &as_one, |source| party(&self.heard.agreement, source)));
        if let Some(p) = fused.events.get("one") {
            let _ = writeln!(
                out,
                "  as one event, and as far as these sources proved right elsewhere: {:.0} % that it was so (no grade)",
                100.0 * p
            );
        }
        out
    }

    /// The marking of what a ruling speaks of: it must not tell more than the records do.
    fn marking(&self, said: &Said) -> Marking {
        let ids: Vec<&RecordId> = match said {
            Said::One(records) => records.iter().collect(),
            Said::Apart { records, from } => records.iter().chain(from).collect(),
            Said::Undone(id) => {
                let undone = self.rulings.iter().find(|ruling| ruling.id == *id);
                return undone.map(|ruling| self.marking(&ruling.said)).unwrap_or_default();
            }
        };
        let mut markings = ids.into_iter().filter_map(|id| self.record(id)).map(|record| &record.marking);
        let first = markings.next().cloned().unwrap_or_default();
        markings.fold(first, |all, marking| all.join(marking))
    }

    fn rule(&self, said: Said, score: Option<i64>, who: &Who, session: &Session) -> Result<(), Failure> {
        if who.by.trim().is_empty() {
            return Err(Failure::new("a ruling needs who made it").help("write --by NAME"));
        }
        // A clock that was put back must not put a ruling before one that it builds on.
        let last = self.rulings.iter().map(|r| r.at).max().unwrap_or(session.now);
        let weights = if score.is_some() { self.weights.version.clone() } else { String::new() };
        let mut ruling = Ruling {
            id: Name::from("-"),
            at: session.now.max(last),
            by: who.by.trim().to_string(),
            said,
            why: who.why.trim().to_string(),
            weights,
            score,
        };
        let digest = sha256(format!("{}\n{}", self.rulings.len(), to_json(&ruling)).as_bytes());
        ruling.id = Name::from(format!("ruling-{}", &digest[..12]));
        let known_at = self.heard.question.known_at.max(ruling.at);
        let mut all = self.rulings.clone();
        all.push(ruling.clone());
        let after = incidents(&self.heard.records, &all, known_at);
        let before = incidents(&self.heard.records, &self.rulings, known_at);
        if let Some(clash) = after.clashes.iter().find(|clash| !before.clashes.contains(clash)) {
            return Err(Failure::new(format!(
                "this would bring together and hold apart the same records: `{}` and `{}`; nothing was entered",
                clash.not_followed, clash.because_of
            ))
            .help("take the earlier ruling back first: `servanda links undo RULING --by NAME`"));
        }
        rulings::add(&self.workspace, &self.rulings, &ruling, self.marking(&ruling.said))?;
        let moved = |now: &Incidents, then: &Incidents| {
            let changed = now.of.iter().filter(|(id, incident)| then.of.get(*id) != Some(*incident));
            changed.count() + then.of.keys().filter(|id| !now.of.contains_key(*id)).count()
        };
        let mut out = format!("{}  {}\n", ruling.id, said_words(&ruling.said));
        let _ = writeln!(
            out,
            "  {} now another event than before",
            match moved(&after, &before) {
                0 => "no record has".to_string(),
                1 => "1 record has".to_string(),
                n => format!("{n} records have"),
            }
        );
        let _ = writeln!(out, "  `servanda links undo {} --by NAME` takes it back", ruling.id);
        if ruling.at > self.heard.question.known_at {
            let _ = writeln!(
                out,
                "  it counts from {}; this workspace answers as known at {}",
                self.heard.agreement.calendar.show(ruling.at),
                self.heard.agreement.calendar.show(self.heard.question.known_at)
            );
        }
        session.say(&out)
    }

    /// What counts now, and what would if everything that is proposed were accepted.
    fn counts(&self, given: &Given, session: &Session) -> Result<String, Failure> {
        let known_at = self.heard.question.known_at;
        let found = self.proposals(session)?;
        let case = given.matter.load(session)?;
        let supposed: Vec<Ruling> = found
            .proposals
            .iter()
            .map(|p| Ruling {
                id: p.id.clone(),
                at: known_at,
                by: String::new(),
                said: Said::One(p.records.iter().cloned().collect()),
                why: String::new(),
                weights: String::new(),
                score: None,
            })
            .collect();
        let now: Vec<Record> = case.records.iter().map(|record| (**record).clone()).collect();
        let records = applied(now.clone(), &supposed, known_at);
        let calendar = &self.heard.agreement.calendar;
        let mut out = format!(
            "At {}, as known at {}.\n",
            calendar.show(self.heard.question.at),
            calendar.show(known_at)
        );
        let _ = writeln!(
            out,
            "{} that nobody has ruled on.\n\nEvents, as counted now and with all of these accepted",
            counted(found.proposals.len(), "proposal")
        );
        let (now, then) = (events(&now), events(&records));
        for (fact, (reports, count)) in &now {
            let with = then.get(fact).map_or(0, |(_, n)| *n);
            let _ =
                writeln!(out, "  {fact}: {count} now, {with} with them, of {}", counted(*reports, "report"));
        }
        let board = given.matter.board(&case, &records);
        let rows = differing(&case.board, &board);
        if rows.is_empty() {
            out.push_str("\nNo verdict would differ.\n");
        } else {
            let _ = writeln!(out, "\n{} would differ", counted(rows.len(), "verdict"));
            for row in rows {
                let _ = writeln!(out, "  {row}");
            }
        }
        let stands = standing(&self.rulings, known_at);
        let _ = writeln!(out, "\n{} that stand", counted(stands.len(), "ruling"));
        for ruling in stands {
            let why = if ruling.why.is_empty() { String::new() } else { format!(": {}", ruling.why) };
            let _ = writeln!(
                out,
                "  {}  {}  {}{why}\n    {}",
                ruling.id,
                calendar.show(ruling.at),
                ruling.by,
                said_words(&ruling.said)
            );
        }
        let incident: BTreeMap<RecordId, Name> =
            case.records.iter().filter_map(|r| Some((r.id.clone(), r.incident.clone()?))).collect();
        let own: Vec<Record> = case.records.iter().map(|record| (**record).clone()).collect();
        let fused = fuse(&statements(&own, &incident, |source| party(&self.heard.agreement, source)));
        if !fused.sources.is_empty() {
            out.push_str("\nHow the sources compare (no grade; learned where several speak of one event)\n");
        }
        for ((source, side), trust) in fused.sources.iter().take(40) {
            let _ = writeln!(
                out,
                "  {source}, {}: says so of {:.0} % of what was so and of {:.0} % of what was not; {}",
                side.words(),
                100.0 * trust.says_so_when_so,
                100.0 * trust.says_so_when_not,
                counted(trust.statements, "statement")
            );
        }
        if fused.sources.len() > 40 {
            let _ = writeln!(out, "  and {} more", fused.sources.len() - 40);
        }
        Ok(out)
    }

    /// Ruled pairs with their levels, by ruling.
    fn labelled(&self) -> Result<Vec<Vec<(Levels, bool)>>, Failure> {
        let read = Reports::of(&self.heard.records, &BTreeMap::new());
        let candidates = Candidates::of(&read);
        let roots = roots(&self.heard.records);
        let mut last: BTreeMap<&RecordId, u32> = BTreeMap::new();
        for (id, root) in &roots {
            if let Some(report) = read.find(id) {
                last.insert(root, report);
            }
        }
        let of = |id: &RecordId| last.get(roots.get(id)?).copied();
        let mut seen: BTreeSet<(u32, u32)> = BTreeSet::new();
        let mut out = Vec::new();
        for ruling in standing(&self.rulings, self.heard.question.known_at) {
            let pairs: Vec<(&RecordId, &RecordId, bool)> = match &ruling.said {
                Said::One(ids) => ids.iter().flat_map(|a| ids.iter().map(move |b| (a, b, true))).collect(),
                Said::Apart { records, from } if from.is_empty() => {
                    records.iter().flat_map(|a| records.iter().map(move |b| (a, b, false))).collect()
                }
                Said::Apart { records, from } => {
                    records.iter().flat_map(|a| from.iter().map(move |b| (a, b, false))).collect()
                }
                Said::Undone(_) => Vec::new(),
            };
            let mut labels = Vec::new();
            for (a, b, same) in pairs {
                if let (Some(a), Some(b)) = (of(a), of(b))
                    && a != b
                    && seen.insert((a.min(b), a.max(b)))
                {
                    labels.push((candidates.levels(&read, (a.min(b), a.max(b))), same));
                }
            }
            out.push(labels);
        }
        Ok(out)
    }

    fn fit(&self, dry_run: bool, session: &Session) -> Result<String, Failure> {
        let labels: Vec<(Levels, bool)> = self.labelled()?.concat();
        if labels.is_empty() {
            return Err(Failure::new("there is nothing to learn from: no ruling on two reports stands")
                .help("`servanda links propose`, then `accept` and `reject` what it lists"));
        }
        let shipped = Weights::shipped();
        let date = self.heard.agreement.calendar.date(session.now);
        let same = labels.iter().filter(|(_, same)| *same).count();
        let mut learned =
            fit::fit(&labels, &shipped, fit::PENALTY, &format!("fitted-{date}-{}", labels.len()));
        learned.provenance = vec![
            format!("{}, held near {}.", counted(labels.len(), "ruled pair"), shipped.version),
            format!("{same} of one event, {} not.", labels.len() - same),
            "Made by `servanda links fit`; take the file away to use the shipped weights.".into(),
        ];
        learned
            .provenance
            .extend(shipped.provenance.iter().map(|line| format!("{}: {line}", shipped.version)));
        let learned = learned.rounded();
        let mut changes: Vec<(f64, String)> = Vec::new();
        for (field, (before, after)) in FIELDS.iter().zip(shipped.levels.iter().zip(&learned.levels)) {
            for ((level, before), after) in field.levels.iter().zip(before).zip(after) {
                changes.push((after - before, format!("{before:+.2} becomes {after:+.2}  {}", level.1)));
            }
        }
        changes.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()).then_with(|| a.1.cmp(&b.1)));
        let mut out = format!(
            "Learned from {}: {same} of one event, {} not.\n",
            counted(labels.len(), "ruled pair"),
            labels.len() - same
        );
        for (_, words) in changes.iter().take(8).filter(|(by, _)| by.abs() >= 0.01) {
            let _ = writeln!(out, "  {words}");
        }
        if dry_run {
            out.push_str("Nothing was written.\n");
        } else {
            files::write(&self.workspace.root().join(WEIGHTS), learned.text().as_bytes())?;
            let _ =
                writeln!(out, "`{WEIGHTS}` is used from now on; without the file, the shipped weights are.");
        }
        Ok(out)
    }

    /// How the ruled pairs would have come out: with the shipped weights, with those in use, and with weights learned from the
    /// other rulings.
    fn measured(&self) -> Result<String, Failure> {
        let labels = self.labelled()?;
        let all: usize = labels.iter().map(Vec::len).sum();
        if all == 0 {
            return Err(Failure::new("there is nothing to measure on: no ruling on two reports stands")
                .help("rule on proposals first, or give --labels FILE"));
        }
        let shipped = Weights::shipped();
        let agree = |weights: &Weights, labels: &[(Levels, bool)]| {
            labels
                .iter()
                .filter(|(levels, same)| (weights.score(levels) > weights.threshold) == *same)
                .count()
        };
        let of = |weights: &Weights| labels.iter().map(|l| agree(weights, l)).sum::<usize>();
        let learned: usize = (0..labels.len())
            .map(|out| {
                let others: Vec<Vec<(Levels, bool)>> =
                    labels.iter().enumerate().filter(|(n, _)| *n != out).map(|(_, l)| l.clone()).collect();
                agree(&fit::fit(&others.concat(), &shipped, fit::PENALTY, "others"), &labels[out])
            })
            .sum();
        let same: usize = labels.iter().flatten().filter(|(_, same)| *same).count();
        let mut out = format!(
            "{}: {same} of one event, {} not. Ruled as the weights would have it:\n",
            counted(all, "ruled pair"),
            all - same
        );
        for (words, count) in [
            (format!("the shipped weights, {}", shipped.version), of(&shipped)),
            (format!("the weights in use, {}", self.weights.version), of(&self.weights)),
            ("learned from the other rulings".to_string(), learned),
        ] {
            let _ = writeln!(out, "  {words}: {count} of {all}");
        }
        out.push_str("Only what was proposed was ruled on, so this says nothing of what was not proposed.\n");
        Ok(out)
    }

    fn measured_on(&self, path: &std::path::Path) -> Result<String, Failure> {
        let text = input::text(path)?;
        let mut lines = text.lines();
        let head: Vec<&str> = lines
            .next()
            .unwrap_or_default()
            .trim_start_matches('\u{feff}')
            .split(',')
            .map(str::trim)
            .collect();
        let column = |name: &str| {
            head.iter().position(|h| *h == name).ok_or_else(|| {
                Failure::new(format!("`{}` has no column `{name}`", path.display()))
                    .help("it needs the columns record, event and group, with commas between")
            })
        };
        let (record, event, group) = (column("record")?, column("event")?, column("group")?);
        let mut labels: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
        for (number, line) in lines.enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let cells: Vec<&str> = line.split(',').map(str::trim).collect();
            if cells.len() != head.len() {
                return Err(Failure::new(format!(
                    "`{}`, line {}: {} cells in place of {}",
                    path.display(),
                    number + 2,
                    cells.len(),
                    head.len()
                ))
                .help("a cell holds no comma"));
            }
            labels.insert(cells[record], (cells[event], cells[group]));
        }
        let read = Reports::of(&self.heard.records, &BTreeMap::new());
        let of: Vec<Option<(&str, &str)>> =
            (0..read.len()).map(|n| labels.get(read.id(n as u32).as_str()).copied()).collect();
        let known = of.iter().flatten().count();
        if known < 2 {
            return Err(Failure::new(format!(
                "`{}` names {} of this workspace",
                path.display(),
                counted(known, "report")
            ))
            .help("the column record holds the ids of the workspace's records"));
        }
        let events: BTreeSet<&str> = of.iter().flatten().map(|(event, _)| *event).collect();
        let numbers: BTreeMap<&str, u32> =
            events.into_iter().enumerate().map(|(n, e)| (e, n as u32)).collect();
        let truth = of.iter().map(|l| l.map(|(event, _)| numbers[event])).collect();
        let groups: Vec<&str> = of.iter().map(|l| l.map_or("", |(_, group)| group)).collect();
        let labelled = Labelled::new(&read, truth, deal(&groups, FOLDS));
        let shown = |words: &str, figures: Figures| {
            let (p, r) = figures.pair_precision_recall();
            format!(
                "  {words}: pair F1 {:.3} (precision {p:.3}, recall {r:.3}), B³ {:.3}\n",
                figures.pair_f1(),
                figures.b_cubed()
            )
        };
        let mut out = format!("{} with a label.\n", counted(known, "report"));
        out.push_str(&shown(
            &format!("the weights in use, {}", self.weights.version),
            labelled.figures(&self.weights, self.weights.threshold, |_| true),
        ));
        let held = labelled.held_out(fit::PENALTY);
        let sum = held.iter().fold(Figures::default(), |sum, held| sum.and(held.figures));
        out.push_str(&shown(
            &format!("learned here, each of {FOLDS} parts of the groups held out in turn"),
            sum,
        ));
        Ok(out)
    }
}

/// The party that a source is, if any.
fn party(agreement: &Agreement, source: &str) -> Option<Name> {
    let slug = Name::slug(source);
    agreement
        .parties
        .keys()
        .find(|name| name.as_str() == source || Name::slug(name.as_str()) == slug)
        .cloned()
}

fn said_words(said: &Said) -> String {
    let list = |ids: &BTreeSet<RecordId>| ids.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
    match said {
        Said::One(ids) => format!("one event: {}", list(ids)),
        Said::Apart { records, from } if from.is_empty() => format!("no two of one event: {}", list(records)),
        Said::Apart { records, from } => format!("not of one event with {}: {}", list(from), list(records)),
        Said::Undone(id) => format!("taken back: {id}"),
    }
}

/// Reports and events of each fact.
fn events(records: &[Record]) -> BTreeMap<&Name, (usize, usize)> {
    let roots = roots(records);
    let read = Reports::of(records, &BTreeMap::new());
    let mut found: BTreeMap<&Name, (usize, BTreeSet<&Name>)> = BTreeMap::new();
    for (id, record) in reports::standing(records) {
        if read.find(id).is_some() {
            let entry = found.entry(&record.fact).or_default();
            entry.0 += 1;
            entry.1.insert(record.incident.as_ref().unwrap_or(&roots[id]));
        }
    }
    found.into_iter().map(|(fact, (reports, events))| (fact, (reports, events.len()))).collect()
}

/// Verdicts that differ between two boards, in words.
fn differing(now: &Board, then: &Board) -> Vec<String> {
    let key = |v: &Verdict| (v.norm.clone(), v.bearer.to_string(), v.instance.clone());
    let shown = |v: Option<&&Verdict>| match v {
        None => "not there".to_string(),
        Some(v) => {
            let mut words = format!("{} ({})", v.performance.word(), v.grade.word());
            let sizes: Vec<String> = v.episodes.iter().map(|e| e.size.to_string()).collect();
            if !sizes.is_empty() {
                let _ = write!(words, ", episodes of {}", sizes.join(", "));
            }
            words
        }
    };
    let by_key = |board: &'_ Board| -> BTreeMap<_, String> {
        board.verdicts.iter().map(|v| (key(v), shown(Some(&v)))).collect()
    };
    let (now, then) = (by_key(now), by_key(then));
    let keys: BTreeSet<_> = now.keys().chain(then.keys()).collect();
    let none = shown(None);
    let rows = keys.into_iter().filter_map(|key| {
        let (before, after) = (now.get(key).unwrap_or(&none), then.get(key).unwrap_or(&none));
        let instance = if key.2.as_str() == "-" { String::new() } else { format!(" [{}]", key.2) };
        (before != after).then(|| format!("{} {}{instance}: {before} now, {after} with them", key.0, key.1))
    });
    rows.collect()
}
