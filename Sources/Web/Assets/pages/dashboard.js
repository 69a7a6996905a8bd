// One dashboard: its variables, and its panels as they come into view.

import { askDashboard, prometheus, unlessAborted } from "../core/api.js";
import { fill, h, link } from "../core/dom.js";
import { duration, timeZone } from "../core/time.js";
import { builtIns } from "../dashboards/data.js";
import { interpolated, titled } from "../dashboards/interpolate.js";
import { loadMarks } from "../dashboards/marks.js";
import { compacted, dashboardOf, repeated } from "../dashboards/model.js";
import { resolveVariables } from "../dashboards/variables.js";
import { choice } from "./choice.js";
import { editButtons } from "./editing.js";
import { PanelView } from "./panelview.js";
import { address, say, tools } from "./shell.js";
import { TimePicker } from "./timepicker.js";

const atOnce = 6;

/// Shows a dashboard by its identifier, which may be asked for already; gives what ends it.
export async function dashboardPage(page, uid, asked = askDashboard(uid)) {
  scrapeInterval();
  const { dashboard, ...about } = await asked;
  return showDashboard(page, dashboard, { uid, ...about });
}

export async function showDashboard(page, json, about) {
  const view = new DashboardView(page, dashboardOf(json), about);
  await view.start();
  return () => view.destroy();
}

class DashboardView {
  constructor(page, dashboard, about) {
    this.page = page;
    this.dashboard = dashboard;
    this.about = about;
    this.views = [];
    this.queue = [];
    this.running = 0;
    this.loads = new AbortController();
    document.title = `${dashboard.title} · obs`;
    timeZone.standard = dashboard.timezone;
    this.picker = new TimePicker({
      from: dashboard.from,
      to: dashboard.to,
      refresh: dashboard.refresh,
      onChange: () => this.refresh().catch(unlessAborted),
    });
    this.onTheme = () => this.views.forEach((view) => view.redraw());
    addEventListener("obs:theme", this.onTheme);
  }

  destroy() {
    this.loads.abort();
    timeZone.standard = "";
    this.picker.destroy();
    this.visibility?.disconnect();
    removeEventListener("obs:theme", this.onTheme);
    for (const view of this.views) view.destroy();
  }

  async start() {
    tools(this.picker.element);
    this.head = h("div", { class: "dashboard-head" });
    this.controls = h("div", { class: "controls", role: "group", "aria-label": "variables" });
    this.grid = h("div", { class: "sections" });
    fill(this.page, this.head, this.controls, this.grid);
    this.showHead();
    [this.dashboard.scrapeIntervalMs] = await Promise.all([scrapeInterval(), this.resolve()]);
    this.render();
  }

  showHead() {
    const { dashboard } = this;
    fill(
      this.head,
      h("h1", { title: dashboard.description || null }, dashboard.title),
      dashboard.tags.map((tag) =>
        h("a", { class: "tag", href: `/dashboards?tag=${encodeURIComponent(tag)}` }, tag)
      ),
      h("span", { class: "bar-space" }),
      dashboard.links.map((one) => (one.type === "dashboards"
        ? h("a", {
          class: "tag",
          href: `/dashboards?${(one.tags ?? []).map((tag) => `tag=${encodeURIComponent(tag)}`).join("&")}`,
        }, one.title || "dashboards")
        : link(this.linkAddress(one), {
          class: "tag",
          target: one.targetBlank ? "_blank" : null,
          title: one.tooltip || null,
        }, one.title))
      ),
      editButtons(this),
    );
  }

  fillIn(text) {
    return interpolated(
      text,
      this.dashboard.scope ?? {},
      builtIns(this.picker.range, 15_000, this.dashboard),
    );
  }

  /// The address of a link of a dashboard or panel: with the times and variables that are chosen where it asks for them.
  linkAddress({ url = "", keepTime, includeVars }) {
    const given = new URLSearchParams();
    if (keepTime) for (const name of ["from", "to"]) given.set(name, this.picker[name]);
    if (includeVars) {
      for (const { name, chosen } of this.dashboard.variables) {
        for (const value of chosen ?? []) given.append(`var-${name}`, value);
      }
    }
    const filled = this.fillIn(url);
    return given.size > 0 ? `${filled}${filled.includes("?") ? "&" : "?"}${given}` : filled;
  }

  async resolve() {
    const chosen = {};
    for (const [name, value] of address.parameters) {
      if (name.startsWith("var-")) (chosen[name.slice(4)] ??= []).push(value);
    }
    const { scope, failures } = await resolveVariables(
      this.dashboard.variables,
      chosen,
      this.picker.range,
      this.loads.signal,
    );
    this.dashboard.scope = scope;
    this.dashboard.filters = this.dashboard.variables.filter((one) => one.type === "adhoc").flatMap((one) =>
      one.chosen
    );
    for (const failure of failures) say(failure, "error");
    fill(
      this.controls,
      this.dashboard.variables.filter((one) => one.hide !== 2 && one.type !== "constant").map((one) =>
        this.control(one)
      ),
    );
    this.showHead();
  }

