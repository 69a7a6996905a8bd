import Encoding
import Model
import Storage
import Text

/// Functions that change labels and leave values alone.
enum LabelFunctions {
    static let all: [FunctionDefinition] = [
        FunctionDefinition("label_replace", [.vector, .string, .string, .string, .string], .vector(replace)),
        FunctionDefinition("label_join", [.vector, .string, .string, .string], variadic: -1, .vector(join)),
        FunctionDefinition("info", [.vector, .vector], variadic: 1, isExperimental: true, .info),
    ]

    /// Sets a label from the parts of another one that a regular expression finds; series that it does not match stay
    /// as they are.
    @Sendable
    private static func replace(_ call: inout VectorCall) throws(QueryError) -> Frame {
        let expression: RegularExpression
        do {
            expression = try RegularExpression(call.string(4), dot: .anything)
        } catch {
            throw .execution("invalid regular expression in label_replace(): \(call.string(4))")
        }
        let target = try call.label(1, "destination", of: "label_replace")
        let template = ReplacementTemplate(call.string(2), for: expression)
        let source = call.string(3)
        var captures = CaptureRanges()
        var replacement: [UInt8] = []
        return try relabelled(call.frame(0), target: target) { labels in
            let value = Array(labels[source].utf8)
            guard expression.captures(in: value.span, whole: true, into: &captures) else { return nil }
            replacement.removeAll(keepingCapacity: true)
            template.expand(captures, in: value.span, into: &replacement)
            return String(decoding: replacement, as: UTF8.self)
        }
    }

    /// Sets a label to the values of others with a separator between them.
    @Sendable
    private static func join(_ call: inout VectorCall) throws(QueryError) -> Frame {
        let separator = call.string(2)
        var sources: [String] = []
        for index in 3..<call.arguments.count {
            sources.append(try call.label(index, "source", of: "label_join"))
        }
        let target = try call.label(1, "destination", of: "label_join")
        return try relabelled(call.frame(0), target: target) { labels in
            sources.map { labels[$0] }.joined(separator: separator)
        }
    }

    private static func relabelled(
        _ frame: Frame, target: String, _ value: (Labels) -> String?
    ) throws(QueryError) -> Frame {
        var changed = frame
        changed.labels.removeAll()
        for row in 0..<frame.count {
            let labels = frame.labels.labels(row)
            guard let value = value(labels) else {
                changed.labels.append(labels)
                continue
            }
            var builder = LabelsBuilder(labels)
            builder.set(target, value)
            changed.labels.append(builder.labels())
            // A name that was just given is not the one that is to go.
            if target == Labels.metricName { changed.dropsName[row] = false }
        }
        guard let merged = changed.mergingEqualLabels() else { throw .sameLabels }
        return merged
    }
}
