// The tools: one open at a time; arrow keys go from one to the next.
import { part } from "./dom.js";

const NAMES = ["look", "variants", "hints", "casts", "doubt"];

export class Tabs {
  #onOpen;

  /** @param {(name: string) => void} onOpen */
  constructor(onOpen) {
    this.#onOpen = onOpen;
    NAMES.forEach((name, index) => {
      const tab = part(`tab-${name}`);
      tab.addEventListener("click", () => this.open(name));
      tab.addEventListener("keydown", (event) => {
        const { length } = NAMES;
        const next = { ArrowRight: index + 1, ArrowLeft: index - 1 + length, Home: 0,
          End: length - 1 }[event.key];
        if (next === undefined) return;
        event.preventDefault();
        this.open(NAMES[next % length]);
        part(`tab-${NAMES[next % length]}`).focus();
      });
    });
  }

  open(wanted) {
    for (const name of NAMES) {
      const tab = part(`tab-${name}`);
      tab.setAttribute("aria-selected", String(name === wanted));
      tab.tabIndex = name === wanted ? 0 : -1;
      part(`panel-${name}`).hidden = name !== wanted;
    }
    this.#onOpen(wanted);
  }
}
