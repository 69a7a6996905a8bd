// The range of time that a page shows, in the address as `from` and `to`: named ranges, own ones, shift, zoom, refresh.

import { fill, h } from "../core/dom.js";
import { duration, instant, namedRanges, rangeText, resolved, timeText } from "../core/time.js";
import { address, say } from "./shell.js";

const refreshes = ["", "5s", "10s", "30s", "1m", "5m", "15m", "1h"];

export class TimePicker {
  /// `onChange(range)` is called for every change and every refresh.
  constructor({ from = "now-1h", to = "now", refresh = "", onChange }) {
    this.onChange = onChange;
    const { parameters } = address;
    this.from = parameters.get("from") ?? from;
    this.to = parameters.get("to") ?? to;
    this.refresh = parameters.get("refresh") ?? refresh ?? "";
    this.label = h("span");
    this.button = h(
      "button",
      {
        type: "button",
        class: "time-button",
        "aria-haspopup": "dialog",
        onClick: () => this.open(),
      },
      "◷ ",
      this.label,
    );
    this.select = h(
      "select",
      {
        "aria-label": "refresh every",
        title: "refresh every",
        onChange: (event) => this.setRefresh(event.target.value),
      },
      [...new Set([...refreshes, this.refresh])].map((value) =>
        h("option", { value, selected: value === this.refresh }, value || "off")
      ),
    );
    this.element = h(
      "span",
      { class: "time-picker" },
      h("button", {
        type: "button",
        "aria-label": "earlier",
        title: "earlier (←)",
        onClick: () => this.shift(-1),
      }, "‹"),
      this.button,
      h(
        "button",
        { type: "button", "aria-label": "later", title: "later (→)", onClick: () => this.shift(1) },
        "›",
      ),
      h("button", {
        type: "button",
        "aria-label": "zoom out",
        title: "zoom out (z)",
        onClick: () => this.zoomOut(),
      }, "⊖"),
      h("button", {
        type: "button",
        "aria-label": "refresh",
        title: "refresh (r)",
        onClick: () => this.tell(),
      }, "↻"),
      this.select,
    );
    this.onKey = ({ detail }) =>
      ({
        r: () => this.tell(),
        z: () => this.zoomOut(),
        ArrowLeft: () => this.shift(-1),
        ArrowRight: () => this.shift(1),
      })[detail]?.();
    addEventListener("obs:key", this.onKey);
    this.show();
    this.schedule();
  }

  get range() {
    return resolved(this.from, this.to);
  }

  destroy() {
    clearInterval(this.timer);
    removeEventListener("obs:key", this.onKey);
  }

  set(from, to) {
    this.from = String(from);
    this.to = String(to);
    address.set({ from: this.from, to: this.to });
    this.show();
    this.tell();
  }

  show() {
    this.label.textContent = rangeText(this.range);
  }

  tell() {
    this.onChange(this.range);
  }

  shift(direction) {
    const { from, to } = this.range;
    const half = Math.round((to - from) / 2) * direction;
    this.set(from + half, to + half);
  }

  zoomOut() {
    const { from, to } = this.range;
    const half = Math.round((to - from) / 2);
    this.set(from - half, Math.min(to + half, Math.max(Date.now(), to)));
  }

  setRefresh(value) {
    this.refresh = value;
    address.set({ refresh: value || null }, { replaces: true });
    this.schedule();
  }

  schedule() {
    clearInterval(this.timer);
    const ms = this.refresh ? duration(this.refresh) : null;
    if (ms) {
      this.timer = setInterval(() => {
        if (!document.hidden) this.tell();
      }, Math.max(ms, 1000));
    }
  }

  open() {
    const { from, to } = this.range;
    const field = (label, value) =>
      h("input", { type: "text", value, "aria-label": label, spellcheck: false });
    const [first, last] = [
      field("from", /^now/.test(this.from) ? this.from : timeText(from)),
      field("to", /^now/.test(this.to) ? this.to : timeText(to)),
    ];
    const dialog = h("dialog", { class: "dialog time-dialog", "aria-label": "time range" });
    const apply = (event) => {
      event.preventDefault();
      const [low, high] = [instant(first.value), instant(last.value, true)];
      if (low === null || high === null || low >= high) {
        return say("write times as now-6h, 2026-11-21 14:00 or a date, the earlier one first", "error");
      }
      dialog.close();
      this.set(
        /^now/.test(first.value.trim()) ? first.value.trim() : low,
        /^now/.test(last.value.trim()) ? last.value.trim() : high,
      );
    };
    fill(
      dialog,
      h(
        "form",
        { onSubmit: apply },
        h("h2", {}, "Time range"),
        h("label", {}, "from ", first),
        h("label", {}, "to ", last),
        h("button", { class: "main" }, "Apply"),
        h("button", { type: "button", onClick: () => dialog.close() }, "Close"),
      ),
      h(
        "div",
        { class: "time-names" },
        namedRanges.map(([low, high, name]) =>
          h("button", {
            type: "button",
            "aria-pressed": low === this.from && high === this.to,
            onClick: () => {
              dialog.close();
              this.set(low, high);
            },
          }, name)
        ),
      ),
    );
    dialog.addEventListener("close", () => dialog.remove());
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
    document.body.append(dialog);
    dialog.showModal();
  }
}
