// The frame of the pages of incidents, map and access: head, moments, language, keys. The address holds the whole state.
// What a page shows is its module's, which `start.js` hands in: each has `title`, `show(state, place, current)` and perhaps `keys`.
import { byId, el, openedInView } from './element.js';
import { civil, moment, plusDays } from './address.js';
import { asked as lang, choice, known, t, word } from './language.js';
import { follow, noticesInto } from './people.js';

const parameters = () => new URLSearchParams(location.search);
export { known, language, learn, local, number, radius, t } from './language.js';

// ---- the address ----

export function state() {
  const all = {};
  for (const [name, value] of parameters()) if (name !== 'reading') all[name] = value;
  all.reading = parameters().getAll('reading');
  return all;
}
export function address(path, from, change = {}) {
  const next = { ...from, ...change };
  const out = new URLSearchParams();
  for (const [name, value] of Object.entries(next)) if (name !== 'reading' && value) out.set(name, value);
  for (const reading of next.reading ?? []) out.append('reading', reading);
  const query = out.toString().replaceAll('%3A', ':').replaceAll('%2C', ',');
  return query ? `${path}?${query}` : path;
}
// Only what every page understands goes along to another page.
export const elsewhere = (path, from, more = {}) => address(path, { at: from.at, known: from.known, lang: from.lang ?? lang, reading: from.reading }, more);

export function go(change, { replace } = {}) {
  history[replace ? 'replaceState' : 'pushState'](null, '', address(location.pathname, state(), change));
  return draw();
}

// ---- asking ----

export class Refused extends Error {}
const kept = new Map();
let quiet = false; // the page asks by itself: that keeps nobody signed in
export function asked(path, from, more = {}) {
  return address(path, { at: from.at, known: from.known, reading: from.reading }, more);
}
export async function get(path, as = 'json') {
  if (!kept.has(path)) {
    const answer = fetch(path, { headers: quiet ? { 'servanda-quiet': '1' } : {} }).then(async (response) => {
      if (!response.ok) {
        const body = await response.json();
        throw new Refused(body.message ?? String(response.status));
      }
      return response[as]();
    });
    kept.set(path, answer);
    answer.catch(() => kept.delete(path));
    if (kept.size > 40) kept.delete(kept.keys().next().value);
  }
  return kept.get(path);
}
export const forget = () => kept.clear();

// ---- head and tail ----

const PAGES = [['/', 'nav-board'], ['/incidents', 'nav-incidents'], ['/map', 'nav-map'], ['/access', 'nav-access'], ['/inspections', 'nav-inspections'], ['/duties', 'nav-duties'],
  ['/triggers', 'nav-triggers'], ['/cases', 'nav-cases'], ['/draft', 'nav-draft'], ['/lab', 'nav-lab'], ['/plans', 'nav-plans'], ['/bulletin', 'nav-bulletin'], ['/reports', 'nav-reports'], ['/audit', 'nav-audit']];
const here = location.pathname;
let page = null;

// Begins a page: its module is handed in.
export function begin(module) {
  page = module;
  const input = (id, label) => [el('label', { for: id }, label), el('input', { id, name: id, autocomplete: 'off', spellcheck: 'false', size: 16, placeholder: '2026-05-01 12:00' })];
  const languages = choice((lang) => address(here, state(), { lang }));
  const keyList = [...(page.keyWords ?? []), ['[ ]', 'key-days'], ['/', 'key-filter'], ['d', 'key-theme'], ['?', 'key-keys']];

  byId('head').replaceChildren(
    el('a', { class: 'skip', href: '#main' }, t('skip')),
    el('aside', { id: 'exercise', class: 'exercise', 'aria-label': t('exercise'), hidden: true }, t('exercise'), ' ', el('span', {}, t('exercise-more'))),
    el('header', { class: 'top' },
      el('div', { class: 'top-line' }, el('p', { id: 'agreement', class: 'agreement' }),
        el('div', { class: 'tools', id: 'tools' }, languages,
          el('button', { type: 'button', id: 'theme', class: 'quiet', onclick: () => flip() }, ''),
          el('button', { type: 'button', id: 'keys-open', class: 'quiet', 'aria-haspopup': 'dialog', onclick: () => byId('keys').showModal() }, t('keys'), ' ', el('kbd', {}, '?')))),
      el('nav', { 'aria-label': t('nav') }, el('ul', { class: 'nav', id: 'nav' })),
      el('h1', {}, t(page.title)),
      el('div', { id: 'answer', class: 'answer', 'aria-live': 'polite' }, el('strong', { id: 'answer-word' }, '…'), ' ', el('span', { id: 'answer-sentence' }))),
    el('form', { id: 'moment', class: 'moment', 'aria-label': t('moments'), onsubmit: (e) => e.preventDefault() },
      el('div', { class: 'when' }, input('at', t('at'))[0],
        el('button', { type: 'button', class: 'step', 'aria-label': t('day-earlier'), onclick: () => step(-1) }, '◀'), input('at', '')[1],
        el('button', { type: 'button', class: 'step', 'aria-label': t('day-later'), onclick: () => step(1) }, '▶')),
      el('div', { class: 'when' }, input('known', t('known-at')),
        el('label', { class: 'check' }, el('input', { type: 'checkbox', id: 'same' }), ' ', t('same-moment'))),
      el('span', { id: 'zone', class: 'zone' }),
      el('button', { type: 'button', id: 'latest', class: 'quiet', onclick: () => { location.href = address(here, { lang: state().lang }); } }, t('start-anew'))),
    el('p', { id: 'problem', class: 'problem', role: 'alert', hidden: true }),
    el('p', { id: 'busy', class: 'busy', role: 'status', hidden: true }, t('busy')));
  byId('tail').replaceChildren(
    el('footer', { class: 'foot' }, el('p', {}, t('caveat')), el('p', {}, t('programs'), ' ', el('a', { href: '/api/openapi.json' }, 'OpenAPI'), ', ', el('a', { href: '/ogc/' }, 'OGC API Features'), '.')),
    el('dialog', { id: 'keys', 'aria-labelledby': 'keys-title' }, el('h2', { id: 'keys-title' }, t('keys')),
      el('dl', {}, keyList.map(([key, word]) => [el('dt', {}, key.split(' ').map((k) => [el('kbd', {}, k), ' '])), el('dd', {}, t(word))])),
      el('form', { method: 'dialog' }, el('button', {}, t('close')))));
  byId('at').addEventListener('change', () => written('at') && go({ at: written('at'), known: byId('same').checked ? '' : written('known'), after: '' }));
  byId('known').addEventListener('change', () => written('known') && go({ at: written('at'), known: written('known'), after: '' }));
  byId('same').addEventListener('change', (e) => go({ at: written('at'), known: e.target.checked ? '' : written('known'), after: '' }));
  dark.addEventListener('change', () => theme());
  try { theme(localStorage.getItem('theme') ?? undefined); } catch { theme(); }
  addEventListener('popstate', () => draw());
  addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest('input, select, textarea, dialog, .cm-host')) return;
    const keys = { '?': () => byId('keys').showModal(), d: flip, '[': () => step(-1), ']': () => step(1), '/': () => document.querySelector('[data-first-filter]')?.focus(), ...(page.keys ?? {}) };
    if (!keys[e.key]) return;
    e.preventDefault();
    keys[e.key](e);
  });
  draw();
  follow(again);
  noticesInto(byId('tools'));
}

