package import Databases
import Foundation
import Posix

/// A PostgreSQL 15 of the system in a folder of its own, over its socket alone.
package final class RunningPostgres {
    private static let programs = "/usr/lib/postgresql/15/bin"
    private let service: RunningService
    package let options: PostgresOptions

    package init() throws {
        let folder = TemporaryDirectory()
        // Its owner must not be root.
        let user = Self.user
        try RunningService.run("/bin/chmod", ["777", folder.path], in: folder)
        try RunningService.run(
            "\(Self.programs)/initdb",
            ["-D", folder.file("data"), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--no-locale"],
            in: folder, user: user)
        let options = PostgresOptions(host: folder.path, timeoutNs: 20_000_000_000)
        service = try RunningService(
            "\(Self.programs)/postgres",
            [
                "-D", folder.file("data"), "-k", folder.path, "-c", "listen_addresses=", "-c", "fsync=off",
                "-c", "shared_preload_libraries=pg_stat_statements", "-c", "track_io_timing=on",
            ], in: folder, user: user
        ) {
            (try? PostgresConnection(options)) != nil  // not yet
        }
        self.options = options
    }

    private static var user: String { getuid() == 0 ? "postgres" : NSUserName() }

    /// Ends it with every connection.
    package func stop() throws {
        let folder = service.folder
        try RunningService.run(
            "\(Self.programs)/pg_ctl", ["-D", folder.file("data"), "-m", "fast", "stop"], in: folder, user: Self.user)
    }
}
