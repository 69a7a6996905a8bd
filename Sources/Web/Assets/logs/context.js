// What the stream of a line said before and after it.

import { fill, h } from "../core/dom.js";
import { logLine } from "../panels/logs.js";
import { dialog } from "../pages/shell.js";
import { askContext } from "./loki.js";

const step = 20;

export function contextDialog(line, selector) {
  const list = h("div", {
    class: "log-lines context-lines",
    tabIndex: 0,
    role: "region",
    "aria-label": "lines",
  });
  let count = step;
  const load = async () => {
    try {
      const { before, after } = await askContext(selector, line.ns, count);
      fill(list, before.map((one) => logLine(one)), after.map((one) => logLine(one)));
      const own = [...list.children][before.length];
      own?.classList.add("is-own");
      own?.scrollIntoView({ block: "center" });
    } catch (error) {
      fill(list, h("p", { class: "panel-error", role: "alert" }, error.message));
    }
  };
  const more = () => {
    count += step;
    load();
  };
  dialog(
    "Context",
    h(
      "p",
      {},
      h("code", {}, selector),
      " ",
      h("button", { type: "button", onClick: more }, "More around it"),
    ),
    list,
  ).classList.add("dialog-wide");
  return load();
}
