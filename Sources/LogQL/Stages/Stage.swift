import Model
import Text

/// One step of a pipeline: it changes an entry or drops it.
protocol Stage: Sendable {
    /// The words or signs that it begins with.
    static var keywords: [String] { get }

    /// Reads what stands behind the first token, which has been taken.
    static func parse(_ keyword: Token, _ parser: inout QueryParser) throws(LogQLError) -> any Stage

    /// False drops the entry.
    func run(_ entry: PipelineEntry) -> Bool

    /// As it is written, without the pipe before it.
    var text: String { get }

    /// Labels that it looks at; nil where that may be any.
    var read: [String]? { get }

    /// Whether it looks at the line.
    var readsLine: Bool { get }
}

extension Stage {
    var readsLine: Bool { false }
}

/// A stage that finds labels in the line. It is left out where nobody wants any.
protocol ParserStage: Stage {}

extension ParserStage {
    var readsLine: Bool { true }
}

/// All stages but line filters and label filters, which have no word of their own.
enum Stages {
    static let all: [any Stage.Type] = [
        JSONStage.self, LogfmtStage.self, RegexpStage.self, PatternStage.self, UnpackStage.self, LineFormatStage.self,
        LabelFormatStage.self, DecolorizeStage.self, DropStage.self, KeepStage.self,
    ]
}

/// An entry on its way through a pipeline, with what its stages need to work. One is reused for many entries.
final class PipelineEntry {
    var timestampNs: Int64 = 0
    var line: [UInt8] = []
    var labels = EntryLabels()
    /// For parsers; set once for a query.
    var wanted = WantedLabels.all
    var fields = LogFields()
    var captures = CaptureRanges()
    var name: [UInt8] = []
    var value: [UInt8] = []

    /// Runs all stages; false drops the entry.
    func pass(_ stages: [any Stage]) -> Bool {
        for stage in stages where !stage.run(self) { return false }
        return true
    }
}
