// Where the photograph lies in the stage: pure geometry, in CSS pixels. A scale of 1 shows one
// pixel of the photograph as one CSS pixel.
import { clamp } from "./dom.js";

const LARGEST_FIT = 2.5; // small photographs are enlarged up to here to fill the stage
const CLOSEST = 16; // screen pixels for one of the photograph's

export class Viewport {
  width = 1;
  height = 1;
  imageWidth = 1;
  imageHeight = 1;
  scale = 1;
  x = 0;
  y = 0;
  margin = 0;
  fitted = true;

  /** The stage has another size. */
  resize(width, height, margin) {
    Object.assign(this, { width, height, margin });
    if (this.fitted) this.fit();
    else this.#hold();
  }

  /** Another photograph, of so many pixels, is shown whole. */
  show(imageWidth, imageHeight) {
    Object.assign(this, { imageWidth, imageHeight });
    this.fit();
  }

  fit() {
    this.scale = this.fitScale;
    this.fitted = true;
    this.#hold();
  }

  get fitScale() {
    const across = Math.max(1, this.width - 2 * this.margin) / this.imageWidth;
    const down = Math.max(1, this.height - 2 * this.margin) / this.imageHeight;
    return Math.min(across, down, LARGEST_FIT);
  }

  /** The scale at which every pixel of the photograph is one of the screen. */
  get fullScale() {
    return 1 / devicePixelRatio;
  }

  /** Zooms; the point of the stage stays where it is, by default its middle. */
  zoomTo(scale, atX = this.width / 2, atY = this.height / 2) {
    const wanted = clamp(scale, Math.min(this.fitScale, this.fullScale), CLOSEST * this.fullScale);
    const ratio = wanted / this.scale;
    this.x = atX - (atX - this.x) * ratio;
    this.y = atY - (atY - this.y) * ratio;
    this.scale = wanted;
    this.fitted = Math.abs(wanted / this.fitScale - 1) < 1e-3;
    this.#hold();
  }

  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.#hold();
  }

  /** Moves as little as is needed for a point of the photograph (0..1) to be seen. */
  reveal({ x, y }, border = 24) {
    const at = this.toStage({ x, y });
    const into = (place, size) => {
      const least = Math.min(border, size / 2);
      return clamp(place, least, size - least) - place;
    };
    this.pan(into(at.x, this.width), into(at.y, this.height));
  }

  get shownWidth() {
    return this.imageWidth * this.scale;
  }

  get shownHeight() {
    return this.imageHeight * this.scale;
  }

  toStage({ x, y }) {
    return { x: this.x + x * this.shownWidth, y: this.y + y * this.shownHeight };
  }

  /** The point of the photograph, 0..1 where it lies within. */
  toImage({ x, y }) {
    return { x: (x - this.x) / this.shownWidth, y: (y - this.y) / this.shownHeight };
  }

  /** What of the photograph's width is seen, in the stage. */
  get seen() {
    return [Math.max(0, this.x), Math.min(this.width, this.x + this.shownWidth)];
  }

  get seenDown() {
    return [Math.max(0, this.y), Math.min(this.height, this.y + this.shownHeight)];
  }

  // what fits lies in the middle; of what does not, no border may come in further than the margin
  #hold() {
    const held = (place, shown, room) => (
      shown <= room ? (room - shown) / 2 : clamp(place, room - shown, 0)
    );
    this.x = held(this.x, this.shownWidth, this.width);
    this.y = held(this.y, this.shownHeight, this.height);
  }
}
