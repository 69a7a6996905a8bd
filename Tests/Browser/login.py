"""Logging in and out, what a role allows, and what a request without the page's proof gets."""

import base64

from browser import Server, address, expect, visiting

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
    changes = [
        ("POST", "/api/v2/silences"), ("DELETE", "/api/v2/silence/x"), ("POST", "/obs/v1/ack"),
        ("PUT", "/obs/v1/dashboards/x"), ("DELETE", "/obs/v1/dashboards/x"), ("PUT", "/obs/v1/stars/x"),
        ("POST", "/obs/v1/links"), ("DELETE", "/obs/v1/session"), ("DELETE", "/debug/queries/1"),
        ("POST", "/obs/v1/notifications/test"), ("POST", "/-/reload"), ("POST", "/-/quit"),
        ("POST", "/api/v1/admin/tsdb/delete_series"), ("POST", "/loki/api/v1/push"), ("POST", "/api/v1/write"),
    ]
    for method, path in changes:
        for headers in ({"Cookie": jar}, {"Cookie": jar, "X-CSRF-Token": "0" * 64}, {}):
            status, answer = Server(address()).ask(path, method, "{}", headers)
            assert status in (401, 403), (method, path, headers, status, answer)
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
    for method, path in changes[:5]:
        basic = "Basic " + base64.b64encode(b"rene:right").decode()
        status, answer = Server(address(), basic).ask(path, method, "{}")
        assert status == 403, (method, path, status, answer)

    # An address to come back to is one of these pages, whatever somebody writes there.
    page.locator("#bar-person button").click()
    expect(page.locator("main h1")).to_have_text("Log in")
    page.goto(visit.address + "/login?next=https://example.com/")
    page.get_by_label("Name").fill("rene")
    page.get_by_label("Password").fill("right")
    page.keyboard.press("Enter")
    expect(page.locator("#bar-person")).to_contain_text("rene")
    assert page.url.startswith(visit.address), page.url
