// The eyedropper: a colour from another picture of the page, or from any picture on the disk.
import { rgbToHex } from "./color.js";
import { clamp, make, part } from "./dom.js";

const LARGEST = 900; // pixels of the canvas' long side
const SAMPLE = 5; // pixels of the square whose mean is taken
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

let spot = { x: 0, y: 0 }; // in the canvas' pixels
let color = null;

/**
 * Lets people pick a colour; null where they close the dialog.
 * @param {import("./album.js").Picture[]} pictures - of the page
 * @returns {Promise<string | null>}
 */
export function pickFromPicture(pictures) {
  const dialog = part("dropper-dialog");
  color = null;
  part("dropper-take").disabled = true;
  part("dropper-color").textContent = "";
  for (const name of ["swatch", "canvas", "cross"]) part(`dropper-${name}`).hidden = true;
  const own = make("button", { type: "button" }, "Choose a file");
  own.addEventListener("click", () => part("dropper-file").click());
  const others = pictures.filter(({ thumb }) => thumb).map(source);
  part("dropper-sources").replaceChildren(own, ...others);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "take" ? color : null);
      dialog.returnValue = "";
    }, { once: true });
  });
}

/** Binds the dialog's controls, once. */
export function prepareDropper() {
  const canvas = part("dropper-canvas");
  part("dropper-take").addEventListener("click", () => part("dropper-dialog").close("take"));
  part("dropper-file").addEventListener("change", ({ target }) => {
    const [file] = target.files;
    target.value = "";
    if (file) draw(file, file.name);
  });
  canvas.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    const zoom = canvas.width / box.width;
    take({ x: (event.clientX - box.left) * zoom, y: (event.clientY - box.top) * zoom });
  });
  canvas.addEventListener("keydown", (event) => {
    const way = STEPS[event.key];
    if (event.key === "Enter" && color) part("dropper-dialog").close("take");
    if (!way) return;
    event.preventDefault();
    const step = event.shiftKey ? 40 : 4;
    take({ x: spot.x + way[0] * step, y: spot.y + way[1] * step });
  });
}

// a photograph with colours of its own shows those; another one shows what the model gave it
function source(picture) {
  const button = make("button", { type: "button", className: "thumb" },
    make("img", { src: picture.thumb, alt: picture.name }));
  button.addEventListener("click", async () => {
    if (picture.known.was_colour) await draw(picture.file, picture.name);
    else show(button.firstChild);
  });
  return button;
}

async function draw(file, name) {
  try {
    const image = await createImageBitmap(file);
    show(image);
    image.close();
  } catch {
    const words = `${name} cannot be shown by this browser; try a JPEG or PNG.`;
    part("dropper-words").textContent = words;
  }
}

function show(image) {
  const canvas = part("dropper-canvas");
  const [width, height] = [image.naturalWidth ?? image.width, image.naturalHeight ?? image.height];
  const zoom = Math.min(1, LARGEST / Math.max(width, height));
  canvas.width = Math.round(width * zoom);
  canvas.height = Math.round(height * zoom);
  canvas.getContext("2d", { willReadFrequently: true })
    .drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.hidden = false;
  part("dropper-words").textContent = "Choose the spot whose colour you want.";
  take({ x: canvas.width / 2, y: canvas.height / 2 });
  canvas.focus();
}

function take({ x, y }) {
  const canvas = part("dropper-canvas");
  spot = { x: clamp(x, 0, canvas.width - 1), y: clamp(y, 0, canvas.height - 1) };
  const half = (SAMPLE - 1) / 2;
  const { data } = canvas.getContext("2d")
    .getImageData(Math.round(spot.x) - half, Math.round(spot.y) - half, SAMPLE, SAMPLE);
  const sums = [0, 0, 0, 0];
  data.forEach((value, index) => { sums[index % 4] += value; });
  color = rgbToHex(sums.slice(0, 3).map((sum) => (sum * 255) / sums[3]));
  part("dropper-swatch").hidden = false;
  part("dropper-swatch").style.backgroundColor = color;
  part("dropper-color").textContent = color;
  part("dropper-take").disabled = false;
  const cross = part("dropper-cross");
  cross.hidden = false;
  cross.style.left = `${(100 * spot.x) / canvas.width}%`;
  cross.style.top = `${(100 * spot.y) / canvas.height}%`;
}
