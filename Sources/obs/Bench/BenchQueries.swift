import Encoding
import Model
import Posix

/// One question of a set: of PromQL over `NodeScrapes`, of LogQL over `ShopLog`.
struct BenchQuery: Sendable {
    let name: String
    let expression: String
    /// Seconds; zero asks for one instant.
    let stepSeconds: Int
    /// Whether it asks for lines, of a whole range.
    var isLines = false
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
