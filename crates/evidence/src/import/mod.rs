//! Rows to records, or to refused rows with a reason.
//!
//! It does not repair rows: a value is used as it stands, or the row is refused. The readers of the formats
//! (`csv`, `jsonl`, `geojson`) know no record; what a cell means is decided here, by the mapping.
//!
//! Invariants
//! - every row is a record, a refused row, or a tag row or blank row that was skipped and counted;
//! - a fault of the whole file gives no records;
//! - no record lies after the moment at which it is said to be known, and none is known after [`Context::now`];
//! - what is kept of a refused row is short, and there are at most [`MAX_REFUSED`] more of them than records.
//!
//! Where to start reading: [`import()`], then `Builder::record`.

pub mod acled;
pub mod cap;
mod csv;
pub mod firms;
mod geojson;
mod json_rows;
mod jsonl;
pub mod odk;
pub mod osce;
pub mod parquet;
pub mod sensorthings;
mod table;
pub mod ucdp;
mod xml;

use crate::incident::details;
use crate::mapping::{
    self, Cells, Column, Field, From, Keep, Mapping, Pick, Reading, RoleKind, UnknownPlace,
};
use crate::moment::{self, Fault, Stamp, Width};
use crate::{codes, decode, gazetteer, geo, record_json, spelling};
use servanda_model::record::{Basis, ItemGrade, Marking, Phase, RoleValue, Says, SourceGrade, Tlp};
use servanda_model::{Calendar, Grade, Instant, Name, Number, Place, Point, Record, When};
use std::collections::{BTreeMap, BTreeSet};

/// Longest row, in bytes: what is longer has lost its line breaks or a closing quote.
pub const MAX_ROW: usize = 1 << 20;
/// Most columns of a table.
pub const MAX_COLUMNS: usize = 4096;
/// How many more rows than records may be refused before the whole file is.
pub const MAX_REFUSED: usize = 10_000;
/// The key of [`Record::extra`] under which the data set of a record stands.
pub const DATASET: &str = "dataset";

/// The formats that can be read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Format {
    /// A table with a header row.
    Csv,
    /// One JSON object on each line.
    Jsonl,
    /// A GeoJSON `FeatureCollection`.
    GeoJson,
    /// UCDP GED, a table with known columns.
    Ucdp,
    /// A Parquet file, as a table.
    Parquet,
    /// An export of ACLED, a table with known columns.
    Acled,
    /// Active fires of NASA FIRMS, a table with known columns.
    Firms,
    /// A table of ceasefire violations as the OSCE's monitors annexed them.
    Osce,
    /// Submissions of ODK or Kobo forms, as XML or JSON.
    Odk,
    /// Observations of the OGC SensorThings API.
    SensorThings,
    /// Alerts of the Common Alerting Protocol.
    Cap,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 11] = [
        Format::Csv,
        Format::Jsonl,
        Format::GeoJson,
        Format::Ucdp,
        Format::Parquet,
        Format::Acled,
        Format::Firms,
        Format::Osce,
        Format::Odk,
        Format::SensorThings,
        Format::Cap,
    ];

    /// The word for it on the command line and in mappings.
    pub fn word(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Jsonl => "jsonl",
            Format::GeoJson => "geojson",
            Format::Ucdp => "ucdp",
            Format::Parquet => "parquet",
            Format::Acled => "acled",
            Format::Firms => "firms",
            Format::Osce => "osce",
            Format::Odk => "odk",
            Format::SensorThings => "sensorthings",
            Format::Cap => "cap",
        }
    }

    /// Whether its rows are those of a table, whatever file it lies in.
    fn is_table(self) -> bool {
        matches!(
            self,
            Format::Csv | Format::Ucdp | Format::Parquet | Format::Acled | Format::Firms | Format::Osce
        )
    }

    /// The mapping that it ships with; `None` where the columns are the reader's own.
    pub fn embedded(self) -> Option<Mapping> {
        match self {
            Format::Csv | Format::Jsonl | Format::GeoJson | Format::Parquet => None,
            known => Mapping::embedded(known.word()),
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|f| f.word() == word)
    }
}

/// What an import needs to know of the world.
#[derive(Clone, PartialEq, Debug)]
pub struct Context {
    /// The moment of the import: nothing can have been known later.
    pub now: Instant,
    /// Name of the data set, the same each time the file is imported again: usually the file's name.
    pub dataset: String,
    /// Zone of times without an offset, where the mapping names none.
    pub calendar: Calendar,
    /// Marks every record as part of an exercise.
    pub exercise: bool,
    /// The day on which the report was issued that a table belongs to: its days may have no year.
    pub issued: Option<jiff::civil::Date>,
    /// Hashes of the files that were given beside the rows, by their names.
    pub attachments: BTreeMap<String, String>,
}

