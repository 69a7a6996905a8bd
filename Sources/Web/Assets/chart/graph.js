// Lines, bars and points over time: uPlot draws, everything around it is made here.

import { fill, h } from "../core/dom.js";
import { axisText, timeText } from "../core/time.js";
import { faded } from "../core/colours.js";
import { formatted, goesByTwo, valueText } from "../core/format.js";
import { aligned } from "../dashboards/frames.js";
import { calculationName, reduced } from "../dashboards/reduce.js";
import { DenseLines } from "./dense.js";

const { uPlot } = globalThis;

/// More points than these in sight are set pixel by pixel.
const strokedMost = 30_000;

/// Steps of axes whose units go by 1024.
const powersOfTwo = Array.from({ length: 70 }, (_, place) => 2 ** (place - 10));

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/// A graph in an element.
///
/// `series`: {name, times, values, colour, unit, decimals, style, width, fill, dash, interpolation, points, stack, axis,
/// isNegative, spanNulls, isHidden, isOutOfTooltip}; `options`: {range, height, width, legend: {mode, placement, calcs},
/// tooltip, syncKey, min, max, softMin, softMax, axisLabel, logBase, isCentred, thresholds, marks, onZoom, onZoomOut,
/// onLogs (of a range that is dragged over with Alt)}.
export class Graph {
  constructor(element, series, options) {
    this.element = element;
    this.options = options;
    this.series = series;
    this.tip = h("div", { class: "tip", hidden: true });
    this.canvas = h("div", { class: "graph-canvas" });
    this.legend = h("div", {
      class: ["legend", options.legend?.mode === "table" ? "legend-table" : "legend-list"],
    });
    const side = options.legend?.placement === "right";
    fill(
      element,
      h(
        "div",
        { class: ["graph", side && "graph-side"] },
        this.canvas,
        options.legend?.mode === "hidden" ? null : this.legend,
      ),
    );
    this.canvas.append(this.tip);
    this.draw();
    this.drawLegend();
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(this.canvas);
  }

  /// Gives everything back.
  destroy() {
    this.observer.disconnect();
    this.plot?.destroy();
    this.plot = null;
  }

  /// Other values for a graph of the same shape; false where it must be made anew.
  update(series, options) {
    const isAlike = series.length === this.series.length &&
      series.every((one, place) =>
        one.name === this.series[place].name && one.colour === this.series[place].colour &&
        one.style === this.series[place].style && one.isHidden === this.series[place].isHidden
      );
    if (!isAlike) return false;
    const areSame = series.every((one, place) =>
      one.values === this.series[place].values && one.times === this.series[place].times
    );
    this.series = series;
    this.options = options;
    this.plot.batch(() => {
      if (!areSame) {
        this.prepare();
        this.plot.setData(this.data, false);
      }
      this.plot.setScale("x", { min: options.range.from / 1000, max: options.range.to / 1000 });
    });
    if (!areSame) this.drawLegend();
    return true;
  }

  /// Other events on the same lines.
  mark(marks) {
    this.options.marks = marks;
    this.plot?.redraw(false);
  }

  prepare() {
    const visible = this.series.filter((one) => !one.isHidden);
    this.visible = visible;
    const columns = visible.map((one) => ({
      times: one.times,
      values: one.isNegative
        ? one.values.map((value) => (value === null || value === undefined ? value : -value))
        : one.values,
    }));
    const [times, ...values] = columns.length > 0 ? aligned(columns) : [[]];
    this.raw = values;
    this.bands = [];
    const drawn = this.stacked(visible, values);
    visible.forEach((one, place) => {
      const below = one.fillBelowTo ? visible.findIndex(({ name }) => name === one.fillBelowTo) : -1;
      if (below < 0) return;
      this.bands.push({ series: [place + 1, below + 1], fill: faded(one.colour, (one.fill || 15) / 100) });
    });
    // uPlot takes seconds, and draws what is not a number as a gap.
    this.data = [
      times.map((ms) => ms / 1000),
      ...drawn.map((column) =>
        column.map((value) => (typeof value === "number" && !Number.isFinite(value) ? null : value))
      ),
    ];
  }

