import HTTP
import PromQL
import Storage

/// Why the API has no answer, in the terms of Prometheus' clients.
struct APIError: Error {
    enum Kind: String {
        case badData = "bad_data"
        case execution
        case canceled
        case timeout
        case unavailable
        case notFound = "not_found"
        case conflict
        case internalFailure = "internal"
    }

    let kind: Kind
    let message: String

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    init(parameter name: String, _ reason: String) {
        self.init(.badData, "invalid parameter \"\(name)\": \(reason)")
    }

    init(_ error: QueryError) {
        switch error.kind {
        case .execution, .limit: self.init(.execution, error.message)
        case .timeout: self.init(.timeout, error.message)
        case .cancelled: self.init(.canceled, error.message)
        case .storage(let cause): self.init(cause)
        }
    }

    init(_ error: StorageError) {
        switch error {
        case .limitExceeded: self.init(.execution, "\(error)")
        case .unavailable: self.init(.unavailable, "\(error)")
        case .corrupt: self.init(.internalFailure, "\(error)")
        case .cancelled: self.init(.canceled, "the query was canceled")
        case .invalid: self.init(.badData, "\(error)")
        }
    }

    var status: Status {
        switch kind {
        case .badData: .badRequest
        case .notFound: .notFound
        case .conflict: .conflict
        case .execution: .unprocessableContent
        case .canceled: .clientClosedRequest
        case .timeout, .unavailable: .serviceUnavailable
        case .internalFailure: .internalServerError
        }
    }
}
