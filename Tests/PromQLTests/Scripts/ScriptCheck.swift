import Model
import PromQL
import Storage
import Text

/// Compares what an evaluation came to with what the script expects.
struct ScriptCheck {
    let evaluation: ScriptCommand.Evaluation
    private static let tolerance = 1e-6

    init(_ evaluation: ScriptCommand.Evaluation) { self.evaluation = evaluation }

    private func failure(_ message: String) -> ScriptRunner.Failure {
        ScriptRunner.Failure(line: evaluation.line, query: evaluation.expression, message: message)
    }

    func failed(_ message: String) throws {
        guard let expected = evaluation.fails else { throw failure("unexpected error: \(message)") }
        if !holds(expected, message) { throw failure("expected error \(expected), got: \(message)") }
    }

    func succeeded(_ result: QueryResult, _ query: String) throws {
        if evaluation.fails != nil { throw failure("expected an error and got none") }
        try check(evaluation.warnings, result.warnings(in: query), "warning")
        try check(evaluation.infos, result.infos(in: query), "info")
        switch result.value {
        case .string(let text):
            if text != evaluation.string {
                throw failure("expected string \(evaluation.string ?? "none"), got \(text)")
            }
        case .scalar(let value):
            try check(scalar: value)
        case .vector(let frame): try check(vector: frame, step: 0, isOrdered: evaluation.isOrdered)
        case .matrix(let frame): try check(matrix: frame)
        case .samples(let series): try check(samples: series)
        }
    }

    private func check(scalar value: Double) throws {
        guard let expected = evaluation.scalar else { throw failure("unexpected scalar \(value)") }
        if !Nearness.areEqual(value, expected, tolerance: Self.tolerance) {
            throw failure("expected \(expected), got \(value)")
        }
    }

    /// The second of three instants.
    func middle(of frame: Frame) throws {
        if evaluation.scalar != nil {
            guard frame.count > 0, case .float(let value) = frame.point(0, 1) else { throw failure("no scalar") }
            try check(scalar: value)
        } else {
            try check(vector: frame, step: 1, isOrdered: false)
        }
    }

    // Annotations

    private func holds(_ expected: TextExpectation, _ text: String) -> Bool {
        switch expected {
        case .anything: return true
        case .exactly(let wanted): return text == wanted
        case .matching(let pattern):
            guard let expression = try? RegularExpression(pattern) else { return false }  // an invalid one never holds
            let bytes = Array(text.utf8)
            return expression.matches(bytes.span)
        }
    }

    private func check(
        _ expected: ScriptCommand.Evaluation.Annotations, _ texts: [String], _ kind: String
    ) throws {
        switch expected {
        case .unchecked: break
        case .none: if !texts.isEmpty { throw failure("unexpected \(kind): \(texts)") }
        case .some(let expectations):
            if texts.isEmpty { throw failure("expected \(kind), got none") }
            for expectation in expectations where !texts.contains(where: { holds(expectation, $0) }) {
                throw failure("expected \(kind) \(expectation), got \(texts)")
            }
            for text in texts where !expectations.isEmpty && !expectations.contains(where: { holds($0, text) }) {
                throw failure("unexpected \(kind): \(text)")
            }
        }
    }

    // Values

    private func check(samples: [SampledSeries]) throws {
        guard let times = evaluation.samples else { throw failure("unexpected range vector") }
        var missing = Dictionary(evaluation.series.map { ($0.labels, $0.values) }) { _, later in later }
        for series in samples {
            guard let expected = missing.removeValue(forKey: series.labels) else {
                throw failure("unexpected series \(series.labels.text)")
            }
            var points: [Int64: Point] = [:]
            for (time, value) in zip(series.timesMs, series.values) { points[time] = .float(value) }
            for (time, value) in series.histograms { points[time] = .histogram(value) }
            for (index, value) in expected.enumerated() {
                let time = times.startMs + Int64(index) * times.stepMs
                try check(points.removeValue(forKey: time), value, series.labels)
            }
            if !points.isEmpty { throw failure("more samples than expected: \(points)") }
        }
        if let labels = missing.keys.first { throw failure("missing series \(labels.text)") }
    }

