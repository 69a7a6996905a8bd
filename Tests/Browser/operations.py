"""Targets with their labels before and after relabelling; the status of the server, and the end of a query."""

import threading

from browser import expect, server, visiting

with visiting() as visit:
    page = visit.open("/targets")
    expect(page.locator("section", has_text="gone")).to_contain_text("0 of 1 up")
    expect(page.locator("tr", has_text="stage=")).to_be_visible()
    page.locator("summary", has_text="relabelling").first.click()
    expect(page.locator("details[open]").first).to_contain_text("__address__")
    visit.audit("targets")
    visit.picture("targets")
    page.get_by_label("state").select_option("down")
    expect(page.locator("main section")).to_have_count(1)
    page.get_by_label("search targets").fill("nothing")
    expect(page.locator("main")).to_contain_text("No target fits")

    page = visit.open("/status")
    for tab, text in (
        ("storage", "Series by metric"), ("queries", "query"), ("limits", "memory of all queries"),
        ("configuration", "scrape_configs"),
        ("flags", "listen"), ("server", "version"),
    ):
        page.get_by_role("tab", name=tab).click()
        expect(page.locator("main")).to_contain_text(text)
        visit.audit(tab)
    visit.picture("status")

    # A query that runs for long is listed, and ends when somebody says so.
    answers = []
    long_query = 'sum(count_over_time({__name__=~".+"}[1h:1s]))'
    asked = threading.Thread(
        target=lambda: answers.append(server().ask("/api/v1/query_range", query=f"{long_query} > {long_query}",
                                                   start=0, end=36_000, step=4, timeout="2m")))
    asked.start()
    page.get_by_role("tab", name="queries").click()
    row = page.locator("tr", has_text="count_over_time")
    while asked.is_alive() and row.count() == 0:
        page.get_by_role("button", name="Refresh").click()
        page.wait_for_timeout(200)
    row.get_by_role("button", name="End it").click()
    asked.join(60)
    (status, answer), = answers
    assert status == 499 or answer["errorType"] == "canceled", (status, answer)
