//! The end of a mission: intake is closed, what each party gets is fixed in the log, and replicas are made that can be checked.
//!
//! ```text
//! freeze  ►  vault sealed or wiped  ►  close (an entry with the digests)  ►  both sides cosign  ►  replicas, statement  ►  check
//! ```
//!
//! It starts nothing by itself, decides nothing, and hands over nothing: it writes folders, and says what is in them. Whether both
//! sides have cosigned is looked at by whoever has their policy.
//!
//! Invariants
//! - after the freeze no record, import, submission or ruling is entered; accounts, orders and the vault go on;
//! - two people resume, and two people close;
//! - a replica is what the closing entry said it would be, or it is not made;
//! - the statement names nobody but parties and witnesses: people are named by the entries of the log in which they stand.
//!
//! Where to start reading: [`Store::close`], then [`replicate`] and [`check_replica`].

use crate::backup::hex;
use crate::entry::Statement;
use crate::error::{Error, Kind};
use crate::files;
use crate::label;
use crate::log::Log;
use crate::policy::{Role, TLP, Viewer};
use crate::release::Portion;
use crate::sources::need;
use crate::store::{Receipt, Store, Writer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use servanda_ledger::envelope::Envelope;
use servanda_ledger::leaf::{Leaf, commitment};
use servanda_ledger::note::Note;
use servanda_model::record::{Marking, Tlp};
use servanda_model::{Instant, Name};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The kind of statements on the mission.
const MISSION: &str = "mission";
const INTAKE: &str = "intake";
const HAND_OVER: &str = "hand-over";
/// The name of the list of records in a replica.
pub const RECORDS: &str = "records.jsonl";
/// Entries that are compared at once.
const STEP: u64 = 4096;

#[derive(Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case", deny_unknown_fields)]
enum Step {
    Frozen { why: String },
    Resumed { why: String, with: [String; 2] },
    Closed(Closing),
}

/// What a party gets.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handed {
    /// Up to which level.
    level: String,
    /// Records that it gets.
    pub shown: u64,
    /// Records of which it gets only that they are withheld, and their commitments.
    pub withheld: u64,
    /// SHA-256 of the list.
    pub sha256: String,
}

/// What the closing entry says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// The two who closed.
    with: [String; 2],
    /// It is an exercise.
    pub exercise: bool,
    /// What each party gets.
    pub parties: BTreeMap<Name, Handed>,
    /// What became of the vault, a line for each region or pseudonym.
    pub vault: Vec<String>,
}

/// Where the end of the mission stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ending {
    /// Intake is closed.
    pub frozen: bool,
    /// The closing, with the number of its entry.
    pub closing: Option<(u64, Closing)>,
}

/// One line of a replica's list.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    entry: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    marking: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    record: Option<Box<RawValue>>,
    /// What opens the commitment of the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    envelope: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    withheld: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authority: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    commitment: Option<String>,
}

fn raw(text: &str) -> Result<Box<RawValue>, Error> {
    // Between the parts of JSON a line break is a space; within a text there is none.
    let text = text.replace(['\n', '\r'], " ");
    RawValue::from_string(text).map_err(|e| Error::integrity(format!("a record is no JSON: {e}")))
}

/// A party as a viewer: it sees what is released to it, up to a level.
fn party(name: &Name, level: Tlp) -> Viewer {
    let mut viewer = Viewer::named(name.as_str());
    viewer.party = Some(name.clone());
    viewer.clearances = [(TLP.into(), level)].into();
    viewer
}

fn statement(subject: &str, step: &Step) -> Result<Statement, Error> {
    let json = serde_json::to_string(step).map_err(|e| Error::new(Kind::Refused, e.to_string()))?;
    Ok(Statement { kind: MISSION.into(), subject: subject.into(), marking: Marking::default(), json })
}

fn fold(said: impl IntoIterator<Item = (u64, String)>) -> Result<Ending, Error> {
    let mut ending = Ending::default();
    for (entry, json) in said {
        let step: Step = serde_json::from_str(&json)
            .map_err(|e| Error::integrity(format!("what is said of the mission cannot be read: {e}")))?;
        match step {
            Step::Frozen { .. } => ending.frozen = true,
            Step::Resumed { .. } => ending = Ending::default(),
            Step::Closed(closing) => ending.closing = Some((entry, closing)),
        }
    }
    Ok(ending)
}

