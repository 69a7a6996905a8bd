import Encoding
import HTTP

/// What of the stock is promised to orders: taken when an order begins, given back when it comes to nothing.
struct Inventory: Sendable {
    private struct Line {
        let product: String
        let quantity: Int
    }

    private static let linesMax = 100

    private let store: Store
    private let cache: Cache

    init(_ store: Store, _ cache: Cache) {
        self.store = store
        self.cache = cache
    }

    /// All of an order or nothing of it; answers with names and prices.
    func reserve(_ call: Call) {
        guard let lines = lines(call) else { return }
        do throws(StoreFailure) {
            let body = try store.write("reserve") { ask throws(StoreFailure) in
                var writer = JSONWriter()
                writer.beginObject()
                writer.name("items")
                writer.beginArray()
                for line in lines {
                    let taken = try ask(
                        "UPDATE products SET stock = stock - $1 WHERE id = $2 AND stock >= $1 RETURNING name, price_cents",
                        [.integer(line.quantity), .text(line.product)])
                    guard let row = taken.first else {
                        throw StoreFailure(.refused, "\(line.product) is not in stock \(line.quantity) times")
                    }
                    writer.beginObject()
                    writer.member("product", line.product)
                    writer.member("quantity", line.quantity)
                    writer.member("name", row[0].text)
                    writer.member("price_cents", row[1].integer)
                    writer.endObject()
                }
                writer.endArray()
                writer.endObject()
                return writer.bytes
            }
            call.answer(.ok, body)
        } catch {
            call.refuse(error)
        }
    }

    func release(_ call: Call) {
        guard let lines = lines(call) else { return }
        do throws(StoreFailure) {
            try store.write("release") { ask throws(StoreFailure) in
                for line in lines {
                    _ = try ask(
                        "UPDATE products SET stock = stock + $1 WHERE id = $2",
                        [.integer(line.quantity), .text(line.product)])
                }
            }
            call.answer(.ok, Array("{}".utf8))
        } catch {
            call.refuse(error)
        }
    }

    private func lines(_ call: Call) -> [Line]? {
        guard let json = call.json() else { return nil }
        var form = Form(json)
        let lines = form.list("items", count: 1...Self.linesMax).map { element in
            var line = Form(element)
            let made = Line(
                product: line.text("product", length: 1...40), quantity: line.integer("quantity", in: 1...10_000))
            if !line.isGood { form.note("an item has a product and a quantity") }
            return made
        }
        return form.isGood(for: call) ? lines : nil
    }
}
