"""Dashboards for the tests of the pages, each written in Grafana's three forms: classic, V1 and V2.

`every-panel` has each kind of panel, variable, transformation, unit, override and mapping that the pages promise. What it
asks are numbers that a reader can work out by hand, so that what is shown can be compared with them.
"""

import json
import pathlib
import sys

from building import LOKI, PROMETHEUS, instant, panel, placed, ranged
from measured import measured
from seed import HOSTILE

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
    ("string", 3, "3"), ("sishort", 1500, "1.5 k"), ("humidity", 40, "40 %H"), ("ppm", 12, "12 ppm"), ("dB", 3, "3 dB"),
    ("candela", 5, "5 cd"), ("deckbytes", 1500, "1.5 MB"), ("decmbytes", 2000, "2 GB"), ("gbytes", 2048, "2 TiB"),
    ("decgbytes", 1500, "1.5 TB"), ("binbps", 2048, "2 Kib/s"), ("KBs", 1500, "1.5 MB/s"), ("KiBs", 2048, "2 MiB/s"),
    ("MBs", 1500, "1.5 GB/s"), ("MiBs", 2048, "2 GiB/s"), ("Mbits", 1500, "1.5 Gb/s"), ("eps", 3, "3 evt/s"),
    ("mps", 1200, "1.2K msg/s"), ("recps", 3, "3 rec/s"), ("rowsps", 3, "3 rows/s"), ("cps", 3, "3 c/s"), ("opm", 3, "3 ops/m"),
    ("rpm", 3, "3 rd/m"), ("wpm", 3, "3 wr/m"), ("reqpm", 3, "3 req/m"), ("cpm", 3, "3 c/m"), ("rothz", 1500, "1.5 kHz"),
    ("rotrads", 3, "3 rad/s"), ("us", 2500, "2.5 ms"), ("dtdurationms", 93784000, "1d 2h 3m"), ("dthms", 3661, "01:01:01"),
    ("dthms_ms", 3661000, "01:01:01"), ("clocks", 3661, "1h 1m 1s"), ("clockms", 3661000, "1h 1m 1s"),
    ("dateTimeAsIso", 1700000000000, "2023-11-14 22:13:20"), ("dateTimeAsLocal", 1700000000000, "2023-11-14 22:13:20"),
    ("dateTimeAsSystem", 1700000000000, "2023-11-14 22:13:20"), ("fahrenheit", 70, "70 °F"), ("kelvin", 300, "300 K"),
    ("kwatt", 1.5, "1.5 kW"), ("watth", 1500, "1.5 kWh"), ("kwatth", 2, "2 kWh"), ("joule", 1500, "1.5 kJ"), ("amp", 0.5, "500 mA"),
    ("ohm", 1500, "1.5 kΩ"), ("voltamp", 1500, "1.5 kVA"), ("pressurebar", 1.2, "1.2 bar"), ("pressurehpa", 1013, "1013 hPa"),
    ("lengthm", 1500, "1.5 km"), ("massg", 1500, "1.5 kg"), ("currencyUSD", 1500, "$1.5 K"), ("currencyGBP", 7, "£7"),
    ("currencyJPY", 7, "¥7"), ("currencyCHF", 20, "CHF 20"), ("hex0x", 255, "0xFF"), ("locale", 1234567, "1,234,567"),
    ("si:m", 1500, "1.5 km"), ("count:cat", 3, "3 cat"), ("currency:€", 3, "€3"), ("bool:here/gone", 0, "gone"),
]


def three():
    """Three series with values that are easy to reckon with."""
    return series(("a", "r1", 10), ("b", "r1", 30), ("c", "r2", 60))


