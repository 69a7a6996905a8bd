import Encoding
import HTTP
import Model
import Storage

/// Writes series as frames of `ChunkedReadResponse`: each with its length, its checksum and chunks of one series.
struct ChunkFrames {
    private let queryIndex: Int
    private let pending: PendingResponse
    private var chunks = ProtobufWriter()
    private var frame: [UInt8] = []

    init(queryIndex: Int, _ pending: PendingResponse) {
        self.queryIndex = queryIndex
        self.pending = pending
    }

    /// Sends all samples of a series of the block; nothing where it has none.
    ///
    /// - Returns: false when nobody waits any more.
    mutating func send(_ labels: [(name: String, value: String)], _ block: SeriesBlock, _ series: Int) -> Bool {
        var floats = block.floats[series]
        var histograms = block.histogramOffsets[series]..<block.histogramOffsets[series + 1]
        while floats.count > 0 || !histograms.isEmpty {
            // Chunks are sorted by time, so the kinds alternate where a series changed its kind.
            let nextFloat = floats.count > 0 ? block.timestampsMs[floats.timestampStart] : .max
            let nextHistogram = histograms.first.map { block.histograms[$0].timestampMs } ?? .max
            if nextFloat <= nextHistogram {
                addFloats(&floats, until: nextHistogram, block)
            } else {
                let histogram = block.histograms[histograms.removeFirst()]
                let bytes = HistogramChunk.bytes(histogram.timestampMs, histogram.value)
                ReadMessages.chunk(
                    bytes, HistogramChunk.encoding(histogram.value), fromMs: histogram.timestampMs,
                    toMs: histogram.timestampMs, &chunks)
            }
            if chunks.bytes.count >= RemoteReadAPI.frameBytesMax, !flush(labels) { return false }
        }
        return chunks.bytes.isEmpty || flush(labels)
    }

    private mutating func addFloats(_ floats: inout SeriesBlock.Floats, until endMs: Int64, _ block: SeriesBlock) {
        var chunk = FloatChunk()
        while floats.count > 0, !chunk.isFull, block.timestampsMs[floats.timestampStart] <= endMs {
            chunk.append(block.timestampsMs[floats.timestampStart], block.values[floats.valueStart])
            floats.timestampStart += 1
            floats.valueStart += 1
            floats.count -= 1
        }
        ReadMessages.chunk(chunk.bytes, FloatChunk.encoding, fromMs: chunk.firstMs, toMs: chunk.lastMs, &chunks)
    }

    private mutating func flush(_ labels: [(name: String, value: String)]) -> Bool {
        var message = ProtobufWriter()
        message.message(1) { series in
            ReadMessages.write(labels, &series)
            series.bytes.append(contentsOf: chunks.bytes)
        }
        message.int64(2, Int64(queryIndex))
        chunks.bytes.removeAll(keepingCapacity: true)
        frame.removeAll(keepingCapacity: true)
        frame.appendVarint(UInt64(message.bytes.count))
        frame.appendBigEndian(CRC32C.of(message.bytes.span))
        frame.append(message.bytes.span)
        return pending.write(frame.span)
    }
}
