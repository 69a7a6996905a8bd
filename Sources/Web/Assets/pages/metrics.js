// Questions to metrics: an editor with completion, a graph, a table, and what the answer cost.

import { prometheus, queryInstant, queryRange } from "../core/api.js";
import { palette } from "../core/colours.js";
import { fill, h } from "../core/dom.js";
import { interval } from "../core/time.js";
import { valueText } from "../core/format.js";
import { Graph } from "../chart/graph.js";
import { loadEvents } from "../chart/events.js";
import { configured } from "../dashboards/fields.js";
import { framesOfMatrix, tableOfVector } from "../dashboards/frames.js";
import { table } from "../panels/table.js";
import { showLogs } from "../logs/correlate.js";
import { coloured, setText } from "./coloured.js";
import { completion } from "./completion.js";
import { address, dialog, say } from "./shell.js";

const seriesMost = 200;

export class MetricsView {
  constructor(body, picker) {
    this.body = body;
    this.picker = picker;
    this.queries = address.parameters.getAll("expr").map((expr) => ({ expr }));
    if (this.queries.length === 0) this.queries.push({ expr: "" });
    this.rows = h("div");
    this.graph = h("div", { class: "explore-graph", hidden: true });
    this.answers = h("div");
    this.notes = h("div", { role: "status" });
    this.loads = new AbortController();
  }

  async start() {
    fill(this.body, this.rows, this.notes, this.graph, this.answers);
    this.showRows();
    this.rows.querySelector("textarea").focus();
    if (this.queries.some((one) => one.expr)) await this.run();
  }

  destroy() {
    this.loads.abort();
    this.drawn?.destroy();
    this.drawn = null;
  }

  showRows() {
    const add = () => {
      this.queries.push({ expr: "" });
      this.showRows();
    };
    fill(
      this.rows,
      this.queries.map((one, place) => this.row(one, place)),
      h("button", { type: "button", onClick: add }, "+ query"),
    );
  }

  row(one, place) {
    const editor = h("textarea", {
      class: "query",
      rows: 1,
      spellcheck: false,
      value: one.expr,
      "aria-label": `query ${place + 1}`,
      placeholder: "an expression of PromQL; Enter asks, Shift-Enter is a new line",
      onInput: (event) => {
        one.expr = event.target.value;
      },
    });
    const format = async () => {
      try {
        const { data } = await prometheus("format_query", { query: one.expr });
        setText(editor, data);
      } catch (error) {
        say(error.message, "error");
      }
    };
    const remove = () => {
      this.queries.splice(place, 1);
      this.showRows();
      this.run();
    };
    const row = h(
      "div",
      { class: "query-row" },
      coloured(editor),
      h("button", { type: "button", class: "main", onClick: () => this.run() }, "Run"),
      h("button", { type: "button", title: "in Prometheus' form", onClick: format }, "Format"),
      h(
        "button",
        { type: "button", title: "what the answer costs", onClick: () => this.explain(one) },
        "Explain",
      ),
      this.queries.length > 1
        ? h("button", { type: "button", "aria-label": "remove the query", onClick: remove }, "×")
        : null,
    );
    completion(editor, row, () => this.run());
    return row;
  }

  async run() {
    this.loads.abort();
    this.loads = new AbortController();
    const { signal } = this.loads;
    const asked = this.queries.filter((one) => one.expr.trim() !== "");
    address.set({ expr: asked.map((one) => one.expr) }, { replaces: true });
    fill(this.notes);
    this.drawn?.destroy();
    this.drawn = null;
    this.graph.hidden = asked.length === 0;
    if (asked.length === 0) return fill(this.answers);
    const { range } = this.picker;
    const step = interval(range, Math.max(this.graph.clientWidth, 400), 1000);
    const started = performance.now();
    const events = loadEvents(range, signal);
    const results = await Promise.all(asked.map((one) => this.ask(one, range, step, signal)));
    if (signal.aborted) return;
    const tookMs = performance.now() - started;
    this.show(results, { range, step, tookMs, events: await events });
  }

