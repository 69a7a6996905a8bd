package import HTTP
import Model
package import Posix
import PromQL
package import Storage

/// `/federate`: the newest sample of each selected series, for another Prometheus to scrape.
package struct FederationAPI: Sendable {
    /// How far back the newest sample may lie, as for an instant query.
    private static let lookbackMs: Int64 = 300_000
    /// Series of one answer.
    private static let seriesMax = 2_000_000
    /// Series that are read from the store at once.
    private static let seriesPerBlock = 512
    /// Bytes that are sent at once.
    private static let pieceBytes = 64 << 10

    private let store: any MetricStore
    private let pool: HandlerPool
    private let time: any TimeSource
    private let externalLabels: @Sendable () -> ExternalLabels

    package init(
        store: any MetricStore, pool: HandlerPool, time: any TimeSource,
        externalLabels: @escaping @Sendable () -> ExternalLabels
    ) {
        self.store = store
        self.pool = pool
        self.time = time
        self.externalLabels = externalLabels
    }

    package func add(to router: inout Router) {
        router.get("/federate", role: .read) { request, response in
            let parameters = APIParameters(request)
            let format = FederationFormat(accept: request.headerText("accept"))
            pool.answer(&response) { answer(parameters, format, $0) }
        }
    }

    private func answer(_ parameters: APIParameters, _ format: FederationFormat, _ pending: PendingResponse) {
        var selectors: [[Matcher]] = []
        do throws(ParseError) {
            for text in parameters.all("match[]") { selectors.append(try Parser.parseSelector(text)) }
        } catch {
            return pending.send(.badRequest, "\(error)\n")
        }
        do throws(StorageError) {
            send(try newest(selectors, pending), format, pending)
        } catch {
            pending.send(APIError(error).status, "\(error)\n")
        }
    }

    /// Sorted by name; a series that several selectors select comes once, one that has ended not at all.
    private func newest(
        _ selectors: [[Matcher]], _ pending: PendingResponse
    ) throws(StorageError) -> [FederatedSample] {
        let cancellation = Cancellation()
        pending.onClientGone { cancellation.raise() }
        let nowMs = time.wallMs
        var samples: [FederatedSample] = []
        var known: Set<Labels> = []
        for matchers in selectors {
            var request = SelectRequest(
                matchers: matchers, startMs: nowMs - Self.lookbackMs, endMs: nowMs, cancellation: cancellation)
            request.seriesMax = Self.seriesMax
            request.sorted = true
            let selection = try store.select(request)
            var labels = LabelBlock()
            var block = SeriesBlock()
            var next = 0
            while next < selection.count {
                if cancellation.isRaised { throw .cancelled }
                let range = next..<min(next + Self.seriesPerBlock, selection.count)
                try selection.labels(range, into: &labels)
                try selection.read(range, into: &block)
                for series in 0..<block.count {
                    let name = labels.labels(series)
                    guard let sample = FederatedSample(name, block, series),
                        selectors.count == 1
                            || known.insert(name).inserted
                    else { continue }
                    samples.append(sample)
                }
                next = range.upperBound
            }
        }
        samples.sort { ($0.name, $0.labels) < ($1.name, $1.labels) }
        return samples
    }

    private func send(_ samples: [FederatedSample], _ format: FederationFormat, _ pending: PendingResponse) {
        pending.begin(.ok, contentType: format.contentType)
        var writer = FederationWriter(format, externalLabels())
        for sample in samples {
            writer.append(sample)
            guard writer.bytes.count >= Self.pieceBytes else { continue }
            guard pending.write(writer.bytes.span) else { return }
            writer.removeAll()
        }
        writer.finish()
        if !writer.bytes.isEmpty { _ = pending.write(writer.bytes.span) }
        pending.finish()
    }
}

/// The newest sample of a series.
struct FederatedSample {
    let labels: Labels
    let name: String
    let timeMs: Int64
    let value: Double
    /// Instead of the value.
    let histogram: NativeHistogram?

    /// Nil where the series has ended, has no sample, or no name.
    init?(_ labels: Labels, _ block: SeriesBlock, _ series: Int) {
        let floats = block.floats[series]
        let histograms = block.histogramOffsets[series]..<block.histogramOffsets[series + 1]
        let floatMs = floats.count > 0 ? block.timestampsMs[floats.timestampStart + floats.count - 1] : .min
        let last = histograms.last.map { block.histograms[$0] }
        if let last, last.timestampMs > floatMs {
            (timeMs, value, histogram) = (last.timestampMs, last.value.sum, last.value)
        } else {
            guard floats.count > 0 else { return nil }
            (timeMs, value, histogram) = (floatMs, block.values[floats.valueStart + floats.count - 1], nil)
        }
        self.labels = labels
        name = labels[Labels.metricName]
        if StaleMarker.isStale(value) || name.isEmpty { return nil }
    }
}
