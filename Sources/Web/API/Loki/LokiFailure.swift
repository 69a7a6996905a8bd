import HTTP
import LogQL
import PromQL
import Storage

/// Why Loki's API has no answer: a status and a sentence, which is the body.
struct LokiFailure: Error {
    let status: Status
    let message: String

    init(_ status: Status, _ message: String) {
        self.status = status
        self.message = message
    }

    init(_ error: LogQLError) { self.init(.badRequest, "\(error)") }

    init(_ error: QueryError) {
        switch error.kind {
        case .execution, .limit: self.init(.badRequest, error.message)
        case .timeout: self.init(.gatewayTimeout, error.message)
        case .cancelled: self.init(.clientClosedRequest, "The request was cancelled by the client.")
        case .storage(let cause): self.init(cause)
        }
    }

    init(_ error: StorageError) {
        switch error {
        case .limitExceeded, .invalid: self.init(.badRequest, "\(error)")
        case .unavailable: self.init(.serviceUnavailable, "\(error)")
        case .corrupt: self.init(.internalServerError, "\(error)")
        case .cancelled: self.init(.clientClosedRequest, "The request was cancelled by the client.")
        }
    }

    func answer(_ pending: PendingResponse) { pending.send(status, message + "\n") }
}
