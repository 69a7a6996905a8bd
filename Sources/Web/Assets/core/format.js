// Units of values, by Grafana's identifiers. A formatted value has a text, and a unit behind or in front of it.

import { timeText } from "./time.js";

/// How many decimals a value is shown with where nobody says: three digits that count.
function decimalsOf(value) {
  const size = Math.abs(value);
  if (size === 0 || !Number.isFinite(size)) return 0;
  const rounded = Number(size.toPrecision(3));
  if (Number.isInteger(rounded)) return 0;
  return Math.max(0, Math.min(12, 2 - Math.floor(Math.log10(rounded))));
}

function number(value, decimals) {
  if (decimals !== undefined && decimals !== null) return value.toFixed(decimals);
  const text = value.toFixed(decimalsOf(value));
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

const plain = (unit, hasSpace = true) => (value, decimals) => ({
  text: number(value, decimals),
  suffix: unit && (hasSpace ? " " : "") + unit,
});

/// Steps of a thousand (or 1024) with a letter before the unit.
function scaled(base, letters, unit, first = 0) {
  return (value, decimals) => {
    let step = first;
    let size = value;
    while (Math.abs(size) >= base && step < letters.length - 1) {
      size /= base;
      step += 1;
    }
    // What rounds up to a whole step is shown as one.
    if (step < letters.length - 1 && Math.abs(Number(number(size, decimals))) >= base) {
      size /= base;
      step += 1;
    }
    while (Math.abs(size) < 1 && size !== 0 && step > 0) {
      size *= base;
      step -= 1;
    }
    const suffix = letters[step] + unit;
    return { text: number(size, decimals), suffix: suffix && " " + suffix };
  };
}

const decimal = ["", "k", "M", "G", "T", "P", "E", "Z", "Y"];
const binary = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];
const small = ["n", "µ", "m", "", "k", "M", "G", "T", "P"];
const si = (unit) => scaled(1000, decimal, unit);
const withSmall = (unit) => scaled(1000, small, unit, 3);

/// The counts of things: `1.5 K`, as Grafana's `short`.
const short = scaled(1000, ["", "K", "Mil", "Bil", "Tri", "Quadr", "Quint", "Sext", "Sept"], "");
const manyOf = scaled(1000, ["", "K", "M", "B", "T"], "");
const counted = (unit) => (value, decimals) => {
  const { text, suffix } = manyOf(value, decimals);
  return { text, suffix: suffix.trim() + " " + unit };
};

const timeSteps = [
  ["ns", 1e-9],
  ["µs", 1e-6],
  ["ms", 1e-3],
  ["s", 1],
  ["min", 60],
  ["hour", 3600],
  ["day", 86400],
  ["week", 604800],
  ["year", 31536000],
];

/// Lengths of time, given in units of `unit` seconds.
const time = (unit) => (value, decimals) => {
  const seconds = Math.abs(value) * unit;
  if (value === 0) {
    return {
      text: "0",
      suffix: " " + (timeSteps.find(([, size]) => size === unit)?.[0] ?? "s"),
    };
  }
  const [name, size] = [...timeSteps].reverse().find(([, size]) => seconds >= size) ?? timeSteps[0];
  const count = (value * unit) / size;
  const text = number(count, decimals);
  const isLong = size >= 3600;
  return { text, suffix: " " + name + (isLong && text !== "1" ? "s" : "") };
};

/// `1d 2h 3m`: the two or three largest parts.
const parts = (unit) => (value) => {
  let rest = Math.round(Math.abs(value) * unit);
  const texts = [];
  for (
    const [name, size] of [["y", 31536000], ["w", 604800], ["d", 86400], ["h", 3600], ["m", 60], ["s", 1]]
  ) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) texts.push(`${count}${name}`);
  }
  return { text: (value < 0 ? "-" : "") + (texts.slice(0, 3).join(" ") || "0s"), suffix: "" };
};

const clock = (value) => {
  const seconds = Math.round(Math.abs(value));
  const two = (count) => String(count).padStart(2, "0");
  return {
    text: `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`,
    suffix: "",
  };
};

const truth = (yes, no) => (value) => ({ text: value ? yes : no, suffix: "" });

const percent = (value, decimals) => ({ text: number(value, decimals), suffix: "%" });
const money = (sign) => (value, decimals) => {
  const { text, suffix } = short(value, decimals);
  return { prefix: sign, text, suffix };
};

const date = (value) => ({ text: timeText(value), suffix: "" });

