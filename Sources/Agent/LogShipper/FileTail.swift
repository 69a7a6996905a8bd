import Encoding
import Glibc
import Model
import Posix

/// A file that is read to its end and beyond, line by line. Owned by the thread of `LogFiles`.
final class FileTail {
    private enum Limits {
        static let chunkBytes = 256 << 10
    }

    /// What a look at the file came to.
    enum Outcome {
        case read
        /// The file became shorter or other than it was: what stood behind this place may be in a copy.
        case replaced(FilePlace)
    }

    let group: Int
    let source: String
    let path: String
    let device: UInt64
    let inode: UInt64
    /// When it grew last, or lost its name if that was later.
    private(set) var grewNs: Int64
    private var bytesSeen: Int
    private(set) var place: FilePlace
    /// When it was written last, as of its opening.
    let modifiedNs: Int64
    private var polledNs: Int64 = .min
    private let file: File
    private let labels: Labels
    private let cutter: EventCutter
    private let waitNs: Int64

    static func source(_ status: FileStatus) -> String { "file:\(status.device):\(status.inode)" }

    /// - Parameters:
    ///   - name: the one that its labels come from.
    init(
        _ file: File, _ status: FileStatus, group: Int, _ options: LogFileOptions, place: FilePlace, labels: Labels,
        nowNs: Int64
    ) {
        (self.file, self.group, self.place, self.labels) = (file, group, place, labels)
        path = file.path
        (device, inode, modifiedNs) = (status.device, status.inode, status.modifiedNs)
        source = Self.source(status)
        grewNs = nowNs
        bytesSeen = status.bytes
        cutter = EventCutter(form: options.form, lines: options.multiline, eventBytesMax: options.eventBytesMax)
        waitNs = options.multiline.waitMs * 1_000_000
    }

    /// Whether any name leads to it. What cannot be asked counts as there.
    var isLinked: Bool { (try? file.status())?.links != 0 }  // see above

    /// Nobody finds it under its name any more.
    func lose(_ nowNs: Int64) {
        grewNs = nowNs
        polledNs = .min
    }

    /// Whether to look at it again, which is the rarer the longer it has not grown.
    func isDue(_ nowNs: Int64) -> Bool { polledNs == .min || nowNs - polledNs >= (nowNs - grewNs) / 8 }

    /// Reads what is there, as long as the batcher takes it.
    func poll(_ batcher: LogBatcher, _ buffer: inout [UInt8], time: any TimeSource) throws -> Outcome {
        polledNs = time.monotonicNs
        let status = try file.status()
        if status.bytes != bytesSeen { (bytesSeen, grewNs) = (status.bytes, polledNs) }
        let head = try Fingerprint.head(of: file)
        guard status.bytes >= place.offset, place.fingerprint.fits(head) else {
            let before = place
            place = FilePlace(offset: 0, fingerprint: Fingerprint(head), path: before.path)
            batcher.note(source, place.text)
            return .replaced(before)
        }
        if place.fingerprint.count < Fingerprint.bytesMax { place.fingerprint = Fingerprint(head) }
        while place.offset < status.bytes {
            let taken = try readChunk(batcher, &buffer, upTo: status.bytes, time)
            if batcher.isFull { try batcher.flush() }
            guard taken > 0, batcher.isOpen else { break }
        }
        return .read
    }

    /// - Returns: how many bytes were taken; none where the last event is not complete yet.
    private func readChunk(
        _ batcher: LogBatcher, _ buffer: inout [UInt8], upTo size: Int, _ time: any TimeSource
    ) throws -> Int {
        var wanted = Limits.chunkBytes
        while true {
            let count = min(wanted, size - place.offset)
            if buffer.count < count { buffer = [UInt8](repeating: 0, count: count) }
            var span = buffer.mutableSpan
            let filled = min(try file.read(into: &span, at: place.offset), count)
            let isAll = place.offset + filled >= size
            // What was cut short waits for its rest; what has waited long enough goes as it is.
            let isLate = isAll && time.monotonicNs - grewNs >= waitNs
            let taken = hand(buffer[..<filled], takesRest: isLate, batcher, time.wallNs)
            if taken > 0 { return taken }
            guard !isAll, wanted <= cutter.eventBytesMax * 2 else { return 0 }
            wanted *= 2
        }
    }

    private func hand(_ bytes: ArraySlice<UInt8>, takesRest: Bool, _ batcher: LogBatcher, _ nowNs: Int64) -> Int {
        // Lines that are read at once keep their order by times of their own.
        var readNs = nowNs
        let taken = cutter.cut(bytes, takesRest: takesRest) { event in
            guard !event.text.isEmpty else { return }
            var labels = labels
            if let stream = event.stream {
                var builder = LabelsBuilder(labels)
                builder.set("stream", stream)
                labels = builder.labels()
            }
            batcher.add(event.timestampNs ?? readNs, labels, event.text.span)
            readNs += 1
        }
        if taken > 0 {
            place.offset += taken
            batcher.note(source, place.text)
        }
        return taken
    }
}
