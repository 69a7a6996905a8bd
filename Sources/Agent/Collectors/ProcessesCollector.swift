/// Processes and threads of the host by state. Not on in node_exporter, yet read by the popular dashboards.
final class ProcessesCollector: Collector {
    static let definition = CollectorDefinition("processes") { host, _ in ProcessesCollector(host) }

    /// Each thread is a file to read, 13 us of the kernel's time: where there are more, they are counted and not told by state.
    private static let threadsMax = 2_000

    /// From the state of a process to its number of threads in /proc/PID/stat.
    private static let fieldsBetween = 17

    private let host: HostFiles
    private var text = FieldText()

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        var pids = 0
        var threads = 0
        var states: [UInt8: Int] = [:]
        var withThreads: [String] = []
        var threadStates: [UInt8: Int] = [:]
        for pid in host.list(host.procfs) where (48...57).contains(pid.utf8.first ?? 0) {
            // A process may end between the list and this.
            guard let process = state(host.proc("\(pid)/stat")) else { continue }
            pids += 1
            threads += process.threads
            states[process.state, default: 0] += 1
            if process.threads == 1 {
                threadStates[process.state, default: 0] += 1
            } else {
                withThreads.append(pid)
            }
        }
        page.add("node_processes_pids", .gauge, "Processes.", Double(pids))
        page.add("node_processes_threads", .gauge, "Threads of all processes.", Double(threads))
        let byState = page.family("node_processes_state", .gauge, "Processes by state.")
        for (state, count) in states { page.add(byState, Double(count), "state", Self.letter(state)) }
        if threads <= Self.threadsMax {
            for pid in withThreads { countThreads(of: pid, &threadStates) }
            let threadsByState = page.family("node_processes_threads_state", .gauge, "Threads by state.")
            for (state, count) in threadStates {
                page.add(threadsByState, Double(count), "thread_state", Self.letter(state))
            }
        }
        if let limit = host.number(host.proc("sys/kernel/pid_max")) {
            page.add("node_processes_max_processes", .gauge, "Processes that there can be.", limit)
        }
        if let limit = host.number(host.proc("sys/kernel/threads-max")) {
            page.add("node_processes_max_threads", .gauge, "Threads that there can be.", limit)
        }
    }

    private func countThreads(of pid: String, _ states: inout [UInt8: Int]) {
        for thread in host.list(host.proc("\(pid)/task")) {
            guard let state = state(host.proc("\(pid)/task/\(thread)/stat"))?.state else { continue }
            states[state, default: 0] += 1
        }
    }

    private static func letter(_ state: UInt8) -> String { String(decoding: [state], as: UTF8.self) }

    /// The letter of its state and how many threads it has.
    private func state(_ path: String) -> (state: UInt8, threads: Int)? {
        guard host.reads(path, into: &text) else { return nil }
        let bytes = text.bytes
        // The name of the program stands in parentheses and may hold anything, also parentheses.
        guard let end = bytes.lastIndex(of: UInt8(ascii: ")")), end + 2 < bytes.count else { return nil }
        var index = end + 2
        for _ in 0..<Self.fieldsBetween {
            while index < bytes.count, bytes[index] != UInt8(ascii: " ") { index += 1 }
            index += 1
        }
        var threads = 0
        while index < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) {
            threads = threads &* 10 &+ Int(bytes[index] - UInt8(ascii: "0"))
            index += 1
        }
        return threads > 0 ? (bytes[end + 2], threads) : nil
    }
}
