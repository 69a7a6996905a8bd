import { colour, inkOf } from "../core/colours.js";
import { fill, h, svg } from "../core/dom.js";
import { valueText } from "../core/format.js";
import { singleValues, tiling } from "./single.js";

const start = Math.PI * 0.85;
const sweep = Math.PI * 1.3;

const arc = (radius, from, to) => {
  const at = (share) =>
    [100 + radius * Math.cos(start + sweep * share), 100 + radius * Math.sin(start + sweep * share)].map((
      number,
    ) => number.toFixed(2)).join(" ");
  return `M ${at(from)} A ${radius} ${radius} 0 ${(to - from) * sweep > Math.PI ? 1 : 0} 1 ${at(to)}`;
};

/// Values on a dial between their least and their most.
export function gauge(element, { panel, frames, fillIn }) {
  const values = singleValues(panel, frames, fillIn);
  const { showThresholdMarkers = true, showThresholdLabels = false, orientation = "auto" } = panel.options;
  const render = () => {
    const { columns } = tiling(values.length, element.clientWidth, element.clientHeight, orientation, 1.2);
    fill(
      element,
      h(
        "div",
        { class: "tiles", style: { gridTemplateColumns: `repeat(${columns}, 1fr)` } },
        values.map((one) =>
          dial(
            one,
            showThresholdMarkers,
            showThresholdLabels,
            values.length > 1 || one.field.config.displayName,
          )
        ),
      ),
    );
  };
  render();
  const observer = new ResizeObserver(render);
  observer.observe(element);
  return { destroy: () => observer.disconnect(), isEmpty: values.length === 0 };
}

function dial(one, hasMarkers, hasLabels, isNamed) {
  const range = { min: one.field.config.min ?? 0, max: one.field.config.max ?? 100 };
  const share = (value) => Math.min(Math.max((value - range.min) / (range.max - range.min || 1), 0), 1);
  const { steps = [], mode } = one.field.config.thresholds ?? {};
  const at = (
    step,
  ) => (step.value === null || step.value === undefined
    ? 0
    : mode === "percentage"
    ? step.value / 100
    : share(step.value));
  const filled = typeof one.value === "number" && Number.isFinite(one.value) ? share(one.value) : 0;
  // The text fits between the ends of the dial.
  const size = Math.min(34, 165 / Math.max(one.text.length, 4));
  return h(
    "figure",
    { class: "dial" },
    svg(
      "svg",
      { viewBox: "0 0 200 165", role: "img", "aria-label": `${one.name}: ${one.text}` },
      svg("path", { d: arc(72, 0, 1), class: "dial-track" }),
      filled > 0 ? svg("path", { d: arc(72, 0, filled), stroke: one.colour, class: "dial-value" }) : null,
      hasMarkers
        ? steps.map((step, place) => {
          const [from, to] = [
            Math.min(at(step), 1),
            Math.min(steps[place + 1] ? at(steps[place + 1]) : 1, 1),
          ];
          return to > from
            ? svg("path", { d: arc(93, from, to), stroke: colour(step.color), class: "dial-steps" })
            : null;
        })
        : null,
      hasLabels
        ? steps.filter((step) => step.value !== null).map((step) => {
          const angle = start + sweep * at(step);
          return svg("text", {
            x: 100 + 108 * Math.cos(angle),
            y: 100 + 108 * Math.sin(angle),
            class: "dial-label",
          }, valueText(step.value, one.field.config.unit));
        })
        : null,
      svg(
        "text",
        { x: 100, y: 112, "font-size": size, fill: inkOf(one.colour), class: "dial-text" },
        one.text,
      ),
    ),
    isNamed ? h("figcaption", {}, one.name) : null,
  );
}
