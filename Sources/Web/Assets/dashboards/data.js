// What a panel shows, asked for: targets with their variables filled in, answers as frames, transformations applied.

import { queryInstant, queryRange, request } from "../core/api.js";
import { duration, durationText, instant, interval } from "../core/time.js";
import { configured } from "./fields.js";
import { framesOfMatrix, framesOfVector, legendText, tableOfVector } from "./frames.js";
import { interpolated } from "./interpolate.js";
import { transformed } from "./transform.js";
import { matchersOf } from "./variables.js";

/// Panels whose targets are asked at one instant unless they say otherwise are asked so as Grafana saves it: by target.
export async function loadPanel(panel, dashboard, range, width, signal) {
  const own = ownRange(panel, range);
  const scope = { ...dashboard.scope, ...panel.scope };
  const minimum = panel.minimumStep
    ? duration(interpolated(panel.minimumStep, scope).replace(/^>/, "")) ?? 0
    : 0;
  const pointsMax = panel.pointsMax ?? Math.max(100, Math.round(width));
  const targets = panel.targets.filter((target) => !target.hide && (target.expr ?? "") !== "");
  const notes = [];
  const answers = await Promise.all(
    targets.map((target) =>
      loadTarget(target, { dashboard, scope, own, pointsMax, minimum, targets, signal, notes })
    ),
  );
  let frames = answers.flat();
  const builtIn = builtIns(own, interval(own, pointsMax, Math.max(minimum, 1000)), dashboard);
  const fillIn = (text) => interpolated(text, scope, builtIn);
  frames = transformed(frames, panel.transformations);
  configured(frames, panel.fieldConfig, fillIn);
  return { frames, range: own, notes: [...new Set(notes)], fillIn };
}

/// The range of a panel that is narrower than the dashboard's, or shifted.
function ownRange(panel, range) {
  let { from, to } = range;
  if (panel.timeFrom) {
    from = instant(panel.timeFrom.startsWith("now") ? panel.timeFrom : `now-${panel.timeFrom}`, false, to) ??
      from;
  }
  if (panel.timeShift) {
    const shift = duration(panel.timeShift.replace(/^now-/, "")) ?? 0;
    [from, to] = [from - shift, to - shift];
  }
  return { ...range, from, to };
}

export function builtIns(range, step, dashboard) {
  const scrape = dashboard.scrapeIntervalMs ?? 15_000;
  const seconds = Math.round((range.to - range.from) / 1000);
  return {
    __interval: durationText(step),
    __interval_ms: String(step),
    __rate_interval: durationText(Math.max(step + scrape, 4 * scrape)),
    __range: `${seconds}s`,
    __range_s: String(seconds),
    __range_ms: String(range.to - range.from),
    __from: String(range.from),
    __to: String(range.to),
    __dashboard: dashboard.title,
    __name: "__name",
  };
}

async function loadTarget(
  target,
  { dashboard, scope, own, pointsMax, minimum, targets, signal, notes },
) {
  const scrape = dashboard.scrapeIntervalMs ?? 15_000;
  const least = Math.max(
    minimum,
    target.interval ? duration(interpolated(target.interval, scope)) ?? 0 : 0,
    minimum === 0 && !target.interval ? scrape : 0,
  );
  const step = interval(own, pointsMax / (target.intervalFactor ?? 1), Math.max(least, 1000));
  // A scrape interval must fit twice into the range of a rate, however narrow the panel asks.
  const rate = { ...dashboard, scrapeIntervalMs: Math.max(scrape, 0) };
  const builtIn = builtIns(own, step, rate);
  const text = interpolated(target.expr, scope, builtIn, true);
  if (isLogs(target, scope)) return loadLogs(target, text, own, step, signal);
  const expr = await withFilters(text, dashboard.filters ?? [], signal);
  const named = { ...target, expr, legendFormat: interpolated(target.legendFormat, scope, builtIn) };
  const isInstant = target.instant && !target.range;
  if (isInstant) {
    const answer = await queryInstant(expr, own.to, signal);
    notes.push(...answer.warnings);
    if (target.format === "table") return [tableOfVector(answer.data, target, targets.length > 1)];
    return framesOfVector(answer.data, named);
  }
  const aligned = { from: Math.floor(own.from / step) * step, to: Math.floor(own.to / step) * step };
  const answer = await queryRange(expr, aligned, step / 1000, signal);
  notes.push(...answer.warnings);
  if (target.format === "table") {
    return [tableOfVector({ resultType: "matrix", result: answer.data.result }, target, targets.length > 1)];
  }
  const frames = framesOfMatrix(answer.data, named, step);
  if (target.format === "heatmap") return heatmapOrder(frames);
  for (const frame of frames) frame.step = step;
  return frames;
}

