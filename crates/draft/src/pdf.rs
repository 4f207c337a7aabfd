//! Printed pages: letters with their places become lines, and lines become paragraphs.
//!
//! It does not read pictures: a scanned page has no letters, and a file of such pages is refused. It does not follow columns: a
//! page is read from the top to the bottom, each line from the left to the right.
//!
//! Invariants
//! - no stream is unpacked beyond a bound, and no page holds more than [`LETTERS`] letters;
//! - what a font does not say is left out and counted, never guessed.

use crate::plain::{Line, reflow};
use crate::source::{Kind, Refused, Source, visible};
use lopdf::content::Content;
use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId};
use std::collections::BTreeMap;

/// No stream is longer when unpacked.
const STREAM: usize = 32 << 20;
/// No page has more letters.
const LETTERS: usize = 400_000;
/// No form is nested deeper.
const DEPTH: usize = 12;
/// No document has more pages.
const PAGES: usize = 5_000;

/// Reads a file whose bytes hold the sign of a PDF.
pub(crate) fn read(bytes: &[u8]) -> Result<Source, Refused> {
    let options = LoadOptions { max_decompressed_size: Some(STREAM), ..LoadOptions::default() };
    let document = match Document::load_mem_with_options(bytes, options) {
        Ok(document) => document,
        Err(e) if e.to_string().to_lowercase().contains("password") => return Err(protected()),
        Err(e) => {
            return Err(Refused::new(
                "the file",
                format!("it is a damaged PDF: {e}"),
                "fetch it again, or open it in a viewer and print it into a new PDF",
            ));
        }
    };
    if document.is_encrypted() {
        return Err(protected());
    }
    let pages = document.get_pages();
    if pages.len() > PAGES {
        return Err(Refused::new(
            "the file",
            format!("it has {} pages, and no agreement has more than {PAGES}", pages.len()),
            "is it the right file? If it is, split it",
        ));
    }
    let mut lines: Vec<Line> = Vec::new();
    let (mut unread, mut empty) = (0, Vec::new());
    let count = pages.len();
    for (page, id) in pages.values().enumerate() {
        let content = document.get_page_content_with_limit(*id, STREAM).map_err(|e| {
            Refused::new(
                format!("page {}", page + 1),
                format!("it cannot be read: {e}"),
                "open the file in a viewer and print it into a new PDF",
            )
        })?;
        let mut reader = Reader { document: &document, letters: Vec::new(), unread: 0 };
        reader.run(&content, &resources(&document, *id), Matrix::ONE, 0);
        unread += reader.unread;
        if reader.letters.len() >= LETTERS {
            return Err(Refused::new(
                format!("page {}", page + 1),
                format!("it has more than {LETTERS} letters"),
                "that is no page of an agreement; save the text as .docx or .txt",
            ));
        }
        if reader.letters.iter().all(|l| l.text.trim().is_empty()) {
            empty.push(page + 1);
        }
        lines.extend(lines_of(reader.letters, page));
    }
    if lines.is_empty() {
        return Err(Refused::new(
            format!("{count} {}", if count == 1 { "page" } else { "pages" }),
            "the PDF holds no text, only pictures: it is scanned",
            "let a program recognise the letters (OCR), read the result against the pages, and give the text as .docx or .txt",
        ));
    }
    let (blocks, dropped) = reflow(lines, 0.45);
    let mut notes = vec!["paragraphs are made of the lines of pages; look where one begins".to_string()];
    if dropped > 0 {
        notes.push(format!(
            "{dropped} lines left out: page numbers, and lines that are repeated on every page"
        ));
    }
    if unread > 0 {
        notes.push(format!("{unread} letters of which the font does not say what they are were left out"));
    }
    if !empty.is_empty() {
        let shown: Vec<String> = empty.iter().map(usize::to_string).collect();
        notes.push(format!("no text on page {}: a picture?", shown.join(", ")));
    }
    Ok(Source { kind: Kind::Pdf, blocks, notes })
}

fn protected() -> Refused {
    Refused::new(
        "the file",
        "it is protected by a password",
        "open it with the password and print it into a new PDF",
    )
}

/// What a page, or those above it, have in fonts and forms.
fn resources(document: &Document, page: ObjectId) -> Vec<Dictionary> {
    let mut found = Vec::new();
    let mut at = document.get_dictionary(page).ok();
    for _ in 0..32 {
        let Some(node) = at else { break };
        if let Ok(own) = node.get_deref(b"Resources", document).and_then(Object::as_dict) {
            found.push(own.clone());
        }
        at = node.get_deref(b"Parent", document).and_then(Object::as_dict).ok();
    }
    found
}

