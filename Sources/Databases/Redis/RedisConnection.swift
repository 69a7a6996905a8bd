package import Encoding
package import Posix

/// How a Redis or Sentinel is reached.
package struct RedisOptions: Sendable, Equatable {
    package var address: SocketAddress
    package var user: String?
    package var password: Secret?
    package var database: Int
    /// For connecting and for each exchange.
    package var timeoutNs: Int64

    package init(
        _ address: SocketAddress, user: String? = nil, password: Secret? = nil, database: Int = 0,
        timeoutNs: Int64 = 1_500_000_000
    ) {
        (self.address, self.user, self.password) = (address, user, password)
        (self.database, self.timeoutNs) = (database, timeoutNs)
    }
}

/// One connection to a Redis. Used by one thread at a time. Nothing here waits for longer than the options say, whatever
/// the server does, and after a failure the connection is of no use: a late reply would be taken for that to another
/// command.
package final class RedisConnection {
    private static let answerBytesMax = 16 << 20
    private static let readBytesMax = 64 << 10

    private let socket: Socket
    private let options: RedisOptions
    private let time: any TimeSource
    /// Whether further commands make sense.
    package private(set) var isGood = true

    package init(_ options: RedisOptions, time: any TimeSource = SystemTime()) throws(RedisError) {
        (self.options, self.time) = (options, time)
        do throws(SystemError) {
            socket = try Socket.connecting(to: options.address)
        } catch {
            throw RedisError(action: "connect", server: options.address, reason: "\(error)")
        }
        try wait(toWrite: true, time.monotonicNs + options.timeoutNs, "connect")
        let code = socket.connectFailure()
        guard code == 0 else { throw failure("connect", SystemError.reason(code)) }
        var greeting: [[String]] = []
        if let password = options.password {
            greeting.append(["AUTH"] + (options.user.map { [$0] } ?? []) + [password.text])
        }
        if options.database != 0 { greeting.append(["SELECT", "\(options.database)"]) }
        for reply in try run(greeting, as: "connect") {
            if case .error(let reason) = reply { throw failure("connect", reason) }
        }
    }

    /// Sends all commands at once and takes their replies. What the server refuses is a reply, too.
    package func run(_ commands: [[String]]) throws(RedisError) -> [RedisReply] {
        try run(commands, as: "run \(commands.first?.first ?? "nothing")")
    }

    private func run(_ commands: [[String]], as action: String) throws(RedisError) -> [RedisReply] {
        let deadlineNs = time.monotonicNs + options.timeoutNs
        isGood = false
        try send(Self.encoded(commands), deadlineNs, action)
        let replies = try replies(commands.count, deadlineNs, action)
        isGood = true
        return replies
    }

    private static func encoded(_ commands: [[String]]) -> [UInt8] {
        var bytes: [UInt8] = []
        for words in commands {
            bytes.append(contentsOf: "*\(words.count)\r\n".utf8)
            for word in words { bytes.append(contentsOf: "$\(word.utf8.count)\r\n\(word)\r\n".utf8) }
        }
        return bytes
    }

    private func send(_ bytes: [UInt8], _ deadlineNs: Int64, _ action: String) throws(RedisError) {
        var sent = 0
        while sent < bytes.count {
            try wait(toWrite: true, deadlineNs, action)
            switch socket.write(bytes.span.extracting(sent...)) {
            case .moved(let count): sent += count
            case .wouldBlock: continue
            case .ended: throw failure(action, "the server has closed the connection")
            case .failed(let code): throw failure(action, SystemError.reason(code))
            }
        }
    }

    private func replies(_ count: Int, _ deadlineNs: Int64, _ action: String) throws(RedisError) -> [RedisReply] {
        var answer: [UInt8] = []
        while true {
            var reader = RedisReplyReader(answer)
            var replies: [RedisReply] = []
            while replies.count < count, let reply = reader.next() { replies.append(reply) }
            if replies.count == count { return replies }
            guard answer.count <= Self.answerBytesMax else {
                throw failure(action, "the answer has more than \(Self.answerBytesMax) bytes")
            }
            try wait(toWrite: false, deadlineNs, action)
            switch socket.read(appendingTo: &answer, atMost: Self.readBytesMax) {
            case .moved, .wouldBlock: break
            case .ended: throw failure(action, "the server has closed the connection")
            case .failed(let code): throw failure(action, SystemError.reason(code))
            }
        }
    }

    private func wait(toWrite: Bool, _ deadlineNs: Int64, _ action: String) throws(RedisError) {
        let restMs = (deadlineNs - time.monotonicNs) / 1_000_000
        guard restMs > 0, socket.wait(toWrite: toWrite, atMostMs: restMs) else {
            throw failure(action, "no answer within \(options.timeoutNs / 1_000_000) ms")
        }
    }

    private func failure(_ action: String, _ reason: String) -> RedisError {
        RedisError(action: action, server: options.address, reason: reason)
    }
}

/// What a Redis could not do, on which server, and why.
package struct RedisError: Error, Equatable, CustomStringConvertible {
    /// What was asked, as a verb and its object: "connect", "run GET".
    package let action: String
    package let server: SocketAddress
    package let reason: String

    package init(action: String, server: SocketAddress, reason: String) {
        (self.action, self.server, self.reason) = (action, server, reason)
    }

    package var description: String { "cannot \(action) on Redis at \(server): \(reason)" }
}
