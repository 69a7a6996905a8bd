// Logging in, and short addresses, which lead to the page that they stand for.

import { request } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { known, logIn } from "../core/session.js";
import { goTo } from "./shell.js";

/// The page to come back to: one of ours, whatever the address says.
function next() {
  const given = new URLSearchParams(location.search).get("next") ?? "/";
  const url = URL.canParse(given, location.origin) ? new URL(given, location.origin) : null;
  return url?.origin === location.origin && url.pathname !== "/login" ? url.pathname + url.search : "/";
}

export async function loginPage(page) {
  document.title = "Log in · obs";
  const { isRequired, name } = await known();
  if (!isRequired || name) return goTo(next());
  const person = h("input", { type: "text", name: "username", autocomplete: "username", spellcheck: false });
  const secret = h("input", {
    type: "password",
    name: "password",
    autocomplete: "current-password",
    required: true,
  });
  const failure = h("p", { class: "panel-error", role: "alert" });
  const button = h("button", { class: "main" }, "Log in");
  const enter = async (event) => {
    event.preventDefault();
    button.disabled = true;
    fill(failure);
    try {
      await logIn(person.value.trim(), secret.value);
      goTo(next());
    } catch (error) {
      fill(failure, error.message);
      secret.focus();
    } finally {
      button.disabled = false;
    }
  };
  fill(
    page,
    h(
      "form",
      { class: "card login", onSubmit: enter },
      h("h1", {}, "Log in"),
      h("label", {}, "Name", person),
      h("label", {}, "Password", secret),
      failure,
      button,
      h("p", { class: "soft" }, "With a token: leave the name empty and paste it as the password."),
    ),
  );
  person.focus();
}

export async function shortPage(_, code) {
  const { data } = await request(`/obs/v1/links/${encodeURIComponent(code)}`);
  history.replaceState(null, "", data);
  setTimeout(() => dispatchEvent(new Event("obs:route")));
}
