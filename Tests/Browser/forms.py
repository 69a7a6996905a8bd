"""Dashboards for the tests of the pages, each written in Grafana's three forms: classic, V1 and V2.

`every-panel` has each kind of panel, variable, transformation, unit, override and mapping that the pages promise. What it
asks are numbers that a reader can work out by hand, so that what is shown can be compared with them.
"""

import json
import pathlib
import sys

from seed import HOSTILE

PROMETHEUS = {"type": "prometheus", "uid": "prometheus"}
LOKI = {"type": "loki", "uid": "loki"}

# Unit, value, and the text that the value has in that unit.
UNITS = [
    ("none", 3, "3"), ("short", 1500, "1.5 K"), ("percent", 12.5, "12.5%"), ("percentunit", 0.125, "12.5%"),
    ("bytes", 1536, "1.5 KiB"), ("decbytes", 1500, "1.5 kB"), ("bits", 2048, "2 Kib"), ("decbits", 2000, "2 kb"),
    ("Bps", 2500000, "2.5 MB/s"), ("binBps", 1048576, "1 MiB/s"), ("bps", 1000, "1 kb/s"), ("pps", 12, "12 p/s"),
    ("ops", 7, "7 ops/s"), ("reqps", 2500, "2.5K req/s"), ("iops", 12, "12 io/s"), ("rps", 4, "4 rd/s"),
    ("wps", 5, "5 wr/s"), ("s", 90, "1.5 min"), ("ms", 1500, "1.5 s"), ("µs", 2000, "2 ms"), ("ns", 3000000, "3 ms"),
    ("m", 90, "1.5 hours"), ("h", 36, "1.5 days"), ("d", 14, "2 weeks"), ("dtdurations", 93784, "1d 2h 3m"),
    ("celsius", 21.5, "21.5 °C"), ("hertz", 2400000000, "2.4 GHz"), ("rotrpm", 1200, "1200 rpm"),
    ("volt", 0.012, "12 mV"), ("watt", 1500, "1.5 kW"), ("bool_yes_no", 1, "Yes"), ("bool_on_off", 0, "Off"),
    ("bool", 1, "True"), ("currencyEUR", 20, "€20"), ("hex", 255, "FF"), ("sci", 1500, "1.5e+3"),
    ("mbytes", 1.5, "1.5 MiB"), ("kbytes", 2048, "2 MiB"), ("suffix:req", 4, "4 req"), ("prefix:#", 4, "# 4"),
]


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


def three():
    """Three series with values that are easy to reckon with."""
    return " or ".join(f'label_replace(label_replace(vector({value}), "host", "{host}", "", ""), "rack", "{rack}", "", "")'
                       for host, rack, value in (("a", "r1", 10), ("b", "r1", 30), ("c", "r2", 60)))


def table(number, title, transformations, targets=None, **rest):
    return panel(number, "table", title, targets or [instant(three(), format="table")],
                 transformations=transformations, **rest)


def drop_time():
    return {"id": "organize", "options": {"excludeByName": {"Time": True}, "renameByName": {}, "indexByName": {}}}


