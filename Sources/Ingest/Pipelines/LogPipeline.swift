package import Encoding
package import Model
package import Storage

/// What happens to entries before they are kept: stages in order, for the streams that carry the labels of `match`.
package struct LogPipeline: Sendable {
    private let match: [(name: String, value: String)]
    private let stages: [any LogStage]

    /// Reads `{match: {app: api}, stages: [{redact: {...}}, ...]}`.
    package init(_ section: YAMLSection) {
        match = section.texts("match").sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        stages = LogStages.read(section, "stages")
        section.finish()
    }

    package init(match: [(name: String, value: String)] = [], stages: [any LogStage]) {
        (self.match, self.stages) = (match, stages)
    }

    /// What its stages make of entries.
    package var metrics: [LineMetric] { stages.flatMap(\.metrics) }

    /// Leaves everything as it is.
    package var isEmpty: Bool { stages.isEmpty }

    /// Runs the pipelines over a batch.
    ///
    /// - Returns: the batch as it is to be kept, and for each entry of it its index in the batch that came.
    package static func run(_ pipelines: [LogPipeline], _ batch: LogBatch) -> (batch: LogBatch, origins: [Int]) {
        var result = LogBatch()
        result.identity = batch.identity
        result.dropsRepeats = batch.dropsRepeats
        var origins: [Int] = []
        var streams: [Labels: Int] = [:]
        let labels = batch.streams.map { Labels(canonical: Array(batch.bytes[$0])) }
        for (index, entry) in batch.entries.enumerated() {
            var staged = StagedEntry(
                timestampNs: entry.timestampNs, labels: labels[entry.stream], line: Array(batch.bytes[entry.line]),
                metadata: Labels(canonical: Array(batch.bytes[entry.metadata])))
            guard pipelines.allSatisfy({ $0.run(&staged) }) else { continue }
            let stream = streams[staged.labels] ?? result.appendStream(staged.labels)
            streams[staged.labels] = stream
            result.append(staged.timestampNs, stream: stream, staged.line.span, metadata: staged.metadata)
            origins.append(index)
        }
        return (result, origins)
    }

    /// False where the entry is dropped.
    private func run(_ entry: inout StagedEntry) -> Bool {
        for label in match where entry.labels[label.name] != label.value { return true }
        for stage in stages where !stage.run(&entry) { return false }
        return true
    }
}

/// An entry on its way through stages.
package struct StagedEntry: Sendable {
    package var timestampNs: Int64
    package var labels: Labels
    package var line: [UInt8]
    package var metadata: Labels

    package init(timestampNs: Int64, labels: Labels, line: [UInt8], metadata: Labels = .empty) {
        self.timestampNs = timestampNs
        self.labels = labels
        self.line = line
        self.metadata = metadata
    }

    /// The metadata of that name, otherwise the first field of the line that has it; empty where there is none.
    package func value(_ name: String) -> String {
        let known = metadata[name]
        if !known.isEmpty { return known }
        var fields = LogFields()
        fields.scan(line.span)
        for field in fields.fields {
            var found: [UInt8] = []
            fields.appendName(of: field, in: line.span, to: &found)
            guard found.elementsEqual(name.utf8) else { continue }
            var value: [UInt8] = []
            LogFields.append(line.span.extracting(field.value.asInt), hasEscapes: field.valueHasEscapes, to: &value)
            return String(decoding: value, as: UTF8.self)
        }
        return ""
    }

    package mutating func setLabel(_ name: String, _ value: String) {
        var builder = LabelsBuilder(labels)
        builder.set(name, value)
        labels = builder.labels()
    }

    package mutating func setMetadata(_ name: String, _ value: String) {
        var builder = LabelsBuilder(metadata)
        builder.set(name, value)
        metadata = builder.labels()
    }
}

/// One step of a pipeline.
package protocol LogStage: Sendable {
    /// Its key in the configuration.
    static var key: String { get }
    init(_ section: YAMLSection)
    /// False where the entry is dropped.
    func run(_ entry: inout StagedEntry) -> Bool
    /// What it makes of entries beside them.
    var metrics: [LineMetric] { get }
}

extension LogStage {
    package var metrics: [LineMetric] { [] }
}
