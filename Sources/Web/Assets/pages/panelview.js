// One panel on its dashboard: its frame, what it shows, its menu, and what can be saved of it.

import { request } from "../core/api.js";
import { fill, h, link } from "../core/dom.js";
import { mayOperate } from "../core/session.js";
import { builtIns, loadPanel } from "../dashboards/data.js";
import { interpolated, titled } from "../dashboards/interpolate.js";
import { showLogs } from "../logs/correlate.js";
import { panelKinds } from "../panels/panels.js";
import { editPanel } from "./paneleditor.js";
import { dialog, say } from "./shell.js";

/// A panel of a dashboard that is shown; `view` is the dashboard's.
export class PanelView {
  constructor(panel, view) {
    this.panel = panel;
    this.view = view;
    this.isWanted = false;
    this.body = h("div", { class: "panel-body" });
    this.signs = h("span", { class: "panel-signs" });
    const { x, y, w, h: tall } = panel.place;
    const title = titled(panel.title, { ...view.dashboard.scope, ...panel.scope });
    this.element = h(
      "section",
      {
        class: ["panel", panel.isTransparent && "panel-clear"],
        "aria-label": title || panel.type,
        data: { panel: panel.id, type: panel.type },
        style: { gridColumn: `${x + 1} / span ${w}`, gridRow: `${y + 1} / span ${tall}` },
      },
      h(
        "header",
        { class: "panel-head" },
        h(
          panel.row ? "h3" : "h2",
          { title: panel.description || null },
          title,
          panel.description
            ? h("span", { class: "panel-about", "aria-label": panel.description }, " (i)")
            : null,
        ),
        this.signs,
        panel.links.map((one) =>
          link(view.linkAddress(one), {
            class: "panel-link",
            target: one.targetBlank ? "_blank" : null,
            title: one.title || null,
          }, one.title || "link")
        ),
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
      onLogs: (from, to) => this.showLogs(from, to),
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

  /// The lines of what the panel shows.
  showLogs(from, to) {
    return showLogs(this.data.frames.flatMap(({ fields }) => fields.map(({ labels }) => labels)), from, to);
  }

  /// The same values anew, in other colours or with other marks.
  redraw() {
    if (this.shown) this.draw();
  }

  /// The queries as they are asked, with variables filled in.
  queries() {
    const { panel, view } = this;
    const scope = { ...view.dashboard.scope, ...panel.scope };
    const given = builtIns(view.picker.range, 15_000, view.dashboard);
    return panel.targets.filter((target) => target.expr).map((target) => ({
      expr: interpolated(target.expr, scope, given, true),
      isLogs: target.datasource?.type === "loki",
    }));
  }

  menu() {
    const { panel, view } = this;
    const { from, to } = view.picker;
    const explore = ({ expr, isLogs }) =>
      `/explore?${new URLSearchParams({ ...(isLogs ? { mode: "logs" } : {}), expr, from, to })}`;
    const button = (name, action) =>
      h("button", {
        type: "button",
        onClick: () => {
          box.close();
          action();
        },
      }, name);
    const box = dialog(
      panel.title || "Panel",
      panel.notices.length > 0
        ? h("ul", { class: "notices" }, panel.notices.map((notice) => h("li", {}, notice)))
        : null,
      (panel.fieldConfig.defaults?.links ?? []).map((one) =>
        h("p", {}, link(view.linkAddress(one), { target: one.targetBlank ? "_blank" : null }, one.title || one.url))
      ),
      this.queries().map((query) =>
        h("p", {}, h("code", {}, query.expr), " ", h("a", { href: explore(query) }, "explore"))
      ),
      h(
        "div",
        { class: "filter-row" },
        button("Full size", () => this.full()),
        this.data ? button("Logs", () => this.showLogs(this.data.range.from, this.data.range.to)) : null,
        button("CSV", () => this.saveCSV()),
        button("PNG", () => this.savePicture()),
        view.about.uid ? button("Share a picture", () => this.sharePicture()) : null,
        view.about.isReadOnly || !mayOperate() ? null : button("Edit", () => editPanel(view, panel)),
      ),
    );
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

  /// The picture that the server draws of the panel.
  async saveRendered() {
    try {
      const { clientWidth: width, clientHeight: height } = this.element;
      const path = await this.signedPicture(60, { width: String(Math.max(width, 80)), height: String(Math.max(height, 80)) });
      const answer = await fetch(path);
      if (!answer.ok) throw new Error(await answer.text());
      save(await answer.blob(), `${this.panel.title || "panel"}.png`);
    } catch (error) {
      say(error.message, "error");
    }
  }

  /// An address that shows the panel as it is now to whoever has it.
  async signedPicture(seconds, more = {}) {
    const { panel, view } = this;
    const { from, to } = view.picker.range;
    const parameters = {
      dashboard: view.about.uid,
      panel: String(panel.id).split("-")[0],
      from: String(from),
      to: String(to),
      theme: document.documentElement.dataset.theme,
      ...more,
    };
    for (const [name, { values }] of Object.entries({ ...view.dashboard.scope, ...panel.scope })) {
      if (values) parameters[`var-${name}`] = values.map(String);
    }
    const json = { file: "panel.png", seconds, parameters };
    return (await request("/obs/v1/render", { method: "POST", json })).data;
  }

  async sharePicture() {
    try {
      const data = await this.signedPicture(7 * 86_400);
      const field = h("input", { type: "text", readOnly: true, value: location.origin + data });
      dialog("Picture of the panel", h("p", {}, h("label", {}, "address, for a week ", field)));
      field.select();
    } catch (error) {
      say(error.message, "error");
    }
  }

  savePicture() {
    const canvas = this.body.querySelector("canvas");
    if (!canvas) return this.saveRendered();
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
