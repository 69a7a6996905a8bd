import CSystemd
import Encoding
import Glibc
import Posix

/// Why systemd's journal cannot be read.
struct JournalReaderError: Error, CustomStringConvertible {
    let action: String
    let reason: String

    var description: String { "cannot \(action) systemd's journal: \(reason)" }
}

/// systemd's journal by libsystemd, which is loaded with the first. Used by one thread.
@safe
final class JournalReader {
    /// One entry. `_SYSTEMD_UNIT=ssh.service` is a field; a name may come several times, of which the last is kept.
    struct Entry {
        var timestampNs: Int64 = 0
        var fields: [String: [UInt8]] = [:]

        func text(_ name: String) -> String { fields[name].map { String(decoding: $0, as: UTF8.self) } ?? "" }
    }

    private let journal: OpaquePointer

    /// - Parameters:
    ///   - directory: of journal files; nil for those of this machine.
    ///   - matches: as journalctl takes them: `_SYSTEMD_UNIT=ssh.service`; those of one field are alternatives.
    init(directory: String?, matches: [String], fieldBytesMax: Int) throws(JournalReaderError) {
        if let failure = unsafe csystemd_load() {
            throw JournalReaderError(
                action: "read",
                reason: "libsystemd cannot be loaded: \(unsafe String(cString: failure)); install libsystemd0")
        }
        var opened: OpaquePointer?
        let code = unsafe csystemd_open(&opened, directory)
        guard code >= 0, let journal = unsafe opened else {
            throw JournalReaderError(action: "open", reason: SystemError.reason(-code))
        }
        unsafe self.journal = journal
        for match in matches {
            guard unsafe csystemd_match(journal, match, match.utf8.count) >= 0 else {
                throw JournalReaderError(action: "select from", reason: "\(Quoted.text(match)) is no FIELD=value")
            }
        }
        _ = unsafe csystemd_set_field_limit(journal, fieldBytesMax)
    }

    deinit {
        unsafe csystemd_close(journal)
    }

    /// Has `next` go on behind an entry that was read before, or with the first after it where that one is gone.
    func resume(after cursor: String) throws(JournalReaderError) {
        try check(unsafe csystemd_seek_cursor(journal, cursor), "look for a place in")
        // The entry itself was read. One that is gone leaves the next one, which has to be told.
        guard try advance(), unsafe csystemd_is_at(journal, cursor) <= 0 else { return }
        isAtNext = true
    }

    /// Has `next` begin with the first entry of this time or later.
    func begin(atNs ns: Int64) throws(JournalReaderError) {
        try check(unsafe csystemd_seek_time(journal, UInt64(max(0, ns / 1000))), "look for a time in")
    }

    /// The position stands on an entry that `next` has not told.
    private var isAtNext = false

    /// Goes to the next entry; nil at the end.
    func next() throws(JournalReaderError) -> Entry? {
        if !isAtNext {
            guard try advance() else { return nil }
        }
        isAtNext = false
        var entry = Entry()
        var microseconds: UInt64 = 0
        try check(unsafe csystemd_microseconds(journal, &microseconds), "read a time of")
        entry.timestampNs = Int64(microseconds) * 1000
        unsafe csystemd_restart_fields(journal)
        var data: UnsafeRawPointer?
        var length = 0
        while unsafe csystemd_field(journal, &data, &length) > 0, let start = unsafe data {
            let bytes = unsafe UnsafeRawBufferPointer(start: start, count: length)
            guard let sign = unsafe bytes.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = unsafe String(decoding: bytes[..<sign], as: UTF8.self)
            entry.fields[name] = unsafe Array(bytes[(sign + 1)...])
        }
        return entry
    }

    /// Names the entry that `next` told last, through restarts and rotation.
    func cursor() throws(JournalReaderError) -> String {
        var text: UnsafeMutablePointer<CChar>?
        try check(unsafe csystemd_cursor(journal, &text), "name a place of")
        guard let cursor = unsafe text else { return "" }
        defer { unsafe free(cursor) }
        return unsafe String(cString: cursor)
    }

    /// Waits for entries to come, or files.
    func wait(atMostMs limitMs: Int) {
        _ = unsafe csystemd_wait(journal, UInt64(limitMs) * 1000)
    }

    private func advance() throws(JournalReaderError) -> Bool {
        let code = unsafe csystemd_next(journal)
        try check(code, "read")
        return code > 0
    }

    private func check(_ code: Int32, _ action: String) throws(JournalReaderError) {
        if code < 0 { throw JournalReaderError(action: action, reason: SystemError.reason(-code)) }
    }
}
