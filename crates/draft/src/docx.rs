//! Word processor files: `word/document.xml`, with its styles, its automatic numbers and its notes.
//!
//! It reads what a reader of the final text sees: insertions count, deletions do not, hidden runs do not. It does not read
//! pictures, headers and footers, comments, or embedded objects.
//!
//! Invariants
//! - no part is unpacked beyond `UNPACKED_LIMIT`; entities of document types are refused by the XML reader;
//! - text boxes are read once, not twice as the file stores them.

use crate::numbering::Numbering;
use crate::source::{Block, Kind, Place, Refused, Source, UNPACKED_LIMIT, visible};
use roxmltree::{Document, Node, ParsingOptions};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

/// No document is nested deeper.
const DEPTH: usize = 200;

type Archive<'a> = zip::ZipArchive<Cursor<&'a [u8]>>;

/// Reads a file whose bytes begin as those of a zip archive.
pub(crate) fn read(bytes: &[u8]) -> Result<Source, Refused> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| {
        Refused::new(
            "the archive",
            format!("it cannot be opened: {e}"),
            "the file is cut off or damaged: fetch it again, or open it in a word processor and save it as .docx",
        )
    })?;
    let main = main_part(&mut archive)?;
    let folder = main.rsplit_once('/').map_or("", |(folder, _)| folder).to_string();
    let beside = |name: &str| if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") };
    let body = part(&mut archive, &main)?.ok_or_else(|| {
        Refused::new(
            "the archive",
            "it holds no `word/document.xml`, so it is no document of a word processor",
            "is it the right file? Save the text as .docx or .txt",
        )
    })?;
    let numbering = part(&mut archive, &beside("numbering.xml"))?;
    let styles = part(&mut archive, &beside("styles.xml"))?;
    let footnotes = part(&mut archive, &beside("footnotes.xml"))?;
    let endnotes = part(&mut archive, &beside("endnotes.xml"))?;

    let mut reader = Reader::default();
    if let Some(text) = &numbering {
        reader.numbering = Numbering::of(&xml("word/numbering.xml", text)?);
    }
    if let Some(text) = &styles {
        reader.styles = self::styles(&xml("word/styles.xml", text)?);
    }
    for (name, text, sign) in
        [("word/footnotes.xml", &footnotes, "footnote"), ("word/endnotes.xml", &endnotes, "endnote")]
    {
        if let Some(text) = text {
            let document = xml(name, text)?;
            for note in document.root_element().children().filter(|n| n.tag_name().name() == sign) {
                if attribute(note, "type").is_some_and(|t| t != "normal") {
                    continue;
                }
                if let Some(id) = attribute(note, "id") {
                    let mut words = String::new();
                    for paragraph in note.descendants().filter(|n| n.tag_name().name() == "p") {
                        reader.run_text(paragraph, &mut words, 0);
                        words.push(' ');
                    }
                    reader.notes.insert((sign, id.to_string()), visible(&words));
                }
            }
        }
    }
    let document = xml(&main, &body)?;
    let Some(root) = document.root_element().children().find(|n| n.tag_name().name() == "body") else {
        return Err(Refused::new(
            main,
            "it has no body",
            "open it in a word processor and save it as .docx again",
        ));
    };
    reader.walk(root, 0);
    reader.flush_carried();
    let mut notes = Vec::new();
    let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    if reader.inserted + reader.deleted > 0 {
        notes.push(format!(
            "tracked changes are taken as accepted: {} counted, {} left out",
            plural(reader.inserted, "insertion"),
            plural(reader.deleted, "deletion"),
        ));
    }
    if reader.hidden > 0 {
        notes.push(format!("{} of hidden text left out", plural(reader.hidden, "run")));
    }
    if reader.cited > 0 {
        notes
            .push(format!("{} stand behind the paragraphs that cite them", plural(reader.cited, "footnote")));
    }
    Ok(Source { kind: Kind::Docx, blocks: reader.blocks, notes })
}

/// The name of the main part: what the package says, else where it always is.
fn main_part(archive: &mut Archive<'_>) -> Result<String, Refused> {
    let usual = "word/document.xml".to_string();
    let Some(text) = part(archive, "_rels/.rels")? else { return Ok(usual) };
    let relations = xml("_rels/.rels", &text)?;
    let target = relations.descendants().find(|n| {
        n.tag_name().name() == "Relationship"
            && n.attribute("Type").is_some_and(|t| t.ends_with("/officeDocument"))
    });
    Ok(target
        .and_then(|n| n.attribute("Target"))
        .map(|t| t.trim_start_matches('/').to_string())
        .filter(|t| archive.index_for_name(t).is_some())
        .unwrap_or(usual))
}

