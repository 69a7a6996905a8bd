import Posix
import Telemetry

/// Which faults are on in a service, since when and how strong. The places that can break ask it.
final class FaultBoard: Sendable {
    private struct Active {
        var order: FaultOrder
        var startNs: Int64
        var endNs: Int64?

        func isOn(_ nowNs: Int64) -> Bool { nowNs >= startNs && nowNs < endNs ?? .max }
    }

    private let options: MarketplaceOptions
    private let log: Logger
    private let time: ServiceTime
    private let active = Lock<[Fault: Active]>([:])
    private let damage: Lock<Damage>
    private let worker = Lock<BackgroundWorker?>(nil)

    /// How often the faults that do something by themselves do it.
    private static let tickNs: Int64 = 100_000_000

    init(_ options: MarketplaceOptions, _ registry: Registry, _ log: Logger, _ time: ServiceTime) {
        self.options = options
        self.log = log
        self.time = time
        damage = Lock(Damage(folder: FilePath.join(options.dataDirectory, "uploads"), quota: options.uploadsBytesMax))
        registry.callbacks(
            "marketplace_fault_active", "1 for each fault that is on, for the people who look at dashboards.",
            labels: ["fault"]
        ) { [weak self] in
            guard let self else { return [] }
            return Fault.allCases.filter { self.isActive($0) }.map { CallbackValue([$0.rawValue], 1) }
        }
    }

    /// Takes the orders of the command line whose home this service is, and begins to work.
    func start(_ orders: [FaultOrder], of service: ServiceName) throws(SystemError) {
        for order in orders where order.fault.home == service { set(order) }
        let worker = try BackgroundWorker(name: "faults", intervalNs: Self.tickNs) { [self] _ in
            tick()
            return false
        }
        self.worker.withLock { $0 = worker }
    }

    func stop() {
        let worker = worker.withLock { $0 }
        worker?.stop()
        damage.withLock { $0.repair() }
    }

    func set(_ order: FaultOrder) {
        let startNs = time.monotonicNs + Int64(order.startSeconds * 1e9)
        let endNs = order.seconds.map { startNs + Int64($0 * 1e9) }
        active.withLock { $0[order.fault] = Active(order: order, startNs: startNs, endNs: endNs) }
        log.warning("a fault is on", ["fault": .text(order.fault.rawValue), "strength": .number(order.level)])
    }

    func clear(_ fault: Fault) {
        active.withLock { $0[fault] = nil }
        log.warning("a fault is off", ["fault": .text(fault.rawValue)])
    }

    /// Nil where it is off.
    func level(of fault: Fault) -> Double? {
        active.withLock { active in
            guard let entry = active[fault], entry.isOn(time.monotonicNs) else { return nil }
            return entry.order.level
        }
    }

    func isActive(_ fault: Fault) -> Bool { level(of: fault) != nil }

    /// Seconds that are left of it; nil where it is off or lasts.
    func secondsLeft(of fault: Fault) -> Double? {
        let endNs = active.withLock { $0[fault]?.endNs }
        return endNs.map { max(0, Double($0 - time.monotonicNs) / 1e9) }
    }

    /// The faults that work by the clock rather than at a request.
    private func tick() {
        let seconds = Double(Self.tickNs) / 1e9
        time.setSkew(ns: Int64((level(of: .clockSkew) ?? 0) * 1e9))
        let leak = level(of: .memoryLeak)
        let fill = level(of: .diskFill)
        damage.withLock { damage in
            if let leak { damage.leak(bytes: Int(leak * seconds * 1e6)) } else { damage.giveBackMemory() }
            if let fill { damage.fill(bytes: Int(fill * seconds * 1e6)) } else { damage.removeFiles() }
        }
        guard let lines = level(of: .logFlood) else { return }
        for number in 0..<Int(lines * seconds) {
            log.info("retrying", ["attempt": .integer(number), "queue": "default", "detail": "nothing to do yet"])
        }
    }
}

/// What requests ask before they go on.
extension FaultBoard {
    func latencyNs() -> Int64? { level(of: .latency).map { Int64($0 * 1e6) } }

    /// The reason for which this request fails, if it does.
    func failure() -> String? {
        if let share = level(of: .errors), Double.random(in: 0..<1) < share { return "internal" }
        if let share = level(of: .badDeploy), Double.random(in: 0..<1) < share { return "internal" }
        return nil
    }

    /// Whether another service is out of reach.
    func isDead(_ dependency: String) -> Bool {
        dependency == ServiceName.recommendations.rawValue && isActive(.deadDependency)
    }
}

/// What the faults have taken of the machine, within bounds, and give back.
private struct Damage: Sendable {
    private static let leakBytesMax = 512 << 20
    private static let pieceBytes = 1 << 20

    let folder: String
    let quota: Int
    private var memory: [[UInt8]] = []
    private var owed = 0
    private var files = 0
    private var filled = 0

    init(folder: String, quota: Int) {
        self.folder = folder
        self.quota = quota
    }

    /// Takes whole pieces, each of them written to, so that it is really there.
    mutating func leak(bytes: Int) {
        owed += bytes
        while owed >= Self.pieceBytes, (memory.count + 1) * Self.pieceBytes <= Self.leakBytesMax {
            memory.append([UInt8](repeating: 0x6c, count: Self.pieceBytes))
            owed -= Self.pieceBytes
        }
        owed = min(owed, Self.pieceBytes)
    }

    mutating func giveBackMemory() {
        guard !memory.isEmpty else { return }
        memory = []
        FreedMemory.giveBack()
    }

    mutating func fill(bytes: Int) {
        guard filled + bytes <= quota else { return }
        files += 1
        filled += bytes
        let piece = [UInt8](repeating: 0x66, count: bytes)
        do throws(SystemError) {
            try File(FilePath.join(folder, "filling-\(files)"), .create, in: LocalFileSystem()).append(piece.span)
        } catch {
            // A disk that is really full is what the fault is for.
            return
        }
    }

    mutating func removeFiles() {
        for number in 0...files {
            try? LocalFileSystem().removeFile(FilePath.join(folder, "filling-\(number)"))  // it may be gone already
        }
        (files, filled) = (0, 0)
    }

    mutating func repair() {
        giveBackMemory()
        removeFiles()
    }
}
