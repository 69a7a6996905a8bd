import Encoding
import HTTP
import Telemetry

/// Carts and orders.
final class Orders: Service {
    private static let shownCount = 50

    private let context: ServiceContext
    private let store: Store
    private let checkout: Checkout
    private let added: Counter

    init(_ context: ServiceContext) throws {
        self.context = context
        store = try Store(
            context,
            schema: """
                CREATE TABLE IF NOT EXISTS carts (user_id TEXT NOT NULL, product TEXT NOT NULL, quantity BIGINT NOT NULL,
                PRIMARY KEY (user_id, product));
                CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, status TEXT NOT NULL,
                total_cents BIGINT NOT NULL, items TEXT NOT NULL, created_ms BIGINT NOT NULL);
                CREATE INDEX IF NOT EXISTS orders_by_user ON orders (user_id, created_ms);
                CREATE TABLE IF NOT EXISTS order_keys (user_id TEXT NOT NULL, request_key TEXT NOT NULL,
                order_id TEXT NOT NULL, PRIMARY KEY (user_id, request_key));
                """)
        checkout = Checkout(context, store)
        added = context.registry.counter("marketplace_cart_additions_total", "Products put into carts.")
    }

    func add(to routes: inout Routes) {
        routes.get("/cart") { [self] call in cart(call) }
        routes.post("/cart") { [self] call in put(call) }
        routes.add(.delete, "/cart/:id", .waiting) { [self] call in remove(call) }
        routes.post("/checkout") { [self] call in checkout.run(call) }
        routes.get("/orders") { [self] call in orders(call) }
        routes.get("/orders/:id") { [self] call in order(call) }
    }

    func stop() { store.close() }

    private func cart(_ call: Call) {
        do throws(StoreFailure) {
            let rows = try store.read("cart") { ask throws(StoreFailure) in
                try ask(
                    "SELECT product, quantity FROM carts WHERE user_id = $1 ORDER BY product", [.text(call.user ?? "")])
            }
            call.answer { writer in
                writer.beginObject()
                writer.name("items")
                writer.beginArray()
                for row in rows {
                    writer.beginObject()
                    writer.member("product", row[0].text)
                    writer.member("quantity", row[1].integer)
                    writer.endObject()
                }
                writer.endArray()
                writer.endObject()
            }
        } catch {
            call.refuse(error)
        }
    }

    private func put(_ call: Call) {
        guard let json = call.json() else { return }
        var form = Form(json)
        let product = form.text("product", length: 1...40)
        let quantity = form.integer("quantity", in: 1...100)
        guard form.isGood(for: call) else { return }
        do throws(StoreFailure) {
            try store.write("cart_put") { ask throws(StoreFailure) in
                let rows = try ask("SELECT count(*) FROM carts WHERE user_id = $1", [.text(call.user ?? "")])
                guard (rows.first?[0].integer ?? 0) < Checkout.linesMax else {
                    throw StoreFailure(.refused, "a cart holds at most \(Checkout.linesMax) products")
                }
                _ = try ask(
                    """
                    INSERT INTO carts (user_id, product, quantity) VALUES ($1, $2, $3)
                    ON CONFLICT (user_id, product) DO UPDATE SET quantity = excluded.quantity
                    """, [.text(call.user ?? ""), .text(product), .integer(quantity)])
            }
            added.add()
            cart(call)
        } catch {
            call.refuse(error)
        }
    }

    private func remove(_ call: Call) {
        do throws(StoreFailure) {
            try store.write("cart_remove") { ask throws(StoreFailure) in
                _ = try ask(
                    "DELETE FROM carts WHERE user_id = $1 AND product = $2",
                    [.text(call.user ?? ""), .text(call.parameter("id"))])
            }
            cart(call)
        } catch {
            call.refuse(error)
        }
    }

    private func orders(_ call: Call) {
        do throws(StoreFailure) {
            let rows = try store.read("orders") { ask throws(StoreFailure) in
                try ask(
                    """
                    SELECT id, status, total_cents, items, created_ms FROM orders WHERE user_id = $1
                    ORDER BY created_ms DESC LIMIT $2
                    """, [.text(call.user ?? ""), .integer(Self.shownCount)])
            }
            call.answer { writer in
                writer.beginObject()
                writer.name("items")
                writer.beginArray()
                for row in rows { Checkout.write(row, to: &writer) }
                writer.endArray()
                writer.endObject()
            }
        } catch {
            call.refuse(error)
        }
    }

    private func order(_ call: Call) {
        do throws(StoreFailure) {
            let rows = try store.read("order") { ask throws(StoreFailure) in
                try ask(
                    "SELECT id, status, total_cents, items, created_ms FROM orders WHERE id = $1 AND user_id = $2",
                    [.text(call.parameter("id")), .text(call.user ?? "")])
            }
            guard let row = rows.first else {
                return call.refuse(.notFound, "unknown_order", "there is no such order of yours")
            }
            call.answer { Checkout.write(row, to: &$0) }
        } catch {
            call.refuse(error)
        }
    }
}
