// The board: norm by norm, a row for each bearer.
import { badge, byId, dated, el, shape } from './element.js';
import { bearer, engine, known, language, local, marking, state as stateOf, t, word } from './language.js';
import { write } from './address.js';

// Worst first.
const TONES = ['broken', 'missed', 'reading', 'doubt', 'unseen', 'waiting', 'open', 'kept', 'idle'];

// The answer above the fold: from the counts of obligations by tone, in the order in which it is said.
const SAID = [['broken', 'broken'], ['missed', 'missed'], ['reading', 'reading'], ['doubt', 'doubt'], ['unseen', 'unseen'], ['open', 'open', 'waiting'], ['kept', 'kept'], ['idle', 'idle']];
export function answer(board) {
  if (language === 'en') return [board.answer.word, board.answer.sentence];
  const { summary } = board;
  const key = summary.broken ? 'no' : summary.reading ? 'reading' : summary.doubt + summary.unseen ? 'unknown' : summary.kept + summary.open + summary.missed ? 'yes' : 'nothing';
  const parts = SAID.map(([of, ...tones]) => [of, tones.reduce((n, tone) => n + summary[tone], 0)]).filter(([, n]) => n > 0).map(([of, n]) => t(`answer-part-${of}`, { n }));
  const sentence = parts.length ? t('answer-sentence', { n: board.rows.length, parts: parts.join(', ') }) : t('answer-none');
  return [t(`answer-${key}`), sentence];
}

// The step that says most, by its kind: the last one that is not a mere circumstance.
const CIRCUMSTANCES = ['triggered', 'extended', 'breach-of', 'left-to-judgement', 'no-deadline'];
function reason(row, codes) {
  if (language === 'en') return dated(row.reason);
  const all = codes.get(`${row.norm}|${row.bearer.name}|${row.instance}`) ?? [];
  const code = all.findLast((c) => !CIRCUMSTANCES.includes(c)) ?? all.at(-1);
  return code ? [el('span', {}, known(`code-${code}`, code)), ' ', el('span', { class: 'engine' }, engine(row.reason, dated))] : engine(row.reason, dated);
}

export const same = (state, row) => state.norm === row.norm && state.bearer === row.bearer.name;

function parties(board, state) {
  const found = new Map();
  for (const row of board.rows) {
    for (const name of row.bearer.members) found.set(name, row.bearer.kind === 'party' ? row.bearer.phrase : found.get(name) ?? name);
  }
  const select = byId('party');
  const options = [...found].sort((a, b) => a[1].localeCompare(b[1]));
  select.replaceChildren(el('option', { value: '' }, t('f-all')), ...options.map(([name, phrase]) => el('option', { value: name }, phrase)));
  select.value = state.party;
}

function chips(board, state, go) {
  const chip = (tone) => {
    const pressed = state.tone === tone;
    return el('button', {
      type: 'button', class: `chip tone-${tone}`, 'aria-pressed': String(pressed), onclick: () => go({ tone: pressed ? '' : tone }),
    }, shape(tone), el('b', {}, String(board.summary[tone])), ` ${t(`tone-${tone}`)}`);
  };
  const there = TONES.filter((tone) => board.summary[tone] > 0 || state.tone === tone);
  byId('tones').replaceChildren(...there.map(chip));
}

function counts(row) {
  if (row.instances < 2) return '';
  const order = ['violated', 'missed', 'depends-on-reading', 'pending-evidence', 'pending', 'satisfied', 'not-applicable'];
  return order.filter((p) => row.counts[p]).map((p) => `${row.counts[p]} ${t(`count-${p}`)}`).join(', ');
}

function due(row) {
  if (row.next_due) return el('span', {}, t('due'), ' ', el('span', { class: 'num' }, local(row.next_due.local)));
  if (!row.due) return '';
  const passed = !['pending', 'depends-on-reading'].includes(row.performance);
  return el('span', {}, t(passed ? 'was-due' : 'due'), ' ', el('span', { class: 'num' }, local(row.due.local)));
}

export function showBoard(board, state, go, phrases) {
  const codes = new Map(board.verdicts.map((v) => [`${v.norm}|${v.bearer}|${v.instance}`, v.codes]));
  parties(board, state);
  chips(board, state, go);
  const fits = (row) => (!state.party || row.bearer.members.includes(state.party)) && (!state.tone || row.state.tone === state.tone);
  const rows = board.rows.filter(fits);
  if (!rows.length) {
    const why = board.rows.length
      ? el('p', { class: 'empty' }, t('no-row'), ' ', el('button', { type: 'button', onclick: () => go({ party: '', tone: '' }) }, t('all-rows')))
      : el('p', { class: 'empty' }, dated(t('no-norm')));
    byId('rows').replaceChildren(why);
    return;
  }
  const groups = [];
  for (const row of rows) {
    if (groups.at(-1)?.norm !== row.norm) groups.push({ norm: row.norm, first: row, rows: [] });
    groups.at(-1).rows.push(row);
  }
  const body = ({ first, rows: mine }) => el('tbody', {},
    el('tr', { class: 'norm' }, el('th', { colspan: 3, scope: 'rowgroup' },
      el('span', { class: 'phrase' }, first.phrase), ' ',
      el('span', { class: 'clause' }, word('norm', first.kind), first.clause ? ` · ${first.clause.heading}` : ''))),
    mine.map((row) => {
      const open = same(state, row);
      const href = write({ ...state, norm: row.norm, bearer: row.bearer.name, instance: '' });
      const choose = (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
        event.preventDefault();
        go(open ? { norm: '', bearer: '', instance: '' } : { norm: row.norm, bearer: row.bearer.name, instance: '' }, { focus: 'card' });
      };
      return el('tr', { class: open ? 'row chosen' : 'row', onclick: (e) => { if (!e.target.closest('a')) choose(e); } },
        el('th', { scope: 'row', class: 'bearer' },
          el('a', { href, onclick: choose, 'aria-current': open ? 'true' : null, 'data-key': `${row.norm}|${row.bearer.name}` }, bearer(row.bearer, phrases))),
        el('td', { class: 'state' }, badge(stateOf(row.state))),
        el('td', { class: 'why' },
          el('span', { class: 'reason' }, reason(row, codes)),
          el('span', { class: 'about' }, due(row), counts(row) && el('span', {}, counts(row)), row.marking && el('span', { class: 'marking' }, marking(row.marking)))));
    }));
  byId('rows').replaceChildren(el('table', {},
    el('caption', { class: 'unseen-text' }, t('board-caption')),
    el('thead', { class: 'unseen-text' }, el('tr', {}, ['h-bearer', 'h-state', 'h-why'].map((h) => el('th', { scope: 'col' }, t(h))))),
    groups.map(body)));
}
