import Encoding
import Posix

/// Where the table of the trail begins and ends. What lies before `start` is archived.
struct AuditExtent: Sendable, Equatable {
    var start: AuditPoint
    var end: AuditPoint

    static let empty = AuditExtent(start: .origin, end: .origin)
}

/// The anchor beside the database: what the table's extent has to be.
///
/// It is written twice for each change: the new extent as pending before the commit, and as settled after it. A crash in
/// between leaves the table at one of the two; every other extent was made by someone else.
struct AuditHead: Sendable, Equatable {
    var settled: AuditExtent
    var pending: AuditExtent?

    func allows(_ extent: AuditExtent) -> Bool {
        extent == settled || extent == pending
    }
}

/// The file of the anchor: lines of text that a person can copy elsewhere.
struct AuditHeadFile: Sendable {
    private static let formatVersion = 1
    private static let bytesMax = 4_096

    let path: String
    let system: any FileSystem

    /// Nil if the file is not there.
    func read() throws(LedgerError) -> AuditHead? {
        do throws(SystemError) {
            guard try system.status(at: path) != nil else { return nil }
            let content = String(decoding: try system.readFile(path, atMostBytes: Self.bytesMax), as: UTF8.self)
            guard let head = Self.parse(content) else {
                throw SystemError(call: "parse", on: path, code: 74)  // EBADMSG
            }
            return head
        } catch {
            throw .file(error)
        }
    }

    func write(_ head: AuditHead) throws(SystemError) {
        var text = "obs audit head \(Self.formatVersion)\n" + Self.lines("settled", head.settled)
        if let pending = head.pending { text += Self.lines("pending", pending) }
        try system.replaceFile(path, with: Array(text.utf8).span)
    }

    private static func lines(_ name: String, _ extent: AuditExtent) -> String {
        "\(name) start \(line(extent.start))\n\(name) end \(line(extent.end))\n"
    }

    private static func line(_ point: AuditPoint) -> String {
        "\(point.sequence) \(Hexadecimal.string(point.hash.span))"
    }

    private static func parse(_ text: String) -> AuditHead? {
        let lines = text.split(separator: "\n").map { $0.split(separator: " ") }
        guard lines.count == 3 || lines.count == 5, lines[0] == ["obs", "audit", "head", "\(formatVersion)"],
            let settled = extent("settled", lines[1], lines[2])
        else { return nil }
        guard lines.count == 5 else { return AuditHead(settled: settled) }
        guard let pending = extent("pending", lines[3], lines[4]) else { return nil }
        return AuditHead(settled: settled, pending: pending)
    }

    private static func extent(_ name: Substring, _ start: [Substring], _ end: [Substring]) -> AuditExtent? {
        guard let start = point([name, "start"], start), let end = point([name, "end"], end) else { return nil }
        return AuditExtent(start: start, end: end)
    }

    private static func point(_ name: [Substring], _ words: [Substring]) -> AuditPoint? {
        guard words.count == 4, words.prefix(2).elementsEqual(name), let sequence = Int64(words[2]),
            let hash = try? Hexadecimal.decode(Array(words[3].utf8).span),  // nil is the answer for what is no hash
            hash.count == 32
        else { return nil }
        return AuditPoint(sequence: sequence, hash: hash)
    }
}
