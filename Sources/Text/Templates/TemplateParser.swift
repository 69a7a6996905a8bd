/// Reads a template by recursive descent. The first error ends the reading.
struct TemplateParser {
    /// How deep blocks and parentheses may nest, so that no text can exhaust a thread's stack.
    static let depthMax = 100

    let name: String
    let text: [UInt8]
    let functions: Set<String>
    private let tokens: [TemplateToken]
    private var index = 0
    private var depth = 0
    private var loopDepth = 0
    /// The variables in scope, oldest first.
    private var variables: [String]
    private(set) var definitions: [TemplateDefinition] = []

    init(
        _ text: String, name: String, functions: Set<String>, variables: [String]
    ) throws(TemplateError) {
        self.name = name
        self.text = Array(text.utf8)
        self.functions = functions
        self.variables = ["$"] + variables
        tokens = try TemplateLexer.tokens(of: self.text, name: name)
    }

    /// Reads the whole text: what it defines, and last itself.
    mutating func parse() throws(TemplateError) -> [TemplateDefinition] {
        var nodes: [TemplateNode] = []
        while current.kind != .end {
            let start = index
            if current.kind == .leftDelimiter, keywordAfterDelimiter() == .define {
                try define(start)
            } else {
                let (node, ending) = try node()
                if let ending { throw error("unexpected {{\(ending.keyword.rawValue)}}", at: ending.offset) }
                if let node { nodes.append(node) }
            }
        }
        try define(name, nodes)
        return definitions
    }

    private mutating func define(_ name: String, _ nodes: [TemplateNode]) throws(TemplateError) {
        let new = TemplateDefinition(name: name, source: self.name, text: text, nodes: nodes)
        if let place = definitions.firstIndex(where: { $0.name == name }) {
            if new.isEmpty { return }
            guard definitions[place].isEmpty else {
                throw error("template: multiple definition of template \(GoQuote.quoted(name))", at: 0)
            }
            definitions[place] = new
        } else {
            definitions.append(new)
        }
    }
}

/// Tokens.
extension TemplateParser {
    private var current: TemplateToken { tokens[index] }

    private func error(_ what: String, at offset: Int) -> TemplateError {
        TemplateError(template: name, place: TemplatePlace(offset: offset, in: text), what: what)
    }

    private mutating func advance() -> TemplateToken {
        let token = tokens[index]
        if index + 1 < tokens.count { index += 1 }
        return token
    }

    private mutating func skipSpace() {
        while current.kind == .space { _ = advance() }
    }

    /// The next token that is no blank.
    private mutating func next() -> TemplateToken {
        skipSpace()
        return advance()
    }

    private mutating func peek() -> TemplateToken {
        skipSpace()
        return current
    }

    private func unexpected(_ token: TemplateToken, in context: String) -> TemplateError {
        let shown = token.kind == .end ? "EOF" : "<\(token.source)>"
        return error("unexpected \(shown) in \(context)", at: token.offset)
    }

    private mutating func expectRightDelimiter(in context: String) throws(TemplateError) {
        let token = next()
        guard token.kind == .rightDelimiter else { throw unexpected(token, in: context) }
    }

    private func keywordAfterDelimiter() -> TemplateToken.Keyword? {
        var place = index + 1
        while tokens[place].kind == .space { place += 1 }
        if case .keyword(let keyword) = tokens[place].kind { return keyword }
        return nil
    }

    /// The text from a place to where reading has come, without blanks at its end.
    private func spot(from offset: Int) -> TemplateSpot {
        var end = index < tokens.count ? tokens[index].offset : text.count
        while end > offset, text[end - 1] <= 0x20 { end -= 1 }
        return TemplateSpot(offset: offset, source: String(decoding: text[offset..<max(offset, end)], as: UTF8.self))
    }
}

/// Statements.
extension TemplateParser {
    /// `{{end}}` or `{{else ...}}`, which end a list of nodes.
    private struct Ending {
        let keyword: TemplateToken.Keyword
        let offset: Int
    }

