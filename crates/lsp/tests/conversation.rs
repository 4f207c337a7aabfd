//! Conversations with an editor: what it sends and what it gets, in order; places in UTF-16; edits before later questions; nothing that
//! an editor may send makes the server fail.

use lsp_server::{Message, Notification, Request, RequestId};
use proptest::prelude::*;
use serde_json::{Value, json};
use servanda_lsp::{Desk, Ended, Heard, Lines, hear, say, serve};
use std::io::Read;
use std::sync::{Arc, Mutex};

const URI: &str = "file:///truce.pact.md";
const TRUCE: &str = "# Угода 🕊\n\n```pact\nagreement truce\n  signed      2026-01-01\n  in force    30 days after signed\n  time zone   UTC\n  counting    event day excluded\n  months      round down\nparty A \"А\"\nparty B\nevent fire\n  says        \"{by} 🕊 fires\"\n  carries     by: party\n```\n\n## 1\n\n> Угода: A не стріляє 🕊 at B.\n\n```pact\nban no-fire\n  bearer      A\n  owed to     B\n  must not    do fire by bearer\n  per         \"A не стріляє 🕊 at B\"\n```\n";

fn request(id: i32, method: &str, params: Value) -> Message {
    Request { id: RequestId::from(id), method: method.to_string(), params }.into()
}

fn note(method: &str, params: Value) -> Message {
    Notification { method: method.to_string(), params }.into()
}

fn begin(capabilities: Value) -> Desk {
    let mut desk = Desk::default();
    let answers = desk.handle(request(0, "initialize", json!({ "capabilities": capabilities })));
    assert_eq!(result(&answers)["serverInfo"]["name"], "servanda");
    assert!(desk.handle(note("initialized", json!({}))).is_empty());
    desk
}

fn opened(text: &str) -> Desk {
    let mut desk = begin(json!({}));
    open(&mut desk, text);
    desk
}

fn open(desk: &mut Desk, text: &str) {
    let document = json!({ "uri": URI, "languageId": "markdown", "version": 1, "text": text });
    assert!(desk.handle(note("textDocument/didOpen", json!({ "textDocument": document }))).is_empty());
}

fn change(desk: &mut Desk, version: i32, changes: Value) {
    let of = json!({ "uri": URI, "version": version });
    let params = json!({ "textDocument": of, "contentChanges": changes });
    assert!(desk.handle(note("textDocument/didChange", params)).is_empty());
}

fn result(answers: &[Message]) -> Value {
    match answers {
        [Message::Response(response)] => {
            assert!(response.error.is_none(), "{:?}", response.error);
            response.result.clone().unwrap_or(Value::Null)
        }
        other => panic!("one answer is expected: {other:?}"),
    }
}

fn refused(answers: &[Message]) -> (i32, String) {
    match answers {
        [Message::Response(response)] => {
            let error = response.error.clone().expect("it is refused");
            (error.code, error.message)
        }
        other => panic!("one answer is expected: {other:?}"),
    }
}

fn published(messages: &[Message]) -> Value {
    match messages {
        [Message::Notification(note)] => {
            assert_eq!(note.method, "textDocument/publishDiagnostics");
            note.params.clone()
        }
        other => panic!("{other:?}"),
    }
}

/// The place of the protocol, counted here in another way than in the server.
fn place(text: &str, needle: &str) -> Value {
    let before = &text[..text.find(needle).unwrap_or_else(|| panic!("no `{needle}`"))];
    let line = before.split('\n').count() - 1;
    let units = before.rsplit('\n').next().unwrap().encode_utf16().count();
    json!({ "line": line, "character": units })
}

fn asked(needle: &str) -> Value {
    json!({ "textDocument": { "uri": URI }, "position": place(TRUCE, needle) })
}

fn with(mut params: Value, name: &str, value: Value) -> Value {
    params[name] = value;
    params
}

/// Says the same of every text, and of which it was asked.
struct Pretended(Arc<Mutex<Vec<String>>>);

