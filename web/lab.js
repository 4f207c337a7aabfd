// The back-test lab: a draft replayed over a history, with its numbers on sliders. Nothing is computed here: each answer is a replay.
import { badge, byId, dated, el } from './element.js';
import { account, ask, csv, draftOf, newest, save, sheetOfStyle } from './asking.js';
import { Refused, asked, elsewhere, get, go, language, learn, number, t, told } from './frame.js';
import { TONE, alone, lanes, legend, load, range, verdicts } from './lab-plots.js';

sheetOfStyle();
learn((await import(`./words-draft-${language}.js`)).default);

export const title = 'title-lab';

const english = language === 'en' ? {} : { lang: 'en' };
const KNOBS_SHOWN = 8;
const ROWS = 400;
const replays = newest();
const ranges = newest();
let head = null;
let who = '';
let files = {}; // drafts opened from a file, by place: `draft`, `other`
let base = null; // the draft as it stands
let shown = null; // with the sliders as they are
let from_ = {};
let chosen = null; // whose cases are listed
let set = new Map(); // knob → value, as words
let took = 0;

// ---- what is asked ----

const option = (value, word, now) => el('option', { value, selected: value === now }, word);
const textOf = (what, place) => (what === 'tab' ? draftOf(who)?.text : what === 'file' ? files[place]?.text : undefined);
function question() {
  const body = { history: from_.history === 'exercise' ? 'exercise' : 'workspace', known: from_.counts === 'as-recorded' ? 'as-recorded' : 'as-it-happened' };
  if (body.known === 'as-it-happened') body.delay_hours = Math.max(0, Math.round(Number(from_.delay) || 0));
  const draft = textOf(from_.draft, 'draft');
  if (draft !== undefined) body.draft = draft;
  const other = from_.other === 'in-force' ? 'in-force' : textOf(from_.other, 'other');
  if (other !== undefined) body.other = other;
  for (const [field, name] of [['from', 'since'], ['to', 'until'], ['in_force', 'force']]) if (from_[name]) body[field] = from_[name].replace('T', ' ');
  return body;
}
const settings = () => [...set].map(([name, value]) => `${name}=${value}`);

async function replayed(body) {
  const begun = performance.now();
  const answer = await replays.ask('/api/lab/replay', body, { moments: from_ });
  if (answer) took = (performance.now() - begun) / 1000;
  return answer;
}

function refused(error) {
  const line = byId('lab-problem');
  line.hidden = false;
  line.textContent = error instanceof Refused ? t('refused', { why: error.message }) : t('no-answer');
  if (!(error instanceof Refused)) console.error(error);
}

// ---- lengths of time ----

const length = (ms) => {
  if (ms === null || ms === undefined) return '–';
  const all = Math.abs(ms);
  const sign = ms < 0 ? '−' : '';
  return sign + (all >= 2 * 86_400_000 ? t('days', { n: all / 86_400_000 }) : all >= 2 * 3_600_000 ? t('hours', { n: all / 3_600_000 }) : t('minutes', { n: all / 60_000 }));
};
const of = (n, ...words) => words.reduce((sum, word) => sum + (n.performances[word] ?? 0), 0);
const KEPT = ['satisfied'];
const BROKEN = ['violated', 'missed'];
const UNDECIDED = ['pending-evidence', 'depends-on-reading'];
const OPEN = ['pending'];
const ELSE = ['not-applicable'];
const sum = (norms, words) => norms.reduce((all, n) => all + of(n, ...words), 0);

// ---- pieces ----

