// What the server does with a photograph that it has; one that it has forgotten is sent again, and
// the reference picture with it.
import { ServerError, ask, upload } from "./server.js";

const ROOM = "/api/pictures";

/**
 * Sends the file of a photograph, or of a reference picture.
 * @param {(share: number) => void} onProgress
 */
export async function send(picture, onProgress = () => {}) {
  picture.known = await upload(ROOM, picture.file, onProgress, picture.leaving.signal);
}

/** The black-and-white photograph, as a blob; a side of 0 is its full size. */
export async function grey(picture, side, signal) {
  return (await call(picture, `grey?side=${side}`, undefined, signal)).blob();
}

/** The photograph in colour: its blob, and whether it is nearly grey. */
export async function preview(picture, side, signal) {
  const response = await call(picture, `preview?side=${side}`, optionsOf, signal);
  return {
    blob: await response.blob(),
    nearlyGrey: response.headers.get("X-Photochrom-Nearly-Grey") === "true",
  };
}

export async function variants(picture, side, count, signal) {
  const wanted = () => {
    const options = { ...picture.options };
    delete options.variant; // all of them are made
    delete options.variants;
    return options;
  };
  const path = `variants?side=${side}&count=${count}`;
  return (await (await call(picture, path, wanted, signal)).json()).variants;
}

/** Where the colours are unsure, which hints' are not: a mask's blob, the share of the photograph. */
export async function doubt(picture, side, signal) {
  const response = await call(picture, `confidence?side=${side}`, optionsOf, signal);
  return {
    blob: await response.blob(),
    share: Number(response.headers.get("X-Photochrom-Unsure-Share")),
  };
}

/** Colours that the model itself finds likely at a spot, the likeliest first. */
export async function suggestions(picture, { x, y }, signal) {
  const wanted = () => ({ ...picture.options, x, y });
  return (await (await call(picture, "suggestions", wanted, signal)).json()).colors;
}

/** The file at full size: its blob and its name. */
export async function result(picture, output, signal) {
  const wanted = () => ({ ...picture.options, ...output });
  const response = await call(picture, "result", wanted, signal);
  return { blob: await response.blob(), name: nameOf(response, picture.name) };
}

export async function zip(pictures, output, signal) {
  const wanted = () => pictures.map((picture) => (
    { id: picture.known.id, options: { ...picture.options, ...output } }
  ));
  try {
    return await ask("/api/zip", { content: { pictures: wanted() }, signal });
  } catch (error) {
    if (error.status !== 404) throw error;
    for (const picture of pictures) await again(picture); // one of them is forgotten
    return ask("/api/zip", { content: { pictures: wanted() }, signal });
  }
}

/** Has the server forget a photograph, and every reference picture that was sent for it. */
export function forget(picture) {
  for (const { known } of [picture, ...(picture.references ?? [])]) {
    if (!known) continue;
    ask(`${ROOM}/${known.id}`, { method: "DELETE", keepalive: true }).catch(() => {
      // the server forgets it by itself after a while
    });
  }
}

const optionsOf = (picture) => picture.options;

// the content is made when it is asked for: what was sent again has another id
async function call(picture, what, content, signal) {
  const both = signal ? AbortSignal.any([signal, picture.leaving.signal]) : picture.leaving.signal;
  const asked = () => ask(
    `${ROOM}/${picture.known.id}/${what}`, { content: content?.(picture), signal: both },
  );
  const { known } = picture;
  try {
    return await asked();
  } catch (error) {
    if (!(error instanceof ServerError) || error.status !== 404) throw error;
    if (picture.known === known) await again(picture);
    return asked();
  }
}

// several requests may find at the same time that the server has forgotten the photograph
const resending = new Map();

function again(picture) {
  if (!resending.has(picture)) {
    forget(picture); // one of the two may be there still
    const sent = [picture, picture.reference].filter(Boolean).map((each) => send(each));
    resending.set(picture, Promise.all(sent).finally(() => resending.delete(picture)));
  }
  return resending.get(picture);
}

function nameOf(response, original) {
  const told = response.headers.get("Content-Disposition") ?? "";
  const encoded = /filename\*=(?:UTF-8|utf-8)''([^;]+)/.exec(told);
  if (encoded) return decodeURIComponent(encoded[1]);
  const plain = /filename="([^"]+)"/.exec(told);
  return plain ? plain[1] : `${original.replace(/\.[^.]*$/, "")}.color`;
}
