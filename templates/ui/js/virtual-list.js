// A list of any length of which only the lines in sight are elements.

import { el } from "./dom.js";
import { frame } from "./state.js";

/** No browser lays out elements of any height. */
const MOST_PIXELS = 15_000_000;
const HEIGHT = 20;

export class VirtualList {
  /** `line(index)` gives what `show(element, line)` shows. */
  constructor({ testid, label, line, show, make }) {
    this.line = line;
    this.show = show;
    this.make = make;
    this.count = 0;
    this.rows = [];
    this.follows = true;
    /** Where the list was put when it last went to its end. */
    this.top = 0;
    this.spacer = el("div", { class: "spacer" });
    this.window = el("div", { class: "window" });
    this.element = el("div", { class: "lines", tabindex: 0, role: "region", "aria-label": label, "data-testid": testid },
      this.spacer, this.window);
    this.element.addEventListener("scroll", () => {
      this.setFollows(this.isAtEnd);
      this.draw();
    });
    new ResizeObserver(() => (this.follows ? this.toEnd() : this.draw())).observe(this.element);
  }

  /** Pixels that a line takes in the bar; less than its height where there are very many. */
  get step() {
    return Math.min(HEIGHT, MOST_PIXELS / Math.max(1, this.count));
  }

  /** Pixels of all lines; not what the browser tells, which counts those that are moved about as well. */
  get height() {
    return Math.ceil(this.count * this.step);
  }

  get isAtEnd() {
    return this.element.scrollTop + this.element.clientHeight >= this.height - HEIGHT;
  }

  setFollows(follows) {
    if (follows === this.follows) return;
    this.follows = follows;
    this.onFollow?.(follows);
  }

  set(count) {
    // A person may have scrolled; the browser tells of it only with the next frame.
    if (this.follows && this.element.scrollTop < this.top - HEIGHT && !this.isAtEnd) this.setFollows(false);
    this.count = count;
    this.spacer.style.height = `${this.height}px`;
    if (this.follows) this.toEnd();
    else this.draw();
  }

  toEnd() {
    this.setFollows(true);
    // Not simply as far as it goes: lines that are moved about may stand below the end of fewer lines, and the
    // browser goes back by itself when they are gone, as if a person had scrolled.
    this.element.scrollTop = Math.max(0, this.height - this.element.clientHeight);
    this.top = this.element.scrollTop;
    this.draw();
  }

  draw() {
    if (this.isDue) return;
    this.isDue = true;
    frame(() => {
      this.isDue = false;
      this.drawNow();
    });
  }

  drawNow() {
    const { scrollTop, clientHeight } = this.element;
    const seen = Math.ceil(clientHeight / HEIGHT) + 1;
    const room = Math.max(1, this.height - clientHeight);
    const last = Math.max(0, this.count - Math.floor(clientHeight / HEIGHT));
    const place = this.step < HEIGHT ? (scrollTop / room) * last : scrollTop / HEIGHT;
    const first = Math.max(0, Math.min(last, Math.floor(place)));
    const shown = Math.max(0, Math.min(seen, this.count - first));
    while (this.rows.length < shown) {
      const row = this.make();
      this.rows.push(row);
      this.window.append(row);
    }
    this.rows.forEach((row, index) => {
      row.hidden = index >= shown;
      if (index < shown) this.show(row, this.line(first + index), first + index);
    });
    const top = Math.min(this.step < HEIGHT ? scrollTop : first * HEIGHT, this.height - shown * HEIGHT);
    this.window.style.transform = `translateY(${Math.max(0, top)}px)`;
  }
}

