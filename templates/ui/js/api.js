// Talking to the server.

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

let onLocked = () => {};

/** Sets what happens when the server does not know this browser. */
export function whenLocked(action) {
  onLocked = action;
}

// The session's secret is sent in a header. A cookie would go to every port of this host, an agent's development
// server included; what is stored here is kept from all but pages of this very port.
const STORED = "session";

/** Sends a request with the session of this browser; the response, whatever its status is. */
export function request(path, { headers, ...options } = {}) {
  const session = localStorage.getItem(STORED);
  return fetch(path, {
    ...options,
    credentials: "omit",
    headers: { ...headers, ...(session ? { Authorization: `Bearer ${session}` } : {}) },
  });
}

async function answer(response) {
  if (!response.ok) throw await refusal(response);
  return response.json().catch(() => ({}));
}

async function refusal(response) {
  const value = await response.json().catch(() => ({}));
  if (response.status === 401) onLocked();
  return new Refused(response.status, value.error ?? `the server answers ${response.status}`);
}

export async function get(path) {
  return answer(await request(path, { headers: { Accept: "application/json" } }));
}

/** Reads a whole file. */
export async function blob(path) {
  const response = await request(path);
  if (!response.ok) throw await refusal(response);
  return response.blob();
}

export async function act(method, path, body) {
  return answer(
    await request(path, {
      method,
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    }),
  );
}

/** Turns the key of the link into a session; the key leaves the address bar at once. */
export async function enter() {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (!key) return;
  history.replaceState(null, "", location.pathname);
  localStorage.setItem(STORED, (await act("POST", "/api/session", { key })).session);
}

export const path = encodeURIComponent;
