import { palette } from "../core/colours.js";
import { fill, h, svg } from "../core/dom.js";
import { goesByTwo, valueText } from "../core/format.js";
import { timeText } from "../core/time.js";
import { displayName, rowCount } from "../dashboards/frames.js";
import { rangeOf, seriesColour, shown } from "../dashboards/fields.js";

/// How wide a letter of a text is on average.
const letterWidth = 6.5;

/// Bars by category: the first column of words (or times) names them, each column of numbers is a bar.
export function barchart(element, { panel, frames }) {
  const [frame] = frames;
  const {
    orientation = "auto",
    stacking = "none",
    showValue = "auto",
    xField,
    legend = {},
    groupWidth = 0.8,
  } = panel.options;
  const names = frame &&
    (frame.fields.find((field) => displayName(field, frame) === xField) ??
      frame.fields.find((field) => field.type === "string") ??
      frame.fields.find((field) => field.type === "time"));
  const bars = frame ? frame.fields.filter((field) => field.type === "number" && field !== names) : [];
  const render = () => {
    if (!frame || bars.length === 0) return;
    const isFlat = orientation === "horizontal";
    const [width, height] = [
      Math.max(element.clientWidth, 80),
      Math.max(element.clientHeight - (legend.showLegend === false ? 0 : 24), 60),
    ];
    const count = rowCount(frame);
    const categories = Array.from(
      { length: count },
      (
        _,
        place,
      ) => (names
        ? (names.type === "time" ? timeText(names.values[place]) : String(names.values[place]))
        : String(place + 1)),
    );
    const totals = categories.map((_, row) =>
      bars.reduce((sum, field) => sum + Math.max(field.values[row] ?? 0, 0), 0)
    );
    const isStacked = stacking !== "none";
    const most = stacking === "percent"
      ? 1
      : Math.max(0, ...(isStacked ? totals : bars.flatMap((field) => field.values.filter(Number.isFinite))));
    const least = isStacked
      ? 0
      : Math.min(0, ...bars.flatMap((field) => field.values.filter(Number.isFinite)));
    const texts = showValue === "never" || isStacked
      ? []
      : bars.flatMap((field) => field.values.map((value) => shown(field, value, rangeOf(field, frames)).text));
    const longest = Math.max(0, ...texts.map((text) => text.length)) * letterWidth;
    const [left, bottom] = isFlat
      ? [Math.min(width * 0.35, 8 + Math.max(...categories.map((one) => one.length)) * letterWidth), 20]
      : [56, 22];
    // The values stand behind the ends of the bars.
    const [top, right] = isFlat ? [8, 8 + Math.min(longest, width * 0.3)] : [longest > 0 ? 20 : 8, 8];
    const [w, tall] = [width - left - right, height - bottom - top - 6];
    const length = isFlat ? w : tall;
    const isBinary = stacking !== "percent" && goesByTwo(bars[0].config.unit);
    const marks = axisMarks(least, most, Math.max(2, Math.floor(length / (isFlat ? 90 : 40))), isBinary);
    const [low, high] = [Math.min(least, marks[0]), Math.max(most, marks.at(-1))];
    const at = (value) => ((value - low) / (high - low || 1)) * length;
    const slot = (isFlat ? tall : w) / Math.max(count, 1);
    const parts = [];
    categories.forEach((name, row) => {
      let below = 0;
      bars.forEach((field, place) => {
        const value = stacking === "percent"
          ? (field.values[row] ?? 0) / (totals[row] || 1)
          : field.values[row];
        if (!Number.isFinite(value)) return;
        const thick = (slot * groupWidth) / (isStacked ? 1 : bars.length);
        const cross = row * slot + (slot * (1 - groupWidth)) / 2 + (isStacked ? 0 : place * thick);
        const [from, to] = isStacked
          ? [at(below), at(below + value)]
          : [at(Math.min(0, value)), at(Math.max(0, value))];
        below += isStacked ? value : 0;
        const tint = bars.length === 1 && panel.options.colorByField === undefined &&
            (field.config.color?.mode ?? "").startsWith("thresholds")
          ? shown(field, field.values[row], rangeOf(field, frames)).colour
          : seriesColour(field, rangeOf(field, frames)) ?? palette[place];
        const box = isFlat
          ? { x: left + from, y: top + cross, width: Math.max(to - from, 0), height: Math.max(thick - 1, 1) }
          : {
            x: left + cross,
            y: top + tall - to,
            width: Math.max(thick - 1, 1),
            height: Math.max(to - from, 0),
          };
        parts.push(
          svg(
            "rect",
            { ...box, fill: tint, rx: 1 },
            svg(
              "title",
              {},
              `${name}: ${displayName(field, frame)} ${
                shown(field, field.values[row], rangeOf(field, frames)).text
              }`,
            ),
          ),
        );
        if (showValue === "always" || (showValue === "auto" && thick > 22 && !isStacked)) {
          parts.push(
            svg("text", {
              x: isFlat ? box.x + box.width + 4 : box.x + box.width / 2,
              y: isFlat ? box.y + box.height / 2 + 4 : Math.max(box.y - 3, 10),
              "text-anchor": isFlat ? "start" : "middle",
              class: "bar-text",
            }, shown(field, field.values[row], rangeOf(field, frames)).text),
          );
        }
      });
      const every = isFlat ? Math.ceil(13 / slot) : Math.ceil((Math.min(name.length, 16) * letterWidth) / slot);
      if (row % every === 0) {
        parts.push(
          svg("text", {
            x: isFlat ? left - 6 : left + (row + 0.5) * slot,
            y: isFlat ? top + (row + 0.5) * slot + 4 : height - 6,
            "text-anchor": isFlat ? "end" : "middle",
            class: "axis-text",
          }, name.length > 24 ? `${name.slice(0, 23)}…` : name),
        );
      }
    });
    const [first] = bars;
    for (const value of marks) {
      const text = valueText(value, stacking === "percent" ? "percentunit" : first.config.unit);
      const [x, y] = [left + at(value), top + tall - at(value)];
      const line = isFlat ? { x1: x, x2: x, y1: top, y2: top + tall } : { x1: left, x2: width - right, y1: y, y2: y };
      const place = isFlat
        ? { x, y: height - 4, "text-anchor": "middle" }
        : { x: left - 6, y: y + 4, "text-anchor": "end" };
      parts.unshift(
        svg("line", { ...line, class: "grid-line" }),
        svg("text", { ...place, class: "axis-text" }, text),
      );
    }
    fill(
      element,
      svg("svg", { width, height, role: "img", "aria-label": panel.title || "bars" }, parts),
      legend.showLegend === false ? null : h(
        "div",
        { class: "legend legend-list" },
        bars.map((field) =>
          h(
            "span",
            { class: "legend-item legend-name" },
            h("i", { style: { background: seriesColour(field) } }),
            displayName(field, frame),
          )
        ),
      ),
    );
  };
  render();
  const observer = new ResizeObserver(render);
  observer.observe(element);
  return { destroy: () => observer.disconnect(), isEmpty: bars.length === 0 || rowCount(frame) === 0 };
}

/// Round numbers from the one below `low` to the one above `high`, about `count` of them; powers of two where a unit goes by
/// these.
function axisMarks(low, high, count, isBinary) {
  const least = (high - low || 1) / count;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = isBinary
    ? 2 ** Math.ceil(Math.log2(least))
    : [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= least * 0.999);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: Math.max(last, first + 1) - first + 1 }, (_, place) => (first + place) * step);
}
