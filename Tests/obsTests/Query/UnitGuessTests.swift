import Testing
import Text

@testable import obs

@Suite struct UnitGuessTests {
    @Test(arguments: [
        ("node_memory_MemFree_bytes", ValueUnit.bytes), ("{__name__=\"x_bytes\"}", .bytes),
        ("sum by (a) (x_bytes{b=\"c\"}) / 2", .none), ("x_bytes + 1", .bytes), ("x_bytes - y_bytes", .bytes),
        ("x_bytes - y_seconds", .none), ("x_bytes > 5", .bytes), ("x_bytes > bool 5", .none),
        ("rate(x_bytes_total[5m])", .bytesPerSecond), ("increase(x_bytes_total[5m])", .bytes),
        ("rate(x_seconds_total[5m])", .none), ("max_over_time(x_seconds[5m:1m])", .seconds),
        ("histogram_quantile(0.9, sum by (le) (rate(http_seconds_bucket[5m])))", .seconds),
        ("count(x_bytes)", .none), ("topk(3, x_bytes)", .bytes), ("-(x_bytes)", .bytes), ("1", .none),
        ("x_seconds_count", .none), ("time()", .none), ("sum(", .none), ("x_bytes and on() y", .bytes),
    ])
    func namesTellTheUnitOfAnExpression(expression: String, unit: ValueUnit) {
        #expect(UnitGuess.unit(of: expression) == unit)
    }
}
