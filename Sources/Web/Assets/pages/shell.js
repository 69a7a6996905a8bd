// The frame around every page: bar, addresses, keys, theme, messages.

import { request } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { known, logOut, personName } from "../core/session.js";
import { timeZone } from "../core/time.js";

const places = [
  ["/", "Overview", "g h"],
  ["/dashboards", "Dashboards", "g d"],
  ["/explore", "Explore", "g e"],
  ["/alerts", "Alerts", "g a"],
  ["/targets", "Targets", "g t"],
  ["/status", "Status", "g s"],
];

/// The parameters of the page's address; pages keep what they show in them.
export const address = {
  get parameters() {
    return new URLSearchParams(location.search);
  },

  /// Changes parameters: a null takes one away, an array repeats it.
  set(changes, { replaces = false } = {}) {
    const parameters = this.parameters;
    for (const [name, value] of Object.entries(changes)) {
      parameters.delete(name);
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one !== null && one !== undefined && one !== "") parameters.append(name, one);
      }
    }
    const text = parameters.toString();
    history[replaces ? "replaceState" : "pushState"](null, "", location.pathname + (text ? `?${text}` : ""));
  },
};

/// Goes to another page.
export function goTo(path) {
  history.pushState(null, "", path);
  dispatchEvent(new Event("obs:route"));
}

/// A line at the bottom that goes by itself; errors stay until they are closed.
export function say(message, kind = "info") {
  const box = document.getElementById("messages");
  const line = h(
    "div",
    { class: `message message-${kind}`, role: kind === "error" ? "alert" : "status" },
    message,
    h("button", { type: "button", "aria-label": "close", onClick: () => line.remove() }, "×"),
  );
  box.append(line);
  if (kind !== "error") setTimeout(() => line.remove(), 6000);
}

function setTheme(name) {
  showTheme(name);
  localStorage.setItem("obs-theme", name);
}

function showTheme(name) {
  if (document.documentElement.dataset.theme === name) return;
  document.documentElement.dataset.theme = name;
  dispatchEvent(new Event("obs:theme"));
}

/// Paper is white, whatever the screen is.
function followPrinting() {
  let before = null;
  addEventListener("beforeprint", () => {
    before = document.documentElement.dataset.theme;
    showTheme("light");
  });
  addEventListener("afterprint", () => showTheme(before));
}

