import Encoding
import HTTP
import Posix
import Telemetry

/// What goes with a product: what was bought together with it, and where that is too little, what is in the catalog.
final class Recommendations: Service {
    private static let shownCount = 5

    private let context: ServiceContext
    private let catalog: Dependency
    private let bought = BoughtTogether()
    private let cache: Cache
    private let served: Family<Counter>

    init(_ context: ServiceContext) throws {
        self.context = context
        catalog = context.dependency(.catalog, timeoutMs: 1_000)
        cache = Cache(context, seconds: 10)
        served = context.registry.counters(
            "marketplace_recommendations_total", "Recommendations given, by where they came from.", labels: ["source"])
        let bought = bought
        context.registry.callback("marketplace_recommendation_pairs", "Pairs of products that were bought together.") {
            Double(bought.count)
        }
    }

    func add(to routes: inout Routes) {
        routes.get("/recommendations", cache.isPrompt ? .prompt : .waiting) { [self] call in recommend(call) }
        routes.post("/purchases", .prompt) { [self] call in learn(call) }
    }

    func stop() { cache.close() }

    private func recommend(_ call: Call) {
        let known = bought.with(call.value("product") ?? "", count: Self.shownCount)
        if known.count == Self.shownCount {
            served.with("purchases").add()
            return call.answer(.ok, Self.body(known))
        }
        served.with("catalog").add()
        if let filler = cache.value("popular") { return call.answer(.ok, filler) }
        catalog.send(.get, "/products?page=0", for: call) { [cache] outcome in
            guard case .success(let response) = outcome, response.status == .ok,
                let json = try? JSONValue.parse(response.body.span),  // what is no JSON has no items
                let items = json["items"]?.elements
            else {
                return call.refuse(
                    .badGateway, "upstream_unreachable", "catalog cannot be asked what there is", isOwn: false)
            }
            let body = Self.body(items.prefix(Self.shownCount).compactMap { $0["id"]?.text })
            cache.set("popular", body)
            call.answer(.ok, body)
        }
    }

    private func learn(_ call: Call) {
        guard let json = call.json() else { return }
        var form = Form(json)
        let products = form.list("products", count: 1...100).compactMap(\.text)
        guard form.isGood(for: call) else { return }
        bought.learn(products)
        call.answer(.accepted, Array("{}".utf8))
    }

    private static func body(_ products: [String]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("items")
        writer.beginArray()
        for product in products { writer.string(product) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}

/// Which products were in one order with which, of the products that were ordered last.
final class BoughtTogether: Sendable {
    private static let productsMax = 2_000
    private static let partnersMax = 50

    private let partners = Lock<[String: [String: Int]]>([:])

    func learn(_ products: [String]) {
        partners.withLock { partners in
            for product in products {
                if partners.count >= Self.productsMax, partners[product] == nil { partners = [:] }
                for other in products where other != product {
                    if partners[product, default: [:]].count >= Self.partnersMax { partners[product] = [:] }
                    partners[product, default: [:]][other, default: 0] += 1
                }
            }
        }
    }

    /// The most frequent first.
    func with(_ product: String, count: Int) -> [String] {
        let found = partners.withLock { $0[product] } ?? [:]
        return found.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(count).map(\.key)
    }

    var count: Int { partners.withLock { $0.values.reduce(0) { $0 + $1.count } } }
}
