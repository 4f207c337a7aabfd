//! Mapping files (`NAME.map.toml`): how the columns of a file become the fields of a record.
//!
//! A mapping reads cells; it knows no file and no zone's shape. Reading one gives a [`Mapping`] or every fault in it with
//! line and remedy, never the first only.
//!
//! Invariants
//! - a plain string is a constant, a column is always `{ column = "…" }`, everywhere;
//! - a later case is asked only where an earlier one gives nothing;
//! - a mapping on a `base` changes what it names and leaves the rest.
//!
//! Where to start reading: [`Field`]. For users: `docs/reference/mapping.md`.

use crate::codes;
use crate::import::{Format, Refused};
use crate::incident::details;
use crate::moment::{self, Width};
use crate::{decode, spelling};
use encoding_rs::{Encoding, UTF_8};
use servanda_model::record::{Basis, ItemGrade, SourceGrade, Tlp};
use servanda_model::{Calendar, Grade, Name};
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The cells of one row by column name.
pub trait Cells {
    /// The cell of a column, trimmed; `None` where the row has no such cell or it is empty.
    fn cell(&self, column: &str) -> Option<&str>;
}

/// A column by name. A name that ends in `?` may be missing from the file.
#[derive(Clone, PartialEq, Debug)]
pub struct Column {
    /// Its name as in the header.
    pub name: String,
    /// Whether the file may be without it.
    pub optional: bool,
}

impl Column {
    fn new(text: &str) -> Column {
        match text.strip_suffix('?') {
            Some(name) => Column { name: name.to_string(), optional: true },
            None => Column { name: text.to_string(), optional: false },
        }
    }
}

/// Where a value comes from: cases, of which the first that gives something counts.
pub type Field = Vec<Case>;

/// One way to get a value.
#[derive(Clone, PartialEq, Debug)]
pub struct Case {
    /// Columns with the values for which the case stands (`where = { type = "3" }`).
    pub guards: Vec<(Column, Vec<String>)>,
    /// A constant, a column, or several columns of which one is meant.
    pub from: From,
    /// Cut the cell at this text first.
    pub split: Option<String>,
    /// Which of the parts.
    pub pick: Pick,
    /// Values to replace.
    pub table: BTreeMap<String, String>,
    /// What becomes of a value that the table does not have.
    pub otherwise: Otherwise,
    /// Put in front of the value.
    pub prefix: String,
}

/// Where a case takes its text from.
#[derive(Clone, PartialEq, Debug)]
pub enum From {
    /// This text.
    Constant(String),
    /// The cell of a column.
    Column(Column),
    /// One of the cells of these columns, not known which.
    OneOf(Vec<Column>),
    /// The cells of these columns one after the other, with a blank between; nothing where the first is empty.
    Joined(Vec<Column>),
}

impl From {
    fn columns(&self) -> &[Column] {
        match self {
            From::Constant(_) => &[],
            From::Column(column) => std::slice::from_ref(column),
            From::OneOf(columns) | From::Joined(columns) => columns,
        }
    }
}

/// Which part of a split cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Pick {
    /// The first that is not empty.
    #[default]
    First,
    /// The last that is not empty.
    Last,
    /// Of dates, the earliest.
    Earliest,
    /// Of dates, the latest.
    Latest,
}

/// What becomes of a value that the table does not have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Otherwise {
    /// The row is refused.
    #[default]
    Refuse,
    /// It stays as it is.
    Keep,
    /// It gives nothing: the next case is asked.
    Nothing,
}

/// What fills a role.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RoleKind {
    /// A name; words that are no name become one (`FARC dissidents` → `farc-dissidents`); `A|B` is one of both.
    #[default]
    Name,
    /// An exact number.
    Number,
    /// Free text.
    Text,
    /// A date or time.
    Time,
}

/// Where a place comes from.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PlaceMap {
    /// Degrees north.
    pub lat: Field,
    /// Degrees east.
    pub lon: Field,
    /// Doubt of the point: `25 km`, `500 m`.
    pub radius: Field,
    /// A place or zone by name; goes before the point.
    pub name: Field,
    /// What becomes of a name that the gazetteer does not know.
    pub unknown: UnknownPlace,
}

/// What becomes of a place's name that the gazetteer does not know.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum UnknownPlace {
    /// It stays: the agreement may have a zone of that name.
    #[default]
    Keep,
    /// The point is taken instead.
    Point,
    /// The row is refused.
    Refuse,
}

/// When something happened.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct WhenMap {
    /// Start, or the only date.
    pub start: Field,
    /// End.
    pub end: Field,
    /// strptime format; `None` for ISO 8601.
    pub format: Option<String>,
    /// Zone of times without an offset.
    pub zone: Field,
    /// How exact the date is.
    pub precision: Field,
    /// Whether the end says how long it lasted, and not how well the time is known.
    pub lasts: bool,
}

/// When a record is taken to have been known.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RecordedMap {
    /// A date or time; empty: the moment of the import.
    pub from: Field,
    /// strptime format; `None` for ISO 8601.
    pub format: Option<String>,
    /// Leave out dates before the last day of the event.
    pub after_event: bool,
    /// Where there is no such date, the end of the event's last day in place of the moment of the import.
    pub else_end_of_event: bool,
}

