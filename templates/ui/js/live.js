// The event log and the agents' output, as they come. What was cut off goes on where it was: no event
// is lost, and none counts twice.

import { frame } from "./state.js";

/** Follows the events after a number. */
export class Events {
  constructor({ since, onEvents, onState, onReset, onLocked }) {
    this.last = since;
    this.batch = [];
    this.handlers = { onEvents, onState, onReset, onLocked };
    this.wait = 500;
    this.open();
  }

  open() {
    this.source = new EventSource(`/api/stream?since=${this.last}`);
    this.source.onopen = () => {
      this.wait = 500;
      this.handlers.onState("live");
    };
    this.source.onmessage = (message) => this.take(message);
    this.source.addEventListener("reset", (message) => {
      this.last = Number(message.lastEventId) || 0;
      this.handlers.onReset();
    });
    this.source.onerror = () => {
      this.handlers.onState("reconnecting");
      if (this.source.readyState !== EventSource.CLOSED) return;
      // The server said no; it may not know this browser any more.
      fetch("/api/status", { credentials: "same-origin" }).then(
        (response) => (response.status === 401 ? this.handlers.onLocked() : this.again()),
        () => this.again(),
      );
    };
  }

  again() {
    setTimeout(() => this.open(), this.wait);
    this.wait = Math.min(this.wait * 2, 5000);
  }

  take(message) {
    const seq = Number(message.lastEventId);
    if (!(seq > this.last)) return;
    this.last = seq;
    this.batch.push(message.data);
    if (this.batch.length > 1) return;
    frame(() => {
      const batch = this.batch;
      this.batch = [];
      this.handlers.onEvents(batch.map((text) => JSON.parse(text)));
    });
  }
}

/** Follows what the agents write. */
export function followOutput(onLines, cursor) {
  const source = new EventSource(cursor ? `/api/output?cursor=${encodeURIComponent(cursor)}` : "/api/output");
  let lines = [];
  source.onmessage = (message) => {
    cursor = message.lastEventId;
    const isFirst = lines.length === 0;
    lines.push(...JSON.parse(message.data).lines);
    if (!isFirst) return;
    frame(() => {
      const batch = lines;
      lines = [];
      onLines(batch);
    });
  };
  source.onerror = () => {
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => followOutput(onLines, cursor), 2000);
  };
}
