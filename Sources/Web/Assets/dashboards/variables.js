// The variables of a dashboard: what there is to choose, what is chosen, and the order in which they depend on each other.

import { prometheus, queryInstant, request } from "../core/api.js";
import { durationText, interval } from "../core/time.js";
import { interpolated, namesUsed } from "./interpolate.js";
import { known } from "./known.js";

const allOption = "$__all";

/// Values of all variables by name, as `interpolated` takes them; each is asked once those are known that it depends on.
///
/// `chosen` has lists of texts by name, as the address of the page has them.
export async function resolveVariables(variables, chosen, range, signal) {
  const scope = {};
  const failures = [];
  const settle = async (variable) => {
    if (!known.variables.includes(variable.type)) {
      failures.push(`variable ${variable.name}: variables of type "${variable.type}" are not known here`);
    }
    try {
      variable.choices = await choicesOf(variable, scope, range, signal);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      variable.choices = [];
      failures.push(`variable ${variable.name}: ${error.message}`);
    }
    scope[variable.name] = valueOf(variable, chosen[variable.name], range);
  };
  const settled = new Map();
  for (const variable of ordered(variables)) {
    const needed = namesNeeded(variable).map((name) => settled.get(name));
    settled.set(variable.name, Promise.all(needed).then(() => settle(variable)));
  }
  await Promise.all(settled.values());
  return { scope, failures };
}

const namesNeeded = (variable) => [...namesUsed(variable.query), ...namesUsed(variable.regex)];

/// Each after those that its query names.
export function ordered(variables) {
  const byName = new Map(variables.map((one) => [one.name, one]));
  const result = [];
  const seen = new Set();
  const visit = (variable) => {
    if (seen.has(variable.name)) return;
    seen.add(variable.name);
    for (const name of namesNeeded(variable)) {
      if (byName.has(name)) visit(byName.get(name));
    }
    result.push(variable);
  };
  variables.forEach(visit);
  return result;
}

async function choicesOf(variable, scope, range, signal) {
  switch (variable.type) {
    case "query":
      return filtered(
        variable,
        await asked(interpolated(variable.query, scope, {}, true), variable, range, signal),
        scope,
      );
    case "custom":
      return customOptions(variable.query);
    case "interval":
      return [
        ...(variable.auto ? [{ value: "$__auto", text: "auto" }] : []),
        ...variable.query.split(",").map((text) => text.trim()).filter(Boolean).map((text) => ({
          value: text,
          text,
        })),
      ];
    case "datasource":
      return [{ value: variable.query === "loki" ? "loki" : "prometheus", text: "obs" }];
    case "constant":
      return [{ value: variable.query, text: variable.query }];
    default:
      return [];
  }
}

/// `a, b : c` : texts, and names before a colon where they differ from the values. A comma with a backslash is one of the text.
function customOptions(text) {
  return text.split(/(?<!\\),/).map((part) => part.replace(/\\,/g, ",").trim()).filter(Boolean).map(
    (part) => {
      const match = /^(.+?)\s+:\s+(.+)$/.exec(part);
      return match ? { text: match[1], value: match[2] } : { text: part, value: part };
    },
  );
}

