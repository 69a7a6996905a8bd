import Encoding
package import HTTP
package import Ingest
import Model
import Storage

/// `/api/v1/import` takes JSON lines, or lines of Prometheus' text format where the request is text/plain. What is wrong with a line is answered with its number, and the rest is kept.
package struct ImportAPI: Sendable {
    private let intake: MetricIntake
    private let pool: HandlerPool
    private let keySeed: Hash128
    /// Of one request, before and after decompression; more comes in several.
    private let bodyBytesMax: Int

    /// - Parameter pool: requests that wait in it keep their bodies.
    package init(_ context: IngestContext, pool: HandlerPool) {
        intake = MetricIntake("import", store: context.store, registry: context.registry)
        self.pool = pool
        keySeed = context.keySeed
        bodyBytesMax = context.limits.bodyBytesMax
    }

    package func add(to router: inout Router) {
        router.post("/api/v1/import", role: .ingest, bodyBytesMax: bodyBytesMax) { request, response in
            let body = Self.bytes(of: request)
            let parameters = APIParameters(request)
            let form = request.hasContentType("text/plain") ? TransferForm.text : .jsonLines
            pool.answer(&response) { pending in
                let firstLine = parameters["first_line"].flatMap { Int($0) } ?? 1
                var lines = LineImport(intake, form, keySeed: keySeed, firstLine: firstLine)
                do throws(StorageError) {
                    Self.send(try lines.take(body), pending)
                } catch {
                    Self.refuse(error, pending)
                }
            }
        }
    }

    private static func bytes(of request: borrowing Request) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(request.body)
        return bytes
    }

    private static func send(_ result: LineImport.Result, _ pending: PendingResponse) {
        guard result.refusedLines > 0 || result.refusedSamples > 0 else { return pending.send(.noContent, "") }
        pending.send(.badRequest, result.sentence)
    }

    private static func refuse(_ error: StorageError, _ pending: PendingResponse) {
        var fields = ResponseFields()
        if error.status == .serviceUnavailable { fields.append("Retry-After", "5") }
        let text = "\(error)\n"
        pending.send(error.status, text.utf8.span, contentType: ContentType.text, fields)
    }
}
