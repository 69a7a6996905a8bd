import Encoding
import LogDB
import Posix

extension FuzzedDecoder {
    /// The pieces of a part of logs behind their checksums; the first byte says which, the second how many rows.
    static let logPart = FuzzedDecoder("log-part", bytesMax: 4096) { bytes in
        guard bytes.count >= 2 else { return }
        let rest = bytes.extracting(2..<bytes.count)
        let rows = Int(bytes[1])
        do throws(DecodeError) {
            switch bytes[0] & 3 {
            case 0:
                let blocks = MappedFile(copying: rest, path: "blocks")
                try LogPartCheck.index(rest, blocks: blocks, streams: rows)
            case 1: try LogPartCheck.head(rest, rows: rows)
            case 2: try LogPartCheck.column(rest, count: rows)
            default: try LogPartCheck.filter(rest)
            }
        } catch {
            check(error.offset >= 0, "a refusal without a place")
        }
    }
}