  async ask(one, range, step, signal) {
    const aligned = { from: Math.floor(range.from / step) * step, to: Math.floor(range.to / step) * step };
    try {
      const [series, now] = await Promise.all([
        queryRange(one.expr, aligned, step / 1000, signal),
        queryInstant(one.expr, range.to, signal),
      ]);
      return { one, series, now };
    } catch (error) {
      return { one, error };
    }
  }

  show(results, { range, step, tookMs, events }) {
    const found = results.filter((result) => result.series);
    const frames = found.flatMap(({ one, series }, place) =>
      framesOfMatrix(series.data, {
        refId: String.fromCharCode(65 + place),
        expr: one.expr,
        legendFormat: "__auto",
      }, step)
    );
    const lines = frames.slice(0, seriesMost).map((frame, place) => ({
      name: frame.name,
      times: frame.fields[0].values,
      values: frame.fields[1].values,
      colour: palette[place % palette.length],
      width: 1,
      fill: frames.length < 4 ? 8 : 0,
      axis: "left|",
    }));
    this.drawn = new Graph(this.graph, lines, {
      range,
      legend: { mode: "list", calcs: [] },
      tooltip: "multi",
      marks: events,
      onZoom: (from, to) => this.picker.set(from, to),
      onZoomOut: () => this.picker.zoomOut(),
      onLogs: (from, to) => showLogs(frames.map(({ fields }) => fields[1].labels), from, to),
    });
    const more = frames.length > seriesMost ? `; the first ${seriesMost} are drawn` : "";
    fill(
      this.notes,
      results.filter(({ error }) => error && error.name !== "AbortError").map(failed),
      [...new Set(found.flatMap(({ series }) => [...series.warnings, ...series.infos]))].map((note) =>
        h("p", { class: "soft" }, note)
      ),
      h(
        "p",
        { class: "soft" },
        `${frames.length} series, step ${step / 1000} s, ${tookMs.toFixed(0)} ms${more}`,
      ),
    );
    fill(this.answers, found.map(({ one, now }) => answerTable(one, now)));
  }

  /// What the server did for a query, part by part.
  async explain(one) {
    const { range } = this.picker;
    const step = interval(range, 400, 1000) / 1000;
    try {
      const query = { query: one.expr, start: range.from / 1000, end: range.to / 1000, step, stats: "all" };
      const { stats, data } = await prometheus("query_range", query);
      dialog(
        "What it costs",
        h("p", {}, h("code", {}, one.expr)),
        h("table", { class: "data" }, h("tbody", {}, costs(stats, data))),
        h(
          "p",
          { class: "soft" },
          "A query costs what it reads: narrow its selectors, or record it by a rule.",
        ),
      );
    } catch (error) {
      say(error.message, "error");
    }
  }
}

/// Rows of names and figures.
function costs(stats, data) {
  const rows = [["Series in the answer", valueText(data.result?.length ?? 0, "short")]];
  const words = (name) => name.replace(/([A-Z])/g, " $1").toLowerCase();
  for (const [name, value] of Object.entries(stats?.samples ?? {})) {
    if (typeof value === "number") rows.push([words(name), valueText(value, "short")]);
  }
  for (const [name, value] of Object.entries(stats?.timings ?? {})) {
    rows.push([words(name), valueText(value, "s")]);
  }
  return rows.map(([name, value]) => h("tr", {}, h("th", {}, name), h("td", { class: "number" }, value)));
}

function failed({ one, error }) {
  return h("pre", { class: "panel-error", role: "alert" }, caretText(one.expr, error.message));
}

function answerTable(one, now) {
  const box = h("div", { class: "answer-table" });
  const isTable = now.data.resultType === "vector" || now.data.resultType === "scalar";
  const shown = configured([tableOfVector(isTable ? now.data : { result: [] }, { refId: "A" }, false)], {});
  table(box, { panel: { options: {}, fieldConfig: {} }, frames: shown, fillIn: (text) => text });
  return h("section", { class: "card answer" }, h("h2", {}, one.expr), box);
}

/// The place of a mistake under the query, where the server names it.
function caretText(expr, message) {
  const match = /(\d+):(\d+): parse error/.exec(message);
  if (!match) return message;
  const line = expr.split("\n")[Number(match[1]) - 1] ?? "";
  return `${line}\n${" ".repeat(Math.max(0, Number(match[2]) - 1))}^\n${message}`;
}