// What came in shows where the page speaks of now; a moment that was chosen stays as it is, and so does what is being typed.
async function again() {
  const typing = document.activeElement?.closest('main form, .moment');
  if (typing) {
    typing.addEventListener('focusout', () => setTimeout(again, 300), { once: true });
    return;
  }
  forget();
  if (state().at) return;
  quiet = true;
  await draw();
  quiet = false;
}

// What every document says about itself.
export function told(document_, word, sentence) {
  const { agreement, question, exercise } = document_;
  const title = agreement.title || agreement.name;
  document.title = `${exercise ? `${t('exercise')} · ` : ''}${t(page.title)} · ${title}`;
  byId('agreement').textContent = title + (agreement.version ? ` · ${agreement.version}` : '');
  byId('exercise').hidden = !exercise;
  byId('at').value = civil(question.at, agreement.time_zone);
  byId('known').value = civil(question.known_at, agreement.time_zone);
  byId('same').checked = question.at === question.known_at;
  byId('zone').textContent = agreement.time_zone;
  byId('answer-word').replaceChildren(word);
  byId('answer-sentence').replaceChildren(...[sentence].flat(9).filter(Boolean));
}

const written = (id) => moment(byId(id).value);
const step = (days) => go({ at: moment(plusDays(byId('at').value, days)), known: byId('same').checked ? '' : written('known'), after: '' });

const dark = matchMedia('(prefers-color-scheme: dark)');
function theme(name) {
  if (name) document.documentElement.dataset.theme = name;
  const now = document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light');
  byId('theme').textContent = t(now === 'dark' ? 'light' : 'dark');
  page?.repaint?.();
  return now;
}
const flip = () => {
  const next = theme() === 'dark' ? 'light' : 'dark';
  theme(next);
  try { localStorage.setItem('theme', next); } catch { /* a browser that keeps nothing still shows it */ }
};

let turn = 0;
export async function draw() {
  const mine = (turn += 1);
  const from = state();
  const place = byId('main');
  byId('nav').replaceChildren(...PAGES.map(([path, word]) => el('li', {}, el('a', { href: elsewhere(path, from), 'aria-current': path === here ? 'page' : null }, t(word)))));
  openedInView();
  const busy = setTimeout(() => { byId('busy').hidden = false; }, 300);
  try {
    await page.show(from, place, () => mine === turn);
    if (mine === turn) byId('problem').hidden = true;
  } catch (error) {
    if (mine !== turn) return;
    const line = byId('problem');
    line.hidden = false;
    if (error instanceof Refused) {
      byId('answer-word').textContent = t('cannot');
      line.replaceChildren(t('refused', { why: error.message }), ' ', el('a', { href: address(here, { lang: from.lang }) }, t('start-anew')));
    } else {
      line.replaceChildren(t('no-answer'), ' ', el('button', { type: 'button', onclick: () => draw() }, t('try-again')));
      console.error(error);
    }
  } finally {
    clearTimeout(busy);
    if (mine === turn) {
      byId('busy').hidden = true;
      document.body.dataset.ready = String(mine);
    }
  }
}
// ---- pieces that several pages use ----

const STATUS = { reported: 'open', 'under-check': 'waiting', verified: 'kept', 'not-verified': 'missed', withdrawn: 'idle' };
export const status = (word) => ({ tone: STATUS[word] ?? 'idle', word: t(`status-${word}`) });
export const verdict = (one) => ({ tone: one.tone, word: word('state', one.word) });
