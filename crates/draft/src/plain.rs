//! Plain text: its encoding, and paragraphs made of lines.
//!
//! It does not guess an encoding: a byte order mark goes before what the user says, and what nobody says is UTF-8. Whether lines
//! are paragraphs or pieces of them is seen from their lengths.
//!
//! Invariants
//! - every word of the text is in one paragraph, in order, but for lone page numbers and lines repeated on every page.

use crate::source::{Block, Kind, Refused, Source, is_label, typed_label, visible};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::collections::BTreeMap;

/// Bytes to text. The second is a remark for the reader.
pub(crate) fn decode(bytes: &[u8], stated: Option<&str>) -> Result<(String, Option<String>), Refused> {
    let stated = match stated {
        None => UTF_8,
        Some(label) => Encoding::for_label(label.as_bytes()).ok_or_else(|| {
            Refused::new(
                "--encoding",
                format!("the encoding `{label}` is not known"),
                "write for example `utf-8`, `windows-1251`, `windows-1252` or `utf-16le`",
            )
        })?,
    };
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or((stated, 0));
    let body = &bytes[mark..];
    let wide = [UTF_16LE, UTF_16BE].contains(&encoding);
    if !wide && let Some(at) = body.iter().position(|b| *b == 0) {
        let pairs = body.iter().take(400).filter(|b| **b == 0).count() > body.len().min(400) / 8;
        return Err(Refused::new(
            format!("byte {}", at + mark + 1),
            "it is no text: it has a byte that no text has",
            if pairs {
                "it looks like UTF-16: add `--encoding utf-16le`, or save the file as UTF-8"
            } else {
                "is it the right file? What is read is .docx, .pdf, .txt and Akoma Ntoso (.xml)"
            },
        ));
    }
    match encoding.decode_without_bom_handling_and_without_replacement(body) {
        Some(text) => {
            let note =
                (encoding != UTF_8).then(|| format!("read as {}", encoding.name().to_ascii_lowercase()));
            Ok((text.into_owned(), note))
        }
        None => {
            let at = if encoding == UTF_8 {
                std::str::from_utf8(body).map_or_else(|e| e.valid_up_to(), |_| 0)
            } else {
                0
            };
            let line = body[..at].iter().filter(|b| **b == b'\n').count() + 1;
            Err(Refused::new(
                format!("line {line}, byte {}", at + mark + 1),
                format!("a letter is not written in {}", encoding.name().to_ascii_lowercase()),
                "save the file as UTF-8, or name its encoding: `--encoding windows-1251` for most older Cyrillic files, \
                 `--encoding windows-1252` for Western European ones",
            ))
        }
    }
}

/// Paragraphs of a text.
pub(crate) fn read(text: &str, note: Option<String>) -> Source {
    let mut lines = Vec::new();
    let mut blank = 0u32;
    for (page, on_page) in text.split('\u{c}').enumerate() {
        for line in on_page.lines() {
            let shown = visible(line);
            if shown.is_empty() {
                blank += 1;
                continue;
            }
            let indent = line.chars().take_while(|c| c.is_whitespace()).count();
            lines.push(Line {
                right: f64::from(u32::try_from(indent + shown.chars().count()).unwrap_or(u32::MAX)),
                left: f64::from(u32::try_from(indent).unwrap_or(u32::MAX)),
                gap: f64::from(blank),
                text: shown,
                page,
                ..Line::default()
            });
            blank = 0;
        }
    }
    let long = lines.iter().filter(|l| l.text.chars().count() > 160).count();
    let blocks = if long * 20 >= lines.len() {
        // Every line is a paragraph.
        lines.into_iter().map(|line| block(&line.text)).collect()
    } else {
        reflow(lines, 0.5).0
    };
    Source { kind: Kind::Plain, blocks, notes: note.into_iter().collect() }
}

/// A paragraph with the number that is typed in front of it.
pub(crate) fn block(text: &str) -> Block {
    match typed_label(text) {
        Some((label, rest)) => {
            Block { text: rest.to_string(), label: Some(label.to_string()), ..Block::default() }
        }
        None => Block { text: text.to_string(), ..Block::default() },
    }
}

/// A line of a page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// Where it begins and ends, in one unit for all lines.
    pub(crate) left: f64,
    pub(crate) right: f64,
    /// The room above it, beyond that between lines of one paragraph, in heights of a line.
    pub(crate) gap: f64,
    pub(crate) bold: bool,
    pub(crate) size: f64,
    pub(crate) page: usize,
}

