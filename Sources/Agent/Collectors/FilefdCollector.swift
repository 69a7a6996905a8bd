/// Open files of the whole host.
final class FilefdCollector: Collector {
    static let definition = CollectorDefinition("filefd") { host, _ in FilefdCollector(host) }

    private let host: HostFiles
    private var text = FieldText()

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        try host.read(host.proc("sys/fs/file-nr"), into: &text)
        guard text.nextLine(), let allocated = text.number(0), let maximum = text.number(2) else {
            throw .failed("\(host.proc("sys/fs/file-nr")) does not hold three numbers")
        }
        page.add("node_filefd_allocated", .gauge, "Files that are open on the host.", allocated)
        page.add("node_filefd_maximum", .gauge, "Files that can be open on the host.", maximum)
    }
}
