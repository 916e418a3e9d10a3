// Starts the page: lets the browser in, loads everything once, then follows the event log.

import { enter, get, whenLocked } from "./api.js";
import { el, setText } from "./dom.js";
import { Events, Output } from "./live.js";
import { notice } from "./notices.js";
import { follow, refresh, refreshAll } from "./refresh.js";
import { set, state, when } from "./state.js";
import { startAgents } from "./agents.js";
import { startBacklog } from "./backlog.js";
import { startClaims } from "./claims.js";
import { startControl } from "./control.js";
import { startGraph } from "./graph.js";
import { startLanding } from "./landing.js";
import { startLogs } from "./logs.js";
import { startReview } from "./review.js";
import { startShortcuts } from "./shortcuts.js";
import { startTheme } from "./theme.js";
import { startTimeline } from "./timeline.js";
import { startTop } from "./top.js";

function connection(name) {
  const pill = document.getElementById("connection");
  pill.dataset.state = name;
  setText(pill, { live: "live", connecting: "connecting", reconnecting: "reconnecting", locked: "locked" }[name]);
}

function locked() {
  connection("locked");
  if (document.getElementById("locked")) return;
  document.getElementById("main").prepend(
    el("section", { id: "locked", class: "panel locked", "aria-labelledby": "locked-title" },
      el("h2", { id: "locked-title", text: "This browser is not known here" }),
      el("p", {}, "Open the newest link that ", el("code", { text: "lanekeeper ui" }),
        " has printed in its terminal. Each link opens once; after that the browser is known for a week.")));
}

async function start() {
  startTheme();
  startShortcuts();
  whenLocked(locked);
  const body = (id) => document.querySelector(`#${id} .body`);
  startTop();
  startControl(body("control"));
  startAgents(body("agents"));
  startGraph(body("graph"));
  const logs = startLogs(body("logs"));
  startBacklog(body("backlog"));
  startReview(body("review"));
  startClaims(body("claims"));
  startLanding(body("landing"));
  startTimeline(body("timeline"));
  when(["status"], () => {
    document.body.dataset.seq = state.status.seq;
  });
  // Another link, pasted over this page, is only another fragment to the browser.
  window.addEventListener("hashchange", () => {
    if (location.hash.startsWith("#key=")) location.reload();
  });
  const refusal = await enter().catch((error) => error);
  let status;
  try {
    status = await get("/api/status");
  } catch (error) {
    // A link that was used is no trouble to a browser that is known.
    notice((refusal ?? error).message, "error");
    return;
  }
  set("status", status);
  refresh("settings", "features", "layout", "attempts", "claims", "reviews", "landings", "timeline");
  new Events({
    since: status.seq,
    onEvents: (events) => {
      document.body.dataset.last = events.at(-1).seq;
      window.dispatchEvent(new CustomEvent("lanekeeper-events", { detail: events }));
      logs.addEvents(events);
      follow(events);
    },
    onState: (name) => {
      connection(name);
      if (name === "live") refresh("status", "attempts");
    },
    onReset: refreshAll,
    onLocked: locked,
  });
  new Output(logs.addLines);
}

start();
