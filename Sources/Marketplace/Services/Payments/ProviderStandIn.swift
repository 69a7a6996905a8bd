import Crypto
import Encoding
import HTTP

/// Stands for a payment provider: slow as one, declines as one, fails on demand, and calls back when money has moved.
struct ProviderStandIn: Sendable {
    enum Outcome: String, Sendable { case paid, declined, timeout }

    /// A provider in another city.
    private static let answerMs = 15.0...45.0
    /// How long one waits for a provider that does not answer.
    private static let timeoutNs: Int64 = 1_500_000_000
    private static let settleNs: Int64 = 1_000_000_000
    /// Of cards that look good.
    private static let declinedShare = 0.01

    private let context: ServiceContext
    private let own: Dependency

    init(_ context: ServiceContext) {
        self.context = context
        own = context.dependency(.payments)
    }

    /// A card that ends in 0002 is always declined.
    func charge(_ id: String, card: String, completion: @escaping @Sendable (Outcome) -> Void) {
        if let share = context.faults.level(of: .paymentOutage), Double.random(in: 0..<1) < share {
            return context.delays.run(afterNs: Self.timeoutNs) { completion(.timeout) }
        }
        let isDeclined = card.hasSuffix("0002") || Double.random(in: 0..<1) < Self.declinedShare
        let delayNs = Int64(Double.random(in: Self.answerMs) * 1e6)
        context.delays.run(afterNs: delayNs) { completion(isDeclined ? .declined : .paid) }
    }

    /// Calls the webhook a moment later.
    func settle(_ id: String, for call: Call) {
        context.delays.run(afterNs: Self.settleNs) { [own] in
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("payment", id)
            writer.member("status", "settled")
            writer.member("signature", signature(id, "settled"))
            writer.endObject()
            own.send(.post, "/payments/webhook", body: writer.bytes, for: call) { _ in }
        }
    }

    func signature(_ id: String, _ status: String) -> String {
        let key = Array("provider \(context.options.secret)".utf8)
        return Hexadecimal.string(
            HashAlgorithm.sha256.authenticate("\(id) \(status)".utf8.span, key: key.span).span)
    }
}
