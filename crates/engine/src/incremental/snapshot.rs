//! An engine's state as bytes, and back: to begin where another run ended, with the records that came since.
//!
//! Kept are the records, the moment reached and the history. What is known follows from the records, and what was
//! computed on the way is computed again when it is asked for: the first step after a restart looks at every norm once.
//!
//! Layout: [`MAGIC`], the format as four bytes, the length of the content as eight (little-endian both), the content in
//! postcard's encoding, and the SHA-256 of all that.
//!
//! Invariants
//! - the same agreement, records and moment give the same bytes, in whatever order the records came;
//! - what goes on from a snapshot says what it would have said without a stop;
//! - what does not fit is refused and never misread: another format or version, another agreement, other places,
//!   readings or share, bytes that are missing or changed.

use super::cells::Instances;
use super::history::{History, Key, Row};
use super::{Engine, Live, Settings, Share};
use crate::reference::known::Known;
use serde::{Deserialize, Serialize};
use servanda_model::{Agreement, Instant, Name, Places, Question, Record, Verdict};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The first bytes of every snapshot.
pub const MAGIC: [u8; 8] = *b"srvdsnap";
/// Raised with every change of the layout, and with every change of what the engine answers.
pub const FORMAT: u32 = 1;

const HEAD: usize = MAGIC.len() + 4 + 8;
const SUM: usize = 32;

/// Why a snapshot is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SnapshotRefused {
    /// The bytes are something else.
    NoSnapshot,
    /// Of another format: its number.
    OtherFormat(u32),
    /// Written by another version of servanda: which.
    OtherVersion(String),
    /// Bytes are missing: so many are there, of so many.
    Truncated(u64, u64),
    /// Bytes are not what was written.
    Damaged,
    /// Of another agreement.
    OtherAgreement,
    /// Of the same agreement with other shapes or points.
    OtherPlaces,
    /// Computed under other readings: those.
    OtherReadings(BTreeMap<Name, Name>),
    /// Of an engine that answers for another part of the agreement.
    OtherShare(Option<Share>),
}

impl SnapshotRefused {
    /// What to do next.
    pub fn remedy(&self) -> &'static str {
        match self {
            SnapshotRefused::NoSnapshot => "name the file that was written as a snapshot",
            SnapshotRefused::OtherFormat(_) | SnapshotRefused::OtherVersion(_) => {
                "go on with the version that wrote it, or begin anew from the records"
            }
            SnapshotRefused::Truncated(..) | SnapshotRefused::Damaged => {
                "take an earlier snapshot, or begin anew from the records"
            }
            SnapshotRefused::OtherAgreement | SnapshotRefused::OtherPlaces => {
                "name the agreement that it was made of, with its zone files, or begin anew from the records"
            }
            SnapshotRefused::OtherReadings(_) => "choose the same readings, or begin anew from the records",
            SnapshotRefused::OtherShare(_) => {
                "restart with the same number of workers, or begin anew from the records"
            }
        }
    }
}

impl fmt::Display for SnapshotRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SnapshotRefused::NoSnapshot => f.write_str("this is no snapshot"),
            SnapshotRefused::OtherFormat(found) => {
                write!(f, "the snapshot is of format {found}, and this version reads format {FORMAT}")
            }
            SnapshotRefused::OtherVersion(found) => {
                write!(f, "the snapshot was written by servanda {found}, and this is {}", version())
            }
            SnapshotRefused::Truncated(there, of) => {
                write!(f, "the snapshot is cut short: {there} bytes of {of}")
            }
            SnapshotRefused::Damaged => f.write_str("the snapshot is damaged: its checksum does not fit"),
            SnapshotRefused::OtherAgreement => f.write_str("the snapshot is of another agreement"),
            SnapshotRefused::OtherPlaces => {
                f.write_str("the snapshot was made with other shapes or points of zones")
            }
            SnapshotRefused::OtherReadings(found) if found.is_empty() => {
                f.write_str("the snapshot was made with no reading chosen")
            }
            SnapshotRefused::OtherReadings(found) => {
                let shown: Vec<String> =
                    found.iter().map(|(name, option)| format!("`{name}={option}`")).collect();
                write!(f, "the snapshot was made under {}", shown.join(", "))
            }
            SnapshotRefused::OtherShare(Some(Share { index, of })) => {
                write!(f, "the snapshot is of worker {index} of {of}")
            }
            SnapshotRefused::OtherShare(None) => {
                f.write_str("the snapshot is of one engine for the whole agreement")
            }
        }
    }
}

impl std::error::Error for SnapshotRefused {}

fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// The content; `Records` and `Rows` are lent when it is written.
#[derive(Serialize, Deserialize)]
struct Content<Records, Rows> {
    version: String,
    agreement: [u8; 32],
    places: [u8; 32],
    readings: BTreeMap<Name, Name>,
    share: Option<(u64, u64)>,
    frontier: Instant,
    records: Records,
    rows: Rows,
}

