// Rules: their state, their query as a graph with the threshold that it compares with, their alerts.

import { prometheus, queryRange } from "../../core/api.js";
import { palette } from "../../core/colours.js";
import { fill, h } from "../../core/dom.js";
import { valueText } from "../../core/format.js";
import { agoText, durationText } from "../../core/time.js";
import { Graph } from "../../chart/graph.js";
import { framesOfMatrix } from "../../dashboards/frames.js";
import { address } from "../shell.js";
import { labelMarks } from "./parts.js";

const states = { firing: "bad", pending: "warn", inactive: "good" };
const stateNames = ["firing", "pending", "inactive"];
const hoursBack = 6;
const seriesMost = 40;

export async function rulesTab(body) {
  const { parameters } = address;
  const search = h("input", {
    type: "search",
    placeholder: "search",
    "aria-label": "search rules",
    value: parameters.get("q") ?? "",
  });
  const state = h(
    "select",
    { "aria-label": "state" },
    ["all", ...stateNames, "recording"].map((value) =>
      h("option", { value, selected: value === (parameters.get("state") ?? "all") }, value)
    ),
  );
  const list = h("div");
  const graphs = new Set();
  let groups = [];
  const endGraphs = () => {
    for (const graph of graphs) graph.destroy();
    graphs.clear();
  };
  const fits = (rule) => {
    const isKind = state.value === "recording"
      ? rule.type === "recording"
      : rule.type === "alerting" && (state.value === "all" || rule.state === state.value);
    return isKind &&
      (rule.name + rule.query + JSON.stringify(rule.labels)).toLowerCase().includes(
        search.value.toLowerCase(),
      );
  };
  const show = () => {
    endGraphs();
    const shown = groups.map((group) => ({ ...group, rules: group.rules.filter(fits) })).filter(({ rules }) =>
      rules.length > 0
    );
    fill(
      list,
      counts(groups),
      shown.length === 0 ? none(groups.length) : null,
      shown.map((group) =>
        h(
          "section",
          {},
          h("h2", {}, group.name, " ", h("span", { class: "soft" }, group.file)),
          h("div", { class: "rules" }, group.rules.map((rule) => ruleCard(rule, graphs))),
        )
      ),
    );
  };
  const load = async () => {
    const { data } = await prometheus("rules");
    const isSame = JSON.stringify(data.groups) === JSON.stringify(groups);
    groups = data.groups;
    if (!isSame && !list.querySelector("details.rule-graph[open]")) show();
  };
  search.addEventListener("input", () => {
    address.set({ q: search.value || null }, { replaces: true });
    show();
  });
  state.addEventListener("change", () => {
    address.set({ state: state.value === "all" ? null : state.value }, { replaces: true });
    show();
  });
  fill(
    body,
    h(
      "div",
      { class: "filter-row" },
      search,
      state,
      h("button", { type: "button", onClick: load }, "Refresh"),
    ),
    list,
  );
  await load();
  show();
  return { load, destroy: endGraphs };
}

function counts(groups) {
  const count = (kind) => groups.flatMap((group) => group.rules).filter((rule) => rule.state === kind).length;
  return h(
    "p",
    { class: "filter-row" },
    stateNames.map((kind) =>
      h("span", { class: ["state", `state-${states[kind]}`] }, `${count(kind)} ${kind}`)
    ),
  );
}

const none = (count) =>
  h(
    "p",
    { class: "soft" },
    count === 0
      ? [
        "There are no rules. Name their files in the configuration: ",
        h("code", {}, "rule_files: [rules/*.yml]"),
        ".",
      ]
      : "No rule fits.",
  );

