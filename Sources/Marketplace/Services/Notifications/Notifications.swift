import Encoding
import HTTP
import Posix
import Telemetry

/// Tells users what happened: a queue, and a worker that delivers.
final class Notifications: Service {
    private struct Message: Sendable {
        let call: Call
        let user: String
        let kind: String
        let queuedNs: Int64
    }

    private static let queueMax = 10_000
    /// What a delivery takes.
    private static let deliveryNs: Int64 = 2_000_000

    private let context: ServiceContext
    private let queue = BoundedQueue<Message>(capacity: Notifications.queueMax)
    private let worker: OwnedThread

    init(_ context: ServiceContext) throws {
        self.context = context
        let registry = context.registry
        let queue = queue
        registry.callback("marketplace_queue_depth", "Messages that wait for their delivery.") { Double(queue.count) }
        registry.callback("marketplace_queue_capacity", "Messages that may wait.") { Double(Self.queueMax) }
        let delivered = registry.counters(
            "marketplace_notifications_total", "Messages, by kind and outcome.", labels: ["kind", "outcome"])
        let age = registry.histogram(
            "marketplace_queue_wait_seconds", "How long messages waited.", unit: .seconds,
            buckets: RequestMetrics.buckets)
        worker = try OwnedThread(name: "deliveries") {
            while let message = queue.pop() {
                _ = Monitor(false).wait(atMostNs: Self.deliveryNs) { $0 ? true : nil }
                age.observe(Int(context.time.monotonicNs - message.queuedNs))
                delivered.with(message.kind, "delivered").add()
                message.call.log.debug("delivered", ["user": .text(message.user), "kind": .text(message.kind)])
            }
        }
    }

    func add(to routes: inout Routes) {
        routes.post("/notifications", .prompt) { [self] call in
            guard let json = call.json() else { return }
            var form = Form(json)
            let user = form.text("user", length: 1...40)
            let kind = form.text("kind", length: 1...40)
            _ = form.text("text", length: 1...1_000)
            guard form.isGood(for: call) else { return }
            let message = Message(call: call, user: user, kind: kind, queuedNs: context.time.monotonicNs)
            if case .accepted = queue.push(message) { return call.answer(.accepted, Array("{}".utf8)) }
            call.refuse(
                .serviceUnavailable, "queue_full", "\(Self.queueMax) messages wait already", retryAfterSeconds: 5)
        }
    }

    func stop() {
        queue.close()
        worker.join()
    }
}