impl Context {
    /// A context in UTC.
    pub fn new(now: Instant, dataset: &str) -> Context {
        Context {
            now,
            dataset: dataset.to_string(),
            calendar: Calendar::utc(),
            exercise: false,
            issued: None,
            attachments: BTreeMap::new(),
        }
    }
}

/// What came of a file.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Import {
    /// Data set, from the context.
    pub dataset: String,
    /// Rows of data: records and refused rows.
    pub rows_read: usize,
    /// HXL tag rows, skipped.
    pub hxl_rows: usize,
    /// Rows without any value, skipped.
    pub blank_rows: usize,
    /// Records, in order of the file.
    pub records: Vec<Record>,
    /// Rows that could not be used, in order of the file.
    pub refused: Vec<Refused>,
    /// What a person should know about rows that were used.
    pub warnings: Vec<Warning>,
    /// Identities of refused rows: they have not vanished upstream.
    pub refused_ids: BTreeSet<Name>,
    /// Refused rows of which not even the identity is known.
    pub refused_without_id: usize,
    /// The records came in the project's own form, with their own identities and moments.
    pub own_form: bool,
    /// The source is a feed: what it no longer has is not withdrawn.
    pub is_feed: bool,
}

/// A remark on a number of rows that were used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    /// How many rows.
    pub rows: u64,
    /// What.
    pub text: String,
}

/// A row, a file or a mapping that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Stable code, with a page: [`codes`].
    pub code: &'static str,
    /// Line in the file, from 1; 0 where it is about the whole file.
    pub line: u64,
    /// Column, where it is about one.
    pub column: String,
    /// The offending value, shortened.
    pub value: String,
    /// Why.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

impl Refused {
    pub(crate) fn of_file(code: &'static str, line: u64, reason: &str, remedy: &str) -> Refused {
        Refused {
            code,
            line,
            column: String::new(),
            value: String::new(),
            reason: reason.to_string(),
            remedy: remedy.to_string(),
        }
    }

    /// In one line: `line 7, column latitude: …; remedy: …`.
    pub fn show(&self) -> String {
        let mut out = format!("[{}] ", self.code);
        if self.line > 0 {
            out += &format!("line {}", self.line);
        }
        if !self.column.is_empty() {
            out += &format!("{}column `{}`", if self.line > 0 { ", " } else { "" }, self.column);
        }
        if self.line > 0 || !self.column.is_empty() {
            out += ": ";
        }
        out += &self.reason;
        if !self.value.is_empty() {
            out += &format!(" (`{}`)", self.value);
        }
        out + "; " + &self.remedy
    }
}

/// Reads a file.
///
/// Without a mapping, `csv` and `geojson` expect columns named as a record's own fields, `jsonl` the project's own record
/// form ([`record_json`]), and `ucdp` has its own mapping.
///
/// # Errors
/// A fault of the whole file (its encoding, its header, what it is at all): then there are no records.
///
/// # Example
/// ```
/// use servanda_evidence::{Context, Format, Mapping, import};
/// use servanda_model::Instant;
/// let mapping = Mapping::parse(
///     "fact = \"fire\"\n[when]\nstart = { column = \"date\" }\n[roles]\nby = { column = \"side\" }\n",
/// ).unwrap();
/// let now = Instant::parse_utc("2026-01-01T00:00Z").unwrap();
/// let file = "date,side\n2025-05-01,Red\n2025-02-30,Blue\n";
/// let got = import(Format::Csv, file.as_bytes(), Some(&mapping), &Context::new(now, "demo")).unwrap();
/// assert_eq!((got.records.len(), got.refused.len()), (1, 1));
/// assert_eq!((got.refused[0].line, got.refused[0].code), (3, "E0116"));
/// ```
pub fn import(
    format: Format,
    bytes: &[u8],
    mapping: Option<&Mapping>,
    context: &Context,
) -> Result<Import, Vec<Refused>> {
    let mut mapping = match (mapping, format.embedded(), format) {
        (Some(mapping), _, _) => mapping.clone(),
        (None, Some(known), _) => known,
        (None, None, Format::Jsonl) => {
            let text = decode::text(bytes, encoding_rs::UTF_8).map_err(|fault| vec![fault])?;
            return jsonl::own_records(&text, context);
        }
        (None, None, _) => Mapping::plain(),
    };
    if let Some(meant) = mapping.format
        && meant != format
        && !(meant.is_table() && format.is_table())
    {
        let reason =
            format!("the mapping is for `{}`, and the file is read as `{}`", meant.word(), format.word());
        let remedy = "give the format or the mapping that fits the file";
        return Err(vec![Refused::of_file(codes::MAPPING, 0, &reason, remedy)]);
    }
    // What a known table computes goes with its mapping, or with the format that was named.
    if mapping.format.is_none_or(|meant| matches!(meant, Format::Csv | Format::Parquet)) {
        mapping.format = Some(format);
    }
    let mapping = &mapping;
    if format == Format::Parquet {
        return parquet::read(bytes, mapping, context);
    }
    let text = decode::text(bytes, mapping.encoding).map_err(|fault| vec![fault])?;
    match format {
        Format::Csv | Format::Ucdp | Format::Acled | Format::Firms | Format::Osce | Format::Parquet => {
            csv::read(&text, mapping, context)
        }
        Format::Jsonl => jsonl::read(&text, mapping, context),
        Format::GeoJson => geojson::read(&text, mapping, context),
        Format::Odk => odk::read(&text, mapping, context),
        Format::SensorThings => sensorthings::read(&text, mapping, context),
        Format::Cap => cap::read(&text, mapping, context),
    }
}

