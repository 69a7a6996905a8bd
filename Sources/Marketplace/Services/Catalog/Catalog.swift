import Encoding
import HTTP
import Posix
import Telemetry

/// What is for sale: search, single products, and the stock that orders reserve.
final class Catalog: Service {
    static let pageCount = 20

    private let context: ServiceContext
    private let store: Store
    private let cache: Cache
    private let stock: Inventory
    private let listed: Counter

    init(_ context: ServiceContext) throws {
        self.context = context
        store = try Store(context, schema: ProductRow.schema)
        cache = Cache(context, seconds: 30)
        stock = Inventory(store, cache)
        listed = context.registry.counter("marketplace_products_listed_total", "Products that sellers have listed.")
        try ProductRow.seed(store, nowMs: context.time.wallMs)
    }

    func add(to routes: inout Routes) {
        routes.get("/products", .prompt) { [self] call in search(call) }
        routes.get("/products/:id", .prompt) { [self] call in product(call) }
        routes.post("/products") { [self] call in list(call) }
        routes.add(.put, "/products/:id", .waiting) { [self] call in change(call) }
        routes.get("/categories", .prompt) { call in call.answer(.ok, Self.categories) }
        routes.post("/stock/reserve") { [self] call in stock.reserve(call) }
        routes.post("/stock/release") { [self] call in stock.release(call) }
    }

    func stop() {
        store.close()
        cache.close()
    }

    private static let categories: [UInt8] = {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("items")
        writer.beginArray()
        for category in ProductRow.categories { writer.string(category) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }()

    private func search(_ call: Call) {
        let words = call.value("q") ?? ""
        let category = call.value("category") ?? ""
        guard let page = Int(call.value("page") ?? "0"), (0...1_000).contains(page) else {
            return call.refuse(.unprocessableContent, "bad_field", "page is a whole number from 0 to 1000")
        }
        guard words.utf8.count <= 100, category.utf8.count <= 100, !words.utf8.contains(0), !category.utf8.contains(0)
        else { return call.refuse(.unprocessableContent, "bad_field", "q and category have at most 100 bytes each") }
        cached("s:\(category):\(page):\(words)", call) { [store] () throws(StoreFailure) in
            try store.read("search") { ask throws(StoreFailure) in
                try ProductRow.page(ask, words: words, category: category, page: page, count: Self.pageCount)
            }
        }
    }

    private func product(_ call: Call) {
        let id = call.parameter("id")
        cached("p:\(id)", call) { [store] () throws(StoreFailure) in
            try store.read("product") { ask throws(StoreFailure) in try ProductRow.find(ask, id)?.json }
        }
    }

    /// Answers from a cache in this process on the connection's thread, else from cache or database on another.
    private func cached(
        _ key: String, _ call: Call, _ make: @escaping @Sendable () throws(StoreFailure) -> [UInt8]?
    ) {
        if cache.isPrompt, let known = cache.value(key) { return call.answer(.ok, known) }
        let isTaken = context.pool.run { [cache] in
            if !cache.isPrompt, let known = cache.value(key) { return call.answer(.ok, known) }
            do throws(StoreFailure) {
                guard let made = try make() else {
                    return call.refuse(.notFound, "unknown_product", "there is no such product")
                }
                cache.set(key, made)
                call.answer(.ok, made)
            } catch {
                call.refuse(error)
            }
        }
        if !isTaken {
            call.refuse(.serviceUnavailable, "overload", "too many requests wait already", retryAfterSeconds: 1)
        }
    }

    private func list(_ call: Call) {
        guard let json = call.json() else { return }
        var form = Form(json)
        let row = ProductRow(
            id: Identifier.new("p"), seller: call.user ?? "", &form, nowMs: context.time.wallMs)
        guard form.isGood(for: call) else { return }
        do throws(StoreFailure) {
            try store.write("list") { ask throws(StoreFailure) in try row.insert(ask) }
            listed.add()
            call.log.info("listed", ["product": .text(row.id), "seller": .text(row.seller)])
            call.answer(.created, row.json)
        } catch {
            call.refuse(error)
        }
    }

    private func change(_ call: Call) {
        guard let json = call.json() else { return }
        var form = Form(json)
        let row = ProductRow(
            id: call.parameter("id"), seller: call.user ?? "", &form, nowMs: context.time.wallMs)
        guard form.isGood(for: call) else { return }
        do throws(StoreFailure) {
            let isChanged = try store.write("change") { ask throws(StoreFailure) in try row.update(ask) }
            guard isChanged else {
                return call.refuse(.notFound, "unknown_product", "there is no such product of yours")
            }
            cache.remove("p:\(row.id)")
            call.answer(.ok, row.json)
        } catch {
            call.refuse(error)
        }
    }
}
