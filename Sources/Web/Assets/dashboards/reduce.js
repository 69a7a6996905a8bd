// What many values become one by, under Grafana's identifiers.

const numbers = (values) => values.filter((value) => typeof value === "number" && !Number.isNaN(value));
const isThere = (value) =>
  value !== null && value !== undefined && !(typeof value === "number" && Number.isNaN(value));
const sum = (values) => numbers(values).reduce((total, value) => total + value, 0);
const orNull = (values, value) => (values.length > 0 ? value : null);

function least(values) {
  let found = null;
  for (const value of numbers(values)) if (found === null || value < found) found = value;
  return found;
}
function most(values) {
  let found = null;
  for (const value of numbers(values)) if (found === null || value > found) found = value;
  return found;
}

function mean(values) {
  const known = numbers(values);
  return orNull(known, sum(known) / known.length);
}

function variance(values) {
  const known = numbers(values);
  if (known.length === 0) return null;
  const middle = mean(known);
  return known.reduce((total, value) => total + (value - middle) ** 2, 0) / known.length;
}

function percentile(values, share) {
  const sorted = numbers(values).sort((left, right) => left - right);
  return sorted.length === 0 ? null : sorted[Math.round((sorted.length - 1) * share)];
}

function median(values) {
  const sorted = numbers(values).sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return null;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const first = (values) => values.find(isThere) ?? null;
/// Where nothing is there but what is no number, that.
const last = (values) => values.findLast(isThere) ?? values.at(-1) ?? null;

function delta(values) {
  // As a counter: what falls has begun anew.
  let total = 0;
  let before = null;
  for (const value of numbers(values)) {
    if (before !== null) total += value >= before ? value - before : value;
    before = value;
  }
  return total;
}

export const calculations = {
  lastNotNull: ["Last *", last],
  last: ["Last", (values) => values.at(-1) ?? null],
  firstNotNull: ["First *", first],
  first: ["First", (values) => values[0] ?? null],
  min: ["Min", least],
  max: ["Max", most],
  mean: ["Mean", mean],
  median: ["Median", median],
  sum: ["Total", (values) => orNull(numbers(values), sum(values))],
  count: ["Count", (values) => values.length],
  countAll: ["Count all", (values) => values.length],
  range: ["Range", (values) => orNull(numbers(values), most(values) - least(values))],
  delta: ["Delta", delta],
  step: ["Step", (values) => {
    const known = numbers(values);
    return least(known.slice(1).map((value, place) => value - known[place]));
  }],
  diff: ["Difference", (values) => (isThere(last(values)) ? last(values) - first(values) : null)],
  diffperc: [
    "Difference %",
    (
      values,
    ) => (isThere(first(values)) && first(values) !== 0
      ? (last(values) - first(values)) / first(values)
      : null),
  ],
  logmin: ["Min (above zero)", (values) => least(numbers(values).filter((value) => value > 0))],
  allIsZero: ["All zeros", (values) => numbers(values).every((value) => value === 0)],
  allIsNull: ["All nulls", (values) => !values.some(isThere)],
  changeCount: [
    "Change count",
    (values) => values.filter((value, place) => place > 0 && value !== values[place - 1]).length,
  ],
  distinctCount: ["Distinct count", (values) => new Set(values).size],
  uniqueValues: ["Unique values", (values) => [...new Set(values)].join(", ")],
  allValues: ["All values", (values) => values.join(", ")],
  variance: ["Variance", variance],
  stdDev: ["Std dev", (values) => (numbers(values).length > 0 ? Math.sqrt(variance(values)) : null)],
};
for (const share of [1, 5, 10, 25, 50, 75, 90, 95, 99]) {
  calculations[`p${share}`] = [`p${share}`, (values) => percentile(values, share / 100)];
}

export const calculationName = (id) => calculations[id]?.[0] ?? id;

/// One value of many; null where there is nothing to reduce.
export function reduced(id, values) {
  return (calculations[id] ?? calculations.lastNotNull)[1](values);
}
