// A dashboard as the pages know it, whichever form it was written in: Grafana's classic JSON, the resource around it
// (V1), or the resource with elements and layouts (V2). What is not understood is noted on the panel that has it.

import { isKnownUnit } from "../core/format.js";
import { known } from "./known.js";

const renamedTypes = {
  graph: "timeseries",
  singlestat: "stat",
  "table-old": "table",
  "grafana-piechart-panel": "piechart",
};

/// The dashboard of a JSON in any form.
export function dashboardOf(json) {
  const source = json.dashboard ?? json;
  if (source.spec && /v2/.test(source.apiVersion ?? "")) return ofElements(source.spec, source.metadata);
  if (source.elements && source.layout) return ofElements(source, {});
  if (source.spec) return ofClassic({ uid: source.metadata?.name, ...source.spec });
  return ofClassic(source);
}

function ofClassic(json) {
  const panels = [];
  let row = null;
  const rows = (json.rows ?? []).flatMap(classicRow);
  for (const panel of [...(json.panels ?? []), ...rows].sort(byPlace)) {
    if (panel.type === "row") {
      row = panelOf(panel);
      row.panels = (panel.panels ?? []).map((inner) => panelOf(inner, row));
      row.isCollapsed = panel.collapsed === true;
      panels.push(row);
      if (!row.isCollapsed && row.panels.length > 0) panels.push(...row.panels.splice(0));
    } else {
      panels.push(panelOf(panel, row));
    }
  }
  return {
    uid: json.uid ?? null,
    title: json.title ?? "Untitled",
    tags: json.tags ?? [],
    description: json.description ?? "",
    source: json,
    from: json.time?.from ?? "now-6h",
    to: json.time?.to ?? "now",
    refresh: json.refresh || "",
    timezone: json.timezone ?? "",
    sharesCursor: (json.graphTooltip ?? 0) > 0,
    links: json.links ?? [],
    variables: (json.templating?.list ?? []).map(variableOf),
    annotations: (json.annotations?.list ?? []).filter((one) => one.type !== "dashboard" || one.target),
    panels,
  };
}

const byPlace = (left, right) =>
  (left.gridPos?.y ?? 0) - (right.gridPos?.y ?? 0) || (left.gridPos?.x ?? 0) - (right.gridPos?.x ?? 0);

/// Dashboards before 2018 have rows of panels with spans of twelve.
function classicRow(row, number) {
  const top = number * 1000;
  let x = 0;
  let y = top + 1;
  const height = Math.max(4, Math.round((parseInt(row.height, 10) || 250) / 38));
  const panels = (row.panels ?? []).map((panel) => {
    const width = Math.min(24, (panel.span ?? 12) * 2);
    if (x + width > 24) {
      x = 0;
      y += height;
    }
    const placed = { ...panel, gridPos: { x, y, w: width, h: height } };
    x += width;
    return placed;
  });
  if (!row.showTitle && !row.collapse) return panels;
  return row.collapse
    ? [{ type: "row", title: row.title, collapsed: true, gridPos: { x: 0, y: top, w: 24, h: 1 }, panels }]
    : [{ type: "row", title: row.title, gridPos: { x: 0, y: top, w: 24, h: 1 } }, ...panels];
}

let nextID = 100_000;

