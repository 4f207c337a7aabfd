//! The desk of one editor: the texts it has open, and one message after another. No bytes and no threads here: a message in, messages
//! out.

use crate::position::Lines;
use crate::verdicts::Said;
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, DidChangeTextDocumentParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DidSaveTextDocumentParams, InitializeParams,
    Location, NumberOrString, PublishDiagnosticsParams, Uri,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use servanda_lang::diagnostic::Severity;
use servanda_lang::editor::Sheet;
use servanda_lang::findings::{Finding, findings};
use servanda_lang::{Checked, check};
use std::collections::BTreeMap;
use std::ops::Range;

/// What the editor said that it can take.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Takes {
    /// Other places of a diagnostic.
    related: bool,
    /// Edits with the version of the text that they are for.
    pub(crate) versions: bool,
    /// An outline that is a tree.
    pub(crate) tree: bool,
    /// Markdown in what is shown about a place.
    pub(crate) markdown: bool,
    /// To be told that it shall ask for lines above the rules again.
    refreshes: bool,
}

/// A text that the editor has open.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) uri: Uri,
    pub(crate) version: i32,
    pub(crate) text: String,
    pub(crate) lines: Lines,
    /// What was understood of it; `None` since the last edit.
    read: Option<Checked>,
    /// What was found about the draft when it was opened or last saved, moved along with the edits since; `None`: to be looked for.
    found: Option<Vec<Finding>>,
    /// Its newest diagnostics have not been sent.
    unsent: bool,
    /// What the verdicts on it are, as it was last saved, or why there are none; `None`: nobody has said it yet.
    pub(crate) said: Option<Result<Said, String>>,
    /// Changed since it was opened or last saved.
    pub(crate) changed: bool,
}

impl Open {
    fn new(uri: Uri, version: i32, text: String) -> Open {
        let lines = Lines::of(&text);
        Open { uri, version, text, lines, read: None, found: None, unsent: true, said: None, changed: false }
    }

    /// Replaces a stretch. Findings right of it move along; those that it touches are gone until the text is saved: what they speak of
    /// is being written.
    fn replace(&mut self, span: Range<usize>, new: &str) {
        if let Some(found) = &mut self.found {
            let moved = |of: &mut Range<usize>| {
                if of.start >= span.end && of.start > span.start {
                    *of = of.start - span.len() + new.len()..of.end - span.len() + new.len();
                }
                of.end <= span.start || of.start >= span.start + new.len()
            };
            found.retain_mut(|f| {
                let d = &mut f.diagnostic;
                let fix = d.fix.as_mut().is_none_or(|fix| moved(&mut fix.span));
                d.labels.retain_mut(|(place, _)| moved(place));
                moved(&mut d.span) && fix
            });
        }
        self.text.replace_range(span, new);
        self.lines = Lines::of(&self.text);
        self.read = None;
        (self.unsent, self.changed) = (true, true);
    }

    fn read(&mut self) -> (&str, &Lines, &Checked, &[Finding]) {
        let checked = self.read.get_or_insert_with(|| check(&self.text));
        let found = self.found.get_or_insert_with(|| findings(&self.text, checked).findings);
        (&self.text, &self.lines, checked, found)
    }

    /// The text on the desk of the language, with all diagnostics that have a repair or may have.
    pub(crate) fn sheet(&mut self) -> (Sheet<'_>, &Lines, Vec<servanda_lang::Diagnostic>) {
        let (text, lines, checked, found) = self.read();
        let open = found.iter().filter(|f| f.accepted.is_none());
        let all = checked.diagnostics.iter().chain(open.map(|f| &f.diagnostic)).cloned().collect();
        (Sheet::new(text, checked), lines, all)
    }
}

/// The desk of one editor.
#[derive(Debug, Default)]
pub struct Desk {
    begun: bool,
    leaving: bool,
    pub(crate) takes: Takes,
    open: BTreeMap<String, Open>,
    /// Verdicts are shown above the rules.
    shows_verdicts: bool,
    /// Texts on which verdicts are wished for.
    wishes: Vec<Uri>,
    /// How often the editor was asked to ask again.
    asked_again: u32,
}

impl Desk {
    /// A desk that shows what the verdicts are; whoever holds it asks for [`Desk::wishes`] and brings [`Desk::said`].
    pub fn with_verdicts() -> Desk {
        Desk { shows_verdicts: true, ..Desk::default() }
    }

    /// Whether the editor has said that it will leave.
    pub fn is_leaving(&self) -> bool {
        self.leaving
    }

