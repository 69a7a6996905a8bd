import Encoding

/// Splits texts into what lines of one statement have in common and what varies in them: numbers, ids, addresses, and
/// what stands in quotes. Template 0 takes any text whole.
struct TemplateEncoder {
    static let templatesMax = 255
    /// Stands for a variable in the text of a template, and so a text that holds it is taken whole.
    static let gap: UInt8 = 0
    private static let variablesMax = 64
    private static let quotedMax = 1024

    /// Texts of the templates, one after the other, and behind each its end.
    private var templateBytes: [UInt8] = []
    private var templateEnds: [Int] = [0]
    private var counts: [Int] = [0]
    private var ids: [UInt8] = []
    /// Variables of all values, and where those of each begin.
    private var variables: [Slice] = []
    private var firstVariable: [Int] = []
    private var table = [UInt16](repeating: 0, count: 1024)

    init(_ values: Span<Slice>, in text: Span<UInt8>) {
        ids.reserveCapacity(values.count)
        firstVariable.reserveCapacity(values.count)
        var scratch: [UInt8] = []
        for index in values.indices {
            let value = values[index]
            firstVariable.append(variables.count)
            scratch.removeAll(keepingCapacity: true)
            let before = variables.count
            var id = 0
            if split(value, in: text, into: &scratch) { id = find(scratch.span) }
            if id == 0 {
                variables.removeLast(variables.count - before)
                variables.append(value)
            }
            counts[id] += 1
            ids.append(UInt8(id))
        }
    }

    /// Whether most values share their template with others.
    var isWorthwhile: Bool { counts[0] * 2 <= ids.count && (templateEnds.count - 1) * 2 <= ids.count }

    /// False where the value cannot be told as template and variables.
    private mutating func split(_ value: Slice, in text: Span<UInt8>, into scratch: inout [UInt8]) -> Bool {
        let end = Int(value.start + value.count)
        var index = Int(value.start)
        var pieceStart = index
        let before = variables.count
        while index < end {
            let byte = text[index]
            if WordRuns.isWord(byte) {
                let start = index
                var hasDigit = false
                index = WordRuns.end(of: start, in: text, before: end, hasDigit: &hasDigit)
                // Words that a point joins between two digits are one: a fraction, an address, a version.
                while index + 1 < end, text[index] == UInt8(ascii: "."), Self.isDigit(text[index - 1]),
                    Self.isDigit(text[index + 1])
                {
                    hasDigit = true
                    var more = false
                    index = WordRuns.end(of: index + 1, in: text, before: end, hasDigit: &more)
                }
                if hasDigit { take(start..<index, text, &pieceStart, &scratch) }
                continue
            }
            if byte == Self.gap { return false }
            index += 1
            if byte == UInt8(ascii: "\""), let close = Self.quote(text, from: index, to: end) {
                take(index..<close, text, &pieceStart, &scratch)
                index = close + 1
            }
        }
        scratch.append(text.extracting(pieceStart..<end))
        return variables.count - before <= Self.variablesMax
    }

    /// Notes a variable, and what stands before it.
    private mutating func take(
        _ variable: Range<Int>, _ text: Span<UInt8>, _ pieceStart: inout Int, _ scratch: inout [UInt8]
    ) {
        scratch.append(text.extracting(pieceStart..<variable.lowerBound))
        scratch.append(Self.gap)
        variables.append(Slice(start: UInt32(variable.lowerBound), count: UInt32(variable.count)))
        pieceStart = variable.upperBound
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    /// The next quote, if it is near and there is something before it.
    private static func quote(_ text: Span<UInt8>, from start: Int, to end: Int) -> Int? {
        var index = start
        let limit = min(end, start + quotedMax)
        while index < limit {
            if text[index] == UInt8(ascii: "\"") { return index > start ? index : nil }
            index += 1
        }
        return nil
    }

    /// The number of a template; 0 where there is no room for another.
    private mutating func find(_ template: Span<UInt8>) -> Int {
        var place = Int(truncatingIfNeeded: Hash64.of(template) & 1023)
        while table[place] != 0 {
            let known = Int(table[place])
            if ByteSearch.equal(templateBytes.span.extracting(range(known)), template) { return known }
            place = (place + 1) & 1023
        }
        guard templateEnds.count <= Self.templatesMax else { return 0 }
        templateBytes.append(template)
        templateEnds.append(templateBytes.count)
        counts.append(0)
        table[place] = UInt16(templateEnds.count - 1)
        return templateEnds.count - 1
    }

    private func range(_ template: Int) -> Range<Int> { templateEnds[template - 1]..<templateEnds[template] }

    // MARK: writing

    /// Number of templates, their texts, the template of each value, and then for each template a column for each of its
    /// variables; the first of all is that of template 0.
    mutating func encode(
        in text: Span<UInt8>, with encoder: inout ColumnEncoder, depth: Int, to bytes: inout [UInt8]
    ) {
        bytes.appendVarint(UInt64(templateEnds.count - 1))
        for template in 1..<max(templateEnds.count, 1) {
            let literal = templateBytes.span.extracting(range(template))
            bytes.appendVarint(UInt64(literal.count))
            bytes.append(literal)
            encoder.filter.add(literal)
        }
        bytes.append(contentsOf: ids)
        var members = counts.map { count -> [Int32] in
            var members: [Int32] = []
            members.reserveCapacity(count)
            return members
        }
        for (index, id) in ids.enumerated() { members[Int(id)].append(Int32(index)) }
        var column: [Slice] = []
        for (template, members) in members.enumerated() where !members.isEmpty {
            for variable in 0..<variableCount(template) {
                column.removeAll(keepingCapacity: true)
                for member in members { column.append(variables[firstVariable[Int(member)] + variable]) }
                // What no template fits will not fit one at the next level.
                let depth = template == 0 ? ColumnEncoder.depthMax : depth + 1
                _ = encoder.encode(column.span, in: text, depth: depth, to: &bytes)
            }
        }
    }

    private func variableCount(_ template: Int) -> Int {
        guard template > 0 else { return 1 }
        return templateBytes[range(template)].reduce(0) { $0 + ($1 == Self.gap ? 1 : 0) }
    }
}
