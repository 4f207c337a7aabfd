//! The numbers that a word processor makes and does not store: `numbering.xml`, followed as it says.
//!
//! It knows levels, their formats and texts, where they restart, overrides of a list, and numbering that comes with a
//! style. It does not know picture bullets and the formats of East Asian scripts; these are shown as decimal.
//!
//! Invariants
//! - lists of one abstract definition share their counters, as they do in the word processor;
//! - a level that was never counted is shown at its start.
//!
//! # Source
//! ECMA-376, part 1, 17.9.

use roxmltree::{Document, Node};
use std::collections::{BTreeMap, BTreeSet};

/// The deepest level.
const LEVELS: usize = 9;

#[derive(Clone, Debug)]
struct Level {
    start: u64,
    format: String,
    text: String,
    /// Restarts after a level above this one was counted; 0: never.
    restart: Option<usize>,
    legal: bool,
}

impl Default for Level {
    fn default() -> Level {
        Level { start: 1, format: "decimal".into(), text: String::new(), restart: None, legal: false }
    }
}

#[derive(Clone, Debug, Default)]
struct List {
    of: String,
    starts: BTreeMap<usize, u64>,
    levels: BTreeMap<usize, Level>,
}

/// What `numbering.xml` says, and how far counting has come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbering {
    definitions: BTreeMap<String, BTreeMap<usize, Level>>,
    lists: BTreeMap<String, List>,
    counts: BTreeMap<String, [Option<u64>; LEVELS]>,
    begun: BTreeSet<(String, usize)>,
}

fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes().find(|a| a.name() == name).map(|a| a.value())
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|c| c.has_tag_name(name) || c.tag_name().name() == name)
}

fn value<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    attribute(child(node, name)?, "val")
}

fn level(node: Node<'_, '_>) -> Level {
    Level {
        start: value(node, "start").and_then(|v| v.parse().ok()).unwrap_or(0),
        format: value(node, "numFmt").unwrap_or("decimal").to_string(),
        text: value(node, "lvlText").unwrap_or("").to_string(),
        restart: value(node, "lvlRestart").and_then(|v| v.parse().ok()),
        legal: child(node, "isLgl").is_some_and(|n| !matches!(attribute(n, "val"), Some("0" | "false"))),
    }
}

impl Numbering {
    /// Reads the part. What it does not understand it leaves out.
    pub(crate) fn of(document: &Document<'_>) -> Numbering {
        let mut numbering = Numbering::default();
        let mut linked: BTreeMap<String, String> = BTreeMap::new();
        let mut styled: BTreeMap<String, String> = BTreeMap::new();
        let root = document.root_element();
        for node in root.children() {
            match node.tag_name().name() {
                "abstractNum" => {
                    let Some(id) = attribute(node, "abstractNumId") else { continue };
                    let mut levels = BTreeMap::new();
                    for lvl in node.children().filter(|c| c.tag_name().name() == "lvl") {
                        let at = attribute(lvl, "ilvl").and_then(|v| v.parse::<usize>().ok());
                        if let Some(at) = at.filter(|at| *at < LEVELS) {
                            levels.insert(at, level(lvl));
                        }
                    }
                    numbering.definitions.insert(id.to_string(), levels);
                    if let Some(style) = value(node, "numStyleLink") {
                        linked.insert(id.to_string(), style.to_string());
                    }
                    if let Some(style) = value(node, "styleLink") {
                        styled.insert(style.to_string(), id.to_string());
                    }
                }
                "num" => {
                    let Some(id) = attribute(node, "numId") else { continue };
                    let Some(of) = value(node, "abstractNumId") else { continue };
                    let mut list = List { of: of.to_string(), ..List::default() };
                    for change in node.children().filter(|c| c.tag_name().name() == "lvlOverride") {
                        let at = attribute(change, "ilvl").and_then(|v| v.parse::<usize>().ok());
                        let Some(at) = at.filter(|at| *at < LEVELS) else { continue };
                        if let Some(start) = value(change, "startOverride").and_then(|v| v.parse().ok()) {
                            list.starts.insert(at, start);
                        }
                        if let Some(lvl) = child(change, "lvl") {
                            list.levels.insert(at, level(lvl));
                        }
                    }
                    numbering.lists.insert(id.to_string(), list);
                }
                _ => {}
            }
        }
        for (id, style) in linked {
            if let Some(levels) = styled.get(&style).and_then(|of| numbering.definitions.get(of)).cloned() {
                numbering.definitions.insert(id, levels);
            }
        }
        numbering
    }

