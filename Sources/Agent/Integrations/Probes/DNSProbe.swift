import Encoding
import HTTP
import Model
import Posix

/// `dns`: a question to a name server, RFC 1035, by UDP.
struct DNSProbe: Probe {
    private static let types: [String: UInt16] = [
        "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33,
    ]
    private static let codes = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"]

    private let server: ProbeTarget
    private let name: String
    private let type: UInt16
    private let code: Int
    private let answersMin: Int
    private let addresses: [String]

    init(_ section: YAMLSection) {
        server = ProbeTarget(section)
        name = section.string("name") ?? ""
        if name.isEmpty { section.refuse("dns has no name", "write name: shop.example.com") }
        let word = section.choice("type", Self.types.keys.sorted()) ?? "A"
        type = Self.types[word] ?? 1
        code = section.choice("code", Self.codes).flatMap(Self.codes.firstIndex) ?? 0
        addresses = section.strings("answers") ?? []
        answersMin = section.int("answers_min", in: 0...1000) ?? (code == 0 ? 1 : 0)
        section.finish()
    }

    func run(_ client: HTTPClient, _ samples: inout [ProbeSample]) -> Bool {
        let identity = UInt16.random(in: 0 ... .max)
        let time = SystemTime()
        let startNs = time.monotonicNs
        guard let bytes = try? ask(identity),  // told as no success
            let answer = DNSAnswer(bytes, identity)
        else { return false }
        samples.append(
            ProbeSample(
                "probe_dns_duration_seconds", "Seconds until the answer.", Double(time.monotonicNs - startNs) / 1e9))
        samples.append(ProbeSample("probe_dns_answer_rrs", "Records of the answer.", Double(answer.answers)))
        samples.append(ProbeSample("probe_dns_rcode", "The code of the answer.", Double(answer.code)))
        return answer.code == code && answer.answers >= answersMin
            && addresses.allSatisfy { answer.addresses.contains($0) }
    }

    private func ask(_ identity: UInt16) throws -> [UInt8]? {
        guard let address = try HostName.addresses(of: server.host, port: server.port).first else { return nil }
        let socket = try Socket.datagrams(to: address)
        _ = socket.write(Self.question(identity, name, type).span)
        var bytes: [UInt8] = []
        guard socket.wait(atMostMs: server.timeoutNs / 1_000_000),
            case .moved = socket.read(appendingTo: &bytes, atMost: 4096)
        else { return nil }
        return bytes
    }

    static func question(_ identity: UInt16, _ name: String, _ type: UInt16) -> [UInt8] {
        // One question, and the server may ask others.
        var bytes: [UInt8] = [UInt8(identity >> 8), UInt8(identity & 255), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        for label in name.split(separator: ".") {
            bytes.append(UInt8(min(63, label.utf8.count)))
            bytes += label.utf8.prefix(63)
        }
        return bytes + [0, UInt8(type >> 8), UInt8(type & 255), 0, 1]
    }
}

/// An answer of a name server.
struct DNSAnswer: Equatable {
    private(set) var code = 0
    private(set) var answers = 0
    /// Of its records of addresses.
    private(set) var addresses: [String] = []

    /// Nil for what is no answer to the question of this identity.
    init?(_ bytes: [UInt8], _ identity: UInt16) {
        func number(_ at: Int) -> Int { Int(bytes[at]) << 8 | Int(bytes[at + 1]) }
        guard bytes.count >= 12, number(0) == Int(identity), bytes[2] & 0x80 != 0 else { return nil }
        code = Int(bytes[3] & 15)
        var at = 12
        for _ in 0..<number(4) {
            guard let end = Self.endOfName(bytes, at), end + 4 <= bytes.count else { return nil }
            at = end + 4
        }
        for _ in 0..<number(6) {
            guard let end = Self.endOfName(bytes, at), end + 10 <= bytes.count else { return nil }
            let (type, length) = (number(end), number(end + 8))
            at = end + 10 + length
            guard at <= bytes.count else { return nil }
            answers += 1
            let data = bytes[(end + 10)..<at]
            if type == 1, length == 4 {
                let address = data.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                addresses.append(SocketAddress.ipv4(address, port: 0).host)
            } else if type == 28, length == 16 {
                let high = data.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                let low = data.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                addresses.append(SocketAddress.ipv6(high: high, low: low, port: 0).host)
            }
        }
    }

    private static func endOfName(_ bytes: [UInt8], _ start: Int) -> Int? {
        var at = start
        while at < bytes.count {
            let length = Int(bytes[at])
            if length == 0 { return at + 1 }
            // A reference to a name before ends this one.
            if length & 0xc0 == 0xc0 { return at + 2 <= bytes.count ? at + 2 : nil }
            at += 1 + length
        }
        return nil
    }
}
