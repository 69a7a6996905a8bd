// What is scraped, how it went, and its labels before and after relabelling.

import { prometheus } from "../core/api.js";
import { fill, h, link } from "../core/dom.js";
import { agoText } from "../core/time.js";
import { address } from "./shell.js";

const states = { up: "good", down: "bad", unknown: "idle" };
const labels = (pairs) =>
  Object.entries(pairs).map(([name, value]) => h("span", { class: "label" }, `${name}="${value}"`));

export async function targetsPage(page) {
  document.title = "Targets · obs";
  const body = h("div");
  const { parameters } = address;
  const search = h("input", {
    type: "search",
    placeholder: "search",
    "aria-label": "search targets",
    value: parameters.get("q") ?? "",
  });
  const state = h(
    "select",
    { "aria-label": "state" },
    ["all", "up", "down", "unknown", "dropped"].map((value) =>
      h("option", { value, selected: value === (parameters.get("state") ?? "all") }, value)
    ),
  );
  let data = null;
  const show = () => {
    const wanted = search.value.toLowerCase();
    const fits = (one) =>
      (one.scrapeUrl + JSON.stringify(one.labels ?? {}) + JSON.stringify(one.discoveredLabels)).toLowerCase()
        .includes(wanted);
    if (state.value === "dropped") return fill(body, dropped(data.droppedTargets.filter(fits)));
    const found = data.activeTargets.filter((one) =>
      fits(one) && (state.value === "all" || one.health === state.value)
    );
    const pools = [...Map.groupBy(found, (one) => one.scrapePool)].sort(([left], [right]) =>
      left.localeCompare(right)
    );
    fill(
      body,
      found.length === 0
        ? h(
          "p",
          { class: "soft" },
          data.activeTargets.length === 0
            ? "Nothing is scraped: the configuration has no scrape_configs, or their discoveries found nothing."
            : "No target fits.",
        )
        : null,
      pools.map(([pool, ones]) =>
        h(
          "section",
          {},
          h(
            "h2",
            {},
            pool,
            " ",
            h("span", {
              class: [
                "state",
                ones.every((one) => one.health === "up") ? "state-good" : "state-bad",
              ],
            }, `${ones.filter((one) => one.health === "up").length} of ${ones.length} up`),
          ),
          h(
            "table",
            { class: "list" },
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                ["Endpoint", "State", "Labels", "Last scrape", "Took", "Error"].map((name) =>
                  h("th", {}, name)
                ),
              ),
            ),
            h("tbody", {}, ones.map(row)),
          ),
        )
      ),
    );
  };
  const load = async () => {
    ({ data } = await prometheus("targets", {}));
    show();
  };
  search.addEventListener("input", () => {
    address.set({ q: search.value || null }, { replaces: true });
    show();
  });
  state.addEventListener("change", () => {
    address.set({ state: state.value === "all" ? null : state.value }, { replaces: true });
    show();
  });
  fill(
    page,
    h("h1", {}, "Targets"),
    h(
      "div",
      { class: "filter-row" },
      search,
      state,
      h("button", { type: "button", onClick: load }, "Refresh"),
    ),
    body,
  );
  await load();
}

function row(one) {
  const scraped = Date.parse(one.lastScrape);
  return h(
    "tr",
    {},
    h("td", {}, link(one.scrapeUrl, { target: "_blank" }, one.scrapeUrl)),
    h("td", {}, h("span", { class: ["state", `state-${states[one.health] ?? "idle"}`] }, one.health)),
    h(
      "td",
      {},
      labels(one.labels),
      h("details", {}, h("summary", {}, "before relabelling"), labels(one.discoveredLabels)),
    ),
    h("td", { class: "nowrap" }, scraped > 0 ? agoText(scraped) : "never"),
    h("td", { class: "nowrap" }, `${(one.lastScrapeDuration * 1000).toFixed(1)} ms`),
    h("td", { class: "panel-error" }, one.lastError),
  );
}

const dropped = (ones) =>
  h(
    "table",
    { class: "list" },
    h("thead", {}, h("tr", {}, h("th", {}, `${ones.length} targets that relabelling dropped`))),
    h("tbody", {}, ones.map((one) => h("tr", {}, h("td", {}, labels(one.discoveredLabels))))),
  );
