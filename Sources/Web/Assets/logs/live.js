// Lines as they come, newest above: a bounded number of them, drawn a few times a second however fast they come.

import { fill, h } from "../core/dom.js";
import { newerFirst } from "./loki.js";
import { follow } from "./loki.js";

const linesMost = 1000;
const drawMs = 250;
/// More lines at once are not seen: the newest of them are drawn.
const drawnMost = 200;

export class LiveLines {
  /// `line(row)` makes the element of a line, `end()` is called when the server ends it.
  constructor(query, list, notes, { line, end }) {
    this.list = list;
    this.notes = notes;
    this.line = line;
    this.waiting = [];
    this.came = 0;
    this.isPaused = false;
    this.state = h("span", {});
    this.rate = h("span", { class: "soft" });
    const pause = h(
      "button",
      { type: "button", "aria-pressed": false, onClick: () => this.pause(pause) },
      "Pause",
    );
    fill(
      notes,
      h(
        "p",
        {},
        h("span", { class: "state state-good" }, "live"),
        " ",
        this.rate,
        " ",
        pause,
        " ",
        this.state,
      ),
    );
    fill(list);
    this.stop = follow(query, {
      take: (rows) => this.take(rows),
      say: (sentence) => fill(this.state, sentence),
      end: (reason) => {
        end();
        fill(notes, h("p", { class: "panel-error", role: "alert" }, reason));
      },
    });
    this.timer = setInterval(() => this.draw(), drawMs);
    this.meter = setInterval(() => this.measure(), 1000);
  }

  destroy() {
    this.stop();
    clearInterval(this.timer);
    clearInterval(this.meter);
    fill(this.notes);
  }

  take(rows) {
    this.came += rows.length;
    this.waiting.push(...rows);
    if (this.waiting.length > linesMost) this.waiting = this.waiting.sort(newerFirst).slice(0, linesMost);
  }

  pause(button) {
    this.isPaused = !this.isPaused;
    button.setAttribute("aria-pressed", String(this.isPaused));
  }

  measure() {
    fill(this.rate, `${this.came} lines a second`);
    this.came = 0;
  }

  draw() {
    if (this.isPaused || this.waiting.length === 0) return;
    const fresh = this.waiting.sort(newerFirst).slice(0, drawnMost);
    this.waiting = [];
    this.list.prepend(...fresh.map(this.line));
    while (this.list.childElementCount > linesMost) this.list.lastElementChild.remove();
  }
}
