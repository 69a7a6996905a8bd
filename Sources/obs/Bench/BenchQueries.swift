import Encoding
import Model
import Posix

/// One question of a set: of PromQL over the data of `NodeMetrics`, of LogQL over that of `ShopLog`.
struct BenchQuery: Sendable {
    let name: String
    let expression: String
    /// Seconds; zero asks for one instant.
    let stepSeconds: Int
    /// Whether it asks for lines, of a whole range.
    var isLines = false

    static let all: [BenchQuery] = [
        .init(name: "one series", expression: "node_load1{instance=\"node-0:9100\"}", stepSeconds: 0),
        .init(name: "count of all", expression: "count({job=\"node\"})", stepSeconds: 0),
        .init(
            name: "top hosts",
            expression: "topk(5, sum by (instance) (rate(node_cpu_seconds_total{mode!=\"idle\"}[5m])))", stepSeconds: 0),
        .init(
            name: "full disks", expression: "node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.1",
            stepSeconds: 0),
        .init(name: "regex", expression: "count by (__name__) ({__name__=~\"node_memory_.*_bytes\"})", stepSeconds: 0),
        .init(name: "load of a host", expression: "node_load5{instance=\"node-1:9100\"}", stepSeconds: 30),
        .init(
            name: "cpu of a host",
            expression: "sum by (mode) (rate(node_cpu_seconds_total{instance=\"node-1:9100\"}[5m]))", stepSeconds: 30),
        .init(
            name: "cpu of all", expression: "1 - avg by (instance) (rate(node_cpu_seconds_total{mode=\"idle\"}[5m]))",
            stepSeconds: 60),
        .init(
            name: "network of all", expression: "sum(rate(node_network_receive_bytes_total[5m])) * 8", stepSeconds: 60),
        .init(
            name: "memory in use", expression: "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
            stepSeconds: 60),
        .init(name: "worst latency", expression: "max_over_time(scrape_duration_seconds[10m])", stepSeconds: 60),
        .init(name: "quantile of load", expression: "quantile(0.9, node_load1)", stepSeconds: 60),
        .init(
            name: "prediction", expression: "predict_linear(node_filesystem_free_bytes[1h], 86400)", stepSeconds: 300),
    ]
}

/// Latencies of the queries, each asked several times.
struct QueryLatency: Sendable {
    let query: BenchQuery
    /// In ascending order.
    var durationsNs: [Int64] = []
    var failure: String?

    /// - Parameters:
    ///   - path: what stands before `/query` and `/query_range` at this server.
    ///   - range: in seconds since 1970.
    static func measure(
        _ query: BenchQuery, runs: Int, _ connection: ServerConnection, path: String, range: ClosedRange<Int64>
    ) -> QueryLatency {
        var times = QueryLatency(query: query)
        var question = ServerConnection.Question(
            path: path + (query.stepSeconds == 0 && !query.isLines ? "/query" : "/query_range"))
        question.parameters = [("query", query.expression)]
        if query.isLines {
            question.parameters += [("start", String(range.lowerBound)), ("end", String(range.upperBound))]
        } else if query.stepSeconds == 0 {
            question.parameters.append(("time", String(range.upperBound)))
        } else {
            question.parameters += [
                ("start", String(range.lowerBound)), ("end", String(range.upperBound)),
                ("step", String(query.stepSeconds)),
            ]
        }
        let time = SystemTime()
        // The first answer warms what there is to warm and is not counted.
        for run in 0...runs {
            let beganNs = time.monotonicNs
            do throws(ServerFailure) {
                _ = try connection.answer(to: question)
            } catch {
                times.failure = error.description
                break
            }
            if run > 0 { times.durationsNs.append(time.monotonicNs - beganNs) }
        }
        times.durationsNs.sort()
        return times
    }
}
