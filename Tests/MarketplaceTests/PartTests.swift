import Encoding
import Posix
import TestSupport
import Testing

@testable import Marketplace

@Suite struct AccessTokenTests {
    private let tokens = AccessTokens(secret: "key")
    private let nowNs: Int64 = 1_700_000_000_000_000_000

    @Test func aTokenTellsWhomItIsFor() throws {
        let token = tokens.token(.access, subject: "u_1", nowNs: nowNs)
        #expect(try tokens.subject(of: token, .access, nowNs: nowNs) == "u_1")
        #expect(throws: TokenFailure.expired) {
            try tokens.subject(of: token, .access, nowNs: nowNs + 3_600_000_000_000)
        }
        #expect(throws: TokenFailure.malformed) { try tokens.subject(of: token, .refresh, nowNs: nowNs) }
        #expect(throws: TokenFailure.forged) {
            try AccessTokens(secret: "other").subject(of: token, .access, nowNs: nowNs)
        }
    }

    /// RFC 7515, appendix A.1, has another head and so does `none`: a token does not choose how it is checked.
    @Test(arguments: [
        "", "a.b", "a.b.c",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1XzEiLCJ1c2UiOiJhY2Nlc3MiLCJleHAiOjk5OTk5OTk5OTl9.",
    ])
    func whatIsNoTokenIsRefused(_ text: String) {
        #expect(throws: TokenFailure.malformed) { try tokens.subject(of: text, .access, nowNs: nowNs) }
    }

    @Test func everyChangedByteIsNoticed() {
        let token = Array(tokens.token(.access, subject: "u_1", nowNs: nowNs).utf8)
        for place in token.indices {
            var changed = token
            changed[place] = changed[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let text = String(decoding: changed, as: UTF8.self)
            #expect(throws: TokenFailure.self, "byte \(place)") {
                try tokens.subject(of: text, .access, nowNs: nowNs)
            }
        }
    }
}

@Suite struct BoundTests {
    @Test func aClientMaySpendTwoSecondsAtOnceAndThenItsRate() {
        let rates = ClientRates(perSecond: 10)
        for number in 0..<20 { #expect(rates.take("a", nowNs: 0) == nil, "request \(number)") }
        #expect(rates.take("a", nowNs: 0) == 1)
        #expect(rates.take("b", nowNs: 0) == nil)
        #expect(rates.take("a", nowNs: 100_000_000) == nil)
        #expect(rates.take("a", nowNs: 100_000_000) == 1)
    }

    @Test func anAccountIsLockedAfterFiveWrongPasswordsForFiveMinutes() {
        let lockOut = LockOut()
        for _ in 0..<4 { lockOut.failed("a", nowNs: 0) }
        #expect(!lockOut.isLocked("a", nowNs: 0))
        lockOut.failed("a", nowNs: 0)
        #expect(lockOut.isLocked("a", nowNs: 299_000_000_000))
        #expect(!lockOut.isLocked("a", nowNs: 300_000_000_000))
        #expect(!lockOut.isLocked("b", nowNs: 0))
        lockOut.succeeded("a")
        #expect(!lockOut.isLocked("a", nowNs: 0))
    }

    @Test func aCacheKeepsWhatIsAskedForAndStaysBounded() {
        let cache = MemoryCache()
        cache.set("kept", [1], lifetimeNs: 1_000, nowNs: 0)
        for number in 0..<3 * MemoryCache.entriesMax {
            cache.set("k\(number)", [2], lifetimeNs: 1_000, nowNs: 0)
            #expect(cache.value("kept", nowNs: 0) == [1])
        }
        #expect((cache.count ?? .max) <= MemoryCache.entriesMax + 1)
        cache.set("old", [3], lifetimeNs: 5, nowNs: 0)
        #expect(cache.value("old", nowNs: 4) == [3])
        #expect(cache.value("old", nowNs: 5) == nil)
        cache.remove("kept")
        #expect(cache.value("kept", nowNs: 0) == nil)
    }

    @Test func theDayHasItsPeakInTheEvening() {
        let shape = DailyShape(daySeconds: 86_400)
        let hours = (0..<24).map { shape.load(atSeconds: Double($0) * 3_600) }
        #expect(hours.firstIndex(of: hours.max()!) == 20)
        #expect(hours[3] < 0.3)
        #expect(DailyShape(daySeconds: nil).load(atSeconds: 5) == 1)
    }
}

@Suite struct CommandLineTests {
    @Test func aFaultSaysItsStrengthStartAndTime() throws {
        let order = try FaultOrder("errors=0.2@30:120")
        #expect(order.fault == .errors)
        #expect(order.level == 0.2)
        #expect(order.startSeconds == 30)
        #expect(order.seconds == 120)
        #expect(try FaultOrder("latency") == FaultOrder(.latency, level: nil, seconds: nil))
    }

    @Test(arguments: ["", "nothing", "errors=", "errors=-1", "errors:x", "errors=nan"])
    func whatIsNoFaultIsRefused(_ text: String) {
        #expect(throws: UsageFailure.self) { try FaultOrder(text) }
    }

    @Test(arguments: [
        (["--service", "shop"], "--service: there is no service 'shop'"),
        (["--journey", "5"], "unknown flag --journey"),
        (["--pool"], "--pool needs a value"), (["up"], "'up' is no flag"),
        (["--pool", "0"], "--pool: '0' is not between 1 and"),
    ])
    func aWrongLineSaysWhatIsWrong(line: [String], start: String) {
        do throws(UsageFailure) {
            _ = try MarketplaceOptions(line[...])
            Issue.record("\(line) was taken")
        } catch {
            #expect(error.description.hasPrefix(start), "\(error)")
        }
    }

    @Test func everyServiceHasItsPort() throws {
        let options = try MarketplaceOptions(["--first-port=9000", "--service", "payments"])
        #expect(options.services == [.payments])
        #expect(options.port(of: .gateway) == 9_000)
        #expect(Set(ServiceName.allCases.map(options.port)).count == ServiceName.allCases.count)
        #expect(ServiceName.backend.count == 8)
        #expect(ServiceName.backend.last == .gateway)
    }
}
