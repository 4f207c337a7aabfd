// Entering a report, with or without network. What is typed is saved on this device at once, sealed; what is put into the queue is delivered
// in order when there is a network, and answered with the receipt of the log. The server checks everything again.
import { el } from './element.js';
import { Kept, getPlain, possible, random, setPlain, sha256, shut } from './entry-kept.js';
import { QUESTIONS_UK, TERMS_UK, WORDS } from './entry-words.js';

const LANGUAGES = { en: 'English', uk: 'Українська' };
const asked = new URLSearchParams(location.search);
// The address says which, else what was chosen last in this browser (as on all other pages), else what the browser prefers.
const chosen = () => { try { return localStorage.getItem('lang'); } catch { return null; } };
const wanted = [asked.get('lang'), chosen(), ...(navigator.languages ?? [])].map((l) => (l ?? '').slice(0, 2));
const language = wanted.find((l) => l in LANGUAGES) ?? 'en';
const t = (key, values = {}) => (WORDS[key]?.[language === 'uk' ? 1 : 0] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
const term = (word) => (language === 'uk' && TERMS_UK[word]) || word.replaceAll('-', ' ');
const clock = () => new Date().toLocaleTimeString(language === 'uk' ? 'uk' : 'en-GB');

let kept = null; // what this device keeps for whoever is signed in
let profile = null; // what the form needs to know; kept too
let token = null; // of the sign-in; only from the server, never kept
let draft = null; // the report that is open
let saving = Promise.resolve();
let notice = '';
let withoutAccounts = false; // nobody signs in here: the workspace has none

const main = document.getElementById('main');
const head = document.getElementById('head');
const status = el('p', { class: 'hint', role: 'status', 'aria-live': 'polite' });
const say = (text) => { status.textContent = text; };

// ---- the server ----

class Away extends Error {}
async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.timeout(30000), ...options });
  } catch (error) {
    throw new Away(String(error));
  }
  // Between us and the server something answered that is not the server.
  const type = response.headers.get('content-type') ?? '';
  if (!type.includes('json') || response.status >= 500 || response.status === 429 || response.status === 408) throw new Away(String(response.status));
  return { status: response.status, body: await response.json() };
}

// Asks who is signed in. `away`: no network; `out`: nobody; `no`: may not report; `open`: the workspace has no accounts; `in`.
async function session() {
  let answer;
  try {
    answer = await ask('/entry/session');
  } catch {
    return 'away';
  }
  if (answer.status === 401) return 'out';
  if (answer.status !== 200) return answer.body.code === 'no-accounts' ? 'open' : 'no';
  const { token: fresh, ...rest } = answer.body;
  await setPlain('cookie', rest.cookie);
  kept = await Kept.open();
  if (!kept) return 'away';
  token = fresh;
  profile = rest;
  await kept.put({ profile });
  return 'in';
}

// ---- delivery ----

const items = () => kept.items();
const row = (item) => `item-${item.key}`;
// Moves one report on, with where the device stands, in one step.
const write = (item, more = {}) => kept.put({ [row(item)]: item, ...more });

async function chain() {
  return (await kept.get('chain')) ?? { device: random(8), number: 0, previous: null };
}

async function deliver() {
  if (!kept || !navigator.onLine) return;
  await navigator.locks.request('servanda-entry-deliver', { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    for (;;) {
      if (!(await kept.stands())) return leave('signed-out');
      const all = await items();
      // One whose answer never came goes first, as it was sent.
      const next = all.find((item) => item.state === 'sending') ?? all.find((item) => item.state === 'waiting');
      // Files last: a report that is short does not wait behind a photo on a thin line.
      const behind = all.find((item) => item.state === 'delivered' && waitingFile(item));
      if (!next && !behind) return;
      if (!token) {
        const who = await session();
        if (who === 'out') return signedOut();
        if (who !== 'in') return;
      }
      if (!(await (next ? one(next) : oneFile(behind)))) return;
      await draw();
    }
  });
}

