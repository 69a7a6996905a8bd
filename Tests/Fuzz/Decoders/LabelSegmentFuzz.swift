import Encoding
import LabelIndex
import Posix

extension FuzzedDecoder {
    /// A segment of the label index whose checksums are put right first, as in `samplePart`.
    static let labelSegment = FuzzedDecoder("label-segment") { input in
        var bytes = input.array
        for mends in [false, true] {
            if mends, bytes.count >= headerBytes {
                bytes.put(CRC32C.of(bytes.span.extracting(headerBytes...)), at: headerBytes - 8)
                bytes.put(CRC32C.of(bytes.span.extracting(..<(headerBytes - 4))), at: headerBytes - 4)
            }
            do throws(LabelIndexError) {
                let segment = try LabelSegment(MappedFile(copying: bytes.span, path: "labels"))
                _ = try segment.matching([])
                try segment.check()
            } catch {
                check(!error.reason.isEmpty, "a segment is refused without a reason")
            }
        }
    }

    private static let headerBytes = 128
}
