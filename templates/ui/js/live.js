// The event log and the agents' output, as they come. What was cut off goes on where it was: no event
// is lost, and none counts twice.

import { frame } from "./state.js";
import { Stream } from "./stream.js";

/** Follows the events after a number. */
export class Events {
  constructor({ since, onEvents, onState, onReset, onLocked }) {
    this.last = since;
    this.batch = [];
    this.onEvents = onEvents;
    new Stream(`/api/stream?since=${since}`, {
      onOpen: () => onState("live"),
      onLost: () => onState("reconnecting"),
      onLocked,
      onEvent: ({ name, id, data }) => {
        if (name !== "reset") return this.take(id, data);
        this.last = Number(id) || 0;
        onReset();
      },
    });
  }

  take(id, data) {
    const seq = Number(id);
    if (!(seq > this.last)) return;
    this.last = seq;
    this.batch.push(data);
    if (this.batch.length > 1) return;
    frame(() => {
      const batch = this.batch;
      this.batch = [];
      this.onEvents(batch.map((text) => JSON.parse(text)));
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
    if (this.stream) return;
    const path = this.cursor === undefined ? "/api/output" : `/api/output?cursor=${encodeURIComponent(this.cursor)}`;
    this.stream = new Stream(path, { onEvent: (event) => this.take(event) });
  }

  close() {
    this.stream?.close();
    this.stream = null;
  }

  take({ id, data }) {
    // What was there before the page came has no time of its own.
    const isTail = this.cursor === undefined;
    this.cursor = id;
    const isFirst = this.lines.length === 0;
    for (const line of JSON.parse(data).lines) this.lines.push({ ...line, isTail });
    if (!isFirst) return;
    frame(() => {
      const batch = this.lines;
      this.lines = [];
      this.onLines(batch);
    });
  }
}
