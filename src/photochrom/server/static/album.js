// The photographs on this page, which of them is shown, and how each is to be coloured.
import { History } from "./history.js";

export const VARIANTS = 5; // how many are made to choose from

/** One photograph: its file, what the server knows of it, and its options. */
export class Picture {
  static #count = 0;

  constructor(file) {
    this.key = (Picture.#count += 1);
    this.file = file;
    this.name = file.name;
    this.state = "waiting"; // sending, reading, colouring, ready, failed
    this.progress = 0; // of the sending, 0..1
    this.error = "";
    this.known = null; // what the server said: id, width, height, ...
    this.thumb = ""; // an address
    this.nearlyGrey = false;
    this.look = {}; // model, vividness, saturation, looks, size; only what differs from the model's
    this.variant = 0;
    this.seed = 0;
    this.steps = new History({ hints: [], reference: null }); // what can be undone
    this.references = []; // all that were sent for it, see reference.js
    this.casts = []; // {words, low, high, strength}
    this.leaving = new AbortController(); // aborts when the photograph is removed
  }

  get hints() {
    return this.steps.now.hints;
  }

  /** The picture whose colours it takes over, or null. */
  get reference() {
    return this.steps.now.reference;
  }

  /** The options as the server takes them; what is not set is the model's own. */
  get options() {
    const options = { ...this.look };
    if (this.variant) Object.assign(options, { variant: this.variant, variants: VARIANTS });
    if (this.seed) options.seed = this.seed;
    if (this.casts.length) options.hue_guard = this.casts.map(guard);
    if (this.hints.length) options.hints = this.hints;
    if (this.reference) options.reference = this.reference.known.id;
    return options;
  }

  get words() {
    switch (this.state) {
      case "sending": return `Sending ${Math.round(100 * this.progress)} %`;
      case "reading": return "Reading";
      case "colouring": return "Colouring";
      case "ready": return this.nearlyGrey ? "Ready, nearly grey" : "Ready";
      case "failed": return "Failed";
      default: return "Waiting";
    }
  }
}

const guard = ({ low, high, strength }) =>
  `${Math.round(low)}-${Math.round(high)}:${(1 - strength).toFixed(2)}`;

/**
 * Tells of what happens by events: "list" (photographs came or went), "select" (another is shown),
 * "state" (of the one in detail), "options" (of the one in detail).
 */
export class Album extends EventTarget {
  pictures = [];
  current = null;

  add(pictures) {
    this.pictures.push(...pictures);
    this.#tell("list");
    if (!this.current && pictures.length) this.select(pictures[0]);
  }

  remove(picture) {
    const place = this.pictures.indexOf(picture);
    if (place < 0) return;
    picture.leaving.abort();
    this.pictures.splice(place, 1);
    this.#tell("list", picture);
    if (this.current === picture) {
      this.select(this.pictures[Math.min(place, this.pictures.length - 1)] ?? null);
    }
  }

  select(picture) {
    this.current = picture;
    this.#tell("select", picture);
  }

  /** The next (1) or previous (-1) photograph, round in a circle. */
  step(by) {
    const { length } = this.pictures;
    if (length < 2) return;
    this.select(this.pictures[(this.pictures.indexOf(this.current) + by + length) % length]);
  }

  become(picture, state, values = {}) {
    Object.assign(picture, { state }, values);
    this.#tell("state", picture);
  }

  /** The options of a photograph have changed. */
  changed(picture) {
    this.#tell("options", picture);
  }

  on(types, callback) {
    for (const type of types.split(" ")) {
      this.addEventListener(type, (event) => callback(event.detail));
    }
  }

  #tell(type, picture = this.current) {
    this.dispatchEvent(new CustomEvent(type, { detail: picture }));
  }
}
