import Databases
import Encoding
import HTTP
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
        let replies = try replies()
        guard case .text(let info)? = replies.first, info.hasPrefix("# Server") else {
            guard case .error(let reason)? = replies.first else { throw .failed("\(address) answers no INFO") }
            throw .failed("\(address) answers \(reason)")
        }
        isUp = 1
        Self.add(info, &page)
        Self.addSlowLog(replies.dropFirst(), &page)
    }

    /// To INFO, SLOWLOG LEN, SLOWLOG GET 1 and LATENCY LATEST; Sentinel knows only the first.
    private func replies() throws(CollectorError) -> [RedisReply] {
        var options = RedisOptions(address, user: user)
        do {
            options.password = try password.map { source throws(ClientError) in Secret(try SecretText.now(source)) }
            return try RedisConnection(options).run([
                ["INFO", "ALL"], ["SLOWLOG", "LEN"], ["SLOWLOG", "GET", "1"], ["LATENCY", "LATEST"],
            ])
        } catch {
            throw .failed("\(error)")
        }
    }

    private static func addSlowLog(_ replies: ArraySlice<RedisReply>, _ page: inout MetricPage) {
        let replies = Array(replies)
        guard replies.count >= 3, case .number(let length) = replies[0] else { return }
        page.add("redis_slowlog_length", .gauge, "Commands in the log of slow ones.", Double(length))
        if case .list(let entries) = replies[1], case .list(let last)? = entries.first, last.count >= 3,
            case .number(let id) = last[0], case .number(let us) = last[2]
        {
            page.add("redis_slowlog_last_id", .gauge, "The number of the last of them.", Double(id))
            page.add("redis_last_slow_execution_duration_seconds", .gauge, "How long it took.", Double(us) / 1e6)
        }
        guard case .list(let events) = replies[2] else { return }
        for case .list(let event) in events where event.count >= 3 {
            guard case .text(let name) = event[0], case .number(let at) = event[1], case .number(let ms) = event[2]
            else {
                continue
            }
            page.add(
                "redis_latency_spike_last", .gauge, "When an event was slow last.", Double(at), [("event_name", name)])
            page.add(
                "redis_latency_spike_duration_seconds", .gauge, "How long it took then.", Double(ms) / 1000,
                [("event_name", name)])
        }
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
            } else if key.hasPrefix("master"), value.hasPrefix("name=") {
                addMaster(value, &page)
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

    /// What a Sentinel tells of a master: `name=shop,status=ok,address=127.0.0.1:6379,slaves=1,sentinels=3`.
    private static func addMaster(_ text: String, _ page: inout MetricPage) {
        var facts: [String: String] = [:]
        for part in text.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { facts[String(pair[0])] = String(pair[1]) }
        }
        let labels = [("master_address", facts["address"] ?? ""), ("master_name", facts["name"] ?? "")]
        page.add(
            "redis_sentinel_master_status", .gauge, "1 if the master is well.", facts["status"] == "ok" ? 1 : 0,
            labels + [("master_status", facts["status"] ?? "")])
        for (key, help) in [("slaves", "Replicas of a master."), ("sentinels", "Sentinels that watch a master.")] {
            guard let count = facts[key].flatMap({ Double($0) }) else { continue }
            page.add("redis_sentinel_master_\(key)", .gauge, help, count, labels)
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
