"""The overview: what fires, what the server does, the hosts; the frame that all pages share."""

from browser import expect, visiting

with visiting() as visit:
    page = visit.open("/")
    expect(page.locator("main h1")).to_have_text("Overview")
    expect(page.locator("table.list").first).to_contain_text("TargetDown")
    expect(page.locator(".card", has_text="Targets down").locator(".figure")).to_have_text("1")
    visit.audit("overview, dark")
    visit.picture("overview-dark")

    # The theme is kept.
    page.keyboard.press("t")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.reload()
    visit.settled()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    visit.audit("overview, light")

    # The list of keys opens and closes by the keyboard, and the keys do what it says.
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_contain_text("overview")
    visit.audit("keys")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("t")
    expect(page.locator("main h1")).to_have_text("Targets")
    page.go_back()
    expect(page.locator("main h1")).to_have_text("Overview")
    visit.tabs_through(12)

    # Times are shown and read in the zone that is chosen, summer and winter.
    page = visit.open("/explore?expr=up&from=1700000000000&to=1700003600000")
    for zone, shown in (("Asia/Kolkata", "2023-11-15 03:43:20 to 2023-11-15 04:43:20"),
                        ("Europe/Berlin", "2023-11-14 23:13:20 to 2023-11-15 00:13:20")):
        page.get_by_role("button", name="time zone").click()
        page.get_by_label("Another").fill(zone)
        page.get_by_role("button", name="Use it").click()
        expect(page.locator(".time-button")).to_contain_text(shown)
    page.locator(".time-button").click()
    page.get_by_label("from", exact=True).fill("2023-07-01")
    page.get_by_label("to", exact=True).fill("2023-11-15 00:00")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**from=1688162400000&to=1700002800000*")
    page.get_by_role("button", name="time zone").click()
    visit.audit("time zone")
    page.get_by_role("button", name="as the dashboard says").click()
    expect(page.locator(".time-button")).to_contain_text("2023-06-30 22:00:00 to 2023-11-14 23:00:00")

    # An alert leads to its page; an address that is none says so.
    page = visit.open("/")
    page.get_by_role("link", name="TargetDown").click()
    expect(page.locator(".alert-group")).to_contain_text("TargetDown")

    # A short link leads back to the page and its state.
    page = visit.open("/explore?expr=up&from=now-15m&to=now")
    page.get_by_role("button", name="share").click()
    short = page.get_by_role("textbox", name="short link").input_value()
    assert "/s/" in short, short
    page.goto(visit.address + short[short.index("/s/"):])
    expect(page.get_by_label("query 1")).to_have_value("up")
    expect(page.locator(".time-button")).to_contain_text("Last 15 minutes")