/// Two different people, officers both, who signed in.
fn two_officers(two: [&Viewer; 2], what: &str) -> Result<[String; 2], Error> {
    for by in two {
        person(by)?;
        need(by, Role::Officer, what)?;
    }
    match two[0].name == two[1].name {
        true => Err(Error::new(Kind::Denied, format!("`{}` is one person, and it takes two", two[0].name))
            .help("name another officer with --and")),
        false => Ok(two.map(|by| by.name.clone())),
    }
}

fn person(by: &Viewer) -> Result<(), Error> {
    match by.is_keeper() {
        true => Err(Error::new(Kind::Denied, "this is done by a person with an account")
            .help("name yourself with --as and sign in")),
        false => Ok(()),
    }
}

impl Writer<'_> {
    fn ending(&mut self) -> Result<Ending, Error> {
        fold(self.numbered(MISSION)?.into_iter().map(|(number, _, json)| (number, json)))
    }

    /// Refuses what would be entered into a closed record.
    pub(crate) fn refuse_frozen(&mut self) -> Result<(), Error> {
        match self.ending()?.frozen {
            false => Ok(()),
            true => Err(Error::new(Kind::Denied, "intake is closed: the mission ends; nothing was entered")
                .help("two officers open it again: `servanda mission-end resume`")),
        }
    }
}

impl Store {
    /// Closes intake.
    ///
    /// # Errors
    /// [`Error::is_denied`] for whoever is no officer, or no person; [`Error::is_duplicate`] where it is closed.
    pub fn freeze(&self, why: &str, now: Instant, by: &Viewer) -> Result<Receipt, Error> {
        person(by)?;
        need(by, Role::Officer, "close intake")?;
        self.say_once(by, now, |writer| match writer.ending()?.frozen {
            true => Err(Error::new(Kind::Duplicate, "intake is closed already")),
            false => statement(INTAKE, &Step::Frozen { why: why.to_string() }),
        })
    }

    /// Opens intake again, on the word of two.
    ///
    /// # Errors
    /// [`Error::is_denied`] where they are not two officers; [`Error::is_refused`] where it is open.
    pub fn resume(&self, why: &str, now: Instant, two: [&Viewer; 2]) -> Result<Receipt, Error> {
        let with = two_officers(two, "open intake again")?;
        self.say_once(two[0], now, |writer| match writer.ending()?.frozen {
            true => statement(INTAKE, &Step::Resumed { why: why.to_string(), with }),
            false => Err(Error::new(Kind::Refused, "intake is open")),
        })
    }

