// Makes passkeys and signs in with them, in Chromium with a device of its own (a virtual authenticator), against the program as it is.
//
//   node passkey.mjs
//
// Wants `playwright-core`, a Chromium (`CHROMIUM` says where) and the program (`SERVANDA` says where; else target/debug or target/release).
// Ends with 0 where all is well or where it could not look (said loudly; with SERVANDA_FOREIGN=must that is a failure), else with 1.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

function cannot(why) {
  console.error(`SKIPPED: ${why}; passkeys were not tried in a browser`);
  process.exit(process.env.SERVANDA_FOREIGN === 'must' ? 1 : 0);
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const first = (all) => all.find((path) => path && existsSync(path));
const program = first([process.env.SERVANDA, join(root, 'target/debug/servanda'), join(root, 'target/release/servanda')]);
const chrome = first([process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']);
if (!program) cannot('the program is not built (`cargo build --package servanda`)');
if (!chrome) cannot('there is no Chromium');
const playwright = await import('playwright-core').catch(() => cannot('playwright-core is not here (`npm ci` in tests/browser)'));

const PASSWORD = 'a bridge over the river';
const folder = mkdtempSync(join(tmpdir(), 'servanda-passkey-'));
const mission = join(folder, 'mission');
function run(args, input = '') {
  const ran = spawnSync(program, args, { input, encoding: 'utf8' });
  assert.equal(ran.status, 0, `${args.join(' ')}: ${ran.stderr}`);
  return ran.stdout;
}
run(['new', mission]);
run(['account', 'set', 'mira', '--workspace', mission, '--role', 'reader', '--clearance', 'TLP:AMBER', '--password-stdin'], `${PASSWORD}\n`);
const server = spawn(program, ['serve', mission, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
let browser;
let failed = false;
try {
  let port;
  for await (const line of createInterface({ input: server.stdout })) {
    const found = /^serving http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
    if (found) { [, port] = found; break; }
  }
  // Under its name: a browser makes no passkey for a number.
  const url = `http://localhost:${port}`;
  browser = await playwright.chromium.launch({ executablePath: chrome, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  const context = await browser.newContext({ locale: 'en' });
  const page = await context.newPage();
  const problems = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(String(error)));
  const devices = await context.newCDPSession(page);
  await devices.send('WebAuthn.enable');
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  const { authenticatorId } = await devices.send('WebAuthn.addVirtualAuthenticator', { options });
  const kept = async () => (await devices.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
  const me = () => page.evaluate(async () => (await (await fetch('/api/me')).json()).name);

  const withPassword = async () => {
    await page.goto(`${url}/sign-in?back=%2Faccount`);
    await page.fill('#name', 'mira');
    await page.fill('#password', PASSWORD);
    await page.click('form[action="/sign-in"] button');
    await page.waitForURL(`${url}/account`);
  };
  const ask = async (called, password) => {
    await page.fill('form[action="/account/passkeys"] #called', called);
    await page.fill('form[action="/account/passkeys"] #password', password);
    await page.click('form[action="/account/passkeys"] button');
    await page.waitForLoadState();
  };
  const make = async (called) => {
    await ask(called, PASSWORD);
    await page.click('#passkey button');
    await page.waitForURL(`${url}/account`);
  };
  const withPasskey = async () => {
    await page.goto(`${url}/sign-in?back=%2Faccount`);
    await page.waitForSelector('#passkey:not([hidden])');
    await page.click('#passkey button');
    await page.waitForLoadState();
  };
  const signOut = async () => {
    await page.goto(`${url}/account`);
    await page.click('form[action="/sign-out"] button');
    await page.waitForURL(`${url}/sign-in`);
  };
  const step = async (what, does) => {
    await does();
    console.log(`ok  ${what}`);
  };

  await step('a passkey wants the password again', async () => {
    await withPassword();
    await ask('blue key', 'another bridge over it');
    assert.match(await page.textContent('[role=alert]'), /The password now is another one/);
    assert.equal((await kept()).length, 0);
  });
  await step('a device makes one, and the page lists it', async () => {
    await page.goto(`${url}/account`);
    await make('blue key');
    assert.match(await page.textContent('.passkeys'), /blue key/);
    const [one] = await kept();
    assert.equal(one.rpId, 'localhost');
    assert.equal(one.isResidentCredential, true);
  });
  await step('it signs in without name and password', async () => {
    await signOut();
    await withPasskey();
    await page.waitForURL(`${url}/account`);
    assert.equal(await me(), 'mira');
  });
  await step('again: it counts up', async () => {
    await signOut();
    await withPasskey();
    await page.waitForURL(`${url}/account`);
  });
  await step('the same device makes no second one for the account', async () => {
    await ask('again', PASSWORD);
    await page.click('#passkey button');
    await page.waitForSelector('#passkey [role=alert]:not([hidden])');
    assert.equal((await kept()).length, 1);
  });
  await step('a device that does not ask who its user is signs nobody in', async () => {
    await signOut();
    await devices.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
    await page.goto(`${url}/sign-in`);
    await page.click('#passkey button');
    await page.waitForSelector('#passkey [role=alert]:not([hidden])');
    assert.equal(await me(), null);
    await devices.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });
  });
  await step('a copy that counts from the beginning is refused', async () => {
    const [one] = await kept();
    assert.ok(one.signCount > 1, `the device counts: ${one.signCount}`);
    await devices.send('WebAuthn.removeCredential', { authenticatorId, credentialId: one.credentialId });
    await devices.send('WebAuthn.addCredential', { authenticatorId, credential: { ...one, signCount: 0 } });
    await withPasskey();
    assert.match(await page.textContent('.problem:not([hidden])'), /signs nobody in here/);
    assert.equal(await me(), null);
    await devices.send('WebAuthn.removeCredential', { authenticatorId, credentialId: one.credentialId });
    await devices.send('WebAuthn.addCredential', { authenticatorId, credential: { ...one, signCount: one.signCount + 10 } });
    await withPasskey();
    await page.waitForURL(`${url}/account`);
  });
  await step('revoked, it signs nobody in any more', async () => {
    await page.click('.passkeys button');
    await page.waitForURL(`${url}/account`);
    assert.equal(await page.locator('.passkeys li').count(), 0);
    await signOut();
    await withPasskey();
    assert.match(await page.textContent('.problem:not([hidden])'), /signs nobody in here/);
    assert.equal(await me(), null);
  });
  await step('in Ukrainian, too', async () => {
    await page.goto(`${url}/sign-in?lang=uk`);
    assert.match(await page.textContent('#passkey button'), /Увійти з ключем доступу/);
    assert.equal(await page.getAttribute('html', 'lang'), 'uk');
  });
  // What is refused is answered with a status that a browser writes down; nothing else may stand there.
  const others = problems.filter((text) => !/status of 4(01|03|22)/.test(text));
  assert.deepEqual(others, []);
} catch (error) {
  failed = true;
  console.error(error);
} finally {
  await browser?.close();
  // It enters what it noted of sign-ins before it ends.
  server.kill();
  if (server.exitCode === null) await new Promise((ended) => server.once('exit', ended));
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
