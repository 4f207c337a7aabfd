// Puts the page together: the address says what is shown; every change goes through the address.
import { byId, dated, el } from './element.js';
import { asked, choice, english, language, local, radius, t, word, worded } from './language.js';
import { civil, moment, plusDays, question, read, write } from './address.js';
import { answer, showBoard } from './board.js';
import { showCard } from './card.js';
import { showDuties } from './duties.js';
import { redrawMap, showMap } from './map.js';
import { showTimeline } from './timeline.js';
import { follow, signIn, who } from './people.js';

const kept = new Map();
let current = null; // { key, board, duties, map, timeline, agreement }
let turn = 0;

class Refused extends Error {}

let quiet = false; // the page asks by itself: that keeps nobody signed in

async function get(path) {
  if (!kept.has(path)) {
    const answer = fetch(path, { headers: quiet ? { 'servanda-quiet': '1' } : {} }).then(async (response) => {
      const body = await response.json();
      if (body.code === 'sign-in-first') signIn();
      if (!response.ok) throw new Refused(body.message ?? String(response.status));
      return body;
    });
    kept.set(path, answer);
    answer.catch(() => kept.delete(path));
    if (kept.size > 60) kept.delete(kept.keys().next().value);
  }
  return kept.get(path);
}

function problem(error) {
  const line = byId('problem');
  line.hidden = !error;
  if (!error) return;
  if (error instanceof Refused) {
    line.replaceChildren(t('refused-because'), ' ', english(error.message), '. ', el('button', { type: 'button', onclick: () => go({ at: '', known: '', reading: [], norm: '', bearer: '', instance: '' }) }, t('start-anew')));
  } else {
    line.replaceChildren(dated(t('no-answer')), ' ', el('button', { type: 'button', onclick: () => show() }, t('try-again')));
  }
}

export function go(change, { focus, replace } = {}) {
  const next = { ...read(), ...change };
  if (('norm' in change || 'bearer' in change) && !('instance' in change)) next.instance = '';
  history[replace ? 'replaceState' : 'pushState'](null, '', write(next));
  show(focus);
}

async function show(focus) {
  const mine = (turn += 1);
  const state = read();
  const asked = question(state);
  const busy = setTimeout(() => { byId('busy').hidden = false; document.body.classList.add('waiting-for-answer'); }, 300);
  try {
    const [board, duties, map, timeline, agreement] = await Promise.all(
      [`/api/board${asked}`, `/api/duties${asked}`, `/api/map${asked}`, `/api/timeline${asked}`, `/api/agreement${asked}`].map(get));
    if (mine !== turn) return;
    const calendar = `/api/duties.ics${question(state, { party: state.party })}`;
    const phrases = new Map(agreement.parties.map((p) => [p.name, p.phrase]));
    head(board, agreement, state);
    links(state);
    showBoard(board, state, go, phrases);
    const side = byId('side');
    if (state.norm) {
      const source = `/api/card${question(state, { norm: state.norm, bearer: state.bearer, instance: state.instance, language: language === 'en' ? '' : language })}`;
      try {
        const card = await get(source);
        if (mine !== turn) return;
        showCard(side, card, state, go, source, phrases);
      } catch (error) {
        if (!(error instanceof Refused) || mine !== turn) throw error;
        side.replaceChildren(el('div', { class: 'card' }, el('h2', {}, t('why')), el('p', { class: 'empty' }, t('no-card'), ' ', english(error.message), '.'),
          el('button', { type: 'button', onclick: () => go({ norm: '', bearer: '', instance: '' }) }, t('close'))));
      }
    } else showDuties(side, duties, board, go, calendar, phrases);
    showTimeline(timeline, map, state, go);
    incidents(map, state);
    await showMap(map, state, go);
    for (const [id, href] of [['board-json', `/api/board${asked}`], ['duties-json', `/api/duties${asked}`], ['duties-ics', calendar], ['map-json', `/api/map${asked}`], ['timeline-json', `/api/timeline${asked}`]]) byId(id).href = href;
    problem(null);
    refocus(focus, state);
    document.body.dataset.ready = String(mine);
  } catch (error) {
    if (mine !== turn) return;
    problem(error);
    document.body.dataset.ready = 'problem';
  } finally {
    clearTimeout(busy);
    if (mine === turn) {
      byId('busy').hidden = true;
      document.body.classList.remove('waiting-for-answer');
    }
  }
}

