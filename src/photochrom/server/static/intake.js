// Photographs come in: chosen, dropped, pasted, shared by another app, or the example.
import { part } from "./dom.js";
import { problem } from "./notices.js";

const EXAMPLE = "/static/example.jpg";

/** Calls back with the files, however they come. */
export function takeFiles(callback) {
  const chooser = part("files");
  const choose = () => chooser.click();
  part("choose").addEventListener("click", choose);
  part("add").addEventListener("click", choose);
  chooser.addEventListener("change", () => {
    callback([...chooser.files]);
    chooser.value = ""; // the same file may be chosen again
  });
  takeDropped(callback);
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    callback(files);
  });
  part("example").addEventListener("click", async () => {
    try {
      const response = await fetch(EXAMPLE);
      if (!response.ok) throw new Error(`the server answered with ${response.status}`);
      callback([new File([await response.blob()], "example.jpg", { type: "image/jpeg" })]);
    } catch (error) {
      problem("example", `The example does not come: ${error.message}.`);
    }
  });
  takeShared(callback);
}

function takeDropped(callback) {
  let depth = 0; // of elements that were entered; every child tells on its own
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  const show = (shown) => {
    part("dropping").hidden = !shown;
    if (!shown) depth = 0;
  };
  document.addEventListener("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    depth += 1;
    show(true);
  });
  document.addEventListener("dragleave", () => {
    depth -= 1;
    if (depth <= 0) show(false);
  });
  document.addEventListener("dragover", (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  document.addEventListener("drop", async (event) => {
    show(false);
    if (event.defaultPrevented || !carriesFiles(event)) return; // dropped as a reference
    event.preventDefault();
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.());
    const plain = [...event.dataTransfer.files];
    const folders = entries.filter((entry) => entry?.isDirectory);
    const files = plain.filter((_, index) => !entries[index]?.isDirectory);
    const within = await Promise.all(folders.map(filesOf));
    callback([...files, ...within.flat().filter((file) => file.type.startsWith("image/"))]);
  });
}

/** All files of a dropped folder and of those in it. */
async function filesOf(folder) {
  const reader = folder.createReader();
  const entries = [];
  for (;;) {
    // a browser gives some at a time, and none at the end
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    entries.push(...some);
  }
  const found = await Promise.all(entries.map((entry) => (
    entry.isDirectory ? filesOf(entry) : new Promise((resolve, reject) => {
      entry.file((file) => resolve([file]), reject);
    })
  )));
  return found.flat();
}

function takeShared(callback) {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    if (data.shared?.length) callback(data.shared);
  });
  navigator.serviceWorker.register("/sw.js").catch(() => {
    // the page works without being installed
  });
  if (!new URLSearchParams(location.search).has("shared")) return;
  history.replaceState(null, "", location.pathname);
  navigator.serviceWorker.ready.then(({ active }) => active.postMessage("shared?"));
}
