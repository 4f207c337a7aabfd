// The table of routes, read from `crates/server/src/routes.rs`: what is a page there has to be looked at here.
import { readFileSync } from 'node:fs';
import { ROOT } from './places.mjs';

const source = readFileSync(new URL('crates/server/src/routes.rs', ROOT), 'utf8');
const table = source.slice(source.indexOf('pub static ROUTES'), source.indexOf('];', source.indexOf('pub static ROUTES')));
const routes = [...table.matchAll(/\b(reads|shows|does)\(\s*"([^"]+)"/g)].map(([, kind, path]) => ({ method: kind === 'does' ? 'POST' : 'GET', path }));

export const GET = routes.filter((route) => route.method === 'GET').map((route) => route.path);
if (!GET.includes('/')) throw new Error('the table of routes is not where it was: crates/server/src/routes.rs');

// Documents, files and streams: for programs, and to take away. Everything else is a page.
const DOCUMENTS = [
  /^\/api\//, /^\/assets\//, /^\/ogc(\/|$)/, /^\/feeds\//, /^\/events$/, /^\/health$/, /^\/metrics$/, /\.js$/,
  /^\/audit\/(checkpoint|proof)$/, /^\/reports\/\{id\}$/, /^\/plans\/\{id\}\/\{file\}$/, /^\/entry\/session$/, /^\/sign-in\/institution/,
];
export const PAGES = GET.filter((path) => !DOCUMENTS.some((shape) => shape.test(path)));