function panelOf(panel, row = null) {
  const type = renamedTypes[panel.type] ?? panel.type;
  const targets = (panel.targets ?? []).map((target, place) => ({
    ...target,
    refId: target.refId ?? String.fromCharCode(65 + place),
    datasource: target.datasource ?? panel.datasource,
  }));
  const made = {
    id: panel.id ?? nextID++,
    type,
    title: panel.title ?? "",
    description: panel.description ?? "",
    isTransparent: panel.transparent === true,
    row,
    place: {
      x: panel.gridPos?.x ?? 0,
      y: panel.gridPos?.y ?? 0,
      w: panel.gridPos?.w ?? 12,
      h: panel.gridPos?.h ?? 8,
    },
    datasource: panel.datasource,
    targets,
    options: panel.options ?? {},
    fieldConfig: panel.fieldConfig ?? { defaults: {}, overrides: [] },
    transformations: panel.transformations ?? [],
    links: panel.links ?? [],
    repeat: panel.repeat ?? null,
    repeatDirection: panel.repeatDirection ?? "h",
    maxPerRow: panel.maxPerRow ?? 4,
    minimumStep: panel.interval ?? null,
    pointsMax: panel.maxDataPoints ?? null,
    timeFrom: panel.timeFrom ?? null,
    timeShift: panel.timeShift ?? null,
    scope: {},
  };
  if (panel.type === "graph") fromGraph(panel, made);
  if (panel.type === "singlestat") fromSingleStat(panel, made);
  if (type === "text" && panel.content !== undefined) {
    made.options = { content: panel.content, mode: panel.mode ?? "markdown" };
  }
  made.notices = noticesOf(made, panel);
  return made;
}

/// The panel that Grafana drew before it had "timeseries".
function fromGraph(panel, made) {
  const custom = {
    drawStyle: panel.bars ? "bars" : panel.lines === false ? "points" : "line",
    lineWidth: panel.linewidth ?? 1,
    fillOpacity: (panel.fill ?? 1) * 10,
    stacking: { mode: panel.stack ? (panel.percentage ? "percent" : "normal") : "none" },
    spanNulls: panel.nullPointMode === "connected",
  };
  const [axis] = panel.yaxes ?? [];
  const legend = panel.legend ?? {};
  made.fieldConfig = {
    defaults: {
      unit: axis?.format,
      min: axis?.min === null || axis?.min === undefined ? undefined : Number(axis.min),
      max: axis?.max === null || axis?.max === undefined ? undefined : Number(axis.max),
      decimals: axis?.decimals ?? panel.decimals ?? undefined,
      color: { mode: "palette-classic" },
      custom,
    },
    overrides: [],
  };
  for (const override of panel.seriesOverrides ?? []) {
    const properties = [];
    if (override.color) {
      properties.push({ id: "color", value: { mode: "fixed", fixedColor: override.color } });
    }
    if (override.yaxis === 2) {
      properties.push({ id: "custom.axisPlacement", value: "right" }, {
        id: "unit",
        value: panel.yaxes?.[1]?.format,
      });
    }
    if (override.fill !== undefined) properties.push({ id: "custom.fillOpacity", value: override.fill * 10 });
    if (override.transform === "negative-Y") properties.push({ id: "custom.transform", value: "negative-Y" });
    if (override.stack === false) properties.push({ id: "custom.stacking", value: { mode: "none" } });
    made.fieldConfig.overrides.push({ matcher: { id: "byRegexp", options: override.alias }, properties });
  }
  const calcs = ["min", "max", "avg", "current", "total"].filter((name) => legend[name]).map((name) =>
    ({ avg: "mean", current: "lastNotNull", total: "sum" })[name] ?? name
  );
  made.options = {
    legend: {
      showLegend: legend.show !== false,
      displayMode: legend.alignAsTable ? "table" : "list",
      placement: legend.rightSide ? "right" : "bottom",
      calcs,
    },
    tooltip: { mode: panel.tooltip?.shared === false ? "single" : "multi" },
  };
}

function fromSingleStat(panel, made) {
  const [first, second] = (panel.thresholds ?? "").split(",").filter(Boolean).map(Number);
  const colours = panel.colors ?? ["green", "orange", "red"];
  made.fieldConfig = {
    defaults: {
      unit: panel.format,
      decimals: panel.decimals ?? undefined,
      thresholds: {
        mode: "absolute",
        steps: [
          { color: colours[0], value: null },
          ...(first === undefined ? [] : [{ color: colours[1], value: first }]),
          ...(second === undefined ? [] : [{ color: colours[2], value: second }]),
        ],
      },
      mappings: (panel.valueMaps ?? []).map((one) => ({
        type: "value",
        options: { [one.value]: { text: one.text } },
      })),
    },
    overrides: [],
  };
  made.options = {
    reduceOptions: {
      calcs: [
        { avg: "mean", current: "lastNotNull", total: "sum" }[panel.valueName] ?? panel.valueName ?? "mean",
      ],
    },
    colorMode: panel.colorBackground ? "background" : panel.colorValue ? "value" : "none",
    graphMode: panel.sparkline?.show ? "area" : "none",
  };
}

