// The graph of dependencies: drawn once for each layout, then only states change.

import { act, path } from "./api.js";
import { button, el, option, setAttribute, setText, svg } from "./dom.js";
import { editFeature } from "./feature-form.js";
import { attempt } from "./notices.js";
import { refresh } from "./refresh.js";
import { feature, state, when } from "./state.js";
import { duration, look, stateWords, visible } from "./words.js";

const BOX = { width: 176, height: 44 };
const GAP = { x: 64, y: 18 };
const MARGIN = 16;

const x = (column) => MARGIN + column * (BOX.width + GAP.x);
const y = (row) => MARGIN + row * (BOX.height + GAP.y);
const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** The shape that tells a state without colour. */
const SHAPES = {
  open: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0", ready: "M0 -6L6 0L0 6L-6 0z", working: "M-4 -6L6 0L-4 6z",
  review: "M-5 -5h10v10h-10z", landed: "M-6 0L-2 5L6 -5", failed: "M-5 -5L5 5M5 -5L-5 5",
};

function curve(edge, columns) {
  const middle = (row) => y(row) + BOX.height / 2;
  const last = columns.get(edge.feature) ?? edge.column + 1;
  let text = `M${x(edge.column) + BOX.width} ${middle(edge.rows[0])}`;
  edge.rows.slice(1).forEach((row, index) => {
    const isLast = index === edge.rows.length - 2;
    const end = x(isLast ? last : edge.column + index + 1);
    const start = end - GAP.x;
    const from = middle(edge.rows[index]);
    if (index > 0) text += `L${start} ${from}`;
    text += `C${start + GAP.x / 2} ${from} ${end - GAP.x / 2} ${middle(row)} ${end} ${middle(row)}`;
  });
  return text;
}

