// Transformations between the answer and the panel: each takes frames and gives frames. What is not here is told by name.

import { displayName, rowCount } from "./frames.js";
import { matches } from "./fields.js";
import { calculationName, reduced } from "./reduce.js";

const field = (name, type, values, labels = {}) => ({ name, type, values, labels, config: {} });
const typeOf = (values) => {
  const known = values.find((value) => value !== null && value !== undefined);
  return typeof known === "number" ? "number" : typeof known === "boolean" ? "boolean" : "string";
};
const renamed = (one, name) => ({
  ...one,
  name,
  ownConfig: { ...(one.ownConfig ?? {}), displayName: name },
  config: { ...one.config, displayName: name },
});
const picked = (frame, places) => ({
  ...frame,
  fields: frame.fields.map((one) => ({ ...one, values: places.map((place) => one.values[place]) })),
});
const allRows = (frame) => Array.from({ length: rowCount(frame) }, (_, place) => place);
const named = (frame, name) =>
  frame.fields.find((one) => displayName(one, frame) === name || one.name === name);

function compared(left, right) {
  if (left === right) return 0;
  if (left === null || left === undefined) return 1;
  if (right === null || right === undefined) return -1;
  return typeof left === "number" && typeof right === "number"
    ? left - right
    : String(left).localeCompare(String(right), "en", { numeric: true });
}

function organize(frames, { excludeByName = {}, includeByName, indexByName = {}, renameByName = {} }) {
  return frames.map((frame) => {
    const fields = frame.fields
      .filter((one) =>
        !excludeByName[displayName(one, frame)] &&
        (!includeByName || Object.keys(includeByName).length === 0 || includeByName[displayName(one, frame)])
      )
      .map((one, place) => ({ one, order: indexByName[displayName(one, frame)] ?? 10_000 + place }))
      .sort((left, right) => left.order - right.order)
      .map(({ one }) => {
        const name = renameByName[displayName(one, frame)];
        return name ? renamed(one, name) : one;
      });
    return { ...frame, fields };
  });
}

/// All frames one below the other; what a frame lacks is null.
function merge(frames) {
  const tables = frames.filter((frame) => frame.fields.length > 0);
  if (tables.length === 0) return frames;
  const names = [...new Set(tables.flatMap((frame) => frame.fields.map((one) => one.name)))];
  const shared = names.filter((name) =>
    tables.every((frame) => frame.fields.some((one) => one.name === name)) &&
    tables.some((frame) => frame.fields.find((one) => one.name === name)?.type !== "number")
  );
  const rows = new Map();
  for (const frame of tables) {
    for (const place of allRows(frame)) {
      const row = Object.fromEntries(frame.fields.map((one) => [one.name, one.values[place]]));
      // Rows that agree in what all frames have are one, unless they would overwrite each other.
      let key = JSON.stringify(shared.map((name) => row[name]));
      while (
        rows.has(key) &&
        Object.keys(row).some((name) =>
          !shared.includes(name) && name in rows.get(key) && rows.get(key)[name] !== row[name]
        )
      ) key += "+";
      rows.set(key, { ...(rows.get(key) ?? {}), ...row });
    }
  }
  const list = [...rows.values()];
  const source = (name) => tables.flatMap((frame) => frame.fields).find((one) => one.name === name);
  return [{
    refId: tables[0].refId,
    name: "",
    fields: names.map((name) => ({ ...source(name), values: list.map((row) => row[name] ?? null) })),
  }];
}

function reduce(
  frames,
  { reducers = ["lastNotNull"], mode = "seriesToRows", includeTimeField = false, labelsToFields = false },
) {
  if (mode === "reduceFields") {
    return frames.map((frame) => ({
      ...frame,
      fields: frame.fields.filter((one) => includeTimeField || one.type !== "time").flatMap((one) =>
        reducers.map((id) => {
          const made = { ...one, values: [reduced(id, one.values)] };
          return reducers.length > 1 ? renamed(made, `${displayName(one, frame)} ${calculationName(id)}`) : made;
        })
      ),
    }));
  }
  const rows = frames.flatMap((frame) =>
    frame.fields.filter((one) => one.type === "number").map((one) => ({ one, frame }))
  );
  const labels = labelsToFields
    ? [...new Set(rows.flatMap(({ one }) => Object.keys(one.labels)))].filter((name) => name !== "__name__")
      .sort()
    : [];
  return [{
    refId: frames[0]?.refId,
    name: "",
    fields: [
      field("Field", "string", rows.map(({ one, frame }) => displayName(one, frame))),
      ...labels.map((label) => field(label, "string", rows.map(({ one }) => one.labels[label] ?? ""))),
      ...reducers.map((id) => {
        const values = rows.map(({ one }) => reduced(id, one.values));
        return field(calculationName(id), typeOf(values), values);
      }),
    ],
  }];
}

