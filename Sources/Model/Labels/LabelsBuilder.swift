/// Collects labels in any order and writes the canonical bytes. Setting a name again replaces its value; an empty
/// value removes the label. Keeps its storage between uses, so that building in a loop does not allocate.
package struct LabelsBuilder: Sendable {
    /// Names and values one after the other, in order of arrival.
    private var text: [UInt8] = []
    private var entries: [Entry] = []

    private struct Entry {
        var name: Range<Int>
        var value: Range<Int>
    }

    package init() {}

    package init(_ labels: Labels) {
        var cursor = LabelCursor()
        let bytes = labels.bytes.span
        while cursor.advance(in: bytes) {
            append(bytes.extracting(cursor.name), bytes.extracting(cursor.value))
        }
    }

    package mutating func removeAll() {
        text.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
    }

    package var isEmpty: Bool { entries.allSatisfy { $0.value.isEmpty } }

    package mutating func set(_ name: String, _ value: String) {
        var name = name
        var value = value
        name.makeContiguousUTF8()
        value.makeContiguousUTF8()
        set(name.utf8.span, value.utf8.span)
    }

    /// Sets one label, replacing an earlier value of the same name.
    package mutating func set(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        if let index = index(of: name) { entries.remove(at: index) }
        if !value.isEmpty { append(name, value) }
    }

    package mutating func remove(_ name: String) { set(name, "") }

    /// Adds a label whose name is known to be new, or whose repetition `write` is to report.
    package mutating func append(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        let nameStart = text.count
        for index in name.indices { text.append(name[index]) }
        let valueStart = text.count
        for index in value.indices { text.append(value[index]) }
        entries.append(Entry(name: nameStart..<valueStart, value: valueStart..<text.count))
    }

    /// Whether a label of this name was added, be its value empty.
    package func contains(_ name: String) -> Bool { index(of: name.utf8.span) != nil }

    /// A name that `write` complains about.
    package var repeatedName: String? {
        for (place, entry) in entries.enumerated() {
            let name = text.span.extracting(entry.name)
            if index(of: name) != place { return String(decoding: text[entry.name], as: UTF8.self) }
        }
        return nil
    }

    package func value(of name: String) -> String {
        var name = name
        name.makeContiguousUTF8()
        guard let index = index(of: name.utf8.span) else { return "" }
        return String(decoding: text[entries[index].value], as: UTF8.self)
    }

    /// The pairs in order of the names.
    package var pairs: [(name: String, value: String)] { labels().pairs }

    package func labels() -> Labels {
        var copy = self
        var bytes: [UInt8] = []
        _ = copy.write(into: &bytes)
        return Labels(canonical: bytes)
    }

    /// Appends the canonical bytes of the set to `bytes`. False, with nothing written, where a name occurs twice.
    package mutating func write(into bytes: inout [UInt8]) -> Bool {
        sort()
        for index in entries.indices.dropFirst()
        where LabelCursor.compare(text.span, entries[index - 1].name, text.span, entries[index].name) == 0 {
            return false
        }
        for entry in entries where !entry.value.isEmpty {
            Self.write(text.span, entry.name, into: &bytes)
            Self.write(text.span, entry.value, into: &bytes)
        }
        return true
    }

    private func index(of name: Span<UInt8>) -> Int? {
        entries.firstIndex { LabelCursor.compare(text.span, $0.name, name, 0..<name.count) == 0 }
    }

    /// By insertion: senders nearly always send labels sorted, so this is one pass of comparisons.
    private mutating func sort() {
        for index in entries.indices.dropFirst() {
            var place = index
            let entry = entries[index]
            while place > 0, LabelCursor.compare(text.span, entry.name, text.span, entries[place - 1].name) < 0 {
                entries[place] = entries[place - 1]
                place -= 1
            }
            entries[place] = entry
        }
    }

    private static func write(_ text: Span<UInt8>, _ range: Range<Int>, into bytes: inout [UInt8]) {
        var length = range.count
        while length >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: length) | 0x80)
            length >>= 7
        }
        bytes.append(UInt8(length))
        for index in range { bytes.append(text[index]) }
    }
}
