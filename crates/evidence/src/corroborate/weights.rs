//! Weights: what each level of each field adds to the log-odds that two reports speak of one event.
//!
//! The shipped ones stand in `crates/evidence/data/links.weights.toml` with where they come from. A file of the same form
//! may be put in their place; the program writes one when it is asked to learn from rulings.
//!
//! Invariants
//! - [`Weights::parse`] of [`Weights::text`] gives the same weights;
//! - an unknown field or level is an error, never skipped; a level that a file does not name weighs nought.

use super::fields::{COUNT, FIELDS, Levels};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Log-odds of levels. All natural logarithms.
#[derive(Clone, PartialEq, Debug)]
pub struct Weights {
    /// Which weights these are; written into rulings.
    pub version: String,
    /// Where they come from, line by line.
    pub provenance: Vec<String>,
    /// The log-odds before anything is compared.
    pub base: f64,
    /// Clusters are joined while their average log-odds are above this.
    pub threshold: f64,
    /// What counts for two reports of a cluster that were no candidates.
    pub unseen: f64,
    /// Of each field, of each level.
    pub levels: Vec<Vec<f64>>,
}

const SHIPPED: &str = include_str!("../../data/links.weights.toml");

/// What is wrong with a weights file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WeightsFault(pub String);

impl std::fmt::Display for WeightsFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WeightsFault {}

impl Weights {
    /// Nought for everything.
    pub fn nought(version: &str) -> Weights {
        Weights {
            version: version.to_string(),
            provenance: Vec::new(),
            base: 0.0,
            threshold: 0.0,
            unseen: -4.0,
            levels: FIELDS.iter().map(|f| vec![0.0; f.levels.len()]).collect(),
        }
    }

    /// The shipped weights.
    pub fn shipped() -> Weights {
        Weights::parse(SHIPPED).unwrap_or_else(|fault| panic!("the shipped weights: {fault}"))
    }

    /// The log-odds of a comparison.
    pub fn score(&self, levels: &Levels) -> f64 {
        let mut sum = self.base;
        for (weights, level) in self.levels.iter().zip(levels) {
            sum += weights[*level as usize];
        }
        sum
    }

    /// Reads a weights file.
    ///
    /// # Errors
    /// Says which key cannot be used and what would do.
    pub fn parse(text: &str) -> Result<Weights, WeightsFault> {
        let table: toml::Table = toml::from_str(text).map_err(|e| {
            let line = e.span().map_or(1, |s| text[..s.start.min(text.len())].matches('\n').count() + 1);
            WeightsFault(format!("line {line}: {}", e.message()))
        })?;
        let fault = |words: String| Err(WeightsFault(words));
        let number = |key: &str, value: &toml::Value| {
            let number = match value {
                toml::Value::Float(n) => Some(*n),
                toml::Value::Integer(n) => Some(*n as f64),
                _ => None,
            };
            number
                .filter(|n| n.is_finite() && n.abs() <= 100.0)
                .ok_or_else(|| WeightsFault(format!("`{key}` must be a number between -100 and 100")))
        };
        let mut weights = Weights::nought("");
        let mut needed: BTreeMap<&str, bool> =
            ["version", "base", "threshold", "unseen"].into_iter().map(|key| (key, false)).collect();
        for (key, value) in &table {
            if let Some(seen) = needed.get_mut(key.as_str()) {
                *seen = true;
            }
            match (key.as_str(), value) {
                ("version", toml::Value::String(version)) if !version.trim().is_empty() => {
                    weights.version = version.clone()
                }
                ("version", _) => return fault("`version` must be a text".into()),
                ("provenance", toml::Value::Array(lines)) => {
                    let lines: Option<Vec<String>> =
                        lines.iter().map(|line| line.as_str().map(String::from)).collect();
                    weights.provenance =
                        lines.ok_or_else(|| WeightsFault("`provenance` must be a list of texts".into()))?;
                }
                ("base", value) => weights.base = number(key, value)?,
                ("threshold", value) => weights.threshold = number(key, value)?,
                ("unseen", value) => weights.unseen = number(key, value)?,
                (field, toml::Value::Table(levels)) => {
                    let Some(at) = FIELDS.iter().position(|f| f.key == field) else {
                        let known: Vec<&str> = FIELDS.iter().map(|f| f.key).collect();
                        return fault(format!("there is no field `{field}`; there is {}", known.join(", ")));
                    };
                    for (level, value) in levels {
                        let Some(which) = FIELDS[at].levels.iter().position(|l| l.0 == level) else {
                            let known: Vec<&str> = FIELDS[at].levels.iter().map(|l| l.0).collect();
                            let known = known.join(", ");
                            return fault(format!("`{field}` has no level `{level}`; it has {known}"));
                        };
                        weights.levels[at][which] = number(&format!("{field}.{level}"), value)?;
                    }
                }
                (key, _) => {
                    return fault(format!(
                        "the key `{key}` is not known; there is version, provenance, base, threshold, unseen, \
                         and a table for each field"
                    ));
                }
            }
        }
        match needed.into_iter().find(|(_, seen)| !seen) {
            Some((key, _)) => fault(format!("the weights have no `{key}`; add it")),
            None => Ok(weights),
        }
    }

