// The reference picture: chosen or dropped, shown with its name, removed. Regions of the photograph
// that look like its regions take over their colours.
import { make, part, percent, symbol } from "./dom.js";
import { problem, say, solved } from "./notices.js";
import { forget, send } from "./pictures.js";

const KINDS = "image/*,.tif,.tiff,.jp2,.heic,.avif";
const CHOOSE = "Take colours from a picture";
const OFFERED = "Regions that look alike take over its colours. ";
const USED = "Regions that look alike have its colours.";
const dropHere = () => make("span", { className: "wide-only" }, "It can be dropped here.");
const GREY = "this picture is grey; one in colour has colours to give.";

/** A picture that is sent for its colours, as pictures.js sends it. */
class Reference {
  known = null;

  constructor(file, picture) {
    this.file = file;
    this.name = file.name;
    this.thumb = URL.createObjectURL(file);
    this.leaving = new AbortController();
    picture.leaving.signal.addEventListener("abort", () => {
      this.leaving.abort();
      URL.revokeObjectURL(this.thumb);
    });
  }
}

export class ReferencePanel {
  #hints;
  #sending = null; // the one that is on its way
  #image = make("img", { alt: "", draggable: false });
  #name = make("p");
  #row;
  #choose = make("button", { type: "button" }, CHOOSE);
  #words = make("p", { className: "fine", role: "status" });
  #chooser = make("input", { type: "file", accept: KINDS, hidden: true, id: "reference-file" });

  /** @param {import("./hints.js").Hints} hints */
  constructor(hints) {
    this.#hints = hints;
    const remove = make("button", { type: "button", className: "icon", id: "reference-remove" },
      symbol("close"));
    remove.setAttribute("aria-label", "Take no colours from it");
    remove.addEventListener("click", () => this.#remove());
    this.#chooser.setAttribute("aria-label", "Picture to take colours from");
    this.#chooser.addEventListener("change", () => {
      const [file] = this.#chooser.files;
      this.#chooser.value = ""; // the same one may be chosen again
      this.#take(file);
    });
    this.#choose.id = "reference-choose";
    this.#choose.addEventListener("click", () => this.#chooser.click());
    this.#image.addEventListener("error", () => { this.#image.hidden = true; }); // TIFF, say
    this.#image.addEventListener("load", () => { this.#image.hidden = false; });
    this.#row = make("div", { className: "chosen" }, this.#image, this.#name, remove);
    part("reference").append(this.#row, this.#choose, this.#words, this.#chooser);
    this.#takeDropped();
    hints.on("change", () => this.#draw());
    this.#draw();
  }

  async #take(file) {
    const { picture } = this.#hints;
    if (!picture || !file) return;
    this.#sending?.leaving.abort();
    const reference = new Reference(file, picture);
    this.#sending = reference;
    const tell = (share) => {
      this.#words.textContent = share < 1 ? `Sending ${percent(share)}` : "Reading";
    };
    try {
      await send(reference, tell);
      if (reference.known.was_colour) this.#use(picture, reference);
      else {
        forget(reference);
        throw new Error(GREY);
      }
    } catch (error) {
      const isUnwanted = reference.leaving.signal.aborted;
      if (!isUnwanted) problem("reference", `${file.name}: ${error.message}`);
    }
    if (this.#sending === reference) this.#sending = null;
    this.#draw();
  }

  #use(picture, reference) {
    picture.references.push(reference);
    solved("reference");
    this.#hints.refer(picture, reference);
    say(`Colours come from ${reference.name}`);
  }

  #remove() {
    this.#hints.refer(this.#hints.picture, null);
    say("Colours are the model's own");
    this.#choose.focus(); // the button that had it is gone
  }

  #takeDropped() {
    const zone = part("reference");
    const light = (isOver) => zone.classList.toggle("over", isOver);
    zone.addEventListener("dragover", (event) => {
      event.preventDefault();
      light(true);
    });
    zone.addEventListener("dragleave", ({ relatedTarget }) => {
      if (!zone.contains(relatedTarget)) light(false);
    });
    zone.addEventListener("drop", (event) => {
      light(false);
      const [file] = event.dataTransfer.files;
      if (!file) return;
      event.preventDefault(); // so that it is no photograph to colour
      this.#take(file);
    });
  }

  #draw() {
    const reference = this.#hints.picture?.reference;
    this.#row.hidden = !reference;
    this.#choose.textContent = reference ? "Take another picture" : CHOOSE;
    if (!this.#sending) this.#words.replaceChildren(...(reference ? [USED] : [OFFERED, dropHere()]));
    if (!reference) return;
    if (this.#image.src !== reference.thumb) this.#image.src = reference.thumb;
    this.#name.textContent = reference.name;
  }
}
