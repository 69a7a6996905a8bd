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

/// One line; `onFilter(label, value, isExcluded)` is called for what is clicked in its fields.
export function logLine(
  { time, line, labels },
  {
    showTime = true,
    showLabels = false,
    prettifyLogMessage = false,
    enableLogDetails = true,
    onFilter = null,
  } = {},
) {
  const level = levelOf(line, labels);
  const text = prettifyLogMessage ? pretty(line) : line;
  const row = h(
    "div",
    { class: "log-line", style: { borderLeftColor: levelColour(level) } },
    showTime ? h("time", {}, timeText(time, true)) : null,
    showLabels
      ? h(
        "span",
        { class: "log-labels" },
        Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(" "),
      )
      : null,
    h("span", { class: "log-text" }, text),
  );
  if (!enableLogDetails) return row;
  row.tabIndex = 0;
  let details = null;
  const toggle = () => {
    if (details) {
      details.remove();
      details = null;
      return;
    }
    details = h(
      "div",
      { class: "log-details" },
      h(
        "table",
        {},
        h(
          "tbody",
          {},
          [...Object.entries(labels), ...fieldsOf(line)].map(([name, value]) =>
            h(
              "tr",
              {},
              h(
                "td",
                {},
                onFilter
                  ? [
                    h("button", {
                      type: "button",
                      title: `only ${name} = ${value}`,
                      onClick: () => onFilter(name, value, false),
                    }, "+"),
                    h("button", {
                      type: "button",
                      title: `without ${name} = ${value}`,
                      onClick: () => onFilter(name, value, true),
                    }, "−"),
                  ]
                  : null,
              ),
              h("th", {}, name),
              h("td", {}, String(value)),
            )
          ),
        ),
      ),
    );
    row.after(details);
  };
  row.addEventListener("click", () => {
    if (!getSelection().toString()) toggle();
  });
  row.addEventListener("keydown", (event) => {
    if (event.key === "Enter") toggle();
  });
  return row;
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
