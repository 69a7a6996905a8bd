/// A function that templates may call.
package struct TemplateFunction: Sendable {
    /// What an argument has to be.
    package enum Parameter: Sendable {
        case any
        case string
        case int
        case list
    }

    package typealias Body = @Sendable ([TemplateValue]) throws(TemplateFailure) -> TemplateValue
    /// Carries out the template of this name.
    package typealias Calling = (String, TemplateValue) throws(TemplateFailure) -> String

    package let name: String
    let parameters: [Parameter]
    /// What each further argument has to be; nil where there may be none.
    let rest: Parameter?
    let body: @Sendable ([TemplateValue], Calling) throws(TemplateFailure) -> TemplateValue

    package init(
        _ name: String, _ parameters: [Parameter], rest: Parameter? = nil, _ body: @escaping Body
    ) {
        self.init(calling: name, parameters, rest: rest) { (arguments, _) throws(TemplateFailure) in
            try body(arguments)
        }
    }

    /// A function that carries out templates.
    package init(
        calling name: String, _ parameters: [Parameter], rest: Parameter? = nil,
        _ body: @escaping @Sendable ([TemplateValue], Calling) throws(TemplateFailure) -> TemplateValue
    ) {
        self.name = name
        self.parameters = parameters
        self.rest = rest
        self.body = body
    }

    /// Nil where this number of arguments is right.
    func refusal(ofCount count: Int) -> String? {
        if rest != nil {
            if count >= parameters.count { return nil }
            return "wrong number of args for \(name): want at least \(parameters.count) got \(count)"
        }
        return count == parameters.count
            ? nil : "wrong number of args for \(name): want \(parameters.count) got \(count)"
    }

    func parameter(_ place: Int) -> Parameter { place < parameters.count ? parameters[place] : rest ?? .any }
}

extension TemplateFunction.Parameter {
    /// The argument as the function takes it.
    func taken(_ value: TemplateValue) throws(TemplateFailure) -> TemplateValue {
        let plain = value.plain
        switch (self, plain) {
        case (.any, _), (.string, .string), (.int, .int), (.list, .list): return self == .any ? value : plain
        case (.string, .markup(let text)): return .string(text)
        case (_, .nothing): throw TemplateFailure("invalid value; expected \(name)")
        default: throw TemplateFailure("wrong type for value; expected \(name); got \(value.typeName)")
        }
    }

    private var name: String {
        switch self {
        case .any: "interface {}"
        case .string: "string"
        case .int: "int"
        case .list: "[]string"
        }
    }
}
