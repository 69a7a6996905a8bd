"""Dashboards: every panel in all three forms with the values that it must have; variables, rows, menus, export."""

import re
import time

from browser import PATIENCE_MS, expect, server, visiting
from forms import UNITS

TO = int(time.time()) // 60 * 60
FROM = TO - 3600
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
    "seriesToColumns": [["host", "Value #A", "Value #B"], ["a", "10", "10"], ["b", "30", "30"], ["c", "60", "60"]],
    "filterFieldsByName": [["host", "Value"], ["a", "10"], ["b", "30"], ["c", "60"]],
    "groupingToMatrix": [["host\\rack", "r1", "r2"], ["a", "10", ""], ["b", "30", ""], ["c", "", "60"]],
    "concatenate": [["host", "rack", "Value #A", "host", "rack", "Value #B"], ["a", "r1", "10", "a", "r1", "10"],
                    ["b", "r1", "30", "b", "r1", "30"], ["c", "r2", "60", "c", "r2", "60"]],
    "timeSeriesTable": [["host", "rack", "Trend"], ["a", "r1", ""]],
    "filterByRefId": [["host", "rack", "Value #B"], ["a", "r1", "10"], ["b", "r1", "30"], ["c", "r2", "60"]],
    "seriesToRows": [["Metric", "Value"], ["a", "10"], ["b", "30"], ["c", "60"]],
    "reduceFields": [["host", "rack", "Value"], ["", "", "60"]],
    "labels as rows": [["label", "value"], ["host", "a"], ["rack", "r1"]],
    "calculateField cumulativeFunctions": [["host", "rack", "Value", "made"], ["a", "r1", "10", "10"], ["b", "r1", "30", "40"],
                                           ["c", "r2", "60", "100"]],
    "calculateField windowFunctions": [["host", "rack", "Value", "made"], ["a", "r1", "10", "10"], ["b", "r1", "30", "20"],
                                       ["c", "r2", "60", "45"]],
    "calculateField index": [["host", "rack", "Value", "made"], ["a", "r1", "10", "0"], ["b", "r1", "30", "1"],
                             ["c", "r2", "60", "2"]],
    "calculateField unary": [["host", "rack", "Value", "made"], ["a", "r1", "10", "10"], ["b", "r1", "30", "30"],
                             ["c", "r2", "60", "60"]],
    "calculateField reduceRow": [["host", "rack", "Value", "made"], ["a", "r1", "10", "10"], ["b", "r1", "30", "30"],
                                 ["c", "r2", "60", "60"]],
    "filterByValue exclude": [["host", "rack", "Value"], ["a", "r1", "10"], ["c", "r2", "60"]],
    "overrides by kind": [["When", "Value"], *([time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(TO)), f"{value} B"]
                                              for value in (10, 30, 60))],
    "special mappings": [["host", "rack", "Value #A", "Value #B"], ["a", "r1", "it is so", "odd"],
                         ["b", "without", "it is not", "unknown"], ["c", "r2", "it is not", "3"]],
    "linked cells": [["host", "rack", "Value"], ["a", "r1", "10"], ["b", "r1", "30"], ["c", "r2", "60"]],
}
# Stat panels of one value that is told by their settings.
TILES = {
    "null or no number": "neither", "hidden target": "2", "range in seconds": "3600", "interval": "300000", "rate interval": "21",
    "ten minutes": "600", "linked": "1", "share of 40": "40", "share of 60": "60", "share of 150": "150",
}
COLOURS = {"share of 40": "rgb(115, 191, 105)", "share of 60": "rgb(255, 152, 48)", "share of 150": "rgb(242, 73, 92)"}


def shown(page):
    """What each panel says, by its title: texts of tiles, cells of tables, other texts."""
    return page.evaluate("""() => Object.fromEntries([...document.querySelectorAll(".panel")].map((panel) => {
        const body = panel.querySelector(".panel-body");
        const rows = [...body.querySelectorAll("table.data tr")].map((row) => [...row.cells].map((cell) => cell.innerText.trim()));
        const tiles = [...body.querySelectorAll(".tile")].map((tile) => [...tile.querySelectorAll(".tile-name, .tile-value")].map((one) => one.innerText));
        const notice = panel.querySelector(".panel-notice")?.getAttribute("aria-label") ?? null;
        const error = body.querySelector(".panel-error, .panel-empty")?.innerText ?? null;
        const colours = [...body.querySelectorAll(".tile-value")].map((one) => getComputedStyle(one).color);
        return [panel.getAttribute("aria-label"), { colours, rows, tiles, notice, error, text: body.innerText, drawn: body.querySelectorAll("canvas, svg").length }];
    }))""")


