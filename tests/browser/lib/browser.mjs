// A browser as a person has it, and what is asked of every page: accessible, quiet, nothing from elsewhere, the focus in sight.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium as engine } from 'playwright-core';
import { chromium, option } from './places.mjs';

const ARGUMENTS = [
  '--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--no-proxy-server', '--disable-dev-shm-usage',
];
export const WIDE = { width: 1280, height: 900 };
export const NARROW = { width: 390, height: 844 };
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const pictures = option('pictures') ?? process.env.SERVANDA_PICTURES ?? null;
if (pictures) mkdirSync(pictures, { recursive: true });
let taken = 0;

let browser;
export async function open() {
  browser = await engine.launch({ executablePath: chromium(), args: ARGUMENTS });
  return browser.version();
}
export const close = () => browser?.close();

// Somebody with a browser of their own: a language, and perhaps a name. What goes wrong on any of their pages is kept.
export async function person({ url, language = 'en', size = WIDE, dark = false }) {
  const context = await browser.newContext({
    viewport: size, locale: language === 'uk' ? 'uk-UA' : 'en-GB', timezoneId: 'Europe/Kyiv', colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce', baseURL: url,
    acceptDownloads: true,
  });
  context.setDefaultTimeout(20000);
  const wrong = [];
  context.on('request', (request) => {
    const to = request.url();
    if (!to.startsWith(`${url}/`) && !/^(data|blob|about):/.test(to)) wrong.push(`something is fetched from elsewhere: ${to}`);
  });
  context.on('console', (message) => {
    if (message.type() === 'error') wrong.push(`the console says: ${message.text()} (${message.location().url})`);
  });
  context.on('weberror', (error) => wrong.push(`a script failed: ${error.error().stack}`));
  return {
    context, wrong, language, page: await context.newPage(),
    // What a journey does on purpose makes no noise: `expected` matches it.
    async leave(expected = /^$/) {
      await context.close();
      const left = wrong.filter((line) => !expected.test(line));
      assert.deepEqual(left, [], 'the pages are quiet and fetch nothing from elsewhere');
    },
  };
}

// Until the page shows what it was asked for.
export async function settled(page) {
  await page.waitForLoadState('load');
  await page.waitForFunction(() => {
    const waits = document.querySelector('script[src="/assets/page.js"], script[src="/assets/start.js"]');
    const busy = [...document.querySelectorAll('.busy, [aria-busy=true]')].some((one) => !one.hidden);
    return (!waits || document.body.dataset.ready) && !busy;
  });
}
// Does something that makes the page show something else, and waits until it does.
export async function after(page, act) {
  const before = await page.evaluate('document.body.dataset.ready');
  await act();
  await page.waitForFunction((was) => document.body.dataset.ready !== was && document.getElementById('busy')?.hidden !== false, before);
}
export async function visit(page, address) {
  const answer = await page.goto(address);
  await settled(page);
  return answer;
}
export const inLanguage = (address, language) => `${address}${address.includes('?') ? '&' : '?'}lang=${language}`;

// What axe finds, worded.
export async function violations(page) {
  await page.evaluate(`if (!window.axe) { ${AXE} }`);
  return page.evaluate(async (rules) => {
    const { violations: found } = await window.axe.run(document, { runOnly: rules, resultTypes: ['violations'] });
    return found.map((one) => `${one.id} (${one.impact}): ${one.nodes.slice(0, 4).map((node) => `${node.target.join(' ')} ${node.any[0]?.message ?? node.all[0]?.message ?? node.none[0]?.message ?? ''}`).join(' | ')}`);
  }, RULES);
}
export async function accessible(page, what) {
  const found = await violations(page);
  assert.deepEqual(found, [], `axe finds nothing: ${what}`);
}

// Whatever stands outside of the page to the right, but for what scrolls by itself.
export const tooWide = (page) => page.evaluate(() => (document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')]
  .filter((one) => !one.closest('.scroll, .stage, svg') && one.getBoundingClientRect().right > innerWidth + 1).slice(0, 4).map((one) => `${one.tagName}.${one.className}`)));

export async function picture(page, name) {
  if (!pictures) return;
  taken += 1;
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true, animations: 'disabled' });
}
export const picturesTaken = () => (pictures ? `${taken} pictures in ${pictures}` : 'no pictures were asked for (--pictures FOLDER)');

// ---- the keyboard ----

// What has the focus, as a person would say it; nothing has it where it is lost.
export const focused = (page) => page.evaluate(() => {
  const one = document.activeElement;
  if (!one || one === document.body || one === document.documentElement) return null;
  const box = one.getBoundingClientRect();
  const style = getComputedStyle(one);
  const named = one.getAttribute('aria-label') ?? (one.labels?.length ? one.labels[0].textContent : null) ?? one.textContent;
  return {
    name: (named ?? '').replace(/\s+/g, ' ').trim().slice(0, 120), tag: one.tagName.toLowerCase(), kind: one.getAttribute('class') ?? '', id: one.id, field: one.name ?? '', href: one.getAttribute('href') ?? '', value: one.value ?? '',
    inside: [...document.querySelectorAll('nav, main, header, dialog[open], form, article, section')].filter((place) => place.contains(one)).map((place) => place.tagName.toLowerCase()),
    seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
    marked: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1,
  };
});

// Presses a key; afterwards something has the focus, in sight and marked.
export async function press(page, key, { mayLose = false } = {}) {
  await page.keyboard.press(key);
  const now = await focused(page);
  if (!mayLose) {
    assert.ok(now, `after ${key} something has the focus`);
    assert.ok(now.seen, `after ${key} what has the focus is in sight: ${JSON.stringify(now)}`);
    assert.ok(now.marked, `after ${key} what has the focus is marked: ${JSON.stringify(now)}`);
  }
  return now;
}

// Goes on with Tab until what has the focus is what is looked for.
export async function tabTo(page, what, wanted, most = 150) {
  const passed = [];
  for (let i = 0; i < most; i += 1) {
    await page.keyboard.press('Tab');
    const now = await focused(page);
    // Past the last thing of a page the focus goes to the browser's own bar, and comes back with the next Tab.
    if (!now) { passed.push('(the browser)'); continue; }
    assert.ok(now.seen, `what has the focus is in sight: ${JSON.stringify(now)}`);
    assert.ok(now.marked, `what has the focus is marked: ${JSON.stringify(now)}`);
    if (wanted(now)) return now;
    passed.push(now.name || now.id || now.tag);
  }
  assert.fail(`Tab does not come to ${what}; it came past ${passed.slice(0, 60).join(' · ')}`);
}
