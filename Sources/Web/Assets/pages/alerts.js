// What fires and who knows of it, the rules, what is silenced, and what happened.

import { fill, h } from "../core/dom.js";
import { firingTab } from "./alerts/firing.js";
import { historyTab } from "./alerts/history.js";
import { rulesTab } from "./alerts/rules.js";
import { silencesTab } from "./alerts/silences.js";
import { address } from "./shell.js";

const tabs = {
  firing: ["Firing", firingTab],
  rules: ["Rules", rulesTab],
  silences: ["Silences", silencesTab],
  history: ["History", historyTab],
};
const refreshMs = 15_000;

export async function alertsPage(page) {
  document.title = "Alerts · obs";
  const body = h("div");
  let current = null;
  let isEnded = false;
  const buttons = Object.entries(tabs).map(([name, [title]]) =>
    h("button", { type: "button", role: "tab", data: { tab: name }, onClick: () => choose(name) }, title)
  );
  const show = async (name) => {
    current?.destroy?.();
    for (const button of buttons) button.setAttribute("aria-selected", String(button.dataset.tab === name));
    current = await tabs[name][1](body);
    if (isEnded) current?.destroy?.();
  };
  const choose = (name) => {
    address.set({ tab: name === "firing" ? null : name });
    return show(name);
  };
  fill(
    page,
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, "Alerts"),
      h("div", { class: "tabs", role: "tablist" }, buttons),
    ),
    body,
  );
  const first = address.parameters.get("tab");
  await show(first in tabs ? first : "firing");
  const timer = setInterval(() => {
    if (!document.hidden) current?.load?.().catch(() => {});
  }, refreshMs);
  return () => {
    isEnded = true;
    clearInterval(timer);
    current?.destroy?.();
  };
}
