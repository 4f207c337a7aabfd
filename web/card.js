// The verdict card: words, rule, verdict, steps, what it rests on, what stands against it, what would change it, who was watching.
import { badge, dated, el, local, shape } from './element.js';

const section = (title, ...content) => el('section', {}, el('h3', {}, title), content);
const facts = (pairs) => el('dl', { class: 'facts' }, pairs.filter(([, v]) => v).map(([k, v]) => [el('dt', {}, k), el('dd', {}, v)]));
const readings = (list) => list.map((r) => `${r.reading} = ${r.option}`).join(', ');

function record({ grade, record: r }, go) {
  const about = [grade, r.admiralty, r.source || 'source not named', r.basis, r.place].filter(Boolean).join(' · ');
  return el('li', {},
    el('button', { type: 'button', class: 'record', onclick: () => go({ incident: r.id }) },
      r.when && el('span', { class: 'num' }, local(r.when)), ' ', r.exercise && el('span', { class: 'tag' }, 'exercise'), ' ', r.title),
    el('span', { class: 'about' }, about, r.marking && ` · ${r.marking}`));
}

function records(title, list, go, open, all = list.length) {
  if (!list.length) return null;
  const shown = list.slice(0, 8).map((c) => record(c, go));
  const more = list.slice(8);
  return section(`${title} (${all})`, el('ul', { class: 'records' }, shown),
    more.length ? el('details', { open }, el('summary', {}, `${more.length} more`), el('ul', { class: 'records' }, more.map((c) => record(c, go))),
      all > list.length ? el('p', { class: 'about' }, `${all - list.length} more are not listed here.`) : null) : null);
}

// What is supposed, its names set apart; a record among them opens in the list of incidents.
function supposed(change, go) {
  return change.words.split('`').map((part, i) => {
    if (i % 2 === 0) return dated(part);
    return change.records.includes(part) ? el('button', { type: 'button', class: 'record', onclick: () => go({ incident: part }) }, el('code', {}, part)) : el('code', {}, part);
  });
}

function changes(list, go) {
  const one = (c) => el('li', { class: 'change' }, el('span', {}, supposed(c, go)), el('span', { class: 'leads' }, el('span', { 'aria-hidden': 'true' }, '→'), el('span', { class: 'unseen-text' }, ': then it would be '), badge({ word: dated(c.leads_to), tone: c.state.tone })));
  const shown = list.slice(0, 12).map(one);
  const more = list.slice(12);
  return [el('ul', { class: 'plain changes' }, shown), more.length ? el('details', {}, el('summary', {}, `${more.length} more`), el('ul', { class: 'plain changes' }, more.map(one))) : null];
}

// What the verdict rests on, what stands against it, what would change it: tried by the engine, not guessed.
function explained(card, go) {
  const why = card.explanation;
  if (!why) {
    return [
      card.missing.length ? section('What is missing', el('ul', {}, card.missing.map((m) => el('li', {}, dated(m))))) : null,
      records('Decided by', card.decided_by, go),
      records('Against it', card.against, go),
    ];
  }
  const told = new Set(why.rests_on.map((c) => c.record.id));
  const named = new Set(why.against.flatMap((c) => c.records));
  const against = card.against.filter((c) => !told.has(c.record.id) && !named.has(c.record.id));
  [...named, ...against.map((c) => c.record.id)].forEach((id) => told.add(id));
  const also = card.decided_by.filter((c) => !told.has(c.record.id));
  const opposed = why.against.length > 0 || against.length > 0;
  return [
    why.rests_on.length ? records('What it rests on', why.rests_on, go, false, why.rests_on_in_all)
      : section('What it rests on', el('p', {}, 'No record: it follows from the text and the time, and from what is not on record.')),
    section('What stands against it', opposed ? [
      against.length ? el('ul', { class: 'records' }, against.slice(0, 8).map((c) => record(c, go))) : null,
      against.length > 8 ? el('details', {}, el('summary', {}, `${against.length - 8} more`), el('ul', { class: 'records' }, against.slice(8).map((c) => record(c, go)))) : null,
      why.against.length ? changes(why.against, go) : null,
    ] : el('p', { class: 'about' }, 'Nothing on record.')),
    why.would_change.length ? section('What would change it', changes(why.would_change, go)) : null,
    card.missing.length && !why.would_change.length ? section('What is missing', el('ul', {}, card.missing.map((m) => el('li', {}, dated(m))))) : null,
    why.left_open ? el('p', { class: 'about left-open' }, why.left_open) : null,
    also.length ? section('Also looked at', el('details', {}, el('summary', {}, also.length === 1 ? '1 record that it cites and does not need' : `${also.length} records that it cites and does not need`),
      el('ul', { class: 'records' }, also.map((c) => record(c, go))))) : null,
  ];
}

export function gauge(g) {
  const share = Math.max(0, Math.min(1, g.share ?? 0));
  const meter = el('meter', { min: 0, max: 1, value: share, 'aria-label': `${g.what}: ${g.value} of ${g.threshold}` });
  return el('div', { class: 'gauge' }, el('span', { class: 'num' }, g.value), ` of ${g.threshold} · ${g.what}`, meter);
}

