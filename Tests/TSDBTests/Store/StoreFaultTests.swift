import Foundation
import Journal
import Model
import Posix
import Storage
import TestSupport
import Testing

@testable import TSDB

@Suite("A store on bad ground")
struct StoreFaultTests {
    @Test("keeps every acknowledged sample when the device is full from any write on", arguments: [ENOSPC, EIO])
    func survivesFailingWrites(code: Int32) throws {
        for number in 1... {
            let directory = TemporaryDirectory()
            let system = FaultyFileSystem(Fault(.fail(code), at: number, onwards: true))
            let kept = work(directory.file("data"), in: system)
            try expect(kept, in: directory.file("data"), "call \(number)")
            if system.hits == 0 { return }
        }
    }

    @Test("keeps every acknowledged sample when any one write is torn")
    func survivesTornWrites() throws {
        for number in 1... {
            let directory = TemporaryDirectory()
            let system = FaultyFileSystem(Fault(.tear(EIO), at: number))
            let kept = work(directory.file("data"), in: system)
            try expect(kept, in: directory.file("data"), "call \(number)")
            if system.hits == 0 { return }
        }
    }

    @Test("names what a flipped bit has damaged and serves the rest")
    func survivesFlippedBits() throws {
        var generator = SeededGenerator.announced()
        let origin = TemporaryDirectory()
        let path = origin.file("data")
        let kept = work(path, in: LocalFileSystem())
        let files = try Self.files(under: path).filter { !$0.hasSuffix("LOCK") }
        for file in files {
            for _ in 0..<6 {
                let copy = TemporaryDirectory()
                let target = copy.file("data")
                try FileManager.default.copyItem(atPath: path, toPath: target)
                let damaged = target + file.dropFirst(path.count)
                var bytes = [UInt8](try Data(contentsOf: URL(filePath: damaged)))
                guard !bytes.isEmpty else { continue }
                let offset = Int.random(in: bytes.indices, using: &generator)
                bytes[offset] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                try Data(bytes).write(to: URL(filePath: damaged))
                try expectServed(kept, target, "\(file.dropFirst(path.count)), byte \(offset)")
            }
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

    private static func files(under path: String) throws -> [String] {
        var files: [String] = []
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
            let attributes = try FileManager.default.attributesOfItem(atPath: path + "/" + name)
            if attributes[.type] as? FileAttributeType == .typeRegular { files.append(path + "/" + name) }
        }
        return files.sorted()
    }
}
