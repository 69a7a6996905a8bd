import Ingest

extension FuzzedDecoder {
    /// A line that is read has a measurement and names for all it holds.
    static let influx = FuzzedDecoder("influx", bytesMax: 512) { bytes in
        do throws(InfluxLine.Flaw) {
            let line = try InfluxLine(bytes)
            check(!line.measurement.isEmpty, "a point has no measurement")
            check(line.tags.allSatisfy { !$0.name.isEmpty && !$0.value.isEmpty }, "a tag has no name or value")
            check(line.fields.allSatisfy { !$0.name.isEmpty }, "a field has no name")
        } catch {
            check(!error.reason.isEmpty, "a refusal says nothing")
        }
    }
}
