import Encoding
import Posix
import TSDB

extension FuzzedDecoder {
    /// A part of samples whose checksums are put right first: what remains is what the checksums would not have caught.
    static let samplePart = FuzzedDecoder("sample-part") { input in
        var bytes = input.array
        for mends in [false, true] {
            if mends { mendSamplePart(&bytes) }
            let file = MappedFile(copying: bytes.span, path: "samples")
            do throws(PartError) {
                try SamplePartCheck.run(file)
            } catch {
                check(!error.reason.isEmpty && error.offset >= 0, "a part is refused without a reason")
            }
        }
    }

    private static let footerBytes = 92
    private static let entryBytes = 64

    private static func mendSamplePart(_ bytes: inout [UInt8]) {
        guard bytes.count >= footerBytes else { return }
        let footer = bytes.count - footerBytes
        let index = Int(truncatingIfNeeded: bytes.word(at: footer, bytes: 8) & 0x7fff_ffff_ffff)
        if index < footer {
            for entry in stride(from: index, to: footer - entryBytes + 1, by: entryBytes) {
                let start = Int(truncatingIfNeeded: bytes.word(at: entry, bytes: 8))
                let length = Int(bytes.word(at: entry + 8, bytes: 4) + bytes.word(at: entry + 12, bytes: 4))
                guard start >= 0, start <= index, length <= index - start else { continue }
                bytes.put(CRC32C.of(bytes.span.extracting(start..<start + length)), at: entry + 20)
            }
            bytes.put(CRC32C.of(bytes.span.extracting(index..<footer)), at: footer + 12)
        }
        bytes.put(CRC32C.of(bytes.span.extracting(footer..<footer + 80)), at: footer + 80)
    }
}

extension [UInt8] {
    func word(at place: Int, bytes: Int) -> UInt64 {
        (0..<bytes).reduce(0) { $0 | UInt64(self[place + $1]) << UInt64(8 * $1) }
    }

    mutating func put(_ word: UInt32, at place: Int) {
        for byte in 0..<4 { self[place + byte] = UInt8(truncatingIfNeeded: word >> UInt32(8 * byte)) }
    }
}
