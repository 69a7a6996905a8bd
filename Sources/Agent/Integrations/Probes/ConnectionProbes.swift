import Crypto
import Encoding
import Glibc
import HTTP
import Ingest
import Model
import Posix
import Text

/// A host and port to connect to.
struct ProbeTarget: Sendable {
    let host: String
    let port: UInt16
    var timeoutNs: Int64 = 5_000_000_000

    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        self.port = port
        let host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        self.host = String(isBracketed ? host.dropFirst().dropLast() : host)
    }

    /// Reads `address` and `timeout`.
    init(_ section: YAMLSection) {
        let text = section.string("address") ?? ""
        let target = ProbeTarget(text)
        if target == nil {
            section.refuse(
                at: "address", "address is \(Quoted.text(text))", "write a host and port: db.example.com:5432")
        }
        self = target ?? ProbeTarget("localhost:1")!
        if let ms = section.durationMs("timeout"), ms > 0 { timeoutNs = ms * 1_000_000 }
    }

    /// Calls `body` with a connection to the first address that takes one.
    func connect<Result>(_ body: (borrowing Socket, _ resolvedNs: Int64) throws -> Result) throws -> Result {
        let time = SystemTime()
        let startNs = time.monotonicNs
        let addresses = try HostName.addresses(of: host, port: port)
        let resolvedNs = time.monotonicNs - startNs
        var failure = SystemError(call: "connect", on: host, code: ETIMEDOUT)
        for address in addresses {
            let restNs = startNs + timeoutNs - time.monotonicNs
            guard restNs > 0 else { break }
            let socket = try Socket.connecting(to: address)
            guard socket.wait(toWrite: true, atMostMs: restNs / 1_000_000 + 1) else { continue }
            let code = socket.connectFailure()
            if code == 0 { return try body(socket, resolvedNs) }
            failure = SystemError(call: "connect", on: "\(address)", code: code)
        }
        throw failure
    }

    /// - Parameter name: the one that the certificate has to have, where it is not the host.
    func handshake(as name: String? = nil, authorities: String?) throws -> TLSPeer {
        try connect { socket, _ in
            try TLSPeer.meet(over: socket, host: name ?? host, authorities: authorities, atMostNs: timeoutNs)
        }
    }
}

/// `tcp`: a connection, and where `send` or `expect` is written, what the server says.
struct ConnectionProbe: Probe {
    private enum Limits {
        static let answerBytesMax = 64 << 10
    }

    private let target: ProbeTarget
    private let sent: String
    private let expected: RegularExpression?

    init(_ section: YAMLSection) {
        target = ProbeTarget(section)
        sent = section.string("send") ?? ""
        expected = section.expression("expect")
        section.finish()
    }

    func run(_ client: HTTPClient, _ samples: inout [ProbeSample]) -> Bool {
        do {
            return try target.connect { socket, resolvedNs in
                samples.append(
                    ProbeSample(
                        "probe_dns_lookup_time_seconds", "Seconds of finding the address.", Double(resolvedNs) / 1e9))
                guard case .moved(sent.utf8.count) = socket.write(sent.utf8.span) else { return sent.isEmpty }
                guard let expected else { return true }
                let isFound = Self.hears(socket, expected, target.timeoutNs)
                samples.append(
                    ProbeSample("probe_failed_due_to_regex", "1 if the answer was not as expected.", isFound ? 0 : 1))
                return isFound
            }
        } catch {
            return false
        }
    }

    private static func hears(_ socket: borrowing Socket, _ expected: RegularExpression, _ limitNs: Int64) -> Bool {
        let time = SystemTime()
        let deadlineNs = time.monotonicNs + limitNs
        var answer: [UInt8] = []
        while answer.count < Limits.answerBytesMax {
            let restMs = (deadlineNs - time.monotonicNs) / 1_000_000
            guard restMs > 0, socket.wait(atMostMs: restMs) else { return false }
            switch socket.read(appendingTo: &answer, atMost: 4096) {
            case .moved: if expected.matches(answer.span) { return true }
            case .wouldBlock: break
            case .ended, .failed: return false
            }
        }
        return false
    }
}

/// `tls`: a handshake and the certificates that the server shows.
struct HandshakeProbe: Probe {
    private let target: ProbeTarget
    private let name: String?
    private let authorities: String?

    init(_ section: YAMLSection) {
        target = ProbeTarget(section)
        name = section.string("server_name")
        authorities = section.path("ca_file")
        section.finish()
    }

    func run(_ client: HTTPClient, _ samples: inout [ProbeSample]) -> Bool {
        do {
            let peer = try target.handshake(as: name, authorities: authorities)
            ProbeSample.append(peer, to: &samples)
            return peer.distrust == nil
        } catch {
            return false
        }
    }
}

/// `icmp`: an echo.
struct EchoProbe: Probe {
    private let host: String
    private let timeoutNs: Int64

    init(_ section: YAMLSection) {
        host = section.string("host") ?? ""
        if host.isEmpty { section.refuse("icmp has no host", "write host: gateway.example.com") }
        timeoutNs = (section.durationMs("timeout") ?? 5000) * 1_000_000
        section.finish()
    }

    func run(_ client: HTTPClient, _ samples: inout [ProbeSample]) -> Bool {
        do throws(SystemError) {
            guard let address = try HostName.addresses(of: host, port: 0).first,
                let ns = try Socket.echoNs(from: address, sequence: .random(in: 1 ... .max), atMostNs: timeoutNs)
            else { return false }
            samples.append(
                ProbeSample(
                    "probe_icmp_duration_seconds", "Seconds of the way there and back.", Double(ns) / 1e9,
                    [("phase", "rtt")]))
            return true
        } catch {
            return false
        }
    }
}
