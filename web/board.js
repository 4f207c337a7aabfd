// The board: norm by norm, a row for each bearer.
import { badge, byId, dated, el, local, shape } from './element.js';
import { write } from './address.js';

const TONES = {
  broken: 'broken', missed: 'missed', reading: 'a matter of reading', doubt: 'not established', unseen: 'not observed',
  waiting: 'waiting', open: 'open', kept: 'complied', idle: 'not applicable',
};

export const same = (state, row) => state.norm === row.norm && state.bearer === row.bearer.name;

function parties(board, state) {
  const found = new Map();
  for (const row of board.rows) {
    for (const name of row.bearer.members) found.set(name, row.bearer.kind === 'party' ? row.bearer.phrase : found.get(name) ?? name);
  }
  const select = byId('party');
  const options = [...found].sort((a, b) => a[1].localeCompare(b[1]));
  select.replaceChildren(el('option', { value: '' }, 'all'), ...options.map(([name, phrase]) => el('option', { value: name }, phrase)));
  select.value = state.party;
}

function chips(board, state, go) {
  const chip = ([tone, word]) => {
    const pressed = state.tone === tone;
    return el('button', {
      type: 'button', class: `chip tone-${tone}`, 'aria-pressed': String(pressed), onclick: () => go({ tone: pressed ? '' : tone }),
    }, shape(tone), el('b', {}, String(board.summary[tone])), ` ${word}`);
  };
  const there = Object.entries(TONES).filter(([tone]) => board.summary[tone] > 0 || state.tone === tone);
  byId('tones').replaceChildren(...there.map(chip));
}

function counts(row) {
  if (row.instances < 2) return '';
  const order = ['violated', 'missed', 'depends-on-reading', 'pending-evidence', 'pending', 'satisfied', 'not-applicable'];
  const words = { 'depends-on-reading': 'depending on the reading', 'pending-evidence': 'not established', 'not-applicable': 'not applicable', satisfied: 'complied' };
  return order.filter((p) => row.counts[p]).map((p) => `${row.counts[p]} ${words[p] ?? p}`).join(', ');
}

function due(row) {
  if (row.next_due) return el('span', {}, 'due ', el('span', { class: 'num' }, local(row.next_due)));
  if (!row.due) return '';
  const passed = !['pending', 'depends-on-reading'].includes(row.performance);
  return el('span', {}, passed ? 'was due ' : 'due ', el('span', { class: 'num' }, local(row.due)));
}

export function showBoard(board, state, go) {
  parties(board, state);
  chips(board, state, go);
  const fits = (row) => (!state.party || row.bearer.members.includes(state.party)) && (!state.tone || row.state.tone === state.tone);
  const rows = board.rows.filter(fits);
  if (!rows.length) {
    const why = board.rows.length
      ? el('p', { class: 'empty' }, 'No row is like that. ', el('button', { type: 'button', onclick: () => go({ party: '', tone: '' }) }, 'Show all rows'))
      : el('p', { class: 'empty' }, 'The agreement has no duty, ban or right yet. Add one under a clause, run ', el('code', {}, 'servanda check'), ' and open this page again.');
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
      el('span', { class: 'clause' }, first.kind, first.clause ? ` · ${first.clause.heading}` : ''))),
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
          el('a', { href, onclick: choose, 'aria-current': open ? 'true' : null, 'data-key': `${row.norm}|${row.bearer.name}` }, row.bearer.phrase)),
        el('td', { class: 'state' }, badge(row.state)),
        el('td', { class: 'why' },
          el('span', { class: 'reason' }, dated(row.reason)),
          el('span', { class: 'about' }, due(row), counts(row) && el('span', {}, counts(row)), row.marking && el('span', { class: 'marking' }, row.marking))));
    }));
  byId('rows').replaceChildren(el('table', {},
    el('caption', { class: 'unseen-text' }, 'Obligations by norm and bearer'),
    el('thead', { class: 'unseen-text' }, el('tr', {}, el('th', { scope: 'col' }, 'Bearer'), el('th', { scope: 'col' }, 'State'), el('th', { scope: 'col' }, 'Reason and due time'))),
    groups.map(body)));
}
