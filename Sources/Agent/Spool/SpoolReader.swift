import Encoding
import Journal
import Posix

/// One collector's way through the spool: what it has acknowledged, which survives the end of the process.
final class SpoolReader: Sendable {
    let name: String
    private let file: File
    private let taken: Lock<JournalPosition>

    /// - Parameter floor: where to begin if nothing was ever acknowledged.
    init(
        _ name: String, in directory: String, from floor: JournalPosition, _ system: any FileSystem
    ) throws(SystemError) {
        self.name = name
        file = try File(FilePath.join(directory, "\(name).taken"), .readWrite, in: system)
        var bytes = [UInt8](repeating: 0, count: 16)
        var span = bytes.mutableSpan
        let count = try file.read(into: &span, at: 0)
        var reader = ByteReader(bytes.span)
        let value = (try? reader.readLittleEndian(UInt64.self)) ?? 0  // 16 bytes are there
        let complement = (try? reader.readLittleEndian(UInt64.self)) ?? 0  // the same
        let isKnown = count == 16 && value == ~complement
        taken = Lock(isKnown ? max(JournalPosition(value), floor) : floor)
    }

    var position: JournalPosition { taken.withLock { $0 } }

    /// Notes that everything up to a position was acknowledged. One write: it is there or not when the process is killed.
    func take(upTo position: JournalPosition) throws(SystemError) {
        var bytes: [UInt8] = []
        bytes.appendLittleEndian(position.value)
        bytes.appendLittleEndian(~position.value)
        try file.write(bytes.span, at: 0)
        taken.withLock { $0 = position }
    }
}
