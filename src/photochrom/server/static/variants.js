// Other plausible colourings of the photograph that is shown, as small pictures to choose from.
import { VARIANTS } from "./album.js";
import { debounced, make, part } from "./dom.js";
import { Latest } from "./latest.js";
import { attempt } from "./notices.js";
import { variants } from "./pictures.js";

const SIDE = 320; // pixels
const SETTLED = 500; // milliseconds after the last change of options

export class Variants {
  #album;
  #look;
  #latest = new Latest();
  #open = false;
  #madeOf = ""; // the options that the small pictures on the page were made with
  #later = debounced(SETTLED, () => this.#load());

  constructor(album, look) {
    this.#album = album;
    this.#look = look;
    album.on("select", () => {
      part("variants").replaceChildren();
      this.#madeOf = "";
      this.#load();
    });
    album.on("options state", (picture) => {
      if (picture === album.current) this.#later();
    });
    part("variants-other").addEventListener("click", () => {
      const picture = album.current;
      picture.seed += 1;
      this.#choose(picture.variant);
      this.#load();
    });
  }

  /** Small pictures are made only while somebody looks at them. */
  show(open) {
    this.#open = open;
    this.#load();
  }

  async #load() {
    const picture = this.#album.current;
    if (!this.#open || !picture?.known) return;
    const { variants: able, name } = this.#look.model;
    part("variants-other").disabled = !able;
    if (!able) {
      part("variants").replaceChildren(
        make("p", { className: "fine" }, `The model ${name} knows one colouring only.`),
      );
      return;
    }
    const madeOf = JSON.stringify([picture.key, { ...picture.options, variant: undefined,
      variants: undefined, seed: picture.seed }]);
    if (madeOf === this.#madeOf) return;
    part("variants").setAttribute("aria-busy", "true");
    const made = await attempt("variants", () => (
      this.#latest.run((signal) => variants(picture, SIDE, VARIANTS, signal))
    ));
    if (!made) return;
    this.#madeOf = madeOf;
    part("variants").removeAttribute("aria-busy");
    part("variants").replaceChildren(...made.map((each) => this.#button(each)));
    this.#mark();
  }

  #button({ variant, image }) {
    const words = variant ? String(variant + 1) : "1, most likely";
    const button = make("button", { type: "button" },
      make("img", { src: image, alt: "" }), make("span", {}, words));
    button.dataset.variant = variant;
    button.setAttribute("aria-label", `Variant ${words}`);
    button.addEventListener("click", () => this.#choose(variant));
    return button;
  }

  #choose(variant) {
    const picture = this.#album.current;
    picture.variant = variant;
    this.#mark();
    this.#album.changed(picture);
  }

  #mark() {
    const chosen = String(this.#album.current?.variant);
    for (const button of part("variants").querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.variant === chosen));
    }
  }
}
