"""Texts that want to be more: in labels, lines, annotations, titles, addresses. Nothing of them runs or is fetched."""

import urllib.parse

from browser import expect, server, visiting
from forms import as_v2, hostile
from seed import HOSTILE

PAGES = [
    "/", "/dashboards", "/d/hostile", "/d/hostile-kept", "/alerts", "/alerts?tab=rules", "/alerts?tab=history", "/alerts?tab=silences",
    "/targets", "/status?tab=storage", "/explore?expr=shop_hostile",
    '/explore?mode=logs&expr={service="hostile"}', '/explore?mode=logs&show=patterns&expr={service="hostile"}',
]

with visiting() as visit:
    outside = []
    visit.page.on("request", lambda request: outside.append(request.url)
                  if not request.url.startswith((visit.address, "data:", "blob:")) else None)
    server().ask("/api/v2/silences", "POST", {
        "matchers": [{"name": "alertname", "value": HOSTILE[0], "isRegex": False, "isEqual": True}],
        "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2036-01-01T00:00:00Z", "createdBy": HOSTILE[1],
        "comment": HOSTILE[2],
    })

    # The same dashboard as elements and layouts, kept by the server in a folder that wants to be more.
    kept = as_v2(hostile())
    status, said = server().ask("/obs/v1/dashboards/hostile-kept", "PUT", {
        "version": 0, "folder": HOSTILE[0], "dashboard": {**kept, "uid": "hostile-kept", "title": HOSTILE[1]}})
    assert status == 200, said

    def untouched(path):
        """Only what the pages made themselves is there, and no address leads into a script."""
        found = visit.page.evaluate("""() => [...document.querySelectorAll("script, iframe, object, embed, style, base, form[action]")]
            .filter((one) => !/^\\/assets\\//.test(new URL(one.src || location.href).pathname)).map((one) => one.outerHTML)""")
        assert not found, (path, found)
        links = visit.page.evaluate("""() => [...document.querySelectorAll("[href], [src], [xlink\\\\:href]")]
            .map((one) => one.getAttribute("href") ?? one.getAttribute("src") ?? "").filter((one) => /^\\s*(javascript|data:text)/i.test(one))""")
        assert not links, (path, links)
        handlers = visit.page.evaluate("""() => [...document.querySelectorAll("*")]
            .filter((one) => [...one.attributes].some(({ name }) => name.startsWith("on"))).map((one) => one.outerHTML.slice(0, 200))""")
        assert not handlers, (path, handlers)

    for path in PAGES:
        visit.open(path)
        untouched(path)
        visit.page.evaluate("""() => {
            for (const one of document.querySelectorAll("main details")) one.open = true;
            for (const one of [...document.querySelectorAll(".log-line")].slice(0, 20)) one.click();
        }""")
        untouched(path)
    expect(visit.page.locator("main")).to_contain_text("alert")

    # As texts of addresses: they stand in fields and messages.
    visit.expects("status of 400", "status of 404", "status of 422")
    for text in HOSTILE[:2]:
        given = urllib.parse.quote(text.replace("\0", ""))
        for path in (f"/explore?expr={given}", f"/explore?mode=logs&expr={given}", f"/alerts?q={given}&tab={given}",
                     f"/d/{given}", f"/dashboards?q={given}&tag={given}", f"/explore?expr=up&from={given}&to={given}",
                     f"/d/hostile?var-host={given}"):
            visit.page.goto(visit.address + path)
            visit.page.wait_for_selector("main:not(.is-loading) h1")
            untouched(path)
    assert not outside, outside