/// Columns kept as they stand in [`Record::extra`](servanda_model::Record::extra).
#[derive(Clone, PartialEq, Debug)]
pub enum Keep {
    /// These.
    Columns(Vec<Column>),
    /// All.
    All,
}

/// How the columns of a file become the fields of a record.
#[derive(Clone, PartialEq, Debug)]
#[allow(
    missing_docs,
    reason = "the fields are those of a record; `docs/reference/mapping.md` describes each"
)]
pub struct Mapping {
    /// The format it is for, where it says.
    pub format: Option<Format>,
    pub encoding: &'static Encoding,
    pub delimiter: u8,
    /// Decimal mark: `.` or `,`.
    pub decimal: char,
    pub fact: Field,
    pub id: Field,
    pub says: Field,
    pub phase: Field,
    pub when: WhenMap,
    pub until: Field,
    pub sent: Field,
    pub received: Field,
    pub recorded: RecordedMap,
    pub roles: BTreeMap<Name, (Field, RoleKind)>,
    /// Values to replace in every role that is a name.
    pub names: BTreeMap<String, String>,
    pub place: PlaceMap,
    pub value: Field,
    pub source: Field,
    pub sources: Field,
    pub source_grade: Field,
    pub item_grade: Field,
    pub grade: Field,
    pub basis: Field,
    pub marking: Field,
    pub title: Field,
    pub incident: Field,
    pub supersedes: Field,
    pub withdraws: Field,
    pub disputes: Field,
    /// Files that belong to the row, by name.
    pub attachments: Field,
    /// Details of an incident: [`crate::incident::details`].
    pub details: BTreeMap<String, Field>,
    pub keep: Keep,
    /// Whether a row that is no longer in the source is withdrawn; not so for a feed, which only ever has the newest.
    pub withdraws_vanished: bool,
    /// The group of a form whose every turn makes a record.
    pub each: Option<String>,
}

/// A value that a field gave, with what it was made of.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading {
    /// Column, or empty for a constant.
    pub column: String,
    /// The cell as it stands.
    pub raw: String,
    /// The value, or the values of which one is meant.
    pub values: Vec<String>,
}

impl Reading {
    /// The value where one is meant; several are joined by `|`.
    pub fn text(&self) -> String {
        self.values.join("|")
    }

    /// A refusal of this value.
    pub fn refuse(&self, code: &'static str, reason: String, remedy: String) -> Refused {
        Refused { code, line: 0, column: self.column.clone(), value: self.raw.clone(), reason, remedy }
    }
}

/// The first of a field's cases that gives something.
pub fn read(field: &Field, row: &dyn Cells) -> Result<Option<Reading>, Refused> {
    for case in field {
        let stands = |(column, values): &(Column, Vec<String>)| {
            let cell = row.cell(&column.name).unwrap_or("");
            values.iter().any(|v| v == cell)
        };
        if !case.guards.iter().all(stands) {
            continue;
        }
        let mut joined = String::new();
        let columns: &[Column] = match &case.from {
            From::Constant(text) => {
                return Ok(Some(Reading {
                    column: String::new(),
                    raw: text.clone(),
                    values: vec![text.clone()],
                }));
            }
            From::Column(column) => std::slice::from_ref(column),
            From::OneOf(columns) => columns,
            From::Joined(columns) => {
                let Some(first) = columns.first().filter(|first| row.cell(&first.name).is_some()) else {
                    continue;
                };
                let cells: Vec<&str> = columns.iter().filter_map(|column| row.cell(&column.name)).collect();
                joined = cells.join(" ");
                std::slice::from_ref(first)
            }
        };
        let mut reading = Reading { column: String::new(), raw: String::new(), values: Vec::new() };
        for column in columns {
            let Some(cell) = row.cell(&column.name) else { continue };
            let cell = if joined.is_empty() { cell } else { joined.as_str() };
            let Some(part) = case.part_of(cell) else { continue };
            let value = match (case.table.get(part), case.otherwise) {
                (Some(value), _) => value.clone(),
                (None, _) if case.table.is_empty() => part.to_string(),
                (None, Otherwise::Keep) => part.to_string(),
                (None, Otherwise::Nothing) => continue,
                (None, Otherwise::Refuse) => {
                    let known = case.table.keys().map(String::as_str);
                    let fix = "add a line for it to the table, or write `otherwise = \"keep\"`";
                    return Err(Refused {
                        code: codes::NOT_IN_TABLE,
                        line: 0,
                        column: column.name.clone(),
                        value: cell.to_string(),
                        reason: "the mapping's table does not have this value".to_string(),
                        remedy: spelling::remedy(part, known, fix),
                    });
                }
            };
            if value.is_empty() {
                continue;
            }
            if reading.column.is_empty() {
                reading.column = column.name.clone();
                reading.raw = cell.to_string();
            } else {
                reading.column = format!("{}, {}", reading.column, column.name);
                reading.raw = format!("{} | {cell}", reading.raw);
            }
            let value = format!("{}{value}", case.prefix);
            if !reading.values.contains(&value) {
                reading.values.push(value);
            }
        }
        if !reading.values.is_empty() {
            return Ok(Some(reading));
        }
    }
    Ok(None)
}

