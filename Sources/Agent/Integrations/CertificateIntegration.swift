import Crypto
import Encoding
import HTTP
import Posix

/// When certificates end: of files by pattern and of servers, with the names of x509-certificate-exporter.
final class CertificateIntegration: Collector {
    static let definition = IntegrationDefinition("certificates") { section in
        let files = (section.strings("files") ?? []).compactMap { text -> FileGlob? in
            let glob = FileGlob(text)
            if glob == nil { section.refuse(at: "files", "\(Quoted.text(text)) is no pattern of absolute paths") }
            return glob
        }
        let servers = (section.strings("servers") ?? []).compactMap { text -> ProbeTarget? in
            var target = ProbeTarget(text)
            if target == nil { section.refuse(at: "servers", "\(Quoted.text(text)) is no host and port") }
            target?.timeoutNs = Limits.serverNs
            return target
        }
        let authorities = section.path("ca_file")
        if files.isEmpty, servers.isEmpty {
            section.refuse("certificates names none", "write files: [/etc/ssl/private/*.pem] or servers: [host:443]")
        }
        return { [files, servers] _ in CertificateIntegration(files, servers, authorities) }
    }

    enum Limits {
        static let filesMax = 500
        static let fileBytesMax = 4 << 20
        static let serverNs: Int64 = 1_000_000_000
    }

    private let files: [FileGlob]
    private let servers: [ProbeTarget]
    private let authorities: String?
    private let system = LocalFileSystem()

    init(_ files: [FileGlob], _ servers: [ProbeTarget], _ authorities: String?) {
        (self.files, self.servers, self.authorities) = (files, servers, authorities)
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        var errors = 0.0
        for path in files.flatMap({ $0.paths() }).prefix(Limits.filesMax) {
            guard let bytes = try? system.readFile(path, atMostBytes: Limits.fileBytesMax) else {  // counted
                errors += 1
                continue
            }
            for certificate in CertificateFacts.all(inPEM: bytes.span) {
                add(certificate, [("filename", FilePath.name(of: path)), ("filepath", path)], &page)
            }
        }
        for server in servers {
            let labels = [("server", "\(server.host):\(server.port)")]
            guard let peer = try? server.handshake(authorities: authorities) else {  // counted
                errors += 1
                continue
            }
            for certificate in peer.certificates { add(certificate, labels, &page) }
            page.add(
                "x509_cert_trusted", .gauge, "1 if a server's certificate is to be trusted.",
                peer.distrust == nil ? 1 : 0, labels)
        }
        page.add("x509_read_errors", .gauge, "Files and servers whose certificates cannot be read.", errors)
    }

    private func add(_ certificate: CertificateFacts, _ labels: [MetricPage.Label], _ page: inout MetricPage) {
        let labels =
            labels + [
                ("issuer_CN", certificate.issuer), ("serial_number", certificate.serial),
                ("subject_CN", certificate.subject),
            ]
        page.add("x509_cert_not_before", .gauge, "When it begins.", Double(certificate.notBefore), labels)
        page.add("x509_cert_not_after", .gauge, "When it ends.", Double(certificate.notAfter), labels)
        let isOver = Double(certificate.notAfter) < Double(SystemTime().wallMs) / 1000
        page.add("x509_cert_expired", .gauge, "1 once it has ended.", isOver ? 1 : 0, labels)
    }
}
