// The hints as pins on the photograph: to see, to choose, to move and to erase.
import { clamp, make, part } from "./dom.js";
import { placeInWords } from "./crosshair.js";

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 4; // CSS pixels
const DRAG = 4; // CSS pixels before a press is a drag

export class Pins {
  #stage;
  #hints;

  /** @param {import("./hints.js").Hints} hints */
  constructor(stage, hints) {
    this.#stage = stage;
    this.#hints = hints;
    stage.on("draw", () => this.#place());
    hints.on("change", () => this.#rebuild());
  }

  #rebuild() {
    const focused = [...part("pins").children].indexOf(document.activeElement);
    part("pins").replaceChildren(...this.#hints.all.map((hint, index) => this.#pin(hint, index)));
    part("pins").children[focused]?.focus({ preventScroll: true });
    this.#place();
  }

  #pin(hint, index) {
    const isDraft = !hint.color && !hint.keep;
    const what = isDraft ? "no colour yet" : hint.color ?? "the model's colour is kept";
    const pin = make("button", { type: "button", className: "pin" },
      make("span", { className: "spot" }), make("span", { className: "dot" }));
    pin.setAttribute("aria-label", `Hint ${index + 1}: ${what}, ${placeInWords(hint)}`);
    pin.setAttribute("aria-pressed", String(index === this.#hints.chosen));
    pin.classList.toggle("draft", isDraft);
    pin.classList.toggle("keep", Boolean(hint.keep));
    if (hint.color) pin.lastChild.style.backgroundColor = hint.color;
    pin.addEventListener("click", () => this.#hints.choose(index));
    pin.addEventListener("keydown", (event) => this.#key(event, index));
    this.#takeDrags(pin, index);
    return pin;
  }

  #key(event, index) {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.#hints.erase(index);
      (part("pins").children[Math.max(0, index - 1)] ?? this.#stage.element).focus();
    }
    const way = STEPS[event.key];
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    const step = STEP * (event.shiftKey ? 6 : 1);
    this.#hints.move(index, this.#shifted(this.#hints.all[index], way[0] * step, way[1] * step));
  }

  #takeDrags(pin, index) {
    let from = null;
    let dragged = false;
    pin.addEventListener("pointerdown", (event) => {
      from = { x: event.clientX, y: event.clientY };
      dragged = false;
      pin.setPointerCapture(event.pointerId);
    });
    pin.addEventListener("pointermove", (event) => {
      if (!from) return;
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      dragged ||= Math.hypot(dx, dy) > DRAG;
      if (dragged) this.#put(pin, this.#shifted(this.#hints.all[index], dx, dy));
    });
    pin.addEventListener("pointerup", (event) => {
      if (from && dragged) {
        const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
        this.#hints.move(index, this.#shifted(this.#hints.all[index], dx, dy));
      }
      from = null;
    });
    pin.addEventListener("pointercancel", () => {
      from = null;
      this.#place();
    });
  }

  #shifted({ x, y }, dx, dy) {
    const { viewport } = this.#stage;
    return {
      x: clamp(x + dx / viewport.shownWidth, 0, 1),
      y: clamp(y + dy / viewport.shownHeight, 0, 1),
    };
  }

  #place() {
    this.#hints.all.forEach((hint, index) => this.#put(part("pins").children[index], hint));
    const { viewport } = this.#stage;
    const short = Math.min(viewport.shownWidth, viewport.shownHeight);
    this.#hints.all.forEach(({ radius }, index) => {
      const { style } = part("pins").children[index].firstChild;
      style.width = style.height = `${2 * radius * short}px`;
    });
  }

  #put(pin, spot) {
    const { x, y } = this.#stage.viewport.toStage(spot);
    pin.style.transform = `translate(calc(${x}px - 50%), calc(${y}px - 50%))`;
  }
}