    /// Handles a message. What comes back is to be sent in this order.
    pub fn handle(&mut self, message: Message) -> Vec<Message> {
        match message {
            Message::Request(request) => {
                let id = request.id.clone();
                let response = match self.answer(request) {
                    Ok(value) => Response { id, result: Some(value), error: None },
                    Err((code, why)) => Response::new_err(id, code as i32, why),
                };
                vec![response.into()]
            }
            // Nothing was asked of the editor.
            Message::Response(_) => Vec::new(),
            Message::Notification(note) => self.note(note),
        }
    }

    /// The answer to a question that was taken back.
    pub fn cancelled(&mut self, message: Message) -> Vec<Message> {
        match message {
            Message::Request(request) => {
                let why = "cancelled before its turn".to_string();
                vec![Response::new_err(request.id, ErrorCode::RequestCanceled as i32, why).into()]
            }
            other => self.handle(other),
        }
    }

    /// Diagnostics of the texts that have changed since they were last sent.
    pub fn settle(&mut self) -> Vec<Message> {
        let related = self.takes.related;
        let changed = self.open.values_mut().filter(|open| open.unsent);
        changed
            .map(|open| {
                open.unsent = false;
                let (uri, version) = (open.uri.clone(), open.version);
                let diagnostics = diagnostics(open, related);
                published(PublishDiagnosticsParams { uri, diagnostics, version: Some(version) })
            })
            .collect()
    }

    /// The texts that were opened or saved since this was last asked, where verdicts are shown.
    pub fn wishes(&mut self) -> Vec<Uri> {
        let all = std::mem::take(&mut self.wishes);
        if self.shows_verdicts { all } else { Vec::new() }
    }

    /// Takes in what the verdicts on a text are. What comes back asks the editor to ask for them.
    pub fn said(&mut self, uri: &Uri, said: Result<Said, String>) -> Vec<Message> {
        let Some(open) = self.open.get_mut(uri.as_str()) else { return Vec::new() };
        open.said = Some(said);
        if !self.takes.refreshes || self.leaving {
            return Vec::new();
        }
        self.asked_again += 1;
        let id = RequestId::from(format!("verdicts-{}", self.asked_again));
        vec![Request { id, method: "workspace/codeLens/refresh".to_string(), params: Value::Null }.into()]
    }

    /// The text that a question is about.
    pub(crate) fn text(&mut self, uri: &Uri) -> Result<&mut Open, (ErrorCode, String)> {
        let why = || (ErrorCode::InvalidParams, format!("`{}` is not open", uri.as_str()));
        self.open.get_mut(uri.as_str()).ok_or_else(why)
    }

    fn answer(&mut self, request: Request) -> Result<Value, (ErrorCode, String)> {
        if request.method == "initialize" {
            if self.begun {
                return Err((ErrorCode::InvalidRequest, "this conversation has begun already".to_string()));
            }
            let params: InitializeParams = params(request.params)?;
            self.begun = true;
            self.takes = takes(&params);
            return Ok(capabilities(self.shows_verdicts));
        }
        if !self.begun {
            return Err((ErrorCode::ServerNotInitialized, "`initialize` comes first".to_string()));
        }
        if self.leaving {
            return Err((ErrorCode::InvalidRequest, "after `shutdown` only `exit` may come".to_string()));
        }
        if request.method == "shutdown" {
            self.leaving = true;
            return Ok(Value::Null);
        }
        self.ask(&request.method, request.params)
    }

