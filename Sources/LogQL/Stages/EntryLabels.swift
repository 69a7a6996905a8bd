import Encoding
import Model

/// The labels of one entry while a pipeline works on it: those of its stream, its metadata, and what stages add.
///
/// All names and values lie in one buffer that is reused, so that in the steady state an entry allocates nothing. A
/// label may have an empty value, which is not the same as having no label.
struct EntryLabels {
    enum Category: UInt8 {
        case stream, metadata, parsed
    }

    struct Slot {
        var name: Range<Int>
        var value: Range<Int>
        var category: Category
        /// Where the name first came from: a parser never takes the name of a stream's label or of metadata, even when
        /// that was dropped.
        var origin: Category
        var isLive = true
    }

    private(set) var bytes: [UInt8] = []
    private(set) var slots: [Slot] = []
    private var baseBytes = 0
    private var base: [Slot] = []
    private var order: [Int] = []

    static let suffix = Array("_extracted".utf8)

    /// Why a stage could not work on the entry; empty where none failed.
    var error = ""
    var errorDetails = ""

    /// Takes another stream, before the next `begin`.
    mutating func setStream(_ labels: Span<UInt8>) {
        bytes.removeAll(keepingCapacity: true)
        base.removeAll(keepingCapacity: true)
        slots.removeAll(keepingCapacity: true)
        add(labels, .stream)
        base = slots
        baseBytes = bytes.count
    }

    /// Begins with an entry of the stream.
    mutating func begin(metadata: Span<UInt8>) {
        bytes.removeLast(bytes.count - baseBytes)
        slots.removeAll(keepingCapacity: true)
        slots.append(contentsOf: base)
        if !error.isEmpty { clearError() }
        var cursor = LabelCursor()
        while cursor.advance(in: metadata) {
            let name = metadata.extracting(cursor.name)
            if index(of: name) == nil {
                append(name, metadata.extracting(cursor.value), .metadata)
            } else {
                appendExtracted(name, metadata.extracting(cursor.value), .metadata)
            }
        }
    }

    mutating func clearError() {
        error = ""
        errorDetails = ""
    }

    /// The first failure of an entry is the one that is told.
    mutating func fail(_ kind: String, _ details: String) {
        guard error.isEmpty else { return }
        error = kind
        errorDetails = details
    }

    /// Makes labels of the error.
    mutating func showError() {
        let (kind, details) = (Array(error.utf8), Array(errorDetails.utf8))
        let (kindName, detailsName) = (LabelNames.error, LabelNames.errorDetails)
        set(kindName.span, kind.span)
        if !details.isEmpty { set(detailsName.span, details.span) }
    }

    private mutating func add(_ labels: Span<UInt8>, _ category: Category) {
        var cursor = LabelCursor()
        while cursor.advance(in: labels) {
            append(labels.extracting(cursor.name), labels.extracting(cursor.value), category)
        }
    }

    private mutating func append(_ name: Span<UInt8>, _ value: Span<UInt8>, _ category: Category) {
        let start = bytes.count
        bytes.append(name)
        let middle = bytes.count
        bytes.append(value)
        slots.append(Slot(name: start..<middle, value: middle..<bytes.count, category: category, origin: category))
    }

    private mutating func appendExtracted(_ name: Span<UInt8>, _ value: Span<UInt8>, _ category: Category) {
        let start = bytes.count
        bytes.append(name)
        bytes += Self.suffix
        let middle = bytes.count
        bytes.append(value)
        let slot = Slot(name: start..<middle, value: middle..<bytes.count, category: category, origin: category)
        if let known = index(of: bytes.span.extracting(slot.name)) {
            if slots[known].origin == .parsed && slots[known].isLive { return }
            slots[known] = slot
        } else {
            slots.append(slot)
        }
    }

    /// The slot of a name, be it live or not.
    func index(of name: Span<UInt8>) -> Int? {
        let all = bytes.span
        for index in slots.indices {
            let range = slots[index].name
            if range.count == name.count, all.has(name, at: range.lowerBound) { return index }
        }
        return nil
    }

    /// Where in `bytes` the value of a label lies; nil where there is none.
    func value(of name: [UInt8]) -> Range<Int>? {
        guard let index = index(of: name.span), slots[index].isLive else { return nil }
        return slots[index].value
    }

