// What the panels of single values share: which values they show.

import { displayName } from "../dashboards/frames.js";
import { rangeOf, shown } from "../dashboards/fields.js";
import { reduced } from "../dashboards/reduce.js";

/// One entry for each field (or row) of a panel: {name, value, text, colour, field, range, course}.
export function singleValues(panel, frames, fillIn = (text) => text) {
  const { calcs = ["lastNotNull"], values: isEachRow = false, limit = 25, fields = "" } =
    panel.options.reduceOptions ?? {};
  const result = [];
  const wanted = wantedFields(fields);
  for (const frame of frames) {
    const time = frame.fields.find((field) => field.type === "time");
    const names = frame.fields.filter((field) => field.type === "string");
    for (const field of frame.fields) {
      if (field.type === "time" || !wanted(field, frame)) continue;
      const range = rangeOf(field, frames);
      if (isEachRow) {
        field.values.slice(0, limit).forEach((value, row) => {
          const text = shown(field, value, range);
          const name = field.config.displayName
            ? displayName(field, frame)
            : names.map((one) => one.values[row]).join(" ") || displayName(field, frame);
          result.push({ name, value, ...text, field, range, course: null });
        });
        continue;
      }
      const value = reduced(calcs[0], field.values);
      const course = time && field.values.length > 1 ? { times: time.values, values: field.values } : null;
      result.push({
        name: fillIn(displayName(field, frame)),
        value,
        ...shown(field, value, range),
        field,
        range,
        course,
      });
    }
  }
  return result;
}

function wantedFields(text) {
  if (!text) return (field) => field.type === "number";
  const match = /^\/(.*)\/$/.exec(text);
  if (!match) return (field, frame) => displayName(field, frame) === text || field.name === text;
  let expression;
  try {
    expression = new RegExp(match[1]);
  } catch {
    return () => false;
  }
  return (field, frame) => expression.test(displayName(field, frame));
}

/// How many columns and rows a number of tiles takes in a box, so that each comes near a shape of its own.
export function tiling(count, width, height, orientation, ratio = 2) {
  if (orientation === "horizontal") return { columns: 1, rows: count };
  if (orientation === "vertical") return { columns: count, rows: 1 };
  let best = { columns: count, rows: 1, score: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const [w, h] = [width / columns, height / rows];
    const score = Math.min(w, h * ratio);
    if (score > best.score) best = { columns, rows, score };
  }
  return best;
}
