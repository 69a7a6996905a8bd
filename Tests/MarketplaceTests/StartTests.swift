import Databases
import Posix
import TestSupport
import Testing

@testable import Marketplace

struct StartTests {
    @Test func aServiceWithRowsMakesABackupThatIsWhole() throws {
        let shop = try RunningMarketplace()
        defer { shop.stop() }
        _ = try shop.signUp()
        for service in [ServiceName.auth, .catalog, .orders, .payments] {
            let verified = #"backup_last_verification_success{backup="\#(service.rawValue)"} 1"#
            #expect(try TestSupport.RunningService.wait { try shop.metrics(service, verified).count == 1 })
            #expect(try shop.metrics(service, "backup_last_success_timestamp_seconds{").count == 1)
            let copy = try SQLiteDatabase(shop.options.dataDirectory + "/\(service.rawValue).db.backup")
            let tables = try copy.read { connection throws(SQLiteError) in
                try connection.rows("SELECT name FROM sqlite_schema WHERE type = 'table'") { $0.text(0) }
            }
            #expect(!tables.isEmpty)
        }
    }

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
