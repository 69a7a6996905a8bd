import Encoding
import Journal
import LabelIndex
import Model
package import Parts
package import Posix
import Storage

/// A log store's directory that nobody has open: a backup, or the data of a collector that does not run. It is only read.
package struct ClosedLogStore: Sendable {
    static let partsDirectory = "parts"
    static let journalDirectory = "log"

    private let directory: String
    private let parts: ClosedParts
    private let system: any FileSystem

    package init(_ directory: String, in system: any FileSystem = LocalFileSystem()) throws(PartsError) {
        (self.directory, self.system) = (directory, system)
        parts = try ClosedParts(FilePath.join(directory, Self.partsDirectory), in: system)
    }

    package var partCount: Int { parts.parts.count }
    package var bytes: Int { parts.parts.reduce(0) { $0 + $1.bytes } }

    /// Reads every byte, and every block as its format has it.
    ///
    /// - Parameter advance: called behind each part with its bytes.
    /// - Returns: a sentence for each part that is damaged, which names it.
    package func findings(_ advance: (Int) -> Void) throws(PartsError) -> [String] {
        var findings = try parts.findings(advance)
        for info in parts.parts where !findings.contains(where: { $0.hasPrefix("part \(info.name):") }) {
            do {
                try LogPart.open(parts.files(of: info)).readAll()
            } catch {
                let isStillNamed = try ClosedParts(parts.directory, in: system).parts.contains(info)
                if isStillNamed { findings.append("part \(info.name): \(error)") }
            }
        }
        return findings
    }

    /// Makes a directory at `target` that can be opened as a store, by links where that is possible.
    package func copy(to target: String) throws(PartsError) -> PartsCopy.Report {
        try parts.copy(to: FilePath.join(target, Self.partsDirectory))
    }

    /// Tells everything that is stored, decompressed: of each part the labels and what is known of its blocks, of each block
    /// its sections as they are and then its lines with their metadata, and every record of the log.
    package func dump(_ tell: (Span<UInt8>) -> Void) throws {
        for info in parts.parts {
            tell(Array("\npart \(info.name)\n".utf8).span)
            try LogPart.open(parts.files(of: info)).dump(tell)
        }
        let journal = ClosedJournal(FilePath.join(directory, Self.journalDirectory), in: system)
        try journal.forEach { type, payload in
            tell(Array("\nrecord of type \(type)\n".utf8).span)
            guard type == LogRecordType.packed else { return tell(payload) }
            let plain = try? LogRecordType.unpack(payload)  // what is not readable is told as it is
            if let plain { tell(plain.span) } else { tell(payload) }
        }
    }
}

extension LogPart {
    /// Holds every block against its format.
    func readAll() throws {
        let decompressors = DecompressorPool()
        for entry in entries {
            _ = try runs(entry)
            let block = BlockReader(try block(entry, decompressors))
            _ = try block.timestampsNs()
            for column in block.columns.indices { _ = try block.column(column) }
        }
    }

    fileprivate func dump(_ tell: (Span<UInt8>) -> Void) throws {
        for stream in 0..<labels.count {
            let pairs = try self.labels(of: UInt32(stream)).pairs.map { "\($0.name)=\($0.value)" }
            tell(Array((pairs.joined(separator: " ") + "\n").utf8).span)
        }
        let decompressors = DecompressorPool()
        for entry in entries {
            let block = BlockReader(try block(entry, decompressors))
            try block.forEachSection(tell)
            var line: [UInt8] = []
            for row in 0..<entry.rows {
                line.removeAll(keepingCapacity: true)
                line.append(0x0a)
                try block.appendLine(row, to: &line)
                line.append(0x0a)
                try block.appendMetadata(row, to: &line)
                tell(line.span)
            }
        }
    }
}
