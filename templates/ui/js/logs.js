// What agents write and what happens, as it comes: searched, filtered, and of any length.

import { blob, get, path } from "./api.js";
import { button, el, option, setAttribute, setText } from "./dom.js";
import { TROUBLES } from "./events.js";
import { attempt } from "./notices.js";
import { state, when } from "./state.js";
import { VirtualList } from "./virtual-list.js";
import { clock, visible } from "./words.js";

const MOST = 1_000_000;
const LEVELS = { error: 2, warning: 1, info: 0 };

/** All lines, or those of one log that was loaded as a whole. */
let lines = [];
let whole = null;
let filtered = null;
let view;
let openLogHere = () => {};

export function openLog(id) {
  openLogHere(id);
}

function level(text) {
  if (/\b(error|fatal|failed|failure|exception|panic)\b|✗|❌/i.test(text)) return "error";
  if (/\b(warn|warning|deprecated)\b|⚠/i.test(text)) return "warning";
  return "info";
}

function eventText(event) {
  const { seq, time, type, feature, agent, ...rest } = event;
  const facts = Object.entries(rest).filter(([, value]) => value !== null && value !== "")
    .map(([key, value]) => `${key}=${Array.isArray(value) ? value.join(",") : value}`);
  return [type.replaceAll("_", " "), ...facts].join("  ");
}

export function startLogs(body) {
  const search = el("input", { type: "search", id: "log-search", placeholder: "search", "aria-label": "Search the log", oninput: later });
  const source = el("select", { id: "log-source", "aria-label": "Whose lines", onchange: choose }, option("", "all agents", true));
  const kind = el("select", { id: "log-kind", "aria-label": "Kind of lines", onchange: filter },
    option("", "output and events", true), option("output", "output"), option("event", "events"));
  const least = el("select", { id: "log-level", "aria-label": "Level", onchange: filter },
    option("info", "all levels", true), option("warning", "warnings and errors"), option("error", "errors"));
  const count = el("span", { class: "note" });
  const jump = button("Follow", () => view.toEnd(), { id: "log-follow" });
  jump.hidden = true;
  const saveButton = button("Download", download, { id: "log-download" });
  const load = button("Whole log", loadWhole, { id: "log-whole", title: "Load the whole log of this feature" });
  load.hidden = true;

  view = new VirtualList({
    testid: "log-stream", label: "Log lines",
    line: (index) => (filtered ? current()[filtered[index]] : current()[index]),
    make: () => {
      const row = el("div", { class: "line", "data-testid": "log-line" },
        el("span", { class: "when" }), el("span", { class: "who" }), el("span", { class: "what" }));
      return row;
    },
    show: (row, line) => {
      const [time, who, what] = row.children;
      setText(time, line.time);
      setText(who, line.who);
      setText(what, line.text);
      setAttribute(row, "data-level", line.level);
      setAttribute(row, "data-kind", line.kind);
    },
  });
  view.onFollow = (isFollowing) => {
    jump.hidden = isFollowing;
  };
  body.append(el("div", { class: "row wrap tools" }, search, source, kind, least, load, saveButton, jump, count), view.element);

  const current = () => whole?.lines ?? lines;
  const wanted = () => ({ text: search.value.toLowerCase(), feature: whole ? "" : source.value, kind: kind.value, least: LEVELS[least.value] });
  const fits = (line, want) => (!want.kind || line.kind === want.kind) && LEVELS[line.level] >= want.least
    && (!want.feature || line.feature === want.feature)
    && (!want.text || line.text.toLowerCase().includes(want.text) || line.who.toLowerCase().includes(want.text));
  const isPlain = (want) => !want.text && !want.feature && !want.kind && want.least === 0;

  let timer;
  function later() {
    clearTimeout(timer);
    timer = setTimeout(filter, 150);
  }

  function filter() {
    const want = wanted();
    filtered = null;
    if (!isPlain(want)) {
      filtered = [];
      current().forEach((line, index) => { if (fits(line, want)) filtered.push(index); });
    }
    show();
  }

  function show() {
    const shown = filtered ? filtered.length : current().length;
    setText(count, filtered ? `${shown} of ${current().length} lines` : `${shown} lines`);
    view.set(shown);
  }

  function add(list) {
    const start = lines.length;
    for (const line of list) lines.push(line);
    if (lines.length > MOST) {
      lines = lines.slice(lines.length - MOST + 100_000);
      if (!whole) filter();
    } else if (!whole) {
      const want = wanted();
      if (filtered) for (let index = start; index < lines.length; index += 1) if (fits(lines[index], want)) filtered.push(index);
      show();
    }
  }

  function choose() {
    whole = null;
    load.hidden = !source.value;
    filter();
  }

  async function loadWhole() {
    const id = source.value;
    const own = { id, lines: [] };
    whole = own;
    // Nothing of it has come yet, and what is shown until then must not be looked up in it.
    filter();
    await attempt(async () => {
      let offset = 0;
      let hasMore = true;
      while (hasMore && whole === own) {
        const part = await get(`/api/logs/${path(id)}?offset=${offset}`);
        for (const text of part.lines) own.lines.push({ kind: "output", feature: id, who: `#${id}`, time: "", text: visible(text), level: level(text) });
        hasMore = part.more && part.offset > offset;
        offset = part.offset;
        filter();
      }
    });
  }

  async function download() {
    const id = source.value;
    if (!id) {
      save(new Blob(current().map((line) => `${line.time}\t${line.who}\t${line.text}\n`), { type: "text/plain" }), "lanekeeper.log");
      return;
    }
    await attempt(async () => save(await blob(`/api/logs/${path(id)}/download`), `feature-${id}.log`));
  }

  function save(content, name) {
    const address = URL.createObjectURL(content);
    el("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  openLogHere = (id) => {
    source.value = id;
    choose();
    loadWhole();
    document.getElementById("logs").scrollIntoView({ block: "start" });
    view.element.focus({ preventScroll: true });
  };

  when(["status"], () => {
    const known = state.status.features;
    if (source.options.length === known.length + 1) return;
    const value = source.value;
    source.replaceChildren(option("", "all agents"), ...known.map((feature) => option(feature.id, `#${feature.id} ${visible(feature.title)}`)));
    source.value = value;
  });

  return {
    addLines(list) {
      const time = clock(new Date().toISOString());
      add(list.map((line) => ({
        kind: "output", feature: line.feature, who: `${line.agent} #${line.feature}`, time: line.isTail ? "" : time, text: visible(line.text), level: level(line.text),
      })));
    },
    addEvents(events) {
      add(events.filter((event) => event.type !== "output").map((event) => {
        const text = visible(eventText(event));
        return {
          kind: "event", feature: event.feature ?? "", time: clock(event.time), text, level: TROUBLES.has(event.type) ? "error" : "info",
          who: [event.agent, event.feature && `#${event.feature}`].filter(Boolean).join(" ") || "run", seq: event.seq,
        };
      }));
    },
  };
}
