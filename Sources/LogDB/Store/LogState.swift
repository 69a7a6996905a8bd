import Encoding
import Model
import Parts
import Storage
import Text

typealias StoredLogPart = Part<LogPart>

/// Entries that were deleted but may still lie in parts. It concerns the parts that were written before it.
struct LogDeletion: Sendable {
    let number: UInt64
    let startNs: Int64
    let endNs: Int64
    /// Streams that satisfy all matchers of one of these; all streams where there is none.
    let selectors: [[Matcher]]
}

/// What the store keeps beside its parts, in the manifest: changed in one step with them.
struct LogState: Sendable {
    private static let version: UInt8 = 1

    /// The parts hold what the log's records up to here say.
    var journalPosition: UInt64 = 0
    var nextDeletion: UInt64 = 1
    var deletions: [LogDeletion] = []
    var taken = TakenBatches()

    init() {}

    var bytes: [UInt8] {
        var bytes = [Self.version]
        for word in [journalPosition, nextDeletion, UInt64(deletions.count)] { bytes.appendVarint(word) }
        for deletion in deletions {
            bytes.appendVarint(deletion.number)
            bytes.appendZigZag(deletion.startNs)
            bytes.appendZigZag(deletion.endNs)
            bytes.appendVarint(UInt64(deletion.selectors.count))
            for matchers in deletion.selectors {
                bytes.appendVarint(UInt64(matchers.count))
                for matcher in matchers {
                    for text in [matcher.name, matcher.operation.rawValue, matcher.value] {
                        bytes.appendVarint(UInt64(text.utf8.count))
                        bytes += text.utf8
                    }
                }
            }
        }
        taken.encode(to: &bytes)
        return bytes
    }

    /// Reads the state; that of a new store is empty.
    init(_ bytes: [UInt8]) throws(DecodeError) {
        if bytes.isEmpty { return }
        var reader = ByteReader(bytes.span)
        guard try reader.readByte() == Self.version else { throw DecodeError(.invalidCharacter(bytes[0]), at: 0) }
        journalPosition = try reader.readVarint()
        nextDeletion = try reader.readVarint()
        for _ in 0..<(try reader.readVarint()) {
            let number = try reader.readVarint()
            let (startNs, endNs) = (try reader.readZigZag(), try reader.readZigZag())
            var selectors: [[Matcher]] = []
            for _ in 0..<(try reader.readVarint()) {
                var matchers: [Matcher] = []
                for _ in 0..<(try reader.readVarint()) { matchers.append(try Self.readMatcher(&reader)) }
                selectors.append(matchers)
            }
            deletions.append(LogDeletion(number: number, startNs: startNs, endNs: endNs, selectors: selectors))
        }
        taken = try TakenBatches(&reader)
    }

    private static func readMatcher(_ reader: inout ByteReader) throws(DecodeError) -> Matcher {
        func text() throws(DecodeError) -> String {
            var bytes: [UInt8] = []
            bytes.append(try reader.readBytes(Int(clamping: try reader.readVarint())))
            return String(decoding: bytes, as: UTF8.self)
        }
        let (name, operation, value) = (try text(), try text(), try text())
        guard let operation = Matcher.Operation(rawValue: operation) else {
            throw DecodeError(.invalidCharacterCount(0), at: reader.offset)
        }
        do throws(RegularExpressionError) {
            return try Matcher(name, operation, value)
        } catch {
            throw DecodeError(.invalidCharacterCount(0), at: reader.offset)
        }
    }
}

/// Everything that can be read at one instant, apart from the head. Whoever holds it keeps its files.
struct LogView: Sendable {
    var parts: [StoredLogPart] = []
    /// Entries that are being written to parts, until these are live.
    var flushing: FrozenHead?
    var state = LogState()
}

extension LabelRequest {
    var startNs: Int64 { startMs.nanoseconds }
    var endNs: Int64 { endMs == .max ? .max : endMs.nanoseconds.addingClamped(999_999) }
}

extension Int64 {
    /// Of a time in milliseconds, as near as there are nanoseconds.
    var nanoseconds: Int64 {
        let (product, overflows) = multipliedReportingOverflow(by: 1_000_000)
        return overflows ? (self < 0 ? .min : .max) : product
    }

    func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? (other < 0 ? .min : .max) : sum
    }
}
