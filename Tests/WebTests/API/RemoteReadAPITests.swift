import Encoding
import HTTP
import Model
import Storage
import TestSupport
import Testing
import Web

/// Requests are put together by hand from the protocol's messages. That chunks are right is what a real Prometheus says
/// in the integration tests; here is what it does not send.
struct RemoteReadAPITests {
    private func server(external: [String: String] = [:]) throws -> APIServer {
        try APIServer { store, pool, router in
            RemoteReadAPI(store: store, pool: pool) { ExternalLabels(external) }.add(to: &router)
        }
    }

    private struct Query {
        var startMs: Int64 = 0
        var endMs: Int64 = 100_000
        var matchers: [(type: UInt64, name: String, value: String)]
    }

    private func ask(
        _ server: APIServer, _ queries: [Query], accepting types: [UInt64] = []
    ) throws -> ClientResponse {
        var writer = ProtobufWriter()
        for query in queries {
            writer.message(1) { message in
                message.int64(1, query.startMs)
                message.int64(2, query.endMs)
                for matcher in query.matchers {
                    message.message(3) { one in
                        one.varint(1, matcher.type)
                        one.string(2, matcher.name)
                        one.string(3, matcher.value)
                    }
                }
            }
        }
        for type in types { writer.varint(2, type) }
        var body: [UInt8] = []
        try Snappy.compress(writer.bytes.span, appendingTo: &body)
        return try server.post("/api/v1/read", body, "application/x-protobuf")
    }

    /// `name{label=value ...} time=value ...` for each series of each result.
    private func samples(_ answer: ClientResponse) throws -> [[String]] {
        var body: [UInt8] = []
        try Snappy.decompress(answer.body.span, bytesMax: 1 << 20, appendingTo: &body)
        var reader = ProtobufReader(body.span)
        var results: [[String]] = []
        while let tag = try reader.nextTag() {
            guard tag == .bytes(1) else { return [] }
            var result = try reader.readMessage()
            var all: [String] = []
            while try result.nextTag() == .bytes(1) {
                var series = try result.readMessage()
                var text: [String] = []
                while let tag = try series.nextTag() {
                    var message = try series.readMessage()
                    switch tag {
                    case .bytes(1):
                        _ = try message.nextTag()
                        let name = String(decoding: bytes(try message.readBytes()), as: UTF8.self)
                        _ = try message.nextTag()
                        text.append("\(name)=\(String(decoding: bytes(try message.readBytes()), as: UTF8.self))")
                    case .bytes(2):
                        _ = try message.nextTag()
                        let value = try message.readDouble()
                        _ = try message.nextTag()
                        text.append("\(Int64(bitPattern: try message.readVarint())):\(value)")
                    default: text.append("histogram")
                    }
                }
                all.append(text.joined(separator: " "))
            }
            results.append(all)
        }
        return results
    }

    private func bytes(_ span: Span<UInt8>) -> [UInt8] { span.indices.map { span[$0] } }

    private func loaded(external: [String: String] = [:]) throws -> APIServer {
        let server = try server(external: external)
        try server.load([("__name__", "up"), ("job", "a")], [(1000, 1), (2000, 0), (3000, 1)])
        try server.load([("__name__", "up"), ("job", "b")], [(1000, 0.5)])
        return server
    }

