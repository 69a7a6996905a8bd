import Encoding
import HTTP
import Posix
import Telemetry

/// From a cart to an order: stock is reserved, the card charged, the order kept, the user told. What fails on the way is
/// undone, and the same idempotency key orders once.
struct Checkout: Sendable {
    static let linesMax = 50
    private static let keyBytesMax = 64

    private let context: ServiceContext
    private let store: Store
    private let catalog: Dependency
    private let payments: Dependency
    private let notifications: Dependency
    private let recommendations: Dependency
    private let orders: Family<Counter>
    private let revenue: Counter

    init(_ context: ServiceContext, _ store: Store) {
        self.context = context
        self.store = store
        catalog = context.dependency(.catalog)
        payments = context.dependency(.payments, timeoutMs: 3_000)
        notifications = context.dependency(.notifications, timeoutMs: 1_000)
        recommendations = context.dependency(.recommendations, timeoutMs: 1_000)
        orders = context.registry.counters("marketplace_orders_total", "Checkouts, by outcome.", labels: ["outcome"])
        for outcome in ["paid", "declined", "out_of_stock", "failed"] { _ = orders.with(outcome) }
        revenue = context.registry.counter("marketplace_revenue_cents_total", "What paid orders came to, in cents.")
    }

    func run(_ call: Call) {
        guard let json = call.json() else { return }
        var form = Form(json)
        let card = form.text("card", length: 8...19)
        let key = call.idempotencyKey ?? ""
        if !(1...Self.keyBytesMax).contains(key.utf8.count) {
            form.note("send an Idempotency-Key field of 1 to \(Self.keyBytesMax) bytes, a new one for each order")
        }
        guard form.isGood(for: call) else { return }
        do throws(StoreFailure) {
            let (known, lines) = try store.read("checkout") { ask throws(StoreFailure) in
                try Self.look(ask, user: call.user ?? "", key: key)
            }
            if let known { return call.answer(.ok) { Self.write(known, to: &$0) } }
            guard !lines.isEmpty else { return call.refuse(.conflict, "empty_cart", "the cart is empty") }
            try order(call, lines, card: card, key: key)
        } catch {
            orders.with("failed").add()
            call.refuse(error)
        }
    }

    /// The order of this key, and what is in the cart.
    private static func look(_ ask: Ask, user: String, key: String) throws(StoreFailure) -> (SQLRow?, [SQLRow]) {
        let known = try ask(
            """
            SELECT o.id, o.status, o.total_cents, o.items, o.created_ms FROM orders o
            JOIN order_keys k ON k.order_id = o.id WHERE k.user_id = $1 AND k.request_key = $2
            """, [.text(user), .text(key)])
        let lines = try ask("SELECT product, quantity FROM carts WHERE user_id = $1 ORDER BY product", [.text(user)])
        return (known.first, lines)
    }

    private func order(_ call: Call, _ lines: [SQLRow], card: String, key: String) throws(StoreFailure) {
        let request = Self.items(lines)
        guard let items = reserve(call, request) else { return }
        let total = items.reduce(0) { $0 + ($1["price_cents"]?.int ?? 0) * ($1["quantity"]?.int ?? 0) }
        let id = Identifier.new("o")
        switch charge(call, order: id, cents: total, card: card) {
        case .paid:
            do throws(StoreFailure) {
                try keep(call, id, key, total, items)
            } catch {
                release(call, request)
                throw error
            }
            orders.with("paid").add(exemplarOf: call.trace)
            revenue.add(total)
            call.log.info("order paid", ["order": .text(id), "cents": .integer(total), "items": .integer(items.count)])
            tell(call, id, items)
            call.answer(.created) {
                Self.write(
                    [
                        .text(id), .text("paid"), .integer(total), .text(Self.text(items)),
                        .integer(context.time.wallMs),
                    ], to: &$0)
            }
        case .declined:
            release(call, request)
            orders.with("declined").add()
            call.refuse(Status(rawValue: 402), "payment_declined", "the card was declined; try another")
        case .unavailable:
            release(call, request)
            orders.with("failed").add()
            call.refuse(
                .serviceUnavailable, "payment_unavailable", "payments cannot be taken now; nothing was charged",
                retryAfterSeconds: 30, isOwn: false)
        }
    }

