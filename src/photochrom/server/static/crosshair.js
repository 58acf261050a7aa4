// The keyboard's way to a spot: arrow keys move a crosshair over the photograph, Enter takes it.
import { clamp, debounced, part } from "./dom.js";
import { say } from "./notices.js";

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 8; // CSS pixels on the screen, so that zooming in makes it finer
const FAR = 6; // times as much with Shift

export const placeInWords = ({ x, y }) =>
  `${Math.round(100 * x)} % across, ${Math.round(100 * y)} % down`;

export class Crosshair {
  #stage;
  #spot = { x: 0.5, y: 0.5 };
  #tell = debounced(300, () => say(placeInWords(this.#spot)));

  constructor(stage) {
    this.#stage = stage;
    const { element } = stage;
    element.addEventListener("keydown", (event) => this.#key(event));
    for (const type of ["focus", "blur"]) element.addEventListener(type, () => this.#draw());
    stage.on("draw", () => this.#draw());
    stage.on("spot", (spot) => { this.#spot = spot; });
  }

  #key(event) {
    if (!this.#stage.wantsSpots || event.target !== this.#stage.element) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.#stage.chooseSpot(this.#spot);
      return;
    }
    const way = STEPS[event.key];
    if (!way) return;
    event.preventDefault();
    const { viewport } = this.#stage;
    const step = STEP * (event.shiftKey ? FAR : 1);
    this.#spot = {
      x: clamp(this.#spot.x + (way[0] * step) / viewport.shownWidth, 0, 1),
      y: clamp(this.#spot.y + (way[1] * step) / viewport.shownHeight, 0, 1),
    };
    viewport.reveal(this.#spot);
    this.#stage.draw();
    this.#tell();
  }

  #draw() {
    const cross = part("crosshair");
    const { element } = this.#stage;
    cross.hidden = !(this.#stage.wantsSpots && element.matches(":focus-visible"));
    const { x, y } = this.#stage.viewport.toStage(this.#spot);
    cross.style.transform = `translate(${x}px, ${y}px)`;
  }
}
