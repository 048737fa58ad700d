// Shows pushed alerts once each, and keeps pages and the last lists for when there is no network.
const SHELL = "gatewarden-shell-1";
const DATA = "gatewarden-data-1";
const KEPT = ["/api/v1/alerts", "/api/v1/sites", "/api/v1/passages", "/api/v1/session/state"];
const MOST = 200;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.add("/")).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((n) => n !== SHELL && n !== DATA).map((n) => caches.delete(n))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("message", (event) => {
  if (event.data === "forget") event.waitUntil(caches.delete(DATA));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate") event.respondWith(networkFirst(event.request, SHELL, "/"));
  else if (url.pathname.startsWith("/assets/")) event.respondWith(cacheFirst(event.request));
  else if (KEPT.some((path) => url.pathname.startsWith(path)) || /^\/api\/v1\/files\/\d+$/.test(url.pathname)) {
    event.respondWith(networkFirst(event.request, DATA));
  }
});

async function networkFirst(request, name, as) {
  const cache = await caches.open(name);
  try {
    const answer = await fetch(request);
    const type = answer.headers.get("content-type") ?? "";
    if (answer.status === 200 && !type.startsWith("video/")) {
      await cache.put(as ?? request, answer.clone());
      await trim(cache);
    }
    return answer;
  } catch (error) {
    const kept = await cache.match(as ?? request);
    if (kept) return kept;
    throw error;
  }
}

async function cacheFirst(request) {
  const cache = await caches.open(SHELL);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.status === 200) await cache.put(request, answer.clone());
  return answer;
}

async function trim(cache) {
  const keys = await cache.keys();
  for (const key of keys.slice(0, Math.max(0, keys.length - MOST))) await cache.delete(key);
}

self.addEventListener("push", (event) => {
  const said = event.data ? event.data.json() : {};
  const options = { body: said.body, tag: said.tag, data: { url: said.url }, icon: "/icon.svg", requireInteraction: said.severity >= 4 };
  event.waitUntil(self.registration.showNotification(said.title ?? "Gatewarden", options));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const path = new URL(event.notification.data?.url ?? "/alerts", self.location.origin).pathname;
  event.waitUntil(
    self.clients.matchAll({ type: "window" }).then(async (open) => {
      for (const client of open) {
        await client.navigate(path);
        return client.focus();
      }
      return self.clients.openWindow(path);
    }),
  );
});
