import Posix
import TestSupport
import Testing

@testable import HTTP

@Suite struct ListenRuleTests {
    @Test(arguments: [
        (["127.0.0.1:9440"], false, false, true), (["[::1]:9440", "unix:/run/obs.sock"], false, false, true),
        (["0.0.0.0:9440"], false, false, false), ([":9440"], false, false, false), (["[::]:9440"], false, false, false),
        (["127.0.0.1:9440", "10.0.0.1:9440"], false, false, false), (["[::ffff:127.0.0.1]:1"], false, false, true),
        (["10.0.0.1:9440"], true, false, true), (["10.0.0.1:9440"], false, true, true),
    ])
    func beyondLoopbackNeedsAuthenticationOrTheOperatorsWord(
        addresses: [String], hasAuthentication: Bool, isInsecureAllowed: Bool, mayListen: Bool
    ) throws {
        let refusal = ListenRule.refusal(
            of: try addresses.map { try #require(SocketAddress($0)) }, hasAuthentication: hasAuthentication,
            isInsecureAllowed: isInsecureAllowed)
        #expect((refusal == nil) == mayListen)
    }

    @Test func theRefusalNamesTheAddressAndTheWaysOut() throws {
        let refusal = ListenRule.refusal(
            of: [.loopback(port: 1), .ipv4(0x0a00_0001, port: 9440)], hasAuthentication: false,
            isInsecureAllowed: false)
        #expect(
            refusal
                == "will not listen on 10.0.0.1:9440 without authentication: configure 'auth', listen on 127.0.0.1, "
                + "or say --insecure if everybody who reaches the port may do everything")
    }
}

@Suite struct TokenBucketTests {
    /// Against a model that counts every unit let through: never more than the burst and what the time brought.
    @Test func neverLetsMoreThroughThanTimeBrings() {
        var random = SeededGenerator(seed: 17)
        for _ in 0..<50 {
            let perSecond = Int.random(in: 1...1_000, using: &random)
            var nowNs: Int64 = 0
            var bucket = TokenBucket(perSecond: perSecond, nowNs: 0)
            var taken = 0
            for _ in 0..<500 {
                nowNs += Int64.random(in: 0...20_000_000, using: &random)
                let waitNs = bucket.waitNs(nowNs: nowNs)
                if waitNs == 0 {
                    bucket.take(1)
                    taken += 1
                } else {
                    var later = bucket
                    #expect(later.waitNs(nowNs: nowNs + waitNs) == 0, "seed \(random.seed)")
                }
                let brought = Double(nowNs) / 1_000_000_000 * Double(perSecond)
                #expect(Double(taken) <= brought + 2 * Double(perSecond) + 1e-6, "seed \(random.seed)")
            }
        }
    }

    @Test func debtIsPaidBeforeAnythingElse() {
        var bucket = TokenBucket(perSecond: 10, nowNs: 0)
        bucket.take(120)
        #expect(bucket.waitNs(nowNs: 0) == 10_100_000_001)
        #expect(bucket.waitNs(nowNs: 10_100_000_001) == 0)
    }
}

@Suite struct GuessLimitTests {
    private let time = ManualTime()

    private func address(_ text: String) throws -> SocketAddress { try #require(SocketAddress(text)) }

    @Test func theWaitDoublesUpToFiveMinutes() throws {
        let limit = GuessLimit(time: time)
        let peer = try address("10.0.0.1:1")
        var waits: [Int64] = []
        for _ in 0..<18 {
            waits.append(limit.waitNs(peer) / 1_000_000_000)
            time.advance(bySeconds: Double(limit.waitNs(peer)) / 1e9)
            limit.failed(peer)
        }
        #expect(waits == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300])
    }

    @Test func portsDoNotMatterAndOfIPv6OnlyTheNetwork() throws {
        let limit = GuessLimit(time: time)
        for port in 1...6 { limit.failed(try address("10.0.0.1:\(port)")) }
        for host in 1...6 { limit.failed(try address("[2001:db8::\(host)]:1")) }
        #expect(limit.waitNs(try address("10.0.0.1:99")) > 0)
        #expect(limit.waitNs(try address("10.0.0.2:1")) == 0)
        #expect(limit.waitNs(try address("[2001:db8::99]:1")) > 0)
        #expect(limit.waitNs(try address("[2001:db8:0:1::1]:1")) == 0)
        for _ in 0..<6 { limit.failed(try address("[::ffff:10.0.0.7]:1")) }
        #expect(limit.waitNs(try address("[::ffff:10.0.0.8]:1")) == 0)
    }

    @Test func theAddressesThatAreRememberedAreBounded() throws {
        let limit = GuessLimit(time: time)
        let first = SocketAddress.ipv4(1, port: 1)
        for _ in 0..<6 { limit.failed(first) }
        for number in 0..<GuessLimit.addressesMax {
            time.advance(bySeconds: 0.001)
            limit.failed(.ipv4(UInt32(number + 2), port: 1))
        }
        #expect(limit.waitNs(first) == 0)
    }
}
