// The page's parts, and the little that is done to them everywhere.

export const part = (id) => document.getElementById(id);

/** A new element; properties that the element does not know become attributes. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** One of the symbols at the end of index.html. */
export function symbol(name) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#s-${name}`);
  drawing.append(use);
  return drawing;
}

/** Calls back once nothing was asked for that many milliseconds. */
export function debounced(milliseconds, callback) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => callback(...values), milliseconds);
  };
}

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

export const percent = (share) => `${Math.round(100 * share)} %`;

/** Shows how far a range is drawn, and says its value in words; for values set by script, too. */
export function showRange(input, words) {
  const { min, max, value } = input;
  input.style.setProperty("--part", `${(100 * (value - min)) / (max - min)}%`);
  input.setAttribute("aria-valuetext", words);
  const output = part(`${input.id}-words`);
  if (output) output.textContent = words;
}

/** Lets the browser save a file. */
export function saveFile(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = make("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // large files take a while to be written
}

/** An image that is decoded, so that it appears at once and whole. */
export async function decoded(blob) {
  const image = new Image();
  image.alt = "";
  image.draggable = false;
  image.src = URL.createObjectURL(blob);
  await image.decode();
  return image;
}

export function discard(image) {
  if (image?.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
}
