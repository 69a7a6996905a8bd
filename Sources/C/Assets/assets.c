#include "cassets.h"

// C23 has it; this compiler takes it in older modes and warns.
#pragma clang diagnostic ignored "-Wc23-extensions"

// One line of three for each file of Sources/Web/Assets: ArchitectureTests compares them with the folder.

static const uint8_t app_css[] = {
#embed "../../Web/Assets/app.css"
};
static const uint8_t chart_dense_js[] = {
#embed "../../Web/Assets/chart/dense.js"
};
static const uint8_t chart_events_js[] = {
#embed "../../Web/Assets/chart/events.js"
};
static const uint8_t chart_graph_js[] = {
#embed "../../Web/Assets/chart/graph.js"
};
static const uint8_t core_api_js[] = {
#embed "../../Web/Assets/core/api.js"
};
static const uint8_t core_colours_js[] = {
#embed "../../Web/Assets/core/colours.js"
};
static const uint8_t core_dom_js[] = {
#embed "../../Web/Assets/core/dom.js"
};
static const uint8_t core_format_js[] = {
#embed "../../Web/Assets/core/format.js"
};
static const uint8_t core_session_js[] = {
#embed "../../Web/Assets/core/session.js"
};
static const uint8_t core_time_js[] = {
#embed "../../Web/Assets/core/time.js"
};
static const uint8_t dashboards_data_js[] = {
#embed "../../Web/Assets/dashboards/data.js"
};
static const uint8_t dashboards_fields_js[] = {
#embed "../../Web/Assets/dashboards/fields.js"
};
static const uint8_t dashboards_frames_js[] = {
#embed "../../Web/Assets/dashboards/frames.js"
};
static const uint8_t dashboards_interpolate_js[] = {
#embed "../../Web/Assets/dashboards/interpolate.js"
};
static const uint8_t dashboards_known_js[] = {
#embed "../../Web/Assets/dashboards/known.js"
};
static const uint8_t dashboards_marks_js[] = {
#embed "../../Web/Assets/dashboards/marks.js"
};
static const uint8_t dashboards_model_js[] = {
#embed "../../Web/Assets/dashboards/model.js"
};
static const uint8_t dashboards_reduce_js[] = {
#embed "../../Web/Assets/dashboards/reduce.js"
};
static const uint8_t dashboards_transform_js[] = {
#embed "../../Web/Assets/dashboards/transform.js"
};
static const uint8_t dashboards_variables_js[] = {
#embed "../../Web/Assets/dashboards/variables.js"
};
static const uint8_t icon_svg[] = {
#embed "../../Web/Assets/icon.svg"
};
static const uint8_t logs_context_js[] = {
#embed "../../Web/Assets/logs/context.js"
};
static const uint8_t logs_correlate_js[] = {
#embed "../../Web/Assets/logs/correlate.js"
};
static const uint8_t logs_fieldbar_js[] = {
#embed "../../Web/Assets/logs/fieldbar.js"
};
static const uint8_t logs_histogram_js[] = {
#embed "../../Web/Assets/logs/histogram.js"
};
static const uint8_t logs_live_js[] = {
#embed "../../Web/Assets/logs/live.js"
};
static const uint8_t logs_loki_js[] = {
#embed "../../Web/Assets/logs/loki.js"
};
static const uint8_t logs_query_js[] = {
#embed "../../Web/Assets/logs/query.js"
};
static const uint8_t main_js[] = {
#embed "../../Web/Assets/main.js"
};
static const uint8_t pages_css[] = {
#embed "../../Web/Assets/pages.css"
};
static const uint8_t pages_alerts_js[] = {
#embed "../../Web/Assets/pages/alerts.js"
};
static const uint8_t pages_alerts_firing_js[] = {
#embed "../../Web/Assets/pages/alerts/firing.js"
};
static const uint8_t pages_alerts_history_js[] = {
#embed "../../Web/Assets/pages/alerts/history.js"
};
static const uint8_t pages_alerts_parts_js[] = {
#embed "../../Web/Assets/pages/alerts/parts.js"
};
static const uint8_t pages_alerts_rules_js[] = {
#embed "../../Web/Assets/pages/alerts/rules.js"
};
static const uint8_t pages_alerts_silence_js[] = {
#embed "../../Web/Assets/pages/alerts/silence.js"
};
static const uint8_t pages_alerts_silences_js[] = {
#embed "../../Web/Assets/pages/alerts/silences.js"
};
static const uint8_t pages_choice_js[] = {
#embed "../../Web/Assets/pages/choice.js"
};
static const uint8_t pages_coloured_js[] = {
#embed "../../Web/Assets/pages/coloured.js"
};
static const uint8_t pages_completion_js[] = {
#embed "../../Web/Assets/pages/completion.js"
};
static const uint8_t pages_dashboard_js[] = {
#embed "../../Web/Assets/pages/dashboard.js"
};
static const uint8_t pages_dashboards_js[] = {
#embed "../../Web/Assets/pages/dashboards.js"
};
static const uint8_t pages_editing_js[] = {
#embed "../../Web/Assets/pages/editing.js"
};
static const uint8_t pages_explore_js[] = {
#embed "../../Web/Assets/pages/explore.js"
};
static const uint8_t pages_logcompletion_js[] = {
#embed "../../Web/Assets/pages/logcompletion.js"
};
static const uint8_t pages_login_js[] = {
#embed "../../Web/Assets/pages/login.js"
};
static const uint8_t pages_logs_js[] = {
#embed "../../Web/Assets/pages/logs.js"
};
static const uint8_t pages_metrics_js[] = {
#embed "../../Web/Assets/pages/metrics.js"
};
static const uint8_t pages_overview_js[] = {
#embed "../../Web/Assets/pages/overview.js"
};
static const uint8_t pages_paneleditor_js[] = {
#embed "../../Web/Assets/pages/paneleditor.js"
};
static const uint8_t pages_panelview_js[] = {
#embed "../../Web/Assets/pages/panelview.js"
};
static const uint8_t pages_shell_js[] = {
#embed "../../Web/Assets/pages/shell.js"
};
static const uint8_t pages_status_js[] = {
#embed "../../Web/Assets/pages/status.js"
};
static const uint8_t pages_targets_js[] = {
#embed "../../Web/Assets/pages/targets.js"
};
static const uint8_t pages_timepicker_js[] = {
#embed "../../Web/Assets/pages/timepicker.js"
};
static const uint8_t panels_css[] = {
#embed "../../Web/Assets/panels.css"
};
static const uint8_t panels_barchart_js[] = {
#embed "../../Web/Assets/panels/barchart.js"
};
static const uint8_t panels_bargauge_js[] = {
#embed "../../Web/Assets/panels/bargauge.js"
};
static const uint8_t panels_gauge_js[] = {
#embed "../../Web/Assets/panels/gauge.js"
};
static const uint8_t panels_heatmap_js[] = {
#embed "../../Web/Assets/panels/heatmap.js"
};
static const uint8_t panels_logs_js[] = {
#embed "../../Web/Assets/panels/logs.js"
};
static const uint8_t panels_panels_js[] = {
#embed "../../Web/Assets/panels/panels.js"
};
static const uint8_t panels_piechart_js[] = {
#embed "../../Web/Assets/panels/piechart.js"
};
static const uint8_t panels_single_js[] = {
#embed "../../Web/Assets/panels/single.js"
};
static const uint8_t panels_stat_js[] = {
#embed "../../Web/Assets/panels/stat.js"
};
static const uint8_t panels_statetimeline_js[] = {
#embed "../../Web/Assets/panels/statetimeline.js"
};
static const uint8_t panels_table_js[] = {
#embed "../../Web/Assets/panels/table.js"
};
static const uint8_t panels_text_js[] = {
#embed "../../Web/Assets/panels/text.js"
};
static const uint8_t panels_timeseries_js[] = {
#embed "../../Web/Assets/panels/timeseries.js"
};
#if __has_embed("../../Web/Assets/vendor/uPlot.iife.js")
static const uint8_t vendor_uPlot_iife_js[] = {
#embed "../../Web/Assets/vendor/uPlot.iife.js"
};
#endif
#if __has_embed("../../Web/Assets/vendor/uPlot.min.css")
static const uint8_t vendor_uPlot_min_css[] = {
#embed "../../Web/Assets/vendor/uPlot.min.css"
};
#endif