function refocus(focus, state) {
  const row = () => document.querySelector(`[data-key="${CSS.escape(`${state.norm}|${state.bearer}`)}"]`) ?? document.querySelector('#rows a');
  if (focus === 'card') {
    const card = byId('card');
    card?.focus({ preventScroll: true });
    // Beside the board it is in sight already; under it, it is brought there.
    if (card && card.getBoundingClientRect().top > innerHeight * 0.6) card.scrollIntoView({ block: 'start' });
    if (card) card.scrollTop = 0;
  } else if (focus === 'row') (document.querySelector(`[data-key="${CSS.escape(lastKey)}"]`) ?? row())?.focus();
  if (state.norm) lastKey = `${state.norm}|${state.bearer}`;
}
let lastKey = '';

function head(board, agreement, state) {
  const zone = board.agreement.time_zone;
  const title = board.agreement.title || board.agreement.name;
  document.title = `${board.exercise ? `${t('exercise')} · ` : ''}${t('title-board')} · ${title}`;
  byId('agreement').replaceChildren(title, board.agreement.version ? ` · ${board.agreement.version}` : '');
  byId('exercise').hidden = !board.exercise;
  const [said, sentence] = answer(board);
  byId('answer-word').textContent = said;
  byId('answer-sentence').textContent = sentence;
  byId('at').value = civil(board.question.at, zone);
  byId('known').value = civil(board.question.known_at, zone);
  byId('same').checked = board.question.at === board.question.known_at;
  byId('zone').textContent = zone;
  const chosen = new Map(state.reading.map((r) => [r.slice(0, r.indexOf('=')), r.slice(r.indexOf('=') + 1)]));
  byId('readings').replaceChildren(...agreement.readings.map((r) => {
    const select = el('select', { onchange: (e) => {
      chosen.set(r.reading, e.target.value);
      go({ reading: [...chosen].filter(([, option]) => option).map(([name, option]) => `${name}=${option}`) });
    } }, el('option', { value: '' }, t('not-chosen')), r.options.map((o) => el('option', { value: o }, o)));
    select.value = chosen.get(r.reading) ?? '';
    return el('label', { title: `“${r.words}”` }, `${t('reading')} ${r.reading} `, select);
  }));
}

function incidents(map, state) {
  const chosen = (f) => !state.norm || f.properties.decides.some(([n, b]) => n === state.norm && b === state.bearer);
  const timed = (f) => (!state.from || f.properties.when.latest >= state.from) && (!state.to || f.properties.when.earliest <= state.to);
  const all = map.features.filter((f) => f.properties.layer === 'incident');
  let list = all.filter((f) => timed(f) && chosen(f));
  const narrowed = list.length > 0 || !state.norm;
  if (!narrowed) list = all.filter(timed);
  list = list.sort((a, b) => (a.properties.when.earliest < b.properties.when.earliest ? 1 : -1));
  const shown = list.slice(0, 40);
  if (state.incident && !shown.some((f) => f.id === state.incident)) {
    const one = all.find((f) => f.id === state.incident);
    if (one) shown.unshift(one);
  }
  const row = (f) => {
    const p = f.properties;
    const here = f.id === state.incident;
    return el('tr', { class: here ? 'row chosen' : 'row' },
      el('td', { class: 'num' }, local(p.when.local)),
      el('td', {}, el('button', { type: 'button', class: 'record', 'aria-pressed': String(here), onclick: () => go({ incident: here ? '' : f.id }) }, p.title)),
      el('td', {}, word('grade', p.grade)), el('td', {}, p.source || t('not-named')), el('td', { class: 'num' }, p.radius_m ? radius(p.radius_m) : t('exact')));
  };
  const which = state.norm && narrowed ? 'reports-of-card' : 'reports-newest';
  byId('incidents').replaceChildren(
    el('p', { class: 'about' }, list.length ? [t(which, { n: list.length }), list.length > shown.length && ` ${t('first-shown', { n: shown.length })}`] : t('none-in-time')),
    shown.length ? el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': t('as-table') }, el('table', { class: 'data' },
      el('thead', {}, el('tr', {}, ['h-when', 'h-what', 'h-grade', 'h-source', 'h-place-to'].map((h) => el('th', { scope: 'col' }, t(h))))), el('tbody', {}, shown.map(row)))) : null);
}

