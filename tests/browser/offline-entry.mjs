// A reporter enters reports in a real browser with the network down: nothing is lost, nothing is entered twice, and whoever comes to the
// device after signing out sees nothing. Everything but the first sign-in is done with the keyboard.
//
//   cargo build -p servanda
//   PLAYWRIGHT=FOLDER/node_modules/playwright-core node tests/browser/offline-entry.mjs target/debug/servanda [FOLDER FOR PICTURES]
//
// Needs Node 20, Chromium (CHROMIUM names it where it is not called chromium) and playwright-core, which is not part of this repository.
// Where AXE names a copy of axe-core's axe.min.js, the page is checked for accessibility too, in both themes and languages.
// It makes a workspace of its own with two reporters, and serves it. Ends with 0 where all is well, 1 where something is not.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const [program, pictures] = process.argv.slice(2);
if (!program) {
  console.error('usage: node tests/browser/offline-entry.mjs PROGRAM [FOLDER FOR PICTURES]');
  process.exit(2);
}
const require = createRequire(import.meta.url);
const { chromium } = require(process.env.PLAYWRIGHT ? resolve(process.env.PLAYWRIGHT) : 'playwright-core');
if (pictures) mkdirSync(pictures, { recursive: true });
const PASSWORD = 'a bridge over the river';
const folder = mkdtempSync(join(tmpdir(), 'offline-entry-'));
const workspace = join(folder, 'w');

