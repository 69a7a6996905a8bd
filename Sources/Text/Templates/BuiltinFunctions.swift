import Encoding

/// The functions of the language itself, but `and` and `or`, which do not look at all of their arguments.
enum BuiltinFunctions {
    static let all: [TemplateFunction] =
        comparisons + [not, index, slice, len, call, print, println, printf, html, js, urlquery]

    private static let not = TemplateFunction("not", [.any]) { .bool(!$0[0].isTrue) }

    private static let print = TemplateFunction("print", [], rest: .any) { .string(GoFormat.print($0)) }

    private static let println = TemplateFunction("println", [], rest: .any) {
        .string($0.map(\.inner).joined(separator: " ") + "\n")
    }

    private static let printf = TemplateFunction("printf", [.string], rest: .any) {
        .string(GoFormat.format($0[0].text ?? "", Array($0.dropFirst())))
    }

    private static let html = TemplateFunction("html", [], rest: .any) {
        .string(TextEscapes.html(GoFormat.print($0)))
    }

    private static let js = TemplateFunction("js", [], rest: .any) {
        .string(TextEscapes.javaScript(GoFormat.print($0)))
    }

    private static let urlquery = TemplateFunction("urlquery", [], rest: .any) {
        .string(TextEscapes.query(GoFormat.print($0)))
    }

    private static let call = TemplateFunction("call", [.any], rest: .any) { (arguments) throws(TemplateFailure) in
        if case .nothing = arguments[0] { throw TemplateFailure("call of nil") }
        throw TemplateFailure("non-function of type \(arguments[0].typeName)")
    }

    private static let len = TemplateFunction("len", [.any]) { (arguments) throws(TemplateFailure) in
        switch arguments[0].plain {
        case .nothing: throw TemplateFailure("len of nil pointer")
        case .string(let text), .markup(let text): return .int(text.utf8.count)
        case .list(let list): return .int(list.elements.count)
        case .map(let map): return .int(map.entries.count)
        default: throw TemplateFailure("len of type \(arguments[0].typeName)")
        }
    }

    private static let index = TemplateFunction("index", [.any], rest: .any) { (arguments) throws(TemplateFailure) in
        var item = arguments[0]
        if case .nothing = item { throw TemplateFailure("index of untyped nil") }
        for key in arguments.dropFirst() { item = try element(of: item, key) }
        return item
    }

    private static func element(
        of item: TemplateValue, _ key: TemplateValue
    ) throws(TemplateFailure) -> TemplateValue {
        switch item.plain {
        case .list(let list): return list.elements[try place(key, below: list.elements.count)]
        case .string(let text):
            let bytes = Array(text.utf8)
            return .int(Int(bytes[try place(key, below: bytes.count)]))
        case .map(let map):
            guard let name = key.text else {
                throw TemplateFailure("value has type \(key.typeName); should be string")
            }
            return map[name] ?? map.missing
        case .nothing: throw TemplateFailure("index of nil pointer")
        default: throw TemplateFailure("can't index item of type \(item.typeName)")
        }
    }

    private static func place(_ key: TemplateValue, below count: Int) throws(TemplateFailure) -> Int {
        switch key.plain {
        case .int(let place):
            guard place >= 0, place < count else { throw TemplateFailure("index out of range: \(place)") }
            return place
        case .nothing: throw TemplateFailure("cannot index slice/array with nil")
        default: throw TemplateFailure("cannot index slice/array with type \(key.typeName)")
        }
    }

    private static let slice = TemplateFunction("slice", [.any], rest: .any) { (arguments) throws(TemplateFailure) in
        let item = arguments[0]
        guard arguments.count <= 4 else {
            throw TemplateFailure("too many slice indexes: \(arguments.count - 1)")
        }
        switch item.plain {
        case .nothing: throw TemplateFailure("slice of untyped nil")
        case .string(let text), .markup(let text):
            if arguments.count == 4 { throw TemplateFailure("cannot 3-index slice a string") }
            let bytes = Array(text.utf8)
            let range = try range(arguments.dropFirst(), in: bytes.count)
            return .string(String(decoding: bytes[range], as: UTF8.self))
        case .list(let list):
            let range = try range(arguments.dropFirst(), in: list.elements.count)
            return .list(TemplateList(Array(list.elements[range]), typeName: list.typeName))
        default: throw TemplateFailure("can't slice item of type \(item.typeName)")
        }
    }