const table = (caption, heads, rows, more = {}) => el('table', { class: 'list lab-table', ...more }, el('caption', { class: 'unseen-text' }, caption), el('thead', {}, el('tr', {}, heads.map((h) => el('th', { scope: 'col' }, h)))), el('tbody', {}, rows));
// On a narrow page a cell says itself which column it is of.
const cell = (head, ...content) => el('td', { 'data-head': head }, ...content);
const name = (n) => el('th', { scope: 'row', class: 'what' }, n);
const downloads = (...buttons) => el('p', { class: 'downloads' }, t('download'), ' ', buttons.flat());
const file = (word, make) => el('button', { type: 'button', onclick: make }, word);
const asCsv = (called, rows) => file('CSV', () => save(`${called}.csv`, 'text/csv', csv(rows())));
const asSvg = (called, place) => file('SVG', () => { const drawing = place.querySelector('svg.plot:not(.key)'); if (drawing) save(`${called}.svg`, 'image/svg+xml', alone(drawing)); });
const scroll = (label, ...content) => el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label }, ...content);
const heading = (key) => el('h2', {}, t(key));

// A number that opens into its cases, and how it differs from the draft as it stands.
function figure(n, words, was) {
  const many = of(n, ...words);
  const differs = was ? many - of(was, ...words) : 0;
  const text = [number(many), differs ? el('span', { class: 'differs' }, ` (${differs > 0 ? '+' : '−'}${number(Math.abs(differs))})`) : null];
  return many ? el('button', { type: 'button', class: 'record num', onclick: () => choose(n.norm, words) }, text) : el('span', { class: 'num' }, text);
}
function choose(norm, words) {
  chosen = norm ? { norm, words: [words ?? []].flat().filter(Boolean) } : null;
  cases();
  byId('cases').scrollIntoView({ block: 'start' });
  byId('cases-title').focus();
}

// ---- parts of the page ----

function controls() {
  const kept = draftOf(who);
  const pick = (place) => {
    const input = el('input', { type: 'file', accept: '.md,.txt,text/markdown,text/plain', class: 'unseen-text', tabindex: -1, 'aria-hidden': 'true' });
    input.addEventListener('change', async () => {
      const [picked] = input.files;
      input.remove();
      if (!picked || picked.size > head.most_bytes) {
        if (picked) refused(new Refused(t('too-long', { n: Math.round(head.most_bytes / 1000) })));
        return;
      }
      files = { ...files, [place]: { name: picked.name, text: await picked.text() } };
      set = new Map();
      go({ [place]: 'file', set: '' });
    });
    document.body.append(input);
    input.click();
  };
  const select = (id, label, now, options, change) => el('label', {}, t(label), el('select', { id, onchange: (e) => change(e.target.value) }, options.filter(Boolean).map(([value, word]) => option(value, word, now))));
  const anew = (change) => { set = new Map(); chosen = null; return go({ set: '', ...change }); };
  const input = (id, label, value, change, more) => el('label', {}, t(label), el('input', { id, value: value ?? '', autocomplete: 'off', onchange: (e) => anew({ [change]: e.target.value.trim() }), ...more }));
  const drafts = (place) => [kept && ['tab', t('draft-tab', { name: kept.file })], files[place] && ['file', files[place].name], ['pick', t('draft-file')]];
  const isExercise = from_.history === 'exercise';
  return el('form', { class: 'filters', role: 'search', 'aria-label': t('s-what'), onsubmit: (e) => e.preventDefault() },
    select('f-draft', 'f-draft', from_.draft ?? '', [['', t(isExercise ? 'draft-exercise' : 'draft-in-force')], ...drafts('draft')], (v) => (v === 'pick' ? pick('draft') : anew({ draft: v }))),
    select('f-other', 'f-other', from_.other ?? '', [['', t('other-none')], ['in-force', t(isExercise ? 'draft-exercise' : 'draft-in-force')], ...drafts('other')], (v) => (v === 'pick' ? pick('other') : go({ other: v }))),
    select('f-history', 'f-history', from_.history ?? '', [['', t('history-workspace')], ['exercise', t('history-exercise')]], (v) => anew({ history: v })),
    select('f-known', 'f-known', from_.counts ?? '', [['', t('known-as-it-happened')], ['as-recorded', t('known-as-recorded')]], (v) => anew({ counts: v })),
    from_.counts === 'as-recorded' ? null : input('f-delay', 'f-delay', from_.delay ?? '0', 'delay', { type: 'number', min: 0, max: 8784 }),
    input('f-since', 'f-since', from_.since?.replace('T', ' '), 'since', { placeholder: '2026-05-01' }), input('f-until', 'f-until', from_.until?.replace('T', ' '), 'until', { placeholder: '2027-05-01' }),
    input('f-force', 'f-force', from_.force, 'force', { placeholder: '2026-05-01' }));
}

