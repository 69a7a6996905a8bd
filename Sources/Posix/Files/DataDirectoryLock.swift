import Glibc

/// Keeps a data directory to one process. Held as long as the object lives; a crash gives it up too.
package final class DataDirectoryLock: Sendable {
    private let file: File

    /// Takes the lock file `LOCK` in `directory` and writes the own process id into it.
    package init(_ directory: String, in system: any FileSystem) throws(DataDirectoryError) {
        let path = FilePath.join(directory, "LOCK")
        do throws(SystemError) {
            file = try File(path, .readWrite, in: system)
            guard try system.lock(file.handle) else {
                throw SystemError(call: "lock", on: path, code: EWOULDBLOCK)
            }
            try file.truncate(toBytes: 0)
            try file.write(Array("\(getpid())\n".utf8).span, at: 0)
        } catch {
            guard error.code == EWOULDBLOCK else { throw .unusable(directory: directory, reason: error) }
            throw .inUse(directory: directory, holder: Self.holder(path, in: system))
        }
    }

    /// A child that has not begun its program yet has the lock, too: closing the file alone would leave it held.
    deinit { flock(file.handle.descriptor, LOCK_UN) }

    private static func holder(_ path: String, in system: any FileSystem) -> Int? {
        let content = try? system.readFile(path, atMostBytes: 32)  // the lock decides; its number only helps the reader
        guard let content else { return nil }
        return Int(String(decoding: content.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}

package enum DataDirectoryError: Error, Equatable, CustomStringConvertible {
    case inUse(directory: String, holder: Int?)
    case unusable(directory: String, reason: SystemError)

    package var description: String {
        switch self {
        case .inUse(let directory, let holder):
            let who = holder.map { "process \($0)" } ?? "another process"
            return "data directory \(directory) is in use by \(who): stop it or choose another directory"
        case .unusable(let directory, let reason):
            return "data directory \(directory) cannot be locked: \(reason)"
        }
    }
}
