import { faded, inkOf, readableOn } from "../core/colours.js";
import { fill, h, link } from "../core/dom.js";
import { timeText } from "../core/time.js";
import { displayName, rowCount } from "../dashboards/frames.js";
import { rangeOf, shown } from "../dashboards/fields.js";
import { calculationName, reduced } from "../dashboards/reduce.js";
import { sparkline } from "./stat.js";

const pageRows = 500;

/// Rows and columns that can be sorted.
export function table(element, { panel, frames, fillIn }) {
  const tables = frames.filter((frame) => frame.fields.length > 0);
  const state = { frame: 0, sort: panel.options.sortBy?.[0] ?? null, shown: pageRows };
  // Series are one table: time, name and value, as Grafana shows them by frames to choose from.
  const render = () => {
    const frame = tables[state.frame];
    if (!frame) return fill(element);
    const fields = frame.fields.filter((field) => !field.config.custom?.hidden);
    const rows = Array.from({ length: rowCount(frame) }, (_, place) => place);
    const key = state.sort && fields.find((field) => displayName(field, frame) === state.sort.displayName);
    if (key) {
      rows.sort((left, right) => (state.sort.desc ? -1 : 1) * compared(key.values[left], key.values[right]));
    }
    fill(
      element,
      h(
        "div",
        { class: "table-box" },
        h(
          "table",
          { class: "data" },
          panel.options.showHeader === false
            ? null
            : h("thead", {}, h("tr", {}, fields.map((field) => head(field, frame, state, render)))),
          h(
            "tbody",
            {},
            rows.slice(0, state.shown).map((place) =>
              h("tr", {}, fields.map((field) => cell(field, place, frames, frame, fillIn)))
            ),
          ),
          panel.options.footer?.show ? footer(panel.options.footer, fields) : null,
        ),
        rows.length > state.shown
          ? h("button", {
            type: "button",
            onClick: () => {
              state.shown += pageRows;
              render();
            },
          }, `show ${Math.min(pageRows, rows.length - state.shown)} more of ${rows.length}`)
          : null,
      ),
      tables.length > 1
        ? h(
          "select",
          {
            class: "table-frames",
            "aria-label": "table",
            onChange: (event) => {
              state.frame = Number(event.target.value);
              render();
            },
          },
          tables.map((one, place) =>
            h("option", { value: place, selected: place === state.frame }, one.name || one.refId)
          ),
        )
        : null,
    );
  };
  render();
  return { destroy() {}, isEmpty: tables.every((frame) => rowCount(frame) === 0) };
}

function compared(left, right) {
  if (left === right) return 0;
  if (left === null || left === undefined) return -1;
  if (right === null || right === undefined) return 1;
  return typeof left === "number" && typeof right === "number"
    ? left - right
    : String(left).localeCompare(String(right), "en", { numeric: true });
}

function head(field, frame, state, render) {
  const name = displayName(field, frame);
  const isKey = state.sort?.displayName === name;
  const sort = () => {
    state.sort = !isKey
      ? { displayName: name, desc: false }
      : state.sort.desc
      ? null
      : { displayName: name, desc: true };
    render();
  };
  return h("th", {
    class: field.type === "number" ? "number" : null,
    "aria-sort": isKey ? (state.sort.desc ? "descending" : "ascending") : null,
    style: field.config.custom?.width ? { width: `${field.config.custom.width}px` } : {},
  }, h("button", { type: "button", onClick: sort }, name, isKey ? (state.sort.desc ? " ↓" : " ↑") : ""));
}

function cell(field, place, frames, frame, fillIn) {
  const value = field.values[place];
  const custom = field.config.custom ?? {};
  const type = custom.cellOptions?.type ?? custom.displayMode ?? "auto";
  // A unit of a panel's numbers says nothing of its times.
  if (field.type === "time" && !/^(dateTime|time:)/.test(field.config.unit ?? "")) {
    return h("td", { class: "nowrap" }, value === null || value === undefined ? "" : timeText(value));
  }
  if (field.type === "trend") {
    return h(
      "td",
      { class: "trend" },
      sparkline({ times: value.map((_, at) => at), values: value }, "#73bf69", 120, 24),
    );
  }
  if (field.type === "object") return h("td", {}, JSON.stringify(value));
  const range = rangeOf(field, frames);
  const { text: said, colour } = shown(field, value, range);
  // What a table lacks is an empty cell.
  const text = said === "-" && (value === null || value === undefined) ? "" : said;
  const address = field.config.links?.[0];
  const content = address
    ? link(cellAddress(address.url, field, place, frame, fillIn), {
      target: address.targetBlank ? "_blank" : null,
      title: address.title || null,
    }, text)
    : text;
  const side = custom.align && custom.align !== "auto"
    ? custom.align
    : field.type === "number"
    ? "right"
    : "left";
  const style = { textAlign: side };
  if (/^color-background/.test(type)) Object.assign(style, { background: colour, color: readableOn(colour) });
  else if (type === "color-text") style.color = inkOf(colour);
  else if (/gauge/.test(type) && typeof value === "number") {
    const share = Math.min(Math.max((value - range.min) / (range.max - range.min || 1), 0), 1);
    return h(
      "td",
      { class: "cell-gauge", style },
      h("span", { class: "cell-bar", style: { width: `${share * 60}%`, background: faded(colour, 0.6) } }),
      h("span", { style: { color: inkOf(colour) } }, content),
    );
  } else if (type === "json-view") return h("td", { class: "mono" }, text);
  return h("td", { style, class: field.type === "number" ? "number" : null }, content);
}

/// An address with `${__value.text}`, `${__data.fields.name}` and the dashboard's variables filled in.
function cellAddress(text, field, place, frame, fillIn) {
  const filled = text.replace(
    /\$\{__value(?:\.(\w+))?(?::\w+)?\}/g,
    () => encodeURIComponent(String(field.values[place] ?? "")),
  )
    .replace(
      /\$\{__data\.fields(?:\.([\w ]+)|\[(?:"([^"]+)"|(\d+))\])(?:\.\w+)?\}/g,
      (_, name, quoted, number) => {
        const found = number !== undefined
          ? frame.fields[Number(number)]
          : frame.fields.find((one) =>
            one.name === (name ?? quoted) || displayName(one, frame) === (name ?? quoted)
          );
        return encodeURIComponent(String(found?.values[place] ?? ""));
      },
    ).replace(/\$\{__field\.name\}/g, encodeURIComponent(field.name)).replace(
      /\$\{__field\.labels\.(\w+)\}/g,
      (_, label) => encodeURIComponent(field.labels[label] ?? ""),
    );
  return fillIn(filled);
}

function footer({ reducer = ["sum"], fields: wanted }, fields) {
  return h(
    "tfoot",
    {},
    h(
      "tr",
      {},
      fields.map((field, place) => {
        const isIn = field.type === "number" &&
          (!wanted || wanted.length === 0 || wanted === field.name || wanted.includes?.(field.name));
        if (!isIn) return h("td", {}, place === 0 ? calculationName(reducer[0]) : "");
        return h(
          "td",
          { class: "number" },
          shown(field, reduced(reducer[0], field.values), { min: 0, max: 100 }).text,
        );
      }),
    ),
  );
}