function joinByField(frames, { byField, mode = "outer" }) {
  const keyed = frames.map((frame) => ({
    frame,
    key: byField ? named(frame, byField) : frame.fields.find((one) => one.type === "time") ?? frame.fields[0],
  })).filter(({ key }) => key);
  if (keyed.length < 2) return frames;
  const sets = keyed.map(({ key }) => new Set(key.values));
  const all = [...new Set(keyed.flatMap(({ key }) => key.values))];
  const keys = mode === "inner" ? all.filter((value) => sets.every((set) => set.has(value))) : all;
  if (keyed[0].key.type !== "string") keys.sort(compared);
  const places = new Map(keys.map((value, place) => [value, place]));
  const fields = keyed.flatMap(({ frame, key }) =>
    frame.fields.filter((one) => one !== key).map((one) => {
      const values = new Array(keys.length).fill(null);
      key.values.forEach((value, place) => {
        if (places.has(value)) values[places.get(value)] = one.values[place];
      });
      return { ...one, values };
    })
  );
  return [{ refId: keyed[0].frame.refId, name: "", fields: [{ ...keyed[0].key, values: keys }, ...fields] }];
}

const operators = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
  "%": (left, right) => left % right,
  "**": (left, right) => left ** right,
};
const unary = {
  abs: Math.abs,
  exp: Math.exp,
  ln: Math.log,
  floor: Math.floor,
  ceil: Math.ceil,
  round: Math.round,
};

function calculateField(frames, options) {
  const { mode = "reduceRow", alias, replaceFields } = options;
  const sources = mode === "reduceRow" && frames.length > 1 ? joinByField(frames, {}) : frames;
  return sources.map((frame) => {
    const numeric = frame.fields.filter((one) => one.type === "number");
    let values;
    let name;
    const side = (given) => {
      const isObject = typeof given === "object" && given !== null;
      const text = isObject ? given.matcher?.options ?? given.fixed : given;
      const found = named(frame, text);
      return { name: text, at: found ? (place) => found.values[place] : () => Number(text) };
    };
    if (mode === "binary") {
      const { left, right, operator } = options.binary;
      const [one, other] = [side(left), side(right)];
      name = `${one.name} ${operator} ${other.name}`;
      values = allRows(frame).map((place) => {
        const [a, b] = [one.at(place), other.at(place)];
        return a === null || b === null || a === undefined || b === undefined
          ? null
          : operators[operator](a, b);
      });
    } else if (mode === "unary") {
      const one = named(frame, options.unary.fieldName);
      name = `${options.unary.operator}(${options.unary.fieldName})`;
      values = (one?.values ?? []).map((
        value,
      ) => (value === null ? null : unary[options.unary.operator](value)));
    } else if (mode === "index") {
      name = "Row";
      values = allRows(frame).map((place) => (options.index?.asPercentile ? place / rowCount(frame) : place));
    } else if (mode === "cumulativeFunctions" || mode === "windowFunctions") {
      const given = options.cumulative ?? options.window;
      const one = named(frame, given.field) ?? numeric[0];
      const size = mode === "windowFunctions"
        ? Math.max(
          1,
          Math.round(
            given.windowSizeMode === "percentage" ? given.windowSize * rowCount(frame) : given.windowSize,
          ),
        )
        : Infinity;
      name = `${calculationName(given.reducer)}(${given.field})`;
      values = (one?.values ?? []).map((_, place, list) =>
        reduced(given.reducer, list.slice(Math.max(0, place + 1 - size), place + 1))
      );
    } else {
      const { include, reducer = "sum" } = options.reduce ?? {};
      const taken = numeric.filter((one) =>
        !include || include.length === 0 || include.includes(displayName(one, frame))
      );
      name = calculationName(reducer);
      values = allRows(frame).map((place) => reduced(reducer, taken.map((one) => one.values[place])));
    }
    const made = field(alias || name, typeOf(values), values);
    return {
      ...frame,
      fields: replaceFields
        ? [...frame.fields.filter((one) => one.type === "time"), made]
        : [...frame.fields, made],
    };
  });
}

function groupBy(frames, { fields = {} }) {
  return frames.map((frame) => {
    const entries = frame.fields.map((one) => ({ one, how: fields[displayName(one, frame)] })).filter((
      { how },
    ) => how?.operation);
    const keys = entries.filter(({ how }) => how.operation === "groupby");
    if (keys.length === 0) return frame;
    const groups = new Map();
    for (const place of allRows(frame)) {
      const key = JSON.stringify(keys.map(({ one }) => one.values[place]));
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(place);
    }
    const rows = [...groups.values()];
    return {
      ...frame,
      fields: [
        ...keys.map(({ one }) => ({ ...one, values: rows.map(([first]) => one.values[first]) })),
        ...entries.filter(({ how }) => how.operation === "aggregate").flatMap(({ one, how }) =>
          how.aggregations.map((id) => {
            const values = rows.map((places) => reduced(id, places.map((place) => one.values[place])));
            return {
              ...field(`${displayName(one, frame)} (${id})`, typeOf(values), values),
              ownConfig: one.ownConfig,
            };
          })
        ),
      ],
    };
  });
}