// Sends with the token of the form. Where there is no answer to it, without `body`: whether it is to be tried again at once.
async function send(path, bytes, type, more = {}) {
  let answer;
  try {
    answer = await ask(path, { method: 'POST', body: bytes, headers: { 'content-type': type, 'servanda-form-token': token }, ...more });
  } catch {
    return { again: false };
  }
  if (answer.status === 401) {
    await signedOut();
    return { again: false };
  }
  if (answer.status === 403 && answer.body.code === 'old-form') {
    token = null;
    return { again: (await session()) === 'in' };
  }
  return answer;
}

// Delivers one. `false`: not now.
async function one(item) {
  const at = await chain();
  if (item.state !== 'sending') {
    const number = at.number + 1;
    const files = (item.files ?? []).map(({ name, hash }) => ({ name, hash }));
    const body = JSON.stringify({ servanda: 'report/1', device: at.device, number, previous: at.previous, made: item.made, answers: item.answers, ...(files.length && { files }) });
    Object.assign(item, { state: 'sending', number, body });
    // Before it goes: whatever happens now, the same bytes are sent again under the same number.
    await write(item, { chain: at });
  }
  const answer = await send('/entry/deliver', item.body, 'application/json');
  if (!answer.body) return answer.again;
  const { status: code, body } = answer;
  if (code === 200 && body.status === 'accepted') {
    const { number, answers, made, key } = item;
    const after = { device: at.device, number, previous: await sha256(item.body) };
    // What it said is no longer needed here: a line that tells which it was, and the receipt.
    const short = { what: answers.what, when: answers.when, where: answers.where };
    const said = { state: 'delivered', key, made, answers: short, receipt: body.receipt, entry: body.entry, record: body.record, files: item.files ?? [] };
    await write(said, { chain: after });
    return true;
  }
  // Refused: its number is free again.
  const faults = body.faults ?? [{ question: '', reason: body.message ?? String(code), remedy: '' }];
  const { number, body: sent, ...rest } = item;
  await write({ ...rest, state: 'refused', code: body.code ?? '', faults });
  return true;
}

// ---- files ----

const fileRow = (item, file) => `file-${item.key}-${file.hash}`;
const waitingFile = (item) => (item.files ?? []).find((file) => !file.sent && !file.refused);
const dropFiles = (item) => kept.dropFiles((item.files ?? []).map((file) => fileRow(item, file)));
const megabytes = (n) => (n < 100000 ? `${Math.max(1, Math.round(n / 1000))} kB` : `${(n / 1000000).toLocaleString(language === 'uk' ? 'uk' : 'en-GB', { maximumFractionDigits: 1 })} MB`);
const bounds = () => profile.files ?? { most: 0, largest: 0, kinds: [] };
const endings = () => bounds().kinds.flatMap((kind) => kind.endings);

// Delivers one file of a report that was taken. `false`: not now.
async function oneFile(item) {
  const file = waitingFile(item);
  const bytes = await kept.file(fileRow(item, file));
  const came = async (change) => {
    await write({ ...item, files: item.files.map((one) => (one === file ? { ...one, ...change } : one)) });
    await kept.dropFiles([fileRow(item, file)]);
    return true;
  };
  if (!bytes) return came({ refused: t('file-gone') });
  const path = `/entry/file?record=${encodeURIComponent(item.record)}&hash=${file.hash}`;
  const answer = await send(path, bytes, 'application/octet-stream', { signal: AbortSignal.timeout(600000) });
  if (!answer.body) return answer.again;
  const { status: code, body } = answer;
  if (code === 200 && body.status === 'accepted') return came({ sent: true });
  return came({ refused: body.code === 'refused-by-scanner' ? t('file-scanned') : body.message ?? String(code) });
}

