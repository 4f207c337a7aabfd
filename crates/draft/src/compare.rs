//! Two versions of one text: which clauses came, went, changed or only moved, word by word; and for agreement files, what their rules
//! say before and after, in plain sentences.
//!
//! It does not weigh a change. A clause whose words stayed and whose number changed is moved, not changed.
//!
//! Invariants
//! - every clause of both versions is in exactly one list;
//! - the pieces of a change, without those that are new, are the words before, and without those that are gone, the words after.

use servanda_lang::changes::{Version, meaning};
use std::collections::{BTreeMap, BTreeSet};

/// A table of words is no larger.
const CELLS: usize = 4_000_000;

/// A clause of a version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Side {
    /// Its identity.
    pub id: String,
    /// Its heading.
    pub heading: String,
    /// Its words, white space folded.
    pub words: String,
}

/// Words of a change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// In both.
    Same(String),
    /// Only before.
    Gone(String),
    /// Only after.
    New(String),
}

/// A clause whose words changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// Before.
    pub before: Side,
    /// After.
    pub after: Side,
    /// What changed, in order.
    pub pieces: Vec<Piece>,
}

/// A rule whose sentence changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleChange {
    /// `duty consult`, `term attack`, …
    pub rule: String,
    /// Its sentence before; nothing where there was none.
    pub before: Option<String>,
    /// Its sentence after; nothing where there is none.
    pub after: Option<String>,
}

/// What differs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Comparison {
    /// Only in the second.
    pub added: Vec<Side>,
    /// Only in the first.
    pub removed: Vec<Side>,
    /// In both, with other words.
    pub changed: Vec<Change>,
    /// In both with the same words, and another identity: before, after.
    pub moved: Vec<(String, String)>,
    /// In both, untouched.
    pub same: usize,
    /// Rules, where both are agreement files.
    pub rules: Vec<RuleChange>,
}

impl Comparison {
    /// Whether anything differs.
    pub fn differs(&self) -> bool {
        !(self.added.is_empty()
            && self.removed.is_empty()
            && self.changed.is_empty()
            && self.moved.is_empty()
            && self.rules.is_empty())
    }
}

/// The clauses of a draft.
pub fn sides_of_draft(draft: &crate::Draft) -> Vec<Side> {
    let side =
        |c: &crate::outline::Clause| Side { id: c.id.clone(), heading: c.heading.clone(), words: c.words() };
    draft.clauses.iter().map(side).collect()
}

/// The clauses of an agreement file.
pub fn sides_of_text(text: &str) -> Vec<Side> {
    let parse = servanda_lang::parse(text);
    let side = |c: &servanda_lang::document::Clause| Side {
        id: c.id.to_string(),
        heading: c.heading.clone(),
        words: c.words.trim().to_string(),
    };
    parse.document.clauses.iter().map(side).collect()
}

/// Compares the clauses.
pub fn compare(before: &[Side], after: &[Side]) -> Comparison {
    let mut pair: BTreeMap<usize, usize> = BTreeMap::new();
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    // A numbered paragraph's heading is its number: its words alone make it the same.
    let same = |a: &Side, b: &Side| a.words == b.words && (!a.words.is_empty() || a.heading == b.heading);
    let at_home: BTreeMap<&str, usize> =
        after.iter().enumerate().map(|(at, s)| (s.id.as_str(), at)).collect();
    // Untouched in its place, then untouched elsewhere, then the same name, then nearly the same words.
    for (a, side) in before.iter().enumerate() {
        if let Some(b) = at_home.get(side.id.as_str()).filter(|b| same(side, &after[**b])) {
            pair.insert(a, *b);
            taken.insert(*b);
        }
    }
    for (a, side) in before.iter().enumerate() {
        if pair.contains_key(&a) {
            continue;
        }
        if let Some(b) = (0..after.len()).find(|b| !taken.contains(b) && same(side, &after[*b])) {
            pair.insert(a, b);
            taken.insert(b);
        }
    }
    for (least, by_name) in [(0.4, true), (0.6, false), (0.0, true)] {
        for (a, side) in before.iter().enumerate() {
            if pair.contains_key(&a) {
                continue;
            }
            let best = (0..after.len())
                .filter(|b| !taken.contains(b) && (!by_name || after[*b].id == side.id))
                .map(|b| (likeness(&side.words, &after[b].words), b))
                .filter(|(likeness, _)| *likeness >= least)
                .max_by(|x, y| x.0.total_cmp(&y.0).then(y.1.cmp(&x.1)));
            if let Some((_, b)) = best {
                pair.insert(a, b);
                taken.insert(b);
            }
        }
    }
    let mut out = Comparison::default();
    for (a, side) in before.iter().enumerate() {
        match pair.get(&a).map(|b| &after[*b]) {
            None => out.removed.push(side.clone()),
            Some(other) if same(side, other) && side.id == other.id && side.heading == other.heading => {
                out.same += 1
            }
            Some(other) if same(side, other) => out.moved.push((side.id.clone(), other.id.clone())),
            Some(other) => out.changed.push(Change {
                before: side.clone(),
                after: other.clone(),
                pieces: pieces(&side.words, &other.words),
            }),
        }
    }
    out.added =
        after.iter().enumerate().filter(|(b, _)| !taken.contains(b)).map(|(_, s)| s.clone()).collect();
    out
}

