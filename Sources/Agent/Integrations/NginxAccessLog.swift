import Encoding
import Posix

/// Counts what nginx writes to an access log in the format `combined`, with $request_time behind it where it is told:
/// answers, bytes and seconds by method and status, with the names of nginxlog-exporter. Counting begins with the lines that
/// come after the agent's start, and goes on through rotation.
final class NginxAccessLog {
    enum Limits {
        /// What one scrape reads; the rest is for the next.
        static let bytesMax = 16 << 20
    }

    /// A line as far as it is counted.
    struct Answer: Equatable {
        let method: String
        let status: String
        let bytes: Double
        /// Nil where the format does not have it.
        let seconds: Double?
    }

    private struct Key: Hashable {
        let method: String
        let status: String
    }

    private struct Sums {
        var answers = 0.0
        var bytes = 0.0
        var timed = 0.0
        var seconds = 0.0
    }

    /// Other words are told of as one, so that nobody who sends them makes series.
    private static let methods: Set<String> = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
    ]

    private let path: String
    private let system: any FileSystem
    private var file: File?
    private var inode: UInt64 = 0
    private var offset = 0
    private var buffer: [UInt8] = []
    private var sums: [Key: Sums] = [:]
    private var unreadable = 0.0

    init(_ path: String, in system: any FileSystem = LocalFileSystem()) {
        (self.path, self.system) = (path, system)
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        do throws(SystemError) {
            try readOn()
        } catch {
            throw .failed("\(error)")
        }
        let answers = page.family("nginx_http_response_count_total", .counter, "Answers by method and status.")
        let bytes = page.family("nginx_http_response_size_bytes", .counter, "Bytes of their bodies.")
        let timed = page.family("nginx_http_response_time_seconds_count", .counter, "Answers whose time is told.")
        let seconds = page.family("nginx_http_response_time_seconds_sum", .counter, "Seconds that these took.")
        for (key, sums) in sums.sorted(by: { ($0.key.method, $0.key.status) < ($1.key.method, $1.key.status) }) {
            page.add(answers, sums.answers, "method", key.method, "status", key.status)
            page.add(bytes, sums.bytes, "method", key.method, "status", key.status)
            guard sums.timed > 0 else { continue }
            page.add(timed, sums.timed, "method", key.method, "status", key.status)
            page.add(seconds, sums.seconds, "method", key.method, "status", key.status)
        }
        page.add("nginx_parse_errors_total", .counter, "Lines that are not of the format.", unreadable)
    }

    private func readOn() throws(SystemError) {
        let status = try system.status(at: path)
        guard let open = file else {
            guard let status else { return }
            let made = try File(path, .read, in: system)
            // What was written before the start is no event of now.
            (file, inode, offset) = (made, status.inode, status.bytes)
            return
        }
        var rest = Limits.bytesMax
        if let status, status.inode == inode {
            if status.bytes < offset { offset = 0 }
            try read(open, &rest)
            return
        }
        // It has another name now; what nginx still writes to it comes until it is told to open its files again.
        try read(open, &rest)
        guard let status, rest > 0 else { return }
        let made = try File(path, .read, in: system)
        (file, inode, offset) = (made, status.inode, 0)
        try read(made, &rest)
    }

    /// Counts the whole lines behind `offset`.
    private func read(_ file: File, _ rest: inout Int) throws(SystemError) {
        if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: 64 << 10) }
        while rest > 0 {
            let count = try Self.read(file, at: offset, into: &buffer)
            guard count > 0 else { return }
            let bytes = buffer[0..<count]
            guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else {
                // A line that fills the buffer is none of nginx's.
                if count < buffer.count { return }
                unreadable += 1
                offset += count
                rest -= count
                continue
            }
            for line in bytes[..<end].split(separator: UInt8(ascii: "\n")) { add(line) }
            offset += end + 1
            rest -= end + 1
        }
    }

    private static func read(
        _ file: File, at offset: Int, into buffer: inout [UInt8]
    ) throws(SystemError) -> Int {
        var span = buffer.mutableSpan
        return try file.read(into: &span, at: offset)
    }

    private func add(_ line: ArraySlice<UInt8>) {
        guard let answer = Self.answer(line) else {
            unreadable += 1
            return
        }
        let method = Self.methods.contains(answer.method) ? answer.method : "other"
        var sum = sums[Key(method: method, status: answer.status)] ?? Sums()
        sum.answers += 1
        sum.bytes += answer.bytes
        if let seconds = answer.seconds {
            sum.timed += 1
            sum.seconds += seconds
        }
        sums[Key(method: method, status: answer.status)] = sum
    }

    /// `192.0.2.1 - - [21/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 612 "-" "curl/8.0" 0.003`. nginx writes a quote
    /// within a field as `\x22`.
    static func answer(_ line: ArraySlice<UInt8>) -> Answer? {
        let quote = UInt8(ascii: "\"")
        let blank = UInt8(ascii: " ")
        guard let start = line.firstIndex(of: quote), let end = line[(start + 1)...].firstIndex(of: quote) else {
            return nil
        }
        let method = line[(start + 1)..<end].prefix { $0 != blank }
        let fields = line[(end + 1)...].split(separator: blank)
        guard fields.count >= 2, fields[0].count == 3,
            let status = Int(String(decoding: fields[0], as: UTF8.self)), (100...599).contains(status),
            let bytes = Double(String(decoding: fields[1], as: UTF8.self)), bytes >= 0
        else { return nil }
        let last = String(decoding: line[((line.lastIndex(of: quote) ?? end) + 1)...], as: UTF8.self)
        let time = last.split(separator: " ").last.map { $0.split(separator: "=").last ?? $0 }
        let isTimed = fields.count > 2
        return Answer(
            method: String(decoding: method, as: UTF8.self), status: "\(status)", bytes: bytes,
            seconds: isTimed ? time.flatMap { Double($0) } : nil)
    }
}
