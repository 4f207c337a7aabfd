// The record of one incident: what is reported, what rests on it, what was recorded in order, replies, proposals, attachments.
import { badge, dated, el } from './element.js';
import { civil } from './address.js';
import { asked, elsewhere, get, known, local, radius, state, status, t, told, verdict } from './frame.js';

export const title = 'title-incident';
export const keyWords = [['Backspace', 'key-back']];
export const keys = { Backspace: () => { location.href = elsewhere('/incidents', state()); } };

const id = decodeURIComponent(location.pathname.slice('/incidents/'.length));
const list = (all) => (all ?? []).filter(Boolean).join(', ');
const facts = (pairs) => el('dl', { class: 'facts' }, pairs.filter(([, v]) => v !== null && v !== undefined && v !== '' && v !== false).map(([k, v]) => [el('dt', {}, t(k)), el('dd', {}, v)]));
const section = (word, values, ...content) => el('section', { class: 'sheet' }, el('h2', {}, t(word, values)), content);

const grades = (g) => g && [t('grades', { source: g.source ?? t('grade-not'), item: g.item === null ? t('grade-not') : String(g.item) }), g.stated && ` · ${known(`grade-${g.stated}`, g.stated)}`];

function what(i, doc, when) {
  const relation = (r) => {
    if (r.distance_m !== null) return t('r-distance', { n: Math.round(r.distance_m / 100) / 10, zone: r.phrase });
    return t(r.within === 'inside' ? 'r-inside' : 'r-unknown', { zone: r.phrase });
  };
  const place = i.place && (i.place.name ?? `${i.place.lat.toFixed(4)}, ${i.place.lon.toFixed(4)} · ${radius(i.place.radius_m)}`);
  const people = i.people.map((p) => [p.outcome, p.sex, p.age, p.count].join(' '));
  const direction = (i.direction_from || i.direction_to) && t('direction-from-to', { from: i.direction_from ?? t('not-known'), to: i.direction_to ?? t('not-known') });
  const made = i.attribution;
  return section('s-what', {}, facts([
    ['d-title', i.title || doc.line.title], ['d-fact', doc.line.kind], ['d-class', list([i.class, i.subclass])],
    ['d-status', [badge(status(i.status.is)), i.status.by && ` ${t('by', { who: i.status.by })}`, i.status.since && `, ${when(i.status.since)}`]],
    ['d-when', [local(i.when.local), i.until && `, ${t('d-until', { when: when(i.until) })}`, ` (${i.when.zone})`]],
    ['d-where', [i.place_name, i.place_name && place && ' · ', place ?? (i.place_name ? '' : t('not-known'))]],
    ['d-controlled', i.controlled_by], ['d-seen-from', list([i.distance, i.bearing])],
    ['d-relations', i.relations.length ? el('ul', { class: 'watch' }, i.relations.map((r) => el('li', {}, relation(r)))) : ''],
    ['d-observer', i.observer], ['d-sensor', i.sensor], ['d-observer-at', i.observer_at], ['d-means', list(i.means)],
    ['d-count', i.count && t(`count-${i.count.is}`, { n: i.count.number })],
    ['d-weapon', i.weapon === 'not known' ? t('not-known') : i.weapon], ['d-calibre', i.calibre === 'not known' ? t('not-known') : i.calibre],
    ['d-direction', direction], ['d-people', people.length ? el('ul', { class: 'watch' }, people.map((p) => el('li', {}, p))) : ''],
    ['d-damage', i.damage], ['d-infrastructure', list(i.infrastructure)], ['d-remark', i.remark],
    ['d-reported-by', i.reported_by || t('not-known')], ['d-received', i.received ? when(i.received) : t('not-known')], ['d-recorded', when(i.recorded)],
    ['d-grades', grades(i.grades)], ['d-graded-anew', grades(i.graded_anew)],
    ['d-clauses', list(i.clauses)], ['d-names', i.names.length ? t('names-note', { names: list(i.names) }) : ''],
    ['d-attribution', made ? [t('attribution', { to: made.to.join(' / '), kind: t(`v-${made.kind}`), by: made.by }), made.confidence && `, ${t('confidence', { n: made.confidence })}`] : t('not-attributed')],
    ['d-action', i.action], ['d-told', i.told], ['d-marking', i.marking],
  ]));
}

