import Encoding
import Posix

/// The files of `scrape_failure_log_file`: a line of JSON for each scrape that failed, with Prometheus' members.
final class ScrapeFailureLogs: Sendable {
    /// A longer reason is cut.
    private static let reasonBytesMax = 4096

    private let system: any FileSystem
    private let time: any TimeSource
    /// By path; nil for one that could not be opened, which is tried again after the next reload.
    private let open = Lock<[String: File?]>([:])

    init(in system: any FileSystem = LocalFileSystem(), time: any TimeSource) {
        self.system = system
        self.time = time
    }

    /// Files are opened anew from now on, as after a rotation.
    func reopen() { open.withLock { $0 = [:] } }

    /// - Returns: why the line is not in the file, the first time that it is so.
    func write(to path: String, job: String, target: String, _ reason: String) -> String? {
        let line = line(job, target, reason)
        return open.withLock { open -> String? in
            do throws(SystemError) {
                if open[path] == nil {
                    open[path] = .some(nil)
                    open[path] = try File(path, .append, in: system)
                }
                guard let file = open[path] ?? nil else { return nil }
                try file.append(line.span)
                return nil
            } catch {
                open[path] = .some(nil)
                return "\(error)"
            }
        }
    }

    private func line(_ job: String, _ target: String, _ reason: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("time", CivilTime(ms: time.wallMs).rfc3339)
        writer.member("level", "ERROR")
        writer.member("msg", String(decoding: reason.utf8.prefix(Self.reasonBytesMax), as: UTF8.self))
        writer.member("job_name", job)
        writer.member("target", target)
        writer.endObject()
        return writer.bytes + [0x0a]
    }
}
