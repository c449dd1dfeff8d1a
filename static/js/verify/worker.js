// The service worker of /verify: keeps the page, its scripts and its pictures of one release, so that it opens without a network.
// SHELL stands above: {version, pages: {language: address}, files: [address]}. The signed lists are kept by the page itself.

const KEPT = `verify-${SHELL.version}`;
const CHOICES = "verify-choices";
const LANGUAGE = "/verify/language";

self.addEventListener("install", (event) => {
  event.waitUntil(keep().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(drop().then(() => self.clients.claim()));
});

// All or nothing: a release is there whole or not at all. Without cookies, so that the page is nobody's.
async function keep() {
  const cache = await caches.open(KEPT);
  const asked = [...Object.values(SHELL.pages), ...SHELL.files];
  await cache.addAll(asked.map((address) => new Request(address, { cache: "reload", credentials: "omit" })));
}

async function drop() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith("verify-") && name !== KEPT && name !== CHOICES);
  await Promise.all(old.map((name) => caches.delete(name)));
}

self.addEventListener("message", (event) => {
  if (event.data?.language in SHELL.pages) event.waitUntil(remember(event.data.language));
});

async function remember(language) {
  const cache = await caches.open(CHOICES);
  await cache.put(LANGUAGE, new Response(language));
}

async function language(url) {
  const asked = url.searchParams.get("lang");
  if (asked in SHELL.pages) {
    await remember(asked);
    return asked;
  }
  const kept = await (await caches.open(CHOICES)).match(LANGUAGE);
  const known = kept && (await kept.text());
  if (known in SHELL.pages) return known;
  return navigator.language.startsWith("en") ? "en" : Object.keys(SHELL.pages)[0];
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  const isPage = url.pathname === "/verify" && event.request.mode === "navigate";
  if (isPage) event.respondWith(page(event.request, url));
  else if (SHELL.paths.includes(url.pathname)) event.respondWith(file(event.request));
});

async function page(request, url) {
  const cache = await caches.open(KEPT);
  return (await cache.match(SHELL.pages[await language(url)])) ?? fetch(request);
}

async function file(request) {
  const cache = await caches.open(KEPT);
  return (await cache.match(request, { ignoreSearch: true })) ?? fetch(request);
}
