/// Processes and threads of the host by state. Not on in node_exporter, yet read by the popular dashboards.
final class ProcessesCollector: Collector {
    static let definition = CollectorDefinition("processes") { host, _ in ProcessesCollector(host) }

    private let host: HostFiles
    private var text = FieldText()

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        var pids = 0
        var threads = 0
        var states: [String: Int] = [:]
        var threadStates: [String: Int] = [:]
        for pid in host.list(host.procfs) where pid.utf8.allSatisfy({ (48...57).contains($0) }) {
            // A process may end between the list and this.
            guard let process = state(host.proc("\(pid)/stat")) else { continue }
            pids += 1
            threads += process.threads
            states[process.state, default: 0] += 1
            if process.threads == 1 {
                threadStates[process.state, default: 0] += 1
                continue
            }
            for thread in host.list(host.proc("\(pid)/task")) {
                guard let state = state(host.proc("\(pid)/task/\(thread)/stat"))?.state else { continue }
                threadStates[state, default: 0] += 1
            }
        }
        page.add("node_processes_pids", .gauge, "Processes.", Double(pids))
        page.add("node_processes_threads", .gauge, "Threads of all processes.", Double(threads))
        let byState = page.family("node_processes_state", .gauge, "Processes by state.")
        for (state, count) in states { page.add(byState, Double(count), "state", state) }
        let threadsByState = page.family("node_processes_threads_state", .gauge, "Threads by state.")
        for (state, count) in threadStates { page.add(threadsByState, Double(count), "thread_state", state) }
        if let limit = host.number(host.proc("sys/kernel/pid_max")) {
            page.add("node_processes_max_processes", .gauge, "Processes that there can be.", limit)
        }
        if let limit = host.number(host.proc("sys/kernel/threads-max")) {
            page.add("node_processes_max_threads", .gauge, "Threads that there can be.", limit)
        }
    }

    private func state(_ path: String) -> (state: String, threads: Int)? {
        guard host.reads(path, into: &text), text.nextLine() else { return nil }
        // The name of the program stands in parentheses and may hold anything, also parentheses.
        let line = text.lineText
        guard let end = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: end)...].split(separator: " ")
        guard fields.count > 17, let threads = Int(fields[17]) else { return nil }
        return (String(fields[0]), threads)
    }
}
