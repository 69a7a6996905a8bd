import Encoding
import Journal
package import Posix
package import Telemetry

/// What was read and not acknowledged yet, on disk: records in order, each once, bounded. When it is full, who brings lines
/// waits (files, journals and pipes keep theirs) and who brings samples is refused: what is oldest stays.
package final class Spool: Sendable {
    package enum Limits {
        package static let bytes = 1 << 30
        package static let bytesMin = 8 << 20
        static let segmentsMin = 8
        static let segmentBytesMax = 32 << 20
    }

    private struct State: ~Copyable {
        var appender: JournalAppender
        var sequence: UInt64
        var places: SpoolPlaces
        var droppedUpTo: JournalPosition
        var isStopping = false
    }

    /// By which collectors know the batches of this agent.
    package let sender: String
    let readers: [SpoolReader]
    private let directory: String
    private let bytesMax: Int
    private let system: any FileSystem
    private let journal: Journal
    private let state: Monitor<State>
    private let refusedSamples: Counter

    /// Opens the folder, which nobody else may use meanwhile.
    ///
    /// - Parameter collectors: a name for each that is to get everything; names of files.
    package init(
        _ directory: String, bytesMax: Int = Limits.bytes, collectors: [String], registry: Registry,
        time: any TimeSource = SystemTime(), system: any FileSystem = LocalFileSystem()
    ) throws {
        try system.createDirectories(directory)
        var options = JournalOptions(directory: FilePath.join(directory, "journal"), name: "spool")
        options.segmentBytes = min(Limits.segmentBytesMax, bytesMax / Limits.segmentsMin)
        options.metrics = registry
        let journal = try Journal(options, in: system)
        var places = SpoolPlaces.read(from: directory, system)
        var last: UInt64 = 0
        _ = try journal.replay { type, payload, end in
            guard let record = SpoolRecord(type: type, payload) else { return }
            last = max(last, record.sequence)
            if end.value > places.position { places.places.merge(record.places) { $1 } }
        }
        places.position = journal.end.value
        self.sender = try Self.sender(directory, system)
        self.directory = directory
        self.bytesMax = max(bytesMax, Limits.bytesMin)
        self.system = system
        self.journal = journal
        readers = try collectors.map { name throws(SystemError) in
            try SpoolReader(name, in: directory, from: .start, system)
        }
        let first = max(last + 1, UInt64(max(0, time.wallNs / 1000)))
        state = Monitor(
            State(
                appender: journal.makeAppender(), sequence: first, places: places,
                droppedUpTo: readers.map(\.position).min() ?? .start))
        refusedSamples = registry.counter(
            "obs_agent_spool_samples_refused_total", "Samples that the spool had no room for.")
        registry.callback("obs_agent_spool_bytes", "Bytes of the spool on disk.") { [weak journal] in
            Double(journal?.heldBytes ?? 0)
        }
        registry.callback("obs_agent_spool_limit_bytes", "Bytes that the spool may take.") { Double(bytesMax) }
    }

    private static func sender(_ directory: String, _ system: any FileSystem) throws(SystemError) -> String {
        let path = FilePath.join(directory, "sender")
        if let bytes = try? system.readFile(path, atMostBytes: 256), !bytes.isEmpty {  // made below where there is none
            return String(decoding: bytes, as: UTF8.self)
        }
        let name = "\(Machine.hostname)-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        try system.replaceFile(path, with: Array(name.utf8).span)
        return name
    }

    /// How far each source was read when the spool was opened, and since.
    package var places: [String: String] { state.withLock { $0.places.places } }

    private var isFull: Bool { journal.heldBytes >= bytesMax }

    /// Appends lines with the places behind them, waiting while the spool is full.
    ///
    /// - Returns: false where the spool was stopped meanwhile; nothing was appended then.
    func append(logs body: [UInt8], count: Int, places: [String: String]) throws(JournalError) -> Bool {
        while isFull {
            // The time bounds only how late a spool that was emptied is noticed without a wake-up.
            let isStopping = state.wait(atMostNs: 200_000_000) { $0.isStopping || !self.isFull ? $0.isStopping : nil }
            if isStopping == true { return false }
        }
        return try append(.logs, body, count, places)
    }

    /// Appends lines of which nobody knows a place; false where there is no room.
    func offer(logs body: [UInt8], count: Int) throws(JournalError) -> Bool {
        guard !isFull else { return false }
        return try append(.logs, body, count, [:])
    }

    /// Appends samples; false where there is no room.
    func append(metrics body: [UInt8], count: Int) throws(JournalError) -> Bool {
        guard !isFull else {
            refusedSamples.add(count)
            return false
        }
        return try append(.metrics, body, count, [:])
    }

    private func append(
        _ kind: SpoolRecord.Kind, _ body: [UInt8], _ count: Int, _ places: [String: String]
    ) throws(JournalError) -> Bool {
        let isAppended = try state.withLock { state throws(JournalError) in
            guard !state.isStopping || kind == .metrics else { return false }
            let record = SpoolRecord(
                kind: kind, sequence: state.sequence, count: count, places: places, body: body)
            let end = try state.appender.append(type: kind.rawValue, record.encoded().span, compressing: false)
            state.sequence += 1
            state.places.position = end.value
            state.places.places.merge(places) { $1 }
            return true
        }
        state.wakeAll()
        return isAppended
    }

    /// Forgets the places of sources that are gone.
    func forget(_ sources: some Sequence<String>) {
        state.withLock { for source in sources { $0.places.places[source] = nil } }
    }

    /// The oldest record that a collector has not acknowledged, with the position behind it; waits for one.
    ///
    /// - Parameter isEnding: does not wait any longer; whoever changes it calls `wake`.
    /// - Returns: nil when the time is over.
    func next(
        for reader: SpoolReader, atMostNs limitNs: Int64, unless isEnding: () -> Bool = { false }
    ) throws(JournalError) -> (SpoolRecord, JournalPosition)? {
        let position = reader.position
        let end = journal.end
        guard end > position else {
            _ = state.wait(atMostNs: limitNs) { _ in isEnding() || self.journal.end > position ? true : nil }
            return nil
        }
        var found: (SpoolRecord, JournalPosition)?
        let reached = try journal.read(from: position) { type, payload, end in
            guard found == nil else { return false }
            found = SpoolRecord(type: type, payload).map { ($0, end) }
            return true
        }
        // Damage and records of other versions are passed over, which the journal has counted.
        if found == nil, reached > position { try noteTaken(reader, upTo: reached) }
        return found
    }

    /// Notes that a collector has everything up to a position, and drops what all of them have.
    func noteTaken(_ reader: SpoolReader, upTo position: JournalPosition) throws(JournalError) {
        do throws(SystemError) {
            try reader.take(upTo: position)
        } catch {
            throw .cannotWrite(error)
        }
        guard let all = readers.map(\.position).min() else { return }
        let snapshot: SpoolPlaces? = state.withLock { state in
            guard all.value >= state.droppedUpTo.value + UInt64(journal.options.segmentBytes) else { return nil }
            state.droppedUpTo = all
            return state.places
        }
        if let snapshot { try drop(before: all, snapshot) }
        state.wakeAll()
    }

    private func drop(before position: JournalPosition, _ snapshot: SpoolPlaces) throws(JournalError) {
        do throws(SystemError) {
            try snapshot.write(into: directory, system)
        } catch {
            throw .cannotWrite(error)
        }
        try journal.drop(before: position)
    }

    /// How many bytes of the journal a collector has not acknowledged.
    func pendingBytes(of reader: SpoolReader) -> Int {
        Int(journal.end.value - min(reader.position, journal.end).value)
    }

    /// Whoever waits with lines gives up, and no more are taken; the last samples are.
    package func stop() {
        state.withLock { $0.isStopping = true }
        wake()
    }

    func wake() { state.wakeAll() }

    /// Notes the places and closes the journal, after everybody who uses the spool has ended.
    package func close() throws {
        stop()
        try state.withLock { $0.places }.write(into: directory, system)
        try journal.close()
    }
}