function verdicts(doc, from) {
  if (!doc.verdicts.length) return section('s-verdicts', {}, el('p', { class: 'empty' }, t('none-verdicts')));
  return section('s-verdicts', {}, el('ul', { class: 'steps' }, doc.verdicts.slice(0, 40).map((v) => el('li', {},
    el('b', {}, v.phrase), ` · ${v.bearer_phrase} `, badge(verdict(v.state)), ' ', el('span', { class: 'about' }, t(v.how === 'decides' ? 'decides' : 'against')), ' ',
    el('a', { href: elsewhere('/', from, { norm: v.norm, bearer: v.bearer, instance: v.instance }) }, t('why')),
    v.clause && el('blockquote', {}, v.clause.heading, v.clause.words && el('div', { class: 'about' }, v.clause.words))))));
}

function history(doc, when) {
  const entries = Object.entries(doc.incident.entries).flatMap(([kind, all]) => all.map((e) => [e.id, { ...e, kind }]));
  const entered = new Map(entries);
  const one = (step) => {
    const e = entered.get(step.id);
    return el('li', { class: step.step.endsWith('withdrawn') ? 'withdrawn' : '' },
      el('span', { class: 'num' }, when(step.recorded)), ' · ', el('b', {}, t(`step-${step.step}`)), e?.status && [' ', badge(status(e.status))], step.by && ` · ${t('by', { who: step.by })}`,
      el('div', { class: 'about' }, el('code', {}, step.id), step.title && ` · ${step.title}`, step.marking && [' · ', el('span', { class: 'marking' }, step.marking)]),
      e?.words && el('blockquote', {}, e.words),
      step.changes.length ? el('ul', {}, step.changes.map((c) => el('li', {}, el('code', {}, c.field), ': ', c.before !== null && [el('del', {}, c.before), ' → '], el('ins', {}, c.after ?? '–')))) : null);
  };
  return section('s-history', {}, el('ol', { class: 'steps' }, doc.history.map(one)), el('p', { class: 'source' }, dated(t('receipt'))));
}

function reports(doc, when) {
  return section('s-reports', {}, el('ul', { class: 'steps' }, doc.incident.reports.map((r) => el('li', {},
    el('b', {}, t(`v-${r.voice}`)), ` · ${r.source || t('not-known')} · `, el('span', { class: 'num' }, local(r.when.local)), r.withdrawn_by && [' ', badge(status('withdrawn'))],
    el('div', {}, r.title), el('div', { class: 'about' }, el('code', {}, r.id), ' · ', t('version', { n: r.versions.length }), ' · ', when(r.recorded), ' · ',
      r.joined_because === null ? t('first-report') : r.joined_because === 'its record names the incident' ? dated(t('joined-itself')) : t('joined-ruling', { by: r.joined_by, why: r.joined_because }))))));
}

function proposed(doc, from) {
  const { proposals, looked_at: n, left_out: cut } = doc.proposed;
  const more = cut ? el('p', { class: 'about' }, t('proposed-cut', { n: cut })) : null;
  if (!proposals.length) return section('s-proposed', {}, el('p', { class: 'empty' }, t('none-proposed', { n: Math.max(0, n - 1) })), more);
  return section('s-proposed', {}, el('p', { class: 'about' }, dated(t('proposed-note'))), el('ul', { class: 'steps' }, proposals.map((p) => el('li', {},
    el('b', {}, p.odds), el('ul', {}, p.reports.map((r) => el('li', {}, el('span', { class: 'num' }, local(r.local)), ' ', el('a', { href: elsewhere(`/incidents/${encodeURIComponent(r.id)}`, from) }, r.title), ` · ${r.source}`))),
    el('details', {}, el('summary', {}, t('why')), el('ul', {}, p.because.map((b) => el('li', {}, `${b.adds > 0 ? '+' : ''}${b.adds} ${b.words}`))))))), more);
}

