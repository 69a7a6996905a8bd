// The fleet at a glance: what fires, what is not scraped, what comes in.

import { prometheus, queryInstant, queryRange } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { valueText } from "../core/format.js";
import { agoText } from "../core/time.js";
import { sparkline } from "../panels/stat.js";

export async function overviewPage(page) {
  document.title = "Overview · obs";
  const alerts = h("div");
  const cards = h("div", { class: "cards figures" });
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

const severities = { critical: 0, page: 0, error: 1, warning: 2, info: 3 };
const rank = ({ labels }) => severities[labels.severity] ?? 4;
const groupsMost = 10;

/// Alerts of one name are one line, however many of them fire.
async function showAlerts(box) {
  const { data } = await prometheus("alerts");
  const groups = new Map();
  for (const alert of data.alerts.filter(({ state }) => state === "firing")) {
    const key = `${rank(alert)} ${alert.labels.alertname}`;
    groups.set(key, [...(groups.get(key) ?? []), alert]);
  }
  const sorted = [...groups.values()].sort(([left], [right]) => rank(left) - rank(right));
  fill(
    box,
    sorted.length === 0
      ? h("p", {}, h("span", { class: "state state-good" }, "quiet"), " Nothing fires.")
      : h("table", { class: "list" }, h("tbody", {}, sorted.slice(0, groupsMost).map(alertRow))),
    sorted.length > groupsMost
      ? h("p", {}, h("a", { href: "/alerts?state=firing" }, `and ${sorted.length - groupsMost} more`))
      : null,
  );
}

function alertRow(alerts) {
  const [first] = alerts;
  const { alertname, severity } = first.labels;
  const kind = rank(first) < 2 ? "state-bad" : rank(first) === 2 ? "state-warn" : "state-idle";
  return h(
    "tr",
    {},
    h("td", { class: "nowrap" }, h("span", { class: ["state", kind] }, severity ?? "firing")),
    h(
      "td",
      {},
      h("a", { href: `/alerts?${new URLSearchParams({ q: alertname })}` }, alertname),
      alerts.length > 1 ? h("b", {}, ` × ${alerts.length}`) : null,
      " ",
      h("span", { class: "soft" }, alerts.length > 1 ? subjects(alerts) : first.annotations?.summary ?? ""),
    ),
    h("td", { class: "nowrap number" }, agoText(Math.min(...alerts.map(({ activeAt }) => Date.parse(activeAt))))),
  );
}

/// What tells alerts of one name apart: the values of the labels in which they differ.
function subjects(alerts) {
  const differing = Object.keys(alerts[0].labels).filter((name) =>
    alerts.some(({ labels }) => labels[name] !== alerts[0].labels[name])
  );
  const spoken = differing.filter((name) => name !== "instance");
  const names = spoken.length > 0 ? spoken : differing;
  const all = [...new Set(alerts.map(({ labels }) => names.map((name) => labels[name] ?? "").join(" ")))];
  return all.slice(0, 6).join(", ") + (all.length > 6 ? ` and ${all.length - 6} more` : "");
}

const figures = [
  ["Targets up", "sum(up)", "none"],
  ["Targets down", "count(up == 0) or vector(0)", "none"],
  ["Samples in", "sum(rate(obs_tsdb_samples_appended_total[5m]))", "short"],
  ["Series", "max(obs_tsdb_series)", "short"],
  ["Memory", 'max(process_resident_memory_bytes{job="obs"})', "bytes"],
  ["CPU", 'sum(rate(process_cpu_seconds_total{job="obs"}[5m]))', "percentunit"],
  ["Requests", "sum(rate(obs_http_requests_total[5m]))", "reqps"],
  ["Stored", "sum(obs_tsdb_stored_bytes)", "bytes"],
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
      const text = last ? valueText(Number(last[1]), unit) : "-";
      return h(
        "section",
        { class: "card", style: { position: "relative", overflow: "hidden" } },
        h("h3", {}, name),
        // A long text is smaller, so that it fits on its card.
        h("div", { class: "figure", style: text.length > 9 ? { fontSize: `${(13.5 / text.length).toFixed(2)}rem` } : {} }, text),
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

/// Name, expression, unit, and from which value on it is bad; for a negative one up to which.
const columns = [
  ["CPU", '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))', "percentunit", 0.85],
  ["Memory", "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes", "percentunit", 0.9],
  [
    "Fullest disk",
    'max by (instance) (1 - node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|overlay|squashfs"} / node_filesystem_size_bytes)',
    "percentunit",
    0.9,
  ],
  [
    "Full in",
    'min by (instance) (node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|overlay|squashfs"} / -(deriv(node_filesystem_avail_bytes[6h]) < -1))',
    "s",
    -3 * 86_400,
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
                { class: "number", style: (bound < 0 ? value <= -bound : value >= bound) ? { color: "var(--bad)" } : {} },
                value === undefined ? "-" : valueText(value, unit),
              );
            }),
          )
        ),
      ),
    ),
  );
}