/// A row of named cells: objects of JSON.
impl Cells for BTreeMap<String, String> {
    fn cell(&self, column: &str) -> Option<&str> {
        self.get(column).map(|text| text.trim()).filter(|text| !text.is_empty())
    }
}

/// Cut to what a person can read in a list.
fn short(text: &str) -> String {
    const MOST: usize = 120;
    let clean: String = text.chars().take(MOST + 1).map(|c| if c.is_control() { ' ' } else { c }).collect();
    match clean.char_indices().nth(MOST) {
        None => clean,
        Some((end, _)) => format!("{}…", &clean[..end]),
    }
}

/// Text as a name: as it stands where it is one, else its letters and digits joined by hyphens. `None` where it has none.
pub(crate) fn name_of(text: &str) -> Option<Name> {
    let text = text.trim();
    let is_name = text.starts_with(char::is_alphanumeric)
        && text.chars().all(|c| c.is_alphanumeric() || "-_/".contains(c))
        && text.len() <= 200;
    let name =
        if is_name { Name::from(text) } else { Name::slug(&text.chars().take(200).collect::<String>()) };
    (!name.as_str().is_empty()).then_some(name)
}

/// FNV-1a: an identity from content, the same everywhere; not against malice.
fn fingerprint(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Builds an import row by row.
struct Builder<'a> {
    mapping: &'a Mapping,
    context: &'a Context,
    calendars: BTreeMap<String, Option<Calendar>>,
    seen: BTreeMap<Name, u64>,
    warnings: BTreeMap<String, u64>,
    out: Import,
}