def panels():
    number = 1
    for unit, value, _ in UNITS:
        yield panel(number, "stat", f"unit {unit}", [instant(f"vector({value})")], w=3, h=3,
                    fieldConfig={"defaults": {"unit": unit}, "overrides": []})
        number += 1
    mappings = [
        {"type": "value", "options": {"1": {"text": "one", "color": "green", "index": 0}}},
        {"type": "range", "options": {"from": 10, "to": 20, "result": {"text": "teens", "color": "yellow"}}},
        {"type": "special", "options": {"match": "nan", "result": {"text": "not a number", "color": "red"}}},
        {"type": "regex", "options": {"pattern": "^7.*", "result": {"text": "sevens", "color": "blue"}}},
    ]
    for value in ("1", "15", "NaN", "77"):
        yield panel(number, "stat", f"mapping {value}", [instant(f"vector({value})")], w=3, h=3,
                    fieldConfig={"defaults": {"mappings": mappings}, "overrides": []})
        number += 1
    overrides = [
        {"matcher": {"id": "byName", "options": "a"}, "properties": [{"id": "unit", "value": "bytes"}]},
        {"matcher": {"id": "byRegexp", "options": "/^b$/"}, "properties": [{"id": "displayName", "value": "named b"}]},
        {"matcher": {"id": "byFrameRefID", "options": "A"}, "properties": [{"id": "decimals", "value": 1}]},
        {"matcher": {"id": "byType", "options": "number"},
         "properties": [{"id": "thresholds", "value": {"mode": "absolute", "steps": [
             {"color": "green", "value": None}, {"color": "red", "value": 50}]}}]},
    ]
    yield panel(number, "stat", "overrides", [instant(three(), "{{host}}")], w=9, h=4,
                fieldConfig={"defaults": {"unit": "percent"}, "overrides": overrides})
    number += 1
    steps = {"mode": "absolute", "steps": [{"color": "green", "value": None}, {"color": "orange", "value": 25},
                                          {"color": "red", "value": 50}]}
    plain = {"defaults": {"unit": "percent", "min": 0, "max": 100, "thresholds": steps}, "overrides": []}
    for kind in ("gauge", "bargauge"):
        yield panel(number, kind, kind, [instant(three(), "{{host}}")], fieldConfig=plain,
                    options={"displayMode": "lcd", "orientation": "horizontal"} if kind == "bargauge" else {})
        number += 1
    yield panel(number, "piechart", "piechart", [instant(three(), "{{host}}")], fieldConfig=plain,
                options={"legend": {"displayMode": "table", "placement": "right", "values": ["percent", "value"],
                                    "showLegend": True}, "pieType": "donut"})
    number += 1
    yield panel(number, "barchart", "barchart", [instant(three(), "{{host}}", format="table")], fieldConfig=plain,
                options={"xField": "host"})
    number += 1
    yield panel(number, "text", "text", [], options={
        "mode": "markdown", "content": "# Title\n\nSome **bold** text, a [link](/alerts) and `code` on $host.\n\n- one\n- two"})
    number += 1
    yield panel(number, "timeseries", "timeseries", [ranged("vector(5)", "five"), ranged("time() * 0 + 2", "two")], w=12,
                fieldConfig={"defaults": {"unit": "ops", "custom": {"fillOpacity": 20, "thresholdsStyle": {"mode": "line"}},
                                          "thresholds": steps}, "overrides": []},
                options={"legend": {"displayMode": "table", "placement": "bottom", "showLegend": True,
                                    "calcs": ["mean", "lastNotNull", "max", "min"]}, "tooltip": {"mode": "multi"}})
    number += 1
    yield panel(number, "heatmap", "heatmap", [ranged(
        "sum by (le) (increase(shop_request_seconds_bucket[2m]))", "{{le}}", format="heatmap")], w=12)
    number += 1
    yield panel(number, "state-timeline", "state-timeline", [ranged("shop_up", "{{host}}")], w=12, fieldConfig={
        "defaults": {"mappings": [{"type": "value", "options": {
            "0": {"text": "DOWN", "color": "red"}, "1": {"text": "UP", "color": "green"}}}]}, "overrides": []})
    number += 1
    yield panel(number, "logs", "logs", [{"expr": '{service="checkout"} | json | status="500"', "datasource": LOKI}], w=12,
                datasource=LOKI, options={"showTime": True, "wrapLogMessage": True})
    number += 1
    yield panel(number, "timeseries", "by variables", [
        ranged('shop_temperature_celsius{host=~"$host"}', "{{host}}")], w=12)
    number += 1
    yield panel(number, "stat", "chosen $host", [instant('count(shop_up{host=~"$host"} >= 0 or last_over_time(shop_up{host=~"$host"}[1h]))')], w=4, h=3)
    number += 1
    yield panel(number, "stat", "step $step, $text", [instant('vector($multiplier * 2)')], w=8, h=3)
    number += 1
    yield panel(number, "stat", "memory of $memory_host", [instant(
        'last_over_time(shop_memory_bytes{host="$memory_host"}[1h])')], w=8, h=3, repeat="memory_host",
        repeatDirection="h", fieldConfig={"defaults": {"unit": "bytes"}, "overrides": []})
    number += 1
    for title, transformations, targets in transformed():
        yield table(number, title, transformations, targets)
        number += 1


