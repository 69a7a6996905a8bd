import Encoding

extension FuzzedDecoder {
    /// A block and single values may not disagree, and what was read is written the same way if it was minimal.
    static let varint = FuzzedDecoder("varint", bytesMax: 256) { input in
        var singles: [UInt64] = []
        var reader = ByteReader(input)
        var failure: DecodeError?
        do throws(DecodeError) {
            while !reader.isAtEnd { singles.append(try reader.readVarint()) }
        } catch {
            failure = error
        }
        var block: [UInt64] = []
        do throws(DecodeError) {
            let used = try Varint.decode(input, count: singles.count, appendingTo: &block)
            check(used == reader.offset, "a block takes \(used) bytes, single values \(reader.offset)")
        } catch {
            fatalError("a block refuses what single values accept: \(error)")
        }
        check(block == singles, "a block differs from its single values")
        if let failure {
            do throws(DecodeError) {
                _ = try Varint.decode(input, count: singles.count + 1, appendingTo: &block)
                fatalError("a block accepts what single values refuse: \(failure)")
            } catch {
                check(error.reason == failure.reason || error.offset == input.count, "\(error), but alone \(failure)")
                check(block == singles, "an error leaves values behind")
            }
        }
        var written: [UInt8] = []
        Varint.append(singles.span, to: &written)
        check(written.count <= reader.offset, "what was read is written longer")
        check(Varint.count(in: written.span) == singles.count, "the ends of what was written are not its values")
        var again: [UInt64] = []
        let used = try? Varint.decode(written.span, count: singles.count, appendingTo: &again)  // nil fails below
        check(used == written.count && again == singles, "what was written is not read back")
    }
}
