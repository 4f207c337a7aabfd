// The verdict card: words, rule, verdict, steps, what it rests on, what stands against it, what would change it, who was watching.
import { badge, dated, el, shape } from './element.js';
import { civil } from './address.js';
import { bearer, engine, known, language, left, local, marking, state as stateOf, t, word } from './language.js';

const when = (w) => (w ? local(w.local) : '');
const section = (title, ...content) => el('section', {}, el('h3', {}, title), content);
const facts = (pairs) => el('dl', { class: 'facts' }, pairs.filter(([, v]) => v).map(([k, v]) => [el('dt', {}, k), el('dd', {}, v)]));
const readings = (list) => list.map((r) => `${r.reading} = ${r.option}`).join(', ');

function record({ grade, record: r }, go) {
  const about = [word('grade', grade), r.admiralty, r.source || t('source-not-named'), r.basis && word('basis', r.basis), r.place].filter(Boolean).join(' · ');
  const line = [r.when && el('span', { class: 'num' }, when(r.when)), ' ', r.exercise && el('span', { class: 'tag' }, t('exercise')), ' ', r.title];
  // What has no place stands neither on the map nor in the list beside it: there is nothing that it could open.
  return el('li', {},
    r.place ? el('button', { type: 'button', class: 'record', onclick: () => go({ incident: r.id }) }, line) : el('span', { class: 'record-line' }, line),
    el('span', { class: 'about' }, about, r.marking && ` · ${marking(r.marking)}`));
}

function records(title, list, go, open, all = list.length) {
  if (!list.length) return null;
  const shown = list.slice(0, 8).map((c) => record(c, go));
  const more = list.slice(8);
  return section(`${title} (${all})`, el('ul', { class: 'records' }, shown),
    more.length ? el('details', { open }, el('summary', {}, t('n-more', { n: more.length })), el('ul', { class: 'records' }, more.map((c) => record(c, go))),
      all > list.length ? el('p', { class: 'about' }, t('n-not-listed', { n: all - list.length })) : null) : null);
}

// What is supposed, its names set apart; a record among them opens in the list of incidents.
function supposed(change, go, card) {
  const words = language === 'en' ? change.words : said(change, card);
  return words.split('`').map((part, i) => {
    if (i % 2 === 0) return dated(part);
    const opens = change.records.includes(part) && [...card.decided_by, ...card.against].some((c) => c.record.id === part && c.record.place);
    return opens ? el('button', { type: 'button', class: 'record', onclick: () => go({ incident: part }) }, el('code', {}, part)) : el('code', {}, part);
  });
}

// The same in another language, from what the change holds: names stand between backquotes.
function said(change, card) {
  const { zone, phrases } = card;
  const names = (all) => all.slice(0, 6).map((name) => `\`${name}\``).join(', ') + (all.length > 6 ? ` ${t('and-more', { n: all.length - 6 })}` : '');
  const party = (name) => phrases.get(name) ?? name;
  const deed = (d) => {
    const what = d.says === 'denies' ? 'deed-none' : d.of ? 'deed-finding' : d.times > 1 ? 'deed-more' : 'deed-one';
    const by = d.by.length ? `, ${d.by.map(party).join(', ')}` : '';
    const time = d.over ? `, ${local(d.over.local)} ${zone}` : d.until ? `, ${t('up-to', { when: civil(d.until, zone) })} ${zone}` : '';
    return t(what, { n: d.times, fact: d.of ?? d.fact }) + by + time;
  };
  switch (change.kind) {
    case 'coverage': return t('change-coverage', { what: change.coverage.slice(0, 6).map((w) => `\`${w.zone}\` ${local(w.local)} ${zone}`).join('; ') + (change.coverage.length > 6 ? ` ${t('and-more', { n: change.coverage.length - 6 })}` : '') });
    case 'actor': return t('change-actor', { id: change.records[0] ?? '', who: party(change.actor) });
    case 'moment': return t('change-moment', { id: change.records[0] ?? '', when: `${civil(change.moment, zone)} ${zone}` });
    case 'deed': return change.deeds.map(deed).join('; ');
    default: return t(`change-${change.kind}`, { ids: names(change.records) });
  }
}

// What it would then be, and what else would be other than it is.
function leadsTo(change, card) {
  if (language === 'en') return dated(change.leads_to);
  const standing = change.standing.word !== card.standing.word && word('standing', change.standing.word);
  const due = change.due && change.due.latest !== card.due?.latest && `${t('due')} ${when(change.due)}`;
  return dated([word('state', change.state.word), standing, due].filter(Boolean).join(', '));
}

function changes(list, go, card) {
  const one = (c) => el('li', { class: 'change' }, el('span', {}, supposed(c, go, card)), el('span', { class: 'leads' }, el('span', { 'aria-hidden': 'true' }, '→'), el('span', { class: 'unseen-text' }, `: ${t('then-it-would-be')} `), badge({ word: leadsTo(c, card), tone: c.state.tone })));
  const shown = list.slice(0, 12).map(one);
  const more = list.slice(12);
  return [el('ul', { class: 'plain changes' }, shown), more.length ? el('details', {}, el('summary', {}, t('n-more', { n: more.length })), el('ul', { class: 'plain changes' }, more.map(one))) : null];
}

