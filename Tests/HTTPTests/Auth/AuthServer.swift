import Crypto
import Encoding
import HTTP
import Posix
import Telemetry
import TestSupport

/// A server with a route for each role, a token for each, and two users.
final class AuthServer {
    let server: TestServer
    let authenticator: Authenticator
    let registry = Registry()
    let time = ManualTime()
    let tokens: [Role: BearerToken]
    /// By the hash of the secret.
    let sessions: Lock<[[UInt8]: Session]>
    private let events: Lock<[AccessEvent]>

    /// "right", hashed with bcrypt at its lowest cost so that tests are quick (made by crypt(3) of libxcrypt).
    static let cheapHash = PasswordHash.cheap("right")

    init(
        limits: PrincipalLimits = .none, withUsers: Bool = true, routes: (inout Router) -> Void = { _ in }
    ) throws {
        let tokens = Dictionary(uniqueKeysWithValues: Role.allCases.map { ($0, BearerToken()) })
        let grants = Dictionary(
            uniqueKeysWithValues: tokens.map { role, token in
                (token.hash, TokenGrant(name: role.rawValue, role: role, limits: limits))
            })
        let events = Lock<[AccessEvent]>([])
        self.tokens = tokens
        self.events = events
        let sessions = Lock<[[UInt8]: Session]>([:])
        self.sessions = sessions
        let users = [
            PasswordUser(name: "anna", hash: Self.cheapHash, role: .admin, limits: limits),
            PasswordUser(name: "rené", hash: Self.cheapHash, role: .read),
        ]
        let authenticator = Authenticator(
            users: withUsers ? users : [], tokens: { grants[$0] },
            sessions: { hash in sessions.withLock { $0[hash] } },
            audit: { event in events.withLock { $0.append(event) } },
            registry: registry, time: time)
        self.authenticator = authenticator
        server = try TestServer(
            gate: authenticator.gate,
            routes: { router in
                Self.addRoutes(&router)
                routes(&router)
            })
    }

    deinit {
        authenticator.stop()
    }

    private static func addRoutes(_ router: inout Router) {
        for role in Role.allCases {
            router.get("/needs/\(role.rawValue)", role: role) { request, response in
                response.send(request.principal?.name ?? "nobody")
            }
            router.post("/needs/\(role.rawValue)", role: role) { request, response in
                response.send(request.body, contentType: "application/octet-stream")
            }
        }
    }

    func request(
        _ path: String, method: String = "GET", authorization: String? = nil, fields: [String] = [],
        body: String = "", over client: RawClient? = nil
    ) throws -> RawClient.Answer {
        let client = try client ?? server.connect()
        var head = "\(method) \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n"
        if let authorization { head += "Authorization: \(authorization)\r\n" }
        for field in fields { head += field + "\r\n" }
        try client.send(head + "\r\n" + body)
        return try client.answer()
    }

    func bearer(_ role: Role) -> String { "Bearer \(tokens[role]!.text)" }

    static func basic(_ name: String, _ password: String) -> String {
        let pair = Array("\(name):\(password)".utf8)
        return "Basic \(Base64.standard.string(pair.span))"
    }

    /// Hands over what the server has answered since the last time, as the access log does.
    func noteServed() {
        let records = server.log.withLock { log in
            defer { log = [] }
            return log
        }
        for record in records { authenticator.noteServed(record) }
    }

    func takeEvents() -> [AccessEvent] {
        events.withLock { events in
            defer { events = [] }
            return events
        }
    }
}

extension PasswordHash {
    /// bcrypt of cost 4, computed by the system's Perl.
    static func cheap(_ password: String) -> PasswordHash {
        let script = "print crypt('\(password)', '$2b$04$abcdefghijklmnopqrstuu')"
        guard let answer = try? Peer(["perl", "-e", script]).run(input: []),  // without Perl no test can go on
            let hash = try? PasswordHash(answer.output)  // see above
        else { preconditionFailure("Perl does not hash with bcrypt") }
        return hash
    }
}
