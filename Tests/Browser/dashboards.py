"""Dashboards: every panel in all three forms with the values that it must have; variables, rows, menus, export."""

import re
import time

from browser import PATIENCE_MS, expect, server, visiting
from forms import UNITS

FORMS = ["every-panel", "every-panel-v1", "every-panel-v2"]
TABLES = {
    "organize": [["load", "machine"], ["10", "a"], ["30", "b"], ["60", "c"]],
    "merge": [["host", "rack", "Value #A", "Value #B"], ["a", "r1", "10", "10"], ["b", "r1", "30", "30"],
              ["c", "r2", "60", "60"]],
    "filterByValue": [["host", "rack", "Value"], ["b", "r1", "30"], ["c", "r2", "60"]],
    "reduce": [["Field", "Max", "Mean"], ["four", "4", "4"]],
    "joinByField": [["host", "Value #A", "Value #B"], ["a", "10", "10"], ["b", "30", "30"], ["c", "60", "60"]],
    "calculateField": [["host", "rack", "Value", "double"], ["a", "r1", "10", "20"], ["b", "r1", "30", "60"],
                       ["c", "r2", "60", "120"]],
    "sortBy": [["host", "rack", "Value"], ["c", "r2", "60"], ["b", "r1", "30"], ["a", "r1", "10"]],
    "groupBy": [["rack", "Value (sum)", "Value (count)"], ["r1", "40", "2"], ["r2", "60", "1"]],
    "labelsToFields": [["host", "rack", "Value"], ["a", "r1", "10"], ["b", "r1", "30"], ["c", "r2", "60"]],
    "limit": [["host", "rack", "Value"], ["a", "r1", "10"], ["b", "r1", "30"]],
    "renameByRegex": [["host", "rack", "Wertue"], ["a", "r1", "10"], ["b", "r1", "30"], ["c", "r2", "60"]],
    "convertFieldType": [["host", "rack", "Value"], ["a", "r1", "10"], ["b", "r1", "30"], ["c", "r2", "60"]],
}


def shown(page):
    """What each panel says, by its title: texts of tiles, cells of tables, other texts."""
    return page.evaluate("""() => Object.fromEntries([...document.querySelectorAll(".panel")].map((panel) => {
        const body = panel.querySelector(".panel-body");
        const rows = [...body.querySelectorAll("table.data tr")].map((row) => [...row.cells].map((cell) => cell.innerText.trim()));
        const tiles = [...body.querySelectorAll(".tile")].map((tile) => [...tile.querySelectorAll(".tile-name, .tile-value")].map((one) => one.innerText));
        const notice = panel.querySelector(".panel-notice")?.getAttribute("aria-label") ?? null;
        const error = body.querySelector(".panel-error, .panel-empty")?.innerText ?? null;
        return [panel.getAttribute("aria-label"), { rows, tiles, notice, error, text: body.innerText, drawn: body.querySelectorAll("canvas, svg").length }];
    }))""")


def check(panels):
    for name, one in panels.items():
        assert one["notice"] is None and one["error"] is None, (name, one)
    for unit, _, text in UNITS:
        assert panels[f"unit {unit}"]["tiles"] == [[text]], (unit, text, panels[f"unit {unit}"])
    for value, text in (("1", "one"), ("15", "teens"), ("NaN", "not a number"), ("77", "sevens")):
        assert panels[f"mapping {value}"]["tiles"] == [[text]], (value, panels[f"mapping {value}"])
    assert panels["overrides"]["tiles"] == [["a", "10.0 B"], ["named b", "30.0%"], ["c", "60.0%"]], panels["overrides"]
    for title, rows in TABLES.items():
        assert panels[title]["rows"] == rows, (title, panels[title]["rows"])
    for title, texts in (
        ("gauge", ["10%", "30%", "60%"]), ("bargauge", ["10%", "30%", "60%"]), ("piechart", ["10.0%", "30.0%", "60.0%"]),
        ("barchart", ["a", "b", "c", "60%"]), ("text", ["Title", "bold", "one"]), ("heatmap", []),
        ("timeseries", ["five", "5 ops/s", "2 ops/s"]), ("state-timeline", ["UP", "DOWN", "db-1"]),
        ("logs", ['"status": 500']), ("by variables", ["db-1", "web-1", "web-2"]),
    ):
        assert all(text in panels[title]["text"] for text in texts), (title, panels[title]["text"])
        assert panels[title]["drawn"] > 0 or title in ("text", "logs", "bargauge", "state-timeline"), title
    assert panels["step 5m, free text"]["tiles"] == [["6"]]
    assert panels["memory of web-1"]["tiles"][0][0].startswith("1 GiB")
    assert panels["memory of web-2"]["tiles"][0][0].startswith("2 GiB")


