// What can stand at the cursor of a query: metrics with their help, functions, labels and their values.

import { prometheus } from "../core/api.js";
import { debounced, fill, h } from "../core/dom.js";

const functions =
  "abs absent absent_over_time acos acosh asin asinh atan atanh avg avg_over_time bottomk ceil changes clamp clamp_max clamp_min cos cosh count count_over_time count_values day_of_month day_of_week day_of_year days_in_month deg delta deriv double_exponential_smoothing exp first_over_time floor group histogram_avg histogram_count histogram_fraction histogram_quantile histogram_stddev histogram_stdvar histogram_sum hour idelta increase info irate label_join label_replace last_over_time limitk limit_ratio ln log10 log2 mad_over_time max max_over_time min min_over_time minute month pi predict_linear present_over_time quantile quantile_over_time rad rate resets round scalar sgn sin sinh sort sort_by_label sort_by_label_desc sort_desc sqrt stddev stddev_over_time stdvar stdvar_over_time sum sum_over_time tan tanh time timestamp topk vector year"
    .split(" ");
const words = [
  "by",
  "without",
  "on",
  "ignoring",
  "group_left",
  "group_right",
  "offset",
  "bool",
  "and",
  "or",
  "unless",
];

let names = null;
let help = {};

async function metricNames() {
  if (names) return names;
  const [values, metadata] = await Promise.all([
    prometheus("label/__name__/values", {}),
    prometheus("metadata", { limit_per_metric: 1 }).catch(() => ({ data: {} })),
  ]);
  names = values.data;
  help = metadata.data;
  setTimeout(() => {
    names = null;
  }, 60_000);
  return names;
}

/// What is being written before the cursor: {kind, text, metric, label}.
export function context(before) {
  const open = before.lastIndexOf("{");
  if (open > before.lastIndexOf("}")) {
    const metric = /([a-zA-Z_:][\w:]*)\s*\{[^{]*$/.exec(before)?.[1] ?? null;
    const value = /([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)\s*"([^"]*)$/.exec(before.slice(open));
    if (value) return { kind: "value", text: value[2], label: value[1], metric };
    return { kind: "label", text: /([a-zA-Z_]\w*)?$/.exec(before)[0], metric };
  }
  const group = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^()]*)$/.exec(before);
  if (group) return { kind: "label", text: /(\w*)$/.exec(group[1])[1], metric: null };
  return { kind: "name", text: /([a-zA-Z_:][\w:]*)?$/.exec(before)[0], metric: null };
}

async function candidates({ kind, text, metric, label }) {
  const wanted = text.toLowerCase();
  const query = metric ? { "match[]": metric } : {};
  if (kind === "value") {
    return (await prometheus(`label/${encodeURIComponent(label)}/values`, query)).data.filter((one) =>
      one.toLowerCase().includes(wanted)
    ).map((insert) => ({ insert, about: "" }));
  }
  if (kind === "label") {
    return (await prometheus("labels", query)).data.filter((one) => one.toLowerCase().includes(wanted)).map((
      insert,
    ) => ({ insert, about: "label" }));
  }
  if (wanted === "") return [];
  const found = (await metricNames()).filter((one) => one.toLowerCase().includes(wanted));
  found.sort((left, right) =>
    left.toLowerCase().indexOf(wanted) - right.toLowerCase().indexOf(wanted) || left.length - right.length
  );
  return [
    ...functions.filter((one) => one.startsWith(wanted)).map((one) => ({
      insert: `${one}(`,
      about: "function",
    })),
    ...words.filter((one) => one.startsWith(wanted)).map((one) => ({ insert: `${one} `, about: "keyword" })),
    ...found.map((one) => ({
      insert: one,
      about: [help[one]?.[0]?.type, help[one]?.[0]?.help].filter(Boolean).join(": "),
    })),
  ];
}

/// Offers completions of PromQL below an editor; Enter without a choice runs.
export const completion = (editor, row, run) => offers(editor, row, run, context, candidates);

/// Offers completions below an editor: `contextOf(before)` says what is being written ({text, ...}), `candidatesOf` of
/// that gives what may stand there ({insert, about}).
export function offers(editor, row, run, contextOf, candidatesOf) {
  let list = null;
  let found = [];
  let chosen = -1;
  let at = null;
  const close = () => {
    list?.remove();
    list = null;
    chosen = -1;
    editor.removeAttribute("aria-activedescendant");
  };
  const take = (place) => {
    const { insert } = found[place];
    const [start, end] = [editor.selectionStart - at.text.length, editor.selectionStart];
    editor.setRangeText(insert, start, end, "end");
    editor.dispatchEvent(new Event("input"));
    close();
    editor.focus();
  };
  const mark = () =>
    [...(list?.children ?? [])].forEach((one, place) => {
      one.setAttribute("aria-selected", String(place === chosen));
      if (place === chosen) {
        one.scrollIntoView({ block: "nearest" });
        editor.setAttribute("aria-activedescendant", one.id);
      }
    });
  const offer = debounced(120, async () => {
    const before = editor.value.slice(0, editor.selectionStart);
    const asked = contextOf(before);
    const answer = await candidatesOf(asked).catch(() => []);
    if (editor.value.slice(0, editor.selectionStart) !== before) return;
    [at, found] = [asked, answer.slice(0, 60)];
    if (
      document.activeElement !== editor || found.length === 0 ||
      (found.length === 1 && found[0].insert === at.text)
    ) return close();
    list ??= h("div", { class: "completions", role: "listbox", "aria-label": "completions" });
    fill(
      list,
      found.map(({ insert, about }, place) =>
        h(
          "div",
          {
            role: "option",
            id: `completion-${place}`,
            "aria-selected": false,
            onPointerdown: (event) => {
              event.preventDefault();
              take(place);
            },
          },
          h("span", {}, insert),
          h("span", { class: "soft" }, about),
        )
      ),
    );
    chosen = -1;
    if (!list.isConnected) row.append(list);
  });
  editor.addEventListener("input", (event) => {
    if (event.isTrusted) offer();
  });
  editor.addEventListener("blur", close);
  editor.addEventListener("keydown", (event) => {
    if (list && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + found.length) % found.length;
      mark();
    } else if (list && (event.key === "Tab" || event.key === "Enter") && chosen >= 0) {
      event.preventDefault();
      take(chosen);
    } else if (list && event.key === "Tab") {
      event.preventDefault();
      take(0);
    } else if (event.key === "Escape") close();
    else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      close();
      run();
    }
  });
}
