import Encoding

/// A command line cut into values of flags and operands, each still text.
struct ParsedLine: Equatable {
    struct Value: Equatable {
        /// Of the flag in the command's list.
        var index: Int
        var text: String
    }

    /// In the order in which they take effect: from the environment first.
    var values: [Value] = []
    var operands: [String] = []
}

extension Command {
    /// Takes `--flag value`, `--flag=value`, `-f value`, `-fvalue`, switches together as `-ab`, and `--` before operands
    /// that begin with a dash. Of a flag that comes twice the last one counts.
    func parse(_ arguments: [String], environment: (String) -> String?) throws(UsageError) -> ParsedLine {
        var line = ParsedLine()
        for (index, flag) in flags.enumerated() {
            if let name = flag.environment, let text = environment(name), !text.isEmpty {
                line.values.append(.init(index: index, text: text))
            }
        }
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                line.operands += rest
                break
            } else if argument.hasPrefix("--") {
                line.values.append(try long(argument.dropFirst(2), &rest))
            } else if argument.hasPrefix("-"), argument != "-" {
                line.values += try shorts(argument.dropFirst(), &rest)
            } else {
                line.operands.append(argument)
            }
        }
        try checkCount(line.operands)
        return line
    }

    private func long(_ text: Substring, _ rest: inout ArraySlice<String>) throws(UsageError) -> ParsedLine.Value {
        let name = text.prefix { $0 != "=" }
        guard let index = flags.firstIndex(where: { $0.name == name }) else { throw unknown("--\(name)") }
        let inline = name.endIndex == text.endIndex ? nil : String(text[name.endIndex...].dropFirst())
        return .init(index: index, text: try value(of: flags[index], inline, &rest))
    }

    private func shorts(
        _ text: Substring, _ rest: inout ArraySlice<String>
    ) throws(UsageError) -> [ParsedLine.Value] {
        var values: [ParsedLine.Value] = []
        var letters = text
        while let letter = letters.popFirst() {
            guard let index = flags.firstIndex(where: { $0.short == letter }) else { throw unknown("-\(text)") }
            guard flags[index].value != nil else {
                values.append(.init(index: index, text: ""))
                continue
            }
            let inline = letters.isEmpty ? nil : String(letters)
            return values + [.init(index: index, text: try value(of: flags[index], inline, &rest))]
        }
        return values
    }

    private func value(
        of flag: Flag, _ inline: String?, _ rest: inout ArraySlice<String>
    ) throws(UsageError) -> String {
        guard flag.value != nil else {
            guard inline == nil else { throw UsageError("--\(flag.name) takes no value") }
            return ""
        }
        guard let text = inline ?? rest.popFirst() else {
            throw UsageError("--\(flag.name) needs a value: \(flag.spelling)")
        }
        return text
    }

    private func unknown(_ written: String) -> UsageError {
        let nearest = NearestWord.of(String(written.drop { $0 == "-" }), among: flags.map(\.name) + ["help"])
        let hint = nearest.map { "; did you mean --\($0)?" } ?? ""
        return UsageError("unknown flag \(written)\(hint)")
    }

    private func checkCount(_ found: [String]) throws(UsageError) {
        guard let operands else {
            guard let first = found.first else { return }
            throw UsageError("takes no argument, and '\(first)' is one")
        }
        if found.count < operands.count.lowerBound { throw UsageError("needs \(operands.spelling): \(operands.doc)") }
        if found.count > operands.count.upperBound {
            throw UsageError("'\(found[operands.count.upperBound])' is one argument too many")
        }
    }
}