impl servanda_lsp::Verdicts for Pretended {
    fn of(&mut self, uri: &str) -> Result<servanda_lsp::Said, String> {
        self.0.lock().unwrap().push(uri.to_string());
        let rules = [("no-fire".to_string(), "✓ A: complied".to_string())].into();
        Ok(servanda_lsp::Said { whole: "Yes, so far.".to_string(), rules })
    }
}

#[test]
fn verdicts_are_asked_for_when_a_text_is_opened_or_saved_and_not_at_a_keystroke() {
    let mut desk = Desk::with_verdicts();
    let able = json!({ "workspace": { "codeLens": { "refreshSupport": true } } });
    desk.handle(request(0, "initialize", json!({ "capabilities": able })));
    open(&mut desk, TRUCE);
    let [uri] = &desk.wishes()[..] else { panic!("one text was opened") };
    change(&mut desk, 2, json!([{ "text": format!("{TRUCE}\n") }]));
    assert!(desk.wishes().is_empty());
    desk.handle(note("textDocument/didSave", json!({ "textDocument": { "uri": URI } })));
    assert_eq!(desk.wishes().len(), 1);
    let ask = |desk: &mut Desk, id| {
        result(&desk.handle(request(id, "textDocument/codeLens", json!({ "textDocument": { "uri": URI } }))))
    };
    assert_eq!(ask(&mut desk, 1), json!([]), "nobody has said anything yet");
    let asked = Arc::new(Mutex::new(Vec::new()));
    let said = servanda_lsp::Verdicts::of(&mut Pretended(asked), URI);
    let [Message::Request(again)] = &desk.said(uri, said)[..] else { panic!("the editor asks again") };
    assert_eq!(again.method, "workspace/codeLens/refresh");
    let titles: Vec<Value> =
        ask(&mut desk, 2).as_array().unwrap().iter().map(|l| l["command"]["title"].clone()).collect();
    assert_eq!(titles, [json!("Yes, so far."), json!("✓ A: complied")]);
    // Who is not to show them is not asked.
    let mut plain = opened(TRUCE);
    assert!(plain.wishes().is_empty());
}

#[test]
fn a_conversation_with_verdicts_ends_when_the_editor_leaves() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let document = json!({ "uri": URI, "languageId": "markdown", "version": 1, "text": TRUCE });
    let mut sent = Vec::new();
    for message in [
        request(0, "initialize", json!({ "capabilities": {} })),
        note("textDocument/didOpen", json!({ "textDocument": document })),
        request(1, "shutdown", Value::Null),
        note("exit", Value::Null),
    ] {
        say(&mut sent, &message).unwrap();
    }
    let ended = serve(std::io::Cursor::new(sent), Vec::new(), Some(Box::new(Pretended(asked))));
    assert_eq!(ended.unwrap(), Ended::AsAgreed);
}

#[test]
fn the_conversation_has_a_beginning_and_an_end() {
    let mut desk = Desk::default();
    assert_eq!(refused(&desk.handle(request(1, "textDocument/hover", asked("fire")))).0, -32002);
    assert!(desk.handle(note("textDocument/didOpen", json!({}))).is_empty());
    let mut desk = begin(json!({}));
    assert_eq!(refused(&desk.handle(request(2, "initialize", json!({ "capabilities": {} })))).0, -32600);
    assert_eq!(refused(&desk.handle(request(3, "textDocument/nothing", json!({})))).0, -32601);
    assert_eq!(refused(&desk.handle(request(4, "textDocument/hover", json!(3)))).0, -32602);
    let (code, why) = refused(&desk.handle(request(5, "textDocument/hover", asked("fire"))));
    assert_eq!((code, why.as_str()), (-32602, "`file:///truce.pact.md` is not open"));
    assert_eq!(result(&desk.handle(request(6, "shutdown", Value::Null))), Value::Null);
    assert!(desk.is_leaving());
    assert_eq!(refused(&desk.handle(request(7, "shutdown", Value::Null))).0, -32600);
}

