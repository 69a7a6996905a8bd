import Encoding
import Storage

/// Exemplars in the form of Prometheus' API: the value as text, the time in seconds.
enum ExemplarsJSON {
    static func write(_ found: [SeriesExemplars], to json: inout JSONWriter) {
        json.beginArray()
        for series in found where !series.exemplars.isEmpty {
            json.beginObject()
            json.name("seriesLabels")
            LabelsJSON.write(series.series, to: &json)
            json.name("exemplars")
            json.beginArray()
            for exemplar in series.exemplars {
                json.beginObject()
                json.name("labels")
                LabelsJSON.write(exemplar.labels, to: &json)
                json.member("value", FloatText.sample(exemplar.value))
                json.member("timestamp", Double(exemplar.timestampMs) / 1000)
                json.endObject()
            }
            json.endArray()
            json.endObject()
        }
        json.endArray()
    }
}
