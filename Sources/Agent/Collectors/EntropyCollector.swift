/// Random bits that the kernel has at hand.
final class EntropyCollector: Collector {
    static let definition = CollectorDefinition("entropy") { host, _ in EntropyCollector(host) }

    private let host: HostFiles

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.proc("sys/kernel/random")
        guard let available = host.number("\(folder)/entropy_avail") else {
            throw .failed("\(folder)/entropy_avail cannot be read")
        }
        page.add("node_entropy_available_bits", .gauge, "Random bits at hand.", available)
        if let size = host.number("\(folder)/poolsize") {
            page.add("node_entropy_pool_size_bits", .gauge, "Random bits that can be held.", size)
        }
    }
}
