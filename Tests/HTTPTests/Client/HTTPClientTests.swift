import Encoding
import HTTP
import Posix
import Synchronization
import Telemetry
import Testing

struct HTTPClientTests {
    private let registry = Registry()

    private func withClient<Result>(
        limits: HTTPClientLimits = HTTPClientLimits(), _ body: (HTTPClient) throws -> Result
    ) rethrows -> Result {
        let client = HTTPClient("test", limits: limits, registry: registry)
        defer { client.stop() }
        return try body(client)
    }

    @Test func anAnswerComesWithItsStatusFieldsAndBody() throws {
        let server = try TestServer(routes: { router in
            router.get("/teapot", role: nil) { _, response in
                response.status = .conflict
                response.fields.append("X-Kind", "brown")
                response.send("short and stout")
            }
        })
        try withClient { client in
            let answer = try client.answer(to: ClientRequest(.get, "http://\(server.address)/teapot?x=1"))
            #expect(answer.status == .conflict)
            #expect(answer.field("x-kind") == "brown")
            #expect(String(decoding: answer.body, as: UTF8.self) == "short and stout")
            #expect(answer.timings.endNs > 0)
        }
    }

    @Test(arguments: [0, 1, 1023, 1_048_576, 3_000_001])
    func bodiesArriveWhole(count: Int) throws {
        let server = try TestServer()
        try withClient { client in
            var request = ClientRequest(.post, "http://\(server.address)/echo")
            request.body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let answer = try client.answer(to: request)
            #expect(answer.status == .ok)
            #expect(answer.body == request.body)
        }
    }