with visiting(size={"width": 1440, "height": 3600}) as visit:
    page = visit.open("/dashboards")
    page.get_by_label("search dashboards").fill("every")
    expect(page.locator("table.list tr")).to_have_count(3)
    visit.audit("list of dashboards")

    pictures = []
    for form in FORMS:
        visit.open(f"/d/{form}")
        expect(page.locator(".panel.is-loading")).to_have_count(0)
        expect(page.locator(".panel", has_text="convertFieldType").locator("td").first).to_be_visible()
        panels = shown(page)
        check(panels)
        cut = page.evaluate("""() => [...document.querySelectorAll(".tile-value")]
            .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.innerText)""")
        assert not cut, f"texts that are cut off: {cut}"
        visit.picture(form)
        # Times go on between one picture and the next.
        pictures.append({name: re.sub(r"\d\d:\d\d", "", one["text"]) for name, one in panels.items()
                         if name not in ("logs", "by variables", "heatmap", "state-timeline", "timeseries")})
    assert pictures[0] == pictures[1] == pictures[2], "the three forms of a dashboard look different"
    visit.audit("every panel")

    # The server gives the same values as the panels show.
    memory = server().value('last_over_time(shop_memory_bytes{host="web-1"}[1h])')
    text = panels["memory of web-1"]["tiles"][0][0]
    assert text == f"{memory / 2**30:.3g} GiB", (text, memory)

    # Another choice asks again, only what depends on it; the address keeps it.
    page.get_by_role("button", name=re.compile("^multiplier")).click()
    page.get_by_role("option", name="5", exact=True).click()
    expect(page.locator(".panel", has_text="step 5m").locator(".tile-value")).to_have_text("14")
    page.wait_for_url("**var-multiplier=7*")
    page.get_by_role("button", name=re.compile("^memory_host")).click()
    page.locator(".choice-list [role=option]", has_text="web-2").click()
    page.locator("h1").click()
    expect(page.locator(".panel", has_text="memory of")).to_have_count(1)
    page.get_by_role("textbox", name="text").fill("other words")
    page.keyboard.press("Enter")
    expect(page.locator(".panel", has_text="step 5m, other words")).to_be_visible()

    # What is said to be known is what the modules do.
    folder = page.evaluate("new URL('.', document.querySelector('script[type=module]').src).pathname.slice(0, -1)")
    known, done = page.evaluate("""async (folder) => {
        const names = ["dashboards/known", "core/format", "dashboards/transform", "dashboards/reduce"];
        const [{ known }, { unitNames }, { transformations }, { calculations }] =
            await Promise.all(names.map((name) => import(`${folder}/${name}.js`)));
        return [[known.units, known.transformations, known.calculations],
            [unitNames, Object.keys(transformations), Object.keys(calculations)]];
    }""", folder)
    assert known == done, "dashboards/known.js is not what the modules do"

    # A panel can be seen alone, saved, and asked about.
    visit.settled()
    expect(page.locator(".panel[aria-label=timeseries] .legend")).to_contain_text("five")
    page.get_by_role("button", name="menu of timeseries").click()
    visit.audit("menu of a panel")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    lines = download.value.path().read_text().split("\n")
    assert lines[0].lower().startswith("time,five") and lines[1].endswith(",5"), lines[:2]
    page.get_by_role("button", name="menu of timeseries").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG").click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")
    page.get_by_role("button", name="menu of timeseries").click()
    page.get_by_role("button", name="Share a picture").click()
    picture = page.get_by_label("address, for a week").input_value()
    assert "&signature=" in picture and "panel.png?" in picture, picture
    page.keyboard.press("Escape")
    page.get_by_role("button", name="menu of timeseries").click()
    page.get_by_role("button", name="Full size").click()
    expect(page.locator(".panel.is-full")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".panel.is-full")).to_have_count(0)

    # A line of a log is a mark on every graph: it was written a quarter of an hour ago.
    graph = page.locator(".panel[aria-label=timeseries] .u-over")
    mark = page.locator(".panel[aria-label=timeseries] .tip-mark", has_text="checkout: {")

    def finds_mark():
        # The panel comes back from its full size in its own time.
        box = graph.bounding_box()
        for place in range(100, 180):
            page.mouse.move(box["x"] + box["width"] * place / 200, box["y"] + 10)
            if mark.count() > 0:
                return "order 2801 placed" in mark.inner_text()
        return False

    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not finds_mark():
        assert time.monotonic() < deadline, "the line of a log is no mark on the graph"

    # A drag is a range of time for all panels.
    box = graph.bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 12, steps=5)
    page.mouse.up()
    page.wait_for_url("**from=1*")
    visit.tabs_through(10)