/// Builds the frame; gives the element that pages fill.
export function shell() {
  timeZone.chosen = localStorage.getItem("obs-zone") ?? "";
  document.documentElement.dataset.theme = localStorage.getItem("obs-theme") ??
    (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark");
  const page = h("main", { id: "page", tabIndex: -1 });
  const zone = h("button", {
    type: "button",
    class: "quiet",
    title: "time zone",
    onClick: chooseZone,
  });
  const showZone = () => {
    zone.textContent = timeZone.name === timeZone.own ? "local" : timeZone.name.replace(/.*\//, "").replace(/_/g, " ");
    zone.setAttribute("aria-label", `time zone: ${timeZone.name}`);
  };
  showZone();
  addEventListener("obs:zone", showZone);
  const theme = h("button", {
    type: "button",
    class: "quiet",
    title: "light or dark (t)",
    "aria-label": "light or dark",
    onClick: () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"),
  }, "◐");
  const navigation = h(
    "nav",
    { "aria-label": "pages" },
    places.map(([path, name, keys]) => h("a", { href: path, title: keys }, name)),
  );
  document.body.append(
    h("a", { class: "skip", href: "#page" }, "to the page"),
    h(
      "header",
      { class: "bar" },
      h("a", { class: "brand", href: "/", "aria-label": "obs, overview" }, "obs"),
      navigation,
      h("span", { class: "bar-space" }),
      h("span", { id: "bar-tools" }),
      h("span", { id: "bar-person" }),
      h("button", {
        type: "button",
        class: "quiet",
        title: "a short link to what is shown (s)",
        "aria-label": "share",
        onClick: share,
      }, "⇗"),
      zone,
      theme,
      h("button", {
        type: "button",
        class: "quiet",
        title: "keys (?)",
        "aria-label": "keys",
        onClick: showKeys,
      }, "?"),
    ),
    page,
    h("div", { id: "messages", "aria-live": "polite" }),
  );
  followPrinting();
  addEventListener("obs:person", showPerson);
  addEventListener("obs:route", showPerson);
  showPerson();
  document.addEventListener("click", follow);
  document.addEventListener("keydown", key);
  return page;
}

/// Asks in which zone times are to be shown.
function chooseZone() {
  const names = ["UTC", ...Intl.supportedValuesOf("timeZone")];
  const field = h("input", { type: "text", list: "zones", value: timeZone.chosen, spellcheck: false });
  const choose = (name) => {
    timeZone.chosen = name;
    if (timeZone.chosen !== name) return say(`${name} is no time zone: write Europe/Berlin or UTC`, "error");
    localStorage.setItem("obs-zone", name);
    box.close();
    dispatchEvent(new Event("obs:route"));
  };
  const apply = (event) => {
    event.preventDefault();
    choose(field.value.trim());
  };
  const button = (text, name) =>
    h("button", { type: "button", "aria-pressed": timeZone.chosen === name, onClick: () => choose(name) }, text);
  const box = dialog(
    "Time zone",
    h(
      "div",
      { class: "filter-row" },
      button("as the dashboard says", ""),
      button(`this browser's, ${timeZone.own}`, timeZone.own),
      timeZone.own === "UTC" ? null : button("UTC", "UTC"),
    ),
    h(
      "form",
      { class: "fields-form", onSubmit: apply },
      h("label", {}, "Another", field),
      h("datalist", { id: "zones" }, names.map((name) => h("option", { value: name }))),
      h("button", { class: "main" }, "Use it"),
    ),
  );
}

/// Who is logged in, and the way out.
async function showPerson() {
  const box = document.getElementById("bar-person");
  try {
    await known();
  } catch {
    // The page itself says that the server does not answer.
  }
  if (personName() === "") return fill(box);
  const leave = async () => {
    await logOut();
    goTo("/login");
  };
  fill(
    box,
    h(
      "button",
      { type: "button", class: "quiet", title: "log out", onClick: leave },
      `${personName()} · log out`,
    ),
  );
}

/// Shows a short address of this page, with its times as they are now, and puts it into the clipboard.
async function share() {
  try {
    const path = location.pathname + location.search;
    const { data } = await request("/obs/v1/links", { method: "POST", json: { address: path } });
    const address = `${location.origin}/s/${data}`;
    const isCopied = await navigator.clipboard?.writeText(address).then(() => true, () => false);
    const field = h("input", { type: "text", readOnly: true, value: address, "aria-label": "short link" });
    dialog(
      "Short link",
      h("p", {}, field),
      h("p", { class: "soft" }, isCopied ? "It is in the clipboard." : ""),
    );
    field.select();
  } catch (error) {
    say(error.message, "error");
  }
}

/// Opens a dialog that goes when it is closed; gives its element.
export function dialog(title, ...children) {
  const box = h(
    "dialog",
    { class: "dialog", "aria-label": title },
    h("h2", {}, title),
    children,
    h("form", { method: "dialog" }, h("button", {}, "Close")),
  );
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
  return box;
}

/// Marks the page that is open.
export function mark(path) {
  for (const one of document.querySelectorAll(".bar nav a")) {
    const own = one.getAttribute("href");
    const isHere = own === "/"
      ? path === "/"
      : path.startsWith(own) || (own === "/dashboards" && path.startsWith("/d/"));
    if (isHere) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
}

function follow(event) {
  const anchor = event.target.closest?.("a[href]");
  if (
    !anchor || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey ||
    event.shiftKey || anchor.target === "_blank" || anchor.hasAttribute("download")
  ) return;
  const url = new URL(anchor.href);
  if (
    url.origin !== location.origin || anchor.getAttribute("href").startsWith("#") ||
    /^\/(api|metrics|-|loki|debug|federate)\b/.test(url.pathname)
  ) return;
  event.preventDefault();
  goTo(url.pathname + url.search);
}

let pending = "";

function key(event) {
  if (
    event.target.closest?.("input, textarea, select, [contenteditable]") || event.metaKey || event.ctrlKey ||
    event.altKey
  ) return;
  const place = places.find(([, , keys]) => keys === `${pending} ${event.key}`);
  pending = event.key === "g" ? "g" : "";
  if (place) return goTo(place[0]);
  switch (event.key) {
    case "?":
      return showKeys();
    case "s":
      return share();
    case "t":
      return setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
    default:
      dispatchEvent(new CustomEvent("obs:key", { detail: event.key }));
  }
}

const keys = [
  ["g h", "overview"],
  ["g d", "dashboards"],
  ["g e", "explore"],
  ["g a", "alerts"],
  ["g t", "targets"],
  ["g s", "status"],
  ["r", "refresh"],
  ["z", "zoom out"],
  ["← →", "shift the time"],
  ["drag", "zoom into a graph; with Shift, move it; with Alt, its logs"],
  ["s", "share"],
  ["t", "light or dark"],
  ["/", "search"],
  ["Esc", "close"],
  ["?", "this list"],
];

function showKeys() {
  const rows = keys.map(([names, does]) => h("tr", {}, h("td", {}, h("kbd", {}, names)), h("td", {}, does)));
  dialog("Keys", h("table", {}, h("tbody", {}, rows)));
}

/// What stands right in the bar, of the page that is open.
export const tools = (...children) => fill(document.getElementById("bar-tools"), ...children);
