import Encoding
package import HTTP
import Storage

/// Loki's push API, as Promtail, Alloy, Vector, Fluent Bit, Docker's driver and Loki's client libraries use it: JSON, and
/// protobuf in snappy. Like Loki it takes an entry once that equals one of its stream and time.
package struct LokiPush: LogIngestProtocol {
    private let intake: LogIntake
    private let limits: LogIngestLimits

    package init(_ context: LogIngestContext) {
        intake = LogIntake("loki", context)
        limits = context.limits
    }

    package func add(to router: inout Router) {
        for path in ["/loki/api/v1/push", "/api/prom/push"] {
            router.post(path, role: .ingest, bodyBytesMax: limits.bodyBytesMax) { request, response in
                do throws(RequestRefusal) {
                    try intake.takeWhole(try batch(of: request), of: request, dropsRepeats: true)
                    response.send(.noContent)
                } catch {
                    response.refuseWithRetry(error)
                }
            }
        }
    }

    private func batch(of request: borrowing Request) throws(RequestRefusal) -> LogBatch {
        if request.hasContentType("application/json") {
            do throws(LokiPushError) {
                return try LokiPushJSON.batch(request.body)
            } catch {
                throw RequestRefusal(.badRequest, "\(error)")
            }
        }
        var body: [UInt8] = []
        do throws(CompressionError) {
            try Snappy.decompress(
                request.body, bytesMax: limits.expandedBytesMax, spareBytes: LokiPushDecoder.spareBytes,
                appendingTo: &body)
        } catch {
            if case .tooLarge = error.reason { throw RequestRefusal(.contentTooLarge, "\(error)") }
            throw RequestRefusal(
                .badRequest, "\(error); JSON needs the Content-Type application/json, protobuf is compressed by snappy")
        }
        do throws(LokiPushError) {
            return try LokiPushDecoder.batch(body)
        } catch {
            throw RequestRefusal(.badRequest, "\(error)")
        }
    }
}

/// Why a body is no push, as a sentence.
package struct LokiPushError: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
