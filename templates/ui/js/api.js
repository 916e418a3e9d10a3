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

async function answer(response) {
  const value = await response.json().catch(() => ({}));
  if (response.ok) return value;
  if (response.status === 401) onLocked();
  throw new Refused(response.status, value.error ?? `the server answers ${response.status}`);
}

export async function get(path) {
  return answer(await fetch(path, { headers: { Accept: "application/json" }, credentials: "same-origin" }));
}

export async function act(method, path, body) {
  return answer(
    await fetch(path, {
      method,
      credentials: "same-origin",
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
  await act("POST", "/api/session", { key });
}

export const path = encodeURIComponent;
