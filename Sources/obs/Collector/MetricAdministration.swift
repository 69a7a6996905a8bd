import Crypto
import Encoding
import Ledger
import Parts
import Posix
import Storage
import TSDB
import Web

/// What the admin endpoints have done, on the store and the ledger of this process.
struct MetricAdministration: Sendable {
    /// Under the data directory, as in Prometheus.
    private static let snapshots = "snapshots"

    let store: TimeSeriesStore
    let backups: BackupMaker
    let dataDirectory: String
    let time: any TimeSource

    var actions: DataAdministration {
        DataAdministration(
            snapshot: { try snapshot() }, cleanTombstones: { try store.applyDeletions() },
            backUp: { Self.json(try backups.run(to: $0)) })
    }

    /// Named as Prometheus names them: the time, and digits that tell two of one second apart.
    private func snapshot() throws -> String {
        let digits = CivilTime(ms: time.wallMs).rfc3339.prefix(19).filter { $0 != "-" && $0 != ":" }
        let name = "\(digits)Z-\(Hexadecimal.string(SecureRandom.bytes(8).span))"
        let folder = FilePath.join(FilePath.join(dataDirectory, Self.snapshots), name)
        try backups.snapshot(to: folder)
        return name
    }

    private static func json(_ report: BackupMaker.Report) -> JSONValue {
        func number(_ name: String, _ value: Int) -> JSONMember {
            JSONMember(name: name, value: .number(String(value)))
        }
        return .object([
            JSONMember(name: "folder", value: .string(report.folder)),
            number("startedMs", Int(report.startedMs)), number("finishedMs", Int(report.finishedMs)),
            number("parts", report.parts.parts), number("bytes", report.parts.bytes),
            number("newParts", report.parts.newParts), number("newBytes", report.parts.newBytes),
            number("copiedBytes", report.parts.copiedBytes), number("otherBytes", report.otherBytes),
        ])
    }
}