#[derive(Clone, Copy, Debug)]
struct Matrix([f64; 6]);

impl Matrix {
    const ONE: Matrix = Matrix([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    fn moved(x: f64, y: f64) -> Matrix {
        Matrix([1.0, 0.0, 0.0, 1.0, x, y])
    }

    /// First this, then the other.
    fn then(self, other: Matrix) -> Matrix {
        let (a, b) = (self.0, other.0);
        Matrix([
            a[0] * b[0] + a[1] * b[2],
            a[0] * b[1] + a[1] * b[3],
            a[2] * b[0] + a[3] * b[2],
            a[2] * b[1] + a[3] * b[3],
            a[4] * b[0] + a[5] * b[2] + b[4],
            a[4] * b[1] + a[5] * b[3] + b[5],
        ])
    }
}

#[derive(Clone, Debug)]
struct Letter {
    text: String,
    left: f64,
    right: f64,
    base: f64,
    size: f64,
    bold: bool,
}

struct Font<'a> {
    encoding: Option<lopdf::Encoding<'a>>,
    wide: bool,
    widths: BTreeMap<u32, f64>,
    default: f64,
    bold: bool,
    known: BTreeMap<u32, String>,
}

struct Reader<'a> {
    document: &'a Document,
    letters: Vec<Letter>,
    unread: usize,
}

/// The state of a text object.
#[derive(Clone, Copy)]
struct State {
    place: Matrix,
    size: f64,
    character: f64,
    word: f64,
    scale: f64,
    leading: f64,
    rise: f64,
}

fn number(object: Option<&Object>) -> f64 {
    let n = object.and_then(|o| o.as_float().ok()).map_or(0.0, f64::from);
    if n.is_finite() { n } else { 0.0 }
}

