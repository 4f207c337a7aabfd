//! `servanda lsp`, spoken to over its standard input and output as an editor does.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const URI: &str = "file:///minsk-style.pact.md";

/// An editor, and the server that it started.
struct Editor {
    server: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    asked: u64,
}

impl Editor {
    fn start(arguments: &[&str]) -> Editor {
        let mut server = Command::new(env!("CARGO_BIN_EXE_servanda"))
            .arg("lsp")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (server.stdin.take(), BufReader::new(server.stdout.take().unwrap()));
        Editor { server, to, from, asked: 0 }
    }

    fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        let body = message.to_string();
        let to = self.to.as_mut().unwrap();
        write!(to, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        to.flush().unwrap();
    }

    fn hear(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.from.read_line(&mut line).unwrap() > 0, "the server has left");
            match line.trim_end() {
                "" => break,
                head => length = head.strip_prefix("Content-Length: ").unwrap().parse().unwrap(),
            }
        }
        let mut body = vec![0; length];
        self.from.read_exact(&mut body).unwrap();
        let message: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(message["jsonrpc"], "2.0");
        message
    }

    fn note(&mut self, method: &str, params: Value) {
        self.send(json!({ "method": method, "params": params }));
    }

    /// The answer, and the diagnostics that came before it.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        self.send(json!({ "id": self.asked, "method": method, "params": params }));
        loop {
            let message = self.hear();
            if message.get("method").is_none() {
                assert_eq!(message["id"], self.asked, "answers come in order");
                return message;
            }
        }
    }

    fn begin(&mut self) {
        let answer =
            self.ask("initialize", json!({ "processId": null, "rootUri": null, "capabilities": {} }));
        assert_eq!(answer["result"]["capabilities"]["positionEncoding"], "utf-16");
        self.note("initialized", json!({}));
    }

    fn end(mut self) -> (Option<i32>, String) {
        drop(self.to.take());
        let mut told = String::new();
        self.server.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        (self.server.wait().unwrap().code(), told)
    }
}

#[test]
fn an_editor_opens_types_asks_and_leaves() {
    let text = include_str!("../../../../examples/minsk-style/minsk-style.pact.md");
    let mut editor = Editor::start(&["--stdio"]);
    editor.begin();
    let document = json!({ "uri": URI, "languageId": "markdown", "version": 1, "text": text });
    editor.note("textDocument/didOpen", json!({ "textDocument": document }));
    let first = editor.hear();
    assert_eq!(first["method"], "textDocument/publishDiagnostics");
    let of = |all: &Value, code: &str| {
        all["params"]["diagnostics"].as_array().unwrap().iter().filter(|d| d["code"] == code).count()
    };
    assert!(of(&first, "A0702") > 0, "findings are shown: {first}");
    assert!(
        first["params"]["diagnostics"].as_array().unwrap().iter().all(|d| d["severity"] != 1),
        "no errors"
    );
    let line = text.lines().position(|l| l.starts_with("duty hold-fire") || l.contains("hold-fire")).unwrap();
    let at = text.lines().nth(line).unwrap().find("hold-fire").unwrap();
    let place = json!({ "line": line, "character": at });
    // An edit and a question at once: the answer knows the edit.
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } });
    let of_text = json!({ "uri": URI, "version": 2 });
    editor.note(
        "textDocument/didChange",
        json!({ "textDocument": of_text, "contentChanges": [{ "range": range, "text": "🕊\n\n" }] }),
    );
    let below = json!({ "line": line + 2, "character": at + 1 });
    let hover =
        editor.ask("textDocument/hover", json!({ "textDocument": { "uri": URI }, "position": below }));
    assert!(hover["result"]["contents"]["value"].as_str().unwrap().contains("`hold-fire`"), "{hover}");
    let above =
        editor.ask("textDocument/hover", json!({ "textDocument": { "uri": URI }, "position": place }));
    assert_ne!(above["result"]["contents"], hover["result"]["contents"]);
    let renamed = editor.ask(
        "textDocument/rename",
        json!({ "textDocument": { "uri": URI }, "position": below, "newName": "two words" }),
    );
    assert!(renamed["error"]["message"].as_str().unwrap().contains("is no name"), "{renamed}");
    assert_eq!(editor.ask("shutdown", Value::Null)["result"], Value::Null);
    editor.note("exit", Value::Null);
    assert_eq!(editor.end(), (Some(0), String::new()));
}

