// Where things are: the project, the program, the browser.
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const ROOT = new URL('../../../', import.meta.url);

// The program that was built last, whoever built it; SERVANDA names another one.
export function program() {
  if (process.env.SERVANDA) return process.env.SERVANDA;
  const target = process.env.CARGO_TARGET_DIR ?? 'target';
  const folder = isAbsolute(target) ? pathToFileURL(`${target}/`) : new URL(`${target}/`, ROOT);
  const built = ['release', 'debug'].map((profile) => fileURLToPath(new URL(`${profile}/servanda`, folder))).filter(existsSync);
  return built.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0] ?? null;
}

const runs = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
export function chromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const folders = (process.env.PATH ?? '').split(delimiter);
  return ['chromium', 'chromium-browser', 'google-chrome'].flatMap((name) => folders.map((folder) => join(folder, name))).find(runs) ?? null;
}

// `--NAME VALUE` of the command line.
export function option(name) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? null : process.argv[at + 1] ?? '';
}

// Ends the run where it cannot mean anything; where everything must be there (`.ci/run` says so), that is a failure.
export function cannot(why, remedy) {
  const must = process.env.SERVANDA_FOREIGN === 'must';
  console.log(`\n*** THE PAGES ARE NOT LOOKED AT: ${why}. ${remedy} ***\n`);
  process.exit(must ? 1 : 0);
}
