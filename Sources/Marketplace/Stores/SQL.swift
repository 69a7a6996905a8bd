/// A value of a column, in the types that both databases have. PostgreSQL tells all of them as text.
enum SQLValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case text(String)

    static func integer(_ value: Int) -> SQLValue { .integer(Int64(value)) }

    var integer: Int {
        switch self {
        case .integer(let value): Int(value)
        case .text(let text): Int(text) ?? 0
        case .null: 0
        }
    }

    var text: String { if case .text(let value) = self { value } else { "" } }
}

typealias SQLRow = [SQLValue]

/// Asks one statement with parameters `$1`, `$2`, ..., which appear in the statement in this order.
typealias Ask = (_ sql: String, _ values: [SQLValue]) throws(StoreFailure) -> [SQLRow]

/// Where a service keeps its rows. Both databases understand the statements that the services write.
protocol SQLBackend: Sendable {
    /// Runs `body` as one transaction: committed when it returns, rolled back when it throws.
    func write<Result: Sendable>(_ body: (Ask) throws(StoreFailure) -> Result) throws(StoreFailure) -> Result
    func read<Result: Sendable>(_ body: (Ask) throws(StoreFailure) -> Result) throws(StoreFailure) -> Result
    func close()
}

/// Why rows could not be read or written.
struct StoreFailure: Error, CustomStringConvertible {
    enum Reason: String, Sendable {
        /// All connections were taken for as long as a request waits.
        case poolExhausted = "pool_exhausted"
        /// The database says no.
        case database
        /// The database is not there, or not for now.
        case unavailable = "database_unavailable"
        /// Someone else has the name already.
        case conflict
        /// What a service found inside of the transaction; the sentence is for its client.
        case refused
    }

    let reason: Reason
    let description: String

    init(_ reason: Reason, _ sentence: String) {
        self.reason = reason
        description = sentence
    }
}