    private func check(vector frame: Frame, step: Int, isOrdered: Bool) throws {
        if evaluation.scalar != nil { throw failure("expected a scalar, got a vector") }
        var missing = Dictionary(evaluation.series.enumerated().map { ($1.labels, $0) }) { _, later in later }
        var position = 0
        for row in 0..<frame.count {
            guard let point = frame.point(row, step) else { continue }
            let labels = frame.labels.labels(row)
            guard let index = missing.removeValue(forKey: labels) else {
                throw failure("unexpected series \(labels.text) with \(point)")
            }
            if isOrdered, index != position {
                throw failure("expected \(labels.text) at position \(index), got it at \(position)")
            }
            position += 1
            guard let expected = evaluation.series[index].values.first else {
                throw failure("no value expected for \(labels.text)")
            }
            try check(point, expected, labels)
        }
        if let labels = missing.keys.first { throw failure("missing series \(labels.text)") }
    }

    private func check(matrix frame: Frame) throws {
        if evaluation.scalar != nil { throw failure("expected a scalar, got a matrix") }
        var missing = Dictionary(evaluation.series.map { ($0.labels, $0.values) }) { _, later in later }
        for row in 0..<frame.count {
            let labels = frame.labels.labels(row)
            if row > 0, labels < frame.labels.labels(row - 1) { throw failure("series are not sorted") }
            guard let expected = missing.removeValue(forKey: labels) else {
                throw failure("unexpected series \(labels.text)")
            }
            if expected.count > frame.grid.count { throw failure("more values expected than there are steps") }
            for step in 0..<frame.grid.count {
                let wanted = step < expected.count ? expected[step] : .omitted
                do {
                    try check(frame.point(row, step), wanted, labels)
                } catch let failure as ScriptRunner.Failure {
                    throw self.failure("step \(step): \(failure.message)")
                }
            }
        }
        if let labels = missing.keys.first { throw failure("missing series \(labels.text)") }
    }

    private func check(_ point: Point?, _ expected: SeriesDescription.Value, _ labels: Labels) throws {
        switch (point, expected) {
        case (nil, .omitted): return
        case (.float(let value), .float(let wanted)):
            if Nearness.areEqual(value, wanted, tolerance: Self.tolerance) { return }
        case (.histogram(let value), .histogram(let wanted, let statesHint)):
            if areEqual(value.compacted(), wanted.compacted(), statesHint) { return }
        default: break
        }
        throw failure("expected \(expected) for \(labels.text), got \(point.map { "\($0)" } ?? "nothing")")
    }

    private func areEqual(_ a: FloatHistogram, _ b: FloatHistogram, _ statesHint: Bool) -> Bool {
        func near(_ a: Double, _ b: Double) -> Bool { Nearness.areEqual(a, b, tolerance: Self.tolerance) }
        let left = a.native
        let right = b.native
        guard case .float(let count, let zero, let positive, let negative) = left.counts,
            case .float(let wantedCount, let wantedZero, let wantedPositive, let wantedNegative) = right.counts
        else { return false }
        return left.schema == right.schema && near(count, wantedCount) && near(left.sum, right.sum)
            && near(zero, wantedZero) && left.zeroThreshold == right.zeroThreshold
            && left.customBounds == right.customBounds && left.positiveSpans == right.positiveSpans
            && left.negativeSpans == right.negativeSpans && positive.count == wantedPositive.count
            && zip(positive, wantedPositive).allSatisfy(near) && negative.count == wantedNegative.count
            && zip(negative, wantedNegative).allSatisfy(near)
            && (!statesHint || left.counterResetHint == right.counterResetHint)
    }
}