impl<'a> Builder<'a> {
    fn new(mapping: &'a Mapping, context: &'a Context) -> Builder<'a> {
        let is_feed = !mapping.withdraws_vanished;
        let out = Import { dataset: context.dataset.clone(), is_feed, ..Import::default() };
        Builder {
            mapping,
            context,
            calendars: BTreeMap::new(),
            seen: BTreeMap::new(),
            warnings: BTreeMap::new(),
            out,
        }
    }

    fn warn(&mut self, text: String) {
        if self.warnings.len() < 200 || self.warnings.contains_key(&text) {
            *self.warnings.entry(text).or_default() += 1;
        }
    }

    /// One row of data.
    ///
    /// # Errors
    /// The whole file is refused.
    fn row(
        &mut self,
        line: u64,
        row: &dyn Cells,
        all: &dyn Fn() -> Vec<(String, String)>,
    ) -> Result<(), Vec<Refused>> {
        let id = self.stated_id(row);
        let made = match &id {
            Ok(id) => self.record(row, id.clone(), all),
            Err(refused) => Err(refused.clone()),
        };
        match made {
            Ok(record) => self.add(line, record),
            Err(refused) => self.refuse(line, refused, id.ok().flatten()),
        }
    }

    fn add(&mut self, line: u64, record: Record) -> Result<(), Vec<Refused>> {
        if let Some(first) = self.seen.get(&record.id) {
            let refused = Refused {
                code: codes::DUPLICATE,
                line,
                column: String::new(),
                value: record.id.to_string(),
                reason: format!("line {first} has the same identity"),
                remedy: "keep one of both, or name a column in `id` that tells them apart".to_string(),
            };
            return self.refuse(line, refused, Some(record.id));
        }
        self.out.rows_read += 1;
        self.seen.insert(record.id.clone(), line);
        self.out.records.push(record);
        Ok(())
    }

    /// A row that cannot be used.
    fn refuse(&mut self, line: u64, refused: Refused, id: Option<Name>) -> Result<(), Vec<Refused>> {
        self.out.rows_read += 1;
        match id {
            Some(id) => {
                self.out.refused_ids.insert(id);
            }
            None => self.out.refused_without_id += 1,
        }
        self.out.refused.push(Refused { line, value: short(&refused.value), ..refused });
        if self.out.refused.len() > self.out.records.len() + MAX_REFUSED {
            let mut faults = vec![Refused::of_file(
                codes::TOO_MANY_REFUSED,
                line,
                &format!(
                    "{} of the first {} rows cannot be used; the first reasons follow",
                    self.out.refused.len(),
                    self.out.rows_read
                ),
                "check that the file, its format and the mapping belong together",
            )];
            faults.extend(self.out.refused.iter().take(5).cloned());
            return Err(faults);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Import, Vec<Refused>> {
        if self.out.rows_read == 0 {
            return Err(vec![Refused::of_file(
                codes::EMPTY,
                0,
                "the file has no rows of data",
                "check that the right file was given; an empty file never withdraws what was imported before",
            )]);
        }
        self.out.warnings = self.warnings.into_iter().map(|(text, rows)| Warning { rows, text }).collect();
        Ok(self.out)
    }

    /// The identity that the row states.
    fn stated_id(&self, row: &dyn Cells) -> Result<Option<Name>, Refused> {
        let Some(read) = mapping::read(&self.mapping.id, row)? else {
            let needed: Vec<&Column> = self
                .mapping
                .id
                .iter()
                .filter_map(|c| if let From::Column(column) = &c.from { Some(column) } else { None })
                .collect();
            return match needed.iter().find(|c| !c.optional) {
                Some(column) => Err(empty(column, "every row needs its identity")),
                None => Ok(None),
            };
        };
        let prefixed = self.mapping.id.iter().any(|case| !case.prefix.is_empty());
        let text = if prefixed {
            read.text()
        } else {
            format!("{}-{}", Name::slug(&self.context.dataset), read.text())
        };
        match name_of(&text) {
            Some(id) => Ok(Some(id)),
            None => Err(no_letters(&read)),
        }
    }

    fn calendar(&mut self, row: &dyn Cells) -> Result<Calendar, Refused> {
        let Some(read) = mapping::read(&self.mapping.when.zone, row)? else {
            return Ok(self.context.calendar.clone());
        };
        let name = read.text();
        let known = self.calendars.entry(name.clone()).or_insert_with(|| Calendar::of_zone(&name));
        known.clone().ok_or_else(|| {
            let names = Calendar::zone_names();
            let else_say = "write a zone of the IANA database such as `Europe/Kyiv`";
            let remedy = spelling::remedy(&name, names.iter().map(String::as_str), else_say);
            read.refuse(codes::WORD, "the time zone is not known".to_string(), remedy)
        })
    }

    fn record(
        &mut self,
        row: &dyn Cells,
        id: Option<Name>,
        all: &dyn Fn() -> Vec<(String, String)>,
    ) -> Result<Record, Refused> {
        let m = self.mapping;
        let calendar = self.calendar(row)?;
        let fact = needed(&m.fact, row, "every row needs a fact")?;
        let fact = name_of(&fact.text()).ok_or_else(|| no_letters(&fact))?;
        let (when, lasted_until) = self.when(row, &calendar)?;
        let until = match optional_moment(&m.until, row, m.when.format.as_deref(), &calendar)? {
            Some((until, _)) => Some(until.latest),
            None => lasted_until,
        };
        if let Some(until) = until.filter(|u| *u < when.earliest) {
            return Err(Refused {
                value: calendar.show(until),
                ..Refused::of_file(codes::BACKWARDS, 0, "the end lies before the start", "check both columns")
            });
        }
        let basis = word(&m.basis, row, &Basis::ALL.map(Basis::word), Basis::parse)?.unwrap_or_default();
        let recorded = self.recorded(row, &calendar, when, lasted_until)?;
        let plan = matches!(basis, Basis::Planned | Basis::Simulated);
        self.not_from_the_future(when, recorded, plan, &calendar)?;
        let mut record = Record::new(id.clone().unwrap_or_else(|| Name::from("")), fact, when, recorded);
        record.until = until;
        record.basis = basis;
        record.says = word(&m.says, row, mapping::SAYS, |w| match w {
            "affirms" => Some(Says::Affirms),
            "denies" => Some(Says::Denies),
            _ => None,
        })?
        .unwrap_or_default();
        record.phase = word(&m.phase, row, mapping::PHASES, |w| match w {
            "stands" => Some(Phase::Stands),
            "begins" => Some(Phase::Begins),
            "ends" => Some(Phase::Ends),
            _ => None,
        })?
        .unwrap_or_default();
        record.sent =
            optional_moment(&m.sent, row, m.when.format.as_deref(), &calendar)?.map(|(w, _)| w.latest);
        record.received =
            optional_moment(&m.received, row, m.when.format.as_deref(), &calendar)?.map(|(w, _)| w.latest);
        record.place = self.place(row)?;
        if let Some(read) = mapping::read(&m.value, row)? {
            record.value = Some(self.number(&read)?);
        }
        for (role, (field, kind)) in &m.roles {
            if let Some(read) = mapping::read(field, row)? {
                let value = self.role(&read, *kind, &calendar)?;
                record.roles.insert(role.clone(), value);
            }
        }
        self.provenance(row, &mut record)?;
        match &m.keep {
            Keep::All => record.extra = all().into_iter().filter(|(_, v)| !v.trim().is_empty()).collect(),
            Keep::Columns(columns) => {
                let kept =
                    columns.iter().filter_map(|c| Some((c.name.clone(), row.cell(&c.name)?.to_string())));
                record.extra = kept.collect();
            }
        }
        self.beyond(row, &mut record)?;
        if id.is_none() {
            // The moment of the import is no part of what a row says.
            let content = Record { recorded: Instant(0), ..record.clone() };
            let content = format!("{:016x}", fingerprint(&record_json::to_json(&content)));
            record.id = Name::from(format!("{}-{content}", Name::slug(&self.context.dataset)));
        }
        record.extra.insert(DATASET.to_string(), self.context.dataset.clone());
        record.exercise = self.context.exercise || row.cell("@exercise").is_some();
        Ok(record)
    }

    /// Details of an incident, the records that it changes, and its files.
    fn beyond(&mut self, row: &dyn Cells, record: &mut Record) -> Result<(), Refused> {
        let m = self.mapping;
        for (key, field) in &m.details {
            if let Some(read) = mapping::read(field, row)? {
                details::put(record, key, &read.text())
                    .map_err(|fault| read.refuse(codes::DETAIL, fault.reason, fault.remedy))?;
            }
        }
        for (field, changed) in [
            (&m.supersedes, &mut record.supersedes),
            (&m.withdraws, &mut record.withdraws),
            (&m.disputes, &mut record.disputes),
        ] {
            if let Some(read) = mapping::read(field, row)? {
                *changed = Some(name_of(&read.text()).ok_or_else(|| no_letters(&read))?);
            }
        }
        if let Some(read) = mapping::read(&m.attachments, row)? {
            for name in read.text().split([';', '|']).map(str::trim).filter(|name| !name.is_empty()) {
                let hash = self.context.attachments.get(name);
                if let Some(hash) = hash {
                    record.attachments.push(hash.clone());
                } else {
                    self.warn(
                        "an attachment is named that was not given beside the rows (`--attachments DIR`)"
                            .to_string(),
                    );
                }
                let shown = hash.map_or("not given", String::as_str).to_string();
                record.extra.insert(format!("attachment:{}", short(name)), shown);
            }
        }
        Ok(())
    }

    fn when(&mut self, row: &dyn Cells, calendar: &Calendar) -> Result<(When, Option<Instant>), Refused> {
        let m = &self.mapping.when;
        let format = m.format.as_deref();
        let read = needed(&m.start, row, "every row needs its time")?;
        let start = moment_of(&read, format, calendar)?;
        if !start.is_exact()
            && calendar.date(start.earliest) == calendar.date(start.latest)
            && start.latest - start.earliest <= 2 * servanda_model::time::HOUR
        {
            self.warn("the clocks showed the time twice that night; both are kept as a doubt".to_string());
        }
        let width = match mapping::read(&m.precision, row)? {
            None => Width::Exact,
            Some(read) => Width::parse(&read.text()).ok_or_else(|| {
                read.refuse(
                    codes::WORD,
                    "this says nothing about how exact a date is".to_string(),
                    "give it a line in the precision's table: `day`, `6 days`, `week`, `month`, `year`"
                        .to_string(),
                )
            })?,
        };
        let Some((end, end_read)) = optional_moment(&m.end, row, format, calendar)? else {
            return Ok((width.widen(start, calendar), None));
        };
        if end.latest < start.earliest {
            let reason = format!("the end lies before the start, {}", calendar.show(start.earliest));
            return Err(end_read.refuse(codes::BACKWARDS, reason, "check both columns".to_string()));
        }
        if m.lasts {
            return Ok((width.widen(start, calendar), Some(end.latest)));
        }
        let written = When { earliest: start.earliest, latest: end.latest };
        Ok((width.widen(written, calendar), None))
    }

    /// When the row is taken to have been known.
    fn recorded(
        &mut self,
        row: &dyn Cells,
        calendar: &Calendar,
        when: When,
        until: Option<Instant>,
    ) -> Result<Instant, Refused> {
        let m = &self.mapping.recorded;
        let over = self.last_day_written(row, calendar)?.unwrap_or(until.unwrap_or(when.latest));
        let mut found: Option<Instant> = None;
        if let Some(read) = mapping::read(&m.from, row)? {
            let case = m.from.iter().find(|c| c.split.is_some());
            let (split, pick) = case.map_or((None, Pick::First), |c| (c.split.as_deref(), c.pick));
            let parts: Vec<&str> = match (split, pick) {
                (Some(split), Pick::Earliest | Pick::Latest) => {
                    read.raw.split(split).map(str::trim).collect()
                }
                _ => vec![read.values.first().map_or("", String::as_str)],
            };
            let first_moment = calendar.start_of_day(calendar.date(over));
            for part in parts.into_iter().filter(|p| !p.is_empty()).take(1000) {
                let read = Reading { values: vec![part.to_string()], ..read.clone() };
                let at = moment_of(&read, m.format.as_deref(), calendar)?.latest;
                if m.after_event && at < first_moment {
                    continue;
                }
                found = Some(match (found, pick) {
                    (None, _) => at,
                    (Some(known), Pick::Latest) => known.max(at),
                    (Some(known), _) => known.min(at),
                });
            }
        }
        Ok(match found {
            Some(at) => at,
            None if m.else_end_of_event => calendar.end_of_day(calendar.date(over)),
            None => self.context.now,
        })
    }

    /// The end of the last day that the row names for the event itself, before any widening.
    fn last_day_written(&self, row: &dyn Cells, calendar: &Calendar) -> Result<Option<Instant>, Refused> {
        let m = &self.mapping.when;
        let field = if m.end.is_empty() { &m.start } else { &m.end };
        Ok(optional_moment(field, row, m.format.as_deref(), calendar)?.map(|(when, _)| when.latest))
    }

    fn not_from_the_future(
        &self,
        when: When,
        recorded: Instant,
        plan: bool,
        calendar: &Calendar,
    ) -> Result<(), Refused> {
        let refuse = |at: Instant, reason: String, remedy: &str| {
            Err(Refused { value: calendar.show(at), ..Refused::of_file(codes::FUTURE, 0, &reason, remedy) })
        };
        if recorded > self.context.now {
            let reason =
                format!("it is said to be known only after the import, {}", calendar.show(self.context.now));
            return refuse(
                recorded,
                reason,
                "check the column that `recorded` names, and the clock of this machine",
            );
        }
        if !plan && when.earliest > recorded {
            let reason =
                format!("the event lies after the moment at which it was known, {}", calendar.show(recorded));
            let remedy = "check the dates; what is planned has `basis = \"planned\"`";
            return refuse(when.earliest, reason, remedy);
        }
        Ok(())
    }

    fn place(&mut self, row: &dyn Cells) -> Result<Option<Place>, Refused> {
        let m = &self.mapping.place;
        if let Some(read) = mapping::read(&m.name, row)? {
            let text = read.text();
            match (gazetteer::canonical(&text), m.unknown) {
                // One word stands as it is, since the agreement may have a zone of that name; the gazetteer finds it too.
                (Some(name), _) => {
                    let stands = name_of(&text).filter(|n| n.as_str() == text.trim());
                    return Ok(Some(Place::Named(stands.unwrap_or(name))));
                }
                (None, UnknownPlace::Keep) => {
                    self.warn(format!(
                        "the place `{}` is not in the gazetteer; its name is kept",
                        short(&text)
                    ));
                    return Ok(Some(Place::Named(name_of(&text).ok_or_else(|| no_letters(&read))?)));
                }
                (None, UnknownPlace::Refuse) => {
                    let near = gazetteer::suggest(&text);
                    let remedy = spelling::remedy(
                        &text,
                        near.iter().map(String::as_str),
                        "give coordinates, or set `unknown = \"keep\"` where the agreement has a zone of that name",
                    );
                    return Err(read.refuse(codes::PLACE, "the place is not known".to_string(), remedy));
                }
                (None, UnknownPlace::Point) => {
                    let text = "is not in the gazetteer; the point with its radius is taken";
                    self.warn(format!("the place `{}` {text}", short(&read.text())));
                }
            }
        }
        let (lat, lon) = (mapping::read(&m.lat, row)?, mapping::read(&m.lon, row)?);
        let (lat, lon) = match (lat, lon) {
            (None, None) => return Ok(None),
            (Some(lat), Some(lon)) => (lat, lon),
            (Some(one), None) | (None, Some(one)) => {
                let reason = "only one of latitude and longitude is there".to_string();
                return Err(one.refuse(codes::NO_VALUE, reason, "fill both cells or neither".to_string()));
            }
        };
        let (north, east) = (self.coordinate(&lat)?, self.coordinate(&lon)?);
        let fits = |value: f64, limit: f64| (-limit..=limit).contains(&value);
        for (read, value, limit) in [(&lat, north, 90.0), (&lon, east, 180.0)] {
            if !fits(value, limit) {
                let swapped = fits(east, 90.0) && fits(north, 180.0);
                let remedy = if swapped {
                    "latitude and longitude look swapped: exchange the columns of `lat` and `lon` in the mapping"
                } else {
                    "give degrees of WGS 84 with a decimal point"
                };
                let what = if limit == 90.0 { "a latitude" } else { "a longitude" };
                let reason = format!("{what} lies between −{limit} and {limit} degrees");
                return Err(read.refuse(codes::COORDINATE, reason, remedy.to_string()));
            }
        }
        if north == 0.0 && east == 0.0 {
            self.warn(
                "the point is 0, 0 in the Gulf of Guinea, which usually means that it is missing".to_string(),
            );
        }
        let radius_m = match mapping::read(&m.radius, row)? {
            None => 0.0,
            Some(read) => mapping::radius_m(&read.text()).ok_or_else(|| {
                let remedy = "write a length such as `25 km`, or give the value a line in the radius's table";
                read.refuse(codes::NUMBER, "this is no length".to_string(), remedy.to_string())
            })?,
        };
        Ok(Some(Place::Point { at: Point { lat: north, lon: east }, radius_m }))
    }

    fn coordinate(&self, read: &Reading) -> Result<f64, Refused> {
        let text = read.text();
        let plain = if self.mapping.decimal == ',' { text.replace(',', ".") } else { text.clone() };
        geo::decimal(plain.trim()).ok_or_else(|| match geo::decimal(text.replace(',', ".").trim()) {
            Some(_) => decimal_comma(read),
            None => {
                let remedy =
                    "give degrees with a decimal point, such as `48.5`; minutes and seconds are not read";
                read.refuse(codes::NUMBER, "this is no coordinate".to_string(), remedy.to_string())
            }
        })
    }

    fn number(&mut self, read: &Reading) -> Result<Number, Refused> {
        let text = read.text();
        let (digits, percent) = match text.trim().strip_suffix('%') {
            Some(digits) => (digits.trim_end(), true),
            None => (text.trim(), false),
        };
        let plain: String = if self.mapping.decimal == ',' {
            // The marks change places: then a point is a mark of thousands, and `1.5` is refused and not fifteen.
            let exchanged = digits.chars().filter(|c| !c.is_whitespace()).map(|c| match c {
                '.' => ',',
                ',' => '.',
                other => other,
            });
            exchanged.collect()
        } else {
            digits.to_string()
        };
        let parsed = if plain.len() <= 200 { Number::parse(&plain) } else { None };
        let Some(number) = parsed else {
            let comma = plain.len() <= 200 && Number::parse(&plain.replacen(',', ".", 1)).is_some();
            if comma && self.mapping.decimal == ',' {
                let reason =
                    "the number has a decimal point, and the mapping says `decimal = \",\"`".to_string();
                return Err(read.refuse(
                    codes::NUMBER,
                    reason,
                    "correct the cell or the mapping".to_string(),
                ));
            }
            return Err(if comma {
                decimal_comma(read)
            } else {
                let remedy =
                    "write digits with a decimal point, such as `1250.5`; words and units belong elsewhere";
                read.refuse(codes::NUMBER, "this is no number".to_string(), remedy.to_string())
            });
        };
        if self.mapping.decimal == '.' && plain.contains(',') {
            let column = &read.column;
            self.warn(format!(
                "the comma in column `{column}` is read as a mark of thousands: `{plain}` is {number}"
            ));
        }
        let hundred = Number::from(100);
        Ok(if percent { number.over(&hundred).unwrap_or_default() } else { number })
    }

    fn role(&mut self, read: &Reading, kind: RoleKind, calendar: &Calendar) -> Result<RoleValue, Refused> {
        Ok(match kind {
            RoleKind::Text => RoleValue::Text(read.text()),
            RoleKind::Number => RoleValue::Number(self.number(read)?),
            RoleKind::Time => {
                RoleValue::Time(moment_of(read, self.mapping.when.format.as_deref(), calendar)?)
            }
            RoleKind::Name => {
                let mut names: Vec<Name> = Vec::new();
                for value in &read.values {
                    let value = self.mapping.names.get(value).unwrap_or(value);
                    for part in value.split('|') {
                        let name = name_of(part).ok_or_else(|| no_letters(read))?;
                        if !names.contains(&name) {
                            names.push(name);
                        }
                    }
                }
                match <[Name; 1]>::try_from(names) {
                    Ok([one]) => RoleValue::Name(one),
                    Err(several) => RoleValue::OneOf(several),
                }
            }
        })
    }

    /// Source, grades, marking, title, incident.
    fn provenance(&mut self, row: &dyn Cells, record: &mut Record) -> Result<(), Refused> {
        let m = self.mapping;
        record.source = match mapping::read(&m.source, row)? {
            Some(read) => read.text(),
            None => self.context.dataset.clone(),
        };
        if let Some(read) = mapping::read(&m.sources, row)? {
            let text = read.text();
            let count: i64 = text.trim().parse().map_err(|_| {
                let remedy = "write a whole number of sources, such as `2`".to_string();
                read.refuse(codes::NUMBER, "this is no number of sources".to_string(), remedy)
            })?;
            if count < 1 {
                self.warn(format!(
                    "the number of sources is given as `{}`; it is taken as 1",
                    short(text.trim())
                ));
            }
            record.sources = u32::try_from(count.max(1)).unwrap_or(u32::MAX);
        }
        let letters = ["A", "B", "C", "D", "E", "F"];
        record.source_grade = word(&m.source_grade, row, &letters, SourceGrade::parse)?;
        let digits = ["1", "2", "3", "4", "5", "6"];
        record.item_grade = word(&m.item_grade, row, &digits, ItemGrade::parse)?;
        let grades = ["none", "possible", "probable", "confirmed"];
        record.stated = word(&m.grade, row, &grades, Grade::parse)?;
        record.marking = word(&m.marking, row, &Tlp::ALL.map(Tlp::word), marking)?.unwrap_or_default();
        if let Some(read) = mapping::read(&m.title, row)? {
            record.title = short(&read.text());
        }
        if let Some(read) = mapping::read(&m.incident, row)? {
            record.incident = Some(name_of(&read.text()).ok_or_else(|| no_letters(&read))?);
        }
        Ok(())
    }
}

/// `TLP:AMBER`, `amber releasable to Ukraine, Poland`.
fn marking(text: &str) -> Option<Marking> {
    let (level, to) = match text.split_once(" releasable to ") {
        Some((level, to)) => (level, Some(to)),
        None => (text, None),
    };
    let releasable_to = to.map(|to| to.split(',').filter_map(name_of).collect());
    Some(Marking { releasable_to, ..Marking::of(Tlp::parse(level)?) })
}

fn needed(field: &Field, row: &dyn Cells, why: &str) -> Result<Reading, Refused> {
    match mapping::read(field, row)? {
        Some(read) => Ok(read),
        None => {
            let column = field.iter().find_map(|case| match &case.from {
                From::Column(column) => Some(column.clone()),
                From::OneOf(columns) | From::Joined(columns) => columns.first().cloned(),
                From::Constant(_) => None,
            });
            Err(empty(&column.unwrap_or(Column { name: String::new(), optional: true }), why))
        }
    }
}

fn empty(column: &Column, why: &str) -> Refused {
    Refused {
        column: column.name.clone(),
        ..Refused::of_file(
            codes::NO_VALUE,
            0,
            &format!("the cell is empty: {why}"),
            "fill it, or leave the row out",
        )
    }
}

fn no_letters(read: &Reading) -> Refused {
    let remedy = "write a name, or give the value a line in a table of the mapping".to_string();
    read.refuse(codes::WORD, "a name needs a letter or a digit".to_string(), remedy)
}

fn decimal_comma(read: &Reading) -> Refused {
    let reason = "the number has a decimal comma".to_string();
    read.refuse(codes::DECIMAL_COMMA, reason, "set `decimal = \",\"` in the mapping".to_string())
}

fn word<T>(
    field: &Field,
    row: &dyn Cells,
    known: &[&str],
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Refused> {
    let Some(read) = mapping::read(field, row)? else { return Ok(None) };
    let text = read.text();
    let all =
        format!("write one of {}, or give the value a line in a table of the mapping", known.join(", "));
    parse(&text).map(Some).ok_or_else(|| {
        let remedy = spelling::remedy(&text, known.iter().copied(), &all);
        read.refuse(codes::WORD, format!("`{}` is not known here", short(&text)), remedy)
    })
}

fn optional_moment(
    field: &Field,
    row: &dyn Cells,
    format: Option<&str>,
    calendar: &Calendar,
) -> Result<Option<(When, Reading)>, Refused> {
    match mapping::read(field, row)? {
        None => Ok(None),
        Some(read) => Ok(Some((moment_of(&read, format, calendar)?, read))),
    }
}

fn moment_of(read: &Reading, format: Option<&str>, calendar: &Calendar) -> Result<When, Refused> {
    let text = read.text();
    let is_constant = read.column.is_empty();
    let stamp: Stamp = match moment::parse(&text, format.filter(|_| !is_constant)) {
        Ok(stamp) => stamp,
        Err(Fault::DoesNotExist) => {
            let remedy =
                "check the day, the month and the time; if they are exchanged, set `format`".to_string();
            return Err(read.refuse(codes::NO_SUCH_DATE, "there is no such day or time".to_string(), remedy));
        }
        Err(Fault::NotADate) => {
            let looks = |separator: char| {
                let mut parts = text.split([separator, ' ', 'T']);
                (0..3).all(|_| {
                    parts.next().is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
                })
            };
            let remedy = match format {
                Some(format) => {
                    format!("the mapping says `format = \"{format}\"`; correct the cell or the format")
                }
                None if looks('.') => {
                    "set `format = \"%d.%m.%Y\"` under `[when]`, with `%H:%M` for a time".to_string()
                }
                None if looks('/') => {
                    "set `format = \"%d/%m/%Y\"` or `format = \"%m/%d/%Y\"` under `[when]`, whichever it is"
                        .to_string()
                }
                None => "write `2014-01-22` or `2014-01-22T14:30+02:00`, or set `format` under `[when]`"
                    .to_string(),
            };
            return Err(read.refuse(codes::DATE, "this is no date or time".to_string(), remedy));
        }
    };
    stamp.when(calendar).ok_or_else(|| {
        let reason = format!("the clocks in {} jumped over this time", calendar.zone_name());
        let remedy = "correct the time, or write it with its offset".to_string();
        read.refuse(codes::NO_SUCH_DATE, reason, remedy)
    })
}
