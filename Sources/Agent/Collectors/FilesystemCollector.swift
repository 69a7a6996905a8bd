/// Room on the mounted file systems.
final class FilesystemCollector: Collector {
    static let definition = CollectorDefinition(
        "filesystem",
        settings: [
            CollectorSetting("mount-points-include", "only mount points that this expression finds something in"),
            CollectorSetting(
                "mount-points-exclude", "no mount points that this expression finds something in",
                standard: "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)"),
            CollectorSetting("fs-types-include", "only types that this expression finds something in"),
            CollectorSetting(
                "fs-types-exclude", "no types that this expression finds something in",
                standard:
                    "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|"
                    + "mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|"
                    + "tracefs)$"),
        ]
    ) { host, settings throws(CollectorError) in
        FilesystemCollector(
            host, mountPoints: try settings.filter("mount-points"), types: try settings.filter("fs-types"))
    }

    private let host: HostFiles
    private let mountPoints: NameFilter
    private let types: NameFilter
    private let probes = MountProbes()
    private var text = FieldText()

    init(_ host: HostFiles, mountPoints: NameFilter, types: NameFilter) {
        self.host = host
        self.mountPoints = mountPoints
        self.types = types
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        // The mounts of the first process are the host's, also where this one lives in a container.
        if !host.reads(host.proc("1/mountinfo"), into: &text) {
            try host.read(host.proc("self/mountinfo"), into: &text)
        }
        var seen: Set<String> = []
        for mount in readMounts() where seen.insert("\(mount.device) \(mount.point)").inserted {
            guard mountPoints.takes(mount.point), types.takes(mount.type) else { continue }
            add(mount, probes.space(at: host.root(mount.point)), &page)
        }
    }

    private struct Mount {
        let device: String
        let point: String
        let type: String
        let isReadOnly: Bool
        let major: String
        let minor: String
    }

    /// Lines of mountinfo: ids, `major:minor`, root, mount point, options, tags, `-`, type, device, options of the file
    /// system.
    private func readMounts() -> [Mount] {
        var mounts: [Mount] = []
        while text.nextLine() {
            guard let dash = (6..<max(6, text.count)).first(where: { text.isEqual($0, "-") }), dash + 2 < text.count
            else {
                continue
            }
            let numbers = text.string(2).split(separator: ":")
            guard numbers.count == 2 else { continue }
            let options = text.string(5).split(separator: ",") + text.string(dash + 3).split(separator: ",")
            mounts.append(
                Mount(
                    device: Self.unescaped(text.string(dash + 2)), point: Self.unescaped(text.string(4)),
                    type: text.string(dash + 1), isReadOnly: options.contains("ro"), major: String(numbers[0]),
                    minor: String(numbers[1])))
        }
        return mounts
    }

    /// Blanks, tabs, line ends and backslashes are octal there.
    static func unescaped(_ text: String) -> String {
        guard text.contains("\\") else { return text }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest.removeFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func add(_ mount: Mount, _ answer: MountProbes.Answer, _ page: inout MetricPage) {
        let place: [MetricPage.Label] = [("device", mount.device), ("fstype", mount.type), ("mountpoint", mount.point)]
        func gauge(_ metric: String, _ help: String, _ value: Double) {
            page.add("node_filesystem_\(metric)", .gauge, help, value, place)
        }
        gauge("readonly", "1 if nothing can be written.", mount.isReadOnly ? 1 : 0)
        page.add(
            "node_filesystem_mount_info", .gauge, "The device of a mount.", 1,
            [
                ("device", mount.device), ("major", mount.major), ("minor", mount.minor), ("mountpoint", mount.point),
            ])
        guard case .space(let space) = answer else {
            gauge("device_error", "1 if the room could not be learned, or not in time.", 1)
            return
        }
        gauge("device_error", "1 if the room could not be learned, or not in time.", 0)
        gauge("size_bytes", "Bytes of the file system.", space.sizeBytes)
        gauge("free_bytes", "Bytes that are free.", space.freeBytes)
        gauge("avail_bytes", "Bytes that are free for others than root.", space.availableBytes)
        gauge("files", "Files that there can be.", space.files)
        gauge("files_free", "Files that can still be made.", space.filesFree)
    }
}
