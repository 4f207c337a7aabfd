//! XML, within bounds: no document type, no entities of its own, so many elements, so deep.
//!
//! It knows no format. A document type is refused whatever it says: that is where entity bombs and foreign files come in.
//!
//! Invariants
//! - nothing is fetched and no entity is resolved but the five of XML itself;
//! - what is walked is no deeper than [`MAX_DEPTH`].

use super::Refused;
use crate::codes;
use roxmltree::{Document, Node, ParsingOptions};

/// Most nodes of a document.
pub const MAX_NODES: u32 = 2_000_000;
/// Longest document in bytes.
pub const MAX_BYTES: usize = 64 << 20;
/// Deepest nesting.
pub const MAX_DEPTH: usize = 64;

/// How deep a text nests, without reading it any further: an upper bound, from its tags alone.
fn depth_of(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut depth, mut deepest, mut at) = (0usize, 0usize, 0usize);
    while let Some(found) = bytes[at..].iter().position(|b| *b == b'<') {
        at += found + 1;
        let rest = &bytes[at..];
        match rest.first() {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(b'!') if rest.starts_with(b"![CDATA[") => {
                at += text.get(at..).and_then(|t| t.find("]]>")).unwrap_or(rest.len());
            }
            Some(b'!') if rest.starts_with(b"!--") => {
                at += text.get(at..).and_then(|t| t.find("-->")).unwrap_or(rest.len());
            }
            Some(b'!' | b'?') | None => {}
            Some(_) => {
                let end = rest.iter().position(|b| *b == b'>').unwrap_or(rest.len());
                if end == 0 || rest[end - 1] != b'/' {
                    depth += 1;
                    deepest = deepest.max(depth);
                }
            }
        }
    }
    deepest
}

/// Reads a document.
///
/// # Errors
/// It is too long, too deep, has a document type, or is not well-formed: with the line.
pub(super) fn parse(text: &str) -> Result<Document<'_>, Vec<Refused>> {
    let too = |reason: String, remedy: &str| Err(vec![Refused::of_file(codes::TOO_LONG, 0, &reason, remedy)]);
    if text.len() > MAX_BYTES {
        return too(format!("the file has more than {} MB", MAX_BYTES >> 20), "split it");
    }
    if depth_of(text) > MAX_DEPTH {
        return too(
            format!("elements lie more than {MAX_DEPTH} deep in each other"),
            "no form and no alert nests so deep: check that it is the right file",
        );
    }
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| {
        let line = u64::from(error.pos().row);
        let (code, reason, remedy) = match error {
            roxmltree::Error::DtdDetected => (
                codes::NOT_XML,
                "the file has a document type, which is refused unread".to_string(),
                "take the `<!DOCTYPE …>` out; forms and alerts need none",
            ),
            roxmltree::Error::NodesLimitReached => {
                (codes::TOO_LONG, format!("the file has more than {MAX_NODES} elements"), "split it")
            }
            error => (
                codes::NOT_XML,
                format!("the file is not XML: {error}"),
                "check that it is whole, and of the format that was named",
            ),
        };
        vec![Refused::of_file(code, line, &reason, remedy)]
    })
}

/// The text in an element, without that of elements in it.
pub(super) fn text_of(node: Node<'_, '_>) -> String {
    node.children().filter(|c| c.is_text()).filter_map(|c| c.text()).collect::<String>().trim().to_string()
}

/// The line at which a node begins.
pub(super) fn line_of(document: &Document<'_>, node: Node<'_, '_>, known: &mut (usize, u64)) -> u64 {
    let at = node.range().start.min(document.input_text().len());
    let (from, line) = *known;
    if at >= from {
        let more = document.input_text().as_bytes()[from..at].iter().filter(|b| **b == b'\n').count() as u64;
        *known = (at, line + more);
    }
    known.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> &'static str {
        parse(text).map_or_else(|faults| faults[0].code, |_| "")
    }

    #[test]
    fn bombs_are_refused_before_they_go_off() {
        let laughs = "<!DOCTYPE a [<!ENTITY b \"ha\"><!ENTITY c \"&b;&b;&b;\">]><a>&c;</a>";
        assert_eq!(code(laughs), codes::NOT_XML);
        assert_eq!(code("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>"), codes::NOT_XML);
        assert_eq!(code(&"<a>".repeat(1_000_000)), codes::TOO_LONG);
        assert_eq!(code(&format!("{}{}", "<a>".repeat(65), "</a>".repeat(65))), codes::TOO_LONG);
        assert_eq!(code(&format!("{}{}", "<a>".repeat(64), "</a>".repeat(64))), "");
        assert_eq!(code("<a>&undefined;</a>"), codes::NOT_XML);
        assert_eq!(code("<a><b></a>"), codes::NOT_XML);
        assert_eq!(code("<a><![CDATA[<b><b><b>]]><!-- <c> --></a>"), "");
        assert_eq!(code(&format!("<a>{}</a>", "<b/>".repeat(1000))), "");
    }
}