function labelsToFields(frames, { mode = "columns", keepLabels, valueLabel }) {
  const isKept = (label) =>
    label !== "__name__" && (!keepLabels || keepLabels.length === 0 || keepLabels.includes(label));
  if (mode === "rows") {
    return frames.flatMap((frame) =>
      frame.fields.filter((one) => one.type !== "time").map((one) => {
        const pairs = Object.entries(one.labels).filter(([label]) => isKept(label));
        return {
          ...frame,
          fields: [
            field(
              "label",
              "string",
              pairs.map(([label]) => label),
            ),
            field("value", "string", pairs.map(([, value]) => value)),
          ],
        };
      })
    );
  }
  const tables = frames.map((frame) => {
    const count = rowCount(frame);
    const time = frame.fields.find((one) => one.type === "time");
    const numeric = frame.fields.filter((one) => one.type !== "time");
    const labels = [...new Set(numeric.flatMap((one) => Object.keys(one.labels)))].filter(isKept);
    const columns = labels.filter((label) => label !== valueLabel).map((label) =>
      field(
        label,
        "string",
        new Array(count).fill(numeric.find((one) => label in one.labels)?.labels[label] ?? ""),
      )
    );
    const values = numeric.map((one) =>
      field(
        valueLabel && one.labels[valueLabel]
          ? one.labels[valueLabel]
          : one.labels.__name__ ?? (Object.keys(one.labels).length > 0 ? "Value" : one.name),
        one.type,
        one.values,
      )
    );
    return { ...frame, fields: [...(time ? [time] : []), ...columns, ...values] };
  });
  return merge(tables);
}

function sortBy(frames, { sort = [] }) {
  const [{ field: name, desc = false } = {}] = sort;
  return frames.map((frame) => {
    const key = name && named(frame, name);
    if (!key) return frame;
    return picked(
      frame,
      allRows(frame).sort((left, right) => (desc ? -1 : 1) * compared(key.values[left], key.values[right])),
    );
  });
}

const tests = {
  isNull: (value) => value === null || value === undefined,
  isNotNull: (value) => value !== null && value !== undefined,
  greater: (value, { value: bound }) => value > Number(bound),
  greaterOrEqual: (value, { value: bound }) => value >= Number(bound),
  lower: (value, { value: bound }) => value < Number(bound),
  lowerOrEqual: (value, { value: bound }) => value <= Number(bound),
  between: (value, { from, to }) => value > Number(from) && value < Number(to),
  equal: (value, { value: other }) => String(value) === String(other),
  notEqual: (value, { value: other }) => String(value) !== String(other),
  substring: (value, { value: part }) => String(value).toLowerCase().includes(String(part).toLowerCase()),
  notSubstring: (value, { value: part }) => !String(value).toLowerCase().includes(String(part).toLowerCase()),
  regex: (value, { value: text }) => {
    try {
      return new RegExp(text).test(String(value));
    } catch {
      return false;
    }
  },
};

function filterByValue(frames, { filters = [], type = "include", match = "any" }) {
  return frames.map((frame) =>
    picked(
      frame,
      allRows(frame).filter((place) => {
        const results = filters.map(({ fieldName, config }) =>
          tests[config.id]?.(named(frame, fieldName)?.values[place], config.options ?? {}) ?? false
        );
        const isFound = match === "all" ? results.every(Boolean) : results.some(Boolean);
        return type === "include" ? isFound : !isFound;
      }),
    )
  );
}

function filterFieldsByName(frames, { include, exclude }) {
  const takes = (given, one, frame) =>
    given &&
    ((given.names ?? []).includes(displayName(one, frame)) ||
      (given.pattern && matches({ id: "byRegexp", options: given.pattern }, one, frame)));
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.filter((one) =>
      (!include || takes(include, one, frame)) && !takes(exclude, one, frame)
    ),
  }));
}

function renameByRegex(frames, { regex, renamePattern }) {
  let expression;
  try {
    const match = /^\/(.*)\/([a-z]*)$/.exec(regex);
    expression = match ? new RegExp(match[1], match[2]) : new RegExp(regex);
  } catch {
    return frames;
  }
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((one) => {
      const name = displayName(one, frame);
      const next = name.replace(expression, renamePattern);
      return next === name ? one : renamed(one, next);
    }),
  }));
}

