package import Encoding

/// Kinds of records, by their number on the wire.
package enum DNSRecordType: UInt16, Sendable {
    case a = 1
    case ns = 2
    case cname = 5
    case mx = 15
    case aaaa = 28
    case srv = 33
    case opt = 41
}

package struct DNSRecord: Sendable, Equatable {
    package enum Data: Sendable, Equatable {
        case address4(String)
        case address6(String)
        case alias(String)
        case service(host: String, port: UInt16)
        case mail(String)
        case nameServer(String)
        case other
    }

    package var name: String
    package var secondsToLive: UInt32
    package var data: Data
}

/// A question to a name server and its answer (RFC 1035, EDNS of RFC 6891).
package struct DNSMessage: Sendable, Equatable {
    /// What a name server says of a question.
    package enum Outcome: Sendable, Equatable {
        case found
        case noSuchName
        case failed(code: UInt8)
    }

    package var id: UInt16
    package var outcome: Outcome
    /// The answer did not fit into a datagram.
    package var isTruncated: Bool
    package var records: [DNSRecord]

    /// What a datagram of an answer may have: what every network carries unbroken.
    package static let datagramBytesMax = 1232

    /// The bytes of a question; nil where the name is none.
    package static func question(id: UInt16, _ name: String, _ type: DNSRecordType) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.appendBigEndian(id)
        bytes += [0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 1]
        var length = 0
        for label in name.utf8.split(separator: UInt8(ascii: ".")) {
            guard label.count < 64 else { return nil }
            bytes.append(UInt8(label.count))
            bytes += label
            length += label.count + 1
        }
        guard length > 0, length < 254 else { return nil }
        bytes.append(0)
        bytes.appendBigEndian(type.rawValue)
        bytes += [0, 1]
        // The size of datagrams that are taken.
        bytes.append(0)
        bytes.appendBigEndian(DNSRecordType.opt.rawValue)
        bytes.appendBigEndian(UInt16(datagramBytesMax))
        bytes += [0, 0, 0, 0, 0, 0]
        return bytes
    }

    /// Reads an answer. Names in it may point back into the message; every jump has to go back, so they end.
    package init(_ bytes: Span<UInt8>) throws(DecodeError) {
        var reader = ByteReader(bytes)
        id = try reader.readBigEndian(UInt16.self)
        let flags = try reader.readBigEndian(UInt16.self)
        guard flags & 0x8000 != 0 else { throw DecodeError(.invalidCharacter(UInt8(flags >> 8)), at: 2) }
        isTruncated = flags & 0x0200 != 0
        switch UInt8(flags & 15) {
        case 0: outcome = .found
        case 3: outcome = .noSuchName
        case let code: outcome = .failed(code: code)
        }
        let questions = try reader.readBigEndian(UInt16.self)
        let answers = try reader.readBigEndian(UInt16.self)
        try reader.skip(4)
        records = []
        for _ in 0..<questions {
            _ = try Self.readName(&reader, bytes)
            try reader.skip(4)
        }
        for _ in 0..<answers { records.append(try Self.readRecord(&reader, bytes)) }
    }

    private static func readRecord(
        _ reader: inout ByteReader, _ bytes: Span<UInt8>
    ) throws(DecodeError) -> DNSRecord {
        let name = try readName(&reader, bytes)
        let type = DNSRecordType(rawValue: try reader.readBigEndian(UInt16.self))
        try reader.skip(2)
        let seconds = try reader.readBigEndian(UInt32.self)
        let length = Int(try reader.readBigEndian(UInt16.self))
        var content = try reader.readSlice(length)
        var data = DNSRecord.Data.other
        switch type {
        case .a: data = .address4(try address4(&content))
        case .aaaa: data = .address6(try address6(&content))
        case .cname: data = .alias(try readName(&content, bytes))
        case .ns: data = .nameServer(try readName(&content, bytes))
        case .mx:
            try content.skip(2)
            data = .mail(try readName(&content, bytes))
        case .srv:
            try content.skip(4)
            let port = try content.readBigEndian(UInt16.self)
            data = .service(host: try readName(&content, bytes), port: port)
        case .opt, nil: break
        }
        return DNSRecord(name: name, secondsToLive: seconds, data: data)
    }

    private static func address4(_ reader: inout ByteReader) throws(DecodeError) -> String {
        let bytes = try reader.readBytes(4)
        return bytes.indices.map { String(bytes[$0]) }.joined(separator: ".")
    }

    private static func address6(_ reader: inout ByteReader) throws(DecodeError) -> String {
        let bytes = try reader.readBytes(16)
        let groups = (0..<8).map { UInt16(bytes[2 * $0]) << 8 | UInt16(bytes[2 * $0 + 1]) }
        return DNSAddress.text(groups)
    }

    /// In lower case, without the last dot.
    private static func readName(_ reader: inout ByteReader, _ bytes: Span<UInt8>) throws(DecodeError) -> String {
        var labels: [String] = []
        var jumped = ByteReader(bytes)
        var hasJumped = false
        var lowest = reader.offset
        while true {
            let offset = hasJumped ? jumped.offset : reader.offset
            let length = hasJumped ? try jumped.readByte() : try reader.readByte()
            if length == 0 { break }
            if length & 0xc0 == 0xc0 {
                let low = hasJumped ? try jumped.readByte() : try reader.readByte()
                let target = Int(length & 0x3f) << 8 | Int(low)
                guard target < lowest else { throw DecodeError(.invalidCharacter(length), at: offset) }
                lowest = target
                jumped = ByteReader(bytes)
                try jumped.skip(target)
                hasJumped = true
                continue
            }
            guard length < 64, labels.count < 128 else { throw DecodeError(.invalidCharacter(length), at: offset) }
            let label = hasJumped ? try jumped.readBytes(Int(length)) : try reader.readBytes(Int(length))
            labels.append(label.text.lowercased())
        }
        return labels.joined(separator: ".")
    }
}

/// The text form of IPv6 addresses (RFC 5952).
enum DNSAddress {
    static func text(_ groups: [UInt16]) -> String {
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > max(1, best.count) { best = start..<end }
            start = max(end, start + 1)
        }
        func hex(_ range: Range<Int>) -> String {
            groups[range].map { String($0, radix: 16) }.joined(separator: ":")
        }
        return best.isEmpty ? hex(0..<8) : hex(0..<best.lowerBound) + "::" + hex(best.upperBound..<8)
    }
}