def check(panels):
    for name, one in panels.items():
        assert one["notice"] is None and one["error"] is None, (name, one)
    for unit, _, text in UNITS:
        assert panels[f"unit {unit}"]["tiles"] == [[text]], (unit, text, panels[f"unit {unit}"])
    for value, text in (("1", "one"), ("15", "teens"), ("NaN", "not a number"), ("77", "sevens")):
        assert panels[f"mapping {value}"]["tiles"] == [[text]], (value, panels[f"mapping {value}"])
    assert panels["overrides"]["tiles"] == [["a", "10.0 B"], ["named b", "30.0%"], ["c", "60.0%"]], panels["overrides"]
    assert panels["more overrides"]["tiles"] == [["a", "10.00"], ["b", "30%"], ["large", "60"]], panels["more overrides"]
    for title, text in TILES.items():
        assert panels[title]["tiles"] == [[text]], (title, panels[title]["tiles"])
    for title, colour in COLOURS.items():
        assert panels[title]["colours"] == [colour], (title, panels[title]["colours"])
    for title, rows in TABLES.items():
        assert panels[title]["rows"] == rows, (title, panels[title]["rows"])
    for title, texts in (
        ("gauge", ["10%", "30%", "60%"]), ("bargauge", ["10%", "30%", "60%"]), ("piechart", ["10.0%", "30.0%", "60.0%"]),
        ("barchart", ["a", "b", "c", "60%"]), ("text", ["Title", "bold", "one"]), ("heatmap", []),
        ("timeseries", ["five", "5 ops/s", "2 ops/s"]), ("state-timeline", ["UP", "db-1"]),
        ("logs", ['"status": 500']), ("by variables", ["db-1", "web-1", "web-2"]),
    ):
        assert all(text in panels[title]["text"] for text in texts), (title, panels[title]["text"])
        assert panels[title]["drawn"] > 0 or title in ("text", "logs", "bargauge", "state-timeline"), title
    assert panels["step 5m, free text"]["tiles"] == [["6"]]
    assert panels["chosen All"]["tiles"] == [["3"]]
    for host, size in (("web-1", "1 GiB"), ("web-2", "2 GiB")):
        assert panels[f"{host} in its row"]["tiles"] == [[size]], panels[f"{host} in its row"]
        assert panels[f"below each other {host}"]["tiles"] == [["1"]]
    assert panels["memory of web-1"]["tiles"][0][0].startswith("1 GiB")
    assert panels["memory of web-2"]["tiles"][0][0].startswith("2 GiB")


def differing(page, others):
    """The panels whose pictures are not those of another form."""
    made = {name: page.locator(f".panel[aria-label='{name}']").screenshot() for name in others or page.evaluate(
        "[...document.querySelectorAll('.panel')].map((one) => one.getAttribute('aria-label'))")}
    return made, [name for name, picture in made.items() if others and others[name] != picture]


with visiting(size={"width": 1440, "height": 7000}) as visit:
    page = visit.open("/dashboards")
    page.get_by_label("search dashboards").fill("every")
    expect(page.locator("table.list tr")).to_have_count(3)
    visit.audit("list of dashboards")

    pictures = {}
    for form in FORMS:
        visit.open(f"/d/{form}?from={FROM * 1000}&to={TO * 1000}")
        page.get_by_role("button", name="Closed").click()
        expect(page.locator(".panel[aria-label='behind a row'] .tile-value")).to_have_text("42")
        expect(page.locator(".row-title")).to_have_text(["Transformations", "Row of web-1", "Row of web-2", "Closed"])
        expect(page.locator(".panel.is-loading")).to_have_count(0)
        expect(page.locator(".panel", has_text="convertFieldType").locator("td").first).to_be_visible()
        panels = shown(page)
        check(panels)
        cut = page.evaluate("""() => [...document.querySelectorAll(".tile-value")]
            .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.innerText)""")
        assert not cut, f"texts that are cut off: {cut}"
        links = page.evaluate("""() => Object.fromEntries([...document.querySelectorAll(".dashboard-head a, .panel-link, td a")]
            .map((one) => [one.textContent, one.getAttribute("href")]))""")
        for name, end in (("to the alerts", "/alerts"), ("its alerts", f"/alerts?q=3&from={FROM * 1000}&to={TO * 1000}"),
                          ("c", "/explore?host=c&rack=r2")):
            assert links[name].endswith(end), (name, links[name])
        # The marks of events come last.
        page.wait_for_load_state("networkidle")
        visit.picture(form)
        pictures, others = differing(page, pictures)
        assert not others, f"{form} has another picture of {others}"
    visit.audit("every panel")

    # The server gives the same values as the panels show.
    memory = server().value('last_over_time(shop_memory_bytes{host="web-1"}[1h])')
    text = panels["memory of web-1"]["tiles"][0][0]
    assert text == f"{memory / 2**30:.3g} GiB", (text, memory)

    # All kinds of variables: what there is to choose, and in which order.
    choices = {}
    for name in ("datasource", "host", "memory_host", "hot", "multiplier", "step"):
        page.get_by_role("button", name=re.compile(f"^{name}:")).click()
        choices[name] = page.locator(".choice-list [role=option]").all_inner_texts()
        page.keyboard.press("Escape")
    assert choices == {"datasource": ["obs"], "host": ["All", "db-1", "web-1", "web-2"], "memory_host": ["web-2", "web-1"],
                       "hot": ["db-1"], "multiplier": ["3", "5"], "step": ["1m", "5m", "10m"]}, choices
    expect(page.locator(".controls")).not_to_contain_text("fixed")

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
    page.get_by_role("button", name="menu of timeseries", exact=True).click()
    visit.audit("menu of a panel")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    lines = download.value.path().read_text().split("\n")
    assert lines[0].lower().startswith("time,five") and lines[1].endswith(",5"), lines[:2]
    page.get_by_role("button", name="menu of timeseries", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG").click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")
    page.get_by_role("button", name="menu of timeseries", exact=True).click()
    page.get_by_role("button", name="Share a picture").click()
    picture = page.get_by_label("address, for a week").input_value()
    assert "&signature=" in picture and "panel.png?" in picture, picture
    page.keyboard.press("Escape")
    page.get_by_role("button", name="menu of timeseries", exact=True).click()
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
    visit.open("/d/every-panel")
    visit.tabs_through(10)
