import Encoding
import HTTP
package import Posix

/// Where the kernel shows itself: the folders of `--path.procfs` and its like, and how their files are read.
package struct HostFiles: Sendable {
    package enum Limits {
        /// The longest file that is read; /proc/net/tcp of a busy host is the largest that is read at all.
        package static let fileBytesMax = 64 << 20
        /// What one read of an attribute takes.
        static let attributeBytes = 4096
    }

    package let procfs: String
    package let sysfs: String
    package let rootfs: String
    package let udevData: String
    private let system: any FileSystem

    package init(
        procfs: String = "/proc", sysfs: String = "/sys", rootfs: String = "/", udevData: String = "/run/udev/data",
        system: any FileSystem = LocalFileSystem()
    ) {
        self.procfs = procfs
        self.sysfs = sysfs
        self.rootfs = rootfs
        self.udevData = udevData
        self.system = system
    }

    func proc(_ path: String) -> String { "\(procfs)/\(path)" }
    func sys(_ path: String) -> String { "\(sysfs)/\(path)" }
    /// A path of the host as this process sees it.
    func root(_ path: String) -> String { rootfs == "/" ? path : rootfs + path }

    /// Fills `text` with a file and starts before its first line.
    func read(_ path: String, into text: inout FieldText) throws(CollectorError) {
        do {
            try system.readFile(path, atMostBytes: Limits.fileBytesMax, into: &text.bytes)
        } catch {
            text.bytes.removeAll(keepingCapacity: true)
            text.rewind()
            throw error.isMissing ? .noData("\(path) is not there") : .failed("\(error)")
        }
        text.rewind()
    }

    /// The same where a missing file is nothing special.
    ///
    /// - Returns: false where it is missing or cannot be read.
    func reads(_ path: String, into text: inout FieldText) -> Bool {
        do {
            try read(path, into: &text)
            return true
        } catch {
            return false
        }
    }

    /// The content of an attribute without blanks around it; nil where it is missing or cannot be read, which is how
    /// drivers say that they do not know.
    func attribute(_ path: String) -> String? {
        guard let file = try? File(path, .read, in: system) else { return nil }  // see above
        var buffer = InlineArray<4096, UInt8>(repeating: 0)
        var span = buffer.mutableSpan
        guard let count = try? system.read(file.handle, into: &span, from: 0, at: nil) else { return nil }  // see above
        // The kernel gives a short attribute whole: no second read asks whether that was all.
        guard count <= Limits.attributeBytes / 2 else {
            let whole = try? system.readFile(path, atMostBytes: 1 << 20)  // see above
            return whole.map { Self.trimmed($0.span) }
        }
        return Self.trimmed(buffer.span.extracting(0..<count))
    }

    private static func trimmed(_ bytes: Span<UInt8>) -> String {
        var range = 0..<bytes.count
        while let last = range.last, bytes[last] <= UInt8(ascii: " ") { range.removeLast() }
        while let first = range.first, bytes[first] <= UInt8(ascii: " ") { range.removeFirst() }
        return bytes.extracting(range).text
    }

    /// An attribute that is a number, decimal or, with 0x, hexadecimal.
    func number(_ path: String) -> Double? {
        attribute(path).flatMap(Self.number(of:))
    }

    /// The same of a text.
    static func number(of text: String) -> Double? {
        FloatReading.integer(text).map(Double.init) ?? FloatReading.float(text)
    }

    /// The names in a folder, sorted; none where it is missing.
    func list(_ path: String) -> [String] {
        (try? system.list(path)) ?? []  // a missing folder is hardware that is not there
    }

    func exists(_ path: String) -> Bool {
        (try? system.status(at: path)) != nil  // what cannot be asked is not there for us
    }

    func isDirectory(_ path: String) -> Bool {
        (try? system.status(at: path))?.kind == .directory  // the same
    }

    /// Where a symbolic link leads, as it is written; nil where it is none.
    func link(_ path: String) -> String? {
        SymbolicLink.target(of: path)
    }
}