// A file is saved and never opened in the page: the server sends it so.
function attached(a, from) {
  const name = a.name ?? t('file-unnamed');
  const kept = /^[0-9a-f]{64}$/.test(a.hash);
  return el('li', {}, kept ? el('a', { href: asked(`/api/incidents/${encodeURIComponent(id)}/attachments/${a.hash}`, from), download: '' }, t('file-save', { name })) : el('b', {}, name),
    a.source ? ` · ${a.source}` : '', el('div', { class: 'about' }, el('code', { class: 'hash' }, a.hash)));
}

function said(i, when, from, reports_) {
  const { reply = [], dissent = [], assessment = [], finding = [], action = [] } = i.entries;
  const words = (e, kind) => el('li', { class: e.withdrawn_by ? 'withdrawn' : '' }, el('b', {}, t(`step-${kind}`)), ` · ${e.by} · `, el('span', { class: 'num' }, when(e.recorded)), e.withdrawn_by && [' ', badge(status('withdrawn'))],
    kind === 'reply' && el('span', { class: 'about' }, ' · ', e.due ? t(e.late ? 'late' : 'in-time-reply', { when: when(e.due) }) : t('no-due')),
    e.attributed_to?.length ? el('span', {}, ` · ${e.attributed_to.join(' / ')}`, e.confidence && `, ${t('confidence', { n: e.confidence })}`) : null,
    e.words && el('blockquote', {}, e.words), e.told && el('div', { class: 'about' }, t('d-told'), ': ', e.told));
  const heard = [...reply.map((e) => words(e, 'reply')), ...dissent.map((e) => words(e, 'dissent'))];
  const judged = [...assessment.map((e) => words(e, 'assessment')), ...finding.map((e) => words(e, 'finding')), ...action.map((e) => words(e, 'action'))];
  return [
    section('s-replies', {}, heard.length ? el('ul', { class: 'steps' }, heard) : el('p', { class: 'empty' }, t('none-replies'))),
    section('s-said', {}, judged.length ? el('ul', { class: 'steps' }, judged) : el('p', { class: 'empty' }, t('none-said'))),
    section('s-attachments', {}, i.attachments.length ? [el('ul', { class: 'steps' }, i.attachments.map((a) => attached(a, from))), el('p', { class: 'about' }, t('attachments-note'))]
      : el('p', { class: 'empty' }, t('none-attachments')), reports_ ? el('p', {}, el('a', { href: `/entry?${new URLSearchParams({ incident: i.id, ...(from.lang && { lang: from.lang }) })}` }, t('report-more'))) : null),
  ];
}

export async function show(from, place, current) {
  const [doc, me] = await Promise.all([get(asked(`/api/incidents/${encodeURIComponent(id)}`, from)), get('/api/me').catch(() => null)]);
  if (!current()) return;
  const mayReport = Boolean(me?.roles?.includes('reporter'));
  const i = doc.incident;
  const when = (instant) => civil(instant, doc.agreement.time_zone);
  told(doc, i.title || doc.line.title || i.id, [t('answer-status', { status: t(`status-${i.status.is}`), source: i.reported_by || t('not-known') }), ' ', el('code', {}, i.id), ', ', t('version', { n: i.version })]);
  place.replaceChildren(el('p', {}, el('a', { href: elsewhere('/incidents', from) }, t('back'))),
    el('div', { class: 'columns' }, el('div', {}, what(i, doc, when), history(doc, when)), el('div', {}, verdicts(doc, from), reports(doc, when), said(i, when, from, mayReport), proposed(doc, from))),
    el('p', { class: 'source' }, t('source-line', { when: doc.question.known_at_local }), ' ', el('a', { href: asked(`/api/incidents/${encodeURIComponent(id)}`, from) }, 'JSON')));
}
