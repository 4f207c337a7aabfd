// Makes web/vendor/codemirror.js and its licence texts from the packages of package-lock.json, or compares with what is there.
// Whoever uses or builds servanda needs neither this nor Node: the made file is in the repository.
//
//   npm ci --ignore-scripts && node make.mjs            writes
//   npm ci --ignore-scripts && node make.mjs --compare  ends with 1 where anything differs
import { build } from 'esbuild';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const vendor = join(here, '../../web/vendor');

const made = await build({
  entryPoints: [join(here, 'entry.mjs')], absWorkingDir: here, bundle: true, format: 'esm', target: 'es2022', minify: true,
  charset: 'utf8', legalComments: 'none', write: false, metafile: true,
  banner: { js: '/* CodeMirror 6 and what it needs, bundled by editors/web/make.mjs; versions and licences: codemirror.licences.txt */' },
});
const packages = new Set(Object.entries(made.metafile.inputs).filter(([, input]) => input.bytes).map(([path]) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1]).filter(Boolean));
const texts = [];
for (const name of [...packages].sort()) {
  const folder = join(here, 'node_modules', name);
  const { version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const file = (await readdir(folder)).find((f) => /^licen[cs]e/i.test(f));
  if (!file) throw new Error(`${name} has no licence text`);
  texts.push(`${name} ${version} (${license})\n\n${(await readFile(join(folder, file), 'utf8')).trim()}\n`);
}
const files = {
  'codemirror.js': made.outputFiles[0].text,
  'codemirror.licences.txt': `What codemirror.js is made of\n\n${texts.join(`\n${'-'.repeat(78)}\n\n`)}`,
};
let differs = false;
for (const [name, text] of Object.entries(files)) {
  const path = join(vendor, name);
  if (!process.argv.includes('--compare')) {
    await writeFile(path, text);
    console.log(`${name}: ${Buffer.byteLength(text)} bytes`);
  } else if (await readFile(path, 'utf8').catch(() => '') !== text) {
    differs = true;
    console.error(`web/vendor/${name} is not what package-lock.json gives: run node make.mjs and look at the difference`);
  }
}
process.exitCode = differs ? 1 : 0;
