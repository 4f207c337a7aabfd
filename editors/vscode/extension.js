// The VS Code end: texts that are open go to `servanda lsp`, and what it says is shown.
//
// It starts the one program that is set on this machine, opens no connection and reads no file. Where to start reading: `activate`.

"use strict";

const vscode = require("vscode");
const { Client } = require("./client.js");

const WHERE = [{ language: "markdown", pattern: "**/*.pact.md" }, { language: "pact" }];
const isOurs = (document) => vscode.languages.match(WHERE, document) > 0;

let client;
let diagnostics;
let uncovered;
let lenses;

// Places and what is made of them. Both sides count in UTF-16.
const position = (p) => new vscode.Position(p.line, p.character);
const range = (r) => new vscode.Range(position(r.start), position(r.end));
const at = (document, p) => ({ textDocument: { uri: document.uri.toString() }, position: { line: p.line, character: p.character } });
const of = (document) => ({ textDocument: { uri: document.uri.toString() } });
const plain = (r) => ({
  start: { line: r.start.line, character: r.start.character },
  end: { line: r.end.line, character: r.end.character },
});
const locations = (all) => all.map((l) => new vscode.Location(vscode.Uri.parse(l.uri), range(l.range)));
const textEdits = (all) => all.map((e) => new vscode.TextEdit(range(e.range), e.newText));

function workspaceEdit(edit) {
  const out = new vscode.WorkspaceEdit();
  for (const [uri, edits] of Object.entries(edit.changes)) out.set(vscode.Uri.parse(uri), textEdits(edits));
  return out;
}

// What the protocol numbers from 1, the editor numbers from 0.
function diagnostic(d) {
  const out = new vscode.Diagnostic(range(d.range), d.message, d.severity - 1);
  out.code = d.code;
  out.source = d.source;
  out.tags = d.tags;
  out.relatedInformation = (d.relatedInformation || []).map(
    (r) => new vscode.DiagnosticRelatedInformation(new vscode.Location(vscode.Uri.parse(r.location.uri), range(r.location.range)), r.message),
  );
  return out;
}

function symbol(s) {
  const out = new vscode.DocumentSymbol(s.name, s.detail || "", s.kind - 1, range(s.range), range(s.selectionRange));
  out.children = s.children.map(symbol);
  return out;
}

function open(document) {
  if (!client || !isOurs(document)) return;
  client.note("textDocument/didOpen", {
    textDocument: { uri: document.uri.toString(), languageId: document.languageId, version: document.version, text: document.getText() },
  });
  showUncovered();
}

async function showUncovered() {
  const wanted = vscode.workspace.getConfiguration("servanda").get("uncoveredWords");
  for (const editor of vscode.window.visibleTextEditors) {
    if (!client || !isOurs(editor.document)) continue;
    const version = editor.document.version;
    const all = wanted ? await client.ask("servanda/coverage", of(editor.document)).catch(() => []) : [];
    if (editor.document.version !== version) continue;
    editor.setDecorations(uncovered, all.filter((s) => !s.covered).map((s) => range(s.range)));
  }
}

async function start() {
  const settings = vscode.workspace.getConfiguration("servanda");
  const mine = new Client(
    settings.get("path"),
    settings.get("verdicts") ? ["--verdicts"] : [],
    (method, params) => {
      if (method === "textDocument/publishDiagnostics") {
        diagnostics.set(vscode.Uri.parse(params.uri), params.diagnostics.map(diagnostic));
        showUncovered();
      }
      if (method === "workspace/codeLens/refresh") lenses.fire();
    },
    (why) => {
      if (client !== mine) return;
      client = undefined;
      diagnostics.clear();
      vscode.window.showErrorMessage(`servanda: the language server has ended: ${why}. Set \`servanda.path\` to the program.`);
    },
  );
  client = mine;
  await mine.begin({
    textDocument: {
      publishDiagnostics: { relatedInformation: true },
      documentSymbol: { hierarchicalDocumentSymbolSupport: true },
      hover: { contentFormat: ["markdown"] },
    },
    workspace: { codeLens: { refreshSupport: true } },
  });
  vscode.workspace.textDocuments.forEach(open);
}

async function stop() {
  const old = client;
  client = undefined;
  if (old) await old.leave();
}

/** An answer, or nothing where there is no server or it has none. */
const answer = async (method, params, token) => (client ? client.ask(method, params, token).catch(() => null) : null);