#define ASSET(name, bytes) {name, bytes, sizeof bytes}

static const struct casset all[] = {
    ASSET("app.css", app_css),
    ASSET("chart/dense.js", chart_dense_js),
    ASSET("chart/events.js", chart_events_js),
    ASSET("chart/graph.js", chart_graph_js),
    ASSET("core/api.js", core_api_js),
    ASSET("core/colours.js", core_colours_js),
    ASSET("core/dom.js", core_dom_js),
    ASSET("core/format.js", core_format_js),
    ASSET("core/session.js", core_session_js),
    ASSET("core/time.js", core_time_js),
    ASSET("dashboards/data.js", dashboards_data_js),
    ASSET("dashboards/fields.js", dashboards_fields_js),
    ASSET("dashboards/frames.js", dashboards_frames_js),
    ASSET("dashboards/interpolate.js", dashboards_interpolate_js),
    ASSET("dashboards/known.js", dashboards_known_js),
    ASSET("dashboards/marks.js", dashboards_marks_js),
    ASSET("dashboards/model.js", dashboards_model_js),
    ASSET("dashboards/reduce.js", dashboards_reduce_js),
    ASSET("dashboards/transform.js", dashboards_transform_js),
    ASSET("dashboards/variables.js", dashboards_variables_js),
    ASSET("icon.svg", icon_svg),
    ASSET("logs/context.js", logs_context_js),
    ASSET("logs/correlate.js", logs_correlate_js),
    ASSET("logs/fieldbar.js", logs_fieldbar_js),
    ASSET("logs/histogram.js", logs_histogram_js),
    ASSET("logs/live.js", logs_live_js),
    ASSET("logs/loki.js", logs_loki_js),
    ASSET("logs/query.js", logs_query_js),
    ASSET("main.js", main_js),
    ASSET("pages.css", pages_css),
    ASSET("pages/alerts.js", pages_alerts_js),
    ASSET("pages/alerts/firing.js", pages_alerts_firing_js),
    ASSET("pages/alerts/history.js", pages_alerts_history_js),
    ASSET("pages/alerts/parts.js", pages_alerts_parts_js),
    ASSET("pages/alerts/rules.js", pages_alerts_rules_js),
    ASSET("pages/alerts/silence.js", pages_alerts_silence_js),
    ASSET("pages/alerts/silences.js", pages_alerts_silences_js),
    ASSET("pages/choice.js", pages_choice_js),
    ASSET("pages/coloured.js", pages_coloured_js),
    ASSET("pages/completion.js", pages_completion_js),
    ASSET("pages/dashboard.js", pages_dashboard_js),
    ASSET("pages/dashboards.js", pages_dashboards_js),
    ASSET("pages/editing.js", pages_editing_js),
    ASSET("pages/explore.js", pages_explore_js),
    ASSET("pages/logcompletion.js", pages_logcompletion_js),
    ASSET("pages/login.js", pages_login_js),
    ASSET("pages/logs.js", pages_logs_js),
    ASSET("pages/metrics.js", pages_metrics_js),
    ASSET("pages/overview.js", pages_overview_js),
    ASSET("pages/paneleditor.js", pages_paneleditor_js),
    ASSET("pages/panelview.js", pages_panelview_js),
    ASSET("pages/shell.js", pages_shell_js),
    ASSET("pages/status.js", pages_status_js),
    ASSET("pages/targets.js", pages_targets_js),
    ASSET("pages/timepicker.js", pages_timepicker_js),
    ASSET("panels.css", panels_css),
    ASSET("panels/barchart.js", panels_barchart_js),
    ASSET("panels/bargauge.js", panels_bargauge_js),
    ASSET("panels/gauge.js", panels_gauge_js),
    ASSET("panels/heatmap.js", panels_heatmap_js),
    ASSET("panels/logs.js", panels_logs_js),
    ASSET("panels/panels.js", panels_panels_js),
    ASSET("panels/piechart.js", panels_piechart_js),
    ASSET("panels/single.js", panels_single_js),
    ASSET("panels/stat.js", panels_stat_js),
    ASSET("panels/statetimeline.js", panels_statetimeline_js),
    ASSET("panels/table.js", panels_table_js),
    ASSET("panels/text.js", panels_text_js),
    ASSET("panels/timeseries.js", panels_timeseries_js),
#if __has_embed("../../Web/Assets/vendor/uPlot.iife.js")
    ASSET("vendor/uPlot.iife.js", vendor_uPlot_iife_js),
#endif
#if __has_embed("../../Web/Assets/vendor/uPlot.min.css")
    ASSET("vendor/uPlot.min.css", vendor_uPlot_min_css),
#endif
};

const struct casset *cassets(size_t *count) {
    *count = sizeof all / sizeof *all;
    return all;
}