// What is wrong with a file, or nothing; one that is too large has not been read. The server looks again.
function faultOfFile(name, bytes) {
  if (!bytes) return t('file-large', { name, n: Math.floor(bounds().largest / 1048576) });
  if (draft.files.length >= bounds().most) return t('file-most', { n: bounds().most });
  const ending = name.includes('.') ? name.split('.').pop().toLowerCase() : '';
  const kind = bounds().kinds.find((one) => one.endings.includes(ending));
  const from = (at, n) => Array.from(new Uint8Array(bytes, at, Math.max(0, Math.min(n, bytes.byteLength - at))), (b) => b.toString(16).padStart(2, '0')).join('');
  const fits = kind && bytes.byteLength > kind.at && kind.begins.some((begin) => from(kind.at, begin.length / 2) === begin);
  return fits ? null : t('file-kind', { name, endings: endings().join(', ') });
}

// A name of its own, as it will stand in the record.
function nameOf(name) {
  const [, stem, ending] = /^(.*?)(\.[^.]*)?$/s.exec([...name].map((c) => (/\p{Cc}/u.test(c) ? ' ' : c)).join('').trim());
  const end = ending ?? '';
  for (let n = 1; ; n += 1) {
    const more = n === 1 ? '' : ` (${n})`;
    const called = `${[...stem].slice(0, 60 - [...end].length - more.length).join('').trim() || 'file'}${more}${end}`;
    if (!draft.files.some((file) => file.name === called)) return called;
  }
}

async function addFiles(chosenFiles) {
  await saving;
  const into = draft;
  into.files ??= [];
  const faults = [];
  let added = 0;
  for (const one of chosenFiles) {
    const bytes = one.size > bounds().largest ? null : await one.arrayBuffer();
    const fault = faultOfFile(one.name, bytes);
    if (fault) {
      faults.push(fault);
      continue;
    }
    const file = { name: nameOf(one.name), hash: await sha256(bytes), size: one.size };
    if (into.files.some((other) => other.hash === file.hash)) continue;
    try {
      await kept.putFile(fileRow(into, file), bytes);
    } catch (error) {
      faults.push(t('draft-not-saved', { why: error?.name ?? String(error) }));
      break;
    }
    into.files.push(file);
    added += 1;
  }
  if (draft !== into) return kept?.dropFiles(into.files.map((file) => fileRow(into, file)));
  into.fileFaults = faults;
  await save();
  await draw('q-files');
  say(added ? t('files-added', { n: added }) : '');
}

async function removeFile(file) {
  await saving;
  draft.files = draft.files.filter((one) => one !== file);
  await kept.dropFiles([fileRow(draft, file)]);
  await save();
  await draw('q-files');
}

function filesField() {
  const files = draft.files ?? [];
  const faults = [...(draft.fileFaults ?? []), ...(draft.faults ?? []).filter((f) => f.question === 'files').map((f) => [f.reason, f.remedy].filter(Boolean).join('; '))];
  const input = el('input', { id: 'q-files', type: 'file', multiple: true, accept: endings().map((ending) => `.${ending}`).join(','), 'aria-describedby': 'q-files-hint', onchange: (e) => addFiles([...e.target.files]) });
  return el('div', { class: 'field' }, el('label', { for: 'q-files' }, t('files')),
    files.length ? el('ul', { class: 'files' }, files.map((file) => el('li', {}, el('span', {}, file.name), el('span', { class: 'hint' }, megabytes(file.size)), el('button', { type: 'button', 'aria-label': t('file-remove-one', { name: file.name }), onclick: () => removeFile(file) }, t('file-remove'))))) : null,
    input, el('div', { class: 'hint', id: 'q-files-hint' }, faults.map((fault) => el('div', { class: 'fault', role: 'alert' }, fault)), t('files-more', { n: bounds().most, size: Math.floor(bounds().largest / 1048576) })));
}

async function signedOut() {
  await saving;
  await leave('signed-out');
}

// Nothing of the account is on the screen or in reach any more.
async function leave(why) {
  await saving;
  kept = profile = token = draft = null;
  await shut();
  notice = t(why);
  await draw();
}

// ---- the form ----

const line = (answers) => [answers.what && answers.what.split(', ').map(term).join(', '), answers.when, answers.where].filter(Boolean).join(' · ') || t('untitled');

