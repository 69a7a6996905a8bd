import HTTP
import Posix

/// Short talks with services of this host.
enum ServiceConversation {
    enum Limits {
        static let answerBytesMax = 16 << 20
        static let limitNs: Int64 = 1_500_000_000
    }

    /// The body of a page, which has to be answered with 200.
    static func page(
        _ url: String, _ client: HTTPClient, unixSocket: String? = nil
    ) throws(CollectorError) -> [UInt8] {
        var request = ClientRequest(.get, url)
        request.unixSocket = unixSocket
        request.timeoutNs = Limits.limitNs
        request.connectTimeoutNs = Limits.limitNs
        request.answerBytesMax = Limits.answerBytesMax
        do throws(ClientError) {
            let response = try client.answer(to: request)
            guard response.status == .ok else {
                throw ClientError(.broken, "\(url) answers \(response.status.rawValue)")
            }
            return response.body
        } catch {
            throw .failed("\(error)")
        }
    }

    /// What a service answers to some bytes, until `isWhole` says so or it closes the connection.
    static func ask(
        _ address: SocketAddress, _ question: [UInt8], isWhole: ([UInt8]) -> Bool
    ) throws(CollectorError) -> [UInt8] {
        let deadlineNs = SystemTime().monotonicNs + Limits.limitNs
        func restMs() -> Int64 { max(0, deadlineNs - SystemTime().monotonicNs) / 1_000_000 }
        do throws(SystemError) {
            let socket = try Socket.connecting(to: address)
            var sent = 0
            while sent < question.count {
                guard socket.wait(toWrite: true, atMostMs: restMs()), restMs() > 0 else { break }
                switch socket.write(question.span.extracting(sent...)) {
                case .moved(let count): sent += count
                case .wouldBlock: continue
                case .ended: break
                case .failed(let code): throw SystemError(call: "write", on: "\(address)", code: code)
                }
            }
            var answer: [UInt8] = []
            while restMs() > 0, socket.wait(atMostMs: restMs()) {
                switch socket.read(appendingTo: &answer, atMost: 64 << 10) {
                case .moved, .wouldBlock: break
                case .ended: return answer
                case .failed(let code): throw SystemError(call: "read", on: "\(address)", code: code)
                }
                if isWhole(answer) || answer.count > Limits.answerBytesMax { return answer }
            }
        } catch {
            throw .failed("\(error)")
        }
        throw .failed("\(address) does not answer in time")
    }
}
