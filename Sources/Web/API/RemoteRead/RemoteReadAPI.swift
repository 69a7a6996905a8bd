import Encoding
package import HTTP
import Model
import Posix
package import Storage

/// `/api/v1/read`: the samples themselves, for a Prometheus with `remote_read`, Thanos and their like.
package struct RemoteReadAPI: Sendable {
    private static let bodyBytesMax = 4 << 20
    private static let expandedBytesMax = 32 << 20
    /// Of an answer that is one message; a stream of chunks has no such bound, as it is never held whole.
    static let samplesMax = 10_000_000
    /// A frame of a stream is sent once it is larger; as in Prometheus.
    static let frameBytesMax = 1 << 20
    /// Series that are read from the store at once.
    private static let seriesPerBlock = 64

    private let store: any MetricStore
    private let pool: HandlerPool
    private let externalLabels: @Sendable () -> ExternalLabels

    package init(
        store: any MetricStore, pool: HandlerPool, externalLabels: @escaping @Sendable () -> ExternalLabels
    ) {
        self.store = store
        self.pool = pool
        self.externalLabels = externalLabels
    }

    package func add(to router: inout Router) {
        router.post("/api/v1/read", role: .read, bodyBytesMax: Self.bodyBytesMax) { request, response in
            var body: [UInt8] = []
            do {
                try Snappy.decompress(request.body, bytesMax: Self.expandedBytesMax, appendingTo: &body)
                let asked = try ReadRequest(body.span)
                guard let type = asked.responseType else {
                    throw ReadRequestError("it accepts neither SAMPLES nor STREAMED_XOR_CHUNKS as the answer")
                }
                pool.answer(&response) { answer(asked, type, $0) }
            } catch {
                response.refuse(
                    RequestRefusal(.badRequest, "cannot read the request as prometheus.ReadRequest: \(error)"))
            }
        }
    }

    private func answer(_ asked: ReadRequest, _ type: ReadRequest.ResponseType, _ pending: PendingResponse) {
        let reading = Reading(store: store, labels: externalLabels(), pending: pending)
        do throws(StorageError) {
            switch type {
            case .samples: try sendSamples(asked.queries, reading)
            case .chunks: try sendChunks(asked.queries, reading)
            }
        } catch {
            // A stream that has begun breaks off with its last reference.
            if !reading.hasBegun { pending.send(Self.status(error), "\(error)\n") }
        }
    }

    private static func status(_ error: StorageError) -> Status {
        switch error {
        case .limitExceeded, .invalid: .badRequest
        case .unavailable: .serviceUnavailable
        case .cancelled: .clientClosedRequest
        case .corrupt: .internalServerError
        }
    }

    private func sendSamples(_ queries: [ReadRequest.Query], _ reading: Reading) throws(StorageError) {
        var writer = ProtobufWriter()
        var samples = 0
        for query in queries {
            try writer.message(1) { (result) throws(StorageError) in
                try reading.forEachBlock(of: query, Self.seriesPerBlock) { (labels, block) throws(StorageError) in
                    samples += block.floats.reduce(0) { $0 + $1.count } + block.histograms.count
                    if samples > Self.samplesMax {
                        throw .limitExceeded(
                            limit: "samples",
                            sentence:
                                "exceeded sample limit (\(Self.samplesMax)); accept STREAMED_XOR_CHUNKS or ask for less"
                        )
                    }
                    for series in 0..<block.count {
                        result.message(1) {
                            ReadMessages.timeSeries(reading.labels.added(to: labels.labels(series)), block, series, &$0)
                        }
                    }
                    return true
                }
            }
        }
        var compressed: [UInt8] = []
        do throws(CompressionError) {
            try Snappy.compress(writer.bytes.span, appendingTo: &compressed)
        } catch {
            throw .limitExceeded(limit: "bytes", sentence: "the answer is too large for one message: \(error)")
        }
        var fields = ResponseFields()
        fields.append("Content-Encoding", "snappy")
        reading.pending.send(.ok, compressed.span, contentType: "application/x-protobuf", fields)
    }

    private func sendChunks(_ queries: [ReadRequest.Query], _ reading: Reading) throws(StorageError) {
        reading.begin("application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse")
        for (index, query) in queries.enumerated() {
            var frames = ChunkFrames(queryIndex: index, reading.pending)
            try reading.forEachBlock(of: query, Self.seriesPerBlock) { (labels, block) in
                for series in 0..<block.count {
                    let pairs = reading.labels.added(to: labels.labels(series))
                    guard frames.send(pairs, block, series) else { return false }
                }
                return true
            }
        }
        reading.pending.finish()
    }
}

/// One request while it is answered.
private final class Reading {
    let labels: ExternalLabels
    let pending: PendingResponse
    private(set) var hasBegun = false
    private let store: any MetricStore
    private let cancellation = Cancellation()

    init(store: any MetricStore, labels: ExternalLabels, pending: PendingResponse) {
        self.store = store
        self.labels = labels
        self.pending = pending
        pending.onClientGone { [cancellation] in cancellation.raise() }
    }

    func begin(_ contentType: String) {
        hasBegun = true
        pending.begin(.ok, contentType: contentType)
    }

    /// Reads the series of a query, sorted, a few at a time, until `body` returns false or nobody waits any more.
    func forEachBlock(
        of query: ReadRequest.Query, _ seriesMax: Int,
        _ body: (LabelBlock, SeriesBlock) throws(StorageError) -> Bool
    ) throws(StorageError) {
        var request = SelectRequest(
            matchers: labels.removed(from: query.matchers), startMs: query.startMs, endMs: query.endMs,
            cancellation: cancellation)
        request.sorted = true
        request.hints = query.hints
        let selection = try store.select(request)
        var labelBlock = LabelBlock()
        var block = SeriesBlock()
        var next = 0
        while next < selection.count {
            if cancellation.isRaised { throw .cancelled }
            let range = next..<min(next + seriesMax, selection.count)
            try selection.labels(range, into: &labelBlock)
            try selection.read(range, into: &block)
            guard try body(labelBlock, block) else { return }
            next = range.upperBound
        }
    }
}
