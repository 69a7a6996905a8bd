// All dashboards, to search and to open.

import { request } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { address } from "./shell.js";

export async function dashboardsPage(page) {
  document.title = "Dashboards · obs";
  const { dashboards, notices = [] } = await request("/obs/v1/dashboards");
  const list = h("div");
  const search = h("input", {
    type: "search",
    placeholder: "search",
    "aria-label": "search dashboards",
    value: address.parameters.get("q") ?? "",
  });
  const tags = address.parameters.getAll("tag");
  const show = () => {
    const wanted = search.value.toLowerCase();
    const found = dashboards.filter((one) =>
      (one.title + " " + one.tags.join(" ")).toLowerCase().includes(wanted) &&
      tags.every((tag) => one.tags.includes(tag))
    );
    const folders = Map.groupBy(found, (one) => one.folder || "General");
    fill(
      list,
      found.length === 0
        ? h(
          "p",
          { class: "soft" },
          dashboards.length === 0
            ? [
              "There are no dashboards. Put Grafana's JSON files into a folder and name it in the configuration: ",
              h("code", {}, "dashboards: {folders: [/etc/obs/dashboards]}"),
              ".",
            ]
            : "No dashboard is called so.",
        )
        : null,
      [...folders].map(([folder, ones]) =>
        h(
          "section",
          {},
          h("h2", {}, folder),
          h(
            "table",
            { class: "list" },
            h(
              "tbody",
              {},
              ones.map((one) =>
                h(
                  "tr",
                  {},
                  h("td", {}, h("a", { href: `/d/${encodeURIComponent(one.uid)}` }, one.title)),
                  h(
                    "td",
                    {},
                    one.tags.map((tag) =>
                      h("a", { class: "tag", href: `/dashboards?tag=${encodeURIComponent(tag)}` }, tag)
                    ),
                  ),
                )
              ),
            ),
          ),
        )
      ),
    );
  };
  search.addEventListener("input", () => {
    address.set({ q: search.value || null }, { replaces: true });
    show();
  });
  fill(
    page,
    h("h1", {}, "Dashboards"),
    notices.map((notice) => h("p", { class: "panel-error" }, notice)),
    h(
      "div",
      { class: "filter-row" },
      search,
      tags.map((tag) => h("a", { class: "tag", href: "/dashboards", title: "without this" }, `${tag} ×`)),
    ),
    list,
  );
  show();
  const onKey = ({ detail }) => {
    if (detail === "/") setTimeout(() => search.focus());
  };
  addEventListener("obs:key", onKey);
  return () => removeEventListener("obs:key", onKey);
}
