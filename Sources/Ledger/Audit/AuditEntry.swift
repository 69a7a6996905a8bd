import Crypto
import Encoding

/// Something that someone did, or was refused.
package struct AuditEvent: Sendable, Equatable {
    package var atMs: Int64
    /// Who: a principal's name, or the peer's address where nobody is known.
    package var principal: String
    /// What, as a word: `token.create`, `silence.add`, `refused`.
    package var action: String
    /// To what: a name, or the method and route.
    package var target: String
    /// How it ended: `ok`, or the status and reason of the refusal.
    package var outcome: String
    package var details: String
    /// How many equal events this one stands for; more than one where refusals came in a flood.
    package var count: Int

    package init(
        atMs: Int64, principal: String, action: String, target: String, outcome: String, details: String = "",
        count: Int = 1
    ) {
        self.atMs = atMs
        self.principal = principal
        self.action = action
        self.target = target
        self.outcome = outcome
        self.details = details
        self.count = count
    }
}

/// An event in the trail, with its place and the hash that ties it to all before it.
package struct AuditEntry: Sendable, Equatable {
    package let sequence: Int64
    package let event: AuditEvent
    package let hash: [UInt8]
}

/// A place in the trail: everything up to and including entry `sequence`.
package struct AuditPoint: Sendable, Equatable {
    package let sequence: Int64
    package let hash: [UInt8]

    /// Before the first entry.
    static let origin = AuditPoint(sequence: 0, hash: [UInt8](repeating: 0, count: 32))

    /// The entry that follows: its hash is SHA-256 over this point's hash and the entry's bytes.
    func next(_ event: AuditEvent) -> AuditEntry {
        let bytes = AuditEncoding.bytes(sequence: sequence + 1, event)
        return AuditEntry(
            sequence: sequence + 1, event: event, hash: HashAlgorithm.sha256.hash((hash + bytes).span))
    }
}

extension AuditEntry {
    var point: AuditPoint { AuditPoint(sequence: sequence, hash: hash) }
}

/// The bytes of an entry, for its hash and for archives: sequence, time and count as 64 bits little endian, then five
/// texts, each behind its length in 32 bits, so that no two entries have the same bytes.
enum AuditEncoding {
    static func bytes(sequence: Int64, _ event: AuditEvent) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendLittleEndian(sequence)
        bytes.appendLittleEndian(event.atMs)
        bytes.appendLittleEndian(Int64(event.count))
        for text in [event.principal, event.action, event.target, event.outcome, event.details] {
            let utf8 = Array(text.utf8)
            bytes.appendLittleEndian(UInt32(utf8.count))
            bytes.append(contentsOf: utf8)
        }
        return bytes
    }

    static func decode(_ reader: inout ByteReader) throws(DecodeError) -> (sequence: Int64, event: AuditEvent) {
        let sequence = try reader.readLittleEndian(Int64.self)
        let atMs = try reader.readLittleEndian(Int64.self)
        let count = try reader.readLittleEndian(Int64.self)
        let principal = try text(&reader)
        let action = try text(&reader)
        let target = try text(&reader)
        let outcome = try text(&reader)
        let details = try text(&reader)
        return (
            sequence,
            AuditEvent(
                atMs: atMs, principal: principal, action: action, target: target, outcome: outcome, details: details,
                count: Int(count))
        )
    }

    private static func text(_ reader: inout ByteReader) throws(DecodeError) -> String {
        let count = try reader.readLittleEndian(UInt32.self)
        var utf8: [UInt8] = []
        utf8.append(try reader.readBytes(Int(count)))
        return String(decoding: utf8, as: UTF8.self)
    }
}

extension AuditEvent {
    static let textBytesMax = 1_024

    /// With each text cut to `textBytesMax` bytes: what clients send must not make the trail grow.
    var bounded: AuditEvent {
        func clip(_ text: String) -> String {
            guard text.utf8.count > Self.textBytesMax else { return text }
            return String(decoding: text.utf8.prefix(Self.textBytesMax - 3), as: UTF8.self) + "..."
        }
        return AuditEvent(
            atMs: atMs, principal: clip(principal), action: clip(action), target: clip(target),
            outcome: clip(outcome), details: clip(details), count: count)
    }
}
