import Crypto
import Encoding
import Foundation
import HTTP
import Posix
import Telemetry
import TestSupport
import Testing

@testable import Agent

@Suite("Probes", .serialized)
struct ProbeTests {
    private static func probe(_ text: String) throws -> NamedProbe {
        let report = ConfigurationReport()
        let reader = YAMLReader(file: "agent.yaml", report: report)
        let bytes = Array(text.utf8)
        let section = try #require(reader.document(bytes.span).flatMap { reader.section($0, "probe") })
        let probe = NamedProbe(section)
        #expect(report.isClean, "\(report.errors)")
        return try #require(probe)
    }

    /// What a probe came to, by name and labels.
    private static func run(_ text: String) throws -> [String: Double] {
        let client = HTTPClient("probes", registry: Registry())
        defer { client.stop() }
        let samples = try probe(text).run(client)
        return Dictionary(
            samples.map { sample in
                let labels = sample.labels.sorted { $0.name < $1.name }.map { "\($0.name)=\($0.value)" }
                return (([sample.name] + labels).joined(separator: " "), sample.value)
            }, uniquingKeysWith: { $1 })
    }

    /// A shop that greets by a cookie and gives a token that the order needs.
    private static func shop() throws -> (Server, SocketAddress) {
        var router = Router()
        router.get("/", role: nil) { _, response in
            response.fields.append("Set-Cookie", "session=s1; Path=/; HttpOnly")
            response.send("<form><input name=token value=\"t-42\"></form> welcome")
        }
        router.post("/order", role: nil, bodyBytesMax: 1000) { request, response in
            let isKnown = request.headerText("cookie") == "session=s1"
            var body: [UInt8] = []
            body.append(request.body)
            guard isKnown, body == Array("token=t-42".utf8) else { return response.send(.forbidden) }
            response.send("order 17 is taken")
        }
        let server = try Server(router: router, registry: Registry())
        try server.start()
        return (server, try server.listen(on: .loopback(port: 0)))
    }

    @Test("go through a journey with cookies and what steps find, and time its phases")
    func journey() throws {
        let (server, address) = try Self.shop()
        defer { server.stop(drainingAtMostNs: 0) }
        let samples = try Self.run(
            """
            name: shop
            http:
              steps:
                - {name: home, url: "http://\(address)/", extract: {token: 'value="([^"]+)"'}, expect: {body: [welcome]}}
                - name: order
                  url: "http://\(address)/order"
                  method: POST
                  body: "token=${token}"
                  expect: {status: [200], body: ["order [0-9]+"], body_not: [error], within: 60s}
            """)
        #expect(samples["probe_success"] == 1)
        #expect(samples["probe_step_success step=order"] == 1)
        #expect(samples["probe_http_status_code step=order"] == 200)
        #expect(samples["probe_http_duration_seconds phase=processing step=home"].map { $0 > 0 } == true)
        #expect(samples["probe_http_ssl"] == 0)
        #expect(samples["probe_failed_due_to_regex step=home"] == 0)
    }

