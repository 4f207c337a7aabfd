//! Which sources of one event are independent: copies of one text are one source, and so are those that name one agency.
//!
//! Two papers that print the same dispatch have not each seen something. The test is on the words: runs of three words that
//! both texts have, as a share of all. It compares within one event only, and says nothing about who is right.
//!
//! Invariants
//! - the order of the records makes no difference;
//! - short texts are never taken for copies of each other: "shelling near the bridge" can be written twice.
//!
//! # Source
//! Shingles: Broder, "On the resemblance and containment of documents" (1997). With few reports an event the resemblance is
//! computed outright; no sketch is needed.

use super::reports::tokens;
use servanda_model::{Record, RecordId};
use std::collections::{BTreeMap, BTreeSet};

/// Keys of [`Record::extra`] that hold more of a report's text than its title.
pub const TEXT_KEYS: [&str; 5] = ["text", "body", "summary", "notes", "description"];
/// Key of [`Record::extra`] that names the agency whose text it is.
pub const AGENCY_KEY: &str = "agency";
/// Texts of fewer words are not compared.
const LEAST_WORDS: usize = 6;
/// Texts that share so much of their runs of three words are copies.
const COPY: f64 = 0.5;

/// Agencies, by the words that name them in a text or as its source.
const AGENCIES: &[(&str, &[&str])] = &[
    ("Reuters", &["reuters"]),
    ("AFP", &["afp", "agence france presse"]),
    ("AP", &["associated press"]),
    ("TASS", &["tass", "тасс"]),
    ("Interfax-Ukraine", &["interfax ukraine", "інтерфакс україна"]),
    ("Interfax", &["interfax", "интерфакс"]),
    ("RIA Novosti", &["ria novosti", "риа новости"]),
    ("Ukrinform", &["ukrinform", "укрінформ", "укринформ"]),
    ("UNIAN", &["unian", "уніан"]),
    ("Xinhua", &["xinhua"]),
    ("dpa", &["dpa", "deutsche presse agentur"]),
    ("EFE", &["efe"]),
    ("ANSA", &["ansa"]),
    ("Anadolu", &["anadolu"]),
];

/// Sources of one event that stand for one, in the order of their first report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Independent {
    /// The source that counts: whoever was recorded first.
    pub counts: String,
    /// Those that repeat it, each with why.
    pub repeats: Vec<(String, String)>,
}

/// The independent sources among the records of one event.
pub fn independent(records: &[&Record]) -> Vec<Independent> {
    let mut order: Vec<&Record> = records.to_vec();
    order.sort_by(|a, b| (a.recorded, &a.id).cmp(&(b.recorded, &b.id)));
    let texts: Vec<Text> = order.iter().map(|r| Text::of(r)).collect();
    let mut names: Vec<&str> = Vec::new();
    let mut own: Vec<usize> = Vec::new();
    for record in &order {
        let at = names.iter().position(|n| *n == record.source).unwrap_or_else(|| {
            names.push(&record.source);
            names.len() - 1
        });
        own.push(at);
    }
    // To which earlier source each one leads, and why.
    let mut leads: Vec<Option<(usize, String)>> = vec![None; names.len()];
    let root = |leads: &[Option<(usize, String)>], mut at: usize| {
        while let Some((to, _)) = &leads[at] {
            at = *to;
        }
        at
    };
    for i in 0..order.len() {
        for j in 0..i {
            let (a, b) = (root(&leads, own[j]), root(&leads, own[i]));
            if a == b {
                continue;
            }
            if let Some(why) = texts[j].repeated_by(&texts[i]) {
                leads[a.max(b)] = Some((a.min(b), why));
            }
        }
    }
    let mut out: BTreeMap<usize, Independent> = BTreeMap::new();
    for (at, name) in names.iter().enumerate() {
        let to = root(&leads, at);
        let entry = out
            .entry(to)
            .or_insert_with(|| Independent { counts: names[to].to_string(), repeats: Vec::new() });
        if let Some((_, why)) = &leads[at] {
            entry.repeats.push((name.to_string(), why.clone()));
        }
    }
    out.into_values().collect()
}

/// The records of one event whose source repeats another's.
pub fn repeating(records: &[&Record]) -> BTreeSet<RecordId> {
    let sources = independent(records);
    let repeats: BTreeSet<&str> =
        sources.iter().flat_map(|s| &s.repeats).map(|(name, _)| name.as_str()).collect();
    records.iter().filter(|r| repeats.contains(r.source.as_str())).map(|r| r.id.clone()).collect()
}

struct Text {
    words: usize,
    runs: BTreeSet<u64>,
    agencies: BTreeSet<&'static str>,
}

impl Text {
    fn of(record: &Record) -> Text {
        let extra = TEXT_KEYS.iter().filter_map(|key| record.extra.get(*key));
        let text =
            std::iter::once(&record.title).chain(extra).map(String::as_str).collect::<Vec<_>>().join(" ");
        let mut words = Vec::new();
        tokens(&text, |word| words.push(word.to_string()));
        let run = |three: &[String]| {
            // FNV-1a: the same on every machine.
            three.join(" ").bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            })
        };
        let mut named = Vec::new();
        let stated = record.extra.get(AGENCY_KEY).map_or("", String::as_str);
        for part in [&record.source, stated, text.as_str()] {
            tokens(part, |word| named.push(word.to_string()));
            named.push("\u{1}".into());
        }
        let named = format!(" {} ", named.join(" "));
        let agency =
            AGENCIES.iter().find(|(_, names)| names.iter().any(|n| named.contains(&format!(" {n} "))));
        Text {
            words: words.len(),
            runs: words.windows(3).map(run).collect(),
            agencies: agency.into_iter().map(|(name, _)| *name).collect(),
        }
    }

    /// Why the other repeats this one, where it does.
    fn repeated_by(&self, other: &Text) -> Option<String> {
        if let Some(agency) = self.agencies.intersection(&other.agencies).next() {
            return Some(format!("both name {agency}"));
        }
        if self.words.min(other.words) < LEAST_WORDS {
            return None;
        }
        let both = self.runs.intersection(&other.runs).count();
        let all = self.runs.len() + other.runs.len() - both;
        let share = both as f64 / all.max(1) as f64;
        (share >= COPY).then(|| format!("{:.0} % of one text is the other's", 100.0 * share))
    }
}
