import Encoding
import Ingest
import Model
import Storage

/// Lines of a shop's services from a seed: JSON with ids, numbers and messages of a few statements, and lines of access
/// logs, about 300 bytes each.
struct ShopLog: BenchData {
    static let unit = "line"
    static let questionPath = "/loki/api/v1"
    static let fields: [(name: String, value: String)] = [("Content-Type", "application/x-protobuf")]
    static let seriesName = "streams"
    static let seriesOfHost = services.count * Set(levels).count
    /// Lines of one request.
    private static let linesOfRequest = 1000

    var hosts = 10
    var count = 1_000_000
    var durationSeconds = 3600
    var seed: UInt64 = 1
    var endNs: Int64 = 0

    func source(connection: Int, of connections: Int) -> any BenchSource {
        Source(self, connection: connection, of: connections)
    }

    private static let services = ["gateway", "orders", "payments", "search"]
    private static let levels = ["INFO", "INFO", "INFO", "INFO", "INFO", "INFO", "DEBUG", "DEBUG", "WARN", "ERROR"]
    private static let paths = ["/api/cart", "/api/orders", "/api/products", "/api/search", "/login"]

    /// A phrase that one in about a thousand lines has.
    static let phrase = "payment declined by bank"

    /// Questions over the lines.
    static let queries: [BenchQuery] = [
        .init(name: "newest of a service", expression: #"{service="payments"}"#, stepSeconds: 0, isLines: true),
        .init(name: "a phrase", expression: #"{service=~".+"} |= "\#(phrase)""#, stepSeconds: 0, isLines: true),
        .init(
            name: "slow requests", expression: #"{service="gateway"} | json | duration_ms > 1900"#, stepSeconds: 0,
            isLines: true),
        .init(name: "errors by service", expression: #"sum by (service) (rate({level="ERROR"}[5m]))"#, stepSeconds: 60),
        .init(
            name: "failed by path",
            expression: #"sum by (path) (count_over_time({service="gateway"} | json | status >= 500 [5m]))"#,
            stepSeconds: 60),
        .init(
            name: "95 % by path",
            expression:
                #"quantile_over_time(0.95, {service="gateway"} | json | unwrap duration_ms [5m]) by (path)"#,
            stepSeconds: 300),
        .init(
            name: "case of letters", expression: #"sum(count_over_time({service=~".+"} |~ "(?i)DECLINED" [5m]))"#,
            stepSeconds: 300),
    ]

    /// Lines of the hosts of one connection in the order of time.
    private struct Source: BenchSource {
        private let data: ShopLog
        private let hosts: [Int]
        private let lines: Int
        private var sent = 0
        private var random: BenchRandom
        private var encoder = LokiPushEncoder()
        private var batch = LogBatch()

        init(_ data: ShopLog, connection: Int, of connections: Int) {
            self.data = data
            hosts = Array(stride(from: connection, to: data.hosts, by: connections))
            let own = data.count / connections
            lines = connection == 0 ? data.count - own * (connections - 1) : own
            random = BenchRandom(seed: data.seed &+ UInt64(connection) &* 0x5851_f42d_4c95_7f2d)
        }

        mutating func next() -> (body: [UInt8], units: Int, endsStep: Bool)? {
            let count = min(ShopLog.linesOfRequest, lines - sent)
            guard count > 0, !hosts.isEmpty else { return nil }
            let host = hosts[sent / ShopLog.linesOfRequest % hosts.count]
            batch.removeAll()
            var streams: [Int: Int] = [:]
            for _ in 0..<count {
                let service = pick(ShopLog.services.count)
                let level = pick(ShopLog.levels.count)
                let key = service * 100 + level
                if streams[key] == nil {
                    streams[key] = batch.appendStream(
                        Labels([
                            ("service", ShopLog.services[service]), ("host", "shop-\(host)"),
                            ("level", ShopLog.levels[level]),
                        ]))
                }
                let share = Double(sent) / Double(max(1, lines - 1))
                let spanNs = Double(data.durationSeconds) * 1e9
                let timestampNs = data.endNs - Int64((1 - share) * spanNs)
                let text = pick(5) == 0 ? access() : object(service, level)
                batch.append(timestampNs, stream: streams[key] ?? 0, Array(text.utf8).span)
                sent += 1
            }
            // Compressing only fails for bodies of gigabytes.
            guard let body = try? encoder.encode(batch) else { return nil }  // as said above
            return (body, count, true)
        }

        private mutating func pick(_ count: Int) -> Int { Int(random.next() >> 33) % count }

        private mutating func hex(_ digits: Int) -> String {
            let text = String(random.next(), radix: 16) + String(random.next(), radix: 16)
            return String(repeating: "0", count: max(0, digits - text.count)) + text.prefix(digits)
        }

        private mutating func access() -> String {
            let path = ShopLog.paths[pick(ShopLog.paths.count)]
            var line = "10.\(pick(200)).\(pick(250)).\(pick(250)) - - \"GET \(path)/\(pick(100_000)) HTTP/1.1\" "
            line += "\(status()) \(pick(90_000)) \"-\" \"Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 "
            line += "Firefox/143.0\" rt=0.\(pick(1000))"
            return line
        }

        private mutating func status() -> Int { [200, 200, 200, 200, 201, 304, 404, 500, 503][pick(9)] }

        private mutating func object(_ service: Int, _ level: Int) -> String {
            let user = "u-\(pick(50_000))"
            let message =
                switch pick(1000) {
                case 0: ShopLog.phrase
                case 1..<300: "order \(pick(1_000_000)) of \(user) changed to shipped"
                case 300..<600: "request completed in \(pick(2000)) ms"
                default: "cart \(hex(12)) merged: \(pick(20)) items"
                }
            let (name, severity) = (ShopLog.services[service], ShopLog.levels[level])
            var line = #"{"service":"\#(name)","level":"\#(severity)","trace_id":"\#(hex(32))","user_id":"\#(user)","#
            line += #""method":"POST","path":"\#(ShopLog.paths[pick(ShopLog.paths.count)])","status":\#(status()),"#
            line += #""duration_ms":\#(pick(2000)).\#(1 + pick(9)),"msg":"\#(message)"}"#
            return line
        }
    }
}