    @Test("tell which assertion of which step failed, and go no further")
    func assertions() throws {
        let (server, address) = try Self.shop()
        defer { server.stop(drainingAtMostNs: 0) }
        let samples = try Self.run(
            """
            name: shop
            http:
              steps:
                - {name: home, url: "http://\(address)/", expect: {body: ["sold out"]}}
                - {name: order, url: "http://\(address)/order"}
            """)
        #expect(samples["probe_success"] == 0)
        #expect(samples["probe_step_failed reason=body step=home"] == 1)
        #expect(samples["probe_failed_due_to_regex step=home"] == 1)
        #expect(samples["probe_step_success step=order"] == nil)
        let status = try Self.run(#"{name: a, http: {url: "http://\#(address)/order"}}"#)
        #expect(status["probe_success"] == 0)
        #expect(status["probe_http_status_code step=http://\(address)/order"] == 405)
        // Nobody listens on port 1.
        let refused = try Self.run(#"{name: a, http: {url: "http://127.0.0.1:1/"}}"#)
        #expect(refused["probe_step_failed reason=connect step=http://127.0.0.1:1/"] == 1)
    }

    /// A certificate of openssl for a name, from 2020 to 2021 or to 2035.
    private static func certificate(
        _ folder: TemporaryDirectory, _ name: String, isOver: Bool
    ) throws -> TLSOptions.Certificate {
        let (chain, key) = (folder.file("\(name).pem"), folder.file("\(name).key"))
        let settings = """
            [ca]
            default_ca=d
            [d]
            database=\(chain).index
            rand_serial=yes
            default_md=sha256
            policy=p
            new_certs_dir=\(folder.path)
            [p]
            commonName=supplied
            """
        try settings.write(toFile: "\(chain).cnf", atomically: true, encoding: .utf8)
        try "subjectAltName=DNS:\(name)\n".write(toFile: "\(chain).ext", atomically: true, encoding: .utf8)
        let script = """
            set -e
            openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout \(key) -out \(chain).req \
            -subj /CN=\(name)
            : > \(chain).index
            openssl ca -batch -config \(chain).cnf -selfsign -keyfile \(key) -in \(chain).req -extfile \(chain).ext \
            -startdate 20200101000000Z -enddate \(isOver ? "20210101000000Z" : "20350101000000Z") -out \(chain) -notext
            """
        try RunningService.run("/bin/sh", ["-c", script], in: folder)
        return TLSOptions.Certificate(chainFile: chain, keyFile: key)
    }

    @Test(
        "tell good certificates from those that have ended or are of another host",
        arguments: [
            ("localhost", false, true, ""), ("localhost", true, false, "certificate has expired"),
            ("other.example", false, false, "hostname mismatch"),
        ])
    func certificates(name: String, isOver: Bool, isGood: Bool, reason: String) throws {
        let folder = TemporaryDirectory()
        let certificate = try Self.certificate(folder, name, isOver: isOver)
        let server = try Server(router: Router(), registry: Registry())
        try server.start()
        defer { server.stop(drainingAtMostNs: 0) }
        let store = try TLSStore(TLSOptions(certificates: [certificate]))
        let address = try server.listen(on: .loopback(port: 0), tls: store)
        let target = "localhost:\(try #require(address.port))"
        let samples = try Self.run("{name: t, tls: {address: '\(target)', ca_file: \(certificate.chainFile)}}")
        #expect(samples["probe_success"] == (isGood ? 1 : 0))
        #expect(samples["probe_ssl_verified"] == (isGood ? 1 : 0))
        let end: Double = isOver ? 1_609_459_200 : 2_051_222_400
        #expect(samples["probe_ssl_earliest_cert_expiry"] == end)
        #expect(
            isGood
                || samples.keys.contains { $0.hasPrefix("probe_ssl_distrust_info") && $0.lowercased().contains(reason) }
        )
        let journey = try Self.run(
            "{name: t, http: {url: 'https://\(target)/', expect: {status: [404]}, tls_config: {ca_file: \(certificate.chainFile)}}}"
        )
        #expect(journey["probe_success"] == (isGood ? 1 : 0))
        #expect(journey["probe_ssl_earliest_cert_expiry"] == end)
        #expect(isGood || journey["probe_step_failed reason=tls step=https://\(target)/"] == 1)
        let expiry = CertificateIntegration(
            [try #require(FileGlob(folder.file("\(name).pem")))], [try #require(ProbeTarget(target))],
            certificate.chainFile)
        let shown = try page(of: expiry).samples
        #expect(shown.filter { $0.key.hasPrefix("x509_cert_not_after{") }.map(\.value) == [end, end])
        #expect(shown.filter { $0.key.hasPrefix("x509_cert_expired{") }.map(\.value) == (isOver ? [1, 1] : [0, 0]))
        #expect(shown["x509_read_errors"] == 0)
    }

    @Test("connect and hear what a server says")
    func connections() throws {
        let (server, address) = try Self.shop()
        defer { server.stop(drainingAtMostNs: 0) }
        let good = try Self.run(
            #"{name: t, tcp: {address: "\#(address)", send: "GET / HTTP/1.0\r\n\r\n", expect: "^HTTP/1.[01] 200"}}"#)
        #expect(good["probe_success"] == 1 && good["probe_failed_due_to_regex"] == 0)
        let other = try Self.run(
            #"{name: t, tcp: {address: "\#(address)", send: "GET /no HTTP/1.0\r\n\r\n", expect: "^HTTP/1.[01] 200", timeout: 2s}}"#
        )
        #expect(other["probe_success"] == 0 && other["probe_failed_due_to_regex"] == 1)
        #expect(try Self.run("{name: t, tcp: {address: '127.0.0.1:1'}}")["probe_success"] == 0)
        #expect(try Self.run("{name: t, tcp: {address: 'no.such.host.invalid:80'}}")["probe_success"] == 0)
    }

    /// A name server that knows the one name shop.example.com: 192.0.2.7. Its answer is the question with the bits of an
    /// answer, and a record that refers to the question's name.
    private static let nameServer = """
        import socket, sys
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", int(sys.argv[1])))
        open(sys.argv[2], "w").close()
        while True:
            question, peer = server.recvfrom(512)
            answer = bytearray(question)
            answer[2] |= 0x80
            if b"shop" in question:
                answer[7] = 1
                answer += bytes([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7])
            else:
                answer[3] = 3
            server.sendto(answer, peer)
        """

    @Test("ask name servers, and tell answers from failures")
    func names() throws {
        let folder = TemporaryDirectory()
        let (port, ready) = (try RunningService.freePort(), folder.file("ready"))
        let server = try RunningService("/usr/bin/python3", ["-c", Self.nameServer, "\(port)", ready], in: folder) {
            FileManager.default.fileExists(atPath: ready)
        }
        defer { withExtendedLifetime(server) {} }
        let address = "127.0.0.1:\(port)"
        let good = try Self.run("{name: d, dns: {address: '\(address)', name: shop.example.com, answers: [192.0.2.7]}}")
        #expect(good["probe_success"] == 1 && good["probe_dns_answer_rrs"] == 1 && good["probe_dns_rcode"] == 0)
        let other = try Self.run(
            "{name: d, dns: {address: '\(address)', name: shop.example.com, answers: [192.0.2.8]}}")
        #expect(other["probe_success"] == 0)
        let missing = try Self.run("{name: d, dns: {address: '\(address)', name: no.example.com}}")
        #expect(missing["probe_success"] == 0 && missing["probe_dns_rcode"] == 3)
        let expected = try Self.run("{name: d, dns: {address: '\(address)', name: no.example.com, code: NXDOMAIN}}")
        #expect(expected["probe_success"] == 1)
    }

    @Test("send echoes where that is allowed, and are no success where it is not")
    func echoes() throws {
        let samples = try Self.run("{name: i, icmp: {host: 127.0.0.1, timeout: 20s}}")
        let isAllowed =
            (try? Socket.echoNs(from: .loopback(port: 0), sequence: 1, atMostNs: 20_000_000_000)) != nil  // the answer
        #expect(samples["probe_success"] == (isAllowed ? 1 : 0))
        #expect((samples["probe_icmp_duration_seconds phase=rtt"] != nil) == isAllowed)
        let unknown = try Self.run("{name: i, icmp: {host: no.such.host.invalid}}")
        #expect(unknown["probe_success"] == 0)
    }
}
