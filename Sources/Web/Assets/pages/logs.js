// Questions to logs: how many lines there were, the lines, their fields and patterns, and those that come.

import { fill, h } from "../core/dom.js";
import { interval } from "../core/time.js";
import { loadEvents } from "../chart/events.js";
import { askFields, askLabels, askLabelValues, askLines, askPatterns } from "../logs/loki.js";
import { contextDialog } from "../logs/context.js";
import { sharedLabels } from "../logs/correlate.js";
import { fieldBar } from "../logs/fieldbar.js";
import { Histogram } from "../logs/histogram.js";
import { LiveLines } from "../logs/live.js";
import { isMetric, selectorFor, withField, withLabel, withPattern, withText } from "../logs/query.js";
import { logLine } from "../panels/logs.js";
import { coloured, setText } from "./coloured.js";
import { address, say } from "./shell.js";
import { logCompletion } from "./logcompletion.js";

const limits = [100, 500, 1000, 5000];

export class LogsView {
  constructor(body, picker) {
    this.body = body;
    this.picker = picker;
    const { parameters } = address;
    this.query = parameters.get("expr") ?? "";
    this.limit = Number(parameters.get("limit")) || limits[1];
    this.shows = parameters.get("show") === "patterns" ? "patterns" : "lines";
    this.fields = [];
    this.labelNames = new Set();
    this.loads = new AbortController();
    this.graph = h("div", { class: "explore-graph log-graph", hidden: true });
    this.histogram = new Histogram(this.graph, (from, to) => this.picker.set(from, to));
    this.notes = h("div", { role: "status" });
    this.side = h("aside", { class: "fields", "aria-label": "fields" });
    this.list = h("div", { class: "log-lines log-main", tabIndex: 0, role: "region", "aria-label": "lines" });
  }

  async start() {
    this.showTools();
    const found = h("div", { class: "log-found" }, this.side, this.list);
    fill(this.body, this.tools, this.notes, this.graph, found);
    this.list.classList.toggle("log-wrap", localStorage.getItem("obs-wrap") === "1");
    if (this.query === "") await this.suggest();
    else await this.run();
    this.editor.focus();
  }

  destroy() {
    this.loads.abort();
    this.endLive();
    this.histogram.destroy();
  }

  showTools() {
    this.editor = h("textarea", {
      class: "query",
      rows: 1,
      spellcheck: false,
      value: this.query,
      "aria-label": "query of logs",
      placeholder: '{service="checkout"} |= "error"; Enter asks',
      onInput: (event) => {
        this.query = event.target.value;
      },
    });
    this.liveButton = h("button", {
      type: "button",
      "aria-pressed": false,
      title: "follow what comes",
      onClick: () => (this.live ? this.endLive() : this.goLive()),
    }, "Live");
    const limit = h(
      "select",
      {
        "aria-label": "lines at most",
        onChange: (event) => {
          this.limit = Number(event.target.value);
          address.set({ limit: this.limit }, { replaces: true });
          this.run();
        },
      },
      limits.map((count) => h("option", { value: count, selected: count === this.limit }, `${count} lines`)),
    );
    const wrap = h("button", { type: "button", onClick: () => this.toggleWrap() }, "Wrap");
    const row = h(
      "div",
      { class: "query-row" },
      coloured(this.editor),
      h("button", { type: "button", class: "main", onClick: () => this.run() }, "Run"),
      this.liveButton,
      limit,
      wrap,
    );
    this.tabs = [["lines", "Lines"], ["patterns", "Patterns"]].map(([name, title]) =>
      h("button", {
        type: "button",
        role: "tab",
        "aria-selected": this.shows === name,
        onClick: () => this.choose(name),
      }, title)
    );
    this.tools = h(
      "div",
      {},
      row,
      h("div", { class: "tabs", role: "tablist", "aria-label": "view" }, this.tabs),
    );
    logCompletion(this.editor, row, () => this.run(), () => this.picker.range);
  }

  toggleWrap() {
    const isWrapped = this.list.classList.toggle("log-wrap");
    localStorage.setItem("obs-wrap", isWrapped ? "1" : "0");
  }

  choose(name) {
    this.shows = name;
    this.tabs.forEach((tab, place) =>
      tab.setAttribute("aria-selected", String((place === 0) === (name === "lines")))
    );
    address.set({ show: name === "lines" ? null : name }, { replaces: true });
    return this.run();
  }

  /// Streams to begin with, where nothing is asked yet.
  async suggest() {
    const { range } = this.picker;
    const names = await askLabels(range).catch(() => []);
    if (names.length === 0) {
      return fill(this.list, h("p", { class: "soft" }, "There are no logs in this range of time."));
    }
    const name = names.find((one) => /^(service_name|service|app|job|unit)$/.test(one)) ?? names[0];
    const values = await askLabelValues(name, range).catch(() => []);
    const choose = (value) => this.ask(`{${name}=${JSON.stringify(value)}}`);
    fill(
      this.list,
      h("h2", {}, `Logs by ${name}`),
      h(
        "div",
        { class: "filter-row" },
        values.slice(0, 60).map((value) =>
          h("button", { type: "button", onClick: () => choose(value) }, value)
        ),
      ),
    );
  }

  /// Asks something else, as a click in the page does.
  ask(query) {
    setText(this.editor, query);
    return this.run();
  }

