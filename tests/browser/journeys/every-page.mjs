// Every page of the table of routes, in both languages, light and dark, wide and narrow: axe finds nothing, nothing is wider than the page,
// no text is a name of a text, `?` shows the keys. A page that is not in the table here fails the run.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { NARROW, person, picture, inLanguage, settled, tooWide, violations, visit, WIDE } from '../lib/browser.mjs';
import { option, ROOT } from '../lib/places.mjs';
import { PAGES } from '../lib/routes.mjs';
import { signedIn } from '../lib/signing.mjs';
import { KEYS, LANGUAGES, text } from '../lib/texts.mjs';

// Route → where it is looked at, as whom. To add a page: a line here, and a journey for those who use it.
//   at      the address, or how to make it of the world
//   as      an account of the team; without it nobody signs in
//   in      the workspace: the exercise, where nothing else is said
//   english the page has no Ukrainian yet
//   keys    false: a page without keys of its own
//   counts  what the page counts up in `body.dataset` when it has its answer
const LOOKED_AT = {
  '/': { at: '/', english: !existsSync(new URL('web/language.js', ROOT)) },
  '/incidents': { at: '/incidents' },
  '/incidents/{id}': { in: 'team', at: ({ team }) => `/incidents/${team.seen}` },
  '/map': { at: '/map' },
  '/access': { at: '/access' },
  '/duties': { at: '/duties' },
  '/triggers': { at: '/triggers' },
  '/triggers/{id}': { in: 'team', as: 'ihor', at: '/triggers/heavy-fire' },
  '/cases': { at: '/cases' },
  '/cases/{id}': { in: 'team', as: 'mira', at: ({ team }) => `/cases/${team.allegations.en}` },
  '/bulletin': { in: 'team', at: '/bulletin' },
  '/reports': { at: '/reports' },
  '/inspections': { at: '/inspections' },
  '/plans': { at: '/plans' },
  '/plans/{id}': { at: '/plans/support' },
  '/entry': { in: 'team', as: 'mira', at: '/entry', keys: false },
  '/draft': { at: '/draft', counts: 'checked' },
  '/lab': { at: '/lab', counts: 'replayed' },
  '/audit': { in: 'team', as: 'anna', at: '/audit' },
  '/sign-in': { in: 'team', at: '/sign-in', keys: false },
  '/account': { in: 'team', as: 'mira', at: '/account', keys: false },
  '/account/feeds': { in: 'team', as: 'mira', at: '/account/feeds', keys: false },
  '/invitation': { in: 'team', at: '/invitation', keys: false },
  '/first-account': { in: 'post', at: '/first-account', keys: false },
};

const LOOKS = [
  ['wide, light', WIDE, 'light'], ['wide, dark', WIDE, 'dark'], ['narrow, dark', NARROW, 'dark'], ['narrow, light', NARROW, 'light'],
];

export default async function everyPage(t, worlds) {
  await t.test('each route that is a page is looked at', () => {
    assert.deepEqual(PAGES.filter((path) => !(path in LOOKED_AT)), [], 'a page that nobody looks at: give it a line in tests/browser/journeys/every-page.mjs and a journey');
  });
  for (const path of PAGES.filter((one) => one in LOOKED_AT && (!option('page') || one === option('page')))) {
    const look = LOOKED_AT[path];
    const world = worlds[look.in ?? 'exercise'];
    const at = typeof look.at === 'function' ? look.at(worlds) : look.at;
    for (const language of LANGUAGES) {
      await t.test(`${path} ${language}`, async () => {
        const one = look.as ? await signedIn(world, look.as, { language, to: at }) : await person({ url: world.url, language });
        const { page } = one;
        const answer = await visit(page, inLanguage(at, language));
        assert.equal(answer.status(), 200);
        if (look.counts) {
          await page.waitForFunction((name) => Number(document.body.dataset[name]) > 0, look.counts);
          await settled(page);
        }
        const wrong = [];
        const found = async (what, lines) => lines.forEach((line) => wrong.push(`${what}: ${line}`));
        for (const [what, size, colorScheme] of LOOKS) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          await page.setViewportSize(size);
          await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
          await found(what, await violations(page));
          await found(what, (await tooWide(page)).map((name) => `wider than the page: ${name}`));
          await picture(page, `page-${path.replace(/\W+/g, '-').replace(/^-|-$/g, '') || 'board'}-${language}-${what.replace(', ', '-')}`);
        }
        // At 200 % a screen of 1280 has 640 left.
        await page.setViewportSize({ width: 640, height: 450 });
        await found('at 200 %', (await tooWide(page)).map((name) => `wider than the page: ${name}`));
        if (!(look.english && language !== 'en')) {
          assert.equal(await page.getAttribute('html', 'lang'), language, 'the page is in the language that was asked for');
          const read = (await page.locator('body').innerText()).split(/\s+/);
          await found('text', read.filter((word) => KEYS.has(word)).map((key) => `\`${key}\` is the name of a text, not a text`));
        }
        if (look.keys !== false) {
          await page.setViewportSize(WIDE);
          await page.evaluate(() => document.activeElement?.blur());
          await page.keyboard.press('?');
          if (!await page.locator('dialog[open]').count()) wrong.push('? shows no keys');
          else {
            await found('the keys', await violations(page));
            await page.keyboard.press('Escape');
            if (await page.locator('dialog[open]').count()) wrong.push('Escape does not close the keys');
          }
        }
        assert.deepEqual(wrong, []);
        await one.leave();
      });
    }
  }
  await t.test('the first page has at most 100 kB of scripts, packed', async (one) => {
    const somebody = await person({ url: worlds.exercise.url });
    const files = [];
    somebody.page.on('response', (response) => {
      if (response.request().resourceType() === 'script') files.push(response);
    });
    await visit(somebody.page, '/');
    const sizes = await Promise.all(files.map(async (file) => gzipSync(await file.body()).length));
    const all = sizes.reduce((sum, size) => sum + size, 0);
    one.diagnostic(`${files.length} scripts, ${(all / 1000).toFixed(1)} kB`);
    assert.ok(files.length > 3 && all <= 100_000, `${all} bytes`);
    await somebody.leave();
  });
  await t.test('a page that cannot be shown says what to do', async () => {
    for (const language of LANGUAGES) {
      const one = await person({ url: worlds.exercise.url, language });
      await visit(one.page, inLanguage('/duties?at=soon', language));
      assert.equal(await one.page.getByRole('heading', { level: 1 }).textContent(), text(language, 'cannot'));
      assert.ok(await one.page.getByRole('link', { name: text(language, 'start-anew') }).isVisible());
      assert.deepEqual(await violations(one.page), []);
      await one.leave(/Failed to load resource.* 400/);
    }
  });
}
