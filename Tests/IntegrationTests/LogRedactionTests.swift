import Foundation
import TestSupport
import Testing

/// Personal data that was taken out of logs is nowhere. `OBS_PLANTED` says how many items are looked for.
@Suite struct LogRedactionTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func shell(_ command: String) throws -> String {
        let finished = try Obs.shell("bash", command)
        #expect(finished.code == 0, "\(command): \(finished.complaints)")
        return finished.output
    }

    /// A push of lines with an item each; of every fifth the item stands in the metadata, too.
    private func push(_ lines: [(item: String, line: String)]) throws -> String {
        let values = lines.enumerated().map { index, entry -> [Any] in
            let value: [Any] = ["\(1_795_219_200_000_000_000 + index)", entry.line]
            return index % 5 == 0 ? value + [["user": entry.item]] : value
        }
        let body: [String: Any] = ["streams": [["stream": ["app": "shop"], "values": values]]]
        return try folder.write(
            String(decoding: try JSONSerialization.data(withJSONObject: body), as: UTF8.self), to: "push")
    }

    private func send(_ file: String, to server: RunningObs) throws {
        let status = try shell(
            "curl -sS -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' --data-binary @\(file) "
                + "http://\(server.address)/loki/api/v1/push")
        #expect(status == "204")
    }

    @Test func whatIsRedactedIsNowhere() throws {
        var generator = SeededGenerator.announced()
        let count = ProcessInfo.processInfo.environment["OBS_PLANTED"].flatMap { Int($0) } ?? 400
        let lines = (0..<count).map { index in
            let item = PlantedItem.any(index % PlantedItem.kinds, &generator)
            return (item: item, line: PlantedItem.line(with: item, "w\(index)", &generator))
        }
        let file = try push(lines)
        let items = try folder.write(lines.map(\.item).joined(separator: "\n") + "\n", to: "items")

        let open = try RunningObs(data: folder.path + "/open")
        try send(file, to: open)
        let told = try shell("obs export --logs --sort --server http://\(open.address)").split(separator: "\n")
        #expect(told.count == count)
        for (line, entry) in zip(told, lines) { #expect(line.contains(entry.item), "\(line)") }

        let configuration = try folder.write("logs: {pipelines: [{stages: [{redact: {}}]}]}\n", to: "obs.yaml")
        let data = folder.path + "/redacted"
        let server = try RunningObs("--config", configuration, data: data)
        try send(file, to: server)
        // First from the log, then from parts.
        for step in ["log", "parts"] {
            let dump = "\(folder.path)/dump-\(step)"
            _ = try shell("obs verify \(data) --dump \(dump)")
            let export = "\(folder.path)/export-\(step)"
            _ = try shell("obs export --logs -o \(export) --server http://\(server.address)")
            #expect(try shell("grep -c shop \(export)") == "\(count)\n")
            #expect(try shell("grep -ac '\\[card\\]' \(dump) || true") != "0\n")
            for place in [dump, export] {
                #expect(try shell("grep -aFc -f \(items) \(place) || true") == "0\n", "\(place)")
            }
            #expect(try server.post("/flush").status == 204)
        }
        let log = try folder.write(try server.log(), to: "server-log")
        #expect(try shell("grep -aFc -f \(items) \(log) || true") == "0\n")
        #expect(try shell("grep -raFl -f \(items) \(data) || true").isEmpty)
    }
}
