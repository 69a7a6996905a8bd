"""A dashboard of panels of every kind over what `seed.py` fills in: `values.py` reckons what each must show."""

from building import LOKI, instant, panel, placed, ranged

CALCULATIONS = ["lastNotNull", "last", "firstNotNull", "first", "min", "max", "mean", "median", "sum", "count", "range", "diff",
                "diffperc", "variance", "stdDev", "p95", "changeCount", "distinctCount", "step", "logmin"]
TEMPERATURE = 'shop_temperature_celsius{host="web-2"}'
RATES = "sum by (service) (rate(shop_requests_total[5m]))"
LATENCY = "histogram_quantile({}, sum by (le) (rate(shop_request_seconds_bucket[5m])))"

# Unit, decimals, and an expression whose value is of the size that the unit is for.
UNITS = [
    ("none", None, "sum(shop_memory_bytes) / 1e6"), ("short", None, "sum(shop_requests_total)"),
    ("percentunit", None, "shop_memory_bytes{host='web-1'} / scalar(sum(shop_memory_bytes))"),
    ("percent", 1, "100 * avg(rate(shop_requests_total{code='500'}[5m])) / scalar(sum(rate(shop_requests_total[5m])))"),
    ("bytes", None, "max(shop_memory_bytes)"), ("decbytes", 2, "sum(shop_memory_bytes)"),
    ("Bps", None, "sum(shop_memory_bytes) / 3600"), ("bps", None, "8 * sum(shop_memory_bytes) / 3600"),
    ("binBps", None, "sum(shop_memory_bytes) / 1024"), ("reqps", None, "100 * sum(rate(shop_requests_total[5m]))"),
    ("ops", 3, "sum(rate(shop_requests_total[5m]))"), ("s", None, LATENCY.format(0.99)), ("ms", None, f"1000 * {LATENCY.format(0.5)}"),
    ("s", None, "sum(shop_temperature_celsius) * 3600"), ("celsius", 1, "avg(shop_temperature_celsius)"),
    ("hertz", None, "sum(shop_memory_bytes)"), ("suffix: orders", None, "sum(increase(shop_requests_total{code='200'}[1h]))"),
    ("watt", None, "avg(shop_temperature_celsius) / 1000"),
]


def config(unit=None, decimals=None, **rest):
    defaults = {**rest}
    if unit:
        defaults["unit"] = unit
    if decimals is not None:
        defaults["decimals"] = decimals
    return {"defaults": defaults, "overrides": []}


def every_minute(expr, legend="__auto"):
    return ranged(expr, legend, interval="1m")


def legend(mode, calcs, placement="bottom"):
    return {"legend": {"displayMode": mode, "placement": placement, "showLegend": True, "calcs": calcs}}


def panels():
    for name in CALCULATIONS:
        yield panel(0, "stat", f"{name} of a course", [every_minute(TEMPERATURE)], w=3, h=3, fieldConfig=config("celsius", 2),
                    options={"reduceOptions": {"calcs": [name]}})
    for unit, decimals, expr in UNITS:
        yield panel(0, "stat", f"{unit} of {expr}", [instant(expr)], w=4, h=3, fieldConfig=config(unit, decimals))
    yield panel(0, "stat", "each with its name", [instant("shop_memory_bytes", "{{host}}")], w=8, h=4, fieldConfig=config("bytes", 2))
    for unit, expr, least, most in (
        ("percentunit", "shop_memory_bytes / scalar(sum(shop_memory_bytes))", 0, 1),
        ("celsius", "shop_temperature_celsius", 0, 50), ("bytes", "max(shop_memory_bytes)", 0, 2**33),
    ):
        yield panel(0, "gauge", f"gauge of {expr}", [instant(expr, "{{host}}")], w=8, fieldConfig=config(unit, min=least, max=most))
    for mode in ("basic", "gradient", "lcd"):
        yield panel(0, "bargauge", f"bars, {mode}", [instant("topk(3, sum by (service, code) (shop_requests_total))", "{{service}} {{code}}")],
                    w=8, fieldConfig=config("short"), options={"displayMode": mode, "orientation": "horizontal"})
    yield panel(0, "table", "table of hosts", [instant("shop_temperature_celsius", format="table")], w=8, fieldConfig=config("celsius", 1))
    yield panel(0, "table", "table of requests", [instant("shop_requests_total{code='500'}", format="table")], w=8, fieldConfig=config("short"))
    yield panel(0, "table", "table of rates", [instant(RATES, format="table")], w=8, fieldConfig=config("reqps"))
    for number, (unit, expr, calcs) in enumerate((
        ("reqps", RATES, ["mean", "lastNotNull", "max"]), ("bytes", "shop_memory_bytes", ["min", "mean", "max"]),
        ("celsius", "shop_temperature_celsius", ["first", "last", "range"]),
        ("s", f"{LATENCY.format(0.9)}", ["mean", "p95", "max"]),
        ("percentunit", "sum by (service) (rate(shop_requests_total{code='500'}[5m])) / sum by (service) (rate(shop_requests_total[5m]))",
         ["max", "mean", "median"]),
        ("short", "sum by (code) (increase(shop_requests_total[5m]))", ["sum", "min", "diff"]),
    )):
        yield panel(0, "timeseries", f"legend {number}", [every_minute(expr)], w=12, h=7, fieldConfig=config(unit),
                    options=legend("table" if number % 2 == 0 else "list", calcs, "right" if number == 2 else "bottom"))
    for kind in ("pie", "donut"):
        yield panel(0, "piechart", kind, [instant("sum by (service) (shop_requests_total)", "{{service}}")], w=8, h=6,
                    fieldConfig=config("short"), options={"pieType": kind, "legend": {
                        "displayMode": "table", "placement": "right", "values": ["percent", "value"], "showLegend": True}})
    yield panel(0, "barchart", "bars of hosts", [instant("shop_temperature_celsius", format="table")], w=8, h=6,
                fieldConfig=config("celsius"), options={"xField": "host", "showValue": "always"})
    yield panel(0, "barchart", "bars of services", [instant(RATES, format="table")], w=8, h=6, fieldConfig=config("reqps"),
                options={"xField": "service", "orientation": "horizontal", "showValue": "always"})
    states = [{"type": "value", "options": {"0": {"text": "DOWN", "color": "red"}, "1": {"text": "UP", "color": "green"}}}]
    for kind in ("state-timeline", "status-history"):
        yield panel(0, kind, kind, [every_minute("shop_up", "{{host}}")], w=12, fieldConfig=config(mappings=states))
    yield panel(0, "heatmap", "heatmap", [ranged("sum by (le) (increase(shop_request_seconds_bucket[5m]))", "{{le}}", format="heatmap",
                                               interval="1m")], w=12, h=7)
    yield panel(0, "logs", "logs", [{"expr": '{service="checkout"} | json | status="500"', "datasource": LOKI}], w=12, h=7, datasource=LOKI)


def measured():
    made = list(placed(panels()))
    for number, one in enumerate(made):
        one["id"] = number + 1
    return {"uid": "measured", "title": "Measured", "schemaVersion": 39, "time": {"from": "now-1h", "to": "now"}, "timezone": "utc",
            "templating": {"list": []}, "annotations": {"list": []}, "panels": made}