function zoned(date) {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: profile.zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).formatToParts(date);
  const of = (type) => parts.find((part) => part.type === type)?.value ?? '';
  return `${of('year')}-${of('month')}-${of('day')} ${of('hour')}:${of('minute')}`;
}

const TIME = /^(now|((about|around|~) ?)?(\d{4}-\d\d-\d\d[ T])?\d{1,2}:\d\d(:\d\d)?(-\d{1,2}:\d\d)?([zZ]|[+-]\d\d:\d\d)?|\d{4}-\d\d-\d\d.*to.*)$/;
// What can be said without the server; it looks at everything again.
function faultsOf(answers) {
  const faults = [];
  const fault = (question, key) => faults.push({ question, reason: t(key), remedy: '' });
  for (const q of profile.questions) if ((q.needed || q.key === 'marking') && !answers[q.key]?.trim()) fault(q.key, 'fault-needed');
  const has = (key) => answers[key]?.trim();
  if (has('when') && !TIME.test(has('when').toLowerCase())) fault('when', 'fault-when');
  if (has('count') && !/\d/.test(has('count'))) fault('count', 'fault-count');
  return faults;
}

// Saves what is typed, at once and in order; what comes while it is written is written next.
// It says that it is saved only of the last that was typed: `data-saved` is `no` from the first key on until all of it is written.
let again = false;
function save() {
  if (!draft || !kept) return saving;
  status.dataset.saved = 'no';
  if (again) return saving;
  again = true;
  saving = saving.then(async () => {
    again = false;
    if (!draft || !kept) return;
    draft.changed = new Date().toISOString();
    try {
      await write({ ...draft, answers: { ...draft.answers } });
      // What came meanwhile is written next, and is not saved yet.
      if (again) return;
      status.dataset.saved = 'yes';
      say(t('draft-saved', { time: clock() }));
    } catch (error) {
      say(t('draft-not-saved', { why: error?.name ?? String(error) }));
    }
  });
  return saving;
}

function control(q, value) {
  const id = `q-${q.key}`;
  const fault = draft.faults?.find((f) => f.question === q.key);
  const common = { id, name: q.key, required: q.needed || q.key === 'marking', 'aria-invalid': fault ? 'true' : null, 'aria-describedby': `${id}-hint`, oninput: (e) => { draft.answers[q.key] = e.target.value; save(); } };
  const option = (v, text) => el('option', { value: v, selected: v === value }, text);
  const choice = (list, name = (v) => v) => el('select', common, option('', `– ${t('choose')} –`), list.map((v) => option(v, name(v))));
  if (q.key === 'what') {
    return el('select', common, option('', `– ${t('choose')} –`), profile.classes.map(({ class: name, subclasses }) => el('optgroup', { label: term(name) }, subclasses.map((sub) => option(`${name}, ${sub}`, term(sub))))));
  }
  if (q.key === 'means') return choice(profile.means, term);
  if (q.key === 'marking') return choice(profile.markings);
  if (q.key === 'fact' && profile.facts.length) {
    return el('select', common, option('', '–'), profile.facts.map((f) => option(f.name, f.phrase)));
  }
  if (q.key === 'remark' || q.key === 'damage') {
    const area = el('textarea', { ...common, rows: 3, maxlength: 20000 });
    area.value = value ?? '';
    return area;
  }
  const list = { where: profile.zones, by: profile.parties }[q.key];
  const input = el('input', { ...common, value, autocomplete: 'off', spellcheck: 'false', maxlength: 500, list: list?.length ? `${id}-list` : null });
  return list?.length ? [input, el('datalist', { id: `${id}-list` }, list.map((one) => el('option', { value: one.name }, one.phrase)))] : input;
}

