import Posix

extension Journal {
    static func open(
        _ directory: String, _ floor: JournalPosition, _ salt: UInt64, in system: any FileSystem
    ) throws(SystemError) -> ActiveSegment {
        try system.createDirectories(directory)
        var held: [HeldSegment] = []
        for name in try system.list(directory) {
            let path = FilePath.join(directory, name)
            if name.hasSuffix(SegmentRepair.suffix) { try system.removeFile(path) }
            guard let segment = Segment(in: directory, name: name) else { continue }
            held.append(HeldSegment(segment: segment, bytes: try system.status(at: path)?.bytes ?? 0))
        }
        let base = held.last.map { $0.segment.base.advanced(by: max($0.bytes, Segment.headerBytes)) } ?? .start
        // A segment without a record is one whose process ended, or failed, right after it was begun. It goes after its
        // successor is there, so that at no time nothing tells which positions were handed out.
        let isEmpty = { (held: HeldSegment) in held.bytes <= Segment.headerBytes }
        let active = try ActiveSegment(
            in: directory, after: held.filter { !isEmpty($0) }, base: max(base, floor), salt: salt, in: system)
        for empty in held.filter(isEmpty) { try system.removeFile(empty.segment.path) }
        return active
    }
}
