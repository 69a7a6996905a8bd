import Encoding
package import Model

/// One message of syslog, RFC 5424 or 3164. What has the form of neither is all text: nothing is refused.
package struct SyslogMessage {
    package var facility = 1
    package var severity = 5
    /// Nil where the message does not tell.
    package var timestampNs: Int64?
    package var host = ""
    package var app = ""
    package var process = ""
    package var messageID = ""
    /// Structured data: names are those of the element and the parameter with an underscore between them.
    package var parameters: [(name: String, value: String)] = []
    package var text = 0..<0

    private static let facilityMax = 23
    private static let tagBytesMax = 128

    package static let facilities = [
        "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
        "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
    ]
    package static let severities = ["emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"]

    /// - Parameters:
    ///   - nowMs: tells the year of a timestamp without one.
    ///   - zone: of a timestamp without one.
    package init(_ bytes: Span<UInt8>, nowMs: Int64, _ zone: TimeZone = .utc) {
        var end = bytes.count
        while end > 0, [0x0a, 0x0d, 0].contains(bytes[end - 1]) { end -= 1 }
        let bytes = bytes.extracting(0..<end)
        var cursor = SyslogCursor()
        if let priority = cursor.priority(bytes), priority <= Self.facilityMax * 8 + 7 {
            (facility, severity) = (priority / 8, priority % 8)
            let start = cursor
            if !readVersion1(bytes, &cursor) {
                cursor = start
                readOld(bytes, &cursor, nowMs, zone)
            }
        } else {
            cursor.at = 0
        }
        text = cursor.at..<end
        if bytes.extracting(text).starts(with: [0xef, 0xbb, 0xbf]) { text = (cursor.at + 3)..<end }
    }

    // MARK: RFC 5424

    /// False where the message is not of this form; then nothing of it may be used.
    private mutating func readVersion1(_ bytes: Span<UInt8>, _ cursor: inout SyslogCursor) -> Bool {
        guard cursor.skip("1 ", bytes), let time = cursor.word(bytes), let host = cursor.word(bytes),
            let app = cursor.word(bytes), let process = cursor.word(bytes), let messageID = cursor.word(bytes)
        else { return false }
        var timestampNs: Int64?
        if time != "-" {
            timestampNs = LogTime.ns(Array(time.utf8))
            if timestampNs == nil { return false }
        }
        func value(_ word: String) -> String { word == "-" ? "" : word }
        self.timestampNs = timestampNs
        (self.host, self.app) = (value(host), value(app))
        (self.process, self.messageID) = (value(process), value(messageID))
        let data = cursor
        if cursor.skip("-", bytes) || readElements(bytes, &cursor), cursor.at == bytes.count || cursor.skip(" ", bytes)
        {
            return true
        }
        // Structured data that is none is text.
        cursor = data
        parameters = []
        return true
    }

    private mutating func readElements(_ bytes: Span<UInt8>, _ cursor: inout SyslogCursor) -> Bool {
        var isAny = false
        while cursor.skip("[", bytes) {
            isAny = true
            guard let id = cursor.name(bytes) else { return false }
            while cursor.skip(" ", bytes) {
                guard let name = cursor.name(bytes), cursor.skip("=\"", bytes), let value = cursor.quoted(bytes) else {
                    return false
                }
                // The number that some senders carry in their id is no part of a name.
                let element = id.split(separator: "@", omittingEmptySubsequences: false)[0]
                parameters.append((LogLabelName.of("\(element)_\(name)"), value))
            }
            guard cursor.skip("]", bytes) else { return false }
        }
        return isAny
    }

    // MARK: RFC 3164

    private mutating func readOld(
        _ bytes: Span<UInt8>, _ cursor: inout SyslogCursor, _ nowMs: Int64, _ zone: TimeZone
    ) {
        let start = cursor
        guard let ns = cursor.oldTime(bytes, nowMs: nowMs, zone) ?? cursor.modernTime(bytes) else {
            cursor = start
            return
        }
        timestampNs = ns
        // What ends with a colon or carries a process is a tag: the host was left out.
        let behindTime = cursor
        if let word = cursor.word(bytes), !word.hasSuffix(":"), !word.contains("["), !word.isEmpty {
            host = word
        } else {
            cursor = behindTime
        }
        readTag(bytes, &cursor)
    }

    private mutating func readTag(_ bytes: Span<UInt8>, _ cursor: inout SyslogCursor) {
        let start = cursor.at
        var at = start
        while at < bytes.count, at - start <= Self.tagBytesMax,
            ![0x20, UInt8(ascii: ":"), UInt8(ascii: "[")].contains(bytes[at])
        { at += 1 }
        let tag = start..<at
        var process = 0..<0
        if at < bytes.count, bytes[at] == UInt8(ascii: "["),
            let close = bytes.offset(of: UInt8(ascii: "]"), from: at), close - at <= Self.tagBytesMax
        {
            process = (at + 1)..<close
            at = close + 1
        }
        guard !tag.isEmpty, tag.count <= Self.tagBytesMax, at < bytes.count, bytes[at] == UInt8(ascii: ":") else {
            return
        }
        app = SyslogCursor.text(bytes, tag)
        self.process = SyslogCursor.text(bytes, process)
        cursor.at = at + 1
        _ = cursor.skip(" ", bytes)
    }
}

