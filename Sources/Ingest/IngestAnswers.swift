package import HTTP
package import Storage

extension StorageError {
    /// What a client that sends data is told.
    package var status: Status {
        switch self {
        case .limitExceeded: .tooManyRequests
        case .unavailable, .cancelled: .serviceUnavailable
        case .corrupt: .internalServerError
        case .invalid: .badRequest
        }
    }
}

extension AppendOutcome {
    /// What was refused and why, a line each.
    var sentence: String {
        let named = refusals.map { "\($0.reason.name): \($0.sentence)" }.joined(separator: "\n")
        return "\(refusedTotal) samples were refused, \(acceptedSamples + acceptedHistograms) were taken\n\(named)"
    }
}
