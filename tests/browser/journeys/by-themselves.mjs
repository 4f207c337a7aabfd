// Journeys that stand in a file of their own and make their own workspace: each is run as a person would run it.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium, program } from '../lib/places.mjs';

const FILES = [['passkey.mjs', []], ['offline-entry.mjs', [program()]]];
const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

export default async function byThemselves(t) {
  for (const [file, args] of FILES.filter(([name]) => existsSync(here(name)))) {
    await t.test(file, () => new Promise((done, fail) => {
      const env = { ...process.env, SERVANDA: program(), CHROMIUM: chromium(), PLAYWRIGHT: here('node_modules/playwright-core'), AXE: here('node_modules/axe-core/axe.min.js'), SERVANDA_FOREIGN: 'must' };
      // This runner's own words for its children would be read by them.
      delete env.NODE_TEST_CONTEXT;
      execFile(process.execPath, [here(file), ...args], { env, timeout: 240000, maxBuffer: 1 << 24 }, (error, out, problems) => {
        if (error) fail(new Error(`node tests/browser/${file} ${args.join(' ')}\n${out}${problems}`));
        else done();
      });
    }));
  }
}
