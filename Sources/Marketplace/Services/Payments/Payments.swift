import Crypto
import Encoding
import HTTP
import Posix
import Telemetry

/// Takes payments through a provider, keeps them, and hears from the provider when they are settled.
final class Payments: Service {
    private let context: ServiceContext
    private let store: Store
    private let provider: ProviderStandIn
    private let outcomes: Family<Counter>
    private let settled: Counter

    init(_ context: ServiceContext) throws {
        self.context = context
        store = try Store(
            context,
            schema: """
                CREATE TABLE IF NOT EXISTS payments (id TEXT PRIMARY KEY, order_id TEXT NOT NULL UNIQUE,
                amount_cents BIGINT NOT NULL, status TEXT NOT NULL, created_ms BIGINT NOT NULL);
                """)
        provider = ProviderStandIn(context)
        outcomes = context.registry.counters("marketplace_payments_total", "Charges, by outcome.", labels: ["outcome"])
        for outcome in ["paid", "declined", "timeout"] { _ = outcomes.with(outcome) }
        settled = context.registry.counter("marketplace_payments_settled_total", "Payments that the provider settled.")
    }

    func add(to routes: inout Routes) {
        routes.post("/charges", .prompt) { [self] call in charge(call) }
        routes.post("/payments/webhook") { [self] call in webhook(call) }
    }

    func stop() { store.close() }

    private func charge(_ call: Call) {
        guard let json = call.json() else { return }
        var form = Form(json)
        let order = form.text("order", length: 1...40)
        let cents = form.integer("amount_cents", in: 1...10_000_000_000)
        let card = form.text("card", length: 8...19)
        guard form.isGood(for: call) else { return }
        let id = Identifier.new("pay")
        provider.charge(id, card: card) { [self] outcome in
            outcomes.with(outcome.rawValue).add()
            switch outcome {
            case .declined: call.refuse(Status(rawValue: 402), "payment_declined", "the provider declined the card")
            case .timeout:
                call.log.error("the payment provider does not answer", ["order": .text(order)])
                call.refuse(
                    .serviceUnavailable, "provider_timeout", "the payment provider does not answer", isOwn: false)
            case .paid:
                let isTaken = context.pool.run { self.keep(call, id, order, cents) }
                if !isTaken { call.refuse(.serviceUnavailable, "overload", "too many payments wait") }
            }
        }
    }

    private func keep(_ call: Call, _ id: String, _ order: String, _ cents: Int) {
        do throws(StoreFailure) {
            try store.write("charge") { ask throws(StoreFailure) in
                _ = try ask(
                    "INSERT INTO payments (id, order_id, amount_cents, status, created_ms) VALUES ($1, $2, $3, $4, $5)",
                    [.text(id), .text(order), .integer(cents), .text("paid"), .integer(context.time.wallMs)])
            }
            call.log.info("charged", ["payment": .text(id), "order": .text(order), "cents": .integer(cents)])
            provider.settle(id, for: call)
            call.answer(.created) {
                $0.beginObject()
                $0.member("payment", id)
                $0.member("status", "paid")
                $0.endObject()
            }
        } catch {
            call.refuse(error)
        }
    }

    private func webhook(_ call: Call) {
        guard let json = call.json() else { return }
        var form = Form(json)
        let id = form.text("payment", length: 1...40)
        let status = form.text("status", length: 1...20)
        let signature = form.text("signature", length: 1...100)
        guard form.isGood(for: call) else { return }
        guard ConstantTime.equal(provider.signature(id, status).utf8.span, signature.utf8.span) else {
            call.log.warning("a webhook is not signed by the provider", ["event": "security"])
            return call.refuse(.forbidden, "bad_signature", "the signature is not the provider's")
        }
        do throws(StoreFailure) {
            let rows = try store.write("settle") { ask throws(StoreFailure) in
                try ask("UPDATE payments SET status = $1 WHERE id = $2 RETURNING id", [.text(status), .text(id)])
            }
            guard !rows.isEmpty else { return call.refuse(.notFound, "unknown_payment", "there is no such payment") }
            settled.add()
            call.answer(.accepted, Array("{}".utf8))
        } catch {
            call.refuse(error)
        }
    }
}
