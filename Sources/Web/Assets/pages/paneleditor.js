// One panel as a form: what it asks, how it shows it, in which unit, and where it changes its colour.

import { h } from "../core/dom.js";
import { unitNames } from "../core/format.js";
import { panelKinds } from "../panels/panels.js";
import { completion } from "./completion.js";
import { saveDashboard } from "./editing.js";
import { dialog, say } from "./shell.js";

/// The panel of a dashboard's JSON that has a number, and the list that it is in.
function found(panels, id) {
  for (const panel of panels ?? []) {
    if (panel.id === id) return { panel, list: panels };
    const inner = found(panel.panels, id);
    if (inner) return inner;
  }
  return null;
}

const thresholdText = (steps = []) =>
  steps.map(({ value, color }) => (value === null || value === undefined ? color : `${value} ${color}`)).join(
    ", ",
  );

/// `green, 80 orange, 90 red` as steps; null where it is none.
export function parsedThresholds(text) {
  const steps = [];
  for (const part of text.split(",").map((one) => one.trim()).filter(Boolean)) {
    const match = /^(?:(-?\d+(?:\.\d+)?)\s+)?([a-z#][\w#-]*)$/i.exec(part);
    if (!match) return null;
    steps.push({ value: match[1] === undefined ? null : Number(match[1]), color: match[2] });
  }
  return steps;
}

/// A panel below the others.
export function newPanel(view) {
  const dashboard = structuredClone(view.dashboard.source);
  dashboard.panels ??= [];
  const bottom = dashboard.panels.reduce(
    (most, { gridPos: at }) => Math.max(most, (at?.y ?? 0) + (at?.h ?? 0)),
    0,
  );
  const id = dashboard.panels.reduce((most, panel) => Math.max(most, panel.id ?? 0), 0) + 1;
  const panel = {
    id,
    type: "timeseries",
    title: "",
    gridPos: { x: 0, y: bottom, w: 12, h: 8 },
    targets: [{ refId: "A", expr: "", range: true, legendFormat: "__auto" }],
    fieldConfig: { defaults: {}, overrides: [] },
    options: {},
  };
  dashboard.panels.push(panel);
  form(view, dashboard, panel, "New panel");
}

export function editPanel(view, { id }) {
  const dashboard = structuredClone(view.dashboard.source);
  const place = found(dashboard.panels, Number.parseInt(id, 10));
  if (!place) return say("this panel has no number of its own: change it in the file", "error");
  form(
    view,
    dashboard,
    place.panel,
    "Edit the panel",
    () => place.list.splice(place.list.indexOf(place.panel), 1),
  );
}

function form(view, dashboard, panel, heading, remove = null) {
  panel.fieldConfig ??= { defaults: {}, overrides: [] };
  panel.fieldConfig.defaults ??= {};
  panel.targets ??= [];
  if (panel.targets.length === 0) panel.targets.push({ refId: "A", expr: "" });
  const { defaults } = panel.fieldConfig;
  const title = h("input", { type: "text", value: panel.title ?? "" });
  const kinds = Object.keys(panelKinds);
  const type = h(
    "select",
    {},
    kinds.map((kind) => h("option", { value: kind, selected: kind === panel.type }, kind)),
  );
  const unit = h("input", { type: "text", list: "units", value: defaults.unit ?? "", spellcheck: false });
  const steps = h("input", {
    type: "text",
    spellcheck: false,
    placeholder: "green, 80 orange, 90 red",
    value: thresholdText(defaults.thresholds?.steps),
  });
  const queries = panel.targets.map((target) => queryField(target));
  const save = async (event) => {
    event.preventDefault();
    const thresholds = parsedThresholds(steps.value);
    if (!thresholds) return say("write thresholds as: green, 80 orange, 90 red", "error");
    Object.assign(panel, { title: title.value, type: type.value });
    if (unit.value) defaults.unit = unit.value;
    else delete defaults.unit;
    if (thresholds.length > 0) {
      defaults.thresholds = { mode: "absolute", ...defaults.thresholds, steps: thresholds };
    }
    queries.forEach(({ editor, legend }, place) => {
      panel.targets[place].expr = editor.value;
      panel.targets[place].legendFormat = legend.value;
    });
    if (await saveDashboard(view, dashboard)) box.close();
  };
  const drop = async () => {
    remove();
    if (await saveDashboard(view, dashboard)) box.close();
  };
  const box = dialog(
    heading,
    h(
      "form",
      { class: "fields-form", onSubmit: save },
      h("label", {}, "Title", title),
      h("label", {}, "Shown as", type),
      queries.map(({ element }) => element),
      h("label", {}, "Unit", unit),
      h("datalist", { id: "units" }, unitNames.map((name) => h("option", { value: name }))),
      h("label", {}, "Thresholds", steps),
      h(
        "div",
        { class: "filter-row" },
        h("button", { class: "main" }, "Save"),
        remove ? h("button", { type: "button", onClick: drop }, "Remove the panel") : null,
      ),
    ),
  );
  box.classList.add("dialog-wide");
  title.focus();
}

function queryField(target) {
  const label = `Query ${target.refId}`;
  const editor = h("textarea", {
    class: "query",
    rows: 2,
    spellcheck: false,
    value: target.expr ?? "",
    "aria-label": label,
  });
  const legend = h("input", { type: "text", value: target.legendFormat ?? "", spellcheck: false });
  const row = h("div", { class: "query-row" }, editor);
  completion(editor, row, () => editor.form.requestSubmit());
  const element = [
    h("label", {}, label, row),
    h("label", {}, "Legend", legend),
  ];
  return { editor, legend, element };
}
