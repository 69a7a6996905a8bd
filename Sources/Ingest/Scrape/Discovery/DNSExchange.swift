import Encoding
import Glibc
import Posix

/// One question to one name server.
struct DNSExchange: ~Copyable {
    private let socket: Socket
    private let server: SocketAddress
    private let isStream: Bool
    private let deadlineNs: Int64
    private let time: any TimeSource
    /// A message has its length in 16 bits where it goes over a stream.
    private static let streamBytesMax = 65_535

    init(_ server: SocketAddress, isStream: Bool, deadlineNs: Int64, _ time: any TimeSource) throws(SystemError) {
        (self.server, self.isStream, self.deadlineNs, self.time) = (server, isStream, deadlineNs, time)
        socket = isStream ? try Socket.connecting(to: server) : try Socket.datagrams(to: server)
    }

    /// - Parameter id: of the question; messages with another one are passed over.
    mutating func answer(to question: [UInt8], id: UInt16) throws(SystemError) -> [UInt8] {
        isStream ? try streamAnswer(to: question) : try datagramAnswer(to: question, id: id)
    }

    private func datagramAnswer(to question: [UInt8], id: UInt16) throws(SystemError) -> [UInt8] {
        if case .failed(let code) = socket.write(question.span) { throw failure("send", code) }
        while true {
            try wait()
            var message: [UInt8] = []
            switch socket.read(appendingTo: &message, atMost: DNSMessage.datagramBytesMax) {
            case .moved where message.count > 2 && UInt16(message[0]) << 8 | UInt16(message[1]) == id: return message
            case .failed(let code): throw failure("receive", code)
            default: continue
            }
        }
    }

    private func streamAnswer(to question: [UInt8]) throws(SystemError) -> [UInt8] {
        try wait(toWrite: true)
        let failed = socket.connectFailure()
        if failed != 0 { throw failure("connect", failed) }
        var framed: [UInt8] = []
        framed.appendBigEndian(UInt16(question.count))
        framed += question
        // A question is smaller than any send buffer.
        guard case .moved(framed.count) = socket.write(framed.span) else { throw failure("send", EPIPE) }
        var answer: [UInt8] = []
        while true {
            if answer.count >= 2 {
                let length = Int(answer[0]) << 8 | Int(answer[1])
                if answer.count >= 2 + length { return Array(answer[2..<2 + length]) }
            }
            try wait()
            switch socket.read(appendingTo: &answer, atMost: Self.streamBytesMax) {
            case .ended: throw failure("receive", ECONNRESET)
            case .failed(let code): throw failure("receive", code)
            case .moved, .wouldBlock: continue
            }
        }
    }

    private func wait(toWrite: Bool = false) throws(SystemError) {
        let leftMs = (deadlineNs - time.monotonicNs) / 1_000_000
        guard leftMs > 0, socket.wait(toWrite: toWrite, atMostMs: leftMs) else { throw failure("wait", ETIMEDOUT) }
    }

    private func failure(_ call: String, _ code: Int32) -> SystemError {
        SystemError(call: call, on: "\(server)", code: code)
    }
}
