// What the page knows, and who wants to be told. Everything here came from the server.

const listeners = new Map();

export const state = {
  settings: null,
  /** As `status --json` prints it. */
  status: null,
  /** By feature: what features.yml says. */
  features: new Map(),
  attempts: [],
  layout: null,
  claims: [],
  reviews: [],
  landings: null,
  timeline: null,
};

/** Calls `action` whenever one of the names changes. */
export function when(names, action) {
  for (const name of names) {
    if (!listeners.has(name)) listeners.set(name, []);
    listeners.get(name).push(action);
  }
}

let changed = new Set();
let isScheduled = false;

/** Sets a value; whoever listens is told once per frame, however often that happens. */
export function set(name, value) {
  state[name] = value;
  tell(name);
}

export function tell(name) {
  changed.add(name);
  if (isScheduled) return;
  isScheduled = true;
  frame(flush);
}

/** The next frame; soon, where the page is not shown and has none. */
export function frame(action) {
  if (document.hidden) setTimeout(action, 50);
  else requestAnimationFrame(action);
}

function flush() {
  isScheduled = false;
  const names = changed;
  changed = new Set();
  const actions = new Set();
  for (const name of names) for (const action of listeners.get(name) ?? []) actions.add(action);
  for (const action of actions) {
    try {
      action();
    } catch (error) {
      console.error(error);
    }
  }
}

export function feature(id) {
  return state.status?.features.find((feature) => feature.id === id);
}

export function isRunning() {
  return ["running", "paused", "draining", "stopping"].includes(state.status?.run.state);
}
