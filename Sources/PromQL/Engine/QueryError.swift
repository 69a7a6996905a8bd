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

        /// One word for metrics.
        package var name: String {
            switch self {
            case .execution: "error"
            case .limit: "limit"
            case .timeout: "timeout"
            case .cancelled: "cancelled"
            case .storage: "storage"
            }
        }
    }

    package var kind: Kind
    package var message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    package static func execution(_ message: String) -> QueryError { QueryError(.execution, message) }

    package init(_ error: StorageError) {
        switch error {
        case .cancelled: self = .cancelled
        case .limitExceeded: self.init(.limit, "expanding series: \(error)")
        default: self.init(.storage(error), "expanding series: \(error)")
        }
    }

    package static let cancelled = QueryError(.cancelled, "query was canceled in expression evaluation")
    package static let timeoutInQueue = QueryError(.timeout, "query timed out in query queue")

    package static func tooManyWaiting(_ limit: Int) -> QueryError {
        QueryError(
            .storage(
                .unavailable(reason: "\(limit) long queries wait already", retryAfterSeconds: 1)),
            "\(limit) long queries wait already: ask again later")
    }

    static let sameLabels = QueryError.execution("vector cannot contain metrics with the same labelset")
}

extension QueryError: CustomStringConvertible {
    package var description: String { message }
}
