// The extension with an editor that is pretended, and the real program. Set SERVANDA to the program:
//
//     SERVANDA=target/debug/servanda node --test editors/vscode/test/

"use strict";

const assert = require("node:assert");
const Module = require("node:module");
const path = require("node:path");
const test = require("node:test");

const PROGRAM = process.env.SERVANDA;
assert.ok(PROGRAM, "set SERVANDA to the program: SERVANDA=target/debug/servanda node --test editors/vscode/test/");

const TEXT =
  "# Угода 🕊\n\n```pact\nagreement t\n  signed      2026-01-01\n  in force    30 days after signed\n  time zone   UTC\n" +
  "  counting    event day excluded\n  months      round down\nparty A\nparty B\nevent fire\n  carries     by: party\n```\n\n" +
  "## 1\n\n> Nobody fires 🕊 here.\n\n```pact\nban no-fire\n  bearer      A\n  owed to     Bb\n  must not    do fire by bearer\n" +
  '  per         "Nobody fires"\n```\n';

class Position {
  constructor(line, character) {
    Object.assign(this, { line, character });
  }
}
class Range {
  constructor(start, end) {
    Object.assign(this, { start, end });
  }
}

/** As much of an editor as the extension uses. */
function pretended() {
  const providers = {};
  const heard = {};
  const shown = { diagnostics: new Map(), decorations: [], errors: [], lensesAgain: 0 };
  const uri = { toString: () => "file:///t.pact.md" };
  const document = { uri, languageId: "markdown", version: 1, getText: () => TEXT };
  const provider = (name) => (_, it) => ((providers[name] = it), { dispose() {} });
  const event = (name) => (it) => ((heard[name] = it), { dispose() {} });
  const plain = (...names) => (...all) => Object.fromEntries(names.map((n, i) => [n, all[i]]));
  const made = (...names) =>
    class {
      constructor(...all) {
        names.forEach((n, i) => (this[n] = all[i]));
      }
    };
  const vscode = {
    Position,
    Range,
    Uri: { parse: (text) => text },
    Location: made("uri", "range"),
    TextEdit: made("range", "newText"),
    Hover: made("contents", "range"),
    MarkdownString: made("value"),
    Diagnostic: made("range", "message", "severity"),
    DiagnosticRelatedInformation: made("location", "message"),
    DocumentSymbol: made("name", "detail", "kind", "range", "selectionRange"),
    CompletionItem: made("label", "kind"),
    CodeAction: made("title", "kind"),
    InlayHint: made("position", "label"),
    CodeLens: made("range", "command"),
    EventEmitter: class {
      event() {}
      fire() {
        shown.lensesAgain += 1;
      }
    },
    CodeActionKind: { QuickFix: "quickfix" },
    ThemeColor: made("id"),
    WorkspaceEdit: class {
      set(of, edits) {
        Object.assign(this, { uri: of, edits });
      }
    },
    languages: {
      match: () => 1,
      createDiagnosticCollection: () => ({ set: (of, all) => shown.diagnostics.set(of, all), clear() {}, dispose() {} }),
      registerHoverProvider: provider("hover"),
      registerDefinitionProvider: provider("definition"),
      registerReferenceProvider: provider("references"),
      registerRenameProvider: provider("rename"),
      registerCompletionItemProvider: provider("completion"),
      registerCodeActionsProvider: provider("actions"),
      registerDocumentSymbolProvider: provider("symbols"),
      registerDocumentFormattingEditProvider: provider("format"),
      registerInlayHintsProvider: provider("hints"),
      registerCodeLensProvider: provider("lenses"),
    },
    commands: { registerCommand: () => ({ dispose() {} }) },
    workspace: {
      textDocuments: [document],
      getConfiguration: () => ({ get: (name) => (name === "path" ? path.resolve(PROGRAM) : true) }),
      onDidOpenTextDocument: event("open"),
      onDidCloseTextDocument: event("close"),
      onDidSaveTextDocument: event("save"),
      onDidChangeTextDocument: event("change"),
      onDidChangeConfiguration: event("configuration"),
    },
    window: {
      visibleTextEditors: [{ document, setDecorations: (_, all) => shown.decorations.push(all) }],
      createTextEditorDecorationType: plain("options"),
      showErrorMessage: (text) => shown.errors.push(text),
      onDidChangeVisibleTextEditors: event("editors"),
    },
  };
  return { vscode, providers, heard, shown, document };
}

