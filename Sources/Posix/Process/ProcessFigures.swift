import Glibc

/// What the kernel knows of a process, as `/proc` shows it.
package struct ProcessFigures: Sendable, Equatable {
    package var residentBytes = 0
    package var virtualBytes = 0
    package var userSeconds = 0.0
    package var systemSeconds = 0.0
    package var threads = 0
    package var openFiles = 0
    /// The soft limit; nil where there is none.
    package var openFilesMax: Int?
    /// The same.
    package var virtualBytesMax: Int?
    /// Seconds since 1970.
    package var startedAtSeconds = 0.0

    /// - Parameters:
    ///   - process: the directory name under `proc`: a process id, or `self`.
    ///   - proc: where procfs is mounted.
    package init(
        of process: String = "self", under proc: String = "/proc", in system: any FileSystem = LocalFileSystem()
    ) throws(SystemError) {
        let directory = FilePath.join(proc, process)
        let stat = try Self.text("\(directory)/stat", system)
        // The second field is the program's name in brackets, which may hold blanks and brackets itself.
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        guard fields.count > 22 else { throw SystemError(call: "parse", on: "\(directory)/stat", code: EINVAL) }
        /// Numbered as in proc_pid_stat(5); ours begin at the bracket that ends field 2.
        func field(_ number: Int) -> Int { Int(fields[number - 2]) ?? 0 }
        let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
        userSeconds = Double(field(14)) / ticksPerSecond
        systemSeconds = Double(field(15)) / ticksPerSecond
        threads = field(20)
        startedAtSeconds = Double(try Self.bootSeconds(proc, system)) + Double(field(22)) / ticksPerSecond
        virtualBytes = field(23)
        residentBytes = field(24) * sysconf(Int32(_SC_PAGESIZE))
        openFiles = try system.list("\(directory)/fd").count
        let limits = try Self.text("\(directory)/limits", system)
        openFilesMax = Self.limit("Max open files", limits)
        virtualBytesMax = Self.limit("Max address space", limits)
    }

    private static func text(_ path: String, _ system: any FileSystem) throws(SystemError) -> String {
        String(decoding: try system.readFile(path, atMostBytes: 1 << 20), as: UTF8.self)
    }

    private static func bootSeconds(_ proc: String, _ system: any FileSystem) throws(SystemError) -> Int {
        for line in try text("\(proc)/stat", system).split(separator: "\n") where line.hasPrefix("btime ") {
            return Int(line.dropFirst(6)) ?? 0
        }
        throw SystemError(call: "parse", on: "\(proc)/stat", code: EINVAL)
    }

    private static func limit(_ title: String, _ limits: String) -> Int? {
        for line in limits.split(separator: "\n") where line.hasPrefix(title) {
            return line.dropFirst(title.count).split(separator: " ").first.flatMap { Int($0) }
        }
        return nil
    }
}