#[test]
fn diagnostics_come_for_the_newest_text_with_code_help_and_page() {
    let mut desk = opened(&TRUCE.replace("bearer      A", "bearer      C"));
    let first = published(&desk.settle());
    assert_eq!((&first["uri"], &first["version"]), (&json!(URI), &json!(1)));
    let all = first["diagnostics"].as_array().unwrap();
    let wrong = all.iter().find(|d| d["code"] == "N0201").unwrap();
    assert_eq!((&wrong["severity"], &wrong["source"]), (&json!(1), &json!("servanda")));
    let message = wrong["message"].as_str().unwrap();
    assert!(
        message.starts_with("the party `C` is not known\n")
            && message.ends_with("\nmore: servanda explain N0201")
    );
    assert!(desk.settle().is_empty(), "nothing has changed since");
    // Two edits that come together are checked once.
    change(&mut desk, 2, json!([{ "text": "# T\n" }]));
    change(&mut desk, 3, json!([{ "text": TRUCE }]));
    let second = published(&desk.settle());
    assert_eq!(second["version"], 3);
    let found = second["diagnostics"].as_array().unwrap();
    assert!(found.iter().all(|d| d["severity"].as_u64() >= Some(2)), "{found:?}");
    let finding = found.iter().find(|d| d["code"] == "A0701").expect("nobody establishes a breach");
    assert_eq!(finding["severity"], 3, "a finding is no warning: {finding}");
    // On the name, behind Cyrillic and a dove in other lines.
    assert_eq!(finding["range"]["start"], place(TRUCE, "no-fire"));
    let closed = desk.handle(note("textDocument/didClose", json!({ "textDocument": { "uri": URI } })));
    assert_eq!(published(&closed)["diagnostics"], json!([]));
}

#[test]
fn an_accepted_finding_is_a_hint_with_its_reason() {
    let accepted = TRUCE.replace(
        "  per         \"A не",
        "  accepted    \"A0701\" because \"so agreed\"\n  per         \"A не",
    );
    let mut desk = opened(&accepted);
    let all = published(&desk.settle());
    let kept = all["diagnostics"].as_array().unwrap().iter().find(|d| d["code"] == "A0701").unwrap();
    assert_eq!((&kept["severity"], &kept["tags"]), (&json!(4), &json!([1])));
    assert!(kept["message"].as_str().unwrap().contains("\naccepted because so agreed\n"));
}

#[test]
fn findings_move_along_with_edits_and_are_looked_for_when_it_is_saved() {
    let mut desk = opened(TRUCE);
    drop(desk.settle());
    let of = |all: &Value, code: &str| -> Vec<Value> {
        all["diagnostics"].as_array().unwrap().iter().filter(|d| d["code"] == code).cloned().collect()
    };
    let zero = json!({ "line": 0, "character": 0 });
    change(&mut desk, 2, json!([{ "range": { "start": zero, "end": zero }, "text": "🕊\n\n" }]));
    let moved = of(&published(&desk.settle()), "A0701");
    let below = place(&format!("🕊\n\n{TRUCE}"), "no-fire");
    assert_eq!(moved[0]["range"]["start"], below, "two lines down");
    // The name that it is about is being written: it is gone, and comes back with the save.
    let at = json!({ "line": below["line"], "character": below["character"].as_u64().unwrap() + 2 });
    change(&mut desk, 3, json!([{ "range": { "start": at, "end": at }, "text": "t" }]));
    assert_eq!(of(&published(&desk.settle()), "A0701").len(), 0);
    drop(desk.handle(note("textDocument/didSave", json!({ "textDocument": { "uri": URI } }))));
    assert_eq!(of(&published(&desk.settle()), "A0701").len(), 1);
}

