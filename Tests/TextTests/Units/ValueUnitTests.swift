import Testing
import Text

@Suite struct ValueUnitTests {
    @Test(arguments: [
        ("node_memory_MemFree_bytes", ValueUnit.bytes), ("node_network_receive_bytes_total", .bytes),
        ("http_request_duration_seconds_sum", .seconds), ("http_request_duration_seconds_bucket", .seconds),
        ("node_cpu_seconds_total", .seconds), ("disk_used_ratio", .ratio), ("disk_used_percent", .percent),
        ("up", .none), ("http_requests_total", .none), ("seconds_since", .none), ("", .none),
    ])
    func metricNamesEndWithTheirUnit(metric: String, unit: ValueUnit) {
        #expect(ValueUnit(metric: metric) == unit)
    }

    @Test(arguments: [
        (0, ValueUnit.none, "0"), (1, .none, "1"), (-1.5, .none, "-1.5"), (999, .none, "999"), (1000, .none, "1k"),
        (1234.6, .none, "1.235k"), (12_345_678, .none, "12.35M"), (-2e9, .none, "-2G"), (0.25, .none, "0.25"),
        (0.00012346, .none, "0.0001235"), (1.0 / 3, .none, "0.3333"), (1e-9, .none, "1e-09"),
        (0, .bytes, "0 B"), (512, .bytes, "512 B"), (1536, .bytes, "1.5 KiB"), (1_073_741_824, .bytes, "1 GiB"),
        (2_097_152, .bytesPerSecond, "2 MiB/s"), (10, .bytesPerSecond, "10 B/s"),
        (0, .seconds, "0 s"), (0.25, .seconds, "250 ms"), (0.0000015, .seconds, "1.5 µs"), (1, .seconds, "1 s"),
        (90, .seconds, "1.5 min"), (7200, .seconds, "2 h"), (172_800, .seconds, "2 d"),
        (0.5, .ratio, "50%"), (12.5, .percent, "12.5%"),
        (.infinity, .bytes, "+Inf"), (-.infinity, .none, "-Inf"), (.nan, .seconds, "NaN"),
    ])
    func numbersAreShownInTheUnitThatTheyFit(value: Double, unit: ValueUnit, text: String) {
        #expect(unit.text(value) == text)
    }
}
