import Posix
import TestSupport
import Testing

@testable import Marketplace

struct StartTests {
    @Test func aServiceWhosePortIsTakenSaysSoAndEndsWhatItHadStarted() throws {
        let shop = try RunningMarketplace()
        defer { shop.stop() }
        let folder = TemporaryDirectory()
        var options = shop.options
        options.dataDirectory = folder.file("data")
        options.logDirectory = folder.file("logs")
        let failure = #expect(throws: SystemError.self) { _ = try Installation(options) }
        #expect(failure?.code == 98)
    }
}
