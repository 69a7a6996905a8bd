"""All panels of a dashboard that is open, and those that show less than they could."""

import time

from browser import server

RANGE_SECONDS = 300


def all_panels(visit):
    """Opens every row and brings every panel into sight; what each is called and what it complains of."""
    page = visit.page
    closed = page.locator(".row-title[aria-expanded=false]")
    while closed.count() > 0:
        closed.first.click()
    for place in range(page.locator(".panel").count()):
        page.locator(".panel").nth(place).scroll_into_view_if_needed()
    visit.settled()
    return page.evaluate("""() => [...document.querySelectorAll(".panel")].map((panel) => ({
        title: panel.getAttribute("aria-label"), notice: panel.querySelector(".panel-notice")?.getAttribute("aria-label"),
        error: panel.querySelector(".panel-error")?.innerText, isEmpty: Boolean(panel.querySelector(".panel-empty")),
    }))""")


def wrong_panels(visit, panels):
    """Sentences about panels with a notice or an error, and about empty ones whose queries have data."""
    page = visit.page
    wrong = []
    for place, one in enumerate(panels):
        if one["notice"] or one["error"]:
            wrong.append(f"{one['title']}: {one['notice'] or one['error']}")
        if not one["isEmpty"]:
            continue
        page.locator(".panel").nth(place).locator(".panel-menu").click()
        for query in page.locator("dialog code").all_inner_texts():
            now = time.time()
            _, answer = server().ask("/api/v1/query_range", query=query, start=now - RANGE_SECONDS, end=now, step=15)
            if isinstance(answer, dict) and answer.get("data", {}).get("result"):
                wrong.append(f"{one['title']}: empty, though {query} has data")
        page.keyboard.press("Escape")
    return wrong