def series(*given):
    return " or ".join(f'label_replace(label_replace(vector({value}), "host", "{host}", "", ""), "rack", "{rack}", "", "")'
                       for host, rack, value in given)


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
    more = [
        {"matcher": {"id": "byNames", "options": {"names": ["a"]}}, "properties": [{"id": "decimals", "value": 2}]},
        {"matcher": {"id": "byRegexpOrNames", "options": {"pattern": "/^b$/"}}, "properties": [{"id": "unit", "value": "percent"}]},
        {"matcher": {"id": "byValue", "options": {"reducer": "lastNotNull", "op": "gte", "value": 50}},
         "properties": [{"id": "displayName", "value": "large"}]},
    ]
    yield panel(number, "stat", "more overrides", [instant(three(), "{{host}}")], w=9, h=4,
                fieldConfig={"defaults": {}, "overrides": more})
    number += 1
    kinds = [
        {"matcher": {"id": "numeric"}, "properties": [{"id": "unit", "value": "bytes"}]},
        {"matcher": {"id": "byTypes", "options": ["string"]}, "properties": [{"id": "custom.hidden", "value": True}]},
        {"matcher": {"id": "first"}, "properties": [{"id": "displayName", "value": "When"}]},
        {"matcher": {"id": "time"}, "properties": [{"id": "unit", "value": "dateTimeAsIso"}]},
    ]
    yield table(number, "overrides by kind", [], fieldConfig={"defaults": {}, "overrides": kinds})
    number += 1
    special = [{"type": "special", "options": {"match": match, "result": {"text": text}}} for match, text in (
        ("true", "it is so"), ("false", "it is not"), ("empty", "without"), ("null", "unknown"), ("nan", "odd"))]
    yield table(number, "special mappings", [drop_time(), {"id": "merge", "options": {}}, {"id": "convertFieldType", "options": {
        "conversions": [{"targetField": "Value #A", "destinationType": "boolean"}]}}], [
            instant(series(("a", "r1", 1), ("b", "", 0)), format="table"),
            instant(series(("a", "r1", "NaN"), ("c", "r2", 3)), format="table")],
                fieldConfig={"defaults": {"mappings": special}, "overrides": []})
    number += 1
    yield panel(number, "stat", "null or no number", [instant("vector(NaN)")], w=3, h=3, fieldConfig={"defaults": {"mappings": [
        {"type": "special", "options": {"match": "null+nan", "result": {"text": "neither"}}}]}, "overrides": []})
    number += 1
    shares = {"mode": "percentage", "steps": [{"color": "green", "value": None}, {"color": "orange", "value": 25},
                                             {"color": "red", "value": 50}]}
    for value in (40, 60, 150):
        yield panel(number, "stat", f"share of {value}", [instant(f"vector({value})")], w=3, h=3, fieldConfig={
            "defaults": {"min": 0, "max": 200, "thresholds": shares, "color": {"mode": "thresholds"}}, "overrides": []})
        number += 1
    yield panel(number, "stat", "hidden target", [instant("vector(1)", hide=True), instant("vector(2)")], w=3, h=3)
    number += 1
    for title, expr, more in (
        ("range in seconds", "vector($__range_s)", {}), ("interval", "vector($__interval_ms)", {"interval": "5m"}),
        ("rate interval", "count_over_time(vector(1)[$__rate_interval:15s])", {"interval": "5m"}),
    ):
        yield panel(number, "stat", title, [instant(expr, **more)], w=3, h=3)
        number += 1
    yield panel(number, "stat", "ten minutes", [instant("vector($__range_s)")], w=3, h=3, timeFrom="10m")
    number += 1
    yield panel(number, "stat", "linked", [instant("vector(1)")], w=3, h=3, links=[
        {"title": "its alerts", "url": "/alerts?q=${multiplier}", "keepTime": True}])
    number += 1
    yield table(number, "linked cells", [drop_time()], fieldConfig={"defaults": {}, "overrides": [
        {"matcher": {"id": "byName", "options": "host"}, "properties": [{"id": "links", "value": [
            {"title": "host", "url": "/explore?host=${__value.text}&rack=${__data.fields.rack}"}]}]}]})
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
    yield panel(number, "stat", "below each other $memory_host", [instant("vector(1)")], w=4, h=3, repeat="memory_host",
                repeatDirection="v")
    number += 1
    yield row(number, "Transformations")
    number += 1
    for title, transformations, targets in transformed():
        yield table(number, title, transformations, targets)
        number += 1
    yield row(number, "Row of $memory_host", repeat="memory_host")
    yield panel(number + 1, "stat", "$memory_host in its row", [instant('last_over_time(shop_memory_bytes{host="$memory_host"}[1h])')],
                w=8, h=3, fieldConfig={"defaults": {"unit": "bytes"}, "overrides": []})
    yield row(number + 2, "Closed", collapsed=True, panels=[
        panel(number + 3, "stat", "behind a row", [instant("vector(42)")], w=4, h=3)])


