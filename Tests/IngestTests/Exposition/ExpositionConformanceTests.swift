import Encoding
import Foundation
import Ingest
import Model
import TestSupport
import Testing

struct ExpositionConformanceTests {
    @Test func theCasesAreThere() {
        let isRequired = ProcessInfo.processInfo.environment["OBS_CI"] == "1"
        #expect(!isRequired || ExpositionConformance.cases.count == 129, "OBS_CONFORMANCE has to name the folder")
    }

    @Test(arguments: ExpositionConformance.cases)
    func aPageGetsTheVerdictOfItsCase(_ test: ExpositionCase) {
        let fault = OpenMetricsCheck.fault(in: test.page.span)
        #expect((fault == nil) == test.isGood, "\(fault.map { "\($0)" } ?? "it passes")")
        if let fault { #expect(fault.line > 0 && !fault.reason.isEmpty) }
    }

    @Test(.enabled(if: Peer.exists(pythonModule: "prometheus_client"), "needs prometheus-client from PyPI"))
    func goodPagesHoldExactlyTheSamplesThatPrometheusClientReads() throws {
        for test in ExpositionConformance.cases where test.isGood {
            let answer = try Peer.python(Self.script).run(input: test.page)
            #expect(answer.status == 0, "\(test.name): \(answer.output)")
            let expected = answer.output.split(separator: "\n").map(String.init).sorted()
            #expect(try Self.samples(test.page).sorted() == expected, "\(test.name)")
        }
    }

    /// The parser of the reference client; each sample as its labels, the bits of its value and its milliseconds.
    private static let script = """
        import json, struct, sys
        from prometheus_client.openmetrics.parser import text_string_to_metric_families
        page = open(0, newline="").read()
        for family in text_string_to_metric_families(page):
            for s in family.samples:
                labels = {k: v for k, v in s.labels.items() if v}
                if family.type == "histogram" and "le" in labels or family.type == "summary" and "quantile" in labels:
                    for k in ("le", "quantile"):
                        if k in labels: labels[k] = repr(float(labels[k]))
                labels["__name__"] = s.name
                time = "-" if s.timestamp is None else str(int(float(s.timestamp) * 1000)) if abs(float(s.timestamp)) < 1e15 else "far"
                value = struct.pack(">d", s.value).hex() if s.value == s.value else "nan"
                pairs = [[k, labels[k]] for k in sorted(labels)]
                print(json.dumps(pairs, ensure_ascii=True), value, time)
        """

    private static func samples(_ page: [UInt8]) throws -> [String] {
        var reader = ExpositionReader(page.span, isOpenMetrics: true)
        var found: [String] = []
        while let entry = try reader.next() {
            guard entry == .series else { continue }
            var builder = LabelsBuilder()
            reader.write(into: &builder)
            let pairs = builder.pairs.map { pair -> [String] in
                // Python writes other texts for the same bounds.
                let isBound =
                    reader.kind == .histogram && pair.name == "le" || reader.kind == .summary && pair.name == "quantile"
                guard isBound, let bound = Double(pair.value.replacingOccurrences(of: "+Inf", with: "inf")) else {
                    return [pair.name, pair.value]
                }
                return [pair.name, pythonFloat(bound)]
            }
            let value = reader.value.isNaN ? "nan" : hexadecimal(reader.value.bitPattern)
            let time = reader.timestampMs.map { $0.magnitude < 1_000_000_000_000_000_000 ? "\($0)" : "far" } ?? "-"
            found.append("\(json(pairs)) \(value) \(time)")
        }
        return found
    }

    private static func pythonFloat(_ value: Double) -> String {
        if value.isInfinite { return "inf" }
        let magnitude = value.magnitude
        if magnitude != 0, magnitude < 1e-4 || magnitude >= 1e16 { return FloatText.general(value) }
        let plain = FloatText.plain(value)
        return plain.contains(".") ? plain : plain + ".0"
    }

    private static func hexadecimal(_ bits: UInt64) -> String {
        let text = String(bits, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }

    private static func json(_ pairs: [[String]]) -> String {
        "[" + pairs.map { "[" + $0.map(jsonText).joined(separator: ", ") + "]" }.joined(separator: ", ") + "]"
    }

    private static func jsonText(_ text: String) -> String {
        var quoted = "\""
        for unit in text.utf16 {
            switch unit {
            case 0x22: quoted += "\\\""
            case 0x5c: quoted += "\\\\"
            case 0x0a: quoted += "\\n"
            case 0x20..<0x7f: quoted += String(UnicodeScalar(UInt8(unit)))
            default:
                let digits = String(unit, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return quoted + "\""
    }

    @Test(
        arguments: [
            ("1histogram.om.txt", true, 42), ("alltypes.5mfs.om.txt", true, 53),
            ("alltypes.237mfs.prom.txt", false, 1857), ("alltypes.237mfs.nometa.prom.txt", false, 1857),
        ])
    func pagesOfPrometheusHaveTheirNumberOfSamples(name: String, isOpenMetrics: Bool, count: Int) throws {
        guard let page = ExpositionConformance.page(name) else { return }
        var reader = ExpositionReader(page.span, isOpenMetrics: isOpenMetrics)
        var seen = 0
        while let entry = try reader.next() { if entry == .series { seen += 1 } }
        #expect(seen == count)
    }
}
