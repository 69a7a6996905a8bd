import Encoding
package import HTTP
import Posix
import Storage

/// OpenTelemetry's metrics over HTTP: `/v1/metrics`, and Prometheus' path for the same.
package struct OTLPMetricsIn: IngestProtocol {
    private let intake: MetricIntake
    private let limits: IngestLimits
    private let keySeed: Hash128
    private let options: @Sendable () -> OTLPOptions
    private let deltas: DeltaSums

    package init(_ context: IngestContext) {
        intake = MetricIntake("otlp", store: context.store, registry: context.registry)
        (limits, keySeed, options) = (context.limits, context.keySeed, context.otlp)
        deltas = DeltaSums(time: context.time)
    }

    package func add(to router: inout Router) {
        for path in ["/v1/metrics", "/api/v1/otlp/v1/metrics"] {
            router.post(path, role: .ingest, bodyBytesMax: limits.bodyBytesMax) { request, response in
                answer(request, &response)
            }
        }
    }

    private func answer(_ request: borrowing Request, _ response: inout Response) {
        let isJSON = request.hasContentType("application/json")
        guard isJSON || request.hasContentType("application/x-protobuf") else {
            return response.refuse(
                RequestRefusal(
                    .unsupportedMediaType, "OTLP comes as application/x-protobuf or application/json"))
        }
        var translation = OTLPTranslation(options(), deltas, keySeed: keySeed)
        do throws(RequestRefusal) {
            for resource in try read(request.body, isJSON: isJSON) { translation.add(resource) }
            var batch = translation.batch
            if let refusal = intake.refusal(ofSamples: batch.count, limits) { throw refusal }
            let outcome = try append(&batch)
            let reason = [translation.reason, outcome.refusedTotal > 0 ? outcome.sentence : nil].compactMap(\.self)
            send(
                rejected: translation.rejected + outcome.refusedTotal, reason.joined(separator: "; "), isJSON: isJSON,
                &response)
        } catch {
            response.refuse(ingest: error)
        }
    }

    private func append(_ batch: inout LabelledBatch) throws(RequestRefusal) -> AppendOutcome {
        do throws(StorageError) {
            return try batch.take(by: intake)
        } catch {
            throw RequestRefusal(error.status, "\(error)")
        }
    }

    private func read(_ body: Span<UInt8>, isJSON: Bool) throws(RequestRefusal) -> [OTLPResource] {
        if isJSON {
            do throws(JSONError) {
                return try OTLPJSON.read(body)
            } catch {
                throw RequestRefusal(.badRequest, "cannot read the request as JSON: \(error)")
            }
        }
        do throws(DecodeError) {
            return try OTLPProtobuf.read(body)
        } catch {
            throw RequestRefusal(.badRequest, "cannot read the request as ExportMetricsServiceRequest: \(error)")
        }
    }

    /// What was not taken is told in an answer of success, as the protocol wants it: nobody is to send it again.
    private func send(rejected: Int, _ reason: String, isJSON: Bool, _ response: inout Response) {
        if isJSON {
            var writer = JSONWriter()
            writer.beginObject()
            if rejected > 0 {
                writer.name("partialSuccess")
                writer.beginObject()
                writer.member("rejectedDataPoints", "\(rejected)")
                writer.member("errorMessage", reason)
                writer.endObject()
            }
            writer.endObject()
            return response.send(writer.bytes, contentType: ContentType.json)
        }
        var writer = ProtobufWriter()
        if rejected > 0 {
            writer.message(1) {
                $0.int64(1, Int64(rejected))
                $0.string(2, reason)
            }
        }
        response.send(writer.bytes, contentType: "application/x-protobuf")
    }
}
