/// Tasks that hung for longer than the kernel lets pass without a word.
final class KernelHungCollector: Collector {
    static let definition = CollectorDefinition("kernel_hung") { host, _ in KernelHungCollector(host) }

    private let host: HostFiles

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        guard let count = host.number(host.proc("sys/kernel/hung_task_detect_count")) else {
            throw .noData("this kernel does not count hung tasks")
        }
        page.add("node_kernel_hung_tasks_total", .counter, "Tasks found hanging since the host booted.", count)
    }
}
