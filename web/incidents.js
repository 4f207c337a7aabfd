// The list of incidents: newest first, what is new since you looked, filters, counts with the coverage beside them.
import { badge, byId, dated, el, shape } from './element.js';
import { civil, moment } from './address.js';
import { address, asked, elsewhere, get, go, known, local, number, radius, state, status, t, told } from './frame.js';

export const title = 'title-incidents';
export const keyWords = [['j k', 'key-rows'], ['Enter', 'key-open']];
const FILTERS = ['text', 'from', 'to', 'kind', 'status', 'zone', 'clause', 'class', 'bbox'];

const pick = (from) => Object.fromEntries([...FILTERS, 'since'].filter((f) => from[f]).map((f) => [f, from[f]]));
export const filtersOf = (from) => Object.fromEntries(FILTERS.filter((f) => from[f]).map((f) => [f, from[f]]));

// How much was watched in the time of a count; without a report the count stands with "not observed".
export function coverage(doc) {
  const c = doc.coverage;
  if (!c.reported) return el('ul', { class: 'watch' }, el('li', { class: 'tone-unseen' }, shape('unseen'), t('nobody-reports')));
  const line = (z) => el('li', {}, el('b', {}, z.phrase),
    el('span', { class: 'tone-kept badge' }, shape('kept'), t('watched-of', { hours: z.hours_watched, all: z.hours, share: z.watched })),
    z.share < 0.9995 && el('span', { class: 'tone-unseen badge' }, shape('unseen'), t('not-observed-hours', { hours: Math.round((z.hours - z.hours_watched) * 10) / 10 })));
  return [el('p', { class: 'about' }, t('in-time', { local: local(c.local) })), el('ul', { class: 'watch' }, c.zones.map(line))];
}

const lookedKey = (doc) => `looked:${doc.agreement.name}`;
const remembered = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* nothing is kept then */ } };

async function looked(doc, from) {
  const { time_zone: zone } = doc.agreement;
  const seen = () => { remember(lookedKey(doc), doc.question.known_at); go({ since: '', after: '' }); };
  if (from.since) {
    return el('div', { class: 'looked' }, el('span', {}, t('since-shown', { when: civil(new Date(from.since).toISOString(), zone) })),
      el('button', { type: 'button', onclick: () => go({ since: '', after: '' }) }, t('show-all')), el('button', { type: 'button', onclick: seen }, t('mark-seen')));
  }
  const last = remembered(lookedKey(doc));
  if (!last) {
    remember(lookedKey(doc), doc.question.known_at);
    return el('p', { class: 'about looked' }, t('looked-first'));
  }
  const when = civil(last, zone);
  const changed = await get(asked('/api/incidents', from, { since: last, limit: 1 }));
  if (!changed.count) return el('p', { class: 'about looked' }, t('looked-none', { when }));
  return el('div', { class: 'looked' }, el('span', { class: 'badge' }, shape('open'), t('looked', { n: changed.count, when })),
    el('button', { type: 'button', onclick: () => go({ since: last, after: '' }) }, t('show-them')), el('button', { type: 'button', onclick: seen }, t('mark-seen')));
}

function filters(doc, from) {
  const set = (name) => (e) => go({ [name]: ['from', 'to'].includes(name) ? moment(e.target.value) : e.target.value.trim(), after: '' });
  const select = (name, label, options) => {
    const box = el('select', { onchange: set(name) }, el('option', { value: '' }, t('f-all')), options.map(([v, word]) => el('option', { value: v, selected: from[name] === v }, word)));
    return el('label', {}, label, box);
  };
  const text = (name, label, hint, first) => el('label', {}, label, el('input', { value: (from[name] ?? '').replace('T', ' '), placeholder: hint, autocomplete: 'off', 'data-first-filter': first, onchange: set(name) }));
  const { kinds, zones, clauses } = doc.choices;
  const any = Object.keys(filtersOf(from)).length > 0;
  return el('form', { class: 'filters', role: 'search', 'aria-label': t('filters'), onsubmit: (e) => e.preventDefault() },
    text('text', t('f-text'), '', true), text('from', t('f-from'), '2026-05-01'), text('to', t('f-to'), '2026-05-02 12:00'),
    select('kind', t('f-kind'), kinds.map((k) => [k.kind, k.phrase])),
    select('status', t('f-status'), doc.by_status.map((s) => [s.status, t(`status-${s.status}`)])),
    select('zone', t('f-zone'), zones.map((z) => [z.zone, z.phrase])),
    select('clause', t('f-clause'), clauses.map((c) => [c.clause, c.heading])),
    text('bbox', t('f-bbox'), '37.0,47.5,39.5,49.0'),
    el('div', { class: 'ends' }, el('button', {}, t('apply')), any && el('button', { type: 'button', onclick: () => go({ ...Object.fromEntries(FILTERS.map((f) => [f, ''])), after: '' }) }, t('clear-filters'))));
}

