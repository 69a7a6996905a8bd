import Crypto
import Encoding
import Foundation
import Ingest
import Model
import Posix
import Storage
import Telemetry
import TestSupport
import Testing

@testable import Agent

/// What has reached a spool.
final class SpooledLines {
    struct Line: Equatable {
        var labels: [String: String]
        var metadata: [String: String]
        var text: String
        var timestampNs: Int64
    }

    let spool: Spool
    private(set) var lines: [Line] = []

    init(_ spool: Spool) { self.spool = spool }

    func take() throws {
        while let (record, end) = try spool.next(for: spool.readers[0], atMostNs: 0) {
            try spool.noteTaken(spool.readers[0], upTo: end)
            guard record.count > 0 else { continue }
            var body: [UInt8] = []
            try Snappy.decompress(record.body.span, bytesMax: 1 << 26, appendingTo: &body)
            let batch = try LokiPushDecoder.batch(body)
            for entry in batch.entries {
                lines.append(
                    Line(
                        labels: Self.pairs(batch.bytes[batch.streams[entry.stream]]),
                        metadata: Self.pairs(batch.bytes[entry.metadata]),
                        text: String(decoding: batch.bytes[entry.line], as: UTF8.self),
                        timestampNs: entry.timestampNs))
            }
        }
    }

    private static func pairs(_ bytes: ArraySlice<UInt8>) -> [String: String] {
        Dictionary(uniqueKeysWithValues: Labels(canonical: Array(bytes)).pairs.map { ($0.name, $0.value) })
    }

    /// Waits for so many lines.
    func wait(for count: Int) throws {
        let deadline = Date(timeIntervalSinceNow: 60)
        while lines.count < count, Date() < deadline {
            try take()
            Thread.sleep(forTimeInterval: 0.01)
        }
        try take()
        #expect(lines.count == count)
    }
}

@Suite("Sources of lines", .serialized)
struct LogSourcesTests {
    private static func log(_ registry: Registry) -> Logger {
        Logger(LogSink(level: .error, registry: registry), component: "test")
    }

    private static func section(
        _ text: String, _ report: ConfigurationReport = ConfigurationReport()
    ) throws -> YAMLSection {
        let reader = YAMLReader(file: "agent.yaml", report: report)
        let bytes = Array(text.utf8)
        return try #require(reader.document(bytes.span).flatMap { reader.section($0, "logs") })
    }

    /// Entries in systemd's export format, which its journal-remote makes files of.
    private static func journal(_ range: Range<Int>, in folder: TemporaryDirectory, _ name: String) throws {
        var text = ""
        for index in range {
            text += """
                __REALTIME_TIMESTAMP=\(1_780_000_000_000_000 + index * 1000)
                __MONOTONIC_TIMESTAMP=\(1_000_000 + index * 1000)
                _BOOT_ID=4a2b0b5c5b9e4d6f8f0c7d3a2e1f0b9c
                _MACHINE_ID=0f1e2d3c4b5a69788796a5b4c3d2e1f0
                _HOSTNAME=web-1
                _SYSTEMD_UNIT=\(index % 2 == 0 ? "shop" : "other").service
                SYSLOG_IDENTIFIER=shop
                PRIORITY=\(index % 8)
                _PID=\(100 + index)
                MESSAGE=entry \(index) of the journal


                """
        }
        let export = folder.file("\(name).export")
        try text.write(toFile: export, atomically: true, encoding: .utf8)
        try RunningService.run(
            "/usr/lib/systemd/systemd-journal-remote", ["--output", folder.file("\(name).journal"), export], in: folder)
        try FileManager.default.removeItem(atPath: export)
    }