// Where a slider goes: from a small part of what stands to three times as much, in steps that a person would take.
function scale(knob) {
  const stands = knob.axis;
  if (knob.share) return { min: 0, max: Math.max(1, stands), step: 0.05 };
  const nice = (n) => { const p = 10 ** Math.floor(Math.log10(n)); return [1, 2, 5, 10].map((m) => m * p).find((m) => m >= n); };
  const whole = Number.isInteger(stands);
  const high = Math.max(stands * 3, whole ? stands + 5 : 1);
  const step = whole ? Math.max(1, nice(high / 60)) : nice(high / 60);
  const least = whole ? (knob.what.includes('window') || knob.unit ? step : 0) : 0;
  return { min: least, max: Math.ceil(high / step) * step, step };
}
// A length that is no whole number of hours is told in minutes, as a text would.
const spelled = (knob, value) => {
  if (knob.unit === 'hours' && !Number.isInteger(value)) return `${Math.round(value * 60)} minutes`;
  const text = String(Number(value.toPrecision(12)));
  return knob.unit ? `${text} ${knob.unit}` : text;
};

const placed = (knob, words) => Number.parseFloat(words.replaceAll(',', '')) / (knob.unit === 'hours' && words.endsWith('minutes') ? 60 : 1);

let soon;
function turned(knob, value) {
  if (value === knob.stands) set.delete(knob.name);
  else set.set(knob.name, value);
  clearTimeout(soon);
  clearTimeout(rests);
  soon = setTimeout(async () => {
    const query = withSet();
    history.replaceState(null, '', query ? `${location.pathname}?${query}` : location.pathname);
    await again();
  }, 60);
}
function withSet() {
  const all = new URLSearchParams(location.search);
  if (set.size) all.set('set', settings().join(';'));
  else all.delete('set');
  from_ = { ...from_, set: settings().join(';') };
  return all.toString();
}

