import { Graph } from "../chart/graph.js";
import { colour } from "../core/colours.js";
import { displayName } from "../dashboards/frames.js";
import { rangeOf, seriesColour } from "../dashboards/fields.js";

/// Lines, bars and points over time.
export function timeseries(element, { panel, frames, range, context }) {
  const series = [];
  for (const frame of frames) {
    const time = frame.fields.find((field) => field.type === "time");
    if (!time) continue;
    for (const field of frame.fields) {
      if (field.type !== "number" && field.type !== "boolean") continue;
      series.push(seriesOf(field, frame, time, frames));
    }
  }
  const { legend = {}, tooltip = {} } = panel.options;
  const { thresholds, custom = {} } = panel.fieldConfig.defaults ?? {};
  const options = {
    range,
    tooltip: tooltip.mode ?? "single",
    syncKey: context.syncKey,
    onZoom: context.onZoom,
    onZoomOut: context.onZoomOut,
    onLogs: context.onLogs,
    marks: context.marks,
    legend: {
      mode: legend.showLegend === false || legend.displayMode === "hidden"
        ? "hidden"
        : legend.displayMode ?? "list",
      placement: legend.placement ?? "bottom",
      calcs: legend.calcs ?? [],
    },
    thresholds: thresholds && custom.thresholdsStyle?.mode && custom.thresholdsStyle.mode !== "off"
      ? {
        style: custom.thresholdsStyle.mode,
        steps: thresholds.steps.map((step) => ({ value: step.value, colour: colour(step.color) })),
      }
      : null,
  };
  const graph = new Graph(element, series, options);
  return {
    destroy: () => graph.destroy(),
    isEmpty: series.length === 0,
    mark: (marks) => graph.mark(marks),
  };
}

function seriesOf(field, frame, time, frames) {
  const { config } = field;
  const { custom } = config;
  const hidden = custom.hideFrom ?? {};
  const placement = custom.axisPlacement ?? "auto";
  const dash = custom.lineStyle?.fill === "dash"
    ? custom.lineStyle.dash ?? [10, 10]
    : custom.lineStyle?.fill === "dot"
    ? [1, 4]
    : undefined;
  const threshold = typeof custom.insertNulls === "number" ? custom.insertNulls : null;
  const [times, values] = threshold === null
    ? [time.values, field.values]
    : withGaps(time.values, field.values, threshold);
  return {
    name: displayName(field, frame),
    times,
    values: custom.transform === "constant"
      ? values.map(() => values[0])
      : values.map((value) => (typeof value === "boolean" ? Number(value) : value)),
    colour: seriesColour(field, rangeOf(field, frames)),
    unit: config.unit,
    decimals: config.decimals,
    style: custom.drawStyle ?? "line",
    width: custom.lineWidth ?? 1,
    fill: custom.fillOpacity ?? 0,
    gradient: custom.gradientMode,
    dash,
    interpolation: custom.lineInterpolation ?? "linear",
    points: custom.showPoints ?? "auto",
    pointSize: custom.pointSize,
    barWidth: custom.barWidthFactor,
    stack: custom.stacking,
    fillBelowTo: custom.fillBelowTo,
    isNegative: custom.transform === "negative-Y",
    spanNulls: custom.spanNulls === true || (typeof custom.spanNulls === "number" && custom.spanNulls > 0),
    axis: `${placement}|${config.unit ?? ""}|${config.min ?? ""}|${config.max ?? ""}`,
    axisPlacement: placement,
    axisLabel: custom.axisLabel,
    min: config.min,
    max: config.max,
    softMin: custom.axisSoftMin,
    softMax: custom.axisSoftMax,
    isCentred: custom.axisCenteredZero === true,
    logBase: custom.scaleDistribution?.type === "log" ? custom.scaleDistribution.log ?? 10 : null,
    isHidden: hidden.viz === true,
    isOutOfLegend: hidden.legend === true,
    isOutOfTooltip: hidden.tooltip === true,
  };
}

/// A null wherever two points lie further apart than `limit` milliseconds.
function withGaps(times, values, limit) {
  const [madeTimes, madeValues] = [[], []];
  times.forEach((time, place) => {
    if (place > 0 && time - times[place - 1] > limit) {
      madeTimes.push(times[place - 1] + 1);
      madeValues.push(null);
    }
    madeTimes.push(time);
    madeValues.push(values[place]);
  });
  return [madeTimes, madeValues];
}
