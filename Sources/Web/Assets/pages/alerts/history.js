// What became of alerts: when they fired and ended, who was told, who took them.

import { request } from "../../core/api.js";
import { debounced, fill, h } from "../../core/dom.js";
import { valueText } from "../../core/format.js";
import { timeText } from "../../core/time.js";
import { TimePicker } from "../timepicker.js";
import { address, tools } from "../shell.js";
import { labelMarks, matcherText, parsedMatcher } from "./parts.js";

const marks = { firing: "state-bad", pending: "state-warn", resolved: "state-good" };
const eventsMost = 1000;

export async function historyTab(body) {
  const search = h("input", {
    type: "search",
    size: 36,
    placeholder: 'alertname="DiskFull"',
    "aria-label": "conditions on labels",
    value: address.parameters.get("q") ?? "",
  });
  const list = h("div");
  const picker = new TimePicker({
    from: "now-24h",
    onChange: () => {
      picker.show();
      load();
    },
  });
  const load = async () => {
    const { from, to } = picker.range;
    const conditions = search.value.trim() === ""
      ? []
      : search.value.split(/,(?=\s*[\w:]+\s*[=!])/).map(parsedMatcher);
    if (conditions.includes(null)) return fill(list, h("p", { class: "panel-error" }, 'Write name="value".'));
    try {
      const query = {
        from: from / 1000,
        to: to / 1000,
        filter: conditions.map(matcherText),
        limit: eventsMost,
      };
      const { data } = await request("/obs/v1/alerts/history", { query });
      fill(
        list,
        data.length === 0
          ? h("p", { class: "soft" }, "Nothing happened in this range of time.")
          : table(data),
      );
    } catch (error) {
      fill(list, h("p", { class: "panel-error", role: "alert" }, error.message));
    }
  };
  search.addEventListener(
    "input",
    debounced(300, () => {
      address.set({ q: search.value || null }, { replaces: true });
      load();
    }),
  );
  tools(picker.element);
  fill(
    body,
    h("div", { class: "filter-row" }, search, h("button", { type: "button", onClick: load }, "Refresh")),
    list,
  );
  await load();
  return {
    load,
    destroy() {
      picker.destroy();
      tools();
    },
  };
}

function table(events) {
  const rows = [...events].sort((left, right) => Date.parse(right.at) - Date.parse(left.at)).map((event) =>
    h(
      "tr",
      {},
      h("td", { class: "nowrap" }, timeText(Date.parse(event.at))),
      h("td", {}, h("span", { class: ["state", marks[event.kind] ?? "state-idle"] }, event.kind)),
      h(
        "td",
        {},
        h("strong", {}, event.labels.alertname ?? ""),
        " ",
        labelMarks(event.labels, ["alertname"]),
      ),
      h("td", { class: "number" }, typeof event.value === "number" ? valueText(event.value) : ""),
      h("td", {}, event.detail),
    )
  );
  return h(
    "table",
    { class: "list" },
    h("thead", {}, h("tr", {}, ["Time", "What", "Alert", "Value", ""].map((name) => h("th", {}, name)))),
    h("tbody", {}, rows),
  );
}
