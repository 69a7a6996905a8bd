// What the server is, holds and does: build, storage, cardinality, queries that run, configuration, flags.

import { prometheus, queryInstant, request } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { valueText } from "../core/format.js";
import { agoText, timeText } from "../core/time.js";
import { address, say } from "./shell.js";

const tabs = {
  server: server,
  storage: storage,
  queries: queries,
  limits: limits,
  configuration: configuration,
  flags: flags,
};

export async function statusPage(page) {
  document.title = "Status · obs";
  const body = h("div");
  const show = async (name) => {
    address.set({ tab: name === "server" ? null : name }, { replaces: true });
    for (const button of bar.children) {
      button.setAttribute("aria-selected", String(button.dataset.tab === name));
    }
    try {
      fill(body, await tabs[name](() => show(name)));
    } catch (error) {
      fill(body, h("p", { class: "panel-error", role: "alert" }, error.message));
    }
  };
  const bar = h(
    "div",
    { class: "tabs", role: "tablist" },
    Object.keys(tabs).map((name) =>
      h("button", { type: "button", role: "tab", data: { tab: name }, onClick: () => show(name) }, name)
    ),
  );
  fill(page, h("h1", {}, "Status"), h("div", { class: "filter-row" }, bar), body);
  const first = address.parameters.get("tab");
  await show(first in tabs ? first : "server");
}

/// `lastConfigTime` as "last config time".
const words = (name) =>
  ({ GOMAXPROCS: "processors", goroutineCount: "threads", CWD: "working directory", took_ms: "took ms" })[name] ??
    name.replace(/_/g, " ").replace(/([a-z])([A-Z])/g, (_, before, after) => `${before} ${after.toLowerCase()}`);

const said = (value) =>
  typeof value === "object"
    ? JSON.stringify(value)
    : /^\d{4}-\d\d-\d\dT/.test(value)
    ? `${timeText(Date.parse(value))}, ${agoText(Date.parse(value))}`
    : String(value);

const facts = (values) =>
  h(
    "table",
    { class: "list facts" },
    h(
      "tbody",
      {},
      Object.entries(values).map(([name, value]) =>
        h("tr", {}, h("th", {}, words(name)), h("td", {}, said(value)))
      ),
    ),
  );

async function server() {
  const [build, runtime] = await Promise.all([
    prometheus("status/buildinfo"),
    prometheus("status/runtimeinfo"),
  ]);
  return [h("h2", {}, "Build"), facts(build.data), h("h2", {}, "Running"), facts(runtime.data)];
}

async function storage() {
  const { data } = await prometheus("status/tsdb", { limit: 20 });
  const top = (title, rows, unit) =>
    h(
      "section",
      { class: "card" },
      h("h2", {}, title),
      h(
        "table",
        { class: "data" },
        h(
          "tbody",
          {},
          (rows ?? []).map(({ name, value }) =>
            h("tr", {}, h("td", {}, name), h("td", { class: "number" }, valueText(value, unit)))
          ),
        ),
      ),
    );
  return [
    facts(data.headStats),
    h(
      "div",
      { class: "cards", style: { marginTop: "10px" } },
      top("Series by metric", data.seriesCountByMetricName),
      top("Values by label", data.labelValueCountByLabelName),
      top("Bytes by label", data.memoryInBytesByLabelName, "bytes"),
      top("Series by label pair", data.seriesCountByLabelValuePair),
    ),
  ];
}

async function queries(again) {
  const { data: list } = await request("/debug/queries");
  const kill = async (one) => {
    try {
      await request(`/debug/queries/${one.number}`, { method: "DELETE" });
      say("the query ends");
    } catch (error) {
      say(error.message, "error");
    }
    again();
  };
  return [
    h("p", {}, h("button", { type: "button", onClick: again }, "Refresh")),
    list.length === 0 ? h("p", { class: "soft" }, "No query runs.") : h(
      "table",
      { class: "list" },
      h("thead", {}, h("tr", {}, [...Object.keys(list[0]).map(words), ""].map((name) => h("th", {}, name)))),
      h(
        "tbody",
        {},
        list.map((one) =>
          h(
            "tr",
            {},
            Object.values(one).map((value) => h("td", {}, String(value))),
            h("td", {}, h("button", { type: "button", onClick: () => kill(one) }, "End it")),
          )
        ),
      ),
    ),
  ];
}

/// What the server tells of its bounds, and what it has turned away since it started.
const bounds = [
  ["memory of all queries", "max(obs_query_memory_limit_bytes)", "bytes"],
  ["notifications that may wait", "max(prometheus_notifications_queue_capacity)", "none"],
];

async function limits() {
  const now = Date.now();
  const first = ({ data }) => data.result[0] && Number(data.result[0].value[1]);
  const [refused, loki, ...found] = await Promise.all([
    queryInstant('{__name__=~"obs_.+_refused_total"} > 0', now),
    request("/config/tenant/v1/limits"),
    ...bounds.map(([, expr]) => queryInstant(expr, now).then(first)),
  ]);
  const values = bounds.map(([name, , unit], place) => [name, found[place], unit]).filter(([, value]) => value > 0)
    .map(([name, value, unit]) => [name, valueText(value, unit)]);
  values.push(["lines of one answer", valueText(loki.limits.max_entries_limit_per_query)]);
  const rows = refused.data.result.map(({ metric, value }) => {
    const { __name__: name, instance: _, job: __, ...labels } = metric;
    const what = name.replace(/^obs_|_refused_total$/g, "").replace(/_/g, " ");
    return h(
      "tr",
      {},
      h("td", {}, what, " ", h("span", { class: "soft" }, Object.values(labels).join(", "))),
      h("td", { class: "number" }, valueText(Number(value[1]), "short")),
    );
  });
  return [
    h("h2", {}, "Limits"),
    facts(Object.fromEntries(values)),
    h("p", { class: "soft" }, "All of them, and how to raise them, stand in the configuration and the flags beside."),
    h("h2", {}, "Refused since the start"),
    rows.length === 0
      ? h("p", { class: "soft" }, "Nothing was refused.")
      : h("table", { class: "list facts" }, h("tbody", {}, rows)),
  ];
}

async function configuration() {
  const { data } = await prometheus("status/config");
  return h("pre", { class: "card" }, data.yaml);
}

async function flags() {
  const { data } = await prometheus("status/flags");
  return facts(data);
}