impl Case {
    fn constant(text: &str) -> Case {
        Case {
            guards: Vec::new(),
            from: From::Constant(text.to_string()),
            split: None,
            pick: Pick::First,
            table: BTreeMap::new(),
            otherwise: Otherwise::Refuse,
            prefix: String::new(),
        }
    }

    fn part_of<'a>(&self, cell: &'a str) -> Option<&'a str> {
        let Some(split) = &self.split else { return Some(cell) };
        let mut parts = cell.split(split.as_str()).map(str::trim).filter(|p| !p.is_empty());
        match self.pick {
            Pick::Last => parts.last(),
            _ => parts.next(),
        }
    }

    /// Columns that it names.
    fn columns(&self) -> impl Iterator<Item = &Column> {
        self.from.columns().iter().chain(self.guards.iter().map(|(column, _)| column))
    }
}

impl Default for Mapping {
    /// Says nothing yet.
    fn default() -> Self {
        Mapping {
            format: None,
            encoding: UTF_8,
            delimiter: b',',
            decimal: '.',
            fact: Vec::new(),
            id: Vec::new(),
            says: Vec::new(),
            phase: Vec::new(),
            when: WhenMap::default(),
            until: Vec::new(),
            sent: Vec::new(),
            received: Vec::new(),
            recorded: RecordedMap::default(),
            roles: BTreeMap::new(),
            names: BTreeMap::new(),
            place: PlaceMap::default(),
            value: Vec::new(),
            source: Vec::new(),
            sources: Vec::new(),
            source_grade: Vec::new(),
            item_grade: Vec::new(),
            grade: Vec::new(),
            basis: Vec::new(),
            marking: Vec::new(),
            title: Vec::new(),
            incident: Vec::new(),
            supersedes: Vec::new(),
            withdraws: Vec::new(),
            disputes: Vec::new(),
            attachments: Vec::new(),
            details: BTreeMap::new(),
            keep: Keep::Columns(Vec::new()),
            withdraws_vanished: true,
            each: None,
        }
    }
}

/// The mappings that the program ships with, by the name that `base` takes.
const EMBEDDED: &[(&str, &str)] = &[
    ("plain", include_str!("../data/plain.map.toml")),
    ("ucdp", include_str!("../data/ucdp.map.toml")),
    ("acled", include_str!("../data/acled.map.toml")),
    ("firms", include_str!("../data/firms.map.toml")),
    ("osce", include_str!("../data/osce.map.toml")),
    ("odk", include_str!("../data/odk.map.toml")),
    ("sensorthings", include_str!("../data/sensorthings.map.toml")),
    ("cap", include_str!("../data/cap.map.toml")),
];

impl Mapping {
    /// The embedded mapping for UCDP GED: `crates/evidence/data/ucdp.map.toml`.
    pub fn ucdp() -> Mapping {
        Mapping::embedded("ucdp").unwrap_or_default()
    }

    /// The embedded mapping for files whose columns bear the names of a record's own fields:
    /// `crates/evidence/data/plain.map.toml`.
    pub fn plain() -> Mapping {
        Mapping::embedded("plain").unwrap_or_default()
    }

    /// The embedded mapping of that name: `crates/evidence/data/NAME.map.toml`.
    ///
    /// # Example
    /// ```
    /// use servanda_evidence::Mapping;
    /// assert!(Mapping::embedded("firms").is_some_and(|m| !m.withdraws_vanished));
    /// assert_eq!(Mapping::embedded("nothing"), None);
    /// ```
    pub fn embedded(name: &str) -> Option<Mapping> {
        let (_, text) = EMBEDDED.iter().find(|(known, _)| *known == name)?;
        match Mapping::parse(text) {
            Ok(mapping) => Some(mapping),
            Err(faults) => panic!("an embedded mapping is wrong: {faults:?}"),
        }
    }

    /// The same mapping for another fact of the agreement.
    pub fn with_fact(mut self, fact: &str) -> Mapping {
        self.fact = vec![Case::constant(fact)];
        self
    }

    /// Reads a mapping file.
    ///
    /// # Errors
    /// Every fault with its line, the word at fault, the reason and the remedy.
    ///
    /// # Example
    /// ```
    /// use servanda_evidence::Mapping;
    /// let text = "fact = \"fire\"\n[when]\nstart = { colum = \"date\" }\n";
    /// let faults = Mapping::parse(text).unwrap_err();
    /// assert_eq!((faults[0].line, faults[0].value.as_str()), (3, "colum"));
    /// assert!(faults[0].remedy.contains("`column`"));
    /// ```
    pub fn parse(text: &str) -> Result<Mapping, Vec<Refused>> {
        let mut reader = Reader { text, faults: Vec::new() };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        reader.text = text;
        let (document, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            for error in errors.iter().take(20) {
                let at = error.span().map_or(0, |span| span.start);
                let line = reader.line(at);
                reader.faults.push(Refused {
                    code: codes::MAPPING,
                    line,
                    column: String::new(),
                    value: text.lines().nth(line as usize - 1).unwrap_or("").trim().to_string(),
                    reason: format!("this is not TOML: {}", error.message()),
                    remedy: "write `key = \"value\"` or `[section]`; text stands in double quotes"
                        .to_string(),
                });
            }
            return Err(reader.faults);
        }
        let mapping = reader.mapping(document.get_ref());
        if reader.faults.is_empty() {
            Ok(mapping)
        } else {
            reader.faults.sort_by_key(|f| f.line);
            Err(reader.faults)
        }
    }

