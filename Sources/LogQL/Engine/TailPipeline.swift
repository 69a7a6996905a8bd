import Encoding
import Model
package import Storage

/// The stages of a selector over entries as they come. For one thread at a time.
package final class TailPipeline {
    private let stages: [any Stage]
    private let entry = PipelineEntry()

    package init(_ selector: LogSelector) { stages = selector.stages }

    /// The entries of a block that pass all stages.
    package func lines(of block: LogBlock) -> [ResultLine] {
        var lines: [ResultLine] = []
        var stream = -1
        for index in 0..<block.count {
            if block.streamOf[index] != stream {
                stream = block.streamOf[index]
                let labels = block.streams[stream]
                entry.labels.setStream(labels.bytes.span)
            }
            entry.timestampNs = block.timestampsNs[index]
            entry.line.removeAll(keepingCapacity: true)
            entry.line.append(block.lineBytes.span.extracting(block.line(index)))
            entry.labels.begin(metadata: block.metadataBytes.span.extracting(block.metadata(index)))
            if entry.pass(stages) { lines.append(LineCollector.line(entry)) }
        }
        return lines
    }
}
