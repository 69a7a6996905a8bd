import Encoding
package import Model
package import Storage
import Text

/// What a remote reader asks: `prometheus.ReadRequest`.
package struct ReadRequest {
    package struct Query {
        package var startMs: Int64 = 0
        package var endMs: Int64 = 0
        package var matchers: [Matcher] = []
        package var hints = SelectRequest.Hints()
    }

    package enum ResponseType: UInt64 {
        /// One message with all samples.
        case samples = 0
        /// A stream of frames with chunks of Prometheus' own formats.
        case chunks = 1
    }

    package static let queriesMax = 256
    package static let matchersMax = 1024

    package var queries: [Query] = []
    /// In the order of the reader's preference; kinds that we do not know are left out.
    package var accepted: [ResponseType] = []
    private var acceptsOthers = false

    /// Nil where the reader accepts nothing that we have.
    var responseType: ResponseType? { accepted.first ?? (acceptsOthers ? nil : .samples) }

    package init(_ body: Span<UInt8>) throws(ReadRequestError) {
        var reader = ProtobufReader(body)
        do {
            while let tag = try reader.nextTag() {
                switch tag {
                case .bytes(1):
                    guard queries.count < Self.queriesMax else {
                        throw ReadRequestError("it has more than \(Self.queriesMax) queries")
                    }
                    var message = try reader.readMessage()
                    queries.append(try Self.query(&message))
                case .varint(2): accept(try reader.readVarint())
                case .bytes(2):
                    var packed = ProtobufReader(try reader.readBytes())
                    while !packed.isAtEnd { accept(try packed.readVarint()) }
                default: try reader.skip(tag)
                }
            }
        } catch let error as ReadRequestError {
            throw error
        } catch {
            throw ReadRequestError("\(error)")
        }
    }

    private mutating func accept(_ raw: UInt64) {
        if let type = ResponseType(rawValue: raw) { accepted.append(type) } else { acceptsOthers = true }
    }

    private static func query(_ reader: inout ProtobufReader) throws -> Query {
        var query = Query()
        while let tag = try reader.nextTag() {
            switch tag {
            case .varint(1): query.startMs = Int64(bitPattern: try reader.readVarint())
            case .varint(2): query.endMs = Int64(bitPattern: try reader.readVarint())
            case .bytes(3):
                guard query.matchers.count < matchersMax else {
                    throw ReadRequestError("a query has more than \(matchersMax) matchers")
                }
                var message = try reader.readMessage()
                query.matchers.append(try matcher(&message))
            case .bytes(4):
                var message = try reader.readMessage()
                query.hints = try hints(&message)
            default: try reader.skip(tag)
            }
        }
        return query
    }

    private static func matcher(_ reader: inout ProtobufReader) throws -> Matcher {
        var type: UInt64 = 0
        var name = ""
        var value = ""
        while let tag = try reader.nextTag() {
            switch tag {
            case .varint(1): type = try reader.readVarint()
            case .bytes(2): name = try text(&reader)
            case .bytes(3): value = try text(&reader)
            default: try reader.skip(tag)
            }
        }
        let operations: [Matcher.Operation] = [.equal, .notEqual, .matches, .notMatches]
        guard type < 4 else { throw ReadRequestError("a matcher has the unknown type \(type)") }
        return try Matcher(name, operations[Int(type)], value)
    }

    private static func hints(_ reader: inout ProtobufReader) throws -> SelectRequest.Hints {
        var hints = SelectRequest.Hints()
        while let tag = try reader.nextTag() {
            switch tag {
            case .varint(1): hints.stepMs = Int64(bitPattern: try reader.readVarint())
            case .bytes(2): hints.function = try text(&reader)
            case .bytes(5): hints.grouping.append(try text(&reader))
            case .varint(6): hints.groupingIsBy = try reader.readVarint() != 0
            case .varint(7): hints.rangeMs = Int64(bitPattern: try reader.readVarint())
            default: try reader.skip(tag)
            }
        }
        return hints
    }

    private static func text(_ reader: inout ProtobufReader) throws -> String {
        let bytes = try reader.readBytes()
        return unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}

/// Why bytes are no request of a remote reader.
package struct ReadRequestError: Error, CustomStringConvertible {
    package let description: String

    init(_ reason: String) {
        description = reason
    }
}
