//! Questions of the protocol to queries of the language, and their answers back.
//!
//! Every question is about one open text and one place or stretch of it; the protocol's counting of places stays here.

use crate::desk::{Desk, Takes, params};
use crate::position::Lines;
use lsp_server::ErrorCode;
use lsp_types::{
    CodeActionParams, CompletionItem, CompletionItemKind, CompletionParams, CompletionTextEdit,
    DocumentFormattingParams, DocumentSymbol, DocumentSymbolParams, GotoDefinitionParams, HoverParams,
    InlayHint, InlayHintLabel, InlayHintParams, Location, MarkupKind, ReferenceParams, RenameParams,
    SymbolInformation, SymbolKind, TextDocumentPositionParams, TextEdit, Uri,
};
use serde_json::{Value, json};
use servanda_lang::editor::{Item, Outline, Sort};
use servanda_lang::parser::vocabulary::Keyword;

type Answer = Result<Value, (ErrorCode, String)>;

/// The text, its lines and the place in bytes that a question is about.
macro_rules! place {
    ($desk:ident, $params:expr => $open:ident, $at:ident) => {
        let TextDocumentPositionParams { text_document, position } = $params;
        let $open = $desk.text(&text_document.uri)?;
        let $at = $open.lines.offset(&$open.text, position);
    };
}

