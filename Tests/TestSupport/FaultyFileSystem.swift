package import Posix

/// The calls of a file system that a fault can be tied to.
package enum FileCall: String, CaseIterable, Sendable {
    case open, read, write, append, sync, truncate, allocate, map, lock, statusOfFile, status, list
    case createDirectory, removeFile, removeDirectory, rename, link, space

    /// Those that change what a later process finds.
    package static let changes: Set<FileCall> = [
        .write, .append, .sync, .truncate, .allocate, .createDirectory, .removeFile, .removeDirectory, .rename, .link,
    ]
    package static let all = Set(allCases)
}

/// One thing that goes wrong.
package struct Fault: Sendable {
    package enum Effect: Sendable {
        /// The call does nothing and fails with this `errno` value.
        case fail(Int32)
        /// A write is done and says that it failed; other calls fail.
        case failAfter(Int32)
        /// A write puts down only a part (a half) of its bytes and then fails; other calls fail.
        case tear(Int32)
        /// A read or write moves only one byte, and succeeds; other calls are not touched.
        case short
    }

    package let effect: Effect
    /// Which call of the kinds in `calls` is hit, counted from 1.
    package let number: Int
    /// Whether all later ones are hit too, as on a full disk, or after the end of the process.
    package let onwards: Bool
    package let calls: Set<FileCall>

    package init(
        _ effect: Effect, at number: Int, onwards: Bool = false, of calls: Set<FileCall> = FileCall.changes
    ) {
        self.effect = effect
        self.number = number
        self.onwards = onwards
        self.calls = calls
    }
}