    private mutating func node() throws(TemplateError) -> (TemplateNode?, Ending?) {
        let token = advance()
        if case .text(let text) = token.kind { return (.text(text), nil) }
        guard token.kind == .leftDelimiter else { throw unexpected(token, in: "input") }
        let first = peek()
        guard case .keyword(let keyword) = first.kind else {
            let pipeline = try pipeline(in: "command", end: .rightDelimiter)
            return (.action(pipeline), nil)
        }
        _ = advance()
        switch keyword {
        case .if: return (try branch(.if, first), nil)
        case .with: return (try branch(.with, first), nil)
        case .range: return (try branch(.range, first), nil)
        case .template: return (try call(), nil)
        case .block: return (try block(), nil)
        case .break, .continue:
            guard loopDepth > 0 else { throw error("{{\(keyword.rawValue)}} outside {{range}}", at: first.offset) }
            let token = next()
            guard token.kind == .rightDelimiter else {
                throw error("unexpected <\(token.source)> in {{\(keyword.rawValue)}}", at: token.offset)
            }
            return (.leaveLoop(isBreak: keyword == .break), nil)
        case .end:
            try expectRightDelimiter(in: "end")
            return (nil, Ending(keyword: .end, offset: first.offset))
        case .else: return (nil, Ending(keyword: .else, offset: first.offset))
        case .define: throw unexpected(first, in: "command")
        }
    }

    /// Nodes up to `{{end}}` or `{{else`.
    private mutating func list(in context: String) throws(TemplateError) -> ([TemplateNode], Ending) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthMax else {
            throw error("blocks are nested more than \(Self.depthMax) deep", at: current.offset)
        }
        var nodes: [TemplateNode] = []
        while current.kind != .end {
            let (node, ending) = try node()
            if let ending { return (nodes, ending) }
            if let node { nodes.append(node) }
        }
        throw unexpected(current, in: context)
    }

    private mutating func branch(
        _ kind: TemplateBranch.Kind, _ keyword: TemplateToken
    ) throws(TemplateError) -> TemplateNode {
        let scope = variables.count
        defer { variables.removeSubrange(scope...) }
        let context = keyword.source
        let pipeline = try pipeline(in: context, end: .rightDelimiter, mayDeclareTwo: kind == .range)
        if kind == .range { loopDepth += 1 }
        let (body, ending) = try list(in: context)
        if kind == .range { loopDepth -= 1 }
        var otherwise: [TemplateNode] = []
        if ending.keyword == .else { otherwise = try otherwiseList(kind, context) }
        return .branch(
            TemplateBranch(
                kind: kind, spot: TemplateSpot(offset: keyword.offset, source: context), pipeline: pipeline,
                body: body, otherwise: otherwise))
    }

    /// What stands behind `{{else`: a list of its own, or a further `if` or `with` that shares the `{{end}}`.
    private mutating func otherwiseList(
        _ kind: TemplateBranch.Kind, _ context: String
    ) throws(TemplateError) -> [TemplateNode] {
        let token = peek()
        let chained: TemplateBranch.Kind? =
            switch (kind, token.kind) {
            case (.if, .keyword(.if)): .if
            case (.with, .keyword(.with)): .with
            default: nil
            }
        if let chained {
            depth += 1
            defer { depth -= 1 }
            guard depth <= Self.depthMax else {
                throw error("blocks are nested more than \(Self.depthMax) deep", at: token.offset)
            }
            _ = advance()
            return [try branch(chained, token)]
        }
        try expectRightDelimiter(in: "else")
        let (nodes, ending) = try list(in: context)
        guard ending.keyword == .end else {
            throw error("expected end; found {{else}}", at: ending.offset)
        }
        return nodes
    }

    private mutating func templateName(in context: String) throws(TemplateError) -> String {
        let token = next()
        guard case .string(let name) = token.kind else { throw unexpected(token, in: context) }
        return name
    }

    private mutating func call() throws(TemplateError) -> TemplateNode {
        let start = peek().offset
        let name = try templateName(in: "template clause")
        if peek().kind == .rightDelimiter {
            _ = advance()
            return .template(name: name, nil, Self.callSpot(start, name, nil))
        }
        let pipeline = try pipeline(in: "template clause", end: .rightDelimiter)
        return .template(name: name, pipeline, Self.callSpot(start, name, pipeline))
    }

    /// A call as errors show it.
    private static func callSpot(_ offset: Int, _ name: String, _ pipeline: TemplatePipeline?) -> TemplateSpot {
        let data = pipeline.map { " " + $0.spot.source } ?? ""
        return TemplateSpot(offset: offset, source: "{{template \(GoQuote.quoted(name))\(data)}}")
    }

    /// Defines a template and calls it at once.
    private mutating func block() throws(TemplateError) -> TemplateNode {
        let start = peek().offset
        let name = try templateName(in: "block clause")
        let pipeline = try pipeline(in: "block clause", end: .rightDelimiter)
        try define(name, try definitionBody(in: "block clause"))
        return .template(name: name, pipeline, Self.callSpot(start, name, pipeline))
    }

    private mutating func define(_ start: Int) throws(TemplateError) {
        index = start + 1
        _ = next()
        let name = try templateName(in: "define clause")
        try expectRightDelimiter(in: "define clause")
        try define(name, try definitionBody(in: "define clause"))
    }

    /// A template of its own sees no variables of the text around it.
    private mutating func definitionBody(in context: String) throws(TemplateError) -> [TemplateNode] {
        let (outer, outerLoops) = (variables, loopDepth)
        defer { (variables, loopDepth) = (outer, outerLoops) }
        (variables, loopDepth) = (["$"], 0)
        let (nodes, ending) = try list(in: context)
        guard ending.keyword == .end else { throw error("unexpected {{else}} in \(context)", at: ending.offset) }
        return nodes
    }
}