export function startGraph(body) {
  const search = el("input", { type: "search", id: "graph-search", placeholder: "search", "aria-label": "Search the graph", oninput: find });
  const scene = svg("g");
  const drawing = svg("svg", { class: "graph", "data-testid": "dependency-graph", role: "group", tabindex: 0,
    "aria-label": "Graph of dependencies; arrows move, plus and minus zoom, zero fits, tab and enter choose a feature" },
    svg("defs", {}, svg("marker", { id: "tip", viewBox: "0 0 8 8", refX: 8, refY: 4, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto" },
      svg("path", { d: "M0 0L8 4L0 8z", class: "tip" }))), scene);
  const told = el("div", { class: "told", role: "status" });
  const place = el("div", { class: "graph-place" }, drawing);
  const from = el("select", { "aria-label": "The feature that needs another" });
  const to = el("select", { "aria-label": "The feature that lands first" });
  const needs = el("ul", { class: "needs" });
  const tools = el("div", { class: "row wrap tools" }, search,
    button("+", () => zoom(1.25), { "aria-label": "Zoom in" }), button("−", () => zoom(0.8), { "aria-label": "Zoom out" }),
    button("Fit", fit));
  const edit = el("details", { class: "edges" }, el("summary", { text: "Add or remove a dependency" }),
    el("div", { class: "row wrap" }, from, el("span", { text: "needs" }), to, button("Add", addEdge)), needs);
  const legend = el("p", { class: "legend" },
    [["open", "open"], ["ready", "ready"], ["working", "working"], ["review", "built"], ["landed", "landed"], ["failed", "stuck"]].map(([name, words]) =>
      el("span", { class: "key", "data-look": name }, svg("svg", { viewBox: "-8 -8 16 16", width: 14, height: 14, "aria-hidden": "true" },
        svg("path", { d: SHAPES[name], class: "shape" })), words)),
    [["declared", "declared"], ["detected", "detected"], ["discovered", "found in a run"], ["critical", "longest path"]].map(([name, words]) =>
      el("span", { class: "key" }, svg("svg", { viewBox: "0 0 26 8", width: 26, height: 8, "aria-hidden": "true" },
        svg("path", { d: "M1 4H25", class: `edge ${name}` })), words)));
  body.append(tools, place, told, legend, edit);

  let nodes = new Map();
  let edges = [];
  let size = { width: 100, height: 100 };
  let at = { x: 0, y: 0, scale: 1 };
  /** Somebody moved the picture; it stays so when the graph grows. */
  let isMoved = false;
  let chosen = null;

  function draw() {
    const layout = state.layout;
    if (!layout) return;
    const columns = new Map(layout.nodes.map((node) => [node.id, node.column]));
    const critical = new Set(layout.critical_path);
    nodes = new Map();
    edges = layout.edges.map((edge) => {
      const isCritical = critical.has(edge.feature) && critical.has(edge.depends_on)
        && Math.abs(layout.critical_path.indexOf(edge.feature) - layout.critical_path.indexOf(edge.depends_on)) === 1;
      const words = edgeWords(edge);
      const line = svg("path", { d: curve(edge, columns), class: `edge ${edge.source}${isCritical ? " critical" : ""}`, "marker-end": "url(#tip)" });
      const group = svg("g", { "data-testid": "graph-edge", "data-source": edge.source, "data-feature": edge.feature, "data-depends-on": edge.depends_on },
        svg("title", { text: words }), svg("path", { d: line.getAttribute("d"), class: "hit" }), line);
      group.addEventListener("mouseenter", () => setText(told, words));
      group.addEventListener("click", () => choose(edge.feature));
      return group;
    });
    const boxes = layout.nodes.filter((node) => node.column !== null && node.row !== null).map((node) => {
      const shape = svg("path", { class: "shape", transform: "translate(16 22)" });
      const title = svg("title");
      const group = svg("g", { class: `node${critical.has(node.id) ? " critical" : ""}`, "data-testid": "graph-node", "data-feature": node.id,
        transform: `translate(${x(node.column)} ${y(node.row)})`, tabindex: -1, role: "button" }, title,
        svg("rect", { width: BOX.width, height: BOX.height, rx: 7 }), shape,
        svg("text", { x: 30, y: 18, class: "id", text: cut(`#${node.id}`, 22) }),
        svg("text", { x: 30, y: 34, text: cut(visible(node.title), 20) }));
      group.addEventListener("click", () => choose(node.id));
      group.addEventListener("focus", () => tellNode(node.id));
      group.addEventListener("mouseenter", () => tellNode(node.id));
      group.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        choose(node.id);
      });
      nodes.set(node.id, { group, shape, title, node });
      return group;
    });
    scene.replaceChildren(...edges, ...boxes);
    const first = nodes.values().next().value;
    if (first) first.group.setAttribute("tabindex", 0);
    size = { width: x(layout.columns) - GAP.x + MARGIN, height: y(layout.rows) - GAP.y + MARGIN };
    const options = (select) => {
      const value = select.value;
      select.replaceChildren(...layout.nodes.map((node) => option(node.id, `#${node.id} ${cut(visible(node.title), 40)}`)));
      if (value) select.value = value;
    };
    options(from);
    options(to);
    paint();
    if (!isMoved) fit();
    if (chosen) showNeeds(chosen);
  }

  function paint() {
    for (const [id, { group, shape, title, node }] of nodes) {
      const own = feature(id);
      const name = look(own?.state ?? "pending");
      setAttribute(group, "data-state", own?.state ?? "pending");
      setAttribute(group, "data-look", name);
      setAttribute(shape, "d", SHAPES[name]);
      const words = `#${id} ${visible(node.title)}: ${stateWords(own?.state ?? "pending")}`;
      setText(title, words);
      setAttribute(group, "aria-label", words);
    }
  }

  function edgeWords(edge) {
    const sure = edge.confidence === null ? "" : `, ${Math.round(edge.confidence * 100)} % sure`;
    return `#${edge.feature} needs #${edge.depends_on} (${edge.source}${sure})${edge.reason ? `: ${visible(edge.reason)}` : ""}`;
  }

  function tellNode(id) {
    const { node } = nodes.get(id);
    setText(told, `#${id} ${visible(node.title)} – ${node.category}, ${stateWords(feature(id)?.state ?? "pending")}`
      + (node.seconds ? `, usually ${duration(node.seconds)}` : ""));
  }

  function choose(id) {
    chosen = id;
    for (const [name, { group }] of nodes) {
      group.classList.toggle("chosen", name === id);
      group.setAttribute("tabindex", name === id ? 0 : -1);
    }
    from.value = id;
    showNeeds(id);
    tellNode(id);
  }

  function showNeeds(id) {
    const own = state.features.get(id);
    needs.replaceChildren(
      el("li", {}, el("strong", { text: `#${id} ${visible(own?.title ?? "")}` }), " ", button("Edit", () => editFeature(id))),
      ...(own?.depends_on ?? []).map((other) =>
        el("li", {}, `needs #${other} `, button("Remove", () => removeEdge(id, other), { "aria-label": `#${id} no longer needs #${other}` }))));
  }

  async function addEdge() {
    const [one, other] = [from.value, to.value];
    await attempt(() => act("POST", "/api/edges", { feature: one, depends_on: other }), `#${one} needs #${other} now.`);
    refresh("features", "layout", "status");
    chosen = one;
  }

  async function removeEdge(one, other) {
    await attempt(() => act("DELETE", `/api/edges/${path(one)}/${path(other)}`), `#${one} no longer needs #${other}.`);
    refresh("features", "layout", "status");
  }

  // MARK: moving

  function move() {
    scene.setAttribute("transform", `translate(${at.x} ${at.y}) scale(${at.scale})`);
    // What can't be read need not be drawn.
    drawing.classList.toggle("far", at.scale < 0.4);
  }

  function fit() {
    const room = drawing.getBoundingClientRect();
    if (!room.width || !nodes.size) return;
    isMoved = false;
    const scale = Math.max(0.05, Math.min(1.6, room.width / size.width, room.height / size.height));
    at = { scale, x: (room.width - size.width * scale) / 2, y: (room.height - size.height * scale) / 2 };
    move();
  }

  function zoom(factor, center) {
    isMoved = true;
    const room = drawing.getBoundingClientRect();
    const point = center ?? { x: room.width / 2, y: room.height / 2 };
    const scale = Math.max(0.05, Math.min(4, at.scale * factor));
    at = { scale, x: point.x - ((point.x - at.x) * scale) / at.scale, y: point.y - ((point.y - at.y) * scale) / at.scale };
    move();
  }

  function find() {
    const text = search.value.toLowerCase();
    let found = null;
    for (const [id, { group, node }] of nodes) {
      const fits = !!text && `#${id} ${node.title}`.toLowerCase().includes(text);
      group.classList.toggle("found", fits);
      if (fits) found ??= node;
    }
    if (!found) return;
    isMoved = true;
    const room = drawing.getBoundingClientRect();
    at.scale = Math.max(at.scale, 0.8);
    at.x = room.width / 2 - (x(found.column) + BOX.width / 2) * at.scale;
    at.y = room.height / 2 - (y(found.row) + BOX.height / 2) * at.scale;
    move();
  }

  let held = null;
  drawing.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    held = { x: event.clientX - at.x, y: event.clientY - at.y, isMoved: false };
  });
  drawing.addEventListener("pointermove", (event) => {
    if (!held || !event.buttons) return;
    if (!held.isMoved) drawing.setPointerCapture(event.pointerId);
    held.isMoved = true;
    isMoved = true;
    at.x = event.clientX - held.x;
    at.y = event.clientY - held.y;
    move();
  });
  drawing.addEventListener("pointerup", () => { held = null; });
  drawing.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.shiftKey) return;
    event.preventDefault();
    const room = drawing.getBoundingClientRect();
    zoom(event.deltaY + event.deltaX < 0 ? 1.15 : 0.87, { x: event.clientX - room.left, y: event.clientY - room.top });
  }, { passive: false });
  drawing.addEventListener("keydown", (event) => {
    const step = 60;
    const steps = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    if (steps[event.key]) {
      isMoved = true;
      at.x += steps[event.key][0];
      at.y += steps[event.key][1];
      move();
    } else if (event.key === "+") zoom(1.25);
    else if (event.key === "-") zoom(0.8);
    else if (event.key === "0") fit();
    else return;
    event.preventDefault();
  });
  let room = { width: 0, height: 0 };
  new ResizeObserver(([entry]) => {
    const now = entry.contentRect;
    if (Math.abs(now.width - room.width) < 2 && Math.abs(now.height - room.height) < 2) return;
    room = { width: now.width, height: now.height };
    fit();
  }).observe(place);

  when(["layout"], draw);
  when(["status"], paint);
  when(["features"], () => { if (chosen) showNeeds(chosen); });
}