function field(q) {
  const [label, hint] = (language === 'uk' && QUESTIONS_UK[q.key]) || [q.ask, q.hint];
  const fault = draft.faults?.find((f) => f.question === q.key);
  const needed = q.needed || q.key === 'marking';
  const chosen = ['what', 'means', 'marking'].includes(q.key);
  const place = el('div', { class: 'field' }, el('label', { for: `q-${q.key}` }, label, needed && el('span', { class: 'hint' }, ` (${t('needed')})`)), control(q, draft.answers[q.key]),
    el('div', { class: 'hint', id: `q-${q.key}-hint` }, fault && el('div', { class: 'fault' }, [fault.reason, fault.remedy].filter(Boolean).join('; ')), q.key === 'marking' ? t('marking-more') : chosen ? '' : hint));
  if (q.key === 'when') {
    place.append(el('div', { class: 'buttons' }, el('button', { type: 'button', onclick: () => {
      const input = document.getElementById('q-when');
      input.value = zoned(new Date());
      input.dispatchEvent(new Event('input'));
      input.focus();
    } }, t('now'))));
  }
  return place;
}

const label = (key) => (language === 'uk' && QUESTIONS_UK[key]?.[0]) || profile.questions.find((q) => q.key === key)?.ask || key;

function form() {
  const always = profile.questions.filter((q) => q.always || q.key === 'marking');
  const others = profile.questions.filter((q) => !always.includes(q));
  const open = others.some((q) => draft.answers[q.key] || draft.faults?.some((f) => f.question === q.key));
  const faults = draft.faults ?? [];
  const which = (f) => (f.question === 'files' ? t('files') : f.question ? label(f.question) : `${f.reason}; ${f.remedy}`);
  const alert = faults.length ? el('p', { class: 'problem', role: 'alert', id: 'faults', tabindex: -1 }, t('faults', { n: faults.length, which: faults.map(which).join(' ') })) : null;
  return el('section', { class: 'card', 'aria-label': t('new') }, alert, el('form', { class: 'report', novalidate: true, onsubmit: (e) => { e.preventDefault(); queue(); }, onkeydown: (e) => { if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); queue(); } } },
    always.map(field), bounds().most ? filesField() : null, el('details', { open }, el('summary', {}, t('more')), others.map(field)),
    el('div', { class: 'buttons' }, el('button', { class: 'main' }, t('submit')), el('button', { type: 'button', onclick: discard }, t('discard')), el('span', { class: 'hint' }, t('keys'))), status));
}

async function begin(more = {}) {
  await saving;
  draft = { state: 'draft', key: random(16), begun: new Date().toISOString(), answers: { when: zoned(new Date()), source: (await kept.get('source')) ?? '', ...more }, faults: [], files: [] };
  delete status.dataset.saved;
  say(t('nothing-yet'));
  await draw('q-what');
}

async function discard() {
  if (!confirm(t('discard-sure'))) return;
  await saving;
  const gone = draft;
  draft = null;
  await kept.put({ [row(gone)]: null });
  await dropFiles(gone);
  await draw('new-report');
}

async function queue() {
  await saving;
  draft.faults = faultsOf(draft.answers);
  if (draft.faults.length) {
    await save();
    return draw('faults');
  }
  const answers = Object.fromEntries(Object.entries(draft.answers).map(([k, v]) => [k, v.trim()]).filter(([, v]) => v));
  // What is written as an hour is of the moment at which it was put into the queue: it is kept with it.
  const item = { state: 'waiting', key: draft.key, begun: draft.begun, made: new Date().toISOString(), answers, files: draft.files ?? [] };
  draft = null;
  await write(item, { source: answers.source ?? '' });
  notice = t('queued');
  await draw('new-report');
  deliver();
}

// ---- the list ----

