package import Encoding
import HTTP
package import Storage

/// Why a body is no export, as a sentence.
package struct OTLPExportError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// An export of logs or traces on its way into a batch: records of a scope of a resource.
package protocol OTLPExport {
    /// The message of protobuf, for sentences.
    static var messageName: String { get }
    /// Lists of the JSON form, from the outside in.
    static var listNames: (resources: String, scopes: String, records: String) { get }

    var batch: LogBatch { get }

    mutating func begin(resource: [JSONMember])
    /// - Parameter scope: its attributes, with `scope_name` and `scope_version`.
    mutating func begin(scope: [JSONMember])
    mutating func append(_ record: consuming ProtobufReader) throws(DecodeError)
    mutating func append(_ record: JSONValue)
}

extension OTLPExport {
    package mutating func readProtobuf(_ body: Span<UInt8>) throws(OTLPExportError) {
        do throws(DecodeError) {
            var request = ProtobufReader(body)
            while let tag = try request.nextTag() {
                if tag == .bytes(1) { try readResource(request.readBytes()) } else { try request.skip(tag) }
            }
        } catch {
            throw OTLPExportError("cannot read the request as \(Self.messageName): \(error)")
        }
    }

    /// The resource may stand behind its records, so it is looked for first.
    private mutating func readResource(_ bytes: Span<UInt8>) throws(DecodeError) {
        var ahead = ProtobufReader(bytes)
        var resource: [JSONMember] = []
        while let tag = try ahead.nextTag() {
            if tag == .bytes(1) {
                resource = try OTLPValue.members(ahead.readMessage())
            } else {
                try ahead.skip(tag)
            }
        }
        begin(resource: resource)
        var message = ProtobufReader(bytes)
        while let tag = try message.nextTag() {
            if tag == .bytes(2) { try readScope(message.readBytes()) } else { try message.skip(tag) }
        }
    }

    private mutating func readScope(_ bytes: Span<UInt8>) throws(DecodeError) {
        var ahead = ProtobufReader(bytes)
        var scope: [JSONMember] = []
        while let tag = try ahead.nextTag() {
            if tag == .bytes(1) {
                scope = try Self.scope(ahead.readMessage())
            } else {
                try ahead.skip(tag)
            }
        }
        begin(scope: scope)
        var message = ProtobufReader(bytes)
        while let tag = try message.nextTag() {
            if tag == .bytes(2) { try append(message.readMessage()) } else { try message.skip(tag) }
        }
    }

    private static func scope(_ message: consuming ProtobufReader) throws(DecodeError) -> [JSONMember] {
        var scope: [JSONMember] = []
        while let tag = try message.nextTag() {
            switch tag {
            case .bytes(1):
                scope.append(JSONMember(name: "scope_name", value: .string(try message.readBytes().text)))
            case .bytes(2):
                scope.append(JSONMember(name: "scope_version", value: .string(try message.readBytes().text)))
            case .bytes(3): scope.append(try OTLPValue.member(message.readMessage()))
            default: try message.skip(tag)
            }
        }
        return scope
    }

    package mutating func readJSON(_ body: Span<UInt8>) throws(OTLPExportError) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(body)
        } catch {
            throw OTLPExportError("\(error)")
        }
        let names = Self.listNames
        guard value.members != nil else { throw OTLPExportError("the body is no object with \(names.resources)") }
        for resource in value[names.resources]?.elements ?? [] {
            begin(resource: OTLPValue.attributes(resource["resource"]?["attributes"]))
            for scoped in resource[names.scopes]?.elements ?? [] {
                var scope = OTLPValue.attributes(scoped["scope"]?["attributes"])
                for (key, name) in [("name", "scope_name"), ("version", "scope_version")] {
                    guard let text = scoped["scope"]?[key]?.text, !text.isEmpty else { continue }
                    scope.append(JSONMember(name: name, value: .string(text)))
                }
                begin(scope: scope)
                for record in scoped[names.records]?.elements ?? [] { append(record) }
            }
        }
    }
}