    /// Counts one paragraph of a list and gives its number as a reader sees it; nothing where there is none to see.
    pub(crate) fn count(&mut self, list: &str, depth: usize) -> Option<String> {
        let depth = depth.min(LEVELS - 1);
        let found = self.lists.get(list)?.clone();
        let definition = self.definitions.get(&found.of).cloned().unwrap_or_default();
        let of =
            |at: usize| found.levels.get(&at).or_else(|| definition.get(&at)).cloned().unwrap_or_default();
        let counts = self.counts.entry(found.of.clone()).or_insert([None; LEVELS]);
        if self.begun.insert((list.to_string(), depth))
            && let Some(start) = found.starts.get(&depth)
        {
            counts[depth] = start.checked_sub(1);
            if *start == 0 {
                counts[depth] = None;
            }
        }
        let start = found.starts.get(&depth).copied().unwrap_or(of(depth).start);
        counts[depth] = Some(counts[depth].map_or(start, |n| n.saturating_add(1)));
        for (deeper, count) in counts.iter_mut().enumerate().skip(depth + 1) {
            let restarts = match of(deeper).restart {
                Some(0) => false,
                Some(above) => depth < above,
                None => true,
            };
            if restarts {
                *count = None;
            }
        }
        let here = of(depth);
        if here.format == "bullet" {
            return Some("•".to_string());
        }
        if here.format == "none" && !here.text.contains('%') {
            return (!here.text.trim().is_empty()).then(|| here.text.trim().to_string());
        }
        let mut shown = String::new();
        let mut letters = here.text.chars();
        while let Some(c) = letters.next() {
            if c != '%' {
                shown.push(c);
                continue;
            }
            let Some(at) = letters.next().and_then(|d| d.to_digit(10)).filter(|d| *d >= 1) else { continue };
            let at = at as usize - 1;
            let level = of(at);
            let number = counts.get(at).copied().flatten().unwrap_or(level.start.max(1));
            let format = if here.legal { "decimal" } else { level.format.as_str() };
            shown.push_str(&number_as(number, format));
        }
        let shown = crate::source::visible(&shown);
        (!shown.is_empty()).then_some(shown)
    }
}

/// A number in a format of the word processor.
fn number_as(number: u64, format: &str) -> String {
    match format {
        "lowerLetter" => letters(number, 'a'),
        "upperLetter" => letters(number, 'A'),
        "lowerRoman" => roman(number).to_lowercase(),
        "upperRoman" => roman(number),
        "decimalZero" => format!("{number:02}"),
        "russianLower" => cyrillic(number),
        "russianUpper" => cyrillic(number).to_uppercase(),
        "none" => String::new(),
        _ => number.to_string(),
    }
}

/// After z comes aa, then bb.
fn letters(number: u64, first: char) -> String {
    let Some(n) = number.checked_sub(1) else { return "0".into() };
    let letter = char::from(first as u8 + u8::try_from(n % 26).unwrap_or(0));
    letter.to_string().repeat(usize::try_from(n / 26 + 1).unwrap_or(1).min(20))
}

fn cyrillic(number: u64) -> String {
    const LETTERS: &str = "абвгдежзиклмнопрстуфхцчшщэюя";
    let Some(n) = number.checked_sub(1) else { return "0".into() };
    let count = LETTERS.chars().count() as u64;
    let letter = LETTERS.chars().nth(usize::try_from(n % count).unwrap_or(0)).unwrap_or('а');
    letter.to_string().repeat(usize::try_from(n / count + 1).unwrap_or(1).min(20))
}

fn roman(number: u64) -> String {
    if number == 0 || number > 3999 {
        return number.to_string();
    }
    const STEPS: [(u64, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    let (mut rest, mut out) = (number, String::new());
    for (worth, sign) in STEPS {
        while rest >= worth {
            out.push_str(sign);
            rest -= worth;
        }
    }
    out
}
