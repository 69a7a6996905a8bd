import Encoding

/// What templates compute with. The names of types are those of Go, because errors and `%T` show them.
package enum TemplateValue: Sendable {
    /// Go's nil, and what a missing key of a map of anything is.
    case nothing
    case bool(Bool)
    case int(Int)
    case float(Double)
    case string(String)
    /// Text that is HTML already, and is not escaped again.
    case markup(String)
    case list(TemplateList)
    indirect case map(TemplateMap)
    case record(TemplateRecord)
    case object(any TemplateObject)
}

/// A slice.
package struct TemplateList: Sendable {
    package var elements: [TemplateValue]
    package var typeName: String

    package init(_ elements: [TemplateValue], typeName: String = "[]interface {}") {
        self.elements = elements
        self.typeName = typeName
    }
}

/// A map with texts as keys, walked in the order of its keys.
package struct TemplateMap: Sendable {
    package let entries: [(key: String, value: TemplateValue)]
    package let typeName: String
    /// What a key that is not there has.
    package let missing: TemplateValue

    /// A map of texts, where a missing key is an empty text.
    package init(texts: [(String, String)]) {
        entries = Self.sorted(texts.map { ($0.0, .string($0.1)) })
        typeName = "map[string]string"
        missing = .string("")
    }

    /// A map of anything, where a missing key has no value.
    package init(_ entries: [(String, TemplateValue)]) {
        self.entries = Self.sorted(entries)
        typeName = "map[string]interface {}"
        missing = .nothing
    }

    package subscript(key: String) -> TemplateValue? {
        entries.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
    }

    private static func sorted(_ entries: [(String, TemplateValue)]) -> [(key: String, value: TemplateValue)] {
        entries.map { (key: $0.0, value: $0.1) }
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }
}

/// A structure: a field that it does not have is an error.
package struct TemplateRecord: Sendable {
    package let typeName: String
    package let fields: [(name: String, value: TemplateValue)]

    package init(_ typeName: String, _ fields: [(name: String, value: TemplateValue)]) {
        self.typeName = typeName
        self.fields = fields
    }

    package subscript(name: String) -> TemplateValue? { fields.first { $0.name == name }?.value }
}

/// A value with methods, such as a time.
package protocol TemplateObject: Sendable {
    var typeName: String { get }
    /// What is printed, walked over, indexed and compared.
    var value: TemplateValue { get }
    /// The result of a method; nil where there is none of that name.
    func call(_ method: String, _ arguments: [TemplateValue]) throws(TemplateFailure) -> TemplateValue?
}

extension TemplateObject {
    /// Refuses a call with another number of arguments than the method takes.
    package func expect(_ count: Int, _ arguments: [TemplateValue], _ method: String) throws(TemplateFailure) {
        guard arguments.count != count else { return }
        throw TemplateFailure("wrong number of args for \(method): want \(count) got \(arguments.count)")
    }
}

extension TemplateValue {
    package static func texts(_ texts: [String]) -> TemplateValue {
        .list(TemplateList(texts.map(TemplateValue.string), typeName: "[]string"))
    }

    package static func list(_ elements: [TemplateValue]) -> TemplateValue { .list(TemplateList(elements)) }

    /// Go's name of the type.
    package var typeName: String {
        switch self {
        case .nothing: "<nil>"
        case .bool: "bool"
        case .int: "int"
        case .float: "float64"
        case .string: "string"
        case .markup: "template.HTML"
        case .list(let list): list.typeName
        case .map(let map): map.typeName
        case .record(let record): record.typeName
        case .object(let object): object.typeName
        }
    }

    /// What `if`, `with`, `and`, `or` and `not` go by: everything is true but zero, nil and what is empty.
    package var isTrue: Bool {
        switch self {
        case .nothing: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .float(let value): value != 0
        case .string(let text), .markup(let text): !text.isEmpty
        case .list(let list): !list.elements.isEmpty
        case .map(let map): !map.entries.isEmpty
        case .record: true
        case .object(let object): object.value.isTrue
        }
    }

    /// Without the methods.
    package var plain: TemplateValue {
        if case .object(let object) = self { object.value.plain } else { self }
    }

    package var text: String? {
        switch plain {
        case .string(let text), .markup(let text): text
        default: nil
        }
    }

    package var elements: [TemplateValue]? {
        if case .list(let list) = plain { list.elements } else { nil }
    }

    /// As an action prints it: Go's `%v`, with `<no value>` for nothing.
    package var printed: String {
        if case .nothing = self { return "<no value>" }
        return inner
    }

    /// `%v`, where nothing is `<nil>`.
    var inner: String {
        switch self {
        case .nothing: "<nil>"
        case .bool(let value): value ? "true" : "false"
        case .int(let value): String(value)
        case .float(let value): FloatText.general(value)
        case .string(let text), .markup(let text): text
        case .list(let list): "[\(list.elements.map(\.inner).joined(separator: " "))]"
        case .map(let map): "map[\(map.entries.map { "\($0.key):\($0.value.inner)" }.joined(separator: " "))]"
        case .record(let record): "{\(record.fields.map(\.value.inner).joined(separator: " "))}"
        case .object(let object): object.value.inner
        }
    }
}
