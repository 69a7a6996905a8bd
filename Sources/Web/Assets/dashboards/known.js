// What of Grafana's dashboards is understood here, by its names there; `obs check dashboards` reads the list too, as JSON.

export const known = {
  "panels": [
    "timeseries", "stat", "gauge", "bargauge", "table", "text", "heatmap", "logs", "state-timeline",
    "status-history", "barchart", "piechart", "row", "graph", "singlestat", "table-old",
    "grafana-piechart-panel"
  ],
  "transformations": [
    "organize", "merge", "reduce", "joinByField", "seriesToColumns", "calculateField", "groupBy",
    "labelsToFields", "sortBy", "filterByValue", "filterFieldsByName", "renameByRegex", "convertFieldType",
    "groupingToMatrix", "concatenate", "timeSeriesTable", "limit", "filterByRefId", "seriesToRows"
  ],
  "calculations": [
    "lastNotNull", "last", "firstNotNull", "first", "min", "max", "mean", "median", "sum", "count", "countAll",
    "range", "delta", "step", "diff", "diffperc", "logmin", "allIsZero", "allIsNull", "changeCount",
    "distinctCount", "uniqueValues", "allValues", "variance", "stdDev", "p1", "p5", "p10", "p25", "p50", "p75",
    "p90", "p95", "p99"
  ],
  "matchers": [
    "byName", "byRegexp", "byType", "byTypes", "byNames", "byRegexpOrNames", "byFrameRefID", "byValue",
    "numeric", "time", "first"
  ],
  "variables": ["query", "custom", "interval", "textbox", "datasource", "constant", "adhoc"],
  "properties": [
    "unit", "decimals", "min", "max", "displayName", "color", "thresholds", "mappings", "links", "noValue",
    "custom.drawStyle", "custom.lineInterpolation", "custom.lineWidth", "custom.lineStyle", "custom.fillOpacity",
    "custom.fillBelowTo", "custom.gradientMode", "custom.showPoints", "custom.pointSize", "custom.barWidthFactor",
    "custom.stacking", "custom.transform", "custom.spanNulls", "custom.insertNulls", "custom.hideFrom",
    "custom.axisPlacement", "custom.axisLabel", "custom.axisSoftMin", "custom.axisSoftMax",
    "custom.axisCenteredZero", "custom.scaleDistribution", "custom.thresholdsStyle", "custom.width",
    "custom.align", "custom.cellOptions", "custom.displayMode", "custom.hidden", "custom.filterable",
    "custom.inspect"
  ],
  "units": [
    "none", "string", "short", "sishort", "percent", "percentunit", "humidity", "ppm", "dB", "candela",
    "bytes", "decbytes", "bits", "decbits", "kbytes", "deckbytes", "mbytes", "decmbytes", "gbytes",
    "decgbytes", "Bps", "binBps", "bps", "binbps", "KBs", "KiBs", "MBs", "MiBs", "Mbits", "pps", "ops",
    "reqps", "rps", "wps", "iops", "eps", "mps", "recps", "rowsps", "cps", "opm", "rpm", "wpm", "reqpm", "cpm",
    "hertz", "rothz", "rotrpm", "rotrads", "ns", "µs", "us", "ms", "s", "m", "h", "d", "dtdurations",
    "dtdurationms", "dthms", "dthms_ms", "clocks", "clockms", "dateTimeAsIso", "dateTimeAsLocal",
    "dateTimeAsSystem", "dateTimeFromNow", "celsius", "fahrenheit", "kelvin", "watt", "kwatt", "watth",
    "kwatth", "joule", "amp", "volt", "ohm", "voltamp", "pressurebar", "pressurehpa", "lengthm", "massg",
    "bool", "bool_yes_no", "bool_on_off", "currencyUSD", "currencyEUR", "currencyGBP", "currencyJPY",
    "currencyCHF", "hex", "hex0x", "sci", "locale"
  ]
};
