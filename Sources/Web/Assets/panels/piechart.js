import { palette } from "../core/colours.js";
import { fill, h, svg } from "../core/dom.js";
import { seriesColour } from "../dashboards/fields.js";
import { singleValues } from "./single.js";

/// Shares of a whole.
export function piechart(element, { panel, frames, fillIn }) {
  const { pieType = "pie", displayLabels = [], legend = {}, sort = "desc" } = panel.options;
  const values = singleValues(panel, frames, fillIn).filter(({ value, field }) =>
    Number.isFinite(value) && value > 0 && !field.config.custom?.hideFrom?.viz
  );
  if (sort !== "none") {
    values.sort((left, right) => (sort === "asc" ? left.value - right.value : right.value - left.value));
  }
  const total = values.reduce((sum, { value }) => sum + value, 0);
  const tint = (
    one,
    place,
  ) => (one.field.config.color?.mode === "thresholds"
    ? one.colour
    : one.field.config.color?.mode === "fixed"
    ? one.colour
    : values.length > 1 && values.every((other) => other.field === values[0].field)
    ? palette[place % palette.length]
    : seriesColour(one.field));
  let angle = -Math.PI / 2;
  const hole = pieType === "donut" ? 55 : 0;
  const slices = values.map((one, place) => {
    const [from, to] = [angle, angle + (one.value / total) * Math.PI * 2];
    angle = to;
    const share = `${((one.value / total) * 100).toFixed(one.value / total < 0.1 ? 1 : 0)}%`;
    const labels = displayLabels.map((kind) => ({ percent: share, name: one.name, value: one.text })[kind])
      .filter(Boolean);
    const middle = (from + to) / 2;
    return [
      svg(
        "path",
        { d: slice(from, to, hole), fill: tint(one, place), class: "slice" },
        svg("title", {}, `${one.name}: ${one.text} (${share})`),
      ),
      labels.length > 0 && to - from > 0.2
        ? svg("text", {
          x: 100 * Math.cos(middle) * (hole ? 0.78 : 0.62),
          y: 100 * Math.sin(middle) * (hole ? 0.78 : 0.62),
          class: "slice-text",
        }, labels.join(" "))
        : null,
    ];
  });
  const placement = legend.placement ?? "bottom";
  const kinds = legend.values ?? [];
  fill(
    element,
    h(
      "div",
      { class: ["pie", placement === "right" && "pie-side"] },
      svg(
        "svg",
        { viewBox: "-104 -104 208 208", role: "img", "aria-label": panel.title || "shares" },
        slices,
      ),
      legend.showLegend === false ? null : h(
        "div",
        { class: "legend legend-list" },
        values.map((one, place) =>
          h(
            "span",
            { class: "legend-item legend-name" },
            h("i", { style: { background: tint(one, place) } }),
            one.name,
            h(
              "span",
              { class: "legend-values" },
              kinds.map((
                kind,
              ) => (kind === "percent" ? `${((one.value / total) * 100).toFixed(1)}%` : one.text)).join(
                "  ",
              ),
            ),
          )
        ),
      ),
    ),
  );
  return { destroy() {}, isEmpty: values.length === 0 };
}

function slice(from, to, hole) {
  // A whole circle has no arc from a point to itself.
  const end = Math.min(to, from + Math.PI * 2 - 1e-4);
  const at = (radius, where) =>
    `${(radius * Math.cos(where)).toFixed(3)} ${(radius * Math.sin(where)).toFixed(3)}`;
  const isLarge = end - from > Math.PI ? 1 : 0;
  if (hole === 0) return `M 0 0 L ${at(100, from)} A 100 100 0 ${isLarge} 1 ${at(100, end)} Z`;
  return `M ${at(100, from)} A 100 100 0 ${isLarge} 1 ${at(100, end)} L ${
    at(hole, end)
  } A ${hole} ${hole} 0 ${isLarge} 0 ${at(hole, from)} Z`;
}
