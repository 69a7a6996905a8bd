import Encoding
package import HTTP
import Model
import Posix
import Storage

/// Prometheus' remote_write 1.0 and 2.0, as Prometheus, vmagent and the agent send it.
package struct RemoteWrite: IngestProtocol {
    private let intake: MetricIntake
    private let workspaces: Workspaces
    private let limits: IngestLimits
    private let second: RemoteWriteV2

    package init(_ context: IngestContext) {
        second = RemoteWriteV2(context)
        intake = MetricIntake("remote_write", store: context.store, registry: context.registry)
        workspaces = Workspaces(seed: context.keySeed)
        limits = context.limits
    }

    package func add(to router: inout Router) {
        router.post("/api/v1/write", role: .ingest, bodyBytesMax: limits.bodyBytesMax) { request, response in
            if let refusal = Self.refusal(of: request) { return response.refuse(refusal) }
            if RemoteWriteV2.accepts(request) { return second.answer(request, &response) }
            var workspace = workspaces.take()
            let answer = self.answer(request.body, &workspace)
            workspaces.giveBack(workspace)
            switch answer {
            case nil: response.send(.noContent)
            case .some(let refusal):
                if refusal.status == .serviceUnavailable { response.fields.append("Retry-After", "5") }
                response.refuse(refusal)
            }
        }
    }

    private static func refusal(of request: borrowing Request) -> RequestRefusal? {
        if let encoding = request.headerText("content-encoding"), encoding != "snappy" {
            return RequestRefusal(
                .unsupportedMediaType, "remote_write is compressed by snappy, not by \(Quoted.text(encoding))")
        }
        guard let type = request.headerText("content-type"), type.contains("proto=") else { return nil }
        if type.contains("proto=prometheus.WriteRequest") || RemoteWriteV2.accepts(request) { return nil }
        return RequestRefusal(
            .unsupportedMediaType,
            "only prometheus.WriteRequest and io.prometheus.write.v2.Request are taken, not \(Quoted.text(type))")
    }

    /// Nil where everything was taken.
    private func answer(_ body: Span<UInt8>, _ workspace: inout Workspace) -> RequestRefusal? {
        do throws(CompressionError) {
            workspace.body.removeAll(keepingCapacity: true)
            try Snappy.decompress(body, bytesMax: limits.expandedBytesMax, appendingTo: &workspace.body)
        } catch {
            if case .tooLarge = error.reason { return RequestRefusal(.contentTooLarge, "\(error)") }
            return RequestRefusal(.badRequest, "\(error)")
        }
        do throws(DecodeError) {
            return try take(workspace.body, &workspace.decoding)
        } catch {
            return RequestRefusal(.badRequest, "cannot read the request as prometheus.WriteRequest: \(error)")
        }
    }

    private func take(_ body: [UInt8], _ decoding: inout Decoding) throws(DecodeError) -> RequestRefusal? {
        try decoding.decoder.decode(body.span, into: &decoding.batch)
        let samples = decoding.batch.values.count + decoding.batch.histograms.count
        if let refusal = intake.refusal(ofSamples: samples, limits) { return refusal }
        let ranges = decoding.decoder.labelRanges
        var wire = decoding.wireLabels
        defer { decoding.wireLabels = wire }
        do throws(StorageError) {
            var outcome = try intake.take(&decoding.batch) { index, batch in
                do throws(LabelFlaw) {
                    let fields = body.span.extracting(ranges[index])
                    batch.series[index].labels = try wire.write(fields, into: &batch.labelBytes)
                    return nil
                } catch {
                    return error
                }
            }
            for flaw in decoding.decoder.flaws {
                outcome.refuse(
                    .invalidHistogram, series: flaw.series, samples: 1, "series \(flaw.series): \(flaw.reason)")
            }
            return outcome.refusedTotal == 0 ? nil : RequestRefusal(.badRequest, outcome.sentence)
        } catch {
            return RequestRefusal(error.status, "\(error)")
        }
    }
}

/// Buffers of requests, kept between them.
private struct Workspace: Sendable {
    /// Decompressed.
    var body: [UInt8] = []
    var decoding: Decoding
}

private struct Decoding: Sendable {
    var decoder: WriteRequestDecoder
    var batch = SampleBatch()
    var wireLabels = WireLabels()
}

/// As many workspaces as requests were ever under way at once, up to a bound. One that a large request has grown is
/// not kept.
private final class Workspaces: Sendable {
    private static let keptMax = 32
    private static let bytesMax = 16 << 20

    private let kept = Lock<[Workspace]>([])
    private let seed: Hash128

    init(seed: Hash128) { self.seed = seed }

    func take() -> Workspace {
        kept.withLock { $0.popLast() } ?? Workspace(decoding: Decoding(decoder: WriteRequestDecoder(seed: seed)))
    }

    func giveBack(_ workspace: consuming Workspace) {
        guard workspace.body.capacity <= Self.bytesMax else { return }
        let workspace = workspace
        kept.withLock { if $0.count < Self.keptMax { $0.append(workspace) } }
    }
}
