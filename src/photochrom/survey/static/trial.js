// One trial: pictures appear whole, are taken away where the survey says so, an answer is given
// by key, click or touch, and is on the server's disk before the next trial comes.
import { recall, remember } from "./memory.js";
import { enter, painted, part, pressed, sleep } from "./page.js";
import { ask, loadPicture } from "./server.js";

const READY_SHARE = 0.6; // of the time pictures are shown, an empty stage before it
const READY_LONGEST = 600; // milliseconds

// as in trial.css: pairs stand one below the other
const NARROW = matchMedia("(max-width: 700px)");
const WORDS = {
  single: [["Real", "Synthesized"], ["R", "S"]],
  beside: [["Left", "Right"], ["←", "→"]],
  below: [["Upper", "Lower"], ["↑", "↓"]],
};
const KEYS = {
  single: { r: 0, ArrowLeft: 0, s: 1, ArrowRight: 1 },
  pair: { ArrowLeft: 0, ArrowUp: 0, ArrowRight: 1, ArrowDown: 1 },
};

export class TrialPage {
  #survey;
  #trials;
  #token;
  #loading = new Map();
  #answer = () => {}; // what an answer does now

  constructor(survey, trials, token) {
    this.#survey = survey;
    this.#trials = trials;
    this.#token = token;
    part("question").textContent = survey.question;
    part("stage").dataset.form = survey.form;
    this.#buttons().forEach((button, index) => {
      button.addEventListener("click", () => this.#answer(index));
    });
    document.addEventListener("keydown", (event) => this.#pressKey(event));
    NARROW.addEventListener("change", () => this.#label());
    this.#label();
  }

  /** Asks one question; done when its answer is kept, and in the practice when it was read. */
  async run(number) {
    enter("trial");
    this.#tellPlace(number);
    this.#become("loading");
    document.body.dataset.trial = number;
    part("feedback").textContent = "";
    delete part("feedback").dataset.right;
    part("stage").replaceChildren();
    if (!part("trial").contains(document.activeElement)) part("question").focus();

    const images = await this.#pictures(number);
    this.#pictures(number + 1);
    const shownFor = await this.#show(images, number);
    this.#become("asking");
    const asked = performance.now();
    const index = await this.#answered();
    const answerFor = performance.now() - asked;
    this.#become("saving");
    const vote = {
      token: this.#token,
      trial: number,
      pictures: images.map((image) => image.dataset.name),
      answer: this.#survey.answers[index],
      shown_ms: Math.round(shownFor ?? answerFor),
      answer_ms: Math.round(answerFor),
    };
    remember("pending", vote);
    const kept = await ask("api/votes", vote);
    remember("pending", undefined);
    this.#loading.delete(number);
    if (this.#trials[number].practice) await this.#tellRight(kept);
  }

  /** Milliseconds that the pictures were shown; null where they stay until the answer. */
  async #show(images, number) {
    images.forEach((image, index) => {
      image.alt = images.length === 1 ? "The picture to judge" : `Picture ${index + 1} of the pair`;
    });
    const seconds = this.#survey.shown_seconds;
    if (seconds === null) {
      part("stage").replaceChildren(...images);
      await painted();
      return null;
    }
    const planned = 1000 * seconds;
    // a reload must not show a pair for a second time
    if (recall("shown") === number) {
      part("feedback").textContent = "You have seen this pair already.";
      return planned;
    }
    await sleep(Math.min(READY_LONGEST, READY_SHARE * planned));
    remember("shown", number);
    part("stage").replaceChildren(...images);
    this.#become("showing");
    await painted();
    const start = performance.now();
    await sleep(planned);
    part("stage").replaceChildren();
    return performance.now() - start;
  }

  async #tellRight({ answer, correct }) {
    this.#become("feedback");
    const { answers } = this.#survey;
    const word = this.#words()[0][answers.indexOf(correct)].toLowerCase();
    const was =
      this.#survey.form === "single" ? `${word} colours` : `the ${word} one is real`;
    const right = answer === correct;
    part("feedback").dataset.right = right;
    part("feedback").textContent = `${right ? "✓ Right" : "✗ Not right"}: ${was}.`;
    part("answers").hidden = true;
    part("next").hidden = false;
    part("next").focus();
    await pressed(part("next"));
    part("next").hidden = true;
    part("answers").hidden = false;
  }

  #answered() {
    return new Promise((resolve) => {
      this.#answer = (index) => {
        this.#answer = () => {};
        this.#buttons()[index].classList.add("chosen");
        resolve(index);
      };
    });
  }

  #pressKey(event) {
    if (event.repeat || event.altKey || event.ctrlKey || event.metaKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const index = KEYS[this.#survey.form][key];
    if (index === undefined || document.body.dataset.stage !== "trial") return;
    event.preventDefault(); // arrows would scroll
    this.#answer(index);
  }

  #become(state) {
    document.body.dataset.state = state;
    for (const button of this.#buttons()) {
      // aria-disabled, for a button that is disabled loses the keyboard's focus
      button.setAttribute("aria-disabled", String(state !== "asking"));
      if (state === "asking") button.classList.remove("chosen");
    }
  }

  #tellPlace(number) {
    const { practice, trials } = this.#survey;
    part("place").textContent =
      number < practice
        ? `Practice ${number + 1} of ${practice}`
        : `${number - practice + 1} of ${trials}`;
    part("bar").max = practice + trials;
    part("bar").value = number;
  }

  #label() {
    const [words, keys] = this.#words();
    this.#buttons().forEach((button, index) => {
      button.querySelector(".word").textContent = words[index];
      button.querySelector("kbd").textContent = keys[index];
    });
  }

  #words() {
    if (this.#survey.form === "single") return WORDS.single;
    return NARROW.matches ? WORDS.below : WORDS.beside;
  }

  #buttons() {
    return [part("first"), part("second")];
  }

  #pictures(number) {
    if (number >= this.#trials.length) return [];
    if (!this.#loading.has(number)) {
      const { pictures } = this.#trials[number];
      this.#loading.set(number, Promise.all(pictures.map(loadPicture)));
    }
    return this.#loading.get(number);
  }
}
