// The features by how far they are; each can be changed where it stands.

import { act, path } from "./api.js";
import { button, el, keyed, option, setAttribute, setText } from "./dom.js";
import { changeFeature, editFeature } from "./feature-form.js";
import { openLog } from "./logs.js";
import { ask, attempt } from "./notices.js";
import { refresh } from "./refresh.js";
import { state, when } from "./state.js";
import { clock, counted, look, SIGNS, stateWords, visible } from "./words.js";

const COLUMNS = [
  ["Open", ["pending", "ready", "undone"]],
  ["Working", ["running", "waiting", "changes_requested", "gate_failed"]],
  ["Review", ["completed", "in_review", "approved"]],
  ["Landing", ["queued", "landing"]],
  ["Landed", ["landed"]],
  ["Stuck", ["failed", "blocked", "abandoned"]],
];
const RETRIED = ["failed", "blocked", "waiting", "abandoned"];
const OVER = ["landed", "abandoned", "undone"];

async function change(action, done) {
  await attempt(action, done);
  refresh("status", "features", "layout");
}

function make(feature) {
  const id = feature.id;
  const parts = {
    title: el("h4"), state: el("span", { class: "chip state" }), category: el("span", { class: "chip" }),
    note: el("p", { class: "note" }),
    priority: el("input", { type: "number", class: "narrow", "aria-label": `Priority of #${id}`,
      onchange: () => set("priority", Math.trunc(Number(parts.priority.value)) || 0) }),
    model: el("select", { "aria-label": `Model of #${id}`,
      onchange: () => set("model", parts.model.value || null) }),
  };
  const set = (name, value) => change(() => changeFeature(id, { [name]: value }, { [name]: state.features.get(id)?.[name] ?? null }));
  const steps = (word) => () => change(() => act("POST", `/api/features/${path(id)}/${word}`));
  parts.retry = button("Retry", steps("retry"));
  parts.reopen = button("Reopen", steps("reopen"));
  parts.abandon = button("Abandon", async () => {
    if (await ask(`Abandon #${id}?`, "Its claims are free, its branch stays; retry takes it up again.", "Abandon")) await steps("abandon")();
  }, { class: "danger" });
  parts.log = button("Log", () => openLog(id));
  const more = el("details", {}, el("summary", { text: "Change", "aria-label": `Change #${id}` }),
    el("div", { class: "row wrap" }, el("label", { class: "inline" }, "priority ", parts.priority),
      el("label", { class: "inline" }, "model ", parts.model)),
    el("div", { class: "row wrap actions" }, button("Edit", () => editFeature(id)), parts.retry, parts.reopen, parts.log, parts.abandon));
  const card = el("article", { class: "card feature-card", "data-testid": "feature-card" },
    el("div", { class: "row between" }, parts.title, parts.state), el("div", { class: "row wrap" }, parts.category), parts.note, more);
  card.parts = parts;
  return card;
}

function update(card, feature) {
  const { parts } = card;
  setAttribute(card, "data-feature", feature.id);
  setAttribute(card, "data-state", feature.state);
  setText(parts.title, `#${feature.id} ${visible(feature.title)}`);
  setText(parts.state, `${SIGNS[look(feature.state)]} ${stateWords(feature.state)}`);
  setAttribute(parts.state, "data-look", look(feature.state));
  setText(parts.category, visible(feature.category));
  setText(parts.note, visible(note(feature)));
  const own = state.features.get(feature.id);
  if (document.activeElement !== parts.priority) parts.priority.value = own?.priority ?? 0;
  if (!parts.model.options.length && state.settings) {
    parts.model.append(option("", "by rule"), ...state.settings.tiers.map((tier) => option(tier, tier)));
  }
  if (document.activeElement !== parts.model) parts.model.value = own?.model ?? "";
  parts.retry.hidden = !RETRIED.includes(feature.state);
  parts.reopen.hidden = !["landed", "undone", "failed", "abandoned"].includes(feature.state);
  parts.abandon.hidden = OVER.includes(feature.state) || feature.state === "running";
  parts.log.hidden = feature.attempts === 0;
}

function note(feature) {
  if (feature.state === "landed") return `as ${feature.landed_commit?.slice(0, 7)}, ${counted(feature.attempts, "attempt")}`;
  if (feature.state === "waiting") return `waits for ${waitWords(feature.waiting_for)}`;
  if (feature.waiting_for?.startsWith("slot:")) return `waits for ${waitWords(feature.waiting_for)}`;
  if (feature.state === "running") return `${feature.agent ?? "an agent"} with ${feature.model}`;
  const open = feature.depends_on.filter((id) => state.status.features.find((other) => other.id === id)?.state !== "landed");
  if (open.length && !OVER.includes(feature.state)) return `after ${open.map((id) => `#${id}`).join(", ")}`;
  return feature.attempts ? counted(feature.attempts, "attempt") : "";
}

export function waitWords(text) {
  if (!text) return "something";
  if (text.startsWith("feature:")) return `#${text.slice(8)}`;
  if (text.startsWith("slot:")) return `the slot ${text.slice(5).replaceAll(",", " and ")}`;
  if (text.startsWith("limit:")) return `a usage limit, until ${clock(new Date(Number(text.slice(6))).toISOString())}`;
  return text;
}

export function startBacklog(body) {
  const search = el("input", { type: "search", id: "backlog-search", placeholder: "search  /", "aria-label": "Search the backlog", oninput: () => show() });
  const category = el("select", { id: "backlog-category", "aria-label": "Category", onchange: () => show() }, option("", "all categories", true));
  const only = el("select", { id: "backlog-state", "aria-label": "State", onchange: () => show() }, option("", "all states", true),
    COLUMNS.map(([name]) => option(name, name.toLowerCase())));
  const count = el("span", { class: "note" });
  body.append(el("div", { class: "row wrap tools" }, search, category, only,
    button("Add a feature", () => editFeature(null), { id: "add-feature" }), count));
  const board = el("div", { class: "board" });
  const columns = COLUMNS.map(([name, states]) => {
    const number = el("span", { class: "count" });
    const list = el("div", { class: "list", tabindex: 0, role: "group", "aria-label": `${name} features` });
    const column = el("div", { class: "column" }, el("h3", {}, `${name} `, number), list);
    board.append(column);
    return { name, states, number, list, column };
  });
  body.append(board);
  let categories = "";

  function show() {
    const all = state.status?.features ?? [];
    const names = [...new Set(all.map((feature) => feature.category))].sort();
    if (names.join() !== categories) {
      categories = names.join();
      const value = category.value;
      category.replaceChildren(option("", "all categories"), ...names.map((name) => option(name, visible(name))));
      category.value = value;
    }
    const text = search.value.toLowerCase();
    const found = all.filter((feature) => (!category.value || feature.category === category.value)
      && (!text || `#${feature.id} ${feature.title} ${state.features.get(feature.id)?.description ?? ""}`.toLowerCase().includes(text)));
    setText(count, `${found.length} of ${all.length}`);
    for (const { name, states, number, list, column } of columns) {
      const own = found.filter((feature) => states.includes(feature.state));
      column.hidden = !!only.value && only.value !== name;
      setText(number, own.length);
      keyed(list, own, (feature) => feature.id, make, update);
    }
  }
  when(["status", "features", "settings"], show);
}
