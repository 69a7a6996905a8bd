// What is asked about lines. Times within are nanoseconds as texts: they do not fit into a number.

import { request } from "../core/api.js";

const ns = (ms) => `${Math.round(ms)}000000`;
const times = (range) => ({ start: ns(range.from), end: ns(range.to) });
const ask = (path, query, signal) => request(`/loki/api/v1/${path}`, { query, signal });

/// Lines of all streams in one list: {ns, time, line, labels}.
function lines(data) {
  return data.result.flatMap(({ stream, values }) =>
    values.map(([at, line]) => ({ ns: at, time: Number(at.slice(0, -6)), line, labels: stream }))
  );
}

export const olderFirst = (left, right) =>
  left.ns.length - right.ns.length || (left.ns < right.ns ? -1 : left.ns > right.ns ? 1 : 0);
export const newerFirst = (left, right) => olderFirst(right, left);

/// The newest lines of a range, newest first.
export async function askLines(query, range, limit, signal) {
  const { data } = await ask("query_range", { query, ...times(range), limit, direction: "backward" }, signal);
  return { lines: lines(data).sort(newerFirst), stats: data.stats };
}

/// Numbers over time, as Prometheus' API gives them.
export async function askNumbers(query, range, stepMs, signal) {
  const { data } = await ask("query_range", { query, ...times(range), step: stepMs / 1000 }, signal);
  return data;
}

/// The fields of some of the lines: {label, type, cardinality, parsers}.
export async function askFields(query, range, signal) {
  const answer = await ask("detected_fields", { query, ...times(range), line_limit: 500 }, signal);
  return answer.fields ?? [];
}

export async function askPatterns(query, range, stepMs, signal) {
  const answer = await ask("patterns", { query, ...times(range), step: `${stepMs / 1000}s` }, signal);
  return answer.data ?? [];
}

export async function askLabels(range, signal) {
  return (await ask("labels", times(range), signal)).data ?? [];
}

export async function askLabelValues(name, range, selector, signal) {
  const query = selector || undefined;
  return (await ask(`label/${encodeURIComponent(name)}/values`, { ...times(range), query }, signal)).data ??
    [];
}

/// Lines of a stream around one of them: those before, and those after, oldest first.
export async function askContext(selector, at, count, signal) {
  const whole = BigInt(at);
  const hour = 3_600_000_000_000n;
  const [before, after] = await Promise.all([
    ask("query_range", {
      query: selector,
      start: String(whole - hour),
      end: at,
      limit: count,
      direction: "backward",
    }, signal),
    ask("query_range", {
      query: selector,
      start: at,
      end: String(whole + hour),
      limit: count + 1,
      direction: "forward",
    }, signal),
  ]);
  return { before: lines(before.data).sort(olderFirst), after: lines(after.data).sort(olderFirst) };
}

/// Follows what comes: `take(lines)` is called with some of them, `say(sentence)` when the server tells something.
export function follow(query, { take, say, end }) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(
    `${scheme}://${location.host}/loki/api/v1/tail?${new URLSearchParams({ query, limit: 100 })}`,
  );
  let isWanted = true;
  socket.addEventListener("message", ({ data }) => {
    const { streams = [], dropped_entries: dropped } = JSON.parse(data);
    take(lines({ result: streams }).sort(newerFirst));
    if (dropped?.length > 0) say(`${dropped.length} lines came faster than they could be sent`);
  });
  socket.addEventListener("close", ({ reason }) => {
    if (isWanted) end(reason || "the server ended the live view");
  });
  return () => {
    isWanted = false;
    socket.close();
  };
}