  /// Columns on top of each other, group by group; the groups of positive and of negative series are apart.
  stacked(visible, values) {
    const sums = new Map();
    const result = [...values];
    visible.forEach((one, place) => {
      if (!one.stack || one.stack.mode === "none" || one.stack.mode === undefined) return;
      const key = `${one.stack.group ?? "A"}|${one.axis}|${one.isNegative ? "-" : "+"}`;
      const below = sums.get(key);
      const isShare = one.stack.mode === "percent";
      const total = this.totals(visible, values, key);
      result[place] = values[place].map((value, at) => {
        // A series that is not there adds nothing, as long as another of the stack is there: what lies on it has its edge.
        if (total[at] === undefined) return value === undefined && !below ? undefined : null;
        const own = typeof value === "number" && Number.isFinite(value) ? value : 0;
        return (below ? below.column[at] ?? 0 : 0) +
          (isShare ? (total[at] ? own / Math.abs(total[at]) : 0) : own);
      });
      if (below) {
        this.bands.push({
          series: [place + 1, below.place + 1],
          fill: faded(one.colour, (one.fill ?? 0) / 100),
        });
      }
      sums.set(key, { column: result[place], place });
    });
    return result;
  }

  /// Sums of a stack; undefined where none of it is there.
  totals(visible, values, key) {
    const total = [];
    visible.forEach((one, place) => {
      if (!one.stack || `${one.stack.group ?? "A"}|${one.axis}|${one.isNegative ? "-" : "+"}` !== key) return;
      values[place].forEach((value, at) => {
        if (typeof value === "number" && Number.isFinite(value)) total[at] = (total[at] ?? 0) + value;
      });
    });
    return total;
  }

  size() {
    return {
      width: Math.max(this.canvas.clientWidth, 60),
      height: Math.max(this.canvas.clientHeight || this.options.height || 200, 60),
    };
  }

  fit() {
    if (!this.plot) return;
    const size = this.size();
    if (size.width !== this.plot.width || size.height !== this.plot.height) this.plot.setSize(size);
  }

  draw() {
    this.prepare();
    this.plot?.destroy();
    const { options, visible } = this;
    const grid = token("--grid");
    const text = token("--text-soft");
    const font = "11px system-ui, sans-serif";
    const axisKeys = [...new Set(visible.map((one) => one.axis ?? "left|"))];
    const scales = { x: { time: true, min: options.range.from / 1000, max: options.range.to / 1000 } };
    const axes = [{
      stroke: text,
      font,
      size: 28,
      grid: { stroke: grid, width: 1 },
      ticks: { show: false },
      space: 70,
      values: (plot, marks) => {
        const { min, max } = plot.scales.x;
        // A text that the edge would cut off is left out.
        const last = max - ((max - min) * 16) / Math.max(plot.width - 70, 1);
        const step = marks.length > 1 ? (marks[1] - marks[0]) * 1000 : 1000;
        return marks.map((seconds) => (seconds > last ? "" : axisText(seconds * 1000, step)));
      },
    }];
    for (const key of axisKeys.length > 0 ? axisKeys : ["left|"]) {
      const first = visible.find((one) => (one.axis ?? "left|") === key) ?? {};
      scales[key] = this.scale(first);
      if (first.axisPlacement === "hidden") continue;
      axes.push({
        scale: key,
        stroke: text,
        font,
        side: first.axisPlacement === "right" ? 1 : 3,
        grid: { stroke: grid, width: 1, show: first.axisPlacement !== "right" },
        ticks: { show: false },
        label: first.axisLabel || null,
        labelFont: font,
        labelSize: 16,
        labelGap: 0,
        space: 28,
        ...(goesByTwo(first.unit) ? { incrs: powersOfTwo } : {}),
        size: (plot, values, place, cycle) => {
          if (cycle > 1) return plot.axes[place]._size;
          const longest = (values ?? []).reduce((most, value) => Math.max(most, value.length), 3);
          return Math.ceil(longest * 6.3) + 14;
        },
        values: (_, marks) => this.marks(marks, first),
      });
    }
    this.plot = new uPlot(
      {
        ...this.size(),
        ms: 1e-3,
        legend: { show: false },
        padding: [8, 8, 0, 0],
        scales,
        axes,
        bands: this.bands,
        series: [{}, ...visible.map((one, place) => this.drawn(one, place))],
        cursor: {
          drag: { x: Boolean(options.onZoom), y: false, setScale: false },
          bind: {
            mousedown: (_, __, select) => (event) => {
              this.asksLogs = event.altKey;
              if (event.shiftKey && event.button === 0) this.pan(event);
              else select(event);
            },
          },
          focus: { prox: 20 },
          points: { size: 6 },
          sync: options.syncKey ? { key: options.syncKey, setSeries: false } : undefined,
        },
        focus: { alpha: 0.45 },
        hooks: {
          setCursor: [(plot) => this.showTip(plot)],
          setSelect: [(plot) => this.zoom(plot)],
          drawClear: [(plot) => this.drawThresholds(plot)],
          draw: [(plot) => this.drawDense(plot), (plot) => this.drawMarks(plot)],
        },
      },
      this.data,
      this.canvas,
    );
    this.plot.over.addEventListener("mouseleave", () => {
      this.tip.hidden = true;
    });
    this.plot.over.addEventListener("dblclick", () => options.onZoomOut?.());
  }