#[test]
fn edits_are_applied_in_order_and_in_utf_16() {
    let mut desk = opened(TRUCE);
    let dove = place(TRUCE, "🕊 at B.");
    let (line, at) = (dove["line"].as_u64().unwrap(), dove["character"].as_u64().unwrap());
    let range = |from: u64, to: u64| json!({ "start": { "line": line, "character": from }, "end": { "line": line, "character": to } });
    // The dove is two units; the second edit is in the text that the first one leaves.
    change(
        &mut desk,
        2,
        json!([{ "range": range(at, at + 2), "text": "у бік" }, { "range": range(at, at + 5), "text": "по" }]),
    );
    let hover = result(&desk.handle(request(1, "textDocument/hover", asked("\"A не"))));
    assert!(hover["contents"]["value"].as_str().unwrap().contains("are not in the clause"), "{hover}");
    change(&mut desk, 3, json!([{ "range": range(at, at + 2), "text": "🕊" }]));
    let hover = result(&desk.handle(request(2, "textDocument/hover", asked("\"A не"))));
    assert!(hover["contents"]["value"].as_str().unwrap().contains("Words of the clause"), "{hover}");
    // Behind a dove in the same line.
    let to_rules = result(&desk.handle(request(3, "textDocument/definition", asked("B.\n"))));
    assert_eq!(to_rules[0]["range"]["start"], place(TRUCE, "\"A не"));
    let to_words = result(&desk.handle(request(4, "textDocument/definition", asked("\"A не"))));
    assert_eq!(to_words[0]["range"]["start"], place(TRUCE, "A не"));
    assert_eq!(to_words[0]["range"]["end"], place(TRUCE, ".\n\n```pact\nban"));
}

#[test]
fn hover_references_rename_outline_and_dates() {
    let mut desk = begin(json!({
        "workspace": { "workspaceEdit": { "documentChanges": true } },
        "textDocument": { "documentSymbol": { "hierarchicalDocumentSymbolSupport": true },
                          "hover": { "contentFormat": ["plaintext"] } },
    }));
    open(&mut desk, TRUCE);
    let hover = result(&desk.handle(request(1, "textDocument/hover", asked("no-fire"))));
    assert_eq!(hover["contents"]["kind"], "plaintext");
    assert!(
        hover["contents"]["value"]
            .as_str()
            .unwrap()
            .starts_with("ban `no-fire`\n\nА must not let it happen that"),
        "{hover}"
    );
    let used = with(asked("fire by"), "context", json!({ "includeDeclaration": true }));
    let all = result(&desk.handle(request(2, "textDocument/references", used)));
    assert_eq!(all.as_array().unwrap().len(), 2);
    let named = result(&desk.handle(request(3, "textDocument/prepareRename", asked("fire by"))));
    assert_eq!(named["placeholder"], "fire");
    let edit = result(&desk.handle(request(
        4,
        "textDocument/rename",
        with(asked("fire by"), "newName", json!("вогонь")),
    )));
    let change = &edit["documentChanges"][0];
    assert_eq!(change["textDocument"]["version"], 1);
    assert_eq!(change["edits"].as_array().unwrap().len(), 2);
    let (code, why) = refused(&desk.handle(request(
        5,
        "textDocument/rename",
        with(asked("fire by"), "newName", json!("bearer")),
    )));
    assert_eq!((code, why.contains("a word of the language")), (-32803, true));
    let about = json!({ "textDocument": { "uri": URI } });
    let outline = result(&desk.handle(request(6, "textDocument/documentSymbol", about.clone())));
    assert_eq!(outline[0]["name"], "Угода 🕊");
    let names: Vec<&str> =
        outline[0]["children"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["truce", "A", "B", "fire", "1"]);
    let whole = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
    let dates =
        result(&desk.handle(request(7, "textDocument/inlayHint", with(about.clone(), "range", whole))));
    assert_eq!(dates.as_array().unwrap().len(), 1);
    assert_eq!(dates[0]["label"], "= 2026-01-31 24:00");
    let covered = result(&desk.handle(request(8, "servanda/coverage", about)));
    let covered: Vec<bool> =
        covered.as_array().unwrap().iter().map(|s| s["covered"].as_bool().unwrap()).collect();
    assert_eq!(covered, [false, true]);
}

