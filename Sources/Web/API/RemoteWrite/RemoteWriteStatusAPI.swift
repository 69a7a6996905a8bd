import Encoding
package import HTTP
package import Ingest

/// `/obs/v1/remote_write`: how sending to each receiver goes.
package struct RemoteWriteStatusAPI: Sendable {
    private let queues: RemoteWriteQueues

    package init(_ queues: RemoteWriteQueues) { self.queues = queues }

    package func add(to router: inout Router) {
        router.get("/obs/v1/remote_write", role: .read) { _, response in
            let receivers = queues.status
            APIAnswer.success(&response) { data in
                data.beginObject()
                data.name("receivers")
                data.beginArray()
                for receiver in receivers { Self.write(receiver, &data) }
                data.endArray()
                data.endObject()
            }
        }
    }

    private static func write(_ receiver: RemoteWriteStatus, _ data: inout JSONWriter) {
        data.beginObject()
        data.member("name", receiver.name)
        data.member("url", receiver.url)
        data.member("shards", receiver.shards)
        data.member("samplesPending", receiver.pending)
        data.member("samplesSent", receiver.sent)
        data.member("samplesFailed", receiver.failed)
        data.member("samplesRetried", receiver.retried)
        data.member("backlogBytes", receiver.backlogBytes)
        if let sentMs = receiver.lastSentMs { data.member("lastSentMs", Int(sentMs)) }
        if let failure = receiver.lastFailure { data.member("lastFailure", failure) }
        data.endObject()
    }
}