async function asked(query, variable, range, signal) {
  const times = { start: range.from / 1000, end: range.to / 1000 };
  let match;
  if (variable.datasource?.type === "loki") return askedLogs(query, times, signal);
  if ((match = /^label_names\(\s*(.*?)\s*\)\s*$/s.exec(query))) {
    return (await prometheus("labels", { ...times, "match[]": match[1] || undefined }, signal)).data;
  }
  if ((match = /^label_values\(\s*(?:(.+)\s*,\s*)?("?)([^\s,()]+?)\2\s*\)\s*$/s.exec(query))) {
    const [, selector, , label] = match;
    return (await prometheus(`label/${encodeURIComponent(label)}/values`, {
      ...times,
      "match[]": selector || undefined,
    }, signal)).data;
  }
  if ((match = /^metrics\(\s*(.*?)\s*\)\s*$/s.exec(query))) {
    const { data } = await prometheus("label/__name__/values", times, signal);
    const expression = new RegExp(match[1]);
    return data.filter((name) => expression.test(name));
  }
  if ((match = /^query_result\((.*)\)\s*$/s.exec(query))) {
    const { data } = await queryInstant(match[1], range.to, signal);
    if (data.resultType !== "vector") return [String(data.result[1])];
    return data.result.map(({ metric, value }) => {
      const { __name__: name = "", ...labels } = metric;
      return `${name}{${Object.entries(labels).map(([label, text]) => `${label}="${text}"`).join(",")}} ${
        value[1]
      } ${value[0] * 1000}`;
    });
  }
  const { data } = await prometheus("series", { ...times, "match[]": query }, signal);
  return data.map(({ __name__: name = "", ...labels }) =>
    `${name}{${Object.entries(labels).map(([label, text]) => `${label}="${text}"`).join(",")}}`
  );
}

async function askedLogs(query, times, signal) {
  const match = /^label_values\(\s*(?:(.+)\s*,\s*)?([^\s,()]+)\s*\)\s*$/s.exec(query);
  const path = match ? `label/${encodeURIComponent(match[2])}/values` : "labels";
  const answer = await request(`/loki/api/v1/${path}`, {
    query: { start: times.start * 1e9, end: times.end * 1e9, query: match?.[1] },
    signal,
  });
  return answer.data ?? [];
}

/// What the regular expression takes of each, sorted as the variable wants it; each once.
function filtered(variable, texts, scope) {
  let options = texts.map((text) => ({ text, value: text }));
  const given = interpolated(variable.regex, scope);
  if (given) {
    const match = /^\/(.*)\/([a-z]*)$/s.exec(given);
    const expression = new RegExp(match ? match[1] : given, match ? match[2].replace("g", "") : "");
    options = texts.flatMap((text) => {
      const found = expression.exec(text);
      if (!found) return [];
      const { value = found[1] ?? found[0], text: name = value } = found.groups ?? {};
      return [{ value, text: name }];
    });
  }
  const once = [...new Map(options.map((one) => [one.value, one])).values()];
  const number = ({ text }) => Number(/\d+(\.\d+)?/.exec(text)?.[0] ?? NaN);
  const orders = {
    1: (left, right) => (left.text < right.text ? -1 : 1),
    3: (left, right) => number(left) - number(right) || 0,
    5: (left, right) => (left.text.toLowerCase() < right.text.toLowerCase() ? -1 : 1),
    7: (left, right) => left.text.localeCompare(right.text, "en", { numeric: true }),
  };
  const order = orders[variable.sort] ?? orders[variable.sort - 1];
  if (order) once.sort(order);
  return variable.sort > 0 && variable.sort % 2 === 0 ? once.reverse() : once;
}

/// What is chosen: of the address, else as the dashboard was saved, else the first.
function valueOf(variable, given, range) {
  if (variable.type === "textbox" || variable.type === "constant") {
    const text = given?.[0] ?? variable.current?.[0] ?? variable.query;
    variable.chosen = [text];
    return { values: [text], texts: [text], isMulti: false, isPlain: true };
  }
  if (variable.type === "adhoc" || variable.type === "groupby") {
    variable.chosen = given ?? [];
    return { values: variable.chosen, texts: variable.chosen, isMulti: true };
  }
  const wanted = given ?? variable.current ?? [];
  const isAll = variable.hasAll &&
    (wanted.includes(allOption) || wanted.includes("All") ||
      (wanted.length === 0 && !variable.choices.length));
  if (isAll) {
    variable.chosen = [allOption];
    return {
      values: variable.choices.map((one) => one.value),
      texts: variable.choices.map((one) => one.text),
      isMulti: true,
      isAll: true,
      allValue: variable.allValue,
    };
  }
  let found = wanted.map((value) =>
    variable.choices.find((one) => one.value === value) ?? variable.choices.find((one) => one.text === value)
  ).filter(Boolean);
  // A value of the address stands even where nothing has it now: the panels say then that there is no data.
  if (found.length === 0 && given?.length > 0 && variable.type === "query") {
    found = given.map((value) => ({ value, text: value }));
  }
  if (found.length === 0) {
    found = variable.hasAll && wanted.length === 0 && variable.isMulti
      ? variable.choices.slice(0, 1)
      : variable.choices.slice(0, 1);
  }
  if (!variable.isMulti) found = found.slice(0, 1);
  variable.chosen = found.map((one) => one.value);
  if (variable.type === "interval") {
    const [value] = variable.chosen;
    const text = value === "$__auto" ? durationText(interval(range, variable.autoCount, 1000)) : value;
    return { values: [text], texts: [text], isMulti: false, isPlain: true };
  }
  return {
    values: found.map((one) => one.value),
    texts: found.map((one) => one.text),
    isMulti: variable.isMulti,
  };
}

/// Conditions of ad-hoc filters, each `label|operator|value`, as matchers of PromQL.
export const matchersOf = (filters) =>
  filters.map((text) => {
    const [label, operator, ...rest] = text.split("|");
    return `${label}${operator}"${rest.join("|").replace(/(["\\])/g, "\\$1")}"`;
  });
