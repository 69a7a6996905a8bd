"""The Node Exporter Full dashboard against a server that scrapes a host: prints figures, one `name value` a line.

No panel may be empty whose queries have data, and none may say that it does not understand something."""

import time

from browser import expect, server, visiting

UID = "rYdddlPWk"

with visiting(size={"width": 1440, "height": 1000}) as visit:
    page = visit.page
    page.add_init_script("""
        window.firstMs = null;
        new MutationObserver(() => {
            if (window.firstMs === null && document.querySelector(".panel canvas, .panel .tile-value, .panel .dial")) {
                requestAnimationFrame(() => { window.firstMs ??= performance.now(); });
            }
        }).observe(document, { childList: true, subtree: true });
    """)
    began = time.monotonic()
    visit.open(f"/d/{UID}?from=now-5m&to=now")
    expect(page.locator(".panel").first).to_be_visible()
    page.locator(".panel canvas").first.wait_for()
    visit.settled()
    whole = time.monotonic() - began
    print(f"first_ms {page.evaluate('window.firstMs'):.0f}")
    print(f"visible_s {whole:.2f}")
    visit.picture("fleet")

    closed = page.locator(".row-title[aria-expanded=false]")
    while closed.count() > 0:
        closed.first.click()
    count = page.locator(".panel").count()
    for place in range(count):
        page.locator(".panel").nth(place).scroll_into_view_if_needed()
    visit.settled()
    panels = page.evaluate("""() => [...document.querySelectorAll(".panel")].map((panel) => ({
        title: panel.getAttribute("aria-label"), notice: panel.querySelector(".panel-notice")?.getAttribute("aria-label"),
        error: panel.querySelector(".panel-error")?.innerText, isEmpty: Boolean(panel.querySelector(".panel-empty")),
    }))""")
    visit.picture("fleet-whole", full_page=True)
    wrong = []
    for place, one in enumerate(panels):
        if one["notice"] or one["error"]:
            wrong.append(f"{one['title']}: {one['notice'] or one['error']}")
        if not one["isEmpty"]:
            continue
        page.locator(".panel").nth(place).locator(".panel-menu").click()
        for query in page.locator("dialog code").all_inner_texts():
            now = time.time()
            _, answer = server().ask("/api/v1/query_range", query=query, start=now - 300, end=now, step=15)
            if answer.get("data", {}).get("result"):
                wrong.append(f"{one['title']}: empty, though {query} has data")
        page.keyboard.press("Escape")
    print(f"panels {len(panels)}")
    print(f"empty_without_data {sum(one['isEmpty'] for one in panels)}")
    print(f"wrong {len(wrong)}")
    for sentence in wrong:
        print("#", sentence)
