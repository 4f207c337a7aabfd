// Looks at the first page in headless Chromium, as a reader would: both themes, wide and narrow, with the keyboard.
//
//   cargo run -p servanda-server --example hand_built -- 7431 &
//   node tests/browser/first-page.mjs http://127.0.0.1:7431 [FOLDER FOR PICTURES]
//
// Needs Node 22 (or Node 20 with --experimental-websocket) and Chromium (CHROMIUM names it where it is not called chromium) and nothing from npm: it speaks the browser's own
// protocol. Where AXE names a copy of axe-core's axe.min.js, the pages are checked for accessibility too.
// Ends with 0 where all is well, 1 where something is not, 2 where it could not look.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [url, pictures] = process.argv.slice(2);
if (!url) {
  console.error('usage: node tests/browser/first-page.mjs URL [FOLDER FOR PICTURES]');
  process.exit(2);
}
if (pictures) mkdirSync(pictures, { recursive: true });
const profile = mkdtempSync(join(tmpdir(), 'first-page-'));
const browser = spawn(process.env.CHROMIUM ?? 'chromium', [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--no-proxy-server', '--hide-scrollbars', '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank',
], { stdio: ['ignore', 'ignore', 'pipe'] });
const end = (code) => {
  browser.kill();
  setTimeout(() => { rmSync(profile, { recursive: true, force: true, maxRetries: 5 }); process.exit(code); }, 400);
};
browser.on('error', (e) => { console.error(`cannot start Chromium: ${e.message}`); process.exit(2); });
const endpoint = await new Promise((done, fail) => {
  let text = '';
  browser.stderr.on('data', (d) => {
    text += d;
    const found = text.match(/ws:\/\/\S+/);
    if (found) done(found[0]);
  });
  setTimeout(() => fail(new Error('Chromium did not start in 30 s')), 30000).unref();
}).catch((e) => { console.error(e.message); end(2); });

