// The texts of the pages, read from where the project keeps them: `web/words-*.js` and `crates/server/src/sheets/texts*.rs`.
// A journey asks for what a person reads, and a better wording breaks no journey.
import { readdirSync, readFileSync } from 'node:fs';
import { ROOT } from './places.mjs';

export const LANGUAGES = ['en', 'uk'];

// `words-en.js`, and beside it `words-OF-en.js` of pages that have many words of their own.
const web = { en: {}, uk: {} };
for (const file of readdirSync(new URL('web/', ROOT)).sort()) {
  const language = file.match(/^words-(?:\w+-)?(en|uk)\.js$/)?.[1];
  if (!language) continue;
  const source = readFileSync(new URL(`web/${file}`, ROOT), 'utf8');
  Object.assign(web[language], (await import(`data:text/javascript;charset=utf-8,${encodeURIComponent(source)}`)).default);
}

// ("key", "English", "Українською"), as rustfmt writes it, on one line or on several.
const sheets = { en: {}, uk: {} };
const literal = '"((?:[^"\\\\]|\\\\[^])*)"';
const entry = new RegExp(`\\(\\s*${literal},\\s*${literal},\\s*${literal},?\\s*\\)`, 'g');
const plain = (text) => text.replace(/\\\n\s*/g, '').replace(/\\"/g, '"').replace(/\\n/g, '\n').replace(/\\\\/g, '\\');
const folder = new URL('crates/server/src/sheets/', ROOT);
for (const file of readdirSync(folder).filter((name) => /^texts.*\.rs$/.test(name))) {
  for (const [, key, en, uk] of readFileSync(new URL(file, folder), 'utf8').matchAll(entry)) {
    sheets.en[plain(key)] = plain(en).split('|');
    sheets.uk[plain(key)] = plain(uk).split('|');
  }
}
if (Object.keys(sheets.en).length < 100) throw new Error('the texts of the sheets are not where they were: crates/server/src/sheets/texts*.rs');

const forms = (language, key) => {
  const found = [sheets[language][key], web[language][key]].flat().filter((text) => text !== undefined);
  if (!found.length) throw new Error(`no text is called \`${key}\`; web/words-*${language}.js and sheets/texts*.rs have them`);
  return found;
};
const quoted = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

// A text as it stands, where it has one form and nothing is filled in.
export const text = (language, key) => forms(language, key)[0];
// What matches a text in any of its forms, whatever is filled in.
export function says(language, key) {
  const one = (form) => form.split(/\{\w+\}/).map(quoted).join('[^]+?').replaceAll('`', '`?').replace(/\s+/g, '\\s+');
  return new RegExp(forms(language, key).map(one).join('|'), 'u');
}
// All names of texts: none of them may be seen on a page.
export const KEYS = new Set([...Object.keys(sheets.en), ...Object.keys(web.en)].filter((key) => /^\w+-[\w-]+$/.test(key)));
