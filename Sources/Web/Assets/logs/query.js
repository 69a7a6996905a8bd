// Queries for lines as texts: what a click adds to them, and the metrics that are counted from them.

const quoted = (text) => JSON.stringify(String(text));

/// Where the selector at the start of a query ends; a brace in a string is none.
export function selectorEnd(query) {
  let isInside = false;
  for (let place = 0; place < query.length; place += 1) {
    const sign = query[place];
    if (sign === "\\" && isInside) place += 1;
    else if (sign === '"') isInside = !isInside;
    else if (sign === "}" && !isInside) return place + 1;
  }
  return 0;
}

/// The selector alone.
export const selectorOf = (query) => query.slice(0, selectorEnd(query));

/// A query with one more condition on a label of its streams.
export function withLabel(query, name, value, isExcluded) {
  const end = selectorEnd(query);
  const inner = query.slice(query.indexOf("{") + 1, end - 1).trim();
  const condition = `${name}${isExcluded ? "!=" : "="}${quoted(value)}`;
  const opposite = `${name}${isExcluded ? "=" : "!="}${quoted(value)}`;
  const kept = inner === "" ? [] : split(inner).filter((one) => one !== condition && one !== opposite);
  return `{${[...kept, condition].join(", ")}}${query.slice(end)}`;
}

/// Conditions of a selector, which commas in strings do not part.
function split(inner) {
  return [...inner.matchAll(/\s*((?:[^",]|"(?:[^"\\]|\\.)*")+)/g)].map(([, one]) => one.trim()).filter(
    Boolean,
  );
}

/// A query with a condition on a field of its lines; `parser` is what reads the field, empty where it needs none.
export function withField(query, name, value, isExcluded, parser) {
  const isParsed = parser === "" || new RegExp(`\\|\\s*${parser}\\b`).test(query.slice(selectorEnd(query)));
  const read = isParsed ? query : `${query} | ${parser}`;
  return `${read} | ${name}${isExcluded ? "!=" : "="}${quoted(value)}`;
}

/// A query for lines that hold (or do not hold) a text.
export const withText = (query, text, isExcluded) => `${query} ${isExcluded ? "!=" : "|="} ${quoted(text)}`;

/// A query for lines of (or not of) a pattern.
export const withPattern = (query, pattern, isExcluded) =>
  `${query} ${isExcluded ? "!>" : "|>"} ${quoted(pattern)}`;

/// How many lines there are at each step, by level where one is known.
export function countOf(query, step, level) {
  const span = `[${step}]`;
  if (!level) return `sum(count_over_time(${query} ${span}))`;
  const read = level.parser === "" ? "" : ` | ${level.parser} | drop __error__, __error_details__`;
  return `sum by (${level.name}) (count_over_time(${query}${read} ${span}))`;
}

/// A selector of exactly these streams.
export function selectorFor(labels) {
  return `{${Object.entries(labels).map(([name, value]) => `${name}=${quoted(value)}`).join(", ")}}`;
}

/// Whether a query gives numbers instead of lines.
export const isMetric = (query) => !query.trim().startsWith("{");
