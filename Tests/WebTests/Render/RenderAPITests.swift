import Encoding
import Foundation
import HTTP
import Ledger
import LogQL
import Model
import Posix
import PromQL
import Storage
import Telemetry
import TestSupport
import Testing

@testable import Web

/// What a panel looks like is judged by eye; here is who may see one, what stands in it, and that both forms are whole.
@Suite final class RenderAPITests {
    private let directory = TemporaryDirectory()
    private let server: APIServer
    private let clock = ManualTime(wallMs: 1_700_000_000_000)
    private let queries: QueryService
    private let workers: Workers
    private let logs = MemoryLogStore()

    init() throws {
        let registry = Registry()
        let workers = try Workers(helpers: 0)
        self.workers = workers
        let ledger = Ledger(directory: directory.file("ledger"), registry: registry)
        let folder = directory.file("dashboards")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, text) in ["classic": Self.classic, "v2": Self.elements] {
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name).json"))
        }
        var made: QueryService?
        let (clock, logs) = (clock, logs)
        server = try APIServer { store, pool, router in
            let time = SystemTime()
            guard
                let queries = try? QueryService(
                    engine: Engine(store: store, workers: workers), registry: registry,
                    log: Logger(LogSink(level: .error, registry: registry, time: time), component: "q"), time: time)
            else { return }
            let dashboards = DashboardsAPI(ledger, pool: pool) { DashboardFolders([folder]) }
            RenderAPI(queries, LogEngine(store: logs), dashboards, ledger, time: clock).add(to: &router)
            made = queries
        }
        queries = try #require(made)
        for host in ["a", "b<script>"] {
            let samples = (0..<60).map {
                (timestampMs: 1_699_999_100_000 + Int64($0) * 15_000, value: Double($0) * 1024)
            }
            try server.load([("__name__", "memory_bytes"), ("host", host)], samples)
        }
        for (bound, rate) in [("1", 1.0), ("2", 1), ("+Inf", 5)] {
            try server.load(
                [("__name__", "took_bucket"), ("le", bound)],
                (0..<60).map { (1_699_999_100_000 + Int64($0) * 15_000, rate) })
        }
        // One up to 1, two up to 2 and three up to 4.
        try server.load(
            [("__name__", "waited")], 1_699_999_700_000,
            NativeHistogram(
                schema: 0, sum: 12, counts: .integer(count: 6, zero: 0, positive: [1, 2, 3], negative: []),
                positiveSpans: [.init(offset: 0, length: 3)]))
        var batch = LogBatch()
        let stream = batch.appendStream(Labels([("service", "cart")]))
        for (number, text) in ["first", "second & <last>"].enumerated() {
            batch.append(1_699_999_200_000_000_000 + Int64(number), stream: stream, Array(text.utf8).span)
        }
        _ = try logs.append(batch)
        // Up for ten minutes, then down for five.
        try server.load(
            [("__name__", "up"), ("host", "a")],
            (0..<60).map { (1_699_999_100_000 + Int64($0) * 15_000, $0 < 40 ? 1 : 0) })
    }

    deinit {
        queries.stop()
        workers.stop()
    }

    private static let defaults = """
        {"unit": "bytes", "thresholds": {"steps": [{"color": "green"}, {"color": "#ff0000", "value": 50000}]}}
        """
    private static let target =
        #"{"refId": "A", "expr": "memory_bytes{host=~\"$host\"}", "legendFormat": "host {{host}}"}"#
    private static let classic = """
        {"title": "Memory", "uid": "classic", "templating": {"list": [
          {"name": "host", "type": "query", "current": {"value": "a"}, "includeAll": true}]},
         "panels": [{"type": "row", "id": 1, "collapsed": true, "panels": [
           {"id": 2, "type": "stat", "title": "Memory of $host", "fieldConfig": {"defaults": \(defaults)}, "targets": [\(target)]},
           {"id": 3, "type": "timeseries", "title": "Memory of ${host:regex}", "fieldConfig": {"defaults": \(defaults)},
            "targets": [\(target)]},
           {"id": 4, "type": "state-timeline", "title": "Up", "fieldConfig": {"defaults": {"mappings": [
             {"type": "value", "options": {"1": {"text": "UP", "color": "#00aa00"}}},
             {"type": "range", "options": {"from": -1, "to": 0.5, "result": {"text": "DOWN", "color": "#aa0000"}}}]}},
            "targets": [{"expr": "up", "legendFormat": "{{host}}"}]},
           {"id": 5, "type": "heatmap", "title": "Took",
            "targets": [{"expr": "took_bucket", "legendFormat": "{{le}}", "format": "heatmap"}]},
           {"id": 6, "type": "heatmap", "title": "Waited", "targets": [{"expr": "waited"}]},
           {"id": 7, "type": "logs", "title": "Lines", "datasource": {"type": "loki"}, "targets": [{"expr": "\(cart)"}]},
           {"id": 8, "type": "timeseries", "title": "Count", "datasource": {"type": "loki"},
            "targets": [{"expr": "sum(count_over_time(\(cart)[15m]))", "legendFormat": "lines"}]},
           {"id": 9, "type": "gauge", "title": "Dial", \(half), "targets": [{"expr": "vector(25)"}]},
           {"id": 10, "type": "bargauge", "title": "Bars", \(half), "targets": [{"expr": "vector(25)"}]},
           {"id": 12, "type": "table", "title": "Table", "targets": [{"expr": "up", "format": "table", "instant": true}]},
           {"id": 11, "type": "piechart", "title": "Shares", "targets": [
             {"expr": "vector(30)", "legendFormat": "more"}, {"expr": "vector(10)", "legendFormat": "less"}]}]}]}
        """
    private static let cart = #"{service=\"cart\"}"#
    private static let half = """
        "fieldConfig": {"defaults": {"min": 0, "max": 50, "thresholds": {"mode": "percentage", "steps": [
          {"color": "green"}, {"color": "#0000ff", "value": 40}]}}}
        """
    private static let elements = """
        {"apiVersion": "dashboard.grafana.app/v2beta1", "kind": "Dashboard", "metadata": {"name": "v2"}, "spec": {
          "title": "Memory", "layout": {}, "variables": [{"kind": "QueryVariable", "spec": {"name": "host", "current": {"value": "a"}}}],
          "elements": {"panel-2": {"kind": "Panel", "spec": {"id": 2, "title": "Memory of $host",
            "data": {"kind": "QueryGroup", "spec": {"queries": [{"kind": "PanelQuery", "spec": {"refId": "A", "hidden": false,
              "query": {"kind": "DataQuery", "group": "prometheus", "spec": \(target)}}}]}},
            "vizConfig": {"kind": "VizConfig", "group": "stat", "spec": {"fieldConfig": {"defaults": \(defaults)}}}}}}}}
        """

    /// An address that the server has signed.
    private func address(_ file: String, _ parameters: String, seconds: Int = 60) throws -> String {
        let body = #"{"file": "\#(file)", "seconds": \#(seconds), "parameters": \#(parameters)}"#
        let answer = try server.send(.post, "/obs/v1/render", Array(body.utf8))
        return try #require(try JSONValue.parse(answer.body.span)["data"]?.text, "\(answer.text)")
    }

    private static let inTime = #""from": "1699999100000", "to": "1700000000000""#

    @Test(arguments: ["classic", "v2"]) func aFigureIsTheLastValueInItsUnitAndColour(_ form: String) throws {
        let picture = try server.get(
            try address("panel.svg", #"{"dashboard": "\#(form)", "panel": "2", \#(Self.inTime)}"#))
        #expect(picture.status == .ok, "\(picture.text)")
        // 59 x 1024 bytes, above the threshold.
        #expect(picture.text.contains(">59 KiB</text>"))
        #expect(picture.text.contains("fill=\"#ff0000\""))
        #expect(picture.text.contains(">Memory of a</text>"))
    }

    @Test func aGraphHasALineAndANameForEachSeries() throws {
        let parameters = #"{"dashboard": "classic", "panel": "3", "var-host": ["a", "b<script>"], \#(Self.inTime)}"#
        let text = try server.get(try address("panel.svg", parameters)).text
        #expect(text.components(separatedBy: "stroke-width=\"1.5\"").count == 3)
        #expect(text.contains("host a  59 KiB"))
        #expect(text.contains("host b&lt;script&gt;  59 KiB"))
        #expect(!text.contains("<script"))
    }

    @Test func aTimelineHasACellForEachStretchOfAState() throws {
        let text = try server.get(
            try address("panel.svg", #"{"dashboard": "classic", "panel": "4", \#(Self.inTime)}"#)
        ).text
        for (word, colour) in [("UP", "#00aa00"), ("DOWN", "#aa0000")] {
            #expect(text.components(separatedBy: ">\(word)</text>").count == 2)
            #expect(text.components(separatedBy: "fill=\"\(colour)\"").count == 2)
        }
        let widths = text.matches(
            of: /<rect x="[^"]*" y="[^"]*" width="([^"]*)" height="[^"]*" fill="#(00aa00|aa0000)"/
        )
        .compactMap { Double($0.output.1) }
        try #require(widths.count == 2)
        #expect((1.9...2.2).contains(widths[0] / widths[1]), "\(widths)")
    }

    @Test func aHeatmapHasACellWhereABucketOfItsOwnCounts() throws {
        let text = try server.get(
            try address("panel.svg", #"{"dashboard": "classic", "panel": "5", \#(Self.inTime)}"#)
        ).text
        // One below 1, none from 1 to 2, four above: two rows have cells, one of them at full strength.
        let cells = text.matches(of: /<rect [^>]*y="([^"]*)"[^>]*fill="#ff9830"( fill-opacity="([^"]*)")?\/>/)
        #expect(Set(cells.map(\.output.1)).count == 2)
        #expect(Set(cells.map { $0.output.3.map(String.init) ?? "1" }).count == 2)
        #expect(text.contains(">+Inf</text>") && text.contains(">1</text>"))
    }

    private func panel(_ number: Int) throws -> String {
        try server.get(try address("panel.svg", #"{"dashboard": "classic", "panel": "\#(number)", \#(Self.inTime)}"#))
            .text
    }

    @Test func aHeatmapOfNativeHistogramsHasARowForEachOfTheirBuckets() throws {
        let text = try panel(6)
        for bound in ["1", "2", "4"] { #expect(text.contains(">\(bound)</text>"), "\(bound)") }
        let cells = text.matches(of: /<rect [^>]*y="([^"]*)"[^>]*fill="#ff9830"( fill-opacity="([^"]*)")?\/>/)
        #expect(Set(cells.map(\.output.1)).count == 3)
        #expect(Set(cells.map { $0.output.3.map(String.init) ?? "1" }).count == 3)
    }

    @Test func linesOfLogsStandTheNewestFirst() throws {
        let text = try panel(7)
        let newest = try #require(text.firstRange(of: ">second &amp; &lt;last&gt;</text>"))
        let oldest = try #require(text.firstRange(of: ">first</text>"))
        #expect(newest.lowerBound < oldest.lowerBound)
        #expect(text.contains(">2023-11-14T22:00:00.000Z</text>"))
        #expect(try panel(8).contains(">lines  2</text>"))
    }

    @Test func aDialAndABarReachHalfWayInTheColourOfTheirShare() throws {
        let dial = try panel(9)
        // The whole dial in the colour of the grid, then its half: from the lower left to the top in the middle.
        let arcs = dial.matches(of: /<polyline [^>]*stroke="(#[0-9a-f]+)" points="([^"]*)"/)
        try #require(arcs.count == 2)
        #expect(arcs[1].output.1 == "#0000ff")
        let end = arcs[1].output.2.split(separator: " ").suffix(2).compactMap { Double($0) }
        #expect(abs(end[0] - 500) < 0.1 && dial.contains(">25</text>"))
        let bar = try panel(10).matches(of: /<rect [^>]*width="([^"]*)" height="[^"]*" fill="(#[0-9a-f]+)"/).suffix(2)
            .compactMap { Double($0.output.1) }
        #expect(bar.count == 2 && abs(bar[1] / bar[0] - 0.5) < 0.001)
    }

    @Test func aTableHasAColumnForEachLabel() throws {
        let text = try panel(12)
        let cells = text.matches(of: /<text [^>]*>([^<]*)<\/text>/).map { String($0.output.1) }
        #expect(cells == ["Table", "__name__", "host", "Value", "up", "a", "0"], "\(cells)")
    }

    @Test func sharesSayWhatTheyAreOfTheWhole() throws {
        let text = try panel(11)
        #expect(text.contains(">more  75.0%  30</text>") && text.contains(">less  25.0%  10</text>"))
        #expect(text.components(separatedBy: "<polyline").count == 3)
    }

    @Test func noTextBeginsOrEndsBeyondTheEdge() throws {
        for panel in 3...12 {
            let text = try server.get(
                try address("panel.svg", #"{"dashboard": "classic", "panel": "\#(panel)", \#(Self.inTime)}"#)
            ).text
            for mark in text.matches(of: /<text x="([^"]*)"[^>]*text-anchor="middle"[^>]*>([^<]*)</) {
                let half = Double(mark.output.2.count) * 11 * Picture.letterShare / 2
                let x = try #require(Double(mark.output.1))
                #expect(x - half >= 0 && x + half <= 1000, "\(mark.output.2) at \(x)")
            }
        }
    }

    @Test func anExpressionIsAPNGOfTheSizeThatIsAskedFor() throws {
        let parameters = #"{"query": "sum(memory_bytes)", "width": "640", "height": "320", \#(Self.inTime)}"#
        let png = try server.get(try address("expression.png", parameters)).body
        #expect(png.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        #expect(Array(png[16..<24]) == [0, 0, 2, 128, 0, 0, 1, 64])
    }

    @Test func aChangedOrExpiredAddressIsRefused() throws {
        let signed = try address("expression.svg", #"{"query": "memory_bytes", \#(Self.inTime)}"#, seconds: 60)
        #expect(try server.get(signed).status == .ok)
        for (part, other) in [
            ("memory_bytes", "up"), ("expression.svg", "expression.png"), ("expires=1", "expires=2"),
            ("signature=", "signature=0"), ("&signature=", "&theme=light&signature="),
        ] {
            #expect(try server.get(signed.replacing(part, with: other)).status == .forbidden, "\(part)")
        }
        #expect(try server.get("/render/expression.svg?query=up").status == .forbidden)
        clock.advance(bySeconds: 59)
        #expect(try server.get(signed).status == .ok)
        clock.advance(bySeconds: 2)
        let late = try server.get(signed)
        #expect(late.status == .forbidden)
        #expect(late.text.contains("expired"))
    }

    @Test(arguments: [
        ("panel.svg", #"{"dashboard": "none", "panel": "2"}"#, "no dashboard none"),
        ("panel.svg", #"{"dashboard": "classic", "panel": "99"}"#, "no panel 99"),
        ("panel.svg", "{}", "name the panel"), ("expression.svg", #"{"query": "sum("}"#, "parse error"),
        ("expression.svg", #"{"query": "up", "width": "5"}"#, "width"),
        ("expression.svg", #"{"query": "up", "from": "yesterday"}"#, "now-6h"),
    ])
    func whatCannotBeDrawnIsSaid(file: String, parameters: String, reason: String) throws {
        let answer = try server.get(try address(file, parameters))
        #expect(answer.status.rawValue >= 400)
        #expect(answer.text.contains(reason), "\(answer.text)")
    }

    @Test func thePaletteBeginsAsThatOfThePages() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../../Sources/Web/Assets/core/colours.js")
        let script = try String(contentsOf: path, encoding: .utf8)
        let list = try #require(script.components(separatedBy: "export const palette = [").last)
        let codes = list.components(separatedBy: "\"").filter { $0.hasPrefix("#") }.compactMap {
            UInt32($0.dropFirst(), radix: 16)
        }
        #expect(Array(codes.prefix(RenderColours.palette.count)) == RenderColours.palette.map { $0 >> 8 })
    }
}
