import Encoding
import Posix

/// OAuth 2.0 tokens by the options that they were fetched with. On the client's thread alone.
final class TokenCache {
    typealias Waiter = (Result<String, ClientError>) -> Void

    private enum Entry {
        case fetching([Waiter])
        case token(String, expiresNs: Int64)
    }

    private unowned let engine: CurlEngine
    private let time: any TimeSource
    private var entries: [OAuth2Options: Entry] = [:]

    /// Configurations with options of their own; more than this is a mistake, and the cache begins anew.
    private static let entriesMax = 1000
    /// A token is fetched anew this long before it expires.
    private static let marginNs: Int64 = 10_000_000_000
    private static let lifetimeDefaultSeconds = 3600
    private static let answerBytesMax = 1 << 20

    init(engine: CurlEngine, time: any TimeSource) {
        self.engine = engine
        self.time = time
    }

    /// The value of an Authorization field, from the cache or fetched.
    func token(_ options: OAuth2Options, _ settings: TransferSettings, _ waiter: @escaping Waiter) {
        switch entries[options] {
        case .token(let value, let expiresNs) where time.monotonicNs < expiresNs: return waiter(.success(value))
        case .fetching(let waiters): entries[options] = .fetching(waiters + [waiter])
        default:
            if entries.count >= Self.entriesMax { entries = [:] }
            entries[options] = .fetching([waiter])
            fetch(options, settings)
        }
    }

    /// Whoever still waits learns that there will be no token.
    func stop() {
        for options in Array(entries.keys) {
            settle(options, .failure(ClientError(.cancelled, "the request was cancelled")))
        }
    }

    private func fetch(_ options: OAuth2Options, _ settings: TransferSettings) {
        let request: ClientRequest
        do throws(ClientError) {
            request = try TokenRequest(options, time: time).clientRequest(settings)
        } catch {
            return settle(options, .failure(error))
        }
        let cache = UncheckedReference(self)
        engine.begin(
            Exchange(request, startedNs: time.monotonicNs, cancellation: Cancellation()) { result in
                cache.value.received(options, result)
            })
    }

    private func received(_ options: OAuth2Options, _ result: Result<ClientResponse, ClientError>) {
        switch result {
        case .failure(let error): settle(options, .failure(error))
        case .success(let response): settle(options, TokenRequest(options, time: time).token(in: response))
        }
    }

    private func settle(_ options: OAuth2Options, _ result: Result<TokenRequest.Token, ClientError>) {
        guard case .fetching(let waiters) = entries[options] else { return }
        switch result {
        case .success(let token):
            let seconds = Int64(token.lifetimeSeconds ?? Self.lifetimeDefaultSeconds)
            entries[options] = .token(
                token.authorization, expiresNs: time.monotonicNs + seconds * 1_000_000_000 - Self.marginNs)
        case .failure: entries[options] = nil
        }
        for waiter in waiters { waiter(result.map(\.authorization)) }
    }
}

/// Carries the cache through a completion, which runs on the client's thread like all that touches it.
private struct UncheckedReference: @unchecked Sendable {  // used on one thread alone
    let value: TokenCache

    init(_ value: TokenCache) { self.value = value }
}
