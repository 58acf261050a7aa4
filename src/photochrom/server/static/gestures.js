// Moving about in the photograph: wheel, drag, pinch, double tap, keys and buttons.
import { part } from "./dom.js";

const TAP = 6; // CSS pixels that a finger may move and still tap
const STEP = 1.25; // of a key or a button
const PAN = 60; // CSS pixels of an arrow key
const WHEEL = 0.0018; // of a wheel's CSS pixels, in the logarithm of the zoom

export class Gestures {
  #stage;
  #pointers = new Map();
  #moved = 0;
  #apart = 0; // distance of two fingers

  constructor(stage) {
    this.#stage = stage;
    const { element } = stage;
    element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    for (const type of ["pointerup", "pointercancel"]) {
      element.addEventListener(type, (event) => this.#up(event));
    }
    element.addEventListener("dblclick", (event) => {
      if (!stage.wantsSpots && this.#isMine(event)) this.#toggle(this.#place(event));
    });
    element.addEventListener("keydown", (event) => this.#arrow(event));
    part("zoom-in").addEventListener("click", () => this.zoom(1));
    part("zoom-out").addEventListener("click", () => this.zoom(-1));
    part("zoom-fit").addEventListener("click", () => this.fit());
    part("zoom-full").addEventListener("click", () => this.full());
  }

  /** A step nearer (1) or farther (-1). */
  zoom(direction) {
    const { viewport } = this.#stage;
    viewport.zoomTo(viewport.scale * STEP ** direction);
    this.#stage.draw();
  }

  fit() {
    this.#stage.viewport.fit();
    this.#stage.draw();
  }

  full() {
    this.#stage.viewport.zoomTo(this.#stage.viewport.fullScale);
    this.#stage.draw();
  }

  #toggle(at) {
    const { viewport } = this.#stage;
    if (viewport.fitted) viewport.zoomTo(viewport.fullScale, at.x, at.y);
    else viewport.fit();
    this.#stage.draw();
  }

  #wheel(event) {
    event.preventDefault();
    const { viewport } = this.#stage;
    const at = this.#place(event);
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 33 * event.deltaY : event.deltaY;
    const speed = event.ctrlKey ? 5 * WHEEL : WHEEL; // a pinch on a trackpad comes in small steps
    viewport.zoomTo(viewport.scale * Math.exp(-pixels * speed), at.x, at.y);
    this.#stage.draw();
  }

  #down(event) {
    if (event.button !== 0 || !this.#isMine(event)) return;
    this.#stage.element.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, this.#place(event));
    if (this.#pointers.size === 1) this.#moved = 0;
    else this.#moved = Infinity; // two fingers never tap
    this.#apart = this.#spread();
  }

  #move(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = this.#place(event);
    const { viewport } = this.#stage;
    const count = this.#pointers.size;
    this.#moved += Math.hypot(now.x - before.x, now.y - before.y);
    this.#pointers.set(event.pointerId, now);
    if (count === 1 && this.#moved <= TAP) return;
    viewport.pan((now.x - before.x) / count, (now.y - before.y) / count);
    if (count === 2) {
      const apart = this.#spread();
      const [one, other] = [...this.#pointers.values()];
      const scale = viewport.scale * (apart / this.#apart);
      viewport.zoomTo(scale, (one.x + other.x) / 2, (one.y + other.y) / 2);
      this.#apart = apart;
    }
    this.#stage.draw();
  }

  #up(event) {
    if (!this.#pointers.delete(event.pointerId)) return;
    this.#apart = this.#spread();
    if (event.type === "pointerup" && this.#moved <= TAP) {
      this.#stage.chooseSpot(this.#stage.viewport.toImage(this.#place(event)));
    }
  }

  #arrow(event) {
    const way = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const [x, y] = way[event.key] ?? [0, 0];
    if (!(x || y) || event.target !== this.#stage.element || this.#stage.wantsSpots) return;
    event.preventDefault();
    this.#stage.viewport.pan(x * PAN, y * PAN);
    this.#stage.draw();
  }

  // pins and the divider lie on the stage and take their own pointers
  #isMine(event) {
    return !event.target.closest(".pin, .divider");
  }

  #place(event) {
    const box = this.#stage.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  #spread() {
    const [one, other] = [...this.#pointers.values()];
    return other ? Math.max(1, Math.hypot(one.x - other.x, one.y - other.y)) : 0;
  }
}
