// Lets the page of entry open without network: it keeps that page and its own files, and nothing else. No record, no answer of the
// server and nothing that anybody typed goes through here.
const KEPT = 'servanda-entry-2';
const FILES = ['/entry', '/assets/page.css', '/assets/entry.css', '/assets/entry.js', '/assets/entry-kept.js', '/assets/entry-words.js', '/assets/element.js', '/assets/icon.svg'];
const PATIENCE = 3000;

self.addEventListener('install', (event) => {
  const fresh = FILES.map((file) => new Request(file, { cache: 'reload', credentials: 'omit' }));
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll(fresh)).then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  const old = (names) => names.filter((name) => name.startsWith('servanda-entry-') && name !== KEPT);
  event.waitUntil(caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});

// The newest where the server answers soon; else what was kept.
async function answer(request, path) {
  const kept = await caches.open(KEPT);
  const there = await kept.match(path);
  const asked = fetch(new Request(path, { cache: 'no-cache', credentials: 'omit' })).then(async (response) => {
    if (response.ok && !response.redirected) await kept.put(path, response.clone());
    return response;
  });
  if (!there) return asked;
  const late = new Promise((done) => setTimeout(() => done(null), PATIENCE));
  const first = await Promise.race([asked.catch(() => null), late]);
  return first?.ok ? first : there;
}

self.addEventListener('fetch', (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== 'GET' || origin !== self.location.origin || !FILES.includes(pathname)) return;
  event.respondWith(answer(event.request, pathname));
});
