// Starting and steering a run.

import { act } from "./api.js";
import { button, el, field, option, setText } from "./dom.js";
import { ask, attempt } from "./notices.js";
import { refresh } from "./refresh.js";
import { isRunning, state, when } from "./state.js";

export function startControl(body) {
  const number = el("output", { class: "number", text: "3", for: "parallel" });
  const slider = el("input", {
    type: "range", id: "parallel", min: 1, max: 5, step: 1, "data-testid": "parallel-slider",
    "aria-label": "Agents at once", oninput: () => setText(number, slider.value),
  });
  slider.value = 3;
  const presets = el("select", { id: "preset", "data-testid": "preset-select", onchange: choosePreset });
  const note = el("p", { class: "note", id: "preset-note" });
  const models = el("fieldset", { class: "models" }, el("legend", { text: "Models" }));
  const agents = el("select", { id: "agent-choice" });
  const start = button("Start", run, { id: "start", class: "primary", "data-testid": "start-button" });
  const pause = button("Pause", steerPause, { id: "pause", "data-testid": "pause-button" });
  const drain = button("Drain", () => steer("drain", "Nothing new starts; what is under way lands."), {
    id: "drain", title: "Start nothing new, and end when what is under way has landed",
  });
  const stop = button("Stop", steerStop, { id: "stop", class: "danger", "data-testid": "stop-button" });
  const output = el("details", { class: "output" }, el("summary", { text: "What the run wrote" }),
    el("pre", { tabindex: 0, role: "group", "aria-label": "Output of the run" }));
  output.addEventListener("toggle", showOutput);
  const held = el("p", { class: "warning", role: "alert" });
  held.hidden = true;
  const boxes = new Map();
  let isFilled = false;

  body.append(
    held,
    el("div", { class: "field" }, el("span", { class: "label", text: "Agents at once" }),
      el("div", { class: "row" }, slider, number)),
    field("Preset", presets), note, models, field("Agent", agents),
    el("div", { class: "row wrap actions" }, start, pause, drain, stop), output,
  );

  function fill(settings) {
    slider.max = Math.max(5, settings.max_parallel);
    slider.value = settings.parallel;
    setText(number, slider.value);
    presets.append(...settings.presets.map((preset) => option(preset.id, preset.name, preset.id === settings.preset)),
      option("", "Custom", !settings.preset));
    for (const tier of settings.tiers) {
      const box = el("input", { type: "checkbox", value: tier, "data-testid": "model-checkbox", onchange: chooseModels });
      boxes.set(tier, box);
      models.append(el("label", { class: "check" }, box, tier));
    }
    agents.append(option("", `as configured (${settings.agent.join(", ")})`, true),
      ...settings.agents.filter((agent) => agent.found && !agent.problem)
        .map((agent) => option(agent.name, agent.title ?? agent.name)));
    mark(settings.models);
    explain();
  }

  function mark(names) {
    for (const [tier, box] of boxes) box.checked = names.includes(tier);
  }

  function choosePreset() {
    const preset = state.settings.presets.find((item) => item.id === presets.value);
    if (preset) mark(preset.models);
    explain();
  }

  function chooseModels() {
    presets.value = "";
    explain();
  }

  function explain() {
    const preset = state.settings.presets.find((item) => item.id === presets.value);
    setText(note, preset ? `${preset.description} Best for: ${preset.best_for}.`
      : "The best of the chosen models takes what is difficult, the cheapest what is simple.");
  }

  async function run() {
    const names = [...boxes].filter(([, box]) => box.checked).map(([tier]) => tier);
    const wish = { parallel: Number(slider.value) };
    if (presets.value) wish.preset = presets.value;
    else wish.models = names;
    if (agents.value) wish.agent = agents.value;
    start.disabled = true;
    await attempt(async () => {
      if (!presets.value && names.length === 0) throw new Error("choose at least one model");
      await act("POST", "/api/run", wish);
    }, "The run has begun.");
    refresh("status", "features", "layout");
    show();
  }

  async function steer(word, done, value) {
    await attempt(() => act("POST", `/api/run/${word}`, value), done);
    refresh("status");
  }

  function steerPause() {
    const isPaused = ["paused", "draining"].includes(state.status?.run.state);
    steer(isPaused ? "resume" : "pause", isPaused ? "The run goes on." : "No further attempts start.");
  }

  async function steerStop() {
    const isStopping = state.status?.run.state === "stopping";
    const yes = await ask(isStopping ? "End the agents at once?" : "Stop the run?",
      isStopping ? "They get no more time to end by themselves. What they wrote is kept."
        : "The agents get a moment to end. What they wrote is kept, and the next run goes on from there.", "Stop");
    if (yes) steer("stop", "The run ends.", { now: isStopping });
  }

  async function showOutput() {
    if (!output.open) return;
    const { get } = await import("./api.js");
    const value = await get("/api/run/output").catch(() => ({ lines: [] }));
    setText(output.querySelector("pre"), value.lines.join("\n") || "No run was started from here yet.");
  }

  function show() {
    if (state.settings && !isFilled) {
      isFilled = true;
      fill(state.settings);
    }
    const isAlive = isRunning();
    const run = state.status?.run;
    start.disabled = !state.settings || isAlive;
    pause.disabled = !isAlive || run?.state === "stopping";
    setText(pause, ["paused", "draining"].includes(run?.state) ? "Resume" : "Pause");
    drain.disabled = !isAlive || ["draining", "stopping"].includes(run?.state);
    stop.disabled = !isAlive;
    setText(stop, run?.state === "stopping" ? "Stop now" : "Stop");
    for (const control of [slider, presets, agents, ...boxes.values()]) control.disabled = isAlive;
    const hold = state.status?.target_hold;
    held.hidden = !hold;
    if (hold) setText(held, `The target was moved past the hooks (${hold.found.slice(0, 7)}); nothing lands until you have decided: lanekeeper land --accept-target, or take it back.`);
    if (output.open) showOutput();
  }
  when(["settings", "status"], show);
  show();
}
