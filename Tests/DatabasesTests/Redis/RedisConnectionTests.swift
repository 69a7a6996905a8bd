import Encoding
import Posix
import TestSupport
import Testing

@testable import Databases

/// Against the Redis 7 of the system.
@Suite(.serialized) struct RedisConnectionTests {
    @Test func commandsThatGoTogetherAreAnsweredInTheirOrder() throws {
        let server = try RunningRedis()
        let connection = try RedisConnection(server.options)
        let replies = try connection.run([
            ["SET", "a", "ä\r\n*1"], ["GET", "a"], ["GET", "none"], ["RPUSH", "list", "1", "", "3"],
            ["LRANGE", "list", "0", "-1"], ["INCR", "list"], ["NOTHING"],
        ])
        #expect(
            replies.prefix(5) == [
                .text("OK"), .text("ä\r\n*1"), .nothing, .number(3), .list([.text("1"), .text(""), .text("3")]),
            ])
        #expect(replies.dropFirst(5).allSatisfy { if case .error = $0 { true } else { false } })
        #expect(connection.isGood)
    }

    @Test func anAnswerOfManyPiecesComesWhole() throws {
        let server = try RunningRedis()
        let connection = try RedisConnection(server.options)
        let text = String(repeating: "0123456789", count: 200_000)
        #expect(try connection.run([["SET", "big", text], ["GET", "big"]]) == [.text("OK"), .text(text)])
    }

    @Test func passwordAndDatabaseAreThoseOfTheOptions() throws {
        let server = try RunningRedis(["--requirepass", "secret"])
        #expect(throws: RedisError.self) { try RedisConnection(RedisOptions(server.options.address, database: 1)) }
        var options = server.options
        options.password = Secret("wrong")
        #expect(throws: RedisError.self) { try RedisConnection(options) }
        options.password = Secret("secret")
        options.database = 3
        let connection = try RedisConnection(options)
        _ = try connection.run([["SET", "a", "1"]])
        options.database = 0
        #expect(try RedisConnection(options).run([["GET", "a"], ["SELECT", "3"], ["GET", "a"]]).last == .text("1"))
    }

    @Test func aServerThatDoesNotAnswerLosesTheConnection() throws {
        let server = try RunningRedis()
        var options = server.options
        options.timeoutNs = 2_000_000_000
        let connection = try RedisConnection(options)
        _ = try RedisConnection(server.options).run([["CLIENT", "PAUSE", "600000", "ALL"]])
        let failure = #expect(throws: RedisError.self) { try connection.run([["GET", "a"]]) }
        #expect(failure?.description.contains("cannot run GET on Redis at \(options.address): no answer") == true)
        #expect(!connection.isGood)
    }

    @Test func nobodyThereIsSaid() throws {
        let port = try RunningService.freePort()
        #expect(throws: RedisError.self) { try RedisConnection(RedisOptions(.loopback(port: port))) }
    }
}
