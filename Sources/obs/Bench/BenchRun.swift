import Posix

/// The part of a benchmark that is the same for every kind of data: it is sent, and the server watched until it has settled.
struct BenchRun {
    /// The server, where it runs on this machine.
    struct Watched: Sendable {
        var pid: Int?
        var dataDirectory: String?
    }

    private let watched: Watched
    private let console: Console

    init(_ watched: Watched, _ console: Console) { (self.watched, self.console) = (watched, console) }

    func report(
        of unit: String, url: String, count: Int, _ load: BenchLoad.Options,
        source: @escaping @Sendable (_ connection: Int) -> any BenchSource
    ) throws -> BenchReport {
        let process = try watched.pid.map { pid throws(SystemError) in try WatchedProcess(pid) }
        let bar = ProgressBar("sending", total: count, console) { Amount.count($0) + " \(unit)s" }
        let outcome: BenchLoad.Outcome
        do {
            defer { bar.end() }
            outcome = try BenchLoad(load, progress: { bar.advance(by: $0) }, source: source).run()
        }
        var report = BenchReport(unit: unit, url: url, about: "", parameters: [], load: outcome)
        if let process { report.server = try settled(process) }
        report.diskBytes = try watched.dataDirectory.map { directory throws(SystemError) in
            try LocalFileSystem().treeBytes(directory)
        }
        return report
    }

    private func settled(_ process: WatchedProcess) throws(SystemError) -> BenchReport.Server {
        let cpuSeconds = try process.cpuSeconds()
        let peak = try process.peakResidentBytes()
        console.progress("waiting until the server has settled")
        defer { console.progress("") }
        try process.settle()
        return BenchReport.Server(
            cpuSeconds: cpuSeconds, cpuSecondsSettled: try process.cpuSeconds(), peakResidentBytes: peak,
            residentBytes: try process.residentBytes(), writtenBytes: process.writtenBytes())
    }
}
