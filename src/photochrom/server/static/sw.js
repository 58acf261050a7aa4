// Makes the page installable and takes photographs that other apps share with it. It caches
// nothing: shared files wait in memory until the page, which opens next, asks for them.

const SHARE_ADDRESS = "/share"; // as in manifest.webmanifest
let waiting = [];

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "POST" && new URL(url).pathname === SHARE_ADDRESS) {
    event.respondWith(receive(event.request));
  }
});

self.addEventListener("message", (event) => {
  if (event.data !== "shared?") return;
  event.source.postMessage({ shared: waiting });
  waiting = [];
});

async function receive(request) {
  const form = await request.formData();
  waiting = form.getAll("photographs").filter((entry) => entry instanceof File);
  return Response.redirect("/?shared", 303);
}
