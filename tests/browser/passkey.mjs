// Makes passkeys and signs in with them, in Chromium with a device of its own (a virtual authenticator), against the program as it is; then where
// a password alone does not do.
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
run(['account', 'set', 'otto', '--workspace', mission, '--role', 'reader', '--clearance', 'TLP:AMBER', '--password-stdin'], `${PASSWORD}\n`);
const servers = [];
// Under its name: a browser makes no passkey for a number.
const serve = async (settings = {}) => {
  const server = spawn(program, ['serve', mission, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...settings } });
  servers.push(server);
  for await (const line of createInterface({ input: server.stdout })) {
    const found = /^serving http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
    if (found) return `http://localhost:${found[1]}`;
  }
  throw new Error('the server ended');
};
const stop = (server) => new Promise((done) => {
  if (server.exitCode !== null || server.signalCode !== null) return done();
  server.on('exit', done);
  server.kill();
});
let browser;
let failed = false;
try {
  let url = await serve();
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

  const enter = async (name, back = '/account') => {
    await page.goto(`${url}/sign-in?back=${encodeURIComponent(back)}`);
    await page.fill('#name', name);
    await page.fill('#password', PASSWORD);
    await page.click('form[action="/sign-in"] button');
    await page.waitForLoadState();
  };
  const withPassword = async () => {
    await enter('mira');
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

  // Where a password alone does not do: another server of the same workspace, and an account that has no passkey yet.
  await stop(servers[0]);
  await context.clearCookies();
  // The device has a revoked one left; a person would choose another, and this device takes the first.
  await devices.send('WebAuthn.clearCredentials', { authenticatorId });
  url = await serve({ SERVANDA_PASSWORD_ALONE: 'false' });
  const status = (path) => page.evaluate(async (of) => (await fetch(of)).status, path);
  await step('where a password alone does not do, the page of signing in says so', async () => {
    await page.goto(`${url}/sign-in`);
    assert.match(await page.textContent('main'), /A password alone does not do here/);
  });
  await step('the password leads to the own page and nowhere else', async () => {
    await enter('otto', '/duties');
    await page.waitForURL(`${url}/account`);
    assert.match(await page.textContent('.problem'), /A password alone opens nothing on this server\. Make a passkey below/);
    for (const path of ['/', '/incidents', '/duties', '/reports']) {
      await page.goto(`${url}${path}`);
      assert.equal(new URL(page.url()).pathname, '/account', `${path} is not shown`);
    }
    assert.equal(await status('/api/board'), 403);
    assert.equal(await status('/api/duties'), 403);
    await page.goto(`${url}/account?lang=uk`);
    assert.match(await page.textContent('.problem'), /Самого пароля на цьому сервері не досить/);
  });
  await step('a passkey is made there, and then everything opens', async () => {
    await page.goto(`${url}/account`);
    await make('otto’s key');
    assert.equal(await page.locator('.problem:not([hidden])').count(), 0, 'nothing is missing any more');
    assert.equal(await me(), 'otto');
    assert.equal(await status('/api/board'), 200);
    for (const path of ['/', '/incidents', '/duties', '/reports']) {
      await page.goto(`${url}${path}`);
      assert.equal(new URL(page.url()).pathname, path, `${path} is shown`);
    }
  });
  await step('from then on the password signs nobody in, and the passkey does', async () => {
    await signOut();
    await enter('otto', '/duties');
    assert.match(await page.textContent('[role=alert]'), /it signs in with its passkey or through its institution only/);
    assert.equal(await me(), null);
    await page.goto(`${url}/sign-in?back=%2Fduties`);
    await page.waitForSelector('#passkey:not([hidden])');
    await page.click('#passkey button');
    await page.waitForURL(`${url}/duties`);
    assert.equal(await me(), 'otto');
    assert.equal(await status('/api/board'), 200);
  });
  // What is refused is answered with a status that a browser writes down; nothing else may stand there.
  const others = problems.filter((text) => !/status of 4(01|03|22)/.test(text));
  assert.deepEqual(others, []);
} catch (error) {
  failed = true;
  console.error(error);
} finally {
  await browser?.close();
  // They enter what they noted of sign-ins before they end.
  await Promise.all(servers.map(stop));
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
