"""What dashboards of the tests are built of: panels with their targets, laid out row by row."""

PROMETHEUS = {"type": "prometheus", "uid": "prometheus"}
LOKI = {"type": "loki", "uid": "loki"}


def panel(number, kind, title, targets, w=6, h=5, **rest):
    made = {
        "id": number, "type": kind, "title": title, "datasource": PROMETHEUS,
        "gridPos": {"x": 0, "y": 0, "w": w, "h": h},
        "targets": [{"refId": "ABCDEFG"[place], "datasource": PROMETHEUS, **target}
                    for place, target in enumerate(targets)],
        "fieldConfig": {"defaults": {}, "overrides": []}, "options": {},
    }
    made.update(rest)
    return made


def instant(expr, legend="__auto", **rest):
    return {"expr": expr, "instant": True, "range": False, "legendFormat": legend, **rest}


def ranged(expr, legend="__auto", **rest):
    return {"expr": expr, "instant": False, "range": True, "legendFormat": legend, **rest}


def placed(given):
    """From left to right, row by row."""
    x = y = tallest = 0
    for one in given:
        w, h = one["gridPos"]["w"], one["gridPos"]["h"]
        if x + w > 24:
            x, y, tallest = 0, y + tallest, 0
        one["gridPos"].update(x=x, y=y)
        x, tallest = x + w, max(tallest, h)
        for inner in placed(one.get("panels", [])):
            inner["gridPos"]["y"] += y + h
        yield one