    /// Where the end of the mission stands.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn ending(&self) -> Result<Ending, Error> {
        if !self.is_there() {
            return Ok(Ending::default());
        }
        self.write(|writer| writer.ending()).map(|(ending, _)| ending)
    }

    /// The list that a party gets: what it may see with what proves it, and of the rest that it is withheld.
    ///
    /// # Errors
    /// Where the database cannot be read; [`Error::is_integrity`].
    fn portion(&self, name: &Name, level: Tlp) -> Result<(Vec<u8>, Handed), Error> {
        let portions = self.view(&Viewer::keeper()).redacted(&party(name, level))?;
        let ((text, shown, withheld), _) = self.write(|writer| {
            let (mut text, mut shown, mut withheld) = (Vec::new(), 0u64, 0u64);
            for portion in &portions {
                let mut line = Line {
                    entry: None,
                    marking: None,
                    record: None,
                    salt: None,
                    envelope: None,
                    withheld: None,
                    authority: None,
                    commitment: None,
                };
                match portion {
                    Portion::Shown(record) => {
                        let entry = writer.number_of(&record.id)?.ok_or_else(|| {
                            Error::new(Kind::Busy, "the records changed meanwhile").help("run this again")
                        })?;
                        let (envelope, salt) = writer.opening(entry)?;
                        line.entry = Some(entry);
                        line.marking = Some(raw(&label::to_text(&record.marking))?);
                        line.record = Some(raw(&record.json)?);
                        line.salt = Some(hex(&salt));
                        line.envelope = Some(envelope);
                        shown += 1;
                    }
                    Portion::Withheld { commitment, category, authority } => {
                        line.withheld = Some(category.clone());
                        line.authority = Some(authority.clone());
                        line.commitment = Some(hex(commitment));
                        withheld += 1;
                    }
                }
                serde_json::to_writer(&mut text, &line)
                    .map_err(|e| Error::new(Kind::Refused, format!("a record cannot be written: {e}")))?;
                text.push(b'\n');
            }
            Ok((text, shown, withheld))
        })?;
        let sha256 = crate::sha256(&text);
        Ok((text, Handed { level: level.word().to_string(), shown, withheld, sha256 }))
    }

    /// Enters what each party will get and what became of the vault: the last entry before the last checkpoint.
    ///
    /// # Errors
    /// [`Error::is_denied`] where they are not two officers; [`Error::is_refused`] where intake is open, no party is named, or a region of
    /// the vault is neither sealed nor wiped.
    pub fn close(
        &self,
        parties: &BTreeMap<Name, Tlp>,
        regions: &[crate::vault::Region],
        exercise: bool,
        now: Instant,
        two: [&Viewer; 2],
    ) -> Result<Receipt, Error> {
        let with = two_officers(two, "close the record")?;
        let refused = |why: String, help: &str| Error::new(Kind::Refused, why).help(help);
        if parties.is_empty() {
            return Err(refused("no party is named".to_string(), "name each with --to PARTY=LEVEL"));
        }
        if !self.ending()?.frozen {
            return Err(refused("intake is open".to_string(), "first `servanda mission-end freeze`"));
        }
        if let Some(open) = regions.iter().find(|region| !region.sealed && !region.wiped) {
            return Err(refused(
                format!("the region `{}` of the vault is neither sealed nor wiped", open.name),
                "`servanda vault seal` or `servanda vault propose wipe`, whichever was decided",
            ));
        }
        let mut told = BTreeMap::new();
        for (name, level) in parties {
            told.insert(name.clone(), self.portion(name, *level)?.1);
        }
        let vault = self.vault_lines(regions)?;
        let closing = Closing { with, exercise, parties: told, vault };
        self.say_once(two[0], now, |writer| match writer.ending()?.frozen {
            true => statement(HAND_OVER, &Step::Closed(closing)),
            false => Err(Error::new(Kind::Busy, "intake was opened meanwhile").help("run this again")),
        })
    }

    /// What became of the vault, without a name: people stand in the entries that are named.
    fn vault_lines(&self, regions: &[crate::vault::Region]) -> Result<Vec<String>, Error> {
        let (said, _) = self.write(|writer| writer.numbered(crate::vault::KIND))?;
        let last = |region: &str, steps: &[&str]| {
            said.iter()
                .filter(|(_, subject, json)| {
                    subject.as_str() == format!("region/{region}")
                        && steps.iter().any(|step| json.contains(&format!("\"step\":\"{step}\"")))
                })
                .map(|(number, _, _)| number.to_string())
                .next_back()
                .unwrap_or_else(|| "none".to_string())
        };
        let mut lines = Vec::new();
        for region in regions {
            let name = &region.name;
            if region.wiped {
                lines.push(format!("destroyed region {name}, entry {}", last(name, &["wiped"])));
                continue;
            }
            lines.push(format!(
                "stays sealed region {name}, entry {}; any two of {} holders of keys, entry {}",
                last(name, &["sealed"]),
                region.holders.len(),
                last(name, &["made", "holders"]),
            ));
            if region.people.values().any(|person| person.wiped) {
                lines.push(format!(
                    "destroyed some of region {name}, last by entry {}",
                    last(name, &["wiped"])
                ));
            }
        }
        Ok(lines)
    }
}

