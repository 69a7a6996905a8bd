"""Explore for metrics: completion, graph, table, zoom, several queries, cost, mistakes."""

import time
from urllib.parse import parse_qs, urlparse

from browser import PATIENCE_MS, expect, server, visiting


def span(url):
    """The range of time in an address of the page."""
    parameters = parse_qs(urlparse(url).query)
    return [int(parameters[name][0]) for name in ("from", "to")]


with visiting() as visit:
    page = visit.open("/explore")
    editor = page.get_by_label("query 1")
    expect(editor).to_be_focused()

    # Metrics, then labels, then values of the label are offered.
    editor.press_sequentially("shop_tem")
    page.get_by_role("option", name="shop_temperature_celsius").wait_for()
    visit.audit("completion")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(editor).to_have_value("shop_temperature_celsius")
    editor.press_sequentially("{ho")
    page.get_by_role("option", name="host").first.click()
    editor.press_sequentially('="web')
    page.get_by_role("option", name="web-1").click()
    editor.press_sequentially('"}')
    page.keyboard.press("Enter")
    expect(page.locator(".graph-canvas canvas")).to_be_visible()
    expect(page.locator(".legend-item")).to_have_count(1)
    visit.audit("a graph")
    visit.picture("explore-metrics")

    # The table shows what the API answers.
    editor.fill('shop_memory_bytes{host="web-2"}')
    page.get_by_role("button", name="Run").click()
    expected = server().value('last_over_time(shop_memory_bytes{host="web-2"}[1h])')
    editor.fill('last_over_time(shop_memory_bytes{host="web-2"}[1h])')
    page.get_by_role("button", name="Run").click()
    cell = page.locator(".answer-table td.number").last
    expect(cell).to_be_visible()
    shown = cell.inner_text()
    assert abs(float(shown.replace(",", "")) - expected) < 1, f"{shown} instead of {expected}"

    # A second query, and its end.
    page.get_by_role("button", name="+ query").click()
    page.get_by_label("query 2").fill("sum by (service) (rate(shop_requests_total[5m]))")
    page.get_by_role("button", name="Run").nth(1).click()
    expect(page.locator(".legend-item")).to_have_count(4)
    page.get_by_role("button", name="remove the query").last.click()
    expect(page.locator(".legend-item")).to_have_count(1)

    # A drag over the graph is a range of time, which the address has and which can be left again.
    box = page.locator(".u-over").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 60, steps=6)
    page.mouse.up()
    page.wait_for_url("**from=1*")
    visit.settled()

    # With Shift held the graph goes with the pointer: what is shown is as wide as before, and earlier.
    zoomed = span(page.url)
    # A graph that is drawn anew under the pointer, with the answer to the zoom, ends a drag: it is taken up again.
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while span(page.url)[0] >= zoomed[0] and time.monotonic() < deadline:
        box = page.locator(".u-over").bounding_box()
        page.keyboard.down("Shift")
        page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 40, steps=6)
        page.mouse.up()
        page.keyboard.up("Shift")
        visit.settled()
    page.wait_for_url(lambda url: span(url)[0] < zoomed[0])
    moved = span(page.url)
    assert abs((moved[1] - moved[0]) - (zoomed[1] - zoomed[0])) <= 1, (zoomed, moved)

    # The query stands in colours behind the field, and a bracket shows the one that belongs to it.
    visit.open("/explore?expr=up")
    editor.fill('sum by (host) (rate(shop_requests_total{host="a)"}[5m]))')
    editor.press("End")
    expect(page.locator(".ink-function")).to_have_text(["sum", "rate"])
    expect(page.locator(".ink-string")).to_have_text('"a)"')
    expect(page.locator(".ink-pair")).to_have_text(["(", ")"])
    assert page.locator(".editor-ink").inner_text().rstrip("\n") == editor.input_value()

    # With Alt held a drag leads to the lines of the same thing at that time.
    visit.open("/explore?expr=shop_temperature_celsius")
    box = page.locator(".u-over").bounding_box()
    page.keyboard.down("Alt")
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 40, steps=6)
    page.mouse.up()
    page.keyboard.up("Alt")
    page.wait_for_url("**mode=logs*")
    expect(page.locator(".log-line").first).to_be_visible()
    visit.open("/explore?expr=up")

    # What it costs, and where a mistake is.
    page.get_by_role("button", name="Explain").click()
    expect(page.locator("dialog[open]")).to_contain_text("queryable samples")
    visit.audit("cost")
    page.keyboard.press("Escape")
    visit.expects("status of 400")
    page.get_by_label("query 1").fill("sum(rate(up[5m])")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("pre.panel-error")).to_contain_text("parse error")

    # The time: a named range, one of one's own, and a refresh.
    page.locator(".time-button").click()
    page.get_by_role("button", name="Last 6 hours").click()
    expect(page.locator(".time-button")).to_contain_text("Last 6 hours")
    page.locator(".time-button").click()
    visit.audit("time picker")
    page.get_by_label("from", exact=True).fill("now-30m")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".time-button")).to_contain_text("Last 30 minutes")
    page.get_by_role("button", name="zoom out").click()
    page.wait_for_url("**from=1*")
