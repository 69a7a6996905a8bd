import Agent
import Encoding

extension FuzzedDecoder {
    /// A message of D-Bus: it needs all of its bytes, and a call of what it holds is read back.
    static let busMessage = FuzzedDecoder("bus-message") { input in
        let bytes = input.array
        if let length = BusMessage.length(bytes), length <= bytes.count, BusMessage(bytes) != nil {
            check(BusMessage(Array(bytes[..<(length - 1)])) == nil, "a message is whole without its last byte")
        }
        let texts = bytes.split(separator: 0, maxSplits: 3).map { String(decoding: $0, as: UTF8.self) }
        let call = BusMessage.call(
            serial: 7, destination: texts.first ?? "", path: "/", interface: "a.b", member: "c", texts)
        check(BusMessage.length(call) == call.count, "the length of a call is not its bytes")
        guard let read = BusMessage(call) else { fatalError("a call of our own is refused") }
        check(read.body == texts.map(BusValue.text), "a call is not read back")
    }
}