    fn fields(&self) -> Vec<&Field> {
        let mut all = vec![
            &self.fact,
            &self.id,
            &self.says,
            &self.phase,
            &self.when.start,
            &self.when.end,
            &self.when.zone,
            &self.when.precision,
            &self.until,
            &self.sent,
            &self.received,
            &self.recorded.from,
            &self.place.lat,
            &self.place.lon,
            &self.place.radius,
            &self.place.name,
            &self.value,
            &self.source,
            &self.sources,
            &self.source_grade,
            &self.item_grade,
            &self.grade,
            &self.basis,
            &self.marking,
            &self.title,
            &self.incident,
            &self.supersedes,
            &self.withdraws,
            &self.disputes,
            &self.attachments,
        ];
        all.extend(self.roles.values().map(|(field, _)| field));
        all.extend(self.details.values());
        all
    }

    /// Every column that the mapping names, in order of their names.
    pub fn columns(&self) -> Vec<Column> {
        let mut all: BTreeMap<String, bool> = BTreeMap::new();
        let kept: &[Column] = match &self.keep {
            Keep::Columns(columns) => columns,
            Keep::All => &[],
        };
        for column in self.fields().into_iter().flatten().flat_map(Case::columns).chain(kept) {
            let optional = all.entry(column.name.clone()).or_insert(true);
            *optional &= column.optional;
        }
        all.into_iter().map(|(name, optional)| Column { name, optional }).collect()
    }

    /// A fault for each column that the mapping needs and the file does not have.
    pub fn missing_columns(&self, found: &[String]) -> Vec<Refused> {
        let listed: Vec<String> = found.iter().take(40).map(|c| format!("`{c}`")).collect();
        let more = if found.len() > 40 { format!(" and {} more", found.len() - 40) } else { String::new() };
        let listed = if found.is_empty() { "none".to_string() } else { listed.join(", ") + &more };
        let needed = self.columns().into_iter().filter(|c| !c.optional && !found.contains(&c.name));
        let fault = |column: Column| Refused {
            code: codes::NO_COLUMN,
            line: 1,
            column: column.name.clone(),
            value: String::new(),
            reason: format!("the file has no column `{}`; it has {listed}", column.name),
            remedy: spelling::remedy(
                &column.name,
                found.iter().map(String::as_str),
                &format!(
                    "name the right column in the mapping, or write `{}?` if a file may be without it",
                    column.name
                ),
            ),
        };
        needed.map(fault).collect()
    }
}

const TOP: &[&str] = &[
    "base",
    "format",
    "encoding",
    "delimiter",
    "decimal",
    "fact",
    "id",
    "says",
    "phase",
    "when",
    "until",
    "sent",
    "received",
    "recorded",
    "roles",
    "names",
    "place",
    "value",
    "source",
    "sources",
    "source-grade",
    "item-grade",
    "grade",
    "basis",
    "marking",
    "title",
    "incident",
    "supersedes",
    "withdraws",
    "disputes",
    "attachments",
    "details",
    "keep",
    "vanished",
    "each",
];
const CASE: &[&str] =
    &["column", "one-of", "join", "constant", "where", "split", "pick", "table", "otherwise", "prefix", "as"];
const WHEN: &[&str] = &["start", "end", "format", "zone", "precision", "lasts"];
const PLACE: &[&str] = &["lat", "lon", "radius", "name", "unknown"];
const RECORDED: &[&str] = &["from", "format", "after-event", "otherwise"];

/// What a constant or a table's value must be to be of use.
type Check = fn(&str) -> Option<String>;

struct Reader<'t> {
    text: &'t str,
    faults: Vec<Refused>,
}

type Value<'i> = Spanned<DeValue<'i>>;