#[test]
fn completion_quick_fix_and_format() {
    let text = TRUCE.replace("owed to     B", "owed to     Bb").replace("bearer      A", "bearer  A");
    let mut desk = opened(&text);
    let at = json!({ "textDocument": { "uri": URI }, "position": place(&text, "Bb\n") });
    let offers = result(&desk.handle(request(1, "textDocument/completion", at.clone())));
    let labels: Vec<&str> = offers.as_array().unwrap().iter().map(|o| o["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["every other of", "unstated", "each of", "A", "B"]);
    assert_eq!(offers[0]["textEdit"]["range"]["start"], at["position"]);
    let range = json!({ "start": at["position"], "end": at["position"] });
    let params = json!({ "textDocument": { "uri": URI }, "range": range, "context": { "diagnostics": [] } });
    let fixes = result(&desk.handle(request(2, "textDocument/codeAction", params.clone())));
    assert_eq!(fixes[0]["title"], "write `B`");
    assert_eq!(fixes[0]["edit"]["changes"][URI][0]["newText"], "B");
    let only = with(params, "context", json!({ "diagnostics": [], "only": ["refactor"] }));
    assert_eq!(result(&desk.handle(request(3, "textDocument/codeAction", only))), json!([]));
    let options = json!({ "tabSize": 2, "insertSpaces": true });
    let edits = result(&desk.handle(request(
        4,
        "textDocument/formatting",
        json!({ "textDocument": { "uri": URI }, "options": options }),
    )));
    let edit = &edits[0];
    let lines = Lines::of(&text);
    let offset = |p: &Value| lines.offset(&text, serde_json::from_value(p.clone()).unwrap());
    let mut formatted = text.clone();
    let range = offset(&edit["range"]["start"])..offset(&edit["range"]["end"]);
    formatted.replace_range(range, edit["newText"].as_str().unwrap());
    assert_eq!(formatted, servanda_lang::format(&text));
    assert!(edit["newText"].as_str().unwrap().len() < 700, "only what differs is replaced");
}

/// An output that can be read afterwards.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn spoken(messages: &[Message]) -> Vec<u8> {
    let mut bytes = Vec::new();
    messages.iter().for_each(|m| say(&mut bytes, m).unwrap());
    bytes
}

fn answers_to(bytes: impl Read + Send + 'static) -> (std::io::Result<Ended>, Vec<Message>) {
    let paper = Paper::default();
    let ended = serve(bytes, paper.clone(), None);
    let written = paper.0.lock().unwrap().clone();
    let mut input = &written[..];
    let mut all = Vec::new();
    loop {
        match hear(&mut input).unwrap() {
            Heard::Message(message) => all.push(message),
            // The refusal of what was no message: its `id` is none.
            Heard::NoMessage(_) => {}
            Heard::End => return (ended, all),
        }
    }
}

#[test]
fn answers_come_in_order_and_what_is_cancelled_is_not_worked_on() {
    let document = json!({ "uri": URI, "languageId": "markdown", "version": 1, "text": TRUCE });
    let mut messages = vec![
        request(0, "initialize", json!({ "capabilities": {} })),
        note("initialized", json!({})),
        note("textDocument/didOpen", json!({ "textDocument": document })),
    ];
    messages.extend((1..40).map(|id| request(id, "textDocument/hover", asked("fire by"))));
    messages.push(note("$/cancelRequest", json!({ "id": 39 })));
    messages.push(request(40, "shutdown", Value::Null));
    messages.push(note("exit", Value::Null));
    let (ended, all) = answers_to(std::io::Cursor::new(spoken(&messages)));
    assert_eq!(ended.unwrap(), Ended::AsAgreed);
    let answered: Vec<String> = all
        .iter()
        .filter_map(|m| match m {
            Message::Response(response) => Some(response.id.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(answered, (0..=40).map(|id| id.to_string()).collect::<Vec<_>>());
    let last = all.iter().find_map(|m| match m {
        Message::Response(r) if r.id == RequestId::from(39) => r.error.clone(),
        _ => None,
    });
    // Whether it was still waiting when its cancelling came is the reader's luck; answered it is in any case.
    assert!(last.is_none_or(|error| error.code == -32800));
    let mut desk = opened(TRUCE);
    assert_eq!(refused(&desk.cancelled(request(1, "textDocument/hover", asked("fire by")))).0, -32800);
}

#[test]
fn an_editor_that_leaves_without_a_word_ends_the_conversation() {
    let begin = spoken(&[request(0, "initialize", json!({ "capabilities": {} }))]);
    assert_eq!(answers_to(std::io::Cursor::new(begin.clone())).0.unwrap(), Ended::Abruptly);
    let exit = [begin.clone(), spoken(&[note("exit", Value::Null)])].concat();
    assert_eq!(answers_to(std::io::Cursor::new(exit)).0.unwrap(), Ended::Abruptly);
    let torn = begin[..begin.len() - 3].to_vec();
    assert!(
        answers_to(std::io::Cursor::new(torn)).0.unwrap_err().to_string().contains("ends within a message")
    );
    let garbage =
        [begin, b"Content-Length: 2\r\n\r\n{]".to_vec(), spoken(&[request(1, "shutdown", Value::Null)])]
            .concat();
    let (ended, all) = answers_to(std::io::Cursor::new(garbage));
    assert_eq!(ended.unwrap(), Ended::Abruptly);
    let answered: Vec<i32> = [0, 1]
        .into_iter()
        .filter(|id| all.iter().any(|m| matches!(m, Message::Response(r) if r.id == RequestId::from(*id))))
        .collect();
    assert_eq!(answered, [0, 1], "what comes after rubbish is answered");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~]{0,8}".prop_map(Value::from),
        Just(json!(URI)),
        Just(json!({ "line": 4_294_967_295u32, "character": 4_294_967_295u32 })),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let key = prop_oneof![
            Just("textDocument".to_string()),
            Just("position".to_string()),
            Just("range".to_string()),
            Just("uri".to_string()),
            Just("contentChanges".to_string()),
            "[a-z]{1,6}"
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map(key, inner, 0..4).prop_map(|m| json!(m)),
        ]
    })
}

const METHODS: [&str; 14] = [
    "initialize",
    "textDocument/didOpen",
    "textDocument/didChange",
    "textDocument/hover",
    "textDocument/definition",
    "textDocument/references",
    "textDocument/prepareRename",
    "textDocument/rename",
    "textDocument/completion",
    "textDocument/codeAction",
    "textDocument/documentSymbol",
    "textDocument/formatting",
    "textDocument/inlayHint",
    "servanda/coverage",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Whatever the parameters, every question has one answer, and the text stays what the edits make of it.
    #[test]
    fn no_parameters_make_it_fail(said in proptest::collection::vec((0..METHODS.len(), any_json()), 1..8)) {
        let mut desk = opened(TRUCE);
        for (id, (method, params)) in said.into_iter().enumerate() {
            let asked = desk.handle(request(id as i32, METHODS[method], params.clone()));
            prop_assert_eq!(asked.len(), 1);
            drop(desk.handle(note(METHODS[method], params)));
        }
        drop(desk.settle());
    }

    /// Edits at any places, of any text, then every question at any place.
    #[test]
    fn no_edits_make_it_fail(edits in proptest::collection::vec((0u32..35, 0u32..60, 0u32..35, 0u32..60, "[a-zя🕊\"`>#\r\n ]{0,6}"), 1..12)) {
        let mut desk = opened(TRUCE);
        let mut text = TRUCE.to_string();
        for (version, (line, at, to_line, to, new)) in edits.into_iter().enumerate() {
            let range = json!({ "start": { "line": line, "character": at }, "end": { "line": to_line, "character": to } });
            change(&mut desk, version as i32, json!([{ "range": range, "text": new }]));
            let lines = Lines::of(&text);
            let start = lines.offset(&text, lsp_types::Position::new(line, at));
            let end = lines.offset(&text, lsp_types::Position::new(to_line, to)).max(start);
            text.replace_range(start..end, &new);
            let params = json!({
                "textDocument": { "uri": URI }, "position": { "line": to_line, "character": to }, "range": range,
                "newName": "zz", "context": { "includeDeclaration": true, "diagnostics": [] },
                "options": { "tabSize": 2, "insertSpaces": true },
            });
            for method in &METHODS[3..] {
                prop_assert_eq!(desk.handle(request(1, method, params.clone())).len(), 1);
            }
        }
        drop(desk.settle());
        drop(desk.handle(note("textDocument/didSave", json!({ "textDocument": { "uri": URI } }))));
        let published = desk.settle();
        let fresh = opened(&text).settle();
        let of = |all: &[Message]| match all { [Message::Notification(n)] => n.params["diagnostics"].clone(), _ => Value::Null };
        prop_assert_eq!(of(&published), of(&fresh), "as if the text had been opened so");
    }
}
