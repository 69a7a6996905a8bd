/// Templates that can call each other, with the functions that they may use.
package struct TemplateSet: Sendable {
    /// Bounds of one execution; a template is what a user wrote, and data what anybody sent.
    package struct Limits: Sendable {
        package var outputBytesMax = 4 << 20
        /// Nodes carried out and operands looked at.
        package var stepsMax = 2_000_000
        /// Templates that call templates.
        package var depthMax = 100

        package init() {}
    }

    package var limits = Limits()
    private let functions: [String: TemplateFunction]
    private var definitions: [String: TemplateDefinition] = [:]

    /// - Parameter functions: beside those of the language, which they may replace.
    package init(functions: [TemplateFunction]) {
        var table: [String: TemplateFunction] = [:]
        for function in BuiltinFunctions.all + functions { table[function.name] = function }
        self.functions = table
    }

    package func contains(_ name: String) -> Bool { definitions[name] != nil }

    /// Takes a text and what it defines. A definition replaces an earlier one of its name, unless it is empty.
    ///
    /// - Parameter variables: what the text may name besides `$`, without the dollar.
    package mutating func add(
        _ text: String, named name: String, variables: [String] = []
    ) throws(TemplateError) {
        var parser = try TemplateParser(
            text, name: name, functions: Set(functions.keys.map(\.self)).union(["and", "or"]),
            variables: variables.map { "$" + $0 })
        for definition in try parser.parse() {
            if definition.isEmpty, definitions[definition.name] != nil { continue }
            definitions[definition.name] = definition
        }
    }

    /// What the template of this name gives for `data`.
    ///
    /// - Parameters:
    ///   - variables: their values, by the names that were given to `add`.
    ///   - escaping: whether what actions print is made safe for the place in the HTML where it stands.
    package func execute(
        _ name: String, _ data: TemplateValue, variables: [(name: String, value: TemplateValue)] = [],
        escaping: TemplateEscaping = .none
    ) throws(TemplateError) -> String {
        guard let definition = definitions[name] else {
            throw TemplateError(
                template: name, place: TemplatePlace(offset: 0, in: []),
                what: "no template \(GoQuote.quoted(name)) associated with template \(GoQuote.quoted(name))")
        }
        var run = TemplateRun(definitions: definitions, functions: functions, limits: limits, escaping: escaping)
        return try run.output(of: definition, data, variables: variables.map { ("$" + $0.name, $0.value) })
    }

    /// Reads and carries out a text that is used once.
    package func render(
        _ text: String, named name: String, _ data: TemplateValue,
        variables: [(name: String, value: TemplateValue)] = [], escaping: TemplateEscaping = .none
    ) throws(TemplateError) -> String {
        var copy = self
        try copy.add(text, named: name, variables: variables.map(\.name))
        return try copy.execute(name, data, variables: variables, escaping: escaping)
    }
}

package enum TemplateEscaping: Sendable {
    case none
    case html
}
