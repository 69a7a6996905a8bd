/// One execution of a template.
struct TemplateRun {
    /// How a list of nodes ended.
    private enum Outcome {
        case done, leftLoop, nextRound
    }

    private let definitions: [String: TemplateDefinition]
    let functions: [String: TemplateFunction]
    private let limits: TemplateSet.Limits
    private let escaping: TemplateEscaping
    private var html = HTMLContext()
    private var output = ""
    private var steps = 0
    private var depth = 0
    /// The definition that is carried out, for errors.
    private(set) var definition: TemplateDefinition
    private var variables: [(name: String, value: TemplateValue)] = []

    init(
        definitions: [String: TemplateDefinition], functions: [String: TemplateFunction], limits: TemplateSet.Limits,
        escaping: TemplateEscaping
    ) {
        self.definitions = definitions
        self.functions = functions
        self.limits = limits
        self.escaping = escaping
        definition = TemplateDefinition(name: "", source: "", text: [], nodes: [])
    }

    mutating func output(
        of definition: TemplateDefinition, _ data: TemplateValue, variables: [(String, TemplateValue)]
    ) throws(TemplateError) -> String {
        self.definition = definition
        self.variables = [("$", data)] + variables.map { (name: $0.0, value: $0.1) }
        _ = try walk(definition.nodes, data)
        return output
    }

    func error(_ what: String, at spot: TemplateSpot) -> TemplateError {
        definition.error("executing \(GoQuote.quoted(definition.name)) at <\(spot.source)>: \(what)", at: spot.offset)
    }

    /// Counts a step of work.
    mutating func step(at spot: TemplateSpot) throws(TemplateError) {
        steps += 1
        guard steps <= limits.stepsMax else {
            throw error("the template takes more than \(limits.stepsMax) steps", at: spot)
        }
    }

    private mutating func write(_ text: String, at spot: TemplateSpot?) throws(TemplateError) {
        output += text
        guard output.utf8.count <= limits.outputBytesMax else {
            throw error(
                "the output has more than \(limits.outputBytesMax) bytes",
                at: spot ?? TemplateSpot(offset: 0, source: definition.name))
        }
    }
}

/// Statements.
extension TemplateRun {
    private mutating func walk(_ nodes: [TemplateNode], _ dot: TemplateValue) throws(TemplateError) -> Outcome {
        for node in nodes {
            switch node {
            case .text(let text):
                if escaping == .html { html.feed(text) }
                try write(text, at: nil)
            case .action(let pipeline):
                try step(at: pipeline.spot)
                let value = try value(of: pipeline, dot)
                if pipeline.variables.isEmpty { try print(value, at: pipeline.spot) }
            case .branch(let branch):
                try step(at: branch.spot)
                let outcome = try walk(branch, dot)
                if outcome != .done { return outcome }
            case .template(let name, let pipeline, let spot): try call(name, pipeline, spot, dot)
            case .leaveLoop(let isBreak): return isBreak ? .leftLoop : .nextRound
            }
        }
        return .done
    }

    private mutating func print(_ value: TemplateValue, at spot: TemplateSpot) throws(TemplateError) {
        guard escaping == .html else { return try write(value.printed, at: spot) }
        let text = html.escaped(value)
        html.feed(text)
        try write(text, at: spot)
    }

    private mutating func walk(_ branch: TemplateBranch, _ dot: TemplateValue) throws(TemplateError) -> Outcome {
        let scope = variables.count
        defer { variables.removeSubrange(scope...) }
        if branch.kind == .range { return try walkRange(branch, dot) }
        let value = try value(of: branch.pipeline, dot)
        if value.isTrue { return try walk(branch.body, branch.kind == .with ? value : dot) }
        return try walk(branch.otherwise, dot)
    }

    private mutating func walkRange(
        _ branch: TemplateBranch, _ dot: TemplateValue
    ) throws(TemplateError) -> Outcome {
        let scope = variables.count
        let value = try value(of: branch.pipeline, dot)
        guard let rounds = rounds(over: value) else {
            throw error("range can't iterate over \(value.printed)", at: branch.pipeline.spot)
        }
        if rounds.isEmpty { return try walk(branch.otherwise, dot) }
        let bodyScope = variables.count
        for (key, element) in rounds {
            try step(at: branch.spot)
            bind(branch.pipeline, scope: scope, key, element)
            let outcome = try walk(branch.body, element)
            variables.removeSubrange(bodyScope...)
            if outcome == .leftLoop { break }
        }
        return .done
    }

    /// One variable takes the element, two take the key and the element.
    private mutating func bind(
        _ pipeline: TemplatePipeline, scope: Int, _ key: TemplateValue, _ element: TemplateValue
    ) {
        let values = pipeline.variables.count == 2 ? [key, element] : [element]
        for (name, value) in zip(pipeline.variables, values) {
            if pipeline.isAssignment {
                assign(name, value)
            } else if let place = variables[scope...].lastIndex(where: { $0.name == name }) {
                variables[place].value = value
            }
        }
    }

    private func rounds(over value: TemplateValue) -> [(TemplateValue, TemplateValue)]? {
        switch value.plain {
        case .list(let list): list.elements.enumerated().map { (.int($0.offset), $0.element) }
        case .map(let map): map.entries.map { (.string($0.key), $0.value) }
        case .int(let count): count > limits.stepsMax ? nil : (0..<max(0, count)).map { (.int($0), .int($0)) }
        case .nothing: []
        default: nil
        }
    }

    private mutating func call(
        _ name: String, _ pipeline: TemplatePipeline?, _ spot: TemplateSpot, _ dot: TemplateValue
    ) throws(TemplateError) {
        try step(at: spot)
        guard let called = definitions[name] else {
            throw error("template \(GoQuote.quoted(name)) not defined", at: spot)
        }
        guard depth < limits.depthMax else {
            throw error("exceeded maximum template depth (\(limits.depthMax))", at: spot)
        }
        let data: TemplateValue = if let pipeline { try value(of: pipeline, dot) } else { .nothing }
        let (outer, outerVariables) = (definition, variables)
        (definition, variables) = (called, [("$", data)])
        depth += 1
        _ = try walk(called.nodes, data)
        depth -= 1
        (definition, variables) = (outer, outerVariables)
    }

    /// For functions that carry out templates: what the template gives, apart from the output.
    mutating func rendered(_ name: String, _ data: TemplateValue) throws(TemplateFailure) -> String {
        guard let called = definitions[name] else {
            throw TemplateFailure("template \(GoQuote.quoted(name)) not defined")
        }
        guard depth < limits.depthMax else {
            throw TemplateFailure("exceeded maximum template depth (\(limits.depthMax))")
        }
        var inner = TemplateRun(
            definitions: definitions, functions: functions, limits: limits, escaping: escaping)
        inner.steps = steps
        inner.depth = depth + 1
        defer { steps = inner.steps }
        do throws(TemplateError) {
            return try inner.output(of: called, data, variables: [])
        } catch {
            throw TemplateFailure("\(error)")
        }
    }
}

/// Variables.
extension TemplateRun {
    func variable(_ name: String) -> TemplateValue { variables.last { $0.name == name }?.value ?? .nothing }

    mutating func assign(_ name: String, _ value: TemplateValue) {
        if let place = variables.lastIndex(where: { $0.name == name }) { variables[place].value = value }
    }

    mutating func declare(_ name: String, _ value: TemplateValue) { variables.append((name, value)) }
}
