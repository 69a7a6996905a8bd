import Foundation
import Parts
import Posix
import TestSupport
import Testing

/// A store whose parts hold a sorted list of numbers, in a directory of its own.
struct PartFixture {
    typealias Store = PartStore<[UInt8]>

    let temporary = TemporaryDirectory()
    var directory: String { temporary.file("parts") }

    static let open: Store.OpenContent = { files throws(PartDamage) in
        let mapping = try files.map("data", verifying: true)
        _ = try files.map("index")
        return mapping.bytes.indices.map { mapping.bytes[$0] }
    }

    func store(in system: any FileSystem = LocalFileSystem()) throws -> Store {
        try Store(directory, in: system, open: Self.open)
    }

    static func write(_ numbers: [UInt8], to store: Store, partition: Int64 = 0, level: Int = 0) throws -> FinishedPart
    {
        let writer = try store.makeWriter()
        var index = try writer.makeFile("index")
        try index.append(Array("index of \(numbers)".utf8).span)
        var data = try writer.makeFile("data")
        for number in numbers { try data.append([number].span) }
        #expect(data.offset == numbers.count)
        try writer.finish(data)
        try writer.finish(index)
        return writer.finish(
            PartDescription(
                partition: partition, minTimeMs: Int64(numbers.min() ?? 0), maxTimeMs: Int64(numbers.max() ?? 0),
                rows: numbers.count, level: level))
    }

    /// Adds a part and says in the state what all parts hold by then.
    static func add(_ numbers: [UInt8], to store: Store) throws {
        try store.commit(adding: [try write(numbers, to: store)], state: (store.state + numbers).sorted())
    }

    static func mergeAll(_ store: Store) throws {
        let old = store.parts
        let merged = try write(old.flatMap(\.content).sorted(), to: store, level: 1)
        try store.commit(adding: [merged], removing: old)
    }

    /// What the live parts hold, each number as often as it is there.
    static func numbers(_ store: Store) -> [UInt8] { store.parts.flatMap(\.content).sorted() }

    func names(_ path: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(directory)/\(path)").sorted()
    }

    func content(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(path)")))
    }

    func replace(_ path: String, with bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(directory)/\(path)"))
    }
}
