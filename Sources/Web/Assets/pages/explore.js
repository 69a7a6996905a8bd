// Questions to metrics or to logs: which of the two, and the range of time, stand above both.

import { fill, h } from "../core/dom.js";
import { LogsView } from "./logs.js";
import { MetricsView } from "./metrics.js";
import { address, tools } from "./shell.js";
import { TimePicker } from "./timepicker.js";

const views = { metrics: ["Metrics", MetricsView], logs: ["Logs", LogsView] };

export async function explorePage(page) {
  document.title = "Explore · obs";
  const body = h("div");
  let view = null;
  const picker = new TimePicker({
    onChange: () => {
      picker.show();
      view?.run();
    },
  });
  tools(picker.element);

  const tabs = Object.entries(views).map(([name, [title]]) =>
    h("button", { type: "button", role: "tab", data: { mode: name }, onClick: () => choose(name) }, title)
  );
  const show = async (name) => {
    view?.destroy();
    for (const tab of tabs) tab.setAttribute("aria-selected", String(tab.dataset.mode === name));
    view = new views[name][1](body, picker);
    await view.start();
  };
  const choose = (name) => {
    address.set({ mode: name === "metrics" ? null : name, expr: null });
    return show(name);
  };

  fill(
    page,
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, "Explore"),
      h("div", { class: "tabs", role: "tablist" }, tabs),
    ),
    body,
  );
  const first = address.parameters.get("mode");
  await show(first in views ? first : "metrics");
  return () => {
    picker.destroy();
    view?.destroy();
  };
}
