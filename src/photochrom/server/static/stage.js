// The stage: the photograph in grey and in colour, one over the other, as the viewport says.
import { decoded, discard, part, percent } from "./dom.js";
import { Viewport } from "./viewport.js";

const PIXELS_FROM = 3; // so many screen pixels for one of the photograph: show them as squares

/**
 * Tells by events: "draw" (the photograph lies elsewhere), "spot" (somebody chose a place, in
 * 0..1 of the photograph; only while `wantsSpots`).
 */
export class Stage extends EventTarget {
  viewport = new Viewport();
  wantsSpots = false;

  constructor() {
    super();
    this.element = part("stage");
    new ResizeObserver(() => this.#resize()).observe(this.element);
    this.#resize();
  }

  /** A photograph of so many pixels; its layers come later. */
  show(width, height) {
    this.viewport.show(width, height);
    this.draw();
  }

  clear() {
    for (const name of ["grey", "color"]) this.#replace(name);
    this.drop("doubt");
  }

  /** Puts a picture into the layer "grey" or "color"; done when it can be seen. */
  async put(name, blob, isWanted = () => true) {
    const image = await decoded(blob);
    if (isWanted()) this.#replace(name, image);
    else discard(image);
  }

  /** Hatches where a mask is opaque. */
  async mask(blob, isWanted) {
    const image = await decoded(blob);
    if (!isWanted()) {
      discard(image);
      return;
    }
    this.drop("doubt");
    const layer = part("layer-doubt");
    layer.mask = image;
    layer.style.maskImage = `url("${image.src}")`;
    layer.hidden = false;
  }

  drop(name) {
    const layer = part(`layer-${name}`);
    layer.hidden = true;
    discard(layer.mask);
    layer.mask = undefined;
  }

  has(name) {
    return part(`layer-${name}`).firstChild !== null;
  }

  /** The mean sRGB colour, 0..255, of a few pixels of the coloured picture around a spot. */
  colorAt({ x, y }) {
    const image = part("layer-color").firstChild;
    if (!image) return null;
    const side = 5;
    const canvas = new OffscreenCanvas(side, side);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const [left, top] = [x * image.naturalWidth - side / 2, y * image.naturalHeight - side / 2];
    context.drawImage(image, left, top, side, side, 0, 0, side, side);
    const sums = [0, 0, 0, 0];
    context.getImageData(0, 0, side, side).data.forEach((value, index) => {
      sums[index % 4] += value;
    });
    return sums.slice(0, 3).map((sum) => (sum * 255) / sums[3]); // what is outside has no alpha
  }

  chooseSpot(spot) {
    if (!this.wantsSpots || Math.min(spot.x, spot.y) < 0 || Math.max(spot.x, spot.y) > 1) return;
    this.dispatchEvent(new CustomEvent("spot", { detail: spot }));
  }

  draw() {
    const { viewport } = this;
    const { style } = part("sheet");
    style.width = `${viewport.shownWidth}px`;
    style.height = `${viewport.shownHeight}px`;
    style.transform = `translate(${viewport.x}px, ${viewport.y}px)`;
    const [left, right] = viewport.seen;
    const [top, bottom] = viewport.seenDown;
    const seen = { left, top, right: viewport.width - right, height: bottom - top };
    for (const [name, pixels] of Object.entries(seen)) {
      this.element.style.setProperty(`--seen-${name}`, `${pixels}px`);
    }
    const zoom = viewport.scale / viewport.fullScale;
    part("sheet").classList.toggle("squares", zoom >= PIXELS_FROM);
    this.element.classList.toggle("movable", !viewport.fitted);
    part("zoom-full").textContent = percent(zoom);
    part("zoom-full").setAttribute("aria-label", `Zoom to 100 %; now ${percent(zoom)}`);
    this.dispatchEvent(new Event("draw"));
  }

  on(type, callback) {
    this.addEventListener(type, (event) => callback(event.detail));
  }

  #replace(name, ...images) {
    const layer = part(`layer-${name}`);
    discard(layer.firstChild);
    layer.replaceChildren(...images);
  }

  #resize() {
    const { clientWidth, clientHeight } = this.element;
    if (!clientWidth) return; // not shown yet
    this.viewport.resize(clientWidth, clientHeight, clientWidth < 600 ? 0 : 24);
    this.draw();
  }
}