    func text(of name: [UInt8]) -> String? {
        value(of: name).map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    /// What a parser has found. Its first value of a name counts; a name that the stream or the metadata has gets a
    /// suffix.
    mutating func extract(_ name: Span<UInt8>, _ value: Span<UInt8>, wanted: WantedLabels) {
        guard let known = index(of: name) else {
            if wanted.contains(name) { append(name, value, .parsed) }
            return
        }
        if slots[known].origin == .parsed {
            if slots[known].isLive { return }
            slots.remove(at: known)
            append(name, value, .parsed)
        } else if wanted.containsExtracted(name) {
            appendExtracted(name, value, .parsed)
        }
    }

    /// Sets a label whatever there was of its name.
    mutating func set(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        let start = bytes.count
        bytes.append(name)
        let middle = bytes.count
        bytes.append(value)
        var slot = Slot(name: start..<middle, value: middle..<bytes.count, category: .parsed, origin: .parsed)
        if let known = index(of: name) {
            slot.origin = slots[known].origin
            slots[known] = slot
        } else {
            slots.append(slot)
        }
    }

    mutating func remove(at index: Int) { slots[index].isLive = false }

    mutating func remove(_ name: [UInt8]) {
        if let index = index(of: name.span) { slots[index].isLive = false }
    }

    // MARK: sets

    /// Appends the canonical bytes of all labels but those of `without`.
    mutating func appendCanonical(without: [[UInt8]] = [], to output: inout [UInt8]) {
        sortLive()
        for index in order {
            let slot = slots[index]
            if !without.isEmpty, without.contains(where: { $0.elementsEqual(bytes[slot.name]) }) { continue }
            Self.append(bytes.span.extracting(slot.name), bytes.span.extracting(slot.value), to: &output)
        }
    }

    /// Appends the canonical bytes of the labels of one category.
    mutating func appendCanonical(of category: Category, to output: inout [UInt8]) {
        sortLive()
        for index in order where slots[index].category == category {
            Self.append(
                bytes.span.extracting(slots[index].name), bytes.span.extracting(slots[index].value), to: &output)
        }
    }

    /// Appends the canonical bytes of the labels that have one of the names, which are sorted.
    func appendCanonical(by names: [[UInt8]], to output: inout [UInt8]) {
        for name in names {
            guard let value = value(of: name), !value.isEmpty else { continue }
            Self.append(name.span, bytes.span.extracting(value), to: &output)
        }
    }

    static func append(_ name: Span<UInt8>, _ value: Span<UInt8>, to output: inout [UInt8]) {
        output.appendVarint(UInt64(name.count))
        output.append(name)
        output.appendVarint(UInt64(value.count))
        output.append(value)
    }

    /// By insertion: a stream's labels are sorted already.
    private mutating func sortLive() {
        order.removeAll(keepingCapacity: true)
        for index in slots.indices where slots[index].isLive {
            var place = order.count
            order.append(index)
            while place > 0, precedes(index, order[place - 1]) {
                order[place] = order[place - 1]
                place -= 1
            }
            order[place] = index
        }
    }

    private func precedes(_ a: Int, _ b: Int) -> Bool {
        LabelCursor.compare(bytes.span, slots[a].name, bytes.span, slots[b].name) < 0
    }

    /// Whether a label that is there is one of a selection.
    func isSelected(_ index: Int, by selections: [LabelSelection]) -> Bool {
        for selection in selections
        where ByteSearch.equal(selection.nameBytes.span, bytes.span.extracting(slots[index].name)) {
            if selection.matcher?.matches(bytes.span.extracting(slots[index].value)) ?? true { return true }
        }
        return false
    }

    /// All live labels as texts.
    var pairs: [(String, String)] {
        slots.filter(\.isLive).map {
            (String(decoding: bytes[$0.name], as: UTF8.self), String(decoding: bytes[$0.value], as: UTF8.self))
        }
    }
}

/// Which labels anybody will look at behind a parser, so that it leaves the rest where it is.
struct WantedLabels: Sendable {
    /// Nil where all are.
    var names: [[UInt8]]?

    static let all = WantedLabels(names: nil)

    var isEmpty: Bool { names?.isEmpty ?? false }

    func contains(_ name: Span<UInt8>) -> Bool {
        guard let names else { return true }
        return names.contains { ByteSearch.equal($0.span, name) }
    }

    /// Whether the name with the suffix is wanted.
    func containsExtracted(_ name: Span<UInt8>) -> Bool {
        guard let names else { return true }
        let suffix = EntryLabels.suffix
        return names.contains {
            $0.count == name.count + suffix.count && $0.span.has(name, at: 0)
                && $0.span.has(suffix.span, at: name.count)
        }
    }
}
