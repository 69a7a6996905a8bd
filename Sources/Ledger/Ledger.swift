package import Crypto
import Databases
package import HTTP
package import Posix
package import Telemetry

/// What obs remembers beside its data: tokens, the audit trail and what the pages keep, in an SQLite database under the
/// data directory.
///
/// Nothing is opened before the first use. Other processes may use the same ledger at the same time: `obs token` does,
/// while the collector runs.
package final class Ledger: Sendable {
    private struct Opened: Sendable {
        let database: SQLiteDatabase
        let tokens: TokenTable
        let trail: AuditTrail
        let pages: PageTables
    }

    /// What the pages keep.
    struct PageTables: Sendable {
        let database: SQLiteDatabase
        let sessions: SessionTable
    }

    private struct State {
        var opened: Opened?
        var seenVersion: Int64 = 0
        var usesFlushedNs: Int64 = 0
    }

    package static let databaseFile = "ledger.db"
    /// How long a revocation by another process may take to be seen here, and an event to be on the disk.
    package static let flushNs: Int64 = 1_000_000_000
    private static let usesFlushNs: Int64 = 60_000_000_000

    private let directory: String
    private let system: any FileSystem
    let time: any TimeSource
    private let log: Logger
    private let metrics: LedgerMetrics
    private let state = Lock(State())
    private let queue = AuditQueue()
    private let isStopping = Monitor(false)
    private let thread = Lock<OwnedThread?>(nil)

    /// - Parameter directory: `ledger` under the data directory; made at the first use.
    package init(
        directory: String, registry: Registry, log: Logger = .silent, time: any TimeSource = SystemTime(),
        system: any FileSystem = LocalFileSystem()
    ) {
        self.directory = directory
        self.system = system
        self.time = time
        self.log = log
        metrics = LedgerMetrics(registry)
    }

    /// Starts the thread that writes queued events and looks for changes by other processes.
    package func start() throws(SystemError) {
        let started = try OwnedThread(name: "ledger", stackBytes: 512 << 10) { [self] in
            while isStopping.wait(atMostNs: Self.flushNs, until: { $0 ? true : nil }) == nil { flush() }
        }
        thread.withLock { $0 = started }
    }

    /// Ends the thread; what is queued is written first.
    package func stop() {
        isStopping.withLock { $0 = true }
        isStopping.wakeAll()
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
        flush()
    }

    /// Writes what is queued and looks for changes by other processes. Failures are logged and counted: nobody waits.
    package func flush() {
        let events = queue.takeAll()
        let isOpen = state.withLock { $0.opened != nil }
        guard isOpen || !events.isEmpty else { return }
        do {
            let opened = try write(events)
            try opened.trail.rotate()
            try follow(opened)
        } catch {
            metrics.failures.add()
            log.error("cannot write the ledger", ["error": .error(error)])
        }
    }

    private func write(_ events: [AuditEvent]) throws(LedgerError) -> Opened {
        do throws(LedgerError) {
            let opened = try open()
            if !events.isEmpty { try opened.trail.append(events) }
            metrics.auditEntries.add(events.count)
            return opened
        } catch {
            metrics.auditEntriesLost.add(queue.putBack(events))
            throw error
        }
    }

    /// Takes in what other processes changed, and writes down uses now and then.
    private func follow(_ opened: Opened) throws(LedgerError) {
        let version = try asLedger { () throws(SQLiteError) in try opened.database.version() }
        let nowNs = time.monotonicNs
        let (isChanged, mustFlushUses) = state.withLock { state in
            let isChanged = state.seenVersion != version
            state.seenVersion = version
            let isDue = nowNs - state.usesFlushedNs >= Self.usesFlushNs
            if isDue { state.usesFlushedNs = nowNs }
            return (isChanged, isDue)
        }
        try asLedger { () throws(SQLiteError) in
            if isChanged { try opened.tokens.reload() }
            if mustFlushUses { try opened.tokens.flushUses() }
        }
    }

    func pageTables() throws(LedgerError) -> PageTables { try open().pages }

    private func open() throws(LedgerError) -> Opened {
        try state.withLock { state throws(LedgerError) in
            if let opened = state.opened { return opened }
            do throws(SystemError) {
                try system.createDirectories(directory)
            } catch {
                throw .file(error)
            }
            let opened = try asLedger { () throws(SQLiteError) in
                let database = try SQLiteDatabase(FilePath.join(directory, Self.databaseFile))
                try database.migrate(LedgerSchema.migrations)
                return Opened(
                    database: database, tokens: TokenTable(database, time: time),
                    trail: AuditTrail(database, directory: directory, system: system),
                    pages: PageTables(database: database, sessions: SessionTable(database)))
            }
            state.opened = opened
            return opened
        }
    }
}

