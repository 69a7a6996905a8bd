import { blended } from "../core/colours.js";
import { fill, h } from "../core/dom.js";
import { valueText } from "../core/format.js";
import { axisText, interval, timeText } from "../core/time.js";
import { displayName } from "../dashboards/frames.js";

const schemes = {
  Oranges: "continuous-YlRd",
  Blues: "continuous-blues",
  Greens: "continuous-greens",
  Reds: "continuous-reds",
  Purples: "continuous-purples",
  Spectral: "continuous-BlYlRd",
  RdYlGn: "continuous-RdYlGr",
  Turbo: "continuous-BlYlRd",
};
const axisWidth = 64;
const axisHeight = 22;

/// Counts by time and bucket as colours.
export function heatmap(element, { panel, frames, range }) {
  const { color = {}, yAxis = {}, cellValues = {}, calculate, calculation = {} } = panel.options;
  const cells = calculate ? counted(frames, range, calculation) : bucketed(frames);
  const unit = yAxis.unit ?? panel.fieldConfig.defaults?.unit;
  const tip = h("div", { class: "tip", hidden: true });
  const canvas = h("canvas", { role: "img", "aria-label": panel.title || "heatmap" });
  fill(element, h("div", { class: "heatmap" }, canvas, tip));
  const scheme = schemes[color.scheme] ?? "continuous-YlRd";
  const most = color.max ??
    Math.max(...cells.rows.flatMap((row) => row.counts.filter(Number.isFinite)), 1e-12);
  const least = color.min ?? 0;
  const tint = (count) => {
    const share = Math.min(Math.max((count - least) / (most - least || 1), 0), 1);
    return blended(scheme, color.scale === "linear" ? share : share ** (color.exponent ?? 0.5));
  };
  const render = () => {
    const [width, height] = [element.clientWidth, element.clientHeight];
    const ratio = devicePixelRatio || 1;
    Object.assign(canvas, { width: width * ratio, height: height * ratio });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const style = getComputedStyle(element);
    context.fillStyle = style.getPropertyValue("--text-soft");
    context.font = "11px system-ui, sans-serif";
    const [w, tall] = [width - axisWidth - 8, height - axisHeight - 4];
    const rowHeight = tall / Math.max(cells.rows.length, 1);
    const x = (time) => axisWidth + ((time - range.from) / (range.to - range.from)) * w;
    const every = Math.ceil(14 / rowHeight);
    cells.rows.forEach((row, place) => {
      const top = tall - (place + 1) * rowHeight + 4;
      if (place % every === 0) {
        context.textAlign = "right";
        context.textBaseline = "middle";
        context.fillText(labelOf(row.name, unit), axisWidth - 6, top + rowHeight / 2);
      }
    });
    context.textAlign = "center";
    const step = interval(range, Math.max(2, Math.floor(w / 90)), 1000);
    for (let time = Math.ceil(range.from / step) * step; time <= range.to; time += step) {
      if (x(time) < width - 20) context.fillText(axisText(time, step), x(time), height - 8);
    }
    context.save();
    context.beginPath();
    context.rect(axisWidth, 0, w, tall + 4);
    context.clip();
    cells.rows.forEach((row, place) => {
      const top = tall - (place + 1) * rowHeight + 4;
      row.counts.forEach((count, column) => {
        if (!Number.isFinite(count) || count <= 0) return;
        context.fillStyle = tint(count);
        const left = x(cells.times[column] - cells.step);
        context.fillRect(
          left,
          top,
          Math.max(x(cells.times[column]) - left - 0.5, 1),
          Math.max(rowHeight - 0.5, 1),
        );
      });
    });
    context.restore();
  };
  canvas.addEventListener("mousemove", (event) => {
    const time = range.from +
      ((event.offsetX - axisWidth) / (element.clientWidth - axisWidth - 8)) * (range.to - range.from);
    const row = cells
      .rows[
        Math.floor((1 - (event.offsetY - 4) / (element.clientHeight - axisHeight - 4)) * cells.rows.length)
      ];
    const column = cells.times.findIndex((one) => one >= time);
    if (!row || column < 0 || event.offsetX < axisWidth) {
      tip.hidden = true;
      return;
    }
    fill(
      tip,
      h("div", { class: "tip-time" }, timeText(cells.times[column])),
      h(
        "div",
        { class: "tip-row" },
        h("span", {}, labelOf(row.name, unit)),
        h("b", {}, valueText(row.counts[column], cellValues.unit, cellValues.decimals)),
      ),
    );
    tip.hidden = false;
    tip.style.left = `${Math.min(event.offsetX + 12, element.clientWidth - 180)}px`;
    tip.style.top = `${Math.max(0, event.offsetY - 40)}px`;
  });
  canvas.addEventListener("mouseleave", () => {
    tip.hidden = true;
  });
  render();
  const observer = new ResizeObserver(render);
  observer.observe(element);
  return { destroy: () => observer.disconnect(), isEmpty: cells.rows.length === 0 };
}

