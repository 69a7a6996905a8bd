import Encoding
import Ingest

extension FuzzedDecoder {
    /// A stream of syslog: cut in two anywhere it has the same messages, and what a message tells lies within it.
    static let syslog = FuzzedDecoder("syslog") { bytes in
        var whole: [[UInt8]] = []
        var frames = SyslogFrames()
        frames.take(bytes) { whole.append($0.array) }
        frames.end { whole.append($0.array) }
        for message in whole {
            let read = SyslogMessage(message.span, nowMs: 1_795_219_200_000)
            check(read.text.upperBound <= message.count, "the text ends behind its message")
            check(read.facility < SyslogMessage.facilities.count, "there is no facility \(read.facility)")
        }
        let cut = bytes.count / 2
        var pieces: [[UInt8]] = []
        frames = SyslogFrames()
        frames.take(bytes.extracting(0..<cut)) { pieces.append($0.array) }
        frames.take(bytes.extracting(cut..<bytes.count)) { pieces.append($0.array) }
        frames.end { pieces.append($0.array) }
        check(pieces == whole, "cut in two the stream has other messages")
    }
}
