import Encoding
import Ingest
import Model
import Storage

/// The lines of one request on their way into the store, in batches that bound the memory.
struct LineImport {
    /// What became of the lines.
    struct Result {
        var samples = 0
        var refusedLines = 0
        /// By the store, of lines that could be read.
        var refusedSamples = 0
        /// The first of them, in words.
        var reasons: [String] = []

        /// Of many lines that are refused the first few show what is wrong.
        static let reasonsMax = 20

        mutating func refuse(line: Int, _ reason: String) {
            if reasons.count < Self.reasonsMax { reasons.append("line \(line): \(reason)") }
        }

        /// The count first, a reason a line behind it.
        var sentence: String {
            let lines = refusedLines == 0 ? "" : "\(refusedLines) lines and "
            let head = "\(lines)\(refusedSamples) samples were refused, \(samples) samples were taken"
            return ([head] + reasons).joined(separator: "\n") + "\n"
        }
    }

    private static let batchSamplesMax = 100_000

    private let intake: MetricIntake
    private let form: TransferForm
    private var json: JSONLineReader
    private var text: TextLineReader
    private var batch = SampleBatch()
    /// Of each series in the batch: the number of its line, and where its labels lie in the body.
    private var lines: [(number: Int, labels: Range<Int>)] = []
    private var result = Result()
    private var number: Int

    /// - Parameter firstLine: the number of the first line, for who sends a file in pieces.
    init(_ intake: MetricIntake, _ form: TransferForm, keySeed: Hash128, firstLine: Int) {
        self.intake = intake
        self.form = form
        json = JSONLineReader(seed: keySeed)
        text = TextLineReader(seed: keySeed)
        number = firstLine
    }

    /// Takes every line that can be taken.
    ///
    /// - Throws: where the store takes nothing now; what was taken before stays.
    mutating func take(_ body: [UInt8]) throws(StorageError) -> Result {
        let bytes = body.span
        var start = 0
        while start < bytes.count {
            let end = Self.lineEnd(bytes, from: start)
            read(bytes, start..<end)
            if batch.values.count + batch.histograms.count >= Self.batchSamplesMax { try store(body) }
            number += 1
            start = end + 1
        }
        try store(body)
        return result
    }

    private mutating func read(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        let line = bytes.extracting(range)
        if Self.isBlank(line) { return }
        do throws(LineFlaw) {
            switch form {
            case .jsonLines:
                let metric = try json.read(line, into: &batch)
                lines.append((number, range.lowerBound + metric.lowerBound..<range.lowerBound + metric.upperBound))
            case .text:
                if try text.read(line, into: &batch) { lines.append((number, range)) }
            }
        } catch {
            result.refusedLines += 1
            result.refuse(line: number, "\(error)")
        }
    }

    private mutating func store(_ body: [UInt8]) throws(StorageError) {
        guard !batch.series.isEmpty else { return }
        let (lines, form) = (lines, form)
        var (json, text) = (json, text)
        let outcome = try intake.take(&batch) { index, batch in
            do throws(LabelFlaw) {
                let own = body.span.extracting(lines[index].labels)
                batch.series[index].labels =
                    switch form {
                    case .jsonLines: try json.writeLabels(own, into: &batch.labelBytes)
                    case .text: try text.writeLabels(own, into: &batch.labelBytes)
                    }
                return nil
            } catch {
                return error
            }
        }
        result.samples += outcome.acceptedSamples + outcome.acceptedHistograms
        result.refusedSamples += outcome.refusedTotal
        for refusal in outcome.refusals { result.refuse(line: lines[refusal.series].number, refusal.sentence) }
        batch.removeAll()
        self.lines.removeAll(keepingCapacity: true)
    }

    private static func lineEnd(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
        return end
    }

    private static func isBlank(_ line: Span<UInt8>) -> Bool {
        for index in line.indices where line[index] > 0x20 { return false }
        return true
    }
}