const labelOf = (
  name,
  unit,
) => (Number.isFinite(Number(name)) && name !== ""
  ? valueText(Number(name), unit)
  : name === "+Inf"
  ? "∞"
  : name);

/// A row for each series that is a bucket already.
function bucketed(frames) {
  const histogram = frames.find((frame) => frame.histograms?.length > 0);
  if (histogram) return ofNativeHistogram(histogram);
  const times = [...new Set(frames.flatMap((frame) => frame.fields[0]?.values ?? []))].sort((left, right) =>
    left - right
  );
  const step = times.length > 1
    ? Math.min(...times.slice(1).map((time, place) => time - times[place]))
    : 60_000;
  const rows = frames.filter((frame) => frame.fields[1]).map((frame) => {
    const at = new Map(frame.fields[0].values.map((time, place) => [time, frame.fields[1].values[place]]));
    return {
      name: frame.fields[1].labels.le ?? displayName(frame.fields[1], frame),
      counts: times.map((time) => at.get(time) ?? NaN),
    };
  });
  return { times, rows, step };
}

function ofNativeHistogram(frame) {
  const times = frame.histograms.map(([seconds]) => seconds * 1000);
  const bounds = [
    ...new Set(
      frame.histograms.flatMap(([, { buckets = [] }]) => buckets.map(([, , upper]) => Number(upper))),
    ),
  ].sort((left, right) => left - right);
  const rows = bounds.map((bound) => ({
    name: String(bound),
    counts: frame.histograms.map(([, { buckets = [] }]) =>
      Number(buckets.find(([, , upper]) => Number(upper) === bound)?.[3] ?? NaN)
    ),
  }));
  return { times, rows, step: times.length > 1 ? times[1] - times[0] : 60_000 };
}

/// Values of series counted into buckets of time and size.
function counted(frames, range, { xBuckets = {}, yBuckets = {} }) {
  const columns = Number(xBuckets.value) > 0 && xBuckets.mode === "count" ? Number(xBuckets.value) : 40;
  const values = frames.flatMap((frame) =>
    frame.fields.filter((field) => field.type === "number").flatMap((field) =>
      field.values.map((value, place) => [frame.fields[0].values[place], value])
    )
  ).filter(([, value]) => Number.isFinite(value));
  if (values.length === 0) return { times: [], rows: [], step: 1 };
  const step = (range.to - range.from) / columns;
  const times = Array.from({ length: columns }, (_, place) => range.from + (place + 1) * step);
  const [low, high] = values.reduce(
    ([least, most], [, value]) => [Math.min(least, value), Math.max(most, value)],
    [Infinity, -Infinity],
  );
  const count = Number(yBuckets.value) > 0 && yBuckets.mode === "count" ? Number(yBuckets.value) : 20;
  const size = (high - low) / count || 1;
  const rows = Array.from(
    { length: count },
    (_, place) => ({ name: String(low + (place + 1) * size), counts: new Array(columns).fill(0) }),
  );
  for (const [time, value] of values) {
    const column = Math.min(columns - 1, Math.max(0, Math.floor((time - range.from) / step)));
    rows[Math.min(count - 1, Math.floor((value - low) / size))].counts[column] += 1;
  }
  return { times, rows, step };
}