/// Expressions.
extension TemplateParser {
    private mutating func pipeline(
        in context: String, end: TemplateToken.Kind, mayDeclareTwo: Bool = false
    ) throws(TemplateError) -> TemplatePipeline {
        depth += 1
        defer { depth -= 1 }
        let start = peek()
        guard depth <= Self.depthMax else {
            throw error("parentheses are nested more than \(Self.depthMax) deep", at: start.offset)
        }
        let (names, isAssignment) = try declaration(in: context, mayDeclareTwo: mayDeclareTwo)
        var commands: [TemplateCommand] = []
        while true {
            let token = peek()
            if token.kind == end {
                try checkPipeline(commands, in: context, at: token.offset)
                let spot = spot(from: start.offset)
                _ = advance()
                if !isAssignment { variables += names }
                return TemplatePipeline(spot: spot, variables: names, isAssignment: isAssignment, commands: commands)
            }
            switch token.kind {
            case .rightDelimiter, .rightParen, .end, .keyword, .pipe, .comma, .assign, .declare, .text,
                .leftDelimiter:
                throw unexpected(token, in: context)
            default: commands.append(try command(end))
            }
        }
    }

    private func checkPipeline(
        _ commands: [TemplateCommand], in context: String, at offset: Int
    ) throws(TemplateError) {
        guard !commands.isEmpty else { throw error("missing value for \(context)", at: offset) }
        for (place, command) in commands.dropFirst().enumerated() {
            switch command.operands[0] {
            case .dot, .nilWord, .value:
                throw error(
                    "non executable command in pipeline stage \(place + 2)", at: command.spot.offset)
            default: continue
            }
        }
    }

