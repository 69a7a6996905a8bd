"""Explore for logs: streams, histogram, fields, filters by click, context, patterns, live tail."""

import json
import re
import time

from browser import expect, server, visiting

with visiting() as visit:
    page = visit.open("/explore?mode=logs&from=now-3h&to=now")
    page.get_by_role("button", name="checkout").click()
    editor = page.get_by_label("query of logs")
    expect(editor).to_have_value('{service="checkout"}')
    expect(page.locator(".log-line").first).to_be_visible()
    expect(page.locator(".log-graph canvas")).to_be_visible()
    visit.audit("lines")
    visit.picture("explore-logs")

    # The histogram counts every line of the range, whatever the limit of lines is.
    _, answer = server().ask("/loki/api/v1/query", query='sum(count_over_time({service="checkout"}[3h]))')
    total = int(answer["data"]["result"][0]["value"][1])
    texts = page.locator(".log-graph .legend-values").all_inner_texts()
    counted = sum(int(re.sub(r"\D", "", text)) for text in texts)
    assert counted == total >= 800, f"{counted} lines in the histogram, {total} by the API"

    # A field opens to its most frequent values; a click asks only for those lines.
    page.locator(".field summary", has_text="status").click()
    page.get_by_role("button", name="only status = 500").click()
    expect(editor).to_have_value('{service="checkout"} | json | status="500"')
    expect(page.locator(".log-line").first).to_contain_text('"status": 500')
    _, answer = server().ask(
        "/loki/api/v1/query", query='sum(count_over_time({service="checkout"} | json | status="500" [3h]))')
    errors = int(answer["data"]["result"][0]["value"][1])
    expect(page.locator(".log-line")).to_have_count(errors)

    # A line opens to its fields, and to what its stream said around it.
    line = page.locator(".log-line").nth(3)
    line.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".log-details")).to_contain_text("user.name")
    visit.audit("a line with its fields")
    page.get_by_role("button", name="Context").click()
    expect(page.locator(".context-lines .log-line.is-own")).to_have_count(1)
    assert page.locator(".context-lines .log-line").count() > 20
    visit.audit("context")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="without host = web-2").first.click()
    expect(editor).to_have_value('{service="checkout", host!="web-2"} | json | status="500"')
    expect(page.locator(".log-main")).to_contain_text("No line fits")

    # Patterns of the lines, each a filter.
    editor.fill('{service="cart"}')
    page.keyboard.press("Enter")
    expect(page.locator(".log-line").first).to_be_visible()
    page.get_by_role("tab", name="Patterns").click()
    expect(page.locator(".patterns tbody tr").first).to_contain_text("<_>")
    visit.audit("patterns")
    page.get_by_role("button", name="only these lines").first.click()
    expect(page.locator(".log-line").first).to_be_visible()
    assert "|>" in editor.input_value()

    # The metrics of the same labels at the same time.
    page.locator(".log-line").first.click()
    page.get_by_role("link", name="Metrics of these labels").click()
    expect(page.get_by_label("query 1")).to_have_value(re.compile("count by"))

    # Completion of labels and values.
    page = visit.open("/explore?mode=logs")
    editor = page.get_by_label("query of logs")
    editor.press_sequentially("{ser")
    page.get_by_role("option", name="service").first.click()
    editor.press_sequentially('="sea')
    page.get_by_role("option", name="search").click()
    editor.press_sequentially('"}')
    page.keyboard.press("Enter")
    expect(page.locator(".log-line").first).to_be_visible()

    # What comes is seen as it comes, without a question; the page keeps a bounded number of lines.
    page.get_by_role("button", name="Live").click()
    expect(page.locator(".state-good", has_text="live")).to_be_visible()

    def push(start, count):
        at = time.time_ns()
        values = [[str(at + place), f"level=info tail line {start + place}"] for place in range(count)]
        status, said = server().ask(
            "/loki/api/v1/push", "POST", {"streams": [{"stream": {"service": "search"}, "values": values}]})
        assert status == 204, said

    push(0, 5)
    expect(page.locator(".log-line", has_text="tail line 4")).to_have_count(1)
    for burst in range(8):
        push(1000 * (burst + 1), 500)
    expect(page.locator(".log-line", has_text="tail line 8499")).to_have_count(1)
    assert page.locator(".log-line").count() <= 1000
    visit.audit("live tail")
    page.get_by_role("button", name="Live").click()
    expect(page.locator(".state-good", has_text="live")).to_have_count(0)

    # A mistake is told.
    visit.expects("status of 400")
    editor.fill("{service=")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("main .panel-error")).to_be_visible()
