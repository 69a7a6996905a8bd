import Glibc
import Posix

/// A fresh directory, removed with its last reference: under TMPDIR if that is set, or else in memory, where the many
/// small files of the tests are ten times faster.
package final class TemporaryDirectory: Sendable {
    package let path: String

    package init() {
        let parent = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? Self.inMemory
        var template = Array("\(parent)/obs-test-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            preconditionFailure("cannot make a directory under \(parent): \(SystemError.reason(errno))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static let inMemory = unsafe access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"

    deinit {
        try? LocalFileSystem().removeTree(path)  // what stays behind in /tmp fails no test
    }

    package func file(_ name: String) -> String { FilePath.join(path, name) }
}
