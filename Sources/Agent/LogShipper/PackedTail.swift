import Encoding
import Model
import Posix

/// A file that rotation has compressed: the rest of it that was not read before, in one go.
struct PackedTail {
    private enum Limits {
        static let pieceBytes = 64 << 10
        static let expandedBytesMax = 4 << 30
    }

    let path: String
    let source: String
    let options: LogFileOptions
    let labels: Labels
    private(set) var place: FilePlace

    init(_ path: String, source: String, _ options: LogFileOptions, _ labels: Labels, _ place: FilePlace) {
        (self.path, self.source, self.options, self.labels, self.place) = (path, source, options, labels, place)
    }

    /// How a compressed file begins, expanded; nil where it is none.
    static func head(of path: String, _ system: any FileSystem) -> [UInt8]? {
        var head: [UInt8] = []
        do {
            let file = try File(path, .read, in: system)
            var reader = try GzipReader(limit: ExpansionLimit(bytesMax: Limits.expandedBytesMax, ratioMax: 2_000))
            var piece = [UInt8](repeating: 0, count: 4096)
            var span = piece.mutableSpan
            let count = try file.read(into: &span, at: 0)
            try reader.read(piece.span.extracting(first: count), appendingTo: &head)
        } catch {
            return nil
        }
        return Array(head.prefix(Fingerprint.bytesMax))
    }

    /// Hands on everything behind the place.
    mutating func read(_ batcher: LogBatcher, time: any TimeSource, _ system: any FileSystem) throws {
        let cutter = EventCutter(
            form: options.form, lines: options.multiline, eventBytesMax: options.eventBytesMax)
        let file = try File(path, .read, in: system)
        var reader = try GzipReader(limit: ExpansionLimit(bytesMax: Limits.expandedBytesMax, ratioMax: 2_000))
        var skipped = 0
        var rest: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: Limits.pieceBytes)
        var offset = 0
        while batcher.isOpen {
            var span = piece.mutableSpan
            let count = try file.read(into: &span, at: offset)
            offset += count
            try reader.read(piece.span.extracting(first: count), appendingTo: &rest)
            if skipped < place.offset {
                let skip = min(place.offset - skipped, rest.count)
                rest.removeFirst(skip)
                skipped += skip
            }
            let taken = cutter.cut(rest[...], takesRest: count == 0) { event in
                if !event.text.isEmpty { batcher.add(event.timestampNs ?? time.wallNs, labels, event.text.span) }
            }
            rest.removeFirst(taken)
            if taken > 0 {
                place.offset += taken
                skipped += taken
                batcher.note(source, place.text)
            }
            if batcher.isFull { try batcher.flush() }
            if count == 0 { return }
        }
    }
}
