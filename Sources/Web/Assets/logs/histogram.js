// How many lines there were over time, by level.

import { Graph } from "../chart/graph.js";
import { durationText, interval } from "../core/time.js";
import { levelColour } from "../panels/logs.js";
import { askNumbers } from "./loki.js";
import { countOf } from "./query.js";

const levelNames = /^(detected_level|level|severity|severity_text|lvl|log_level|loglevel)$/i;
const order = ["debug", "trace", "info", "notice", "warn", "warning", "error", "err", "critical", "fatal"];

/// What tells the level of these lines: a label of their streams, or a field that a parser reads. Null where nothing does.
export function levelSource(fields, lines) {
  const label = Object.keys(lines[0]?.labels ?? {}).find((name) => levelNames.test(name));
  if (label) return { name: label, parser: "" };
  const field = fields.find((one) => levelNames.test(one.label) && one.parsers?.length > 0);
  return field ? { name: field.label, parser: field.parsers[0] } : null;
}

export class Histogram {
  constructor(element, onZoom) {
    this.element = element;
    this.onZoom = onZoom;
  }

  destroy() {
    this.graph?.destroy();
    this.graph = null;
  }

  async load(query, range, { fields, lines, events, signal }) {
    this.element.hidden = lines.length === 0;
    if (lines.length === 0) return this.destroy();
    const step = interval(range, 100, 1000);
    const aligned = { from: Math.floor(range.from / step) * step, to: Math.ceil(range.to / step) * step };
    const level = levelSource(fields, lines);
    const data = await askNumbers(countOf(query, durationText(step), level), aligned, step, signal);
    const marks = await events;
    if (signal.aborted) return;
    this.draw(data.result ?? [], { range, step, level, marks });
  }

  draw(result, { range, step, level, marks }) {
    const named = result.map(({ metric, values }) => ({
      name: level ? metric[level.name] || "unknown" : "lines",
      values,
    }));
    named.sort((left, right) =>
      order.indexOf(left.name.toLowerCase()) - order.indexOf(right.name.toLowerCase())
    );
    // Every step is there, so that bars stand on each other and a step without lines is none.
    const times = [];
    for (let at = Math.floor(range.from / step) * step; at <= range.to + step; at += step) times.push(at);
    const series = named.map(({ name, values }) => {
      const counts = new Map(
        values.map(([seconds, count]) => [Math.round((seconds * 1000) / step) * step, Number(count)]),
      );
      return {
        name,
        // The count at a time is of the step before it.
        times: times.map((at) => at - step / 2),
        values: times.map((at) => counts.get(at) ?? 0),
        colour: level ? levelColour(name.toLowerCase()) : "#5794f2",
        style: "bars",
        barWidth: 0.9,
        width: 0,
        fill: 85,
        axis: "left|",
        stack: { mode: "normal", group: "A" },
        points: "never",
      };
    });
    this.destroy();
    this.graph = new Graph(this.element, series, {
      range,
      legend: { mode: "list", calcs: ["sum"] },
      tooltip: "multi",
      marks,
      onZoom: this.onZoom,
    });
  }
}