/// An expression with the conditions of ad-hoc filters in each of its selectors: the server knows where these are.
async function withFilters(expr, filters, signal) {
  if (filters.length === 0) return expr;
  return (await request("/obs/v1/expressions/filtered", {
    form: { query: expr, "matcher[]": matchersOf(filters) },
    signal,
  })).data;
}

export const isLogs = (target, scope) =>
  (target.datasource?.type ?? "") === "loki" ||
  (scope[/^\$\{?(\w+)/.exec(target.datasource?.uid ?? "")?.[1]]?.values[0] === "loki");

export async function loadLogs(target, query, range, step, signal) {
  const parameters = {
    query,
    start: `${Math.round(range.from)}000000`,
    end: `${Math.round(range.to)}000000`,
    limit: target.maxLines ?? 1000,
    step: step / 1000,
    direction: target.direction ?? "backward",
  };
  const path = target.instant || target.queryType === "instant" ? "query" : "query_range";
  const { data } = await request(`/loki/api/v1/${path}`, {
    query: path === "query" ? { ...parameters, time: parameters.end } : parameters,
    signal,
  });
  if (data.resultType === "streams") {
    const rows = data.result.flatMap(({ stream, values }) =>
      values.map(([ns, line]) => ({ ns, line, stream }))
    );
    rows.sort((left, right) => (left.ns < right.ns ? 1 : left.ns > right.ns ? -1 : 0));
    return [{
      refId: target.refId,
      name: "logs",
      isLogs: true,
      fields: [
        {
          name: "Time",
          type: "time",
          values: rows.map(({ ns }) => Number(ns.slice(0, -6))),
          labels: {},
          config: {},
        },
        { name: "Line", type: "string", values: rows.map(({ line }) => line), labels: {}, config: {} },
        { name: "labels", type: "object", values: rows.map(({ stream }) => stream), labels: {}, config: {} },
        { name: "tsNs", type: "string", values: rows.map(({ ns }) => ns), labels: {}, config: {} },
      ],
    }];
  }
  return data.resultType === "matrix" ? framesOfMatrix(data, target, step) : framesOfVector(data, target);
}

/// Buckets in the order of their bounds, each without what the one below it counts.
export function heatmapOrder(frames) {
  const bound = (frame) => {
    const text = frame.fields[1].labels.le;
    return text === "+Inf" ? Infinity : Number(text);
  };
  if (frames.some((frame) => Number.isNaN(bound(frame)))) return frames;
  const sorted = [...frames].sort((left, right) => bound(left) - bound(right));
  for (let place = sorted.length - 1; place > 0; place -= 1) {
    const [upper, lower] = [sorted[place].fields[1], sorted[place - 1].fields[1]];
    const below = new Map(sorted[place - 1].fields[0].values.map((time, at) => [time, lower.values[at]]));
    upper.values = upper.values.map((
      value,
      at,
    ) => (value === null ? null : Math.max(0, value - (below.get(sorted[place].fields[0].values[at]) ?? 0))));
  }
  return sorted;
}

export { legendText };
