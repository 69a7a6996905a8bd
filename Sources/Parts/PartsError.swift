package import Posix

/// Why a directory of parts cannot do what was asked. Nothing has changed then, for this process and the next.
package enum PartsError: Error, Equatable, CustomStringConvertible {
    case cannotOpen(directory: String, SystemError)
    case cannotWrite(SystemError)
    /// The manifest was written by another version. Nothing is touched.
    case unknownVersion(path: String, version: UInt8)
    /// The owner cannot read what it has just written.
    case cannotOpenAgain(part: String, PartDamage)
    case snapshotExists(String)
    /// There is no manifest, or one that cannot be read.
    case noParts(directory: String, reason: String)
    /// The directory holds the parts of another store.
    case otherStore(directory: String)

    package var isNoSpace: Bool {
        switch self {
        case .cannotOpen(_, let error), .cannotWrite(let error): error.isNoSpace
        default: false
        }
    }

    package var description: String {
        switch self {
        case .cannotOpen(let directory, let error): "the parts in \(directory) cannot be opened: \(error)"
        case .cannotWrite(let error): "a part cannot be written: \(error)"
        case .unknownVersion(let path, let version):
            "\(path) has format version \(version), which this program does not know: use the one that wrote it"
        case .cannotOpenAgain(let part, let damage): "part \(part) was written and cannot be used: \(damage)"
        case .noParts(let directory, let reason): "\(directory) holds no parts: \(reason)"
        case .otherStore(let directory):
            "\(directory) holds a copy of another store: name a folder that is empty or a copy of this one"
        case .snapshotExists(let path): "a snapshot cannot be made at \(path): something is there"
        }
    }
}

/// Why a part cannot be used.
package enum PartDamage: Error, Equatable, CustomStringConvertible {
    /// The bytes are wrong, and stay so.
    case corrupt(file: String, reason: String)
    /// The device or the process could not read it now (an I/O error, no descriptors left).
    case unavailable(SystemError)

    package var description: String {
        switch self {
        case .corrupt(let file, let reason): "\(file) is corrupt: \(reason)"
        case .unavailable(let error): "it cannot be read: \(error)"
        }
    }
}

/// Something about the files that was found and did not stop the store.
package enum PartNotice: Equatable, Sendable, CustomStringConvertible {
    /// The part was moved to `copy` and is not served; nil if that failed and it stays where it is.
    case quarantined(part: String, reason: PartDamage, copy: String?)
    /// The part is not served now, and is tried again at the next start.
    case unavailable(part: String, reason: PartDamage)
    /// The manifest names a part of which nothing is there.
    case missing(part: String)
    /// Something in the directory is no part of this store; it was moved to `copy`.
    case stranger(path: String, copy: String?)
    /// The manifest could not be read, was moved to `copy`, and was made again from the parts.
    case manifestRebuilt(reason: String, copy: String?)
    case leftoversRemoved(count: Int)

    package var description: String {
        switch self {
        case .quarantined(let part, let reason, let copy):
            "part \(part) is not served: \(reason); \(Self.fate(copy))"
        case .unavailable(let part, let reason):
            "part \(part) is not served: \(reason); it is tried again at the next start"
        case .missing(let part): "part \(part) is not served: the manifest names it and nothing is there"
        case .stranger(let path, let copy): "\(path) belongs to no part of this store; \(Self.fate(copy))"
        case .manifestRebuilt(let reason, let copy):
            "the manifest was made again from the parts: \(reason); \(Self.fate(copy))"
        case .leftoversRemoved(let count): "removed \(count) leftovers of writes and removals that did not finish"
        }
    }

    private static func fate(_ copy: String?) -> String {
        copy.map { "kept as \($0)" } ?? "it could not be moved aside and stays where it is"
    }
}