// For a verdict that waits for evidence: for which, and what it would then be. Coverage first, then what is there, then what is not.
const RANK = { coverage: 0, deed: 2 };
function pendingOn(why, card) {
  if (language === 'en') return dated(why.pending_on);
  const [first] = [...why.would_change].sort((a, b) => (RANK[a.kind] ?? 1) - (RANK[b.kind] ?? 1));
  return first ? [t('pending-on'), ' ', dated(said(first, card)), '; ', t('then-it-would-be'), ' ', leadsTo(first, card)] : engine(why.pending_on, dated);
}

// What the verdict rests on, what stands against it, what would change it: tried by the engine, not guessed.
function explained(card, go) {
  const why = card.explanation;
  if (!why) {
    return [
      card.missing.length ? section(t('s-missing'), el('ul', {}, card.missing.map((m) => el('li', {}, engine(m, dated))))) : null,
      records(t('decided-by'), card.decided_by, go),
      records(t('against-it'), card.against, go),
    ];
  }
  const told = new Set(why.rests_on.map((c) => c.record.id));
  const named = new Set(why.against.flatMap((c) => c.records));
  const against = card.against.filter((c) => !told.has(c.record.id) && !named.has(c.record.id));
  [...named, ...against.map((c) => c.record.id)].forEach((id) => told.add(id));
  const also = card.decided_by.filter((c) => !told.has(c.record.id));
  const opposed = why.against.length > 0 || against.length > 0;
  return [
    why.rests_on.length ? records(t('s-rests-on'), why.rests_on, go, false, why.rests_on_in_all)
      : section(t('s-rests-on'), el('p', {}, t('rests-on-none'))),
    section(t('s-against'), opposed ? [
      against.length ? el('ul', { class: 'records' }, against.slice(0, 8).map((c) => record(c, go))) : null,
      against.length > 8 ? el('details', {}, el('summary', {}, t('n-more', { n: against.length - 8 })), el('ul', { class: 'records' }, against.slice(8).map((c) => record(c, go)))) : null,
      why.against.length ? changes(why.against, go, card) : null,
    ] : el('p', { class: 'about' }, t('nothing-on-record'))),
    why.would_change.length ? section(t('s-would-change'), changes(why.would_change, go, card)) : null,
    card.missing.length && !why.would_change.length ? section(t('s-missing'), el('ul', {}, card.missing.map((m) => el('li', {}, engine(m, dated))))) : null,
    why.left_open ? el('p', { class: 'about left-open' }, t(why.may_rest_on_less ? (why.more_may_change ? 'left-open-both' : 'left-open-less') : 'left-open-more')) : null,
    also.length ? section(t('s-also'), el('details', {}, el('summary', {}, t('also-cited', { n: also.length })),
      el('ul', { class: 'records' }, also.map((c) => record(c, go))))) : null,
  ];
}

export function gauge(g) {
  const share = Math.max(0, Math.min(1, g.share ?? 0));
  const meter = el('meter', { min: 0, max: 1, value: share, 'aria-label': `${g.what}: ${t('gauge', { value: g.value, threshold: g.threshold })}` });
  return el('div', { class: 'gauge' }, el('span', { class: 'num' }, t('gauge', { value: g.value, threshold: g.threshold })), ' · ', engine(g.what), meter);
}

const NOW = { true: 'broken', false: 'idle', unknown: 'unseen', contested: 'doubt' };

export function term(one) {
  const last = one.episodes.at(-1);
  return el('div', { class: 'term' },
    el('p', {}, el('b', {}, one.phrase), ' ', badge({ word: t(`truth-${one.now}`), tone: NOW[one.now] })),
    last && el('p', { class: 'about' }, `${t('last-from', { when: when(last.began) })}${last.ended ? ` ${t('until', { when: when(last.ended) })}` : `, ${t('lasting')}`} (${word('grade', last.grade)}${last.found ? `, ${t('found-on', { when: when(last.found) })}` : ''})`),
    one.gauges.map(gauge));
}

function siblings(card, go) {
  if (card.siblings.length < 2) return null;
  const one = (s) => {
    const label = `${word('state', s.state.word)}${s.due ? `, ${t('due')} ${when(s.due)}` : s.triggered ? `, ${t('began-on', { when: when(s.triggered) })}` : ''}`;
    const here = s.instance === card.instance;
    return el('button', { type: 'button', class: `sibling tone-${s.state.tone}`, title: label, 'aria-label': label, 'aria-current': here ? 'true' : null, onclick: () => go({ instance: s.instance }, { focus: 'card' }) }, shape(s.state.tone));
  };
  return section(t('s-siblings'), el('div', { class: 'siblings' }, [...card.siblings].reverse().map(one)));
}