/// The share of words that two texts have in common, from 0 to 1.
fn likeness(a: &str, b: &str) -> f64 {
    let set = |t: &str| t.split_whitespace().map(str::to_lowercase).collect::<BTreeSet<_>>();
    let (a, b) = (set(a), set(b));
    let all = a.union(&b).count();
    if all == 0 {
        return 0.0;
    }
    let (common, all) = (u32::try_from(a.intersection(&b).count()), u32::try_from(all));
    f64::from(common.unwrap_or(0)) / f64::from(all.unwrap_or(u32::MAX))
}

/// What changed between two texts, word by word.
pub fn pieces(before: &str, after: &str) -> Vec<Piece> {
    let a: Vec<&str> = before.split_whitespace().collect();
    let b: Vec<&str> = after.split_whitespace().collect();
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let rest = a.len().min(b.len()) - head;
    let tail = a.iter().rev().zip(b.iter().rev()).take(rest).take_while(|(x, y)| x == y).count();
    let (mid_a, mid_b) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
    let mut marks: Vec<(u8, &str)> = a[..head].iter().map(|w| (0, *w)).collect();
    if mid_a.len().saturating_mul(mid_b.len()) > CELLS {
        marks.extend(mid_a.iter().map(|w| (1, *w)));
        marks.extend(mid_b.iter().map(|w| (2, *w)));
    } else {
        let width = mid_b.len() + 1;
        let mut longest = vec![0u32; (mid_a.len() + 1) * width];
        for i in (0..mid_a.len()).rev() {
            for j in (0..mid_b.len()).rev() {
                longest[i * width + j] = if mid_a[i] == mid_b[j] {
                    longest[(i + 1) * width + j + 1] + 1
                } else {
                    longest[(i + 1) * width + j].max(longest[i * width + j + 1])
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < mid_a.len() || j < mid_b.len() {
            if i < mid_a.len() && j < mid_b.len() && mid_a[i] == mid_b[j] {
                marks.push((0, mid_a[i]));
                (i, j) = (i + 1, j + 1);
            } else if j == mid_b.len()
                || (i < mid_a.len() && longest[(i + 1) * width + j] >= longest[i * width + j + 1])
            {
                marks.push((1, mid_a[i]));
                i += 1;
            } else {
                marks.push((2, mid_b[j]));
                j += 1;
            }
        }
    }
    marks.extend(a[a.len() - tail..].iter().map(|w| (0, *w)));
    let mut out: Vec<(u8, String)> = Vec::new();
    for (mark, word) in marks {
        match out.last_mut() {
            Some((last, words)) if *last == mark => {
                words.push(' ');
                words.push_str(word);
            }
            _ => out.push((mark, word.to_string())),
        }
    }
    let piece = |(mark, words)| match mark {
        0 => Piece::Same(words),
        1 => Piece::Gone(words),
        _ => Piece::New(words),
    };
    out.into_iter().map(piece).collect()
}

/// What the rules of two agreement files say, where it differs.
pub fn rules(before: &str, after: &str) -> Vec<RuleChange> {
    let (a, b) = (servanda_lang::check(before), servanda_lang::check(after));
    let found = meaning(Version { text: before, checked: &a }, Version { text: after, checked: &b });
    let rule = |c: servanda_lang::changes::Change| RuleChange {
        rule: format!("{} {}", c.what, c.name).trim().to_string(),
        before: c.before,
        after: c.after,
    };
    found.into_iter().map(rule).collect()
}

/// A comparison for people. `colour` marks what is gone and what is new by colour besides the signs.
pub fn text(comparison: &Comparison, colour: bool) -> String {
    let (red, green, plain) = if colour { ("\x1b[31m", "\x1b[32m", "\x1b[0m") } else { ("", "", "") };
    let mut out = format!(
        "{} added, {} removed, {} changed, {} moved, {} as before\n",
        comparison.added.len(),
        comparison.removed.len(),
        comparison.changed.len(),
        comparison.moved.len(),
        comparison.same,
    );
    for side in &comparison.removed {
        out.push_str(&format!("\n{red}- {} removed{plain}: {}\n  {}\n", side.id, side.heading, side.words));
    }
    for side in &comparison.added {
        out.push_str(&format!("\n{green}+ {} added{plain}: {}\n  {}\n", side.id, side.heading, side.words));
    }
    for change in &comparison.changed {
        let name = if change.before.id == change.after.id {
            change.before.id.clone()
        } else {
            format!("{} → {}", change.before.id, change.after.id)
        };
        out.push_str(&format!("\n~ {name} changed"));
        if change.before.heading != change.after.heading {
            out.push_str(&format!(
                ": heading {red}[-{}-]{plain} {green}{{+{}+}}{plain}",
                change.before.heading, change.after.heading
            ));
        }
        out.push_str("\n  ");
        let shown: Vec<String> = change
            .pieces
            .iter()
            .map(|piece| match piece {
                Piece::Same(words) => around(words),
                Piece::Gone(words) => format!("{red}[-{words}-]{plain}"),
                Piece::New(words) => format!("{green}{{+{words}+}}{plain}"),
            })
            .collect();
        out.push_str(&shown.join(" "));
        out.push('\n');
    }
    for (before, after) in &comparison.moved {
        if before == after {
            out.push_str(&format!("\n= {before} has another heading, and the same words\n"));
        } else {
            out.push_str(&format!("\n= {before} → {after}, with the same words\n"));
        }
    }
    for rule in &comparison.rules {
        out.push_str(&format!("\nrule: {}\n", rule.rule));
        match &rule.before {
            Some(words) => out.push_str(&format!("  {red}before{plain}: {}\n", words.trim())),
            None => out.push_str("  before: there was none\n"),
        }
        match &rule.after {
            Some(words) => out.push_str(&format!("  {green}after{plain}:  {}\n", words.trim())),
            None => out.push_str("  after:  there is none\n"),
        }
    }
    out
}

/// A long stretch that stayed is shown by its ends.
fn around(words: &str) -> String {
    let all: Vec<&str> = words.split(' ').collect();
    if all.len() <= 24 {
        return words.to_string();
    }
    format!("{} … {}", all[..10].join(" "), all[all.len() - 10..].join(" "))
}

/// A comparison for programs.
pub fn json(comparison: &Comparison) -> String {
    use serde_json::{Value, json};
    let side = |s: &Side| json!({"id": s.id, "heading": s.heading, "words": s.words});
    let change = |c: &Change| {
        let pieces: Vec<Value> = c
            .pieces
            .iter()
            .map(|p| match p {
                Piece::Same(words) => json!({"same": words}),
                Piece::Gone(words) => json!({"gone": words}),
                Piece::New(words) => json!({"new": words}),
            })
            .collect();
        json!({"before": side(&c.before), "after": side(&c.after), "pieces": pieces})
    };
    let document = json!({
        "servanda": "compare", "version": 1,
        "added": comparison.added.iter().map(side).collect::<Vec<_>>(),
        "removed": comparison.removed.iter().map(side).collect::<Vec<_>>(),
        "changed": comparison.changed.iter().map(change).collect::<Vec<_>>(),
        "moved": comparison.moved.iter().map(|(a, b)| json!({"before": a, "after": b})).collect::<Vec<_>>(),
        "same": comparison.same,
        "rules": comparison.rules.iter().map(|r| json!({"rule": r.rule, "before": r.before, "after": r.after})).collect::<Vec<_>>(),
    });
    format!("{document:#}\n")
}
