import Testing

@testable import Ingest

/// The examples of OpenTelemetry's and Prometheus' documents of name translation.
struct OTLPNamesTests {
    private func name(
        _ name: String, unit: String = "", kind: OTLPMetric.Kind = .gauge, isMonotonic: Bool = false,
        _ translation: OTLPOptions.Translation = .underscoreEscapingWithSuffixes
    ) -> String {
        var metric = OTLPMetric()
        (metric.name, metric.unit, metric.kind, metric.isMonotonic) = (name, unit, kind, isMonotonic)
        var options = OTLPOptions()
        options.translation = translation
        return OTLPNames(options).metric(metric)
    }

    @Test func unitsAndTypesBecomeSuffixes() {
        #expect(name("system.filesystem.usage", unit: "By") == "system_filesystem_usage_bytes")
        #expect(name("system.network.io", unit: "By", kind: .sum, isMonotonic: true) == "system_network_io_bytes_total")
        #expect(name("system.cpu.utilization", unit: "1") == "system_cpu_utilization_ratio")
        #expect(name("storage.filesystem.utilization", unit: "%") == "storage_filesystem_utilization_percent")
        #expect(name("http.server.duration", unit: "ms", kind: .histogram) == "http_server_duration_milliseconds")
        #expect(name("disk.read", unit: "By/s") == "disk_read_bytes_per_second")
        #expect(name("requests", unit: "{request}", kind: .sum, isMonotonic: true) == "requests_total")
        #expect(name("requests_total", kind: .sum, isMonotonic: true) == "requests_total")
        #expect(name("uptime_seconds", unit: "s") == "uptime_seconds")
        #expect(name("9lives") == "_9lives")
        #expect(name("a..b", unit: "1", kind: .sum) == "a_b")
    }

    @Test func otherStrategiesKeepMore() {
        #expect(name("a.b", unit: "By", .underscoreEscapingWithoutSuffixes) == "a_b")
        #expect(
            name("a.b", unit: "By", kind: .sum, isMonotonic: true, .noUTF8EscapingWithSuffixes) == "a.b_bytes_total")
        #expect(name("a.b", unit: "By", kind: .sum, isMonotonic: true, .noTranslation) == "a.b")
    }

    @Test func labelsHaveLegacyNamesWhereNamesAreEscaped() {
        var options = OTLPOptions()
        #expect(OTLPNames(options).label("http.method") == "http_method")
        #expect(OTLPNames(options).label("9a") == "key_9a")
        #expect(OTLPNames(options).label("_a") == "key_a")
        #expect(OTLPNames(options).label("__a") == "__a")
        #expect(OTLPNames(options).label("a..b") == "a__b")
        options.preservesMultipleUnderscores = false
        #expect(OTLPNames(options).label("a..b") == "a_b")
        options.translation = .noTranslation
        #expect(OTLPNames(options).label("http.method") == "http.method")
    }
}
