import Crypto
import HTTP
import Posix
import Telemetry
import TestSupport
import Testing

@Suite struct AuthenticatorTests {
    private func checks(_ server: AuthServer) -> UInt64 {
        server.registry.counter("obs_http_password_checks_total", "").total
    }

    @Test func aPasswordLetsItsUserInAndIsCheckedOnce() throws {
        let server = try AuthServer()
        for _ in 0..<3 {
            let answer = try server.request("/needs/admin", authorization: AuthServer.basic("anna", "right"))
            #expect(answer.status == 200)
            #expect(answer.text == "user:anna")
        }
        #expect(checks(server) == 1)
        server.time.advance(bySeconds: 301)
        #expect(try server.request("/needs/admin", authorization: AuthServer.basic("anna", "right")).status == 200)
        #expect(checks(server) == 2)
    }

    @Test func namesBeyondASCIIWorkAndRolesCount() throws {
        let server = try AuthServer()
        #expect(try server.request("/needs/read", authorization: AuthServer.basic("rené", "right")).text == "user:rené")
        #expect(try server.request("/needs/admin", authorization: AuthServer.basic("rené", "right")).status == 403)
    }

    @Test(arguments: [
        "Bearer", "Bearer ", "Bearer obs_unknown", "Basic", "Basic !!!", "Basic YW5uYQ==", "Digest x",
        "Basic " + String(repeating: "A", count: 4_000),
    ])
    func whatIsNoCredentialIsUnauthorised(authorization: String) throws {
        let server = try AuthServer()
        let answer = try server.request("/needs/read", authorization: authorization)
        #expect(answer.status == 401)
        #expect(answer["www-authenticate"]?.isEmpty == false)
        #expect(checks(server) == 0)
    }