  control(variable) {
    const change = (values) => {
      address.set({ [`var-${variable.name}`]: values });
      return this.resolve().then(() => this.render()).catch(unlessAborted);
    };
    if (variable.type === "textbox") {
      return h(
        "label",
        { class: "choice" },
        h("span", { class: "choice-label" }, variable.label),
        h("input", {
          type: "text",
          value: variable.chosen[0] ?? "",
          onChange: (event) => change([event.target.value]),
        }),
      );
    }
    if (variable.type === "adhoc") {
      return h(
        "label",
        { class: "choice" },
        h("span", { class: "choice-label" }, variable.label),
        h("input", {
          type: "text",
          placeholder: "label|=|value",
          value: variable.chosen.join(" "),
          onChange: (event) => change(event.target.value.split(/\s+/).filter(Boolean)),
        }),
      );
    }
    const options = [...(variable.hasAll ? [{ value: "$__all", text: "All" }] : []), ...variable.choices];
    return choice({
      label: variable.label,
      options,
      chosen: variable.chosen,
      isMulti: variable.isMulti,
      onChange: change,
    });
  }

  /// Makes the panels anew: after a change of variables, which may repeat other ones.
  render() {
    for (const view of this.views) view.destroy();
    this.visibility?.disconnect();
    this.visibility = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) this.want(this.views.find((view) => view.element === entry.target));
      }
    }, { rootMargin: "200px" });
    this.views = [];
    this.queue = [];
    const panels = repeated(this.dashboard.panels, this.dashboard.scope);
    fill(this.grid, this.sections(panels));
    this.wantsMarks = true;
  }

  /// Panels by the rows that they are in; those before the first row are in none.
  sections(panels) {
    const sections = [{ row: null, panels: [] }];
    for (const panel of panels) {
      if (panel.type !== "row") {
        sections.at(-1).panels.push(panel);
        continue;
      }
      const inner = repeated(panel.panels ?? [], { ...this.dashboard.scope, ...panel.scope });
      sections.push({ row: panel, panels: inner });
    }
    return sections.filter(({ row, panels: own }) => row || own.length > 0).map((one) => this.section(one));
  }

  /// A row with its panels, which are made when it is first opened.
  section({ row, panels }) {
    const grid = h("div", { class: "grid" });
    const open = () => fill(grid, compacted(panels).map((panel) => this.panel(panel)));
    if (!row?.isCollapsed) open();
    if (!row) return grid;
    const show = (isOpen) => {
      button.setAttribute("aria-expanded", String(isOpen));
      grid.hidden = !isOpen;
    };
    const button = h("button", {
      type: "button",
      class: "row-title",
      onClick: () => {
        if (grid.childElementCount === 0) open();
        show(grid.hidden);
      },
    }, titled(row.title, { ...this.dashboard.scope, ...row.scope }));
    show(!row.isCollapsed);
    return h("section", { class: "row" }, h("h2", {}, button), grid);
  }

  panel(panel) {
    const view = new PanelView(panel, this);
    this.views.push(view);
    this.visibility.observe(view.element);
    return view.element;
  }

  /// Loads a panel, a few at a time.
  want(view) {
    if (!view || view.isWanted) return;
    view.isWanted = true;
    this.queue.push(view);
    this.next();
  }

  next() {
    while (this.running < atOnce && this.queue.length > 0) {
      const view = this.queue.shift();
      this.running += 1;
      view.load().finally(() => {
        this.running -= 1;
        this.next();
      });
    }
    // Panels first: marks are drawn over them.
    if (this.wantsMarks && this.running === 0 && this.views.some((view) => view.isWanted)) {
      this.wantsMarks = false;
      this.loadMarks();
    }
  }

  async refresh() {
    this.loads.abort();
    this.loads = new AbortController();
    this.picker.show();
    if (this.dashboard.variables.some((one) => one.refresh === 2)) await this.resolve();
    for (const view of this.views) view.isWanted = false;
    this.wantsMarks = true;
    const seen = this.views.filter((view) => {
      const box = view.element.getBoundingClientRect();
      return box.bottom > -200 && box.top < innerHeight + 200;
    });
    for (const view of seen) this.want(view);
    // What is out of sight is asked when it is looked at.
    for (const view of this.views) {
      if (!seen.includes(view)) {
        this.visibility.unobserve(view.element);
        this.visibility.observe(view.element);
      }
    }
  }

  /// Alerts, deploys and the dashboard's own events as marks on every graph.
  async loadMarks() {
    const { marks, failures } = await loadMarks(this.dashboard, this.picker.range, this.loads.signal);
    for (const failure of failures) say(failure, "error");
    if (marks.length === 0 && !this.marks?.length) return;
    this.marks = marks;
    for (const view of this.views) view.shown?.mark?.(marks);
  }
}

let scrapeIntervalAsked = null;

/// How often is scraped, for `$__rate_interval`: the longest interval of all jobs, for a rate that is asked over less than
/// that of its job is empty. Jobs that are scraped once in minutes do not make the rates of all others so coarse.
function scrapeInterval() {
  scrapeIntervalAsked ??= prometheus("status/config").then(({ data }) => {
    const all = [...(data.yaml ?? "").matchAll(/scrape_interval:\s*"?(\w+)/g)].map(([, text]) => duration(text));
    const short = all.filter((ms) => ms && ms <= 60_000);
    return short.length > 0 ? Math.max(...short) : 15_000;
  }).catch(() => 15_000);
  return scrapeIntervalAsked;
}
