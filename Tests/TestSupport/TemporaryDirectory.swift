import Glibc
import Posix

/// A fresh directory, removed with its last reference.
package final class TemporaryDirectory: Sendable {
    package let path: String

    package init() {
        let parent = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/obs-test-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            preconditionFailure("cannot make a directory under \(parent): \(SystemError.reason(errno))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        try? LocalFileSystem().removeTree(path)  // what stays behind in /tmp fails no test
    }

    package func file(_ name: String) -> String { FilePath.join(path, name) }
}
