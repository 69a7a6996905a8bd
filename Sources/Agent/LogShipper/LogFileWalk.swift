import Ingest
import Model
import Posix
import Telemetry

/// The work of `LogFiles` on its thread.
final class LogFileWalk {
    enum Limits {
        /// Of ten parts of time, names are looked up in one.
        static let scanRests: Int64 = 9
        /// How often places of files that are gone are forgotten.
        static let sweepNs: Int64 = 3_600_000_000_000
    }

    let groups: [LogFileOptions]
    let labels: [String: String]
    let batchers: [LogBatcher]
    let spool: Spool
    let log: Logger
    let time: any TimeSource
    let system = LocalFileSystem()
    /// Files by name.
    var named: [String: FileTail] = [:]
    /// Files that were rotated away or removed, still read for a while.
    var gone: [FileTail] = []
    /// Places of files that are read no more and may come again, by source.
    var known: [String: FilePlace]
    /// Compressed files that were read, by name: as they were then.
    var packed: [String: FileStatus] = [:]
    var changed: Set<String> = []
    /// Names of files that were told of and are not open.
    private var passing: Set<String> = []
    var buffer: [UInt8] = []
    var hasScanned = false
    /// A file was opened whose place no record holds yet.
    private var hasNoted = false
    /// Those of which an earlier process has read files: what is new there came while nobody looked.
    private let knownGroups: Set<Int>
    private let watch: ChangeWatch
    var sweptNs: Int64
    private let openFiles: Gauge
    private let rotations: Counter

    init(
        _ groups: [LogFileOptions], _ labels: [String: String], _ batchers: [LogBatcher], _ spool: Spool,
        _ watch: ChangeWatch, _ registry: Registry, _ log: Logger, _ time: any TimeSource
    ) {
        (self.groups, self.labels, self.batchers, self.spool) = (groups, labels, batchers, spool)
        (self.watch, self.log, self.time) = (watch, log, time)
        var places: [String: FilePlace] = [:]
        for (source, text) in spool.places where source.hasPrefix("file:") { places[source] = FilePlace(text) }
        known = places
        knownGroups = Set(
            groups.indices.filter { index in
                places.values.contains { place in groups[index].paths.contains { $0.matches(place.path) } }
            })
        sweptNs = time.monotonicNs
        openFiles = registry.gauge("obs_agent_log_files", "Files of logs that are open.")
        rotations = registry.counter(
            "obs_agent_log_rotations_total", "Files that were renamed, removed, cut short or written anew.")
    }

    /// - Parameter rest: waits; true when the end was asked for.
    func run(rest: (_ limitNs: Int64) -> Bool) {
        var nextScanNs = Int64.min
        var latestScanNs = Int64.min
        var isAsked = true
        while true {
            let nowNs = time.monotonicNs
            isAsked = takeChanges() || isAsked
            let mustScan = nowNs >= latestScanNs || isAsked && nowNs >= nextScanNs
            if mustScan {
                scan()
                isAsked = false
                let endNs = time.monotonicNs
                nextScanNs = endNs + (endNs - nowNs) * Limits.scanRests
                latestScanNs = endNs + LogFiles.Limits.rescanNs
            }
            pollAll(everything: mustScan)
            flush(onlyDue: true)
            if rest(LogFiles.Limits.restNs) { break }
        }
        flush(onlyDue: false)
    }

    /// Takes what inotify tells.
    ///
    /// - Returns: whether names have to be looked up.
    private func takeChanges() -> Bool {
        let isIdle = changed.isEmpty && gone.isEmpty
        var mustScan = false
        for change in watch.wait(atMostMs: isIdle ? 200 : 0) {
            switch change {
            case .forgotten: mustScan = true
            case .changed(let directory, let name):
                let path = FilePath.join(directory, name)
                changed.insert(path)
                guard let tail = named[path] else {
                    guard group(of: path) != nil else { continue }
                    passing.insert(path)
                    mustScan = true
                    continue
                }
                // The same name may belong to another file by now.
                let status = (try? system.status(at: path)).flatMap(\.self)  // gone: looked up
                if status?.inode != tail.inode || status?.device != tail.device { mustScan = true }
            }
        }
        return mustScan
    }

