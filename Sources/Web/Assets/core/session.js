// Who looks at the pages, where the server wants to know.

import { request } from "./api.js";

let person = null;
let asked = null;

/// Asks once who is logged in; gives {isRequired, name, role}.
export async function known() {
  asked ??= request("/obs/v1/session");
  try {
    person = (await asked).data;
  } catch (error) {
    asked = null;
    throw error;
  }
  return person;
}

function forget() {
  person = null;
  asked = null;
}

export const mustLogIn = () => Boolean(person?.isRequired && !person.name);

/// What this person is called, without the kind of credentials; empty where nobody has to say.
export const personName = () => (person?.name ?? "").replace(/^(user|token):/, "");

/// Whether changes are worth offering; the server decides.
export const mayOperate = () => !person?.isRequired || ["operate", "admin"].includes(person.role);

/// Shows the page on which one logs in, which leads back to this one.
export function goToLogin() {
  if (location.pathname === "/login") return;
  forget();
  const next = location.pathname + location.search;
  history.replaceState(null, "", `/login?${new URLSearchParams({ next })}`);
  dispatchEvent(new Event("obs:route"));
}

const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

/// Begins a session by a name and a password or, without a name, by a token.
export async function logIn(name, secret) {
  const authorization = name === "" ? `Bearer ${secret}` : `Basic ${base64(`${name}:${secret}`)}`;
  await request("/obs/v1/session", { method: "POST", authorization });
  forget();
  dispatchEvent(new Event("obs:person"));
}

export async function logOut() {
  await request("/obs/v1/session", { method: "DELETE" });
  forget();
  dispatchEvent(new Event("obs:person"));
}
