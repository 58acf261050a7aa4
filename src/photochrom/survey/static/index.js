// The list of surveys.
import { ask, watchTrouble } from "./server.js";
import { tellTrouble } from "./page.js";

const list = document.getElementById("surveys");
watchTrouble(tellTrouble);

for (const { name, title } of await ask("api/surveys")) {
  const link = document.createElement("a");
  link.href = `s/${encodeURIComponent(name)}/`;
  link.textContent = title;
  const note = document.createElement("small");
  note.textContent = name;
  const item = document.createElement("li");
  item.append(link, note);
  list.append(item);
}
