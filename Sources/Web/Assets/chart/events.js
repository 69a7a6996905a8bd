// What happened, as marks on every graph: alerts that fired, and deploys where a metric tells of them.

import { prometheus, request } from "../core/api.js";

/// A metric of these names whose labels change tells that something else runs now.
const deploySelector =
  '{__name__=~".+_deploy_info|.+_build_info|deploy_info",__name__!~"go_.+|prometheus_.+"}';
const marksMost = 60;

/// Marks of a range: {from, to, text, colour}. What cannot be asked is left out: a graph is worth more than its marks.
export async function loadEvents(range, signal) {
  const parts = await Promise.all([
    alertMarks(range, signal).catch(() => []),
    deployMarks(range, signal).catch(() => []),
  ]);
  return parts.flat().slice(0, marksMost);
}

async function alertMarks(range, signal) {
  const query = { from: range.from / 1000, to: range.to / 1000, limit: 500 };
  const { data } = await request("/obs/v1/alerts/history", { query, signal });
  // What always fires, for those who listen whether alerts arrive, is no event.
  const isEvent = ({ kind, labels }) => kind === "firing" && labels.severity !== "none";
  return data.filter(isEvent).map(({ at, labels }) => ({
    from: Date.parse(at),
    to: null,
    text: `${labels.alertname} fires ${labels.instance ?? ""}`,
    colour: "#f2495c",
  }));
}

/// A deploy is where a version begins while another was there before.
async function deployMarks(range, signal) {
  const step = Math.max(15, Math.round((range.to - range.from) / 1000 / 240));
  const query = { query: deploySelector, start: range.from / 1000, end: range.to / 1000, step };
  const { data } = await prometheus("query_range", query, signal);
  const starts = data.result.map(({ metric, values }) => ({ metric, at: values[0][0] * 1000 }));
  const first = Math.min(...starts.map(({ at }) => at));
  return starts.filter(({ at }) => at > first + step * 2000).map(({ metric, at }) => ({
    from: at,
    to: null,
    text: `${metric.__name__.replace(/_(deploy|build)_info$/, "")} ${
      metric.version ?? metric.revision ?? ""
    } is deployed`,
    colour: "#5794f2",
  }));
}