// ---- controls ----

worded(document);
byId('language').append(choice((lang) => write({ ...read(), lang })));
// What every page understands goes along to another page.
function links(state) {
  for (const a of byId('nav').querySelectorAll('a')) a.href = a.pathname + question(state, { lang: state.lang || asked });
}

byId('moment').addEventListener('submit', (e) => e.preventDefault());
const written = (id) => moment(byId(id).value);
byId('at').addEventListener('change', () => written('at') && go({ at: written('at'), known: byId('same').checked ? '' : written('known') }));
byId('known').addEventListener('change', () => written('known') && go({ at: written('at'), known: written('known') }));
byId('same').addEventListener('change', (e) => go({ at: written('at'), known: e.target.checked ? '' : written('known') }));
const step = (days) => go({ at: moment(plusDays(byId('at').value, days)), known: byId('same').checked ? '' : written('known') });
byId('back').addEventListener('click', () => step(-1));
byId('forth').addEventListener('click', () => step(1));
byId('latest').addEventListener('click', () => go({ at: '', known: '', reading: [], norm: '', bearer: '', instance: '', from: '', to: '', party: '', tone: '', incident: '' }));
byId('party').addEventListener('change', (e) => go({ party: e.target.value }));
addEventListener('popstate', () => show());

// What came in shows where the page speaks of now; a moment that was chosen stays as it is.
async function again() {
  kept.clear();
  if (read().at) return;
  const row = document.activeElement?.closest('#rows a')?.dataset.key;
  quiet = true;
  await show();
  quiet = false;
  if (row) document.querySelector(`[data-key="${CSS.escape(row)}"]`)?.focus({ preventScroll: true });
}

const dark = matchMedia('(prefers-color-scheme: dark)');
function theme(name) {
  if (name) document.documentElement.dataset.theme = name;
  const now = document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light');
  byId('theme').textContent = t(now === 'dark' ? 'light' : 'dark');
  redrawMap();
  return now;
}
const flip = () => {
  const next = theme() === 'dark' ? 'light' : 'dark';
  theme(next);
  try { localStorage.setItem('theme', next); } catch { /* a browser that keeps nothing still shows it */ }
};
byId('theme').addEventListener('click', flip);
dark.addEventListener('change', () => theme());
try { theme(localStorage.getItem('theme') ?? undefined); } catch { theme(); }

byId('keys-open').addEventListener('click', () => byId('keys').showModal());

function move(by) {
  const links = [...document.querySelectorAll('#rows a')];
  const here = links.indexOf(document.activeElement);
  links[Math.min(links.length - 1, Math.max(0, here < 0 ? (by > 0 ? 0 : links.length - 1) : here + by))]?.focus();
}

addEventListener('keydown', (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest('input, select, textarea, dialog')) return;
  const inRows = e.target.closest('#rows');
  const keys = {
    '?': () => byId('keys').showModal(), j: () => move(1), k: () => move(-1), d: flip, '[': () => step(-1), ']': () => step(1),
    ArrowDown: inRows && (() => move(1)), ArrowUp: inRows && (() => move(-1)),
    b: () => byId('board').focus(), m: () => document.querySelector('.stage')?.focus(), t: () => { byId('timeline').tabIndex = -1; byId('timeline').focus(); },
    Escape: () => {
      const state = read();
      if (state.norm) go({ norm: '', bearer: '', instance: '' }, { focus: 'row' });
      else if (state.from || state.to || state.incident) go({ from: '', to: '', incident: '' });
    },
  };
  const act = keys[e.key];
  if (!act) return;
  e.preventDefault();
  act();
});

show();
who();
follow(again);
