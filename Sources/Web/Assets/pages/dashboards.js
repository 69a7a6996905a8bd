// All dashboards, to search and to open.

import { request } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { mayOperate } from "../core/session.js";
import { newDashboard, star } from "./editing.js";
import { address } from "./shell.js";

const none = (count) =>
  h(
    "p",
    { class: "soft" },
    count > 0 ? "No dashboard is called so." : [
      "There are no dashboards. Make one here, or put Grafana's JSON files into a folder and name it in the configuration: ",
      h("code", {}, "dashboards: {folders: [/etc/obs/dashboards]}"),
      ".",
    ],
  );

function section(name, ones) {
  const tag = (one) => h("a", { class: "tag", href: `/dashboards?tag=${encodeURIComponent(one)}` }, one);
  const rows = ones.map((one) =>
    h(
      "tr",
      {},
      h("td", { class: "star-cell" }, star(one)),
      h("td", {}, h("a", { href: `/d/${encodeURIComponent(one.uid)}` }, one.title)),
      h("td", {}, one.tags.map(tag)),
      h("td", { class: "soft nowrap" }, one.isSaved ? "saved here" : "a file"),
    )
  );
  return h("section", {}, h("h2", {}, name), h("table", { class: "list" }, h("tbody", {}, rows)));
}

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
    const folders = [...Map.groupBy(found, (one) => one.folder || "General")];
    folders.sort(([left], [right]) => left.localeCompare(right));
    const starred = found.filter((one) => one.isStarred);
    if (starred.length > 0) folders.unshift(["Starred", starred]);
    fill(
      list,
      found.length === 0 ? none(dashboards.length) : folders.map(([name, ones]) => section(name, ones)),
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
      mayOperate() ? h("button", { type: "button", onClick: newDashboard }, "New dashboard") : null,
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
