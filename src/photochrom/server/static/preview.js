// Keeps the stage up to date: the photograph that is shown, coloured as its options say.
import { debounced, part } from "./dom.js";
import { Latest } from "./latest.js";
import { problem, say, solved } from "./notices.js";
import { grey, preview } from "./pictures.js";

const SIDE = 1600; // pixels of the long side that are enough for a screen
const LARGEST_SIDE = 8192; // that the server gives
const SETTLED = 120; // milliseconds after the last movement of a slider
const NEARLY_GREY =
  "Nearly grey: the model finds hardly any colour here. Raise the vividness, try a variant, " +
  "or give it a hint.";
const WAS_COLOR =
  "This photograph has colours of its own. They are not used, only its light and dark.";

export class Preview {
  #album;
  #stage;
  #latest = new Latest();
  #sharpening = new Latest();
  #shown = null; // the photograph whose layers are on the stage
  #side = SIDE; // of the layers on the stage
  #later = debounced(SETTLED, () => this.refresh());

  constructor(album, stage) {
    this.#album = album;
    this.#stage = stage;
    album.on("select", () => this.#select());
    album.on("state", (picture) => this.#follow(picture));
    album.on("options", (picture) => {
      if (picture !== album.current || !picture.known) return;
      this.#giveUp(); // what comes of older options must not pass for these
      this.#become("busy");
      this.#later();
    });
    const sharpen = debounced(200, () => this.#sharpen());
    stage.on("draw", sharpen);
  }

  /** Colours the photograph on the stage anew. */
  async refresh() {
    const picture = this.#album.current;
    if (!picture?.known) return;
    this.#become("busy");
    this.#sharpening.cancel();
    try {
      await this.#latest.run((signal) => this.#load(picture, signal));
    } catch (error) {
      if (picture !== this.#album.current) return;
      this.#become("failed");
      problem("preview", `${picture.name}: ${error.message}`, () => this.refresh());
    }
  }

  async #load(picture, signal) {
    const wanted = () => !signal.aborted;
    if (this.#shown !== picture) {
      this.#stage.show(picture.known.width, picture.known.height);
      await this.#stage.put("grey", await grey(picture, SIDE, signal), wanted);
      if (signal.aborted) return;
      this.#shown = picture;
      this.#side = SIDE;
      part("waiting").hidden = true;
    }
    const { blob, nearlyGrey } = await preview(picture, SIDE, signal);
    await this.#stage.put("color", blob, wanted);
    if (signal.aborted) return;
    solved("preview");
    this.#side = Math.min(this.#side, SIDE);
    part("divider").hidden = false;
    const notes = [picture.known.was_colour ? WAS_COLOR : "", nearlyGrey ? NEARLY_GREY : ""];
    part("note").textContent = notes.filter(Boolean).join(" ");
    this.#become("ready");
    say(`${picture.name} is coloured`);
    this.#sharpen();
  }

  /** More pixels, where more are looked at than were loaded. */
  async #sharpen() {
    const picture = this.#shown;
    if (!picture || picture !== this.#album.current || !this.#isReady()) return;
    const long = Math.max(picture.known.width, picture.known.height);
    const needed = long * this.#stage.viewport.scale * devicePixelRatio;
    const side = Math.min(long, LARGEST_SIDE);
    if (side <= this.#side || needed <= 1.15 * this.#side) return;
    try {
      await this.#sharpening.run(async (signal) => {
        const wanted = () => !signal.aborted;
        const light = await grey(picture, side, signal);
        const { blob } = await preview(picture, side, signal);
        await Promise.all([
          this.#stage.put("grey", light, wanted), this.#stage.put("color", blob, wanted),
        ]);
        if (!signal.aborted) this.#side = side;
      });
    } catch (error) {
      problem("preview", `The full size does not come: ${error.message}`, () => this.#sharpen());
    }
  }

  /** Whatever is still asked of the server is no longer wanted. */
  #giveUp() {
    this.#latest.cancel();
    this.#sharpening.cancel();
  }

  #select() {
    const picture = this.#album.current;
    this.#giveUp();
    this.#shown = null;
    this.#stage.clear();
    part("divider").hidden = true;
    part("note").textContent = "";
    part("facts").textContent = picture ? factsOf(picture) : "";
    document.title = picture ? `${picture.name} – Photochrom` : "Photochrom";
    if (!picture) return;
    this.#wait(picture);
    this.refresh();
  }

  #follow(picture) {
    if (picture !== this.#album.current || this.#shown === picture) return;
    if (picture.state === "ready") return; // the strip's small copy: ours is on its way
    this.#wait(picture);
    if (picture.state === "colouring") {
      part("facts").textContent = factsOf(picture);
      this.refresh();
    }
  }

  #wait(picture) {
    part("waiting").hidden = false;
    part("waiting-words").textContent = picture.error || picture.words;
    part("waiting-bar").hidden = picture.state === "failed";
    if (picture.state === "sending") part("waiting-bar").value = picture.progress;
    else part("waiting-bar").removeAttribute("value");
    this.#become(picture.state === "failed" ? "failed" : "busy");
  }

  #become(state) {
    this.#stage.element.dataset.state = state;
    this.#stage.element.setAttribute("aria-busy", String(state === "busy"));
    part("busy").classList.toggle("on", state === "busy");
  }

  #isReady() {
    return this.#stage.element.dataset.state === "ready";
  }
}

function factsOf({ name, known }) {
  if (!known) return name;
  const { width, height, format, depth } = known;
  return `${name} · ${width} × ${height} · ${format.toUpperCase()}, ${depth} bit`;
}
