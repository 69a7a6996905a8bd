import Model
import Storage

/// The order of an instant query's result. A range query's result is ordered by labels, whatever is asked.
enum SortFunctions {
    static let all: [FunctionDefinition] = [
        FunctionDefinition("sort", [.vector], .vector { (call) throws(QueryError) in byValue(&call, ascends: true) }),
        FunctionDefinition(
            "sort_desc", [.vector], .vector { (call) throws(QueryError) in byValue(&call, ascends: false) }),
        FunctionDefinition(
            "sort_by_label", [.vector, .string], variadic: -1, isExperimental: true,
            .vector { (call) throws(QueryError) in byLabel(&call, ascends: true) }),
        FunctionDefinition(
            "sort_by_label_desc", [.vector, .string], variadic: -1, isExperimental: true,
            .vector { (call) throws(QueryError) in byLabel(&call, ascends: false) }),
    ]

    private static func noteRange(_ call: inout VectorCall) {
        if call.grid.count > 1 { call.annotations.add(.sortInRange(call.position)) }
    }

    /// NaN comes last either way; histograms have no order and go.
    private static func byValue(_ call: inout VectorCall, ascends: Bool) -> Frame {
        noteRange(&call)
        var frame = call.frame(0)
        frame.histograms.removeAll()
        frame = frame.withoutEmptyRows()
        guard frame.grid.count == 1 else { return frame }
        let order = (0..<frame.count).sorted { a, b in
            let left = frame.values[a]
            let right = frame.values[b]
            if left.isNaN || right.isNaN { return !left.isNaN && right.isNaN }
            return ascends ? left < right : left > right
        }
        return frame.selecting(order)
    }

    private static func byLabel(_ call: inout VectorCall, ascends: Bool) -> Frame {
        noteRange(&call)
        let frame = call.frame(0)
        guard frame.grid.count == 1 else { return frame }
        let names = (1..<call.arguments.count).map(call.string)
        let labels = (0..<frame.count).map(frame.labels.labels)
        let order = (0..<frame.count).sorted { a, b in
            for name in names {
                let left = labels[a][name]
                let right = labels[b][name]
                if left != right { return NaturalOrder.isLess(left, right) == ascends }
            }
            return labels[a] != labels[b] && (labels[a] < labels[b]) == ascends
        }
        return frame.selecting(order)
    }
}

/// Texts in the order in which people count: `node2` before `node10`.
enum NaturalOrder {
    static func isLess(_ a: String, _ b: String) -> Bool {
        let left = parts(a)
        let right = parts(b)
        for (x, y) in zip(left, right) where x != y {
            if let x = Int(String(decoding: x, as: UTF8.self)), let y = Int(String(decoding: y, as: UTF8.self)) {
                if x == y { continue }
                return x < y
            }
            return x.lexicographicallyPrecedes(y)
        }
        return left.count < right.count
    }

    /// Runs of digits and runs of anything else.
    private static func parts(_ text: String) -> [ArraySlice<UInt8>] {
        var parts: [ArraySlice<UInt8>] = []
        var rest = Array(text.utf8)[...]
        while let first = rest.first {
            let isNumber = Lexer.isDigit(first)
            let part = rest.prefix { Lexer.isDigit($0) == isNumber }
            parts.append(part)
            rest = rest.dropFirst(part.count)
        }
        return parts
    }
}
