// What is silenced: now, later, and until a while ago.

import { request } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { mayOperate } from "../../core/session.js";
import { timeText } from "../../core/time.js";
import { say } from "../shell.js";
import { matcherText } from "./parts.js";
import { silenceDialog } from "./silence.js";

const states = [["active", "In force", "state-warn"], ["pending", "Later", "state-idle"], [
  "expired",
  "Over",
  "state-idle",
]];
const expiredMost = 50;

export async function silencesTab(body) {
  const list = h("div");
  const load = async () => {
    const silences = await request("/api/v2/silences");
    fill(
      list,
      silences.length === 0 ? h("p", { class: "soft" }, "Nothing is silenced.") : null,
      states.map(([state, title, mark]) =>
        section(title, mark, silences.filter((one) => one.status.state === state), load)
      ),
    );
  };
  fill(
    body,
    h(
      "div",
      { class: "filter-row" },
      mayOperate()
        ? h(
          "button",
          { type: "button", class: "main", onClick: () => silenceDialog([], load) },
          "New silence",
        )
        : null,
      h("button", { type: "button", onClick: load }, "Refresh"),
    ),
    list,
  );
  await load();
  return { load };
}

function section(title, mark, silences, reload) {
  if (silences.length === 0) return null;
  const rows = silences.slice(0, expiredMost).map((one) => row(one, mark, reload));
  return h(
    "section",
    {},
    h("h2", {}, `${title} (${silences.length})`),
    h(
      "table",
      { class: "list" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["State", "Conditions", "Why", "By", "From", "Until", ""].map((name) => h("th", {}, name)),
        ),
      ),
      h("tbody", {}, rows),
    ),
  );
}

function row(silence, mark, reload) {
  const expire = async () => {
    try {
      await request(`/api/v2/silence/${encodeURIComponent(silence.id)}`, { method: "DELETE" });
      say("the silence is over");
      await reload();
    } catch (error) {
      say(error.message, "error");
    }
  };
  const isOver = silence.status.state === "expired";
  return h(
    "tr",
    {},
    h("td", {}, h("span", { class: ["state", mark] }, silence.status.state)),
    h("td", {}, silence.matchers.map((one) => h("span", { class: "label" }, matcherText(one)))),
    h("td", {}, silence.comment),
    h("td", {}, silence.createdBy),
    h("td", { class: "nowrap" }, timeText(Date.parse(silence.startsAt))),
    h("td", { class: "nowrap" }, timeText(Date.parse(silence.endsAt))),
    h(
      "td",
      { class: "nowrap" },
      mayOperate()
        ? [
          h("button", {
            type: "button",
            onClick: () => silenceDialog(silence.matchers, reload, isOver ? null : silence),
          }, isOver ? "Again" : "Change"),
          isOver ? null : h("button", { type: "button", onClick: expire }, "End it"),
        ]
        : null,
    ),
  );
}
