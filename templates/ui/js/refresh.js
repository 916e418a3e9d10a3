// Fetches what events have made old: each part at most once at a time, and not more often than it pays.

import { get } from "./api.js";
import { TOPICS } from "./events.js";
import { set, state, isRunning } from "./state.js";

const parts = {
  status: { path: "/api/status", pause: 120 },
  attempts: { path: "/api/attempts", pause: 400, take: (value) => value.attempts },
  claims: { path: "/api/claims", pause: 600, take: (value) => value.claims },
  reviews: { path: "/api/reviews", pause: 600, take: (value) => value.reviews },
  landings: { path: "/api/landings", pause: 500 },
  timeline: { path: "/api/timeline", pause: 1000 },
  layout: { path: "/api/graph/layout", pause: 800 },
  features: {
    path: "/api/features", pause: 800,
    take: (value) => new Map(value.features.map((feature) => [feature.id, feature])),
  },
  settings: { path: "/api/settings", pause: 2000 },
};

for (const part of Object.values(parts)) Object.assign(part, { isOld: false, isBusy: false });

/** Marks parts as old; they are fetched soon. */
export function refresh(...names) {
  for (const name of names) {
    parts[name].isOld = true;
    run(name);
  }
}

async function run(name) {
  const part = parts[name];
  if (part.isBusy) return;
  part.isBusy = true;
  while (part.isOld) {
    part.isOld = false;
    try {
      const value = await get(part.path);
      // A late answer does not take the page back.
      const isLate = name === "status" && state.status && value.seq < state.status.seq;
      if (!isLate || part.mayGoBack) set(name, part.take ? part.take(value) : value);
      part.mayGoBack = false;
    } catch {
      // The connection's state tells; the next event asks again.
    }
    await new Promise((done) => setTimeout(done, part.pause));
  }
  part.isBusy = false;
}

/** Fetches everything; a state file that was made anew counts from the beginning. */
export async function refreshAll() {
  parts.status.mayGoBack = true;
  refresh(...Object.keys(parts));
}

const everythingOfAFeature = ["attempts", "claims", "landings", "timeline", "reviews"];
/** The parts that an event makes old, by its topic. */
const OLD = {
  agent: ["attempts"],
  attempt: ["attempts", "timeline", "claims"],
  backlog: ["features", "layout"],
  claims: ["claims"],
  refusal: ["claims"],
  feature: everythingOfAFeature,
  stack: [...everythingOfAFeature, "layout"],
  landing: ["landings", "timeline"],
  review: ["timeline", "reviews", "features", "layout"],
  run: ["timeline", "reviews", "features", "layout"],
};

/** Fetches what a batch of events is about. */
export function follow(events) {
  const names = new Set(["status"]);
  for (const { type } of events) for (const name of OLD[TOPICS[type]] ?? []) names.add(name);
  refresh(...names);
}

// Times pass although nothing happens, and who has died sends no event.
setInterval(() => {
  if (!document.hidden && state.status) refresh("status", ...(isRunning() ? ["attempts", "timeline"] : []));
}, 3000);
