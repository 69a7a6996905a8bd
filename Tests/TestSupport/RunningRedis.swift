package import Databases
import Posix

/// A Redis 7 of the system in a folder of its own, on a port that was free.
package final class RunningRedis {
    package let service: RunningService
    package let options: RedisOptions

    package init(_ arguments: [String] = []) throws {
        let folder = TemporaryDirectory()
        let port = try RunningService.freePort()
        service = try RunningService(
            "/usr/bin/redis-server", ["--port", "\(port)", "--save", "", "--dir", folder.path] + arguments, in: folder
        ) { RunningService.takesConnections(port) }
        options = RedisOptions(.loopback(port: port), timeoutNs: 20_000_000_000)
    }
}
