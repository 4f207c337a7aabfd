// The drafter's editor: a text, what is wrong with it, what it says in plain sentences, what it does not say, whether it can be
// enforced, and what it would change. The text stays in this tab; the server looks at it and keeps nothing.
import { badge, byId, dated, el } from './element.js';
import { account, ask, csv, draftOf, keep, newest, save, sheetOfStyle } from './asking.js';
import { Refused, asked, elsewhere, get, language, learn, number, t, told } from './frame.js';

sheetOfStyle();
learn((await import(`./words-draft-${language}.js`)).default);
const { applyFix, edit } = await import('./draft-editor.js');

export const title = 'title-draft';
export const keyWords = [['F12', 'key-definition'], ['Ctrl-Space', 'key-complete'], ['Shift-Alt-F', 'key-format'], ['Ctrl-F', 'key-search'], ['Tab', 'key-leave']];

const NEW = `# ${t('new-title')}

\`\`\`pact
agreement new-draft
  status      binding
  in force    2026-01-01T00:00
  time zone   Europe/Kyiv
  counting    event day excluded
  months      round down

party A
party B
\`\`\`

## Article 1

> A informs B within 24 hours of a request.
`;

let head = null;
let who = '';
let editor = null;
let file = 'draft.pact.md';
let last = null; // what the checker said of the newest text
let stale = true;
let from_ = {};
const checks = newest();
const looks = newest();
const english = language === 'en' ? {} : { lang: 'en' };

const asks = (want, text, at) => looks.ask('/api/draft/at', { text, at, want, language }).catch(() => null);

// What was asked before the last change stays, and says so.
function old(out) {
  if (!out || out.querySelector(':scope > .empty')) return;
  out.dataset.old = t('is-old');
  out.classList.add('is-old');
}
let soon;
function changed(text) {
  stale = true;
  clearTimeout(soon);
  for (const id of ['audit-out', 'changes-out']) old(byId(id));
  soon = setTimeout(() => check(text), 220);
}
const bytes = (text) => new TextEncoder().encode(text).length;

async function check(text) {
  if (!keep(who, { text, file })) byId('kept').textContent = t('not-kept');
  if (bytes(text) > head.most_bytes) {
    checks.stop();
    byId('draft-problem').hidden = false;
    byId('draft-problem').textContent = t('too-long', { n: Math.round(head.most_bytes / 1000) });
    return;
  }
  try {
    const answer = await checks.ask('/api/draft/check', { text, language });
    if (!answer || editor.text() !== text) return;
    last = answer;
    stale = false;
    editor.tell(answer);
    byId('draft-problem').hidden = true;
    summary();
    lists();
    under(editor.at());
    document.body.dataset.checked = String(Number(document.body.dataset.checked ?? 0) + 1);
  } catch (error) {
    byId('draft-problem').hidden = false;
    byId('draft-problem').textContent = error instanceof Refused ? t('refused', { why: error.message }) : t('no-answer');
  }
}

const undecided = () => last.looked.reduce((n, l) => n + l.undecided.length, 0);

function summary() {
  const c = last.counts;
  const share = c.words ? Math.round((100 * c.words_covered) / c.words) : null;
  const word = c.errors ? t('n-errors', { n: c.errors }) : t('no-errors');
  told(head, word, [t('draft-sentence', { rules: t('n-rules', { n: c.rules }), found: t('n-findings', { n: c.findings }) }), ' ',
    share === null ? t('no-words') : t('covered', { share }), ' ', c.accepted ? `${t('n-accepted', { n: c.accepted })} ` : '', `${t('n-undecided', { n: undecided() })}.`]);
}

const KIND = { error: 'broken', warning: 'doubt', info: 'open' };
const place = (d) => el('button', { type: 'button', class: 'record', onclick: () => editor.go(d.from, d.to) }, t('line', { n: editor.line(d.from) }));
const fixButton = (d) => d.fix && el('button', { type: 'button', onclick: () => (stale ? null : applyFix(editor.view, d.fix)) }, t('fix'), ' ', el('span', english, d.fix.title));

