/// Why bytes cannot be decoded, and where.
@usableFromInline
package struct DecodeError: Error, Equatable {
    @usableFromInline
    package enum Reason: Equatable, Sendable {
        /// The input ends this many bytes too early.
        case truncated(missing: Int)
        /// A varint does not end within the bits of its type.
        case overlongVarint
        case invalidCharacter(UInt8)
        /// The number of characters cannot come from whole bytes.
        case invalidCharacterCount(Int)
        /// The bits behind the last whole byte are not zero.
        case excessBits
        case invalidBitWidth(Int)
        case invalidFieldNumber(UInt64)
        case unsupportedWireType(UInt8)
        /// A packed run is not a whole number of values of this size.
        case invalidPackedByteCount(Int, valueBytes: Int)
        case tooDeep(depthMax: Int)
    }

    package let reason: Reason
    /// Counted from the start of the input that the decoder was given.
    package let offset: Int

    @usableFromInline
    package init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

extension DecodeError: CustomStringConvertible {
    @usableFromInline
    package var description: String { "cannot decode the bytes at offset \(offset): \(reason)" }
}

extension DecodeError.Reason: CustomStringConvertible {
    @usableFromInline
    package var description: String {
        switch self {
        case .truncated(let missing): "the input ends \(missing) bytes too early"
        case .overlongVarint: "a varint is longer than its type allows"
        case .invalidCharacter(let byte): "the byte \(byte) is not a digit of this notation"
        case .invalidCharacterCount(let count): "\(count) characters cannot come from whole bytes"
        case .excessBits: "the bits behind the last whole byte are not zero"
        case .invalidBitWidth(let width): "a width of \(width) bits is not between 0 and 64"
        case .invalidFieldNumber(let number): "\(number) is not a field number of protobuf"
        case .unsupportedWireType(let type): "the wire type \(type) is not one of protobuf, or that of a group"
        case .invalidPackedByteCount(let count, let size): "\(count) bytes are no run of values of \(size) bytes"
        case .tooDeep(let depth): "messages are nested deeper than the limit of \(depth)"
        }
    }
}