def row(number, title, collapsed=False, **rest):
    return {"id": number, "type": "row", "title": title, "collapsed": collapsed, "panels": [],
            "gridPos": {"x": 0, "y": 0, "w": 24, "h": 1}, **rest}


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
    yield "seriesToColumns", [{"id": "seriesToColumns", "options": {"byField": "host"}},
                              {"id": "filterFieldsByName", "options": {"include": {"pattern": "/host|Value.*/"}}}], two
    yield "filterFieldsByName", [{"id": "filterFieldsByName", "options": {"include": {"names": ["Value", "host"]}}}], None
    yield "groupingToMatrix", [{"id": "groupingToMatrix", "options": {
        "columnField": "rack", "rowField": "host", "valueField": "Value"}}], None
    yield "concatenate", [drop_time(), {"id": "concatenate", "options": {}}], two
    yield "timeSeriesTable", [{"id": "timeSeriesTable", "options": {}}], [ranged(series(("a", "r1", 10)))]
    yield "filterByRefId", [{"id": "filterByRefId", "options": {"include": "B"}}, drop_time()], two
    yield "seriesToRows", [{"id": "seriesToRows", "options": {}}, drop_time()], [instant(three(), "{{host}}")]
    yield "reduceFields", [drop_time(), {"id": "reduce", "options": {"mode": "reduceFields", "reducers": ["max"]}}], None
    yield "labels as rows", [{"id": "labelsToFields", "options": {"mode": "rows"}}], [instant(series(("a", "r1", 10)))]
    made = {"cumulativeFunctions": {"cumulative": {"field": "Value", "reducer": "sum"}},
            "windowFunctions": {"window": {"field": "Value", "reducer": "mean", "windowSizeMode": "fixed", "windowSize": 2}},
            "index": {}, "unary": {"unary": {"operator": "floor", "fieldName": "Value"}}, "reduceRow": {"reduce": {"reducer": "sum"}}}
    for mode, options in made.items():
        yield f"calculateField {mode}", [drop_time(), {"id": "calculateField", "options": {
            "mode": mode, "alias": "made", **options}}], None
    yield "filterByValue exclude", [drop_time(), {"id": "filterByValue", "options": {"type": "exclude", "match": "all", "filters": [
        {"fieldName": "Value", "config": {"id": "greater", "options": {"value": 20}}},
        {"fieldName": "Value", "config": {"id": "lower", "options": {"value": 50}}}]}}], None


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
        "annotations": {"list": [{"name": HOSTILE[0], "enable": True, "datasource": PROMETHEUS, "expr": "shop_up == 0", "iconColor": HOSTILE[2],
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
    """Rows of the layout; what comes before the first is a row without a title."""
    elements, rows = {}, [{"title": "", "hideHeader": True, "layout": []}]
    for one in classic["panels"]:
        if one["type"] != "row":
            rows[-1]["layout"].append(one)
            continue
        rows.append({"title": one["title"], "collapse": one["collapsed"], "layout": list(one["panels"])})
        if one.get("repeat"):
            rows[-1]["repeat"] = {"mode": "variable", "value": one["repeat"]}
    for each in rows:
        top = min(one["gridPos"]["y"] for one in each["layout"])
        items = []
        for one in each["layout"]:
            elements[f"panel-{one['id']}"] = as_element(one)
            items.append(as_item(one, top))
        each["layout"] = {"kind": "GridLayout", "spec": {"items": items}}
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
            "elements": elements,
            "layout": {"kind": "RowsLayout", "spec": {"rows": [{"kind": "RowsLayoutRow", "spec": each} for each in rows]}},
        },
    }


def as_element(one):
    queries = [{"kind": "PanelQuery", "spec": {
        "refId": target["refId"], "hidden": target.get("hide", False),
        "query": {"kind": "DataQuery", "group": target["datasource"]["type"], "version": "v0",
                  "datasource": {"name": target["datasource"]["uid"]},
                  "spec": {key: value for key, value in target.items() if key not in ("refId", "datasource", "hide")}}}}
        for target in one["targets"]]
    return {"kind": "Panel", "spec": {
        "id": one["id"], "title": one["title"], "description": one.get("description", ""), "links": one.get("links", []),
        "data": {"kind": "QueryGroup", "spec": {
            "queries": queries, "queryOptions": {"timeFrom": one["timeFrom"]} if "timeFrom" in one else {}, "transformations": [
                {"kind": step["id"], "spec": {"id": step["id"], "options": step["options"]}}
                for step in one.get("transformations", [])]}},
        "vizConfig": {"kind": "VizConfig", "group": one["type"], "version": "12.0.0",
                      "spec": {"options": one["options"], "fieldConfig": one["fieldConfig"]}}}}


def as_item(one, top):
    place = one["gridPos"]
    item = {"x": place["x"], "y": place["y"] - top, "width": place["w"], "height": place["h"],
            "element": {"kind": "ElementReference", "name": f"panel-{one['id']}"}}
    if one.get("repeat"):
        item["repeat"] = {"mode": "variable", "value": one["repeat"], "direction": one["repeatDirection"]}
    return {"kind": "GridLayoutItem", "spec": item}


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
                      ("hostile", hostile()), ("measured", measured())):
        (folder / f"{name}.json").write_text(json.dumps(one))


if __name__ == "__main__":
    main()
