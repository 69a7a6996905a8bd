import Encoding
package import Model
import Text

/// Names and texts as an object of JSON.
package enum TextMap {
    /// Sorted by name.
    package static func json(_ texts: [String: String]) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        for (name, text) in texts.sorted(by: { $0.key < $1.key }) { writer.member(name, text) }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// What a damaged row does not say is absent.
    package static func texts(_ json: String) -> [String: String] {
        guard let members = JSONRows.value(json)?.members else { return [:] }
        return Dictionary(members.map { ($0.name, $0.value.text ?? "") }) { first, _ in first }
    }
}

/// Conditions as a list of lists of name, operation and value.
package enum MatcherRows {
    /// In their order.
    package static func json(_ matchers: [Matcher]) -> String {
        var writer = JSONWriter()
        writer.beginArray()
        for matcher in matchers {
            writer.beginArray()
            for text in [matcher.name, matcher.operation.rawValue, matcher.value] { writer.string(text) }
            writer.endArray()
        }
        writer.endArray()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Nil where one of them cannot be read.
    package static func matchers(_ json: String) -> [Matcher]? {
        guard let rows = JSONRows.value(json)?.elements else { return nil }
        var matchers: [Matcher] = []
        for row in rows {
            guard let parts = row.elements, parts.count == 3, let name = parts[0].text,
                let operation = parts[1].text.flatMap(Matcher.Operation.init(rawValue:)), let value = parts[2].text
            else { return nil }
            do throws(RegularExpressionError) {
                matchers.append(try Matcher(name, operation, value))
            } catch {
                return nil
            }
        }
        return matchers
    }
}

private enum JSONRows {
    static func value(_ json: String) -> JSONValue? {
        do throws(JSONError) {
            return try JSONValue.parse(Array(json.utf8).span)
        } catch {
            return nil
        }
    }
}

/// Sets of hashes, eight bytes each, the lowest first.
package enum HashRows {
    /// Eight bytes for each.
    package static func bytes(_ hashes: Set<UInt64>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(hashes.count * 8)
        for hash in hashes.sorted() {
            for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: hash >> shift)) }
        }
        return bytes
    }

    /// Bytes behind the last whole hash are passed over.
    package static func hashes(_ bytes: [UInt8]) -> Set<UInt64> {
        var hashes: Set<UInt64> = []
        for start in stride(from: 0, to: bytes.count / 8 * 8, by: 8) {
            var hash: UInt64 = 0
            for place in 0..<8 { hash |= UInt64(bytes[start + place]) << UInt64(8 * place) }
            hashes.insert(hash)
        }
        return hashes
    }
}