/// Makes the parties' folders and the statement in `to`, which must be empty or not there. `cosigned` names the witnesses of the
/// final checkpoint, `policy` is handed over beside the log, `keys` says who keeps the keys that are left.
///
/// # Errors
/// [`Error::is_refused`] where the record was not closed, or something was entered since; [`Error::is_integrity`] where a list is
/// not what the closing entry says.
pub fn replicate(
    store: &Store,
    to: &Path,
    policy: &[u8],
    cosigned: &BTreeSet<String>,
    keys: &str,
    now: Instant,
) -> Result<String, Error> {
    let refused = |why: String, help: &str| Err(Error::new(Kind::Refused, why).help(help));
    let Some((entry, closing)) = store.ending()?.closing else {
        return refused("the record was not closed".to_string(), "first `servanda mission-end close`");
    };
    let log = store.log()?;
    if log.size() != entry + 1 {
        return refused(
            format!("{} entries came after the closing, entry {entry}", log.size() - entry - 1),
            "close again, and let both sides cosign again",
        );
    }
    let keys = keys.trim();
    if keys.is_empty() || keys.chars().any(char::is_control) {
        return refused(
            "who keeps the keys is not said".to_string(),
            "one line, such as the name of a depositary",
        );
    }
    let draft = files::FolderDraft::beside(to)?;
    let title = if closing.exercise { "servanda hand-over v1 EXERCISE" } else { "servanda hand-over v1" };
    let mut text = format!("{title}\n{}\nmade {now}\n", log.origin());
    text.push_str(&format!("checkpoint {} {}\n", log.size(), hex(&log.root())));
    for witness in cosigned {
        text.push_str(&format!("cosigned by {witness}\n"));
    }
    for (at, (name, said)) in closing.parties.iter().enumerate() {
        let level = Tlp::parse(&said.level)
            .ok_or_else(|| Error::integrity(format!("the closing entry names a level `{}`", said.level)))?;
        let (list, found) = store.portion(name, level)?;
        if found != *said {
            return Err(Error::integrity(format!(
                "what `{name}` would get is not what the closing entry {entry} says"
            )));
        }
        // A party's name may be in any letters; a folder's is counted.
        let folder = format!("party-{}", at + 1);
        let place = draft.path().join(&folder);
        fs::create_dir_all(&place).map_err(|e| Error::io("make", &place, e))?;
        for file in crate::backup::files_below(log.dir())? {
            let hidden = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if hidden || file == Path::new("lock") {
                continue;
            }
            let (from, copy) = (log.dir().join(&file), place.join("log").join(&file));
            if let Some(parent) = copy.parent() {
                fs::create_dir_all(parent).map_err(|e| Error::io("make", parent, e))?;
            }
            fs::copy(&from, &copy).map_err(|e| Error::io("copy", &from, e))?;
        }
        files::write(&place.join(RECORDS), &list)?;
        files::write(&place.join("policy"), policy)?;
        text.push_str(&format!(
            "handed to {name} as {folder}, up to {}: the whole log; {} records, {} withheld, {RECORDS} sha256 {}\n",
            said.level, said.shown, said.withheld, said.sha256
        ));
    }
    for line in &closing.vault {
        text.push_str(line);
        text.push('\n');
    }
    text.push_str(&format!("closed by two people, entry {entry}\nkeys that are left are kept by {keys}\n"));
    let mut note = Note::new(text).map_err(|e| Error::new(Kind::Refused, e.to_string()))?;
    note.sign(&store.log_key()?, 0);
    let statement = note.to_string();
    for at in 1..=closing.parties.len() {
        files::write(&draft.path().join(format!("party-{at}")).join("hand-over.note"), statement.as_bytes())?;
    }
    files::write(&draft.path().join("hand-over.note"), statement.as_bytes())?;
    draft.publish("hand-over.note")?;
    Ok(statement)
}

/// What a check of a replica came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checked {
    /// Entries of its log.
    pub entries: u64,
    /// Records that open their commitments in the log.
    pub shown: u64,
    /// Withheld records whose commitments stand in the log.
    pub withheld: u64,
    /// Names of the keys that have signed the statement besides the log's.
    pub signed: Vec<String>,
}