let filter = '';
function knobs() {
  // Numbers of the text first; standards and shares watched, which every rule has, behind them.
  const late = (k) => /\.(standard|watched)(-\d+)?$/.test(k.name);
  const all = base.knobs.filter((k) => k.axis !== null || k.options.length > 1).sort((a, b) => late(a) - late(b));
  if (!all.length) return [el('p', { class: 'empty' }, t('knobs-none'))];
  const list = el('div', { class: 'knobs' });
  const more = el('p', { class: 'about' });
  const fill = () => {
    const fits = all.filter((k) => k.name.toLowerCase().includes(filter.toLowerCase()));
    const first = [...fits.filter((k) => set.has(k.name)), ...fits.filter((k) => !set.has(k.name))].slice(0, Math.max(KNOBS_SHOWN, set.size));
    list.replaceChildren(...first.map(knobOf));
    more.textContent = fits.length > first.length ? t('knobs-more', { n: fits.length - first.length }) : '';
  };
  fill();
  return [
    el('p', { class: 'about' }, t('knobs-note')),
    el('div', { class: 'filters' }, el('label', {}, t('knobs-filter'), el('input', { id: 'knob-filter', value: filter, autocomplete: 'off', 'data-first-filter': true, oninput: (e) => { filter = e.target.value.trim(); fill(); } }))),
    // A form: what comes in meanwhile waits until nobody is at a slider.
    el('form', { 'aria-label': t('s-knobs'), onsubmit: (e) => e.preventDefault() }, list, more, el('button', { type: 'button', id: 'knobs-reset', onclick: () => { set = new Map(); fill(); turned({ name: '' }, ''); } }, t('knobs-reset'))),
    el('div', { id: 'range', 'aria-live': 'polite' }),
  ];
}
function knobOf(knob) {
  const id = `knob-${knob.name.replaceAll(/[^\p{L}\p{N}]+/gu, '-')}`;
  const now = set.get(knob.name) ?? knob.stands ?? '';
  const output = el('output', { for: id, class: 'num' }, now || '–');
  const back = el('button', { type: 'button', class: 'quiet', hidden: !set.has(knob.name), 'aria-label': `${t('knob-back')}: ${knob.name}`, onclick: () => put(knob.stands ?? '') }, t('knob-back'));
  let field;
  const put = (value) => {
    output.textContent = value || '–';
    back.hidden = value === (knob.stands ?? '');
    if (field.tagName === 'SELECT') field.value = value;
    else if (value === knob.stands) field.value = String(knob.axis);
    turned({ ...knob, stands: knob.stands ?? '' }, value);
  };
  const about = el('span', { class: 'about', id: `${id}-about` }, el('span', english, knob.what), knob.stands ? ` · ${t('knob-what', { stands: knob.stands })}` : '');
  if (knob.axis === null) {
    field = el('select', { id, 'aria-describedby': `${id}-about`, onchange: (e) => put(e.target.value) }, knob.stands ? null : option('', '–', now), knob.options.map((o) => option(o, o, now)));
  } else {
    const { min, max, step } = scale(knob);
    const at = set.has(knob.name) ? placed(knob, now) : knob.axis;
    field = el('input', { id, type: 'range', min: Math.min(min, knob.axis), max, step: (knob.axis - min) % step === 0 ? step : 'any', value: at, 'aria-describedby': `${id}-about`, 'aria-valuetext': now,
      oninput: (e) => {
        const raw = Number(e.target.value);
        const stepped = Math.min(max, Math.max(min, Math.round(raw / step) * step));
        const value = Math.abs(raw - knob.axis) < step / 2 ? knob.stands : spelled(knob, stepped);
        e.target.setAttribute('aria-valuetext', value);
        put(value);
      } });
  }
  return el('div', { class: 'knob' }, el('label', { for: id }, knob.name), output, field, el('div', { class: 'knob-tools' }, back, knob.axis === null && !knob.options.length ? null : el('button', { type: 'button', class: 'quiet', 'aria-label': `${t('knob-range')}: ${knob.name}`, onclick: () => whole(knob) }, t('knob-range'))), about);
}

// Every value of a knob, each a replay of its own.
async function whole(knob) {
  const place = byId('range');
  place.replaceChildren(el('p', { class: 'about' }, t('lab-waiting')));
  const values = [];
  if (knob.axis === null) values.push(...knob.options);
  else {
    const { min, max, step } = scale(knob);
    const each = Math.max(step, Math.ceil((max - min) / 10 / step) * step);
    for (let at = min; at <= max + 1e-9; at += each) if (at > 0) values.push(spelled(knob, at));
    if (!values.includes(knob.stands)) values.push(knob.stands);
    values.sort((a, b) => placed(knob, a) - placed(knob, b));
  }
  try {
    const others = settings().filter((s) => !s.startsWith(`${knob.name}=`));
    const plain = values.map((v) => v.replaceAll(',', ''));
    const answer = await ranges.ask('/api/lab/vary', { ...question(), other: undefined, set: others, vary: [`${knob.name}=${plain.join(',')}`], quick: true }, { moments: from_ });
    if (!answer) return;
    const points = answer.backtest.sweep.variants.map((v) => {
      const value = v.values[knob.name];
      return { value, axis: knob.axis === null ? null : placed(knob, value), is_draft: v.is_draft, triggers: Object.entries(v.triggers).filter(([n]) => !v.norms.length || v.norms.some((norm) => norm.norm === n)).reduce((all, [, n]) => all + n, 0), broken: v.norms.length ? sum(v.norms, BROKEN) : null };
    });
    const drawing = range(points, knob.unit);
    place.replaceChildren(el('h3', {}, t('range-title', { name: knob.name })), drawing ?? '', el('p', { class: 'about' }, t('range-note')),
      el('ul', { class: 'legend' }, el('li', { class: 'tone-open' }, '●', ' ', t('range-triggers')), el('li', { class: 'tone-broken' }, '■', ' ', t('range-broken'))),
      el('details', {}, el('summary', {}, t('as-table')), table(t('range-title', { name: knob.name }), [t('h-value'), t('range-triggers'), t('range-broken')], points.map((p) => el('tr', {}, name(p.is_draft ? el('b', {}, p.value) : p.value), cell(t('range-triggers'), number(p.triggers)), cell(t('range-broken'), p.broken === null ? '–' : number(p.broken)))))),
      downloads(asCsv('range', () => [['value', 'triggers', 'broken'], ...points.map((p) => [p.value, p.triggers, p.broken])]), ' ', asSvg('range', place), ' ', file('JSON', () => save('range.json', 'application/json', JSON.stringify(answer, null, 1)))));
  } catch (error) {
    place.replaceChildren(el('p', { class: 'problem', role: 'alert' }, error instanceof Refused ? t('refused', { why: error.message }) : t('no-answer')));
  }
}

