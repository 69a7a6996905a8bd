import { fill, h } from "../core/dom.js";
import { timeText } from "../core/time.js";

const levels = {
  critical: "#b877d9",
  fatal: "#b877d9",
  error: "#f2495c",
  err: "#f2495c",
  warn: "#ff9830",
  warning: "#ff9830",
  info: "#73bf69",
  notice: "#73bf69",
  debug: "#5794f2",
  trace: "#8ab8ff",
};

/// The level of a line: its label, a field that says it, or a word that does.
export function levelOf(line, labels) {
  const given = labels.detected_level ?? labels.level ?? labels.severity ??
    /"(?:level|severity)"\s*:\s*"(\w+)"/i.exec(line)?.[1] ?? /\blevel=(\w+)/i.exec(line)?.[1] ??
    /\b(critical|fatal|error|warn(?:ing)?|info|debug|trace)\b/i.exec(line.slice(0, 200))?.[1];
  return given?.toLowerCase() ?? "unknown";
}

export const levelColour = (level) => levels[level] ?? "#8e8e8e";

/// Lines with their time and level; a line opens to its fields.
export function logs(element, { panel, frames, context }) {
  const rows = frames.filter((frame) => frame.isLogs).flatMap((frame) =>
    frame.fields[0].values.map((time, place) => ({
      time,
      line: frame.fields[1].values[place],
      labels: frame.fields[2].values[place],
    }))
  );
  const {
    showTime = true,
    showLabels = false,
    wrapLogMessage = false,
    prettifyLogMessage = false,
    enableLogDetails = true,
    sortOrder = "Descending",
    dedupStrategy = "none",
  } = panel.options;
  rows.sort((left, right) => (sortOrder === "Ascending" ? left.time - right.time : right.time - left.time));
  const shown = dedupStrategy === "none"
    ? rows
    : rows.filter((row, place) => place === 0 || row.line !== rows[place - 1].line);
  fill(
    element,
    h(
      "div",
      { class: ["log-lines", wrapLogMessage && "log-wrap"] },
      shown.map((row) =>
        logLine(row, {
          showTime,
          showLabels,
          prettifyLogMessage,
          enableLogDetails,
          onFilter: context.onFilter,
        })
      ),
    ),
  );
  return { destroy() {}, isEmpty: rows.length === 0 };
}

/// One line; it opens to its labels and fields. `onFilter(name, value, isExcluded)` is called for what is clicked in
/// these; `actions` are pairs of a name and what it does, or an address that it leads to.
export function logLine(
  { time, line, labels },
  {
    showTime = true,
    showLabels = false,
    prettifyLogMessage = false,
    enableLogDetails = true,
    onFilter = null,
    actions = [],
  } = {},
) {
  const row = h(
    "div",
    { class: "log-line", style: { borderLeftColor: levelColour(levelOf(line, labels)) } },
    showTime ? h("time", {}, timeText(time, true)) : null,
    showLabels ? h("span", { class: "log-labels" }, labelTexts(labels)) : null,
    h("span", { class: "log-text" }, prettifyLogMessage ? pretty(line) : line),
  );
  if (!enableLogDetails) return row;
  row.tabIndex = 0;
  row.setAttribute("role", "button");
  row.setAttribute("aria-expanded", "false");
  let details = null;
  const toggle = () => {
    const isOpen = details === null;
    details?.remove();
    details = isOpen ? lineDetails(line, labels, onFilter, actions) : null;
    if (details) row.after(details);
    row.setAttribute("aria-expanded", String(isOpen));
  };
  row.addEventListener("click", () => {
    if (!getSelection().toString()) toggle();
  });
  row.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    toggle();
  });
  return row;
}

const labelTexts = (labels) => Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(" ");

function lineDetails(line, labels, onFilter, actions) {
  const rows = [...Object.entries(labels), ...fieldsOf(line)].map(([name, value]) =>
    h(
      "tr",
      {},
      onFilter ? h("td", { class: "nowrap" }, filterButtons(name, value, onFilter)) : null,
      h("th", {}, name),
      h("td", {}, String(value)),
    )
  );
  return h(
    "div",
    { class: "log-details" },
    actions.length > 0 ? h("div", { class: "filter-row" }, actions.map(actionOf)) : null,
    h("table", {}, h("tbody", {}, rows)),
  );
}

function filterButtons(name, value, onFilter) {
  return [["+", `only ${name} = ${value}`, false], ["−", `without ${name} = ${value}`, true]].map(
    ([sign, title, isExcluded]) =>
      h("button", {
        type: "button",
        title,
        "aria-label": title,
        onClick: () => onFilter(name, value, isExcluded),
      }, sign),
  );
}

function actionOf([name, does]) {
  if (typeof does === "string") return h("a", { href: does, class: "button" }, name);
  return h("button", { type: "button", onClick: does }, name);
}

function pretty(line) {
  try {
    return JSON.stringify(JSON.parse(line), null, 2);
  } catch {
    return line;
  }
}

/// The fields of a line of JSON or logfmt, nested ones with dots.
export function fieldsOf(line) {
  try {
    const parsed = JSON.parse(line);
    if (parsed && typeof parsed === "object" && !Array.isArray(parsed)) return flattened(parsed, "");
  } catch {
    // It is no JSON; it may be logfmt.
  }
  return [...line.matchAll(/([A-Za-z_][\w.]*)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g)].map((
    [, name, quoted, bare],
  ) => [name, quoted ?? bare]);
}

function flattened(value, prefix) {
  return Object.entries(value).flatMap((
    [name, inner],
  ) => (inner && typeof inner === "object" && !Array.isArray(inner)
    ? flattened(inner, `${prefix}${name}.`)
    : [[prefix + name, Array.isArray(inner) ? JSON.stringify(inner) : inner]])
  );
}
