import HTTP
import Posix
import Telemetry

/// Posts finished spans to a collector every other second. What cannot be delivered is given up: a service does not
/// wait for those who watch it.
final class SpanShipper: Sendable {
    private static let intervalNs: Int64 = 2_000_000_000
    private static let timeoutNs: Int64 = 5_000_000_000

    private let worker: BackgroundWorker

    /// - Parameter url: of the collector, without a path.
    init(_ context: ServiceContext, to url: String) throws(SystemError) {
        let lost = context.registry.counter(
            "marketplace_spans_lost_total", "Finished spans that no collector has taken.")
        worker = try BackgroundWorker(name: "spans", intervalNs: Self.intervalNs) { _ in
            guard let (body, spans) = context.spans.take() else { return false }
            var request = ClientRequest(.post, url + "/v1/traces")
            request.body = body
            request.timeoutNs = Self.timeoutNs
            request.fields = [("content-type", "application/x-protobuf")]
            do throws(ClientError) {
                let answer = try context.client.answer(to: request)
                if answer.status.rawValue >= 300 { lost.add(spans) }
            } catch {
                lost.add(spans)
            }
            return false
        }
    }

    func stop() {
        worker.wake()
        worker.stop()
    }
}
