import Encoding
package import HTTP
import Model
import Posix
import Storage

/// Pages of metrics that are posted: `/api/v1/import/prometheus`, as VictoriaMetrics has it.
package struct TextImport: IngestProtocol {
    private let intake: MetricIntake
    private let limits: IngestLimits
    private let keySeed: Hash128
    private let time: any TimeSource

    package init(_ context: IngestContext) {
        intake = MetricIntake("import_prometheus", store: context.store, registry: context.registry)
        (limits, keySeed, time) = (context.limits, context.keySeed, context.time)
    }

    package func add(to router: inout Router) {
        for method in [Method.post, .put] {
            router.add(
                method, "/api/v1/import/prometheus", role: .ingest, bodyBytesMax: limits.bodyBytesMax
            ) { request, response in
                switch take(request) {
                case nil: response.send(.noContent)
                case .some(let refusal): response.refuse(ingest: refusal)
                }
            }
        }
    }

    private func take(_ request: borrowing Request) -> RequestRefusal? {
        let extra = request.values("extra_label").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        guard extra.allSatisfy({ $0.count == 2 && !$0[0].isEmpty }) else {
            return RequestRefusal(.badRequest, "extra_label has to be name=value")
        }
        var atMs = time.wallMs
        if let text = request.value("timestamp") {
            guard let given = Int64(text) else {
                return RequestRefusal(
                    .badRequest, "timestamp has to be milliseconds since 1970, not \(Quoted.text(text))")
            }
            atMs = given
        }
        let format = ExpositionFormat.ofPushed(contentType: request.headerText("content-type"))
        var samples = PushedPage()
        do throws(ExpositionError) {
            try samples.read(request.body, format)
        } catch {
            return RequestRefusal(.badRequest, "cannot read the page: \(error)")
        }
        if let refusal = intake.refusal(ofSamples: samples.count, limits) { return refusal }
        return append(samples, extra.map { ($0[0], $0[1]) }, atMs: atMs)
    }

    private func append(
        _ page: PushedPage, _ extra: [(name: String, value: String)], atMs: Int64
    ) -> RequestRefusal? {
        var batch = LabelledBatch(keySeed: keySeed)
        for sample in page.samples {
            var labels = sample.labels
            if !extra.isEmpty {
                var builder = LabelsBuilder(labels)
                for (name, value) in extra { builder.set(name, value) }
                labels = builder.labels()
            }
            sample.add(labels, atMs: atMs, to: &batch)
        }
        for metadata in page.metadata { batch.add(metadata) }
        do throws(StorageError) {
            let outcome = try batch.take(by: intake)
            return outcome.refusedTotal == 0 ? nil : RequestRefusal(.badRequest, outcome.sentence)
        } catch {
            return RequestRefusal(error.status, "\(error)")
        }
    }
}