impl Reader<'_> {
    fn run(&mut self, content: &[u8], resources: &[Dictionary], place: Matrix, depth: usize) {
        let Ok(content) = Content::decode(content) else { return };
        let mut fonts: BTreeMap<Vec<u8>, Font<'_>> = BTreeMap::new();
        let mut font: Option<Vec<u8>> = None;
        let mut state =
            State { place, size: 1.0, character: 0.0, word: 0.0, scale: 1.0, leading: 0.0, rise: 0.0 };
        let mut saved: Vec<(State, Option<Vec<u8>>)> = Vec::new();
        let (mut text, mut line) = (Matrix::ONE, Matrix::ONE);
        for operation in &content.operations {
            if self.letters.len() >= LETTERS {
                return;
            }
            let operands = &operation.operands;
            let n = |at: usize| number(operands.get(at));
            match operation.operator.as_str() {
                "q" if saved.len() < 1000 => saved.push((state, font.clone())),
                "Q" => {
                    if let Some((old, name)) = saved.pop() {
                        (state, font) = (old, name);
                    }
                }
                "cm" => state.place = Matrix([n(0), n(1), n(2), n(3), n(4), n(5)]).then(state.place),
                "BT" => (text, line) = (Matrix::ONE, Matrix::ONE),
                "Tc" => state.character = n(0),
                "Tw" => state.word = n(0),
                "Tz" => state.scale = n(0) / 100.0,
                "TL" => state.leading = n(0),
                "Ts" => state.rise = n(0),
                "Tf" => {
                    state.size = n(1);
                    let name = operands.first().and_then(|o| o.as_name().ok()).map(<[u8]>::to_vec);
                    if let Some(name) = &name
                        && !fonts.contains_key(name)
                        && let Some(found) = self.font(name, resources)
                    {
                        fonts.insert(name.clone(), found);
                    }
                    font = name;
                }
                "Td" | "TD" => {
                    if operation.operator == "TD" {
                        state.leading = -n(1);
                    }
                    line = Matrix::moved(n(0), n(1)).then(line);
                    text = line;
                }
                "Tm" => {
                    line = Matrix([n(0), n(1), n(2), n(3), n(4), n(5)]);
                    text = line;
                }
                "T*" | "'" | "\"" => {
                    if operation.operator == "\"" {
                        (state.word, state.character) = (n(0), n(1));
                    }
                    line = Matrix::moved(0.0, -state.leading).then(line);
                    text = line;
                    if let (Some(Object::String(bytes, _)), Some(font)) =
                        (operands.last(), font.as_ref().and_then(|name| fonts.get_mut(name)))
                    {
                        self.show(bytes, font, &state, &mut text);
                    }
                }
                "Tj" => {
                    if let (Some(Object::String(bytes, _)), Some(font)) =
                        (operands.first(), font.as_ref().and_then(|name| fonts.get_mut(name)))
                    {
                        self.show(bytes, font, &state, &mut text);
                    }
                }
                "TJ" => {
                    let Some(font) = font.as_ref().and_then(|name| fonts.get_mut(name)) else { continue };
                    let Some(Object::Array(pieces)) = operands.first() else { continue };
                    for piece in pieces {
                        match piece {
                            Object::String(bytes, _) => self.show(bytes, font, &state, &mut text),
                            other => {
                                let back = number(Some(other)) / 1000.0 * state.size * state.scale;
                                text = Matrix::moved(-back, 0.0).then(text);
                            }
                        }
                    }
                }
                "Do" if depth < DEPTH => {
                    let Some(name) = operands.first().and_then(|o| o.as_name().ok()) else { continue };
                    self.form(name, resources, state.place, depth);
                }
                _ => {}
            }
        }
    }

    fn form(&mut self, name: &[u8], resources: &[Dictionary], place: Matrix, depth: usize) {
        let document = self.document;
        let stream = resources.iter().find_map(|r| {
            let forms = r.get_deref(b"XObject", document).and_then(Object::as_dict).ok()?;
            forms.get_deref(name, document).and_then(Object::as_stream).ok()
        });
        let Some(stream) = stream else { return };
        if stream.dict.get(b"Subtype").and_then(Object::as_name).ok() != Some(b"Form") {
            return;
        }
        let Ok(content) = stream.decompressed_content_with_limit(STREAM) else { return };
        let own = match stream.dict.get_deref(b"Matrix", document).and_then(Object::as_array) {
            Ok(m) if m.len() == 6 => Matrix(std::array::from_fn(|at| number(m.get(at)))),
            _ => Matrix::ONE,
        };
        let mut inner = resources.to_vec();
        if let Ok(dictionary) = stream.dict.get_deref(b"Resources", document).and_then(Object::as_dict) {
            inner.insert(0, dictionary.clone());
        }
        self.run(&content, &inner, own.then(place), depth + 1);
    }

    fn font<'d>(&self, name: &[u8], resources: &'d [Dictionary]) -> Option<Font<'d>>
    where
        Self: 'd,
    {
        let document = self.document;
        let dictionary: &Dictionary = resources.iter().find_map(|r| {
            let fonts = r.get_deref(b"Font", document).and_then(Object::as_dict).ok()?;
            fonts.get_deref(name, document).and_then(Object::as_dict).ok()
        })?;
        let base = dictionary.get(b"BaseFont").and_then(Object::as_name).unwrap_or_default();
        let bold = String::from_utf8_lossy(base).to_lowercase();
        let bold = bold.contains("bold") || bold.contains("black") || bold.contains("heavy");
        let wide = dictionary.get(b"Subtype").and_then(Object::as_name).ok() == Some(b"Type0");
        let mut widths = BTreeMap::new();
        let mut default = 500.0;
        if wide {
            default = 1000.0;
            let inner = dictionary
                .get_deref(b"DescendantFonts", document)
                .and_then(Object::as_array)
                .ok()
                .and_then(|fonts| fonts.first())
                .and_then(|font| document.dereference(font).ok())
                .and_then(|(_, font)| font.as_dict().ok());
            if let Some(inner) = inner {
                if let Ok(width) = inner.get_deref(b"DW", document) {
                    default = number(Some(width));
                }
                if let Ok(list) = inner.get_deref(b"W", document).and_then(Object::as_array) {
                    self.wide_widths(list, &mut widths);
                }
            }
        } else {
            let first = dictionary.get_deref(b"FirstChar", document).and_then(Object::as_i64).unwrap_or(0);
            if let Ok(list) = dictionary.get_deref(b"Widths", document).and_then(Object::as_array) {
                for (at, width) in list.iter().enumerate().take(256) {
                    let width = document.dereference(width).map_or(0.0, |(_, o)| number(Some(o)));
                    if let Ok(code) = u32::try_from(first.saturating_add(i64::try_from(at).unwrap_or(0))) {
                        widths.insert(code, width);
                    }
                }
            }
        }
        let encoding = dictionary.get_font_encoding_with_limit(document, STREAM).ok();
        Some(Font { encoding, wide, widths, default, bold, known: BTreeMap::new() })
    }

    fn wide_widths(&self, list: &[Object], widths: &mut BTreeMap<u32, f64>) {
        let code = |object: Option<&Object>| {
            object.and_then(|o| o.as_i64().ok()).and_then(|n| u32::try_from(n).ok())
        };
        let mut at = 0;
        while at < list.len() {
            let Some(first) = code(list.get(at)) else { return };
            let second = list.get(at + 1).and_then(|o| self.document.dereference(o).ok()).map(|(_, o)| o);
            match second {
                Some(Object::Array(each)) => {
                    for (n, width) in each.iter().enumerate().take(65_536) {
                        widths
                            .insert(first.saturating_add(u32::try_from(n).unwrap_or(0)), number(Some(width)));
                    }
                    at += 2;
                }
                Some(_) => {
                    let Some(last) = code(list.get(at + 1)) else { return };
                    let width = number(list.get(at + 2));
                    for code in first..=last.min(first.saturating_add(65_535)) {
                        widths.insert(code, width);
                    }
                    at += 3;
                }
                None => return,
            }
        }
    }

    fn show(&mut self, bytes: &[u8], font: &mut Font<'_>, state: &State, text: &mut Matrix) {
        for piece in bytes.chunks(if font.wide { 2 } else { 1 }) {
            let code = piece.iter().fold(0u32, |n, b| n << 8 | u32::from(*b));
            let width = font.widths.get(&code).copied().unwrap_or(font.default) / 1000.0;
            let mut step = width * state.size + state.character;
            if piece == b" " {
                step += state.word;
            }
            let place = Matrix([state.size * state.scale, 0.0, 0.0, state.size, 0.0, state.rise])
                .then(*text)
                .then(state.place);
            let step = step * state.scale;
            let end = Matrix::moved(step, 0.0).then(*text);
            let far = end.then(state.place);
            *text = end;
            if !font.known.contains_key(&code) {
                let said = font.encoding.as_ref().and_then(|e| Document::decode_text(e, piece).ok());
                font.known.insert(code, said.unwrap_or_default());
            }
            let said = &font.known[&code];
            let said: String = said.chars().filter(|c| *c != '\u{fffd}' && *c != '\0').collect();
            if said.is_empty() {
                self.unread += 1;
                continue;
            }
            let size = (place.0[2].abs() + place.0[3].abs()).max(0.01);
            // Letters that do not run from the left to the right are stamps and seals.
            if place.0[1].abs() > place.0[0].abs() {
                continue;
            }
            self.letters.push(Letter {
                text: said,
                left: place.0[4],
                right: far.0[4],
                base: place.0[5],
                size,
                bold: font.bold,
            });
        }
    }
}