/// Tokens.
extension Ledger {
    /// Makes a token and returns its secret, which is shown once and kept nowhere.
    package func createToken(
        name: String, role: Role, limits: PrincipalLimits = .none, by principal: String
    ) throws(LedgerError) -> BearerToken {
        guard TokenRecord.isValidName(name) else { throw .invalidName(name) }
        let opened = try open()
        let token = BearerToken()
        let nowMs = time.wallMs
        let event = AuditEvent(
            atMs: nowMs, principal: principal, action: "token.create", target: name, outcome: "ok",
            details: "role \(role.rawValue)")
        var isFull = false
        do throws(LedgerError) {
            try opened.trail.append([event]) { connection throws(SQLiteError) in
                isFull = try TokenTable.countInUse(&connection) >= TokenTable.tokensMax
                if isFull { throw SQLiteError(code: 0, action: "add a token", path: directory, reason: "full") }
                try TokenTable.insert(
                    token, name: name, role: role, limits: limits, by: principal, nowMs: nowMs, &connection)
            }
        } catch {
            if isFull { throw .tooManyTokens(TokenTable.tokensMax) }
            if case .database(let cause) = error, cause.isConstraint { throw .nameTaken(name) }
            throw error
        }
        try asLedger { () throws(SQLiteError) in try opened.tokens.reload() }
        return token
    }

    /// From now on the token of this name is refused; in other processes within `flushNs`.
    package func revokeToken(name: String, by principal: String) throws(LedgerError) {
        let opened = try open()
        let nowMs = time.wallMs
        let event = AuditEvent(
            atMs: nowMs, principal: principal, action: "token.revoke", target: name, outcome: "ok")
        var wasInUse = true
        do throws(LedgerError) {
            try opened.trail.append([event]) { connection throws(SQLiteError) in
                wasInUse = try TokenTable.revoke(name, nowMs: nowMs, &connection)
                if !wasInUse {
                    throw SQLiteError(code: 0, action: "revoke a token", path: directory, reason: "unknown")
                }
            }
        } catch {
            if !wasInUse { throw .noSuchToken(name) }
            throw error
        }
        try asLedger { () throws(SQLiteError) in try opened.tokens.reload() }
    }

    package func tokens(includingRevoked: Bool = false) throws(LedgerError) -> [TokenRecord] {
        let opened = try open()
        return try asLedger { () throws(SQLiteError) in
            try opened.tokens.flushUses()
            return try opened.tokens.list(includingRevoked: includingRevoked)
        }
    }

    /// What a token's hash grants; nil if it is unknown or revoked. Answered from memory after the first call.
    package func grant(forTokenHash hash: [UInt8]) throws(LedgerError) -> TokenGrant? {
        let opened = try open()
        return try asLedger { () throws(SQLiteError) in try opened.tokens.grant(for: hash) }
    }
}

/// The audit trail.
extension Ledger {
    /// Queues an event; it is on the disk within `flushNs`.
    package func record(_ event: AuditEvent) {
        guard !queue.push(event) else { return }
        metrics.auditEntriesLost.add()
        log.error(
            "an audit event is lost because the queue is full",
            ["limit": .integer(AuditQueue.capacity), "action": .text(event.action)])
    }

    /// Queues a refusal: equal ones count as one, and a flood of different ones too.
    package func recordRefusal(_ event: AuditEvent) {
        queue.pushRefusal(event)
    }

    /// The newest entries, newest first.
    package func latestAuditEntries(_ count: Int) throws(LedgerError) -> [AuditEntry] {
        try open().trail.latest(count)
    }

    /// Checks the whole trail; see `AuditReport`.
    ///
    /// - Parameter known: a head that an earlier report gave and that was kept elsewhere.
    package func verifyAudit(known: AuditPoint? = nil) throws(LedgerError) -> AuditReport {
        try open().trail.verify(known: known)
    }

    /// What SQLite finds wrong with the database; empty if nothing.
    package func integrityFindings() throws(LedgerError) -> [String] {
        let opened = try open()
        return try asLedger { () throws(SQLiteError) in try opened.database.integrityFindings() }
    }

    /// Copies database, anchor and archives into a directory, in one state: meanwhile nobody writes. What an earlier copy
    /// left there is replaced.
    package func backUp(to target: String) throws(LedgerError) {
        let opened = try open()
        var failure: LedgerError?
        try asLedger { () throws(SQLiteError) in
            try opened.database.write { _ throws(SQLiteError) in
                do throws(LedgerError) {
                    try copy(opened, to: target)
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
    }

    private func copy(_ opened: Opened, to target: String) throws(LedgerError) {
        let copy = FilePath.join(target, Self.databaseFile)
        let beside = copy + ".tmp"
        do throws(SystemError) {
            try system.createDirectories(target)
            try system.removeTree(beside)
        } catch {
            throw .file(error)
        }
        try asLedger { () throws(SQLiteError) in try opened.database.backUp(to: beside) }
        do throws(SystemError) {
            try system.rename(beside, to: copy)
            try opened.trail.copyFiles(to: target)
        } catch {
            throw .file(error)
        }
    }
}

/// What the ledger counts.
struct LedgerMetrics: Sendable {
    let auditEntries: Counter
    let auditEntriesLost: Counter
    let failures: Counter

    init(_ registry: Registry) {
        auditEntries = registry.counter("obs_ledger_audit_entries_total", "Events written to the audit trail.")
        auditEntriesLost = registry.counter(
            "obs_ledger_audit_entries_lost_total", "Audit events lost because the queue was full.")
        failures = registry.counter("obs_ledger_failures_total", "Times the ledger could not be written.")
    }
}
