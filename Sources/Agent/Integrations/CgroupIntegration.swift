import Encoding
import Text

/// Control groups of version 2: units of systemd and containers, with the names of cAdvisor.
final class CgroupIntegration: Collector {
    static let definition = IntegrationDefinition("cgroup") { section in
        let include = section.string("include") ?? #"\.service$|\.scope$|^/docker/|^/kubepods"#
        let exclude = section.string("exclude") ?? ""
        var filter: NameFilter?
        do {
            filter = try NameFilter(include: include, exclude: exclude)
        } catch {
            section.refuse(at: section.value("include") == nil ? "exclude" : "include", "\(error)")
        }
        return { [filter] context in CgroupIntegration(context.host, filter) }
    }

    private enum Limits {
        static let depthMax = 8
        static let groupsMax = 1000
    }

    private let host: HostFiles
    private let filter: NameFilter?
    private var text = FieldText()

    init(_ host: HostFiles, _ filter: NameFilter?) {
        (self.host, self.filter) = (host, filter)
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let root = host.sys("fs/cgroup")
        guard host.exists("\(root)/cgroup.controllers") else {
            throw .noData("there are no control groups of version 2")
        }
        var count = 0
        walk(root, "", depth: 0, &count, &page)
    }

    private func walk(_ root: String, _ id: String, depth: Int, _ count: inout Int, _ page: inout MetricPage) {
        if !id.isEmpty, filter?.takes(id) ?? true {
            guard count < Limits.groupsMax else { return }
            count += 1
            add("\(root)\(id)", id, &page)
        }
        guard depth < Limits.depthMax else { return }
        for name in host.list("\(root)\(id)")
        where !name.contains(".") || name.hasSuffix(".slice")
            || name.hasSuffix(".service") || name.hasSuffix(".scope")
        {
            let path = "\(id)/\(name)"
            if host.isDirectory("\(root)\(path)") { walk(root, path, depth: depth + 1, &count, &page) }
        }
    }

    private func add(_ path: String, _ id: String, _ page: inout MetricPage) {
        let labels = [("id", id), ("name", String(id.split(separator: "/").last ?? ""))]
        func counter(_ name: String, _ help: String, _ value: Double?) {
            if let value { page.add("container_\(name)", .counter, help, value, labels) }
        }
        func gauge(_ name: String, _ help: String, _ value: Double?) {
            if let value { page.add("container_\(name)", .gauge, help, value, labels) }
        }
        let cpu = pairs("\(path)/cpu.stat")
        counter("cpu_usage_seconds_total", "Seconds of processors.", cpu["usage_usec"].map { $0 / 1e6 })
        counter("cpu_user_seconds_total", "Seconds in programs.", cpu["user_usec"].map { $0 / 1e6 })
        counter("cpu_system_seconds_total", "Seconds in the kernel.", cpu["system_usec"].map { $0 / 1e6 })
        counter("cpu_cfs_periods_total", "Periods of the limit.", cpu["nr_periods"])
        counter("cpu_cfs_throttled_periods_total", "Periods in which the limit was met.", cpu["nr_throttled"])
        counter("cpu_cfs_throttled_seconds_total", "Seconds held back.", cpu["throttled_usec"].map { $0 / 1e6 })
        let memory = pairs("\(path)/memory.stat")
        let used = host.number("\(path)/memory.current")
        gauge("memory_usage_bytes", "Memory with caches.", used)
        gauge(
            "memory_working_set_bytes", "Memory that cannot be had back at once.",
            used.map { max(0, $0 - (memory["inactive_file"] ?? 0)) })
        gauge("memory_rss", "Memory that no file holds.", memory["anon"])
        gauge("memory_cache", "Memory that files hold.", memory["file"])
        gauge("memory_swap", "Memory on disk.", host.number("\(path)/memory.swap.current"))
        gauge("spec_memory_limit_bytes", "The limit of memory.", host.number("\(path)/memory.max"))
        counter("oom_events_total", "Processes killed for want of memory.", pairs("\(path)/memory.events")["oom_kill"])
        gauge("processes", "Processes.", host.number("\(path)/pids.current"))
        addTransfers("\(path)/io.stat", labels, &page)
        for resource in ["cpu", "memory", "io"] {
            counter(
                "pressure_\(resource)_waiting_seconds_total", "Seconds in which something waited.",
                stalled("\(path)/\(resource).pressure", "some"))
            counter(
                "pressure_\(resource)_stalled_seconds_total", "Seconds in which everything waited.",
                stalled("\(path)/\(resource).pressure", "full"))
        }
    }

    /// `254:0 rbytes=1 wbytes=2 rios=3 wios=4 ...`
    private func addTransfers(_ path: String, _ labels: [MetricPage.Label], _ page: inout MetricPage) {
        let names = [
            "rbytes": "fs_reads_bytes_total", "wbytes": "fs_writes_bytes_total", "rios": "fs_reads_total",
            "wios": "fs_writes_total",
        ]
        guard host.reads(path, into: &text) else { return }
        while text.nextLine() {
            for field in 1..<max(1, text.count) {
                let pair = text.string(field).split(separator: "=")
                guard pair.count == 2, let name = names[String(pair[0])], let value = Double(pair[1]) else { continue }
                page.add(
                    "container_\(name)", .counter, "\(pair[0]) of io.stat.", value,
                    labels + [("device", text.string(0))])
            }
        }
    }

    /// Lines of a name and a number.
    private func pairs(_ path: String) -> [String: Double] {
        var pairs: [String: Double] = [:]
        guard host.reads(path, into: &text) else { return pairs }
        while text.nextLine() { pairs[text.string(0)] = text.number(1) }
        return pairs
    }

    /// `some avg10=0.00 avg60=0.00 avg300=0.00 total=123`, in microseconds.
    private func stalled(_ path: String, _ kind: String) -> Double? {
        guard host.reads(path, into: &text) else { return nil }
        while text.nextLine() {
            guard text.isEqual(0, kind) else { continue }
            let last = text.string(text.count - 1)
            return last.hasPrefix("total=") ? Double(last.dropFirst(6)).map { $0 / 1e6 } : nil
        }
        return nil
    }
}