const run = (args, input = '') => {
  const made = spawnSync(resolve(program), args, { input, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`${args.join(' ')}: ${made.stdout}${made.stderr}`);
  return made.stdout;
};
run(['new', workspace]);
// The example stands still in the past; here time goes on.
const settings = join(workspace, 'servanda.toml');
writeFileSync(settings, readFileSync(settings, 'utf8').replace(/^at = .*$/m, ''));
for (const name of ['mira', 'otto']) {
  run(['account', 'set', name, '--workspace', workspace, '--role', 'reader', '--role', 'reporter', '--clearance', 'TLP:RED', '--password-stdin'], `${PASSWORD}\n`);
}
let server;
const begin = (port) => new Promise((done, fail) => {
  server = spawn(resolve(program), ['serve', workspace, '--port', String(port)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const hear = (data) => {
    text += data;
    const found = text.match(/http:\/\/127\.0\.0\.1:(\d+)/);
    if (found) done(Number(found[1]));
  };
  server.stdout.on('data', hear);
  server.stderr.on('data', hear);
  server.on('exit', () => fail(new Error(`the server ended: ${text}`)));
});
const end = () => new Promise((done) => {
  server.removeAllListeners('exit');
  server.on('exit', done);
  server.kill('SIGTERM');
});
const port = await begin(0);
const base = `http://127.0.0.1:${port}`;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? spawnSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).stdout.trim(), args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-proxy-server', '--disable-background-networking'] });
const context = await browser.newContext({ viewport: { width: 900, height: 1000 }, locale: 'en-GB' });
const page = await context.newPage();
const problems = [];
page.on('pageerror', (error) => problems.push(`exception: ${error.message}`));
let failed = 0;
const check = (what, is, more = '') => {
  console.log(`${is ? 'ok  ' : 'FAIL'} ${what}${is ? '' : ` ${more}`}`);
  if (!is) failed += 1;
};
const picture = (name) => pictures && page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
// Asks again and again: the page's policy lets nobody evaluate text in it, which is how a browser would be told to wait.
const until = async (is, value, patience = 20000) => {
  for (const begun = Date.now(); ;) {
    if (await page.evaluate(is, value).catch(() => false)) return;
    if (Date.now() - begun > patience) throw new Error(`it did not come to be: ${is}`);
    await new Promise((done) => setTimeout(done, 50));
  }
};
const ready = (state) => until((s) => document.documentElement.dataset.ready === s, state, 20000);
const signIn = async (name) => {
  await page.goto(`${base}/sign-in?back=/entry`);
  await page.fill('#name', name);
  await page.fill('#password', PASSWORD);
  await page.press('#password', 'Enter');
  await ready('in');
};
const states = () => page.$$eval('.items > li', (all) => all.map((li) => li.dataset.state));
// What was typed last is written, and the page says so: a time alone may be that of an earlier key.
const saved = () => until(() => {
  const status = document.querySelector('form.report [role=status]');
  return status?.dataset.saved === 'yes' && /: (saved|збережено) \d/.test(status.textContent);
});
// Fills the form in with the keyboard alone: the focus stands in the first field when it opens.
const write = async (source, { submit = true } = {}) => {
  await until(() => document.activeElement?.id === 'q-what');
  await page.keyboard.type('exp');
  const tabTo = async (id) => {
    for (let i = 0; i < 12; i += 1) {
      if (await page.evaluate((w) => document.activeElement?.id === w, id)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`the keyboard does not come to ${id}`);
  };
  await tabTo('q-where');
  await page.keyboard.type('48.14 37.74 within 500m');
  await tabTo('q-means');
  await page.keyboard.type('hea');
  await tabTo('q-source');
  await page.keyboard.press('Control+A');
  await page.keyboard.type(source);
  await saved();
  if (!submit) return;
  await tabTo('q-marking');
  await page.keyboard.type('TLP:AMBER');
  await page.keyboard.press('Control+Enter');
};
// A photo, by its first bytes; and two that are called so and are none.
const JPEG = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from('a crater, seen from the road')]);
const file = (name, buffer) => ({ name, mimeType: 'application/octet-stream', buffer });
const fresh = async () => {
  await page.focus('#new-report');
  await page.keyboard.press('Enter');
};

try {
  await signIn('mira');
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  await page.reload();
  await ready('in');
  await until(() => navigator.serviceWorker.controller);
  check('the worker answers for the page', true);
  await picture('1-signed-in');

  // The network goes; the page opens all the same.
  await context.setOffline(true);
  await page.reload();
  await ready('away');
  check('the page opens without network, and knows who is at it', (await page.textContent('header')).includes('mira'));
  check('it says that there is no network', (await page.textContent('#network')).includes('none'));
  await fresh();
  await write('Patrol North 2');
  await page.waitForSelector('li[data-state=waiting]');
  check('a report waits on this device only', (await page.textContent('li[data-state=waiting]')).includes('on this device only'));
  await picture('2-waiting-offline');

  // A draft outlives the page, at any moment.
  await fresh();
  await write('Patrol South 7', { submit: false });
  await page.goto('about:blank');
  await page.goto(`${base}/entry`);
  await ready('away');
  check('a draft is there again after the page went away', (await page.inputValue('#q-source')) === 'Patrol South 7');
  const there = (await states()).join();
  check('and the one that waits', there === 'waiting', there);
  await picture('3-draft-again');
  // Files, without network: what is no photo is refused with a reason, the others wait sealed with the report.
  await page.setInputFiles('#q-files', [file('map.svg', Buffer.from('<svg onload="alert(1)"/>')), file('fake.jpg', Buffer.from('<script>alert(1)</script>'))]);
  await page.waitForSelector('#q-files-hint .fault');
  const refused = await page.textContent('#q-files-hint');
  check('a page or a drawing that is called a photo is not taken, and why', refused.includes('map.svg') && refused.includes('fake.jpg') && (await page.locator('.files li').count()) === 0, refused);
  await page.setInputFiles('#q-files', [file('crater <b>.jpg', JPEG), file('big.jpg', Buffer.concat([JPEG, Buffer.alloc(26214401)]))]);
  await page.waitForSelector('.files li');
  check('a file that is too large is not taken, and how large it may be', (await page.textContent('#q-files-hint')).includes('25 MB'));
  await page.setInputFiles('#q-files', [file('crater <b>.jpg', Buffer.concat([JPEG, Buffer.from('2')]))]);
  await until(() => document.querySelectorAll('.files li').length === 2);
  check('two files of one name get names of their own', (await page.locator('.files li').allInnerTexts()).join().includes('crater <b> (2).jpg'));
  await page.getByRole('button', { name: 'Remove crater <b> (2).jpg' }).click();
  await until(() => document.querySelectorAll('.files li').length === 1);
  await picture('3b-files');
  await page.goto('about:blank');
  await page.goto(`${base}/entry`);
  await ready('away');
  check('the file is there again after the page went away', (await page.textContent('.files')).includes('crater <b>.jpg'));
  await page.focus('#q-marking');
  await page.keyboard.press('Control+Enter');
  await page.waitForSelector('#faults');
  check('what is missing is named, and the focus goes there', await page.evaluate(() => document.activeElement?.id === 'faults'));
  await page.focus('#q-marking');
  await page.keyboard.type('TLP:GREEN');
  await page.keyboard.press('Control+Enter');
  await until(() => document.querySelectorAll('li[data-state=waiting]').length === 2);

  // Nothing of it is readable in what the device keeps.
  const kept = await page.evaluate(async () => {
    const database = await new Promise((done) => { const r = indexedDB.open('servanda-entry'); r.onsuccess = () => done(r.result); });
    const rows = await new Promise((done) => { const r = database.transaction('sealed').objectStore('sealed').getAll(); r.onsuccess = () => done(r.result); });
    const files = await new Promise((done) => { const r = database.transaction('files').objectStore('files').getAll(); r.onsuccess = () => done(r.result); });
    rows.push(...files);
    return rows.map((row) => JSON.stringify({ id: row.id, owner: row.owner }) + Array.from(new Uint8Array(row.data), (b) => String.fromCharCode(b)).join('')).join();
  });
  check('what the device keeps is sealed', kept.length > 500 && !/Patrol|mira|explosion|48\.14|crater/.test(kept));

  // The answer of the first delivery is lost on the way: it is sent again, and entered once.
  let lost = 0;
  await context.route('**/entry/deliver', async (route) => {
    if (lost === 0) {
      lost += 1;
      await route.fetch();
      await route.abort('connectionreset');
    } else await route.continue();
  });
  await context.setOffline(false);
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await page.waitForSelector('li[data-state=sending]', { timeout: 20000 });
  check('an answer that was lost leaves it being delivered', lost === 1);
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await until(() => document.querySelectorAll('li[data-state=delivered]').length === 2, null, 30000);
  check('both are delivered with receipts', /receipt \d+/.test(await page.textContent('li[data-state=delivered]')));
  const receipt = await page.textContent('li[data-state=delivered] pre');
  check('a receipt is signed by the log', /— servanda\//.test(receipt), receipt);
  await picture('4-delivered');
  const listed = await page.evaluate(async () => (await (await fetch('/api/incidents?at=2099-01-01T00:00Z')).json()).incidents?.map((one) => one.source) ?? []);
  check('each is entered once', listed.filter((s) => s === 'Patrol North 2').length === 1 && listed.filter((s) => s === 'Patrol South 7').length === 1, JSON.stringify(listed));

  // The file went after the reports; whoever may see the report saves it from the page of the incident.
  await until(() => /delivered/.test(document.querySelector('.items .files')?.textContent ?? ''), null, 30000);
  const left = await page.evaluate(async () => {
    const database = await new Promise((done) => { const r = indexedDB.open('servanda-entry'); r.onsuccess = () => done(r.result); });
    return new Promise((done) => { const r = database.transaction('files').objectStore('files').count(); r.onsuccess = () => done(r.result); });
  });
  check('a file that was delivered is no longer kept here', left === 0, String(left));
  const incident = await page.evaluate(async () => (await (await fetch('/api/incidents?at=2099-01-01T00:00Z')).json()).incidents.find((one) => one.source === 'Patrol South 7').id);
  const other = await context.newPage();
  await other.goto(`${base}/incidents/${encodeURIComponent(incident)}`);
  const link = other.getByRole('link', { name: 'Save crater <b>.jpg' });
  const [saved] = await Promise.all([other.waitForEvent('download'), link.click()]);
  check('the page of the incident saves it, under a name that leads nowhere', saved.suggestedFilename() === 'crater b.jpg' && readFileSync(await saved.path()).equals(JPEG), saved.suggestedFilename());
  if (pictures) await other.screenshot({ path: join(pictures, '4b-incident.png'), fullPage: true });
  await other.getByRole('link', { name: 'Report more about it, with photos or a PDF' }).click();
  await other.waitForSelector('#q-incident');
  check('and leads to a report of the same incident', (await other.inputValue('#q-incident')) === incident, await other.inputValue('#q-incident'));
  other.once('dialog', (dialog) => dialog.accept());
  await other.getByRole('button', { name: 'Discard' }).click();
  await other.waitForSelector('#new-report');
  await other.close();

  // What the server refuses comes back with its reason and is lost to nobody.
  await fresh();
  await write('Patrol North 2', { submit: false });
  await page.fill('#q-where', 'Atlantis');
  await page.focus('#q-marking');
  await page.keyboard.type('TLP:AMBER');
  await page.keyboard.press('Control+Enter');
  await page.waitForSelector('li[data-state=refused]', { timeout: 20000 });
  check('a place that is not known comes back with a reason', (await page.textContent('li[data-state=refused]')).includes('Atlantis'));
  await picture('5-refused');
  await page.click('li[data-state=refused] button');
  await page.waitForSelector('#q-where[aria-invalid=true]');
  await page.fill('#q-where', '48.20 37.80');
  await page.keyboard.press('Control+Enter');
  await until(() => document.querySelectorAll('li[data-state=delivered]').length === 3, null, 20000);
  check('and is delivered once it is corrected', true);

  // A report that was never delivered, and somebody else at the device.
  await context.setOffline(true);
  await fresh();
  await write('Patrol East 9');
  await page.waitForSelector('li[data-state=waiting]');
  await context.setOffline(false);
  await context.unroute('**/entry/deliver');
  await context.route('**/entry/deliver', (route) => route.abort());
  await page.goto(`${base}/account`);
  await page.click('form[action="/sign-out"] button');
  await page.waitForURL('**/sign-in');
  await context.setOffline(true);
  await page.goto(`${base}/entry`);
  await until(() => document.documentElement.dataset.ready);
  const after = await page.textContent('body');
  check('after signing out the device shows nothing', after.includes('Nobody is signed in') && !/Patrol|mira|delivered|wait on/.test(after), after.slice(0, 300));
  await picture('6-signed-out');
  await context.setOffline(false);
  await signIn('otto');
  const others = await page.textContent('body');
  check('nor does it to the next person', !/Patrol|mira/.test(others) && (await states()).length === 0, others.slice(0, 300));
  await page.goto(`${base}/account`);
  await page.click('form[action="/sign-out"] button');
  await page.waitForURL('**/sign-in');
  await context.unroute('**/entry/deliver');
  await signIn('mira');
  await until(() => document.querySelectorAll('li[data-state=delivered]').length === 4, null, 20000);
  check('whoever left it delivers it after signing in again', (await page.textContent('.items')).includes('Patrol') === false);
  const listed2 = await page.evaluate(async () => (await (await fetch('/api/incidents?at=2099-01-01T00:00Z')).json()).incidents?.map((one) => one.source) ?? []);
  check('all four are on record, each once', listed2.filter((s) => /Patrol (North 2|South 7|East 9)/.test(s)).length === 4, JSON.stringify(listed2));

  // The server starts anew: nobody is signed in any more, and nothing typed is lost.
  await fresh();
  await write('Patrol West 1', { submit: false });
  await end();
  await begin(port);
  await page.focus('#q-marking');
  await page.keyboard.type('TLP:AMBER');
  await page.keyboard.press('Control+Enter');
  await until(() => /Nobody is signed in/.test(document.body.textContent), null, 30000);
  await signIn('mira');
  await until(() => document.querySelectorAll('li[data-state=delivered]').length === 5, null, 30000);
  check('a sign-in that ended loses nothing', true);

  // Seen narrow, dark, in Ukrainian; and by axe.
  for (const [theme, lang, width] of [['light', 'en', 900], ['dark', 'en', 390], ['light', 'uk', 390], ['dark', 'uk', 900]]) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height: 900 });
    await page.goto(`${base}/entry?lang=${lang}`);
    await ready('in');
    await page.click('#new-report');
    await page.waitForSelector('form.report');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    check(`${theme} ${lang} ${width}: nothing is wider than the page`, wide <= 0, `${wide} px`);
    check(`${theme} ${lang}: the page says its language`, (await page.getAttribute('html', 'lang')) === lang);
    await picture(`7-${theme}-${lang}-${width}`);
    if (process.env.AXE) {
      await page.addScriptTag({ path: process.env.AXE }).catch(async () => page.evaluate(readFileSync(process.env.AXE, 'utf8')));
      const found = await page.evaluate(() => window.axe.run().then((r) => r.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)));
      check(`${theme} ${lang}: axe finds nothing`, found.length === 0, found.join('; '));
    }
    await page.setInputFiles('#q-files', [file('crater.jpg', JPEG), file('map.svg', Buffer.from('<svg/>'))]);
    await page.waitForSelector('.files li');
    await picture(`8-files-${theme}-${lang}-${width}`);
    page.once('dialog', (dialog) => dialog.accept());
    await page.getByRole('button', { name: /^(Discard|Відкинути)$/ }).click();
    await page.waitForSelector('#new-report');
  }
  await page.evaluate(() => localStorage.setItem('lang', 'uk'));
  await page.goto(`${base}/entry`);
  await ready('in');
  check('the language that was chosen is remembered', (await page.getAttribute('html', 'lang')) === 'uk');
  check('no exception on the page', problems.length === 0, problems.join('; '));
} catch (error) {
  check('the journey goes through', false, error.stack);
  await picture('failed');
}
await browser.close();
await end();
rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
console.log(failed ? `${failed} failed` : 'all is well');
process.exit(failed ? 1 : 0);