fn part(archive: &mut Archive<'_>, name: &str) -> Result<Option<String>, Refused> {
    let damaged = |reason: String| {
        Refused::new(
            format!("the part `{name}`"),
            reason,
            "the file is cut off or damaged: fetch it again, or open it in a word processor and save it as .docx",
        )
    };
    let file = match archive.by_name(name) {
        Ok(file) => file,
        Err(zip::result::ZipError::FileNotFound) => return Ok(None),
        Err(e) => {
            let reason = format!("it cannot be unpacked: {e}");
            return Err(if reason.to_lowercase().contains("password") {
                Refused::new(
                    format!("the part `{name}`"),
                    "it is protected by a password",
                    "unpack the archive with its password first",
                )
            } else {
                damaged(reason)
            });
        }
    };
    let mut bytes = Vec::new();
    file.take(UNPACKED_LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| damaged(format!("it cannot be unpacked: {e}")))?;
    if bytes.len() as u64 > UNPACKED_LIMIT {
        return Err(Refused::new(
            format!("the part `{name}`"),
            format!("it unpacks to more than {} MB", UNPACKED_LIMIT >> 20),
            "that is no text of an agreement; do not open it elsewhere either",
        ));
    }
    String::from_utf8(bytes)
        .map(|text| Some(text.strip_prefix('\u{feff}').map(String::from).unwrap_or(text)))
        .map_err(|e| damaged(format!("byte {} is not written in UTF-8", e.utf8_error().valid_up_to() + 1)))
}

fn xml<'a>(name: &str, text: &'a str) -> Result<Document<'a>, Refused> {
    if deep(text) {
        return Err(Refused::new(
            format!("the part `{name}`"),
            format!("its elements are nested more than {DEPTH} deep"),
            "that is no document of a word processor; save the text as .txt",
        ));
    }
    let options = ParsingOptions { allow_dtd: false, nodes_limit: 8_000_000, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|e| {
        Refused::new(
            format!("the part `{name}`, line {}", e.pos().row),
            format!("it is no XML: {e}"),
            "the file is damaged: fetch it again, or open it in a word processor and save it as .docx",
        )
    })
}

/// Whether elements are nested deeper than any document of people. Looked at before the tree is built.
pub(crate) fn deep(text: &str) -> bool {
    let (mut depth, bytes) = (0usize, text.as_bytes());
    let mut at = 0;
    while let Some(open) = bytes[at..].iter().position(|b| *b == b'<').map(|n| n + at) {
        let Some(close) = bytes[open..].iter().position(|b| *b == b'>').map(|n| n + open) else {
            return false;
        };
        match bytes.get(open + 1) {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(b'?' | b'!') => {}
            _ if bytes[close - 1] == b'/' => {}
            _ => depth += 1,
        }
        if depth > DEPTH {
            return true;
        }
        at = close + 1;
    }
    false
}

#[derive(Clone, Debug, Default)]
struct Style {
    based: Option<String>,
    level: Option<u8>,
    bold: Option<bool>,
    italic: Option<bool>,
    list: Option<String>,
    depth: Option<usize>,
}

fn styles(document: &Document<'_>) -> BTreeMap<String, Style> {
    let mut styles = BTreeMap::new();
    for node in document.root_element().children().filter(|n| n.tag_name().name() == "style") {
        let Some(id) = attribute(node, "styleId") else { continue };
        let mut style = Style { based: value(node, "basedOn").map(String::from), ..Style::default() };
        let name = value(node, "name").unwrap_or("").to_lowercase();
        if let Some(level) = name.strip_prefix("heading ").and_then(|n| n.parse::<u8>().ok()) {
            style.level = Some(level.clamp(1, 9));
        } else if name == "title" {
            style.level = Some(1);
        }
        if let Some(properties) = child(node, "pPr") {
            if let Some(level) = value(properties, "outlineLvl").and_then(|v| v.parse::<u8>().ok())
                && level < 9
            {
                style.level = style.level.or(Some(level + 1));
            }
            if let Some(list) = child(properties, "numPr") {
                style.list = value(list, "numId").map(String::from);
                style.depth = value(list, "ilvl").and_then(|v| v.parse().ok());
            }
        }
        if let Some(properties) = child(node, "rPr") {
            style.bold = switch(properties, "b");
            style.italic = switch(properties, "i");
        }
        styles.insert(id.to_string(), style);
    }
    styles
}

fn switch(node: Node<'_, '_>, name: &str) -> Option<bool> {
    child(node, name).map(|n| !matches!(attribute(n, "val"), Some("0" | "false" | "off")))
}

fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes().find(|a| a.name() == name).map(|a| a.value())
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|c| c.tag_name().name() == name)
}

fn value<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    attribute(child(node, name)?, "val")
}

#[derive(Default)]
struct Reader {
    numbering: Numbering,
    styles: BTreeMap<String, Style>,
    notes: BTreeMap<(&'static str, String), String>,
    blocks: Vec<Block>,
    /// Words of a paragraph whose end was deleted: they belong to the next.
    carried: Option<Block>,
    inserted: usize,
    deleted: usize,
    hidden: usize,
    cited: usize,
    /// Notes cited in the paragraph at hand.
    pending: Vec<(String, String)>,
}

impl Reader {
    fn style<T: Clone>(&self, id: Option<&str>, of: impl Fn(&Style) -> Option<T>) -> Option<T> {
        let mut seen = BTreeSet::new();
        let mut id = id.map(String::from);
        while let Some(name) = id.filter(|name| seen.insert(name.clone())) {
            let style = self.styles.get(&name)?;
            if let Some(found) = of(style) {
                return Some(found);
            }
            id = style.based.clone();
        }
        None
    }

    fn walk(&mut self, node: Node<'_, '_>, depth: usize) {
        if depth > DEPTH {
            return;
        }
        for child in node.children() {
            match child.tag_name().name() {
                "p" => self.paragraph(child),
                "tbl" => self.table(child, depth),
                "ins" | "moveTo" => {
                    self.inserted += 1;
                    self.walk(child, depth + 1);
                }
                "del" | "moveFrom" => self.deleted += 1,
                "Fallback" => {}
                _ if child.is_element() => self.walk(child, depth + 1),
                _ => {}
            }
        }
    }

    /// A row of short cells is one paragraph; cells with paragraphs of their own are read one after the other.
    fn table(&mut self, table: Node<'_, '_>, depth: usize) {
        for row in table.descendants().filter(|n| n.tag_name().name() == "tr") {
            // Rows of a table within a cell are read with that cell.
            if row.ancestors().find(|a| a.tag_name().name() == "tbl") != Some(table) {
                continue;
            }
            let cells: Vec<_> = row.descendants().filter(|n| n.tag_name().name() == "tc").collect();
            let own: Vec<_> = cells
                .iter()
                .filter(|c| c.ancestors().find(|a| a.tag_name().name() == "tr") == Some(row))
                .collect();
            let first = self.blocks.len();
            let mut simple = own.len() > 1;
            for cell in own {
                let before = self.blocks.len();
                self.walk(*cell, depth + 1);
                self.flush_carried();
                simple &= self.blocks.len() - before <= 1;
                if self.blocks.len() == before {
                    self.blocks.push(Block { place: Place::Row, ..Block::default() });
                }
            }
            let cells = self.blocks.split_off(first);
            if simple && cells.iter().any(|c| !c.text.is_empty()) {
                let shown = |c: &Block| match &c.label {
                    Some(label) => format!("{label} {}", c.text),
                    None => c.text.clone(),
                };
                let text = cells.iter().map(shown).collect::<Vec<_>>().join(" | ");
                self.blocks.push(Block { text: visible(&text), place: Place::Row, ..Block::default() });
            } else {
                self.blocks.extend(cells.into_iter().filter(|c| !c.text.is_empty()));
            }
        }
    }

