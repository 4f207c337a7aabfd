// A sheet is read without this: it adds dark and light and keys, and shows what comes in without being asked for.
import { byId, el, openedInView } from './element.js';
import { follow } from './people.js';

const dark = matchMedia('(prefers-color-scheme: dark)');
const button = el('button', { type: 'button', id: 'theme', class: 'quiet' }, '');
function theme(name) {
  if (name) document.documentElement.dataset.theme = name;
  const now = document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light');
  button.textContent = document.body.dataset[now === 'dark' ? 'light' : 'dark'];
  return now;
}
const flip = () => {
  const next = theme() === 'dark' ? 'light' : 'dark';
  theme(next);
  try { localStorage.setItem('theme', next); } catch { /* a browser that keeps nothing still shows it */ }
};
openedInView();
button.addEventListener('click', flip);
dark.addEventListener('change', () => theme());
const list = byId('keys');
document.querySelector('.tools')?.append(button, el('button', { type: 'button', id: 'keys-open', class: 'quiet', 'aria-haspopup': 'dialog', onclick: () => list.showModal() },
  byId('keys-title').textContent, ' ', el('kbd', {}, '?')));
addEventListener('keydown', (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest('input, select, textarea, dialog')) return;
  const keys = { '?': () => list.showModal(), d: flip, '/': () => document.querySelector('main :is(input, select, textarea):not([type=hidden])')?.focus() };
  if (!keys[e.key]) return;
  e.preventDefault();
  keys[e.key]();
});
try { theme(localStorage.getItem('theme') ?? undefined); } catch { theme(); }

// Nobody loses what they are writing, or what they opened.
const isAtWork = () => [...document.querySelectorAll('main textarea, main input[type=password]')].some((field) => field.value !== field.defaultValue)
  || document.activeElement?.closest('main form, .moment') || document.querySelector('main [role=alert], main .receipt, main details[open]');

// Finds what has the focus now among what will be there instead.
function inFocus() {
  const now = document.activeElement;
  if (!now?.closest('#main, #answer')) return undefined;
  const said = (one) => [one.id, one.getAttribute('href'), one.getAttribute('name'), one.textContent].join('\n');
  const [tag, words] = [now.tagName, said(now)];
  return () => [...document.querySelectorAll(`:is(#main, #answer) ${tag}`)].find((one) => said(one) === words);
}

let waiting = false;
async function again() {
  waiting = isAtWork();
  if (waiting) return;
  const answer = await fetch(location.href, { headers: { 'servanda-quiet': '1' } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  // Somebody may have begun meanwhile.
  waiting = isAtWork();
  if (waiting) return;
  const focused = inFocus();
  for (const place of ['main', 'answer']) {
    const [old, now] = [byId(place), fresh.getElementById(place)];
    if (old && now) old.replaceWith(document.adoptNode(now));
  }
  focused?.()?.focus({ preventScroll: true });
  document.title = fresh.title;
  document.body.dataset.fresh = String(Number(document.body.dataset.fresh ?? 0) + 1);
}
if (document.body.dataset.live) {
  follow(again);
  addEventListener('focusout', () => setTimeout(() => waiting && again(), 300));
}