    private static func range(
        _ keys: ArraySlice<TemplateValue>, in count: Int
    ) throws(TemplateFailure) -> Range<Int> {
        var bounds: [Int] = []
        for key in keys { bounds.append(try place(key, below: count + 1)) }
        let (start, end) = (bounds.first ?? 0, bounds.count > 1 ? bounds[1] : count)
        guard start <= end else { throw TemplateFailure("invalid slice index: \(start) > \(end)") }
        if bounds.count == 3, end > bounds[2] {
            throw TemplateFailure("invalid slice index: \(end) > \(bounds[2])")
        }
        return start..<end
    }
}

/// Comparisons: values of one kind only, and whole numbers are another kind than floats.
extension BuiltinFunctions {
    private static let comparisons: [TemplateFunction] = [
        TemplateFunction("eq", [.any], rest: .any) { (arguments) throws(TemplateFailure) in
            guard arguments.count > 1 else { throw TemplateFailure("missing argument for comparison") }
            for other in arguments.dropFirst() where try areEqual(arguments[0], other) { return .bool(true) }
            return .bool(false)
        },
        TemplateFunction("ne", [.any, .any]) { (arguments) throws(TemplateFailure) in
            .bool(try !areEqual(arguments[0], arguments[1]))
        },
        TemplateFunction("lt", [.any, .any]) { (arguments) throws(TemplateFailure) in
            .bool(try isLess(arguments[0], arguments[1]))
        },
        TemplateFunction("le", [.any, .any]) { (arguments) throws(TemplateFailure) in
            .bool(try isLessOrEqual(arguments[0], arguments[1]))
        },
        TemplateFunction("gt", [.any, .any]) { (arguments) throws(TemplateFailure) in
            .bool(try !isLessOrEqual(arguments[0], arguments[1]))
        },
        TemplateFunction("ge", [.any, .any]) { (arguments) throws(TemplateFailure) in
            .bool(try !isLess(arguments[0], arguments[1]))
        },
    ]

    private static let incompatible = TemplateFailure("incompatible types for comparison")

    private static func areEqual(_ a: TemplateValue, _ b: TemplateValue) throws(TemplateFailure) -> Bool {
        switch (a.plain, b.plain) {
        case (.nothing, .nothing): return true
        case (.nothing, _), (_, .nothing): return false
        case (.bool(let a), .bool(let b)): return a == b
        case (.int(let a), .int(let b)): return a == b
        case (.float(let a), .float(let b)): return a == b
        case (let a, let b):
            if let a = a.text, let b = b.text { return a == b }
            switch (a, b) {
            case (.list, _), (.map, _): throw TemplateFailure("non-comparable type \(a.typeName): \(a.inner)")
            default: throw incompatible
            }
        }
    }

    private static func isLessOrEqual(_ a: TemplateValue, _ b: TemplateValue) throws(TemplateFailure) -> Bool {
        if try isLess(a, b) { return true }
        return try areEqual(a, b)
    }

    private static func isLess(_ a: TemplateValue, _ b: TemplateValue) throws(TemplateFailure) -> Bool {
        switch (a.plain, b.plain) {
        case (.int(let a), .int(let b)): return a < b
        case (.float(let a), .float(let b)): return a < b
        case (.bool, .bool), (.list, _), (.map, _), (.record, _), (.nothing, _):
            throw TemplateFailure("invalid type for comparison")
        case (let a, let b):
            guard let a = a.text, let b = b.text else { throw incompatible }
            return a.utf8.lexicographicallyPrecedes(b.utf8)
        }
    }
}
