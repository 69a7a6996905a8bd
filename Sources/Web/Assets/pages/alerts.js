// Rules and their alerts: what fires, since when, and the query behind it.

import { prometheus } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { agoText } from "../core/time.js";
import { valueText } from "../core/format.js";
import { address } from "./shell.js";

const states = { firing: "bad", pending: "warn", inactive: "good" };
const labels = (pairs) =>
  Object.entries(pairs).map(([name, value]) => h("span", { class: "label" }, `${name}="${value}"`));

export async function alertsPage(page) {
  document.title = "Alerts · obs";
  const body = h("div");
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
    ["all", "firing", "pending", "inactive"].map((value) =>
      h("option", { value, selected: value === (parameters.get("state") ?? "all") }, value)
    ),
  );
  let groups = [];
  const show = () => {
    const wanted = search.value.toLowerCase();
    const shown = groups.map((group) => ({
      ...group,
      rules: group.rules.filter((rule) =>
        rule.type === "alerting" && (state.value === "all" || rule.state === state.value) &&
        (rule.name + rule.query + JSON.stringify(rule.labels)).toLowerCase().includes(wanted)
      ),
    })).filter((group) => group.rules.length > 0);
    const count = (kind) =>
      groups.flatMap((group) => group.rules).filter((rule) => rule.state === kind).length;
    fill(
      body,
      h(
        "p",
        {},
        ["firing", "pending", "inactive"].map((kind) =>
          h(
            "span",
            { class: ["state", `state-${states[kind]}`], style: { marginRight: ".5em" } },
            `${count(kind)} ${kind}`,
          )
        ),
      ),
      shown.length === 0
        ? h(
          "p",
          { class: "soft" },
          groups.length === 0
            ? [
              "There are no rules. Name their files in the configuration: ",
              h("code", {}, "rule_files: [rules/*.yml]"),
              ".",
            ]
            : "No rule fits.",
        )
        : null,
      shown.map((group) =>
        h(
          "section",
          {},
          h("h2", {}, group.name, " ", h("span", { class: "soft" }, group.file)),
          h("table", { class: "list" }, h("tbody", {}, group.rules.map(ruleRow))),
        )
      ),
    );
  };
  const load = async () => {
    ({ data: { groups } } = await prometheus("rules", {}));
    show();
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
    page,
    h("h1", {}, "Alerts"),
    h(
      "div",
      { class: "filter-row" },
      search,
      state,
      h("button", { type: "button", onClick: load }, "Refresh"),
    ),
    body,
  );
  await load();
  const timer = setInterval(() => {
    if (!document.hidden) load().catch(() => {});
  }, 15_000);
  return () => clearInterval(timer);
}

function ruleRow(rule) {
  const alerts = rule.alerts ?? [];
  return h(
    "tr",
    {},
    h("td", {}, h("span", { class: ["state", `state-${states[rule.state] ?? "idle"}`] }, rule.state)),
    h(
      "td",
      {},
      h("strong", {}, rule.name),
      " ",
      labels(rule.labels),
      h(
        "div",
        {},
        h("code", {}, rule.query),
        " ",
        h("a", { href: `/explore?${new URLSearchParams({ expr: rule.query })}` }, "explore"),
      ),
      rule.annotations?.summary ? h("div", { class: "soft" }, rule.annotations.summary) : null,
      rule.lastError ? h("div", { class: "panel-error" }, rule.lastError) : null,
      alerts.length > 0
        ? h(
          "details",
          { open: alerts.length < 6 },
          h("summary", {}, `${alerts.length} alert${alerts.length === 1 ? "" : "s"}`),
          h(
            "table",
            { class: "data" },
            h(
              "tbody",
              {},
              alerts.map((alert) =>
                h(
                  "tr",
                  {},
                  h(
                    "td",
                    {},
                    h("span", { class: ["state", `state-${states[alert.state] ?? "idle"}`] }, alert.state),
                  ),
                  h(
                    "td",
                    {},
                    labels(alert.labels),
                    alert.annotations?.description
                      ? h("div", { class: "soft" }, alert.annotations.description)
                      : null,
                  ),
                  h("td", { class: "nowrap" }, agoText(Date.parse(alert.activeAt))),
                  h("td", { class: "number" }, valueText(Number(alert.value))),
                )
              ),
            ),
          ),
        )
        : null,
    ),
    h("td", { class: "nowrap soft" }, rule.duration ? `for ${rule.duration} s` : ""),
  );
}