impl Reader<'_> {
    fn line(&self, at: usize) -> u64 {
        let at = at.min(self.text.len());
        1 + self.text.as_bytes()[..at].iter().filter(|b| **b == b'\n').count() as u64
    }

    fn fault(&mut self, at: usize, code: &'static str, word: &str, reason: &str, remedy: &str) {
        self.faults.push(Refused {
            code,
            line: self.line(at),
            column: String::new(),
            value: word.to_string(),
            reason: reason.to_string(),
            remedy: remedy.to_string(),
        });
    }

    fn known_keys(&mut self, table: &DeTable<'_>, known: &[&str], of: &str) {
        for (key, _) in table.iter() {
            if !known.contains(&key.get_ref().as_ref()) {
                let all = format!("{of} has {}", known.join(", "));
                let remedy = spelling::remedy(key.get_ref(), known.iter().copied(), &all);
                let reason = format!("the key `{}` is not known here", key.get_ref());
                self.fault(key.span().start, codes::MAPPING_KEY, key.get_ref(), &reason, &remedy);
            }
        }
    }

    /// One of a list of words.
    fn word<T: Copy>(&mut self, value: &Value<'_>, words: &[(&str, T)]) -> Option<T> {
        let text = scalar(value.get_ref()).unwrap_or_default();
        let found = words.iter().find(|(w, _)| *w == text).map(|(_, t)| *t);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(w, _)| *w).collect();
            let all = format!("write one of {}", known.join(", "));
            let remedy = spelling::remedy(&text, known.iter().copied(), &all);
            self.fault(
                value.span().start,
                codes::MAPPING_KEY,
                &text,
                &format!("`{text}` is not known here"),
                &remedy,
            );
        }
        found
    }

    fn text(&mut self, value: &Value<'_>) -> Option<String> {
        let text = scalar(value.get_ref());
        if text.is_none() {
            let remedy = "write a text in double quotes";
            self.fault(
                value.span().start,
                codes::MAPPING,
                value.get_ref().type_str(),
                "a text is expected here",
                remedy,
            );
        }
        text
    }

    fn yes_or_no(&mut self, value: &Value<'_>) -> bool {
        let answer = value.get_ref().as_bool();
        if answer.is_none() {
            self.fault(
                value.span().start,
                codes::MAPPING,
                value.get_ref().type_str(),
                "true or false is expected here",
                "write `true` or `false`",
            );
        }
        answer.unwrap_or_default()
    }

    fn table<'v, 'i>(&mut self, value: &'v Value<'i>, what: &str) -> Option<&'v DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            let reason = format!("`{what}` is a section");
            let remedy = format!("write `[{what}]` on a line of its own and its keys below");
            self.fault(value.span().start, codes::MAPPING, value.get_ref().type_str(), &reason, &remedy);
        }
        table
    }

    /// A constant, a case, or an array of cases.
    fn field(&mut self, value: &Value<'_>, check: Check) -> Field {
        let one = |reader: &mut Self, value: &Value<'_>| match value.get_ref() {
            DeValue::Table(table) => reader.case(table, value.span().start, check),
            _ => {
                let text = reader.text(value)?;
                reader.checked(value.span().start, &text, check);
                Some(Case::constant(&text))
            }
        };
        match value.get_ref() {
            DeValue::Array(cases) => cases.iter().filter_map(|case| one(self, case)).collect(),
            _ => one(self, value).into_iter().collect(),
        }
    }

    fn checked(&mut self, at: usize, text: &str, check: Check) {
        if let Some(remedy) = check(text) {
            self.fault(at, codes::MAPPING_KEY, text, &format!("`{text}` is not possible here"), &remedy);
        }
    }

    fn case(&mut self, table: &DeTable<'_>, at: usize, check: Check) -> Option<Case> {
        self.known_keys(table, CASE, "a field");
        let mut case = Case::constant("");
        let sources =
            ["column", "one-of", "join", "constant"].into_iter().filter(|k| table.get(*k).is_some()).count();
        if sources != 1 {
            let near = table.iter().any(|(k, _)| !CASE.contains(&k.get_ref().as_ref()));
            if !near {
                self.fault(
                    at,
                    codes::MAPPING,
                    "",
                    "a field takes its value from one place",
                    "write exactly one of `column = \"…\"`, `one-of = [\"…\", \"…\"]`, `join = [\"…\", \"…\"]` and \
                     `constant = \"…\"`",
                );
            }
            return None;
        }
        for (key, value) in table.iter() {
            match key.get_ref().as_ref() {
                "column" => case.from = From::Column(Column::new(&self.text(value)?)),
                "constant" => {
                    let text = self.text(value)?;
                    self.checked(value.span().start, &text, check);
                    case.from = From::Constant(text);
                }
                "one-of" => {
                    let columns = self.texts(value);
                    case.from = From::OneOf(columns.iter().map(|c| Column::new(c)).collect());
                }
                "join" => {
                    let columns = self.texts(value);
                    case.from = From::Joined(columns.iter().map(|c| Column::new(c)).collect());
                }
                "where" => {
                    for (column, value) in self.table(value, "where")?.iter() {
                        let values = self.texts(value);
                        case.guards.push((Column::new(column.get_ref()), values));
                    }
                }
                "split" => case.split = self.text(value).filter(|s| !s.is_empty()),
                "pick" => {
                    let words = [
                        ("first", Pick::First),
                        ("last", Pick::Last),
                        ("earliest", Pick::Earliest),
                        ("latest", Pick::Latest),
                    ];
                    case.pick = self.word(value, &words).unwrap_or_default();
                }
                "table" => {
                    for (from, to) in self.table(value, "table")?.iter() {
                        let text = self.text(to).unwrap_or_default();
                        self.checked(to.span().start, &text, check);
                        case.table.insert(from.get_ref().to_string(), text);
                    }
                }
                "otherwise" => {
                    let words = [
                        ("refuse", Otherwise::Refuse),
                        ("keep", Otherwise::Keep),
                        ("nothing", Otherwise::Nothing),
                    ];
                    case.otherwise = self.word(value, &words).unwrap_or_default();
                }
                "prefix" => case.prefix = self.text(value)?,
                _ => {}
            }
        }
        Some(case)
    }

    /// A text or an array of texts.
    fn texts(&mut self, value: &Value<'_>) -> Vec<String> {
        match value.get_ref() {
            DeValue::Array(all) => all.iter().filter_map(|v| self.text(v)).collect(),
            _ => self.text(value).into_iter().collect(),
        }
    }

    fn mapping(&mut self, document: &DeTable<'_>) -> Mapping {
        self.known_keys(document, TOP, "a mapping");
        let mut m = match document.get("base") {
            None => Mapping::default(),
            Some(base) => {
                let known: Vec<(&str, &str)> = EMBEDDED.iter().map(|(name, _)| (*name, *name)).collect();
                match self.word(base, &known).and_then(Mapping::embedded) {
                    Some(mapping) => mapping,
                    None => return Mapping::default(),
                }
            }
        };
        for (key, value) in document.iter() {
            let at = value.span().start;
            match key.get_ref().as_ref() {
                "format" => {
                    let words = Format::ALL.map(|f| (f.word(), f));
                    m.format = self.word(value, &words);
                }
                "encoding" => {
                    let name = self.text(value).unwrap_or_default();
                    match decode::encoding(&name) {
                        Ok(encoding) => m.encoding = encoding,
                        Err(remedy) => {
                            let reason = format!("the encoding `{name}` is not known");
                            self.fault(at, codes::MAPPING_KEY, &name, &reason, &remedy);
                        }
                    }
                }
                "delimiter" => match self.text(value).unwrap_or_default().as_bytes() {
                    [one] if one.is_ascii() && !b"\"\r\n".contains(one) => m.delimiter = *one,
                    _ => self.fault(
                        at,
                        codes::MAPPING,
                        "delimiter",
                        "the delimiter is one ASCII character",
                        "write for example `delimiter = \";\"` or `delimiter = \"\\t\"`",
                    ),
                },
                "decimal" => m.decimal = self.word(value, &[(".", '.'), (",", ',')]).unwrap_or('.'),
                "fact" => m.fact = self.field(value, any_text),
                "id" => m.id = self.field(value, any_text),
                "says" => m.says = self.field(value, says_word),
                "phase" => m.phase = self.field(value, phase_word),
                "until" => m.until = self.field(value, any_text),
                "sent" => m.sent = self.field(value, any_text),
                "received" => m.received = self.field(value, any_text),
                "value" => m.value = self.field(value, any_text),
                "source" => m.source = self.field(value, any_text),
                "sources" => m.sources = self.field(value, any_text),
                "source-grade" => m.source_grade = self.field(value, source_grade_word),
                "item-grade" => m.item_grade = self.field(value, item_grade_word),
                "grade" => m.grade = self.field(value, grade_word),
                "basis" => m.basis = self.field(value, basis_word),
                "marking" => m.marking = self.field(value, marking_word),
                "title" => m.title = self.field(value, any_text),
                "incident" => m.incident = self.field(value, any_text),
                "supersedes" => m.supersedes = self.field(value, any_text),
                "withdraws" => m.withdraws = self.field(value, any_text),
                "disputes" => m.disputes = self.field(value, any_text),
                "attachments" => m.attachments = self.field(value, any_text),
                "vanished" => {
                    let words = [("withdraw", true), ("stay", false)];
                    m.withdraws_vanished = self.word(value, &words).unwrap_or(true);
                }
                "each" => m.each = self.text(value),
                "details" => {
                    for (key, value) in self.table(value, "details").into_iter().flat_map(|t| t.iter()) {
                        let name = key.get_ref().as_ref();
                        if !details::KEYS.iter().any(|(known, _)| *known == name) {
                            let all = "docs/reference/incident.md has every detail";
                            let known = details::KEYS.iter().map(|(known, _)| *known);
                            let remedy = spelling::remedy(name, known, all);
                            let reason = format!("an incident has no detail `{name}`");
                            self.fault(key.span().start, codes::MAPPING_KEY, name, &reason, &remedy);
                            continue;
                        }
                        let field = self.field(value, any_text);
                        m.details.insert(name.to_string(), field);
                    }
                }
                "keep" => {
                    m.keep = match value.get_ref().as_str() {
                        Some("all") => Keep::All,
                        _ => Keep::Columns(self.texts(value).iter().map(|c| Column::new(c)).collect()),
                    }
                }
                "when" => {
                    if let Some(table) = self.table(value, "when") {
                        self.when(table, &mut m.when);
                    }
                }
                "recorded" => self.recorded(value, &mut m.recorded),
                "roles" => {
                    for (role, value) in self.table(value, "roles").into_iter().flat_map(|t| t.iter()) {
                        let kind = self.role_kind(value);
                        let field = self.field(value, any_text);
                        m.roles.insert(Name::from(role.get_ref().as_ref()), (field, kind));
                    }
                }
                "names" => {
                    for (from, to) in self.table(value, "names").into_iter().flat_map(|t| t.iter()) {
                        let to = self.text(to).unwrap_or_default();
                        m.names.insert(from.get_ref().to_string(), to);
                    }
                }
                "place" => {
                    if let Some(table) = self.table(value, "place") {
                        self.place(table, &mut m.place);
                    }
                }
                _ => {}
            }
        }
        let dated = |field: &&Field| field.iter().any(|c| matches!(c.pick, Pick::Earliest | Pick::Latest));
        if m.fields().into_iter().filter(dated).any(|field| *field != m.recorded.from) {
            let remedy = "write `pick = \"first\"` or `pick = \"last\"`";
            self.fault(0, codes::MAPPING, "pick", "`earliest` and `latest` are for `recorded` only", remedy);
        }
        for (field, name, example) in [
            (&m.fact, "fact", "fact = \"fire\""),
            (&m.when.start, "when.start", "start = { column = \"date\" }` under `[when]"),
        ] {
            if field.is_empty() && self.faults.is_empty() {
                let reason = format!("the mapping does not say `{name}`");
                self.fault(0, codes::MAPPING, name, &reason, &format!("write `{example}`"));
            }
        }
        m
    }

    fn role_kind(&mut self, value: &Value<'_>) -> RoleKind {
        let words = [
            ("name", RoleKind::Name),
            ("number", RoleKind::Number),
            ("text", RoleKind::Text),
            ("time", RoleKind::Time),
        ];
        let first = match value.get_ref() {
            DeValue::Array(cases) => cases.iter().find_map(|c| c.get_ref().as_table()?.get("as")),
            DeValue::Table(table) => table.get("as"),
            _ => None,
        };
        first.and_then(|word| self.word(word, &words)).unwrap_or_default()
    }

    fn when(&mut self, table: &DeTable<'_>, when: &mut WhenMap) {
        self.known_keys(table, WHEN, "`[when]`");
        for (key, value) in table.iter() {
            match key.get_ref().as_ref() {
                "start" => when.start = self.field(value, any_text),
                "end" => when.end = self.field(value, any_text),
                "format" => when.format = self.text(value),
                "zone" => when.zone = self.field(value, zone_word),
                "precision" => when.precision = self.field(value, width_word),
                "lasts" => when.lasts = self.yes_or_no(value),
                _ => {}
            }
        }
    }

    fn place(&mut self, table: &DeTable<'_>, place: &mut PlaceMap) {
        self.known_keys(table, PLACE, "`[place]`");
        for (key, value) in table.iter() {
            match key.get_ref().as_ref() {
                "lat" => place.lat = self.field(value, any_text),
                "lon" => place.lon = self.field(value, any_text),
                "radius" => place.radius = self.field(value, radius_word),
                "name" => place.name = self.field(value, any_text),
                "unknown" => {
                    let words = [
                        ("keep", UnknownPlace::Keep),
                        ("point", UnknownPlace::Point),
                        ("refuse", UnknownPlace::Refuse),
                    ];
                    place.unknown = self.word(value, &words).unwrap_or_default();
                }
                _ => {}
            }
        }
        if place.lat.is_empty() != place.lon.is_empty() {
            let at = table.iter().next().map_or(0, |(k, _)| k.span().start);
            self.fault(
                at,
                codes::MAPPING,
                "place",
                "a point needs `lat` and `lon`",
                "name both columns, or use `name` for a named place",
            );
        }
    }

    /// `"import"`, a moment, a field, or a table with `from`.
    fn recorded(&mut self, value: &Value<'_>, recorded: &mut RecordedMap) {
        *recorded = RecordedMap::default();
        match value.get_ref() {
            DeValue::Table(table)
                if table.get("from").is_some()
                    || table.get("otherwise").is_some() && table.get("column").is_none() =>
            {
                self.known_keys(table, RECORDED, "`recorded`");
                for (key, value) in table.iter() {
                    match key.get_ref().as_ref() {
                        "from" => recorded.from = self.field(value, any_text),
                        "format" => recorded.format = self.text(value),
                        "after-event" => recorded.after_event = self.yes_or_no(value),
                        "otherwise" => {
                            let words = [("end of event", true), ("import", false)];
                            recorded.else_end_of_event = self.word(value, &words).unwrap_or_default();
                        }
                        _ => {}
                    }
                }
            }
            DeValue::String(word) if word == "import" => {}
            DeValue::String(word) if word == "end of event" => recorded.else_end_of_event = true,
            _ => recorded.from = self.field(value, moment_word),
        }
    }
}

