// The language of a page and its words. The address says which (`lang`), else what was chosen last in this browser, else what the
// browser prefers. What the engine words itself is said by the book of phrases
// (`engine`); what is not in it stays English, and `english` marks it so.
import { el } from './element.js';

export const LANGUAGES = { en: 'English', uk: 'Українська' };
const chosen = () => { try { return localStorage.getItem('lang'); } catch { return null; } };
// What a link to another page says: only what somebody chose.
export const asked = new URLSearchParams(location.search).get('lang') ?? chosen() ?? '';
const wanted = [asked, ...(navigator.languages ?? [])].map((l) => (l ?? '').slice(0, 2));
export const language = wanted.find((l) => l in LANGUAGES) ?? 'en';
const table = (await import(`./words-${language}.js`)).default;
document.documentElement.lang = language;

// A text of the page; `{n}` is filled in, and a count chooses among the forms after its name.
export function t(key, values = {}) {
  let text = table[key] ?? key;
  if (Array.isArray(text)) {
    const form = new Intl.PluralRules(language).select(values.n ?? 0);
    text = text[{ one: 0, few: 1, many: 2, other: text.length - 1 }[form]] ?? text.at(-1);
  }
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? (typeof values[name] === 'number' ? number(values[name]) : values[name]) : whole));
}
// More words, of a page that has many of its own.
export const learn = (more) => Object.assign(table, more);
export const known = (key, otherwise) => table[key] ?? otherwise;
export const number = (n) => n.toLocaleString(language === 'uk' ? 'uk' : 'en', { maximumFractionDigits: 1 });
// Times come worded from the server; between two of them other languages write a dash.
export const local = (text) => (language === 'en' || !text ? text : text.replaceAll(' to ', ' – '));

// A word of a closed set (states, grades, kinds), as the sheets and reports say it.
export const word = (kind, english) => known(`${kind}-${english.replaceAll(', ', '-').replaceAll(' ', '-')}`, english);
export const state = (one) => ({ tone: one.tone, word: word('state', one.word) });
// ---- what the engine words ----

// The book of phrases: what each shape of its sentences is in Ukrainian. `crates/report/src/phrases.rs` matches in the same way.
const BOOK = language === 'uk' ? await fetch(new URL('./phrases-uk.json', import.meta.url)).then((r) => r.json()).catch(() => []) : [];
const GAPS = {
  time: (text) => (/^\d[\d :.+to-]*$/.test(text) ? text.replaceAll(' to ', ' – ') : null),
  t: (text) => GAPS.time(text), u: (text) => GAPS.time(text), n: (text) => (/^\d+$/.test(text) ? text : null), a: (text) => ([...text].length === 1 ? text : null),
  g: (text) => table[`grade-${text}`] ?? null, l: (text) => text.replaceAll(' or ', ' або ').replaceAll(' and ', ' і '),
  r: (text, depth) => phrase(text, depth + 1), s: (text, depth) => phrase(text, depth + 1),
};
function fits(shape, text, depth) {
  const at = shape.indexOf('{');
  if (at < 0) return shape === text ? {} : null;
  if (!text.startsWith(shape.slice(0, at))) return null;
  const [kind, rest, inner] = [shape[at + 1], shape.slice(at + 3), text.slice(at)];
  const next = rest.split('{')[0];
  for (let end = next ? inner.indexOf(next) : inner.length; end >= 0; end = next ? inner.indexOf(next, end + 1) : -1) {
    const part = inner.slice(0, end);
    const value = part && (GAPS[kind] ? GAPS[kind](part, depth) : part.includes('`') ? null : part);
    const others = value ? fits(rest, inner.slice(end), depth) : null;
    if (others) return { ...others, [kind]: value };
  }
  return null;
}
function phrase(text, depth = 0) {
  if (depth > 4 || text.length > 2000) return null;
  for (const [shape, said] of BOOK) {
    const gaps = fits(shape, text, depth);
    if (gaps) return said.replace(/\{(\w)\}/g, (_, kind) => gaps[kind]);
  }
  return null;
}
// A sentence of the engine, laid out by `shown`: in the page's language where the book has it, else marked as English. What bears a Cyrillic
// letter is somebody's own words.
export function engine(text, shown = (said) => said) {
  if (language === 'en') return shown(text);
  const said = phrase(text ?? '');
  return said || /[\u0400-\u052f]/.test(text) ? shown(said ?? text) : english(shown(text));
}
// Text of the engine, marked as what it is: English.
export const english = (...content) => (language === 'en' ? content : el('span', { lang: 'en' }, content));
// Who may see it: `TLP:AMBER, only to A and B`.
export const marking = (text) => (language === 'en' || !text ? text : text.replace(/, only to (.*)$/, (_, to) => `, ${t('only-to', { names: to.replace(/ and (?!.* and )/, ', ') })}`));

// Who bears a rule. `phrases` says how parties are called.
export function bearer(one, phrases) {
  if (language === 'en' || one.kind === 'party') return one.phrase;
  // Groups are called as the server calls them.
  const called = one.phrase.replace(/ jointly$/, '').replace(/^not established \((.*)\)$/, '$1').split(/, | and | or /);
  const names = (called.length === one.members.length ? called : one.members.map((name) => phrases.get(name) ?? name)).join(', ');
  return t({ jointly: 'jointly', unstated: 'bearer-unstated' }[one.kind] ?? 'one-of', { names });
}

const MINUTE = 60000, HOUR = 60, DAY = 24 * HOUR;
// How much time lies between two moments, in the two largest units.
function between(from, to) {
  const minutes = Math.ceil(Math.abs(to - from) / MINUTE);
  const [days, hours, rest] = [Math.floor(minutes / DAY), Math.floor((minutes % DAY) / HOUR), minutes % HOUR];
  if (days) return hours && days < 60 ? `${t('n-days', { n: days })} ${t('n-hours', { n: hours })}` : t('n-days', { n: days });
  if (hours) return rest ? `${t('n-hours', { n: hours })} ${t('n-minutes', { n: rest })}` : t('n-hours', { n: hours });
  return t('n-minutes', { n: rest });
}
// How long it is until something is due, or since.
export function left(now, due) {
  const [at, first, last] = [now, due.earliest, due.latest].map((text) => new Date(text).getTime());
  if (last < at) return t('ago', { time: between(last, at) });
  return first < at ? t('perhaps-passed') : t('in', { time: between(at, first) });
}

// The choice of a language, for the head of a page. It is kept in this browser and stands in the address.
export function choice(address) {
  const choose = (e) => {
    try { localStorage.setItem('lang', e.target.value); } catch { /* then the address alone says it */ }
    location.href = address(e.target.value);
  };
  return el('select', { class: 'language', 'aria-label': t('language'), onchange: choose },
    Object.entries(LANGUAGES).map(([code, name]) => el('option', { value: code, lang: code, selected: code === language }, name)));
}

// Puts the words into a page that was written with names of words beside its English ones.
export function worded(root) {
  for (const node of root.querySelectorAll('[data-t]')) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll('[data-t-label]')) node.setAttribute('aria-label', t(node.dataset.tLabel));
}

// How well a place is known.
export const radius = (m) => (m === null || m === undefined ? t('no-place') : m < 1 ? t('exact') : m < 1000 ? t('within-m', { n: m }) : t('within-km', { n: m / 1000 }));
