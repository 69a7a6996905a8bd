package import Posix

/// The certificates of a listener as they are now. Connections that come after a reload get the new ones.
package final class TLSStore: Sendable {
    private struct Generation {
        var options: TLSOptions
        var context: TLSContext
    }

    private let ticketKeys: TicketKeys
    private let generation: Lock<Generation>

    package init(_ options: TLSOptions, time: any TimeSource = SystemTime()) throws(TLSError) {
        ticketKeys = TicketKeys(time: time)
        generation = Lock(Generation(options: options, context: try Self.load(options, ticketKeys)))
    }

    /// What a new connection begins with.
    package var current: TLSContext { generation.withLock { $0.context } }

    /// Reads the files anew, or other files. On an error everything stays as it was.
    package func reload(_ options: TLSOptions? = nil) throws(TLSError) {
        let wanted = options ?? generation.withLock { $0.options }
        let context = try Self.load(wanted, ticketKeys)
        generation.withLock { $0 = Generation(options: wanted, context: context) }
    }

    private static func load(_ options: TLSOptions, _ ticketKeys: TicketKeys) throws(TLSError) -> TLSContext {
        let first = try TLSContext(options.certificates[0], options, ticketKeys)
        var others: [TLSContext] = []
        for certificate in options.certificates.dropFirst() {
            others.append(try TLSContext(certificate, options, ticketKeys))
        }
        if !others.isEmpty { first.setAlternatives(others) }
        return first
    }
}