function lists() {
  const trouble = (d) => el('li', {}, badge({ tone: KIND[d.severity] ?? 'open', word: t(`severity-${d.severity}`) }), ' ', place(d), ' ', el('code', {}, d.code), ' ',
    el('span', english, dated(d.message)), d.help ? el('div', { class: 'about', ...english }, dated(d.help)) : null, fixButton(d));
  byId('trouble-out').replaceChildren(last.diagnostics.length ? el('ul', { class: 'found-list' }, last.diagnostics.map(trouble)) : el('p', { class: 'empty' }, t('none-wrong')));
  const kinds = new Map();
  for (const f of last.findings) kinds.set(f.code, [...(kinds.get(f.code) ?? []), f]);
  const finding = (f) => el('li', {}, f.accepted ? [badge({ tone: 'kept', word: t('accepted') }), ' '] : null, place(f), ' ', el('span', english, dated(f.message)),
    f.help && !f.accepted ? el('div', { class: 'about', ...english }, dated(f.help)) : null, f.accepted ? el('div', { class: 'about', ...english }, `because ${f.accepted}`) : null, fixButton(f));
  // What could not be decided stands open where nothing was found: no finding is no answer. Whoever opened or closed it keeps it so.
  const shown = byId('undecided-out');
  const open = shown ? shown.open : !kinds.size;
  byId('findings-out').replaceChildren(
    kinds.size ? el('div', {}, [...kinds].sort(([a], [b]) => a.localeCompare(b)).map(([code, all]) => el('details', {}, el('summary', {}, el('code', {}, code), ' ', el('span', english, all[0].title), ` (${number(all.length)})`), el('ul', { class: 'found-list' }, all.map(finding)))))
      : el('p', { class: 'empty' }, t('none-found')),
    undecided() ? el('details', { id: 'undecided-out', open }, el('summary', {}, badge({ tone: 'doubt', word: t('n-undecided', { n: undecided() }) })),
      el('dl', { class: 'sentences', ...english }, last.looked.filter((l) => l.undecided.length).map((l) => [el('dt', {}, l.analysis), l.undecided.map((u) => el('dd', {}, dated(u)))])))
      : el('p', { class: 'about' }, `${t('n-undecided', { n: 0 })}.`),
    el('details', {}, el('summary', {}, t('looked-at')), el('dl', { class: 'sentences', ...english }, last.looked.map((l) => [el('dt', {}, `${l.analysis}: ${number(l.at)}`), el('dd', {}, l.bound)]))));
  byId('outline-out').replaceChildren(el('ul', { class: 'outline' }, last.outline.map((o) => el('li', { class: `depth-${Math.min(o.depth, 3)}` }, el('button', { type: 'button', class: 'record', onclick: () => editor.go(o.from) }, o.kind === 'clause' ? el('b', {}, o.name) : [el('span', { class: 'about' }, o.kind), ' ', o.name])))));
  byId('rules-out').replaceChildren(el('p', {}, last.about), el('dl', { class: 'sentences' }, last.rules.map((r) => [el('dt', {}, el('button', { type: 'button', class: 'record', onclick: () => editor.go(r.from) }, `${r.kind} `, el('b', {}, r.name))), el('dd', {}, r.sentence)])));
}

// The rule under the cursor, in plain words.
let before = null;
function under(at) {
  if (!last) return;
  const rule = last.rules.find((r) => r.from <= at && at <= r.to);
  const key = rule ? `${rule.name} ${rule.sentence}` : '';
  if (key === before) return;
  before = key;
  byId('under').replaceChildren(...(rule ? [el('p', { class: 'about' }, `${rule.kind} `, el('b', {}, rule.name)), el('p', { class: 'sentence' }, rule.sentence)] : [el('p', { class: 'about' }, t('no-rule-here'))]));
}

// ---- panels that are asked for ----

async function panel(id, work) {
  const out = byId(id);
  out.setAttribute('aria-busy', 'true');
  try {
    const made = await work();
    if (made) {
      out.classList.remove('is-old');
      out.replaceChildren(...[made].flat().filter(Boolean));
    }
  } catch (error) {
    out.replaceChildren(el('p', { class: 'problem', role: 'alert' }, error instanceof Refused ? t('refused', { why: error.message }) : t('no-answer')));
    if (!(error instanceof Refused)) console.error(error);
  }
  out.removeAttribute('aria-busy');
}

