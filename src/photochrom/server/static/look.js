// The look of the photograph that is shown: model, vividness, saturation and what is behind them.
import { make, part, percent, showRange } from "./dom.js";
import { say } from "./notices.js";

const RANGES = ["vividness", "saturation"];
const PLAIN = { saturation: 1 }; // where nothing is set

export class Look {
  #album;
  #models;

  /** @param {object[]} models - as the server tells them */
  constructor(album, models) {
    this.#album = album;
    this.#models = models;
    part("model").append(...models.map(({ name }) => new Option(name, name)));
    part("model").addEventListener("change", ({ target }) => {
      const isDefault = target.value === this.#standard.name;
      this.#set({ model: isDefault ? undefined : target.value, vividness: undefined });
    });
    for (const name of RANGES) {
      part(name).addEventListener("input", ({ target }) => {
        this.#set({ [name]: +target.value });
      });
    }
    for (const name of ["looks", "size"]) {
      part(name).addEventListener("change", ({ target }) => {
        if (!target.reportValidity()) return;
        this.#set({ [name]: target.value ? +target.value : undefined });
      });
    }
    part("look-reset").addEventListener("click", () => this.#replace({}));
    part("look-all").addEventListener("click", () => this.#useForAll());
    album.on("select", () => this.#draw());
    album.on("list", () => {
      part("look-all").hidden = album.pictures.length < 2;
    });
    this.#draw();
  }

  /** The model of the photograph that is shown, as the server describes it. */
  get model() {
    const name = this.#album.current?.look.model;
    return this.#models.find((model) => model.name === name) ?? this.#standard;
  }

  get #standard() {
    return this.#models.find((model) => model.default) ?? this.#models[0] ?? {};
  }

  #set(values) {
    const look = { ...this.#album.current?.look, ...values };
    for (const [name, value] of Object.entries(look)) if (value === undefined) delete look[name];
    this.#replace(look);
  }

  #replace(look) {
    const picture = this.#album.current;
    if (!picture) return;
    picture.look = look;
    if (!this.model.variants) picture.variant = 0;
    this.#draw();
    this.#album.changed(picture);
  }

  #useForAll() {
    const { current, pictures } = this.#album;
    for (const picture of pictures) {
      if (picture === current) continue;
      picture.look = { ...current.look };
      this.#album.changed(picture);
    }
    say(`${pictures.length} photographs have this look`);
  }

  #describe({ name, about, figures = {} }) {
    part("model-about").textContent = about ? `${name}: ${about}` : "";
    const rows = Object.entries(figures).map(([what, figure]) => (
      make("div", {}, make("dt", {}, what), make("dd", {}, figure))
    ));
    part("model-figures").replaceChildren(...rows);
  }

  #draw() {
    const look = this.#album.current?.look ?? {};
    const { model } = this;
    part("model").value = model.name ?? "";
    this.#describe(model);
    const values = { ...PLAIN, vividness: model.vividness ?? 0, ...look };
    for (const name of RANGES) {
      const input = part(name);
      if (input.value !== String(values[name])) input.value = values[name];
      showRange(input, percent(values[name]));
    }
    for (const name of ["looks", "size"]) part(name).value = look[name] ?? "";
    part("look-reset").disabled = !Object.keys(look).length;
  }
}