function clauses() {
  const { norms } = shown.backtest;
  const differs = set.size > 0;
  const was = (n) => (differs ? base.backtest.norms.find((b) => b.norm === n.norm) : null);
  const columns = [['h-kept', KEPT], ['h-broken', BROKEN], ['h-undecided', UNDECIDED], ['h-open', OPEN], ['h-other-end', ELSE]];
  const row = (n) => el('tr', { 'data-norm': n.norm }, name([el('b', {}, n.norm), el('div', { class: 'small' }, [n.kind, n.clause].filter(Boolean).join(' · '))]), cell(t('h-cases'), figure(n, [...KEPT, ...BROKEN, ...UNDECIDED, ...OPEN, ...ELSE], was(n))),
    columns.map(([head_, words]) => cell(t(head_), figure(n, words, was(n)))), cell(t('h-alarms'), number(n.episodes)), cell(t('h-time'), shown.quick ? '…' : length((n.from_trigger ?? n.from_deed)?.median_ms)), cell(t('h-revised'), shown.quick ? '…' : number(n.revised)));
  const heads = ['h-rule', 'h-cases', ...columns.map(([h]) => h), 'h-alarms', 'h-time', 'h-revised'].map((h) => t(h));
  const drawing = verdicts(norms, choose);
  const words = new Set(norms.flatMap((n) => Object.keys(n.performances)));
  const place = el('div', {});
  place.append(...[drawing ?? el('p', { class: 'empty' }, t('nothing-to-plot')), drawing && legend(words), scroll(t('s-clauses'), table(t('s-clauses'), heads, norms.map(row), { id: 'by-rule' })),
    downloads(asCsv('rules', () => [['rule', 'kind', 'clause', 'cases', 'kept', 'broken', 'not decided', 'open', 'else', 'stretches of breach', 'median time to verdict, ms', 'revised'], ...norms.map((n) => [n.norm, n.kind, n.clause, n.instances, of(n, ...KEPT), of(n, ...BROKEN), of(n, ...UNDECIDED), of(n, ...OPEN), of(n, ...ELSE), n.episodes, (n.from_trigger ?? n.from_deed)?.median_ms ?? '', n.revised])]), ' ', asSvg('rules', place), ' ',
      file('JSON', () => save('back-test.json', 'application/json', JSON.stringify(shown, null, 1))), ' ', file(t('html-file'), wholePage))].filter(Boolean));
  return place;
}
async function wholePage() {
  try {
    save('back-test.html', 'text/html', await ask('/api/lab/page', { ...question(), set: settings() }, { moments: from_, as: 'text' }));
  } catch (error) { refused(error); }
}

