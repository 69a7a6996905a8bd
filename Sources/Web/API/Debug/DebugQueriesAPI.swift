import Encoding
package import HTTP
package import PromQL

/// `/debug/queries`: what is asked of the server right now, and the end of one of them by
/// `DELETE /debug/queries/<number>` or `POST /debug/queries/<number>/kill`.
package struct DebugQueriesAPI: Sendable {
    private let running: RunningQueries
    private let nowNs: @Sendable () -> Int64

    /// - Parameter nowNs: the monotonic clock by which the queries were listed.
    package init(_ running: RunningQueries, nowNs: @escaping @Sendable () -> Int64) {
        self.running = running
        self.nowNs = nowNs
    }

    package func add(to router: inout Router) {
        router.get("/debug/queries", role: .operate) { [self] _, response in
            APIAnswer.success(&response) { json in
                json.beginArray()
                for entry in running.all { write(entry, to: &json) }
                json.endArray()
            }
        }
        router.add(.delete, "/debug/queries/:number", role: .operate) { [self] in kill($0, &$1) }
        router.add(.post, "/debug/queries/:number/kill", role: .operate) { [self] in kill($0, &$1) }
    }

    private func kill(_ request: borrowing Request, _ response: inout Response) {
        let name = request.parameter("number")
        guard let number = Int(name), running.kill(number) else {
            response.status = .notFound
            response.send("no query \(name) runs now; GET /debug/queries lists those that do\n")
            return
        }
        APIAnswer.success(&response) { $0.number(number) }
    }

    private func write(_ entry: RunningQueries.Listed, to json: inout JSONWriter) {
        let question = entry.question
        json.beginObject()
        json.member("number", entry.number)
        json.member("query", question.query)
        json.member("principal", question.principal)
        json.member("state", entry.state.rawValue)
        json.member("begun", Double(entry.begunMs) / 1000)
        json.member("seconds", Double(nowNs() - entry.begunNs) / 1e9)
        json.member("start", Double(question.startMs) / 1000)
        json.member("end", Double(question.endMs) / 1000)
        json.member("step", Double(question.stepMs) / 1000)
        json.member("samplesRead", entry.progress.samplesRead)
        json.member("heldBytes", entry.progress.heldBytes)
        json.member("peakBytes", entry.progress.peakBytes)
        json.endObject()
    }
}
