import Encoding
import HTTP
import Posix

/// HAProxy by the CSV of its statistics, from its socket or its page, with the names of haproxy_exporter.
final class HAProxyIntegration: Collector {
    static let definition = IntegrationDefinition("haproxy") { section in
        let socket = section.string("socket")
        let url = section.string("url") ?? "http://127.0.0.1:8404/stats;csv"
        if let socket, SocketAddress("unix:\(socket)") == nil {
            section.refuse(at: "socket", "socket is no path of a socket", "write one such as /run/haproxy/admin.sock")
        }
        return { context in HAProxyIntegration(socket.flatMap { SocketAddress("unix:\($0)") }, url, context.client) }
    }

    private typealias Metric = (column: String, name: String, kind: MetricPage.Kind, help: String)

    private static let common: [Metric] = [
        ("scur", "current_sessions", .gauge, "Sessions now."), ("smax", "max_sessions", .gauge, "The most sessions."),
        ("stot", "sessions_total", .counter, "Sessions."), ("bin", "bytes_in_total", .counter, "Bytes received."),
        ("bout", "bytes_out_total", .counter, "Bytes sent."),
        ("rate", "current_session_rate", .gauge, "Sessions in the last second."),
    ]
    private static let frontend: [Metric] = [
        ("slim", "limit_sessions", .gauge, "Sessions that there may be."),
        ("dreq", "requests_denied_total", .counter, "Requests refused by a rule."),
        ("ereq", "request_errors_total", .counter, "Requests that were wrong."),
        ("req_tot", "http_requests_total", .counter, "Requests."),
    ]
    private static let behind: [Metric] = [
        ("econ", "connection_errors_total", .counter, "Connections that could not be made."),
        ("eresp", "response_errors_total", .counter, "Answers that were wrong."),
        ("wretr", "retry_warnings_total", .counter, "Connections tried again."),
        ("wredis", "redispatch_warnings_total", .counter, "Requests that went to another server."),
        ("qcur", "current_queue", .gauge, "Requests that wait."), ("weight", "weight", .gauge, "Weight."),
    ]
    private static let server: [Metric] = [
        ("chkfail", "check_failures_total", .counter, "Checks that failed."),
        ("downtime", "downtime_seconds_total", .counter, "Seconds without service."),
    ]

    private let socket: SocketAddress?
    private let url: String
    private let client: HTTPClient

    init(_ socket: SocketAddress?, _ url: String, _ client: HTTPClient) {
        (self.socket, self.url, self.client) = (socket, url, client)
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        var isUp = 0.0
        defer { page.add("haproxy_up", .gauge, "1 if HAProxy tells of itself.", isUp) }
        let bytes =
            if let socket {
                try ServiceConversation.ask(socket, Array("show stat\n".utf8)) { $0.suffix(2) == [10, 10] }
            } else {
                try ServiceConversation.page(url, client)
            }
        guard Self.add(String(decoding: bytes, as: UTF8.self), &page) else {
            throw .failed("what HAProxy answers are no statistics")
        }
        isUp = 1
    }

    /// False where the text is not the CSV of HAProxy.
    static func add(_ csv: String, _ page: inout MetricPage) -> Bool {
        let lines = csv.split(separator: "\n")
        guard let head = lines.first, head.hasPrefix("# ") else { return false }
        let columns = head.dropFirst(2).split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        for line in lines.dropFirst() {
            let values = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            let row = Dictionary(zip(columns, values), uniquingKeysWith: { first, _ in first })
            addRow(row, &page)
        }
        return true
    }

    private static func addRow(_ row: [String: String], _ page: inout MetricPage) {
        guard let proxy = row["pxname"], let service = row["svname"] else { return }
        switch service {
        case "FRONTEND": add(row, common + frontend, "frontend", [("frontend", proxy)], &page)
        case "BACKEND": add(row, common + behind, "backend", [("backend", proxy)], &page)
        default: add(row, common + behind + server, "server", [("backend", proxy), ("server", service)], &page)
        }
    }

    private static func add(
        _ row: [String: String], _ metrics: [Metric], _ kind: String, _ labels: [MetricPage.Label],
        _ page: inout MetricPage
    ) {
        if let status = row["status"] {
            let isUp = status.hasPrefix("UP") || status.hasPrefix("OPEN") || status == "no check"
            page.add("haproxy_\(kind)_up", .gauge, "1 if it serves.", isUp ? 1 : 0, labels)
        }
        for (column, name, type, help) in metrics {
            guard let value = row[column].flatMap({ Double($0) }) else { continue }
            page.add("haproxy_\(kind)_\(name)", type, help, value, labels)
        }
        for code in ["1xx", "2xx", "3xx", "4xx", "5xx", "other"] {
            guard let count = row["hrsp_\(code)"].flatMap({ Double($0) }) else { continue }
            page.add(
                "haproxy_\(kind)_http_responses_total", .counter, "Answers by the class of their status.", count,
                labels + [("code", code)])
        }
    }
}