    @Test func eachQueryHasItsResult() throws {
        let answer = try ask(
            loaded(),
            [
                Query(startMs: 1500, endMs: 3000, matchers: [(0, "__name__", "up")]),
                Query(matchers: [(2, "job", "b.*"), (1, "__name__", "x"), (3, "job", "a")]),
                Query(matchers: [(0, "job", "none")]),
            ])
        #expect(answer.status == .ok)
        #expect(answer.field("content-type") == "application/x-protobuf")
        #expect(answer.field("content-encoding") == "snappy")
        #expect(
            try samples(answer) == [["__name__=up job=a 2000:0.0 3000:1.0"], ["__name__=up job=b 1000:0.5"], []])
    }

    /// They are not stored, so a reader may ask for them, and gets them.
    @Test func externalLabelsAreOfTheSeriesForAReader() throws {
        let server = try loaded(external: ["region": "eu", "job": "own"])
        let answer = try ask(server, [Query(matchers: [(0, "region", "eu"), (0, "job", "b")])])
        #expect(try samples(answer) == [["__name__=up job=b region=eu 1000:0.5"]])
        #expect(try samples(ask(server, [Query(matchers: [(0, "region", "us")])])) == [[]])
    }

    @Test func theFirstKindOfAnswerThatIsKnownIsTaken() throws {
        let server = try loaded()
        let query = Query(matchers: [(0, "job", "b")])
        let stream = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"
        #expect(try ask(server, [query], accepting: [1, 0]).field("content-type") == stream)
        #expect(try ask(server, [query], accepting: [7, 1]).field("content-type") == stream)
        #expect(try ask(server, [query], accepting: [0, 1]).field("content-type") == "application/x-protobuf")
        #expect(try ask(server, [query], accepting: [7]).status == .badRequest)
    }

    /// Length, checksum, and `ChunkedReadResponse` with the number of the query.
    @Test func aStreamIsFramesOfOneSeriesEach() throws {
        let query = Query(matchers: [(0, "__name__", "up")])
        let answer = try ask(loaded(), [query, Query(matchers: [(0, "job", "b")])], accepting: [1])
        var rest = ByteReader(answer.body.span)
        var found: [UInt64] = []
        while !rest.isAtEnd {
            let length = Int(try rest.readVarint())
            let checksum = try rest.readLittleEndian(UInt32.self).byteSwapped
            let frame = try rest.readBytes(length)
            #expect(CRC32C.of(frame) == checksum)
            var message = ProtobufReader(frame)
            while let tag = try message.nextTag() {
                if tag == .varint(2) { found.append(try message.readVarint()) } else { try message.skip(tag) }
            }
        }
        #expect(found == [0, 0, 1])
    }

    /// `type:bytes` of each chunk in a stream.
    private func chunks(_ answer: ClientResponse) throws -> [String] {
        var rest = ByteReader(answer.body.span)
        var found: [String] = []
        while !rest.isAtEnd {
            let length = Int(try rest.readVarint())
            _ = try rest.readLittleEndian(UInt32.self)
            var message = ProtobufReader(try rest.readBytes(length))
            while let tag = try message.nextTag() {
                guard tag == .bytes(1) else {
                    try message.skip(tag)
                    continue
                }
                var series = try message.readMessage()
                while let tag = try series.nextTag() {
                    guard tag == .bytes(2) else {
                        try series.skip(tag)
                        continue
                    }
                    var chunk = try series.readMessage()
                    var type: UInt64 = 0
                    while let tag = try chunk.nextTag() {
                        switch tag {
                        case .varint(3): type = try chunk.readVarint()
                        case .bytes(4):
                            let hex = bytes(try chunk.readBytes()).map {
                                String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)
                            }
                            found.append("\(type):\(hex.joined())")
                        default: try chunk.skip(tag)
                        }
                    }
                }
            }
        }
        return found
    }

    /// Laid out by hand from the description of Prometheus' chunks: number, reset, zero threshold; schema `0`, one
    /// span `10001 10001 0`, no negative ones `0`, time `11110 001111101000`, and four doubles.
    @Test func aHistogramIsAChunkOfItsOwn() throws {
        let server = try server()
        let histogram = NativeHistogram(
            schema: 0, sum: 0, counts: .float(count: 1, zero: 0, positive: [1], negative: []),
            positiveSpans: [.init(offset: 0, length: 1)])
        try server.load([("__name__", "h")], 1000, histogram)
        let zeros = { (count: Int) in String(repeating: "00", count: count) }
        let expected = "000100" + "00" + "46278fa0" + "ffc0" + zeros(22) + "ffc0" + zeros(6)
        #expect(try chunks(ask(server, [Query(matchers: [(0, "__name__", "h")])], accepting: [1])) == ["3:\(expected)"])
    }

    /// The same: number, time 1000 as a varint of its zigzag, the double 1; the difference 1000 as a varint and `0` for
    /// the same value; `0` for the same difference, `11` for a change in other bits than before, five bits of leading
    /// zeros, six of the number of bits, and the bits; `0` and `0` where nothing changes.
    @Test func samplesAreXORChunks() throws {
        let server = try server()
        try server.load(
            [("__name__", "x")], [(1000, 1), (2000, 1), (3000, 1.0000000000000002), (4000, 1.0000000000000002)])
        let found = try chunks(ask(server, [Query(matchers: [(0, "__name__", "x")])], accepting: [1]))
        // The values differ in the last bit alone; 31 is the most leading zeros that five bits tell, so 33 follow.
        let bits = "0" + "0" + "11" + "11111" + "100001" + String(repeating: "0", count: 32) + "1" + "0" + "0"
        var hex = "0004" + "d00f" + "3ff0000000000000" + "e807"
        let padded = bits + String(repeating: "0", count: (8 - bits.count % 8) % 8)
        var rest = padded[...]
        while !rest.isEmpty {
            hex += String(UInt8(rest.prefix(4), radix: 2)!, radix: 16)
            rest = rest.dropFirst(4)
        }
        #expect(found == ["1:\(hex)"])
    }

    @Test func whatIsNoRequestIsRefused() throws {
        let server = try loaded()
        #expect(try server.post("/api/v1/read", Array("hello".utf8), "application/x-protobuf").status == .badRequest)
        #expect(try ask(server, [Query(matchers: [(9, "a", "b")])]).status == .badRequest)
        let wrong = try ask(server, [Query(matchers: [(2, "a", "(")])])
        #expect(wrong.status == .badRequest)
        #expect(wrong.text.contains("prometheus.ReadRequest"))
    }
}