    @Test func theChallengeNamesWhatIsConfigured() throws {
        #expect(
            try AuthServer().request("/needs/read")["www-authenticate"] == "Basic realm=\"obs\", charset=\"UTF-8\"")
        #expect(try AuthServer(withUsers: false).request("/needs/read")["www-authenticate"] == "Bearer realm=\"obs\"")
        let answer = try AuthServer().request("/needs/read", authorization: "Bearer obs_unknown")
        #expect(answer["www-authenticate"] == "Bearer realm=\"obs\", error=\"invalid_token\"")
    }

    @Test func aWrongPasswordAndAnUnknownNameAreToldAlikeAndCostTheSameCheck() throws {
        let server = try AuthServer()
        let wrong = try server.request("/needs/read", authorization: AuthServer.basic("anna", "wrong"))
        let unknown = try server.request("/needs/read", authorization: AuthServer.basic("nobody", "right"))
        #expect(wrong.status == 401 && unknown.status == 401)
        #expect(wrong.text == unknown.text)
        #expect(checks(server) == 2)
        // The right password of somebody else is remembered for nobody.
        #expect(try server.request("/needs/read", authorization: AuthServer.basic("nobody", "right")).status == 401)
    }

    @Test func guessingIsSlowedDownForTheGuesserAlone() throws {
        let server = try AuthServer()
        #expect(try server.request("/needs/read", authorization: AuthServer.basic("anna", "right")).status == 200)
        for number in 0..<5 {
            #expect(
                try server.request("/needs/read", authorization: AuthServer.basic("anna", "\(number)")).status == 401)
        }
        let refused = try server.request("/needs/read", authorization: AuthServer.basic("anna", "right!"))
        #expect(refused.status == 429)
        #expect(refused["retry-after"] == "1")
        // From the same address: a token, and a password that was found right before.
        #expect(try server.request("/needs/read", authorization: server.bearer(.read)).status == 200)
        #expect(try server.request("/needs/read", authorization: AuthServer.basic("anna", "right")).status == 200)
        server.time.advance(bySeconds: 1.1)
        #expect(try server.request("/needs/read", authorization: AuthServer.basic("anna", "6")).status == 401)
        #expect(
            try server.request("/needs/read", authorization: AuthServer.basic("anna", "7"))["retry-after"] == "2")
        server.time.advance(bySeconds: 700)
        #expect(try server.request("/needs/read", authorization: AuthServer.basic("anna", "8")).status == 401)
        #expect(try server.request("/needs/read", authorization: AuthServer.basic("anna", "9")).status == 401)
    }

    @Test func requestsBeyondTheLimitWait() throws {
        let server = try AuthServer(limits: PrincipalLimits(requestsPerSecond: 3))
        let statuses = try (0..<8).map { _ in
            try server.request("/needs/read", authorization: server.bearer(.read)).status
        }
        // Two seconds' worth at once, then none.
        #expect(statuses == [200, 200, 200, 200, 200, 200, 429, 429])
        let refused = try server.request("/needs/read", authorization: server.bearer(.read))
        #expect(refused["retry-after"] == "1")
        #expect(refused.text == "token:read is over its limit of 3 requests a second\n")
        #expect(try server.request("/needs/ingest", authorization: server.bearer(.ingest)).status == 200)
        server.time.advance(bySeconds: 0.4)
        #expect(try server.request("/needs/read", authorization: server.bearer(.read)).status == 200)
        #expect(try server.request("/needs/read", authorization: server.bearer(.read)).status == 429)
    }

    @Test func bytesBeyondTheLimitArePaidForByLaterRequests() throws {
        let server = try AuthServer(limits: PrincipalLimits(bytesPerSecond: 100))
        let body = String(repeating: "x", count: 450)
        #expect(
            try server.request("/needs/ingest", method: "POST", authorization: server.bearer(.ingest), body: body)
                .status == 200
        )
        server.noteServed()
        let refused = try server.request(
            "/needs/ingest", method: "POST", authorization: server.bearer(.ingest), body: "x")
        #expect(refused.status == 429)
        // 200 at first, 450 taken: 250 in debt, and one must be there.
        #expect(refused["retry-after"] == "3")
        server.time.advance(bySeconds: 2.6)
        #expect(
            try server.request("/needs/ingest", method: "POST", authorization: server.bearer(.ingest), body: "x").status
                == 200)
    }

    @Test func requestsAtOnceBeyondTheLimitAreRefused() throws {
        let waiting = Lock<[PendingResponse]>([])
        let server = try AuthServer(limits: PrincipalLimits(requestsAtOnce: 2)) { router in
            router.get("/waits", role: .read) { _, response in
                let pending = response.later()
                waiting.withLock { $0.append(pending) }
            }
        }
        let fields = "Host: a\r\nAuthorization: \(server.bearer(.read))\r\n"
        let clients = try (0..<2).map { _ in try server.server.connect() }
        for (index, client) in clients.enumerated() {
            try client.send("GET /waits HTTP/1.1\r\n\(fields)\r\n")
            #expect(TestServer.eventually { waiting.withLock { $0.count } == index + 1 })
        }
        let refused = try server.request("/needs/read", authorization: server.bearer(.read))
        #expect(refused.status == 429)
        #expect(refused.text == "token:read is over its limit of 2 requests at once\n")
        #expect(try server.request("/needs/admin", authorization: server.bearer(.admin)).status == 200)

        // An answer makes room at once, though its promise is still held.
        waiting.withLock { $0[0] }.send(.ok, "done")
        #expect(try clients[0].answer().text == "done")
        for _ in 0..<20 {
            #expect(try server.request("/needs/read", authorization: server.bearer(.read)).status == 200)
        }

        // So does the end of a request that never came completely.
        var broken: RawClient? = try server.server.connect()
        try broken?.send("POST /needs/read HTTP/1.1\r\n\(fields)Expect: 100-continue\r\nContent-Length: 9\r\n\r\n")
        // It is let in: a request that asked meanwhile whether there is room would take the last.
        #expect(try broken?.answer(toHead: true).status == 100)
        func isFull() -> Bool {
            (try? server.request("/needs/read", authorization: server.bearer(.read)).status) == 429  // nil fails below
        }
        #expect(isFull())
        broken = nil
        #expect(TestServer.eventually { !isFull() })
        waiting.withLock { $0[1] }.send(.ok, "done")
    }

    @Test func refusalsAndChangesAreReportedAndNothingElse() throws {
        let server = try AuthServer(routes: { router in
            router.post("/fails", role: .operate) { _, response in
                response.refuse(RequestRefusal(.conflict, "there is one already"))
            }
        })
        _ = try server.request("/needs/admin", authorization: server.bearer(.admin))
        _ = try server.request("/needs/ingest", method: "POST", authorization: server.bearer(.ingest), body: "x")
        server.noteServed()
        #expect(server.takeEvents() == [])
        _ = try server.request("/needs/operate", method: "POST", authorization: server.bearer(.operate), body: "x")
        _ = try server.request("/fails", method: "POST", authorization: server.bearer(.operate), body: "x")
        server.noteServed()
        _ = try server.request("/needs/admin", authorization: server.bearer(.read))
        _ = try server.request("/needs/read")
        server.noteServed()
        let events = server.takeEvents()
        #expect(events.map(\.principal) == ["token:operate", "token:operate", "token:read", "127.0.0.1"])
        #expect(events.map(\.target) == ["POST /needs/operate", "POST /fails", "GET /needs/admin", "GET /needs/read"])
        #expect(events.prefix(2).map(\.outcome) == [.answered(.ok), .answered(.conflict)])
        let refused = events.suffix(2).map { event in
            if case .refused(let refusal) = event.outcome { refusal.status.rawValue } else { 0 }
        }
        #expect(refused == [403, 401])
        let refusals = server.registry.counters("obs_http_auth_refusals_total", "", labels: ["reason"])
        #expect(refusals.with("role_missing").total == 1)
    }

    @Test func aConnectionGoesOnAfterItWaitedForItsPassword() throws {
        let server = try AuthServer()
        let client = try server.server.connect()
        let field = "Authorization: \(AuthServer.basic("anna", "right"))\r\n"
        // Three requests at once, the second with a body: the first waits for the slow hash, none may overtake it.
        try client.send(
            "GET /needs/admin HTTP/1.1\r\nHost: a\r\n\(field)\r\n"
                + "POST /needs/ingest HTTP/1.1\r\nHost: a\r\n\(field)Content-Length: 3\r\n\r\nabc"
                + "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.answer().text == "user:anna")
        #expect(try client.answer().text == "abc")
        #expect(try client.answer().text == "hello\n")
    }

    @Test func aBodyThatFollowsTheHeadIsReadAfterThePassword() throws {
        let server = try AuthServer()
        let client = try server.server.connect()
        try client.send(
            "POST /needs/admin HTTP/1.1\r\nHost: a\r\nAuthorization: \(AuthServer.basic("anna", "right"))\r\n"
                + "Content-Length: 100000\r\nExpect: 100-continue\r\n\r\n")
        #expect(try client.answer().status == 100)
        try client.send(String(repeating: "x", count: 100_000))
        #expect(try client.answer().body.count == 100_000)
    }

    @Test func aClientThatLeavesWhileItsPasswordIsCheckedLeavesNothing() throws {
        let server = try AuthServer()
        for number in 0..<10 {
            let client = try server.server.connect()
            try client.send(
                "GET /needs/read HTTP/1.1\r\nHost: a\r\nAuthorization: \(AuthServer.basic("anna", "\(number)"))\r\n\r\n"
            )
        }
        #expect(TestServer.eventually { server.server.server.connectionCount == 0 })
    }

    @Test func newUsersTakeTheOldOnesPlace() throws {
        let server = try AuthServer()
        #expect(try server.request("/needs/admin", authorization: AuthServer.basic("anna", "right")).status == 200)
        server.authenticator.setUsers([PasswordUser(name: "bea", hash: AuthServer.cheapHash, role: .admin)])
        #expect(try server.request("/needs/admin", authorization: AuthServer.basic("anna", "right")).status == 401)
        #expect(try server.request("/needs/admin", authorization: AuthServer.basic("bea", "right")).status == 200)
    }
}
