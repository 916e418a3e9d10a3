// Reads what `git diff` writes, and shows it in one column or in two.

import { button, el } from "./dom.js";
import { language, parts } from "./highlight.js";
import { visible } from "./words.js";

/** Files with more lines than this are shown when asked for. */
const MANY = 1200;

function unquoted(name) {
  if (!name.startsWith('"')) return name.replace(/\t$/, "");
  const bytes = [];
  const inner = name.slice(1, name.lastIndexOf('"'));
  for (let index = 0; index < inner.length; index += 1) {
    if (inner[index] !== "\\") {
      bytes.push(...new TextEncoder().encode(inner[index]));
      continue;
    }
    const octal = /^[0-7]{3}/.exec(inner.slice(index + 1));
    if (octal) {
      bytes.push(parseInt(octal[0], 8));
      index += 3;
    } else {
      index += 1;
      bytes.push({ n: 10, t: 9, r: 13 }[inner[index]] ?? inner.charCodeAt(index));
    }
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}

/** Splits a diff into files with hunks of lines. */
export function readDiff(text) {
  const files = [];
  let file = null;
  let hunk = null;
  let left = 0;
  let right = 0;
  let remaining = [0, 0];
  for (const line of text.split("\n")) {
    if (hunk && (remaining[0] > 0 || remaining[1] > 0 || line.startsWith("\\"))) {
      const sign = line[0] ?? " ";
      if (sign === "\\") {
        hunk.lines.push({ sign, text: line.slice(2) });
        continue;
      }
      hunk.lines.push({ sign, text: line.slice(1), left: sign === "+" ? null : left, right: sign === "-" ? null : right });
      if (sign !== "+") { left += 1; remaining[0] -= 1; }
      if (sign !== "-") { right += 1; remaining[1] -= 1; }
      continue;
    }
    if (line.startsWith("diff --git ")) {
      file = { path: "", head: [], hunks: [], lines: 0 };
      const halves = /^diff --git ("?a\/.*"?) ("?b\/.*"?)$/.exec(line);
      file.path = halves ? unquoted(halves[2]).replace(/^b\//, "") : line.slice(11);
      files.push(file);
      hunk = null;
    } else if (!file) continue;
    else if (line.startsWith("+++ ")) {
      const name = unquoted(line.slice(4));
      if (name !== "/dev/null") file.path = name.replace(/^b\//, "");
    } else if (line.startsWith("--- ")) continue;
    else if (line.startsWith("@@")) {
      const match = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)$/.exec(line);
      if (!match) continue;
      [left, right] = [Number(match[1]), Number(match[3])];
      remaining = [Number(match[2] ?? 1), Number(match[4] ?? 1)];
      hunk = { title: match[5].trim(), place: line.slice(0, line.indexOf("@@", 2) + 2), lines: [] };
      file.hunks.push(hunk);
      file.lines += remaining[0] + remaining[1];
    } else if (line && !line.startsWith("index ")) file.head.push(line);
  }
  return files;
}

function code(text, tongue) {
  return el("code", {}, parts(visible(text), tongue).map(([kind, part]) => (kind ? el("span", { class: `hl-${kind}` }, part) : part)));
}

/** Shows a diff; `comments` keeps what is said at lines: `add(path, line, row)` opens a box below. */
export function showDiff(files, { isSplit, comment, gateFiles }) {
  return files.map((file) => {
    const tongue = language(file.path);
    const table = el("table", { class: isSplit ? "diff split" : "diff" });
    const place = el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Diff of ${visible(file.path)}` });
    const fill = () => {
      table.append(...file.hunks.flatMap((hunk) => [
        el("tbody", {}, el("tr", { class: "hunk" }, el("td", { colspan: isSplit ? 4 : 3 }, `${hunk.place} ${visible(hunk.title)}`))),
        el("tbody", {}, (isSplit ? splitRows : unifiedRows)(hunk, file, tongue, comment)),
      ]));
      place.replaceChildren(table);
    };
    if (file.lines > MANY) place.append(button(`Show ${file.lines} lines`, fill));
    else if (file.hunks.length) fill();
    const isGate = gateFiles.includes(file.path);
    return el("details", { class: "file", open: true, "data-path": file.path },
      el("summary", {}, el("span", { class: "path", text: visible(file.path) }), isGate && el("span", { class: "chip warn", text: "part of the gate" })),
      comment && button("Comment on the file", () => comment(file.path, 0, place), { class: "quiet small", "aria-label": `Comment on ${visible(file.path)}` }),
      file.head.length > 0 && el("p", { class: "note" }, file.head.map(visible).join(" · ")), place);
  });
}

function numberCell(line, file, comment) {
  if (line === null || line === undefined) return el("td", { class: "no" });
  const cell = el("td", { class: "no" });
  if (comment) {
    cell.append(button(String(line), (event) => comment(file.path, line, event.target.closest("tr")),
      { class: "at", "aria-label": `Comment at ${file.path} line ${line}` }));
  } else cell.textContent = line;
  return cell;
}

const KIND = { "+": "plus", "-": "minus", "\\": "meta", " ": "" };

function unifiedRows(hunk, file, tongue, comment) {
  return hunk.lines.map((line) =>
    el("tr", { class: KIND[line.sign] }, el("td", { class: "no" }, line.left ?? ""), numberCell(line.right, file, comment),
      el("td", { class: "code" }, el("span", { class: "sign", text: line.sign }), code(line.text, tongue))));
}

function splitRows(hunk, file, tongue, comment) {
  const rows = [];
  let gone = [];
  let come = [];
  const cells = (line, isRight) => (line
    ? [isRight ? numberCell(line.right, file, comment) : el("td", { class: "no" }, line.left ?? ""),
      el("td", { class: `code ${KIND[line.sign]}` }, code(line.text, tongue))]
    : [el("td", { class: "no" }), el("td", { class: "code empty" })]);
  const flush = () => {
    for (let index = 0; index < Math.max(gone.length, come.length); index += 1) {
      rows.push(el("tr", {}, cells(gone[index], false), cells(come[index], true)));
    }
    gone = [];
    come = [];
  };
  for (const line of hunk.lines) {
    if (line.sign === "-") gone.push(line);
    else if (line.sign === "+") come.push(line);
    else {
      flush();
      if (line.sign === " ") rows.push(el("tr", {}, cells(line, false), cells(line, true)));
    }
  }
  flush();
  return rows;
}
