import Encoding
import Ingest

extension FuzzedDecoder {
    /// An answer of a name server: names in it end, and a question of its name is read back.
    static let dnsMessage = FuzzedDecoder("dns-message") { input in
        guard let message = try? DNSMessage(input) else { return }  // refused, which is all there is to know
        check(message.records.count <= input.count / 11, "\(message.records.count) records in \(input.count) bytes")
        for record in message.records {
            check(record.name.utf8.count <= 3 * 64 * 128, "a name has \(record.name.utf8.count) bytes")
            guard var question = DNSMessage.question(id: message.id, record.name, .a) else { continue }
            check(question.count <= 12 + 255 + 4 + 11, "a question has \(question.count) bytes")
            check((try? DNSMessage(question.span)) == nil, "a question is taken for an answer")  // wanted
            question[2] |= 0x80
            guard let answer = try? DNSMessage(question.span) else {  // told
                fatalError("an answer without records is refused")
            }
            check(answer.id == message.id && answer.records.isEmpty, "a question is not read back")
        }
    }
}
