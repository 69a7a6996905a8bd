import Encoding
import LogQL
import Model

/// Results as Loki's clients read them.
enum LokiResultJSON {
    /// Seconds with milliseconds.
    static func seconds(_ ns: Int64, _ writer: inout JSONWriter) {
        let ms = ns / 1_000_000
        if ms % 1000 == 0 { writer.number(Int(ms / 1000)) } else { writer.number(Double(ms) / 1000) }
    }

    static func labels(_ labels: Labels, _ writer: inout JSONWriter) {
        writer.beginObject()
        var cursor = LabelCursor()
        let bytes = labels.bytes.span
        while cursor.advance(in: bytes) {
            writer.name(bytes.extracting(cursor.name))
            writer.string(bytes.extracting(cursor.value))
        }
        writer.endObject()
    }

    // MARK: lines

    /// Streams in the order of their first entries.
    ///
    /// - Parameter isCategorized: labels of the stream apart from those of metadata and parsers.
    static func streams(_ lines: [ResultLine], isCategorized: Bool, _ writer: inout JSONWriter) {
        var order: [Labels] = []
        var members: [Labels: [Int]] = [:]
        for (index, line) in lines.enumerated() {
            let key = isCategorized ? line.streamLabels : line.labels
            if members[key] == nil { order.append(key) }
            members[key, default: []].append(index)
        }
        writer.beginArray()
        for key in order {
            writer.beginObject()
            writer.name("stream")
            labels(key, &writer)
            writer.name("values")
            writer.beginArray()
            for index in members[key] ?? [] { value(lines[index], isCategorized, &writer) }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
    }

    private static func value(_ line: ResultLine, _ isCategorized: Bool, _ writer: inout JSONWriter) {
        writer.beginArray()
        writer.string(String(line.timestampNs))
        writer.string(line.line.span)
        if isCategorized {
            writer.beginObject()
            if !line.metadata.isEmpty {
                writer.name("structuredMetadata")
                labels(line.metadata, &writer)
            }
            if !line.parsed.isEmpty {
                writer.name("parsed")
                labels(line.parsed, &writer)
            }
            writer.endObject()
        }
        writer.endArray()
    }

    // MARK: numbers

    static func vector(_ rows: MetricRows, atNs: Int64, _ writer: inout JSONWriter) {
        writer.beginArray()
        for row in 0..<rows.count {
            guard let value = rows.value(row, 0) else { continue }
            writer.beginObject()
            writer.name("metric")
            labels(rows.labels[row], &writer)
            writer.name("value")
            pair(atNs, value, &writer)
            writer.endObject()
        }
        writer.endArray()
    }

    static func matrix(_ rows: MetricRows, startNs: Int64, stepNs: Int64, _ writer: inout JSONWriter) {
        writer.beginArray()
        for row in 0..<rows.count {
            writer.beginObject()
            writer.name("metric")
            labels(rows.labels[row], &writer)
            writer.name("values")
            writer.beginArray()
            for step in 0..<rows.steps {
                if let value = rows.value(row, step) { pair(startNs + Int64(step) * stepNs, value, &writer) }
            }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
    }

    static func pair(_ ns: Int64, _ value: Double, _ writer: inout JSONWriter) {
        writer.beginArray()
        seconds(ns, &writer)
        writer.string(FloatText.sample(value))
        writer.endArray()
    }
}

extension ResultLine {
    /// Labels that came with the stream and were left alone.
    var streamLabels: Labels {
        var builder = LabelsBuilder(labels)
        for pair in metadata.pairs + parsed.pairs { builder.remove(pair.name) }
        return builder.labels()
    }
}
