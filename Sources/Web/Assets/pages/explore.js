// Questions to metrics: an editor with completion, a graph, a table.

import { prometheus, queryInstant, queryRange } from "../core/api.js";
import { palette } from "../core/colours.js";
import { fill, h } from "../core/dom.js";
import { interval } from "../core/time.js";
import { Graph } from "../chart/graph.js";
import { configured } from "../dashboards/fields.js";
import { framesOfMatrix, tableOfVector } from "../dashboards/frames.js";
import { table } from "../panels/table.js";
import { completion } from "./completion.js";
import { address, tools } from "./shell.js";
import { TimePicker } from "./timepicker.js";

const seriesMost = 200;

export async function explorePage(page) {
  document.title = "Explore · obs";
  const { parameters } = address;
  const queries = parameters.getAll("expr").map((expr) => ({ expr }));
  if (queries.length === 0) queries.push({ expr: "" });
  const rows = h("div");
  const graph = h("div", { class: "explore-graph", hidden: true });
  const answers = h("div");
  const notes = h("div", { role: "status" });
  let drawn = null;
  let loads = new AbortController();

  const run = async () => {
    loads.abort();
    loads = new AbortController();
    const { signal } = loads;
    address.set({ expr: queries.map((one) => one.expr).filter(Boolean) }, { replaces: true });
    const asked = queries.filter((one) => one.expr.trim() !== "");
    fill(notes);
    drawn?.destroy();
    drawn = null;
    graph.hidden = asked.length === 0;
    if (asked.length === 0) return fill(answers);
    const { range } = picker;
    const step = interval(range, Math.max(graph.clientWidth, 400), 1000);
    const started = performance.now();
    const results = await Promise.all(asked.map(async (one) => {
      try {
        const aligned = {
          from: Math.floor(range.from / step) * step,
          to: Math.floor(range.to / step) * step,
        };
        const [series, now] = await Promise.all([
          queryRange(one.expr, aligned, step / 1000, signal),
          queryInstant(one.expr, range.to, signal),
        ]);
        return { one, series, now };
      } catch (error) {
        return { one, error };
      }
    }));
    if (signal.aborted) return;
    const took = performance.now() - started;
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
    drawn = new Graph(graph, lines, {
      range,
      legend: { mode: "list", calcs: [] },
      tooltip: "multi",
      onZoom: (from, to) => picker.set(from, to),
      onZoomOut: () => picker.zoomOut(),
    });
    fill(
      notes,
      results.filter((result) => result.error && result.error.name !== "AbortError").map(({ one, error }) =>
        h("pre", { class: "panel-error", role: "alert" }, caretText(one.expr, error.message))
      ),
      [...new Set(found.flatMap(({ series }) => [...series.warnings, ...series.infos]))].map((note) =>
        h("p", { class: "soft" }, note)
      ),
      h(
        "p",
        { class: "soft" },
        `${frames.length} series, step ${step / 1000} s, ${took.toFixed(0)} ms`,
        frames.length > seriesMost ? `; the first ${seriesMost} are drawn` : "",
      ),
    );
    fill(
      answers,
      found.map(({ one, now }) => {
        const box = h("div", { style: { maxHeight: "24rem", overflow: "auto" } });
        const shown = configured([
          tableOfVector(
            now.data.resultType === "vector" || now.data.resultType === "scalar" ? now.data : { result: [] },
            { refId: "A" },
            false,
          ),
        ], {});
        table(box, { panel: { options: {}, fieldConfig: {} }, frames: shown, fillIn: (text) => text });
        return h("section", { class: "card", style: { marginTop: "8px" } }, h("h2", {}, one.expr), box);
      }),
    );
  };

  const picker = new TimePicker({
    onChange: () => {
      picker.show();
      run();
    },
  });
  tools(picker.element);

  const show = () =>
    fill(
      rows,
      queries.map((one, place) => {
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
        const row = h(
          "div",
          { class: "query-row" },
          editor,
          h("button", { type: "button", class: "main", onClick: run }, "Run"),
          h("button", {
            type: "button",
            title: "in Prometheus' form",
            onClick: async () => {
              const { data } = await prometheus("format_query", { query: one.expr });
              one.expr = editor.value = data;
            },
          }, "Format"),
          queries.length > 1
            ? h("button", {
              type: "button",
              "aria-label": "remove the query",
              onClick: () => {
                queries.splice(place, 1);
                show();
                run();
              },
            }, "×")
            : null,
        );
        completion(editor, row, run);
        return row;
      }),
      h("button", {
        type: "button",
        onClick: () => {
          queries.push({ expr: "" });
          show();
        },
      }, "+ query"),
    );
  show();
  fill(page, h("h1", {}, "Explore"), h("div", { style: { height: ".5rem" } }), rows, notes, graph, answers);
  rows.querySelector("textarea").focus();
  if (queries.some((one) => one.expr)) await run();
  return () => {
    loads.abort();
    picker.destroy();
    drawn?.destroy();
  };
}

/// The place of a mistake under the query, where the server names it.
function caretText(expr, message) {
  const match = /(\d+):(\d+): parse error/.exec(message);
  if (!match) return message;
  const line = expr.split("\n")[Number(match[1]) - 1] ?? "";
  return `${line}\n${" ".repeat(Math.max(0, Number(match[2]) - 1))}^\n${message}`;
}
