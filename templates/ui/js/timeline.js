// The lanes over time, as bars: agents, waits, gates and landings; and how much faster that was than
// one after the other.

import { el, keyed, setAttribute, setText } from "./dom.js";
import { state, when } from "./state.js";
import { clock, duration, visible } from "./words.js";

const KINDS = [["agent", "agent at work"], ["wait", "wait"], ["gate", "gate"], ["landing", "landing"]];

export function startTimeline(body) {
  const speed = el("p", { class: "speed", "aria-live": "off" });
  const chart = el("div", { class: "timeline", "data-testid": "timeline", tabindex: 0, role: "region", "aria-label": "Lanes over time" });
  const axis = el("div", { class: "axis" });
  const rows = el("div", { class: "lanes" });
  chart.append(axis, rows);
  body.append(speed, chart, el("p", { class: "legend" }, KINDS.map(([kind, words]) =>
    el("span", { class: "key" }, el("span", { class: `swatch ${kind}` }), words))));

  function show() {
    const value = state.timeline;
    if (!value) return;
    const now = Date.parse(value.now);
    // The last run fills the picture; what was before it stands to its left.
    const begin = Date.parse(value.run?.started_at ?? value.from);
    const end = value.run?.running ? now : Math.max(...value.bars.map((bar) => Date.parse(bar.to ?? value.now)), begin + 1000);
    const span = Math.max(1000, end - begin);
    const bars = value.bars.filter((bar) => Date.parse(bar.to ?? value.now) >= begin);
    const run = value.run;
    setText(speed, run?.running && run.wall_s < 3 ? "The run has just begun." : run ? `${duration(run.agent_s)} of agents' work in ${duration(run.wall_s)}: ${run.speedup.toFixed(2)} times as fast as one after the other.`
      : "Nothing has run yet.");
    const lanes = [...new Set(bars.map((bar) => bar.lane))].sort((a, b) => (a ?? 1e9) - (b ?? 1e9));
    chart.hidden = bars.length === 0;
    keyed(axis, [0, 0.25, 0.5, 0.75, 1], (part) => part, () => el("span"), (tick, part) => {
      setText(tick, clock(new Date(begin + span * part).toISOString()));
      tick.style.left = `${part * 100}%`;
    });
    keyed(rows, lanes, (lane) => lane, (lane) =>
      el("div", { class: "lane" }, el("span", { class: "label", text: lane === null ? "–" : `lane ${lane}` }), el("div", { class: "bars" })), (row, lane) => {
      keyed(row.lastElementChild, bars.filter((bar) => bar.lane === lane), (bar) => `${bar.kind} ${bar.feature} ${bar.from}`,
        (bar) => el("span", { class: `bar ${bar.kind}` }), (element, bar) => {
          const from = Math.max(begin, Date.parse(bar.from));
          const to = Date.parse(bar.to ?? value.now);
          element.style.left = `${((from - begin) / span) * 100}%`;
          element.style.width = `${(Math.max(0, to - from) / span) * 100}%`;
          setText(element, `#${bar.feature}`);
          setAttribute(element, "data-state", bar.state);
          setAttribute(element, "title", `#${bar.feature} ${bar.kind}${bar.agent ? ` ${bar.agent}` : ""}: ${bar.state.replaceAll("_", " ")}, ${duration((to - from) / 1000)}${bar.detail ? `\n${visible(bar.detail)}` : ""}`);
        });
    });
  }
  when(["timeline"], show);
}
