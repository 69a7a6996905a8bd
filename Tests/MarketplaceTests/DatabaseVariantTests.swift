import Databases
import Encoding
import HTTP
import Posix
import TestSupport
import Testing

@testable import Marketplace

/// The marketplace on a PostgreSQL 15 and a Redis 7 of the system.
@Suite(.serialized) struct DatabaseVariantTests {
    @Test func itSellsOnPostgreSQLAndRedisAsItDoesOnFiles() throws {
        let (postgres, redis) = (try RunningPostgres(), try RunningRedis())
        let shop = try RunningMarketplace { options in
            (options.postgres, options.redis) = (postgres.options, redis.options)
        }
        defer { shop.stop() }
        try ShoppingTests.buy(in: shop)
        let rows = try PostgresConnection(postgres.options).run(
            "SELECT u.email, o.status FROM orders o JOIN users u ON u.id = o.user_id")
        #expect(rows.rows == [["ada@example.com", "paid"]])
        let twice = try shop.ask(
            .post, "/v1/signup", body: #"{"email":"ada@example.com","password":"correct horse","name":"Ada"}"#)
        #expect(twice.errorCode == "known_email")
        // The second answer is that of the cache.
        let first = try shop.ask(.get, "/v1/products?q=lamp")
        #expect(first.json["items"]?.elements?.isEmpty == false)
        #expect(try shop.ask(.get, "/v1/products?q=lamp").text == first.text)
        #expect(try shop.metrics(.catalog, "marketplace_cache_requests_total{outcome=\"hit\"}").last?.last != "0")
        let kept = try RedisConnection(redis.options).run([["KEYS", "marketplace:catalog:*"], ["PTTL", "none"]])
        guard case .list(let keys)? = kept.first else { throw Problem("no keys: \(kept)") }
        #expect(keys.contains(.text("marketplace:catalog:s::0:lamp")))
        #expect(try shop.metrics(.catalog, "marketplace_db_pool_connections{state=\"in_use\"}").last?.last == "0")
        #expect(try shop.metrics(.catalog, "marketplace_cache_pool_connections{state=\"idle\"}").last?.last != "0")
    }

    @Test func connectionsThatTheDatabaseEndsAreMadeAnewAndMissedByNobody() throws {
        let postgres = try RunningPostgres()
        let shop = try RunningMarketplace { $0.postgres = postgres.options }
        defer { shop.stop() }
        let token = try shop.signUp()
        #expect(try shop.ask(.get, "/v1/cart", token: token).status == 200)
        _ = try PostgresConnection(postgres.options).run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'obs' AND pid <> pg_backend_pid()"
        )
        let answers = try (0..<20).map { _ in try shop.ask(.get, "/v1/cart", token: token) }
        #expect(answers.allSatisfy { $0.status == 200 }, "\(answers.map(\.text))")
    }

    @Test func aDatabaseThatIsGoneIsARefusalForNow() throws {
        let postgres = try RunningPostgres()
        let shop = try RunningMarketplace { $0.postgres = postgres.options }
        defer { shop.stop() }
        let token = try shop.signUp()
        try postgres.stop()
        let answers = try (0..<5).map { _ in try shop.ask(.get, "/v1/cart", token: token) }
        for answer in answers {
            #expect(answer.status == 503 && answer.errorCode == "database_unavailable", "\(answer.text)")
            #expect(answer.json["error"]?["request_id"]?.text != nil)
        }
    }

    @Test func aCacheThatIsGoneIsMissedByNobody() throws {
        let redis = try RunningRedis()
        let shop = try RunningMarketplace { $0.redis = redis.options }
        defer { shop.stop() }
        let product = try shop.ask(.get, "/v1/products/p_7")
        _ = try RedisConnection(redis.options).run([["CLIENT", "PAUSE", "600000", "ALL"]])
        for _ in 0..<3 { #expect(try shop.ask(.get, "/v1/products/p_7").text == product.text) }
        #expect(try shop.metrics(.catalog, "marketplace_cache_failures_total ").last?.hasSuffix(" 0") == false)
    }

    @Test(arguments: [
        ("postgres://shop:p%40ss@db.example.com:6432/goods", "db.example.com", 6_432, "shop", "goods"),
        ("postgresql://127.0.0.1", "127.0.0.1", 5_432, "postgres", "postgres"),
        ("postgres://%2Frun%2Fpostgresql/goods", "/run/postgresql", 5_432, "postgres", "goods"),
        ("postgres://a@[::1]:1/b", "::1", 1, "a", "b"),
    ])
    func anAddressSaysWhereTheDatabaseIs(
        _ url: String, _ host: String, _ port: Int, _ user: String, _ name: String
    )
        throws
    {
        let options = try #require(MarketplaceOptions(["--postgres", url]).postgres)
        #expect((options.host, options.port, options.user, options.database) == (host, port, user, name))
        #expect(options.password?.text == (url.contains("p%40ss") ? "p@ss" : nil))
    }

    @Test func anAddressOfAnotherKindIsRefused() throws {
        let redis = try #require(MarketplaceOptions(["--redis", "redis://:s@127.0.0.1:7000/2"]).redis)
        #expect(redis == RedisOptions(.loopback(port: 7_000), password: Secret("s"), database: 2))
        for line in [["--postgres", "redis://a"], ["--redis", "127.0.0.1:6379"], ["--postgres", "postgres:///x"]] {
            #expect(throws: UsageFailure.self) { try MarketplaceOptions(line[...]) }
        }
    }

    private struct Problem: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }
}