function activate(context) {
  diagnostics = vscode.languages.createDiagnosticCollection("servanda");
  uncovered = vscode.window.createTextEditorDecorationType({
    textDecoration: "underline dotted",
    overviewRulerColor: new vscode.ThemeColor("editorOverviewRuler.infoForeground"),
  });
  lenses = new vscode.EventEmitter();
  const restart = async () => {
    await stop();
    await start().catch(() => {});
  };
  const keep = (...all) => context.subscriptions.push(...all);
  keep(
    diagnostics,
    uncovered,
    { dispose: stop },
    lenses,
    vscode.commands.registerCommand("servanda.restart", restart),
    vscode.workspace.onDidOpenTextDocument(open),
    vscode.workspace.onDidCloseTextDocument((document) => {
      if (client && isOurs(document)) client.note("textDocument/didClose", of(document));
    }),
    vscode.workspace.onDidChangeTextDocument((event) => {
      if (!client || !isOurs(event.document) || event.contentChanges.length === 0) return;
      client.note("textDocument/didChange", {
        textDocument: { uri: event.document.uri.toString(), version: event.document.version },
        contentChanges: event.contentChanges.map((c) => ({ range: plain(c.range), text: c.text })),
      });
    }),
    vscode.workspace.onDidSaveTextDocument((document) => {
      if (client && isOurs(document)) client.note("textDocument/didSave", of(document));
    }),
    vscode.window.onDidChangeVisibleTextEditors(showUncovered),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("servanda.uncoveredWords")) showUncovered();
      if (event.affectsConfiguration("servanda.verdicts")) restart().then(() => lenses.fire());
    }),
    vscode.languages.registerHoverProvider(WHERE, {
      async provideHover(document, place, token) {
        const said = await answer("textDocument/hover", at(document, place), token);
        return said && new vscode.Hover(new vscode.MarkdownString(said.contents.value), range(said.range));
      },
    }),
    vscode.languages.registerDefinitionProvider(WHERE, {
      async provideDefinition(document, place, token) {
        return locations((await answer("textDocument/definition", at(document, place), token)) || []);
      },
    }),
    vscode.languages.registerReferenceProvider(WHERE, {
      async provideReferences(document, place, wanted, token) {
        const asked = { ...at(document, place), context: { includeDeclaration: wanted.includeDeclaration } };
        return locations((await answer("textDocument/references", asked, token)) || []);
      },
    }),
    vscode.languages.registerRenameProvider(WHERE, {
      // A refusal is shown with its reason.
      async prepareRename(document, place, token) {
        if (!client) throw new Error("the language server is not running");
        const said = await client.ask("textDocument/prepareRename", at(document, place), token);
        return { range: range(said.range), placeholder: said.placeholder };
      },
      async provideRenameEdits(document, place, newName, token) {
        if (!client) throw new Error("the language server is not running");
        return workspaceEdit(await client.ask("textDocument/rename", { ...at(document, place), newName }, token));
      },
    }),
    vscode.languages.registerCompletionItemProvider(
      WHERE,
      {
        async provideCompletionItems(document, place, token) {
          const all = (await answer("textDocument/completion", at(document, place), token)) || [];
          return all.map((c) => {
            const item = new vscode.CompletionItem(c.label, c.kind - 1);
            item.detail = c.detail;
            item.sortText = c.sortText;
            item.insertText = c.textEdit.newText;
            item.range = range(c.textEdit.range);
            item.filterText = c.label;
            return item;
          });
        },
      },
      " ",
      '"',
    ),
    vscode.languages.registerCodeActionsProvider(
      WHERE,
      {
        async provideCodeActions(document, where, wanted, token) {
          const asked = { ...of(document), range: plain(where), context: { diagnostics: [] } };
          const all = (await answer("textDocument/codeAction", asked, token)) || [];
          return all.map((a) => {
            const action = new vscode.CodeAction(a.title, vscode.CodeActionKind.QuickFix);
            action.edit = workspaceEdit(a.edit);
            action.isPreferred = a.isPreferred;
            action.diagnostics = wanted.diagnostics.filter((d) => d.source === "servanda");
            return action;
          });
        },
      },
      { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] },
    ),
    vscode.languages.registerDocumentSymbolProvider(WHERE, {
      async provideDocumentSymbols(document, token) {
        return ((await answer("textDocument/documentSymbol", of(document), token)) || []).map(symbol);
      },
    }),
    vscode.languages.registerDocumentFormattingEditProvider(WHERE, {
      async provideDocumentFormattingEdits(document, options, token) {
        const asked = { ...of(document), options: { tabSize: options.tabSize, insertSpaces: options.insertSpaces } };
        return textEdits((await answer("textDocument/formatting", asked, token)) || []);
      },
    }),
    vscode.languages.registerCodeLensProvider(WHERE, {
      onDidChangeCodeLenses: lenses.event,
      async provideCodeLenses(document, token) {
        if (!vscode.workspace.getConfiguration("servanda").get("verdicts")) return [];
        const all = (await answer("textDocument/codeLens", of(document), token)) || [];
        return all.map((l) => new vscode.CodeLens(range(l.range), l.command));
      },
    }),
    vscode.languages.registerInlayHintsProvider(WHERE, {
      async provideInlayHints(document, where, token) {
        const all = (await answer("textDocument/inlayHint", { ...of(document), range: plain(where) }, token)) || [];
        return all.map((h) => {
          const hint = new vscode.InlayHint(position(h.position), h.label);
          hint.paddingLeft = h.paddingLeft;
          return hint;
        });
      },
    }),
  );
  start().catch(() => {});
}

module.exports = { activate, deactivate: stop };
