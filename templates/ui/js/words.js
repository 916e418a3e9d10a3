// How states, times and amounts are told.

/** What a drawing tells apart; the same as in `lanekeeper graph`. */
const LOOKS = {
  pending: "open", undone: "open", ready: "ready",
  running: "working", waiting: "working", changes_requested: "working", gate_failed: "working",
  completed: "review", in_review: "review", approved: "review", queued: "review", landing: "review",
  landed: "landed", failed: "failed", blocked: "failed", abandoned: "failed",
};

export const SIGNS = { open: "○", ready: "◇", working: "▶", review: "◼", landed: "✓", failed: "✕" };

export function look(state) {
  return LOOKS[state] ?? "open";
}

export function stateWords(state) {
  return (state ?? "").replaceAll("_", " ");
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined || !isFinite(seconds)) return "–";
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

export function counted(number, word) {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

export function money(dollars) {
  return `$${(dollars ?? 0).toFixed(2)}`;
}

/** The time of day of an ISO time. */
export function clock(time) {
  if (!time) return "";
  return new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
}

export function since(time, now = Date.now()) {
  return time ? (now - Date.parse(time)) / 1000 : null;
}

/** Writes out what would steer or turn round a line. */
export function visible(text) {
  return (text ?? "").replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `<U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}>`);
}
