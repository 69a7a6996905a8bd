import { colour, faded, inkOf } from "../core/colours.js";
import { fill, h } from "../core/dom.js";
import { thresholdOf } from "../dashboards/fields.js";
import { singleValues } from "./single.js";

/// Values as bars from their least to their most.
export function bargauge(element, { panel, frames, fillIn }) {
  const values = singleValues(panel, frames, fillIn);
  const { displayMode = "gradient", orientation = "auto", showUnfilled = true, valueMode = "color" } =
    panel.options;
  const isUpright = orientation === "vertical" ||
    (orientation === "auto" && element.clientWidth > element.clientHeight);
  fill(
    element,
    h(
      "div",
      { class: ["bars", isUpright && "bars-upright"] },
      values.map((one) => {
        // Bars begin at nothing where nobody says otherwise: the least of them would have no length.
        const max = one.range.max;
        const min = typeof one.field.config.min === "number" ? one.range.min : Math.min(0, one.range.min);
        const share = typeof one.value === "number" && Number.isFinite(one.value)
          ? Math.min(Math.max((one.value - min) / (max - min || 1), 0), 1)
          : 0;
        return h(
          "div",
          { class: "bar" },
          h("div", { class: "bar-name", title: one.name }, one.name),
          h(
            "div",
            {
              class: ["bar-track", showUnfilled && "bar-track-shown"],
              role: "meter",
              "aria-valuenow": one.value ?? 0,
              "aria-valuemin": min,
              "aria-valuemax": max,
              "aria-label": one.name,
            },
            displayMode === "lcd" ? cells(one, share, isUpright, min) : h("div", {
              class: "bar-fill",
              style: {
                [isUpright ? "height" : "width"]: `${(share * 100).toFixed(2)}%`,
                ...filling(one, displayMode, isUpright),
              },
            }),
          ),
          valueMode === "hidden" ? null : h("div", {
            class: "bar-value",
            style: { color: valueMode === "text" ? "var(--text)" : inkOf(one.colour) },
          }, one.text),
        );
      }),
    ),
  );
  return { destroy() {}, isEmpty: values.length === 0 };
}

function filling(one, mode, isUpright) {
  if (mode === "basic") {
    return {
      background: faded(one.colour, 0.35),
      [isUpright ? "borderTop" : "borderRight"]: `2px solid ${one.colour}`,
    };
  }
  const { steps = [] } = one.field.config.thresholds ?? {};
  const stops = steps.filter((step) => (step.value ?? -Infinity) <= one.value).map((step) =>
    colour(step.color)
  );
  return {
    background: stops.length > 1
      ? `linear-gradient(${isUpright ? "to top" : "to right"}, ${stops.join(", ")})`
      : one.colour,
  };
}

function cells(one, share, isUpright, min) {
  const count = 24;
  return h(
    "div",
    { class: ["cells", isUpright && "cells-upright"] },
    Array.from({ length: count }, (_, place) => {
      const at = min + ((place + 0.5) / count) * (one.range.max - min);
      const tint = colour(thresholdOf(one.field.config.thresholds, at, one.range).color);
      return h("i", { style: { background: (place + 0.5) / count <= share ? tint : faded(tint, 0.15) } });
    }),
  );
}
