// Before and after: a line to the left of which the photograph is grey, to the right in colour.
// It stands at a share (0..1) of what is seen of the photograph, so it is never out of reach.
import { clamp, part, percent } from "./dom.js";

const KNOB = 22; // CSS pixels, half its size: it stays within the stage
const KEYS = { ArrowLeft: -0.02, ArrowDown: -0.02, ArrowRight: 0.02, ArrowUp: 0.02,
  PageDown: -0.1, PageUp: 0.1, Home: -1, End: 1 };

export class Divider {
  #stage;
  #place = 0.5;
  #before = null; // where it stood before it was put away
  #peeking = false;

  constructor(stage) {
    this.#stage = stage;
    const line = part("divider");
    line.addEventListener("pointerdown", (event) => {
      line.setPointerCapture(event.pointerId);
      line.focus({ preventScroll: true });
      event.preventDefault();
    });
    line.addEventListener("pointermove", (event) => {
      if (line.hasPointerCapture(event.pointerId)) this.#follow(event.clientX);
    });
    line.addEventListener("keydown", (event) => {
      const by = KEYS[event.key];
      if (by === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      this.moveTo(this.#place + by * (event.shiftKey ? 5 : 1));
    });
    stage.on("draw", () => this.#draw());
  }

  moveTo(place) {
    this.#place = clamp(place, 0, 1);
    this.#before = null;
    this.#draw();
  }

  /** Out of the way, so that all is in colour; or back to where it was. */
  putAway(away) {
    if (away && this.#before === null) {
      const before = this.#place;
      this.moveTo(0);
      this.#before = before;
    } else if (!away && this.#before !== null) this.moveTo(this.#before);
  }

  /** All is grey for as long as somebody looks. */
  peek(peeking) {
    this.#peeking = peeking;
    this.#draw();
  }

  #follow(clientX) {
    const [left, right] = this.#stage.viewport.seen;
    const x = clientX - this.#stage.element.getBoundingClientRect().left;
    this.moveTo((x - left) / Math.max(1, right - left));
  }

  #draw() {
    const { viewport } = this.#stage;
    const [left, right] = viewport.seen;
    const x = left + this.#place * (right - left);
    const grey = this.#peeking ? 1 : clamp((x - viewport.x) / viewport.shownWidth, 0, 1);
    part("layer-color").style.clipPath = `inset(0 0 0 ${100 * grey}%)`;
    const line = part("divider");
    line.style.transform = `translateX(${x}px)`;
    const within = clamp(x, KNOB, viewport.width - KNOB) - x;
    line.firstElementChild.style.transform = `translate(calc(${within}px - 50%), -50%)`;
    line.setAttribute("aria-valuenow", Math.round(100 * this.#place));
    const words = `left ${percent(this.#place)} grey, right ${percent(1 - this.#place)} in colour`;
    line.setAttribute("aria-valuetext", words);
    part("side-before").classList.toggle("away", x - left < 96);
    part("side-after").classList.toggle("away", right - x < 96);
  }
}
