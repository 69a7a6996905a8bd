import Encoding
import Model
import Parts
import Posix
import Storage
import TestSupport
import Testing

@testable import LogDB

@Suite("A log store that nobody has open")
struct ClosedLogStoreTests {
    private func append(_ rig: LogRig, _ line: String, at ns: Int64, metadata: Labels = .empty) throws {
        var batch = LogBatch()
        let stream = batch.appendStream(Labels([("app", "api")]))
        let bytes = Array(line.utf8)
        batch.append(ns, stream: stream, bytes.span, metadata: metadata)
        _ = try rig.store.append(batch)
    }

    private func dump(_ directory: String) throws -> String {
        var bytes: [UInt8] = []
        try ClosedLogStore(directory).dump { bytes.append($0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("tells all that it holds, in parts and in its log, whatever form it is kept in")
    func dumpsEverything() throws {
        let rig = try LogRig()
        for number in 0..<300 as Range<Int64> {
            try append(
                rig, #"{"card":"41111111111111\#(10 + number % 90)","ip":"10.1.2.\#(number % 250)","n":\#(number)}"#,
                at: number, metadata: Labels([("trace_id", "4bf92f3577b34da6a3ce929d0e0e47\(10 + number % 90)")]))
        }
        try rig.store.flush()
        try append(rig, String(repeating: "in the log ", count: 500), at: 1000)
        let told = try dump(rig.path)
        for wanted in [
            "app=api", "4111111111111142", "10.1.2.249", #""n":299}"#, "4bf92f3577b34da6a3ce929d0e0e4799",
            String(repeating: "in the log ", count: 500),
        ] { #expect(told.contains(wanted), "\(wanted)") }
    }

    @Test("is brought beside what an earlier backup brought, and opened as a store it has the same entries")
    func backsUp() throws {
        let rig = try LogRig()
        let target = rig.path + ".backup"
        try append(rig, "one", at: 1)
        #expect(try rig.store.backUp(to: target).newParts == 1)
        try append(rig, "two", at: 2)
        let second = try rig.store.backUp(to: target)
        #expect(second.parts == 2 && second.newParts == 1)
        #expect(try ClosedLogStore(target).findings { _ in } == [])
        let restored = target + ".restored"
        #expect(try ClosedLogStore(target).copy(to: restored).parts == 2)
        var options = LogStoreOptions()
        options.hasBackgroundThreads = false
        options.freeBytesMin = 0
        let store = try LogDatabase(directory: restored, options: options)
        defer { store.abandon() }
        #expect(
            try ReadLogs.entries(store, LogSelectRequest(matchers: [])).sorted()
                == ReadLogs.entries(rig.store, LogSelectRequest(matchers: [])).sorted())
    }
}
