// Access and coverage: who was kept from watching, what was watched by hour and zone, which verdicts wait because of it.
import { badge, dated, el, shape, svg } from './element.js';
import { moment } from './address.js';
import { asked, elsewhere, get, go, known, local, number, t, told, verdict } from './frame.js';

export const title = 'title-access';

const per = (word) => (/^\d/.test(word) ? t('per-days', { n: Number.parseInt(word, 10) }) : t(`per-${word}`));

function strip(zone, columns) {
  const n = columns.length;
  const cells = zone.cells.map((share, i) => share > 0 && svg('rect', { x: i, y: 0, width: 1.02, height: Math.min(1, share) * 10, class: 'seen', transform: `translate(0 ${(1 - Math.min(1, share)) * 10})` }, svg('title', {}, `${columns[i].local}: ${Math.round(share * 100)} %`)));
  return svg('svg', { class: 'strip', viewBox: `0 0 ${n} 10`, preserveAspectRatio: 'none', role: 'img', 'aria-label': `${zone.phrase}: ${t('watched-of', { hours: zone.hours_watched, all: zone.hours, share: zone.watched })}` },
    svg('rect', { x: 0, y: 0, width: n, height: 10, class: 'ground' }), cells);
}

function coverage(doc) {
  const { coverage: zones, columns } = doc;
  const silent = doc.nobody_reports.length ? el('p', { class: 'tone-unseen' }, shape('unseen'), ' ', t('silent', { zones: doc.nobody_reports.map((z) => z.phrase).join(', ') })) : null;
  if (!zones.length) return [el('p', { class: 'tone-unseen badge' }, shape('unseen'), t('none-coverage')), silent];
  const cell = (share) => el('td', { class: 'num' }, share === null ? '–' : `${Math.round(share * 100)} %`);
  return [
    el('div', { class: 'grid' }, zones.map((z) => [el('div', {}, el('b', {}, z.phrase), el('div', { class: 'about' }, t('watched-of', { hours: z.hours_watched, all: z.hours, share: z.watched }))), strip(z, columns)])),
    el('ul', { class: 'legend' }, el('li', { class: 'tone-kept' }, shape('kept'), t('watched')), el('li', { class: 'tone-unseen' }, shape('unseen'), t('not-observed'))),
    silent,
    el('details', {}, el('summary', {}, t('as-table')), el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': t('as-table') }, el('table', { class: 'data' },
      el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, per(doc.per)), zones.map((z) => el('th', { scope: 'col' }, z.phrase)))),
      el('tbody', {}, columns.map((c, i) => el('tr', {}, el('th', { scope: 'row', class: 'num' }, c.local), zones.map((z) => cell(z.cells[i])))))))),
  ];
}

function register(doc, from) {
  if (!doc.restrictions.length) return el('p', { class: 'empty' }, t('none-register'));
  const row = (r) => el('tr', {}, el('td', { class: 'num' }, local(r.local)),
    el('th', { scope: 'row', class: 'what' }, r.exercise && [el('span', { class: 'tag' }, t('exercise')), ' '], el('a', { href: elsewhere(`/incidents/${encodeURIComponent(r.id)}`, from) }, r.title), el('div', { class: 'small' }, r.kind)),
    el('td', { class: 'small' }, r.hours === null ? t('still') : number(r.hours)), el('td', { class: 'small' }, [r.place, ...r.zones].filter(Boolean).join(' · ') || t('not-known')),
    el('td', { class: 'small' }, r.by ?? t('not-known')), el('td', { class: 'small' }, r.reason ?? t('not-known')), el('td', { class: 'small' }, r.told ?? t('not-known')),
    el('td', { class: 'small' }, r.result ?? t('not-known')), el('td', { class: 'small' }, r.source, ` · ${known(`grade-${r.grade}`, r.grade)}`));
  return el('table', { class: 'list' }, el('caption', { class: 'unseen-text' }, t('s-register')),
    el('thead', {}, el('tr', {}, ['h-when', 'h-type', 'h-hours', 'h-place', 'h-by', 'h-reason', 'h-told', 'h-result', 'h-source'].map((h) => el('th', { scope: 'col' }, t(h))))), el('tbody', {}, doc.restrictions.map(row)));
}

function effects(doc, from) {
  const { verdicts, left_off: left } = doc.effects;
  if (!verdicts.length) return el('p', { class: 'empty' }, t('none-effects'));
  const gaps = (w) => el('div', {}, el('b', {}, w.what), ` ${w.watched}`, w.gaps.length ? el('ul', {}, w.gaps.slice(0, 5).map((g) => el('li', {}, local(g)))) : null, w.gaps.length > 5 ? el('span', {}, `+ ${w.gaps.length - 5}`) : null);
  const row = (v) => el('tr', {}, el('th', { scope: 'row', class: 'what' }, el('a', { href: elsewhere('/', from, { norm: v.norm, bearer: v.bearer, instance: v.instance }) }, v.phrase), el('div', { class: 'small' }, [v.clause, v.bearer_phrase].filter(Boolean).join(' · '))),
    el('td', {}, badge(verdict(v.state))), el('td', { class: 'small' }, v.watched.length ? v.watched.map(gaps) : v.missing.map((m) => el('div', {}, dated(m)))),
    el('td', { class: 'small' }, v.restrictions.length ? v.restrictions.map((r) => [el('a', { href: elsewhere(`/incidents/${encodeURIComponent(r)}`, from) }, r), ' ']) : t('none-linked')));
  return [el('table', { class: 'list' }, el('caption', { class: 'unseen-text' }, t('s-effects')), el('thead', {}, el('tr', {}, ['h-clause', 'h-verdict', 'h-gaps', 'h-restrictions'].map((h) => el('th', { scope: 'col' }, t(h))))), el('tbody', {}, verdicts.map(row))),
    left ? el('p', { class: 'about' }, t('effects-left', { n: left })) : null];
}

export async function show(from, place, current) {
  const address = asked('/api/access', from, { from: from.from, to: from.to });
  const doc = await get(address);
  if (!current()) return;
  const n = doc.restrictions.length;
  const waiting = doc.effects.verdicts.length + doc.effects.left_off;
  told(doc, n ? t('access-answer', { n }) : t('access-none'), t('access-sentence', { local: local(doc.local), verdicts: t('access-verdicts', { n: waiting }) }));
  const input = (name, label, first) => el('label', {}, label, el('input', { value: (from[name] ?? '').replace('T', ' '), placeholder: '2026-05-01', autocomplete: 'off', 'data-first-filter': first, onchange: (e) => go({ [name]: moment(e.target.value) }) }));
  place.replaceChildren(
    el('section', {}, el('h2', {}, t('s-coverage', { per: per(doc.per) })), el('form', { class: 'filters', role: 'search', 'aria-label': t('filters'), onsubmit: (e) => e.preventDefault() }, input('from', t('f-from'), true), input('to', t('f-to'))), coverage(doc)),
    el('section', {}, el('h2', {}, t('s-register')), register(doc, from)),
    el('section', {}, el('h2', {}, t('s-effects')), effects(doc, from)),
    el('p', { class: 'source' }, t('source-line', { when: doc.question.known_at_local }), ' ', el('a', { href: address }, 'JSON')));
}
