"""What panels of every kind show, compared with what the API answers to the same queries, and reckoned apart from the pages.

Prints how many panels were compared, one `name value` a line."""

import time

from browser import expect, server, visiting
from reckoning import CALCULATIONS, legend, text

STEP = 60
TO = int(time.time()) // STEP * STEP - STEP
FROM = TO - 3600

SHOWN = """() => Object.fromEntries([...document.querySelectorAll(".panel")].map((panel) => {
    const texts = (...names) => [...panel.querySelectorAll(names.join(", "))].map((one) => one.textContent.trim());
    return [panel.getAttribute("aria-label"), {
        tiles: texts(".tile-name", ".tile-value"),
        dials: texts(".dial-text", ".dial figcaption"),
        bars: texts(".bar-name", ".bar-value"),
        rows: [...panel.querySelectorAll("table.data tr")].map((row) => [...row.cells].map((cell) => cell.innerText.trim())),
        legendRows: [...panel.querySelectorAll(".legend tr")].map((row) => [...row.cells].map((cell) => cell.innerText.trim())),
        legend: [...panel.querySelectorAll(".legend-item")].map((one) =>
            [one.querySelector(".legend-name, :scope")?.firstElementChild?.nextSibling?.textContent ?? "", one.textContent]),
        barTexts: texts(".bar-text"), lanes: [...panel.querySelectorAll(".lane:not(.lane-axis)")].map((lane) =>
            [lane.querySelector(".lane-name").textContent, [...lane.querySelectorAll(".lane-span")].at(-1)?.title.split("\\n")[0]]),
        lines: texts(".log-line .log-text"),
    }];
}))"""

_, answer = server().ask("/obs/v1/dashboards/measured")
panels = answer["dashboard"]["panels"]
compared = 0


def asked(target):
    """Labels and values of each series of a query."""
    if target["instant"]:
        _, answer = server().ask("/api/v1/query", query=target["expr"], time=TO)
        found = [(one["metric"], [one["value"]]) for one in answer["data"]["result"]]
    else:
        _, answer = server().ask("/api/v1/query_range", query=target["expr"], start=FROM, end=TO, step=STEP)
        found = [(one["metric"], one["values"]) for one in answer["data"]["result"]]
    return [(labels, with_gaps(values)) for labels, values in found]


def with_gaps(pairs):
    """Values in order; a gap is one that is missing, however long it is."""
    values, expected = [], None
    for seconds, value in pairs:
        if expected is not None and seconds > expected:
            values.append(None)
        values.append(float(value))
        expected = seconds + STEP
    return values


def varying(series):
    """The labels in which series differ, which name them where no legend does."""
    labels = [one for one, _ in series]
    names = sorted({name for one in labels for name in one})
    return [name for name in names if len({one.get(name) for one in labels}) > 1 or len(labels) == 1]


def name_of(target, labels, series):
    form = target["legendFormat"]
    if form != "__auto":
        return legend(form, labels)
    if not labels:
        return target["expr"]
    return labels[varying(series)[0]]


def reckoned(panel):
    """The texts that a panel must have, in the form in which `seen` gives them."""
    kind, (target,) = panel["type"], panel["targets"]
    defaults, options = panel["fieldConfig"]["defaults"], panel["options"]
    series = asked(target)
    assert series, (panel["title"], "the API has nothing")

    def shown(value):
        return text(value, defaults.get("unit"), defaults.get("decimals"))

    single = [(name_of(target, labels, series), shown(values[-1])) for labels, values in series]
    if kind == "stat":
        if target["range"]:
            (values,) = [values for _, values in series]
            (calculation,) = options["reduceOptions"]["calcs"]
            return [shown(CALCULATIONS[calculation][1](values))]
        return [part for pair in single for part in pair] if len(single) > 1 else [single[0][1]]
    if kind == "gauge":
        return [part for name, value in single for part in ([value, name] if len(single) > 1 else [value])]
    if kind == "bargauge":
        return [part for pair in single for part in pair]
    if kind == "table":
        names = sorted({name for labels, _ in series for name in labels})
        rows = [[labels.get(name, "") for name in names] + [shown(values[-1])] for labels, values in series]
        return [["Time", *names, "Value"]] + [[time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(TO)), *row] for row in rows]
    if kind == "timeseries":
        calcs = options["legend"]["calcs"]
        rows = [[name_of(target, labels, series), *(
            text(CALCULATIONS[one][1](values), defaults.get("unit")) for one in calcs)] for labels, values in series]
        if options["legend"]["displayMode"] == "table":
            return [["Name", *(CALCULATIONS[one][0] for one in calcs)]] + rows
        return [row[0] + "  ".join(f"{CALCULATIONS[one][0]}: {value}" for one, value in zip(calcs, row[1:])) for row in rows]
    if kind == "piechart":
        total = sum(values[-1] for _, values in series)
        ordered = sorted(series, key=lambda one: -one[1][-1])
        return [f"{name_of(target, labels, series)}{values[-1] / total * 100:.1f}%  {shown(values[-1])}" for labels, values in ordered]
    if kind == "barchart":
        return [shown(values[-1]) for _, values in series]
    if kind in ("state-timeline", "status-history"):
        states = {0.0: "DOWN", 1.0: "UP"}
        return [[name_of(target, labels, series), states[values[-1]]] for labels, values in series]
    raise AssertionError(kind)


