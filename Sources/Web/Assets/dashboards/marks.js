// The events of a dashboard, of its own queries and of the server, as marks on its graphs.

import { loadEvents } from "../chart/events.js";
import { queryRange } from "../core/api.js";
import { colour } from "../core/colours.js";
import { duration } from "../core/time.js";
import { builtIns, isLogs, loadLogs } from "./data.js";
import { interpolated } from "./interpolate.js";

const stepsMost = 5000;
const linesMost = 100;

/// Marks ({from, to, text, colour}) of a range, and sentences on what could not be asked.
export async function loadMarks(dashboard, range, signal) {
  const failures = [];
  const asked = dashboard.annotations.filter((one) => one.enable !== false && (one.expr || one.target?.expr));
  const own = asked.map((one) =>
    annotationMarks(one, dashboard, range, signal).catch((error) => {
      if (error.name !== "AbortError") failures.push(`annotation ${one.name}: ${error.message}`);
      return [];
    })
  );
  const parts = await Promise.all([loadEvents(range, signal), ...own]);
  return { marks: signal.aborted ? [] : parts.flat(), failures };
}

async function annotationMarks(one, dashboard, range, signal) {
  const builtIn = builtIns(range, 15_000, dashboard);
  const expr = interpolated(one.expr ?? one.target.expr, dashboard.scope, builtIn, true);
  const title = (labels) =>
    (one.titleFormat ?? "").replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => labels[label] ?? "");
  const shade = colour(one.iconColor ?? "red");
  if (isLogs(one.target ?? one, dashboard.scope)) {
    const target = { maxLines: linesMost, refId: one.name };
    const [lines] = await loadLogs(target, expr, range, 1000, signal);
    if (!lines?.isLogs) throw new Error("only lines of logs are marks, not values made of them");
    const [times, texts, labels] = lines.fields.map(({ values }) => values);
    return times.map((from, row) => ({
      from,
      to: null,
      text: [title(labels[row]), texts[row]].filter(Boolean).join(": "),
      colour: shade,
    }));
  }
  const wanted = duration(one.step ?? "60s") / 1000;
  const step = Math.max(wanted, (range.to - range.from) / 1000 / stepsMost);
  const { data } = await queryRange(expr, range, step, signal);
  return data.result.flatMap(({ metric, values }) => {
    const look = { text: title(metric) || one.name, colour: shade };
    return spans(values ?? [], step).map((span) => ({ ...span, ...look }));
  });
}

/// Values that are not nothing and follow each other are one event.
function spans(values, step) {
  const found = [];
  for (const [seconds, value] of values) {
    if (Number(value) === 0) continue;
    const last = found.at(-1);
    if (last && seconds - last.to / 1000 <= step * 1.5) last.to = seconds * 1000;
    else found.push({ from: seconds * 1000, to: seconds * 1000 });
  }
  return found;
}
