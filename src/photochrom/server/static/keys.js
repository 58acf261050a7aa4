// Shortcuts. Single letters and figures can be switched off, for people who speak to their machine.
import { part } from "./dom.js";

const SWITCHED_OFF = "photochrom-no-single-keys"; // in localStorage

/**
 * Binds the page's shortcuts.
 * @param {Record<string, () => void>} single - by key
 * @param {{undo: () => void, redo: () => void, peek: (on: boolean) => void}} others
 */
export function bindKeys(single, { undo, redo, peek }) {
  const wanted = part("single-keys");
  wanted.checked = localStorage.getItem(SWITCHED_OFF) === null;
  wanted.addEventListener("change", () => {
    if (wanted.checked) localStorage.removeItem(SWITCHED_OFF);
    else localStorage.setItem(SWITCHED_OFF, "true");
  });
  part("help").addEventListener("click", () => part("help-dialog").showModal());

  document.addEventListener("keydown", (event) => {
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      const turn = { z: event.shiftKey ? redo : undo, y: redo }[key];
      if (!turn || event.altKey) return;
      event.preventDefault();
      turn();
      return;
    }
    if (event.altKey || !wanted.checked) return;
    if (key === "g") peek(true);
    if (!(key in single) || event.repeat && !"+-=".includes(key)) return;
    event.preventDefault();
    single[key]();
  });
  document.addEventListener("keyup", ({ key }) => {
    if (key.toLowerCase() === "g") peek(false);
  });
}

function isTyping(element) {
  return element.matches?.("textarea, select, input:not([type=range], [type=checkbox])") ?? false;
}
