// The panel of hints: the editor of the chosen one, the list of all, undo and redo.
import { make, part, percent, showRange } from "./dom.js";
import { pickFromPicture } from "./dropper.js";
import { Latest } from "./latest.js";
import { suggestions } from "./pictures.js";

const HEX = /^#?([0-9a-f]{6}|[0-9a-f]{3})$/i;
const START = "#a0522d"; // of the colour field of a hint that has none

export class HintPanel {
  #hints;
  #album;
  #latest = new Latest();
  #spot = ""; // that the suggestions are for

  /** @param {import("./hints.js").Hints} hints */
  constructor(hints, album) {
    this.#hints = hints;
    this.#album = album;
    hints.on("change", () => this.#draw());
    part("hint-erase").addEventListener("click", () => {
      hints.erase(hints.chosen);
      part("stage").focus();
    });
    part("hint-keep").addEventListener("click", () => hints.color(null));
    part("hint-native").addEventListener("change", ({ target }) => hints.color(target.value));
    part("hint-hex").addEventListener("change", () => this.#takeHex());
    part("hint-radius").addEventListener("change", ({ target }) => hints.radius(+target.value));
    part("hint-radius").addEventListener("input", () => this.#drawRadius());
    part("hint-from").addEventListener("click", async () => {
      const color = await pickFromPicture(album.pictures);
      if (color) hints.color(color);
    });
    part("undo").addEventListener("click", () => hints.undo());
    part("redo").addEventListener("click", () => hints.redo());
    part("hints-erase").addEventListener("click", () => hints.replaceAll([]));
    this.#draw();
  }

  /** After a spot was chosen by keys, the editor is where they go on. */
  focus() {
    part("hint-title").focus();
  }

  #draw() {
    const { chosen, all, finished } = this.#hints;
    const hint = all[chosen];
    part("hint-editor").hidden = !hint;
    if (hint) this.#drawEditor(hint, chosen);
    else this.#spot = "";
    part("hints").replaceChildren(...finished.map((each, index) => this.#row(each, index)));
    part("undo").disabled = !this.#hints.canUndo;
    part("redo").disabled = !this.#hints.canRedo;
    for (const id of ["hints-erase", "hints-save"]) part(id).disabled = !finished.length;
  }

  #drawEditor(hint, index) {
    part("hint-title").textContent = `Hint ${index + 1}`;
    part("hint-native").value = hint.color ?? START;
    part("hint-hex").value = hint.color ?? "";
    part("hint-hex").removeAttribute("aria-invalid");
    part("hint-keep").setAttribute("aria-pressed", String(Boolean(hint.keep)));
    part("hint-radius").value = hint.radius;
    this.#drawRadius();
    const spot = `${this.#album.current.key} ${hint.x} ${hint.y}`;
    if (spot !== this.#spot) this.#suggest(hint, spot);
    for (const button of part("suggestions").children) {
      button.setAttribute("aria-pressed", String(button.dataset.color === hint.color));
    }
  }

  #drawRadius() {
    const input = part("hint-radius");
    showRange(input, `${(100 * input.value).toFixed(1)} %`);
  }

  async #suggest(hint, spot) {
    this.#spot = spot;
    part("suggestions").replaceChildren(make("p", { className: "fine" }, "Asking the model"));
    let found;
    try {
      found = await this.#latest.run((signal) => suggestions(this.#album.current, hint, signal));
    } catch (error) {
      // any colour can still be chosen by hand
      this.#tellNone(`The model's own colours do not come: ${error.message}`);
    }
    if (!found) return;
    if (!found.length) this.#tellNone("The model knows no likely colours.");
    else part("suggestions").replaceChildren(...found.map((each) => this.#swatch(each, hint)));
  }

  #tellNone(words) {
    part("suggestions").replaceChildren(make("p", { className: "fine" }, words));
  }

  #swatch({ color, share }, hint) {
    const fill = make("span", { className: "fill" });
    fill.style.backgroundColor = color;
    const button = make("button", { type: "button", className: "swatch-button" }, fill,
      make("span", {}, percent(share)));
    button.dataset.color = color;
    button.setAttribute("aria-label", `${color}, ${percent(share)} likely`);
    button.setAttribute("aria-pressed", String(color === hint.color));
    button.addEventListener("click", () => this.#hints.color(color));
    return button;
  }

  #takeHex() {
    const input = part("hint-hex");
    const found = HEX.exec(input.value.trim());
    input.setAttribute("aria-invalid", String(!found));
    if (!found) return;
    const digits = found[1].length === 3 ? found[1].replace(/./g, "$&$&") : found[1];
    this.#hints.color(`#${digits.toLowerCase()}`);
  }

  #row(hint, index) {
    const fill = make("span", { className: "swatch" });
    if (hint.color) fill.style.backgroundColor = hint.color;
    else fill.classList.add("kept");
    const words = hint.color ?? "model's own";
    const button = make("button", { type: "button" }, fill, `${index + 1}  ${words}`);
    button.setAttribute("aria-pressed", String(index === this.#hints.chosen));
    button.addEventListener("click", () => this.#hints.choose(index));
    return make("li", {}, button);
  }
}
