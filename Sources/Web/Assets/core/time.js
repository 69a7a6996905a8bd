// Times of pages: `now-6h`, `now/d`, an absolute time, and what follows from a range and a width.

const units = { s: 1000, m: 60e3, h: 3600e3, d: 86400e3, w: 604800e3, M: 2592000e3, y: 31536000e3 };

/// A length of time as Grafana and Prometheus write it (`90s`, `1h30m`, `500ms`); null where it is none.
export function duration(text) {
  let rest = String(text).trim();
  if (/^\d+(\.\d+)?$/.test(rest)) return Number(rest) * 1000;
  let total = 0;
  let match;
  if (rest === "") return null;
  while ((match = /^(\d+(?:\.\d+)?)(ms|[smhdwMy])/.exec(rest))) {
    total += Number(match[1]) * (match[2] === "ms" ? 1 : units[match[2]]);
    rest = rest.slice(match[0].length);
  }
  return rest === "" ? total : null;
}

/// The shortest text for a length of time that PromQL reads back.
export function durationText(ms) {
  if (ms <= 0) return "0s";
  if (ms % 1000 !== 0) return `${Math.round(ms)}ms`;
  for (const unit of ["d", "h", "m"]) if (ms % units[unit] === 0) return `${ms / units[unit]}${unit}`;
  return `${ms / 1000}s`;
}

const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
let chosen = "";
let standard = "";
/// Tells the parts of a time in a zone that is neither UTC nor the browser's.
let clock = null;

function isZone(name) {
  try {
    return Boolean(name && Intl.DateTimeFormat("en", { timeZone: name }));
  } catch {
    return false;
  }
}

/// In which zone times are read and shown: in that which a person chose, else in the dashboard's, else in the browser's.
export const timeZone = {
  own,
  get chosen() {
    return chosen;
  },
  set chosen(name) {
    chosen = isZone(name) ? name : "";
    wind();
  },
  /// As a dashboard writes it: `utc`, `browser`, the name of a zone, or nothing.
  set standard(name) {
    standard = name === "utc" ? "UTC" : isZone(name) ? name : "";
    wind();
  },
  get name() {
    return chosen || standard || own;
  },
};

function wind() {
  const { name } = timeZone;
  const fields = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" };
  clock = name === own || name === "UTC"
    ? null
    : Intl.DateTimeFormat("en-u-ca-iso8601-nu-latn", { timeZone: name, hourCycle: "h23", ...fields });
  dispatchEvent(new Event("obs:zone"));
}

/// Year, month from 0, day, hour, minute, second, and the day of the week.
function parts(date) {
  if (clock) {
    const found = Object.fromEntries(clock.formatToParts(date).map(({ type, value }) => [type, Number(value)]));
    const { year, month, day, hour, minute, second } = found;
    return [year, month - 1, day, hour, minute, second, new Date(Date.UTC(year, month - 1, day)).getUTCDay()];
  }
  const from = timeZone.name === own && own !== "UTC" ? "get" : "getUTC";
  return ["FullYear", "Month", "Date", "Hours", "Minutes", "Seconds", "Day"].map((name) => date[from + name]());
}

/// The milliseconds of a time of the zone.
function made(...fields) {
  const asUTC = Date.UTC(...fields);
  if (timeZone.name === "UTC") return asUTC;
  if (!clock) return new Date(...fields).getTime();
  const offset = (ms) => Date.UTC(...parts(new Date(ms)).slice(0, 6)) - Math.floor(ms / 1000) * 1000;
  // The offset of the guess may be that before a change of the clocks.
  return asUTC - offset(asUTC - offset(asUTC));
}

/// The beginning (or, for the end of a range, the end) of the unit in which a time lies.
function rounded(ms, unit, isEnd) {
  const [year, month, day, hour, minute, second, weekday] = parts(new Date(ms));
  const add = isEnd ? 1 : 0;
  const start = {
    s: () => made(year, month, day, hour, minute, second + add),
    m: () => made(year, month, day, hour, minute + add),
    h: () => made(year, month, day, hour + add),
    d: () => made(year, month, day + add),
    w: () => made(year, month, day - ((weekday + 6) % 7) + 7 * add),
    M: () => made(year, month + add, 1),
    y: () => made(year + add, 0, 1),
  }[unit];
  return start() - add;
}

function shifted(ms, count, unit) {
  if (unit !== "M" && unit !== "y") return ms + count * units[unit];
  const [year, month, day, hour, minute, second] = parts(new Date(ms));
  return unit === "M"
    ? made(year, month + count, day, hour, minute, second)
    : made(year + count, month, day, hour, minute, second);
}

