// One card for each agent: what it does now, and for a while what it did last.

import { act, path as escaped } from "./api.js";
import { button, el, keyed, setAttribute, setText } from "./dom.js";
import { ask, attempt as trying, notice } from "./notices.js";
import { feature, isRunning, state, when } from "./state.js";
import { openLog } from "./logs.js";
import { clock, duration, look, since, stateWords, visible } from "./words.js";

/** The last attempt that was seen of each slot. */
const slots = new Map();

function make() {
  const part = (tag, name, properties) => el(tag, { class: name, ...properties });
  const parts = {
    agent: part("h3", "agent"), state: part("span", "chip state"), feature: part("p", "title"),
    category: part("span", "chip"), model: part("span", "chip"), program: part("span", "chip"),
    time: part("span", "time"), activity: part("span", "activity"), progress: part("p", "progress"),
    claims: part("ul", "paths", { "aria-label": "Claims" }),
    tail: part("pre", "tail", { tabindex: 0, role: "group", "aria-label": "End of the log" }), path: part("code", "path"),
  };
  parts.stop = button("Stop", async () => {
    const id = card.work.feature;
    const yes = await ask(`Stop ${card.work.agent} on #${id}?`,
      "What it did is kept, and uses up no attempt. The feature rests for half a minute and then starts again, unless you abandon it.", "Stop");
    if (yes) trying(() => act("POST", `/api/features/${escaped(id)}/stop`), "The agent gets a moment to end.");
  }, { class: "danger" });
  parts.log = button("Log", () => openLog(card.work.feature));
  parts.copy = button("Lane path", () => {
    navigator.clipboard?.writeText(card.work.lane_path).then(
      () => notice("The lane's path is in the clipboard."), () => notice(card.work.lane_path));
  });
  const card = el("article", { class: "card agent-card", "data-testid": "agent-card" },
    el("div", { class: "row between" }, parts.agent, parts.state), parts.feature,
    el("div", { class: "row wrap" }, parts.category, parts.model, parts.program),
    el("div", { class: "row between small" }, parts.time, parts.activity), parts.progress, parts.claims, parts.tail,
    el("div", { class: "row wrap actions" }, parts.stop, parts.log, parts.copy), parts.path);
  card.parts = parts;
  return card;
}

function update(card, item) {
  const { parts } = card;
  const work = item.work;
  card.work = work ?? {};
  setAttribute(card, "data-agent", item.agent);
  setAttribute(card, "data-feature", work?.feature);
  setText(parts.agent, item.agent);
  for (const name of ["feature", "category", "model", "program", "time", "activity", "progress", "claims", "tail", "stop", "log", "copy", "path"]) {
    parts[name].hidden = !work;
  }
  const own = work && feature(work.feature)?.state;
  // Where the feature is at work again, that is another attempt than this one.
  const shown = !work ? "idle" : item.isNow ? "running" : !own || own === "running" ? "ended" : own;
  setAttribute(card, "data-state", shown);
  setText(parts.state, stateWords(shown));
  setAttribute(parts.state, "data-look", !work ? "open" : look(shown));
  if (!work) return;
  setText(parts.feature, `#${work.feature} ${visible(work.title)}`);
  setText(parts.category, visible(work.category));
  setText(parts.model, `${work.model}, attempt ${work.attempt}`);
  setAttribute(parts.model, "title", work.reason);
  setText(parts.program, visible(work.program ?? ""));
  parts.program.hidden = !work.program;
  setText(parts.time, item.isNow ? duration(since(work.started_at)) : `began ${clock(work.started_at)}`);
  const quiet = since(work.last_activity_at);
  setText(parts.activity, item.isNow ? (quiet > 5 ? `quiet for ${duration(quiet)}` : "active now") : "ended");
  setText(parts.progress, visible(work.progress ?? ""));
  parts.progress.hidden = !work.progress;
  parts.stop.hidden = !item.isNow;
  keyed(parts.claims, work.claims.slice(0, 6), (path) => path, () => el("li"), (child, path) => setText(child, visible(path)));
  parts.claims.hidden = work.claims.length === 0;
  setText(parts.tail, work.log_tail.map(visible).join("\n"));
  parts.tail.hidden = work.log_tail.length === 0;
  setText(parts.path, work.lane_path);
}

export function startAgents(body) {
  const grid = el("div", { class: "cards" });
  const empty = el("p", { class: "empty", text: "No agent is at work. Start a run, or `lanekeeper run` in a terminal." });
  body.append(empty, grid);

  function show() {
    const now = new Map(state.attempts.map((work) => [work.agent, work]));
    for (const [agent, work] of now) slots.set(agent, work);
    if (isRunning()) {
      for (let number = 1; number <= (state.status.run.parallel ?? 0); number += 1) {
        if (!slots.has(`agent-${number}`)) slots.set(`agent-${number}`, null);
      }
    } else {
      for (const [agent, work] of slots) if (!work) slots.delete(agent);
    }
    const items = [...slots].map(([agent, work]) => ({ agent, work: now.get(agent) ?? work, isNow: now.has(agent) }))
      .sort((a, b) => a.agent.localeCompare(b.agent, undefined, { numeric: true }));
    empty.hidden = items.length > 0;
    keyed(grid, items, (item) => item.agent, make, update);
  }
  when(["attempts", "status"], show);
  setInterval(() => { if (!document.hidden && isRunning()) show(); }, 1000);
}
