import Databases
import Posix

/// What checking the whole trail found.
package struct AuditReport: Sendable, Equatable {
    /// Entries whose hash was computed again, archives included.
    package var entriesChecked = 0
    /// The end of the trail: kept elsewhere, it proves later that nothing up to here was rewritten.
    package var head = AuditPoint.origin
    /// Sentences, the first `findingsMax`; empty if nothing was changed, removed, inserted or cut off.
    package var findings: [String] = []
    /// Archived entries whose files are not there, which is no finding where they were moved away on purpose.
    package var absentEntries: [ClosedRange<Int64>] = []

    package static let findingsMax = 100

    mutating func find(_ sentence: String) {
        if findings.count < Self.findingsMax { findings.append(sentence) }
    }
}

extension AuditTrail {
    /// Checks every entry, archived or not, against the chain, and the chain's end against the anchor.
    ///
    /// Writers wait meanwhile; 50,000 entries take a few tenths of a second.
    ///
    /// - Parameter known: a head that was noted earlier, which the trail must still go through.
    func verify(known: AuditPoint? = nil) throws(LedgerError) -> AuditReport {
        let walk = AuditWalk(known: known)
        let start = try asLedger { () throws(SQLiteError) in
            try database.read { connection throws(SQLiteError) in try Self.extent(&connection).start }
        }
        verifyArchives(walk, to: start)
        try asLedger { () throws(SQLiteError) in
            // A transaction for writing, so that anchor and table are of one moment.
            try database.write { connection throws(SQLiteError) in
                let extent = try Self.extent(&connection)
                verifyArchives(walk, to: extent.start)
                walk.enterTable(extent.start)
                try connection.forEachRow("\(Self.selection) ORDER BY sequence", []) {
                    walk.take(Self.entry($0), in: "the table")
                }
                compareWithAnchor(extent, walk)
            }
        }
        walk.finish()
        return walk.report
    }

    /// Checks the archives that the walk has not been through. One that reaches beyond `start` is left over from a
    /// rotation that was interrupted: its entries are still in the table.
    private func verifyArchives(_ walk: AuditWalk, to start: AuditPoint) {
        let segments: [AuditArchive.Segment]
        do {
            segments = try archive.segments()
        } catch {
            return walk.report.find("the archives cannot be listed: \(error)")
        }
        for segment in segments where segment.last <= start.sequence && segment.first > walk.point.sequence {
            do throws(AuditArchiveError) {
                let (previous, entries) = try archive.read(segment)
                walk.enter(segment, after: previous)
                for entry in entries { walk.take(entry, in: "the archive \(segment.name)") }
                if walk.point.sequence != segment.last {
                    walk.report.find(
                        "the archive \(segment.name) ends at entry \(walk.point.sequence), its name says "
                            + "\(segment.last)")
                }
            } catch {
                walk.report.find("the archive \(segment.name) cannot be read: \(error)")
                walk.skip(segment)
            }
        }
    }

    private func compareWithAnchor(_ extent: AuditExtent, _ walk: AuditWalk) {
        let anchored: AuditHead?
        do {
            anchored = try head.read()
        } catch {
            return walk.report.find("the anchor \(head.path) cannot be read: \(error)")
        }
        guard let anchored else {
            if extent != .empty { walk.report.find("the anchor \(head.path) is missing") }
            return
        }
        guard !anchored.allows(extent) else { return }
        let settled = anchored.settled
        if extent.end.sequence < settled.end.sequence {
            walk.report.find(
                "entries \(extent.end.sequence + 1) to \(settled.end.sequence) were cut off: the anchor has them")
        } else if extent.end.sequence > (anchored.pending ?? settled).end.sequence {
            walk.report.find(
                "entries behind \(settled.end.sequence) were added by something else than obs: the anchor ends there")
        } else if extent.end != settled.end {
            walk.report.find("the trail was rewritten: entry \(extent.end.sequence) is not the one that was anchored")
        } else {
            walk.report.find(
                "the table begins behind entry \(extent.start.sequence), the anchor says \(settled.start.sequence)")
        }
    }
}

/// A walk along the chain.
private final class AuditWalk {
    var report = AuditReport()
    var point = AuditPoint.origin
    private let known: AuditPoint?
    private var sawKnown = false

    init(known: AuditPoint?) {
        self.known = known
    }

    /// Goes on behind `previous`; what lies between is absent.
    func enter(_ segment: AuditArchive.Segment, after previous: [UInt8]) {
        if segment.first > point.sequence + 1 {
            report.absentEntries.append(point.sequence + 1...segment.first - 1)
        } else if previous != point.hash {
            report.find("the archive \(segment.name) does not follow the one before it")
        }
        point = AuditPoint(sequence: segment.first - 1, hash: previous)
    }

    func skip(_ segment: AuditArchive.Segment) {
        point = AuditPoint(sequence: segment.last, hash: [])
    }

    func enterTable(_ start: AuditPoint) {
        if start.sequence > point.sequence {
            report.absentEntries.append(point.sequence + 1...start.sequence)
        } else if start != point {
            report.find(
                "the archives end at entry \(point.sequence), the table begins behind entry \(start.sequence), "
                    + "and they do not fit together")
        }
        point = start
    }

    func take(_ entry: AuditEntry, in place: String) {
        report.entriesChecked += 1
        if entry.sequence > point.sequence + 1 {
            report.find("entries \(point.sequence + 1) to \(entry.sequence - 1) are missing from \(place)")
        } else if entry.sequence <= point.sequence {
            report.find("entry \(entry.sequence) in \(place) stands behind entry \(point.sequence)")
        } else if point.next(entry.event).hash != entry.hash {
            report.find("entry \(entry.sequence) in \(place) was changed: its hash does not follow from its content")
        }
        if entry.event.action == AuditTrail.mismatchAction {
            report.find("entry \(entry.sequence) in \(place) tells of tampering found then: \(entry.event.details)")
        }
        point = entry.point
        if known == point { sawKnown = true }
    }

    func finish() {
        report.head = point
        if let known, known != .origin, !sawKnown {
            report.find("the trail does not go through the given head, entry \(known.sequence)")
        }
    }
}
