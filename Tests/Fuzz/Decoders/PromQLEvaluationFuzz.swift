import Glibc
import Posix
import PromQL
import Storage
import TestSupport

extension FuzzedDecoder {
    /// Expressions as text and expressions grown from the input's bytes, over series with everything that series have.
    /// Whatever is asked is answered or refused within the query's bounds, that of time included: under a sanitizer and on
    /// a busy machine not to the second, but no query goes on for long without looking at the clock.
    static let promqlEvaluation = FuzzedDecoder("promql-evaluation", bytesMax: 256) { bytes in
        guard let kind = bytes.array.first else { return }
        let rest = bytes.extracting(1...)
        let text: String
        if kind & 1 == 0 {
            text = String(decoding: rest.array, as: UTF8.self)
        } else {
            var tree = ExpressionTree(InputNumbers(rest.array))
            text = tree.expression(depth: Int(kind >> 1 & 3))
        }
        let startSeconds = FuzzedEngine.cpuSeconds
        do {
            let expression = try Parser.parse(text)
            let subject = FuzzedEngine.shared
            if kind & 8 == 0 {
                _ = try subject.engine.instant(expression, atMs: FuzzedEngine.lastMs)
            } else {
                let stepMs = Int64(15_000 << (kind >> 4 & 3))
                _ = try subject.engine.range(
                    expression, startMs: FuzzedEngine.lastMs - 300_000, endMs: FuzzedEngine.lastMs, stepMs: stepMs)
            }
        } catch {
            check(!"\(error)".isEmpty, "an error without words")
        }
        let seconds = FuzzedEngine.cpuSeconds - startSeconds
        check(seconds < FuzzedEngine.cpuSecondsMax, "\(seconds) s of CPU for \(text)")
    }
}

/// An engine over a small store, made once.
private struct FuzzedEngine: Sendable {
    static let samples = 30
    static let lastMs = OddSeries.startMs + Int64(samples) * OddSeries.intervalMs
    static let shared = FuzzedEngine()
    static let timeoutMs: Int64 = 5_000
    static let cpuSecondsMax = 3 * Double(timeoutMs) / 1000

    /// Of this thread, so that neither other programs nor a stop count.
    static var cpuSeconds: Double {
        var now = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }

    let engine: Engine

    private init() {
        do {
            var options = EngineOptions()
            options.samplesMax = 200_000
            options.timeoutMs = Self.timeoutMs
            let store = try OddSeries(seed: 1, samples: Self.samples).store()
            engine = Engine(store: store, workers: try Workers(helpers: 0), options: options)
        } catch {
            fatalError("no engine to fuzz: \(error)")
        }
    }
}

/// The bytes of an input as numbers, zeros behind its end, so that whatever grows from it ends.
private struct InputNumbers: RandomNumberGenerator {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> UInt64 {
        guard place < bytes.count else { return 0 }
        defer { place += 1 }
        return UInt64(bytes[place])
    }
}
