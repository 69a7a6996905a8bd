import Encoding

/// The fields of a log line as ranges of its bytes: of JSON the leaves, nested names joined by dots and arrays kept
/// whole; of logfmt the pairs; of any other line none.
///
/// Nothing is copied or unescaped, and what stands between the values stays where it is, so that a line is exactly its
/// values and what is between them. Reuse one value for many lines: it keeps its storage.
package struct LogFields: Sendable {
    package enum Format: UInt8, Sendable {
        case plain, json, logfmt
    }

    package struct Field: Sendable {
        package var name: Range<Int32>
        /// What stands between the quotes where there are some.
        package var value: Range<Int32>
        package var nameHasEscapes: Bool
        package var valueHasEscapes: Bool
        /// The object of `parents` that it is a member of; negative at the top.
        package var parent: Int32
    }

    /// A line with more fields counts as plain.
    package static let fieldsMax = 512
    /// Objects nested deeper are kept whole, as arrays are.
    package static let depthMax = 8

    package private(set) var format = Format.plain
    package private(set) var fields: [Field] = []
    private var parents: [Parent] = []
    private var levels = [JSONFields](repeating: JSONFields(), count: depthMax)

    private struct Parent {
        var name: Range<Int32>
        var nameHasEscapes: Bool
        var parent: Int32
    }

    package init() {}

    /// Replaces what it holds by the fields of `line`.
    package mutating func scan(_ line: Span<UInt8>) {
        fields.removeAll(keepingCapacity: true)
        parents.removeAll(keepingCapacity: true)
        format = .plain
        guard let first = line.indices.first else { return }
        if line[first] == UInt8(ascii: "{") {
            if scanObject(line, at: 0, depth: 0, parent: -1), !fields.isEmpty { format = .json }
        } else if scanPairs(line) {
            format = .logfmt
        }
        if format == .plain || fields.count > Self.fieldsMax {
            format = .plain
            fields.removeAll(keepingCapacity: true)
        }
    }

    /// Appends the whole name of a field of `line`.
    package func appendName(of field: Field, in line: Span<UInt8>, to output: inout [UInt8]) {
        if field.parent >= 0 { appendParent(Int(field.parent), in: line, to: &output) }
        Self.append(line.extracting(field.name.asInt), hasEscapes: field.nameHasEscapes, to: &output)
    }

    private func appendParent(_ index: Int, in line: Span<UInt8>, to output: inout [UInt8]) {
        let parent = parents[index]
        if parent.parent >= 0 { appendParent(Int(parent.parent), in: line, to: &output) }
        Self.append(line.extracting(parent.name.asInt), hasEscapes: parent.nameHasEscapes, to: &output)
        output.append(UInt8(ascii: "."))
    }

    /// Appends a piece of a line as it reads once its escapes are resolved.
    package static func append(_ bytes: Span<UInt8>, hasEscapes: Bool, to output: inout [UInt8]) {
        if hasEscapes { JSONText.unescape(bytes, into: &output) } else { output.append(bytes) }
    }

    // MARK: JSON

    private mutating func scanObject(_ line: Span<UInt8>, at start: Int, depth: Int, parent: Int32) -> Bool {
        guard levels[depth].scan(line) else { return false }
        let base = Int32(truncatingIfNeeded: start)
        for index in levels[depth].fields.indices {
            let found = levels[depth].fields[index]
            let name = (found.nameStart + base)..<(found.nameEnd + base)
            if found.isObject, depth + 1 < Self.depthMax, parents.count < Self.fieldsMax {
                let (fieldsBefore, parentsBefore) = (fields.count, parents.count)
                parents.append(Parent(name: name, nameHasEscapes: found.nameHasEscapes, parent: parent))
                let inner = line.extracting(found.value)
                let isRead = scanObject(
                    inner, at: start + Int(found.valueStart), depth: depth + 1, parent: Int32(parents.count - 1))
                if isRead && fields.count > fieldsBefore { continue }
                fields.removeLast(fields.count - fieldsBefore)
                parents.removeLast(parents.count - parentsBefore)
            }
            fields.append(
                Field(
                    name: name, value: (found.valueStart + base)..<(found.valueEnd + base),
                    nameHasEscapes: found.nameHasEscapes,
                    valueHasEscapes: found.isString && found.valueHasEscapes, parent: parent))
        }
        return true
    }

    // MARK: logfmt

    /// Every word is a name, an equals sign and a value, which is quoted where it holds spaces; otherwise the line is no
    /// logfmt.
    private mutating func scanPairs(_ line: Span<UInt8>) -> Bool {
        var at = 0
        let count = line.count
        while at < count {
            if line[at] == UInt8(ascii: " ") {
                at += 1
                continue
            }
            let nameStart = at
            while at < count, Self.isNameByte(line[at]) { at += 1 }
            guard at > nameStart, at < count, line[at] == UInt8(ascii: "=") else { return false }
            let name = Int32(nameStart)..<Int32(at)
            at += 1
            var hasEscapes = false
            let value: Range<Int32>
            if at < count, line[at] == UInt8(ascii: "\"") {
                guard let range = Self.quoted(line, &at, &hasEscapes) else { return false }
                value = range
            } else {
                let start = at
                while at < count, line[at] > 0x20, line[at] != UInt8(ascii: "\"") { at += 1 }
                guard at == count || line[at] == UInt8(ascii: " ") else { return false }
                value = Int32(start)..<Int32(at)
            }
            fields.append(
                Field(name: name, value: value, nameHasEscapes: false, valueHasEscapes: hasEscapes, parent: -1))
            if fields.count > Self.fieldsMax { return false }
        }
        return !fields.isEmpty
    }

    /// What stands between the quotes at `at`, which moves behind them.
    private static func quoted(_ line: Span<UInt8>, _ at: inout Int, _ hasEscapes: inout Bool) -> Range<Int32>? {
        let start = at + 1
        at = start
        while at < line.count, line[at] != UInt8(ascii: "\"") {
            if line[at] == UInt8(ascii: "\\") {
                hasEscapes = true
                at += 1
            }
            at += 1
        }
        guard at < line.count else { return nil }
        at += 1
        guard at == line.count || line[at] == UInt8(ascii: " ") else { return nil }
        return Int32(start)..<Int32(at - 1)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"),
            UInt8(ascii: "/"), UInt8(ascii: "@"):
            true
        default: false
        }
    }
}

extension Range<Int32> {
    @inlinable package var asInt: Range<Int> { Int(lowerBound)..<Int(upperBound) }
}