impl Desk {
    pub(crate) fn ask(&mut self, method: &str, given: Value) -> Answer {
        let takes = self.takes;
        match method {
            "textDocument/hover" => {
                let asked: HoverParams = params(given)?;
                place!(self, asked.text_document_position_params => open, at);
                let (sheet, lines, _) = open.sheet();
                Ok(sheet.hover(at).map_or(Value::Null, |hover| {
                    let kind = if takes.markdown { MarkupKind::Markdown } else { MarkupKind::PlainText };
                    let title = if takes.markdown { format!("**{}**", hover.title) } else { hover.title };
                    let body: Vec<String> =
                        hover.body.iter().map(|p| if takes.markdown { escaped(p) } else { p.clone() }).collect();
                    let value = [vec![title], body].concat().join("\n\n");
                    json!({ "contents": { "kind": kind, "value": value }, "range": lines.range(sheet.text, &hover.span) })
                }))
            }
            "textDocument/definition" => {
                let asked: GotoDefinitionParams = params(given)?;
                let uri = asked.text_document_position_params.text_document.uri.clone();
                place!(self, asked.text_document_position_params => open, at);
                let (sheet, lines, _) = open.sheet();
                to_json(&locations(&uri, sheet.text, lines, &sheet.definition(at)))
            }
            "textDocument/references" => {
                let asked: ReferenceParams = params(given)?;
                let uri = asked.text_document_position.text_document.uri.clone();
                place!(self, asked.text_document_position => open, at);
                let (sheet, lines, _) = open.sheet();
                let all = sheet.references(at, asked.context.include_declaration);
                to_json(&locations(&uri, sheet.text, lines, &all))
            }
            "textDocument/prepareRename" => {
                place!(self, params(given)? => open, at);
                let (sheet, lines, _) = open.sheet();
                match sheet.renamable(at) {
                    Ok(place) => {
                        let range = lines.range(sheet.text, &place.span);
                        Ok(json!({ "range": range, "placeholder": place.symbol.name().as_str() }))
                    }
                    Err(why) => Err((ErrorCode::RequestFailed, why)),
                }
            }
            "textDocument/rename" => {
                let asked: RenameParams = params(given)?;
                let uri = asked.text_document_position.text_document.uri.clone();
                place!(self, asked.text_document_position => open, at);
                let version = open.version;
                let (sheet, lines, _) = open.sheet();
                let spans =
                    sheet.rename(at, &asked.new_name).map_err(|why| (ErrorCode::RequestFailed, why))?;
                let edits: Vec<TextEdit> = spans
                    .iter()
                    .map(|span| TextEdit::new(lines.range(sheet.text, span), asked.new_name.clone()))
                    .collect();
                Ok(edit(&uri, version, takes, &edits))
            }
            "textDocument/completion" => {
                let asked: CompletionParams = params(given)?;
                place!(self, asked.text_document_position => open, at);
                let (sheet, lines, _) = open.sheet();
                let items: Vec<CompletionItem> = sheet
                    .complete(at)
                    .into_iter()
                    .enumerate()
                    .map(|(n, offer)| CompletionItem {
                        label: offer.text.clone(),
                        kind: Some(match offer.sort {
                            Sort::Declaration | Sort::Field => CompletionItemKind::KEYWORD,
                            Sort::Word => CompletionItemKind::ENUM_MEMBER,
                            Sort::Name => CompletionItemKind::VARIABLE,
                            Sort::Quote => CompletionItemKind::TEXT,
                        }),
                        detail: Some(offer.detail),
                        // The order of the language, not that of the alphabet.
                        sort_text: Some(format!("{n:05}")),
                        text_edit: Some(CompletionTextEdit::Edit(TextEdit::new(
                            lines.range(sheet.text, &offer.replaces),
                            offer.text,
                        ))),
                        ..CompletionItem::default()
                    })
                    .collect();
                to_json(&items)
            }
            "textDocument/codeAction" => {
                let asked: CodeActionParams = params(given)?;
                let wanted = asked.context.only.as_ref().is_none_or(|only| {
                    only.iter().any(|kind| kind.as_str().is_empty() || "quickfix".starts_with(kind.as_str()))
                });
                let uri = asked.text_document.uri;
                let open = self.text(&uri)?;
                let version = open.version;
                let start = open.lines.offset(&open.text, asked.range.start);
                let end = open.lines.offset(&open.text, asked.range.end).max(start);
                let (sheet, lines, all) = open.sheet();
                let actions: Vec<Value> = sheet
                    .fixes(&all, start..end)
                    .filter(|_| wanted)
                    .map(|(diagnostic, fix)| {
                        let range = lines.range(sheet.text, &fix.span);
                        let edits = [TextEdit::new(range, fix.replacement.clone())];
                        json!({
                            "title": fix.title,
                            "kind": "quickfix",
                            "isPreferred": true,
                            "diagnostics": asked.context.diagnostics.iter()
                                .filter(|d| d.code == Some(lsp_types::NumberOrString::String(diagnostic.code.to_string()))
                                    && d.range == lines.range(sheet.text, &diagnostic.span))
                                .collect::<Vec<_>>(),
                            "edit": edit(&uri, version, takes, &edits),
                        })
                    })
                    .collect();
                Ok(Value::Array(actions))
            }
            "textDocument/documentSymbol" => {
                let asked: DocumentSymbolParams = params(given)?;
                let open = self.text(&asked.text_document.uri)?;
                let (sheet, lines, _) = open.sheet();
                let outline = sheet.outline();
                if takes.tree {
                    return to_json(
                        &outline.iter().map(|o| symbol(o, sheet.text, lines)).collect::<Vec<_>>(),
                    );
                }
                let mut flat = Vec::new();
                flatten(&outline, None, &mut |one, above| {
                    flat.push(flat_symbol(one, above, &asked.text_document.uri, sheet.text, lines))
                });
                to_json(&flat)
            }
            "textDocument/formatting" => {
                let asked: DocumentFormattingParams = params(given)?;
                let open = self.text(&asked.text_document.uri)?;
                let formatted = servanda_lang::format(&open.text);
                let edits: Vec<TextEdit> = difference(&open.text, &formatted)
                    .map(|(span, new)| TextEdit::new(open.lines.range(&open.text, &span), new.to_string()))
                    .into_iter()
                    .collect();
                to_json(&edits)
            }
            "textDocument/inlayHint" => {
                let asked: InlayHintParams = params(given)?;
                let open = self.text(&asked.text_document.uri)?;
                let start = open.lines.offset(&open.text, asked.range.start);
                let end = open.lines.offset(&open.text, asked.range.end);
                let (sheet, lines, _) = open.sheet();
                let hints: Vec<InlayHint> = sheet
                    .dates()
                    .into_iter()
                    .filter(|date| start <= date.at && date.at <= end)
                    .map(|date| InlayHint {
                        position: lines.position(sheet.text, date.at),
                        label: InlayHintLabel::String(format!("= {}", date.shown)),
                        kind: None,
                        text_edits: None,
                        tooltip: None,
                        padding_left: Some(true),
                        padding_right: None,
                        data: None,
                    })
                    .collect();
                to_json(&hints)
            }
            "textDocument/codeLens" => {
                let asked: DocumentSymbolParams = params(given)?;
                let open = self.text(&asked.text_document.uri)?;
                let Some(said) = open.said.clone() else { return Ok(Value::Array(Vec::new())) };
                let when = if open.changed { "as saved: " } else { "" };
                let (sheet, lines, _) = open.sheet();
                let outline = sheet.outline();
                let mut lenses = Vec::new();
                flatten(&outline, None, &mut |one, _| {
                    let Item::Declaration(keyword) = one.item else { return };
                    let line = match (&said, keyword) {
                        (Ok(said), Keyword::Agreement) => Some(said.whole.clone()),
                        (Ok(said), _) => said.rules.get(&one.name).cloned(),
                        (Err(why), Keyword::Agreement) => Some(format!("no verdicts: {why}")),
                        (Err(_), _) => None,
                    };
                    if let Some(line) = line {
                        let range = lines.range(sheet.text, &one.selection);
                        let command = json!({ "title": format!("{when}{line}"), "command": "" });
                        lenses.push(json!({ "range": range, "command": command }));
                    }
                });
                Ok(Value::Array(lenses))
            }
            "servanda/coverage" => {
                let asked: DocumentSymbolParams = params(given)?;
                let open = self.text(&asked.text_document.uri)?;
                let (sheet, lines, _) = open.sheet();
                let stretches: Vec<Value> = sheet
                    .coverage()
                    .into_iter()
                    .map(|s| json!({ "range": lines.range(sheet.text, &s.span), "covered": s.covered }))
                    .collect();
                Ok(Value::Array(stretches))
            }
            _ => {
                Err((ErrorCode::MethodNotFound, format!("`{method}` is not among what this server answers")))
            }
        }
    }
}

