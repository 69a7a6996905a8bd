import Encoding
import HTTP
import TestSupport
import Testing

@testable import Marketplace

@Suite struct ShoppingTests {
    @Test func aUserSignsUpBuysAndSeesTheOrder() throws {
        let shop = try RunningMarketplace()
        defer { shop.stop() }
        try Self.buy(in: shop)
    }

    /// From the sign-up to the order, whatever the marketplace keeps its rows in.
    static func buy(in shop: RunningMarketplace) throws {
        let token = try shop.signUp()
        #expect(try shop.ask(.get, "/v1/me", token: token).json["email"]?.text == "ada@example.com")
        let put = try shop.ask(.post, "/v1/cart", token: token, body: #"{"product":"p_7","quantity":2}"#)
        #expect(put.json["items"]?.elements?.count == 1)
        let key: [(name: String, value: String)] = [("idempotency-key", "k1")]
        let card = #"{"card":"4242424242424242"}"#
        var order = try shop.ask(.post, "/v1/checkout", token: token, fields: key, body: card)
        // The provider declines one good card in a hundred.
        while order.status == 402 {
            order = try shop.ask(.post, "/v1/checkout", token: token, fields: key, body: card)
        }
        #expect(order.status == 201, "\(order.text)")
        let id = try #require(order.json["id"]?.text)
        let price = try #require(shop.ask(.get, "/v1/products/p_7").json["price_cents"]?.int)
        #expect(order.json["total_cents"]?.int == 2 * price)
        #expect(try shop.ask(.get, "/v1/orders/\(id)", token: token).json["status"]?.text == "paid")
        #expect(try shop.ask(.get, "/v1/cart", token: token).json["items"]?.elements?.isEmpty == true)
        // The same key again is the same order.
        let again = try shop.ask(.post, "/v1/checkout", token: token, fields: key, body: card)
        #expect(again.status == 200)
        #expect(again.json["id"]?.text == id)
        #expect(
            try shop.metrics(.orders, "marketplace_orders_total{outcome=\"paid\"}") == [
                "marketplace_orders_total{outcome=\"paid\"} 1"
            ])
    }

    @Test func aDeclinedCardGivesTheStockBackAndKeepsTheCart() throws {
        let shop = try RunningMarketplace()
        defer { shop.stop() }
        let token = try shop.signUp()
        let listed = try shop.ask(
            .post, "/v1/products", token: token,
            body: #"{"name":"one","category":"toys","description":"","price_cents":100,"stock":1}"#)
        let product = try #require(listed.json["id"]?.text)
        _ = try shop.ask(.post, "/v1/cart", token: token, body: #"{"product":"\#(product)","quantity":1}"#)
        for number in 0..<3 {
            let answer = try shop.ask(
                .post, "/v1/checkout", token: token, fields: [("idempotency-key", "k\(number)")],
                body: #"{"card":"4000000000000002"}"#)
            // The stock is given back beside the answer, so that the next try may come too early for it.
            #expect(answer.errorCode == "payment_declined" || answer.errorCode == "out_of_stock", "\(answer.text)")
        }
        #expect(try shop.ask(.get, "/v1/cart", token: token).json["items"]?.elements?.count == 1)
    }

    @Test func everyRefusalIsJSONWithTheRequestsIdAndIsCounted() throws {
        let shop = try RunningMarketplace()
        defer { shop.stop() }
        let token = try shop.signUp()
        let cases: [(Method, String, String?, String, Int, String)] = [
            (.get, "/v1/nothing", nil, "", 404, "not_found"),
            (.delete, "/v1/products", nil, "", 405, "method_not_allowed"),
            (.get, "/v1/cart", nil, "", 401, "no_token"),
            (.get, "/v1/cart", "no.such.token", "", 401, "bad_token"),
            (.post, "/v1/login", nil, "{", 400, "bad_json"),
            (.post, "/v1/login", nil, "{}", 422, "bad_field"),
            (.post, "/v1/login", nil, #"{"email":"a@b.c","password":"12345678"}"#, 401, "wrong_password"),
            (.get, "/v1/products/none", nil, "", 404, "unknown_product"),
            (.post, "/v1/checkout", token, #"{"card":"4242424242424242"}"#, 422, "bad_field"),
            (.post, "/v1/login", nil, String(repeating: "x", count: 70_000), 413, "too_large"),
        ]
        for (method, path, token, body, status, code) in cases {
            let answer = try shop.ask(method, path, token: token, fields: [("x-request-id", "r-1")], body: body)
            #expect(answer.status == status, "\(method.name) \(path): \(answer.text)")
            #expect(answer.errorCode == code, "\(method.name) \(path)")
            #expect(answer.json["error"]?["request_id"]?.text == "r-1", "\(method.name) \(path)")
        }
        for reason in ["not_found", "method_not_allowed", "no_token", "bad_token", "too_large"] {
            let counted = try shop.metrics(.gateway, "marketplace_http_refusals_total").filter { $0.contains(reason) }
            #expect(!counted.isEmpty, "\(reason)")
        }
    }

    @Test func anAccountIsLockedOutAndCounted() throws {
        let shop = try RunningMarketplace()
        defer { shop.stop() }
        _ = try shop.signUp()
        let wrong = #"{"email":"ada@example.com","password":"12345678"}"#
        for _ in 0..<LockOut.triesMax {
            #expect(try shop.ask(.post, "/v1/login", body: wrong).errorCode == "wrong_password")
        }
        let right = #"{"email":"ada@example.com","password":"correct horse"}"#
        #expect(try shop.ask(.post, "/v1/login", body: right).errorCode == "locked_out")
        #expect(
            try shop.metrics(.auth, "marketplace_authentication_failures_total{reason=\"wrong_password\"}") == [
                "marketplace_authentication_failures_total{reason=\"wrong_password\"} 5"
            ])
    }

    @Test func oneTraceRunsThroughTheLinesOfAllServices() throws {
        let shop = try RunningMarketplace()
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        _ = try shop.ask(
            .get, "/v1/products/p_1",
            fields: [("traceparent", "00-\(trace)-00f067aa0ba902b7-01"), ("x-request-id", "r-7")])
        shop.stop()
        for service in [ServiceName.gateway, .catalog] {
            let lines = try shop.log(service).filter { $0["request_id"]?.text == "r-7" }
            #expect(lines.count == 1, "\(service)")
            #expect(lines.first?["trace_id"]?.text == trace, "\(service)")
            #expect(lines.first?["status"]?.int == 200, "\(service)")
            #expect(lines.first?["service"]?.text == service.rawValue)
        }
    }

    @Test func aClientThatAsksTooOftenIsToldWhenToComeBack() throws {
        let shop = try RunningMarketplace { $0.clientRequestsPerSecond = 1 }
        defer { shop.stop() }
        let answers = try (0..<5).map { _ in try shop.ask(.get, "/v1/categories") }
        let refused = try #require(answers.first { $0.status == 429 })
        #expect(refused.errorCode == "rate_limited")
        #expect(refused.fields.contains { $0.name == "retry-after" })
        #expect(answers.first?.status == 200)
    }

    @Test func theDescriptionNamesEveryRouteOnce() throws {
        let document = try JSONValue.parse(OpenAPI.document(version: "1").span)
        let paths = try #require(document["paths"]?.members)
        #expect(Set(paths.map(\.name)).count == paths.count)
        let operations = paths.flatMap { $0.value.members ?? [] }
        #expect(operations.count == Endpoint.all.count)
    }
}
