/// Why a store could not do what it was asked. Samples that are refused one by one are no error: see `AppendOutcome`.
package enum StorageError: Error, Sendable, Equatable {
    /// A bound was reached; the sentence names it and the way to raise it. HTTP: 429, or 422 for a query.
    case limitExceeded(limit: String, sentence: String)
    /// Nothing is taken for now (disk full, starting, stopping). HTTP: 503 with Retry-After.
    case unavailable(reason: String, retryAfterSeconds: Int)
    /// Stored bytes are not what they should be.
    case corrupt(file: String, offset: Int, reason: String)
    /// The asker went away or the deadline passed.
    case cancelled
    /// The request itself makes no sense.
    case invalid(String)
}

extension StorageError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .limitExceeded(_, let sentence): sentence
        case .unavailable(let reason, let seconds): "the store takes nothing now: \(reason); try again in \(seconds) s"
        case .corrupt(let file, let offset, let reason): "\(file) is corrupt at offset \(offset): \(reason)"
        case .cancelled: "the request was cancelled"
        case .invalid(let sentence): sentence
        }
    }
}