  scale(first) {
    const { options } = this;
    const min = first.min ?? options.min;
    const max = first.max ?? options.max;
    if (first.logBase) return { distr: 3, log: first.logBase };
    return {
      range: (_, low, high) => {
        if (low === null || low === undefined) [low, high] = [0, 1];
        let from = Math.min(low, first.softMin ?? Infinity);
        let to = Math.max(high, first.softMax ?? -Infinity);
        if (from === to) {
          from = from > 0 ? 0 : from - 1;
          to = to > 0 ? to * 1.2 : from === -1 && to === 0 ? 1 : to * 0.8;
        }
        const air = (to - from) * 0.06;
        if (first.isCentred) {
          const most = Math.max(Math.abs(from), Math.abs(to));
          [from, to] = [-most, most];
        }
        const isWhole = low >= 0 && low < (high - low) * 2;
        return [
          typeof min === "number" ? min : isWhole ? Math.min(0, from) : from - air,
          typeof max === "number" ? max : to + air,
        ];
      },
    };
  }

  /// Texts of an axis: each has the decimals that it needs to be true, three at most.
  marks(marks, first) {
    const unit = first.stack?.mode === "percent" ? "percentunit" : first.unit;
    const short = (text) => text.replace(/(\.\d*?)0+(?!\d)/, "$1").replace(/\.(?!\d)/, "");
    return marks.map((value) => {
      const exact = short(valueText(value, unit, 6));
      for (let decimals = first.decimals ?? 0; decimals < 3; decimals += 1) {
        const text = valueText(value, unit, decimals);
        if (short(text) === exact) return text;
      }
      return short(valueText(value, unit, 3));
    });
  }

