// One dashboard: its variables, and its panels as they come into view.

import { prometheus, request, unlessAborted } from "../core/api.js";
import { fill, h, link } from "../core/dom.js";
import { duration } from "../core/time.js";
import { builtIns } from "../dashboards/data.js";
import { interpolated } from "../dashboards/interpolate.js";
import { loadMarks } from "../dashboards/marks.js";
import { dashboardOf, repeated } from "../dashboards/model.js";
import { resolveVariables } from "../dashboards/variables.js";
import { choice } from "./choice.js";
import { editButtons } from "./editing.js";
import { PanelView } from "./panelview.js";
import { address, say, tools } from "./shell.js";
import { TimePicker } from "./timepicker.js";

const atOnce = 6;

/// Shows a dashboard by its identifier; gives what ends it.
export async function dashboardPage(page, uid) {
  const { dashboard, ...about } = await request(`/obs/v1/dashboards/${encodeURIComponent(uid)}`);
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
    this.picker = new TimePicker({
      from: dashboard.from,
      to: dashboard.to,
      refresh: dashboard.refresh,
      onChange: () => this.refresh().catch(unlessAborted),
    });
    this.onTheme = () => this.render();
    addEventListener("obs:theme", this.onTheme);
  }

  destroy() {
    this.loads.abort();
    this.picker.destroy();
    this.visibility?.disconnect();
    removeEventListener("obs:theme", this.onTheme);
    for (const view of this.views) view.destroy();
  }

  async start() {
    tools(this.picker.element);
    this.head = h("div", { class: "dashboard-head" });
    this.controls = h("div", { class: "controls", role: "group", "aria-label": "variables" });
    this.grid = h("div", { class: "grid" });
    fill(this.page, this.head, this.controls, this.grid);
    this.showHead();
    this.dashboard.scrapeIntervalMs = await scrapeInterval();
    await this.resolve();
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
        : link(this.fillIn(one.url ?? ""), {
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
    fill(this.grid, this.placed(panels));
    this.loadMarks();
  }

  /// Elements of panels, row by row; a closed row shows its panels when it is opened.
  placed(panels) {
    const elements = [];
    for (const panel of panels) {
      if (panel.type === "row") {
        elements.push(this.row(panel));
        continue;
      }
      elements.push(this.panel(panel));
    }
    return elements;
  }

  panel(panel) {
    const view = new PanelView(panel, this);
    this.views.push(view);
    this.visibility.observe(view.element);
    return view.element;
  }

  row(panel) {
    const inner = h("div", { class: "row-panels grid" });
    let isOpen = !panel.isCollapsed;
    const button = h("button", {
      type: "button",
      class: "row-title",
      "aria-expanded": isOpen,
      onClick: () => {
        isOpen = !isOpen;
        button.setAttribute("aria-expanded", String(isOpen));
        if (panel.isCollapsed) {
          if (isOpen) {
            fill(
              inner,
              this.placed(
                panel.panels.map((one) => ({
                  ...one,
                  place: { ...one.place, y: one.place.y - panel.place.y - 1 },
                })),
              ),
            );
          } else fill(inner);
        } else {
          for (
            let next = element.nextElementSibling;
            next && !next.classList.contains("row");
            next = next.nextElementSibling
          ) next.hidden = !isOpen;
        }
      },
    }, interpolated(panel.title, { ...this.dashboard.scope, ...panel.scope }));
    const element = h(
      "section",
      { class: "row", style: { gridColumn: "1 / -1" } },
      h("h2", {}, button),
      inner,
    );
    return element;
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
  }

  async refresh() {
    this.loads.abort();
    this.loads = new AbortController();
    this.picker.show();
    if (this.dashboard.variables.some((one) => one.refresh === 2)) await this.resolve();
    for (const view of this.views) view.isWanted = false;
    this.loadMarks();
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
    for (const view of this.views) view.redraw();
  }
}

let scrapeIntervalKnown = null;

/// How often is scraped, for `$__rate_interval`.
async function scrapeInterval() {
  if (scrapeIntervalKnown) return scrapeIntervalKnown;
  try {
    const { data } = await prometheus("status/config");
    scrapeIntervalKnown = duration(/scrape_interval:\s*"?(\w+)/.exec(data.yaml ?? "")?.[1] ?? "15s") ??
      15_000;
  } catch {
    scrapeIntervalKnown = 15_000;
  }
  return scrapeIntervalKnown;
}
