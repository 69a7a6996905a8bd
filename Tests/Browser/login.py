"""Logging in and out, what a role allows, and what a request without the page's proof gets.

Prints how many changing requests were tried, and how many of them were let in though they must not, one `name value` a
line."""

import base64
import re
import urllib.parse
import urllib.request

from browser import Server, address, expect, visiting

# What is asked with a body: whoever may read may send it.
QUESTIONS = {
    "/api/v1/query", "/api/v1/query_range", "/api/v1/query_exemplars", "/api/v1/format_query", "/api/v1/parse_query",
    "/api/v1/series", "/api/v1/labels", "/api/v1/read", "/api/v1/export", "/api/v1/export/prometheus", "/obs/v1/logs/export",
    "/obs/v1/expressions/filtered", "/obs/v1/render", "/obs/v1/links", "/obs/v1/session", "/obs/v1/stars/:identifier",
}
LOKI_QUESTIONS = re.compile(
    r"/(loki/api/v1|api/prom)/(query|query_range|labels?|label/:name/values|series|format_query|patterns"
    r"|index/(stats|volume|volume_range)|detected_(labels|fields?|field/:name/values)|detected_field/:name/values)")


def basic(name):
    return "Basic " + base64.b64encode(f"{name}:right".encode()).decode()


def changing(target):
    """Each method and pattern of the server that may change something, of all routes that it counts."""
    _, text = target.ask("/metrics")
    for pattern in sorted(set(re.findall(r'route="([^"]+)"', text))):
        path = re.sub(r"[:*]\w+", "1", pattern)
        if not path.startswith("/"):
            continue
        request = urllib.request.Request(target.address + path, method="OPTIONS", headers={"Authorization": basic("anna")})
        with urllib.request.urlopen(request) as answer:
            methods = answer.headers.get("Allow", "").split(", ")
        yield from ((method, pattern, path) for method in methods if method not in ("GET", "HEAD", "OPTIONS"))

with visiting() as visit:
    page = visit.page
    # Whatever a page asks for before and after a session is refused, and the browser's console says so.
    visit.expects("status of 401")
    page.goto(visit.address + "/alerts?q=x")
    expect(page.locator("main h1")).to_have_text("Log in")
    page.wait_for_url("**/login?next=*")
    visit.audit("log in")
    visit.picture("login")
    expect(page.get_by_label("Name")).to_be_focused()

    # A wrong password is told, without the browser's own window.
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.locator(".panel-error")).to_contain_text("wrong")
    page.get_by_label("Password").fill("right")
    page.keyboard.press("Enter")
    expect(page.locator("main h1")).to_have_text("Alerts")
    assert page.url.endswith("/alerts?q=x"), page.url
    expect(page.locator("#bar-person")).to_contain_text("anna")

    # The secret is out of reach of scripts, and bound to this site.
    cookies = {one["name"]: one for one in visit.context.cookies()}
    assert cookies["obs_session"]["httpOnly"] and cookies["obs_session"]["sameSite"] == "Strict", cookies
    assert not cookies["obs_csrf"]["httpOnly"], cookies
    assert "obs_session" not in page.evaluate("document.cookie")

    # Whoever may operate makes a silence; the cookie alone does not.
    page.get_by_role("button", name="New silence").click()
    page.get_by_label("Conditions, one a line").fill('alertname="x"')
    page.get_by_label("Why").fill("a test")
    page.locator("dialog").get_by_role("button", name="Silence").click()
    expect(page.locator(".message")).to_contain_text("in force")
    jar = "; ".join(f"{name}={one['value']}" for name, one in cookies.items())
    let_in = []
    changes = list(changing(Server(address(), basic("anna"))))
    for one in (("POST", "/api/v2/silences"), ("POST", "/-/quit"), ("PUT", "/obs/v1/stars/:identifier"), ("POST", "/loki/api/v1/push"),
                ("DELETE", "/debug/queries/:number"), ("POST", "/api/v1/write")):
        assert one in [change[:2] for change in changes], (one, changes)
    for method, pattern, path in changes:
        for headers in ({"Cookie": jar}, {"Cookie": jar, "X-CSRF-Token": "0" * 64}, {}):
            status, answer = Server(address()).ask(path, method, "{}", headers)
            if status not in (401, 403):
                let_in.append((method, path, headers, status, answer))
    status, answer = Server(address()).ask("/api/v1/query", headers={"Cookie": jar}, query="1")
    assert status == 200, answer

    # The end of a session is the end of its cookie, wherever that is kept.
    page.locator("#bar-person button").click()
    expect(page.locator("main h1")).to_have_text("Log in")
    status, _ = Server(address()).ask("/api/v1/query", headers={"Cookie": jar}, query="1")
    assert status == 401, status

    # Whoever may only read sees no buttons that would be refused, and is refused without them.
    page.get_by_label("Name").fill("rene")
    page.get_by_label("Password").fill("right")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#bar-person")).to_contain_text("rene")
    visit.open("/alerts?tab=silences")
    expect(page.locator("main")).to_contain_text("a test")
    expect(page.get_by_role("button", name="End it")).to_have_count(0)
    for method, pattern, path in changes:
        if pattern in QUESTIONS or LOKI_QUESTIONS.fullmatch(pattern):
            continue
        status, answer = Server(address(), basic("rene")).ask(path, method, "{}")
        if status != 403:
            let_in.append((method, path, "rene", status, answer))
    print(f"changes {len(changes)}")
    print(f"let_in {len(let_in)}")
    for one in let_in:
        print("#", *one)
    assert not let_in

    # An address to come back to is one of these pages, whatever somebody writes there.
    for given in ("https://example.com/", "//example.com/", "/\\example.com/", "/%09/example.com/", "javascript:alert(1)",
                  "data:text/html,x", "http://[", "/login?next=/login"):
        page.locator("#bar-person button").click()
        expect(page.locator("main h1")).to_have_text("Log in")
        page.goto(visit.address + "/login?" + urllib.parse.urlencode({"next": given}))
        page.get_by_label("Name").fill("rene")
        page.get_by_label("Password").fill("right")
        page.keyboard.press("Enter")
        expect(page.locator("#bar-person")).to_contain_text("rene")
        assert page.url.startswith(visit.address + "/"), (given, page.url)

    # Whose session ends while a page is open is asked anew, and comes back to it.
    page = visit.open("/targets?q=x")
    visit.context.clear_cookies()
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("main h1")).to_have_text("Log in")
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill("right")
    page.keyboard.press("Enter")
    expect(page.locator("main h1")).to_have_text("Targets")
    assert page.url.endswith("/targets?q=x"), page.url

    # Names and passwords are texts of any kind; a name with a colon is none that a browser could send.
    for name, secret in (("<img src=x onerror=alert(1)>", "' OR 1=1 --"), ("anna:", "right"), ("änna", "\u202epw"), ("", "no-token")):
        status, _ = Server(address()).ask("/obs/v1/session", "POST", headers={
            "Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()})
        assert status == 401, (name, status)
    status, answer = Server(address()).ask("/api/v1/query?query=1", headers={"Cookie": "obs_session=" + "x" * 10_000})
    assert status in (400, 401, 431), (status, answer)
