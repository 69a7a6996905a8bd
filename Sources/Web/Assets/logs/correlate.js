// From a graph of metrics to the lines of the same thing at the same time.

import { goTo, say } from "../pages/shell.js";
import { askLabels, askLabelValues } from "./loki.js";
import { selectorFor } from "./query.js";

/// Labels that lines and metrics of the same thing have alike, the narrowest first.
export const sharedLabels = ["instance", "pod", "host", "service", "service_name", "app", "job", "namespace"];
const valuesMost = 20;

/// Opens the lines of a range that share a label with one of the series; `labels` are those of each series.
export async function showLogs(labels, from, to) {
  const range = { from, to };
  try {
    const known = await askLabels(range);
    for (const name of sharedLabels.filter((one) => known.includes(one))) {
      const present = new Set(await askLabelValues(name, range));
      const values = [...new Set(labels.map((one) => one?.[name]))].filter((one) => present.has(one));
      if (values.length === 0) continue;
      const expr = values.length === 1
        ? selectorFor({ [name]: values[0] })
        : `{${name}=~${JSON.stringify(values.slice(0, valuesMost).map(escaped).join("|"))}}`;
      return goTo(`/explore?${new URLSearchParams({ mode: "logs", expr, from, to })}`);
    }
    say("no lines of this time share a label with these series");
  } catch (error) {
    say(error.message, "error");
  }
}

const escaped = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
