package import Alerting
import Encoding
package import HTTP
import Ledger

/// `/obs/v1/cluster`: what members of a cluster tell each other, about silences, notifications and acknowledgements.
package struct ClusterAPI: Sendable {
    private static let bodyBytesMax = 64 << 20

    private let router: AlertRouter
    private let pool: HandlerPool

    package init(_ router: AlertRouter, pool: HandlerPool) { (self.router, self.pool) = (router, pool) }

    package func add(to routes: inout Router) {
        routes.post("/obs/v1/cluster", role: .operate, bodyBytesMax: Self.bodyBytesMax) { request, response in
            let body = HeldBody(request)
            pool.answer(&response) { pending in
                do throws(APIError) {
                    let answer = try answer(body.bytes)
                    pending.send(.ok, answer.json.span, contentType: ContentType.json)
                } catch {
                    APIAnswer.failure(pending, error)
                }
            }
        }
    }

    private func answer(_ body: [UInt8]) throws(APIError) -> ClusterUpdate {
        let update: ClusterUpdate
        do throws(JSONError) {
            update = try ClusterUpdate(json: body.span)
        } catch {
            throw APIError(.badData, "the body is no message of a member: \(error)")
        }
        do throws(LedgerError) {
            return try router.take(update)
        } catch {
            throw APIError(.internalFailure, "\(error)")
        }
    }
}
