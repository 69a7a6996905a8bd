import Posix
import Telemetry

extension Journal {
    /// Reads records behind `position` while others go on appending, for an owner that uses the journal as a queue and
    /// drops what it is done with. What cannot be read is passed over and counted.
    ///
    /// - Parameter body: takes a record, or returns false to leave it for the next time.
    /// - Returns: the position behind the last record that was taken; the given one if none was.
    package func read(
        from position: JournalPosition, _ body: (_ type: UInt8, _ payload: Span<UInt8>, _ end: JournalPosition) -> Bool
    ) throws(JournalError) -> JournalPosition {
        let stretches = active.withLock { active in
            let bases = active.earlier.dropFirst().map(\.segment.base) + [active.segment.base]
            var stretches = zip(active.earlier, bases).map { held, next in
                Stretch(segment: held.segment, bytes: min(held.bytes, next.bytes(since: held.segment.base)))
            }
            stretches.append(Stretch(segment: active.segment, bytes: active.bytes))
            return stretches
        }
        var reached = position
        for stretch in stretches where stretch.segment.base.advanced(by: stretch.bytes) > reached {
            if try !read(stretch, from: &reached, body) { break }
        }
        return reached
    }

    /// A segment as far as it holds whole records.
    private struct Stretch {
        let segment: Segment
        let bytes: Int
    }

    /// - Returns: false if `body` left a record.
    private func read(
        _ stretch: Stretch, from reached: inout JournalPosition,
        _ body: (_ type: UInt8, _ payload: Span<UInt8>, _ end: JournalPosition) -> Bool
    ) throws(JournalError) -> Bool {
        let segment = stretch.segment
        guard let header = try readHeader(segment) else {
            metrics?.damages.add()
            reached = segment.base.advanced(by: stretch.bytes)
            return true
        }
        do throws(SystemError) {
            var scan = SegmentScan(
                try SegmentReader(segment.path, in: system), salt: header.salt,
                from: Self.firstOffset(of: segment, from: reached), limit: stretch.bytes)
            while true {
                switch try scan.next() {
                case .record(let type, let end):
                    let position = segment.base.advanced(by: end)
                    guard scan.withPayload({ body(type, $0, position) }) else { return false }
                    reached = position
                case .damage(let damage):
                    metrics?.damages.add()
                    reached = segment.base.advanced(by: damage.range.upperBound)
                case .end: return true
                }
            }
        } catch {
            throw .cannotRead(error)
        }
    }
}