    @Test func fieldsAndCredentialsAreSent() throws {
        let server = try TestServer(routes: { router in
            router.add(.put, "/fields", role: nil) { request, response in
                let names = ["authorization", "x-one", "x-empty", "user-agent", "content-type", "expect"]
                response.send(names.map { "\($0)=\(request.headerText($0) ?? "-")" }.joined(separator: "\n"))
            }
        })
        try withClient { client in
            var request = ClientRequest(.put, "http://\(server.address)/fields")
            request.fields = [("X-One", "1\r\nX-Two: 2"), ("X-Empty", "")]
            request.options.credentials = .basic(user: .text(Secret("Aladdin")), password: .text(Secret("open sesame")))
            let answer = try client.answer(to: request)
            // The credentials are the example of RFC 7617.
            #expect(
                String(decoding: answer.body, as: UTF8.self).split(separator: "\n") == [
                    "authorization=Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "x-one=1 X-Two: 2", "x-empty=",
                    "user-agent=obs", "content-type=-", "expect=-",
                ])
        }
    }

    @Test func anAnswerBeyondTheBoundIsRefused() throws {
        let server = try TestServer()
        withClient { client in
            var request = ClientRequest(.get, "http://\(server.address)/big/100001")
            request.answerBytesMax = 100_000
            let error = #expect(throws: ClientError.self) { try client.answer(to: request) }
            #expect(error?.reason == .tooLarge)
            #expect(error?.sentence.contains("100000 bytes") == true)
        }
    }

    @Test func aTakenBodyIsNotCollectedAndHasNoBound() throws {
        let server = try TestServer()
        let taken = Lock<[UInt8]>([])
        try withClient { client in
            var request = ClientRequest(.post, "http://\(server.address)/echo")
            request.body = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            request.answerBytesMax = 1000
            request.acceptsGzip = false
            request.receive = { bytes in
                taken.withLock { taken in for index in bytes.indices { taken.append(bytes[index]) } }
                return true
            }
            let answer = try client.answer(to: request)
            #expect(answer.body == [])
            #expect(taken.withLock { $0 } == request.body)
        }
    }

    @Test func aTakerEndsTheTransferAndGetsNoRefusals() throws {
        let server = try TestServer()
        try withClient { client in
            var request = ClientRequest(.get, "http://\(server.address)/big/1000000")
            request.acceptsGzip = false
            request.receive = { _ in false }
            let error = #expect(throws: ClientError.self) { try client.answer(to: request) }
            #expect(error?.reason == .cancelled)
            var refused = ClientRequest(.get, "http://\(server.address)/nowhere")
            refused.receive = { _ in
                Issue.record("the taker got the body of a refusal")
                return true
            }
            let answer = try client.answer(to: refused)
            #expect(answer.status == .notFound)
            #expect(!answer.body.isEmpty)
        }
    }

    @Test func whatNobodyAnswersEndsAtTheDeadline() throws {
        let kept = Lock<[PendingResponse]>([])
        let server = try TestServer(routes: { router in
            router.get("/never", role: nil) { _, response in
                let answer = response.later()
                kept.withLock { $0.append(answer) }
            }
        })
        withClient { client in
            var request = ClientRequest(.get, "http://\(server.address)/never")
            request.timeoutNs = 100_000_000
            let error = #expect(throws: ClientError.self) { try client.answer(to: request) }
            #expect(error?.reason == .timeout)
        }
        kept.withLock { $0 = [] }
    }

    @Test func aClosedPortIsAFailureToConnect() throws {
        let server = try TestServer()
        let address = server.address
        server.server.stop(drainingAtMostNs: 0)
        withClient { client in
            let error = #expect(throws: ClientError.self) {
                try client.answer(to: ClientRequest(.get, "http://\(address)/hello"))
            }
            #expect(error?.reason == .connect)
            #expect(error?.sentence.hasPrefix("no answer from http://\(address)/hello: ") == true)
        }
    }

    @Test func onlyWebProtocolsAreSpoken() {
        withClient { client in
            let error = #expect(throws: ClientError.self) {
                try client.answer(to: ClientRequest(.get, "file:///etc/hostname"))
            }
            #expect(error?.reason == .setup)
        }
    }

    @Test func failuresThatMayPassAreTriedAgain() throws {
        let calls = Atomic<Int>(0)
        let server = try TestServer(routes: { router in
            router.post("/flaky", role: nil) { request, response in
                let call = calls.add(1, ordering: .relaxed).newValue
                response.status = call < 3 ? .serviceUnavailable : .ok
                response.send(request.body, contentType: ContentType.text)
            }
        })
        try withClient { client in
            var request = ClientRequest(.post, "http://\(server.address)/flaky")
            request.body = Array("the same each time".utf8)
            request.retries = RetryPolicy(attemptsMax: 5, backoffMinNs: 1_000_000, backoffMaxNs: 2_000_000)
            let answer = try client.answer(to: request)
            #expect(answer.status == .ok)
            #expect(answer.body == request.body)
            #expect(calls.load(ordering: .relaxed) == 3)
        }
    }

    @Test func aThousandAtOnceShareOneThreadAndKeptConnections() throws {
        let server = try TestServer()
        try withClient { client in
            for _ in 0..<2 {
                let results = Monitor<[Status?]>([])
                for _ in 0..<1000 {
                    client.send(ClientRequest(.get, "http://\(server.address)/hello")) { result in
                        results.withLock { $0.append(try? result.get().status) }  // nil is what the test looks for
                        results.wakeAll()
                    }
                }
                let all = results.wait(atMostNs: 20_000_000_000) { $0.count == 1000 ? $0 : nil }
                #expect(all?.allSatisfy { $0 == .ok } == true)
            }
            // One after the other they need no further connection.
            let before = connections(server)
            for _ in 0..<50 { _ = try client.answer(to: ClientRequest(.get, "http://\(server.address)/hello")) }
            #expect(connections(server) == before)
        }
    }

    private func connections(_ server: TestServer) -> Double {
        let family = server.registry.families.first { $0.name == "obs_http_connections_total" }
        guard case .number(let value, _) = family?.points.first?.reading else { return -1 }
        return value
    }

    @Test func moreThanTheBoundAreRefusedAtOnce() throws {
        let kept = Lock<[PendingResponse]>([])
        let server = try TestServer(routes: { router in
            router.get("/wait", role: nil) { _, response in
                let answer = response.later()
                kept.withLock { $0.append(answer) }
            }
        })
        var limits = HTTPClientLimits()
        limits.underWayMax = 2
        withClient(limits: limits) { client in
            let results = Monitor<[ClientError.Reason]>([])
            for _ in 0..<3 {
                client.send(ClientRequest(.get, "http://\(server.address)/wait")) { result in
                    guard case .failure(let error) = result else { return }
                    results.withLock { $0.append(error.reason) }
                    results.wakeAll()
                }
            }
            let refused = results.wait(atMostNs: 5_000_000_000) { $0.count == 1 ? $0 : nil }
            #expect(refused == [.tooMany])
            client.stop()
            #expect(results.withLock { $0 } == [.tooMany, .cancelled, .cancelled])
        }
        kept.withLock { $0 = [] }
    }

    @Test func aRaisedCancellationEndsTheRequest() throws {
        let kept = Lock<[PendingResponse]>([])
        let server = try TestServer(routes: { router in
            router.get("/wait", role: nil) { _, response in
                let answer = response.later()
                kept.withLock { $0.append(answer) }
            }
        })
        withClient { client in
            let cancellation = Cancellation()
            let outcome = Monitor<ClientError.Reason?>(nil)
            client.send(ClientRequest(.get, "http://\(server.address)/wait"), cancellation: cancellation) { result in
                guard case .failure(let error) = result else { return }
                outcome.withLock { $0 = error.reason }
                outcome.wakeAll()
            }
            #expect(TestServer.eventually { kept.withLock { $0.count == 1 } })
            cancellation.raise()
            client.wake()
            #expect(outcome.wait(atMostNs: 5_000_000_000, until: { $0 }) == .cancelled)
        }
        kept.withLock { $0 = [] }
    }

    @Test func redirectsAreFollowedUnlessForbidden() throws {
        let server = try TestServer(routes: { router in
            router.get("/old", role: nil) { _, response in
                response.fields.append("Location", "/hello")
                response.send(.found)
            }
        })
        try withClient { client in
            var request = ClientRequest(.get, "http://\(server.address)/old")
            let followed = try client.answer(to: request)
            #expect(String(decoding: followed.body, as: UTF8.self) == "hello\n")
            request.options.followsRedirects = false
            let refused = try client.answer(to: request)
            #expect(refused.status == .found)
        }
    }

    @Test func aTokenIsFetchedOnceAndSentWithEachRequest() throws {
        let asked = Lock<[String]>([])
        let server = try TestServer(routes: { router in
            router.post("/token", role: nil) { request, response in
                let form = request.pairs().map { "\($0.name)=\($0.value)" }.sorted().joined(separator: "&")
                asked.withLock { $0.append(form + " " + (request.headerText("authorization") ?? "")) }
                response.send(
                    #"{"access_token":"abc","token_type":"bearer","expires_in":3600}"#, contentType: ContentType.json)
            }
            router.get("/guarded", role: nil) { request, response in
                response.send(request.headerText("authorization") ?? "nobody")
            }
        })
        let yaml = """
            oauth2:
              client_id: me
              client_secret: s3cret
              scopes: [a, b]
              token_url: http://\(server.address)/token
              endpoint_params: {audience: you & me}
            """
        let options = try #require(HTTPClientOptionsTests().read(yaml).options)
        try withClient { client in
            for _ in 0..<3 {
                var request = ClientRequest(.get, "http://\(server.address)/guarded")
                request.options = options
                let answer = try client.answer(to: request)
                #expect(String(decoding: answer.body, as: UTF8.self) == "Bearer abc")
            }
        }
        // "me:s3cret" in base64.
        #expect(
            asked.withLock { $0 } == [
                "audience=you & me&grant_type=client_credentials&scope=a b Basic bWU6czNjcmV0"
            ])
    }
}
