// Adding and changing a feature; it is written back to features.yml.

import { act, get, path } from "./api.js";
import { el, field, option, setText } from "./dom.js";
import { attempt, dialog, notice } from "./notices.js";
import { refresh } from "./refresh.js";
import { state } from "./state.js";

const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
const words = (text) => text.split(/[\s,]+/).map((word) => word.replace(/^#/, "")).filter(Boolean);

/** - id: null adds a new one. */
export async function editFeature(id) {
  let own = null;
  try {
    // One that has just been added may not be known here yet.
    if (id !== null) own = state.features.get(id) ?? await fresh(id);
  } catch (error) {
    notice(error.message, "error");
    return;
  }
  if (id !== null && !own) {
    notice(`#${id} does not stand in features.yml any more.`, "error");
    return;
  }
  let seen = own;
  const trouble = el("p", { class: "warning", role: "alert" });
  trouble.hidden = true;
  const input = (name, value, more) => el("input", { name, value: value ?? "", ...more });
  const area = (name, value, rows) => el("textarea", { name, rows }, value ?? "");
  const number = input("id", "", { placeholder: "the next number", pattern: "[A-Za-z0-9_][A-Za-z0-9._\\-]*", maxlength: 80 });
  const title = input("title", own?.title, { required: true });
  const category = input("category", own?.category ?? "backend", { list: "categories", required: true });
  const description = area("description", own?.description, 3);
  const steps = area("steps", own?.steps.join("\n"), 3);
  const needs = input("depends_on", own?.depends_on.join(", "), { placeholder: "1, 2" });
  const touches = area("touches", own?.touches.join("\n"), 2);
  const priority = input("priority", own?.priority ?? 0, { type: "number", step: 1 });
  const model = el("select", { name: "model" }, option("", "by rule", !own?.model),
    (state.settings?.tiers ?? []).map((tier) => option(tier, tier, own?.model === tier)));
  const slotNames = state.settings?.slots ?? [];
  const slots = input("slots", own?.slots.join(", "), { placeholder: slotNames.join(", ") });
  const agent = el("select", { name: "agent" }, option("", "of the run", !own?.agent),
    (state.settings?.agents ?? []).map(({ name }) => option(name, name, own?.agent === name)));
  const form = el("form", { class: "form", onsubmit: save, method: "dialog" },
    el("datalist", { id: "categories" }, (state.settings?.categories ?? []).map((name) => option(name, name))),
    id === null && field("Id", number), field("Title", title), field("Category", category), field("Description", description),
    field("Steps, one a line", steps), field("Needs these landed first", needs),
    field("Touches these paths, one a line", touches),
    // Where lanekeeper.yml has no slots there is none to be named.
    (slotNames.length > 0 || own?.slots.length > 0) && field("Slots that it needs", slots),
    el("div", { class: "row wrap" }, field("Priority", priority), field("Model", model), field("Agent", agent)),
    trouble, el("div", { class: "row end" }, el("button", { type: "submit", class: "primary" }, id === null ? "Add" : "Save")));
  const box = dialog(id === null ? "Add a feature" : `Edit #${id}`, form);

  const values = () => ({
    title: title.value.trim(), category: category.value.trim(), description: description.value, steps: lines(steps.value),
    depends_on: words(needs.value), touches: lines(touches.value), slots: words(slots.value),
    priority: Math.trunc(Number(priority.value)) || 0, model: model.value || null, agent: agent.value || null,
  });
  const opened = values();

  async function save(event) {
    event.preventDefault();
    const value = values();
    if (id === null) {
      if (number.value.trim()) value.id = number.value.trim();
      await send(() => act("POST", "/api/features", value), "The feature stands in features.yml.");
      return;
    }
    // Only what was changed here: the rest may have been changed elsewhere meanwhile.
    const names = Object.keys(value).filter((name) => !isSame(value[name], opened[name]));
    if (names.length === 0) {
      box.close();
      return;
    }
    await send(() => changeFeature(id, pick(value, names), pick(seen, names)), `#${id} is changed in features.yml.`);
  }

  async function send(action, done) {
    const isWell = await attempt(action, done, (error) => {
      setText(trouble, error.message);
      trouble.hidden = false;
      if (error.status === 409) lookAgain();
    });
    if (!isWell) return;
    box.close();
    refresh("features", "status", "layout");
  }

  /** What was changed elsewhere is shown; saving once more goes over it. */
  async function lookAgain() {
    refresh("features", "status", "layout");
    seen = (await fresh(id)) ?? seen;
  }
}

/** What features.yml says of a feature now. */
async function fresh(id) {
  return (await get("/api/features")).features.find((feature) => feature.id === id);
}

/** Changes values of a feature, where they are still as they were shown. */
export function changeFeature(id, value, was) {
  return act("PATCH", `/api/features/${path(id)}`, { ...value, was });
}

const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const pick = (value, names) => Object.fromEntries(names.map((name) => [name, value[name] ?? null]));
