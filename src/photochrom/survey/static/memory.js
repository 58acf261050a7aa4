// What this browser remembers of a survey: a random number for the participant, a vote that is
// still to be sent, and which pair has been shown, so that a reload does not show it again.

const PLACE = `photochrom-survey:${location.pathname}`;
let kept = {};
try {
  kept = JSON.parse(localStorage.getItem(PLACE)) ?? {};
} catch {
  // private windows may have no storage; the survey then lasts as long as the page
}

function save() {
  try {
    localStorage.setItem(PLACE, JSON.stringify(kept));
  } catch {
    // as above
  }
}

export function remember(what, value) {
  if (value === undefined) delete kept[what];
  else kept[what] = value;
  save();
}

export function recall(what) {
  return kept[what];
}

export function forget() {
  kept = {};
  save();
}

export function randomToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
