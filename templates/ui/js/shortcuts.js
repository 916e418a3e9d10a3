// The keyboard: `g` and a letter goes to a part of the page, `?` lists what there is.

import { el } from "./dom.js";
import { dialog } from "./notices.js";

const PLACES = [
  ["c", "control", "Control"], ["a", "agents", "Agents"], ["d", "graph", "Dependencies"], ["l", "logs", "Logs"],
  ["b", "backlog", "Backlog"], ["r", "review", "Review"], ["h", "claims", "Claims"], ["q", "landing", "Landing"],
  ["t", "timeline", "Timeline"],
];

const MORE = [
  ["?", "this list"], ["/", "search the backlog"], ["n", "add a feature"], ["p", "pause or resume"],
  ["s", "jump to the start button"], ["+ − 0 arrows", "zoom, fit and move the graph, where it has the focus"],
  ["Esc", "close a dialog"],
];

function go(id) {
  const panel = document.getElementById(id);
  panel.scrollIntoView({ block: "start", behavior: "auto" });
  const title = panel.querySelector("h2");
  title.tabIndex = -1;
  title.focus({ preventScroll: true });
}

function show() {
  const rows = [...PLACES.map(([key, , name]) => [`g ${key}`, `go to ${name}`]), ...MORE];
  dialog("Keyboard shortcuts", el("dl", { class: "keys" },
    rows.map(([keys, what]) => [el("dt", {}, keys.split(" ").map((key) => el("kbd", { text: key }))), el("dd", { text: what })])));
}

export function startShortcuts() {
  const list = document.getElementById("places");
  for (const [key, id, name] of PLACES) {
    const link = el("a", { href: `#${id}`, "aria-keyshortcuts": `g ${key}`, id: `to-${id}` }, name);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      go(id);
    });
    list.append(el("li", {}, link));
  }
  document.getElementById("help").addEventListener("click", show);
  let isWaiting = false;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, dialog")) return;
    if (isWaiting) {
      isWaiting = false;
      const place = PLACES.find(([key]) => key === event.key);
      if (place) {
        event.preventDefault();
        go(place[1]);
      }
      return;
    }
    const press = (selector) => {
      const target = document.querySelector(selector);
      if (!target) return;
      event.preventDefault();
      target.focus();
      if (target.tagName === "BUTTON") target.click();
    };
    if (event.key === "g") {
      isWaiting = true;
      setTimeout(() => { isWaiting = false; }, 1500);
    } else if (event.key === "?") {
      event.preventDefault();
      show();
    } else if (event.key === "/") press("#backlog-search");
    else if (event.key === "n") press("#add-feature");
    else if (event.key === "p") press("#pause:not(:disabled)");
    else if (event.key === "s") {
      event.preventDefault();
      document.getElementById("start").focus();
    }
  });
}
