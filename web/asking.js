// Questions that carry a text: sent, answered, and taken back where a newer one makes the answer useless.
import { el } from './element.js';
import { Refused, address } from './frame.js';

const OFTEN = 429;

// `moments`: what of the page's state goes along. A question that the server cannot take yet is asked again once.
export async function ask(path, body, { signal, moments, as = 'json' } = {}) {
  const where = moments ? address(path, { at: moments.at, known: moments.known, reading: moments.reading }) : path;
  const send = () => fetch(where, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), signal });
  let response = await send();
  if (response.status === OFTEN) {
    await new Promise((resolve) => { setTimeout(resolve, 1000 * Number(response.headers.get('retry-after') ?? 1)); });
    signal?.throwIfAborted();
    response = await send();
  }
  if (!response.ok) {
    const said = await response.json().catch(() => ({}));
    const refused = new Refused(said.message ?? String(response.status));
    refused.code = said.code;
    throw refused;
  }
  return response[as]();
}

// One question of a kind at a time: the newest counts, and the one before it is taken back.
export function newest() {
  let running = null;
  return {
    async ask(path, body, options) {
      running?.abort();
      const mine = new AbortController();
      running = mine;
      try {
        return await ask(path, body, { ...options, signal: mine.signal });
      } catch (error) {
        if (mine.signal.aborted) return null;
        throw error;
      } finally {
        if (running === mine) running = null;
      }
    },
    stop: () => running?.abort(),
  };
}

// A file to take away, made here.
export function save(name, type, text) {
  const link = el('a', { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// Rows as CSV; what a spreadsheet would take for a formula is made text.
export function csv(rows) {
  const cell = (value) => {
    const text = value === null || value === undefined ? '' : String(value);
    const safe = typeof value !== 'number' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return `${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}

// ---- the draft of this tab: kept by the browser for this tab and this account, and nowhere else ----

const PLACE = 'servanda-draft';
export async function account() {
  try { return (await (await fetch('/api/me')).json()).name ?? ''; } catch { return ''; }
}
export function draftOf(who) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(PLACE) ?? 'null');
    if (kept?.who === who && typeof kept.text === 'string') return kept;
    if (kept) sessionStorage.removeItem(PLACE);
  } catch { /* a browser that keeps nothing */ }
  return null;
}
export function keep(who, draft) {
  try {
    if (draft) sessionStorage.setItem(PLACE, JSON.stringify({ who, ...draft }));
    else sessionStorage.removeItem(PLACE);
    return true;
  } catch { return false; }
}
export const sheetOfStyle = () => {
  if (!document.querySelector('link[href="/assets/draft.css"]')) document.head.append(el('link', { rel: 'stylesheet', href: '/assets/draft.css' }));
};
