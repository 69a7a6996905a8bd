// The alerts that fire now, grouped by name: since when, for whom, who has taken them, what mutes them.

import { request } from "../../core/api.js";
import { fill, h, link, safeAddress } from "../../core/dom.js";
import { mayOperate, personName } from "../../core/session.js";
import { agoText } from "../../core/time.js";
import { address, dialog, say } from "../shell.js";
import { labelMarks, matchersOfLabels, matcherText, severityMark, urgency } from "./parts.js";
import { silenceDialog } from "./silence.js";

export async function firingTab(body) {
  const { parameters } = address;
  const search = h("input", {
    type: "search",
    placeholder: "search",
    "aria-label": "search alerts",
    value: parameters.get("q") ?? "",
  });
  const muted = h("input", { type: "checkbox", checked: parameters.get("muted") !== "0" });
  const list = h("div");
  let alerts = [];

  const show = () => {
    const wanted = search.value.toLowerCase();
    const found = alerts.filter((alert) =>
      (muted.checked || alert.status.state === "active") &&
      JSON.stringify([alert.labels, alert.annotations]).toLowerCase().includes(wanted)
    );
    const groups = [...Map.groupBy(found, (alert) => alert.labels.alertname ?? "")];
    groups.sort(([, left], [, right]) => urgency(left[0].labels) - urgency(right[0].labels));
    fill(
      list,
      found.length === 0 ? quiet(alerts.length) : groups.map(([name, ones]) => group(name, ones, load)),
    );
  };
  const load = async () => {
    alerts = await request("/api/v2/alerts");
    show();
  };
  search.addEventListener("input", () => {
    address.set({ q: search.value || null }, { replaces: true });
    show();
  });
  muted.addEventListener("change", () => {
    address.set({ muted: muted.checked ? null : "0" }, { replaces: true });
    show();
  });
  fill(
    body,
    h(
      "div",
      { class: "filter-row" },
      search,
      h("label", {}, muted, " silenced and inhibited too"),
      h("button", { type: "button", onClick: load }, "Refresh"),
      mayOperate()
        ? h("button", { type: "button", onClick: () => silenceDialog([], load) }, "New silence")
        : null,
    ),
    list,
  );
  await load();
  return { load };
}

const quiet = (others) =>
  h(
    "p",
    {},
    h("span", { class: "state state-good" }, "quiet"),
    others === 0 ? " Nothing fires." : ` None of the ${others} alerts fits.`,
  );

function group(name, alerts, reload) {
  // What all have in common stands once, beside the name.
  const common = Object.keys(alerts[0].labels).filter((label) =>
    alerts.length > 1 && alerts.every(({ labels }) => labels[label] === alerts[0].labels[label])
  );
  const others = Object.keys(alerts[0].labels).filter((label) => !common.includes(label));
  return h(
    "section",
    { class: "card alert-group" },
    h(
      "header",
      {},
      severityMark(alerts[0].labels),
      h("h2", {}, name),
      h("span", { class: "soft" }, `${alerts.length} alert${alerts.length === 1 ? "" : "s"}`),
      h("a", { href: `/alerts?${new URLSearchParams({ tab: "rules", q: name })}` }, "rule"),
      h(
        "a",
        { href: `/alerts?${new URLSearchParams({ tab: "history", q: `alertname="${name}"` })}` },
        "history",
      ),
      h("span", {}, labelMarks(alerts[0].labels, ["alertname", "severity", ...others])),
    ),
    alerts.map((alert) => row(alert, common, reload)),
  );
}

function row(alert, common, reload) {
  const { labels, annotations, status, acknowledgement } = alert;
  const text = annotations.summary ?? annotations.description ?? annotations.message ?? "";
  const state = status.silencedBy.length > 0
    ? h("span", { class: "state state-idle" }, "silenced")
    : status.inhibitedBy.length > 0
    ? h("span", { class: "state state-idle" }, "inhibited")
    : null;
  return h(
    "div",
    { class: "alert-row" },
    h(
      "div",
      { class: "alert-text" },
      h("div", {}, state, " ", text),
      h("div", {}, labelMarks(labels, ["alertname", "severity", ...common])),
      acknowledgement
        ? h(
          "div",
          { class: "alert-taken" },
          `${acknowledgement.by} has it since ${agoText(Date.parse(acknowledgement.at))}`,
          acknowledgement.note ? `: ${acknowledgement.note}` : "",
        )
        : null,
    ),
    h("div", { class: "alert-since" }, agoText(Date.parse(alert.startsAt))),
    h("div", { class: "alert-actions" }, links(alert), mayOperate() ? actions(alert, reload) : null),
  );
}

function links({ annotations, generatorURL }) {
  const query = generatorURL ? new URL(generatorURL, location.href).searchParams.get("g0.expr") : null;
  return [
    query ? h("a", { href: `/explore?${new URLSearchParams({ expr: query })}` }, "query") : null,
    ...["runbook_url", "dashboard_url"].filter((name) => annotations[name] && safeAddress(annotations[name]))
      .map((
        name,
      ) => link(annotations[name], { target: "_blank" }, name === "runbook_url" ? "runbook" : "dashboard")),
  ];
}

function actions(alert, reload) {
  return [
    alert.acknowledgement
      ? null
      : h("button", { type: "button", onClick: () => acknowledgeDialog(alert, reload) }, "Acknowledge"),
    h(
      "button",
      { type: "button", onClick: () => silenceDialog(matchersOfLabels(alert.labels), reload) },
      "Silence",
    ),
  ];
}

function acknowledgeDialog(alert, reload) {
  const known = personName();
  const by = h("input", {
    type: "text",
    required: true,
    value: known || (localStorage.getItem("obs-name") ?? ""),
  });
  const note = h("input", { type: "text", placeholder: "what you know so far" });
  const send = async (event) => {
    event.preventDefault();
    try {
      const matchers = matchersOfLabels(alert.labels).map(matcherText);
      await request("/obs/v1/ack", { method: "POST", json: { matchers, by: by.value, note: note.value } });
      localStorage.setItem("obs-name", by.value);
      box.close();
      say("acknowledged: nobody else is called for it");
      await reload();
    } catch (error) {
      say(error.message, "error");
    }
  };
  const box = dialog(
    `Acknowledge ${alert.labels.alertname}`,
    h(
      "form",
      { class: "fields-form", onSubmit: send },
      h("label", {}, "By", by),
      h("label", {}, "Note", note),
      h("button", { class: "main" }, "Acknowledge"),
    ),
  );
  (by.value ? note : by).focus();
}
