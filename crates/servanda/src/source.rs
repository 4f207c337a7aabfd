//! Records in: from the files of others into a workspace, or for one question only.
//!
//! Invariants
//! - a file is entered whole or not at all, with its refused rows beside it;
//! - a row of one source never supersedes a row of another that happens to bear the same identity;
//! - what a person should know about an import is said: doubts, refusals, facts that the agreement does not have.

use crate::failure::Failure;
use crate::input;
use crate::session::{Session, with_a_strangers_parser};
use servanda_evidence::import::{DATASET, Refused};
use servanda_evidence::record_json::{self, RecordFault, from_json, to_json};
use servanda_evidence::{Changes, Context, Format, Import, Mapping, diff, quarantine_csv};
use servanda_lang::closest;
use servanda_model::agreement::RoleType;
use servanda_model::record::{COVERAGE, EXPLANATION, FINDING, RoleValue};
use servanda_model::time::HOUR;
use servanda_model::{Agreement, Instant, Name, Place, Record};
use servanda_store::policy::Viewer;
use servanda_store::{Holder, Intake, Store, StoredRecord, Workspace, sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What is to be imported.
pub struct Order<'a> {
    /// The file.
    pub path: &'a Path,
    /// Its format.
    pub format: Format,
    /// How its columns become records.
    pub mapping: Option<Mapping>,
    /// Name of the source; `None` for the file's name.
    pub dataset: Option<&'a str>,
    /// The day on which the report was issued.
    pub issued: Option<jiff::civil::Date>,
    /// The folder of the files that the rows name.
    pub attachments: Option<&'a Path>,
    /// Enter nothing.
    pub only_look: bool,
}

/// What came of an import.
pub struct Entered {
    /// What was read.
    pub import: Import,
    /// What it changed.
    pub changes: Changes,
    /// How many records were made.
    pub made: usize,
    /// Where the refused rows lie, from the workspace's root.
    pub quarantine: Option<String>,
    /// Facts and parties that the agreement does not have, in words.
    pub strangers: Vec<String>,
}

/// Reads a mapping file.
pub fn mapping(path: &Path) -> Result<Mapping, Failure> {
    let text = input::text(path)?;
    Mapping::parse(&text)
        .map_err(|faults| unusable(path, &faults).help("docs/reference/mapping.md has every key"))
}

/// Where a mapping lies: a file, or the name of one in the workspace's maps/.
pub fn mapping_place(workspace: &Workspace, named: &Path) -> PathBuf {
    let short = workspace.mapping(&named.to_string_lossy());
    if named.components().count() == 1 && !named.exists() && short.exists() {
        short
    } else {
        named.to_path_buf()
    }
}

/// A file or a mapping of which nothing can be used.
fn unusable(path: &Path, faults: &[Refused]) -> Failure {
    let shown: Vec<String> = faults.iter().take(20).map(|fault| format!("\n  {}", fault.show())).collect();
    let more = if faults.len() > 20 { format!("\n  and {} more", faults.len() - 20) } else { String::new() };
    Failure::new(format!("`{}` cannot be used:{}{more}", path.display(), shown.concat()))
}

/// The files of a folder by their names, each with its hash. Folders in it are left out.
fn attachments(folder: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let mut found = BTreeMap::new();
    for path in input::files_of(folder)? {
        let hash = sha256(&input::bytes(&path, input::DATA_LIMIT)?);
        found.insert(dataset(&path), hash);
    }
    Ok(found)
}