  async run() {
    this.endLive();
    this.loads.abort();
    this.loads = new AbortController();
    const { signal } = this.loads;
    address.set({ expr: this.query || null }, { replaces: true });
    fill(this.notes);
    if (this.query.trim() === "") return;
    if (isMetric(this.query)) {
      return this.fail(
        new Error("this query gives numbers: begin it with a selector in braces to see lines"),
      );
    }
    const { range } = this.picker;
    this.body.classList.add("is-loading");
    try {
      const started = performance.now();
      const [{ lines }, fields, names] = await Promise.all([
        askLines(this.query, range, this.limit, signal),
        askFields(this.query, range, signal).catch(() => []),
        askLabels(range, signal).catch(() => []),
      ]);
      if (signal.aborted) return;
      this.fields = fields;
      this.labelNames = new Set(names);
      this.show(lines, performance.now() - started);
      const events = loadEvents(range, signal);
      await this.histogram.load(this.query, range, { fields, lines, events, signal });
      if (this.shows === "patterns") await this.showPatterns(range, signal);
    } catch (error) {
      this.fail(error);
    } finally {
      this.body.classList.remove("is-loading");
    }
  }

  fail(error) {
    if (error.name === "AbortError") return;
    fill(this.notes, h("p", { class: "panel-error", role: "alert" }, error.message));
    fill(this.list);
    this.graph.hidden = true;
  }

  show(lines, tookMs) {
    const more = lines.length >= this.limit ? ", the newest; there may be more" : "";
    fill(this.notes, h("p", { class: "soft" }, `${lines.length} lines${more}, ${tookMs.toFixed(0)} ms`));
    fieldBar(this.side, lines, this.fields, this.labelNames, (...condition) => this.filter(...condition));
    if (this.shows !== "lines") return;
    if (lines.length === 0) {
      return fill(this.list, h("p", { class: "soft" }, "No line fits in this range of time."));
    }
    fill(this.list, lines.map((line) => this.line(line)));
  }

  line(line) {
    return logLine(line, {
      onFilter: (name, value, isExcluded) => this.filter(name, value, isExcluded),
      actions: [
        ["Context", () => contextDialog(line, selectorFor(this.streamOf(line)))],
        ["Copy", () => navigator.clipboard?.writeText(line.line).then(() => say("copied"))],
        ["Lines like it", () => this.ask(withText(this.query, line.line.slice(0, 120), false))],
        ["Metrics of these labels", this.metricsAddress(line)],
      ],
    });
  }

  /// The labels of a line's stream; those that a stage read from the line are none of them.
  streamOf({ labels }) {
    return Object.fromEntries(Object.entries(labels).filter(([name]) => this.labelNames.has(name)));
  }

  /// The metrics that have the labels of a line, at its time.
  metricsAddress(line) {
    const stream = this.streamOf(line);
    const name = sharedLabels.find((one) => one in stream) ?? Object.keys(stream)[0];
    const selector = selectorFor({ [name]: stream[name] });
    const range = { from: line.time - 900_000, to: line.time + 900_000 };
    return `/explore?${new URLSearchParams({ expr: `count by (__name__) (${selector})`, ...range })}`;
  }

  /// Adds a condition on a label of the stream or on a field of the line.
  filter(name, value, isExcluded) {
    if (this.labelNames.has(name)) return this.ask(withLabel(this.query, name, value, isExcluded));
    const flat = name.replace(/\./g, "_");
    const field = this.fields.find(({ label }) => label === flat);
    const parser = field ? field.parsers?.[0] ?? "" : "json";
    return this.ask(withField(this.query, flat, value, isExcluded, parser));
  }

  async showPatterns(range, signal) {
    const step = interval(range, 60, 1000);
    const patterns = await askPatterns(this.query, range, step, signal);
    const rows = patterns.map(({ pattern, samples }) => ({
      pattern,
      count: samples.reduce((sum, [, count]) => sum + count, 0),
    })).sort((left, right) => right.count - left.count);
    const total = rows.reduce((sum, { count }) => sum + count, 0) || 1;
    fill(
      this.list,
      rows.length === 0 ? h("p", { class: "soft" }, "No pattern is found.") : h(
        "table",
        { class: "data patterns" },
        h("thead", {}, h("tr", {}, ["Lines", "Share", "Pattern", ""].map((name) => h("th", {}, name)))),
        h("tbody", {}, rows.map((row) => this.patternRow(row, total))),
      ),
    );
  }

  patternRow({ pattern, count }, total) {
    const button = (sign, title, isExcluded) =>
      h("button", {
        type: "button",
        title,
        "aria-label": title,
        onClick: () => {
          this.shows = "lines";
          this.ask(withPattern(this.query, pattern, isExcluded));
          this.choose("lines");
        },
      }, sign);
    return h(
      "tr",
      {},
      h("td", { class: "number" }, String(count)),
      h("td", { class: "number" }, `${((count / total) * 100).toFixed(1)}%`),
      h("td", { class: "mono" }, pattern),
      h(
        "td",
        { class: "nowrap" },
        button("+", "only these lines", false),
        button("−", "without these lines", true),
      ),
    );
  }

  goLive() {
    if (this.query.trim() === "" || isMetric(this.query)) {
      return say("write which lines to follow first", "error");
    }
    this.loads.abort();
    this.liveButton.setAttribute("aria-pressed", "true");
    this.graph.hidden = true;
    this.live = new LiveLines(this.query, this.list, this.notes, {
      line: (one) => this.line(one),
      end: () => this.endLive(),
    });
  }

  endLive() {
    this.live?.destroy();
    this.live = null;
    this.liveButton?.setAttribute("aria-pressed", "false");
  }
}
