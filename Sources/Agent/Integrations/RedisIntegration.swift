import Encoding
import Posix

/// Redis and Sentinel by INFO, with the names of redis_exporter.
final class RedisIntegration: Collector {
    static let definition = IntegrationDefinition("redis") { section in
        let text = section.string("address") ?? "127.0.0.1:6379"
        let password = section.secret("password", file: "password_file")
        let user = section.string("user")
        let address = SocketAddress(text)
        if address == nil {
            section.refuse(
                at: "address", "address is \(Quoted.text(text))", "write an address and port, or unix:PATH")
        }
        return { _ in RedisIntegration(address ?? .loopback(port: 6379), user, password) }
    }

    /// Lines of INFO that other names than their own tell of: the name, its kind, and what one of it counts.
    private static let names: [String: (name: String, kind: MetricPage.Kind)] = [
        "uptime_in_seconds": ("uptime_in_seconds", .gauge), "connected_clients": ("connected_clients", .gauge),
        "blocked_clients": ("blocked_clients", .gauge), "used_memory": ("memory_used_bytes", .gauge),
        "used_memory_rss": ("memory_used_rss_bytes", .gauge), "used_memory_peak": ("memory_used_peak_bytes", .gauge),
        "maxmemory": ("memory_max_bytes", .gauge), "mem_fragmentation_ratio": ("mem_fragmentation_ratio", .gauge),
        "rdb_changes_since_last_save": ("rdb_changes_since_last_save", .gauge),
        "rdb_last_save_time": ("rdb_last_save_timestamp_seconds", .gauge), "aof_enabled": ("aof_enabled", .gauge),
        "total_connections_received": ("connections_received_total", .counter),
        "total_commands_processed": ("commands_processed_total", .counter),
        "total_net_input_bytes": ("net_input_bytes_total", .counter),
        "total_net_output_bytes": ("net_output_bytes_total", .counter),
        "rejected_connections": ("rejected_connections_total", .counter),
        "expired_keys": ("expired_keys_total", .counter), "evicted_keys": ("evicted_keys_total", .counter),
        "keyspace_hits": ("keyspace_hits_total", .counter), "keyspace_misses": ("keyspace_misses_total", .counter),
        "pubsub_channels": ("pubsub_channels", .gauge), "connected_slaves": ("connected_slaves", .gauge),
        "master_repl_offset": ("master_repl_offset", .gauge), "used_cpu_sys": ("cpu_sys_seconds_total", .counter),
        "used_cpu_user": ("cpu_user_seconds_total", .counter), "sentinel_masters": ("sentinel_masters", .gauge),
        "sentinel_tilt": ("sentinel_tilt", .gauge),
    ]

    private let address: SocketAddress
    private let user: String?
    private let password: SecretSource?

    init(_ address: SocketAddress, _ user: String?, _ password: SecretSource?) {
        (self.address, self.user, self.password) = (address, user, password)
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        var isUp = 0.0
        defer { page.add("redis_up", .gauge, "1 if the server tells of itself.", isUp) }
        let info = try info()
        isUp = 1
        Self.add(info, &page)
    }

    private func info() throws(CollectorError) -> String {
        var question: [UInt8] = []
        if let password {
            let text: String
            switch password {
            case .text(let secret): text = secret.text
            case .file(let path):
                guard let bytes = try? LocalFileSystem().readFile(path, atMostBytes: 4096) else {  // named below
                    throw .failed("cannot read the password in \(path)")
                }
                text = String(decoding: bytes.prefix { $0 > 32 }, as: UTF8.self)
            }
            question += Self.command(["AUTH"] + (user.map { [$0] } ?? []) + [text])
        }
        question += Self.command(["INFO", "ALL"]) + Self.command(["QUIT"])
        let answer = try ServiceConversation.ask(address, question) { _ in false }
        let text = String(decoding: answer, as: UTF8.self)
        guard let start = text.firstRange(of: "# Server") else {
            let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("-") } ?? "nothing"
            throw .failed("\(address) answers \(line)")
        }
        return String(text[start.lowerBound...])
    }

    private static func command(_ words: [String]) -> [UInt8] {
        Array(("*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()).utf8)
    }

    static func add(_ info: String, _ page: inout MetricPage) {
        var facts: [String: String] = [:]
        for line in info.split(whereSeparator: \.isNewline) {
            let pair = line.split(separator: ":", maxSplits: 1)
            guard pair.count == 2 else { continue }
            let (key, value) = (String(pair[0]), String(pair[1]))
            facts[key] = value
            if let (name, kind) = names[key], let number = Double(value) {
                page.add("redis_\(name)", kind, "\(key) of INFO.", number)
            } else if key.hasPrefix("db") {
                addKeys(key, fields(value), &page)
            } else if key.hasPrefix("cmdstat_") {
                addCommand(String(key.dropFirst(8)), fields(value), &page)
            }
        }
        page.add(
            "redis_instance_info", .gauge, "What the server is.", 1,
            [
                ("role", facts["role"] ?? ""), ("redis_version", facts["redis_version"] ?? ""),
                ("redis_mode", facts["redis_mode"] ?? ""), ("os", facts["os"] ?? ""),
            ])
        if let status = facts["master_link_status"] {
            page.add("redis_master_link_up", .gauge, "1 if the replica has its master.", status == "up" ? 1 : 0)
        }
        if let status = facts["rdb_last_bgsave_status"] {
            page.add("redis_rdb_last_bgsave_status", .gauge, "1 if the last save went well.", status == "ok" ? 1 : 0)
        }
    }

    private static func addKeys(_ database: String, _ fields: [String: Double], _ page: inout MetricPage) {
        if let keys = fields["keys"] { page.add("redis_db_keys", .gauge, "Keys.", keys, [("db", database)]) }
        if let keys = fields["expires"] {
            page.add("redis_db_keys_expiring", .gauge, "Keys with a time to live.", keys, [("db", database)])
        }
    }

    private static func addCommand(_ command: String, _ fields: [String: Double], _ page: inout MetricPage) {
        if let calls = fields["calls"] {
            page.add("redis_commands_total", .counter, "Calls of a command.", calls, [("cmd", command)])
        }
        if let us = fields["usec"] {
            page.add(
                "redis_commands_duration_seconds_total", .counter, "Seconds spent in a command.", us / 1e6,
                [("cmd", command)])
        }
    }

    /// `keys=1,expires=0`
    private static func fields(_ text: String) -> [String: Double] {
        var fields: [String: Double] = [:]
        for part in text.split(separator: ",") {
            let pair = part.split(separator: "=")
            if pair.count == 2, let number = Double(pair[1]) { fields[String(pair[0])] = number }
        }
        return fields
    }
}
