import Encoding
import HTTP
import Posix
import Telemetry
import Text

/// What the command line says about a collector.
struct CollectorOptions: Sendable {
    /// Nil runs with the defaults.
    var configuration: String?
    /// Empty for the default.
    var listen: [SocketAddress] = []
    /// Nil leaves it to the configuration.
    var dataDirectory: String?
    /// Nil: a half of what the machine has.
    var memoryBytes: Int64?
    var isInsecure = false
    /// Pages of which sites may read answers.
    var crossOrigin = CrossOrigin.none
    var logLevel: LogLevel
    /// Nil: plain on a terminal, JSON elsewhere.
    var logForm: LogForm?
    /// Nil for none.
    var accessLog: String?

    private static let memoryBytesMin: Int64 = 64 << 20

    static let dataDirectoryDefault = "./obs-data"
    static let listenDefault = "127.0.0.1:9440"

    /// Where people reach the server, for links; nil: this machine's name and the port.
    var externalAddress: String?

    /// Without a slash at the end.
    var externalURL: String {
        if var url = externalAddress {
            while url.hasSuffix("/") { url.removeLast() }
            return url
        }
        let port = addresses.first.flatMap(\.port).map { ":\($0)" } ?? ""
        return "http://\(Machine.hostname)\(port)"
    }

    /// The addresses to listen on, the default where none was given.
    var addresses: [SocketAddress] { listen.isEmpty ? [SocketAddress(Self.listenDefault)!] : listen }

    private mutating func allow(origin: String) throws(UsageError) {
        guard origin != "*" else { return crossOrigin = .any }
        guard let border = origin.firstRange(of: "://"), ["http", "https"].contains(origin[..<border.lowerBound]),
            border.upperBound < origin.endIndex, !origin[border.upperBound...].contains("/")
        else {
            throw UsageError("'\(origin)' is no origin such as https://grafana.example.com:3000")
        }
        switch crossOrigin {
        case .any: break
        case .none: crossOrigin = .origins([origin])
        case .origins(let others): crossOrigin = .origins(others.union([origin]))
        }
    }

    /// - Parameter logLevel: the default, which help shows.
    static func settings(logLevel: LogLevel) -> [Setting<CollectorOptions>] {
        [
            .value("config", "FILE", short: "c", "the configuration, which a prometheus.yml is too", candidates: .files)
            {
                $0.configuration = $1
            },
            .value(
                "listen", "ADDRESS",
                "listen on this address and port, or unix:PATH; may come several times, port 0 takes a free one",
                fallback: listenDefault
            ) { (options, text) throws(UsageError) in
                guard let address = SocketAddress(text) else {
                    throw UsageError(
                        "'\(text)' is no address and port such as \(listenDefault), [::1]:9440 or unix:/run/obs.sock")
                }
                options.listen.append(address)
            },
            .value(
                "data", "FOLDER", "keep all data here",
                fallback: "storage.path of the configuration, else \(dataDirectoryDefault)", candidates: .folders
            ) { (options, text) throws(UsageError) in
                guard !text.isEmpty else { throw UsageError("the folder's name is empty") }
                options.dataDirectory = text
            },
            .value(
                "memory", "SIZE",
                "how much memory the server may use, such as 1GiB; queries get a half of it and fail rather than take more",
                fallback: "a half of what the machine has"
            ) { (options, text) throws(UsageError) in
                do throws(ByteSizeError) {
                    options.memoryBytes = try ByteSize.bytes(of: text)
                } catch {
                    throw UsageError("--memory: \(error)")
                }
                guard let bytes = options.memoryBytes, bytes >= memoryBytesMin else {
                    throw UsageError(
                        "--memory \(text) is too little: at least \(ByteSize.text(ofBytes: memoryBytesMin))")
                }
            },
            .value("external-url", "URL", "where people reach the server, for the links in notifications") {
                $0.externalAddress = $1
            },
            .on("insecure", "listen beyond this machine although nobody has to say who they are") {
                $0.isInsecure = true
            },
            .value(
                "cors-origin", "ORIGIN",
                "let pages of this site, such as https://grafana.example.com, read answers; may come several times, * for all",
                fallback: "none"
            ) { (options, text) throws(UsageError) in
                try options.allow(origin: text)
            },
            .choice(
                "log-level", "LEVEL", LogLevel.allCases.map(\.description), "log from this level on",
                fallback: logLevel.description
            ) {
                if let level = LogLevel($1) { $0.logLevel = level }
            },
            .choice(
                "log-format", "FORMAT", ["plain", "json"], "how log lines look",
                fallback: "plain on a terminal, else json"
            ) {
                $0.logForm = $1 == "json" ? .json : .plain(coloured: false)
            },
            .value(
                "access-log", "FILE", "append a JSON line for each request to this file, opened anew on SIGHUP",
                candidates: .files
            ) { (options, text) throws(UsageError) in
                guard !text.isEmpty else { throw UsageError("the file's name is empty") }
                options.accessLog = text
            },
        ]
    }
}
