import Crypto
import Encoding
import HTTP
import Ledger
import Posix
import Synchronization
import Telemetry
import Text
import Web

/// Who is let in, as the configuration in force says: everyone who shows a token or a password, or, without `auth`,
/// everyone who reaches the server but pages of other sites. What is refused or changes something is put into the audit
/// trail either way.
final class AccessControl: Sendable {
    private let authenticator: Authenticator
    private let isAuthRequired = Atomic<Bool>(false)
    private let openGate: Gate
    private let addresses: [SocketAddress]
    private let isInsecure: Bool

    /// - Parameter isInsecure: the operator's word that everyone who reaches the server may do everything.
    init(
        addresses: [SocketAddress], isInsecure: Bool, ledger: Ledger, registry: Registry, log: Logger,
        time: any TimeSource
    ) {
        (self.addresses, self.isInsecure) = (addresses, isInsecure)
        let audit: Authenticator.Audit = { Self.record($0, in: ledger) }
        let log = log.component("auth")
        authenticator = Authenticator(
            users: [],
            tokens: { hash in
                do {
                    return try ledger.grant(forTokenHash: hash)
                } catch {
                    log.error("cannot look a token up", ["error": .error(error)])
                    return nil
                }
            },
            sessions: { hash in
                do {
                    return try ledger.session(forHash: hash)
                } catch {
                    log.error("cannot look a session up", ["error": .error(error)])
                    return nil
                }
            }, audit: audit, registry: registry, time: time)
        let callers: OpenGate.Callers =
            isInsecure ? .everyone : addresses.allSatisfy(\.isLoopback) ? .thisMachine : .programs
        openGate = OpenGate.gate(callers, audit: audit, time: time)
    }

    /// For the server.
    var gate: Gate {
        { [self] request, route in
            isAuthRequired.load(ordering: .relaxed) ? authenticator.gate(request, route) : openGate(request, route)
        }
    }

    /// For browsers.
    func sessions(_ ledger: Ledger, pool: HandlerPool) -> SessionAPI {
        SessionAPI(authenticator, ledger, pool: pool) { [self] in isAuthRequired.load(ordering: .relaxed) }
    }

    /// For the server's access log: what a body cost counts against its principal's limits, and what became of a change
    /// goes into the trail.
    func noteServed(_ record: AccessRecord) { authenticator.noteServed(record) }

    /// Puts the section `auth` of a configuration in force.
    ///
    /// - Parameter auth: nil where there is none.
    func apply(_ auth: AuthOptions?) throws {
        if let refusal = ListenRule.refusal(
            of: addresses, hasAuthentication: auth != nil, isInsecureAllowed: isInsecure)
        {
            throw StartFailure(refusal)
        }
        authenticator.setUsers(try (auth?.users ?? []).map(Self.user))
        isAuthRequired.store(auth != nil, ordering: .relaxed)
    }

    func stop() { authenticator.stop() }

    static func user(_ options: AuthOptions.User) throws -> PasswordUser {
        let text: String
        switch options.passwordHash {
        case .text(let secret): text = secret.text
        case .file(let path):
            let bytes = try LocalFileSystem().readFile(path, atMostBytes: 4096)
            text = String(decoding: bytes.prefix { $0 > UInt8(ascii: " ") }, as: UTF8.self)
        }
        do {
            return PasswordUser(
                name: options.name, hash: try PasswordHash(text), role: options.role, limits: options.limits)
        } catch {
            throw StartFailure("the password hash of the user \(Quoted.text(options.name)) cannot be used: \(error)")
        }
    }

    private static func record(_ event: AccessEvent, in ledger: Ledger) {
        func entry(_ action: String, _ outcome: String) -> AuditEvent {
            AuditEvent(
                atMs: event.atMs, principal: event.principal, action: action, target: event.target, outcome: outcome,
                details: "from \(event.peer)")
        }
        switch event.outcome {
        case .refused(let refusal): ledger.recordRefusal(entry("refused", refusal.reason))
        case .answered(let status): ledger.record(entry("request", "\(status.rawValue) \(status.reason)"))
        }
    }
}
