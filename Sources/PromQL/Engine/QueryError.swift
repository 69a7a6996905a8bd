package import Storage

/// Why a query has no answer.
package struct QueryError: Error, Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// The expression cannot be evaluated on this data.
        case execution
        /// A bound on samples, memory or series was reached.
        case limit
        case timeout
        case cancelled
        case storage(StorageError)
    }

    package var kind: Kind
    package var message: String

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    static func execution(_ message: String) -> QueryError { QueryError(.execution, message) }

    init(_ error: StorageError) {
        switch error {
        case .cancelled: self.init(.cancelled, "query was canceled in expression evaluation")
        case .limitExceeded: self.init(.limit, "expanding series: \(error)")
        default: self.init(.storage(error), "expanding series: \(error)")
        }
    }

    static let sameLabels = QueryError.execution("vector cannot contain metrics with the same labelset")
}

extension QueryError: CustomStringConvertible {
    package var description: String { message }
}
