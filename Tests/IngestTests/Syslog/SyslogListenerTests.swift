import Crypto
import Encoding
import Ingest
import Model
import Posix
import Storage
import Telemetry
import TestSupport
import Testing

@Suite("The syslog listeners")
struct SyslogListenerTests {
    /// A store that takes nothing until it is told to.
    private final class StubbornStore: LogStore {
        let inner = MemoryLogStore()
        private let refusals: Lock<Int>

        init(refusals: Int) { self.refusals = Lock(refusals) }

        func append(_ batch: LogBatch) throws(StorageError) -> LogAppendOutcome {
            let refuses = refusals.withLock { left in
                defer { left = max(0, left - 1) }
                return left > 0
            }
            if refuses { throw .unavailable(reason: "the disk is full", retryAfterSeconds: 1) }
            return try inner.append(batch)
        }
        func scan(_ request: LogSelectRequest) throws(StorageError) -> any LogScan { try inner.scan(request) }
        func streams(_ request: LabelRequest) throws(StorageError) -> [Labels] { try inner.streams(request) }
        func volumes(_ request: LogSelectRequest) throws(StorageError) -> [LogVolume] { try inner.volumes(request) }
        func delete(_ request: LabelRequest) throws(StorageError) { try inner.delete(request) }
        func tail(
            _ matchers: [Matcher], bytesMax: Int, wake: @escaping @Sendable () -> Void
        ) throws(StorageError) -> LogTail {
            try inner.tail(matchers, bytesMax: bytesMax, wake: wake)
        }
    }

    private func running(
        _ store: any LogStore, _ options: [SyslogOptions], _ body: ([SocketAddress]) throws -> Void
    ) throws {
        let registry = Registry()
        let context = LogIngestContext(store: store, registry: registry, time: SystemTime())
        let listeners = SyslogListeners(
            context, log: Logger(LogSink(level: .error, registry: registry), component: "test"))
        try listeners.apply(options)
        defer { listeners.stop() }
        try body(listeners.addresses)
    }

    private func send(_ text: String, to address: SocketAddress) throws {
        let socket = try Socket.connecting(to: address)
        let isConnected = socket.wait(toWrite: true, atMostMs: 10_000)
        #expect(isConnected)
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count, socket.wait(toWrite: true, atMostMs: 10_000) {
            if case .moved(let count) = socket.write(bytes.span.extracting(sent..<bytes.count)) { sent += count }
        }
        socket.shutdownWriting()
        // The listener closes when it has taken everything.
        let isClosed = socket.wait(atMostMs: 30_000)
        #expect(isClosed)
    }

    private func lines(_ store: any LogStore) throws -> [String] {
        var request = LogSelectRequest(matchers: [])
        request.order = .oldestFirst
        let scan = try store.scan(request)
        var block = LogBlock()
        var lines: [String] = []
        while try scan.next(into: &block) {
            for entry in 0..<block.count {
                lines.append(String(decoding: block.lineBytes[block.line(entry)], as: UTF8.self))
            }
        }
        return lines
    }

    @Test("take streams, and every one of ten thousand equal lines of one second")
    func takesEqualLines() throws {
        let store = MemoryLogStore()
        var options = SyslogOptions(.loopback(port: 0), .tcp)
        options.labels = ["site": "a"]
        try running(store, [options]) { addresses in
            let line = "<14>1 2026-11-21T00:00:00Z h app 7 - - the same again"
            try send(String(repeating: line + "\n", count: 10_000), to: addresses[0])
        }
        #expect(try lines(store) == [String](repeating: "the same again", count: 10_000))
        let expected = Labels([
            ("app", "app"), ("facility", "user"), ("host", "h"), ("site", "a"), ("source", "syslog"),
        ])
        #expect(try store.streams(LabelRequest()) == [expected])
    }

    @Test("take datagrams")
    func takesDatagrams() throws {
        let store = MemoryLogStore()
        let tail = try store.tail([], bytesMax: 1 << 20) {}
        try running(store, [SyslogOptions(.loopback(port: 0), .udp)]) { addresses in
            let socket = try Socket.datagrams(to: addresses[0])
            for number in 0..<50 {
                let bytes = Array("<13>Nov  1 03:04:05 h a: n\(number)".utf8)
                let outcome = socket.write(bytes.span)
                #expect(outcome == .moved(bytes.count))
            }
            var (block, count) = (LogBlock(), 0)
            while count < 50, tail.next(into: &block, waitMs: 10_000) { count += block.count }
        }
        #expect(try lines(store) == (0..<50).map { "n\($0)" })
    }

    @Test("lose nothing of a stream while the store takes nothing")
    func waitsForTheStore() throws {
        let store = StubbornStore(refusals: 2)
        try running(store, [SyslogOptions(.loopback(port: 0), .tcp)]) { addresses in
            try send("<13>first\n<13>second\n", to: addresses[0])
        }
        #expect(try lines(store).sorted() == ["first", "second"])
    }

    @Test(
        "refuse a configuration that anybody could write to, or that lacks what it needs",
        arguments: [
            ("{listen: '0.0.0.0:514', protocol: udp}", false), ("{listen: '0.0.0.0:514', insecure: true}", true),
            ("{listen: '127.0.0.1:514', protocol: tcp}", true), ("{listen: '127.0.0.1:514', protocol: tls}", false),
            ("{listen: somewhere}", false), ("{listen: '127.0.0.1:514', protocol: relp}", false),
            ("{listen: '127.0.0.1:514', tls: {cert_file: a, key_file: b}}", false),
            ("{listen: '0.0.0.0:6514', protocol: tls, tls: {cert_file: a, key_file: b, client_ca_file: c}}", true),
        ])
    func checksConfiguration(yaml: String, isGood: Bool) throws {
        let report = ConfigurationReport()
        let reader = YAMLReader(file: "syslog.yaml", report: report)
        let parsed = reader.document(Array(yaml.utf8).span)
        let document = try #require(parsed)
        let section = try #require(reader.section(document, "the listener"))
        let options = SyslogOptions(section)
        #expect(report.isClean == isGood && (options != nil || !isGood), "\(report.errors)")
    }
}