  drawn(one, place) {
    const opacity = (one.fill ?? 0) / 100;
    const isBand = this.bands.some((band) => band.series[0] === place + 1);
    const stroked = one.style === "bars"
      ? uPlot.paths.bars({ size: [one.barWidth ?? 0.9, 60] })
      : one.interpolation === "smooth"
      ? uPlot.paths.spline()
      : one.interpolation === "stepAfter"
      ? uPlot.paths.stepped({ align: 1 })
      : one.interpolation === "stepBefore"
      ? uPlot.paths.stepped({ align: -1 })
      : uPlot.paths.linear();
    const paths = (plot, number, from, to) =>
      this.isDense(one, from, to) ? null : stroked(plot, number, from, to);
    const gradient = (plot) => {
      const { top, height } = plot.bbox;
      if (!Number.isFinite(top) || one.gradient === "none" || !one.gradient) {
        return faded(one.colour, opacity);
      }
      const shade = plot.ctx.createLinearGradient(0, top, 0, top + height);
      shade.addColorStop(0, faded(one.colour, opacity));
      shade.addColorStop(1, faded(one.colour, 0));
      return shade;
    };
    return {
      label: one.name,
      scale: one.axis ?? "left|",
      stroke: one.style === "points" ? "transparent" : one.colour,
      width: one.width ?? 1,
      dash: one.dash,
      paths: one.style === "points" ? () => null : paths,
      fill: opacity > 0 && !isBand
        ? gradient
        : one.style === "bars" && opacity > 0
        ? faded(one.colour, opacity)
        : undefined,
      spanGaps: one.spanNulls === true,
      pxAlign: 0,
      points: one.style === "points" || one.points === "always"
        ? { show: true, size: one.pointSize ?? 5, fill: one.colour, stroke: one.colour }
        : {
          show: one.points === "never"
            ? false
            : (plot, number, from, to) => to - from < 3 || isSparse(plot.data[number], from, to),
          size: one.pointSize ?? 4,
          fill: one.colour,
          stroke: one.colour,
        },
    };
  }

  /// Whether a line has more points in sight than a canvas strokes while somebody waits.
  isDense(one, from, to) {
    return (to - from) * this.visible.length > strokedMost && to - from > this.plot.bbox.width / 2 &&
      (one.style ?? "line") === "line" && !one.fill && !one.dash && !one.logBase &&
      /^#[0-9a-f]{6}$/i.test(one.colour);
  }

  drawDense(plot) {
    const [first, last] = plot.series[0].idxs;
    if (first === null) return;
    // A line comes from before what is in sight and goes on behind it.
    const [from, to] = [Math.max(0, first - 1), Math.min(this.data[0].length - 1, last + 1)];
    const lines = this.visible.flatMap((one, place) =>
      this.isDense(one, from, to)
        ? [{
          values: this.data[place + 1],
          scale: one.axis ?? "left|",
          colour: one.colour,
          width: (one.width ?? 1) * devicePixelRatio,
          alpha: plot.series[place + 1].alpha ?? 1,
          spansGaps: one.spanNulls === true,
        }]
        : []
    );
    if (lines.length === 0) return;
    this.dense ??= new DenseLines();
    this.dense.draw(plot, this.data[0], lines, from, to);
  }

  drawThresholds(plot) {
    const { thresholds } = this.options;
    if (!thresholds || thresholds.style === "off") return;
    const { ctx, bbox } = plot;
    const scale = this.visible[0]?.axis ?? "left|";
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    thresholds.steps.forEach((step, place) => {
      const from = step.value ?? -Infinity;
      const to = thresholds.steps[place + 1]?.value ?? Infinity;
      const bottom = Number.isFinite(from) ? plot.valToPos(from, scale, true) : bbox.top + bbox.height;
      const top = Number.isFinite(to) ? plot.valToPos(to, scale, true) : bbox.top;
      if (/area/.test(thresholds.style)) {
        ctx.fillStyle = faded(step.colour, 0.1);
        ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
      }
      if (/line|dashed/.test(thresholds.style) && Number.isFinite(from)) {
        ctx.strokeStyle = step.line ?? step.colour;
        ctx.setLineDash(/dashed/.test(thresholds.style) ? [8, 6] : []);
        ctx.beginPath();
        ctx.moveTo(bbox.left, bottom);
        ctx.lineTo(bbox.left + bbox.width, bottom);
        ctx.stroke();
      }
    });
    ctx.restore();
  }

