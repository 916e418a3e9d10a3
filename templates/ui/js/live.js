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

/**
 * Follows what the agents write. While the page is not shown it lets go of its connection, of which a browser has
 * few for all its pages together; then it goes on where it was.
 */
export class Output {
  constructor(onLines) {
    this.onLines = onLines;
    this.lines = [];
    document.addEventListener("visibilitychange", () => (document.hidden ? this.close() : this.open()));
    if (!document.hidden) this.open();
  }

  open() {
    if (this.source) return;
    const source = new EventSource(this.cursor ? `/api/output?cursor=${encodeURIComponent(this.cursor)}` : "/api/output");
    this.source = source;
    source.onmessage = (message) => this.take(message);
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED || this.source !== source) return;
      this.close();
      setTimeout(() => { if (!document.hidden) this.open(); }, 2000);
    };
  }

  close() {
    this.source?.close();
    this.source = null;
  }

  take(message) {
    // What was there before the page came has no time of its own.
    const isTail = this.cursor === undefined;
    this.cursor = message.lastEventId;
    const isFirst = this.lines.length === 0;
    for (const line of JSON.parse(message.data).lines) this.lines.push({ ...line, isTail });
    if (!isFirst) return;
    frame(() => {
      const batch = this.lines;
      this.lines = [];
      this.onLines(batch);
    });
  }
}
