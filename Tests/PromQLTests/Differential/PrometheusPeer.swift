import Foundation
import TestSupport

/// Debian's Prometheus with samples that came by remote_write, on a port of loopback.
final class PrometheusPeer {
    private let directory = TemporaryDirectory()
    private let process = Process()
    private let port: Int

    init(_ writeBodies: [[UInt8]]) throws {
        try "global: {}\n".write(toFile: directory.file("prometheus.yml"), atomically: false, encoding: .utf8)
        let free = try Peer.python(
            "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"
        ).run(input: [])
        guard let port = Int(free.output.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw PeerFailure(description: "no free port: \(free.output)")
        }
        self.port = port
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "prometheus", "--config.file=\(directory.file("prometheus.yml"))",
            "--storage.tsdb.path=\(directory.file("tsdb"))", "--storage.tsdb.retention.time=100y",
            "--web.listen-address=127.0.0.1:\(port)", "--log.level=error", "--web.enable-remote-write-receiver",
            "--enable-feature=native-histograms",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        for body in writeBodies { try write(body) }
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
    }

    private func write(_ body: [UInt8]) throws {
        let answer = try Peer.python(Self.waiting + Self.writing, "\(port)").run(input: body)
        guard answer.status == 0, answer.output.hasPrefix("204") else {
            throw PeerFailure(description: "remote_write: \(answer.output.suffix(500))")
        }
    }

    struct PeerFailure: Error, CustomStringConvertible {
        let description: String
    }

    struct Question: Encodable {
        var query: String
        var start: Double
        var end: Double
        /// Zero for an instant query.
        var step: Double
    }

    /// The bodies of the answers, one for each question.
    func ask(_ questions: [Question]) throws -> [[String: Any]] {
        let input = try JSONEncoder().encode(questions)
        let answer = try Peer.python(Self.waiting + Self.asking, "\(port)").run(input: Array(input))
        let lines = answer.output.split(separator: "\n")
        guard answer.status == 0, lines.count == questions.count else {
            throw PeerFailure(
                description: "\(lines.count) answers to \(questions.count) questions: \(answer.output.suffix(500))")
        }
        return try lines.map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return object as? [String: Any] ?? [:]
        }
    }

    /// Waits until the server is ready.
    private static let waiting = """
        import sys, json, time, http.client, urllib.parse
        port = int(sys.argv[1])
        for attempt in range(200):
            try:
                c = http.client.HTTPConnection('127.0.0.1', port, timeout=20)
                c.request('GET', '/-/ready')
                r = c.getresponse(); r.read()
                if r.status == 200: break
            except OSError:
                pass
            time.sleep(0.05)

        """

    private static let writing = """
        c.request('POST', '/api/v1/write', sys.stdin.buffer.read(), {
            'Content-Type': 'application/x-protobuf', 'Content-Encoding': 'snappy',
            'X-Prometheus-Remote-Write-Version': '0.1.0'})
        r = c.getresponse()
        print(r.status, r.read().decode())
        """

    private static let asking = """
        for q in json.load(sys.stdin):
            if q['step']:
                path, form = 'query_range', {'query': q['query'], 'start': q['start'], 'end': q['end'], 'step': q['step']}
            else:
                path, form = 'query', {'query': q['query'], 'time': q['start']}
            c.request('POST', '/api/v1/' + path, urllib.parse.urlencode(form), {'Content-Type': 'application/x-www-form-urlencoded'})
            print(json.dumps(json.loads(c.getresponse().read())))
        """
}
