// Tables of columns, as every panel takes them. A frame is {refId, name, fields}, a field {name, type, values, labels,
// config}; types are "time" (milliseconds), "number", "string" and "boolean". All fields of a frame have one length.

const nameOf = (labels) => {
  const { __name__: name = "", ...rest } = labels;
  const pairs = Object.entries(rest).map(([label, value]) => `${label}="${value}"`);
  return pairs.length > 0 ? `${name}{${pairs.join(", ")}}` : name;
};

/// What the legend calls a series: its format with `{{label}}` filled in.
export function legendText(format, labels) {
  if (!format || format === "__auto") return nameOf(labels);
  return format.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, label) => labels[label] ?? "");
}

/// Labels in which the series differ make the shortest names that tell them apart; a series without labels is what was asked.
function autoNames(series, expr) {
  if (series.length === 1) return [nameOf(series[0].metric) || expr || "Value"];
  const [first] = series;
  const varying = Object.keys(Object.assign({}, ...series.map((one) => one.metric))).filter((label) =>
    series.some((one) => one.metric[label] !== first.metric[label])
  );
  const texts = series.map((one) => {
    const { __name__: name, ...rest } = one.metric;
    const pairs = varying.filter((label) => label !== "__name__" && label in rest);
    if (pairs.length === 1 && !varying.includes("__name__")) return rest[pairs[0]];
    return nameOf(
      Object.fromEntries(
        pairs.map((label) => [label, rest[label]]).concat(
          varying.includes("__name__") ? [["__name__", name]] : [],
        ),
      ),
    );
  });
  return new Set(texts).size === texts.length ? texts : series.map((one) => nameOf(one.metric));
}

const numberOf = (text) => (text === "+Inf" ? Infinity : text === "-Inf" ? -Infinity : Number(text));

/// A frame for each series of an answer of `query_range`; steps without a sample are null.
export function framesOfMatrix(data, target, step) {
  const series = data.result;
  const names = !target.legendFormat || target.legendFormat === "__auto" ? autoNames(series, target.expr) : null;
  return series.map((one, place) => {
    const times = [];
    const values = [];
    let expected = null;
    for (const [seconds, text] of one.values ?? []) {
      const ms = Math.round(seconds * 1000);
      // A gap is one null, however long it is.
      if (expected !== null && ms > expected) {
        times.push(expected);
        values.push(null);
      }
      times.push(ms);
      values.push(numberOf(text));
      expected = ms + step;
    }
    for (const [seconds, histogram] of one.histograms ?? []) {
      times.push(Math.round(seconds * 1000));
      values.push(numberOf(histogram.count));
    }
    return {
      refId: target.refId,
      name: names ? names[place] : legendText(target.legendFormat, one.metric),
      fields: [
        { name: "Time", type: "time", values: times, labels: {}, config: {} },
        {
          name: names ? names[place] : legendText(target.legendFormat, one.metric),
          type: "number",
          values,
          labels: one.metric,
          config: {},
        },
      ],
      histograms: one.histograms,
    };
  });
}

/// The same of an answer of `query`: one row a series.
export function framesOfVector(data, target) {
  if (data.resultType === "scalar" || data.resultType === "string") {
    const [seconds, text] = data.result;
    const isText = data.resultType === "string";
    return [{
      refId: target.refId,
      name: target.legendFormat && target.legendFormat !== "__auto" ? target.legendFormat : target.expr,
      fields: [
        { name: "Time", type: "time", values: [seconds * 1000], labels: {}, config: {} },
        {
          name: "Value",
          type: isText ? "string" : "number",
          values: [isText ? text : numberOf(text)],
          labels: {},
          config: {},
        },
      ],
    }];
  }
  const asMatrix = {
    result: data.result.map((one) => ({
      metric: one.metric,
      values: one.value ? [one.value] : one.values ?? [],
      histograms: one.histogram ? [one.histogram] : [],
    })),
  };
  return framesOfMatrix(asMatrix, target, Infinity);
}

/// One table of all series: time, a column for each label, the value. `Value #A` where several targets give one.
export function tableOfVector(data, target, isOneOfMany) {
  const series = data.resultType === "scalar" ? [{ metric: {}, value: data.result }] : data.result;
  const labels = [...new Set(series.flatMap((one) => Object.keys(one.metric)))].sort();
  const rows = series.flatMap((
    one,
  ) => (one.value ? [[one.metric, one.value]] : (one.values ?? []).map((value) => [one.metric, value])));
  return {
    refId: target.refId,
    name: target.legendFormat ?? "",
    fields: [
      {
        name: "Time",
        type: "time",
        values: rows.map(([, [seconds]]) => seconds * 1000),
        labels: {},
        config: {},
      },
      ...labels.map((label) => ({
        name: label,
        type: "string",
        values: rows.map(([metric]) => metric[label] ?? ""),
        labels: {},
        config: {},
      })),
      {
        name: isOneOfMany ? `Value #${target.refId}` : "Value",
        type: "number",
        values: rows.map(([, [, text]]) => numberOf(text)),
        labels: {},
        config: {},
      },
    ],
  };
}

export const rowCount = (frame) => frame.fields[0]?.values.length ?? 0;

/// What a field is called: its `displayName`, or its name.
export function displayName(field, frame) {
  const given = field.config.displayName ?? field.config.displayNameFromDS;
  if (!given) return field.name;
  return given.replace(
    /\$\{__(?:field|series)\.(?:labels\.([\w.]+)|(name)|(displayName))\}|\$__cell_\d+/g,
    (_, label, name) => label ? field.labels[label] ?? "" : name ? field.name : frame?.name ?? field.name,
  );
}

/// Frames of times and values on one axis: [times, values, values, ...], with null where a series has no point.
export function aligned(columns) {
  if (columns.length === 1) return [columns[0].times, columns[0].values];
  const [first] = columns;
  const areSame = columns.every((one) =>
    one.times === first.times ||
    (one.times.length === first.times.length && one.times.every((time, place) => time === first.times[place]))
  );
  if (areSame) return [first.times, ...columns.map((one) => one.values)];
  const times = [...new Set(columns.flatMap((one) => one.times))].sort((left, right) => left - right);
  const places = new Map(times.map((time, place) => [time, place]));
  return [
    times,
    ...columns.map((one) => {
      // Undefined is "no point of this series", which a line crosses; null is a gap.
      const values = new Array(times.length).fill(undefined);
      one.times.forEach((time, place) => {
        values[places.get(time)] = one.values[place];
      });
      return values;
    }),
  ];
}
