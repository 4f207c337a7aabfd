// How fast the pages are: first paint, weight of the scripts, and the map with a million incidents. Figures, not tests: a slow machine
// fails nothing, but what is timed has to have been there.
//
//   npm ci && node figures.mjs [--runs 7] [--only pages|map] [--paths /,/duties] [--incidents 1000000] [--save]
//
// `--save` writes the table to bench/runs/DATE-pages.md. Take a release build; the map needs about 2 GB on the disk for temporary files,
// 4 GB of memory and some minutes to make its incidents, by `servanda exercise`.
import { copyFileSync, createReadStream, createWriteStream, existsSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { chromium, option, program, ROOT } from './lib/places.mjs';

for (const [there, what] of [[existsSync(new URL('node_modules/playwright-core', import.meta.url)), 'playwright-core is not here: run `npm ci` in tests/browser'],
  [chromium(), 'there is no Chromium'], [program(), 'the program is not built: cargo build --release --package servanda']]) {
  if (!there) {
    console.error(`error: ${what}`);
    process.exit(2);
  }
}
const browser = await import('./lib/browser.mjs');
const world = await import('./lib/world.mjs');

const runs = Number(option('runs') ?? 7);
const incidents = Number(option('incidents') ?? 1_000_000);
const only = option('only');
const paths = (option('paths') ?? '/,/incidents,/duties,/triggers').split(',');
const table = [];
const sorted = (all) => [...all].sort((a, b) => a - b);
const median = (all) => sorted(all)[Math.floor(all.length / 2)];
const worded = (n, unit) => `${n >= 100 ? Math.round(n).toLocaleString('en') : n.toFixed(n < 10 ? 2 : 1)}${unit ? ` ${unit}` : ''}`;
function row(figure, reach, unit, all) {
  const line = [figure, reach, worded(median(all), unit), worded(sorted(all)[0], unit), worded(sorted(all).at(-1), unit), String(all.length)];
  table.push(line);
  console.log(line.join(' | '));
}

// When the first content was painted, and when the page had its answer, since it was asked for; in milliseconds.
async function paint(page, path) {
  const answer = await page.goto(path);
  if (answer.status() !== 200) throw new Error(`${path} answers ${answer.status()}`);
  return page.evaluate(async () => {
    const first = await new Promise((done) => {
      const look = () => {
        const [entry] = performance.getEntriesByName('first-contentful-paint');
        if (entry) done(entry.startTime); else setTimeout(look, 5);
      };
      look();
    });
    return first;
  });
}

async function pages() {
  const exercise = await world.exercise();
  for (const path of paths) {
    const [paints, answers] = [[], []];
    for (let i = 0; i < runs; i += 1) {
      // A browser that has nothing kept, each time.
      const somebody = await browser.person({ url: exercise.url });
      const first = await paint(somebody.page, path);
      await browser.settled(somebody.page);
      answers.push(await somebody.page.evaluate(() => performance.now()));
      paints.push(first);
      await somebody.context.close();
    }
    row(`\`${path}\`, two years of an exercise: first contentful paint`, '500 ms', 'ms', paints);
    row(`\`${path}\`: until its answer stands there`, '-', 'ms', answers);
  }
  for (const path of ['/', '/incidents']) {
    const somebody = await browser.person({ url: exercise.url });
    const files = [];
    somebody.page.on('response', (response) => {
      if (response.request().resourceType() === 'script') files.push(response);
    });
    await browser.visit(somebody.page, path);
    let [sent, small] = [0, 0];
    for (const file of files) {
      sent += (await file.request().sizes()).responseBodySize;
      small += gzipSync(await file.body()).length;
    }
    row(`\`${path}\`: ${files.length} scripts as they are sent`, '100 kB', 'kB', [sent / 1000]);
    row(`\`${path}\`: the same, each packed with gzip`, '100 kB', 'kB', [small / 1000]);
    await somebody.context.close();
  }
  await exercise.stop();
}

// Of each incident the first report that has a point.
async function million() {
  await world.servanda(['new', 'million']);
  copyFileSync(new URL('million.pact.md', import.meta.url), world.place('million/river-truce.pact.md'));
  const [all, kept] = [world.place('all.jsonl'), world.place('million.jsonl')];
  await world.servanda(['exercise', '--out', all, '--seed', '5', '--incidents', String(Math.ceil((incidents * 1.25) / 730))]);
  const out = createWriteStream(kept);
  const seen = new Set();
  const lines = createInterface({ input: createReadStream(all) });
  for await (const line of lines) {
    if (!line.includes('"fact":"armed-attack"') || !line.includes('"lat":')) continue;
    const record = JSON.parse(line);
    if (record.supersedes || record.withdraws || record.recorded >= '2028-02-28' || seen.has(record.incident)) continue;
    seen.add(record.incident);
    if (!out.write(`${line}\n`)) await once(out, 'drain');
    if (seen.size === incidents) break;
  }
  lines.close();
  out.end();
  await once(out, 'finish');
  rmSync(all);
  rmSync(world.place('all.truth.jsonl'), { force: true });
  if (seen.size !== incidents) throw new Error(`only ${seen.size} incidents with a point were made`);
  return kept;
}

async function map() {
  const records = await million();
  const begun = Date.now();
  const server = await world.serve('million', ['--records', records, '--at', '2028-02-29', '--known-at', '2028-02-29']);
  const answer = await fetch(`${server.url}/api/points`);
  const bytes = (await answer.arrayBuffer()).byteLength;
  console.log(`served and first asked for after ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  row(`${incidents.toLocaleString('en')} incidents: the columns of points`, '-', 'MB', [bytes / 1e6]);
  const [first, points, drags, keys, reached] = [[], [], [], [], []];
  for (let i = 0; i < runs; i += 1) {
    const somebody = await browser.person({ url: server.url });
    const { page } = somebody;
    first.push(await paint(page, '/map'));
    await page.waitForFunction(() => document.body.dataset.points);
    const drawn = Number(await page.evaluate('document.body.dataset.points'));
    if (drawn !== incidents) throw new Error(`${drawn} points are drawn`);
    points.push(await page.evaluate(() => { const { startTime, duration } = performance.getEntriesByName('map-drawn')[0]; return startTime + duration; }));
    await browser.settled(page);
    await page.waitForTimeout(1500);

    // A stretch of a third of the time is drawn open, taken in hand, and moved for three seconds, as a mouse tells it: 125 times a second.
    await page.locator('#brush').scrollIntoViewIfNeeded();
    const box = await page.locator('#brush').boundingBox();
    const at = (share) => [box.x + box.width * share, box.y + 20];
    await page.mouse.move(...at(0.1));
    await page.mouse.down();
    await page.mouse.move(...at(0.3));
    await page.mouse.move(...at(0.43), { steps: 4 });
    await page.mouse.up();
    await page.waitForTimeout(1200);
    await page.mouse.move(...at(0.25));
    await page.mouse.down();
    const frames = await page.evaluate(async ({ x, y, width }) => {
      const time = document.getElementById('brush');
      const words = document.getElementById('brush-words');
      let [drawn, last] = [0, words.textContent];
      let longest = 0, before = performance.now();
      const from = before;
      await new Promise((done) => {
        const moves = setInterval(() => {
          const share = (performance.now() - from) / 3000;
          if (share >= 1) { clearInterval(moves); done(); return; }
          const sway = Math.sin(share * Math.PI * 4) * 0.3;
          time.dispatchEvent(new PointerEvent('pointermove', { clientX: x + width * (0.35 + sway * 0.5), clientY: y + 20, pointerId: 1, bubbles: true }));
        }, 8);
        const count = () => {
          const now = performance.now();
          if (words.textContent !== last) {
            drawn += 1;
            last = words.textContent;
            longest = Math.max(longest, now - before);
            before = now;
          }
          if (now - from < 3000) requestAnimationFrame(count);
        };
        requestAnimationFrame(count);
      });
      return { rate: drawn / 3, longest };
    }, box);
    await page.mouse.up();
    if (!frames.rate) throw new Error('the brush did not move');
    drags.push(frames.rate);
    reached.push(frames.longest);

    // By keyboard: until the next key shows.
    await page.waitForTimeout(1200);
    await page.locator('#brush').focus();
    const words = page.locator('#brush-words');
    const was = await words.textContent();
    const pressed = Date.now();
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction((old) => document.getElementById('brush-words').textContent !== old, was, { polling: 'raf' });
    keys.push(Date.now() - pressed);
    await somebody.context.close();
  }
  const of = `${incidents.toLocaleString('en')} incidents on the map`;
  row(`${of}: first contentful paint`, '2,000 ms', 'ms', first);
  row(`${of}: until all points are drawn`, '2,000 ms', 'ms', points);
  row(`${of}, no graphics card: frames a second while the brush is moved`, 'usable', '', drags);
  row(`${of}, no graphics card: longest gap between two of them`, '-', 'ms', reached);
  row(`${of}, no graphics card: from a key of the brush until it shows`, '-', 'ms', keys);
  await server.stop();
}

const version = await browser.open();
try {
  if (only !== 'map') await pages();
  if (only !== 'pages') await map();
} finally {
  await browser.close();
  await world.end();
}
const build = program().includes('debug') ? 'development build' : 'release build';
const about = `${cpus().length} cores, ${build}, Chromium ${version.split('.')[0]} without a graphics card (SwiftShader), server and browser on one machine; load of the machine at the end ${loadavg()[0].toFixed(1)}.`;
console.log(`\n${about}`);
if (process.argv.includes('--save')) {
  const day = new Date().toISOString().slice(0, 10);
  const file = new URL(`bench/runs/${day}-pages.md`, ROOT);
  const head = `# Figures, ${day}, pages in a browser\n\nBy \`node tests/browser/figures.mjs --runs ${runs} --save\`: ${about}\n\n`;
  const lines = [['figure', 'to reach', 'median', 'least', 'greatest', 'runs'], ['---', '---', '---', '---', '---', '---'], ...table];
  writeFileSync(file, `${head}${lines.map((line) => `| ${line.join(' | ')} |`).join('\n')}\n`);
  console.log(`kept in ${fileURLToPath(file)}`);
}
