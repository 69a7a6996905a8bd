import Posix
import Telemetry

extension Journal {
    /// Takes a record: its type, its payload (valid during the call) and the position behind it.
    package typealias RecordBody = (_ type: UInt8, _ payload: Span<UInt8>, _ end: JournalPosition) -> Void

    /// Reads back, in order, what earlier processes appended behind `position`, and puts right what they left damaged:
    /// an unfinished last record is cut off; a corrupt stretch is skipped, and the segment replaced by a copy with a gap
    /// there, the original kept in `quarantine`. For once after opening; appending goes on meanwhile.
    ///
    /// Throws only what must not be passed over: a segment of an unknown version.
    package func replay(
        from position: JournalPosition = .start, _ body: RecordBody
    ) throws(JournalError) -> JournalRecovery {
        let earlier = active.withLock { $0.earlier }
        var recovery = JournalRecovery()
        for (index, held) in earlier.enumerated() {
            let next = index + 1 < earlier.count ? earlier[index + 1].segment : nil
            if let next, next.base <= position { continue }
            do throws(JournalError) {
                try replay(held, before: next, from: position, &recovery, body)
            } catch .cannotRead(let error) {
                recovery.notices.append(.cannotRead(error))
            }
        }
        metrics?.damages.add(recovery.notices.count)
        return recovery
    }

    private func replay(
        _ held: HeldSegment, before next: Segment?, from position: JournalPosition, _ recovery: inout JournalRecovery,
        _ body: RecordBody
    ) throws(JournalError) {
        let segment = held.segment
        guard let header = try readHeader(segment) else {
            let copy = SegmentRepair.putAside(segment, in: options.directory, system)
            if copy != nil { active.withLock { $0.resize(segment, toBytes: nil) } }
            recovery.notices.append(.unreadable(path: segment.path, bytes: held.bytes, copy: copy))
            return
        }
        // What a continued segment follows is known to end where that one begins.
        var acknowledged: Int?
        if let next, try readHeader(next)?.origin == .continued { acknowledged = next.base.bytes(since: segment.base) }
        let end = min(held.bytes, acknowledged ?? held.bytes)
        let damages = try scan(segment, header, to: end, from: position, &recovery, body)
        repair(segment, header, damages, bytes: end, mayBeTorn: acknowledged == nil, &recovery)
        if let acknowledged, end < acknowledged {
            recovery.notices.append(
                .missing(from: segment.base.advanced(by: end), to: segment.base.advanced(by: acknowledged)))
        }
    }

    /// nil if it is corrupt.
    func readHeader(_ segment: Segment) throws(JournalError) -> Segment.Header? {
        let bytes = try reading { () throws(SystemError) in
            var bytes = [UInt8](repeating: 0, count: Segment.headerBytes)
            var span = bytes.mutableSpan
            let count = try File(segment.path, .read, in: system).read(into: &span, at: 0)
            return Array(bytes.prefix(count))
        }
        switch Segment.readHeader(bytes) {
        case .header(let header): return header.base == segment.base ? header : nil
        case .unknownVersion(let version): throw .unknownVersion(path: segment.path, version: version)
        case .corrupt: return nil
        }
    }

    /// Hands on the records that end behind `position`.
    private func scan(
        _ segment: Segment, _ header: Segment.Header, to end: Int, from position: JournalPosition,
        _ recovery: inout JournalRecovery, _ body: RecordBody
    ) throws(JournalError) -> [Damage] {
        var damages: [Damage] = []
        var records = 0
        var bytes = 0
        defer {
            recovery.records += records
            recovery.bytes += bytes
        }
        try reading { () throws(SystemError) in
            var scan = SegmentScan(
                try SegmentReader(segment.path, in: system), salt: header.salt,
                from: Self.firstOffset(of: segment, from: position), limit: end)
            while true {
                switch try scan.next() {
                case .record(let type, let recordEnd):
                    records += 1
                    scan.withPayload { payload in
                        bytes += payload.count
                        body(type, payload, segment.base.advanced(by: recordEnd))
                    }
                case .damage(let damage): damages.append(damage)
                case .end: return
                }
            }
        }
        return damages
    }

    /// Positions that are handed out lie between records, so a scan can begin at any of them.
    static func firstOffset(of segment: Segment, from position: JournalPosition) -> Int {
        position > segment.base ? max(position.bytes(since: segment.base), Segment.headerBytes) : Segment.headerBytes
    }

    func reading<Result: ~Copyable>(
        _ body: () throws(SystemError) -> Result
    ) throws(JournalError) -> Result {
        do {
            return try body()
        } catch {
            throw .cannotRead(error)
        }
    }

    private func repair(
        _ segment: Segment, _ header: Segment.Header, _ damages: [Damage], bytes: Int, mayBeTorn: Bool,
        _ recovery: inout JournalRecovery
    ) {
        guard let last = damages.last else { return }
        if damages.count == 1 && last.isTorn && mayBeTorn {
            cutOff(last, of: segment, &recovery)
            return
        }
        let repair = SegmentRepair(segment: segment, header: header, damages: damages, bytes: bytes)
        let copy = repair.run(in: options.directory, system)
        for damage in damages {
            recovery.notices.append(
                .corrupt(
                    path: segment.path, offset: damage.range.lowerBound, bytes: damage.range.count, copy: copy))
        }
    }

    private func cutOff(_ tail: Damage, of segment: Segment, _ recovery: inout JournalRecovery) {
        do throws(SystemError) {
            try File(segment.path, .readWrite, in: system).truncate(toBytes: tail.range.lowerBound)
            active.withLock { $0.resize(segment, toBytes: tail.range.lowerBound) }
        } catch {
            // It stays, and is found again at the next opening.
            recovery.notices.append(.cannotRead(error))
        }
        recovery.notices.append(
            .tornTail(path: segment.path, offset: tail.range.lowerBound, bytes: tail.range.count))
    }
}
