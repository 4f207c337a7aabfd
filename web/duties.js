// What falls due next, and the terms as they stand: shown while no card is open.
import { badge, el, local } from './element.js';
import { term } from './card.js';

export function showDuties(side, duties, board, go, calendar) {
  const dated = duties.duties.filter((d) => d.due);
  const now = board.question.at;
  const ahead = dated.filter((d) => d.due.latest >= now).slice(0, 6);
  const late = dated.filter((d) => d.due.latest < now && d.state.tone === 'broken').slice(0, 4);
  const line = (d) => el('li', {},
    el('button', { type: 'button', class: 'record', onclick: () => go({ norm: d.norm, bearer: d.bearer.name, instance: d.instance }, { focus: 'card' }) },
      el('b', {}, d.bearer.phrase), `: ${d.phrase}`),
    el('span', { class: 'about' }, el('span', { class: 'num' }, local(d.due)), ` · ${d.time_left}`, d.waits_for && ` · waits for ${d.waits_for}`, ' '), badge(d.state));
  const list = (title, items, none) => el('section', {}, el('h3', {}, title), items.length ? el('ul', { class: 'records' }, items.map(line)) : el('p', { class: 'empty' }, none));
  side.replaceChildren(el('div', { class: 'card' },
    el('div', { class: 'section-head' }, el('h2', {}, 'What is owed next?')),
    list('Due', ahead, 'No duty with a day lies ahead.'),
    late.length ? list('Overdue', late, '') : null,
    board.terms.length ? el('section', {}, el('h3', {}, 'Terms'), board.terms.map(term)) : null,
    el('p', { class: 'source' }, 'Choose a row of the board to see why it is so. ', el('a', { href: calendar }, 'Duties as a calendar file'))));
}