/// A scalar as text; dates as they are written.
fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_string()),
        DeValue::Float(number) => Some(number.as_str().to_string()),
        DeValue::Boolean(yes) => Some(yes.to_string()),
        DeValue::Datetime(at) => Some(at.to_string()),
        DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

fn any_text(_: &str) -> Option<String> {
    None
}

fn one_of(text: &str, known: &[&str]) -> Option<String> {
    let all = format!("write one of {}", known.join(", "));
    (!known.contains(&text)).then(|| spelling::remedy(text, known.iter().copied(), &all))
}

pub(crate) const SAYS: &[&str] = &["affirms", "denies"];
pub(crate) const PHASES: &[&str] = &["stands", "begins", "ends"];

fn says_word(text: &str) -> Option<String> {
    one_of(text, SAYS)
}

fn phase_word(text: &str) -> Option<String> {
    one_of(text, PHASES)
}

fn source_grade_word(text: &str) -> Option<String> {
    SourceGrade::parse(text).is_none().then(|| "write a letter from A to F".to_string())
}

fn item_grade_word(text: &str) -> Option<String> {
    ItemGrade::parse(text).is_none().then(|| "write a digit from 1 to 6".to_string())
}

fn grade_word(text: &str) -> Option<String> {
    if Grade::parse(text).is_some() {
        None
    } else {
        one_of(text, &["none", "possible", "probable", "confirmed"])
    }
}