function noticesOf(panel, source) {
  const notices = [];
  if (!known.panels.includes(panel.type)) notices.push(`panels of type "${source.type}" are not known here`);
  for (const { id } of panel.transformations) {
    if (!known.transformations.includes(id)) {
      notices.push(`the transformation "${id}" is not known here and was left out`);
    }
  }
  for (const target of panel.targets) {
    const kind = target.datasource?.type;
    if (
      kind &&
      !["prometheus", "loki", "datasource", "-- Mixed --", "-- Dashboard --", "mixed", "grafana"].includes(
        kind,
      ) && !kind.startsWith("$")
    ) notices.push(`target ${target.refId} asks a data source of type "${kind}", which obs is not`);
  }
  const { defaults = {}, overrides = [] } = panel.fieldConfig;
  if (!isKnownUnit(defaults.unit)) {
    notices.push(`the unit "${defaults.unit}" is not known here and is shown as it is written`);
  }
  for (const { matcher, properties } of overrides) {
    if (!known.matchers.includes(matcher.id)) notices.push(`overrides "${matcher.id}" are not known here`);
    for (const { id, value } of properties) {
      if (!known.properties.includes(id)) notices.push(`overrides of "${id}" are not known here and were left out`);
      if (id === "unit" && !isKnownUnit(value)) {
        notices.push(`the unit "${value}" is not known here and is shown as it is written`);
      }
    }
  }
  for (const id of panel.options.reduceOptions?.calcs ?? []) {
    if (!known.calculations.includes(id)) notices.push(`the calculation "${id}" is not known here`);
  }
  return [...new Set(notices)];
}

function variableOf(given) {
  const query = typeof given.query === "object"
    ? given.query?.query ?? given.query?.expr ?? ""
    : given.query ?? given.definition ?? "";
  const current = given.current?.value;
  return {
    name: given.name,
    label: given.label || given.name,
    type: given.type,
    query: query || given.definition || "",
    regex: given.regex ?? "",
    sort: given.sort ?? 0,
    refresh: given.refresh ?? 0,
    isMulti: given.multi === true,
    hasAll: given.includeAll === true,
    allValue: given.allValue || null,
    hide: given.hide ?? 0,
    options: given.options ?? [],
    datasource: given.datasource,
    auto: given.auto === true,
    autoCount: given.auto_count ?? 30,
    autoMin: given.auto_min ?? "10s",
    filters: given.filters ?? [],
    description: given.description ?? "",
    skipUrlSync: given.skipUrlSync === true,
    current: current === undefined || current === null || current === ""
      ? null
      : (Array.isArray(current) ? current : [current]).map(String),
  };
}