/// A file system whose calls go to another one, except for those that a fault hits.
package final class FaultyFileSystem: FileSystem {
    private struct State {
        var fault: Fault?
        var space: DiskSpace?
        var count = 0
        var hits = 0
    }

    private let real: any FileSystem
    private let isSyncing: Bool
    private let state: Lock<State>

    /// - Parameter isSyncing: whether syncs that no fault hits reach the device. Tests that end a process, and not the
    ///   power, do not need them and run a hundred times faster without.
    package init(_ fault: Fault? = nil, over real: any FileSystem = LocalFileSystem(), isSyncing: Bool = false) {
        self.real = real
        self.isSyncing = isSyncing
        state = Lock(State(fault: fault))
    }

    /// Replaces the fault, or heals the disk; calls are counted anew, hits add up.
    package func inject(_ fault: Fault?) {
        state.withLock {
            $0.fault = fault
            $0.count = 0
        }
    }

    /// Lets the device seem to have this much room; nil for the truth.
    package func pretend(_ space: DiskSpace?) {
        state.withLock { $0.space = space }
    }

    /// How many calls were hit.
    package var hits: Int { state.withLock { $0.hits } }

    /// Counts the call and says what happens to it.
    private func effect(_ call: FileCall) -> Fault.Effect? {
        state.withLock { state in
            guard let fault = state.fault, fault.calls.contains(call) else { return nil }
            state.count += 1
            guard state.count == fault.number || fault.onwards && state.count > fault.number else { return nil }
            state.hits += 1
            return fault.effect
        }
    }

    private func pass(_ call: FileCall, _ path: String) throws(SystemError) {
        switch effect(call) {
        case .fail(let code), .failAfter(let code), .tear(let code):
            throw SystemError(call: call.rawValue, on: path, code: code)
        case .short, nil: return
        }
    }

    package func open(_ path: String, _ access: FileAccess) throws(SystemError) -> OpenFile {
        try pass(.open, path)
        return try real.open(path, access)
    }

    package func close(_ file: OpenFile) {
        real.close(file)
    }

    package func read(
        _ file: OpenFile, into buffer: inout MutableSpan<UInt8>, from index: Int, at offset: Int?
    ) throws(SystemError) -> Int {
        switch effect(.read) {
        case .fail(let code), .failAfter(let code), .tear(let code):
            throw SystemError(call: "read", on: file.path, code: code)
        case nil: return try real.read(file, into: &buffer, from: index, at: offset)
        case .short:
            guard index < buffer.count else { return 0 }
            var one: [UInt8] = [0]
            var span = one.mutableSpan
            let count = try real.read(file, into: &span, from: 0, at: offset)
            if count == 1 { buffer[index] = one[0] }
            return count
        }
    }

    package func write(_ file: OpenFile, _ bytes: Span<UInt8>, at offset: Int) throws(SystemError) -> Int {
        switch effect(.write) {
        case nil: return try real.write(file, bytes, at: offset)
        case .fail(let code): throw SystemError(call: "write", on: file.path, code: code)
        case .short: return try real.write(file, bytes.extracting(first: 1), at: offset)
        case .failAfter(let code):
            _ = try real.write(file, bytes, at: offset)
            throw SystemError(call: "write", on: file.path, code: code)
        case .tear(let code):
            _ = try real.write(file, bytes.extracting(first: bytes.count / 2), at: offset)
            throw SystemError(call: "write", on: file.path, code: code)
        }
    }

    package func append(
        _ file: OpenFile, _ first: Span<UInt8>, _ second: Span<UInt8>
    ) throws(SystemError) -> Int {
        switch effect(.append) {
        case nil: return try real.append(file, first, second)
        case .fail(let code): throw SystemError(call: "append", on: file.path, code: code)
        case .short: return try append(file, first, second, firstBytes: 1)
        case .failAfter(let code):
            _ = try real.append(file, first, second)
            throw SystemError(call: "append", on: file.path, code: code)
        case .tear(let code):
            _ = try append(file, first, second, firstBytes: (first.count + second.count) / 2)
            throw SystemError(call: "append", on: file.path, code: code)
        }
    }

    private func append(
        _ file: OpenFile, _ first: Span<UInt8>, _ second: Span<UInt8>, firstBytes: Int
    ) throws(SystemError) -> Int {
        let ofFirst = min(firstBytes, first.count)
        return try real.append(
            file, first.extracting(first: ofFirst), second.extracting(first: min(second.count, firstBytes - ofFirst)))
    }

    package func sync(_ file: OpenFile, metadata: Bool) throws(SystemError) {
        try pass(.sync, file.path)
        if isSyncing { try real.sync(file, metadata: metadata) }
    }

    package func truncate(_ file: OpenFile, toBytes bytes: Int) throws(SystemError) {
        try pass(.truncate, file.path)
        try real.truncate(file, toBytes: bytes)
    }

    package func allocate(_ file: OpenFile, bytes: Int) throws(SystemError) {
        try pass(.allocate, file.path)
        try real.allocate(file, bytes: bytes)
    }

    package func map(_ file: OpenFile, bytes: Int) throws(SystemError) -> MappedFile {
        try pass(.map, file.path)
        return try real.map(file, bytes: bytes)
    }

    package func lock(_ file: OpenFile) throws(SystemError) -> Bool {
        try pass(.lock, file.path)
        return try real.lock(file)
    }

    package func status(_ file: OpenFile) throws(SystemError) -> FileStatus {
        try pass(.statusOfFile, file.path)
        return try real.status(file)
    }

    package func status(at path: String) throws(SystemError) -> FileStatus? {
        try pass(.status, path)
        return try real.status(at: path)
    }

    package func list(_ directory: String) throws(SystemError) -> [String] {
        try pass(.list, directory)
        return try real.list(directory)
    }

    package func createDirectory(_ path: String) throws(SystemError) {
        try pass(.createDirectory, path)
        try real.createDirectory(path)
    }

    package func removeFile(_ path: String) throws(SystemError) {
        try pass(.removeFile, path)
        try real.removeFile(path)
    }

    package func removeDirectory(_ path: String) throws(SystemError) {
        try pass(.removeDirectory, path)
        try real.removeDirectory(path)
    }

    package func rename(_ path: String, to newPath: String) throws(SystemError) {
        try pass(.rename, path)
        try real.rename(path, to: newPath)
    }

    package func link(_ path: String, to newPath: String) throws(SystemError) {
        try pass(.link, path)
        try real.link(path, to: newPath)
    }

    package func space(at path: String) throws(SystemError) -> DiskSpace {
        try pass(.space, path)
        if let space = state.withLock({ $0.space }) { return space }
        return try real.space(at: path)
    }
}

/// Runs `body` again and again, the fault hitting call 1, 2, 3 ..., until a run was not hit.
///
/// - Parameters:
///   - limit: the most runs; reaching it means that `body` never ends clean, which is a bug of the test.
///   - body: gets a file system with the fault and the number of the call that it hits.
/// - Returns: how many runs were hit.
@discardableResult
package func withEachFault(
    _ effect: Fault.Effect, onwards: Bool = false, of calls: Set<FileCall> = FileCall.changes, limit: Int = 10_000,
    _ body: (FaultyFileSystem, Int) throws -> Void
) rethrows -> Int {
    for number in 1...limit {
        let system = FaultyFileSystem(Fault(effect, at: number, onwards: onwards, of: calls))
        try body(system, number)
        if system.hits == 0 { return number - 1 }
    }
    preconditionFailure("BUG: still hit by a fault after \(limit) runs")
}

extension FaultyFileSystem {
    /// File systems of which the first, the second, the third... call is hit, until there are no more calls to hit.
    package static func forEachCall(
        _ effect: Fault.Effect, onwards: Bool = false, _ body: (FaultyFileSystem, Int) throws -> Void
    ) rethrows {
        for number in 1... {
            let system = FaultyFileSystem(Fault(effect, at: number, onwards: onwards))
            try body(system, number)
            if system.hits == 0 { return }
        }
    }
}