  /// Events on the time axis: a flag below, a line where there is room for one, and a shade for as long as it lasted. What
  /// lasted at the same time is shaded once: the graph is to be seen behind it.
  drawMarks(plot) {
    const { ctx, bbox } = plot;
    const bottom = bbox.top + bbox.height;
    const place = (ms) => plot.valToPos(ms / 1000, "x", true);
    const marks = [...(this.options.marks ?? [])].sort((left, right) => left.from - right.from);
    const shaded = new Map();
    const lined = new Map();
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height + 6);
    ctx.clip();
    ctx.setLineDash([4, 4]);
    for (const { from: begin, to: end, colour } of marks) {
      const from = place(begin);
      ctx.strokeStyle = ctx.fillStyle = colour;
      if (end && end > begin) {
        const [first, last] = [Math.max(from, shaded.get(colour) ?? -Infinity), place(end)];
        if (last > first) {
          ctx.globalAlpha = 0.07;
          ctx.fillRect(first, bbox.top, last - first, bbox.height);
          ctx.globalAlpha = 1;
          ctx.fillRect(first, bottom, last - first, 3);
          shaded.set(colour, last);
        }
      }
      if (from - (lined.get(colour) ?? -Infinity) < 6 * devicePixelRatio) continue;
      lined.set(colour, from);
      ctx.globalAlpha = 0.6;
      ctx.beginPath();
      ctx.moveTo(from, bbox.top);
      ctx.lineTo(from, bottom);
      ctx.stroke();
      ctx.globalAlpha = 1;
      ctx.beginPath();
      ctx.moveTo(from - 5, bottom + 6);
      ctx.lineTo(from + 5, bottom + 6);
      ctx.lineTo(from, bottom);
      ctx.fill();
    }
    ctx.restore();
  }

  zoom(plot) {
    const { left, width } = plot.select;
    if (width > 4) {
      const act = this.asksLogs && this.options.onLogs ? this.options.onLogs : this.options.onZoom;
      act?.(
        Math.round(plot.posToVal(left, "x") * 1000),
        Math.round(plot.posToVal(left + width, "x") * 1000),
      );
    }
    plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  }

  /// Moves the graph with the pointer; what is found at the new times is asked for when it is let go.
  pan(event) {
    const { plot, options } = this;
    const { from, to } = options.range;
    const perPixel = (to - from) / plot.over.clientWidth;
    const ends = new AbortController();
    const shift = ({ clientX }) => Math.round((event.clientX - clientX) * perPixel);
    const move = (now) =>
      plot.setScale("x", { min: (from + shift(now)) / 1000, max: (to + shift(now)) / 1000 });
    addEventListener("mousemove", move, { signal: ends.signal });
    addEventListener("mouseup", (last) => {
      ends.abort();
      if (shift(last) !== 0) options.onZoom?.(from + shift(last), to + shift(last));
    }, { signal: ends.signal });
  }

  showTip(plot) {
    const { idx, left, top } = plot.cursor;
    const mode = this.options.tooltip ?? "multi";
    // A cursor that another graph moves is a line only; the tip is where the pointer is.
    if (mode === "none" || idx === null || idx === undefined || left < 0 || !plot.over.matches(":hover")) {
      this.tip.hidden = true;
      return;
    }
    const at = this.data[0][idx] * 1000;
    let rows = this.visible.map((one, place) => ({
      one,
      place,
      value: this.nearest(place, idx),
      drawn: this.data[place + 1][idx],
    })).filter(({ one, value }) => value !== undefined && value !== null && !one.isOutOfTooltip);
    if (mode === "single") {
      const distance = ({ one, drawn }) => Math.abs(plot.valToPos(drawn, one.axis ?? "left|") - top);
      rows = rows.sort((a, b) => distance(a) - distance(b)).slice(0, 1);
    } else if (rows.length > 12) {
      rows = rows.sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
    }
    const over = rows.length - 20;
    fill(
      this.tip,
      h("div", { class: "tip-time" }, timeText(at)),
      rows.slice(0, 20).map(({ one, value }) =>
        h(
          "div",
          { class: "tip-row" },
          h("i", { style: { background: one.colour } }),
          h("span", {}, one.name),
          h("b", {}, valueText(value, one.unit, one.decimals)),
        )
      ),
      over > 0 ? h("div", { class: "tip-more" }, `and ${over} more`) : null,
      (this.options.marks ?? []).filter((mark) => Math.abs(plot.valToPos(mark.from / 1000, "x") - left) < 6)
        .map((mark) =>
          h("div", { class: "tip-mark" }, h("i", { style: { background: mark.colour } }), mark.text)
        ),
    );
    this.tip.hidden = false;
    const box = this.canvas.getBoundingClientRect();
    const own = this.tip.getBoundingClientRect();
    const x = left + plot.bbox.left / devicePixelRatio;
    this.tip.style.left = `${x + own.width + 20 > box.width ? Math.max(0, x - own.width - 12) : x + 12}px`;
    this.tip.style.top = `${Math.max(0, Math.min(top, box.height - own.height))}px`;
  }

  /// The value at a place; where the series has its points elsewhere, the one before.
  nearest(place, idx) {
    const column = this.raw[place];
    for (let at = idx; at >= 0 && at > idx - 50; at -= 1) {
      if (column[at] !== undefined) {
        return column[at] === null ? null : this.visible[place].isNegative ? -column[at] : column[at];
      }
    }
    return undefined;
  }

  drawLegend() {
    const { calcs = [], mode } = this.options.legend ?? {};
    if (mode === "hidden") return;
    const rows = this.series.filter((one) => !one.isOutOfLegend);
    const values = (one) =>
      calcs.map((id) =>
        formatted(
          reduced(id, one.values.filter((value) => value !== undefined)),
          /count/i.test(id) ? "none" : one.unit,
          one.decimals,
        )
      );
    const toggled = (one) => (event) => this.toggle(one, event.ctrlKey || event.metaKey || event.shiftKey);
    const key = (one) => (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        this.toggle(one, event.shiftKey);
      }
    };
    const name = (one) =>
      h(
        "span",
        { class: "legend-name", title: one.name },
        h("i", { style: { background: one.colour } }),
        one.name,
      );
    const text = ({ prefix = "", text: shown, suffix }) => prefix + shown + suffix;
    if (mode === "table") {
      fill(
        this.legend,
        h(
          "table",
          {},
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              h("th", {}, "Name"),
              calcs.map((id) => h("th", { class: "number" }, calculationName(id))),
            ),
          ),
          h(
            "tbody",
            {},
            rows.map((one) =>
              h(
                "tr",
                {
                  class: one.isHidden ? "is-hidden" : null,
                  tabIndex: 0,
                  onClick: toggled(one),
                  onKeydown: key(one),
                },
                h("td", {}, name(one)),
                values(one).map((value) => h("td", { class: "number" }, text(value))),
              )
            ),
          ),
        ),
      );
    } else {
      fill(
        this.legend,
        rows.map((one) =>
          h(
            "button",
            { class: ["legend-item", one.isHidden && "is-hidden"], type: "button", onClick: toggled(one) },
            name(one),
            calcs.length > 0
              ? h(
                "span",
                { class: "legend-values" },
                values(one).map((value, place) => `${calculationName(calcs[place])}: ${text(value)}`).join(
                  "  ",
                ),
              )
              : null,
          )
        ),
      );
    }
  }

  /// A click shows one series alone, or all again; with a key held it takes one away or adds it.
  toggle(one, isAdding) {
    if (isAdding) {
      one.isHidden = !one.isHidden;
    } else {
      const isAlone = this.series.every((other) => other === one ? !other.isHidden : other.isHidden);
      for (const other of this.series) other.isHidden = isAlone ? false : other !== one;
    }
    this.draw();
    this.drawLegend();
  }
}

/// Whether no two neighbouring points are there, so that no line is.
function isSparse(column, from, to) {
  for (let place = from; place < to; place += 1) {
    if (
      column[place] !== null && column[place] !== undefined && column[place + 1] !== null &&
      column[place + 1] !== undefined
    ) return false;
  }
  return true;
}
