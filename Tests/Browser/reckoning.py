"""What a value looks like and what many values come to, reckoned apart from the pages: the expected side of `values.py`."""

import re
import statistics
from decimal import ROUND_HALF_UP, Decimal


def known(values):
    return [value for value in values if value is not None and value == value]


def changes(values):
    return [later - earlier for earlier, later in zip(known(values), known(values)[1:])]


def nearest_rank(values, share):
    ordered = sorted(known(values))
    return ordered[int(Decimal(str((len(ordered) - 1) * share)).quantize(Decimal(1), ROUND_HALF_UP))]


CALCULATIONS = {
    "lastNotNull": ("Last *", lambda values: known(values)[-1]),
    "last": ("Last", lambda values: values[-1]),
    "firstNotNull": ("First *", lambda values: known(values)[0]),
    "first": ("First", lambda values: values[0]),
    "min": ("Min", lambda values: min(known(values))),
    "max": ("Max", lambda values: max(known(values))),
    "mean": ("Mean", lambda values: statistics.fmean(known(values))),
    "median": ("Median", lambda values: statistics.median(known(values))),
    "sum": ("Total", lambda values: sum(known(values))),
    "count": ("Count", len),
    "range": ("Range", lambda values: max(known(values)) - min(known(values))),
    "diff": ("Difference", lambda values: known(values)[-1] - known(values)[0]),
    "diffperc": ("Difference %", lambda values: known(values)[-1] / known(values)[0] - 1),
    "variance": ("Variance", lambda values: statistics.pvariance(known(values))),
    "stdDev": ("Std dev", lambda values: statistics.pstdev(known(values))),
    "p95": ("p95", lambda values: nearest_rank(values, 0.95)),
    "changeCount": ("Change count", lambda values: sum(change != 0 for change in changes(values))),
    "distinctCount": ("Distinct count", lambda values: len(set(values))),
    "step": ("Step", lambda values: min(changes(values))),
    "logmin": ("Min (above zero)", lambda values: min(value for value in known(values) if value > 0)),
}

THOUSANDS = ["", "k", "M", "G", "T", "P"]
BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi"]
# How a unit goes on: the factor between its steps, their names, and what stands behind.
STEPS = {
    "short": (1000, [" K", " Mil", " Bil", " Tri"], ""),
    "bytes": (1024, [" " + name + "B" for name in BINARY[1:]], " B"),
    "decbytes": (1000, [" " + name + "B" for name in THOUSANDS[1:]], " B"),
    "Bps": (1000, [" " + name + "B/s" for name in THOUSANDS[1:]], " B/s"),
    "binBps": (1024, [" " + name + "B/s" for name in BINARY[1:]], " B/s"),
    "bps": (1000, [" " + name + "b/s" for name in THOUSANDS[1:]], " b/s"),
    "reqps": (1000, ["K req/s", "M req/s"], " req/s"),
    "ops": (1000, ["K ops/s", "M ops/s"], " ops/s"),
    "hertz": (1000, [" " + name + "Hz" for name in THOUSANDS[1:]], " Hz"),
}
TIMES = [(1e-9, " ns"), (1e-6, " µs"), (1e-3, " ms"), (1, " s"), (60, " min"), (3600, " hour"), (86400, " day"), (604800, " week")]


def number(value, decimals):
    """With three digits that count, or as many decimals as are asked for."""
    if decimals is None:
        if value == 0:
            return "0"
        rounded = Decimal(f"{value:.2e}")
        decimals = 0 if rounded == rounded.to_integral() else max(0, 2 - rounded.adjusted())
        text = str(Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def text(value, unit=None, decimals=None):
    if value is None:
        return "-"
    if value != value:
        return "NaN"
    if unit in STEPS:
        factor, names, plain = STEPS[unit]
        suffix = plain
        for name in names:
            if abs(value) < factor:
                break
            value, suffix = value / factor, name
        return number(value, decimals) + suffix
    if unit in ("percent", "percentunit"):
        return number(value * (100 if unit == "percentunit" else 1), decimals) + "%"
    if unit in ("s", "ms"):
        seconds = value * (1e-3 if unit == "ms" else 1)
        size, name = next(((size, name) for size, name in reversed(TIMES) if abs(seconds) >= size), TIMES[0])
        shown = number(seconds / size, decimals)
        return shown + name + ("s" if size >= 3600 and shown != "1" else "")
    if unit == "celsius":
        return number(value, decimals) + " °C"
    if unit == "watt" and abs(value) < 1:
        return number(value * 1000, decimals) + " mW"
    if unit and unit.startswith("suffix:"):
        return number(value, decimals) + " " + unit.removeprefix("suffix:")
    return number(value, decimals)


def legend(form, labels, expr_is_alone=False):
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda match: labels.get(match.group(1), ""), form)