if (typeof WebSocket === "undefined") {
  console.error("this Node has no WebSocket: take Node 22, or give Node 20 --experimental-websocket");
  end(2);
}
const socket = new WebSocket(endpoint);
await new Promise((done) => socket.addEventListener('open', done));
let last = 0, session;
const open = new Map();
const told = { problems: [], requests: [] };
socket.addEventListener('message', ({ data }) => {
  const message = JSON.parse(data);
  if (message.id) {
    const { done, fail } = open.get(message.id);
    open.delete(message.id);
    if (message.error) fail(new Error(message.error.message));
    else done(message.result);
  } else if (message.method === 'Runtime.exceptionThrown') told.problems.push(`exception: ${message.params.exceptionDetails.exception?.description ?? message.params.exceptionDetails.text}`);
  else if (message.method === 'Log.entryAdded' && message.params.entry.level === 'error') told.problems.push(`${message.params.entry.source}: ${message.params.entry.text} ${message.params.entry.url ?? ''}`);
  else if (message.method === 'Network.requestWillBeSent') told.requests.push(message.params.request.url);
});
const send = (method, params = {}) => new Promise((done, fail) => {
  last += 1;
  open.set(last, { done, fail });
  socket.send(JSON.stringify({ id: last, method, params, sessionId: session }));
});
const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
session = (await send('Target.attachToTarget', { targetId, flatten: true })).sessionId;
for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`);

const failures = [];
let checks = 0;
const check = (what, is, shown = '') => {
  checks += 1;
  if (!is) {
    failures.push(what);
    console.log(`not so: ${what} ${shown}`);
  }
};
const run = async (expression) => {
  const { result, exceptionDetails } = await send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value;
};
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const settled = async () => {
  for (let i = 0; i < 2400; i += 1) {
    if (await run("document.readyState === 'complete' && !!document.body.dataset.ready && document.getElementById('busy').hidden")) return pause(60);
    await pause(50);
  }
  throw new Error('the page does not settle in 2 minutes');
};
const visit = async (path) => {
  await send('Page.navigate', { url: 'about:blank' });
  await pause(50);
  await send('Page.navigate', { url: url + path });
  await pause(100);
  await settled();
};
const size = (width, height, dark) => Promise.all([
  send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 500 }),
  send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }] }),
]);
const picture = async (name) => {
  if (!pictures) return;
  const { data } = await send('Page.captureScreenshot', { captureBeyondViewport: true });
  writeFileSync(join(pictures, `${name}.png`), Buffer.from(data, 'base64'));
};
const KEYS = { ArrowDown: 40, Enter: 13, Escape: 27, Tab: 9 };
const press = async (key) => {
  const shared = { key, code: KEYS[key] ? key : undefined, windowsVirtualKeyCode: KEYS[key], text: key === 'Enter' ? '\r' : key.length === 1 ? key : undefined };
  await send('Input.dispatchKeyEvent', { type: 'keyDown', ...shared });
  await send('Input.dispatchKeyEvent', { type: 'keyUp', ...shared });
  await pause(80);
};
const axe = process.env.AXE && readFileSync(process.env.AXE, 'utf8');

try {
  for (const dark of [false, true]) {
    for (const width of [1280, 390]) {
      const where = `${width} ${dark ? 'dark' : 'light'}`;
      await size(width, width === 390 ? 844 : 900, dark);
      await visit('/');
      check(`${where}: the title is a question`, (await run('document.title')).includes('Is the agreement kept?'));
      check(`${where}: the answer stands above the fold`, await run("document.getElementById('answer').getBoundingClientRect().bottom < innerHeight"));
      check(`${where}: an exercise is called one`, await run("!document.getElementById('exercise').hidden && document.title.startsWith('EXERCISE')"));
      check(`${where}: both moments are shown`, await run("['at','known'].every((id) => /^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d$/.test(document.getElementById(id).value))"));
      check(`${where}: the board has rows, each with a shape and a word`, await run("[...document.querySelectorAll('#rows tr.row')].length > 3 && [...document.querySelectorAll('#rows tr.row .badge')].every((b) => b.querySelector('svg') && b.textContent.trim())"));
      check(`${where}: nothing is wider than the page`, await run('document.documentElement.scrollWidth <= innerWidth'), await run("[...document.querySelectorAll('body *')].filter((e) => !e.closest('.scroll, .stage, svg') && e.getBoundingClientRect().right > innerWidth + 1).slice(0, 4).map((e) => e.tagName + '.' + e.className).join(' ')"));
      check(`${where}: map and timeline are drawn`, await run("!!document.querySelector('#map svg .country') && !!document.querySelector('#timeline .bar')"));
      check(`${where}: every figure names its source`, await run("[...document.querySelectorAll('.figure')].every((f) => f.querySelector('.source'))"));
      check(`${where}: the local view says that it is one`, await run("document.getElementById('map').textContent.includes('Local view, not public')"));
      await picture(`board-${width}-${dark ? 'dark' : 'light'}`);
      if (axe) {
        await run(axe);
        const found = await run("axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] }).then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).join(' | ')))");
        check(`${where}: axe finds nothing`, found.length === 0, found.join('\n'));
      }

      // By keyboard: a row, its card, and back to the row.
      await press('j');
      await press('ArrowDown');
      const second = await run('document.activeElement.dataset.key');
      check(`${where}: keys move through the rows`, Boolean(second));
      await press('Enter');
      await pause(300);
      await settled();
      check(`${where}: Enter opens the card and the address says so`, await run("!!document.getElementById('card') && location.search.includes('norm=')"));
      check(`${where}: the card says why`, await run("['The rule', 'Because'].every((t) => document.getElementById('card').textContent.includes(t))"));
      check(`${where}: the card is in sight and has the focus`, await run("(() => { const r = document.getElementById('card').getBoundingClientRect(); return r.top < innerHeight && r.bottom > 0 && document.activeElement.id === 'card'; })()"));
      const wanted = ['What it rests on', 'What stands against it', 'What would change it'];
      const headings = await run("[...document.querySelectorAll('#card h3')].map((h) => h.textContent)");
      check(`${where}: the card says what it rests on, what stands against it and what would change it`, wanted.every((w) => headings.some((h) => h.startsWith(w))), headings.join(' | '));
      check(`${where}: each change says to what, with a shape and a word`, await run("[...document.querySelectorAll('#card .change')].length > 0 && [...document.querySelectorAll('#card .change .leads')].every((l) => l.querySelector('.badge svg') && l.querySelector('.badge').textContent.trim())"));
      check(`${where}: a record that stands against it can be reached with the keyboard`, await run("(() => { const b = document.querySelector('#card .change button.record'); if (!b) return true; b.focus(); return document.activeElement === b; })()"));
      check(`${where}: the explanation is not wider than the card`, await run("[...document.querySelectorAll('#card .changes li > *')].every((e) => e.getBoundingClientRect().right <= document.getElementById('card').getBoundingClientRect().right + 1)"));
      await run("document.getElementById('card').focus()");
      await picture(`card-${width}-${dark ? 'dark' : 'light'}`);
      if (axe) {
        const found = await run("axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] }).then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).join(' | ')))");
        check(`${where}: axe finds nothing with the card open`, found.length === 0, found.join('\n'));
      }
      await press('Escape');
      await pause(200);
      await settled();
      check(`${where}: Escape closes it and gives the focus back`, await run('document.activeElement.dataset.key') === second);
      await press('?');
      check(`${where}: ? shows the keys`, await run("document.getElementById('keys').open"));
      await press('Escape');
    }
  }
  await size(1280, 900, false);
  await visit('/');
  const before = await run("document.getElementById('at').value");
  await press(']');
  await pause(200);
  await settled();
  check('a day later moves the moment and the address', (await run("document.getElementById('at').value")) > before && (await run('location.search')).includes('at='));
  await run("(() => { const i = document.getElementById('at'); i.value = 'soon'; i.dispatchEvent(new Event('change')); })()");
  await pause(300);
  check('a time that is none is explained', await run("!document.getElementById('problem').hidden && document.getElementById('problem').textContent.includes('soon')"));
  check('nothing of a record is read as markup', await run("!document.querySelector('#main img, #main b > b')"));
  const strangers = told.requests.filter((r) => !r.startsWith(url) && !r.startsWith('about:') && !r.startsWith('data:'));
  check('nothing is fetched from elsewhere', strangers.length === 0, strangers.slice(0, 3).join(' '));
  const problems = told.problems.filter((p) => !p.includes('400 (Bad Request)'));
  check('the console is quiet', problems.length === 0, problems.slice(0, 5).join('\n'));
} catch (error) {
  failures.push('it could be looked at');
  console.log(error.stack);
}
console.log(`${checks} checks, ${failures.length} not so`);
end(failures.length ? 1 : 0);
