import Posix

@testable import obs

/// A console whose writing a test can read.
final class RecordedConsole: Sendable {
    private let written = Lock((output: "", complaints: ""))
    let style: Console.Style
    private let variables: [String: String]

    init(columns: Int = 80, hasColour: Bool = false, variables: [String: String] = [:]) {
        style = Console.Style(columns: columns, isTerminal: hasColour, hasColour: hasColour)
        self.variables = variables
    }

    var console: Console {
        Console(
            style: style, environment: { [variables] in variables[$0] },
            output: { text in self.written.withLock { $0.output += text } },
            complaints: complain)
    }

    @Sendable func complain(_ text: String) { written.withLock { $0.complaints += text } }

    var output: String { written.withLock { $0.output } }
    var complaints: String { written.withLock { $0.complaints } }
}

/// A command with every kind of flag, as tests of parsing, help and completion need it.
struct BakeOptions: Sendable, Equatable {
    var degrees = 180
    var shape = "round"
    var isVegan = false
    var isFast = false
    var pan = ""
}

func bakeCommand(_ bake: @escaping @Sendable (BakeOptions, [String]) -> Void = { _, _ in }) -> Command {
    Command(
        "bake", "put cakes into the oven", options: BakeOptions(),
        settings: [
            .value("degrees", "N", short: "d", "how hot", fallback: "180", environment: "BAKE_DEGREES") {
                (options, text) throws(UsageError) in
                guard let degrees = Int(text) else { throw UsageError("'\(text)' is no number") }
                options.degrees = degrees
            },
            .choice("shape", "SHAPE", short: "s", ["round", "square"], "the form", fallback: "round") {
                $0.shape = $1
            },
            .on("vegan", short: "v", "without butter") { $0.isVegan = true },
            .on("fast", short: "f", "with the fan") { $0.isFast = true },
            .value("pan", "FOLDER", "where it goes", candidates: .folders) { $0.pan = $1 },
        ],
        operands: Operands(name: "CAKE", doc: "what to bake", count: 1...2, candidates: .files),
        examples: [.init(does: "A hot one", line: "obs bake -d 220 cheese")]
    ) { options, invocation in
        bake(options, invocation.operands)
        return .ok
    }
}
