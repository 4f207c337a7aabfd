// The editor of the drafter's page: CodeMirror with what the checker says. It knows nothing of the language but where a fence
// begins and how a line in it is laid out; all else it asks.
//
// It stands in a shadow tree: there CodeMirror uses constructed style sheets, which the strict policy of these pages permits.
import {
  autocompletion, completionKeymap, Decoration, defaultKeymap, drawSelection, dropCursor, EditorState, EditorView, highlightActiveLine,
  highlightActiveLineGutter, highlightSelectionMatches, history, historyKeymap, hoverTooltip, indentUnit, keymap, lineNumbers, lintGutter,
  lintKeymap, RangeSetBuilder, search, searchKeymap, setDiagnostics, StateEffect, StateField, ViewPlugin, WidgetType,
} from './vendor/codemirror.js';
import { el } from './element.js';
import { language, known, t } from './frame.js';

// ---- colours: structure only, so that a new word of the language needs nothing here ----

const marks = Object.fromEntries(['keyword', 'field', 'quote', 'number', 'comment', 'heading', 'words'].map((name) => [name, Decoration.mark({ class: `pact-${name}` })]));
const fenceLine = Decoration.line({ class: 'pact-fence' });
const TOKEN = /"(?:[^"\\]|\\.)*"?|\b\d[\d,.:T-]*\b/g;

function colours(view) {
  const out = new RangeSetBuilder();
  const { doc } = view.state;
  const shown = view.visibleRanges;
  const last = shown.length ? shown.at(-1).to : 0;
  const first = shown.length ? shown[0].from : 0;
  let inside = false;
  let at = 0;
  for (const text of doc.iterLines()) {
    if (at > last) break;
    const end = at + text.length;
    const isFence = /^\s{0,3}```/.test(text);
    if (end >= first) {
      if (inside || isFence) {
        out.add(at, at, fenceLine);
        const word = text.match(/^(\s*)([\p{L}-]+(?: [\p{L}-]+)*)(?=\s{2,}|\s*$)/u) ?? text.match(/^(\s*)([\p{L}-]+)(?=\s)/u);
        if (inside && !isFence && word && text.trim()) {
          const from = at + word[1].length;
          const isHead = word[1].length === 0;
          // A declaration begins in the first column; a field has two blanks behind its word.
          const to = isHead ? from + word[2].split(' ')[0].length : from + word[2].length;
          const deep = word[1].length > 0 && word[1].length <= 4;
          if (isHead || deep) out.add(from, to, isHead ? marks.keyword : marks.field);
          for (const token of text.slice(to - at).matchAll(TOKEN)) {
            out.add(to + token.index, to + token.index + token[0].length, token[0][0] === '"' ? marks.quote : marks.number);
          }
        } else if (inside && !isFence) {
          for (const token of text.matchAll(TOKEN)) out.add(at + token.index, at + token.index + token[0].length, token[0][0] === '"' ? marks.quote : marks.number);
        }
      } else if (/^#{1,6}\s/.test(text)) out.add(at, end, marks.heading);
      else if (text.startsWith('>') && end > at) out.add(at, end, marks.words);
    }
    if (isFence) inside = inside ? false : /```\s*pact\b/.test(text);
    at = end + 1;
  }
  return out.finish();
}
const colouring = ViewPlugin.fromClass(class {
  constructor(view) { this.decorations = colours(view); }

  update(update) { if (update.docChanged || update.viewportChanged) this.decorations = colours(update.view); }
}, { decorations: (plugin) => plugin.decorations });

// ---- what the checker said of places ----

class Dated extends WidgetType {
  constructor(shown) { super(); this.shown = shown; }

  eq(other) { return other.shown === this.shown; }