/// Where reading a message has come to.
private struct SyslogCursor {
    var at = 0

    static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
        let bytes = bytes.extracting(range)
        return unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    mutating func skip(_ wanted: StaticString, _ bytes: Span<UInt8>) -> Bool {
        let count = wanted.utf8CodeUnitCount
        guard count <= bytes.count - at else { return false }
        for index in 0..<count where unsafe bytes[at + index] != wanted.utf8Start[index] { return false }
        at += count
        return true
    }

    /// `<34>`
    mutating func priority(_ bytes: Span<UInt8>) -> Int? {
        guard skip("<", bytes) else { return nil }
        let start = at
        var number = 0
        while at < bytes.count, at - start < 3, bytes[at] >= 0x30, bytes[at] <= 0x39 {
            number = number * 10 + Int(bytes[at] - 0x30)
            at += 1
        }
        return at > start && skip(">", bytes) ? number : nil
    }

    /// What comes before the next space, which is passed over; nil where there is none.
    mutating func word(_ bytes: Span<UInt8>) -> String? {
        guard let end = bytes.offset(of: 0x20, from: at) else { return nil }
        defer { at = end + 1 }
        return Self.text(bytes, at..<end)
    }

    /// Of an element of structured data or of one of its parameters.
    mutating func name(_ bytes: Span<UInt8>) -> String? {
        let start = at
        while at < bytes.count, bytes[at] > 0x20, bytes[at] < 0x7f,
            ![UInt8(ascii: "="), UInt8(ascii: "]"), UInt8(ascii: "\"")].contains(bytes[at])
        { at += 1 }
        return at > start ? Self.text(bytes, start..<at) : nil
    }

    /// Up to the quote that ends the value, which is passed over.
    mutating func quoted(_ bytes: Span<UInt8>) -> String? {
        var value: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: value, as: UTF8.self) }
            // Before anything else a backslash stands for itself.
            if byte == UInt8(ascii: "\\"), at < bytes.count,
                [UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "]")].contains(bytes[at])
            {
                value.append(bytes[at])
                at += 1
            } else {
                value.append(byte)
            }
        }
        return nil
    }

    /// `2003-08-24T05:14:15.000003-07:00`
    mutating func modernTime(_ bytes: Span<UInt8>) -> Int64? {
        guard at < bytes.count, bytes[at] >= 0x30, bytes[at] <= 0x39, let word = word(bytes), word.contains("T") else {
            return nil
        }
        return LogTime.ns(Array(word.utf8))
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// `Oct 11 22:14:15`, in the year that brings it nearest to now.
    mutating func oldTime(_ bytes: Span<UInt8>, nowMs: Int64, _ zone: TimeZone) -> Int64? {
        guard bytes.count - at >= 16 else { return nil }
        let text = Self.text(bytes, at..<(at + 15))
        let parts = text.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 3, bytes[at + 15] == 0x20,
            let month = Self.months.firstIndex(of: String(parts[0])), let day = Int(parts[1]), (1...31).contains(day)
        else { return nil }
        let clock = parts[2].split(separator: ":").map { Int($0) ?? -1 }
        guard clock.count == 3, (0...23).contains(clock[0]), (0...59).contains(clock[1]), (0...60).contains(clock[2])
        else { return nil }
        at += 16
        let year = CivilTime(ms: nowMs).year
        let moments = [year - 1, year, year + 1].map { year in
            let days = CivilTime.daysSince1970(year: year, month: month + 1, day: day)
            return zone.instant(ofClock: Int64(days * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2])) * 1000
        }
        return moments.min { abs($0 - nowMs) < abs($1 - nowMs) }.map { $0 * 1_000_000 }
    }
}

extension Span<UInt8> {
    fileprivate func starts(with prefix: [UInt8]) -> Bool {
        count >= prefix.count && prefix.indices.allSatisfy { self[$0] == prefix[$0] }
    }
}
