// The line at the top: how far the run is.

import { el, setText } from "./dom.js";
import { isRunning, state, when } from "./state.js";
import { duration, money } from "./words.js";

export function startTop() {
  const facts = document.getElementById("facts");
  const value = (label, id) => {
    const element = el("span", { class: "value", id, text: "–" });
    return [el("span", { class: "fact" }, el("span", { class: "label", text: label }), element), element];
  };
  const [runBox, run] = value("run", "fact-run");
  const [landedBox, landed] = value("landed", "fact-landed");
  const [elapsedBox, elapsed] = value("elapsed", "fact-elapsed");
  const [etaBox, eta] = value("to go", "fact-eta");
  const [costBox, cost] = value("cost", "fact-cost");
  const bar = el("progress", { max: 1, "aria-label": "Features landed" });
  bar.value = 0;
  facts.append(runBox, landedBox, bar, elapsedBox, etaBox, costBox);

  function show() {
    const { status, timeline, settings } = state;
    if (settings) {
      setText(document.getElementById("project"), settings.project);
      document.title = `${settings.project} – Lanekeeper`;
    }
    if (!status) return;
    const done = status.features.filter((feature) => feature.state === "landed").length;
    setText(run, status.run.state);
    run.dataset.state = status.run.state;
    setText(landed, `${done} of ${status.features.length}`);
    bar.max = Math.max(1, status.features.length);
    bar.value = done;
    setText(eta, isRunning() ? duration(status.eta_s) : "–");
    setText(cost, money(status.cost_usd));
    setText(elapsed, timeline?.run ? duration(timeline.run.wall_s) : "–");
    const hold = status.target_hold;
    document.body.dataset.held = hold ? "yes" : "";
  }
  when(["status", "timeline", "settings"], show);
}