function when() {
  const { terms, period } = shown.backtest;
  const reading = (x) => (Object.keys(x.readings).length ? `${x.term} (${Object.values(x.readings).join(', ')})` : x.term);
  const reached = terms.filter((x) => x.episodes.length).map((x) => ({ name: reading(x), tone: 'open', spans: x.episodes.map((e) => ({ from: e.began, to: e.ended })) }));
  const broken = shown.backtest.norms.map((n) => ({ name: n.norm, norm: n.norm, tone: 'broken', spans: shown.cases.filter((c) => c.norm === n.norm).flatMap((c) => c.breaches) }));
  const drawing = lanes(period, [...reached, ...broken], choose);
  const place = el('div', {});
  const row = (x) => el('tr', {}, name(reading(x)), cell(t('h-times'), number(x.times)), cell(t('h-met'), length(x.met_ms)));
  place.append(drawing ?? el('p', { class: 'empty' }, t('nothing-to-plot')),
    el('h3', {}, t('s-terms')), scroll(t('s-terms'), table(t('s-terms'), [t('h-term'), t('h-times'), t('h-met')], terms.map(row))),
    downloads(asCsv('over-time', () => [['what', 'name', 'from', 'to'], ...reached.flatMap((l) => l.spans.map((s) => ['reached', l.name, s.from, s.to])), ...broken.flatMap((l) => l.spans.map((s) => ['broken', l.name, s.from, s.to]))]), ' ', asSvg('over-time', place)));
  return place;
}

function owed() {
  const rows = shown.backtest.load;
  const drawing = load(rows);
  const place = el('div', {});
  const row = (r) => el('tr', {}, name(r.phrase), cell(t('h-month'), r.month), cell(t('h-begun'), number(r.begun)), cell(t('h-due-n'), number(r.due)), cell(t('h-open-n'), number(r.open)), cell(t('h-lasting'), number(r.lasting)));
  place.append(...[drawing ?? el('p', { class: 'empty' }, t('nothing-to-plot')),
    el('details', {}, el('summary', {}, t('as-table')), scroll(t('s-load'), table(t('s-load'), ['h-bearer', 'h-month', 'h-begun', 'h-due-n', 'h-open-n', 'h-lasting'].map((h) => t(h)), rows.slice(0, ROWS).map(row))), rows.length > ROWS ? el('p', { class: 'about' }, t('months-more', { n: rows.length - ROWS })) : null),
    downloads(asCsv('load', () => [['party', 'month', 'begun', 'due', 'open', 'lasting'], ...rows.map((r) => [r.phrase, r.month, r.begun, r.due, r.open, r.lasting])]), ' ', asSvg('load', place))]);
  return place;
}

function undecided() {
  const rows = shown.backtest.norms.flatMap((n) => n.undecided.map((u) => el('tr', {}, name(el('button', { type: 'button', class: 'record', onclick: () => choose(n.norm, UNDECIDED) }, n.norm)), cell(t('h-reason'), el('span', english, u.code.replaceAll('-', ' '))), cell(t('h-cases'), number(u.instances)), cell(t('h-missing'), el('span', english, dated(u.missing.map((m) => `${m.name} (${m.count})`).join('; ')))))));
  return rows.length ? scroll(t('s-undecided'), table(t('s-undecided'), ['h-rule', 'h-reason', 'h-cases', 'h-missing'].map((h) => t(h)), rows)) : el('p', { class: 'empty' }, t('cases-none'));
}

function compared() {
  const { against } = shown.backtest;
  if (!against) return null;
  const pairs = against.norms.filter((p) => p.differ || p.only_here || p.only_there || p.changed.length || !p.here || !p.there);
  const totals = (v) => (v ? `${number(v.instances)} · ${t('h-kept')} ${number(of(v, ...KEPT))} · ${t('h-broken')} ${number(of(v, ...BROKEN))}` : '–');
  const row = (p) => el('tr', {}, name([el('b', {}, p.norm), p.changed.map((c) => el('div', { class: 'small', ...english }, `${c.what}: `, el('ins', {}, c.here), ' / ', el('del', {}, c.there)))]), cell(t('h-here'), totals(p.here)), cell(t('h-there'), totals(p.there)),
    cell(t('h-differ'), number(p.differ), p.only_here ? el('div', { class: 'small' }, t('only-here', { n: p.only_here })) : null, p.only_there ? el('div', { class: 'small' }, t('only-there', { n: p.only_there })) : null), cell(t('h-from'), p.from ? p.from.slice(0, 10) : '–'));
  return el('section', { id: 'compared' }, heading('s-compared'), el('p', { class: 'about' }, against.title || against.name),
    pairs.length ? scroll(t('s-compared'), table(t('s-compared'), ['h-rule', 'h-here', 'h-there', 'h-differ', 'h-from'].map((h) => t(h)), pairs.map(row))) : el('p', { class: 'empty' }, t('no-difference')),
    downloads(asCsv('compared', () => [['rule', 'cases here', 'broken here', 'cases there', 'broken there', 'judged otherwise', 'only here', 'only there', 'from'], ...against.norms.map((p) => [p.norm, p.here?.instances, p.here && of(p.here, ...BROKEN), p.there?.instances, p.there && of(p.there, ...BROKEN), p.differ, p.only_here, p.only_there, p.from])])));
}

