import Encoding

/// A series whose labels are none, and why.
package struct LabelFlaw: Error, Equatable {
    package enum Reason: Equatable {
        case noMetricName
        case emptyLabelName
        case invalidUTF8(label: String)
        case repeated
        case malformed(String)
    }

    package let reason: Reason
    /// What could be read of its labels, as text.
    package let series: String

    package init(_ reason: Reason, series: String) {
        self.reason = reason
        self.series = Self.shortened(series)
    }

    private static let textMax = 512

    /// A series as text, cut to what an answer or a line of the log can bear.
    static func shortened(_ text: String) -> String {
        text.utf8.count > textMax ? "\(text.prefix(textMax))..." : text
    }
}

extension LabelFlaw.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noMetricName: "the series has no label __name__"
        case .emptyLabelName: "a label has an empty name"
        case .invalidUTF8(let label): "the label \(label) is not valid UTF-8"
        case .repeated: "a label name occurs twice"
        case .malformed(let reason): reason
        }
    }
}
