import Foundation
import Journal
import Model
import Posix
import Storage
import StoreModel
import TestSupport
import Testing

@testable import TSDB

@Suite("A store on bad ground")
struct StoreFaultTests {
    @Test("keeps every acknowledged sample when the device is full from any write on", arguments: [ENOSPC, EIO])
    func survivesFailingWrites(code: Int32) throws {
        try FaultyFileSystem.forEachCall(.fail(code), onwards: true) { system, number in
            let directory = TemporaryDirectory()
            let kept = work(directory.file("data"), in: system)
            try expect(kept, in: directory.file("data"), "call \(number)")
        }
    }

    @Test("keeps every acknowledged sample when any one write is torn")
    func survivesTornWrites() throws {
        try FaultyFileSystem.forEachCall(.tear(EIO)) { system, number in
            let directory = TemporaryDirectory()
            let kept = work(directory.file("data"), in: system)
            try expect(kept, in: directory.file("data"), "call \(number)")
        }
    }

    @Test("names what a flipped bit has damaged and serves the rest")
    func survivesFlippedBits() throws {
        var generator = SeededGenerator.announced()
        let origin = TemporaryDirectory()
        let path = origin.file("data")
        let kept = work(path, in: LocalFileSystem())
        try FlippedBits.forEachCopy(of: path, flipsPerFile: 6, &generator) { copy, place in
            try expectServed(kept, copy, "\(place)")
        }
    }

    // MARK: -

    private static let names = (0..<4).map { series("fault", ("n", "\($0)")) }

    /// Appends, flushes and merges for a while, whatever fails, and returns how many batches were acknowledged: batch k
    /// gives each series the value k at k seconds.
    private func work(_ path: String, in system: any FileSystem) -> [Int] {
        var kept: [Int] = []
        guard let store = try? TimeSeriesStore(directory: path, options: options, in: system) else { return kept }
        for number in 1...60 {
            var batch = SampleBatch()
            for labels in Self.names {
                batch.append(labels, [(timestampMs: Int64(number) * 1000, value: Double(number))])
            }
            // What is refused may fail in any way, as long as what is accepted stays.
            if let outcome = try? store.append(&batch), outcome.acceptedSamples == Self.names.count {
                kept.append(number)
            }
            if number % 15 == 0 { try? store.flush() }  // as said above
            if number == 40 { while (try? store.mergeOnce()) == true {} }
        }
        store.abandon()
        return kept
    }

    private var options: StoreOptions {
        var options = StoreOptions()
        options.hasBackgroundThreads = false
        options.freeBytesMin = 0
        options.sync = .onRequest
        options.mergeParts = 2
        return options
    }

    private func read(_ store: TimeSeriesStore) throws -> [Labels: [Int64: Double]] {
        let selection = try store.select(SelectRequest(matchers: [], startMs: .min, endMs: .max))
        var labels = LabelBlock()
        try selection.labels(0..<selection.count, into: &labels)
        var block = SeriesBlock()
        try selection.read(0..<selection.count, into: &block)
        var answer: [Labels: [Int64: Double]] = [:]
        for (index, floats) in block.floats.enumerated() {
            for place in 0..<floats.count {
                answer[labels.labels(index), default: [:]][block.timestampsMs[floats.timestampStart + place]] =
                    block.values[floats.valueStart + place]
            }
        }
        return answer
    }

    private func expect(_ kept: [Int], in path: String, _ comment: Comment) throws {
        let store = try TimeSeriesStore(directory: path, options: options)
        defer { store.abandon() }
        let answer = try read(store)
        for labels in Self.names {
            let samples = answer[labels] ?? [:]
            let missing = kept.filter { samples[Int64($0) * 1000] != Double($0) }
            #expect(missing.isEmpty, comment)
            // What was refused may have been kept all the same; it is then what was sent.
            #expect(samples.allSatisfy { $0.key == Int64($0.value) * 1000 }, comment)
        }
    }

    private func expectServed(_ kept: [Int], _ path: String, _ comment: Comment) throws {
        let store = try TimeSeriesStore(directory: path, options: options)
        defer { store.abandon() }
        let answer = try read(store)
        var missing = 0
        for (labels, samples) in answer {
            #expect(Self.names.contains(labels), comment)
            #expect(samples.allSatisfy { $0.key == Int64($0.value) * 1000 }, comment)
        }
        for labels in Self.names { missing += kept.count - (answer[labels]?.count ?? 0) }
        #expect(
            missing == 0 || !store.notices.isEmpty, "\(comment): \(missing) samples are missing and nothing was said")
    }
}
