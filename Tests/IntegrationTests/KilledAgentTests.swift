import Foundation
import TestSupport
import Testing

/// An agent that is killed while files are written and rotated and the collector fails. OBS_AGENT_KILLS says how often; a
/// proof does it 100 times.
@Suite struct KilledAgentTests {
    private static let kills = ProcessInfo.processInfo.environment["OBS_AGENT_KILLS"].flatMap { Int($0) } ?? 5

    /// Programs that write numbered lines, each to its file, which is renamed now and then.
    private struct Writers {
        let folder: String
        let names = (0..<8).map { "app-\($0).log" }
        private(set) var written = [Int](repeating: 0, count: 8)
        private var rotations = [Int](repeating: 0, count: 8)

        init(_ folder: String) { self.folder = folder }

        func line(_ name: String, _ index: Int) -> String { "\(name) line \(index) of one that is watched" }

        mutating func write(_ lines: Int) throws {
            for (index, name) in names.enumerated() {
                let path = "\(folder)/\(name)"
                let text = (written[index]..<written[index] + lines).map { "\(line(name, $0))\n" }
                if !FileManager.default.fileExists(atPath: path) {
                    _ = FileManager.default.createFile(atPath: path, contents: nil)
                }
                let handle = try FileHandle(forWritingTo: URL(filePath: path))
                try handle.seekToEnd()
                try handle.write(contentsOf: Data(text.joined().utf8))
                try handle.close()
                written[index] += lines
            }
        }

        mutating func rotate(_ index: Int) throws {
            let path = "\(folder)/\(names[index])"
            rotations[index] += 1
            try FileManager.default.moveItem(atPath: path, toPath: "\(path).\(rotations[index])")
        }
    }

    @Test func everyLineComesOnceAndInOrderThroughRotationAndFailuresOfTheCollector() throws {
        var random = SeededGenerator.announced()
        let sink = try LogSink(SeededGenerator(seed: random.next()), failures: 10)
        let folder = try TemporaryFolder()
        let configuration = try folder.write(
            """
            collector: {url: "http://\(sink.address)"}
            metrics: {send: false}
            logs:
              files:
                - paths: ["\(folder.path)/app-*.log"]
            buffer: {path: "\(folder.path)/spool"}
            """, to: "agent.yaml")
        var writers = Writers(folder.path)
        try writers.write(10)
        try settle(configuration, sink, writers)
        for round in 0..<Self.kills {
            let agent = try RunningAgent(["--config", configuration])
            // Also lives that are shorter than the way to the first record.
            let steps = Int.random(in: 1...16, using: &random)
            for step in 0..<steps {
                try writers.write(20)
                if step % 4 == 3 { try writers.rotate((round + step) % writers.names.count) }
                Thread.sleep(forTimeInterval: 0.02)
            }
            kill(agent.process.processIdentifier, SIGKILL)
            agent.process.waitUntilExit()
            try writers.write(5)
        }
        try settle(configuration, sink, writers)
        for (index, name) in writers.names.enumerated() {
            let wanted = (0..<writers.written[index]).map { writers.line(name, $0) }
            let found = sink.lines(of: "\(folder.path)/\(name)")
            #expect(found.count == wanted.count, "\(name)")
            if let place = zip(found, wanted).enumerated().first(where: { $0.element.0 != $0.element.1 }) {
                Issue.record("\(name) differs at \(place.offset): \(place.element)")
            }
        }
        let lines = writers.written.reduce(0, +)
        print("\(lines) lines, \(Self.kills) kills, \(sink.repeatedBatches) batches came again and were known")
    }

    /// An agent that is left alone until all that was written has come, and ends in good order.
    private func settle(_ configuration: String, _ sink: LogSink, _ writers: Writers) throws {
        let agent = try RunningAgent(["--config", configuration])
        let total = writers.written.reduce(0, +)
        let deadline = Date(timeIntervalSinceNow: 120)
        while sink.lineCount < total, Date() < deadline { Thread.sleep(forTimeInterval: 0.02) }
        #expect(sink.lineCount == total)
        kill(agent.process.processIdentifier, SIGTERM)
        agent.process.waitUntilExit()
        #expect(agent.process.terminationStatus == 0)
    }
}