#[test]
fn verdicts_stand_above_the_rules_of_a_text_in_a_workspace() {
    let scratch = tempfile::tempdir().unwrap();
    let made = Command::new(env!("CARGO_BIN_EXE_servanda"))
        .args(["new", "truce"])
        .current_dir(scratch.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let folder = scratch.path().join("truce");
    let file = folder.join("river-truce.pact.md");
    let text = std::fs::read_to_string(&file).unwrap();
    let uri = |path: &std::path::Path| format!("file://{}", path.display());
    let mut editor = Editor::start(&["--verdicts"]);
    let capabilities = json!({ "workspace": { "codeLens": { "refreshSupport": true } } });
    let answer = editor.ask("initialize", json!({ "capabilities": capabilities }));
    assert_eq!(answer["result"]["capabilities"]["codeLensProvider"], json!({ "resolveProvider": false }));
    editor.note("initialized", json!({}));
    let lenses = |editor: &mut Editor, uri: &str, version: i32, text: &str| {
        let document = json!({ "uri": uri, "languageId": "markdown", "version": version, "text": text });
        editor.note("textDocument/didOpen", json!({ "textDocument": document }));
        while editor.hear()["method"] != "workspace/codeLens/refresh" {}
        let all = editor.ask("textDocument/codeLens", json!({ "textDocument": { "uri": uri } }));
        all["result"].as_array().unwrap().clone()
    };
    let above = |all: &[Value], name: &str| {
        let line = text.lines().position(|l| l.starts_with(name)).unwrap();
        let own = all.iter().find(|l| l["range"]["start"]["line"] == line).cloned();
        own.map(|l| l["command"]["title"].as_str().unwrap().to_string()).unwrap_or_default()
    };
    let all = lenses(&mut editor, &uri(&file), 1, &text);
    let whole = above(&all, "agreement river-truce");
    assert!(
        whole.starts_with("EXERCISE · No. Of 8 obligations: ") && whole.contains("As known at "),
        "{whole}"
    );
    let rule = above(&all, "duty declare-guns");
    assert_eq!(rule, "EXERCISE · ✗ North: violated, complied late · ✓ South: complied");

    // An edit that is not saved: what stands there is of the text as it was.
    let start = json!({ "line": 0, "character": 0 });
    let change = json!({ "range": { "start": start, "end": start }, "text": "\n" });
    let of = json!({ "uri": uri(&file), "version": 2 });
    editor.note("textDocument/didChange", json!({ "textDocument": of, "contentChanges": [change] }));
    let all = editor.ask("textDocument/codeLens", json!({ "textDocument": { "uri": uri(&file) } }));
    let said = |l: &Value| l["command"]["title"].as_str().unwrap().starts_with("as saved: ");
    assert!(all["result"].as_array().unwrap().iter().all(said), "{all}");

    // A draft beside it, on the same records; one that cannot be read; one outside.
    let draft = folder.join("draft.pact.md");
    assert!(text.contains("within      10 days of in-force"), "the draft changes a figure");
    let other = text.replace("within      10 days of in-force", "within      15 days of in-force");
    std::fs::write(&draft, &other).unwrap();
    let all = lenses(&mut editor, &uri(&draft), 1, &other);
    assert_eq!(above(&all, "duty declare-guns"), "EXERCISE · ✓ North: complied · ✓ South: complied");
    std::fs::write(&draft, "```pact\nagreement t\nduty\n```\n").unwrap();
    let broken = lenses(&mut editor, &format!("{}?", uri(&draft)), 1, &text);
    assert!(above(&broken, "agreement river-truce").starts_with("no verdicts: "), "{broken:?}");
    let outside = scratch.path().join("alone.pact.md");
    std::fs::write(&outside, &text).unwrap();
    let alone = lenses(&mut editor, &uri(&outside), 1, &text);
    assert!(above(&alone, "agreement river-truce").contains("lies in no workspace"), "{alone:?}");
    editor.ask("shutdown", Value::Null);
    editor.note("exit", Value::Null);
    assert_eq!(editor.end().0, Some(0));
}

#[test]
fn an_editor_that_leaves_without_shutdown_is_told_by_the_exit_code() {
    let mut editor = Editor::start(&[]);
    editor.begin();
    let (code, told) = editor.end();
    assert_eq!((code, told.trim()), (Some(1), "the editor left without `shutdown`"));
}

#[test]
fn what_is_no_message_ends_with_the_reason() {
    let mut editor = Editor::start(&[]);
    editor.to.as_mut().unwrap().write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let (code, told) = editor.end();
    assert_eq!(code, Some(2));
    assert!(
        told.contains("a message begins with `Content-Length: BYTES`") && told.contains("editor.md"),
        "{told}"
    );
}
