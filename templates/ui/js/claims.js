// Who holds which paths, who waits for them, and why.

import { el, keyed, setAttribute, setText } from "./dom.js";
import { state, when } from "./state.js";
import { clock, visible } from "./words.js";

export function startClaims(body) {
  const rows = el("tbody");
  const empty = el("p", { class: "empty", text: "Nothing is claimed." });
  const search = el("input", { type: "search", placeholder: "search", "aria-label": "Search the claims", oninput: () => show() });
  const waiting = el("ul", { class: "waits", "aria-label": "Features that wait" });
  body.append(el("div", { class: "row wrap tools" }, search),
    waiting,
    el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table of claims" },
      el("table", { class: "table", "data-testid": "claims-table" },
        el("thead", {}, el("tr", {}, ["Path", "Holder", "Agent", "Since", "Waited for by", "Why it lasts"].map((name) => el("th", { scope: "col", text: name })))), rows)), empty);

  function make() {
    return el("tr", {}, el("td", { class: "mono" }), el("td"), el("td"), el("td"), el("td"), el("td", { class: "why" }));
  }

  function update(row, claim) {
    const [place, holder, agent, since, waiters, why] = row.children;
    setText(place, `${visible(claim.path)}${claim.mode === "shared" ? " (shared)" : ""}`);
    setText(holder, claim.feature ? `#${claim.feature}` : visible(claim.holder));
    setText(agent, visible(claim.agent ?? ""));
    setText(since, clock(claim.acquired_at));
    setText(waiters, claim.waiters.map((id) => `#${id}`).join(", "));
    setText(why, visible(claim.reasons[0] ?? ""));
    setAttribute(why, "title", claim.reasons.join("\n"));
    setAttribute(row, "data-feature", claim.feature);
  }

  function show() {
    const text = search.value.toLowerCase();
    const found = state.claims.filter((claim) => !text || `${claim.path} ${claim.holder}`.toLowerCase().includes(text)).slice(0, 2000);
    keyed(rows, found, (claim) => `${claim.path}\n${claim.holder}\n${claim.generation}`, make, update);
    empty.hidden = state.claims.length > 0;
    const wait = new Map();
    for (const claim of state.claims) for (const id of claim.waiters) wait.set(id, claim);
    keyed(waiting, [...wait], ([id]) => id, () => el("li"), (item, [id, claim]) =>
      setText(item, `#${id} waits for ${claim.feature ? `#${claim.feature}` : visible(claim.holder)}: ${claim.reasons[0] ?? ""}`));
  }
  when(["claims"], show);
}
