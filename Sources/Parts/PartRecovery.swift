import Posix

/// Finds out, at opening, which parts are live, and puts right what an ended process left.
struct PartRecovery {
    /// Directories with it are being written or removed; nothing live has it.
    static let unfinishedSuffix = ".tmp"
    static let quarantine = "quarantine"
    /// Far above what a million parts need.
    static let recordBytesMax = 256 << 20

    let directory: String
    let system: any FileSystem
    private(set) var notices: [PartNotice] = []
    /// Parts that are live and whose directories are there.
    private(set) var present: [PartInfo] = []
    /// Parts that the manifest names and that lie in quarantine by now.
    private(set) var quarantined: Set<UInt64> = []

    init(_ directory: String, _ system: any FileSystem) {
        self.directory = directory
        self.system = system
    }

    static func isOrdered(_ a: PartInfo, _ b: PartInfo) -> Bool {
        (a.partition, a.minTimeMs, a.number) < (b.partition, b.minTimeMs, b.number)
    }

    mutating func run() throws(PartsError) -> Manifest {
        let found: Result<Manifest, FormatFailure>?
        do throws(SystemError) {
            try system.createDirectories(directory)
            found = try readManifest()
        } catch {
            throw .cannotOpen(directory: directory, error)
        }
        if case .failure(.unknownVersion(let version)) = found {
            throw .unknownVersion(path: FilePath.join(directory, Manifest.fileName), version: version)
        }
        do throws(SystemError) {
            return try recover(found)
        } catch {
            throw .cannotOpen(directory: directory, error)
        }
    }

    private mutating func recover(_ found: Result<Manifest, FormatFailure>?) throws(SystemError) -> Manifest {
        var leftovers = 0
        let names = try system.list(directory)
        for name in names where name.hasSuffix(Self.unfinishedSuffix) {
            try system.removeTree(FilePath.join(directory, name))
            leftovers += 1
        }
        let numbers = names.compactMap(PartInfo.number(ofName:))
        var manifest =
            switch found {
            case .success(let manifest): manifest
            case .failure(let failure): try rebuild(numbers, "\(failure)")
            case nil: try numbers.isEmpty ? begin() : rebuild(numbers, "it is missing")
            }
        leftovers += try removeUnreferenced(numbers, manifest)
        if leftovers > 0 { notices.append(.leftoversRemoved(count: leftovers)) }
        try locate(Set(numbers), manifest)
        manifest.retired.removeAll()
        manifest.nextNumber = max(manifest.nextNumber, (numbers.max() ?? 0) + 1)
        return manifest
    }

    private func readManifest() throws(SystemError) -> Result<Manifest, FormatFailure>? {
        let path = FilePath.join(directory, Manifest.fileName)
        guard try system.status(at: path) != nil else { return nil }
        let bytes = try system.readFile(path, atMostBytes: Self.recordBytesMax)
        return Result { () throws(FormatFailure) in try Manifest(bytes: bytes) }
    }

    /// nil if the part's record cannot be read or is none.
    private func readRecord(_ number: UInt64) -> PartRecord? {
        let path = FilePath.join(FilePath.join(directory, PartInfo.name(number)), PartRecord.fileName)
        // A record that is unreadable for whatever reason is no ground to remove or to serve the part.
        guard let bytes = try? system.readFile(path, atMostBytes: Self.recordBytesMax),  // as said above
            let record = try? PartRecord(bytes: bytes), record.info.number == number  // as said above
        else { return nil }
        return record
    }

    private func begin() throws(SystemError) -> Manifest {
        let manifest = Manifest(store: .random(in: .min ... .max))
        try system.replaceFile(FilePath.join(directory, Manifest.fileName), with: manifest.bytes.span)
        return manifest
    }

    /// Makes the manifest from what the parts say of themselves: live is what no other part replaced.
    private mutating func rebuild(_ numbers: [UInt64], _ reason: String) throws(SystemError) -> Manifest {
        let copy = Self.putAside(Manifest.fileName, in: directory, system)
        notices.append(.manifestRebuilt(reason: reason, copy: copy))
        let records = numbers.compactMap(readRecord)
        guard let last = records.max(by: { $0.sequence < $1.sequence }) else { return try begin() }
        let own = records.filter { $0.store == last.store }
        let replaced = Set(own.flatMap(\.replaced))
        var manifest = Manifest(store: last.store, sequence: last.sequence, state: last.state)
        manifest.parts = own.map(\.info).filter { !replaced.contains($0.number) }
        manifest.retired = own.map(\.info.number).filter(replaced.contains)
        try system.replaceFile(FilePath.join(directory, Manifest.fileName), with: manifest.bytes.span)
        return manifest
    }

    /// Removes what is known to be replaced, expired or never committed. What is not known is moved to quarantine.
    private mutating func removeUnreferenced(_ numbers: [UInt64], _ manifest: Manifest) throws(SystemError) -> Int {
        let live = Set(manifest.parts.map(\.number))
        let retired = Set(manifest.retired)
        var removed = 0
        for number in numbers where !live.contains(number) {
            let record = readRecord(number)
            let isUncommitted = record.map { $0.store == manifest.store && $0.sequence > manifest.sequence } ?? false
            if retired.contains(number) || isUncommitted {
                try Self.remove(PartInfo.name(number), in: directory, system)
                removed += 1
            } else {
                let name = PartInfo.name(number)
                let copy = Self.putAside(name, in: directory, system)
                notices.append(.stranger(path: FilePath.join(directory, name), copy: copy))
            }
        }
        return removed
    }

    private mutating func locate(_ numbers: Set<UInt64>, _ manifest: Manifest) throws(SystemError) {
        for info in manifest.parts {
            if numbers.contains(info.number) {
                present.append(info)
            } else if try system.status(at: Self.quarantinePath(info.name, in: directory)) != nil {
                quarantined.insert(info.number)
            } else {
                notices.append(.missing(part: info.name))
            }
        }
        present.sort(by: Self.isOrdered)
    }

    /// Takes a part that cannot be opened out of what is served.
    mutating func refuse(_ info: PartInfo, _ damage: PartDamage) {
        guard case .corrupt = damage else {
            notices.append(.unavailable(part: info.name, reason: damage))
            return
        }
        let copy = Self.putAside(info.name, in: directory, system)
        if copy != nil { quarantined.insert(info.number) }
        notices.append(.quarantined(part: info.name, reason: damage, copy: copy))
    }

    /// Removes a directory so that what is left of it after an end of the process is known as a leftover.
    static func remove(_ name: String, in directory: String, _ system: any FileSystem) throws(SystemError) {
        let path = FilePath.join(directory, name)
        guard try system.status(at: path) != nil else { return }
        let leaving = path + unfinishedSuffix
        try system.removeTree(leaving)
        try system.rename(path, to: leaving)
        try system.removeTree(leaving)
    }

    static func quarantinePath(_ name: String, in directory: String) -> String {
        FilePath.join(FilePath.join(directory, quarantine), name)
    }

    /// Moves something to `quarantine`, under a name of its own, and returns its path; nil if that failed.
    static func putAside(_ name: String, in directory: String, _ system: any FileSystem) -> String? {
        do throws(SystemError) {
            let path = quarantinePath(name, in: directory)
            try system.createDirectories(FilePath.parent(of: path))
            var copy = path
            var number = 1
            while try system.status(at: copy) != nil {
                number += 1
                copy = "\(path).\(number)"
            }
            try system.rename(FilePath.join(directory, name), to: copy)
            try system.syncDirectory(FilePath.parent(of: copy))
            try system.syncDirectory(directory)
            return copy
        } catch {
            return nil
        }
    }
}
