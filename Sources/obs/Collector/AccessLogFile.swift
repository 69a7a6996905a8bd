import HTTP
import Posix
import Telemetry

/// One JSON line for each answered request, in a file of its own. What a request asked (its query) is left out, because
/// it may hold secrets.
final class AccessLogFile: Sendable {
    private let sink: LogSink
    private let log: Logger

    /// - Parameter path: appended to; made if it is missing.
    init(_ path: String, registry: Registry) throws(SystemError) {
        // Lines of this level are never held back as repeats of each other.
        sink = try LogSink(path: path, level: .debug, registry: registry)
        log = Logger(sink, component: "http")
    }

    /// What the server calls for each request.
    var accessLog: AccessLog { { [log] record in Self.write(record, log) } }

    private static func write(_ record: AccessRecord, _ log: Logger) {
        log.debug(
            "request",
            [
                "method": .text(record.method.name), "path": .text(record.path),
                "route": .text(record.pattern ?? ""), "status": .integer(record.status.rawValue),
                "peer": .text(record.peer.host), "principal": .text(record.principal?.name ?? ""),
                "request_id": .integer(Int(record.requestID)), "received_bytes": .integer(record.receivedBytes),
                "sent_bytes": .integer(record.sentBytes), "duration_seconds": .nanoseconds(record.durationNs),
            ])
    }

    /// Goes on in a new file after a rotation.
    func reopen() throws(SystemError) { try sink.reopen() }
}
