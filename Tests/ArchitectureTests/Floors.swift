/// The rooms floor by floor. A room imports rooms of strictly lower floors only; floor 0 are the C modules under
/// Sources/C. The same table, with what each room holds, is section "Rooms" of ARCHITECTURE.md.
enum Floors {
    static let rooms: [String: Int] = [
        "Posix": 1, "Encoding": 1,
        "Telemetry": 2, "Crypto": 2, "Text": 2,
        "Model": 3, "HTTP": 3, "Journal": 3, "Parts": 3, "Databases": 3,
        "Storage": 4, "LabelIndex": 4, "Ledger": 4,
        "TSDB": 5, "LogDB": 5, "ClickHouse": 5, "PromQL": 5, "LogQL": 5,
        "Ingest": 6, "Rules": 6, "Alerting": 6, "OnCall": 6,
        "Agent": 7, "Web": 7,
        "obs": 8,
    ]

    /// Of equal floors, yet allowed: LogQL evaluates its metric queries with PromQL's engine.
    static let sameFloor: Set<[String]> = [["LogQL", "PromQL"]]

    /// Rooms that only the named ones may see, however high the others stand: everyone else sees the seam.
    static let onlyFor: [String: Set<String>] = [
        "TSDB": ["obs"], "LogDB": ["obs"], "ClickHouse": ["obs"],
        "LabelIndex": ["TSDB", "LogDB", "obs"],
    ]

    /// Rooms with a list of their own instead of a floor: the reference workload proves what any service could do.
    static let ownList: [String: Set<String>] = [
        "Marketplace": ["HTTP", "Telemetry", "Crypto", "Databases", "Encoding", "Posix"]
    ]

    /// Rooms that refuse a lower one: alerts are routed without a query engine.
    static let refused: [String: Set<String>] = ["Alerting": ["PromQL", "LogQL"]]

    /// Modules of the toolchain that every room may import.
    static let toolchain: Set<String> = ["Glibc", "Synchronization"]

    /// Why `room` may not import `module`, or nil where it may.
    static func refusal(of module: String, in room: String) -> String? {
        if module.hasPrefix("Foundation") {
            return "Foundation costs 50 MB of binary and stays out of Sources"
        }
        if toolchain.contains(module) || isC(module) { return nil }
        if let list = ownList[room] {
            return list.contains(module) ? nil : "\(room) imports \(list.sorted().joined(separator: ", ")) only"
        }
        guard let own = rooms[room] else { return "\(room) is in no floor of the table in Floors.swift" }
        guard let other = rooms[module] else { return "\(module) is neither a room of the table nor a C module" }
        if let seers = onlyFor[module], !seers.contains(room) {
            return "only \(seers.sorted().joined(separator: ", ")) may see \(module)"
        }
        if refused[room]?.contains(module) == true { return "\(room) does not see \(module)" }
        if own > other || sameFloor.contains([room, module]) { return nil }
        return "\(room) (floor \(own)) may not see \(module) (floor \(other))"
    }

    /// C modules are named `C` and a capital: CLinux, COpenSSL.
    private static func isC(_ module: String) -> Bool {
        module.hasPrefix("C") && module.dropFirst().first?.isUppercase == true && rooms[module] == nil
    }
}
