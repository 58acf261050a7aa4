// Talks to the server until it answers: whatever is sent may safely be sent again.

const FIRST_WAIT = 250; // milliseconds, doubled up to the longest
const LONGEST_WAIT = 4000;
const PATIENCE = 10000; // for one answer
const QUIET_FAILURES = 2; // before anybody is told

const away = new Set(); // what is being tried again
let tellTrouble = () => {};

/** Calls back with true while the server is away, with false once it is there again. */
export function watchTrouble(callback) {
  tellTrouble = callback;
}

/** An answer that will not change by asking again. */
export class Refusal extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/**
 * The server's answer, however long it takes.
 * @param {string} address
 * @param {object} [content] - is posted as JSON; without it, only asks
 */
export function ask(address, content) {
  const options = { cache: "no-store" };
  if (content !== undefined) {
    options.method = "POST";
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(content);
  }
  return persist(async () => {
    const signal = AbortSignal.timeout(PATIENCE);
    const response = await fetch(address, { ...options, signal });
    if (response.status >= 500) throw new Error(`status ${response.status}`);
    const answer = await response.json();
    if (!response.ok) throw new Refusal(response.status, String(answer.detail));
    return answer;
  });
}

/** A picture, loaded and decoded, so that it appears at once and whole. */
export function loadPicture({ name, width, height }) {
  return persist(async (failures) => {
    const image = new Image(width, height);
    image.dataset.name = name;
    // another address after a failure: browsers remember that an address failed
    image.src = `pictures/${name}${failures ? `?again=${failures}` : ""}`;
    await image.decode();
    return image;
  });
}

async function persist(attempt) {
  const mine = Symbol("attempt");
  for (let failures = 0, wait = FIRST_WAIT; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    try {
      const result = await attempt(failures);
      if (away.delete(mine)) tellTrouble(away.size > 0);
      return result;
    } catch (error) {
      if (error instanceof Refusal) {
        if (away.delete(mine)) tellTrouble(away.size > 0);
        throw error;
      }
      failures += 1;
      if (failures === QUIET_FAILURES) {
        away.add(mine);
        tellTrouble(true);
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}