export function showCard(side, doc, state, go, source, phrases) {
  const zone = doc.agreement.time_zone;
  const card = { ...doc.cards[0], zone, phrases };
  const close = el('button', { type: 'button', class: 'quiet close', onclick: () => go({ norm: '', bearer: '', instance: '' }, { focus: 'row' }) }, t('close'));
  const period = card.triggered ? `${t('from', { when: when(card.triggered) })}${card.due ? ` ${t('until', { when: when(card.due) })}` : `; ${t('no-end')}`}` : '';
  const standing = word('standing', card.standing.word);
  const force = card.force && (card.force.startsWith('subject to ') ? t('subject-to', { what: card.force.slice(11) }) : word('force', card.force));
  side.replaceChildren(el('article', { class: 'card', id: 'card', tabindex: -1, 'aria-labelledby': 'card-title' },
    el('div', { class: 'section-head' }, el('h2', { id: 'card-title' }, t('why')), close),
    el('p', { class: 'card-name' }, el('b', {}, card.phrase), ' ', el('span', { class: 'clause' }, word('norm', card.kind)), el('br'), bearer(card.bearer, phrases)),
    el('p', { class: 'card-state' }, badge(stateOf(card.state)), card.grade !== 'none' && el('span', { class: 'grade' }, word('grade', card.grade))),
    card.explanation?.pending_on ? el('p', { class: 'pending-on' }, pendingOn(card.explanation, card)) : null,
    el('figure', { class: 'quote' },
      card.words.length ? card.words.map((w) => el('blockquote', {}, w)) : el('p', { class: 'empty' }, t('no-words')),
      card.clause && el('figcaption', {}, card.clause.heading)),
    section(t('s-rule'), el('p', {}, dated(card.rule)),
      facts([
        [t('owed-to'), card.owed_to.join(', ')], [t('binds'), force], [t('standard'), card.standard && word('grade', card.standard)],
        [t('reading'), card.readings.length ? readings(card.readings) : card.elsewhere.length ? t('nobody-chose') : ''],
        [t('stands'), card.standing.why ? [`${standing}: `, engine(card.standing.why, dated)] : standing],
        [t('period'), period], [t('due'), card.due && `${when(card.due)} (${language === 'en' ? card.time_left : left(doc.question.at, card.due)})`],
        [t('fulfilled'), when(card.fulfilled)], [t('broken-from'), when(card.breached)], [t('done-late'), when(card.performed_late)],
        [t('evidence'), card.evidence.length ? card.evidence.map((one, i) => [i ? '; ' : '', engine(one, dated)]) : ''], [t('d-marking'), marking(card.marking)], [t('times-in'), zone],
      ])),
    section(t('s-because'), el('ol', { class: 'because' }, card.because.map((b) => el('li', {}, language !== 'en' && [el('b', {}, known(`code-${b.code}`, b.code)), ': '], engine(b.text, dated), ' ', el('code', {}, b.code))))),
    siblings(card, go),
    explained(card, go),
    card.elsewhere.length ? section(t('s-elsewhere'), el('ul', { class: 'plain' }, card.elsewhere.map((e) => el('li', {}, el('span', {}, readings(e.readings)), ' ', badge(stateOf(e.state)), ' ', el('span', { class: 'about' }, word('grade', e.grade)))))) : null,
    card.coverage.length ? section(t('s-watching'), card.coverage.map((c) => el('div', { class: 'watched' },
      el('p', {}, el('b', { class: 'num' }, c.share), ` ${t('watched')} · `, engine(c.what, dated), el('br'), el('span', { class: 'about' }, `${local(c.local)} · ${c.grade === 'none' ? t('not-enough') : t('enough-for', { grade: word('grade', c.grade) })}`)),
      c.gaps.length ? el('ul', { class: 'gaps' }, c.gaps.map((g) => el('li', {}, shape('unseen'), ` ${t('not-observed')} ${local(g.local)}`))) : null))) : null,
    card.episodes.length ? section(`${t('s-episodes')} (${card.episodes.length})`, el('details', {}, el('summary', {}, `${t('from', { when: when(card.episodes[0].from) })} ${t('until', { when: when(card.episodes.at(-1).from) })}`),
      el('ol', { class: 'episodes' }, card.episodes.slice(0, 200).map((e) => el('li', {}, el('span', { class: 'num' }, when(e.from)), e.to && e.to.latest !== e.from.latest ? ` ${t('until', { when: when(e.to) })}` : e.to ? '' : `, ${t('lasting')}`, ` · ${e.size} · ${word('grade', e.grade)}`))))) : null,
    card.terms.length ? section(t('s-terms'), card.terms.map(term)) : null,
    el('p', { class: 'source' }, t('assessed'), ' ', t('as-known', { when: doc.question.known_at_local }), ' ', el('a', { href: source }, t('card-data')))));
}
