// Goes through the pages in a browser, as those would who use them: see README.md.
//
//   npm ci && node --test-reporter=spec journeys.mjs [--only WORDS] [--pictures FOLDER]
//
// Ends with 0 where all is well or where it could not look (said loudly; with SERVANDA_FOREIGN=must that is a failure), else with 1.
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { chromium, cannot, option, program } from './lib/places.mjs';

if (!existsSync(new URL('node_modules/playwright-core', import.meta.url)) || !existsSync(new URL('node_modules/axe-core', import.meta.url))) cannot('playwright-core and axe-core are not here', 'Run `npm ci` in tests/browser');
if (!chromium()) cannot('there is no Chromium', 'Install the package `chromium`, or say with CHROMIUM where it is');
if (!program()) cannot('the program is not built', 'Run `cargo build --package servanda`, or say with SERVANDA where it is');

const browser = await import('./lib/browser.mjs');
const world = await import('./lib/world.mjs');
const only = option('only')?.toLowerCase();

// In the order of the table of EXPERIENCE: who opens it. The last looks at every page there is.
const ALL = ['duty-officer', 'compliance-analyst', 'treaty-officer', 'crisis-cell', 'joint-commission', 'planner', 'drafter', 'public', 'auditor', 'own-account', 'keyboard', 'live', 'by-themselves', 'every-page'];
const chosen = ALL.filter((name) => !only || name.replaceAll('-', ' ').includes(only) || name.includes(only));
if (!chosen.length) {
  console.error(`no journey is called \`${only}\`; there are ${ALL.join(', ')}`);
  process.exit(1);
}

await test('journeys', async (all) => {
  const began = Date.now();
  all.diagnostic(`program: ${program()}, Node ${process.version}, Chromium ${await browser.open()}`);
  const [exercise, team, post] = [await world.exercise(), await world.team(), await world.post()];
  all.diagnostic(`three workspaces made and served in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  try {
    for (const name of chosen) {
      const journey = await import(`./journeys/${name}.mjs`);
      await all.test(name.replaceAll('-', ' '), (t) => journey.default(t, { exercise, team, post }));
    }
  } finally {
    await browser.close();
    await world.end();
    all.diagnostic(browser.picturesTaken());
  }
});
