// The page: its parts are made here and know each other by what they are given.
import { Album } from "./album.js";
import { Casts } from "./casts.js";
import { Crosshair } from "./crosshair.js";
import { Divider } from "./divider.js";
import { part } from "./dom.js";
import { Doubt } from "./doubt.js";
import { Download } from "./download.js";
import { prepareDropper } from "./dropper.js";
import { Gestures } from "./gestures.js";
import { offerHintFiles } from "./hint_file.js";
import { HintPanel } from "./hint_panel.js";
import { Hints } from "./hints.js";
import { takeFiles } from "./intake.js";
import { bindKeys } from "./keys.js";
import { Look } from "./look.js";
import { attempt } from "./notices.js";
import { forget } from "./pictures.js";
import { Pins } from "./pins.js";
import { Preview } from "./preview.js";
import { Queue } from "./queue.js";
import { ReferencePanel } from "./reference.js";
import { ask } from "./server.js";
import { Stage } from "./stage.js";
import { Strip } from "./strip.js";
import { Tabs } from "./tabs.js";
import { Variants } from "./variants.js";

const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;
const SPOT_TOOLS = ["hints", "casts"];
const COLOR_TOOLS = ["variants", ...SPOT_TOOLS]; // that need the whole photograph in colour

tellWhereItRuns();
await attempt("start", async () => {
  const known = await Promise.all(
    ["/api/models", "/api/limits"].map(async (path) => (await ask(path)).json()),
  );
  start(...known);
});

/**
 * @param {object[]} models
 * @param {object} limits
 */
function start(models, limits) {
  const album = new Album();
  const stage = new Stage();
  const divider = new Divider(stage);
  const gestures = new Gestures(stage);
  const crosshair = new Crosshair(stage);
  const hints = new Hints(album);
  const pins = new Pins(stage, hints);
  const panel = new HintPanel(hints, album);
  const reference = new ReferencePanel(hints);
  const look = new Look(album, models);
  const variants = new Variants(album, look);
  const casts = new Casts(album, stage);
  const download = new Download(album);
  const strip = new Strip(album);
  const doubt = new Doubt(album, stage, look);
  const queue = new Queue(album, limits);
  let tool = "look";
  const tabs = new Tabs((name) => {
    tool = name;
    stage.wantsSpots = SPOT_TOOLS.includes(name);
    stage.element.classList.toggle("spots", stage.wantsSpots);
    part("pins").hidden = name !== "hints";
    divider.putAway(COLOR_TOOLS.includes(name));
    variants.show(name === "variants");
    stage.draw();
  });
  tabs.open(tool);

  stage.on("spot", (spot) => {
    if (tool === "casts") casts.pick(spot);
    else {
      hints.place(spot);
      if (stage.element.matches(":focus-visible")) panel.focus();
    }
  });
  album.on("list", (removed) => {
    showStudio(album.pictures.length > 0);
    if (removed && !album.pictures.includes(removed)) forget(removed);
  });
  const preview = new Preview(album, stage);
  tellFormats(limits);
  takeFiles((files) => queue.take(files));
  offerHintFiles(hints);
  prepareDropper();
  bindShortcuts({ album, gestures, divider, download, hints, tabs });
  addEventListener("pagehide", ({ persisted }) => {
    if (!persisted) album.pictures.forEach(forget); // nothing is left behind on the server
  });
  document.body.dataset.state = "started";
  return { crosshair, pins, strip, doubt, preview, reference };
}

function bindShortcuts({ album, gestures, divider, download, hints, tabs }) {
  const inStudio = (work) => () => {
    if (album.current) work();
  };
  bindKeys(
    {
      o: () => part("files").click(),
      n: () => album.step(1),
      p: () => album.step(-1),
      d: inStudio(() => download.one()),
      "+": inStudio(() => gestures.zoom(1)),
      "=": inStudio(() => gestures.zoom(1)),
      "-": inStudio(() => gestures.zoom(-1)),
      0: inStudio(() => gestures.fit()),
      1: inStudio(() => gestures.full()),
      l: inStudio(() => tabs.open("look")),
      v: inStudio(() => tabs.open("variants")),
      h: inStudio(() => tabs.open("hints")),
      c: inStudio(() => tabs.open("casts")),
      u: inStudio(() => tabs.open("doubt")),
      escape: inStudio(() => hints.choose(-1)),
      "?": () => part("help-dialog").showModal(),
    },
    { undo: () => hints.undo(), redo: () => hints.redo(), peek: (on) => divider.peek(on) },
  );
}

function showStudio(shown) {
  document.body.dataset.stage = shown ? "studio" : "welcome";
  part("studio").hidden = !shown;
  part("welcome").hidden = shown;
}

function tellWhereItRuns() {
  if (LOOPBACK.test(location.hostname)) return;
  part("elsewhere").textContent =
    `Your machine, here, is ${location.hostname}: photographs go there, and no further.`;
  part("elsewhere").hidden = false;
}

function tellFormats({ formats = [], bytes }) {
  const names = formats.map((name) => name.toUpperCase()).join(", ");
  const most = bytes ? `, up to ${Math.floor(bytes / 1e6)} MB each` : "";
  part("formats").textContent = names ? `${names}${most}.` : "";
}
