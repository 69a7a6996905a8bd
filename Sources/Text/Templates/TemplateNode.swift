/// A template as a tree. Each node that can fail knows where it stands.
indirect enum TemplateNode: Sendable {
    case text(String)
    case action(TemplatePipeline)
    case branch(TemplateBranch)
    case template(name: String, TemplatePipeline?, TemplateSpot)
    case leaveLoop(isBreak: Bool)
}

/// Where a node begins, and how it was written.
struct TemplateSpot: Sendable {
    let offset: Int
    let source: String
}

/// `if`, `with` and `range` differ in how often they run their body, and with what as `.`.
struct TemplateBranch: Sendable {
    enum Kind: Sendable {
        case `if`, with, range
    }

    let kind: Kind
    let spot: TemplateSpot
    let pipeline: TemplatePipeline
    let body: [TemplateNode]
    let otherwise: [TemplateNode]
}

/// Commands of which each gets the result of the one before it as its last argument.
struct TemplatePipeline: Sendable {
    let spot: TemplateSpot
    /// Variables that take the result; `range` has up to two.
    let variables: [String]
    /// `=` instead of `:=`.
    let isAssignment: Bool
    let commands: [TemplateCommand]
}

struct TemplateCommand: Sendable {
    let spot: TemplateSpot
    /// The first is what is called, if it can be.
    let operands: [TemplateOperand]
}

indirect enum TemplateOperand: Sendable {
    case dot(TemplateSpot)
    case nilWord(TemplateSpot)
    case value(TemplateValue, TemplateSpot)
    case function(String, TemplateSpot)
    /// `.a.b`
    case field([String], TemplateSpot)
    /// `$x.a.b`; the name has its dollar.
    case variable(String, [String], TemplateSpot)
    /// `(...)` and `(...).a.b`
    case pipeline(TemplatePipeline, [String], TemplateSpot)

    var spot: TemplateSpot {
        switch self {
        case .dot(let spot), .nilWord(let spot), .value(_, let spot), .function(_, let spot), .field(_, let spot),
            .variable(_, _, let spot), .pipeline(_, _, let spot):
            spot
        }
    }
}

/// A template under its name.
struct TemplateDefinition: Sendable {
    let name: String
    /// The name and the bytes of the text that it stands in, for errors.
    let source: String
    let text: [UInt8]
    let nodes: [TemplateNode]

    /// White space alone: such a definition does not replace another one.
    var isEmpty: Bool {
        nodes.allSatisfy { node in
            guard case .text(let text) = node else { return false }
            return text.allSatisfy(\.isWhitespace)
        }
    }

    func error(_ what: String, at offset: Int) -> TemplateError {
        TemplateError(template: source, place: TemplatePlace(offset: offset, in: text), what: what)
    }
}
