import Ingest
import Model
import Posix
import Telemetry

/// The work of `LogFiles` on its thread.
final class LogFileWalk {
    private let groups: [LogFileOptions]
    private let labels: [String: String]
    private let batchers: [LogBatcher]
    private let spool: Spool
    private let watch: ChangeWatch
    private let log: Logger
    private let time: any TimeSource
    private let system = LocalFileSystem()
    /// Files by name.
    private var named: [String: FileTail] = [:]
    /// Files that were rotated away or removed, still read for a while.
    private var gone: [FileTail] = []
    private var changed: Set<String> = []
    private var buffer: [UInt8] = []
    private var hasScanned = false
    private let openFiles: Gauge
    private let rotations: Counter

    init(
        _ groups: [LogFileOptions], _ labels: [String: String], _ batchers: [LogBatcher], _ spool: Spool,
        _ watch: ChangeWatch, _ registry: Registry, _ log: Logger, _ time: any TimeSource
    ) {
        (self.groups, self.labels, self.batchers, self.spool) = (groups, labels, batchers, spool)
        (self.watch, self.log, self.time) = (watch, log, time)
        openFiles = registry.gauge("obs_agent_log_files", "Files of logs that are open.")
        rotations = registry.counter(
            "obs_agent_log_rotations_total", "Files that were renamed, removed, cut short or written anew.")
    }

