import Crypto
import Foundation
import HTTP
import Posix
import Synchronization
import Testing

/// The peer is OpenSSL's own command line client.
@Suite struct TLSTests {
    /// A directory with certificates, made by the `openssl` command.
    fileprivate final class Certificates {
        let directory: Foundation.URL

        init() throws {
            directory = FileManager.default.temporaryDirectory.appendingPathComponent("obs-tls-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        }

        deinit {
            try? FileManager.default.removeItem(at: directory)  // in the system's temporary directory anyway
        }

        func path(_ name: String) -> String { directory.appendingPathComponent(name).path }

        /// A self-signed certificate for a host, in one file with its key.
        ///
        /// - Parameter names: its alternative names; nil for the host alone.
        func make(_ host: String, names: String? = nil) throws -> TLSOptions.Certificate {
            let (status, output) = try TLSTests.openssl([
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=\(host)", "-addext", "subjectAltName=\(names ?? "DNS:\(host)")", "-keyout", path("\(host).key"),
                "-out",
                path("\(host).pem"),
            ])
            try #require(status == 0, "openssl req: \(output)")
            return .init(chainFile: path("\(host).pem"), keyFile: path("\(host).key"))
        }
    }

    /// Runs `openssl` with something on its standard input.
    @discardableResult
    fileprivate static func openssl(_ arguments: [String], input: String = "") throws -> (Int32, String) {
        let (status, output) = try PeerProcess.run(["openssl"] + arguments, input: input)
        return (status, output)
    }

    private static let request = "GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    private static func connect(_ server: TestServer, _ arguments: [String]) throws -> String {
        let target = "127.0.0.1:\(server.address.port ?? 0)"
        let common = ["s_client", "-connect", target, "-ign_eof", "-servername", "localhost"]
        return try openssl(common + arguments, input: request).1
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func servesTheVersionsThatAreSafe(_ version: String) throws {
        let certificates = try Certificates()
        let server = try TestServer(tls: TLSStore(TLSOptions(certificates: [try certificates.make("localhost")])))
        let output = try Self.connect(server, [version])
        #expect(output.contains("HTTP/1.1 200 OK") && output.contains("hello"), "\(output)")
    }

    @Test(arguments: ["-tls1", "-tls1_1"])
    func refusesTheVersionsThatAreNot(_ version: String) throws {
        let certificates = try Certificates()
        let server = try TestServer(tls: TLSStore(TLSOptions(certificates: [try certificates.make("localhost")])))
        let output = try Self.connect(server, [version, "-cipher", "ALL:@SECLEVEL=0"])
        #expect(output.contains("alert protocol version"), "\(output)")
        #expect(!output.contains("HTTP/1.1"))
    }

    @Test(arguments: [
        ("AES128-SHA", false), ("ECDHE-ECDSA-AES128-SHA256", false), ("ECDHE-ECDSA-AES128-GCM-SHA256", true),
        ("ECDHE-ECDSA-CHACHA20-POLY1305", true),
    ])
    func takesOnlyForwardSecretAuthenticatedCiphers(_ cipher: String, _ isTaken: Bool) throws {
        let certificates = try Certificates()
        let server = try TestServer(tls: TLSStore(TLSOptions(certificates: [try certificates.make("localhost")])))
        let output = try Self.connect(server, ["-tls1_2", "-cipher", cipher])
        #expect(output.contains("HTTP/1.1 200 OK") == isTaken, "\(output)")
    }

    @Test func speaksHTTP11ByName() throws {
        let certificates = try Certificates()
        let server = try TestServer(tls: TLSStore(TLSOptions(certificates: [try certificates.make("localhost")])))
        #expect(try Self.connect(server, ["-alpn", "h2,http/1.1"]).contains("ALPN protocol: http/1.1"))
        #expect(try Self.connect(server, ["-alpn", "h2"]).contains("alert no application protocol"))
    }

    @Test func showsTheCertificateOfTheNamedHost() throws {
        let certificates = try Certificates()
        let options = TLSOptions(
            certificates: try ["first.test", "second.test", "*.third.test"].map { try certificates.make($0) })
        let server = try TestServer(tls: TLSStore(options))
        let target = "127.0.0.1:\(server.address.port ?? 0)"
        for (name, shown) in [
            ("first.test", "first.test"), ("second.test", "second.test"), ("a.third.test", "*.third.test"),
            ("unknown.test", "first.test"),
        ] {
            let output = try Self.openssl(["s_client", "-connect", target, "-servername", name]).1
            #expect(output.contains("subject=CN = \(shown)"), "\(name): \(output)")
        }
    }

    @Test func asksClientsForCertificates() throws {
        let certificates = try Certificates()
        let own = try certificates.make("localhost")
        let friend = try certificates.make("friend")
        let stranger = try certificates.make("stranger")
        var options = TLSOptions(certificates: [own])
        options.clientCertificates = .required(authoritiesFile: friend.chainFile)
        let server = try TestServer(tls: TLSStore(options))
        let good = try Self.connect(server, ["-cert", friend.chainFile, "-key", friend.keyFile])
        #expect(good.contains("HTTP/1.1 200 OK"), "\(good)")
        #expect(!(try Self.connect(server, [])).contains("HTTP/1.1"))
        #expect(
            !(try Self.connect(server, ["-cert", stranger.chainFile, "-key", stranger.keyFile])).contains("HTTP/1.1"))
    }

    @Test(arguments: [
        ("agent.test", true), ("spiffe://obs/agent", true), ("10.1.2.3", true), ("ann@agent.test", true),
        ("other.test", false), ("*.test", false), ("CN-only", false),
    ])
    func takesOnlyClientsOfTheNamesThatAreAllowed(_ name: String, _ isTaken: Bool) throws {
        let certificates = try Certificates()
        let friend = try certificates.make(
            "CN-only", names: "DNS:agent.test,URI:spiffe://obs/agent,IP:10.1.2.3,email:ann@agent.test")
        var options = TLSOptions(certificates: [try certificates.make("localhost")])
        options.clientCertificates = .required(authoritiesFile: friend.chainFile)
        options.clientNames = [name]
        let server = try TestServer(tls: TLSStore(options))
        let output = try Self.connect(server, ["-cert", friend.chainFile, "-key", friend.keyFile])
        #expect(output.contains("HTTP/1.1 200 OK") == isTaken, "\(output)")
    }

    @Test func aTicketIsOfNoUseOnceClientsHaveToShowMore() throws {
        let certificates = try Certificates()
        let friend = try certificates.make("friend")
        var options = TLSOptions(certificates: [try certificates.make("localhost")])
        let store = try TLSStore(options)
        let server = try TestServer(tls: store)
        let ticket = certificates.path("ticket")
        #expect(try Self.connect(server, ["-tls1_2", "-sess_out", ticket]).contains("HTTP/1.1 200 OK"))
        options.clientCertificates = .required(authoritiesFile: friend.chainFile)
        try store.reload(options)
        #expect(!(try Self.connect(server, ["-tls1_2", "-sess_in", ticket])).contains("HTTP/1.1"))
    }

    @Test func offersTheVersionsSuitesAndCurvesThatAreSet() throws {
        let certificates = try Certificates()
        var options = TLSOptions(certificates: [try certificates.make("localhost")])
        options.maxVersion = .tls12
        options.cipherSuites = [.ecdsaAES256]
        options.curves = [.p384]
        let server = try TestServer(tls: TLSStore(options))
        let output = try Self.connect(server, [])
        #expect(output.contains("Cipher is ECDHE-ECDSA-AES256-GCM-SHA384"), "\(output)")
        #expect(output.contains("ECDH, secp384r1, 384 bits"), "\(output)")
        #expect(!(try Self.connect(server, ["-tls1_3"])).contains("HTTP/1.1"))
        #expect(!(try Self.connect(server, ["-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"])).contains("HTTP/1.1"))
        #expect(!(try Self.connect(server, ["-curves", "X25519"])).contains("HTTP/1.1"))
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func resumesSessionsAcrossAReload(_ version: String) throws {
        let certificates = try Certificates()
        let store = try TLSStore(TLSOptions(certificates: [try certificates.make("localhost")]))
        let server = try TestServer(tls: store)
        let ticket = certificates.path("ticket")
        let first = try Self.connect(server, [version, "-sess_out", ticket])
        #expect(first.contains("New, "))
        try store.reload()
        let second = try Self.connect(server, [version, "-sess_in", ticket])
        #expect(second.contains("Reused, ") && second.contains("HTTP/1.1 200 OK"), "\(second)")
    }

    @Test func aBadKeyLeavesTheOldCertificateServing() throws {
        let certificates = try Certificates()
        let certificate = try certificates.make("localhost")
        let store = try TLSStore(TLSOptions(certificates: [certificate]))
        let server = try TestServer(tls: store)
        let other = try certificates.make("other")
        try FileManager.default.removeItem(atPath: certificate.keyFile)
        try FileManager.default.copyItem(atPath: other.keyFile, toPath: certificate.keyFile)
        let error = #expect(throws: TLSError.self) { try store.reload() }
        #expect(error?.description.contains(certificate.keyFile) == true)
        #expect(try Self.connect(server, []).contains("HTTP/1.1 200 OK"))
        let missing = TLSOptions.Certificate(chainFile: "/nowhere.pem", keyFile: "/nowhere.key")
        let absent = #expect(throws: TLSError.self) { _ = try TLSStore(TLSOptions(certificates: [missing])) }
        #expect(absent?.description.contains("/nowhere.pem") == true)
    }

    @Test func swapsCertificatesUnderLoadWithoutAFailedRequest() throws {
        let certificates = try Certificates()
        let options = [
            TLSOptions(certificates: [try certificates.make("one")]),
            TLSOptions(certificates: [try certificates.make("two")]),
        ]
        let store = try TLSStore(options[0])
        let server = try TestServer(tls: store)
        let isDone = Atomic<Bool>(false)
        let swaps = Atomic<Int>(0)
        let swapper = try OwnedThread(name: "swapper") {
            var count = 0
            while !isDone.load(ordering: .relaxed) {
                count += 1
                do {
                    try store.reload(options[count % 2])
                } catch {
                    Issue.record("\(error)")
                    return
                }
                swaps.store(count, ordering: .relaxed)
            }
        }
        // Full handshakes, one connection after the other, each with a request.
        let target = "127.0.0.1:\(server.address.port ?? 0)"
        let output = try Self.openssl(["s_time", "-connect", target, "-new", "-time", "2", "-www", "/hello"]).1
        isDone.store(true, ordering: .relaxed)
        swapper.join()
        let swapped = swaps.load(ordering: .relaxed)
        #expect(swapped > 10)
        let connections = try #require(output.firstMatch(of: /(\d+) connections in/).flatMap { Int($0.1) }, "\(output)")
        #expect(connections > 10)
        #expect(TestServer.eventually { server.log.withLock { $0.count } >= connections })
        #expect(server.log.withLock { $0.allSatisfy { $0.status == .ok } })
        #expect(!output.lowercased().contains("error"), "\(output)")
    }

    @Test func garbageAndSilenceOnTheTLSPortEnd() throws {
        let certificates = try Certificates()
        let store = try TLSStore(TLSOptions(certificates: [try certificates.make("localhost")]))
        let server = try TestServer(options: { $0.handshakeNs = 200_000_000 }, tls: store)
        let silent = try server.connect()
        #expect(try silent.isEnded())
        let plain = try server.connect()
        try plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try plain.readToEnd()
        let half = try server.connect()
        try half.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])
        #expect(try half.isEnded())
        #expect(TestServer.eventually { server.server.connectionCount == 0 })
    }
}