    fn note(&mut self, note: Notification) -> Vec<Message> {
        if !self.begun || self.leaving {
            return Vec::new();
        }
        match note.method.as_str() {
            "textDocument/didOpen" => {
                if let Ok(DidOpenTextDocumentParams { text_document: it }) = params(note.params) {
                    self.wishes.push(it.uri.clone());
                    self.open.insert(it.uri.as_str().to_string(), Open::new(it.uri, it.version, it.text));
                }
                Vec::new()
            }
            "textDocument/didChange" => {
                if let Ok(changes) = params::<DidChangeTextDocumentParams>(note.params)
                    && let Some(open) = self.open.get_mut(changes.text_document.uri.as_str())
                {
                    open.version = changes.text_document.version;
                    for change in changes.content_changes {
                        match change.range {
                            None => {
                                open.found = None;
                                open.replace(0..open.text.len(), &change.text);
                            }
                            Some(range) => {
                                let start = open.lines.offset(&open.text, range.start);
                                let end = open.lines.offset(&open.text, range.end).max(start);
                                open.replace(start..end, &change.text);
                            }
                        }
                    }
                }
                Vec::new()
            }
            "textDocument/didSave" => {
                if let Ok(DidSaveTextDocumentParams { text_document: it, .. }) = params(note.params)
                    && let Some(open) = self.open.get_mut(it.uri.as_str())
                {
                    open.found = None;
                    (open.unsent, open.changed) = (true, false);
                    self.wishes.push(it.uri);
                }
                Vec::new()
            }
            "textDocument/didClose" => {
                let Ok(DidCloseTextDocumentParams { text_document: it }) = params(note.params) else {
                    return Vec::new();
                };
                match self.open.remove(it.uri.as_str()) {
                    // What is no longer open has nothing wrong any more.
                    Some(_) => vec![published(PublishDiagnosticsParams {
                        uri: it.uri,
                        diagnostics: Vec::new(),
                        version: None,
                    })],
                    None => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }
}

/// The parameters of a message.
pub(crate) fn params<P: DeserializeOwned>(value: Value) -> Result<P, (ErrorCode, String)> {
    serde_json::from_value(value)
        .map_err(|why| (ErrorCode::InvalidParams, format!("the parameters cannot be read: {why}")))
}

fn takes(params: &InitializeParams) -> Takes {
    let of_text = params.capabilities.text_document.as_ref();
    let related = of_text.and_then(|t| t.publish_diagnostics.as_ref()).and_then(|p| p.related_information);
    let tree =
        of_text.and_then(|t| t.document_symbol.as_ref()).and_then(|s| s.hierarchical_document_symbol_support);
    let formats = of_text.and_then(|t| t.hover.as_ref()).and_then(|h| h.content_format.clone());
    let versions = params
        .capabilities
        .workspace
        .as_ref()
        .and_then(|w| w.workspace_edit.as_ref())
        .and_then(|e| e.document_changes);
    let refreshes = params
        .capabilities
        .workspace
        .as_ref()
        .and_then(|w| w.code_lens.as_ref())
        .and_then(|c| c.refresh_support);
    Takes {
        related: related.unwrap_or(false),
        versions: versions.unwrap_or(false),
        refreshes: refreshes.unwrap_or(false),
        tree: tree.unwrap_or(false),
        markdown: formats.is_none_or(|f| f.contains(&lsp_types::MarkupKind::Markdown)),
    }
}

fn capabilities(shows_verdicts: bool) -> Value {
    let mut said = json!({
        "capabilities": {
            "positionEncoding": "utf-16",
            "textDocumentSync": { "openClose": true, "change": 2, "save": true },
            "hoverProvider": true,
            "definitionProvider": true,
            "referencesProvider": true,
            "renameProvider": { "prepareProvider": true },
            "completionProvider": { "triggerCharacters": [" ", "\""] },
            "codeActionProvider": { "codeActionKinds": ["quickfix"] },
            "documentSymbolProvider": true,
            "documentFormattingProvider": true,
            "inlayHintProvider": true,
        },
        "serverInfo": { "name": "servanda", "version": env!("CARGO_PKG_VERSION") },
    });
    if shows_verdicts {
        said["capabilities"]["codeLensProvider"] = json!({ "resolveProvider": false });
    }
    said
}

fn published(params: PublishDiagnosticsParams) -> Message {
    Notification::new("textDocument/publishDiagnostics".to_string(), params).into()
}

fn diagnostics(open: &mut Open, related: bool) -> Vec<Diagnostic> {
    let uri = open.uri.clone();
    let (text, lines, checked, found) = open.read();
    let shown = |d: &servanda_lang::Diagnostic, severity: DiagnosticSeverity, kept: Option<&str>| {
        let mut message = d.message.clone();
        for more in d.help.iter() {
            message.push_str(&format!("\n{more}"));
        }
        if let Some(reason) = kept {
            message.push_str(&format!("\naccepted because {reason}"));
        }
        message.push_str(&format!("\nmore: servanda explain {}", d.code));
        let others = d.labels.iter().map(|(span, text_of)| DiagnosticRelatedInformation {
            location: Location { uri: uri.clone(), range: lines.range(text, span) },
            message: text_of.clone(),
        });
        Diagnostic {
            range: lines.range(text, &d.span),
            severity: Some(severity),
            code: Some(NumberOrString::String(d.code.to_string())),
            source: Some("servanda".to_string()),
            message,
            related_information: (related && !d.labels.is_empty()).then(|| others.collect()),
            tags: kept.map(|_| vec![DiagnosticTag::UNNECESSARY]),
            ..Diagnostic::default()
        }
    };
    let of_text = checked.diagnostics.iter().map(|d| {
        let severity = match d.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
            Severity::Info => DiagnosticSeverity::INFORMATION,
        };
        shown(d, severity, None)
    });
    // A finding is no mistake: it never looks like one.
    let of_draft = found.iter().map(|f| {
        let severity = match (f.diagnostic.severity, &f.accepted) {
            (Severity::Error | Severity::Warning, None) => DiagnosticSeverity::INFORMATION,
            _ => DiagnosticSeverity::HINT,
        };
        shown(&f.diagnostic, severity, f.accepted.as_deref())
    });
    of_text.chain(of_draft).collect()
}
