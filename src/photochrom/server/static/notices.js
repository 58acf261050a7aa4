// What is told to people: quietly to screen readers, or as a problem that stays until it is solved.
import { make, part, symbol } from "./dom.js";

/** Says something that needs no answer. */
export function say(words) {
  part("said").textContent = words;
}

/**
 * Shows a problem; one with the same key takes its place.
 * @param {string} key
 * @param {string} words
 * @param {() => void} [retry]
 */
export function problem(key, words, retry) {
  solved(key);
  const focused = document.activeElement;
  const leave = () => {
    solved(key);
    focused?.focus(); // the button that had it is gone
  };
  const close = make("button", { type: "button", className: "icon" }, symbol("close"));
  close.setAttribute("aria-label", "Close this message");
  close.addEventListener("click", leave);
  const card = make("div", { className: "problem" }, make("p", {}, words));
  card.dataset.key = key;
  if (retry) {
    const again = make("button", { type: "button" }, "Try again");
    again.addEventListener("click", () => {
      leave();
      retry();
    });
    card.append(again);
  }
  card.append(close);
  part("problems").append(card);
}

export function solved(key) {
  for (const card of part("problems").children) if (card.dataset.key === key) card.remove();
}

/** Does some work, and tells where it fails, with a way to try again. */
export async function attempt(key, work) {
  try {
    const result = await work();
    solved(key);
    return result;
  } catch (error) {
    problem(key, error.message, () => attempt(key, work));
    return undefined;
  }
}
