// What the parts of the alerts page share.

import { h } from "../../core/dom.js";

const severities = { critical: 0, page: 0, error: 1, warning: 2, info: 3 };

/// Where an alert stands among others: the most urgent first.
export const urgency = (labels) => severities[labels.severity] ?? 4;

export function severityMark(labels) {
  const rank = urgency(labels);
  return h(
    "span",
    { class: ["state", rank < 2 ? "state-bad" : rank < 3 ? "state-warn" : "state-idle"] },
    labels.severity ?? "alert",
  );
}

/// Labels as they stand beside each other; those that are said already are left out.
export function labelMarks(labels, without = []) {
  return Object.entries(labels).filter(([name]) => !without.includes(name)).map(([name, value]) =>
    h("span", { class: "label" }, `${name}="${value}"`)
  );
}

/// `alertname="Down"`, as the API takes it back.
export const matcherText = ({ name, value, isEqual = true, isRegex = false }) =>
  `${name}${isEqual ? "=" : "!"}${isRegex ? "~" : isEqual ? "" : "="}${JSON.stringify(value)}`;

const operators = /^\s*([a-zA-Z_:][\w:.]*|"(?:[^"\\]|\\.)*")\s*(=~|!~|!=|=)\s*(.*?)\s*$/s;

/// What a person writes as a condition: `name="value"` or `name=value`. Null where it is none.
export function parsedMatcher(text) {
  const match = operators.exec(text);
  if (!match) return null;
  const [, name, operator, given] = match;
  const value = /^"(?:[^"\\]|\\.)*"$/s.test(given) ? JSON.parse(given) : given;
  return {
    name: name.startsWith('"') ? JSON.parse(name) : name,
    value,
    isEqual: operator === "=" || operator === "=~",
    isRegex: operator.endsWith("~"),
  };
}

/// Conditions that exactly this alert fulfils.
export const matchersOfLabels = (labels) =>
  Object.entries(labels).map(([name, value]) => ({ name, value, isEqual: true, isRegex: false }));
