// Dashboards that are kept by the server: new ones, copies, changes, stars.

import { request } from "../core/api.js";
import { h } from "../core/dom.js";
import { mayOperate } from "../core/session.js";
import { newPanel } from "./paneleditor.js";
import { dialog, goTo, say } from "./shell.js";

const address = (uid) => `/obs/v1/dashboards/${encodeURIComponent(uid)}`;
const newName = () =>
  crypto.getRandomValues(new Uint8Array(6)).reduce((text, byte) => text + byte.toString(36), "");

/// Sends a dashboard; answers with its version, and throws with a sentence where somebody else was faster.
async function put(uid, dashboard, { version = 0, folder = "" } = {}) {
  const json = { version, folder, dashboard: { ...dashboard, uid } };
  return (await request(address(uid), { method: "PUT", json })).version;
}

/// Keeps a dashboard under a name of its own, and shows it.
async function keepAs(dashboard, title, folder) {
  const uid = newName();
  try {
    await put(uid, { ...dashboard, title }, { folder });
    goTo(`/d/${uid}`);
  } catch (error) {
    say(error.message, "error");
  }
}

/// Asks for a title and a folder.
function named(title, text, done) {
  const name = h("input", { type: "text", required: true, value: text, "aria-label": "title" });
  const folder = h("input", { type: "text", "aria-label": "folder" });
  const send = (event) => {
    event.preventDefault();
    box.close();
    done(name.value, folder.value);
  };
  const box = dialog(
    title,
    h(
      "form",
      { class: "fields-form", onSubmit: send },
      h("label", {}, "Title", name),
      h("label", {}, "Folder", folder),
      h("button", { class: "main" }, "Save"),
    ),
  );
  name.select();
}

export function newDashboard() {
  const empty = {
    title: "",
    tags: [],
    time: { from: "now-6h", to: "now" },
    templating: { list: [] },
    panels: [],
  };
  named("New dashboard", "", (title, folder) => keepAs(empty, title, folder));
}

/// Writes a dashboard that is shown back, changed; the page shows it anew.
export async function saveDashboard(view, dashboard) {
  try {
    view.about.version = await put(view.about.uid, dashboard, view.about);
    say("saved");
    dispatchEvent(new Event("obs:route"));
    return true;
  } catch (error) {
    say(error.message, "error");
    return false;
  }
}

/// What can be done with a dashboard as a whole.
export function editButtons(view) {
  if (!mayOperate()) return null;
  const { source, title } = view.dashboard;
  const copy = () => named("Copy to edit", `${title} (copy)`, (name, folder) => keepAs(source, name, folder));
  const remove = async () => {
    try {
      await request(address(view.about.uid), { method: "DELETE" });
      say(`${title} is deleted`);
      goTo("/dashboards");
    } catch (error) {
      say(error.message, "error");
    }
  };
  const confirm = () =>
    dialog(
      "Delete the dashboard",
      h("p", {}, `${title} is gone for everybody then.`),
      h("button", {
        type: "button",
        onClick: (event) => {
          event.target.closest("dialog").close();
          remove();
        },
      }, "Delete it"),
    );
  return h(
    "span",
    { class: "filter-row" },
    h("button", { type: "button", onClick: copy }, view.about.isReadOnly ? "Copy to edit" : "Copy"),
    view.about.isReadOnly ? null : [
      h("button", { type: "button", onClick: () => newPanel(view) }, "Add panel"),
      h("button", { type: "button", onClick: confirm }, "Delete"),
    ],
  );
}

/// A star that is set or taken away by a click; stars are each person's own.
export function star(one) {
  const button = h("button", { type: "button", class: "quiet star" });
  const show = () => {
    button.textContent = one.isStarred ? "★" : "☆";
    button.setAttribute("aria-pressed", String(one.isStarred));
    button.setAttribute("aria-label", `star ${one.title}`);
  };
  button.addEventListener("click", async () => {
    try {
      const method = one.isStarred ? "DELETE" : "PUT";
      await request(`/obs/v1/stars/${encodeURIComponent(one.uid)}`, { method });
      one.isStarred = !one.isStarred;
      show();
    } catch (error) {
      say(error.message, "error");
    }
  });
  show();
  return button;
}
