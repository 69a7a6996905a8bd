// A new silence, or another form of one: what it would mute stands beside it before it is made.

import { request } from "../../core/api.js";
import { debounced, fill, h } from "../../core/dom.js";
import { personName } from "../../core/session.js";
import { duration, instant, timeText } from "../../core/time.js";
import { dialog, say } from "../shell.js";
import { labelMarks, matcherText, parsedMatcher } from "./parts.js";

const lengths = ["30m", "1h", "2h", "4h", "8h", "1d", "3d", "7d"];
const mutedMost = 12;

/// `given` are the conditions to begin with; `silence` one to be changed. `done` is called once it is made.
export function silenceDialog(given, done, silence = null) {
  const matchers = h("textarea", {
    class: "query",
    rows: Math.min(Math.max(given.length, 2), 8),
    spellcheck: false,
    value: given.map(matcherText).join("\n"),
  });
  const length = h(
    "select",
    {},
    lengths.map((one) => h("option", { value: one, selected: one === "2h" }, one)),
  );
  const until = h("input", {
    type: "text",
    placeholder: "2026-11-21 18:00",
    value: silence ? timeText(Date.parse(silence.endsAt)) : "",
  });
  const author = h("input", {
    type: "text",
    required: true,
    value: silence?.createdBy ?? (personName() || (localStorage.getItem("obs-name") ?? "")),
  });
  const comment = h("input", {
    type: "text",
    required: true,
    value: silence?.comment ?? "",
    placeholder: "why",
  });
  const preview = h("div", { class: "silence-preview", role: "status" });
  const parsed = () => matchers.value.split("\n").filter((line) => line.trim() !== "").map(parsedMatcher);

  const look = debounced(250, () => showPreview(preview, parsed()));
  matchers.addEventListener("input", look);

  const send = async (event) => {
    event.preventDefault();
    const conditions = parsed();
    if (conditions.length === 0 || conditions.includes(null)) {
      return say('write one condition a line, such as alertname="DiskFull"', "error");
    }
    const ends = until.value.trim() === "" ? Date.now() + duration(length.value) : instant(until.value);
    if (ends === null || ends <= Date.now()) return say("the end lies in the past, or is no time", "error");
    try {
      await request("/api/v2/silences", {
        method: "POST",
        json: {
          ...(silence ? { id: silence.id } : {}),
          matchers: conditions,
          startsAt: new Date().toISOString(),
          endsAt: new Date(ends).toISOString(),
          createdBy: author.value,
          comment: comment.value,
        },
      });
      localStorage.setItem("obs-name", author.value);
      box.close();
      say("the silence is in force");
      await done();
    } catch (error) {
      say(error.message, "error");
    }
  };
  const box = dialog(
    silence ? "Change the silence" : "New silence",
    h(
      "form",
      { class: "fields-form", onSubmit: send },
      h("label", {}, "Conditions, one a line", matchers),
      h("label", {}, "For", length),
      h("label", {}, "or until", until),
      h("label", {}, "By", author),
      h("label", {}, "Why", comment),
      preview,
      h("button", { class: "main" }, silence ? "Change" : "Silence"),
    ),
  );
  (given.length === 0 ? matchers : comment).focus();
  showPreview(preview, parsed());
}

/// What fires now, and what fired in the last week, that the conditions would mute.
async function showPreview(box, conditions) {
  if (conditions.length === 0) return fill(box, h("p", { class: "soft" }, "Write what shall be muted."));
  if (conditions.includes(null)) {
    return fill(box, h("p", { class: "panel-error" }, "A line is no condition yet."));
  }
  try {
    const filter = conditions.map(matcherText);
    const [{ data }, now] = await Promise.all([
      request("/obs/v1/silences/preview", { query: { filter } }),
      request("/api/v2/alerts", { query: { filter } }),
    ]);
    const past = `of the ${data.alerts} alerts of the last week it would have muted ${data.muted.length}`;
    fill(
      box,
      h("h3", {}, `Mutes ${now.length} that fire now; ${past}`),
      data.tooBroad ? h("p", { class: "panel-error" }, "This mutes nearly everything.") : null,
      h(
        "ul",
        {},
        data.muted.slice(0, mutedMost).map(({ labels, firings }) =>
          h("li", {}, labelMarks(labels), ` ${firings} times`)
        ),
      ),
      data.muted.length > mutedMost
        ? h("p", { class: "soft" }, `and ${data.muted.length - mutedMost} more`)
        : null,
    );
  } catch (error) {
    fill(box, h("p", { class: "panel-error" }, error.message));
  }
}