    fn paragraph(&mut self, node: Node<'_, '_>) {
        let properties = child(node, "pPr");
        let style = properties.and_then(|p| value(p, "pStyle"));
        let mut words = String::new();
        self.run_text(node, &mut words, 0);
        let text = visible(&words);
        let bold = self.style(style, |s| s.bold).unwrap_or(false);
        let italic = self.style(style, |s| s.italic).unwrap_or(false);
        let mut block = Block { text, style: self.style(style, |s| s.level), ..Block::default() };
        if let Some(level) =
            properties.and_then(|p| value(p, "outlineLvl")).and_then(|v| v.parse::<u8>().ok())
        {
            block.style = (level < 9).then_some(level + 1);
        }
        block.emphasis = emphasised(node, "b", bold) || emphasised(node, "i", italic);
        let own = properties.and_then(|p| child(p, "numPr"));
        let list = match own.and_then(|n| value(n, "numId")) {
            Some(list) => Some(list.to_string()),
            None => self.style(style, |s| s.list.clone()),
        };
        let depth = own
            .and_then(|n| value(n, "ilvl"))
            .and_then(|v| v.parse().ok())
            .or_else(|| self.style(style, |s| s.depth))
            .unwrap_or(0usize);
        // A paragraph without words is not seen to be counted; Word counts it all the same where it has a number.
        if let Some(list) = list.filter(|list| list != "0") {
            let label = self.numbering.count(&list, depth);
            if !block.text.is_empty() {
                block.label = label;
            }
            block.depth = u8::try_from(depth).unwrap_or(u8::MAX);
        }
        // A number that somebody typed, also behind a bullet that the list would show in its place.
        if block.label.as_deref().is_none_or(|label| label == "•")
            && let Some((label, rest)) = crate::source::typed_label(&block.text)
        {
            let (label, rest) = (label.to_string(), rest.to_string());
            if block.label.is_none() || !matches!(label.as_str(), "-" | "–" | "o" | "•") {
                block.label = Some(match &block.label {
                    Some(bullet) => format!("{bullet} {label}"),
                    None => label,
                });
                block.text = rest;
            }
        }
        if let Some(carried) = self.carried.take() {
            block.text = visible(&format!("{} {}", carried.text, block.text));
            block.label = carried.label.or(block.label);
        }
        let end_deleted = properties
            .and_then(|p| child(p, "rPr"))
            .is_some_and(|r| child(r, "del").is_some() || child(r, "moveFrom").is_some());
        if end_deleted {
            self.carried = Some(block);
            return;
        }
        self.push(block);
        for (label, text) in std::mem::take(&mut self.pending) {
            self.blocks.push(Block { text, label: Some(label), place: Place::Note, ..Block::default() });
        }
        // Text boxes are anchored in a paragraph and stand behind it.
        let boxes: Vec<_> = node
            .descendants()
            .filter(|n| n.tag_name().name() == "txbxContent")
            .filter(|n| !n.ancestors().any(|a| a.tag_name().name() == "Fallback"))
            .filter(|n| n.ancestors().skip(1).find(|a| a.tag_name().name() == "p") == Some(node))
            .collect();
        for content in boxes {
            self.walk(content, 1);
        }
    }

    fn push(&mut self, block: Block) {
        if !block.text.is_empty() {
            self.blocks.push(block);
        }
    }

    fn flush_carried(&mut self) {
        if let Some(block) = self.carried.take() {
            self.push(block);
        }
    }

    fn run_text(&mut self, node: Node<'_, '_>, out: &mut String, depth: usize) {
        if depth > DEPTH {
            return;
        }
        for part in node.children().filter(Node::is_element) {
            match part.tag_name().name() {
                "t" => out.push_str(part.text().unwrap_or("")),
                "tab" | "br" | "cr" | "ptab" => out.push(' '),
                "noBreakHyphen" => out.push('-'),
                "del" | "moveFrom" => self.deleted += 1,
                "ins" | "moveTo" => {
                    self.inserted += 1;
                    self.run_text(part, out, depth + 1);
                }
                "r" if child(part, "rPr").and_then(|p| switch(p, "vanish")) == Some(true) => self.hidden += 1,
                "sym" => {
                    let code = attribute(part, "char").and_then(|c| u32::from_str_radix(c, 16).ok());
                    // Fonts of symbols put their signs where no letter is; which sign it is cannot be known.
                    out.push(
                        code.and_then(char::from_u32)
                            .filter(|c| !('\u{e000}'..='\u{f8ff}').contains(c))
                            .unwrap_or('•'),
                    );
                }
                sign @ ("footnoteReference" | "endnoteReference") => {
                    let kind = if sign == "footnoteReference" { "footnote" } else { "endnote" };
                    let note =
                        attribute(part, "id").and_then(|id| self.notes.get(&(kind, id.to_string())).cloned());
                    if let Some(text) = note.filter(|text| !text.is_empty()) {
                        self.cited += 1;
                        let label = format!("[{}]", self.cited);
                        out.push_str(&format!(" {label}"));
                        self.pending.push((label, text));
                    }
                }
                "pPr" | "rPr" | "Fallback" | "txbxContent" | "instrText" | "delText" | "footnoteRef"
                | "endnoteRef" => {}
                _ => self.run_text(part, out, depth + 1),
            }
        }
    }
}

/// Whether every run with letters is set so.
fn emphasised(paragraph: Node<'_, '_>, sign: &str, style: bool) -> bool {
    let mut some = false;
    for run in paragraph.descendants().filter(|n| n.tag_name().name() == "r") {
        let letters = run
            .children()
            .filter(|c| c.tag_name().name() == "t")
            .any(|t| t.text().is_some_and(|t| t.chars().any(char::is_alphanumeric)));
        if !letters {
            continue;
        }
        some = true;
        if !child(run, "rPr").and_then(|p| switch(p, sign)).unwrap_or(style) {
            return false;
        }
    }
    some
}