/// Letters of one page to its lines, from the top.
fn lines_of(mut letters: Vec<Letter>, page: usize) -> Vec<Line> {
    letters.retain(|l| l.left.is_finite() && l.right.is_finite() && l.base.is_finite());
    // Lines by their bases; a letter a little higher or lower (a footnote's sign) belongs to the line it is near.
    letters.sort_by(|a, b| b.base.total_cmp(&a.base));
    let mut rows: Vec<Vec<Letter>> = Vec::new();
    let mut base = f64::INFINITY;
    for letter in letters {
        match rows.last_mut() {
            Some(row) if (base - letter.base).abs() < letter.size * 0.45 => row.push(letter),
            _ => {
                base = letter.base;
                rows.push(vec![letter]);
            }
        }
    }
    let mut lines: Vec<Line> = Vec::new();
    let mut heights: Vec<f64> = Vec::new();
    let mut bases: Vec<f64> = Vec::new();
    for mut row in rows {
        row.sort_by(|a, b| a.left.total_cmp(&b.left));
        let mut words = String::new();
        let mut end: Option<f64> = None;
        for letter in &row {
            if let Some(end) = end
                && letter.left - end > letter.size * 0.17
                && !words.ends_with(' ')
            {
                words.push(' ');
            }
            words.push_str(&letter.text);
            end = Some(end.map_or(letter.right, |e: f64| e.max(letter.right)));
        }
        let words = visible(&words);
        if words.is_empty() {
            continue;
        }
        let printed = || row.iter().filter(|l| !l.text.trim().is_empty());
        let size = printed().map(|l| l.size).fold(0.0, f64::max);
        heights.push(size);
        bases.push(printed().map(|l| l.base).next().unwrap_or(0.0));
        lines.push(Line {
            text: words,
            left: printed().map(|l| l.left).fold(f64::INFINITY, f64::min),
            right: printed().map(|l| l.right).fold(f64::NEG_INFINITY, f64::max),
            gap: 0.0,
            bold: printed().all(|l| l.bold),
            size,
            page,
        });
    }
    // The usual distance of two lines, then what goes beyond it.
    let mut steps: Vec<f64> = bases.windows(2).map(|w| w[0] - w[1]).filter(|s| *s > 1.0).collect();
    steps.sort_by(f64::total_cmp);
    let usual = steps.get(steps.len() / 3).copied().unwrap_or(12.0);
    for at in 1..lines.len() {
        lines[at].gap = ((bases[at - 1] - bases[at]) - usual) / usual.max(1.0);
    }
    lines
}
