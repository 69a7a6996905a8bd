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
    /// A store that asks before it takes anything.
    private final class StubbornStore: LogStore {
        let inner = MemoryLogStore()
        private let ask: @Sendable () throws(StorageError) -> Void

        init(asking ask: @escaping @Sendable () throws(StorageError) -> Void) { self.ask = ask }

        func append(_ batch: LogBatch) throws(StorageError) -> LogAppendOutcome {
            try ask()
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
        _ store: any LogStore, _ options: [SyslogOptions], registry: Registry = Registry(),
        _ body: ([SocketAddress]) throws -> Void
    ) throws {
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

    @Test("count every datagram that the kernel had no room for")
    func countsLostDatagrams() throws {
        let isBusy = Lock(())
        let store = StubbornStore { () throws(StorageError) in isBusy.withLock { _ in } }
        let tail = try store.tail([], bytesMax: 256 << 20) {}
        let registry = Registry()
        try running(store, [SyslogOptions(.loopback(port: 0), .udp)], registry: registry) { addresses in
            let socket = try Socket.datagrams(to: addresses[0])
            let bytes = Array("<13>Nov  1 03:04:05 h a: n".utf8)
            let sent = 60_000
            isBusy.withLock { _ in
                for _ in 0..<sent {
                    let outcome = socket.write(bytes.span)
                    #expect(outcome == .moved(bytes.count))
                }
            }
            var (block, count) = (LogBlock(), 0)
            while tail.next(into: &block, waitMs: 10_000) {
                count += block.count
                if count + lost(registry) == sent { break }
            }
            #expect(lost(registry) > 0 && count + lost(registry) == sent)
        }
    }

    private func lost(_ registry: Registry) -> Int {
        let series = #"obs_ingest_lost_datagrams_total{protocol="syslog",reason="overflow"} "#
        let text = String(decoding: registry.exposition(.text), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix(series) }
        return line.flatMap { Int($0.dropFirst(series.count)) } ?? 0
    }

    @Test("lose nothing of a stream while the store takes nothing")
    func waitsForTheStore() throws {
        let refusals = Lock(2)
        let store = StubbornStore { () throws(StorageError) in
            let refuses = refusals.withLock { left in
                defer { left = max(0, left - 1) }
                return left > 0
            }
            if refuses { throw .unavailable(reason: "the disk is full", retryAfterSeconds: 1) }
        }
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