def transformed():
    """Title, transformations and targets of tables; their cells are reckoned in `dashboards.py`."""
    yield "organize", [{"id": "organize", "options": {
        "excludeByName": {"Time": True, "rack": True}, "indexByName": {"Value": 0, "host": 1},
        "renameByName": {"Value": "load", "host": "machine"}}}], None
    two = [instant(three(), format="table"), instant(three(), format="table")]
    yield "merge", [{"id": "merge", "options": {}}, drop_time()], two
    yield "filterByValue", [drop_time(), {"id": "filterByValue", "options": {
        "type": "include", "match": "any",
        "filters": [{"fieldName": "Value", "config": {"id": "greater", "options": {"value": 20}}}]}}], None
    yield "reduce", [{"id": "reduce", "options": {"reducers": ["max", "mean"]}}], [ranged("vector(4)", "four")]
    yield "joinByField", [{"id": "joinByField", "options": {"byField": "host", "mode": "outer"}},
                          {"id": "filterFieldsByName", "options": {"include": {"pattern": "/host|Value.*/"}}}], two
    yield "calculateField", [drop_time(), {"id": "calculateField", "options": {
        "mode": "binary", "alias": "double", "binary": {"left": "Value", "operator": "*", "right": "2"}}}], None
    yield "sortBy", [drop_time(), {"id": "sortBy", "options": {"sort": [{"field": "Value", "desc": True}]}}], None
    yield "groupBy", [{"id": "groupBy", "options": {"fields": {
        "rack": {"operation": "groupby", "aggregations": []},
        "Value": {"operation": "aggregate", "aggregations": ["sum", "count"]}}}}], None
    yield "labelsToFields", [{"id": "labelsToFields", "options": {"mode": "columns"}}, {"id": "merge", "options": {}},
                             drop_time()], [instant(three())]
    yield "limit", [drop_time(), {"id": "limit", "options": {"limitField": 2}}], None
    yield "renameByRegex", [drop_time(), {"id": "renameByRegex", "options": {"regex": "Val(.*)", "renamePattern": "Wert$1"}}], None
    yield "convertFieldType", [drop_time(), {"id": "convertFieldType", "options": {"conversions": [
        {"targetField": "Value", "destinationType": "string"}]}}], None


def variables():
    everything = {"text": ["All"], "value": ["$__all"]}
    yield {"name": "datasource", "type": "datasource", "query": "prometheus", "current": {"value": "prometheus"}}
    yield {"name": "host", "type": "query", "datasource": PROMETHEUS, "query": "label_values(shop_up, host)", "multi": True,
           "includeAll": True, "refresh": 1, "sort": 1, "current": everything}
    yield {"name": "memory_host", "type": "query", "datasource": PROMETHEUS, "multi": True, "refresh": 2, "sort": 2,
           "query": 'label_values(shop_memory_bytes{host=~"$host"}, host)', "regex": "/^(web.*)/",
           "current": {"value": ["web-1", "web-2"]}}
    yield {"name": "hot", "type": "query", "datasource": PROMETHEUS, "refresh": 1, "regex": '/host="([^"]+)"/',
           "query": "query_result(topk(1, last_over_time(shop_temperature_celsius[1h])))", "current": {}}
    yield {"name": "multiplier", "type": "custom", "query": "3,5 : 7", "current": {"value": "3"}}
    yield {"name": "step", "type": "interval", "query": "1m,5m,10m", "current": {"value": "5m"}}
    yield {"name": "text", "type": "textbox", "query": "free text", "current": {"value": "free text"}}
    yield {"name": "fixed", "type": "constant", "query": "unchanging", "hide": 2, "current": {"value": "unchanging"}}
    yield {"name": "filters", "type": "adhoc", "datasource": PROMETHEUS, "filters": []}


def placed(given):
    """From left to right, row by row."""
    x = y = tallest = 0
    for one in given:
        w, h = one["gridPos"]["w"], one["gridPos"]["h"]
        if x + w > 24:
            x, y, tallest = 0, y + tallest, 0
        one["gridPos"].update(x=x, y=y)
        x, tallest = x + w, max(tallest, h)
        yield one


def every_panel():
    return {
        "uid": "every-panel", "title": "Every panel", "tags": ["test"], "schemaVersion": 39, "graphTooltip": 1,
        "time": {"from": "now-1h", "to": "now"}, "timezone": "utc", "links": [
            {"type": "link", "title": "to the alerts", "url": "/alerts"}],
        "templating": {"list": list(variables())},
        "annotations": {"list": [{"name": "down", "enable": True, "datasource": PROMETHEUS, "iconColor": "red",
                                  "expr": "shop_up == bool 0", "step": "60s", "titleFormat": "{{host}} is down"},
                                 {"name": "order", "enable": True, "datasource": LOKI, "iconColor": "blue",
                                  "expr": '{service="checkout"} |= "order 2801 placed"', "titleFormat": "{{service}}"}]},
        "panels": list(placed(panels())),
    }


def hostile():
    made = [
        panel(place + 1, "stat" if place % 2 else "table", text, [instant("shop_hostile", text)], w=6,
              description=text, links=[{"title": text, "url": text}],
              fieldConfig={"defaults": {"displayName": text, "unit": "suffix:" + text, "links": [
                  {"title": text, "url": text}], "mappings": [{"type": "value", "options": {"0": {"text": text}}}]},
                  "overrides": []})
        for place, text in enumerate(HOSTILE)
    ] + [
        panel(100 + place, "text", "text", [], options={"mode": mode, "content": "\n\n".join(HOSTILE)})
        for place, mode in enumerate(("markdown", "html", "code"))
    ] + [panel(110, "logs", "logs", [{"expr": '{service="hostile"}', "datasource": LOKI}], datasource=LOKI, w=24)]
    return {
        "uid": "hostile", "title": HOSTILE[0], "tags": HOSTILE[:4], "description": HOSTILE[1],
        "time": {"from": "now-1h", "to": "now"},
        "links": [{"type": "link", "title": text, "url": text} for text in HOSTILE],
        "templating": {"list": [
            {"name": "host", "label": HOSTILE[2], "type": "custom", "query": ",".join(HOSTILE[:3]), "multi": True},
            {"name": "text", "type": "textbox", "query": HOSTILE[3]}]},
        "annotations": {"list": [{"name": HOSTILE[0], "enable": True, "expr": "shop_up == 0", "iconColor": HOSTILE[2],
                                  "titleFormat": HOSTILE[1]}]},
        "panels": list(placed(made)),
    }


