// Hints as a file: the JSON that `photochrom colorize --hints` takes as well.
import { part, saveFile } from "./dom.js";
import { problem, say, solved } from "./notices.js";

const FORMAT = "photochrom_hints";

export function saveHints(picture) {
  const content = JSON.stringify({ [FORMAT]: 1, hints: picture.hints }, null, 2);
  const name = `${picture.name.replace(/\.[^.]*$/, "")}.hints.json`;
  saveFile(new Blob([`${content}\n`], { type: "application/json" }), name);
}

/** @param {import("./hints.js").Hints} hints */
export function offerHintFiles(hints) {
  const chooser = part("hints-file");
  part("hints-save").addEventListener("click", () => saveHints(hints.picture));
  part("hints-load").addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", async () => {
    const [file] = chooser.files;
    chooser.value = "";
    try {
      const loaded = parsed(await file.text());
      hints.replaceAll(loaded);
      solved("hints");
      say(`${loaded.length} hints loaded`);
    } catch (error) {
      problem("hints", `${file.name}: ${error.message}`);
    }
  });
}

function parsed(text) {
  let content;
  try {
    content = JSON.parse(text);
  } catch {
    throw new Error("this is not a file of hints, but no JSON at all.");
  }
  if (content?.[FORMAT] !== 1 || !Array.isArray(content.hints)) {
    throw new Error(`this is not a file of hints: it must begin with {"${FORMAT}": 1, "hints": [.`);
  }
  content.hints.forEach((hint, index) => {
    const isShare = (value) => typeof value === "number" && value >= 0 && value <= 1;
    const isColor = /^#[0-9a-f]{6}$/i.test(hint.color ?? "");
    if (!isShare(hint.x) || !isShare(hint.y) || !(isColor || hint.keep === true)) {
      throw new Error(`hint ${index + 1} needs x and y of 0 to 1 and a colour like #a0522d.`);
    }
  });
  return content.hints.map((hint) => ({ radius: 0.01, ...hint }));
}
