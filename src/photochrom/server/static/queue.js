// Every photograph's way: it is sent, then coloured small for the strip, one after the other.
import { Picture } from "./album.js";
import { debounced } from "./dom.js";
import { problem } from "./notices.js";
import { preview, send } from "./pictures.js";

const SENDING = 2; // at the same time
const THUMB_SIDE = 256; // pixels
const SETTLED = 600; // milliseconds after the last change of options

export class Queue {
  #album;
  #limits;
  #unsent = [];
  #sending = 0;
  #uncoloured = new Set();
  #colouring = false;

  /** @param {object} limits - as the server tells them; may be empty */
  constructor(album, limits) {
    this.#album = album;
    this.#limits = limits;
    const settled = debounced(SETTLED, () => this.#color());
    album.on("options", (picture) => {
      if (!picture.known) return;
      this.#uncoloured.add(picture);
      settled();
    });
  }

  take(files) {
    if (!files.length) return;
    const room = (this.#limits.files ?? Infinity) - this.#album.pictures.length;
    if (files.length > room) {
      const most = this.#limits.files;
      problem("files", `At most ${most} photographs at a time; the rest is left out.`);
    }
    const pictures = files.slice(0, Math.max(0, room)).map((file) => new Picture(file));
    this.#album.add(pictures);
    for (const picture of pictures) this.#enqueue(picture);
  }

  /** Once more from the start, after a failure. */
  again(picture) {
    this.#album.become(picture, "waiting", { error: "" });
    if (picture.known) {
      this.#uncoloured.add(picture);
      this.#color();
    } else this.#enqueue(picture);
  }

  #enqueue(picture) {
    const { bytes } = this.#limits;
    if (bytes && picture.file.size > bytes) {
      const [size, most] = [picture.file.size, bytes].map((n) => Math.ceil(n / 1e6));
      this.#fail(picture, new Error(`The file has ${size} MB; at most ${most} MB are taken.`));
      return;
    }
    this.#unsent.push(picture);
    this.#send();
  }

  async #send() {
    if (this.#sending === SENDING || !this.#unsent.length) return;
    const picture = this.#unsent.shift();
    this.#sending += 1;
    try {
      const progress = (share) => {
        this.#album.become(picture, share < 1 ? "sending" : "reading", { progress: share });
      };
      await send(picture, progress);
      if (!picture.leaving.signal.aborted) {
        this.#uncoloured.add(picture);
        this.#album.become(picture, "colouring", { progress: 1 });
        this.#color();
      }
    } catch (error) {
      this.#fail(picture, error);
    }
    this.#sending -= 1;
    this.#send();
  }

  async #color() {
    if (this.#colouring) return;
    this.#colouring = true;
    // a set is walked in the order of adding, and what is added meanwhile comes, too
    for (const picture of this.#uncoloured) {
      this.#uncoloured.delete(picture);
      try {
        const { blob, nearlyGrey } = await preview(picture, THUMB_SIDE);
        if (picture.thumb) URL.revokeObjectURL(picture.thumb);
        this.#album.become(picture, "ready", { thumb: URL.createObjectURL(blob), nearlyGrey });
      } catch (error) {
        this.#fail(picture, error);
      }
    }
    this.#colouring = false;
  }

  #fail(picture, error) {
    if (picture.leaving.signal.aborted) return; // it was removed
    this.#album.become(picture, "failed", { error: error.message });
    const words = `${picture.name}: ${error.message}`;
    problem(`picture-${picture.key}`, words, () => this.again(picture));
  }
}
