import Crypto
package import Posix
package import Telemetry

/// A request that was refused, or one that was let in to change something and answered.
package struct AccessEvent: Sendable, Equatable {
    package enum Outcome: Sendable, Equatable {
        case refused(RequestRefusal)
        case answered(Status)
    }

    package let atMs: Int64
    /// The principal's name; the peer's address where nobody was recognised.
    package let principal: String
    package let peer: String
    /// Method and pattern of the route.
    package let target: String
    package let outcome: Outcome

    init(atMs: Int64, principal: String, peer: String, target: String, outcome: Outcome) {
        self.atMs = atMs
        self.principal = principal
        self.peer = peer
        self.target = target
        self.outcome = outcome
    }

    /// Nil for a request that changes nothing.
    init?(changeBy record: borrowing AccessRecord, atMs: Int64) {
        guard record.isHandled, let route = record.route, route.mayChange else { return nil }
        let peer = record.peer.host
        self.init(
            atMs: atMs, principal: record.principal?.name ?? peer, peer: peer, target: route.name,
            outcome: .answered(record.status))
    }
}

/// Who may do what: the gate of a server.
///
/// The seams are closures, because what keeps tokens, sessions and the trail lies on a higher floor: `tokens` gives what a
/// token's hash grants (nil for none), `sessions` what a cookie's hash stands for, `audit` takes every refusal and every
/// request that may change something. All are called on a loop's thread and must not wait.
package final class Authenticator: Sendable {
    package typealias Tokens = @Sendable (_ hash: [UInt8]) -> TokenGrant?
    package typealias Sessions = @Sendable (_ hash: [UInt8]) -> Session?
    package typealias Audit = @Sendable (AccessEvent) -> Void

    private let users: Lock<[String: PasswordUser]>
    private let tokens: Tokens
    private let sessions: Sessions
    private let audit: Audit
    private let time: any TimeSource
    private let quotas: Quotas
    private let guesses: GuessLimit
    private let passwords: PasswordCheck
    private let metrics: AuthMetrics

    package init(
        users: [PasswordUser], tokens: @escaping Tokens, sessions: @escaping Sessions = { _ in nil },
        audit: @escaping Audit, registry: Registry, time: any TimeSource = SystemTime()
    ) {
        self.users = Lock(Self.byName(users))
        self.tokens = tokens
        self.sessions = sessions
        self.audit = audit
        self.time = time
        quotas = Quotas(time: time)
        guesses = GuessLimit(time: time)
        passwords = PasswordCheck(time: time)
        metrics = AuthMetrics(registry)
    }

    /// Takes the users of a new configuration.
    package func setUsers(_ users: [PasswordUser]) {
        let table = Self.byName(users)
        self.users.withLock { $0 = table }
    }

    /// Ends the thread that checks passwords.
    package func stop() {
        passwords.stop()
    }

    /// For `Server(gate:)`.
    package var gate: Gate {
        { [self] request, route in judge(request, route) }
    }

    /// For the server's access log: takes what a request's body really cost off its principal's quota, and tells the trail
    /// what became of a change, whichever gate let it in.
    package func noteServed(_ record: borrowing AccessRecord) {
        if let principal = record.principal, record.receivedBytes > 0 {
            quotas.received(principal.name, bytes: record.receivedBytes)
        }
        if let change = AccessEvent(changeBy: record, atMs: time.wallMs) { audit(change) }
    }

    private func judge(_ request: borrowing Request, _ route: Route) -> GateVerdict {
        guard let role = route.role else { return .admitted(nil) }
        // A browser that is told how to log in asks with a window of its own, over the page that asks already.
        let isPage = request.header(Self.pageField) != nil
        let attempt = Attempt(
            role: role, target: route.name, peer: request.peer, challenge: isPage ? nil : challenge)
        switch Credentials(request.header("authorization")) {
        case .none:
            return judge(attempt, cookieOf: request)
        case .unusable:
            return refuse(attempt, .unusableCredentials, challenge: attempt.challenge)
        case .bearer(let hash):
            guard let grant = tokens(hash) else {
                return refuse(attempt, .unknownToken, challenge: "Bearer realm=\"obs\", error=\"invalid_token\"")
            }
            return admit(attempt, "token:" + grant.name, grant.role, grant.limits)
        case .basic(let name, let password):
            return judge(attempt, name, password)
        }
    }

    /// What the pages of this server send with each request.
    private static let pageField = "x-obs-page"

    /// By the session of a browser; what it would change needs what only a page of ours can show.
    private func judge(_ attempt: Attempt, cookieOf request: borrowing Request) -> GateVerdict {
        guard let secret = SessionCookies.secret(of: request) else {
            return refuse(attempt, .noCredentials, challenge: attempt.challenge)
        }
        guard let visitor = visitor(secret) else {
            return refuse(attempt, .endedSession, challenge: attempt.challenge)
        }
        let isChange = request.method != .get && request.method != .head && request.method != .options
        if isChange, !SessionCookies.showsProof(request, secret) {
            return refuse(attempt, .noProof, principal: visitor.name)
        }
        return admit(attempt, visitor.name, visitor.role, visitor.limits)
    }

    private func visitor(_ secret: [UInt8]) -> TokenGrant? {
        guard let session = sessions(BearerToken.hash(of: secret.span)), session.expiresMs > time.wallMs else {
            return nil
        }
        switch session.subject {
        case .token(let hash):
            return tokens(hash).map { TokenGrant(name: "token:" + $0.name, role: $0.role, limits: $0.limits) }
        case .user(let name, let proof):
            guard let user = users.withLock({ $0[name] }), Session.proof(of: user.hash) == proof else { return nil }
            return TokenGrant(name: "user:" + name, role: user.role, limits: user.limits)
        }
    }

    private func judge(_ attempt: Attempt, _ name: String, _ password: [UInt8]) -> GateVerdict {
        let user = users.withLock { $0[name] }
        if let user, passwords.isRemembered(password, user.hash) {
            return admit(attempt, "user:" + name, user.role, user.limits)
        }
        let waitNs = guesses.waitNs(attempt.peer)
        if waitNs > 0 { return refuse(attempt, .guessing, retryAfterNs: waitNs) }
        // An unknown name costs the hash of somebody else, so that the time does not tell which names exist.
        guard let hash = user?.hash ?? users.withLock({ $0.values.first?.hash }) else {
            return refuse(attempt, .wrongPassword, challenge: attempt.challenge)
        }
        return .later { [self] done in
            do {
                let isTaken = try passwords.check(password, hash) { [self] isRight in
                    metrics.passwordChecks.add()
                    guard let user, isRight else {
                        guesses.failed(attempt.peer)
                        return done(refuse(attempt, .wrongPassword, challenge: attempt.challenge))
                    }
                    done(admit(attempt, "user:" + name, user.role, user.limits))
                }
                if !isTaken { done(refuse(attempt, .tooManyChecks, retryAfterNs: 1_000_000_000)) }
            } catch {
                done(refuse(attempt, .tooManyChecks, retryAfterNs: 1_000_000_000))
            }
        }
    }

    private func admit(
        _ attempt: Attempt, _ name: String, _ role: Role, _ limits: PrincipalLimits
    ) -> GateVerdict {
        guard role.includes(attempt.role) else {
            return refuse(attempt, .roleMissing(name: name, has: role, needs: attempt.role), principal: name)
        }
        switch quotas.admit(name, limits) {
        case .admitted(let place): return .admitted(Principal(name: name, roles: [role], place: place))
        case .excess(let excess):
            return refuse(
                attempt, .overLimit(name: name, limit: excess.limit), principal: name, retryAfterNs: excess.waitNs)
        }
    }

    private func refuse(
        _ attempt: Attempt, _ reason: AuthRefusal, principal: String? = nil, challenge: String? = nil,
        retryAfterNs: Int64? = nil
    ) -> GateVerdict {
        let refusal = RequestRefusal(reason.status, reason.sentence)
        metrics.refusals.with(reason.label).add()
        let peer = attempt.peer.host
        audit(
            AccessEvent(
                atMs: time.wallMs, principal: principal ?? peer, peer: peer, target: attempt.target,
                outcome: .refused(refusal)))
        return .refused(
            refusal, challenge: challenge,
            retryAfterSeconds: retryAfterNs.map { Int(($0 + 999_999_999) / 1_000_000_000) })
    }

    private var challenge: String {
        users.withLock { $0.isEmpty } ? "Bearer realm=\"obs\"" : "Basic realm=\"obs\", charset=\"UTF-8\""
    }

    private static func byName(_ users: [PasswordUser]) -> [String: PasswordUser] {
        Dictionary(users.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
}

/// What a request wants, as far as the decision needs it.
private struct Attempt: Sendable {
    let role: Role
    let target: String
    let peer: SocketAddress
    /// How to log in, for who is no page of ours.
    let challenge: String?
}

/// Sessions of browsers.
extension Authenticator {
    /// Who the session of a request belongs to, with their role; nil where it has none that holds.
    package func visitor(of request: borrowing Request) -> TokenGrant? {
        SessionCookies.secret(of: request).flatMap(visitor)
    }

    /// By what a request that was let in showed who it is; nil where that was a session already.
    package func subject(of request: borrowing Request) -> Session.Subject? {
        switch Credentials(request.header("authorization")) {
        case .none, .unusable: nil
        case .bearer(let hash): .token(hash: hash)
        case .basic(let name, _):
            users.withLock { $0[name] }.map { .user(name: name, proof: Session.proof(of: $0.hash)) }
        }
    }

    /// The hash under which the session of a request is kept.
    package func sessionHash(of request: borrowing Request) -> [UInt8]? {
        SessionCookies.secret(of: request).map { BearerToken.hash(of: $0.span) }
    }
}

extension Route {
    /// How the trail calls it.
    var name: String { "\(method.name) \(pattern)" }

    /// Ingest adds data and asking changes nothing; what else is sent changes how obs behaves.
    var mayChange: Bool {
        (role == .operate || role == .admin) && method != .get && method != .head
    }
}
