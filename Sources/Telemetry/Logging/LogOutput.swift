import Glibc
import Posix

/// A descriptor that takes whole lines, one `write(2)` each, and never holds the caller for long.
///
/// A pipe or terminal whose reader has stopped would block a write for ever. Those are opened anew without blocking
/// (a flag on the inherited descriptor would be seen by every process that shares it), sockets are sent to without
/// blocking. When nothing moves for `patienceMs`, the line is dropped, and further ones at once until one gets through.
struct LogOutput: ~Copyable {
    static let patienceMs: Int32 = 100

    private let descriptor: Int32
    private let isOwned: Bool
    private let isSocket: Bool
    private let path: String?
    private var isStalled = false

    /// Writes to a descriptor that stays open by others' care.
    init(inherited descriptor: Int32) {
        var status = stat()
        unsafe fstat(descriptor, &status)
        let kind = status.st_mode & S_IFMT
        isSocket = kind == S_IFSOCK
        let reopened =
            kind == S_IFIFO || kind == S_IFCHR
            ? unsafe open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY) : -1
        isOwned = reopened >= 0
        self.descriptor = isOwned ? reopened : descriptor
        path = nil
    }

    /// Appends to a file, which is made if it is missing.
    init(path: String) throws(SystemError) {
        descriptor = try Self.openFile(path)
        isOwned = true
        isSocket = false
        self.path = path
    }

    deinit {
        if isOwned { Glibc.close(descriptor) }
    }

    /// Opens the path again, which a rotation has moved away; nothing to do for a descriptor.
    func reopen() throws(SystemError) {
        guard let path else { return }
        let fresh = try Self.openFile(path)
        dup2(fresh, descriptor)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        Glibc.close(fresh)
    }

    /// False if the line was dropped or cut off.
    mutating func write(_ line: [UInt8]) -> Bool {
        while true {
            let written =
                isSocket
                ? unsafe send(descriptor, line, line.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
                : unsafe Glibc.write(descriptor, line, line.count)
            if written >= 0 {
                isStalled = false
                return written == line.count
            }
            if errno == EINTR { continue }
            guard errno == EAGAIN, !isStalled, waitUntilWritable() else {
                isStalled = errno == EAGAIN
                return false
            }
        }
    }

    private func waitUntilWritable() -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        let ready = unsafe poll(&entry, 1, Self.patienceMs)
        if ready == 0 { errno = EAGAIN }
        return ready > 0
    }

    private static func openFile(_ path: String) throws(SystemError) -> Int32 {
        let descriptor = unsafe open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw SystemError(call: "open", on: path) }
        return descriptor
    }
}
