import Foundation
import Posix
import TestSupport
import Testing

@testable import Telemetry

@Suite struct ProcessMetricsTests {
    private func value(_ registry: Registry, _ name: String) -> Double? {
        let family = registry.families.first { $0.name == name }
        guard case .number(let value, _)? = family?.points.first?.reading else { return nil }
        return value
    }

    @Test func theFiguresAreThoseOfTheKernel() throws {
        let time = ManualTime()
        let registry = Registry(time: time)
        registry.registerProcessMetrics()
        let before = try ProcessFigures()
        let held = (0..<20).compactMap { _ in FileHandle(forReadingAtPath: "/dev/null") }
        #expect(try #require(value(registry, "process_open_fds")) >= Double(held.count))
        #expect(try #require(value(registry, "process_cpu_seconds_total")) >= before.userSeconds + before.systemSeconds)
        #expect(try #require(value(registry, "process_resident_memory_bytes")) > 1_000_000)
        #expect(try #require(value(registry, "process_threads")) >= 1)
        #expect(value(registry, "process_start_time_seconds") == before.startedAtSeconds)
    }

    @Test func theyAreAbsentWhereProcIs() {
        let registry = Registry()
        registry.registerProcessMetrics(proc: "/nowhere")
        #expect(value(registry, "process_open_fds") == nil)
        #expect(String(decoding: registry.exposition(.text), as: UTF8.self) == "")
    }

    @Test func theBuildIsALabelledOne() {
        let registry = Registry()
        registry.registerBuildInfo(version: "1.2.3", revision: "abc")
        let text = String(decoding: registry.exposition(.text), as: UTF8.self)
        #expect(text.contains("obs_build_info{version=\"1.2.3\",revision=\"abc\"} 1\n"))
    }

    @Test(.enabled(if: Peer.exists("promtool"), "scripts/test installs the package prometheus"))
    func promtoolAcceptsTheirNames() throws {
        let registry = Registry()
        registry.registerProcessMetrics()
        registry.registerBuildInfo(version: "1", revision: "2")
        let answer = try Peer(["promtool", "check", "metrics"]).run(input: registry.exposition(.text))
        #expect(answer.status == 0 && answer.output.isEmpty, "\(answer.output)")
    }
}
