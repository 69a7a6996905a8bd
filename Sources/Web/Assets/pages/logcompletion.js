// What can stand at the cursor of a query of logs: labels, their values, stages.

import { askLabels, askLabelValues } from "../logs/loki.js";
import { offers } from "./completion.js";

const stages = [
  ["json", "fields of lines in JSON"],
  ["logfmt", "fields of lines of logfmt"],
  ["pattern ", 'fields by a pattern such as "<ip> <_>"'],
  ["regexp ", "fields by the groups of an expression"],
  ["line_format ", "another text for each line"],
  ["label_format ", "other labels"],
  ["unpack", "what a shipper has packed"],
  ["decolorize", "without colours of terminals"],
  ["drop ", "without some labels"],
  ["keep ", "with some labels only"],
];

/// What is being written before the cursor: {kind, text, label, selector}.
export function logContext(before) {
  const open = before.lastIndexOf("{");
  if (open >= 0 && !/}(?=[^"]*$)/.test(before.slice(open))) {
    const value = /([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)\s*"([^"]*)$/.exec(before.slice(open));
    if (value) return { kind: "value", text: value[2], label: value[1] };
    return { kind: "label", text: /([a-zA-Z_]\w*)?$/.exec(before)[0] };
  }
  const stage = /\|\s*([a-z_]*)$/.exec(before);
  if (stage) return { kind: "stage", text: stage[1] };
  return { kind: "none", text: "" };
}

async function candidates({ kind, text, label }, range) {
  const wanted = text.toLowerCase();
  const fits = (one) => one.toLowerCase().includes(wanted);
  const plain = (about) => (insert) => ({ insert, about });
  if (kind === "value") return (await askLabelValues(label, range)).filter(fits).map(plain(""));
  if (kind === "label") return (await askLabels(range)).filter(fits).map(plain("label"));
  if (kind === "stage") {
    return stages.filter(([name]) => name.startsWith(wanted)).map(([insert, about]) => ({ insert, about }));
  }
  return [];
}

export function logCompletion(editor, row, run, rangeNow) {
  offers(editor, row, run, logContext, (at) => candidates(at, rangeNow()));
}