fn to_json(value: &impl serde::Serialize) -> Answer {
    serde_json::to_value(value).map_err(|why| (ErrorCode::InternalError, why.to_string()))
}

fn locations(uri: &Uri, text: &str, lines: &Lines, spans: &[std::ops::Range<usize>]) -> Vec<Location> {
    spans.iter().map(|span| Location { uri: uri.clone(), range: lines.range(text, span) }).collect()
}

/// An edit of one text, with its version where the editor takes one.
fn edit(uri: &Uri, version: i32, takes: Takes, edits: &[TextEdit]) -> Value {
    if takes.versions {
        let of = json!({ "uri": uri.as_str(), "version": version });
        json!({ "documentChanges": [{ "textDocument": of, "edits": edits }] })
    } else {
        json!({ "changes": { uri.as_str(): edits } })
    }
}

/// Text as Markdown that shows it as it is; backticks stay, they mark the user's words.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut code = false;
    for c in text.chars() {
        code ^= c == '`';
        if !code && matches!(c, '\\' | '*' | '_' | '<' | '>' | '[' | ']' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The one stretch in which two texts differ, and what stands there in the second.
fn difference<'t>(before: &str, after: &'t str) -> Option<(std::ops::Range<usize>, &'t str)> {
    if before == after {
        return None;
    }
    let mut start = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
    while !before.is_char_boundary(start) || !after.is_char_boundary(start) {
        start -= 1;
    }
    let rest = before.len().min(after.len()) - start;
    let mut end =
        before.bytes().rev().zip(after.bytes().rev()).take(rest).take_while(|(a, b)| a == b).count();
    while !before.is_char_boundary(before.len() - end) || !after.is_char_boundary(after.len() - end) {
        end -= 1;
    }
    // The protocol has no place between `\r` and `\n`.
    if before[..before.len() - end].ends_with('\r') && before[before.len() - end..].starts_with('\n') {
        end -= 1;
    }
    if before[..start].ends_with('\r') && before[start..].starts_with('\n') {
        start -= 1;
    }
    Some((start..before.len() - end, &after[start..after.len() - end]))
}

fn kind(item: Item) -> SymbolKind {
    use Keyword::*;
    match item {
        Item::Clause => SymbolKind::STRING,
        Item::Declaration(keyword) => match keyword {
            Agreement => SymbolKind::PACKAGE,
            Party | Group | Body => SymbolKind::OBJECT,
            Zone => SymbolKind::NAMESPACE,
            Class => SymbolKind::ENUM,
            Event => SymbolKind::EVENT,
            State | Object | Measure => SymbolKind::VARIABLE,
            Term | Open | Reading => SymbolKind::CONSTANT,
            Power | Priority => SymbolKind::OPERATOR,
            _ => SymbolKind::FUNCTION,
        },
    }
}

fn detail(one: &Outline) -> Option<String> {
    match one.item {
        Item::Clause => None,
        Item::Declaration(keyword) if one.detail.is_empty() => Some(keyword.word().to_string()),
        Item::Declaration(keyword) => Some(format!("{} “{}”", keyword.word(), one.detail)),
    }
}

#[allow(deprecated, reason = "the type asks for a field that the protocol has left")]
fn symbol(one: &Outline, text: &str, lines: &Lines) -> DocumentSymbol {
    DocumentSymbol {
        name: one.name.clone(),
        detail: detail(one),
        kind: kind(one.item),
        tags: None,
        deprecated: None,
        range: lines.range(text, &one.span),
        selection_range: lines.range(text, &one.selection),
        children: Some(one.children.iter().map(|o| symbol(o, text, lines)).collect()),
    }
}

#[allow(deprecated, reason = "the type asks for a field that the protocol has left")]
fn flat_symbol(
    one: &Outline,
    above: Option<&str>,
    uri: &Uri,
    text: &str,
    lines: &Lines,
) -> SymbolInformation {
    SymbolInformation {
        name: one.name.clone(),
        kind: kind(one.item),
        tags: None,
        deprecated: None,
        location: Location { uri: uri.clone(), range: lines.range(text, &one.selection) },
        container_name: above.map(str::to_string),
    }
}

fn flatten<'o>(
    all: &'o [Outline],
    above: Option<&'o str>,
    each: &mut impl FnMut(&'o Outline, Option<&'o str>),
) {
    for one in all {
        each(one, above);
        flatten(&one.children, Some(&one.name), each);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_shows_a_text_as_it_is() {
        assert_eq!(escaped("<b> `a_b` a_b *"), "\\<b\\> `a_b` a\\_b \\*");
    }

    #[test]
    fn the_difference_of_two_texts_is_one_stretch() {
        for (before, after) in [
            ("", "a"),
            ("a", ""),
            ("abc", "abc"),
            ("aa", "aaa"),
            ("я", "ю"),
            ("x🕊y", "x🕋y"),
            ("a\r\nb", "a\nb"),
            ("a\nb", "a\r\nb"),
            ("ab\r\n", "ac\r\n"),
        ] {
            let mut text = before.to_string();
            if let Some((span, new)) = difference(before, after) {
                let lines = Lines::of(before);
                let range = lines.range(before, &span);
                let there = lines.offset(before, range.start)..lines.offset(before, range.end);
                text.replace_range(there, new);
            }
            assert_eq!(text, after);
        }
    }
}
