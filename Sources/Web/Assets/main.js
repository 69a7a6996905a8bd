// Which page an address is.

import { APIError, askDashboard } from "./core/api.js";
import { fill, h } from "./core/dom.js";
import { goToLogin, known, mustLogIn } from "./core/session.js";
import { mark, say, shell, tools } from "./pages/shell.js";

/// Addresses, what shows them, and what that asks first.
const pages = [
  [/^\/$/, () => import("./pages/overview.js").then(({ overviewPage }) => overviewPage)],
  [/^\/dashboards$/, () => import("./pages/dashboards.js").then(({ dashboardsPage }) => dashboardsPage)],
  [/^\/d\/([^/]+)/, () => import("./pages/dashboard.js").then(({ dashboardPage }) => dashboardPage), askDashboard],
  [/^\/explore$/, () => import("./pages/explore.js").then(({ explorePage }) => explorePage)],
  [/^\/alerts$/, () => import("./pages/alerts.js").then(({ alertsPage }) => alertsPage)],
  [/^\/targets$/, () => import("./pages/targets.js").then(({ targetsPage }) => targetsPage)],
  [/^\/status$/, () => import("./pages/status.js").then(({ statusPage }) => statusPage)],
  [/^\/login$/, () => import("./pages/login.js").then(({ loginPage }) => loginPage)],
  [/^\/s\/([^/]+)$/, () => import("./pages/login.js").then(({ shortPage }) => shortPage)],
];

const page = shell();
let end = null;
let visit = 0;

/// What goes on while something else is waited for: its failure is told to whoever waits for it then.
function begun(promise) {
  promise?.catch(() => {});
  return promise;
}

async function route() {
  const own = ++visit;
  const path = location.pathname;
  end?.();
  end = null;
  tools();
  mark(path);
  page.classList.add("is-loading");
  try {
    const [pattern, load, ask] = pages.find(([one]) => one.test(path)) ?? [];
    const loading = begun(load?.());
    await known();
    if (own !== visit) return;
    if (mustLogIn() && path !== "/login") return goToLogin();
    if (!load) {
      fill(page, h("h1", {}, "There is no such page"), h("p", {}, h("a", { href: "/" }, "to the overview")));
      return;
    }
    const names = pattern.exec(path).slice(1).map(decodeURIComponent);
    const answer = begun(ask?.(...names));
    const show = await loading;
    if (own !== visit) return;
    document.title = "obs";
    const ended = await show(page, ...names, answer);
    if (own === visit) end = ended ?? null;
    else ended?.();
  } catch (error) {
    if (own === visit && error.name !== "AbortError") {
      fill(
        page,
        h("h1", {}, "This page cannot be shown"),
        h("p", { class: "panel-error", role: "alert" }, error.message),
      );
    }
  } finally {
    if (own === visit) page.classList.remove("is-loading");
  }
}

/// What a button asked for and did not get is said; whoever must log in anew sees that page already.
addEventListener("unhandledrejection", (event) => {
  const { reason } = event;
  if (!(reason instanceof APIError) && reason?.name !== "AbortError") return;
  event.preventDefault();
  if (reason.name !== "AbortError" && reason.status !== 401) say(reason.message, "error");
});
addEventListener("popstate", route);
addEventListener("obs:route", route);
addEventListener("obs:login", goToLogin);
route();
