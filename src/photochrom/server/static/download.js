// Downloads: the photograph at full size and depth, or all of them as a zip.
import { part, saveFile, showRange } from "./dom.js";
import { saveHints } from "./hint_file.js";
import { problem, say, solved } from "./notices.js";
import { result, zip } from "./pictures.js";

const LOSSY = ["jpeg", "webp"];

export class Download {
  #album;
  #busy = false;

  constructor(album) {
    this.#album = album;
    const dialog = part("download-dialog");
    part("download").addEventListener("click", () => this.one());
    part("download-more").addEventListener("click", () => dialog.showModal());
    part("download-one").addEventListener("click", () => {
      dialog.close();
      this.one();
    });
    part("download-zip").addEventListener("click", () => {
      dialog.close();
      this.#all();
    });
    part("format").addEventListener("change", () => this.#draw());
    part("quality").addEventListener("input", () => this.#draw());
    album.on("list select state", () => this.#draw());
    this.#draw();
  }

  /** The photograph that is shown, as a file. */
  one() {
    const picture = this.#album.current;
    if (!picture?.known || this.#busy) return;
    this.#work(`Colouring ${picture.name} at full size`, async () => {
      const { blob, name } = await result(picture, this.#output);
      saveFile(blob, name);
      if (part("with-hints").checked && picture.hints.length) saveHints(picture);
      say(`${name} is saved`);
    }, () => this.one());
  }

  #all() {
    const pictures = this.#album.pictures.filter(({ known }) => known);
    const { length } = pictures;
    this.#work(`Colouring ${length} photographs at full size`, async () => {
      const response = await zip(pictures, this.#output);
      saveFile(await response.blob(), "photochrom.zip");
      if (part("with-hints").checked) {
        pictures.filter(({ hints }) => hints.length).forEach(saveHints);
      }
      say(`${length} photographs are saved`);
    }, () => this.#all());
  }

  /** Options of the file; what is not set is as the photograph came. */
  get #output() {
    const format = part("format").value;
    const output = format === "keep" ? {} : { format };
    if (LOSSY.includes(format)) output.quality = +part("quality").value;
    if (part("strip-metadata").checked) output.strip = true;
    return output;
  }

  async #work(words, work, retry) {
    if (this.#busy) return;
    this.#busy = true;
    this.#draw();
    say(words);
    try {
      await work();
      solved("download");
    } catch (error) {
      problem("download", `The download failed: ${error.message}`, retry);
    }
    this.#busy = false;
    this.#draw();
  }

  #draw() {
    const { pictures, current } = this.#album;
    const button = part("download");
    button.disabled = !current?.known;
    // aria-disabled, for a button that is disabled loses the keyboard's focus
    button.setAttribute("aria-disabled", String(this.#busy));
    button.lastElementChild.textContent = this.#busy ? "Working" : "Download";
    part("download-one").disabled = !current?.known;
    part("download-zip").hidden = pictures.length < 2;
    part("download-zip").textContent = `All ${pictures.length} as a zip`;
    part("quality-field").hidden = !LOSSY.includes(part("format").value);
    showRange(part("quality"), part("quality").value);
  }
}