def as_v1(classic):
    spec = {name: value for name, value in classic.items() if name != "uid"}
    return {"apiVersion": "dashboard.grafana.app/v1beta1", "kind": "Dashboard",
            "metadata": {"name": classic["uid"] + "-v1"}, "spec": spec}


KINDS = {"query": "QueryVariable", "custom": "CustomVariable", "interval": "IntervalVariable", "textbox": "TextVariable",
         "datasource": "DatasourceVariable", "constant": "ConstantVariable", "adhoc": "AdhocVariable"}
SORTS = ["disabled", "alphabeticalAsc", "alphabeticalDesc"]


def as_v2(classic):
    elements, items = {}, []
    for one in classic["panels"]:
        name = f"panel-{one['id']}"
        queries = [{"kind": "PanelQuery", "spec": {
            "refId": target["refId"], "hidden": False,
            "query": {"kind": "DataQuery", "group": target["datasource"]["type"], "version": "v0",
                      "datasource": {"name": target["datasource"]["uid"]},
                      "spec": {key: value for key, value in target.items() if key not in ("refId", "datasource")}}}}
            for target in one["targets"]]
        elements[name] = {"kind": "Panel", "spec": {
            "id": one["id"], "title": one["title"], "description": one.get("description", ""),
            "links": one.get("links", []),
            "data": {"kind": "QueryGroup", "spec": {
                "queries": queries, "queryOptions": {}, "transformations": [
                    {"kind": step["id"], "spec": {"id": step["id"], "options": step["options"]}}
                    for step in one.get("transformations", [])]}},
            "vizConfig": {"kind": "VizConfig", "group": one["type"], "version": "12.0.0",
                          "spec": {"options": one["options"], "fieldConfig": one["fieldConfig"]}}}}
        place = one["gridPos"]
        item = {"x": place["x"], "y": place["y"], "width": place["w"], "height": place["h"],
                "element": {"kind": "ElementReference", "name": name}}
        if one.get("repeat"):
            item["repeat"] = {"mode": "variable", "value": one["repeat"], "direction": one["repeatDirection"]}
        items.append({"kind": "GridLayoutItem", "spec": item})
    return {
        "apiVersion": "dashboard.grafana.app/v2beta1", "kind": "Dashboard", "metadata": {"name": classic["uid"] + "-v2"},
        "spec": {
            "title": classic["title"], "tags": classic["tags"], "links": classic["links"], "cursorSync": "Crosshair",
            "timeSettings": {"from": "now-1h", "to": "now", "autoRefresh": "", "timezone": "utc"},
            "variables": [as_v2_variable(one) for one in classic["templating"]["list"]],
            "annotations": [{"kind": "AnnotationQuery", "spec": {
                "name": one["name"], "enable": True, "iconColor": one["iconColor"], "titleFormat": one["titleFormat"],
                "query": {"kind": "DataQuery", "group": one["datasource"]["type"], "spec": {"expr": one["expr"]}}}}
                for one in classic["annotations"]["list"]],
            "elements": elements, "layout": {"kind": "GridLayout", "spec": {"items": items}},
        },
    }


def as_v2_variable(one):
    spec = {key: value for key, value in one.items() if key not in ("type", "datasource")}
    if one["type"] == "query":
        spec["query"] = {"kind": "DataQuery", "group": "prometheus", "spec": {"query": one["query"]}}
        spec["sort"] = SORTS[one.get("sort", 0)]
        spec["refresh"] = ["never", "onDashboardLoad", "onTimeRangeChanged"][one["refresh"]]
    if one["type"] == "datasource":
        spec["pluginId"] = one["query"]
    if one.get("hide") == 2:
        spec["hide"] = "hideVariable"
    return {"kind": KINDS[one["type"]], "spec": spec}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    classic = every_panel()
    for name, one in (("every-panel", classic), ("every-panel-v1", as_v1(classic)), ("every-panel-v2", as_v2(classic)),
                      ("hostile", hostile())):
        (folder / f"{name}.json").write_text(json.dumps(one))


if __name__ == "__main__":
    main()
