import Glibc
import Posix

/// The programs that `obs up` runs beside the collector: an agent, the eight services and their traffic.
final class UpProcesses: Sendable {
    static let services = [
        "auth", "catalog", "recommendations", "orders", "payments", "media", "notifications", "gateway", "traffic",
    ]
    private static let stopNs: Int64 = 5_000_000_000

    private let marketplace: String
    private let arguments: [String]
    private let folder: String
    private let running = Lock<[String: ChildProcess]>([:])

    /// - Parameters:
    ///   - marketplace: the program.
    ///   - arguments: what all services are started with.
    ///   - folder: where what they print goes.
    init(marketplace: String, arguments: [String], folder: String) {
        (self.marketplace, self.arguments, self.folder) = (marketplace, arguments, folder)
    }

    func start(service: String) throws(SystemError) {
        try start(service, marketplace, ["--service", service] + arguments)
    }

    func startAgent(configuration: String) throws(SystemError) {
        try start("agent", UpMaterial.program, ["agent", "--config", configuration, "--log-format", "json"])
    }

    private func start(_ name: String, _ program: String, _ arguments: [String]) throws(SystemError) {
        let process = try ChildProcess(program, arguments, output: FilePath.join(folder, "\(name).out"))
        running.withLock { $0[name] = process }
    }

    /// Ends one at once, as a crash does.
    func kill(_ name: String) {
        let process = running.withLock { $0[name] }
        process?.signal(SIGKILL)
        _ = process?.wait(atMostNs: Self.stopNs)
    }

    func pid(of name: String) -> pid_t? { running.withLock { $0[name]?.pid } }

    /// The names of those that have ended, with what they printed last.
    func ended() -> [(name: String, said: String)] {
        let all = running.withLock { $0 }
        return all.sorted { $0.key < $1.key }.filter { $0.value.exitCode != nil }.map { name, _ in
            let path = FilePath.join(folder, "\(name).out")
            let bytes = (try? LocalFileSystem().readFile(path, atMostBytes: 1 << 20)) ?? []  // it said nothing
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            return (name, lines.last.map(String.init) ?? "without a word")
        }
    }

    /// Traffic first, so that nobody is turned away; the agent last, so that the last lines go out.
    func stop() {
        let all = running.withLock { running in
            defer { running = [:] }
            return running
        }
        let order = ["traffic", "gateway"] + Self.services + ["agent"]
        var left = all
        for name in order { left.removeValue(forKey: name)?.stop(atMostNs: Self.stopNs) }
    }
}