const cellText = (cell) => (typeof cell === 'string' ? cell : cell.shown);
function sheetTable(table) {
  const sums = table.columns.map((_, i) => (table.summed.includes(i) ? table.rows.reduce((all, row) => all + (row[i].n ?? 0), 0) : null));
  return el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': table.caption }, el('table', { class: 'data' }, el('caption', {}, table.caption),
    el('thead', {}, el('tr', {}, table.columns.map((c) => el('th', { scope: 'col' }, c)))),
    el('tbody', {}, table.rows.map((row) => el('tr', {}, row.map((cell, i) => el(i ? 'td' : 'th', i ? {} : { scope: 'row' }, cellText(cell)))))),
    table.summed.length ? el('tfoot', {}, el('tr', {}, sums.map((s, i) => el(i ? 'td' : 'th', i ? {} : { scope: 'row' }, i === 0 ? t('total') : s === null ? '' : number(s))))) : null));
}
const audits = newest();
const audit = () => panel('audit-out', async () => {
  const page = await audits.ask('/api/draft/audit', { text: editor.text() });
  if (!page) return null;
  return el('div', english, page.exercise ? el('p', { class: 'tag' }, page.exercise) : null, page.summary.map((s) => el('p', {}, s)),
    el('dl', { class: 'facts' }, page.headline.map((f) => [el('dt', {}, f.label), el('dd', {}, number(f.value))])),
    page.sections.map((s) => el('section', { class: 'audit-part' }, el('h3', {}, s.heading), s.text.map((p) => el('p', {}, p)), s.tables.map(sheetTable))),
    el('p', { class: 'downloads', lang: language }, t('download'), ' ',
      el('button', { type: 'button', onclick: () => save('enforceability.json', 'application/json', JSON.stringify(page, null, 1)) }, 'JSON'),
      el('button', { type: 'button', onclick: () => save('enforceability.csv', 'text/csv', csv(page.sections.flatMap((s) => s.tables.flatMap((x) => [[x.caption], x.columns, ...x.rows.map((r) => r.map(cellText)), []]))))  }, 'CSV')));
});

const compares = newest();
const compare = () => panel('changes-out', async () => {
  const doc = await compares.ask('/api/draft/changes', { text: editor.text(), language }, { moments: from_ });
  if (!doc) return null;
  const change = (c) => el('li', {}, el('b', {}, `${c.what} ${c.name}`.trim()), el('div', { class: 'side-by-side' },
    el('div', { class: 'was' }, el('span', { class: 'about', lang: language }, t('was')), el('p', {}, c.before ?? '–')), el('div', { class: 'is' }, el('span', { class: 'about', lang: language }, t('is')), el('p', {}, c.after ?? '–'))));
  const gaps = (key, all) => all.length ? [el('h3', {}, t(key, { n: all.length })), el('ul', { class: 'found-list', ...english }, all.map((g) => el('li', {}, el('code', {}, g.code), ' ', dated(g.message))))] : null;
  const other = (v) => el('tr', {}, el('th', { scope: 'row', class: 'what' }, el('a', { href: elsewhere('/', from_, { norm: v.norm, bearer: v.bearer, instance: v.instance, lang: '' }) }, v.norm), el('div', { class: 'small' }, v.instance === '-' ? '' : v.instance)), el('td', {}, v.bearer),
    el('td', {}, v.before ? t(`verdict-word-${v.before}`) : '–'), el('td', {}, v.after ? t(`verdict-word-${v.after}`) : '–'));
  return [
    el('p', { class: 'lead' }, el('strong', {}, doc.same ? t('same-meaning') : t('n-changes', { n: doc.meaning.length + doc.words.length })), ' ', t('n-verdicts', { n: doc.verdicts.length + doc.verdicts_left_out }), ' ', t('as-of', { at: doc.question.at_local, known: doc.question.known_at_local })),
    doc.without_shape.length ? el('p', { class: 'tone-doubt' }, t('without-shape', { names: doc.without_shape.join(', ') })) : null,
    doc.meaning.length ? [el('h3', {}, t('meaning')), el('ul', { class: 'change-list' }, doc.meaning.map(change))] : null,
    doc.words.length ? [el('h3', {}, t('words-changed')), el('ul', { class: 'change-list', ...english }, doc.words.map(change))] : null,
    gaps('gaps-new', doc.found), gaps('gaps-gone', doc.resolved),
    doc.verdicts.length ? [el('h3', {}, t('verdicts-changed')), el('table', { class: 'list' }, el('caption', { class: 'unseen-text' }, t('verdicts-changed')),
      el('thead', {}, el('tr', {}, ['h-rule', 'h-bearer', 'h-before', 'h-after'].map((h) => el('th', { scope: 'col' }, t(h))))), el('tbody', {}, doc.verdicts.map(other)))] : null,
    doc.verdicts_left_out ? el('p', { class: 'about' }, t('left-out', { n: doc.verdicts_left_out })) : null,
    el('p', { class: 'downloads' }, t('download'), ' ', el('button', { type: 'button', onclick: () => save('changes.json', 'application/json', JSON.stringify(doc, null, 1)) }, 'JSON'),
      el('button', { type: 'button', onclick: () => save('changes.csv', 'text/csv', csv([['what', 'name', 'before', 'after'], ...[...doc.meaning, ...doc.words].map((c) => [c.what, c.name, c.before, c.after]), ...doc.verdicts.map((v) => ['verdict', `${v.norm} ${v.bearer} ${v.instance}`, v.before, v.after])])) }, 'CSV')),
  ].flat(3);
});