fn basis_word(text: &str) -> Option<String> {
    one_of(text, &Basis::ALL.map(Basis::word))
}

fn marking_word(text: &str) -> Option<String> {
    if Tlp::parse(text).is_some() { None } else { one_of(text, &Tlp::ALL.map(Tlp::word)) }
}

fn zone_word(text: &str) -> Option<String> {
    if Calendar::of_zone(text).is_some() {
        return None;
    }
    let names = Calendar::zone_names();
    let else_say = "write a zone of the IANA database such as `Europe/Kyiv`, or `UTC`";
    Some(spelling::remedy(text, names.iter().map(String::as_str), else_say))
}

fn width_word(text: &str) -> Option<String> {
    let remedy = "write `exact`, `day`, `6 days`, `2 hours`, `week`, `month`, `quarter` or `year`";
    Width::parse(text).is_none().then(|| remedy.to_string())
}

fn radius_word(text: &str) -> Option<String> {
    radius_m(text).is_none().then(|| "write a length such as `25 km` or `500 m`".to_string())
}

fn moment_word(text: &str) -> Option<String> {
    let remedy = "write `import`, `end of event`, a date, a time with its offset, or `{ column = \"…\" }`";
    moment::parse(text, None).is_err().then(|| remedy.to_string())
}

/// A length in metres: `25 km`, `500 m`, or bare metres.
pub(crate) fn radius_m(text: &str) -> Option<f64> {
    let text = text.trim();
    let (number, factor) = match (text.strip_suffix("km"), text.strip_suffix('m')) {
        (Some(n), _) => (n, 1000.0),
        (None, Some(n)) => (n, 1.0),
        (None, None) => (text, 1.0),
    };
    let metres = crate::geo::decimal(number.trim())? * factor;
    (0.0..=20_100_000.0).contains(&metres).then_some(metres)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<(u64, &'static str, String, String)> {
        Mapping::parse(text).unwrap_err().into_iter().map(|f| (f.line, f.code, f.value, f.remedy)).collect()
    }

    #[test]
    fn the_embedded_mappings_are_well_formed() {
        for (name, _) in EMBEDDED {
            let mapping = Mapping::embedded(name).unwrap();
            assert!(mapping.format.is_none_or(|f| f.word() == *name), "{name}");
        }
        assert!(Mapping::ucdp().roles.contains_key("by"));
        assert!(
            Mapping::plain()
                .columns()
                .iter()
                .all(|c| c.optional || ["fact", "when"].contains(&c.name.as_str()))
        );
    }

    #[test]
    fn unknown_keys_and_words_are_all_named_with_their_lines() {
        let found = faults(
            "facts = \"fire\"\ndecimal = \"'\"\nencoding = \"windows-125l\"\n[when]\nstart = { column = \"d\", tabel = {} }\n\
             zone = \"Europe/Kiyv\"\nprecision = { column = \"p\", table = { 1 = \"fortnight\" } }\n[plaice]\n",
        );
        let lines: Vec<(u64, &str)> = found.iter().map(|(line, _, word, _)| (*line, word.as_str())).collect();
        assert_eq!(
            lines,
            [
                (1, "facts"),
                (2, "'"),
                (3, "windows-125l"),
                (5, "tabel"),
                (6, "Europe/Kiyv"),
                (7, "fortnight"),
                (8, "plaice")
            ]
        );
        for (i, hint) in
            [(0, "`fact`"), (2, "`windows-1251`"), (3, "`table`"), (4, "`Europe/Kyiv`"), (6, "`place`")]
        {
            assert!(found[i].3.contains(hint), "{:?} has no {hint}", found[i]);
        }
    }

    #[test]
    fn what_is_not_toml_says_where() {
        let found = faults("fact = \"fire\"\nid = {\n");
        assert_eq!((found[0].0, found[0].1), (2, codes::MAPPING));
    }

    #[test]
    fn fact_and_start_must_be_there() {
        let found = faults("source = \"x\"\n");
        assert_eq!(found.iter().map(|f| f.2.as_str()).collect::<Vec<_>>(), ["fact"]);
        assert_eq!(faults("fact = \"x\"\n")[0].2, "when.start");
        assert_eq!(faults("fact = { table = {} }\n[when]\nstart = \"2020-01-01\"\n")[0].0, 1);
    }

    #[test]
    fn a_mapping_on_a_base_changes_what_it_names() {
        let m = Mapping::parse("base = \"ucdp\"\nfact = \"shelling\"\n[names]\n\"Maidan\" = \"Ukraine\"\n")
            .unwrap();
        assert_eq!(m.fact, vec![Case::constant("shelling")]);
        assert_eq!(m.names["Maidan"], "Ukraine");
        assert_eq!(m.names["DPR"], Mapping::ucdp().names["DPR"]);
        assert_eq!(m.when, Mapping::ucdp().when);
    }

    #[test]
    fn lengths() {
        for (text, metres) in
            [("25 km", 25_000.0), ("0.5km", 500.0), ("300 m", 300.0), ("300", 300.0), ("0", 0.0)]
        {
            assert_eq!(radius_m(text), Some(metres), "{text}");
        }
        for text in ["", "km", "-1 km", "25 miles", "1e400", "nan", "99999 km"] {
            assert_eq!(radius_m(text), None, "{text}");
        }
    }
}
