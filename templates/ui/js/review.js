// Branches that wait for a verdict. A verdict counts for the commit that was shown here, and no other.

import { act, get, path } from "./api.js";
import { button, el, keyed, setAttribute, setText } from "./dom.js";
import { readDiff, showDiff } from "./diff.js";
import { attempt, notice } from "./notices.js";
import { refresh } from "./refresh.js";
import { state, when } from "./state.js";
import { clock, counted, duration, money, stateWords, visible } from "./words.js";

export function startReview(body) {
  const list = el("ul", { class: "review-list", "aria-label": "Branches" });
  const place = el("div", { class: "branch" });
  const empty = el("p", { class: "empty", text: "Nothing waits for a review." });
  body.append(empty, el("div", { class: "review" }, list, place));
  let shown = null;
  let isSplit = matchMedia("(min-width: 1500px)").matches;

  function makeItem(review) {
    const item = el("li", {}, el("button", { type: "button", onclick: () => open(item.review.feature) },
      el("strong"), el("span", { class: "note" }), el("span", { class: "chip state" })));
    item.review = review;
    return item;
  }

  function updateItem(item, review) {
    item.review = review;
    const [title, note, chip] = item.firstElementChild.children;
    setText(title, `#${review.feature} ${visible(review.title)}`);
    setText(note, `${counted(review.files, "file")} +${review.additions} −${review.deletions}${review.gate ? `, gate ${review.gate}` : ""}`);
    setText(chip, stateWords(review.state));
    setAttribute(item, "data-feature", review.feature);
    setAttribute(item.firstElementChild, "aria-current", shown?.feature === review.feature ? "true" : null);
  }

  async function open(id) {
    await attempt(async () => {
      const value = await get(`/api/reviews/${path(id)}`);
      show(value.reviews[0], value.since_last);
    });
  }

  function show(review, sinceLast) {
    const draft = shown?.feature === review.feature ? shown.draft : { text: "", comments: [] };
    shown = { feature: review.feature, tip: review.tip, state: review.state, draft, review, sinceLast };
    const isOpen = review.state === "in_review";
    const facts = [
      `${stateWords(review.state)}, at ${review.tip?.slice(0, 7) ?? "no commit"}`,
      `${counted(review.files, "file")}, +${review.additions} −${review.deletions}`, `gate: ${review.gate ?? "not run on the tree that would land"}`,
      `${review.agent ?? "agent"} with ${review.model ?? review.tier ?? "?"}, ${counted(review.attempts, "attempt")}, ${duration(review.seconds)}, ${money(review.cost_usd)}`,
      review.depends_on.length ? `needs ${review.depends_on.map((other) => `#${other}`).join(", ")}` : "",
      review.waiting.length ? `${review.waiting.map((other) => `#${other}`).join(", ")} ${review.waiting.length === 1 ? "waits" : "wait"} for it` : "",
      review.approvals.length ? `approved by ${review.approvals.map(visible).join(", ")} (${review.approvals.length} of ${review.approvals_needed})` : "",
    ].filter(Boolean);
    const text = el("textarea", { rows: 3, id: "review-text", placeholder: "What is to change?", "aria-label": "What is to change", oninput: () => { draft.text = text.value; } });
    text.value = draft.text;
    const pending = el("ul", { class: "pending", "aria-label": "Comments to be sent" });
    const files = readDiff(review.diff);
    const diff = el("div", { class: "files" });
    const since = sinceLast && el("details", { class: "since" }, el("summary", { text: "What changed since the last verdict" }),
      el("pre", { tabindex: 0, role: "group", "aria-label": "What changed since the last verdict" }, sinceLast.split("\n").map((line) =>
        el("span", { class: /^\s*[+](?![+])/.test(line) ? "plus" : /^\s*-(?!-)/.test(line) ? "minus" : "" }, `${visible(line)}\n`))));

    function showPending() {
      pending.replaceChildren(...draft.comments.map((comment) =>
        el("li", {}, el("code", { text: `${visible(comment.path)}${comment.line ? `:${comment.line}` : ""}` }), ` ${comment.text} `,
          button("Remove", () => { draft.comments.splice(draft.comments.indexOf(comment), 1); showPending(); }, { class: "quiet small" }))));
    }

    function comment(file, line, below) {
      const isRow = below.tagName === "TR";
      const box = el("textarea", { rows: 2, "aria-label": `Comment at ${file}${line ? ` line ${line}` : ""}` });
      const keep = () => {
        if (box.value.trim()) draft.comments.push({ path: file, line, text: box.value.trim() });
        holder.remove();
        showPending();
      };
      const inner = el("div", { class: "comment" }, box, el("div", { class: "row" }, button("Keep the comment", keep), button("Cancel", () => holder.remove())));
      const holder = isRow ? el("tr", { class: "comment-row" }, el("td", { colspan: 4 }, inner)) : inner;
      if (isRow) below.after(holder);
      else below.before(holder);
      box.focus();
    }

    function drawDiff() {
      diff.replaceChildren(...showDiff(files, { isSplit, comment: isOpen ? comment : null, gateFiles: review.gate_files }));
    }

    const split = button(isSplit ? "One column" : "Two columns", () => {
      isSplit = !isSplit;
      setText(split, isSplit ? "One column" : "Two columns");
      drawDiff();
    }, { id: "diff-mode" });
    place.replaceChildren(el("div", { class: "review-place" },
      el("div", { class: "row between wrap" }, el("h3", { text: `#${review.feature} ${visible(review.title)}` }), split),
      el("ul", { class: "facts" }, facts.map((fact) => el("li", { text: fact }))),
      review.description && el("p", { text: visible(review.description) }),
      review.steps.length > 0 && el("ol", { class: "steps" }, review.steps.map((step) => el("li", { text: visible(step) }))),
      el("details", {}, el("summary", { text: counted(review.commits.length, "commit") }), el("ul", {}, review.commits.map((commit) =>
        el("li", {}, el("code", { text: commit.id.slice(0, 7) }), ` ${visible(commit.subject)} (${commit.by}${commit.attempt ? `, attempt ${commit.attempt}` : ""})`)))),
      review.verdicts.length > 0 && el("details", {}, el("summary", { text: counted(review.verdicts.length, "earlier verdict") }), el("ul", {}, review.verdicts.map((verdict) =>
        el("li", {}, `${stateWords(verdict.verdict)} by ${visible(verdict.person)} at ${clock(verdict.time)}: ${visible(verdict.text)}`,
          el("ul", {}, verdict.comments.map((item) => el("li", { text: `${visible(item.path)}:${item.line} ${visible(item.text)}` }))))))),
      since, diff,
      el("form", { class: "verdict", onsubmit: (event) => event.preventDefault() }, pending, text,
        el("div", { class: "row wrap" },
          button("Approve", approve, { class: "primary", "data-testid": "review-approve", disabled: !isOpen }),
          button("Request changes", request, { class: "danger", "data-testid": "review-request-changes", disabled: !isOpen })))));
    drawDiff();
    showPending();
    showList();

    async function approve() {
      await attempt(async () => {
        const answer = await act("POST", `/api/reviews/${path(review.feature)}/approve`, { tip: review.tip });
        notice(answer.queued ? `#${review.feature} is approved and queued.` : `${answer.approvals} of ${answer.needed} approvals.`);
        close();
      });
      refresh("status", "reviews", "landings");
    }

    async function request() {
      const isWell = await attempt(() => act("POST", `/api/reviews/${path(review.feature)}/request-changes`,
        { tip: review.tip, text: draft.text, comments: draft.comments }), `#${review.feature} goes back to its agent.`);
      if (isWell) close();
      refresh("status", "reviews");
    }
  }

  function close() {
    shown = null;
    place.replaceChildren();
  }

  function showList() {
    keyed(list, state.reviews, (review) => review.feature, makeItem, updateItem);
    setText(document.getElementById("to-review"), state.reviews.length ? `Review (${state.reviews.filter((review) => review.state === "in_review").length})` : "Review");
  }

  when(["reviews"], () => {
    const own = state.reviews;
    empty.hidden = own.length > 0;
    if (shown) {
      const now = own.find((review) => review.feature === shown.feature);
      if (!now || now.state !== shown.state) close();
      else if (now.tip !== shown.tip) {
        notice(`The branch of #${shown.feature} has changed; it is shown anew.`);
        open(shown.feature);
      }
    }
    showList();
    const next = own.find((review) => review.state === "in_review");
    if (!shown && next) open(next.feature);
  });
}
