import Posix

extension PartStore {
    /// Makes parts live and others not, and keeps the owner's state with that, in one step: after the end of the process
    /// at any instant all of it is found, or nothing.
    ///
    /// - Parameters:
    ///   - removed: live parts, replaced or expired.
    ///   - state: the owner's new state; nil keeps the last one. It belongs to all parts, so it should be small.
    ///   - publish: called with the parts that are live then, before any other commit; readers see neither old nor
    ///     new parts through `parts` while it runs. An owner that keeps its own view changes it here.
    /// - Returns: the new parts.
    @discardableResult
    package func commit(
        adding added: [FinishedPart], removing removed: [Part<Content>] = [], state: [UInt8]? = nil,
        publish: ([Part<Content>]) -> Void = { _ in }
    ) throws(PartsError) -> [Part<Content>] {
        try committed.withLock { committed throws(PartsError) -> [Part<Content>] in
            var next = committed.manifest
            next.sequence += 1
            if let state { next.state = state }
            let replaced = Set(removed.map(\.info.number))
            var opened: [Part<Content>] = []
            do throws(PartsError) {
                for part in added { opened.append(try place(part, next, replaced)) }
                next.parts.removeAll { replaced.contains($0.number) }
                next.parts += opened.map(\.info)
                next.retired += replaced.sorted() + committed.doubtful
                try write(next)
            } catch {
                committed.manifest.sequence = next.sequence
                committed.doubtful += added.map(\.number)
                throw error
            }
            committed.manifest = next
            exchange(replaced, opened, publish)
            for number in committed.doubtful { removals.add(number) }
            committed.doubtful.removeAll()
            return opened
        }
    }

    /// Completes a part's files, gives its directory the final name and opens it.
    private func place(
        _ part: FinishedPart, _ manifest: Manifest, _ replaced: Set<UInt64>
    ) throws(PartsError) -> Part<Content> {
        let info = PartInfo(
            number: part.number, partition: part.description.partition, minTimeMs: part.description.minTimeMs,
            maxTimeMs: part.description.maxTimeMs, rows: part.description.rows, level: part.description.level,
            createdMs: time.wallMs, files: part.files)
        let record = PartRecord(
            store: manifest.store, sequence: manifest.sequence, info: info, replaced: replaced.sorted(),
            state: manifest.state)
        let path = FilePath.join(directory, info.name)
        do throws(SystemError) {
            try system.replaceFile(FilePath.join(part.directory, PartRecord.fileName), with: record.bytes.span)
            try system.rename(part.directory, to: path)
            try system.syncDirectory(directory)
        } catch {
            throw .cannotWrite(error)
        }
        let files = PartFiles(info, in: path, system)
        do throws(PartDamage) {
            return Part(files, try open(files), removals: removals)
        } catch {
            throw .cannotOpenAgain(part: info.name, error)
        }
    }

    func write(_ manifest: Manifest) throws(PartsError) {
        do throws(SystemError) {
            try system.replaceFile(FilePath.join(directory, Manifest.fileName), with: manifest.bytes.span)
        } catch {
            throw .cannotWrite(error)
        }
    }

    private func exchange(
        _ replaced: Set<UInt64>, _ opened: [Part<Content>], _ publish: ([Part<Content>]) -> Void
    ) {
        live.withLock { live in
            for part in live where replaced.contains(part.info.number) { part.retire() }
            live.removeAll { replaced.contains($0.info.number) }
            live += opened
            live.sort { PartRecovery.isOrdered($0.info, $1.info) }
            publish(live)
        }
    }

    /// Removes the files of parts that are not live and that nobody reads any more, and returns how many that were. The
    /// manifest notes them until then; call it from the thread that merges.
    @discardableResult
    package func removeRetired() throws(PartsError) -> Int {
        let numbers = removals.takeAll()
        if numbers.isEmpty { return 0 }
        do throws(SystemError) {
            try committed.withLock { committed throws(SystemError) in
                for number in numbers {
                    try PartRecovery.remove(PartInfo.name(number), in: directory, system)
                    committed.manifest.retired.removeAll { $0 == number }
                }
            }
        } catch {
            for number in numbers { removals.add(number) }
            throw .cannotWrite(error)
        }
        return numbers.count
    }

    /// Stops serving a part that was found damaged and moves its files to `quarantine`. Who reads it still may find
    /// its files gone.
    package func quarantine(_ part: Part<Content>, _ damage: PartDamage) -> PartNotice {
        let name = part.info.name
        guard let copy = PartRecovery.putAside(name, in: directory, system) else {
            live.withLock { live in live.removeAll { $0 === part } }
            return .quarantined(part: name, reason: damage, copy: nil)
        }
        do {
            try commit(adding: [], removing: [part])
        } catch {
            // The manifest goes on naming it; the next start finds it in quarantine.
            live.withLock { live in live.removeAll { $0 === part } }
        }
        return .quarantined(part: name, reason: damage, copy: copy)
    }

    /// Takes parts that were put aside at opening out of the manifest.
    func forget(_ numbers: Set<UInt64>) {
        if numbers.isEmpty { return }
        committed.withLock { committed in
            committed.manifest.parts.removeAll { numbers.contains($0.number) }
            try? write(committed.manifest)  // the next start finds them in quarantine again
        }
    }
}