/// Milliseconds of a time: `now`, `now-6h`, `now-1d/d`, a number of milliseconds, or a date. Null where it is none.
export function instant(text, isEnd = false, now = Date.now()) {
  const given = String(text).trim();
  if (/^\d{9,10}$/.test(given)) return Number(given) * 1000;
  if (/^\d{11,}$/.test(given)) return Number(given);
  if (!given.startsWith("now")) {
    const match = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?$/.exec(given);
    if (match) {
      return made(+match[1], match[2] - 1, +match[3], +(match[4] ?? 0), +(match[5] ?? 0), +(match[6] ?? 0));
    }
    const ms = Date.parse(given);
    return Number.isNaN(ms) ? null : ms;
  }
  let ms = now;
  let rest = given.slice(3);
  let match;
  while (rest !== "") {
    if ((match = /^([+-])(\d+)([smhdwMy])/.exec(rest))) {
      ms = shifted(ms, Number(match[1] + match[2]), match[3]);
    } else if ((match = /^\/([smhdwMy])/.exec(rest))) ms = rounded(ms, match[1], isEnd);
    else return null;
    rest = rest.slice(match[0].length);
  }
  return ms;
}

/// A range as texts and as milliseconds of now.
export function resolved(from, to, now = Date.now()) {
  const range = { from: instant(from, false, now), to: instant(to, true, now), rawFrom: from, rawTo: to };
  if (range.from === null || range.to === null || range.from >= range.to) {
    return { from: now - 3600e3, to: now, rawFrom: "now-1h", rawTo: "now" };
  }
  return range;
}

const steps = [
  1,
  2,
  5,
  10,
  15,
  20,
  30,
  50,
  100,
  200,
  500,
  1e3,
  2e3,
  5e3,
  10e3,
  15e3,
  20e3,
  30e3,
  60e3,
  120e3,
  300e3,
  600e3,
  900e3,
  1200e3,
  1800e3,
  3600e3,
  7200e3,
  10800e3,
  21600e3,
  43200e3,
  86400e3,
  604800e3,
  2592000e3,
  31536000e3,
];

/// How far two points of a graph lie apart: a round length, at least `minimum`.
export function interval(range, pointsMax, minimum) {
  const exact = (range.to - range.from) / Math.max(pointsMax, 1);
  return Math.max(steps.find((step) => step >= exact * 0.75) ?? steps.at(-1), minimum);
}

const two = (number) => String(number).padStart(2, "0");

/// `2026-11-21 02:30:05`, in the zone that is chosen.
export function timeText(ms, withMilliseconds = false) {
  const [year, month, day, hour, minute, second] = parts(new Date(ms));
  const tail = withMilliseconds ? "." + String(Math.floor(ms % 1000)).padStart(3, "0") : "";
  return `${year}-${two(month + 1)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}${tail}`;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The text of a mark on a time axis whose marks lie `step` apart.
export function axisText(ms, step) {
  const [year, month, day, hour, minute, second] = parts(new Date(ms));
  if (step < 1000) return `${two(minute)}:${two(second)}.${String(Math.floor(ms % 1000)).padStart(3, "0")}`;
  if (step < 60e3) return `${two(hour)}:${two(minute)}:${two(second)}`;
  if (hour === 0 && minute === 0) {
    return step >= 28 * 86400e3 ? `${months[month]} ${year}` : `${months[month]} ${day}`;
  }
  return `${two(hour)}:${two(minute)}`;
}

const named = [
  ["now-5m", "now", "Last 5 minutes"],
  ["now-15m", "now", "Last 15 minutes"],
  ["now-30m", "now", "Last 30 minutes"],
  ["now-1h", "now", "Last hour"],
  ["now-3h", "now", "Last 3 hours"],
  ["now-6h", "now", "Last 6 hours"],
  ["now-12h", "now", "Last 12 hours"],
  ["now-24h", "now", "Last 24 hours"],
  ["now-2d", "now", "Last 2 days"],
  ["now-7d", "now", "Last 7 days"],
  ["now-30d", "now", "Last 30 days"],
  ["now-90d", "now", "Last 90 days"],
  ["now/d", "now/d", "Today"],
  ["now-1d/d", "now-1d/d", "Yesterday"],
  ["now/w", "now/w", "This week"],
];
export const namedRanges = named;

/// How a range is called.
export function rangeText(range) {
  const known = named.find(([from, to]) => from === range.rawFrom && to === range.rawTo);
  return known ? known[2] : `${timeText(range.from)} to ${timeText(range.to)}`;
}

/// `3 minutes ago`.
export function agoText(ms, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - ms) / 1000));
  for (const [length, unit] of [[86400, "d"], [3600, "h"], [60, "m"]]) {
    if (seconds >= 2 * length) return `${Math.floor(seconds / length)} ${unit} ago`;
  }
  return `${seconds} s ago`;
}