/// A digest of all that a value says of itself.
///
/// [`fmt::Debug`] of the model's types names every field and every value, floating-point numbers to the last bit.
pub fn digest(value: &impl fmt::Debug) -> [u8; 32] {
    struct Into(Sha256);
    impl fmt::Write for Into {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.update(text.as_bytes());
            Ok(())
        }
    }
    let mut into = Into(Sha256::new());
    // Writing into a digest cannot fail.
    let _ = fmt::write(&mut into, format_args!("{value:?}"));
    into.0.finalize().into()
}

impl<'a> Engine<'a> {
    /// The state as bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        let content = Content {
            version: version().to_string(),
            agreement: digest(self.agreement),
            places: digest(self.places),
            readings: self.settings.readings.clone(),
            share: self.settings.share.map(|s| (s.index as u64, s.of as u64)),
            frontier: self.live.frontier,
            records: self.records.values().collect::<Vec<_>>(),
            rows: self.live.history.rows(),
        };
        let mut bytes = Vec::from(MAGIC);
        bytes.extend(FORMAT.to_le_bytes());
        bytes.extend([0; 8]);
        #[allow(
            clippy::expect_used,
            reason = "no type of the model refuses to be written, and memory has no end"
        )]
        let mut bytes = postcard::to_extend(&content, bytes).expect("every state can be written");
        let length = (bytes.len() - HEAD) as u64;
        bytes[HEAD - 8..HEAD].copy_from_slice(&length.to_le_bytes());
        let sum: [u8; SUM] = Sha256::digest(&bytes).into();
        bytes.extend(sum);
        bytes
    }

    /// An engine in the state that a snapshot has.
    ///
    /// # Errors
    /// Where the bytes are not whole, or the snapshot is of something else.
    pub fn restore(
        agreement: &'a Agreement,
        places: &'a Places,
        settings: Settings,
        bytes: &[u8],
    ) -> Result<Engine<'a>, SnapshotRefused> {
        let content = read(bytes)?;
        if content.version != version() {
            return Err(SnapshotRefused::OtherVersion(content.version));
        }
        if content.agreement != digest(agreement) {
            return Err(SnapshotRefused::OtherAgreement);
        }
        if content.places != digest(places) {
            return Err(SnapshotRefused::OtherPlaces);
        }
        if content.readings != settings.readings {
            return Err(SnapshotRefused::OtherReadings(content.readings));
        }
        let share = content.share.map(|(index, of)| Share { index: index as usize, of: of as usize });
        if share != settings.share {
            return Err(SnapshotRefused::OtherShare(share));
        }
        let mut engine = Engine::new(agreement, places, settings);
        engine.add(content.records);
        let known: Vec<Arc<Record>> =
            engine.records.range(..=(content.frontier, super::last_id())).map(|(_, r)| r.clone()).collect();
        let reached = Question::at(content.frontier);
        let live = &mut engine.live;
        live.frontier = content.frontier;
        live.known = Known::at(agreement, &known, &reached);
        live.recorded = known;
        live.take_up(content.rows);
        Ok(engine)
    }
}

fn read(bytes: &[u8]) -> Result<Content<Vec<Record>, Vec<Row>>, SnapshotRefused> {
    let there = bytes.len() as u64;
    let magic = &bytes[..bytes.len().min(MAGIC.len())];
    if magic.is_empty() || *magic != MAGIC[..magic.len()] {
        return Err(SnapshotRefused::NoSnapshot);
    }
    let Some(head) = bytes.get(MAGIC.len()..HEAD) else {
        return Err(SnapshotRefused::Truncated(there, (HEAD + SUM) as u64));
    };
    let (format, length) = head.split_at(4);
    let format = format.try_into().map_or(0, u32::from_le_bytes);
    let length = length.try_into().map_or(0, u64::from_le_bytes);
    if format != FORMAT {
        return Err(SnapshotRefused::OtherFormat(format));
    }
    let whole = length.saturating_add((HEAD + SUM) as u64);
    if there < whole {
        return Err(SnapshotRefused::Truncated(there, whole));
    }
    let (said, sum) = bytes.split_at(bytes.len() - SUM);
    if there > whole || <[u8; SUM]>::from(Sha256::digest(said)) != *sum {
        return Err(SnapshotRefused::Damaged);
    }
    match postcard::take_from_bytes(&said[HEAD..]) {
        Ok((content, [])) => Ok(content),
        Ok(_) | Err(_) => Err(SnapshotRefused::Damaged),
    }
}

impl Live<'_> {
    /// Takes the history up where it was left: what each norm last said is what stands open in it.
    fn take_up(&mut self, rows: Vec<Row>) {
        let number: BTreeMap<Name, usize> =
            self.rules.iter().enumerate().map(|(i, rule)| (rule.norm.name.clone(), i)).collect();
        for (i, row) in rows.iter().enumerate() {
            self.open.insert(Key::of(&row.verdict), i);
        }
        let mut said: BTreeMap<usize, Vec<Arc<Verdict>>> = BTreeMap::new();
        for row in self.open.values().map(|i| &rows[*i]).filter(|row| !row.gone) {
            if let Some(rule) = number.get(&row.verdict.norm) {
                said.entry(*rule).or_default().push(row.verdict.clone());
            }
        }
        for (rule, said) in said {
            self.rules[rule].said = Instances::of_list(said);
        }
        self.history = History::of(rows);
    }
}
