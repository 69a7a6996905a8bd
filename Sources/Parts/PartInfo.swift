/// What a store knows of an immutable part without opening its files.
package struct PartInfo: Equatable, Sendable {
    /// Grows with each part that is begun; no number is given twice in a directory.
    package let number: UInt64
    /// Parts of one partition may be merged with each other, others never: mostly a period of time.
    package let partition: Int64
    package let minTimeMs: Int64
    package let maxTimeMs: Int64
    package let rows: Int
    /// How many times the rows that were rewritten most often were rewritten: 0 for a part that was not merged.
    package let level: Int
    /// When it was made, by the wall clock.
    package let createdMs: Int64
    package let files: [PartFile]

    /// All files together.
    package var bytes: Int { files.reduce(0) { $0 + $1.bytes } }

    package init(
        number: UInt64, partition: Int64, minTimeMs: Int64, maxTimeMs: Int64, rows: Int, level: Int,
        createdMs: Int64, files: [PartFile]
    ) {
        self.number = number
        self.partition = partition
        self.minTimeMs = minTimeMs
        self.maxTimeMs = maxTimeMs
        self.rows = rows
        self.level = level
        self.createdMs = createdMs
        self.files = files
    }

    /// The name of its directory.
    package var name: String { Self.name(number) }

    static func name(_ number: UInt64) -> String {
        let hexadecimal = String(number, radix: 16)
        return String(repeating: "0", count: 16 - hexadecimal.count) + hexadecimal
    }

    static func number(ofName name: String) -> UInt64? {
        guard let number = UInt64(name, radix: 16), Self.name(number) == name else { return nil }
        return number
    }
}

/// One file of a part.
package struct PartFile: Equatable, Sendable {
    package let name: String
    package let bytes: Int
    /// CRC32C of all of it.
    package let checksum: UInt32

    package init(name: String, bytes: Int, checksum: UInt32) {
        self.name = name
        self.bytes = bytes
        self.checksum = checksum
    }
}

/// What the owner says of a part that it has written.
package struct PartDescription: Equatable, Sendable {
    package var partition: Int64
    package var minTimeMs: Int64
    package var maxTimeMs: Int64
    package var rows: Int
    /// One more than the highest level among the parts that were merged; 0 for rows that come from nowhere else.
    package var level: Int

    package init(partition: Int64, minTimeMs: Int64, maxTimeMs: Int64, rows: Int, level: Int = 0) {
        self.partition = partition
        self.minTimeMs = minTimeMs
        self.maxTimeMs = maxTimeMs
        self.rows = rows
        self.level = level
    }
}
