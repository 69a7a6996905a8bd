package import Posix

package enum JournalError: Error, Equatable, CustomStringConvertible {
    /// Nothing of the record was kept.
    case cannotWrite(SystemError)
    /// The record was written and survives the end of the process, but perhaps not a loss of power.
    case cannotSync(SystemError)
    case cannotOpen(directory: String, SystemError)
    case cannotRead(SystemError)
    case recordTooLarge(bytes: Int, limit: Int)
    /// The segment was written by another version. It is left as it is.
    case unknownVersion(path: String, version: UInt8)
    case closed

    /// Whether it is for want of room, so that refusing and trying later is right.
    package var isNoSpace: Bool {
        switch self {
        case .cannotWrite(let error), .cannotSync(let error), .cannotOpen(_, let error): error.isNoSpace
        default: false
        }
    }

    package var description: String {
        switch self {
        case .cannotWrite(let error): "the journal cannot take the record: \(error)"
        case .cannotSync(let error): "the journal took the record but cannot bring it to the device: \(error)"
        case .cannotOpen(let directory, let error): "the journal in \(directory) cannot be opened: \(error)"
        case .cannotRead(let error): "the journal cannot be read: \(error)"
        case .recordTooLarge(let bytes, let limit):
            "the journal cannot take a record of \(bytes) bytes: the limit is \(limit) bytes"
        case .unknownVersion(let path, let version):
            "journal segment \(path) has format version \(version), which this program does not know: use the one that wrote it"
        case .closed: "the journal is closed"
        }
    }
}

/// Something that was found while reading a journal back and did not stop it.
package enum JournalNotice: Equatable, Sendable, CustomStringConvertible {
    /// The last write before the end of the process was not finished. It was never acknowledged.
    case tornTail(path: String, offset: Int, bytes: Int)
    /// `bytes` bytes at `offset` cannot be read; the rest of the segment was. `copy` keeps the segment as it was found,
    /// nil if it could not be put aside and stays where it is.
    case corrupt(path: String, offset: Int, bytes: Int, copy: String?)
    /// The segment's own header cannot be read; all of it was put aside as `copy`.
    case unreadable(path: String, bytes: Int, copy: String?)
    /// The device did not give a segment, or the rest of one, or a torn tail could not be cut off.
    case cannotRead(SystemError)
    /// Segments that should lie between two others are not there.
    case missing(from: JournalPosition, to: JournalPosition)

    package var description: String {
        switch self {
        case .tornTail(let path, let offset, let bytes):
            "journal segment \(path) ended in an unfinished record: \(bytes) bytes at offset \(offset) were cut off"
        case .corrupt(let path, let offset, let bytes, let copy):
            "journal segment \(path) is corrupt: \(bytes) bytes at offset \(offset) were skipped, \(Self.fate(copy))"
        case .unreadable(let path, let bytes, let copy):
            "journal segment \(path) of \(bytes) bytes has no readable header, \(Self.fate(copy))"
        case .cannotRead(let error):
            "a journal segment was read only in part: \(error)"
        case .missing(let from, let to):
            "the journal lacks the segments from position \(from) to \(to)"
        }
    }

    private static func fate(_ copy: String?) -> String {
        copy.map { "the original is kept as \($0)" } ?? "and it could not be put aside: it stays as it is"
    }
}

/// What reading a journal back brought.
package struct JournalRecovery: Equatable, Sendable {
    package internal(set) var records = 0
    /// Payload bytes, after decompression.
    package internal(set) var bytes = 0
    package internal(set) var notices: [JournalNotice] = []
}
