// The film strip: every photograph with its state in words, to choose from and to remove.
import { make, part, symbol } from "./dom.js";

export class Strip {
  #album;
  #items = new Map();

  constructor(album) {
    this.#album = album;
    album.on("list", () => this.#list());
    album.on("state", (picture) => this.#describe(picture));
    album.on("select", () => this.#mark());
  }

  #list() {
    const { pictures } = this.#album;
    for (const [picture, item] of this.#items) {
      if (pictures.includes(picture)) continue;
      item.remove();
      this.#items.delete(picture);
    }
    for (const picture of pictures) {
      if (this.#items.has(picture)) continue;
      this.#items.set(picture, this.#item(picture));
      part("strip").append(this.#items.get(picture));
      this.#describe(picture);
    }
    this.#count();
  }

  #item(picture) {
    const image = make("img", { alt: "", draggable: false, className: "unready" });
    image.src = URL.createObjectURL(picture.file); // until it is coloured; shown in grey
    image.addEventListener("error", () => { image.hidden = true; }); // not for browsers: TIFF
    image.addEventListener("load", () => { image.hidden = false; });
    const open = make("button", { type: "button", className: "frame" }, image,
      make("progress", { max: 1, value: 0 }), make("span", { className: "state" }));
    open.addEventListener("click", () => this.#album.select(picture));
    const remove = make("button", { type: "button", className: "remove icon" }, symbol("close"));
    remove.setAttribute("aria-label", `Remove ${picture.name}`);
    remove.addEventListener("click", () => this.#remove(picture));
    return make("li", {}, open, remove);
  }

  #remove(picture) {
    const place = this.#album.pictures.indexOf(picture);
    this.#album.remove(picture);
    const next = this.#album.pictures[Math.min(place, this.#album.pictures.length - 1)];
    // the button that had the focus is gone
    (this.#items.get(next)?.querySelector(".frame") ?? part("choose")).focus();
  }

  #describe(picture) {
    const item = this.#items.get(picture);
    if (!item) return;
    item.dataset.state = picture.state;
    const [image, progress, words] = item.querySelector(".frame").children;
    if (picture.thumb && image.src !== picture.thumb) {
      URL.revokeObjectURL(image.src);
      image.src = picture.thumb;
      image.className = "";
    }
    progress.hidden = !["sending", "reading", "colouring"].includes(picture.state);
    if (picture.state === "sending") progress.value = picture.progress;
    else progress.removeAttribute("value"); // nobody knows how long
    progress.setAttribute("aria-label", picture.words);
    words.textContent = picture.words;
    item.querySelector(".frame").setAttribute("aria-label", `${picture.name}: ${picture.words}`);
    item.querySelector(".frame").title = picture.error || picture.name;
    this.#count();
  }

  #mark() {
    for (const [picture, item] of this.#items) {
      const chosen = picture === this.#album.current;
      item.querySelector(".frame").setAttribute("aria-current", String(chosen));
      if (chosen) item.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }

  #count() {
    const { pictures } = this.#album;
    const count = (state) => pictures.filter((picture) => picture.state === state).length;
    const failed = count("failed");
    const words = `${count("ready")} of ${pictures.length} coloured`;
    part("strip-words").textContent = failed ? `${words}, ${failed} failed` : words;
    part("strip-area").dataset.count = pictures.length;
  }
}