async function until(what) {
  for (let n = 0; n < 400; n++) {
    const found = what();
    if (found) return found;
    await new Promise((go) => setTimeout(go, 25));
  }
  throw new Error("it does not come");
}

test("an editor opens a text, asks, types, and leaves", async () => {
  const it = pretended();
  const load = Module._load;
  Module._load = (name, ...rest) => (name === "vscode" ? it.vscode : load(name, ...rest));
  const extension = require("../extension.js");
  Module._load = load;
  extension.activate({ subscriptions: [] });

  const all = await until(() => it.shown.diagnostics.get("file:///t.pact.md"));
  const wrong = all.find((d) => d.code === "N0201");
  assert.strictEqual(wrong.severity, 0);
  const lines = TEXT.split("\n");
  const place = (needle) => {
    const line = lines.findIndex((l) => l.includes(needle));
    return new Position(line, lines[line].indexOf(needle));
  };
  const { providers, document } = it;
  const hover = await providers.hover.provideHover(document, place("fire by bearer"));
  assert.match(hover.contents.value, /event `fire`/);
  const defined = await providers.definition.provideDefinition(document, place("fire by bearer"));
  assert.deepStrictEqual({ ...defined[0].range.start }, { ...place("fire") });
  const edit = await providers.rename.provideRenameEdits(document, place("fire by bearer"), "вогонь");
  assert.strictEqual(edit.edits.length, 2);
  await assert.rejects(providers.rename.provideRenameEdits(document, place("fire by bearer"), "bearer"), /a word of the language/);
  await assert.rejects(providers.rename.prepareRename(document, place("must not")), /no name here/);
  const offers = await providers.completion.provideCompletionItems(document, place("Bb"));
  assert.ok(offers.some((o) => o.insertText === "B"));
  const actions = await providers.actions.provideCodeActions(document, new Range(place("Bb"), place("Bb")), { diagnostics: all });
  assert.strictEqual(actions[0].title, "write `B`");
  const symbols = await providers.symbols.provideDocumentSymbols(document);
  assert.strictEqual(symbols[0].name, "Угода 🕊");
  const hints = await providers.hints.provideInlayHints(document, new Range(new Position(0, 0), new Position(99, 0)));
  assert.deepStrictEqual(hints.map((h) => h.label), ["= 2026-01-31 24:00"]);
  const uncovered = await until(() => it.shown.decorations.find((d) => d.length > 0));
  assert.strictEqual(uncovered[0].start.character, 15, "behind the quoted words, in UTF-16");

  await until(() => it.shown.lensesAgain > 0);
  const lenses = await providers.lenses.provideCodeLenses(document);
  assert.match(lenses[0].command.title, /^no verdicts: the file lies in no workspace/);
  assert.deepStrictEqual({ ...lenses[0].range.start }, { line: 3, character: 10 }, "at the agreement's name");

  document.version = 2;
  const bb = place("Bb");
  it.heard.change({ document, contentChanges: [{ range: new Range(bb, new Position(bb.line, bb.character + 2)), text: "B" }] });
  await until(() => it.shown.diagnostics.get("file:///t.pact.md").every((d) => d.code !== "N0201"));
  await extension.deactivate();
  assert.deepStrictEqual(it.shown.errors, []);
});

test("a program that is not there is named", async () => {
  const { Client } = require("../client.js");
  const why = await new Promise((ended) => new Client("/nowhere/servanda", [], () => {}, ended));
  assert.match(why, /`\/nowhere\/servanda` cannot be started/);
});
