// Where the model is unsure of its colours: hatched over the photograph, and in words.
import { debounced, part, percent } from "./dom.js";
import { Latest } from "./latest.js";
import { attempt } from "./notices.js";
import { doubt } from "./pictures.js";

const SIDE = 1600; // pixels
const SETTLED = 400; // milliseconds after the last change of options

export class Doubt {
  #album;
  #stage;
  #look;
  #latest = new Latest();
  #later = debounced(SETTLED, () => this.#load());

  constructor(album, stage, look) {
    this.#album = album;
    this.#stage = stage;
    this.#look = look;
    part("doubt").addEventListener("change", () => this.#load());
    album.on("select", () => {
      stage.drop("doubt");
      this.#load();
    });
    album.on("options", (picture) => {
      if (picture === album.current) this.#later();
    });
    album.on("state", (picture) => {
      if (picture === album.current && picture.state === "colouring") this.#load();
    });
  }

  async #load() {
    const isWanted = part("doubt").checked;
    part("doubt-legend").hidden = !isWanted;
    const picture = this.#album.current;
    if (!isWanted || !picture?.known) {
      this.#latest.cancel();
      this.#stage.drop("doubt");
      part("doubt-words").textContent = "";
      return;
    }
    if (!this.#look.model.confidence) {
      this.#stage.drop("doubt");
      part("doubt-legend").hidden = true;
      part("doubt-words").textContent =
        `The model ${this.#look.model.name} cannot say how sure it is.`;
      return;
    }
    await attempt("doubt", () => this.#latest.run(async (signal) => {
      const { blob, share } = await doubt(picture, SIDE, signal);
      await this.#stage.mask(blob, () => !signal.aborted);
      part("doubt-words").textContent = inWords(share);
    }));
  }
}

function inWords(share) {
  const part = share > 0 && share < 0.005 ? "less than 1 %" : percent(share);
  return `Unsure of the colours in ${part} of the photograph.`;
}