const units = {
  none: plain(""),
  string: plain(""),
  short,
  sishort: si(""),
  percent,
  percentunit: (value, decimals) => percent(value * 100, decimals),
  humidity: plain("%H"),
  ppm: plain("ppm"),
  dB: plain("dB"),
  candela: plain("cd"),
  bytes: scaled(1024, binary, "B"),
  decbytes: si("B"),
  bits: scaled(1024, binary, "b"),
  decbits: si("b"),
  kbytes: scaled(1024, binary.slice(1), "B"),
  deckbytes: scaled(1000, decimal.slice(1), "B"),
  mbytes: scaled(1024, binary.slice(2), "B"),
  decmbytes: scaled(1000, decimal.slice(2), "B"),
  gbytes: scaled(1024, binary.slice(3), "B"),
  decgbytes: scaled(1000, decimal.slice(3), "B"),
  Bps: si("B/s"),
  binBps: scaled(1024, binary, "B/s"),
  bps: si("b/s"),
  binbps: scaled(1024, binary, "b/s"),
  KBs: scaled(1000, decimal.slice(1), "B/s"),
  KiBs: scaled(1024, binary.slice(1), "B/s"),
  MBs: scaled(1000, decimal.slice(2), "B/s"),
  MiBs: scaled(1024, binary.slice(2), "B/s"),
  Mbits: scaled(1000, decimal.slice(2), "b/s"),
  pps: si("p/s"),
  ops: counted("ops/s"),
  reqps: counted("req/s"),
  rps: counted("rd/s"),
  wps: counted("wr/s"),
  iops: counted("io/s"),
  eps: counted("evt/s"),
  mps: counted("msg/s"),
  recps: counted("rec/s"),
  rowsps: counted("rows/s"),
  cps: counted("c/s"),
  opm: counted("ops/m"),
  rpm: counted("rd/m"),
  wpm: counted("wr/m"),
  reqpm: counted("req/m"),
  cpm: counted("c/m"),
  hertz: withSmall("Hz"),
  rothz: withSmall("Hz"),
  rotrpm: plain("rpm"),
  rotrads: plain("rad/s"),
  ns: time(1e-9),
  µs: time(1e-6),
  us: time(1e-6),
  ms: time(1e-3),
  s: time(1),
  m: time(60),
  h: time(3600),
  d: time(86400),
  dtdurations: parts(1),
  dtdurationms: parts(1e-3),
  dthms: clock,
  dthms_ms: (value) => clock(value / 1000),
  clocks: parts(1),
  clockms: parts(1e-3),
  dateTimeAsIso: date,
  dateTimeAsLocal: date,
  dateTimeAsSystem: date,
  dateTimeFromNow: (value) => parts(1)((Date.now() - value) / 1000),
  celsius: plain("°C"),
  fahrenheit: plain("°F", true),
  kelvin: plain("K"),
  watt: withSmall("W"),
  kwatt: plain("kW"),
  watth: si("Wh"),
  kwatth: plain("kWh"),
  joule: si("J"),
  amp: withSmall("A"),
  volt: withSmall("V"),
  ohm: si("Ω"),
  voltamp: si("VA"),
  pressurebar: withSmall("bar"),
  pressurehpa: plain("hPa"),
  lengthm: withSmall("m"),
  massg: withSmall("g"),
  bool: truth("True", "False"),
  bool_yes_no: truth("Yes", "No"),
  bool_on_off: truth("On", "Off"),
  currencyUSD: money("$"),
  currencyEUR: money("€"),
  currencyGBP: money("£"),
  currencyJPY: money("¥"),
  currencyCHF: money("CHF "),
  hex: (value) => ({ text: Math.trunc(value).toString(16).toUpperCase(), suffix: "" }),
  hex0x: (value) => ({ text: "0x" + Math.trunc(value).toString(16).toUpperCase(), suffix: "" }),
  sci: (value, decimals) => ({ text: value.toExponential(decimals ?? undefined), suffix: "" }),
  locale: (value, decimals) => ({
    text: value.toLocaleString("en-US", { maximumFractionDigits: decimals ?? 3 }),
    suffix: "",
  }),
};

/// All identifiers, for lists to choose from.
export const unitNames = Object.keys(units);

/// Whether a unit is known; `suffix:req` and the like always are.
export const isKnownUnit = (unit) =>
  !unit || unit in units || /^(suffix|prefix|time|si|count|currency|bool):/.test(unit);

/// Whether a unit's steps are powers of 1024.
export const goesByTwo = (unit) => /^([kmgtp]?bytes|bits|binbps)$/i.test(unit ?? "");

function custom(unit) {
  const kind = unit.slice(0, unit.indexOf(":"));
  const rest = unit.slice(kind.length + 1);
  switch (kind) {
    case "suffix":
      return plain(rest);
    case "prefix":
      return (value, decimals) => ({ prefix: rest + " ", text: number(value, decimals), suffix: "" });
    case "si":
      return si(rest);
    case "count":
      return counted(rest);
    case "currency":
      return money(rest);
    case "bool": {
      const [yes, no] = rest.split("/");
      return truth(yes ?? "True", no ?? "False");
    }
    default:
      return plain("");
  }
}

/// A value in a unit: `{prefix?, text, suffix}`.
export function formatted(value, unit, decimals) {
  if (value === null || value === undefined) return { text: "-", suffix: "" };
  if (typeof value === "string") return { text: value, suffix: "" };
  if (Number.isNaN(value)) return { text: "NaN", suffix: "" };
  if (!Number.isFinite(value)) return { text: value > 0 ? "∞" : "-∞", suffix: "" };
  const form = unit ? units[unit] ?? (isKnownUnit(unit) ? custom(unit) : plain(unit)) : plain("");
  return form(value, decimals ?? undefined);
}

/// The same as one text.
export function valueText(value, unit, decimals) {
  const { prefix = "", text, suffix = "" } = formatted(value, unit, decimals);
  return prefix + text + suffix;
}