function cases() {
  const fits = shown.cases.filter((c) => !chosen || (c.norm === chosen.norm && (!chosen.words.length || chosen.words.includes(c.performance))));
  const what = chosen ? [chosen.norm, ...(chosen.words.length && chosen.words.length < 4 ? chosen.words.map((w) => t(`verdict-word-${w}`)) : [])].join(', ') : '';
  const isOwn = from_.history !== 'exercise' && !from_.draft && !set.size;
  const link = (c) => (isOwn ? el('a', { href: elsewhere('/', from_, { norm: c.norm, bearer: c.bearer, instance: c.instance, lang: '' }) }, c.norm) : c.norm);
  const row = (c) => el('tr', {}, name(link(c)), cell(t('h-bearer'), c.phrase), cell(t('h-instance'), el('span', { class: 'small' }, c.instance === '-' ? '' : c.instance)), cell(t('h-when'), c.triggered_local ?? '–'), cell(t('h-due'), c.due_local ?? '–'),
    cell(t('h-verdict'), badge({ tone: TONE[c.performance] ?? 'idle', word: t(`verdict-word-${c.performance}`) }), c.breaches.length ? el('div', { class: 'small' }, c.breaches.slice(0, 3).map((b) => el('div', {}, `${b.from_local}${b.to_local && b.to_local !== b.from_local ? ` – ${b.to_local}` : ''}`))) : null), cell(t('h-decided'), shown.quick ? '…' : c.decided_local ?? '–'));
  byId('cases').replaceChildren(
    el('div', { class: 'section-head' }, el('h2', { id: 'cases-title', tabindex: -1 }, chosen ? t('cases-of', { what }) : t('cases-all'), ` (${number(fits.length)})`), chosen ? el('button', { type: 'button', onclick: () => choose(null) }, t('show-all-cases')) : null),
    fits.length ? scroll(t('s-cases'), table(t('s-cases'), ['h-rule', 'h-bearer', 'h-instance', 'h-when', 'h-due', 'h-verdict', 'h-decided'].map((h) => t(h)), fits.slice(0, ROWS).map(row))) : el('p', { class: 'empty' }, t('cases-none')),
    fits.length > ROWS ? el('p', { class: 'about' }, t('months-more', { n: fits.length - ROWS })) : '', shown.cases_left_out ? el('p', { class: 'about' }, t('cases-left', { n: shown.cases_left_out })) : '',
    downloads(asCsv('cases', () => [['rule', 'party', 'which', 'triggered', 'due', 'verdict', 'decided', 'breaches'], ...fits.map((c) => [c.norm, c.phrase, c.instance, c.triggered, c.due, c.performance, c.decided, c.breaches.map((b) => `${b.from}/${b.to ?? ''}`).join(' ')])])));
}

function answer() {
  const { norms, period, agreement } = shown.backtest;
  const all = norms.reduce((n, one) => n + one.instances, 0);
  const doc = { ...shown.backtest, agreement, question: head.question, exercise: shown.backtest.exercise };
  const until = { from: period.from.slice(0, 10), to: period.to.slice(0, 10) };
  told(doc, all ? t('lab-word', { n: all }) : t('lab-none'), [all ? t('lab-sentence', { kept: number(sum(norms, KEPT)), broken: number(sum(norms, BROKEN)), undecided: number(sum(norms, UNDECIDED)), open: number(sum(norms, OPEN)), ...until }) : t('lab-none-sentence'), ' ', el('span', { class: 'about' }, t('lab-took', { n: took }))]);
}