    private func pollAll(everything: Bool) {
        let nowNs = time.monotonicNs
        for tail in gone where tail.isDue(nowNs) { poll(tail) }
        retire(nowNs)
        let names = everything ? Set(named.keys) : changed
        changed = changed.filter { named[$0].map { isWaiting($0) } ?? false }
        for name in names {
            guard let tail = named[name] else { continue }
            poll(tail)
            if isWaiting(tail) { changed.insert(name) }
        }
        openFiles.set(named.count + gone.count)
    }

    /// Whether a file has something that is taken later, with or without what may follow.
    private func isWaiting(_ tail: FileTail) -> Bool {
        (try? system.status(at: tail.path))??.bytes ?? 0 > tail.place.offset  // gone: nothing waits
    }

    private func poll(_ tail: FileTail) {
        let batcher = batchers[tail.group]
        do {
            guard case .replaced(let before) = try tail.poll(batcher, &buffer, time: time) else { return }
            rotations.add()
            try readCopy(of: before, group: tail.group, besides: tail.source)
            changed.insert(tail.path)
        } catch {
            log.warning("cannot read a file of logs", ["file": .text(tail.path), "error": .error(error)])
        }
    }

    private func flush(onlyDue: Bool) {
        for batcher in batchers where !onlyDue || batcher.isDue {
            do {
                try batcher.flush()
            } catch {
                log.error("cannot put lines into the spool; they are read again", ["error": .error(error)])
            }
        }
    }
}

// Which files there are.
extension LogFileWalk {
    private func scan() {
        var found: [String: (group: Int, status: FileStatus)] = [:]
        for (index, group) in groups.enumerated() {
            for glob in group.paths {
                for folder in glob.folders(in: system) { _ = watch.add(folder) }
                for path in glob.paths(in: system) where found[path] == nil {
                    guard !group.excluded.contains(where: { $0.matches(path) }),
                        let status = (try? system.status(at: path)).flatMap(\.self), status.kind == .file  // gone again
                    else { continue }
                    found[path] = (index, status)
                }
            }
        }
        letGo(found)
        if !hasScanned { readLeft(found) }
        openNew(found)
        openPassed(found)
        hasScanned = true
        packed = packed.filter { found[$0.key] != nil }
        // Whoever is killed now has to know what it has begun to read: the file may have another name by then.
        if hasNoted { flush(onlyDue: false) }
        hasNoted = false
    }

    private func openNew(_ found: [String: (group: Int, status: FileStatus)]) {
        let new = found.filter { named[$0.key] == nil && packed[$0.key] != $0.value.status }
        guard !new.isEmpty else { return }
        let places = knownPlaces()
        let copies = KnownCopies(places.values)
        let names = Set(places.values.map(\.path))
        let present = Set(found.values.map { FileTail.source($0.status) })
        for (path, file) in new.sorted(by: { $0.key < $1.key }) {
            guard named.count < LogFiles.Limits.filesMax else {
                return log.warning(
                    "there are more files of logs than can be open",
                    ["limit": .integer(LogFiles.Limits.filesMax), "file": .text(path)])
            }
            let source = FileTail.source(file.status)
            // The name has meant others: those that had and lost it since anybody looked come before.
            if places[source] == nil, names.contains(path) { openMissed(file.group, path, besides: present) }
            open(path, file.group, places, copies)
            let opened = named[path]?.source
            guard opened != source, packed[path] == nil, self.source(at: path) != source else { continue }
            // It lost its name while this went on.
            let others = present.subtracting([source]).union(opened.map { [$0] } ?? [])
            openMissed(file.group, path, since: file.status.modifiedNs, besides: others)
        }
    }

    /// Files that came and went under a name that no file has now.
    private func openPassed(_ found: [String: (group: Int, status: FileStatus)]) {
        let gone = passing.filter { found[$0] == nil }
        passing.removeAll()
        guard !gone.isEmpty else { return }
        let names = Set(knownPlaces().values.map(\.path))
        let present = Set(found.values.map { FileTail.source($0.status) })
        for path in gone.sorted() where names.contains(path) {
            if let group = group(of: path) { openMissed(group, path, besides: present) }
        }
    }

    func group(of path: String) -> Int? {
        groups.firstIndex { $0.paths.contains { $0.matches(path) } }
    }

