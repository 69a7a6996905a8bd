// One dashboard: its variables, and its panels as they come into view.

import { prometheus, request } from "../core/api.js";
import { colour } from "../core/colours.js";
import { fill, h, link } from "../core/dom.js";
import { duration } from "../core/time.js";
import { builtIns, loadPanel } from "../dashboards/data.js";
import { interpolated } from "../dashboards/interpolate.js";
import { dashboardOf, repeated } from "../dashboards/model.js";
import { resolveVariables } from "../dashboards/variables.js";
import { panelKinds } from "../panels/panels.js";
import { choice } from "./choice.js";
import { address, say, tools } from "./shell.js";
import { TimePicker } from "./timepicker.js";

const atOnce = 6;

/// Shows a dashboard by its identifier; gives what ends it.
export async function dashboardPage(page, uid) {
  const { dashboard: json, isReadOnly } = await request(`/obs/v1/dashboards/${encodeURIComponent(uid)}`);
  return showDashboard(page, json, { uid, isReadOnly });
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
      onChange: () => this.refresh(),
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
    const change = async (values) => {
      address.set({ [`var-${variable.name}`]: values });
      await this.resolve();
      this.render();
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
    fill(this.grid, this.placed(panels, 0));
    this.loadMarks();
  }

  /// Elements of panels, row by row; a closed row shows its panels when it is opened.
  placed(panels) {
    const elements = [];
    let shift = 0;
    for (const panel of panels) {
      if (panel.type === "row") {
        elements.push(this.row(panel));
        continue;
      }
      elements.push(this.panel(panel, shift));
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

  /// Alerts and the dashboard's own events as marks on every graph.
  async loadMarks() {
    const { range } = this.picker;
    const marks = [];
    await Promise.all(
      this.dashboard.annotations.filter((one) => one.enable !== false && (one.expr || one.target?.expr)).map(
        async (one) => {
          try {
            const expr = interpolated(
              one.expr ?? one.target.expr,
              this.dashboard.scope,
              builtIns(range, 15_000, this.dashboard),
              true,
            );
            const step = duration(one.step ?? "60s") / 1000;
            const { data } = await prometheus("query_range", {
              query: expr,
              start: range.from / 1000,
              end: range.to / 1000,
              step: Math.max(step, (range.to - range.from) / 1e6 / 5),
            }, this.loads.signal);
            for (const series of data.result) {
              const title = (one.titleFormat ?? one.name ?? "").replace(
                /\{\{\s*(\w+)\s*\}\}/g,
                (_, label) => series.metric[label] ?? "",
              );
              for (const span of spans(series.values ?? [], step)) {
                marks.push({ ...span, text: title || one.name, colour: colour(one.iconColor ?? "red") });
              }
            }
          } catch (error) {
            if (error.name !== "AbortError") {
              say(`annotation ${one.name}: ${error.message}`, "error");
            }
          }
        },
      ),
    );
    if (marks.length === 0 && !this.marks?.length) return;
    this.marks = marks;
    for (const view of this.views) view.redraw();
  }
}

function spans(values, step) {
  const found = [];
  for (const [seconds, value] of values) {
    if (Number(value) === 0) continue;
    const last = found.at(-1);
    if (last && seconds - last.to / 1000 <= step * 1.5) last.to = seconds * 1000;
    else found.push({ from: seconds * 1000, to: seconds * 1000 });
  }
  return found;
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

class PanelView {
  constructor(panel, view) {
    this.panel = panel;
    this.view = view;
    this.isWanted = false;
    this.body = h("div", { class: "panel-body" });
    this.signs = h("span", { class: "panel-signs" });
    const { x, y, w, h: tall } = panel.place;
    const title = interpolated(panel.title, { ...view.dashboard.scope, ...panel.scope });
    this.element = h(
      "section",
      {
        class: ["panel", panel.isTransparent && "panel-clear"],
        "aria-label": title || panel.type,
        data: { panel: panel.id, type: panel.type },
        style: { "--w": w, gridColumn: `${x + 1} / span ${w}`, gridRow: `span ${tall}`, "--h": tall },
      },
      h(
        "header",
        { class: "panel-head" },
        h(
          "h3",
          { title: panel.description || null },
          title,
          panel.description
            ? h("span", { class: "panel-about", "aria-label": panel.description }, " (i)")
            : null,
        ),
        this.signs,
        h("button", {
          type: "button",
          class: "quiet panel-menu",
          "aria-label": `menu of ${title || "the panel"}`,
          onClick: () => this.menu(),
        }, "⋮"),
      ),
      this.body,
    );
    this.element.style.setProperty("--w", w);
    this.element.style.setProperty("--h", tall);
    this.sign();
  }

  destroy() {
    this.shown?.destroy();
    this.shown = null;
  }

  /// What was not understood, and what the server warned of.
  sign(notes = []) {
    const all = [...this.panel.notices, ...notes];
    fill(
      this.signs,
      all.length > 0
        ? h("span", {
          class: "panel-notice",
          tabIndex: 0,
          role: "note",
          title: all.join("\n"),
          "aria-label": all.join("; "),
        }, "⚠")
        : null,
    );
  }

  async load() {
    const { panel, view } = this;
    const kind = panelKinds[panel.type];
    if (!kind) {
      fill(this.body, h("p", { class: "panel-empty" }, panel.notices[0]));
      return;
    }
    const { signal } = view.loads;
    this.element.classList.add("is-loading");
    try {
      const data = await loadPanel(panel, view.dashboard, view.picker.range, this.body.clientWidth, signal);
      if (signal.aborted) return;
      this.data = data;
      this.draw();
      this.sign(data.notes);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.destroy();
      fill(this.body, h("p", { class: "panel-error", role: "alert" }, error.message));
    } finally {
      this.element.classList.remove("is-loading");
    }
  }

  draw() {
    this.destroy();
    const { panel, view, data } = this;
    const context = {
      syncKey: view.dashboard.sharesCursor ? view.dashboard.uid ?? "dashboard" : null,
      marks: view.marks,
      onZoom: (from, to) => view.picker.set(from, to),
      onZoomOut: () => view.picker.zoomOut(),
    };
    fill(this.body);
    this.shown = panelKinds[panel.type](this.body, {
      panel,
      frames: data.frames,
      range: data.range,
      context,
      fillIn: data.fillIn,
    });
    if (this.shown.isEmpty && panel.type !== "text") {
      this.destroy();
      fill(this.body, h("p", { class: "panel-empty" }, "No data"));
    }
  }

  redraw() {
    if (this.shown && this.panel.type === "timeseries") this.draw();
  }

  menu() {
    const { panel, view } = this;
    const queries = panel.targets.filter((target) => target.expr).map((target) =>
      interpolated(
        target.expr,
        { ...view.dashboard.scope, ...panel.scope },
        builtIns(view.picker.range, 15_000, view.dashboard),
        true,
      )
    );
    const dialog = h(
      "dialog",
      { class: "dialog", "aria-label": "panel" },
      h("h2", {}, panel.title || "Panel"),
      panel.notices.length > 0
        ? h("ul", { class: "notices" }, panel.notices.map((notice) => h("li", {}, notice)))
        : null,
      queries.map((query) =>
        h(
          "p",
          {},
          h("code", {}, query),
          " ",
          h("a", {
            href: `/explore?${new URLSearchParams({
              expr: query,
              from: view.picker.from,
              to: view.picker.to,
            })}`,
          }, "explore"),
        )
      ),
      h(
        "form",
        { method: "dialog" },
        h("button", {
          type: "button",
          onClick: () => {
            dialog.close();
            this.full();
          },
        }, "Full size"),
        h("button", { type: "button", onClick: () => this.saveCSV() }, "CSV"),
        h("button", { type: "button", onClick: () => this.savePicture() }, "PNG"),
        h("button", {}, "Close"),
      ),
    );
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  full() {
    this.element.classList.toggle("is-full");
    if (this.element.classList.contains("is-full")) {
      const end = (event) => {
        if (event.key === "Escape") {
          this.element.classList.remove("is-full");
          document.removeEventListener("keydown", end);
        }
      };
      document.addEventListener("keydown", end);
    }
  }

  saveCSV() {
    const cell = (value) => {
      const text = value === null || value === undefined
        ? ""
        : typeof value === "object"
        ? JSON.stringify(value)
        : String(value);
      return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
    };
    const blocks = (this.data?.frames ?? []).map((frame) =>
      [
        frame.fields.map((field) => cell(field.config.displayName ?? field.name)).join(","),
        ...frame.fields[0].values.map((_, row) =>
          frame.fields.map((field) =>
            cell(field.type === "time" ? new Date(field.values[row]).toISOString() : field.values[row])
          ).join(",")
        ),
      ].join("\n")
    );
    save(new Blob([blocks.join("\n\n")], { type: "text/csv" }), `${this.panel.title || "panel"}.csv`);
  }

  savePicture() {
    const canvas = this.body.querySelector("canvas");
    if (!canvas) return say("only panels that are drawn can be saved as a picture here", "error");
    const copy = h("canvas", { width: canvas.width, height: canvas.height });
    const context = copy.getContext("2d");
    context.fillStyle = getComputedStyle(this.element).backgroundColor;
    context.fillRect(0, 0, copy.width, copy.height);
    context.drawImage(canvas, 0, 0);
    copy.toBlob((blob) => save(blob, `${this.panel.title || "panel"}.png`));
  }
}

function save(blob, name) {
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name.replace(/[^\w. -]/g, "_") }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