/// Checks a party's folder: the statement against the log's key, the list against the statement, and every line against the log. Whether
/// the log is whole and cosigned is for the auditor's program.
///
/// # Errors
/// [`Error::is_integrity`] with the first thing that is not as it claims to be.
pub fn check_replica(folder: &Path) -> Result<Checked, Error> {
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read(&path)
            .map_err(|e| Error::io("read", &path, e).help("name the folder that a party was handed"))
    };
    let log = Log::open(&folder.join("log"), None)?;
    let wrong = |why: String| Error::integrity(format!("`{}`: {why}", folder.display()));
    let note = Note::parse(&read("hand-over.note")?).map_err(|e| wrong(e.to_string()))?;
    note.verify_by(log.key()).map_err(|e| wrong(format!("the statement: {e}")))?;
    let size = log.size();
    if !note.text().lines().any(|line| line == format!("checkpoint {size} {}", hex(&log.root()))) {
        return Err(wrong("the statement is on another checkpoint".to_string()));
    }
    let list = read(RECORDS)?;
    let digest = crate::sha256(&list);
    if !note.text().lines().any(|line| line.ends_with(&format!("{RECORDS} sha256 {digest}"))) {
        return Err(wrong(format!("the statement does not name this {RECORDS}")));
    }
    let mut commitments = Vec::new();
    while (commitments.len() as u64) < size {
        let from = commitments.len() as u64;
        for bytes in log.leaves(from..size.min(from + STEP))? {
            commitments.push(Leaf::from_bytes(&bytes).map_err(|e| wrong(e.to_string()))?.commitment);
        }
    }
    let all: BTreeSet<String> = commitments.iter().map(|known| hex(known)).collect();
    let (mut shown, mut withheld) = (0, 0);
    let text = String::from_utf8(list).map_err(|_| wrong(format!("{RECORDS} is no text")))?;
    for (at, line) in text.lines().enumerate() {
        let wrong = |why: &str| wrong(format!("line {} of {RECORDS}: {why}", at + 1));
        let line: Line = serde_json::from_str(line).map_err(|e| wrong(&e.to_string()))?;
        if let Some(said) = &line.commitment {
            if !all.contains(said) {
                return Err(wrong("what is withheld is not in the log"));
            }
            withheld += 1;
            continue;
        }
        let (Some(entry), Some(salt), Some(envelope), Some(record)) =
            (line.entry, line.salt, line.envelope, line.record)
        else {
            return Err(wrong("something is missing"));
        };
        let salt: [u8; 32] = crate::vault::unhex(&salt)
            .and_then(|salt| salt.try_into().ok())
            .ok_or_else(|| wrong("the salt is none"))?;
        let logged = usize::try_from(entry).ok().and_then(|at| commitments.get(at));
        if logged != Some(&commitment(&salt, envelope.as_bytes())) {
            return Err(wrong("it does not open the commitment of its entry"));
        }
        let envelope = Envelope::parse(envelope.as_bytes()).map_err(|e| wrong(&e.to_string()))?;
        let payload: serde_json::Value =
            serde_json::from_slice(envelope.payload_unverified()).map_err(|e| wrong(&e.to_string()))?;
        let shown_record: serde_json::Value =
            serde_json::from_str(record.get()).map_err(|e| wrong(&e.to_string()))?;
        if payload.get("record") != Some(&shown_record) {
            return Err(wrong("the record is another one than in its envelope"));
        }
        shown += 1;
    }
    let mut signed: Vec<String> = note.signatures().iter().map(|s| s.name.clone()).collect();
    signed.retain(|name| name != log.origin());
    Ok(Checked { entries: size, shown, withheld, signed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{enter, intake, record, submission, workspace};

    const NOW: Instant = Instant(10_000);

    fn officer(name: &str) -> Viewer {
        let mut viewer = Viewer::named(name);
        viewer.roles = [Role::Officer].into();
        viewer
    }

    #[test]
    fn a_closed_record_takes_nothing_in_and_each_party_gets_what_it_may_see() {
        let (_folder, workspace) = workspace();
        let store = workspace.store();
        enter(&store, &["a"]);
        let to =
            |name: &str| Marking { releasable_to: Some([name.into()].into()), ..Marking::of(Tlp::Amber) };
        let mut secret = record("b", Tlp::Amber);
        secret.marking = to("North");
        secret.json = "{\"id\":\"b\",\n \"what\":\"seen by the mill\"}".into();
        store.enter(&intake(1), &[secret], 1, &Viewer::keeper(), || Ok(())).unwrap();
        store.submit(submission("key/x", 1, None, "one"), NOW).unwrap();

        let (anna, ben) = (officer("anna"), officer("ben"));
        let parties: BTreeMap<Name, Tlp> =
            [("North".into(), Tlp::Amber), ("South".into(), Tlp::Amber)].into();
        let close = |two| store.close(&parties, &[], false, NOW, two);
        assert!(close([&anna, &ben]).unwrap_err().to_string().contains("intake is open"));
        for by in [Viewer::keeper(), Viewer::named("eve")] {
            assert!(store.freeze("", NOW, &by).unwrap_err().is_denied());
        }
        store.freeze("the mandate ends", NOW, &anna).unwrap();
        let late = |error: Error| {
            assert!(error.is_denied() && error.to_string().contains("intake is closed"), "{error}")
        };
        late(
            store.enter(&intake(1), &[record("c", Tlp::Clear)], 3, &Viewer::keeper(), || Ok(())).unwrap_err(),
        );
        late(store.submit(submission("key/x", 2, Some("one"), "two"), NOW).unwrap_err());
        // What was taken before is still answered with its receipt.
        assert!(store.submit(submission("key/x", 1, None, "one"), NOW).unwrap().again);
        let ruling = Statement {
            kind: "ruling".into(),
            subject: "l".into(),
            marking: Marking::default(),
            json: "{}".into(),
        };
        late(store.say(&[ruling], NOW, &Viewer::keeper()).unwrap_err());
        let (eve, keeper) = (Viewer::named("eve"), Viewer::keeper());
        for two in [[&anna, &anna], [&anna, &eve], [&keeper, &ben]] {
            assert!(close(two).unwrap_err().is_denied());
            assert!(store.resume("", NOW, two).unwrap_err().is_denied());
        }
        assert!(store.close(&BTreeMap::new(), &[], false, NOW, [&anna, &ben]).unwrap_err().is_refused());

        let elsewhere = tempfile::tempdir().unwrap();
        let to = elsewhere.path().join("given");
        let hand = |keys: &str| replicate(&store, &to, b"policy", &["north-1".to_string()].into(), keys, NOW);
        assert!(hand("x").unwrap_err().to_string().contains("was not closed"));
        close([&anna, &ben]).unwrap();
        assert!(hand("").unwrap_err().is_refused() && hand("x\ny").unwrap_err().is_refused());
        let text = hand("the registry").unwrap();
        assert!(
            text.contains(
                "handed to North as party-1, up to TLP:AMBER: the whole log; 3 records, 0 withheld"
            ),
            "{text}"
        );
        assert!(
            text.contains(
                "handed to South as party-2, up to TLP:AMBER: the whole log; 2 records, 1 withheld"
            ),
            "{text}"
        );
        for (folder, shown, withheld, sees) in [("party-1", 3, 0, true), ("party-2", 2, 1, false)] {
            let checked = check_replica(&to.join(folder)).unwrap();
            assert_eq!((checked.shown, checked.withheld), (shown, withheld));
            let list = fs::read_to_string(to.join(folder).join(RECORDS)).unwrap();
            assert_eq!(list.contains("by the mill"), sees);
            for file in crate::backup::files_below(&to.join(folder)).unwrap() {
                let bytes = fs::read(to.join(folder).join(&file)).unwrap();
                let told = bytes.windows(8).any(|w| w == b"the mill");
                assert_eq!(told, sees && file == Path::new(RECORDS), "{}", file.display());
            }
        }

        // A list that says something else, under a statement that was made for it, does not open the log.
        let folder = to.join("party-1");
        let list = fs::read_to_string(folder.join(RECORDS)).unwrap();
        let lines: Vec<&str> = list.lines().collect();
        let other = lines[1].replace("seen by", "not seen by");
        for (changed, words) in [
            (list.replace(lines[1], &other), "another one than in its envelope"),
            (list.replace("\"salt\":\"", "\"salt\":\"00"), "the salt is none"),
            (list.replace("\"entry\":2", "\"entry\":1"), "does not open the commitment"),
            ("{\"commitment\":\"00\"}\n".to_string(), "is not in the log"),
            ("{}\n".to_string(), "something is missing"),
        ] {
            assert_ne!(changed, list, "{words}");
            let digest = crate::sha256(changed.as_bytes());
            let forged = text.replace(&crate::sha256(list.as_bytes()), &digest);
            let mut note = Note::new(forged.split("\n\n").next().unwrap().to_string() + "\n").unwrap();
            note.sign(&store.log_key().unwrap(), 0);
            fs::write(folder.join("hand-over.note"), note.to_string()).unwrap();
            fs::write(folder.join(RECORDS), changed).unwrap();
            let error = check_replica(&folder).unwrap_err();
            assert!(error.is_integrity() && error.to_string().contains(words), "{words}: {error}");
        }

        // After the closing, nothing may come.
        store.put_account(&crate::Account::new("late"), NOW, &Viewer::keeper()).unwrap();
        fs::remove_dir_all(&to).unwrap();
        assert!(hand("x").unwrap_err().to_string().contains("1 entries came after the closing"));
        store.resume("it goes on", NOW, [&anna, &ben]).unwrap();
        store.submit(submission("key/x", 2, Some("one"), "two"), NOW).unwrap();
        assert_eq!(store.ending().unwrap(), Ending::default());
        assert_eq!(store.compare().unwrap().different, 0);
    }
}
