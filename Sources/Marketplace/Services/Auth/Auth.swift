import Crypto
import Encoding
import HTTP
import Posix
import Telemetry

/// Who the users are: sign-up, login with a slow hash, tokens and their renewal.
final class Auth: Service {
    private let context: ServiceContext
    private let store: Store
    private let tokens: AccessTokens
    private let lockOut = LockOut()
    private let failures: AuthenticationFailures
    private let signUps: Counter
    private let logins: Counter
    private let hashing: Histogram
    /// What a login of nobody is checked against, so that it takes as long as one of somebody.
    private let nobody = PasswordHash(hashing: Identifier.new("x"))

    init(_ context: ServiceContext) throws {
        self.context = context
        store = try Store(
            context,
            schema: """
                CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
                password TEXT NOT NULL, created_ms BIGINT NOT NULL);
                """)
        tokens = AccessTokens(secret: context.options.secret)
        failures = AuthenticationFailures(context.registry)
        signUps = context.registry.counter("marketplace_signups_total", "Users that have signed up.")
        logins = context.registry.counter("marketplace_logins_total", "Logins with the right password.")
        hashing = context.registry.histogram(
            "marketplace_password_hash_duration_seconds", "The slow hash of a password.", unit: .seconds,
            buckets: RequestMetrics.buckets)
    }

    func add(to routes: inout Routes) {
        routes.post("/signup") { [self] in signUp($0) }
        routes.post("/login") { [self] in logIn($0) }
        routes.post("/token/refresh", .prompt) { [self] in refresh($0) }
        routes.get("/me") { [self] in me($0) }
    }

    func stop() { store.close() }

    private func signUp(_ call: Call) {
        guard let json = call.json() else { return }
        var form = Form(json)
        let email = form.text("email", length: 3...200).lowercased()
        let password = form.text("password", length: 8...200)
        let name = form.text("name", length: 1...100)
        if !email.contains("@") { form.note("email is an address such as ada@example.com") }
        guard form.isGood(for: call) else { return }
        let hash = measured { PasswordHash(hashing: password) }
        let id = Identifier.new("u")
        do throws(StoreFailure) {
            try store.write("sign_up") { ask throws(StoreFailure) in
                _ = try ask(
                    "INSERT INTO users (id, email, name, password, created_ms) VALUES ($1, $2, $3, $4, $5)",
                    [.text(id), .text(email), .text(name), .text(hash.text), .integer(context.time.wallMs)])
            }
            signUps.add()
            call.log.info("signed up", ["user": .text(id)])
            call.answer(.created, session(id, email, name))
        } catch {
            if error.reason != .conflict { return call.refuse(error) }
            call.refuse(.conflict, "known_email", "somebody has signed up with this address")
        }
    }

    private func logIn(_ call: Call) {
        guard let json = call.json() else { return }
        var form = Form(json)
        let email = form.text("email", length: 3...200).lowercased()
        let password = form.text("password", length: 1...200)
        guard form.isGood(for: call) else { return }
        if lockOut.isLocked(email, nowNs: context.time.monotonicNs) {
            failures.add("locked_out")
            call.log.warning("login locked out", ["client": .text(call.client), "event": "security"])
            return call.refuse(
                .tooManyRequests, "locked_out", "too many wrong passwords; try again in five minutes",
                retryAfterSeconds: 300)
        }
        do throws(StoreFailure) {
            let rows = try store.read("log_in") { ask throws(StoreFailure) in
                try ask("SELECT id, name, password FROM users WHERE email = $1", [.text(email)])
            }
            let row = rows.first
            let hash = row.flatMap { try? PasswordHash($0[2].text) } ?? nobody  // a hash that is none matches nothing
            let isRight = measured { hash.matches(password.utf8.span) }
            guard let row, isRight else { return failed(call, email) }
            lockOut.succeeded(email)
            logins.add()
            call.answer(.ok, session(row[0].text, email, row[1].text))
        } catch {
            call.refuse(error)
        }
    }

    private func failed(_ call: Call, _ email: String) {
        lockOut.failed(email, nowNs: context.time.monotonicNs)
        failures.add("wrong_password")
        call.log.warning("login failed", ["client": .text(call.client), "event": "security"])
        call.refuse(.unauthorized, "wrong_password", "there is no such user with this password")
    }

    private func refresh(_ call: Call) {
        guard let json = call.json() else { return }
        var form = Form(json)
        let given = form.text("refresh_token", length: 1...2_000)
        guard form.isGood(for: call) else { return }
        let nowNs = context.time.wallNs
        do throws(TokenFailure) {
            let user = try tokens.subject(of: given, .refresh, nowNs: nowNs)
            call.answer {
                $0.beginObject()
                $0.member("access_token", tokens.token(.access, subject: user, nowNs: nowNs))
                $0.member("expires_in", AccessTokens.Kind.access.seconds)
                $0.endObject()
            }
        } catch {
            failures.add(error.rawValue)
            call.refuse(.unauthorized, error.rawValue, error.sentence)
        }
    }

    private func me(_ call: Call) {
        do throws(StoreFailure) {
            let rows = try store.read("user") { ask throws(StoreFailure) in
                try ask("SELECT email, name FROM users WHERE id = $1", [.text(call.user ?? "")])
            }
            guard let row = rows.first else { return call.refuse(.notFound, "unknown_user", "there is no such user") }
            call.answer {
                $0.beginObject()
                $0.member("id", call.user ?? "")
                $0.member("email", row[0].text)
                $0.member("name", row[1].text)
                $0.endObject()
            }
        } catch {
            call.refuse(error)
        }
    }

    private func session(_ id: String, _ email: String, _ name: String) -> [UInt8] {
        let nowNs = context.time.wallNs
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("id", id)
        writer.member("email", email)
        writer.member("name", name)
        writer.member("access_token", tokens.token(.access, subject: id, nowNs: nowNs))
        writer.member("refresh_token", tokens.token(.refresh, subject: id, nowNs: nowNs))
        writer.member("expires_in", AccessTokens.Kind.access.seconds)
        writer.endObject()
        return writer.bytes
    }

    private func measured<Result>(_ work: () -> Result) -> Result {
        let startNs = context.time.monotonicNs
        defer { if context.options.hasTelemetry { hashing.observe(Int(context.time.monotonicNs - startNs)) } }
        return work()
    }
}
