import Posix

extension Registry {
    /// Registers the figures of this process under the names that every Prometheus client uses.
    ///
    /// One reading of /proc serves all of them for `ProcessReader.keptNs`.
    package func registerProcessMetrics(proc: String = "/proc") {
        let reader = ProcessReader(proc: proc, time: time)
        func callback(
            _ name: String, _ help: String, kind: MetricKind = .gauge, unit: MetricUnit = .none,
            _ read: @escaping @Sendable (ProcessFigures) -> Double?
        ) {
            callbacks(name, help, kind: kind, unit: unit, labels: []) {
                guard let value = reader.figures().flatMap(read) else { return [] }
                return [CallbackValue([], value)]
            }
        }
        callback(
            "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", kind: .counter,
            unit: .seconds
        ) { $0.userSeconds + $0.systemSeconds }
        callback("process_resident_memory_bytes", "Resident memory size in bytes.", unit: .bytes) {
            Double($0.residentBytes)
        }
        callback("process_virtual_memory_bytes", "Virtual memory size in bytes.", unit: .bytes) {
            Double($0.virtualBytes)
        }
        // No limit is the largest number there, as with other clients.
        callback(
            "process_virtual_memory_max_bytes", "Maximum amount of virtual memory available in bytes.", unit: .bytes
        ) {
            Double($0.virtualBytesMax.map(UInt64.init(clamping:)) ?? .max)
        }
        callback("process_open_fds", "Number of open file descriptors.") { Double($0.openFiles) }
        callback("process_max_fds", "Maximum number of open file descriptors.") { $0.openFilesMax.map(Double.init) }
        callback("process_threads", "Number of threads.") { Double($0.threads) }
        callback(
            "process_start_time_seconds", "Start time of the process since unix epoch in seconds.", unit: .seconds
        ) { $0.startedAtSeconds }
    }

    /// `obs_build_info`, always 1, with what was built as its labels.
    package func registerBuildInfo(version: String, revision: String) {
        let info = gauges(
            "obs_build_info", "Always 1; the labels say what was built and from what.",
            labels: ["version", "revision"])
        info.with(version, revision).set(1)
    }
}

/// The last reading of the process' figures.
private final class ProcessReader: Sendable {
    private static let keptNs: Int64 = 100_000_000

    private let proc: String
    private let time: any TimeSource
    private let last = Lock<(readNs: Int64, figures: ProcessFigures)?>(nil)

    init(proc: String, time: any TimeSource) {
        self.proc = proc
        self.time = time
    }

    /// Nil where /proc cannot be read: the metrics are then absent.
    func figures() -> ProcessFigures? {
        let nowNs = time.monotonicNs
        return last.withLock { last in
            if let last, nowNs - last.readNs < Self.keptNs { return last.figures }
            let figures = try? ProcessFigures(under: proc)  // absence is shown as absence, there is nobody to tell
            last = figures.map { (nowNs, $0) }
            return figures
        }
    }
}