const NOW = { true: ['met', 'broken'], false: ['not met', 'idle'], unknown: ['not known', 'unseen'], contested: ['disputed', 'doubt'] };

export function term(t) {
  const [word, tone] = NOW[t.now];
  const last = t.episodes.at(-1);
  return el('div', { class: 'term' },
    el('p', {}, el('b', {}, t.phrase), ' ', badge({ word, tone })),
    last && el('p', { class: 'about' }, `last from ${local(last.began)}${last.ended ? ` to ${local(last.ended)}` : ', lasting'} (${last.grade}${last.found ? `, found ${local(last.found)}` : ''})`),
    t.gauges.map(gauge));
}

function siblings(card, go) {
  if (card.siblings.length < 2) return null;
  const one = (s) => {
    const label = `${s.state.word}${s.due ? `, due ${local(s.due)}` : s.triggered ? `, triggered ${local(s.triggered)}` : ''}`;
    const here = s.instance === card.instance;
    return el('button', { type: 'button', class: `sibling tone-${s.state.tone}`, title: label, 'aria-label': label, 'aria-current': here ? 'true' : null, onclick: () => go({ instance: s.instance }, { focus: 'card' }) }, shape(s.state.tone));
  };
  return section('Its other instances', el('div', { class: 'siblings' }, [...card.siblings].reverse().map(one)));
}

export function showCard(side, doc, state, go, source) {
  const card = doc.cards[0];
  const close = el('button', { type: 'button', class: 'quiet close', onclick: () => go({ norm: '', bearer: '', instance: '' }, { focus: 'row' }) }, 'Close');
  const zone = doc.agreement.time_zone;
  const period = card.triggered ? `from ${local(card.triggered)}${card.due ? `, until ${local(card.due)}` : '; no end is set'}` : '';
  side.replaceChildren(el('article', { class: 'card', id: 'card', tabindex: -1, 'aria-labelledby': 'card-title' },
    el('div', { class: 'section-head' }, el('h2', { id: 'card-title' }, 'Why?'), close),
    el('p', { class: 'card-name' }, el('b', {}, card.phrase), ' ', el('span', { class: 'clause' }, card.kind), el('br'), card.bearer.phrase),
    el('p', { class: 'card-state' }, badge(card.state), card.grade !== 'none' && el('span', { class: 'grade' }, card.grade)),
    card.explanation?.pending_on ? el('p', { class: 'pending-on' }, dated(card.explanation.pending_on)) : null,
    el('figure', { class: 'quote' },
      card.words.length ? card.words.map((w) => el('blockquote', {}, w)) : el('p', { class: 'empty' }, 'The rule quotes no words.'),
      card.clause && el('figcaption', {}, card.clause.heading)),
    section('The rule', el('p', {}, dated(card.rule)),
      facts([
        ['owed to', card.owed_to.join(', ')], ['binds', card.force], ['standard', card.standard],
        ['reading', card.readings.length ? readings(card.readings) : card.elsewhere.length ? 'nobody has chosen' : ''],
        ['stands', card.standing.why ? `${card.standing.word}: ${card.standing.why}` : card.standing.word],
        ['period', period], ['due', card.due && `${local(card.due)} (${card.time_left})`],
        ['fulfilled', local(card.fulfilled)], ['broken from', local(card.breached)], ['done late', local(card.performed_late)],
        ['evidence', card.evidence.length ? dated(card.evidence.join('; ')) : ''], ['marking', card.marking], ['times in', zone],
      ])),
    section('Because', el('ol', { class: 'because' }, card.because.map((b) => el('li', {}, dated(b.text), ' ', el('code', {}, b.code))))),
    siblings(card, go),
    explained(card, go),
    card.elsewhere.length ? section('Under other readings', el('ul', { class: 'plain' }, card.elsewhere.map((e) => el('li', {}, el('span', {}, readings(e.readings)), ' ', badge(e.state), ' ', el('span', { class: 'about' }, e.grade))))) : null,
    card.coverage.length ? section('Who was watching', card.coverage.map((c) => el('div', { class: 'watched' },
      el('p', {}, el('b', { class: 'num' }, c.share), ' watched · ', dated(c.what), el('br'), el('span', { class: 'about' }, `${c.local} · ${c.grade === 'none' ? 'not enough to rule anything out' : `enough for ${c.grade}`}`)),
      c.gaps.length ? el('ul', { class: 'gaps' }, c.gaps.map((g) => el('li', {}, shape('unseen'), ` not observed ${g.local}`))) : null))) : null,
    card.episodes.length ? section(`Episodes of breach (${card.episodes.length})`, el('details', {}, el('summary', {}, `from ${local(card.episodes[0].from)} to ${local(card.episodes.at(-1).from)}`),
      el('ol', { class: 'episodes' }, card.episodes.slice(0, 200).map((e) => el('li', {}, el('span', { class: 'num' }, local(e.from)), e.to && e.to.latest !== e.from.latest ? ` to ${local(e.to)}` : e.to ? '' : ', lasting', ` · ${e.size} · ${e.grade}`))))) : null,
    card.terms.length ? section('Terms that it rests on', card.terms.map(term)) : null,
    el('p', { class: 'source' }, doc.note, ' As known at ', doc.question.known_at_local, '. ', el('a', { href: source }, 'This card as data'))));
}
