import Encoding
import TestSupport
import Testing

@Suite struct GzipTests {
    static let plain = Array("hello, hello, hello\n".utf8)
    /// Made by Python 3.11's gzip and zlib modules.
    static let written: [(DeflateContainer, String)] = [
        (.gzip, "1f8b0800000000000203cb48cdc9c9d751c840a2b800e7426e5214000000"),
        (.zlib, "789ccb48cdc9c9d751c840a2b8004b0706df"),
        (.bare, "cb48cdc9c9d751c840a2b800"),
    ]
    static let roomy = ExpansionLimit(bytesMax: 1 << 24, ratioMax: 2000)

    /// What the stream reader makes of `bytes` given in pieces of `step`.
    static func streamed(
        _ bytes: [UInt8], _ container: DeflateContainer = .gzip, limit: ExpansionLimit = roomy, step: Int = .max
    ) throws -> [UInt8] {
        var reader = try GzipReader(container, limit: limit)
        var output: [UInt8] = []
        var rest = bytes.span
        while rest.count > 0 {
            let count = min(step, rest.count)
            try reader.read(rest.extracting(first: count), appendingTo: &output)
            rest = rest.extracting(droppingFirst: count)
        }
        try reader.finish()
        return output
    }

    static func whole(
        _ bytes: [UInt8], _ container: DeflateContainer = .gzip, limit: ExpansionLimit = roomy
    ) throws -> [UInt8] {
        var decompressor = try GzipBodyDecompressor()
        var output: [UInt8] = [1]
        do {
            try decompressor.decompress(bytes.span, container, limit: limit, appendingTo: &output)
        } catch {
            #expect(output == [1], "an error leaves the output as it was")
            throw error
        }
        return Array(output.dropFirst())
    }

    @Test(arguments: written)
    func readsWhatAnotherProgramWrote(container: DeflateContainer, digits: String) throws {
        let bytes = try Hexadecimal.decode(Array(digits.utf8).span)
        #expect(try Self.whole(bytes, container) == Self.plain)
        #expect(try Self.streamed(bytes, container) == Self.plain)
        #expect(try Self.streamed(bytes, container, step: 1) == Self.plain)
    }

    /// The two libraries read what the other one wrote.
    @Test func streamsAndBodiesAgree() throws {
        var writer = try GzipWriter()
        var compressor = try GzipBodyCompressor()
        for seed: UInt64 in 0..<40 {
            var random = SeededGenerator(seed: seed)
            let bytes = sampleText(seed == 0 ? 0 : Int.random(in: 1...300_000, using: &random), &random)
            var body: [UInt8] = []
            compressor.compress(bytes.span, appendingTo: &body)
            #expect(try Self.streamed(body, step: 1000) == bytes, "seed \(seed)")
            var stream: [UInt8] = []
            var rest = bytes.span
            while rest.count > 0 {
                let count = min(rest.count, Int.random(in: 1...50_000, using: &random))
                writer.write(rest.extracting(first: count), appendingTo: &stream)
                rest = rest.extracting(droppingFirst: count)
            }
            writer.finish(appendingTo: &stream)
            #expect(try Self.whole(stream) == bytes, "seed \(seed)")
        }
    }

    @Test func aFlushMakesEverythingWrittenReadable() throws {
        var writer = try GzipWriter()
        var reader = try GzipReader(limit: Self.roomy)
        var read: [UInt8] = []
        for line in ["one\n", "two\n", "three\n"] {
            var sent: [UInt8] = []
            writer.write(Array(line.utf8).span, appendingTo: &sent)
            writer.flush(appendingTo: &sent)
            read.removeAll()
            try reader.read(sent.span, appendingTo: &read)
            #expect(read == Array(line.utf8))
        }
    }

    @Test func severalMembersAreOneBody() throws {
        var compressor = try GzipBodyCompressor()
        var body: [UInt8] = []
        for part in ["first ", "", "second"] { compressor.compress(Array(part.utf8).span, appendingTo: &body) }
        #expect(try Self.whole(body) == Array("first second".utf8))
        for step in [1, 7, 1000] { #expect(try Self.streamed(body, step: step) == Array("first second".utf8)) }
    }

    @Test(arguments: written)
    func refusesEveryTruncationAndTrailingBytes(container: DeflateContainer, digits: String) throws {
        let bytes = try Hexadecimal.decode(Array(digits.utf8).span)
        for count in 0..<bytes.count {
            #expect(throws: CompressionError.self) { try Self.whole(Array(bytes.prefix(count)), container) }
            #expect(throws: CompressionError(container.errorFormat, .truncated)) {
                try Self.streamed(Array(bytes.prefix(count)), container)
            }
        }
        #expect(throws: CompressionError(container.errorFormat, .corrupt)) { try Self.whole(bytes + [0], container) }
        #expect(throws: CompressionError.self) { try Self.streamed(bytes + [0], container) }
    }

    @Test func refusesAWrongChecksum() throws {
        var bytes = try Hexadecimal.decode(Array(Self.written[0].1.utf8).span)
        bytes[bytes.count - 8] ^= 1
        #expect(throws: CompressionError(.gzip, .corrupt)) { try Self.whole(bytes) }
        #expect(throws: CompressionError(.gzip, .corrupt)) { try Self.streamed(bytes) }
    }

    /// Four megabytes of zeros become four kilobytes: too many bytes for the one limit, too dense for the other.
    @Test func refusesWhatExpandsTooMuch() throws {
        let zeros = [UInt8](repeating: 0, count: 4 << 20)
        var compressor = try GzipBodyCompressor()
        var body: [UInt8] = []
        compressor.compress(zeros.span, appendingTo: &body)
        let limits: [(ExpansionLimit, CompressionError)] = [
            (
                ExpansionLimit(bytesMax: zeros.count - 1, ratioMax: 2000),
                CompressionError(.gzip, .tooLarge(bytesMax: zeros.count - 1))
            ),
            (ExpansionLimit(bytesMax: .max, ratioMax: 500), CompressionError(.gzip, .expandsTooMuch(ratioMax: 500))),
        ]
        for (limit, error) in limits {
            #expect(throws: error) { try Self.whole(body, limit: limit) }
            for step in [100, .max] { #expect(throws: error) { try Self.streamed(body, limit: limit, step: step) } }
        }
        let exact = ExpansionLimit(bytesMax: zeros.count, ratioMax: 2000)
        #expect(try Self.whole(body, limit: exact) == zeros)
        #expect(try Self.streamed(body, limit: exact) == zeros)
        // A member that lies about its length does not get past either.
        let lying = body.dropLast(4) + [1, 0, 0, 0]
        #expect(throws: CompressionError.self) { try Self.whole(Array(lying), limit: limits[0].0) }
    }

    @Test func aReaderIsUsedAgainAfterAnError() throws {
        let bytes = try Hexadecimal.decode(Array(Self.written[0].1.utf8).span)
        var reader = try GzipReader(limit: Self.roomy)
        var output: [UInt8] = []
        let wrong: [UInt8] = [1, 2, 3]
        do {
            try reader.read(wrong.span, appendingTo: &output)
            Issue.record("three bytes are no gzip header")
        } catch {
            #expect(error == CompressionError(.gzip, .corrupt))
        }
        do { try reader.finish() } catch { #expect(error == CompressionError(.gzip, .truncated)) }
        try reader.read(bytes.span, appendingTo: &output)
        try reader.finish()
        #expect(output == Self.plain)
    }
}

extension DeflateContainer {
    var errorFormat: CompressionError.Format { self == .gzip ? .gzip : .deflate }
}
