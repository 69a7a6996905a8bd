// What a panel says of its fields: defaults, overrides by matcher, thresholds, mappings, colours.

import { blended, colour, colourOfText, isScale, palette } from "../core/colours.js";
import { valueText } from "../core/format.js";
import { displayName } from "./frames.js";
import { reduced } from "./reduce.js";

const pattern = (text) => {
  const match = /^\/(.*)\/([a-z]*)$/s.exec(text);
  try {
    return match ? new RegExp(match[1], match[2]) : new RegExp(`^(?:${text})$`);
  } catch {
    return /(?!)/;
  }
};

function comparison(op, left, right) {
  switch (op) {
    case "eq":
      return left === right;
    case "neq":
      return left !== right;
    case "gt":
      return left > right;
    case "gte":
      return left >= right;
    case "lt":
      return left < right;
    case "lte":
      return left <= right;
    default:
      return false;
  }
}

/// Whether a matcher of overrides and transformations takes a field.
export function matches(matcher, field, frame) {
  const name = displayName(field, frame);
  const options = matcher.options;
  switch (matcher.id) {
    case "byName":
      return name === options || field.name === options;
    case "byRegexp":
      return pattern(options).test(name);
    case "byType":
      return field.type === options;
    case "byTypes":
      return options.includes(field.type);
    case "byNames": {
      const isIn = (options.names ?? []).includes(name);
      return options.mode === "exclude" ? !isIn : isIn;
    }
    case "byRegexpOrNames":
      return (options.names ?? []).includes(name) ||
        (options.pattern ? pattern(options.pattern).test(name) : false);
    case "byFrameRefID":
      return frame?.refId === options;
    case "byValue":
      return comparison(options.op, reduced(options.reducer, field.values), Number(options.value));
    case "numeric":
      return field.type === "number";
    case "time":
      return field.type === "time";
    case "first":
      return frame?.fields[0] === field;
    default:
      return false;
  }
}

function setPath(target, path, value) {
  const keys = path.split(".");
  const last = keys.pop();
  let place = target;
  for (const key of keys) place = place[key] = { ...(place[key] ?? {}) };
  place[last] = value;
}

/// Gives every field its configuration: the defaults, then each override that takes it.
export function configured(frames, fieldConfig, interpolate = (text) => text) {
  const { defaults = {}, overrides = [] } = fieldConfig ?? {};
  let number = 0;
  for (const frame of frames) {
    for (const field of frame.fields) {
      field.config = { ...defaults, custom: { ...(defaults.custom ?? {}) }, ...(field.ownConfig ?? {}) };
      if (field.config.displayName) field.config.displayName = interpolate(field.config.displayName);
      if (field.type === "number") field.number = number++;
    }
  }
  for (const override of overrides) {
    for (const frame of frames) {
      for (const field of frame.fields) {
        if (
          !matches(
            {
              ...override.matcher,
              options: typeof override.matcher.options === "string"
                ? interpolate(override.matcher.options)
                : override.matcher.options,
            },
            field,
            frame,
          )
        ) continue;
        for (const property of override.properties) {
          setPath(
            field.config,
            property.id,
            typeof property.value === "string" ? interpolate(property.value) : property.value,
          );
        }
      }
    }
  }
  return frames;
}

/// The step of thresholds in which a value lies: {color, value}.
export function thresholdOf(thresholds, value, range) {
  const steps = thresholds?.steps ?? [{ color: "green", value: null }];
  const isShare = thresholds?.mode === "percentage";
  const size = isShare ? ((value - range.min) / (range.max - range.min || 1)) * 100 : value;
  let found = steps[0] ?? { color: "green", value: null };
  for (const step of steps) {
    const from = step.value ?? -Infinity;
    if (size >= from) found = step;
  }
  return found;
}

/// Smallest and largest of a field: as it is configured, or as all values of the panel have them.
export function rangeOf(field, frames) {
  let { min, max } = field.config;
  if (typeof min !== "number" || typeof max !== "number") {
    let low = Infinity;
    let high = -Infinity;
    for (const frame of frames) {
      for (const other of frame.fields) {
        if (other.type !== "number") continue;
        for (const value of other.values) {
          if (typeof value !== "number" || !Number.isFinite(value)) continue;
          if (value < low) low = value;
          if (value > high) high = value;
        }
      }
    }
    if (typeof min !== "number") min = low === Infinity ? 0 : low;
    if (typeof max !== "number") max = high === -Infinity ? 100 : high;
  }
  return { min, max };
}

function mapped(mappings, value) {
  for (const mapping of mappings ?? []) {
    const { options } = mapping;
    switch (mapping.type) {
      case "value": {
        const found = options[String(value)];
        if (found) return found;
        break;
      }
      case "range":
        if (
          typeof value === "number" && value >= (options.from ?? -Infinity) &&
          value <= (options.to ?? Infinity)
        ) return options.result;
        break;
      case "regex": {
        const match = pattern(options.pattern).exec(String(value));
        if (match) {
          return {
            ...options.result,
            text: options.result.text?.replace(/\$(\d)/g, (_, group) => match[group] ?? ""),
          };
        }
        break;
      }
      case "special": {
        const isFound = {
          null: value === null || value === undefined,
          nan: Number.isNaN(value),
          "null+nan": value === null || value === undefined || Number.isNaN(value),
          true: value === true,
          false: value === false,
          empty: value === "",
        }[options.match];
        if (isFound) return options.result;
        break;
      }
    }
  }
  return null;
}

/// A value as a field shows it: {text, colour}.
export function shown(field, value, range) {
  const { config } = field;
  const found = mapped(config.mappings, value);
  let text = found?.text;
  if (!text) {
    text = (value === null || value === undefined) && config.noValue
      ? config.noValue
      : field.type === "number" || typeof value === "number"
      ? valueText(value, config.unit, config.decimals)
      : String(value ?? "");
  }
  return { text, colour: found?.color ? colour(found.color) : valueColour(field, value, range) };
}

/// The colour of a value by the field's mode.
export function valueColour(field, value, range) {
  const mode = field.config.color?.mode ?? "thresholds";
  if (isScale(mode)) return blended(mode, ((value ?? range.min) - range.min) / (range.max - range.min || 1));
  if (mode === "thresholds") {
    return colour(thresholdOf(field.config.thresholds, value ?? -Infinity, range).color);
  }
  return seriesColour(field);
}

/// The colour of a series as a whole.
export function seriesColour(field, range) {
  const { mode, fixedColor, seriesBy = "last" } = field.config.color ?? {};
  switch (mode) {
    case "fixed":
      return colour(fixedColor);
    case "shades":
      return colour(fixedColor);
    case "palette-classic-by-name":
      return colourOfText(displayName(field));
    case "thresholds": {
      const value = reduced({ last: "lastNotNull", min: "min", max: "max" }[seriesBy], field.values);
      return colour(thresholdOf(field.config.thresholds, value, range ?? { min: 0, max: 100 }).color);
    }
    default: {
      if (mode && isScale(mode)) {
        return blended(
          mode,
          range
            ? ((reduced("lastNotNull", field.values) ?? range.min) - range.min) / (range.max - range.min || 1)
            : 0.5,
        );
      }
      return palette[(field.number ?? 0) % palette.length];
    }
  }
}
