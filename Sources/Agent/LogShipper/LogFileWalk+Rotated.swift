import Model
import Posix
import Telemetry

// What was rotated away.
extension LogFileWalk {
    /// A file beside the one whose name its own begins with.
    struct Sibling {
        let path: String
        let status: FileStatus
        var source: String { FileTail.source(status) }
    }

    /// Files that an earlier process had not read to their end and that no name of the configuration leads to any more.
    /// One that was cut short or whose number another file has by now is not the file that was read.
    func readLeft(_ found: [String: (group: Int, status: FileStatus)]) {
        let paths = Dictionary(
            found.map { (FileTail.source($0.value.status), $0.key) }, uniquingKeysWith: { first, _ in first })
        let present = Set(paths.keys)
        let places = known
        let left = Dictionary(
            grouping: places.filter { source, place in paths[source].map { !isStill(place, $0) } ?? true }
        ) { $0.value.path }
        for (path, entries) in left.sorted(by: { $0.key < $1.key }) {
            guard let group = group(of: path) else {
                forget(entries.map(\.key))
                continue
            }
            var lost: [String] = []
            let siblings = Dictionary(siblings(of: path).map { ($0.source, $0.path) }, uniquingKeysWith: { $1 })
            for (source, place) in entries.sorted(by: { $0.key < $1.key }) {
                if let sibling = siblings[source], isStill(place, sibling) {
                    open(sibling, group, places, KnownCopies([]), isGone: true)
                    continue
                }
                do {
                    try readCopy(of: place, group: group, besides: source)
                } catch {
                    log.warning("cannot read what was rotated", ["file": .text(path), "error": .error(error)])
                }
                lost.append(source)
            }
            forget(lost)
            openMissed(group, path, besides: present)
        }
        // What was written first is told first.
        gone.sort { ($0.modifiedNs, $0.path) < ($1.modifiedNs, $1.path) }
    }

    /// Whether the file at a path is the one of a place; one that has changed its name meanwhile is looked for elsewhere.
    private func isStill(_ place: FilePlace, _ path: String) -> Bool {
        guard let file = try? File(path, .read, in: system), let status = try? file.status(),  // gone again
            let head = try? Fingerprint.head(of: file)  // the same
        else { return false }
        if head.starts(with: [0x1f, 0x8b]) { return true }
        return place.offset <= status.bytes && place.fingerprint.fits(head)
    }

    /// Files that had a name and lost it again before anybody looked: of the siblings those that are newer than the last
    /// that was seen, or than a time.
    func openMissed(_ group: Int, _ name: String, since timeNs: Int64? = nil, besides present: Set<String>) {
        let places = knownPlaces()
        let siblings = siblings(of: name)
        let seen = siblings.filter { places[$0.source] != nil }
        guard let last = timeNs ?? seen.map(\.status.modifiedNs).max() else { return }
        let missed = siblings.filter {
            places[$0.source] == nil && !present.contains($0.source) && $0.status.modifiedNs >= last
                && packed[$0.path] != $0.status
        }
        guard !missed.isEmpty else { return }
        let copies = KnownCopies(places.values)
        for file in missed.reversed() { open(file.path, group, places, copies, isGone: true, name: name) }
    }

    /// Reads on in a copy of a file that was cut short or is gone: `x.log.1`, `x.log-20261121.gz`.
    func readCopy(of place: FilePlace, group: Int, besides source: String) throws {
        guard place.fingerprint.isTelling else { return }
        let options = groups[group]
        for sibling in siblings(of: place.path) where named[sibling.path] == nil && sibling.source != source {
            guard let file = try? File(sibling.path, .read, in: system),  // gone again
                let head = try? Fingerprint.head(of: file)  // the same
            else { continue }
            let labels = options.labels(ofFile: place.path, adding: labels)
            if head.starts(with: [0x1f, 0x8b]) {
                guard let packed = PackedTail.head(of: sibling.path, system), place.fingerprint.fits(packed) else {
                    continue
                }
                var tail = PackedTail(sibling.path, source: sibling.source, options, labels, place)
                return try tail.read(batchers[group], time: time, system)
            }
            guard place.fingerprint.fits(head), sibling.status.bytes >= place.offset else { continue }
            let tail = FileTail(
                file, sibling.status, group: group, options, place: place, labels: labels, nowNs: time.monotonicNs)
            _ = try tail.poll(batchers[group], &buffer, time: time)
            gone.append(tail)
            return
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }

    /// Files beside one whose names begin with its name, the newest first. What a rotation adds begins with a sign:
    /// `app-10.log.1` is none of `app-1.log`.
    private func siblings(of path: String) -> [Sibling] {
        let folder = FilePath.parent(of: path)
        let name = FilePath.name(of: path)
        let stem = name.hasSuffix(".log") ? String(name.dropLast(4)) : name
        let names = (try? system.list(folder)) ?? []  // a folder that is gone has nothing
        let others = names.filter { other in
            guard other != name, other.hasPrefix(stem) else { return false }
            return other.utf8.dropFirst(stem.utf8.count).first.map { !Self.isWord($0) } ?? true
        }
        let siblings = others.compactMap { name -> Sibling? in
            let path = FilePath.join(folder, name)
            guard let status = (try? system.status(at: path)).flatMap(\.self), status.kind == .file  // gone again
            else { return nil }
            return Sibling(path: path, status: status)
        }
        return siblings.sorted { $0.status.modifiedNs > $1.status.modifiedNs }
    }
}

// What is read no more.
extension LogFileWalk {
    /// Closes what lost its name long ago and grows no more.
    func retire(_ nowNs: Int64) {
        var lost: [String] = []
        gone.removeAll { tail in
            guard nowNs - tail.grewNs > LogFiles.Limits.goneNs else { return false }
            if tail.isLinked { known[tail.source] = tail.place } else { lost.append(tail.source) }
            return true
        }
        if !lost.isEmpty { forget(lost) }
        if nowNs - sweptNs > Limits.sweepNs {
            sweptNs = nowNs
            sweep()
        }
    }

    /// Forgets places of files that nobody finds under any name.
    private func sweep() {
        var lost: [String] = []
        for (path, entries) in Dictionary(grouping: known, by: \.value.path) {
            let present = Set(siblings(of: path).map(\.source))
            lost += entries.map(\.key).filter { !present.contains($0) && packed[path].map(FileTail.source) != $0 }
        }
        forget(lost)
    }

    private func forget(_ sources: [String]) {
        for source in sources { known[source] = nil }
        spool.forget(sources)
    }
}

/// Places by how their files begin, which is how a copy is known.
struct KnownCopies {
    private let places: [Fingerprint: FilePlace]
    private let counts: Set<Int>

    init(_ places: some Sequence<FilePlace>) {
        self.places = Dictionary(
            places.filter(\.fingerprint.isTelling).map { ($0.fingerprint, $0) },
            uniquingKeysWith: { $0.offset > $1.offset ? $0 : $1 })
        counts = Set(self.places.keys.map(\.count))
    }

    func place(ofFileWith head: [UInt8]) -> FilePlace? {
        counts.lazy.filter { $0 <= head.count }.compactMap { places[Fingerprint(head.prefix($0))] }.first
    }
}