// Everything but the sliders: they keep their place while the figures change.
function figures() {
  answer();
  byId('clauses').replaceChildren(clauses());
  byId('when').replaceChildren(when());
  byId('owed').replaceChildren(owed());
  byId('undecided').replaceChildren(undecided());
  if (!shown.quick) byId('beside').replaceChildren(...[compared()].filter(Boolean));
  const { history: past } = shown.backtest;
  byId('limits').replaceChildren(el('ul', english, [past.known_words, ...past.limits, ...shown.backtest.counting].map((l) => el('li', {}, l))), shown.without_shape.length ? el('p', { class: 'tone-doubt' }, t('without-shape', { names: shown.without_shape.join(', ') })) : '');
  cases();
  document.body.dataset.replayed = String(Number(document.body.dataset.replayed ?? 0) + 1);
}

// While a slider moves, what stands at the end; when it rests, the way there too: times to a verdict, and the other draft.
let rests;
async function again(quick = true) {
  clearTimeout(rests);
  byId('answer-sentence').setAttribute('aria-busy', 'true');
  const busy = setTimeout(() => { byId('lab-busy').hidden = false; }, 300);
  try {
    const next = await replayed({ ...question(), set: settings(), quick });
    if (!next) return;
    shown = next;
    byId('lab-problem').hidden = true;
    figures();
    if (quick) rests = setTimeout(() => again(false), 900);
  } catch (error) {
    refused(error);
  } finally {
    clearTimeout(busy);
    byId('lab-busy').hidden = true;
    byId('answer-sentence').removeAttribute('aria-busy');
  }
}

export async function show(from, main, current) {
  from_ = from;
  clearTimeout(rests);
  set = new Map((from.set ?? '').split(';').filter(Boolean).map((one) => { const at = one.indexOf('='); return [one.slice(0, at), one.slice(at + 1)]; }));
  head = await get(asked('/api/draft/text', from));
  who ||= await account();
  if (!current()) return;
  if (from.draft === 'file' && !files.draft) from_ = { ...from_, draft: '' };
  if (from.other === 'file' && !files.other) from_ = { ...from_, other: '' };
  if (!byId('clauses')) told(head, '…', t('lab-waiting'));
  let problem = null;
  try {
    // The draft as it stands, to compare with and for what can be varied.
    const plain = await replayed({ ...question(), set: [], quick: true });
    if (!plain || !current()) return;
    base = plain;
    shown = base;
  } catch (error) {
    problem = error;
  }
  // Whoever chose by keyboard stays where they were.
  const focused = main.contains(document.activeElement) ? document.activeElement.id : '';
  main.replaceChildren(
    el('section', {}, heading('s-what'), controls(), el('p', { id: 'lab-problem', class: 'problem', role: 'alert', hidden: true }), el('p', { id: 'lab-busy', class: 'busy', role: 'status', hidden: true }, t('lab-waiting'))));
  if (focused) byId(focused)?.focus();
  if (problem) {
    told(head, t('cannot'), '');
    refused(problem);
    return;
  }
  main.append(
    el('section', {}, heading('s-knobs'), knobs()),
    el('section', {}, heading('s-clauses'), el('div', { id: 'clauses' })),
    el('div', { id: 'beside' }),
    el('section', {}, heading('s-known'), el('div', { id: 'when' })),
    el('section', {}, heading('s-load'), el('div', { id: 'owed' })),
    el('section', {}, heading('s-undecided'), el('div', { id: 'undecided' })),
    el('section', { id: 'cases' }),
    el('section', {}, heading('limits'), el('div', { id: 'limits' })));
  figures();
  if (focused && document.activeElement === document.body) byId(focused)?.focus();
  // The way there comes when the rest is on the page.
  if (set.size) await again();
  else rests = setTimeout(() => again(false), 50);
}