function ruleCard(rule, graphs) {
  const alerts = rule.alerts ?? [];
  const isAlert = rule.type === "alerting";
  return h(
    "article",
    { class: "card rule" },
    h(
      "header",
      {},
      isAlert ? h("span", { class: ["state", `state-${states[rule.state] ?? "idle"}`] }, rule.state) : null,
      h("h3", {}, rule.name),
      labelMarks(rule.labels ?? {}),
      rule.duration ? h("span", { class: "soft" }, `for ${durationText(rule.duration * 1000)}`) : null,
      h("span", { class: "bar-space" }),
      h("span", { class: "soft" }, `${(rule.evaluationTime * 1000).toFixed(1)} ms`),
    ),
    h(
      "p",
      {},
      h("code", {}, rule.query),
      " ",
      h("a", { href: `/explore?${new URLSearchParams({ expr: rule.query })}` }, "explore"),
    ),
    rule.annotations?.summary ? h("p", { class: "soft" }, rule.annotations.summary) : null,
    rule.lastError ? h("p", { class: "panel-error" }, rule.lastError) : null,
    graphOf(rule, graphs),
    alerts.length > 0 ? alertTable(alerts) : null,
  );
}

function alertTable(alerts) {
  const rows = alerts.map((alert) =>
    h(
      "tr",
      {},
      h("td", {}, h("span", { class: ["state", `state-${states[alert.state] ?? "idle"}`] }, alert.state)),
      h(
        "td",
        {},
        labelMarks(alert.labels, ["alertname"]),
        alert.annotations?.description ? h("div", { class: "soft" }, alert.annotations.description) : null,
      ),
      h("td", { class: "nowrap" }, agoText(Date.parse(alert.activeAt))),
      h("td", { class: "number" }, valueText(Number(alert.value))),
    )
  );
  return h(
    "details",
    { open: alerts.length < 6 },
    h("summary", {}, `${alerts.length} alert${alerts.length === 1 ? "" : "s"}`),
    h("table", { class: "data" }, h("tbody", {}, rows)),
  );
}

/// The two sides of the comparison with a number that a rule ends with; null where it does not.
export function comparison(query) {
  const match = /^(.*[^<>=!])\s*(>=|<=|==|!=|>|<)\s*(?:bool\s+)?(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*$/is.exec(
    query,
  );
  return match && balanced(match[1])
    ? { left: match[1].trim(), operator: match[2], bound: Number(match[3]) }
    : null;
}

/// Whether a text is an expression of its own, as far as its brackets and a weaker operator tell.
function balanced(text) {
  let depth = 0;
  for (const sign of text) {
    if ("([{".includes(sign)) depth += 1;
    if (")]}".includes(sign)) depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0 && !/\b(and|or|unless)\b/i.test(text);
}

function graphOf(rule, graphs) {
  const box = h("div", { class: "rule-plot" });
  const details = h("details", { class: "rule-graph" }, h("summary", {}, "graph"), box);
  details.addEventListener("toggle", async () => {
    if (!details.open || box.childElementCount > 0) return;
    try {
      graphs.add(await drawRule(box, rule));
    } catch (error) {
      fill(box, h("p", { class: "panel-error", role: "alert" }, error.message));
    }
  });
  return details;
}

async function drawRule(box, rule) {
  const parts = comparison(rule.query);
  const step = 60_000;
  const to = Math.floor(Date.now() / step) * step;
  const range = { from: to - hoursBack * 3600_000, to };
  const { data } = await queryRange(parts?.left ?? rule.query, range, step / 1000);
  const frames = framesOfMatrix(data, { refId: "A", expr: rule.query, legendFormat: "__auto" }, step).slice(
    0,
    seriesMost,
  );
  const lines = frames.map((frame, place) => ({
    name: frame.name,
    times: frame.fields[0].values,
    values: frame.fields[1].values,
    colour: palette[place % palette.length],
    width: 1,
    axis: "left|",
    softMin: parts?.bound,
    softMax: parts?.bound,
  }));
  return new Graph(box, lines, {
    range,
    legend: { mode: "list", calcs: [] },
    tooltip: "multi",
    thresholds: parts ? thresholds(parts) : null,
  });
}

/// The side on which a rule fires is red.
function thresholds({ operator, bound }) {
  const clear = { value: null, colour: "transparent" };
  if (operator.startsWith(">")) {
    return { style: "line+area", steps: [clear, { value: bound, colour: "#f2495c" }] };
  }
  return {
    style: "line+area",
    steps: [{ value: null, colour: "#f2495c" }, { value: bound, colour: "transparent", line: "#f2495c" }],
  };
}
