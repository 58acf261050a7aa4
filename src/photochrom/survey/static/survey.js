// One participant's way through a survey: consent, practice, the trials that count, thanks.
import { forget, randomToken, recall, remember } from "./memory.js";
import { part, pressed, tell, tellTrouble } from "./page.js";
import { Refusal, ask, watchTrouble } from "./server.js";
import { TrialPage } from "./trial.js";

watchTrouble(tellTrouble);
try {
  await takePart();
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  await tell("refused", "This cannot go on", [
    `The server says: ${error.message}.`,
    "Loading the page again starts with what it knows.",
  ]);
}

async function takePart() {
  const survey = await ask("api/survey");
  document.title = survey.title;
  part("title").textContent = survey.title;
  if (!recall("token")) await askConsent(survey);
  const token = recall("token");
  await sendPending();
  const { trials, answered } = await ask("api/participants", { token });
  const open = trials.map((_, number) => number).filter((number) => !answered.includes(number));
  if (open[0] === 0) await tell("ready", "What to do", instructions(survey), "Start");
  part("progress").hidden = false;
  const page = new TrialPage(survey, trials, token);
  for (const number of open) {
    if (number === survey.practice && number > 0) await tellItCounts(survey);
    await page.run(number);
  }
  await thank();
}

async function askConsent(survey) {
  await tell("consent", survey.title, [overview(survey), survey.consent], "I agree and take part");
  remember("token", randomToken());
}

/** A vote that was given before the page was closed or loaded again. */
async function sendPending() {
  const pending = recall("pending");
  if (!pending) return;
  try {
    await ask("api/votes", pending);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error; // of a survey that is no more
  }
  remember("pending", undefined);
}

function overview(survey) {
  const count = survey.form === "single" ? "pictures, one at a time" : "pairs of pictures";
  return `You will see ${survey.trials + survey.practice} ${count}. It takes a few minutes.`;
}

function instructions(survey) {
  const told = [];
  if (survey.form === "single") {
    told.push(
      "Half of the pictures are photographs in their real colours. In the others a computer has " +
        "put the colours onto the black-and-white photograph.",
      "Say of each whether its colours are real or synthesized.",
    );
  } else {
    told.push(
      "Each pair shows one photograph twice. " +
        (survey.against === "real"
          ? "One has its real colours; in the other a computer has put them on."
          : "In one of them, or in both, a computer has put the colours on."),
      survey.question,
    );
  }
  if (survey.shown_seconds !== null) {
    const unit = survey.shown_seconds === 1 ? "second" : "seconds";
    told.push(
      `The pictures disappear after ${survey.shown_seconds} ${unit}. ` +
        "Take as long as you like to answer.",
    );
  }
  if (survey.practice) {
    const number = survey.practice === 1 ? "The first is" : `The first ${survey.practice} are`;
    told.push(`${number} for practice: you are told whether you were right.`);
  }
  return told;
}

async function tellItCounts(survey) {
  await tell("counts", "That was the practice", [
    `Now come the ${survey.trials} that count. You are no longer told what was right.`,
  ], "Go on");
}

async function thank() {
  part("progress").hidden = true;
  await tell("thanks", "Thank you", ["All your answers are saved. You can close this page."]);
  const again = part("again");
  again.hidden = false;
  again.textContent = "Somebody else takes part";
  await pressed(again);
  forget();
  location.reload();
}
