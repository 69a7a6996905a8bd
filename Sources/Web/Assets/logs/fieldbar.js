// The labels and fields of the lines that are shown, each with its most frequent values.

import { fill, h } from "../core/dom.js";
import { fieldsOf } from "../panels/logs.js";

const valuesMost = 8;
const fieldsMost = 60;

/// `filter(name, value, isExcluded)` is called for a value that is clicked; `labelNames` are the names of streams' labels.
export function fieldBar(element, lines, fields, labelNames, filter) {
  const [labels, inner] = counted(lines, labelNames);
  const types = new Map(fields.map(({ label, type }) => [label, type]));
  if (lines.length === 0) return fill(element);
  fill(
    element,
    group("Labels", labels, lines.length, types, filter),
    group("Fields", inner, lines.length, types, filter),
  );
}

/// How often each value of each name is there, in labels and in fields.
function counted(lines, labelNames) {
  const [labels, fields] = [new Map(), new Map()];
  for (const { labels: own, line } of lines) {
    const inner = fieldsOf(line);
    const names = new Set(inner.map(([name]) => name.replace(/\./g, "_")));
    for (const [name, value] of Object.entries(own)) {
      if (labelNames.has(name)) add(labels, name, value);
      else if (!names.has(name)) add(fields, name, value);
    }
    for (const [name, value] of inner) add(fields, name, value);
  }
  return [labels, fields];
}

function add(names, name, value) {
  const text = String(value);
  if (!names.has(name)) names.set(name, new Map());
  const values = names.get(name);
  values.set(text, (values.get(text) ?? 0) + 1);
}

function group(title, names, total, types, filter) {
  if (names.size === 0) return null;
  return h(
    "section",
    {},
    h("h2", {}, title),
    [...names].sort(([left], [right]) => left.localeCompare(right)).slice(0, fieldsMost).map((
      [name, values],
    ) => field(name, values, total, types.get(name), filter)),
  );
}

function field(name, values, total, type, filter) {
  const body = h("div", {});
  const details = h(
    "details",
    { class: "field" },
    h(
      "summary",
      {},
      name,
      " ",
      h("span", { class: "soft" }, type ? `${type}, ${values.size}` : String(values.size)),
    ),
    body,
  );
  // The values of a field are made when it is opened: most never are.
  details.addEventListener("toggle", () => {
    if (!details.open || body.childElementCount > 0) return;
    const top = [...values].sort(([, left], [, right]) => right - left).slice(0, valuesMost);
    fill(body, top.map(([value, count]) => valueRow(name, value, count / total, filter)));
  });
  return details;
}

function valueRow(name, value, share, filter) {
  const text = value === "" ? "(empty)" : value;
  const button = (sign, title, isExcluded) =>
    h("button", {
      type: "button",
      title,
      "aria-label": title,
      onClick: () => filter(name, value, isExcluded),
    }, sign);
  return h(
    "div",
    { class: "field-value" },
    h("span", { class: "field-share", style: { width: `${Math.max(share * 100, 1)}%` } }),
    h("span", { class: "field-text", title: text }, text),
    h("span", { class: "soft" }, `${(share * 100).toFixed(0)}%`),
    button("+", `only ${name} = ${text}`, false),
    button("−", `without ${name} = ${text}`, true),
  );
}
