import Encoding

/// What lines have in common once words with digits are taken out, and how often each such pattern came.
package struct LinePatterns {
    package struct Pattern: Sendable {
        package var text: String
        package var total: Int
        /// By start of the step, sorted.
        package var counts: [(ns: Int64, count: Int)]
    }

    private let stepNs: Int64
    private var counts: [String: [Int64: Int]] = [:]
    /// More are not kept.
    private static let patternsMax = 5000
    private static let mask = "<_>"

    package init(stepNs: Int64) { self.stepNs = max(1, stepNs) }

    package mutating func add(_ line: ResultLine) {
        let text = Self.pattern(of: line.line)
        guard counts[text] != nil || counts.count < Self.patternsMax else { return }
        let step = line.timestampNs - (line.timestampNs % stepNs + stepNs) % stepNs
        counts[text, default: [:]][step, default: 0] += 1
    }

    /// The most frequent first.
    package func frequent(_ limit: Int) -> [Pattern] {
        let all = counts.map { text, steps in
            Pattern(
                text: text, total: steps.values.reduce(0, +),
                counts: steps.sorted { $0.key < $1.key }.map { (ns: $0.key, count: $0.value) })
        }
        return Array(all.sorted { ($1.total, $0.text) < ($0.total, $1.text) }.prefix(limit))
    }

    /// Words that hold a digit become `<_>`; runs of them with one sign between are one.
    static func pattern(of line: [UInt8]) -> String {
        var output: [UInt8] = []
        var at = 0
        WordRuns.forEach(in: line.span) { run, hasDigit in
            output += line[at..<run.lowerBound]
            at = run.upperBound
            if !hasDigit {
                output += line[run]
            } else if let last = output.last, ".:-_/".utf8.contains(last), output.dropLast().hasSuffix(mask) {
                output.removeLast()
            } else {
                output += mask.utf8
            }
        }
        return String(decoding: output + line[at...], as: UTF8.self)
    }
}

extension ArraySlice<UInt8> {
    fileprivate func hasSuffix(_ text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