const SIGNS = { draft: '✎', waiting: '◷', sending: '↑', delivered: '✓', refused: '✕' };
function entry(item) {
  const button = (key, act) => el('button', { type: 'button', onclick: act }, t(key));
  const open = async () => {
    await saving;
    const { code, made, ...rest } = item;
    draft = { ...rest, state: 'draft', faults: item.faults ?? [] };
    await write({ ...draft });
    say('');
    await draw(draft.faults.length ? 'faults' : 'q-what');
  };
  const remove = async () => { await kept.put({ [row(item)]: null }); await dropFiles(item); await draw('new-report'); };
  const files = item.files ?? [];
  const stateOf = (file) => (file.refused ? el('span', { class: 'fault' }, t('file-refused', { why: file.refused })) : el('span', { class: 'hint' }, t(file.sent ? 'file-sent' : 'file-waits')));
  const broken = item.state === 'refused' && ['conflict', 'gap', 'duplicate'].includes(item.code);
  const fresh = async () => {
    await write({ ...item, state: 'waiting', faults: [], code: '', made: new Date().toISOString() }, { chain: null });
    await draw();
    deliver();
  };
  const download = () => {
    const link = el('a', { href: URL.createObjectURL(new Blob([item.receipt], { type: 'text/plain' })), download: `receipt-${item.entry}.txt` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  return el('li', { 'data-state': item.state },
    el('span', { class: `state state-${item.state}` }, el('span', { class: 'sign', 'aria-hidden': 'true' }, SIGNS[item.state]), t(`state-${item.state}`, { n: item.entry })),
    el('span', {}, line(item.answers)),
    item.made && el('span', { class: 'hint' }, t('entered-at', { time: zoned(new Date(item.made)) })),
    item.state === 'refused' && el('div', { class: 'fault' }, broken ? t('chain') : '', item.faults.map((f) => el('div', {}, [f.question && label(f.question), f.reason, f.remedy].filter(Boolean).join('; ')))),
    files.length ? el('ul', { class: 'files' }, files.map((file) => el('li', {}, el('span', {}, file.name), el('span', { class: 'hint' }, megabytes(file.size)), stateOf(file)))) : null,
    item.receipt && el('details', {}, el('summary', {}, t('receipt')), el('pre', {}, item.receipt), el('div', { class: 'buttons' }, button('receipt-save', download))),
    el('div', { class: 'buttons' }, item.state === 'draft' && button('go-on', open), item.state === 'waiting' && button('back-to-draft', open), item.state === 'refused' && button('correct', open), broken && button('anew', fresh),
      item.state === 'delivered' && !waitingFile(item) && button('forget', remove)));
}

function list(all) {
  const shown = all.filter((item) => item.key !== draft?.key).reverse();
  const count = (state) => all.filter((item) => item.state === state).length;
  return el('section', { class: 'card', 'aria-labelledby': 'list-head' }, el('div', { class: 'line' }, el('h2', { id: 'list-head' }, t('list')), el('span', { class: 'hint', role: 'status' }, t('counts', { waiting: count('waiting') + count('sending'), delivered: count('delivered') }))),
    shown.length ? el('ul', { class: 'items' }, shown.map(entry)) : el('p', { class: 'empty' }, t('none')),
    el('div', { class: 'buttons' }, el('button', { type: 'button', onclick: () => deliver().then(() => draw()) }, t('deliver'))));
}

// ---- the page ----

const network = () => (navigator.onLine ? t('online') : [t('offline'), profile && t('offline-more')].filter(Boolean).join(' '));
function top() {
  const languages = el('select', { 'aria-label': t('language'), onchange: async (e) => {
    await saving;
    try { localStorage.setItem('lang', e.target.value); } catch { /* then the address alone says it */ }
    location.search = `?lang=${e.target.value}`;
  } }, Object.entries(LANGUAGES).map(([code, name]) => el('option', { value: code, lang: code, selected: code === language }, name)));
  return el('header', {}, el('div', { class: 'line' }, el('a', { href: '/' }, t('board')), languages), profile?.exercise && el('p', { class: 'exercise' }, t('exercise')), el('h1', {}, t('title')),
    el('p', { id: 'network', class: 'hint', role: 'status' }, network()),
    profile && el('p', { class: 'hint' }, t('as', { name: profile.party ? `${profile.account} (${profile.party})` : profile.account }), ' ', t('times', { zone: profile.zone })));
}

const MAKES_ACCOUNT = 'echo "PASSWORD" | servanda account set NAME --role reader --role reporter --password-stdin --workspace FOLDER';
let drawing = Promise.resolve();
// One at a time; `focus` is where the keyboard goes on.
function draw(focus) {
  drawing = drawing.then(() => redraw(focus), () => redraw(focus));
  return drawing;
}
async function redraw(focus) {
  if (kept && !(await kept.stands())) {
    kept = profile = token = draft = null;
    notice = t('signed-out');
  }
  const all = kept ? await items() : [];
  // Nobody loses the place that they are typing at.
  const typing = draft && !focus && main.contains(document.activeElement) ? document.activeElement.id : null;
  if (typing && document.getElementById(typing)) {
    main.querySelector('[data-list]')?.replaceChildren(list(all));
    return;
  }
  head.replaceChildren(top());
  const told = notice ? el('p', { class: 'about', role: 'status' }, notice) : null;
  notice = '';
  if (withoutAccounts) {
    main.replaceChildren(el('section', { class: 'card', id: 'no-accounts' }, el('h2', {}, t('no-accounts')), el('p', {}, t('no-accounts-why')), el('pre', { tabindex: 0, 'aria-label': t('no-accounts-command') }, el('code', {}, MAKES_ACCOUNT)),
      el('p', {}, t('no-accounts-then'), ' ', el('a', { href: `/sign-in?back=${encodeURIComponent('/entry')}` }, t('sign-in')))));
    return;
  }
  if (!kept || !profile) {
    main.replaceChildren(told ?? '', el('section', { class: 'card' }, el('h2', {}, t('nobody')), el('p', {}, t('nobody-more')), el('p', {}, el('a', { href: `/sign-in?back=${encodeURIComponent('/entry')}` }, t('sign-in')))));
    return;
  }
  main.replaceChildren(told ?? '', draft ? form() : el('div', { class: 'buttons' }, el('button', { id: 'new-report', type: 'button', class: 'main', onclick: () => begin() }, t('new'))),
    el('div', { 'data-list': '' }, list(all)), el('section', { class: 'card' }, el('div', { class: 'buttons' }, el('button', { type: 'button', onclick: () => leave('left') }, t('lock'))), el('p', { class: 'hint' }, t('lock-more'))));
  if (focus) document.getElementById(focus)?.focus();
}

async function start() {
  document.documentElement.lang = language;
  document.title = t('title');
  if (!possible()) {
    head.replaceChildren(top());
    main.replaceChildren(el('p', { class: 'problem' }, t('not-possible')));
    return;
  }
  navigator.serviceWorker.register('/entry/worker.js', { scope: '/entry' }).catch(() => {});
  navigator.storage?.persist?.();
  if (await getPlain('cookie')) kept = await Kept.open();
  profile = (await kept?.get('profile')) ?? null;
  // A draft that was open when the page went goes on.
  const before = kept ? (await items()).filter((item) => item.state === 'draft').at(-1) : null;
  if (profile && before) draft = before;
  await draw();
  const who = await session();
  if (who === 'out') {
    if (kept || profile) await leave('signed-out');
  } else if (who === 'no') {
    notice = t('not-reporter');
    kept = profile = null;
    await draw();
  } else if (who === 'open') {
    kept = profile = null;
    withoutAccounts = true;
    await draw();
  } else if (who === 'in') {
    // From the page of an incident: what is entered belongs to it.
    const incident = asked.get('incident');
    if (incident && !draft) await begin({ incident });
    if (incident) history.replaceState(null, '', location.pathname + (asked.get('lang') ? `?lang=${asked.get('lang')}` : ''));
    await draw();
    await deliver();
    await draw();
  }
  document.documentElement.dataset.ready = who;
}

const showNetwork = () => {
  const place = document.getElementById('network');
  if (place) place.textContent = network();
};
addEventListener('online', () => { showNetwork(); deliver().then(() => draw()); });
addEventListener('offline', showNetwork);
addEventListener('pagehide', () => { save(); });
document.addEventListener('visibilitychange', () => { if (document.hidden) save(); else deliver().then(() => draw()); });
setInterval(() => { if (!document.hidden) deliver().then(() => draw()); }, 20000);
start();