fn dataset(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Reads a file and enters what is new in it into a workspace.
pub fn import(workspace: &Workspace, order: &Order<'_>, session: &Session) -> Result<Entered, Failure> {
    let working = session.working(&format!("reading {}", order.path.display()));
    let bytes = input::bytes(order.path, input::DATA_LIMIT)?;
    // An agreement under work has a zone and facts all the same.
    let agreement = servanda_lang::check(&input::text(&workspace.agreement())?).agreement;
    let existing = entered(workspace)?;
    let now = not_before(&existing, session);
    let context = Context {
        now,
        dataset: order.dataset.map_or_else(|| dataset(order.path), String::from),
        calendar: agreement.calendar.clone(),
        exercise: agreement.exercise,
        issued: order.issued,
        attachments: order.attachments.map(attachments).transpose()?.unwrap_or_default(),
    };
    let read = || servanda_evidence::import(order.format, &bytes, order.mapping.as_ref(), &context);
    let mut import = with_a_strangers_parser(read).map_err(|faults| {
        let mapped = order.mapping.is_some()
            || !matches!(order.format, Format::Csv | Format::GeoJson | Format::Parquet);
        unusable(order.path, &faults).help(if mapped {
            "nothing was entered; `servanda explain CODE` says more"
        } else {
            "nothing was entered; say what the columns mean with --map FILE (docs/reference/mapping.md)"
        })
    })?;
    // The gazetteer does not know the agreement's own zones; the agreement does.
    import.warnings.retain(|w| !agreement.zones.keys().any(|zone| w.text.contains(&format!("`{zone}`"))));
    let erased: BTreeSet<Name> = workspace.erased()?.into_iter().collect();
    let before = import.records.len();
    import.records.retain(|record| !erased.contains(&record.id));
    if import.records.len() < before {
        session.note(&format!("note: {} left out: they were erased", before - import.records.len()));
    }
    working.at("comparing with what is recorded");
    let changes = diff(&existing, &import, now);
    refuse_strangers(&existing, &import, &changes)?;
    let records: Vec<StoredRecord> = changes.records().map(stored).collect();
    let mut quarantine = None;
    if !import.refused.is_empty() {
        let date = agreement.calendar.date(now).to_string();
        quarantine = Some(workspace.quarantine_place(&import.dataset, &date));
    }
    let intake = Intake {
        file: dataset(order.path),
        sha256: sha256(&bytes),
        entered: now,
        read: import.rows_read as u64,
        made: records.len() as u64,
        refused: import.refused.len() as u64,
        quarantine: quarantine.clone(),
    };
    if !order.only_look {
        if let Some(folder) = order.attachments {
            // The files first: nobody is to find a record whose photo is not there yet.
            let named: BTreeSet<&String> = changes.records().flat_map(|record| &record.attachments).collect();
            for path in input::files_of(folder)? {
                let bytes = input::bytes(&path, input::DATA_LIMIT)?;
                if named.contains(&sha256(&bytes)) {
                    let store = workspace.store();
                    let hash = store.attach(&bytes)?;
                    for record in changes.records().filter(|record| record.attachments.contains(&hash)) {
                        store.hold(Holder::Record(record.id.as_str()), &hash)?;
                    }
                }
            }
        }
        working.at(&format!("entering {} records", records.len()));
        let refused = quarantine.is_some().then(|| quarantine_csv(&import));
        let entered =
            workspace.enter(&intake, &records, refused.as_deref().map(str::as_bytes), existing.len())?;
        if let Some(why) = entered.behind {
            session.note(&format!(
                "warning: all is entered, and the log does not cover it yet: {why}; it catches up with the next entry"
            ));
        }
    }
    let strangers = strangers(&agreement, &import.records);
    Ok(Entered { made: records.len(), import, changes, quarantine, strangers })
}

/// The moment at which new records are recorded: now, or where the clock has jumped back the last moment at which
/// anything was recorded. What was known then has to stay what was known then.
fn not_before(existing: &[Record], session: &Session) -> Instant {
    let latest = existing.iter().map(|record| record.recorded).max().unwrap_or(Instant::MIN);
    if latest > session.now {
        session.note(&format!(
            "warning: the clock says {}, and something was recorded at {latest} already: what is entered now counts as \
             recorded then",
            session.now
        ));
    }
    session.now.max(latest)
}

/// Two sources may count their rows alike; then the second is no correction of the first.
fn refuse_strangers(existing: &[Record], import: &Import, changes: &Changes) -> Result<(), Failure> {
    let source_of: BTreeMap<&Name, &str> =
        existing.iter().map(|r| (&r.id, r.extra.get(DATASET).map_or("", String::as_str))).collect();
    for record in &changes.superseding {
        let Some((id, source)) = record.supersedes.as_ref().and_then(|id| Some((id, *source_of.get(id)?)))
        else {
            continue;
        };
        if source != import.dataset && !import.own_form && !source.is_empty() {
            return Err(Failure::new(format!(
                "`{id}` of `{}` says something else than `{id}` of `{source}`; nothing was entered",
                import.dataset
            ))
            .help(format!("if it is the same source under a new name, add --dataset \"{source}\""))
            .help("if it is another source, set its rows apart in the mapping: id = { column = \"…\", prefix = \"…\" }"));
        }
    }
    Ok(())
}

/// Warnings about facts and parties that records speak of and the agreement does not have: such records decide nothing,
/// and mostly somebody mistyped.
fn strangers(agreement: &Agreement, records: &[Record]) -> Vec<String> {
    const SHOWN: usize = 6;
    let mut facts: BTreeMap<&Name, usize> = BTreeMap::new();
    let mut actors: BTreeMap<&Name, usize> = BTreeMap::new();
    let is_actor = |name: &Name| {
        agreement.parties.contains_key(name)
            || agreement.groups.contains_key(name)
            || agreement.bodies.contains_key(name)
    };
    for record in records.iter().filter(|r| r.withdraws.is_none() && r.disputes.is_none()) {
        let built_in = [COVERAGE, FINDING, EXPLANATION].contains(&record.fact.as_str())
            || servanda_evidence::incident::Kind::of(record).is_some();
        let Some(fact) = agreement.facts.get(&record.fact) else {
            if !built_in && !agreement.terms.contains_key(&record.fact) {
                *facts.entry(&record.fact).or_default() += 1;
            }
            continue;
        };
        for (role, kind) in &fact.roles {
            // Of two that it may have been, one may well be a stranger.
            if let (RoleType::Party | RoleType::Body, Some(RoleValue::Name(name))) =
                (kind, record.roles.get(role))
                && !is_actor(name)
            {
                *actors.entry(name).or_default() += 1;
            }
        }
    }
    let actors_known: Vec<&str> = agreement
        .parties
        .keys()
        .chain(agreement.groups.keys())
        .chain(agreement.bodies.keys())
        .map(Name::as_str)
        .collect();
    let facts_known: Vec<&str> = agreement.facts.keys().map(Name::as_str).collect();
    let told = |found: BTreeMap<&Name, usize>, what: &str, known: &[&str]| {
        let mut out = Vec::new();
        let all = found.len();
        for (name, count) in found.into_iter().take(SHOWN) {
            let near = closest(name.as_str(), known.iter().copied());
            let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            let (record, speaks) = if count == 1 { ("record", "speaks") } else { ("records", "speak") };
            out.push(format!(
                "{count} {record} {speaks} of `{name}`, and the agreement has no such {what}{near}"
            ));
        }
        if all > SHOWN {
            out.push(format!(
                "and {} more that the agreement does not have, each meant as a {what}",
                all - SHOWN
            ));
        }
        out
    };
    let mut out = told(facts, "fact", &facts_known);
    out.extend(told(actors, "party or body", &actors_known));
    out
}

/// A record as it is stored.
pub fn stored(record: &Record) -> StoredRecord {
    StoredRecord::of(record, to_json(record))
}

/// All records of a workspace.
pub fn entered(workspace: &Workspace) -> Result<Vec<Record>, Failure> {
    entered_after(&workspace.store(), None)
}

/// The records that were entered after the one of that identity; all of them for `None`, and where that one was erased.
pub fn entered_after(store: &Store, last: Option<&Name>) -> Result<Vec<Record>, Failure> {
    let view = store.view(&Viewer::keeper());
    let after = match view.records_after(last.map(Name::as_str)) {
        Err(error) if error.is_not_found() => view.records()?,
        after => after?,
    };
    let lines: Vec<&str> = after.iter().map(|stored| stored.json.as_str()).collect();
    let read = record_json::from_lines(&lines);
    after.iter().zip(read).map(|(stored, read)| as_stored(stored, read)).collect()
}

/// A record as it was stored. Its marking is the one that the store holds it to.
pub fn decoded(stored: &StoredRecord) -> Result<Record, Failure> {
    as_stored(stored, from_json(&stored.json))
}

fn as_stored(stored: &StoredRecord, read: Result<Record, RecordFault>) -> Result<Record, Failure> {
    let mut record = read.map_err(|fault| {
        Failure::new(format!("the record `{}` in the database cannot be read: {}", stored.id, fault.reason))
            .help("was it written by a newer version? Nothing was changed")
    })?;
    record.marking = stored.marking.clone();
    Ok(record)
}

/// One record of a workspace; `None` where there is none, or it was erased.
pub fn one(store: &Store, id: &Name) -> Result<Option<Record>, Failure> {
    match store.view(&Viewer::keeper()).record(id.as_str()) {
        Ok(stored) => decoded(&stored).map(Some),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Records of loose files, for one question. `latest` is the last moment at which anything can have been known.
pub fn loose(
    files: &[PathBuf],
    map: Option<&Path>,
    agreement: &Agreement,
    latest: Instant,
    session: &Session,
) -> Result<Vec<Record>, Failure> {
    let map = map.map(mapping).transpose()?;
    let mut records: Vec<Record> = Vec::new();
    let mut seen: BTreeSet<Name> = BTreeSet::new();
    for path in files {
        let bytes = input::bytes(path, input::DATA_LIMIT)?;
        let format = format_of(path, map.as_ref())?;
        // The project's own form needs no mapping, unless the mapping is for JSON Lines.
        let map = map.as_ref().filter(|m| format != Format::Jsonl || m.format == Some(Format::Jsonl));
        let context = Context {
            now: latest,
            dataset: dataset(path),
            calendar: agreement.calendar.clone(),
            exercise: agreement.exercise,
            issued: None,
            attachments: BTreeMap::new(),
        };
        let import = servanda_evidence::import(format, &bytes, map, &context)
            .map_err(|faults| unusable(path, &faults))?;
        if let Some(first) = import.refused.first() {
            let (count, first) = (import.refused.len(), first.show());
            session.note(&format!("warning: `{}`: {count} rows refused, the first: {first}", path.display()));
        }
        if let Some(twice) = import.records.iter().find(|record| seen.contains(&record.id)) {
            return Err(Failure::new(format!("the record `{}` stands in two of the files", twice.id))
                .help("name each file once, or give its records ids of their own"));
        }
        seen.extend(import.records.iter().map(|record| record.id.clone()));
        records.extend(import.records);
    }
    for stranger in strangers(agreement, &records) {
        session.note(&format!("warning: {stranger}"));
    }
    Ok(records)
}

fn format_of(path: &Path, map: Option<&Mapping>) -> Result<Format, Failure> {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    match (ending.as_str(), map.and_then(|m| m.format)) {
        ("jsonl" | "ndjson", _) => Ok(Format::Jsonl),
        ("geojson", _) => Ok(Format::GeoJson),
        (_, Some(format)) => Ok(format),
        ("csv" | "tsv", None) => Ok(Format::Csv),
        ("parquet", None) => Ok(Format::Parquet),
        _ => Err(Failure::new(format!("`{}` is of no known format", path.display())).help(
            "its name ends in .jsonl, .csv, .geojson or .parquet; or give --map a mapping that says `format = \"…\"`",
        )),
    }
}

/// Whether a record is known to a day or better.
pub fn is_exact_to_the_day(record: &Record) -> bool {
    // A day on which the clocks are put back has 25 hours.
    record.when.latest - record.when.earliest < 25 * HOUR
}

/// Whether a record's place is a point with a doubt.
pub fn has_doubt_of_place(record: &Record) -> bool {
    matches!(record.place, Some(Place::Point { radius_m, .. }) if radius_m > 0.0)
}

/// Whether a role of a record is one of several, not known which.
pub fn has_doubt_of_actor(record: &Record) -> bool {
    record.roles.values().any(|value| matches!(value, RoleValue::OneOf(_)))
}
