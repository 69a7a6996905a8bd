// `$name`, `${name:format}` and `[[name]]` in texts and queries, with the built-in ones of Grafana.

const escapeRegex = (text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
// In a query a value stands within a string of PromQL, where a backslash is written twice.
const escapeQueryRegex = (text) => escapeRegex(text).replace(/\\/g, "\\\\");
const escapeString = (text) => text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");

const formats = {
  csv: (values) => values.join(","),
  raw: (values) => values.join(","),
  text: (_, texts) => texts.join(" + "),
  pipe: (values) => values.join("|"),
  regex: (
    values,
  ) => (values.length === 1 ? escapeRegex(values[0]) : `(${values.map(escapeRegex).join("|")})`),
  glob: (values) => (values.length === 1 ? values[0] : `{${values.join(",")}}`),
  distributed: (values, _, name) => values.join(`,${name}=`),
  json: (values) => JSON.stringify(values.length === 1 ? values[0] : values),
  percentencode: (values) => encodeURIComponent(values.length === 1 ? values[0] : `{${values.join(",")}}`),
  singlequote: (values) => values.map((value) => `'${value.replace(/'/g, "\\'")}'`).join(","),
  doublequote: (values) => values.map((value) => `"${value.replace(/"/g, '\\"')}"`).join(","),
  sqlstring: (values) => values.map((value) => `'${value.replace(/'/g, "''")}'`).join(","),
  lucene: (
    values,
  ) => (values.length === 1 ? values[0] : `(${values.map((value) => `"${value}"`).join(" OR ")})`),
  queryparam: (values, _, name) =>
    values.map((value) => `var-${name}=${encodeURIComponent(value)}`).join("&"),
  date: (
    values,
    _,
    __,
    form,
  ) => (form === "seconds"
    ? String(Math.floor(values[0] / 1000))
    : form && form !== "iso"
    ? String(values[0])
    : new Date(Number(values[0])).toISOString()),
};

const form = /\$\{(\w+)(?:\.([^}:]+))?(?::(\w+)(?::([^}]*))?)?\}|\[\[(\w+)(?::(\w+))?\]\]|\$(\w+)/g;

/// Fills variables in.
///
/// `scope` has values by name, each {values, texts, isMulti}; `builtIn` single texts by name. Unknown names stay as they
/// are. In queries a choice of several becomes alternatives of a regular expression.
export function interpolated(text, scope, builtIn = {}, isQuery = false) {
  if (typeof text !== "string" || !/[$[]/.test(text)) return text;
  return text.replace(
    form,
    (whole, inBraces, path, formatInBraces, argument, inBrackets, formatInBrackets, bare) => {
      const name = inBraces ?? inBrackets ?? bare;
      const format = formatInBraces ?? formatInBrackets;
      if (name in builtIn) {
        return format === "date" ? formats.date([builtIn[name]], null, name, argument) : builtIn[name];
      }
      const variable = scope[name];
      if (!variable) return whole;
      if (path === "text") return variable.texts.join(" + ");
      const { values, texts, isMulti, allValue, isAll } = variable;
      if (isAll && allValue && format !== "text") return allValue;
      if (format && formats[format]) return formats[format](values, texts, name, argument);
      if (!isQuery) return values.join(" + ");
      if (!isMulti) return variable.isPlain ? values[0] ?? "" : escapeString(String(values[0] ?? ""));
      const parts = values.map((value) => escapeQueryRegex(String(value)));
      return parts.length === 1 ? parts[0] : `(${parts.join("|")})`;
    },
  );
}

/// A title, in which a variable stands as it is chosen: by its text, and `All` where all are.
export function titled(text, scope) {
  const spoken = Object.entries(scope).map(([name, one]) => [name, { ...one, values: one.isAll ? ["All"] : one.texts }]);
  return interpolated(text, Object.fromEntries(spoken));
}

/// The names of variables that a text uses.
export function namesUsed(text) {
  return typeof text === "string"
    ? [...text.matchAll(form)].map((match) => match[1] ?? match[5] ?? match[7])
    : [];
}
