import Encoding
import Posix

/// By what a file is known again that has another name, or that is a copy: its first bytes.
struct Fingerprint: Hashable, Sendable {
    static let bytesMax = 1024
    /// Fewer bytes than this do not tell files apart.
    static let bytesMin = 32

    let count: Int
    let hash: UInt64

    init(_ head: some Collection<UInt8>) {
        let bytes = Array(head.prefix(Self.bytesMax))
        count = bytes.count
        hash = Hash64.of(bytes.span)
    }

    init(count: Int, hash: UInt64) {
        (self.count, self.hash) = (count, hash)
    }

    var isTelling: Bool { count >= Self.bytesMin }

    /// Whether bytes begin as the file did.
    func fits(_ head: some Collection<UInt8>) -> Bool {
        head.count >= count && Fingerprint(head.prefix(count)) == self
    }

    /// The first bytes of a file.
    static func head(of file: File) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: bytesMax)
        var span = bytes.mutableSpan
        let count = try file.read(into: &span, at: 0)
        return Array(bytes.prefix(count))
    }
}

/// How far a file is read, as the spool keeps it.
struct FilePlace: Hashable, Sendable {
    var offset: Int
    var fingerprint: Fingerprint
    /// The name under which it was first seen, which its labels come from.
    var path: String

    /// `offset count hash path`.
    var text: String { "\(offset) \(fingerprint.count) \(fingerprint.hash) \(path)" }

    init(offset: Int, fingerprint: Fingerprint, path: String) {
        (self.offset, self.fingerprint, self.path) = (offset, fingerprint, path)
    }

    init?(_ text: String) {
        let fields = text.split(separator: " ", maxSplits: 3)
        guard fields.count == 4, let offset = Int(fields[0]), let count = Int(fields[1]), let hash = UInt64(fields[2])
        else { return nil }
        self.init(offset: offset, fingerprint: Fingerprint(count: count, hash: hash), path: String(fields[3]))
    }
}
