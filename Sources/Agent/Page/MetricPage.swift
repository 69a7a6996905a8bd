import Encoding

/// What one collector shows: metric families in Prometheus' text format 0.0.4, each with its samples together whatever
/// order they came in. Its memory is used again from scrape to scrape, and so are the families' numbers.
package struct MetricPage {
    package enum Kind: String {
        case counter, gauge, untyped, histogram, summary
    }

    /// A family that was declared. Numbers stay valid for the life of the page.
    package struct Family {
        fileprivate let index: Int
    }

    /// Name and label value that stand beside a value.
    package typealias Label = (name: String, value: String)

    private struct Entry {
        let name: [UInt8]
        /// The lines that explain the family.
        let head: [UInt8]
        var samples: [UInt8] = []
    }

    private var entries: [Entry] = []
    private var byName: [String: Int] = [:]
    /// `{a="b"` of the labels that every sample has; empty where there are none.
    private let constant: [UInt8]

    /// - Parameter labels: of every sample of the page.
    package init(labels: [Label] = []) {
        var constant: [UInt8] = []
        for (index, label) in labels.enumerated() {
            Self.append(label.name, label.value, first: index == 0, to: &constant)
        }
        self.constant = constant
    }

    /// The family of this name, which is declared with the first call. The first kind and help stay.
    package mutating func family(_ name: String, _ kind: Kind, _ help: String) -> Family {
        if let index = byName[name] { return Family(index: index) }
        var head = Array("# HELP \(name) ".utf8)
        Self.append(help, escapingQuotes: false, to: &head)
        head.append(contentsOf: "\n# TYPE \(name) \(kind.rawValue)\n".utf8)
        byName[name] = entries.count
        entries.append(Entry(name: Array(name.utf8), head: head))
        return Family(index: entries.count - 1)
    }

    package mutating func add(_ family: Family, _ value: Double) {
        write(family, value) { _, _ in }
    }

    package mutating func add(_ family: Family, _ value: Double, _ name: String, _ label: String) {
        write(family, value) { line, isFirst in
            Self.append(name, label, first: isFirst, to: &line)
        }
    }

    package mutating func add(
        _ family: Family, _ value: Double, _ name: String, _ label: String, _ name2: String, _ label2: String
    ) {
        write(family, value) { line, isFirst in
            Self.append(name, label, first: isFirst, to: &line)
            Self.append(name2, label2, first: false, to: &line)
        }
    }

    package mutating func add(_ family: Family, _ value: Double, _ labels: [Label]) {
        write(family, value) { line, isFirst in
            for (index, label) in labels.enumerated() {
                Self.append(label.name, label.value, first: index == 0 && isFirst, to: &line)
            }
        }
    }

    /// Adds whole lines as they are, each with its end: samples that somebody else has written.
    package mutating func addLines(_ family: Family, _ lines: some Collection<UInt8>) {
        entries[family.index].samples.append(contentsOf: lines)
    }

    /// Declares and adds in one step: for names that the system decides.
    package mutating func add(
        _ name: String, _ kind: Kind, _ help: String, _ value: Double, _ labels: [Label] = []
    ) {
        add(family(name, kind, help), value, labels)
    }

    /// Forgets the samples; families and memory stay.
    package mutating func clear() {
        for index in entries.indices { entries[index].samples.removeAll(keepingCapacity: true) }
    }

    /// Appends every family that has samples.
    package func append(to output: inout [UInt8]) {
        for entry in entries where !entry.samples.isEmpty {
            output.append(contentsOf: entry.head)
            output.append(contentsOf: entry.samples)
        }
    }

    /// Appends several pages as one: the samples of a family stand together.
    static func append(_ pages: [MetricPage], to output: inout [UInt8]) {
        guard pages.count > 1 else {
            pages.first?.append(to: &output)
            return
        }
        var done: Set<[UInt8]> = []
        for entry in pages.flatMap(\.entries) where !entry.samples.isEmpty && done.insert(entry.name).inserted {
            output.append(contentsOf: entry.head)
            for page in pages {
                for other in page.entries where other.name == entry.name { output.append(contentsOf: other.samples) }
            }
        }
    }

    @inline(__always)
    private mutating func write(_ family: Family, _ value: Double, _ labels: (inout [UInt8], Bool) -> Void) {
        entries[family.index].samples.append(contentsOf: entries[family.index].name)
        let before = entries[family.index].samples.count
        entries[family.index].samples.append(contentsOf: constant)
        labels(&entries[family.index].samples, constant.isEmpty)
        if entries[family.index].samples.count > before { entries[family.index].samples.append(UInt8(ascii: "}")) }
        entries[family.index].samples.append(UInt8(ascii: " "))
        Self.append(value, to: &entries[family.index].samples)
        entries[family.index].samples.append(UInt8(ascii: "\n"))
    }

    private static func append(_ name: String, _ value: String, first: Bool, to line: inout [UInt8]) {
        line.append(first ? UInt8(ascii: "{") : UInt8(ascii: ","))
        line.append(contentsOf: name.utf8)
        line.append(UInt8(ascii: "="))
        line.append(UInt8(ascii: "\""))
        append(value, escapingQuotes: true, to: &line)
        line.append(UInt8(ascii: "\""))
    }

    private static func append(_ text: String, escapingQuotes: Bool, to line: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""):
                if escapingQuotes { line.append(UInt8(ascii: "\\")) }
                line.append(byte)
            case UInt8(ascii: "\\"):
                line.append(byte)
                line.append(byte)
            case UInt8(ascii: "\n"):
                line.append(UInt8(ascii: "\\"))
                line.append(UInt8(ascii: "n"))
            default:
                line.append(byte)
            }
        }
    }

    /// Whole numbers are by far the most, and are written without a String.
    private static func append(_ value: Double, to line: inout [UInt8]) {
        guard value.magnitude < 9e15, value == value.rounded(.towardZero), value.sign == .plus else {
            line.append(contentsOf: FloatText.sample(value).utf8)
            return
        }
        var rest = UInt64(value)
        let start = line.count
        repeat {
            line.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        line[start...].reverse()
    }
}
