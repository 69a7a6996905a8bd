"""Dashboards that are kept by the server: new, edited, starred, copied from a file; of two editors the second is told."""

import re

from browser import Visit, address, browsing, expect, server

with browsing() as browser:
    visit = Visit(browser, address())
    page = visit.open("/dashboards")
    page.get_by_role("button", name="New dashboard").click()
    page.get_by_label("title").fill("Shop")
    page.get_by_label("folder").fill("Team")
    visit.audit("new dashboard")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main h1")).to_have_text("Shop")
    uid = re.search(r"/d/([^?]+)", page.url).group(1)

    # A panel is made, and shows what it asks.
    page.get_by_role("button", name="Add panel").click()
    page.get_by_label("Title").fill("Memory")
    page.get_by_label("Shown as").select_option("stat")
    page.get_by_label("Query A").fill('last_over_time(shop_memory_bytes{host="web-2"}[1h])')
    page.get_by_label("Unit").fill("bytes")
    page.get_by_label("Thresholds").fill("green, 1000 red")
    visit.audit("editor of a panel")
    visit.picture("edit-panel")
    page.get_by_role("button", name="Save").click()
    value = page.locator(".panel", has_text="Memory").locator(".tile-value")
    expect(value).to_have_text("2 GiB")
    memory = server().value('last_over_time(shop_memory_bytes{host="web-2"}[1h])')
    assert round(memory / 2**30, 2) == 2, memory
    red = value.evaluate("(one) => getComputedStyle(one).color")
    assert red == "rgb(242, 73, 92)", red
    expect(page.locator("dialog")).to_have_count(0)

    # Somebody else has it open, saves later, and is told; what was saved first stays.
    other = Visit(browser, address())
    second = other.open(f"/d/{uid}")
    for tab, title in ((page, "Memory of web-2"), (second, "Lost")):
        tab.get_by_role("button", name="menu of Memory").click()
        tab.get_by_role("button", name="Edit").click()
        expect(tab.get_by_label("Query A")).to_have_value(re.compile("shop_memory_bytes"))
        tab.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".panel[aria-label='Memory of web-2']")).to_be_visible()
    other.expects("status of 409")
    second.get_by_role("button", name="Save").click()
    expect(second.locator(".message-error")).to_contain_text("meanwhile")
    _, kept = server().ask(f"/obs/v1/dashboards/{uid}")
    assert kept["dashboard"]["panels"][0]["title"] == "Memory of web-2" and kept["version"] == 3, kept
    other.done()

    # Stars come first in the list.
    page = visit.open("/dashboards")
    page.get_by_role("button", name="star Shop").first.click()
    page.reload()
    visit.settled()
    expect(page.locator("main h2").first).to_have_text("Starred")
    expect(page.get_by_role("button", name="star Shop").first).to_have_attribute("aria-pressed", "true")
    visit.audit("list with a star")

    # A file cannot be changed, its copy can; what is deleted is gone.
    page = visit.open("/d/every-panel-v2")
    expect(page.get_by_role("button", name="Add panel")).to_have_count(0)
    page.get_by_role("button", name="Copy to edit").click()
    page.get_by_label("title").fill("Copy of all")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main h1")).to_have_text("Copy of all")
    visit.settled()
    expect(page.locator(".panel[aria-label='unit bytes'] .tile-value")).to_have_text("1.5 KiB")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.locator("main h1")).to_have_text("Dashboards")
    expect(page.locator("table.list", has_text="Copy of all")).to_have_count(0)
    status, _ = server().ask("/obs/v1/dashboards/every-panel", "PUT", {"version": 0, "dashboard": {"title": "x"}})
    assert status == 400, status
    visit.done()
