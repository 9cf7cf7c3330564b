/**
 * Keeps the page itself on the phone, so that it opens without a line. Keeps nothing of anybody's: no answer of the
 * API and no picture passes through here.
 */
const KEPT = JSON.parse('@KEPT@');
const CACHE = `backhaul-${KEPT.version}`;
const BASE = new URL('../', self.location.href);
const SHELL = BASE.href;
const FILES = new Set(KEPT.files.map((name) => new URL(`web/${name}`, BASE).href));

self.addEventListener('install', (event) => {
  event.waitUntil(keep());
});

self.addEventListener('activate', (event) => {
  event.waitUntil(forgetOthers());
});

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== BASE.origin) return;
  url.search = '';
  url.hash = '';
  if (FILES.has(url.href)) event.respondWith(kept(url.href, event.request));
  else if (event.request.mode === 'navigate' && isPage(url)) event.respondWith(kept(SHELL, event.request));
});

function isPage(url) {
  return url.href === SHELL || url.href === `${SHELL}pair`;
}

async function keep() {
  const cache = await caches.open(CACHE);
  await cache.addAll([SHELL, ...FILES].map((url) => new Request(url, { cache: 'no-cache' })));
}

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith('backhaul-') && name !== CACHE).map((name) => caches.delete(name)));
}

async function kept(url, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(url)) ?? fetch(request);
}
