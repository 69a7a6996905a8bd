package import Posix

/// The directory of a journal that is only looked at: a store that does not run, or one that goes on meanwhile.
package struct ClosedJournal: Sendable {
    private let directory: String
    private let system: any FileSystem

    package init(_ directory: String, in system: any FileSystem = LocalFileSystem()) {
        (self.directory, self.system) = (directory, system)
    }

    /// Hands on every record that can be read, with its type, in order; what is damaged is passed over.
    package func forEach(_ body: (_ type: UInt8, _ payload: Span<UInt8>) -> Void) throws(JournalError) {
        do throws(SystemError) {
            guard try system.status(at: directory) != nil else { return }
            for name in try system.list(directory).sorted() {
                guard let segment = Segment(in: directory, name: name) else { continue }
                try read(segment, body)
            }
        } catch {
            throw .cannotRead(error)
        }
    }

    private func read(
        _ segment: Segment, _ body: (_ type: UInt8, _ payload: Span<UInt8>) -> Void
    ) throws(SystemError) {
        guard let bytes = try system.status(at: segment.path)?.bytes else { return }
        var head = [UInt8](repeating: 0, count: Segment.headerBytes)
        var span = head.mutableSpan
        _ = try File(segment.path, .read, in: system).read(into: &span, at: 0)
        guard case .header(let header) = Segment.readHeader(head) else { return }
        var scan = SegmentScan(
            try SegmentReader(segment.path, in: system), salt: header.salt, from: Segment.headerBytes, limit: bytes)
        while true {
            switch try scan.next() {
            case .record(let type, _): scan.withPayload { body(type, $0) }
            case .damage: continue
            case .end: return
            }
        }
    }
}