/// The form with elements and layouts: panels and variables are taken back to their classic form, and go its way.
function ofElements(spec, metadata) {
  const panels = [];
  let y = 0;
  const put = (items, top) => {
    let bottom = top;
    for (const { name, place, repeat } of items) {
      const element = spec.elements[name];
      if (!element) continue;
      panels.push({
        ...classicPanel(element),
        gridPos: { ...place, y: top + place.y },
        ...(repeat
          ? { repeat: repeat.value, repeatDirection: repeat.direction, maxPerRow: repeat.maxPerRow }
          : {}),
      });
      bottom = Math.max(bottom, top + place.y + place.h);
    }
    return bottom;
  };
  const lay = (layout) => {
    switch (layout?.kind) {
      case "GridLayout":
        y = put(
          layout.spec.items.map(({ spec: item }) => ({
            name: item.element.name,
            place: { x: item.x, y: item.y, w: item.width, h: item.height },
            repeat: item.repeat,
          })),
          y,
        );
        break;
      case "AutoGridLayout": {
        const columns = layout.spec.maxColumnCount ?? 3;
        const width = Math.floor(24 / columns);
        y = put(
          layout.spec.items.map(({ spec: item }, place) => ({
            name: item.element.name,
            place: { x: (place % columns) * width, y: Math.floor(place / columns) * 8, w: width, h: 8 },
            repeat: item.repeat,
          })),
          y,
        );
        break;
      }
      case "RowsLayout":
        for (const { spec: row } of layout.spec.rows) {
          const start = panels.length;
          if (row.hideHeader) {
            lay(row.layout);
            continue;
          }
          panels.push({
            type: "row",
            title: row.title ?? "",
            collapsed: row.collapse === true,
            gridPos: { x: 0, y, w: 24, h: 1 },
            repeat: row.repeat?.value,
          });
          y += 1;
          lay(row.layout);
          if (row.collapse) panels[start].panels = panels.splice(start + 1);
        }
        break;
      case "TabsLayout":
        for (const { spec: tab } of layout.spec.tabs) {
          panels.push({ type: "row", title: tab.title ?? "", gridPos: { x: 0, y, w: 24, h: 1 } });
          y += 1;
          lay(tab.layout);
        }
        break;
    }
  };
  lay(spec.layout);
  const time = spec.timeSettings ?? {};
  return ofClassic({
    uid: metadata?.name,
    title: spec.title,
    tags: spec.tags,
    description: spec.description,
    links: spec.links,
    panels,
    graphTooltip: { Off: 0, Crosshair: 1, Tooltip: 2 }[spec.cursorSync] ?? 0,
    time: { from: time.from, to: time.to },
    refresh: time.autoRefresh,
    timezone: time.timezone,
    templating: { list: (spec.variables ?? []).map(classicVariable) },
    annotations: {
      list: (spec.annotations ?? []).map(({ spec: one }) => ({
        ...one,
        iconColor: one.iconColor,
        expr: one.query?.spec?.expr ?? one.query?.spec?.query?.expr,
        datasource: { type: one.query?.group ?? one.query?.kind },
      })),
    },
  });
}

function classicPanel(element) {
  if (element.kind === "LibraryPanel") {
    return { type: "library panel", title: element.spec.title, id: element.spec.id };
  }
  const { spec } = element;
  const viz = spec.vizConfig ?? {};
  const queries = spec.data?.spec?.queries ?? [];
  return {
    id: spec.id,
    title: spec.title,
    description: spec.description,
    links: spec.links,
    transparent: spec.transparent,
    type: viz.group ?? viz.kind,
    options: viz.spec?.options,
    fieldConfig: viz.spec?.fieldConfig,
    targets: queries.map(({ spec: one }) => ({
      ...(one.query?.spec ?? {}),
      refId: one.refId,
      hide: one.hidden,
      datasource: one.query?.datasource
        ? { uid: one.query.datasource.name, type: one.query.group }
        : one.datasource,
    })),
    transformations: (spec.data?.spec?.transformations ?? []).map((one) => ({
      id: one.spec?.id ?? one.group ?? one.kind,
      ...one.spec,
      options: one.spec?.options ?? {},
    })),
    interval: spec.data?.spec?.queryOptions?.interval,
    maxDataPoints: spec.data?.spec?.queryOptions?.maxDataPoints,
    timeFrom: spec.data?.spec?.queryOptions?.timeFrom,
    timeShift: spec.data?.spec?.queryOptions?.timeShift,
  };
}