def seen(panel, one):
    kind = panel["type"]
    if kind == "timeseries":
        return one["legendRows"] or [text for _, text in one["legend"]]
    return one[{"stat": "tiles", "gauge": "dials", "bargauge": "bars", "table": "rows", "barchart": "barTexts",
                "state-timeline": "lanes", "status-history": "lanes"}[kind]] if kind != "piechart" else [
        text for _, text in one["legend"]]


def check_heatmap(page, panel):
    """Goes over the columns of a heatmap: the tip says of each cell what the API counts in it."""
    (target,) = panel["targets"]
    _, answer = server().ask("/api/v1/query_range", query=target["expr"], start=FROM, end=TO, step=STEP)
    counts = {(int(at), one["metric"]["le"]): float(value) for one in answer["data"]["result"] for at, value in one["values"]}
    bounds = sorted({bound for _, bound in counts}, key=float)
    canvas = page.locator(f".panel[aria-label='{panel['title']}'] canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    tips = 0
    for column in (0.4, 0.6, 0.8):
        for row, bound in enumerate(bounds):
            tall = box["height"] - 26
            page.mouse.move(box["x"] + 64 + (box["width"] - 72) * column,
                            box["y"] + 4 + tall * (1 - (row + 0.5) / len(bounds)))
            tip = page.locator(f".panel[aria-label='{panel['title']}'] .tip")
            expect(tip).to_be_visible()
            at = tip.locator(".tip-time").inner_text()
            seconds = next(at_ for at_, _ in counts if time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at_)) == at)
            below = counts.get((seconds, bounds[row - 1]), 0) if row else 0
            expected = text(max(0, counts[seconds, bound] - below))
            found = tip.locator(".tip-row b").inner_text()
            assert found == expected, (at, bound, found, expected)
            tips += 1
    assert tips == 3 * len(bounds) >= 12


def check_logs(panel, one):
    (target,) = panel["targets"]
    _, answer = server().ask("/loki/api/v1/query_range", query=target["expr"], start=FROM * 10**9, end=TO * 10**9, limit=1000)
    lines = sorted(((int(ns), line) for stream in answer["data"]["result"] for ns, line in stream["values"]), reverse=True)
    assert len(lines) > 10, "too few lines to compare"
    assert one["lines"] == [line for _, line in lines], (one["lines"][:2], lines[:2])


with visiting(size={"width": 1600, "height": 6000}) as visit:
    page = visit.open(f"/d/measured?from={FROM * 1000}&to={TO * 1000}")
    expect(page.locator(".panel")).to_have_count(len(panels))
    visit.settled()
    shown = page.evaluate(SHOWN)
    visit.picture("measured", full_page=True)
    wrong = []
    kinds = {}
    for panel in panels:
        one = shown[panel["title"]]
        if panel["type"] == "heatmap":
            check_heatmap(page, panel)
        elif panel["type"] == "logs":
            check_logs(panel, one)
        else:
            expected, found = reckoned(panel), seen(panel, one)
            if found != expected:
                wrong.append(f"{panel['title']} shows {found} instead of {expected}")
        kinds[panel["type"]] = kinds.get(panel["type"], 0) + 1
        compared += 1
    print(f"panels {compared}")
    print(f"kinds {len(kinds)}")
    print(f"wrong {len(wrong)}")
    for sentence in wrong:
        print("#", sentence)
    assert not wrong
