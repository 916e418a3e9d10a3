// The landing queue, the gate that runs, and how gates went before.

import { get, path } from "./api.js";
import { button, el, keyed, setAttribute, setText } from "./dom.js";
import { attempt, dialog } from "./notices.js";
import { state, when } from "./state.js";
import { clock, duration, since, visible } from "./words.js";

export function startLanding(body) {
  const queue = el("ol", { class: "queue", "aria-label": "Landing queue" });
  const none = el("p", { class: "empty", text: "Nothing waits to land." });
  const paused = el("p", { class: "warning", text: "Landings are paused: lanekeeper resume --landing" });
  const output = el("pre", { class: "gate-output", tabindex: 0, role: "group", "aria-label": "Output of the running gate" });
  const running = el("div", { class: "gate" }, el("h3", { text: "The gate runs" }), output);
  const rows = el("tbody");
  body.append(paused, el("div", { "data-testid": "landing-queue" }, queue, none), running,
    el("h3", { text: "Gate runs" }),
    el("div", { class: "scroll short", tabindex: 0, role: "region", "aria-label": "Table of gate runs" }, el("table", { class: "table" },
      el("thead", {}, el("tr", {}, ["When", "Result", "Took", "Tree", "Log"].map((name) => el("th", { scope: "col", text: name })))), rows)));

  function items(landings) {
    const open = landings.open.map((entry) => ({
      id: entry.feature, isOpen: true,
      text: `#${entry.feature} ${entry.phase}, ${duration(since(entry.started_at))}`,
    }));
    return [...open, ...landings.queue.filter((item) => !open.some((entry) => entry.id === item.feature)).map((item) => ({
      id: item.feature, isOpen: false,
      text: `#${item.feature} ${visible(item.title ?? "")}${item.waits_for ? `, after #${item.waits_for}` : ""}`,
    }))];
  }

  function makeRow(gate) {
    return el("tr", {}, el("td"), el("td"), el("td"), el("td", { class: "mono" }),
      el("td", {}, gate.log && button("Show", () => showLog(gate.log), { class: "quiet small" })));
  }

  function updateRow(row, gate) {
    const [when_, result, took, tree] = row.children;
    setText(when_, clock(gate.at));
    setText(result, `${gate.passed ? "✓ passed" : `✕ ${gate.status}`}${gate.cold ? ", cold" : ""}${gate.flaky ? ", flaky" : ""}`);
    setAttribute(row, "data-passed", gate.passed);
    setText(took, duration(gate.seconds));
    setText(tree, gate.tree.slice(0, 7));
  }

  async function showLog(name) {
    await attempt(async () => {
      const pre = el("pre", { class: "gate-output tall", tabindex: 0, role: "group", "aria-label": "The gate's log" });
      let offset = 0;
      let hasMore = true;
      const lines = [];
      while (hasMore && lines.length < 20000) {
        const part = await get(`/api/gates/${path(name)}/log?offset=${offset}`);
        lines.push(...part.lines);
        hasMore = part.more && part.offset > offset;
        offset = part.offset;
      }
      pre.textContent = lines.map(visible).join("\n");
      dialog("The gate's log", pre);
    });
  }

  let followed = null;
  async function follow() {
    const name = state.landings?.running_log;
    if (!name) {
      followed = null;
      return;
    }
    if (followed?.name !== name) {
      followed = { name, offset: 0 };
      output.textContent = "";
    }
    const own = followed;
    const part = await get(`/api/gates/${path(name)}/log?offset=${own.offset}`).catch(() => null);
    if (!part || own !== followed) return;
    own.offset = part.offset;
    if (!part.lines.length) return;
    const atEnd = output.scrollTop + output.clientHeight >= output.scrollHeight - 8;
    output.append(part.lines.map(visible).join("\n") + "\n");
    if (output.textContent.length > 200_000) output.textContent = output.textContent.slice(-100_000);
    if (atEnd) output.scrollTop = output.scrollHeight;
  }

  function show() {
    const { landings } = state;
    if (!landings) return;
    paused.hidden = !landings.paused;
    const list = items(landings);
    none.hidden = list.length > 0;
    queue.hidden = list.length === 0;
    keyed(queue, list, (item) => item.id, () => el("li"), (element, item) => {
      setText(element, item.text);
      setAttribute(element, "data-open", item.isOpen || null);
      setAttribute(element, "data-feature", item.id);
    });
    running.hidden = !landings.running_log;
    follow();
    keyed(rows, landings.gates, (gate) => `${gate.tree} ${gate.at}`, makeRow, updateRow);
  }
  when(["landings"], show);
  setInterval(() => { if (!document.hidden && state.landings?.running_log) show(); }, 1000);
}
