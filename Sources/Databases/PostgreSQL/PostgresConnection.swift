import CPostgres
import Glibc
package import Posix

/// One connection to a PostgreSQL server by libpq, which is loaded with the first. Used by one thread at a time. Nothing
/// here waits for longer than the options say, whatever the server does.
@safe
package final class PostgresConnection {
    private let connection: OpaquePointer
    private let options: PostgresOptions
    private let time: any TimeSource
    /// A statement was given up, whose result may still come.
    private var isAbandoned = false

    package init(_ options: PostgresOptions, time: any TimeSource = SystemTime()) throws(PostgresError) {
        (self.options, self.time) = (options, time)
        if let failure = unsafe cpostgres_load() {
            throw PostgresError(
                action: "connect", server: options.server,
                reason: "libpq cannot be loaded: \(unsafe String(cString: failure)); install the package libpq5")
        }
        let parameters = options.parameters
        let connection = unsafe CTexts.lend(parameters.map(\.name), closed: true) { names in
            unsafe CTexts.lend(parameters.map(\.value), closed: true) { values in
                unsafe cpostgres_start(names, values)
            }
        }
        guard let connection = unsafe connection else {
            throw PostgresError(action: "connect", server: options.server, reason: "there is no memory")
        }
        unsafe self.connection = connection
        try finishConnecting()
        _ = unsafe cpostgres_set_nonblocking(connection)
    }

    deinit {
        unsafe cpostgres_finish(connection)
    }

    /// As a number: 150020 is 15.20.
    package var serverVersion: Int { unsafe Int(cpostgres_version(connection)) }

    /// Whether further statements make sense.
    package var isGood: Bool { !isAbandoned && !isLost }

    /// Whether the server, or the way to it, has ended the connection.
    package var isLost: Bool { unsafe cpostgres_is_good(connection) == 0 }

    /// Runs one statement.
    ///
    /// - Parameter values: for `$1`, `$2` and so on; nil is NULL.
    package func run(_ statement: String, _ values: [String?] = []) throws(PostgresError) -> PostgresRows {
        let deadlineNs = time.monotonicNs + options.timeoutNs
        let isSent = unsafe CTexts.lend(values, closed: false) {
            unsafe cpostgres_send(connection, statement, Int32(values.count), $0)
        }
        guard isSent == 1 else { throw failure(of: statement) }
        while true {
            let left = unsafe cpostgres_flush(connection)
            if left < 0 { throw failure(of: statement) }
            if left == 0 { break }
            try wait(toWrite: true, deadlineNs, statement)
            _ = unsafe cpostgres_consume(connection)
        }
        return try results(of: statement, deadlineNs)
    }

    /// The last result, after which libpq takes another statement.
    private func results(of statement: String, _ deadlineNs: Int64) throws(PostgresError) -> PostgresRows {
        var rows = PostgresRows()
        var refusal: PostgresError?
        while true {
            while unsafe cpostgres_is_busy(connection) == 1 {
                try wait(toWrite: false, deadlineNs, statement)
                guard unsafe cpostgres_consume(connection) == 1 else { throw failure(of: statement) }
            }
            guard let result = unsafe cpostgres_result(connection) else { break }
            defer { unsafe cpostgres_clear(result) }
            switch unsafe cpostgres_status(result) {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK: rows = unsafe PostgresRows(result)
            default:
                refusal = unsafe error("run \(Self.shown(statement))", Self.text(cpostgres_failure(result)))
                unsafe refusal?.code = cpostgres_failure_code(result).map { unsafe String(cString: $0) }
            }
        }
        if let refusal { throw refusal }
        return rows
    }

    private func finishConnecting() throws(PostgresError) {
        let deadlineNs = time.monotonicNs + options.timeoutNs
        var needs = PGRES_POLLING_WRITING
        while unsafe cpostgres_is_good(connection) != 0 {
            guard isReady(toWrite: needs == PGRES_POLLING_WRITING, deadlineNs) else {
                throw error("connect", "no answer within \(options.timeoutNs / 1_000_000) ms")
            }
            needs = unsafe cpostgres_poll(connection)
            if needs == PGRES_POLLING_OK { return }
            if needs == PGRES_POLLING_FAILED { break }
        }
        throw error("connect", unsafe Self.text(cpostgres_reason(connection)))
    }

    private func wait(toWrite: Bool, _ deadlineNs: Int64, _ statement: String) throws(PostgresError) {
        guard isReady(toWrite: toWrite, deadlineNs) else {
            isAbandoned = true
            throw error("run \(Self.shown(statement))", "no answer within \(options.timeoutNs / 1_000_000) ms")
        }
    }

    private func isReady(toWrite: Bool, _ deadlineNs: Int64) -> Bool {
        var waited = pollfd(
            fd: unsafe cpostgres_socket(connection), events: Int16(toWrite ? POLLOUT | POLLIN : POLLIN), revents: 0)
        let restMs = (deadlineNs - time.monotonicNs) / 1_000_000
        guard restMs > 0 else { return false }
        return unsafe poll(&waited, 1, Int32(clamping: restMs)) > 0
    }

    private func failure(of statement: String) -> PostgresError {
        error("run \(Self.shown(statement))", unsafe Self.text(cpostgres_reason(connection)))
    }

    private func error(_ action: String, _ reason: String) -> PostgresError {
        PostgresError(action: action, server: options.server, reason: reason)
    }

    /// The beginning of a statement, on one line.
    private static func shown(_ statement: String) -> String {
        let words = statement.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return words.count > 60 ? "\(words.prefix(60))..." : words
    }

    /// libpq's words without the line break behind them.
    private static func text(_ words: UnsafePointer<CChar>?) -> String {
        guard let words = unsafe words else { return "" }
        let lines = unsafe String(cString: words).split(whereSeparator: \.isNewline)
        return lines.joined(separator: "; ")
    }
}

/// What a statement answered, as text.
package struct PostgresRows: Sendable, Equatable {
    package private(set) var columns: [String] = []
    /// Nil stands for NULL.
    package private(set) var rows: [[String?]] = []
    /// Rows that a statement changed.
    package private(set) var affected = 0

    init() {}

    init(_ result: OpaquePointer) {
        let count = unsafe Int(cpostgres_columns(result))
        columns = (0..<count).map { unsafe String(cString: cpostgres_name(result, Int32($0))) }
        rows = unsafe (0..<cpostgres_rows(result)).map { row in
            (0..<Int32(count)).map { column in
                guard unsafe cpostgres_is_null(result, row, column) == 0 else { return nil }
                return unsafe String(cString: cpostgres_value(result, row, column))
            }
        }
        affected = unsafe Int(String(cString: cpostgres_affected(result))) ?? 0
    }
}

/// Lists of C strings.
private enum CTexts {
    /// - Parameter closed: a NULL stands behind the last.
    static func lend<Result>(
        _ texts: [String?], closed: Bool, _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers: [UnsafePointer<CChar>?] = unsafe texts.map { text in
            guard let text, let copy = unsafe strdup(text) else { return nil }
            return unsafe UnsafePointer(copy)
        }
        defer { unsafe pointers.forEach { unsafe free(UnsafeMutablePointer(mutating: $0)) } }
        let count = unsafe pointers.count
        if closed || count == 0 { unsafe pointers.append(nil) }
        return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
    }
}
