// What falls due next, and the terms as they stand: shown while no card is open.
import { badge, el } from './element.js';
import { bearer, engine, language, left, local, state, t } from './language.js';
import { term } from './card.js';

export function showDuties(side, duties, board, go, calendar, phrases) {
  const dated = duties.duties.filter((d) => d.due);
  const now = board.question.at;
  const ahead = dated.filter((d) => d.due.latest >= now).slice(0, 6);
  const late = dated.filter((d) => d.due.latest < now && d.state.tone === 'broken').slice(0, 4);
  const line = (d) => el('li', {},
    el('button', { type: 'button', class: 'record', onclick: () => go({ norm: d.norm, bearer: d.bearer.name, instance: d.instance }, { focus: 'card' }) },
      el('b', {}, bearer(d.bearer, phrases)), `: ${d.phrase}`),
    el('span', { class: 'about' }, el('span', { class: 'num' }, local(d.due.local)), ` · ${language === 'en' ? d.time_left : left(now, d.due)}`, d.waits_for && [` · ${t('waits-for')} `, engine(d.waits_for)], ' '), badge(state(d.state)));
  const list = (title, items, none) => el('section', {}, el('h3', {}, title), items.length ? el('ul', { class: 'records' }, items.map(line)) : el('p', { class: 'empty' }, none));
  side.replaceChildren(el('div', { class: 'card' },
    el('div', { class: 'section-head' }, el('h2', {}, t('owed-next'))),
    list(t('due-ahead'), ahead, t('nothing-ahead')),
    late.length ? list(t('overdue'), late, '') : null,
    board.terms.length ? el('section', {}, el('h3', {}, t('terms')), board.terms.map(term)) : null,
    el('p', { class: 'source' }, t('choose-row'), ' ', el('a', { href: calendar }, t('calendar-file')))));
}
