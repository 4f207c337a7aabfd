//! Akoma Ntoso, in and out.
//!
//! In: containers with numbers and headings, their paragraphs, and the identities (`eId`) that the file gives them. Out: one
//! `doc` with a body of sections and paragraphs. It knows no amendments, no versions within one file, and no annotations.
//!
//! Invariants
//! - what is written can be read again, and gives the same clauses with the same words.
//!
//! # Source
//! OASIS Akoma Ntoso 1.0, parts 1 and 2 (the form of `eId`: part 2, section 5.2).

use crate::outline::{Draft, Kind as ClauseKind};
use crate::source::{Block, Kind, Place, Refused, Source, visible};
use roxmltree::{Document, Node, ParsingOptions};

const NAMESPACE: &str = "http://docs.oasis-open.org/legaldocml/ns/akn/3.0";

/// Elements that hold others and may have a number and a heading.
const CONTAINERS: &[&str] = &[
    "book",
    "tome",
    "part",
    "subpart",
    "title",
    "subtitle",
    "chapter",
    "subchapter",
    "section",
    "subsection",
    "article",
    "division",
    "hcontainer",
    "clause",
    "rule",
    "component",
    "attachment",
];
/// Elements that are paragraphs with a number.
const NUMBERED: &[&str] =
    &["paragraph", "subparagraph", "item", "point", "indent", "alinea", "list", "intro", "wrapUp"];

pub(crate) fn read(text: &str) -> Result<Source, Refused> {
    if crate::docx::deep(text) {
        return Err(Refused::new("the file", "its elements are nested too deep", "is it the right file?"));
    }
    let options = ParsingOptions { allow_dtd: false, nodes_limit: 8_000_000, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|e| {
        Refused::new(
            format!("line {}", e.pos().row),
            format!("it is no XML: {e}"),
            "repair it with an XML editor, or give the text as .docx or .txt",
        )
    })?;
    let root = document.root_element();
    if root.tag_name().name() != "akomaNtoso" {
        return Err(Refused::new(
            "line 1",
            format!("it is XML, but no Akoma Ntoso: it begins with `<{}>`", root.tag_name().name()),
            "give the text as Akoma Ntoso, .docx or .txt",
        ));
    }
    let mut blocks = Vec::new();
    for part in root.children().filter(Node::is_element).flat_map(|d| d.children()).filter(Node::is_element) {
        if part.tag_name().name() != "meta" {
            walk(part, 1, &mut blocks);
        }
    }
    Ok(Source { kind: Kind::Akn, blocks, notes: Vec::new() })
}

fn words(node: Node<'_, '_>) -> String {
    let mut out = String::new();
    for part in node.descendants().filter(Node::is_text) {
        out.push_str(part.text().unwrap_or(""));
    }
    visible(&out)
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|c| c.tag_name().name() == name)
}

