import { readableOn } from "../core/colours.js";
import { fill, h } from "../core/dom.js";
import { axisText, interval, timeText } from "../core/time.js";
import { displayName } from "../dashboards/frames.js";
import { rangeOf, shown } from "../dashboards/fields.js";

/// What was when: spans of equal values, one lane a series.
export const stateTimeline = (element, given) => lanes(element, given, true);

/// The same with each point apart.
export const statusHistory = (element, given) => lanes(element, given, false);

function lanes(element, { panel, frames, range }, isMerged) {
  const series = frames.flatMap((frame) => {
    const time = frame.fields.find((field) => field.type === "time");
    return time
      ? frame.fields.filter((field) => field !== time).map((field) => ({ field, frame, time }))
      : [];
  });
  const { showValue = "auto", rowHeight = 0.9, mergeValues = true } = panel.options;
  const share = (time) => ((time - range.from) / (range.to - range.from)) * 100;
  const step = interval(range, Math.max(2, Math.floor(element.clientWidth / 110)), 1000);
  const ticks = [];
  for (let at = Math.ceil(range.from / step) * step; share(at) < 95; at += step) ticks.push(at);
  fill(
    element,
    h(
      "div",
      { class: "lanes" },
      series.map(({ field, frame, time }) => {
        const limits = rangeOf(field, frames);
        const spans = spansOf(time.values, field.values, range, isMerged && mergeValues, frame.step);
        return h(
          "div",
          { class: "lane" },
          h("div", { class: "lane-name", title: displayName(field, frame) }, displayName(field, frame)),
          h(
            "div",
            { class: "lane-track" },
            spans.map(({ from, to, value }) => {
              const { text, colour } = shown(field, value, limits);
              const width = share(to) - share(from);
              const isNamed = showValue === "always" ||
                (showValue === "auto" && (width / 100) * element.clientWidth * 0.8 > text.length * 8 + 6);
              return h("div", {
                class: "lane-span",
                title: `${text}\n${timeText(from)} to ${timeText(to)}`,
                style: {
                  left: `${share(from)}%`,
                  width: `${width}%`,
                  background: colour,
                  color: readableOn(colour),
                  height: `${rowHeight * 100}%`,
                },
              }, isNamed ? text : "");
            }),
          ),
        );
      }),
      h(
        "div",
        { class: "lane lane-axis" },
        h("div", { class: "lane-name" }),
        h(
          "div",
          { class: "lane-track" },
          ticks.map((at) => h("span", { style: { left: `${share(at)}%` } }, axisText(at, step))),
        ),
      ),
    ),
  );
  return { destroy() {}, isEmpty: series.length === 0 };
}

function spansOf(times, values, range, isMerged, step = null) {
  const length = step ??
    (times.length > 1
      ? Math.min(...times.slice(1).map((time, place) => time - times[place]))
      : range.to - range.from);
  const spans = [];
  times.forEach((time, place) => {
    const value = values[place];
    if (value === null || value === undefined) return;
    const [from, to] = [
      Math.max(time, range.from),
      Math.min(isMerged ? times[place + 1] ?? time + length : time + length * 0.9, range.to),
    ];
    if (to <= from) return;
    const last = spans.at(-1);
    if (isMerged && last && last.value === value && last.to >= from - 1) last.to = to;
    else spans.push({ from, to, value });
  });
  return spans;
}
