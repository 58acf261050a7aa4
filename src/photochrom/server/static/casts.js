// Colours that should go away: a range of hues each, by name or by a spot in the photograph.
import { hueAndChroma, labToHex, rgbToLab } from "./color.js";
import { make, part, percent, showRange, symbol } from "./dom.js";
import { problem, say, solved } from "./notices.js";

// degrees of CIELAB's hue, as in photochrom.hue_guard
export const PRESETS = {
  red: [10, 55], orange: [45, 80], yellow: [75, 115], green: [115, 175],
  cyan: [175, 235], blue: [235, 300], violet: [285, 335], pink: [325, 15],
};
const AROUND = 25; // degrees to either side of a chosen spot's hue
const STRENGTH = 0.7; // of a new one; hue_guard's own default
const LEAST_CHROMA = 4; // below it a spot has no hue to speak of

export class Casts {
  #album;
  #stage;

  constructor(album, stage) {
    this.#album = album;
    this.#stage = stage;
    part("presets").append(...Object.keys(PRESETS).map((name) => this.#preset(name)));
    album.on("select", () => this.#draw());
  }

  /** Damps the hue of a spot of the coloured photograph. */
  pick(spot) {
    const rgb = this.#stage.colorAt(spot);
    if (!rgb) return;
    const { hue, chroma } = hueAndChroma(rgbToLab(rgb));
    if (chroma < LEAST_CHROMA) {
      problem("casts", "That spot is nearly grey. Choose one that shows the colour more strongly.");
      return;
    }
    solved("casts");
    const [low, high] = [(hue - AROUND + 360) % 360, (hue + AROUND) % 360];
    this.#add({ words: `${nameOf(hue)}, as at the spot`, low, high, strength: STRENGTH });
  }

  #preset(name) {
    const [low, high] = PRESETS[name];
    const fill = make("span", { className: "swatch" });
    fill.style.backgroundColor = sample(low, high);
    const button = make("button", { type: "button" }, fill, name);
    button.addEventListener("click", () => {
      this.#add({ words: name, low, high, strength: STRENGTH });
    });
    return button;
  }

  #add(cast) {
    const picture = this.#album.current;
    if (!picture) return;
    picture.casts = [...picture.casts.filter(({ words }) => words !== cast.words), cast];
    say(`${cast.words} goes away`);
    this.#changed(picture);
  }

  #changed(picture) {
    this.#draw();
    this.#album.changed(picture);
  }

  #draw() {
    const picture = this.#album.current;
    const rows = (picture?.casts ?? []).map((cast, index) => this.#row(picture, cast, index));
    part("casts").replaceChildren(...rows);
  }

  #row(picture, cast, index) {
    const id = `cast-${index}`;
    const fill = make("span", { className: "swatch" });
    fill.style.backgroundColor = sample(cast.low, cast.high);
    const range = make("input", { type: "range", id, min: 0, max: 1, step: 0.05 });
    range.value = cast.strength;
    const words = make("output", { id: `${id}-words` });
    range.addEventListener("input", () => {
      cast.strength = +range.value;
      showRange(range, percent(cast.strength));
      this.#album.changed(picture);
    });
    const remove = make("button", { type: "button", className: "icon" }, symbol("erase"));
    remove.setAttribute("aria-label", `Let ${cast.words} stay`);
    remove.addEventListener("click", () => {
      picture.casts = picture.casts.filter((other) => other !== cast);
      this.#changed(picture);
      part("presets").firstChild.focus();
    });
    const label = make("label", { htmlFor: id }, fill, cast.words);
    const row = make("li", { className: "field" }, label, words, range, remove);
    queueMicrotask(() => showRange(range, percent(cast.strength))); // once it is on the page
    return row;
  }
}

function nameOf(hue) {
  const distance = ([low, high]) => {
    const middle = low + ((high - low + 360) % 360) / 2;
    return Math.abs(((hue - middle + 540) % 360) - 180);
  };
  const names = Object.keys(PRESETS);
  return names.reduce((a, b) => (distance(PRESETS[b]) < distance(PRESETS[a]) ? b : a));
}

function sample(low, high) {
  const middle = ((low + ((high - low + 360) % 360) / 2) * Math.PI) / 180;
  return labToHex([62, 55 * Math.cos(middle), 55 * Math.sin(middle)]);
}