  toDOM() { return el('span', { class: 'pact-date' }, ` → ${this.shown}`); }
}
const said = StateEffect.define();
const places = StateField.define({
  create: () => Decoration.none,
  update(value, change) {
    let next = value.map(change.changes);
    for (const effect of change.effects) {
      if (!effect.is(said)) continue;
      const { uncovered, dates } = effect.value;
      const end = change.state.doc.length;
      next = Decoration.set([
        ...uncovered.filter(([from, to]) => from < to && to <= end).map(([from, to]) => Decoration.mark({ class: 'pact-uncovered' }).range(from, to)),
        ...dates.filter((d) => d.at <= end).map((d) => Decoration.widget({ widget: new Dated(d.shown), side: 1 }).range(d.at)),
      ], true);
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const SEVERITY = { error: 'error', warning: 'warning', info: 'info' };
const english = (...parts) => el('div', language === 'en' ? {} : { lang: 'en' }, ...parts);

// A finding is no mistake and never looks like one.
function troubles(check) {
  const one = (d, isFinding) => ({
    from: d.from, to: d.to, severity: isFinding ? (d.accepted ? 'hint' : 'info') : SEVERITY[d.severity] ?? 'info', source: d.code,
    message: d.message,
    renderMessage: () => english(el('b', {}, d.code), ' ', d.message, d.help ? el('div', { class: 'pact-help' }, d.help) : null, d.accepted ? el('div', {}, `accepted because ${d.accepted}`) : null),
    actions: d.fix ? [{ name: d.fix.title, apply: (view) => applyFix(view, d.fix) }] : [],
  });
  return [...check.diagnostics.map((d) => one(d, false)), ...check.findings.filter((f) => !f.accepted).map((f) => one(f, true))];
}
export function applyFix(view, fix) {
  view.dispatch({ changes: { from: fix.from, to: fix.to, insert: fix.insert }, selection: { anchor: fix.from + fix.insert.length }, userEvent: 'input.fix', scrollIntoView: true });
  view.focus();
}

// The look, in the colours of the page.
const look = EditorView.theme({
  '&': { fontSize: '14px', color: 'var(--ink)', backgroundColor: 'var(--sheet)', height: '100%' },
  '.cm-scroller': { fontFamily: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace', lineHeight: '1.5', overflow: 'auto' },
  '.cm-content': { caretColor: 'var(--ink)', paddingBottom: '4rem' },
  '&.cm-focused': { outline: '2.5px solid var(--accent)', outlineOffset: '-1px' },
  '.cm-cursor, .cm-dropCursor': { borderLeftColor: 'var(--ink)', borderLeftWidth: '2px' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': { background: 'color-mix(in srgb, var(--accent) 30%, transparent)' },
  '.cm-gutters': { backgroundColor: 'var(--ground)', color: 'var(--soft)', borderRight: '1px solid var(--rule)' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--chosen-row) 45%, transparent)' },
  '.cm-activeLineGutter': { backgroundColor: 'var(--chosen-row)', color: 'var(--ink)' },
  '.pact-fence': { backgroundColor: 'color-mix(in srgb, var(--ground) 70%, transparent)' },
  '.pact-keyword': { color: 'var(--accent)', fontWeight: '700' },
  '.pact-field': { color: 'var(--reading)' },
  '.pact-quote': { color: 'var(--missed)' },
  '.pact-number': { color: 'var(--kept)' },
  '.pact-heading': { fontWeight: '700' },
  '.pact-words': { fontStyle: 'italic' },
  '.pact-uncovered': { textDecoration: 'underline dotted var(--unseen) 2px', textUnderlineOffset: '3px' },
  '.pact-date': { color: 'var(--soft)', fontStyle: 'italic' },
  '.pact-help': { color: 'var(--soft)' },
  '.cm-tooltip': { backgroundColor: 'var(--sheet)', color: 'var(--ink)', border: '1px solid var(--border)', borderRadius: '6px', maxWidth: 'min(36rem, 92vw)', zIndex: '4' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'inherit', maxWidth: 'min(34rem, 90vw)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '2px 6px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': { background: 'var(--chosen-row)', color: 'var(--ink)' },
  '.cm-completionDetail': { color: 'var(--soft)', fontStyle: 'normal' },
  '.pact-hover': { padding: '0.4rem 0.7rem', font: '14px/1.45 system-ui, sans-serif', maxHeight: '16rem', overflow: 'auto' },
  '.pact-hover p': { margin: '0.3rem 0 0' },
  // Its own marks are pictures inside of the style sheet, which the policy of the page does not load: lines instead.
  '.cm-lintRange': { backgroundImage: 'none !important', paddingBottom: '0' },
  '.cm-lintRange-error': { textDecoration: 'underline wavy var(--broken) 1.5px', textUnderlineOffset: '3px' },
  '.cm-lintRange-warning': { textDecoration: 'underline wavy var(--doubt) 1.5px', textUnderlineOffset: '3px' },
  '.cm-lintRange-info': { textDecoration: 'underline dashed var(--open) 1px', textUnderlineOffset: '3px' },
  '.cm-lint-marker': { content: 'none !important', width: '1em', height: '1em', textAlign: 'center', fontWeight: '700', lineHeight: '1' },
  '.cm-lint-marker-error::before': { content: '"✗"', color: 'var(--broken)' },
  '.cm-lint-marker-warning::before': { content: '"!"', color: 'var(--doubt)' },
  '.cm-lint-marker-info::before': { content: '"○"', color: 'var(--open)' },
  '.cm-diagnostic': { padding: '0.35rem 0.6rem', borderLeftWidth: '4px', font: '14px/1.45 system-ui, sans-serif', whiteSpace: 'normal' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--broken)' },
  '.cm-diagnostic-warning': { borderLeftColor: 'var(--doubt)' },
  '.cm-diagnostic-info': { borderLeftColor: 'var(--open)' },
  '.cm-diagnosticAction': { backgroundColor: 'var(--accent)', color: 'var(--sheet)', borderRadius: '4px', padding: '2px 8px', font: 'inherit' },
  '.cm-panels': { backgroundColor: 'var(--ground)', color: 'var(--ink)', borderColor: 'var(--rule)' },
  '.cm-panel.cm-search': { font: '14px/1.6 system-ui, sans-serif', padding: '0.4rem 2rem 0.4rem 0.5rem' },
  '.cm-panel.cm-search label': { fontSize: '13px' },
  '.cm-panel.cm-search [name=close]': { color: 'var(--ink)', fontSize: '1.3rem', padding: '0 0.4rem' },
  '.cm-textfield': { backgroundColor: 'var(--sheet)', color: 'var(--ink)', border: '1px solid var(--border)', fontSize: '14px' },
  '.cm-button': { backgroundImage: 'none', backgroundColor: 'var(--sheet)', color: 'var(--ink)', border: '1px solid var(--border)', fontSize: '14px' },
  '.cm-searchMatch': { backgroundColor: 'color-mix(in srgb, var(--exercise) 45%, transparent)' },
  '.cm-selectionMatch': { backgroundColor: 'color-mix(in srgb, var(--kept) 22%, transparent)' },
});

const PHRASES = ['Find', 'Replace', 'next', 'previous', 'all', 'match case', 'by word', 'regexp', 'replace', 'replace all', 'close', 'current match', 'on line',
  'replaced match on line $', 'replaced $ matches', 'Completions', 'Diagnostics', 'No diagnostics', 'Go to line', 'go', 'Selection deleted', 'replacement missing'];
const phrases = () => Object.fromEntries(PHRASES.map((phrase) => [phrase, known(`cm-${phrase}`, phrase)]));

const KIND = { declaration: 'keyword', field: 'property', word: 'enum', name: 'variable', quote: 'text' };

// Puts an editor into a place. `asks(want, text, at)` asks the checker of a place; `changed`, `moved` are told.
export function edit(place, { text, asks, changed, moved, format }) {
  const root = place.shadowRoot ?? place.attachShadow({ mode: 'open' });
  root.replaceChildren();
  async function declared(view, at) {
    const found = await asks('definition', view.state.doc.toString(), at);
    const [from, to] = found?.places[0] ?? [];
    if (from === undefined) return;
    view.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true });
    view.focus();
  }
  const complete = async (context) => {
    const word = context.matchBefore(/[\p{L}\p{N}_/"-]+/u);
    const line = context.state.doc.lineAt(context.pos);
    if (!context.explicit && !word && !/\s$/.test(line.text.slice(0, context.pos - line.from))) return null;
    const found = await asks('complete', context.state.doc.toString(), context.pos);
    if (!found?.offers.length || context.aborted) return null;
    const options = found.offers.map((o, i) => ({ label: o.text, detail: o.detail, type: KIND[o.sort], boost: -i / 10, apply: (view, completion, from, to) => view.dispatch({ changes: { from: Math.min(o.from, from), to, insert: o.text }, selection: { anchor: Math.min(o.from, from) + o.text.length }, userEvent: 'input.complete' }) }));
    return { from: Math.min(...found.offers.map((o) => o.from)), options, filter: true };
  };
  const hover = hoverTooltip(async (view, at) => {
    const found = await asks('hover', view.state.doc.toString(), at);
    if (!found?.hover) return null;
    const { from, to, title, body } = found.hover;
    return { pos: from, end: to, above: true, create: () => ({ dom: el('div', { class: 'pact-hover' }, english(el('b', {}, title)), body.map((p) => (/[\u0400-\u052f]/.test(p) ? el('p', {}, p) : english(el('p', {}, p))))) }) };
  }, { hoverTime: 450 });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(), highlightActiveLineGutter(), history(), drawSelection(), dropCursor(), highlightActiveLine(), highlightSelectionMatches(), lintGutter(),
        search({ top: true }), autocompletion({ override: [complete], activateOnTyping: true, icons: false }), hover, colouring, places, look, indentUnit.of('  '),
        EditorView.lineWrapping, EditorState.phrases.of(phrases()), EditorState.tabSize.of(2),
        EditorView.contentAttributes.of({ 'aria-label': t('editor'), tabindex: '0', spellcheck: 'false', autocapitalize: 'off', lang: 'en' }),
        keymap.of([
          { key: 'F12', run: (v) => { declared(v, v.state.selection.main.head); return true; } },
          { key: 'Shift-Alt-f', run: () => { format(); return true; } },
          ...completionKeymap, ...lintKeymap, ...searchKeymap, ...historyKeymap, ...defaultKeymap,
        ]),
        EditorView.domEventHandlers({
          mousedown: (event, v) => {
            if (!(event.ctrlKey || event.metaKey)) return false;
            const at = v.posAtCoords({ x: event.clientX, y: event.clientY });
            if (at !== null) declared(v, at);
            return at !== null;
          },
        }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) changed(update.state.doc.toString());
          if (update.docChanged || update.selectionSet) moved(update.state.selection.main.head);
        }),
      ],
    }),
  });
  return {
    view,
    text: () => view.state.doc.toString(),
    at: () => view.state.selection.main.head,
    // What the checker said of exactly this text.
    tell(check) {
      view.dispatch({ effects: said.of(check) });
      const end = view.state.doc.length;
      view.dispatch(setDiagnostics(view.state, troubles(check).filter((d) => d.to <= end)));
    },
    put(next) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next }, selection: { anchor: 0 }, userEvent: 'input.open' });
    },
    // Other words for the same text: the cursor stays in its line.
    reformat(next) {
      if (next === view.state.doc.toString()) return;
      const line = view.state.doc.lineAt(view.state.selection.main.head).number;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next }, userEvent: 'input.format' });
      const to = view.state.doc.line(Math.min(line, view.state.doc.lines)).from;
      view.dispatch({ selection: { anchor: to }, scrollIntoView: true });
    },
    go(from, to = from) {
      const end = view.state.doc.length;
      view.dispatch({ selection: { anchor: Math.min(from, end), head: Math.min(to, end) }, effects: EditorView.scrollIntoView(Math.min(from, end), { y: 'center' }) });
      view.focus();
    },
    line: (at) => view.state.doc.lineAt(Math.min(at, view.state.doc.length)).number,
  };
}