    /// - Parameter rest: waits; true when the end was asked for.
    func run(rest: (_ limitNs: Int64) -> Bool) {
        var scannedNs = Int64.min
        while true {
            let nowNs = time.monotonicNs
            let mustScan = takeChanges() || !hasScanned || nowNs - scannedNs >= LogFiles.Limits.rescanNs
            if mustScan {
                scan()
                scannedNs = nowNs
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
        for tail in gone { poll(tail) }
        let nowNs = time.monotonicNs
        gone.removeAll { nowNs - $0.grewNs > LogFiles.Limits.goneNs }
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
            try readCopy(of: before, besides: tail)
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
        let places = knownPlaces()
        if !hasScanned { readLeft(places, found) }
        let copies = Dictionary(
            places.values.filter(\.fingerprint.isTelling).map { ($0.fingerprint, $0) },
            uniquingKeysWith: { $0.offset > $1.offset ? $0 : $1 })
        for (path, file) in found.sorted(by: { $0.key < $1.key }) where named[path] == nil {
            guard named.count < LogFiles.Limits.filesMax else {
                log.warning(
                    "there are more files of logs than can be open",
                    ["limit": .integer(LogFiles.Limits.filesMax), "file": .text(path)])
                break
            }
            open(path, file.group, places, copies)
        }
        hasScanned = true
    }

    /// Files whose name is gone or means another file.
    private func letGo(_ found: [String: (group: Int, status: FileStatus)]) {
        let paths = Dictionary(
            found.map { (FileTail.source($0.value.status), $0.key) }, uniquingKeysWith: { first, _ in first })
        for (path, tail) in named {
            if let file = found[path], FileTail.source(file.status) == tail.source { continue }
            named[path] = nil
            rotations.add()
            if let other = paths[tail.source], named[other] == nil || named[other]?.source == tail.source {
                // Renamed to another name that is read too: it goes on under that, with the labels that it has.
                named[other] = tail
            } else {
                tail.isGone = true
                gone.append(tail)
                openMissed(tail.group, tail.place.path, besides: Set(paths.keys).union([tail.source]))
            }
        }
    }

    /// Files that had a name and lost it again before anybody looked: of the siblings those that are newer than the last
    /// that was seen.
    private func openMissed(_ group: Int, _ name: String, besides known: Set<String>) {
        let places = knownPlaces()
        var seen: [FileStatus] = []
        var missed: [(path: String, status: FileStatus)] = []
        for sibling in siblings(of: name) {
            guard let status = (try? system.status(at: sibling)).flatMap(\.self), status.kind == .file  // gone again
            else { continue }
            let source = FileTail.source(status)
            if places[source] != nil {
                seen.append(status)
            } else if !known.contains(source) {
                missed.append((sibling, status))
            }
        }
        guard let last = seen.map(\.modifiedNs).max() else { return }
        let copies = Dictionary(
            places.values.filter(\.fingerprint.isTelling).map { ($0.fingerprint, $0) },
            uniquingKeysWith: { $0.offset > $1.offset ? $0 : $1 })
        for file in missed.reversed() where file.status.modifiedNs >= last {
            open(file.path, group, places, copies, isGone: true, name: name)
        }
    }

    private func knownPlaces() -> [String: FilePlace] {
        var places: [String: FilePlace] = [:]
        for (source, text) in spool.places where source.hasPrefix("file:") { places[source] = FilePlace(text) }
        for tail in named.values { places[tail.source] = tail.place }
        for tail in gone { places[tail.source] = tail.place }
        return places
    }

    private func open(
        _ path: String, _ group: Int, _ places: [String: FilePlace], _ copies: [Fingerprint: FilePlace],
        isGone: Bool = false, name: String? = nil
    ) {
        do {
            let file = try File(path, .read, in: system)
            let status = try file.status()
            let head = try Fingerprint.head(of: file)
            let source = FileTail.source(status)
            if head.starts(with: [0x1f, 0x8b]) {
                return try readPacked(path, source, group, places, copies)
            }
            let counts = Set(copies.keys.map(\.count)).filter { $0 <= head.count }
            let copied = counts.lazy.compactMap { copies[Fingerprint(head.prefix($0))] }.first
            var place: FilePlace
            if let known = places[source], known.fingerprint.fits(head), known.offset <= status.bytes {
                place = known
            } else if let copied, copied.offset <= status.bytes, !named.values.contains(where: { $0.place == copied }) {
                place = FilePlace(offset: copied.offset, fingerprint: Fingerprint(head), path: copied.path)
            } else {
                let isNew = !hasScanned && !groups[group].readsFromStart
                place = FilePlace(offset: isNew ? status.bytes : 0, fingerprint: Fingerprint(head), path: name ?? path)
            }
            let tail = FileTail(
                file, status, group: group, groups[group], place: place,
                labels: groups[group].labels(ofFile: place.path, adding: labels), nowNs: time.monotonicNs)
            tail.isGone = isGone
            if isGone { gone.append(tail) } else { named[path] = tail }
        } catch {
            log.warning("cannot open a file of logs", ["file": .text(path), "error": .error(error)])
        }
    }

    private func readPacked(
        _ path: String, _ source: String, _ group: Int, _ places: [String: FilePlace],
        _ copies: [Fingerprint: FilePlace]
    ) throws {
        guard let head = PackedTail.head(of: path, system) else { return }
        let counts = Set(copies.keys.map(\.count)).filter { $0 <= head.count }
        let copied = counts.lazy.compactMap { copies[Fingerprint(head.prefix($0))] }.first
        let known = places[source].flatMap { $0.fingerprint.fits(head) ? $0 : nil } ?? copied
        let place = known ?? FilePlace(offset: 0, fingerprint: Fingerprint(head), path: path)
        var tail = PackedTail(
            path, source: source, groups[group],
            groups[group].labels(ofFile: place.path, adding: labels), place)
        try tail.read(batchers[group], time: time, system)
    }
}

// What was rotated away.
extension LogFileWalk {
    /// Files that an earlier process had not read to their end and that no name of the configuration leads to any more.
    private func readLeft(
        _ places: [String: FilePlace], _ found: [String: (group: Int, status: FileStatus)]
    ) {
        let present = Set(found.values.map { FileTail.source($0.status) })
        var lost: [String] = []
        for (source, place) in places.sorted(by: { $0.key < $1.key }) where !present.contains(source) {
            guard let group = groups.firstIndex(where: { $0.paths.contains { $0.matches(place.path) } }) else {
                lost.append(source)
                continue
            }
            let isFound = siblings(of: place.path).contains { path in
                let status = (try? system.status(at: path)).flatMap(\.self)  // gone again
                guard let status, status.kind == .file, FileTail.source(status) == source else { return false }
                open(path, group, places, [:], isGone: true)
                return true
            }
            if isFound {
                openMissed(group, place.path, besides: present)
                continue
            }
            do {
                try readCopy(of: place, group: group, besides: source)
            } catch {
                log.warning("cannot read what was rotated", ["file": .text(place.path), "error": .error(error)])
            }
            lost.append(source)
        }
        spool.forget(lost)
    }

    private func readCopy(of place: FilePlace, besides tail: FileTail) throws {
        try readCopy(of: place, group: tail.group, besides: tail.source)
    }

    /// Reads on in a copy of a file that was cut short or is gone: `x.log.1`, `x.log-20261121.gz`.
    private func readCopy(of place: FilePlace, group: Int, besides source: String) throws {
        guard place.fingerprint.isTelling else { return }
        let options = groups[group]
        for path in siblings(of: place.path) where named[path] == nil {
            guard let file = try? File(path, .read, in: system),  // gone again
                let status = try? file.status(), status.kind == .file,  // the same
                FileTail.source(status) != source, let head = try? Fingerprint.head(of: file)  // the same
            else { continue }
            let labels = options.labels(ofFile: place.path, adding: labels)
            if head.starts(with: [0x1f, 0x8b]) {
                guard let packed = PackedTail.head(of: path, system), place.fingerprint.fits(packed) else { continue }
                var tail = PackedTail(path, source: FileTail.source(status), options, labels, place)
                return try tail.read(batchers[group], time: time, system)
            }
            guard place.fingerprint.fits(head), status.bytes >= place.offset else { continue }
            let tail = FileTail(
                file, status, group: group, options, place: place, labels: labels, nowNs: time.monotonicNs)
            tail.isGone = true
            _ = try tail.poll(batchers[group], &buffer, time: time)
            gone.append(tail)
            return
        }
    }

    /// Files beside one whose names begin with its name, the newest first.
    private func siblings(of path: String) -> [String] {
        let folder = FilePath.parent(of: path)
        let name = FilePath.name(of: path)
        let stem = name.hasSuffix(".log") ? String(name.dropLast(4)) : name
        let names = (try? system.list(folder)) ?? []  // a folder that is gone has nothing
        let siblings = names.filter { $0 != name && $0.hasPrefix(stem) }.map { FilePath.join(folder, $0) }
        func modifiedNs(_ path: String) -> Int64 {
            (try? system.status(at: path))??.modifiedNs ?? 0  // gone again: last
        }
        return siblings.map { ($0, modifiedNs($0)) }.sorted { $0.1 > $1.1 }.map(\.0)
    }
}