function row(i, from) {
  const href = elsewhere(`/incidents/${encodeURIComponent(i.id)}`, from);
  return el('tr', { class: `${i.change ? 'fresh' : ''} ${i.status === 'withdrawn' ? 'gone' : ''}` },
    el('td', { class: 'num' }, local(i.local)),
    el('th', { scope: 'row', class: 'what' }, i.exercise && [el('span', { class: 'tag' }, t('exercise')), ' '], el('a', { href }, i.title || i.id), ' ', i.change && el('span', { class: 'new' }, t(i.change)),
      el('div', { class: 'small' }, i.kind, i.class && ` · ${[i.class, i.subclass].filter(Boolean).join(', ')}`, i.reports > 1 && ` · ${t('reports-n', { n: i.reports })}`, i.marking && [' · ', el('span', { class: 'marking' }, i.marking)])),
    el('td', {}, badge(status(i.status))),
    el('td', { class: 'small' }, known(`grade-${i.grade}`, i.grade), i.admiralty && ` · ${i.admiralty}`),
    el('td', { class: 'small' }, i.place, i.place && ' · ', radius(i.radius_m)),
    el('td', { class: 'small' }, i.source),
    el('td', { class: 'small' }, i.clauses.join(', ')));
}

export async function show(from, place, current) {
  const more = { ...pick(from), after: from.after, limit: from.limit };
  const doc = await get(asked('/api/incidents', from, more));
  const news = await looked(doc, from);
  if (!current()) return;
  told(doc, doc.count ? t('incidents', { n: doc.count }) : t('no-incidents'), [doc.count !== doc.in_all && `${t('of-all', { n: doc.in_all })} `, doc.unplaced ? t('unplaced', { n: doc.unplaced }) : '', coverage(doc), news]);
  const question = { ...from, at: doc.question.at, known: doc.question.known_at };
  const file = (form) => asked(`/api/incidents${form}`, question, pick(from));
  const counts = el('div', { class: 'counts', role: 'group', 'aria-label': t('f-status') }, doc.by_status.filter((s) => s.count || from.status === s.status).map((s) => {
    const pressed = from.status === s.status;
    const { tone, word } = status(s.status);
    return el('button', { type: 'button', class: `chip tone-${tone}`, 'aria-pressed': String(pressed), onclick: () => go({ status: pressed ? '' : s.status, after: '' }) }, shape(tone), el('b', {}, number(s.count)), ` ${word}`);
  }), doc.by_kind.slice(0, 8).map((k) => {
    const pressed = from.kind === k.kind;
    return el('button', { type: 'button', class: 'chip', 'aria-pressed': String(pressed), onclick: () => go({ kind: pressed ? '' : k.kind, after: '' }) }, el('b', {}, number(k.count)), ` ${k.phrase}`);
  }));
  const nothing = el('p', { class: 'empty' }, dated(t(doc.in_all ? 'none-fits' : 'none-yet')));
  const after = doc.next && new URLSearchParams(doc.next.split('?')[1]).get('after');
  const focused = document.activeElement?.closest?.('.filters') ? [...place.querySelectorAll('.filters input, .filters select')].indexOf(document.activeElement) : -1;
  place.replaceChildren(el('section', { class: 'incident-list' },
    filters(doc, from), counts,
    doc.incidents.length ? el('table', { class: 'list' }, el('caption', { class: 'unseen-text' }, t('incidents', { n: doc.count })),
      el('thead', {}, el('tr', {}, ['h-when', 'h-what', 'h-status', 'h-grade', 'h-place', 'h-source', 'h-clauses'].map((h) => el('th', { scope: 'col' }, t(h))))),
      el('tbody', { id: 'rows' }, doc.incidents.map((i) => row(i, from)))) : nothing,
    el('nav', { class: 'pager', 'aria-label': t('older') },
      from.after && el('a', { href: address('/incidents', from, { after: '' }) }, t('newest')),
      after && [el('a', { href: address('/incidents', question, { after }), rel: 'next' }, t('older')), el('span', { class: 'about' }, t('left', { n: doc.left }))]),
    el('p', { class: 'downloads' }, t('download'), [['.csv', 'CSV'], ['.geojson', 'GeoJSON'], ['', 'JSON'], ['.parquet', 'Parquet']].map(([form, word]) => el('a', { href: file(form) }, word)),
      el('a', { href: elsewhere('/map', question, { from: from.from, to: from.to, kind: from.kind }) }, t('on-map'))),
    el('p', { class: 'source' }, t('source-line', { when: doc.question.known_at_local }))));
  if (focused >= 0) [...place.querySelectorAll('.filters input, .filters select')][focused]?.focus();
}

const move = (by) => () => {
  const links = [...document.querySelectorAll('#rows th a')];
  const at = links.indexOf(document.activeElement);
  links[Math.min(links.length - 1, Math.max(0, at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by))]?.focus();
};
export const keys = { j: move(1), k: move(-1) };
