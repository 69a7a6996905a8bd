import Glibc
import Ledger
import Posix
import Telemetry

/// Which data directory a command of this machine works on.
struct LocalLedgerOptions: Sendable {
    var dataDirectory = CollectorOptions.dataDirectoryDefault

    static let data = Setting<LocalLedgerOptions>.value(
        "data", "FOLDER", "the data directory of the collector", fallback: CollectorOptions.dataDirectoryDefault,
        candidates: .folders
    ) { $0.dataDirectory = $1 }
}

/// The ledger of a data directory, opened beside a collector that may be running on it.
struct LocalLedger {
    /// Under the data directory.
    static let directoryName = "ledger"

    let ledger: Ledger

    /// - Parameter mayCreate: whether a data directory that is not there is made; otherwise it is taken for a mistake.
    init(_ dataDirectory: String, mayCreate: Bool) throws {
        let files = LocalFileSystem()
        if try !mayCreate && files.status(at: dataDirectory) == nil {
            throw StartFailure("there is no data directory \(dataDirectory); name the collector's with --data")
        }
        ledger = Ledger(directory: FilePath.join(dataDirectory, Self.directoryName), registry: Registry())
    }

    /// How the audit trail names whoever runs a command on this machine.
    static var operatorName: String { "user \(getuid()) on \(Machine.hostname)" }
}
