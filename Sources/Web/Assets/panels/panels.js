// Every kind of panel: takes {panel, frames, range, context, fillIn} and an element, gives {destroy, isEmpty}.

import { barchart } from "./barchart.js";
import { bargauge } from "./bargauge.js";
import { gauge } from "./gauge.js";
import { heatmap } from "./heatmap.js";
import { logs } from "./logs.js";
import { piechart } from "./piechart.js";
import { stat } from "./stat.js";
import { stateTimeline, statusHistory } from "./statetimeline.js";
import { table } from "./table.js";
import { text } from "./text.js";
import { timeseries } from "./timeseries.js";

export const panelKinds = {
  barchart,
  bargauge,
  gauge,
  heatmap,
  logs,
  piechart,
  stat,
  "state-timeline": stateTimeline,
  "status-history": statusHistory,
  table,
  text,
  timeseries,
};