function convertFieldType(frames, { conversions = [] }) {
  const convert = {
    number: (value) => (value === null || value === "" || Number.isNaN(Number(value)) ? null : Number(value)),
    string: (value) => String(value ?? ""),
    boolean: (value) => value === true || value === 1 || value === "true",
    time: (value) => (typeof value === "number" ? value : Date.parse(value)),
  };
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((one) => {
      const found = conversions.find((each) => each.targetField === displayName(one, frame));
      return found && convert[found.destinationType]
        ? { ...one, type: found.destinationType, values: one.values.map(convert[found.destinationType]) }
        : one;
    }),
  }));
}

/// Rows of one column become the names of columns.
function groupingToMatrix(frames, { columnField = "Time", rowField = "Time", valueField = "Value" }) {
  return frames.map((frame) => {
    const [column, row, value] = [columnField, rowField, valueField].map((name) => named(frame, name));
    if (!column || !row || !value) return frame;
    const [columns, rows] = [[...new Set(column.values)], [...new Set(row.values)]];
    const cells = new Map(
      allRows(frame).map((
        place,
      ) => [JSON.stringify([column.values[place], row.values[place]]), value.values[place]]),
    );
    return {
      ...frame,
      fields: [
        { ...row, name: `${rowField}\\${columnField}`, values: rows },
        ...columns.map((name) =>
          field(
            String(name),
            value.type,
            rows.map((each) => cells.get(JSON.stringify([name, each])) ?? null),
          )
        ),
      ],
    };
  });
}

function concatenate(frames) {
  const longest = Math.max(0, ...frames.map(rowCount));
  return [{
    refId: frames[0]?.refId,
    name: "",
    fields: frames.flatMap((frame) =>
      frame.fields.map((one) => ({
        ...one,
        values: [...one.values, ...new Array(longest - one.values.length).fill(null)],
      }))
    ),
  }];
}

/// Every series as a row, with its course as one cell.
function timeSeriesTable(frames) {
  const series = frames.flatMap((frame) =>
    frame.fields.filter((one) => one.type === "number").map((one) => ({ one, frame }))
  );
  const labels = [...new Set(series.flatMap(({ one }) => Object.keys(one.labels)))].sort();
  return [{
    refId: frames[0]?.refId,
    name: "",
    fields: [
      ...labels.map((label) => field(label, "string", series.map(({ one }) => one.labels[label] ?? ""))),
      field("Trend", "trend", series.map(({ one }) => one.values)),
    ],
  }];
}

export const transformations = {
  organize,
  merge,
  reduce,
  joinByField,
  seriesToColumns: joinByField,
  calculateField,
  groupBy,
  labelsToFields,
  sortBy,
  filterByValue,
  filterFieldsByName,
  renameByRegex,
  convertFieldType,
  groupingToMatrix,
  concatenate,
  timeSeriesTable,
  limit: (frames, { limitField = 10 }) =>
    frames.map((frame) => picked(frame, allRows(frame).slice(0, limitField))),
  filterByRefId: (frames, { include = "" }) =>
    frames.filter((frame) =>
      matches({ id: "byRegexp", options: include }, { name: frame.refId ?? "", config: {}, labels: {} })
    ),
  seriesToRows: (frames) => {
    const rows = frames.flatMap((frame) => {
      const time = frame.fields.find((one) => one.type === "time");
      return frame.fields.filter((one) => one.type === "number").flatMap((one) =>
        one.values.map((value, place) => [time?.values[place], displayName(one, frame), value])
      );
    });
    rows.sort(([left], [right]) => right - left);
    return [{
      refId: frames[0]?.refId,
      name: "",
      fields: [
        field("Time", "time", rows.map(([time]) => time)),
        field("Metric", "string", rows.map(([, name]) => name)),
        field("Value", "number", rows.map(([, , value]) => value)),
      ],
    }];
  },
};
/// Frames after all transformations that are not switched off.
export function transformed(frames, list) {
  let result = frames;
  for (const { id, options = {}, disabled, filter } of list ?? []) {
    if (disabled || !transformations[id]) continue;
    if (filter?.options) {
      const [taken, others] = [
        result.filter((frame) =>
          matches({ id: "byRegexp", options: filter.options }, {
            name: frame.refId ?? "",
            config: {},
            labels: {},
          })
        ),
        result.filter((frame) =>
          !matches({ id: "byRegexp", options: filter.options }, {
            name: frame.refId ?? "",
            config: {},
            labels: {},
          })
        ),
      ];
      result = [...others, ...transformations[id](taken, options)];
    } else {
      result = transformations[id](result, options);
    }
  }
  return result;
}
