import Encoding
import Posix
import Text

/// Groups of processes by what their command line matches or the unit that they run in, with the names of
/// process-exporter.
final class ProcessIntegration: Collector {
    static let definition = IntegrationDefinition("process") { section in
        var groups: [Group] = []
        for entry in section.sections("groups", "group of processes") {
            let (name, unit, pattern) = (entry.string("name") ?? "", entry.string("unit"), entry.string("match"))
            if name.isEmpty { entry.refuse(at: "name", "a group of processes has no name", "write name: nginx") }
            if unit != nil, pattern != nil {
                entry.refuse(at: "match", "a group is of a unit or of what matches", "leave one of unit and match out")
            }
            do throws(RegularExpressionError) {
                let members: Members =
                    if let unit { .unit(unit) } else { .matching(try RegularExpression(pattern ?? "^\(name)$")) }
                groups.append(Group(name: name, members: members))
            } catch {
                entry.refuse(at: "match", "\(error)")
            }
            entry.finish()
        }
        if groups.isEmpty { section.refuse("process names no groups", "write groups: [{name: nginx, match: ^nginx}]") }
        return { [groups] context in ProcessIntegration(context.host, groups) }
    }

    enum Members: Sendable {
        /// A name or command line in which it finds something.
        case matching(RegularExpression)
        /// A unit of systemd, such as `nginx.service`, with what it started.
        case unit(String)
    }

    struct Group: Sendable {
        let name: String
        let members: Members
    }

    private struct Process {
        var user = 0.0
        var system = 0.0
        var read = 0.0
        var written = 0.0
    }

    private struct Sums {
        var processes = 0.0
        var threads = 0.0
        var resident = 0.0
        var virtual = 0.0
        var files = 0.0
        var oldest = Double.infinity
        /// Grow also when a process ends.
        var total = Process()
    }

    private let host: HostFiles
    private let groups: [Group]
    private var sums: [Sums]
    /// What each process had at the last look, by its number and start.
    private var known: [String: Process] = [:]
    private var text = FieldText()

    init(_ host: HostFiles, _ groups: [Group]) {
        (self.host, self.groups) = (host, groups)
        sums = groups.map { _ in Sums() }
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        for index in sums.indices { sums[index] = Sums(total: sums[index].total) }
        var present: [String: Process] = [:]
        for pid in host.list(host.procfs) where pid.utf8.allSatisfy({ (48...57).contains($0) }) {
            guard let group = group(of: pid) else { continue }
            add(pid, group, &present)
        }
        known = present
        for (index, group) in groups.enumerated() { show(sums[index], group.name, &page) }
    }

    /// The first group that it belongs to.
    private func group(of pid: String) -> Int? {
        guard let name = host.attribute(host.proc("\(pid)/comm")) else { return nil }
        let line = String((host.attribute(host.proc("\(pid)/cmdline")) ?? "").map { $0 == "\0" ? " " : $0 })
        return groups.firstIndex { group in
            switch group.members {
            case .matching(let pattern): [name, line].contains { pattern.matches(Array($0.utf8).span) }
            case .unit(let unit): isIn(unit, pid)
            }
        }
    }

    /// `0::/system.slice/nginx.service`, and a line for each controller in version 1.
    private func isIn(_ unit: String, _ pid: String) -> Bool {
        let groups = host.attribute(host.proc("\(pid)/cgroup")) ?? ""
        return groups.split { $0 == "/" || $0 == "\n" }.contains { $0 == unit }
    }

    private func add(_ pid: String, _ group: Int, _ present: inout [String: Process]) {
        guard let stat = host.attribute(host.proc("\(pid)/stat")), let end = stat.lastIndex(of: ")") else { return }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 21 else { return }
        func number(_ index: Int) -> Double { Double(fields[index]) ?? 0 }
        var process = Process(
            user: number(11) / Clock.ticksPerSecond, system: number(12) / Clock.ticksPerSecond)
        if host.reads(host.proc("\(pid)/io"), into: &text) {
            while text.nextLine() {
                if text.isEqual(0, "read_bytes:") { process.read = text.number(1) ?? 0 }
                if text.isEqual(0, "write_bytes:") { process.written = text.number(1) ?? 0 }
            }
        }
        let identity = "\(pid) \(fields[19])"
        // What a process did before it was first seen belongs to nobody's rate.
        let before = known[identity] ?? process
        present[identity] = process
        sums[group].processes += 1
        sums[group].threads += number(17)
        sums[group].virtual += number(20)
        sums[group].resident += number(21) * Double(PageSize.bytes)
        sums[group].files += Double(host.list(host.proc("\(pid)/fd")).count)
        sums[group].oldest = min(sums[group].oldest, number(19) / Clock.ticksPerSecond)
        sums[group].total.user += max(0, process.user - before.user)
        sums[group].total.system += max(0, process.system - before.system)
        sums[group].total.read += max(0, process.read - before.read)
        sums[group].total.written += max(0, process.written - before.written)
    }

    private func show(_ sums: Sums, _ name: String, _ page: inout MetricPage) {
        func add(
            _ metric: String, _ kind: MetricPage.Kind, _ help: String, _ value: Double, _ more: [MetricPage.Label] = []
        ) {
            page.add("namedprocess_namegroup_\(metric)", kind, help, value, [("groupname", name)] + more)
        }
        add("num_procs", .gauge, "Processes.", sums.processes)
        add("num_threads", .gauge, "Threads.", sums.threads)
        add("memory_bytes", .gauge, "Memory.", sums.resident, [("memtype", "resident")])
        add("memory_bytes", .gauge, "Memory.", sums.virtual, [("memtype", "virtual")])
        add("open_filedesc", .gauge, "Open files.", sums.files)
        add("cpu_seconds_total", .counter, "Seconds of processors.", sums.total.user, [("mode", "user")])
        add("cpu_seconds_total", .counter, "Seconds of processors.", sums.total.system, [("mode", "system")])
        add("read_bytes_total", .counter, "Bytes read from devices.", sums.total.read)
        add("write_bytes_total", .counter, "Bytes written to devices.", sums.total.written)
        guard sums.oldest < .infinity, let boot = bootSeconds() else { return }
        add("oldest_start_time_seconds", .gauge, "When the oldest process began.", boot + sums.oldest)
    }

    private func bootSeconds() -> Double? {
        guard host.reads(host.proc("stat"), into: &text) else { return nil }
        while text.nextLine() {
            if text.isEqual(0, "btime") { return text.number(1) }
        }
        return nil
    }
}
