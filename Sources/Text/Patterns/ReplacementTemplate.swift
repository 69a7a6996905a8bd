/// A replacement with `$1`, `$name`, `${1}`, `${name}` and `$$`, by the rules of Go's `Regexp.Expand`.
///
/// A name is the longest run of letters, digits and underscores; a group that is unknown or took no part is empty; a
/// `$` that begins none of these forms stands for itself.
package struct ReplacementTemplate: Sendable {
    private enum Part {
        case text([UInt8])
        case group(Int)
    }

    private var parts: [Part] = []
    /// True where the template is only text.
    package private(set) var isConstant = true

    package init(_ template: String, for expression: RegularExpression) {
        var names: [String: [Int]] = [:]
        for (name, group) in expression.groupNames { names[name, default: []].append(group) }
        var text: [UInt8] = []
        var rest = Substring(template)
        while let dollar = rest.firstIndex(of: "$") {
            text += rest[..<dollar].utf8
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                rest.removeFirst()
                text.append(UInt8(ascii: "$"))
            } else if let name = Self.takeName(&rest) {
                if !text.isEmpty { parts.append(.text(text)) }
                text = []
                parts += Self.groups(name, names, expression.groupCount).map(Part.group)
                isConstant = false
            } else {
                text.append(UInt8(ascii: "$"))
            }
        }
        text += rest.utf8
        if !text.isEmpty { parts.append(.text(text)) }
    }

    /// Appends the replacement for one match in `text`.
    package func expand(_ captures: CaptureRanges, in text: Span<UInt8>, into output: inout [UInt8]) {
        for part in parts {
            switch part {
            case .text(let bytes): output += bytes
            case .group(let group):
                guard let range = captures[group] else { continue }
                for index in range { output.append(text[index]) }
            }
        }
    }

    private static func takeName(_ rest: inout Substring) -> Substring? {
        let isBraced = rest.first == "{"
        let body = isBraced ? rest.dropFirst() : rest
        let name = body.prefix { $0 == "_" || $0.isLetter || $0.isNumber }
        let tail = body[name.endIndex...]
        guard !name.isEmpty, !isBraced || tail.first == "}" else { return nil }
        rest = isBraced ? tail.dropFirst() : tail
        return name
    }

    /// A number without leading zeros is a group's index, anything else a name. Several groups may share a name: the
    /// one that took part fills the place.
    private static func groups(_ name: Substring, _ names: [String: [Int]], _ count: Int) -> [Int] {
        let isNumber = name.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        if isNumber, name == "0" || name.first != "0" {
            return Int(name).flatMap { $0 <= count ? [$0] : nil } ?? []
        }
        return names[String(name)] ?? []
    }
}