    /// As a weights file.
    pub fn text(&self) -> String {
        // A text of JSON is a text of TOML.
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut out = format!("version = {}\n", quoted(&self.version));
        if !self.provenance.is_empty() {
            out.push_str("provenance = [\n");
            for line in &self.provenance {
                let _ = writeln!(out, "  {},", quoted(line));
            }
            out.push_str("]\n");
        }
        let _ = writeln!(
            out,
            "base = {:.3}\nthreshold = {:.3}\nunseen = {:.3}",
            self.base, self.threshold, self.unseen
        );
        for (field, weights) in FIELDS.iter().zip(&self.levels) {
            let _ = writeln!(out, "\n# {}\n[{}]", field.asks, field.key);
            for ((key, words), weight) in field.levels.iter().zip(weights) {
                let number = format!("{key} = {weight:.3}");
                let _ = writeln!(out, "{number:<28}# {words}");
            }
        }
        out
    }

    /// The same, rounded as a file has them.
    pub fn rounded(&self) -> Weights {
        Weights::parse(&self.text()).unwrap_or_else(|_| self.clone())
    }

    /// The same, but that more agreement in words, names and kinds never weighs less than less agreement, and that lying
    /// further beyond the stated doubt never weighs more.
    ///
    /// Headlines list several events, so texts alike can look like a sign of two; with texts of one event they are none.
    pub fn rising(mut self) -> Weights {
        use super::fields::{ACTORS, DOUBT, KIND, PLACE_WORDS, RAREST, WORDS};
        for field in [ACTORS, KIND, PLACE_WORDS, WORDS, RAREST] {
            let from = usize::from(FIELDS[field].levels[0].0 == "unstated");
            let mut least = f64::NEG_INFINITY;
            for weight in &mut self.levels[field][from..] {
                least = least.max(*weight);
                *weight = least;
            }
        }
        let beyond = &mut self.levels[DOUBT][2..6];
        for i in 1..beyond.len() {
            beyond[i] = beyond[i].min(beyond[i - 1]);
        }
        self
    }

    /// Every number in one row: the base, then level by level.
    pub(super) fn row(&self) -> Vec<f64> {
        std::iter::once(self.base).chain(self.levels.iter().flatten().copied()).collect()
    }

    /// Takes the numbers of such a row.
    pub(super) fn take(&mut self, row: &[f64]) {
        self.base = row[0];
        let mut rest = row[1..].iter();
        for weight in self.levels.iter_mut().flatten() {
            *weight = rest.next().copied().unwrap_or(0.0);
        }
    }

    /// Where the levels of a comparison stand in such a row.
    pub(super) fn places(levels: &Levels) -> [usize; COUNT + 1] {
        let mut places = [0; COUNT + 1];
        let mut from = 1;
        for (field, level) in levels.iter().enumerate() {
            places[field + 1] = from + *level as usize;
            from += FIELDS[field].levels.len();
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_weights_are_read_and_written_alike() {
        let shipped = Weights::shipped();
        assert!(!shipped.provenance.is_empty(), "where do they come from?");
        assert_eq!(Weights::parse(&shipped.text()), Ok(shipped));
    }

    #[test]
    fn slips_are_named() {
        let good = Weights::nought("x").text();
        for (from, to, words) in [
            ("[time]", "[tyme]", "no field `tyme`"),
            ("overlap = 0.000", "overlapp = 0.000", "`time` has no level `overlapp`"),
            ("overlap = 0.000", "overlap = 1e9", "`time.overlap` must be a number"),
            ("unseen = -4.000\n", "", "no `unseen`"),
            ("version = \"x\"", "version = 1", "`version` must be a text"),
            ("base = 0.000", "base = ", "line 2"),
            ("base = 0.000", "base = 0.0\nbias = 1", "`bias` is not known"),
        ] {
            let broken = good.replacen(from, to, 1);
            assert_ne!(broken, good, "{from}");
            let fault = Weights::parse(&broken).unwrap_err().0;
            assert!(fault.contains(words), "{fault}");
        }
    }
}
