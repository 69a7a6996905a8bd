import Encoding
import Testing

@testable import obs

struct NodeHostTests {
    private struct Sample: Equatable {
        var labels: [String: String] = [:]
        var value = 0.0
        var timestampMs: UInt64 = 0
    }

    /// Reads a body by the fields of remote.proto.
    private func decode(_ body: [UInt8]) throws -> [Sample] {
        var samples: [Sample] = []
        var request = ProtobufReader(body.span)
        while let tag = try request.nextTag() {
            #expect(tag == .bytes(1))
            var sample = Sample()
            var series = try request.readMessage()
            while let tag = try series.nextTag() {
                var message = try series.readMessage()
                if tag == .bytes(1) {
                    _ = try message.nextTag()
                    let name = String(decoding: bytes(try message.readBytes()), as: UTF8.self)
                    _ = try message.nextTag()
                    sample.labels[name] = String(decoding: bytes(try message.readBytes()), as: UTF8.self)
                } else {
                    _ = try message.nextTag()
                    sample.value = try message.readDouble()
                    _ = try message.nextTag()
                    sample.timestampMs = try message.readVarint()
                    #expect(try message.nextTag() == nil)
                }
            }
            samples.append(sample)
        }
        return samples
    }

    private func bytes(_ span: Span<UInt8>) -> [UInt8] { span.indices.map { span[$0] } }

    @Test func aScrapeIsARequestWithEachSeriesOnce() throws {
        var host = NodeHost(number: 3, seed: 1, intervalSeconds: 15)
        host.scrape(at: 1_767_225_600_123)
        let samples = try decode(host.body)
        #expect(samples.count == NodeMetrics.all.count)
        #expect(samples.count == host.count)
        #expect(Set(samples.map(\.labels)).count == samples.count)
        #expect(samples.allSatisfy { $0.timestampMs == 1_767_225_600_123 })
        #expect(samples.allSatisfy { $0.labels["instance"] == "node-3:9100" && $0.labels["__name__"] != nil })
    }

    @Test func countersNeverGoBackAndGaugesStayWithinTheirBounds() throws {
        var host = NodeHost(number: 0, seed: 9, intervalSeconds: 15)
        var last: [[String: String]: Double] = [:]
        for scrape in 0..<50 {
            host.scrape(at: 1_767_225_600_000 + Int64(scrape) * 15_000)
            for sample in try decode(host.body) {
                let name = sample.labels["__name__"] ?? ""
                if name.hasSuffix("_seconds_total") || name.hasSuffix("_bytes_total") {
                    #expect(sample.value >= last[sample.labels] ?? 0, "\(sample.labels)")
                }
                if name.hasSuffix("free_bytes") { #expect((0...4e10).contains(sample.value)) }
                #expect(sample.value.isFinite)
                last[sample.labels] = sample.value
            }
        }
    }

    @Test func oneSeedGivesOneDataSet() {
        var first = NodeHost(number: 1, seed: 5, intervalSeconds: 15)
        var second = NodeHost(number: 1, seed: 5, intervalSeconds: 15)
        var other = NodeHost(number: 1, seed: 6, intervalSeconds: 15)
        for time in [1_767_225_600_000, 1_767_225_615_000] as [Int64] {
            first.scrape(at: time)
            second.scrape(at: time)
            other.scrape(at: time)
            #expect(first.body == second.body)
            #expect(first.body != other.body)
        }
    }

    @Test func percentilesAreThoseOfTheSortedDurations() {
        let durations = (1...100).map { Int64($0) * 1_000_000 }
        #expect(Percentile.ms(durations, 0.5) == 50)
        #expect(Percentile.ms(durations, 0.99) == 99)
        #expect(Percentile.ms(durations, 1) == 100)
        #expect(Percentile.ms([7_000_000], 0.5) == 7)
        #expect(Percentile.ms([], 0.5) == 0)
    }
}