    @Test("of systemd's journal come once, from the cursor on, with unit, level and time")
    func journald() throws {
        let (directory, folder) = (TemporaryDirectory(), TemporaryDirectory())
        let registry = Registry()
        try Self.journal(0..<40, in: folder, "a")
        var options = JournaldOptions(try Self.section("{path: \(folder.path), max_age: 200w, labels: {job: journal}}"))
        options.ageMaxMs = 100 * 365 * 86_400_000
        var lines: [SpooledLines.Line] = []
        for (round, range) in [0..<40, 40..<90, 90..<100].enumerated() {
            if round > 0 { try Self.journal(range, in: folder, "a\(round)") }
            let spool = try Spool(directory.path, collectors: ["a"], registry: registry)
            let spooled = SpooledLines(spool)
            let source = try JournaldSource(
                options, labels: ["host": "h"], pipelines: [], into: spool, registry: registry, log: Self.log(registry))
            try spooled.wait(for: range.count)
            // What comes while it reads comes too.
            source.stop()
            try spooled.take()
            // A push holds entries stream by stream.
            lines += spooled.lines.sorted { $0.timestampNs < $1.timestampNs }
            try spool.close()
        }
        #expect(lines.map(\.text) == (0..<100).map { "entry \($0) of the journal" })
        #expect(
            lines.first?.labels
                == ["app": "shop", "host": "h", "job": "journal", "source": "journald", "unit": "shop.service"])
        #expect(lines.first?.metadata == ["level": "emerg", "pid": "100"])
        let lastNs: Int64 = 1_780_000_000_099_000_000
        #expect(lines.last?.timestampNs == lastNs)
    }

    @Test("of chosen units of the journal come alone, also those that are written while it is read")
    func units() throws {
        let (directory, folder) = (TemporaryDirectory(), TemporaryDirectory())
        let registry = Registry()
        try Self.journal(0..<10, in: folder, "a")
        var options = JournaldOptions(try Self.section("{path: \(folder.path), units: [shop]}"))
        options.ageMaxMs = 100 * 365 * 86_400_000
        let spool = try Spool(directory.path, collectors: ["a"], registry: registry)
        let spooled = SpooledLines(spool)
        let source = try JournaldSource(
            options, labels: [:], pipelines: [], into: spool, registry: registry, log: Self.log(registry))
        try spooled.wait(for: 5)
        try Self.journal(10..<20, in: folder, "b")
        try spooled.wait(for: 10)
        source.stop()
        #expect(spooled.lines.map(\.text) == stride(from: 0, to: 20, by: 2).map { "entry \($0) of the journal" })
        try spool.close()
    }

    @Test("of standard input come with their labels, the last without an end of line too")
    func standardInput() throws {
        let directory = TemporaryDirectory()
        let registry = Registry()
        let spool = try Spool(directory.path, collectors: ["a"], registry: registry)
        let spooled = SpooledLines(spool)
        let pipe = Pipe()
        let options = StandardInputOptions(
            try Self.section("{labels: {job: piped}, multiline: {traces: true}, stages: [{level: {}}]}"))
        let source = try StandardInputSource(
            options, labels: ["host": "h"], pipelines: [], into: spool, registry: registry, log: Self.log(registry),
            descriptor: pipe.fileHandleForReading.fileDescriptor)
        try pipe.fileHandleForWriting.write(contentsOf: Data("one\nERROR two\n\tat a.b\nthree".utf8))
        try pipe.fileHandleForWriting.close()
        try spooled.wait(for: 3)
        source.stop()
        let streams = Dictionary(grouping: spooled.lines) { $0.labels["level"] ?? "" }.mapValues { $0.map(\.text) }
        #expect(streams == ["": ["one", "three"], "error": ["ERROR two\n\tat a.b"]])
        #expect(spooled.lines.allSatisfy { $0.labels["host"] == "h" && $0.labels["job"] == "piped" })
        try spool.close()
    }

    /// A listener with a certificate of openssl for `localhost`, which is its own authority.
    private static func encrypted(_ folder: TemporaryDirectory) throws -> SyslogOptions {
        let (chain, key) = (folder.file("cert.pem"), folder.file("key.pem"))
        try RunningService.run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650",
                "-keyout", key, "-out", chain, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            ], in: folder)
        var options = SyslogOptions(.loopback(port: 0), .tls)
        options.tls = TLSOptions(certificates: [.init(chainFile: chain, keyFile: key)])
        return options
    }

    @Test("of syslog come by datagrams, streams and TLS, parsed, with the host's labels where they say none")
    func syslog() throws {
        let directory = TemporaryDirectory()
        let registry = Registry()
        var options = ShippingOptions()
        options.destinations = [DestinationOptions(url: "http://127.0.0.1:1")]
        options.spool = directory.path
        options.intervalMs = nil
        options.heartbeatMs = nil
        options.labels = ["role": "edge"]
        let certificates = TemporaryDirectory()
        options.syslog = [
            SyslogOptions(.loopback(port: 0), .udp), SyslogOptions(.loopback(port: 0), .tcp),
            try Self.encrypted(certificates),
        ]
        let shipping = try Shipping(options, registry: registry, log: Self.log(registry)) { _ in }
        let addresses = shipping.syslogAddresses
        let datagrams = try Socket.datagrams(to: addresses[0])
        let message = Array("<34>1 2026-11-21T10:00:00Z web-7 shop 42 ID1 - datagram".utf8)
        guard case .moved = datagrams.write(message.span) else {
            Issue.record("the datagram is not sent")
            return
        }
        let stream = try Socket.connecting(to: addresses[1])
        let isConnected = stream.wait(toWrite: true, atMostMs: 20_000)
        #expect(isConnected)
        _ = stream.write(
            Array("<13>Nov 21 10:00:00 web-8 cron[7]: stream one\n<13>Nov 21 10:00:01 web-8 cron[7]: two\n".utf8).span)
        // Counted by octets, as RFC 5425 has it.
        let port = try #require(addresses[2].port)
        let secret = "<11>1 2026-11-21T10:00:02Z web-9 vault 7 - - under TLS"
        try RunningService.run(
            "/bin/sh",
            [
                "-c",
                """
                printf '%s' '\(secret.utf8.count) \(secret)' | openssl s_client -quiet -no_ign_eof -verify_return_error \
                    -verify_hostname localhost -CAfile \(certificates.file("cert.pem")) -connect 127.0.0.1:\(port)
                """,
            ], in: certificates)
        let isRead = RunningService.wait {
            String(decoding: registry.exposition(.text), as: UTF8.self)
                .contains(#"obs_agent_log_lines_total{source="syslog"} 4"#)
        }
        #expect(isRead)
        try shipping.stop()
        let spool = try Spool(directory.path, collectors: ["collector"], registry: Registry())
        let spooled = SpooledLines(spool)
        try spooled.take()
        let lines = spooled.lines.sorted { $0.text < $1.text }
        #expect(lines.map(\.text) == ["datagram", "stream one", "two", "under TLS"])
        #expect(lines[3].labels["app"] == "vault" && lines[3].metadata["level"] == "error")
        #expect(lines[0].labels["host"] == "web-7" && lines[0].labels["app"] == "shop")
        #expect(lines[0].metadata == ["level": "crit", "msgid": "ID1", "pid": "42"])
        #expect(lines.allSatisfy { $0.labels["role"] == "edge" && $0.labels["source"] == "syslog" })
        #expect(lines[1].labels["app"] == "cron")
        try spool.close()
    }
}