    private func source(at path: String) -> String? {
        (try? system.status(at: path)).flatMap(\.self).map(FileTail.source)  // gone
    }

    /// Files whose name is gone or means another file.
    private func letGo(_ found: [String: (group: Int, status: FileStatus)]) {
        let lost = named.filter { path, tail in found[path].map { FileTail.source($0.status) != tail.source } ?? true }
        guard !lost.isEmpty else { return }
        let paths = Dictionary(
            found.map { (FileTail.source($0.value.status), $0.key) }, uniquingKeysWith: { first, _ in first })
        for (path, tail) in lost.sorted(by: { $0.key < $1.key }) {
            named[path] = nil
            rotations.add()
            if let other = paths[tail.source], named[other] == nil || named[other]?.source == tail.source {
                // Renamed to another name that is read too: it goes on under that, with the labels that it has.
                named[other] = tail
            } else {
                tail.lose(time.monotonicNs)
                gone.append(tail)
                openMissed(tail.group, tail.place.path, besides: Set(paths.keys).union([tail.source]))
            }
        }
    }

    /// Where every file is read to, also those that are open now.
    func knownPlaces() -> [String: FilePlace] {
        var places = known
        for tail in named.values { places[tail.source] = tail.place }
        for tail in gone { places[tail.source] = tail.place }
        return places
    }

    /// - Parameters:
    ///   - isGone: the name is not the one that it is read under.
    ///   - name: that one, where it is not known from its place.
    func open(
        _ path: String, _ group: Int, _ places: [String: FilePlace], _ copies: KnownCopies, isGone: Bool = false,
        name: String? = nil
    ) {
        do {
            let file = try File(path, .read, in: system)
            let status = try file.status()
            let head = try Fingerprint.head(of: file)
            let source = FileTail.source(status)
            if head.starts(with: [0x1f, 0x8b]) {
                try readPacked(path, source, group, places, copies)
                packed[path] = status
                return
            }
            let place = place(path, status, head, group, places, copies, name)
            let tail = FileTail(
                file, status, group: group, groups[group], place: place,
                labels: groups[group].labels(ofFile: place.path, adding: labels), nowNs: time.monotonicNs)
            known[source] = nil
            if isGone { gone.append(tail) } else { named[path] = tail }
            if places[source] != place {
                batchers[group].note(source, place.text)
                hasNoted = true
            }
        } catch {
            log.warning("cannot open a file of logs", ["file": .text(path), "error": .error(error)])
        }
    }

    /// Where reading begins.
    private func place(
        _ path: String, _ status: FileStatus, _ head: [UInt8], _ group: Int, _ places: [String: FilePlace],
        _ copies: KnownCopies, _ name: String?
    ) -> FilePlace {
        if let place = places[FileTail.source(status)], place.fingerprint.fits(head), place.offset <= status.bytes {
            return place
        }
        if let copied = copies.place(ofFileWith: head), copied.offset <= status.bytes, !isOwn(copied, of: path) {
            return FilePlace(offset: copied.offset, fingerprint: Fingerprint(head), path: copied.path)
        }
        let isNew = !hasScanned && !groups[group].readsFromStart && !knownGroups.contains(group)
        return FilePlace(offset: isNew ? status.bytes : 0, fingerprint: Fingerprint(head), path: name ?? path)
    }

    /// Whether a place is of a file that is still there beside the one of this path: one that only begins alike, such as
    /// with the line that a program writes at its start.
    private func isOwn(_ place: FilePlace, of path: String) -> Bool {
        if named.values.contains(where: { $0.place == place }) { return true }
        return place.path == path && gone.contains { $0.place == place && $0.isLinked }
    }

    private func readPacked(
        _ path: String, _ source: String, _ group: Int, _ places: [String: FilePlace], _ copies: KnownCopies
    ) throws {
        guard let head = PackedTail.head(of: path, system) else { return }
        let known = places[source].flatMap { $0.fingerprint.fits(head) ? $0 : nil } ?? copies.place(ofFileWith: head)
        let place = known ?? FilePlace(offset: 0, fingerprint: Fingerprint(head), path: path)
        var tail = PackedTail(
            path, source: source, groups[group],
            groups[group].labels(ofFile: place.path, adding: labels), place)
        try tail.read(batchers[group], time: time, system)
        self.known[source] = tail.place
    }
}