fn walk(node: Node<'_, '_>, depth: u8, out: &mut Vec<Block>) {
    let name = node.tag_name().name();
    let eid = node.attribute("eId").map(String::from);
    let label = child(node, "num").map(words).filter(|n| !n.is_empty());
    let heading = child(node, "heading").map(words).filter(|h| !h.is_empty());
    if CONTAINERS.contains(&name) && (label.is_some() || heading.is_some()) {
        let text = match (&label, &heading) {
            (Some(_), Some(heading)) => heading.clone(),
            (None, Some(heading)) => heading.clone(),
            (Some(label), None) => label.clone(),
            (None, None) => String::new(),
        };
        let label = heading.is_some().then_some(label).flatten();
        out.push(Block { text, label, style: Some(depth), eid, ..Block::default() });
        for part in node.children().filter(Node::is_element) {
            if !matches!(part.tag_name().name(), "num" | "heading") {
                walk(part, depth.saturating_add(1), out);
            }
        }
        return;
    }
    if NUMBERED.contains(&name) {
        let first = out.len();
        if let Some(heading) = heading {
            out.push(Block { text: heading, ..Block::default() });
        }
        for part in node.children().filter(Node::is_element) {
            if !matches!(part.tag_name().name(), "num" | "heading") {
                walk(part, depth.saturating_add(1), out);
            }
        }
        let points = u8::from(matches!(name, "item" | "point" | "indent" | "subparagraph"));
        if let Some(block) = out.get_mut(first)
            && block.label.is_none()
        {
            block.label = label;
            block.depth = points;
            block.eid = eid;
        }
        return;
    }
    if matches!(name, "p" | "block" | "docTitle" | "longTitle" | "heading" | "crossHeading")
        && child(node, "p").is_none()
    {
        let text = words(node);
        if !text.is_empty() {
            let style = (node.attribute("class") == Some("title") || name == "crossHeading").then_some(depth);
            let mut block = Block { text, style, ..Block::default() };
            if node.attribute("class") == Some("row") {
                block.place = Place::Row;
            }
            if node.attribute("class") == Some("note") {
                block.place = Place::Note;
                if let Some((label, rest)) =
                    block.text.clone().split_once(' ').filter(|_| block.label.is_none())
                {
                    (block.label, block.text) = (Some(label.into()), rest.into());
                }
            }
            out.push(block);
        }
        return;
    }
    for part in node.children().filter(Node::is_element) {
        walk(part, depth, out);
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A draft as Akoma Ntoso.
pub fn write(draft: &Draft, name: &str) -> String {
    let country = "un";
    let date = draft.signed.map_or_else(|| "0001-01-01".to_string(), |d| d.to_string());
    let language = draft.language.three_letters();
    let work = format!("/akn/{country}/doc/{date}/{name}");
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<akomaNtoso xmlns=\"{NAMESPACE}\">\n<doc name=\"agreement\">\n<meta>\n\
         <identification source=\"#servanda\">\n\
         <FRBRWork><FRBRthis value=\"{work}/!main\"/><FRBRuri value=\"{work}\"/><FRBRdate date=\"{date}\" name=\"signature\"/>\
         <FRBRauthor href=\"#parties\"/><FRBRcountry value=\"{country}\"/></FRBRWork>\n\
         <FRBRExpression><FRBRthis value=\"{work}/{language}@/!main\"/><FRBRuri value=\"{work}/{language}@\"/>\
         <FRBRdate date=\"{date}\" name=\"signature\"/><FRBRauthor href=\"#parties\"/><FRBRlanguage language=\"{language}\"/>\
         </FRBRExpression>\n\
         <FRBRManifestation><FRBRthis value=\"{work}/{language}@/!main.xml\"/><FRBRuri value=\"{work}/{language}@.xml\"/>\
         <FRBRdate date=\"{date}\" name=\"signature\"/><FRBRauthor href=\"#servanda\"/></FRBRManifestation>\n\
         </identification>\n<references source=\"#servanda\">\n\
         <TLCOrganization eId=\"servanda\" href=\"/ontology/organization/servanda\" showAs=\"servanda\"/>\n\
         <TLCOrganization eId=\"parties\" href=\"/ontology/organization/parties\" showAs=\"the parties\"/>\n\
         </references>\n</meta>\n",
    );
    let mut clauses = draft.clauses.iter().peekable();
    if let Some(title) = clauses.next_if(|c| c.kind == ClauseKind::Title) {
        out.push_str(&format!(
            "<preface><longTitle><p class=\"title\">{}</p></longTitle></preface>\n",
            escaped(&title.heading)
        ));
        if !title.passages.is_empty() {
            out.push_str("<preamble>\n");
            for passage in &title.passages {
                out.push_str(&paragraph(passage));
            }
            out.push_str("</preamble>\n");
        }
    }
    out.push_str("<mainBody>\n");
    let mut open: Vec<u8> = Vec::new();
    for clause in clauses {
        while open.last().is_some_and(|level| *level >= clause.level) {
            open.pop();
            out.push_str("</section>\n");
        }
        match clause.kind {
            ClauseKind::Paragraph => {
                out.push_str(&format!("<paragraph eId=\"{}\">", escaped(&clause.eid)));
                if let Some(number) = &clause.number {
                    out.push_str(&format!("<num>{}</num>", escaped(number)));
                }
                out.push_str("<content>\n");
                for (at, passage) in clause.passages.iter().enumerate() {
                    let mut passage = passage.clone();
                    if at == 0 {
                        passage.label = None;
                    }
                    out.push_str(&paragraph(&passage));
                }
                out.push_str("</content></paragraph>\n");
            }
            _ => {
                out.push_str(&format!("<section eId=\"{}\">", escaped(&clause.eid)));
                if clause.own {
                    if let Some(number) = &clause.number {
                        out.push_str(&format!("<num>{}</num>", escaped(number)));
                    }
                    let heading = clause.heading_words();
                    out.push_str(&format!("<heading>{}</heading>\n", escaped(heading)));
                }
                open.push(clause.level);
                if !clause.passages.is_empty() {
                    out.push_str(&format!(
                        "<hcontainer name=\"text\" eId=\"{}__text\"><content>\n",
                        escaped(&clause.eid)
                    ));
                    for passage in &clause.passages {
                        out.push_str(&paragraph(passage));
                    }
                    out.push_str("</content></hcontainer>\n");
                }
            }
        }
    }
    for _ in open {
        out.push_str("</section>\n");
    }
    out.push_str("</mainBody>\n</doc>\n</akomaNtoso>\n");
    out
}

fn paragraph(passage: &crate::outline::Passage) -> String {
    let class = match passage.place {
        Place::Body => "",
        Place::Row => " class=\"row\"",
        Place::Note => " class=\"note\"",
    };
    let text = passage.shown();
    format!("<p{class}>{}</p>\n", escaped(&text))
}