    /// Names and prices of what is now reserved; nil where it cannot be, and then the call is answered.
    private func reserve(_ call: Call, _ request: [UInt8]) -> [JSONValue]? {
        switch catalog.answer(.post, "/stock/reserve", body: request, for: call) {
        case .success(let response) where response.status == .ok:
            let json = try? JSONValue.parse(response.body.span)  // our own service's answer
            return json?["items"]?.elements ?? []
        case .success(let response) where response.status == .conflict:
            orders.with("out_of_stock").add()
            call.refuse(.conflict, "out_of_stock", "something in the cart is not in stock")
        case .success, .failure:
            orders.with("failed").add()
            call.refuse(
                .badGateway, "stock_unavailable", "the stock cannot be reserved now", retryAfterSeconds: 5,
                isOwn: false)
        }
        return nil
    }

    private func release(_ call: Call, _ request: [UInt8]) {
        catalog.send(.post, "/stock/release", body: request, for: call) { outcome in
            if case .success(let response) = outcome, response.status == .ok { return }
            call.log.error(
                "reserved stock was not given back", ["request": .text(String(decoding: request, as: UTF8.self))])
        }
    }

    private enum Charge { case paid, declined, unavailable }

    private func charge(_ call: Call, order: String, cents: Int, card: String) -> Charge {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("order", order)
        writer.member("amount_cents", cents)
        writer.member("card", card)
        writer.endObject()
        guard case .success(let response) = payments.answer(.post, "/charges", body: writer.bytes, for: call) else {
            return .unavailable
        }
        if response.status == .created { return .paid }
        return response.status.rawValue == 402 ? .declined : .unavailable
    }

    private func keep(
        _ call: Call, _ id: String, _ key: String, _ total: Int, _ items: [JSONValue]
    ) throws(StoreFailure) {
        let nowMs = context.time.wallMs
        try store.write("order") { ask throws(StoreFailure) in
            _ = try ask(
                "INSERT INTO order_keys (user_id, request_key, order_id) VALUES ($1, $2, $3)",
                [.text(call.user ?? ""), .text(key), .text(id)])
            _ = try ask(
                "INSERT INTO orders (id, user_id, status, total_cents, items, created_ms) VALUES ($1, $2, $3, $4, $5, $6)",
                [
                    .text(id), .text(call.user ?? ""), .text("paid"), .integer(total), .text(Self.text(items)),
                    .integer(nowMs),
                ])
            _ = try ask("DELETE FROM carts WHERE user_id = $1", [.text(call.user ?? "")])
        }
    }

    /// Nobody waits for these: the order stands without them.
    private func tell(_ call: Call, _ id: String, _ items: [JSONValue]) {
        var note = JSONWriter()
        note.beginObject()
        note.member("user", call.user ?? "")
        note.member("kind", "order_paid")
        note.member("text", "Your order \(id) is on its way.")
        note.endObject()
        notifications.send(.post, "/notifications", body: note.bytes, for: call) { _ in }
        var purchase = JSONWriter()
        purchase.beginObject()
        purchase.name("products")
        purchase.beginArray()
        for item in items { purchase.string(item["product"]?.text ?? "") }
        purchase.endArray()
        purchase.endObject()
        recommendations.send(.post, "/purchases", body: purchase.bytes, for: call) { _ in }
    }
}

/// Orders as JSON.
extension Checkout {
    /// Columns: id, status, total_cents, items, created_ms.
    static func write(_ row: SQLRow, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", row[0].text)
        writer.member("status", row[1].text)
        writer.member("total_cents", row[2].integer)
        writer.name("items")
        writer.raw(row[3].text.utf8.span)
        writer.member("created_ms", row[4].integer)
        writer.endObject()
    }

    private static func items(_ lines: [SQLRow]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("items")
        writer.beginArray()
        for line in lines {
            writer.beginObject()
            writer.member("product", line[0].text)
            writer.member("quantity", line[1].integer)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    private static func text(_ items: [JSONValue]) -> String {
        var writer = JSONWriter()
        writer.value(.array(items))
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