const variableKinds = {
  QueryVariable: "query",
  CustomVariable: "custom",
  IntervalVariable: "interval",
  TextVariable: "textbox",
  DatasourceVariable: "datasource",
  ConstantVariable: "constant",
  AdhocVariable: "adhoc",
  GroupByVariable: "groupby",
};
const sorts = {
  disabled: 0,
  alphabeticalAsc: 1,
  alphabeticalDesc: 2,
  numericalAsc: 3,
  numericalDesc: 4,
  alphabeticalCaseInsensitiveAsc: 5,
  alphabeticalCaseInsensitiveDesc: 6,
  naturalAsc: 7,
  naturalDesc: 8,
};
const hides = { dontHide: 0, hideLabel: 1, hideVariable: 2 };

function classicVariable({ kind, spec }) {
  return {
    ...spec,
    type: variableKinds[kind] ?? kind,
    query: kind === "QueryVariable"
      ? spec.query?.spec?.query ?? spec.query?.spec?.__legacyStringValue ?? spec.query?.spec ??
        spec.definition
      : kind === "DatasourceVariable"
      ? spec.pluginId
      : spec.query,
    sort: sorts[spec.sort] ?? spec.sort,
    hide: hides[spec.hide] ?? spec.hide,
    refresh: { never: 0, onDashboardLoad: 1, onTimeRangeChanged: 2 }[spec.refresh] ?? spec.refresh,
  };
}

/// Copies of panels and rows that are to be there once for each value of a variable, placed beside or below each other.
export function repeated(panels, scope) {
  const result = [];
  let shift = 0;
  const moved = (panel, down) => ({ ...panel, place: { ...panel.place, y: panel.place.y + down } });
  const once = (panel, name, place) => {
    const { values, texts } = scope[name];
    return {
      ...panel,
      id: place === 0 ? panel.id : `${panel.id}-${place}`,
      scope: {
        ...panel.scope,
        [name]: {
          ...scope[name],
          values: [values[place]],
          texts: [texts[place] ?? values[place]],
          isAll: false,
        },
      },
    };
  };
  for (let place = 0; place < panels.length; place += 1) {
    const panel = panels[place];
    const count = panel.repeat ? scope[panel.repeat]?.values.length ?? 0 : 0;
    if (count === 0) {
      result.push(moved(panel, shift));
      continue;
    }
    if (panel.type === "row") {
      const group = [panel];
      while (place + 1 < panels.length && panels[place + 1].type !== "row") group.push(panels[++place]);
      const bottom = Math.max(...group.map((one) => one.place.y + one.place.h));
      const height = bottom - panel.place.y;
      for (let copy = 0; copy < count; copy += 1) {
        for (const one of group) {
          result.push(
            moved({
              ...once({ ...one, scope: one.scope }, panel.repeat, copy),
              panels: one.panels?.map((inner) => once(inner, panel.repeat, copy)),
            }, shift + copy * height),
          );
        }
      }
      shift += (count - 1) * height;
    } else if (panel.repeatDirection === "v") {
      for (let copy = 0; copy < count; copy += 1) {
        result.push(moved(once(panel, panel.repeat, copy), shift + copy * panel.place.h));
      }
      shift += (count - 1) * panel.place.h;
    } else {
      const columns = Math.min(panel.maxPerRow, count);
      const width = Math.floor(24 / columns);
      for (let copy = 0; copy < count; copy += 1) {
        const made = moved(
          once(panel, panel.repeat, copy),
          shift + Math.floor(copy / columns) * panel.place.h,
        );
        made.place = { ...made.place, x: (copy % columns) * width, w: width };
        result.push(made);
      }
      shift += (Math.ceil(count / columns) - 1) * panel.place.h;
    }
  }
  return result;
}

const columnsMost = 24;

/// Panels of one row, by place, moved up as far as there is room.
export function compacted(panels) {
  const bottoms = new Array(columnsMost).fill(0);
  return panels.map((panel) => {
    const { x, w, h } = panel.place;
    const y = Math.max(0, ...bottoms.slice(x, x + w));
    bottoms.fill(y + h, x, x + w);
    return { ...panel, place: { ...panel.place, y } };
  });
}
