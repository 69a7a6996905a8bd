import Encoding
import Model
package import Storage

/// Reads the JSON form: `{"streams": [{"stream": {...}, "values": [["<ns>", "line", {...}]]}]}`.
package enum LokiPushJSON {
    package static func batch(_ body: Span<UInt8>) throws(LokiPushError) -> LogBatch {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(body)
        } catch {
            throw LokiPushError("\(error)")
        }
        guard let streams = value["streams"]?.elements else { throw LokiPushError("the body has no list \"streams\"") }
        var batch = LogBatch()
        for (index, stream) in streams.enumerated() {
            guard let labels = stream["stream"]?.members else {
                throw LokiPushError("streams[\(index)] has no labels in \"stream\"")
            }
            let number = batch.appendStream(try Self.labels(labels, "streams[\(index)].stream"))
            if labels.isEmpty { throw LokiPushError("streams[\(index)] has no labels: at least one is required") }
            for (place, entry) in (stream["values"]?.elements ?? []).enumerated() {
                try append(entry, number, "streams[\(index)].values[\(place)]", to: &batch)
            }
        }
        return batch
    }

    private static func append(
        _ value: JSONValue, _ stream: Int, _ place: String, to batch: inout LogBatch
    ) throws(LokiPushError) {
        guard let parts = value.elements, parts.count == 2 || parts.count == 3 else {
            throw LokiPushError("\(place) is no list of a timestamp, a line and, if there is any, metadata")
        }
        guard let timestampNs = parts[0].text.flatMap({ Int64($0) }) ?? parts[0].int.map(Int64.init) else {
            throw LokiPushError("\(place) does not begin with nanoseconds since 1970, in quotes")
        }
        guard let line = parts[1].text else { throw LokiPushError("\(place) has no line") }
        var metadata = Labels.empty
        if parts.count == 3 {
            guard let members = parts[2].members else { throw LokiPushError("\(place) has metadata that is no object") }
            metadata = try labels(members, place)
        }
        var text = line
        text.makeContiguousUTF8()
        batch.append(timestampNs, stream: stream, text.utf8.span, metadata: metadata)
    }

    private static func labels(_ members: [JSONMember], _ place: String) throws(LokiPushError) -> Labels {
        var builder = LabelsBuilder()
        for member in members {
            guard let text = member.value.text else {
                throw LokiPushError("\(place): the value of \(Quoted.text(member.name)) is no string")
            }
            builder.set(member.name, text)
        }
        return builder.labels()
    }
}
