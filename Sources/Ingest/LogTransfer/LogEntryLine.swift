import Encoding
import Model
package import Storage

/// Entries of logs as lines of JSON, one each: `{"stream":{"app":"api"},"ns":"1795219200000000000","line":"...",
/// "metadata":{...}}`. Ingest.docc/Lines.md has the form. Every byte comes back: a line that is no UTF-8 is told in base64.
package enum LogEntryLine {
    /// Appends the lines of a block.
    package static func append(_ block: LogBlock, to bytes: inout [UInt8]) {
        let streams = block.streams.map { object($0.bytes) }
        for entry in 0..<block.count {
            bytes += "{\"stream\":".utf8
            bytes += streams[block.streamOf[entry]]
            bytes += ",\"ns\":\"\(block.timestampsNs[entry])\",".utf8
            let line = block.lineBytes.span.extracting(block.line(entry))
            if UTF8Check.isValid(line) {
                bytes += "\"line\":".utf8
                JSONText.append(string: line, to: &bytes)
            } else {
                bytes += "\"lineBase64\":\"\(Base64.standard.string(line))\"".utf8
            }
            let metadata = block.metadata(entry)
            if !metadata.isEmpty {
                bytes += ",\"metadata\":".utf8
                bytes += object(Array(block.metadataBytes[metadata]))
            }
            bytes += "}\n".utf8
        }
    }

    private static func object(_ labels: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [UInt8(ascii: "{")]
        var cursor = LabelCursor()
        while cursor.advance(in: labels.span) {
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            JSONText.append(string: labels.span.extracting(cursor.name), to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            JSONText.append(string: labels.span.extracting(cursor.value), to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }
}

/// Reads such lines into a batch.
package struct LogEntryReader {
    private var streams: [Labels: Int] = [:]

    package init() {}

    /// Adds the entry of one line.
    package mutating func read(_ line: Span<UInt8>, into batch: inout LogBatch) throws(LineFlaw) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(line)
        } catch {
            throw LineFlaw("\(error)")
        }
        guard let stream = value["stream"]?.members else { throw LineFlaw("there is no object \"stream\"") }
        guard let ns = value["ns"]?.text.flatMap({ Int64($0) }) ?? value["ns"]?.int.map(Int64.init) else {
            throw LineFlaw("\"ns\" is no number of nanoseconds since 1970")
        }
        let text = try self.text(value)
        let labels = try self.labels(stream, "stream")
        let metadata = try self.labels(value["metadata"]?.members ?? [], "metadata")
        let number = streams[labels] ?? batch.appendStream(labels)
        streams[labels] = number
        batch.append(ns, stream: number, text.span, metadata: metadata)
    }

    private func text(_ value: JSONValue) throws(LineFlaw) -> [UInt8] {
        if let text = value["line"]?.text { return Array(text.utf8) }
        guard let text = value["lineBase64"]?.text else {
            throw LineFlaw("there is neither \"line\" nor \"lineBase64\"")
        }
        let bytes = Array(text.utf8)
        guard let line = try? Base64.standard.decode(bytes.span) else {  // there is one way to be wrong
            throw LineFlaw("\"lineBase64\" is no base64")
        }
        return line
    }

    private func labels(_ members: [JSONMember], _ place: String) throws(LineFlaw) -> Labels {
        var builder = LabelsBuilder()
        for member in members {
            guard let text = member.value.text else {
                throw LineFlaw("the value of \(Quoted.text(member.name)) in \"\(place)\" is no string")
            }
            builder.set(member.name, text)
        }
        return builder.labels()
    }
}
