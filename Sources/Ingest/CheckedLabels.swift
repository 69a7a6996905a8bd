import Encoding
import Model

/// The labels of one series on their way from a sender's form to the canonical one, checked as they come.
package struct CheckedLabels: Sendable {
    private var builder = LabelsBuilder()
    private var flaw: LabelFlaw.Reason?
    private var hasMetricName = false

    package init() {}

    package mutating func removeAll() {
        builder.removeAll()
        flaw = nil
        hasMetricName = false
    }

    package mutating func append(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        if name.isEmpty {
            flaw = .emptyLabelName
        } else if !UTF8Check.isValid(name) || !UTF8Check.isValid(value) {
            flaw = .invalidUTF8(label: Quoted.bytes(name.indices.map { name[$0] }))
        } else if !value.isEmpty,
            LabelCursor.compare(name, 0..<name.count, Self.metricName.span, 0..<Self.metricName.count) == 0
        {
            hasMetricName = true
        }
        builder.append(name, value)
    }

    /// Appends the canonical bytes and returns where they lie. Nothing is appended where the labels are flawed.
    package mutating func write(into bytes: inout [UInt8]) throws(LabelFlaw) -> Range<Int> {
        if let flaw { throw refusal(flaw) }
        guard hasMetricName else { throw refusal(.noMetricName) }
        let start = bytes.count
        guard builder.write(into: &bytes) else { throw refusal(.repeated) }
        return start..<bytes.count
    }

    package func refusal(_ reason: LabelFlaw.Reason) -> LabelFlaw { LabelFlaw(reason, series: "\(builder.labels())") }

    private static let metricName = Array(Labels.metricName.utf8)
}
