// The hints of the photograph that is shown: placed, coloured, moved, erased. They are undone
// together with the reference picture, which is chosen beside them.

const RADIUS = 0.01; // of the short side, the engine's own default

/** Tells by events: "change" (of any hint, or of the chosen one). */
export class Hints extends EventTarget {
  #album;
  #draft = null; // a spot that has no colour yet; the server knows nothing of it
  chosen = -1;

  constructor(album) {
    super();
    this.#album = album;
    album.on("select", () => {
      this.#draft = null;
      this.choose(-1);
    });
  }

  /** All hints of the photograph, a draft at the end. */
  get all() {
    return this.#draft ? [...this.finished, this.#draft] : this.finished;
  }

  /** Those that have a colour. */
  get finished() {
    return this.picture?.hints ?? [];
  }

  get canUndo() {
    return Boolean(this.#draft) || Boolean(this.picture?.steps.canUndo);
  }

  get canRedo() {
    return Boolean(this.picture?.steps.canRedo);
  }

  get picture() {
    return this.#album.current;
  }

  /** Starts a hint: it needs a colour still. */
  place({ x, y }) {
    if (!this.picture?.known) return;
    const { radius } = this.#draft ?? this.all[this.chosen] ?? { radius: RADIUS };
    this.#draft = { x: rounded(x), y: rounded(y), radius };
    this.choose(this.all.length - 1);
  }

  choose(index) {
    this.chosen = index;
    if (this.#draft && index !== this.all.length - 1) this.#draft = null;
    this.#tell();
  }

  /** Gives the chosen hint a colour ("#rrggbb"), or null to keep the model's there. */
  color(color) {
    const hint = this.all[this.chosen];
    if (!hint) return;
    const { x, y, radius } = hint;
    const changed = color === null ? { x, y, radius, keep: true } : { x, y, radius, color };
    if (hint === this.#draft) {
      this.#draft = null;
      this.#commit([...this.finished, changed]);
    } else this.#replace(this.chosen, changed);
  }

  radius(radius) {
    this.#vary(this.chosen, { radius });
  }

  move(index, { x, y }) {
    this.#vary(index, { x: rounded(x), y: rounded(y) });
  }

  erase(index) {
    const isDraft = this.all[index] === this.#draft;
    const chosen = this.chosen === index ? -1 : this.chosen - (this.chosen > index ? 1 : 0);
    this.chosen = chosen;
    if (isDraft) {
      this.#draft = null;
      this.#tell();
    } else this.#commit(this.finished.filter((_, place) => place !== index));
  }

  /** Other hints instead of all there are, e.g. of a file or none. */
  replaceAll(hints) {
    this.#draft = null;
    this.chosen = -1;
    this.#commit(hints);
  }

  /** Has a photograph take its colours from a picture that was sent, or from none (null). */
  refer(picture, reference) {
    this.#step(picture, { reference });
  }

  undo() {
    if (this.#draft) this.erase(this.all.length - 1);
    else this.#turn("undo");
  }

  redo() {
    this.#turn("redo");
  }

  on(type, callback) {
    this.addEventListener(type, callback);
  }

  #turn(which) {
    const steps = this.picture?.steps;
    const before = steps?.now;
    steps?.[which]();
    if (steps?.now === before) return;
    this.chosen = -1;
    this.#tell();
    this.#album.changed(this.picture);
  }

  #vary(index, values) {
    const hint = this.all[index];
    if (!hint) return;
    if (hint === this.#draft) {
      Object.assign(hint, values);
      this.#tell();
    } else this.#replace(index, { ...hint, ...values });
  }

  #replace(index, hint) {
    this.#commit(this.finished.map((old, place) => (place === index ? hint : old)));
  }

  #commit(hints) {
    if (this.picture) this.#step(this.picture, { hints });
  }

  #step(picture, values) {
    picture.steps.push({ ...picture.steps.now, ...values });
    this.#tell();
    this.#album.changed(picture);
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}

// places to a ten-thousandth: files stay readable, and it is finer than any pixel of a hint
const rounded = (value) => Math.round(1e4 * value) / 1e4;