/// Puts lines together to paragraphs. `room` is the gap above which a paragraph begins. The number is that of lines left out:
/// page numbers, and running heads.
pub(crate) fn reflow(lines: Vec<Line>, room: f64) -> (Vec<Block>, usize) {
    let pages = lines.iter().map(|l| l.page).max().unwrap_or(0) + 1;
    let all = lines.len();
    let mut repeated: BTreeMap<String, std::collections::BTreeSet<usize>> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        let first = at == 0 || lines[at - 1].page != line.page;
        let last = lines.get(at + 1).is_none_or(|next| next.page != line.page);
        if first || last {
            repeated.entry(line.text.clone()).or_default().insert(line.page);
        }
    }
    let number = |text: &str| {
        let core: String = text.chars().filter(|c| !matches!(c, '-' | '–' | ' ' | '/')).collect();
        let core = core.strip_prefix("Page").unwrap_or(&core);
        !core.is_empty() && core.len() <= 4 && core.bytes().all(|b| b.is_ascii_digit())
    };
    let mut kept: Vec<Line> = Vec::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate() {
        let first = at == 0 || lines[at - 1].page != line.page;
        let last = lines.get(at + 1).is_none_or(|next| next.page != line.page);
        let alone = line.gap >= room
            && lines.get(at + 1).is_none_or(|next| next.gap >= room || next.page != line.page);
        let running = pages > 2
            && (first || last)
            && repeated.get(&line.text).is_some_and(|on| on.len() * 2 > pages && on.len() > 2);
        if running
            || (number(&line.text)
                && (((first || last) && pages > 1) || (alone && pages == 1 && line.left > 20.0)))
        {
            continue;
        }
        kept.push(line.clone());
    }
    // A text without form feeds has page numbers between paragraphs that go on: the blank lines around one are not meant.
    let dropped = all - kept.len();
    let mut rights: Vec<f64> = kept.iter().map(|l| l.right).collect();
    rights.sort_by(f64::total_cmp);
    let full = rights.get(rights.len() * 9 / 10).copied().unwrap_or(0.0);
    let mut lefts: Vec<f64> = kept.iter().map(|l| l.left).collect();
    lefts.sort_by(f64::total_cmp);
    let margin = lefts.get(lefts.len() / 4).copied().unwrap_or(0.0);
    let width = (full - margin).max(1.0);
    let mut paragraphs: Vec<(String, bool)> = Vec::new();
    let mut before: Option<&Line> = None;
    for line in &kept {
        let starts = match before {
            None => true,
            Some(before) => {
                let turned = before.page != line.page;
                let ended =
                    before.text.ends_with(['.', ':', ';', '”', '!', '?']) || before.text.ends_with(".’");
                let short = before.right < full - width * 0.12;
                let first = line.text.chars().next().unwrap_or(' ');
                let begins = first.is_uppercase() || !first.is_alphabetic();
                let labelled = typed_label(&line.text).is_some_and(|(label, rest)| {
                    !label.ends_with('-')
                        && (ended
                            || short
                            || line.gap > room
                            || (begins && rest.starts_with(char::is_uppercase)))
                        && is_label(label)
                });
                let centred = (line.left - margin) > width * 0.06 && (full - line.right) > width * 0.06;
                let was_centred = (before.left - margin) > width * 0.06
                    && !typed_label(&before.text).is_some_and(|(l, _)| l.starts_with('('));
                let look = line.bold != before.bold || (line.size - before.size).abs() > 0.8;
                let wide_gap = !turned && line.gap > room;
                labelled
                    || (look && begins && (short || ended || line.bold || before.bold))
                    || (was_centred
                        && !centred
                        && !turned
                        && line.left - margin < width * 0.02
                        && begins
                        && !before.text.ends_with(',')
                        && before.right < full - width * 0.06)
                    || (wide_gap && (begins || ended))
                    || (ended && short && begins)
                    || (turned && ended && begins && short)
                    || (short && begins && !ended && !centred && before.right < full - width * 0.3)
            }
        };
        if starts {
            paragraphs.push((line.text.clone(), line.bold));
        } else if let Some((text, bold)) = paragraphs.last_mut() {
            let broken = text.ends_with('-') && text.chars().rev().nth(1).is_some_and(char::is_alphabetic);
            if !broken {
                text.push(' ');
            }
            text.push_str(&line.text);
            *bold &= line.bold;
        }
        before = Some(line);
    }
    let blocks = paragraphs
        .into_iter()
        .map(|(text, bold)| Block { emphasis: bold, ..block(&visible(&text)) })
        .filter(|b| !b.text.is_empty())
        .collect();
    (blocks, dropped)
}