    /// `$x :=`, `$x =` and, in `range`, `$i, $x :=`.
    private mutating func declaration(
        in context: String, mayDeclareTwo: Bool
    ) throws(TemplateError) -> (names: [String], isAssignment: Bool) {
        let start = index
        var names: [String] = []
        while case .variable(let name) = peek().kind {
            _ = advance()
            names.append(name)
            let token = peek()
            switch token.kind {
            case .declare:
                _ = advance()
                return (names, false)
            case .assign:
                _ = advance()
                for name in names where !variables.contains(name) {
                    throw error("undefined variable \(GoQuote.quoted(name))", at: token.offset)
                }
                return (names, true)
            case .comma where mayDeclareTwo && names.count < 2: _ = advance()
            case .comma where names.count >= 2 || !mayDeclareTwo:
                throw error("too many declarations in \(context)", at: token.offset)
            default:
                index = start
                return ([], false)
            }
        }
        guard names.isEmpty else {
            throw error("range can only initialize variables", at: current.offset)
        }
        return ([], false)
    }

    private mutating func command(_ end: TemplateToken.Kind) throws(TemplateError) -> TemplateCommand {
        let start = peek()
        var operands: [TemplateOperand] = []
        while let operand = try operand() {
            operands.append(operand)
            let token = current
            if token.kind == .space {
                skipSpace()
                continue
            }
            if token.kind == end || token.kind == .pipe { break }
            throw unexpected(token, in: "operand")
        }
        let spot = spot(from: start.offset)
        if peek().kind == .pipe {
            let pipe = advance()
            if peek().kind == end { throw error("missing value for command", at: pipe.offset) }
        }
        guard !operands.isEmpty else { throw error("empty command", at: start.offset) }
        return TemplateCommand(spot: spot, operands: operands)
    }

    /// A term with the fields behind it; nil where none begins.
    private mutating func operand() throws(TemplateError) -> TemplateOperand? {
        let token = current
        guard let term = try term() else { return nil }
        var fields: [String] = []
        let chain = current.offset
        while case .field(let name) = current.kind {
            fields.append(name)
            _ = advance()
        }
        // Errors of a chain stand at its first field, as Go has them.
        let whole = self.spot(from: token.offset)
        let spot = TemplateSpot(offset: fields.isEmpty ? token.offset : chain, source: whole.source)
        switch term {
        case .field(let first, _): return .field(first + fields, spot)
        case .variable(let name, let first, _): return .variable(name, first + fields, spot)
        case .pipeline(let pipeline, _, _): return .pipeline(pipeline, fields, spot)
        case .dot, .nilWord, .value, .function:
            if fields.isEmpty { return term }
            guard case .dot = term else {
                throw error("unexpected . after term \(GoQuote.quoted(token.source))", at: token.offset)
            }
            return .field(fields, spot)
        }
    }

    private mutating func term() throws(TemplateError) -> TemplateOperand? {
        let token = current
        let spot = TemplateSpot(offset: token.offset, source: token.source)
        switch token.kind {
        case .identifier(let name):
            guard functions.contains(name) else {
                throw error("function \(GoQuote.quoted(name)) not defined", at: token.offset)
            }
            _ = advance()
            return .function(name, spot)
        case .dot:
            _ = advance()
            return .dot(spot)
        case .nilWord:
            _ = advance()
            return .nilWord(spot)
        case .variable(let name):
            guard variables.contains(name) else {
                throw error("undefined variable \(GoQuote.quoted(name))", at: token.offset)
            }
            _ = advance()
            return .variable(name, [], spot)
        case .field(let name):
            _ = advance()
            return .field([name], spot)
        case .bool(let value):
            _ = advance()
            return .value(.bool(value), spot)
        case .string(let text):
            _ = advance()
            return .value(.string(text), spot)
        case .number, .character:
            _ = advance()
            guard let value = TemplateNumber.value(token) else {
                throw error("bad number syntax: \(GoQuote.quoted(token.source))", at: token.offset)
            }
            return .value(value, spot)
        case .leftParen:
            _ = advance()
            let inner = try pipeline(in: "parenthesized pipeline", end: .rightParen)
            return .pipeline(inner, [], spot)
        default: return nil
        }
    }
}
