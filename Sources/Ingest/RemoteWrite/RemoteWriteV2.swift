import Encoding
import HTTP
import Model
import Storage

/// Answers requests of remote_write 2.0: what is good is kept beside what is not, and the answer counts what was kept.
struct RemoteWriteV2: Sendable {
    private let intake: MetricIntake
    private let limits: IngestLimits
    private let keySeed: Hash128

    init(_ context: IngestContext) {
        intake = MetricIntake("remote_write_2", store: context.store, registry: context.registry)
        (limits, keySeed) = (context.limits, context.keySeed)
    }

    static func accepts(_ request: borrowing Request) -> Bool {
        request.headerText("content-type")?.contains("proto=io.prometheus.write.v2.Request") == true
    }

    func answer(_ request: borrowing Request, _ response: inout Response) {
        var outcome = AppendOutcome()
        do throws(RequestRefusal) {
            outcome = try take(request.body)
            count(outcome, &response)
            if outcome.refusedTotal == 0 { return response.send(.noContent) }
            response.refuse(RequestRefusal(.badRequest, outcome.sentence))
        } catch {
            count(outcome, &response)
            response.refuse(ingest: error)
        }
    }

    private func count(_ outcome: AppendOutcome, _ response: inout Response) {
        let prefix = "X-Prometheus-Remote-Write-"
        response.fields.append(prefix + "Samples-Written", "\(outcome.acceptedSamples)")
        response.fields.append(prefix + "Histograms-Written", "\(outcome.acceptedHistograms)")
        response.fields.append(prefix + "Exemplars-Written", "\(outcome.acceptedExemplars)")
    }

    private func take(_ body: Span<UInt8>) throws(RequestRefusal) -> AppendOutcome {
        var plain: [UInt8] = []
        do throws(CompressionError) {
            try Snappy.decompress(body, bytesMax: limits.expandedBytesMax, appendingTo: &plain)
        } catch {
            if case .tooLarge = error.reason { throw RequestRefusal(.contentTooLarge, "\(error)") }
            throw RequestRefusal(.badRequest, "\(error)")
        }
        var decoder = WriteRequestV2Decoder(seed: keySeed)
        var batch = SampleBatch()
        do throws(DecodeError) {
            try decoder.decode(plain.span, into: &batch)
        } catch {
            throw RequestRefusal(
                .badRequest, "cannot read the request as io.prometheus.write.v2.Request: \(error)")
        }
        let samples = batch.values.count + batch.histograms.count
        if let refusal = intake.refusal(ofSamples: samples, limits) { throw refusal }
        do throws(StorageError) {
            var outcome = try intake.take(&batch) { _, _ in nil }
            for flaw in decoder.flaws {
                outcome.refuse(.invalidLabels, series: flaw.place, samples: flaw.samples, flaw.reason)
            }
            return outcome
        } catch {
            throw RequestRefusal(error.status, "\(error)")
        }
    }
}
