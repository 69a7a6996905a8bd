package import Encoding

/// A time zone with all of its changes, as the files of the tz database (TZif, RFC 8536) hold it.
package struct TimeZone: Sendable {
    /// How clocks stand for a while.
    package struct Offset: Sendable, Hashable {
        /// East of Greenwich.
        package let seconds: Int
        package let abbreviation: String
    }

    package struct Failure: Error, Sendable, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    package let name: String
    /// Instants, in seconds since 1970, from which on `offsets` of the same place holds.
    private let changes: [Int64]
    private let offsets: [Offset]
    /// Before the first change.
    private let first: Offset
    /// After the last change.
    private let rule: TimeZoneRule?

    package static let utc = TimeZone(name: "UTC", fixed: Offset(seconds: 0, abbreviation: "UTC"))

    init(name: String, fixed: Offset) {
        self.name = name
        (changes, offsets, first, rule) = ([], [], fixed, nil)
    }

    /// - Parameter bytes: of a TZif file.
    package init(name: String, bytes: [UInt8]) throws(Failure) {
        self.name = name
        let file = try TZifFile(bytes, name: name)
        changes = file.changes
        offsets = file.offsets
        first = file.first
        rule = TimeZoneRule(file.footer)
    }

    private static let folder = "/usr/share/zoneinfo/"
    private static let fileBytesMax = 1 << 20

    /// By its name in the tz database of this machine, `Local` being what the machine itself uses.
    ///
    /// - Parameter read: reads a file of at most so many bytes.
    package static func named<Unread: Error>(
        _ name: String, read: (_ path: String, _ bytesMax: Int) throws(Unread) -> [UInt8]
    ) throws(Failure) -> TimeZone {
        if name.isEmpty || name == "UTC" { return .utc }
        let isName = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) || "/_-+".utf8.contains(byte)
        }
        guard isName, name.first != "/" else { throw Failure(description: "unknown time zone \(Quoted.text(name))") }
        let bytes: [UInt8]
        do throws(Unread) {
            bytes = try read(name == "Local" ? "/etc/localtime" : folder + name, fileBytesMax)
        } catch {
            throw Failure(description: "unknown time zone \(Quoted.text(name)): \(error)")
        }
        return try TimeZone(name: name, bytes: bytes)
    }

    /// The instant at which clocks of the zone show a date and time that is `seconds` since 1970 by itself. Of an hour that
    /// comes twice one of the two.
    package func instant(ofClock seconds: Int64) -> Int64 {
        let near = seconds - Int64(offset(atSeconds: seconds).seconds)
        return seconds - Int64(offset(atSeconds: near).seconds)
    }

    package func offset(atSeconds seconds: Int64) -> Offset {
        guard let last = changes.last, let start = changes.first, seconds >= start else {
            return changes.isEmpty ? rule?.offset(atSeconds: seconds) ?? first : first
        }
        if seconds >= last, let rule { return rule.offset(atSeconds: seconds) }
        var low = 0
        var high = changes.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if changes[middle] <= seconds { low = middle } else { high = middle }
        }
        return offsets[low]
    }

    /// The date and time that clocks of the zone show.
    package func civil(atMs ms: Int64) -> CivilTime {
        let seconds = ms >= 0 ? ms / 1000 : (ms - 999) / 1000
        return CivilTime(ms: ms + Int64(offset(atSeconds: seconds).seconds) * 1000)
    }
}

/// The rules of a zone of one name are the same on one machine.
extension TimeZone: Equatable {
    package static func == (a: TimeZone, b: TimeZone) -> Bool { a.name == b.name }
}

/// What a TZif file holds. The block with 64-bit times counts where there is one.
private struct TZifFile {
    private(set) var changes: [Int64] = []
    private(set) var offsets: [TimeZone.Offset] = []
    private(set) var first = TimeZone.Offset(seconds: 0, abbreviation: "UTC")
    private(set) var footer = ""
    private let bytes: [UInt8]
    private let name: String
    private var index = 0

    private struct Header {
        let version: UInt8
        let counts: [Int]

        /// In the order of the file: UT marks, standard marks, leap seconds, changes, types, characters.
        func length(timeBytes: Int) -> Int {
            counts[3] * (timeBytes + 1) + counts[4] * 6 + counts[5] + counts[2] * (timeBytes + 4) + counts[1]
                + counts[0]
        }
    }

    init(_ bytes: [UInt8], name: String) throws(TimeZone.Failure) {
        self.bytes = bytes
        self.name = name
        var header = try readHeader()
        if header.version >= UInt8(ascii: "2") {
            try skip(header.length(timeBytes: 4))
            header = try readHeader()
            try readBlock(header, timeBytes: 8)
            footer = String(decoding: bytes[index...].drop { $0 == 0x0a }.prefix { $0 != 0x0a }, as: UTF8.self)
        } else {
            try readBlock(header, timeBytes: 4)
        }
    }

    private func failure(_ reason: String) -> TimeZone.Failure {
        TimeZone.Failure(description: "the time zone file of \(name) cannot be read: \(reason)")
    }

    private mutating func skip(_ count: Int) throws(TimeZone.Failure) {
        guard count >= 0, index + count <= bytes.count else { throw failure("it ends too early") }
        index += count
    }

    private mutating func integer(_ count: Int) throws(TimeZone.Failure) -> Int64 {
        let start = index
        try skip(count)
        var value: Int64 = bytes[start] >= 0x80 ? -1 : 0
        for byte in bytes[start..<index] { value = value << 8 | Int64(byte) }
        return value
    }

    private mutating func readHeader() throws(TimeZone.Failure) -> Header {
        let start = index
        try skip(20)
        guard bytes[start..<start + 4].elementsEqual("TZif".utf8) else {
            throw failure("it is malformed at offset \(index)")
        }
        var counts: [Int] = []
        for _ in 0..<6 {
            let count = Int(try integer(4))
            guard count >= 0, count <= 1 << 20 else { throw failure("it is malformed at offset \(index)") }
            counts.append(count)
        }
        return Header(version: bytes[start + 4], counts: counts)
    }

    private mutating func readBlock(_ header: Header, timeBytes: Int) throws(TimeZone.Failure) {
        let end = index + header.length(timeBytes: timeBytes)
        guard end <= bytes.count, header.counts[4] > 0 else { throw failure("it is malformed at offset \(index)") }
        var times: [Int64] = []
        for _ in 0..<header.counts[3] { times.append(try integer(timeBytes)) }
        let places = index
        try skip(header.counts[3])
        let types = try readTypes(header.counts[4])
        var offsets: [TimeZone.Offset] = []
        let names = bytes[index..<index + header.counts[5]]
        for type in types {
            guard type.name < names.count else { throw failure("it is malformed at offset \(index)") }
            let name = names[(names.startIndex + type.name)...].prefix { $0 != 0 }
            offsets.append(
                TimeZone.Offset(seconds: type.seconds, abbreviation: String(decoding: name, as: UTF8.self)))
        }
        for (place, time) in times.enumerated() {
            let type = Int(bytes[places + place])
            guard type < offsets.count, changes.last.map({ $0 < time }) ?? true else {
                throw failure("it is malformed at offset \(index)")
            }
            changes.append(time)
            self.offsets.append(offsets[type])
        }
        first = offsets[0]
        index = end
    }

    private mutating func readTypes(_ count: Int) throws(TimeZone.Failure) -> [(seconds: Int, name: Int)] {
        var types: [(seconds: Int, name: Int)] = []
        for _ in 0..<count {
            let seconds = Int(try integer(4))
            try skip(2)
            types.append((seconds, Int(bytes[index - 1])))
        }
        return types
    }
}
