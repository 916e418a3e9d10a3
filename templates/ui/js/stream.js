// A stream of server-sent events, read with fetch: `EventSource` can't send the header that a session is told by.
// https://html.spec.whatwg.org/multipage/server-sent-events.html

import { request } from "./api.js";

/**
 * Follows a stream until it is closed. What was cut off is asked for again, from the last event on, after a pause
 * that doubles up to five seconds; the server's `retry` sets the shortest one. The handlers, none of which has to be
 * there: `onOpen`, `onEvent({ name, id, data })`, `onLost`, `onLocked`.
 */
export class Stream {
  constructor(path, handlers) {
    this.path = path;
    this.handlers = handlers;
    this.lastID = null;
    this.shortest = 500;
    this.pause = 0;
    this.abort = new AbortController();
    this.follow();
  }

  close() {
    this.abort.abort();
  }

  get isClosed() {
    return this.abort.signal.aborted;
  }

  async follow() {
    while (!this.isClosed) {
      try {
        await this.connect();
      } catch {
        // The connection could not be made, or was lost.
      }
      if (this.isClosed) return;
      this.handlers.onLost?.();
      this.pause = Math.min(Math.max(this.pause * 2, this.shortest), 5000);
      await new Promise((resolve) => setTimeout(resolve, this.pause));
    }
  }

  async connect() {
    const response = await request(this.path, {
      cache: "no-store",
      signal: this.abort.signal,
      headers: { Accept: "text/event-stream", ...(this.lastID === null ? {} : { "Last-Event-ID": this.lastID }) },
    });
    if (!response.ok) {
      // A browser that is not known stays so until it is given another link.
      if (response.status === 401) {
        this.close();
        this.handlers.onLocked?.();
      }
      return;
    }
    this.pause = 0;
    this.handlers.onOpen?.();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    let event = { name: "message", id: this.lastID, data: [] };
    while (true) {
      const { value, done } = await reader.read();
      if (done || this.isClosed) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        if (line !== "") {
          this.take(line, event);
          continue;
        }
        this.lastID = event.id;
        if (event.data.length > 0) this.handlers.onEvent({ name: event.name, id: event.id, data: event.data.join("\n") });
        event = { name: "message", id: this.lastID, data: [] };
      }
    }
  }

  take(line, event) {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") event.data.push(value);
    else if (field === "id") event.id = value;
    else if (field === "event") event.name = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.shortest = Number(value);
  }
}
