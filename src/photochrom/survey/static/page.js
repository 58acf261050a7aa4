// The page's parts, and the little that is done to them everywhere.

export const part = (id) => document.getElementById(id);

const AWAY = "The server cannot be reached. Nothing is lost: it is tried again by itself.";

export function tellTrouble(isAway) {
  part("trouble").textContent = isAway ? AWAY : "";
}

/** Says which stage the page is at; styles, tests and screen readers go by it. */
export function enter(stage) {
  document.body.dataset.stage = stage;
  if (stage !== "trial") delete document.body.dataset.state;
  part("words").hidden = stage === "trial";
  part("trial").hidden = stage !== "trial";
}

/**
 * A page of words with one button; done when it is pressed.
 * @param {string} stage
 * @param {string} heading
 * @param {string[]} paragraphs
 * @param {string} [button]
 */
export async function tell(stage, heading, paragraphs, button) {
  enter(stage);
  part("heading").textContent = heading;
  part("text").replaceChildren(
    ...paragraphs.map((text) => {
      const paragraph = document.createElement("p");
      paragraph.textContent = text;
      return paragraph;
    }),
  );
  part("go").hidden = !button;
  part("go").textContent = button ?? "";
  part("heading").focus();
  if (button) await pressed(part("go"));
}

export function pressed(button) {
  return new Promise((resolve) => {
    button.addEventListener("click", resolve, { once: true });
  });
}

export const sleep = (milliseconds) =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Done once what is on the page now has been painted, or at once in a hidden tab. */
export function painted() {
  const frame = new Promise((resolve) => {
    requestAnimationFrame(() => requestAnimationFrame(resolve));
  });
  return Promise.race([frame, sleep(200)]);
}
