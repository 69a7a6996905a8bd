import Encoding
import Glibc
package import Posix

package struct DNSError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// How names are looked up, as /etc/resolv.conf says.
package struct DNSSettings: Sendable, Equatable {
    package var servers: [SocketAddress]
    package var searchDomains: [String] = []
    /// Names with fewer dots are first tried within the search domains.
    package var dots = 1
    package var timeoutMs: Int64 = 5000
    package var attempts = 2

    package init(servers: [SocketAddress]) { self.servers = servers }

    package static func system(_ files: any FileSystem) -> DNSSettings {
        let bytes = (try? files.readFile("/etc/resolv.conf", atMostBytes: 64 << 10)) ?? []  // then as without one
        return read(String(decoding: bytes, as: UTF8.self))
    }

    /// Reads the text of a resolv.conf. Without a server it is the one on this machine.
    package static func read(_ text: String) -> DNSSettings {
        var settings = DNSSettings(servers: [])
        for line in text.split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == "\t" }.map(String.init)
            switch words.first {
            case "nameserver" where words.count > 1:
                let address = words[1].contains(":") ? "[\(words[1])]:53" : words[1] + ":53"
                if let server = SocketAddress(address), settings.servers.count < 3 { settings.servers.append(server) }
            case "search", "domain": settings.searchDomains = Array(words.dropFirst())
            case "options": for word in words.dropFirst() { settings.take(option: word) }
            default: continue
            }
        }
        if settings.servers.isEmpty { settings.servers = [.loopback(port: 53)] }
        return settings
    }

    private mutating func take(option: String) {
        let parts = option.split(separator: ":")
        guard parts.count == 2, let number = Int(parts[1]) else { return }
        switch parts[0] {
        case "ndots": dots = min(number, 15)
        case "timeout": timeoutMs = Int64(min(max(number, 1), 30)) * 1000
        case "attempts": attempts = min(max(number, 1), 5)
        default: break
        }
    }
}

/// Asks name servers: by datagrams, and by a connection where the answer is too long for one.
package struct DNSResolver: Sendable {
    package struct Answer: Sendable {
        package var records: [DNSRecord]
        /// The least of all records; nil where there are none.
        package var secondsToLive: UInt32?
    }

    private let settings: DNSSettings
    private let time: any TimeSource

    package init(_ settings: DNSSettings, time: any TimeSource = SystemTime()) {
        self.settings = settings
        self.time = time
    }

    /// The records of one type. No records are an answer, as a name without any is.
    package func records(of name: String, _ type: DNSRecordType) throws(DNSError) -> Answer {
        for candidate in candidates(name) {
            let message = try ask(candidate, type)
            guard message.outcome == .found else { continue }
            let found = message.records.filter { $0.data.type == type }
            guard !found.isEmpty else { continue }
            return Answer(records: found, secondsToLive: found.map(\.secondsToLive).min())
        }
        return Answer(records: [], secondsToLive: nil)
    }

    /// The name itself and within the search domains, in the order that its dots ask for.
    private func candidates(_ name: String) -> [String] {
        if name.hasSuffix(".") { return [name] }
        let within = settings.searchDomains.map { name + "." + $0 }
        let hasDots = name.count { $0 == "." } >= settings.dots
        return hasDots ? [name] + within : within + [name]
    }

    private func ask(_ name: String, _ type: DNSRecordType) throws(DNSError) -> DNSMessage {
        let id = UInt16.random(in: .min ... .max)
        guard let question = DNSMessage.question(id: id, name, type) else {
            throw DNSError("\(Quoted.text(name)) is no name that DNS can have")
        }
        var reason = "no name server is configured"
        for _ in 0..<settings.attempts {
            for server in settings.servers {
                do throws(DNSError) {
                    var message = try exchange(question, id, server, overStream: false)
                    if message.isTruncated { message = try exchange(question, id, server, overStream: true) }
                    if case .failed(let code) = message.outcome { throw DNSError("it answers with code \(code)") }
                    return message
                } catch {
                    reason = "\(server): \(error)"
                }
            }
        }
        throw DNSError("could not resolve \(name): no name server answered; the last failure: \(reason)")
    }

    private func exchange(
        _ question: [UInt8], _ id: UInt16, _ server: SocketAddress, overStream: Bool
    ) throws(DNSError) -> DNSMessage {
        let bytes: [UInt8]
        do throws(SystemError) {
            let deadlineNs = time.monotonicNs + settings.timeoutMs * 1_000_000
            var exchange = try DNSExchange(server, isStream: overStream, deadlineNs: deadlineNs, time)
            bytes = try exchange.answer(to: question, id: id)
        } catch {
            throw DNSError("\(error)")
        }
        do throws(DecodeError) {
            return try DNSMessage(bytes.span)
        } catch {
            throw DNSError("the answer is no DNS message: \(error)")
        }
    }
}

extension DNSRecord.Data {
    fileprivate var type: DNSRecordType? {
        switch self {
        case .address4: .a
        case .address6: .aaaa
        case .alias: .cname
        case .service: .srv
        case .mail: .mx
        case .nameServer: .ns
        case .other: nil
        }
    }
}