// ---- opening and keeping ----

function open(text, name) {
  file = name;
  byId('file-name').textContent = name;
  last = null;
  before = null;
  editor.put(text.replaceAll('\r\n', '\n'));
  for (const id of ['audit-out', 'changes-out']) byId(id).replaceChildren(el('p', { class: 'empty' }, t('not-asked')));
  check(editor.text());
}
async function fromFile(input) {
  const [chosen] = input.files;
  if (!chosen) return;
  input.value = '';
  if (chosen.size > head.most_bytes) {
    byId('draft-problem').hidden = false;
    byId('draft-problem').textContent = t('too-long', { n: Math.round(head.most_bytes / 1000) });
    return;
  }
  open(await chosen.text(), chosen.name);
}
async function reformat() {
  const text = editor.text();
  const answer = await ask('/api/draft/format', { text }).catch(() => null);
  if (answer && editor.text() === text) editor.reformat(answer.text);
}

function build(main, text) {
  const choose = el('input', { type: 'file', id: 'file', class: 'unseen-text', accept: '.md,.txt,text/markdown,text/plain', onchange: (e) => fromFile(e.target), tabindex: -1, 'aria-hidden': 'true' });
  const button = (id, word, act, more) => el('button', { type: 'button', id, onclick: act, ...more }, t(word));
  const host = el('div', { id: 'editor', class: 'cm-host' });
  main.replaceChildren(
    el('section', { class: 'desk' },
      el('div', { class: 'section-head' }, el('h2', {}, t('s-text'), ' ', el('span', { id: 'file-name', class: 'about' }, file)),
        el('div', { class: 'desk-tools' }, choose, button('open-file', 'open-file', () => choose.click()), button('open-agreement', 'open-agreement', () => open(head.text, `${head.agreement.name}.pact.md`)),
          button('open-new', 'open-new', () => open(NEW, 'draft.pact.md')), button('format', 'format', reformat), button('download-draft', 'download-draft', () => save(file, 'text/markdown', editor.text())),
          el('a', { href: elsewhere('/lab', from_, { draft: 'tab' }), class: 'as-button' }, t('to-lab')))),
      el('p', { class: 'about', id: 'kept' }, t('kept-here')),
      el('p', { id: 'draft-problem', class: 'problem', role: 'alert', hidden: true }),
      el('div', { class: 'editor-and-side' }, host,
        el('div', { class: 'beside' }, el('h3', {}, t('s-under')), el('div', { id: 'under', 'aria-live': 'polite' }, el('p', { class: 'about' }, t('no-rule-here'))),
          el('details', { open: matchMedia('(min-width: 1000px)').matches }, el('summary', {}, t('s-outline')), el('nav', { id: 'outline-out', 'aria-label': t('s-outline') })))),
      el('p', { class: 'about' }, t('how-to-leave'), ' ', el('span', { class: 'legend-uncovered' }, t('legend-uncovered')))),
    el('section', {}, el('h2', {}, t('s-wrong')), el('div', { id: 'trouble-out' })),
    el('section', {}, el('h2', {}, t('s-findings')), el('div', { id: 'findings-out' })),
    el('section', {}, el('h2', {}, t('s-says')), el('div', { id: 'rules-out', class: 'scroll', tabindex: 0, role: 'region', 'aria-label': t('s-says') })),
    el('section', {}, el('div', { class: 'section-head' }, el('h2', {}, t('s-audit')), button('ask-audit', 'ask-audit', audit)), el('div', { id: 'audit-out', 'aria-live': 'polite' }, el('p', { class: 'empty' }, t('not-asked')))),
    el('section', {}, el('div', { class: 'section-head' }, el('h2', {}, t('s-changes')), button('ask-changes', 'ask-changes', compare)), el('div', { id: 'changes-out', 'aria-live': 'polite' }, el('p', { class: 'empty' }, t('not-asked')))));
  editor = edit(host, { text, asks, changed, moved: under, format: reformat });
}

export async function show(from, main, current) {
  from_ = from;
  head = await get(asked('/api/draft/text', from));
  if (!current()) return;
  if (!editor) {
    who = await account();
    const kept = draftOf(who);
    file = kept?.file ?? `${head.agreement.name}.pact.md`;
    build(main, (kept?.text ?? head.text).replaceAll('\r\n', '\n'));
    await check(editor.text());
  } else if (last) {
    summary();
    old(byId('changes-out'));
  }
}
