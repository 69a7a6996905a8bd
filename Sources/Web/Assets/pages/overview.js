// The fleet at a glance: what fires, what is not scraped, what comes in.

import { prometheus, queryInstant, queryRange } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { valueText } from "../core/format.js";
import { agoText } from "../core/time.js";
import { sparkline } from "../panels/stat.js";

export async function overviewPage(page) {
  document.title = "Overview · obs";
  const alerts = h("div");
  const cards = h("div", { class: "cards" });
  const hosts = h("div");
  fill(
    page,
    h("h1", {}, "Overview"),
    h("h2", {}, "Firing now"),
    alerts,
    h("h2", {}, "This server"),
    cards,
    h("h2", {}, "Hosts"),
    hosts,
  );
  const load = () => Promise.all([showAlerts(alerts), showCards(cards), showHosts(hosts)]);
  await load();
  const timer = setInterval(() => {
    if (!document.hidden) load().catch(() => {});
  }, 15_000);
  return () => clearInterval(timer);
}

async function showAlerts(box) {
  const { data } = await prometheus("alerts");
  const firing = data.alerts.filter((alert) => alert.state === "firing");
  const severities = { critical: 0, page: 0, error: 1, warning: 2, info: 3 };
  firing.sort((left, right) =>
    (severities[left.labels.severity] ?? 4) - (severities[right.labels.severity] ?? 4)
  );
  fill(
    box,
    firing.length === 0
      ? h("p", {}, h("span", { class: "state state-good" }, "quiet"), " Nothing fires.")
      : h(
        "table",
        { class: "list" },
        h(
          "tbody",
          {},
          firing.slice(0, 50).map((alert) =>
            h(
              "tr",
              {},
              h(
                "td",
                {},
                h("span", {
                  class: ["state", (severities[alert.labels.severity] ?? 4) < 2 ? "state-bad" : "state-warn"],
                }, alert.labels.severity ?? "firing"),
              ),
              h(
                "td",
                {},
                h(
                  "a",
                  { href: `/alerts?${new URLSearchParams({ q: alert.labels.alertname })}` },
                  alert.labels.alertname,
                ),
                " ",
                h("span", { class: "soft" }, alert.annotations?.summary ?? ""),
              ),
              h("td", { class: "nowrap" }, agoText(Date.parse(alert.activeAt))),
            )
          ),
        ),
      ),
    firing.length > 50
      ? h("p", {}, h("a", { href: "/alerts?state=firing" }, `and ${firing.length - 50} more`))
      : null,
  );
}

const figures = [
  ["Targets up", "sum(up)", "none"],
  ["Targets down", "count(up == 0) or vector(0)", "none"],
  ["Samples in", "sum(rate(obs_tsdb_samples_appended_total[5m]))", "short"],
  ["Series", "max(obs_tsdb_series)", "short"],
  ["Memory", 'max(process_resident_memory_bytes{job="obs"})', "bytes"],
  ["CPU", 'sum(rate(process_cpu_seconds_total{job="obs"}[5m]))', "percentunit"],
  ["Requests", "sum(rate(obs_http_requests_total[5m]))", "reqps"],
  ["Disk free", "min(obs_storage_free_bytes)", "bytes"],
];

async function showCards(box) {
  const now = Date.now();
  const answers = await Promise.all(
    figures.map(([, expr]) => queryRange(expr, { from: now - 3600e3, to: now }, 60).catch(() => null)),
  );
  fill(
    box,
    figures.map(([name, , unit], place) => {
      const values = answers[place]?.data.result[0]?.values ?? [];
      const last = values.at(-1);
      return h(
        "section",
        { class: "card", style: { position: "relative", overflow: "hidden" } },
        h("h3", {}, name),
        h("div", { class: "figure" }, last ? valueText(Number(last[1]), unit) : "-"),
        values.length > 1
          ? sparkline(
            {
              times: values.map(([time]) => time),
              values: values.map(([, value]) => Number(value)),
            },
            "#5794f2",
            220,
            90,
          )
          : null,
      );
    }),
  );
}

const columns = [
  ["CPU", '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))', "percentunit", 0.85],
  ["Memory", "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes", "percentunit", 0.9],
  [
    "Fullest disk",
    'max by (instance) (1 - node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|overlay|squashfs"} / node_filesystem_size_bytes)',
    "percentunit",
    0.9,
  ],
  ["Load", "node_load1", "none", Infinity],
  ["In", 'sum by (instance) (rate(node_network_receive_bytes_total{device!="lo"}[5m]))', "Bps", Infinity],
  ["Out", 'sum by (instance) (rate(node_network_transmit_bytes_total{device!="lo"}[5m]))', "Bps", Infinity],
];

async function showHosts(box) {
  const now = Date.now();
  const [names, ...answers] = await Promise.all([
    queryInstant("node_uname_info", now),
    ...columns.map(([, expr]) => queryInstant(expr, now).catch(() => null)),
  ]);
  const rows = names.data.result.map(({ metric }) => metric);
  if (rows.length === 0) {
    return fill(
      box,
      h(
        "p",
        { class: "soft" },
        "No host sends its metrics. Start ",
        h("code", {}, "obs agent"),
        " on one, or scrape its node_exporter.",
      ),
    );
  }
  const found = answers.map((answer) =>
    new Map((answer?.data.result ?? []).map(({ metric, value }) => [metric.instance, Number(value[1])]))
  );
  fill(
    box,
    h(
      "table",
      { class: "list" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", {}, "Host"),
          columns.map(([name]) => h("th", { class: "number" }, name)),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((metric) =>
          h(
            "tr",
            {},
            h(
              "td",
              {},
              metric.nodename ?? metric.instance,
              " ",
              h("span", { class: "soft" }, metric.instance),
            ),
            columns.map(([, , unit, bound], place) => {
              const value = found[place].get(metric.instance);
              return h(
                "td",
                { class: "number", style: value >= bound ? { color: "var(--bad)" } : {} },
                value === undefined ? "-" : valueText(value, unit),
              );
            }),
          )
        ),
      ),
    ),
  );
}
