import { faded, inkOf, readableOn } from "../core/colours.js";
import { fill, h, svg, textWidth } from "../core/dom.js";
import { singleValues, tiling } from "./single.js";

/// Single values as large as they fit, with their course behind them.
export function stat(element, { panel, frames, fillIn }) {
  const values = singleValues(panel, frames, fillIn);
  const {
    colorMode = "value",
    graphMode = "area",
    textMode = "auto",
    orientation = "auto",
    justifyMode = "auto",
    text = {},
    showPercentChange,
    wideLayout = true,
  } = panel.options;
  const render = () => {
    const [width, height] = [element.clientWidth, element.clientHeight];
    const { columns, rows } = tiling(values.length, width, height, orientation);
    const [w, tall] = [width / columns, height / rows];
    fill(
      element,
      h(
        "div",
        { class: "tiles", style: { gridTemplateColumns: `repeat(${columns}, 1fr)` } },
        values.map((one) => {
          const isNamed = textMode === "value_and_name" || textMode === "name" ||
            (textMode === "auto" && values.length > 1);
          const isValued = textMode !== "name" && textMode !== "none";
          const isBackground = colorMode.startsWith("background");
          const ink = isBackground
            ? readableOn(one.colour)
            : colorMode === "value"
            ? inkOf(one.colour)
            : "var(--text)";
          const isWide = wideLayout && isNamed && isValued && w > tall * 2.4;
          const room = isWide ? w / 2 : w;
          const size = Math.max(
            11,
            Math.min(
              tall * (isNamed && !isWide ? 0.4 : graphMode !== "none" && one.course ? 0.4 : 0.5),
              (room - 36) / textWidth(one.text || "-"),
              64,
            ),
          );
          return h(
            "div",
            {
              class: [
                "tile",
                (justifyMode === "center" || (justifyMode === "auto" && values.length === 1)) &&
                "tile-centre",
                isWide && "tile-wide",
              ],
              style: isBackground
                ? {
                  background: colorMode === "background"
                    ? `linear-gradient(120deg, ${one.colour}, ${faded(one.colour, 0.82)})`
                    : one.colour,
                  color: ink,
                }
                : {},
            },
            graphMode !== "none" && one.course
              ? sparkline(one.course, isBackground ? ink : one.colour, w, tall)
              : null,
            isNamed
              ? h("div", {
                class: "tile-name",
                style: { fontSize: `${text.titleSize ?? Math.max(11, Math.min(size * 0.5, 18))}px` },
              }, one.name)
              : null,
            isValued
              ? h("div", {
                class: "tile-value",
                style: { color: ink, fontSize: `${text.valueSize ?? size}px` },
              }, one.text)
              : null,
            showPercentChange && one.course ? change(one.course) : null,
          );
        }),
      ),
    );
  };
  render();
  const observer = new ResizeObserver(render);
  observer.observe(element);
  return { destroy: () => observer.disconnect(), isEmpty: values.length === 0 };
}

function change({ values }) {
  const known = values.filter((value) => typeof value === "number" && Number.isFinite(value));
  const [first, last] = [known[0], known.at(-1)];
  if (!first) return null;
  const share = ((last - first) / Math.abs(first)) * 100;
  return h("div", { class: "tile-change" }, `${share >= 0 ? "▲" : "▼"} ${Math.abs(share).toFixed(1)}%`);
}

/// The course of a value as an area behind it.
export function sparkline({ times, values }, colour, width, height) {
  const points = times.map((time, place) => [time, values[place]]).filter(([, value]) =>
    typeof value === "number" && Number.isFinite(value)
  );
  if (points.length < 2) return null;
  const [low, high] = points.reduce(
    ([least, most], [, value]) => [Math.min(least, value), Math.max(most, value)],
    [Infinity, -Infinity],
  );
  const [from, to] = [points[0][0], points.at(-1)[0]];
  const at = ([time, value]) =>
    `${(((time - from) / (to - from || 1)) * width).toFixed(1)},${
      (height * 0.95 - ((value - low) / (high - low || 1)) * height * 0.35).toFixed(1)
    }`;
  const line = points.map(at).join(" L");
  return svg(
    "svg",
    {
      class: "tile-course",
      viewBox: `0 0 ${width} ${height}`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    svg("path", { d: `M0,${height} L${line} L${width},${height} Z`, fill: colour, opacity: 0.18 }),
    svg("path", { d: `M${line}`, fill: "none", stroke: colour, "stroke-width": 1.5, opacity: 0.8 }),
  );
}
