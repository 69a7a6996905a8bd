import Encoding

/// Why a block of samples cannot be decoded. Blocks are only decoded after their checksum was found right, so this
/// tells of a defect of the writer or of bytes made to deceive.
struct CodecError: Error, Equatable {
    enum Reason: Equatable {
        case bytes(DecodeError.Reason)
        case unknownForm(UInt8)
        case width(Int)
        case exceptions(Int)
        case position(Int)
        case exponent(Int)
        case count(Int)
    }

    let reason: Reason
    let offset: Int

    init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// What reading or checking within a block threw; `start` is where the block begins.
    init(_ error: any Error, at start: Int) {
        switch error {
        case let error as CodecError: self = error
        case let error as DecodeError: self.init(.bytes(error.reason), at: error.offset)
        default: preconditionFailure("BUG: the block at offset \(start) failed with \(error)")
        }
    }
}

extension CodecError: CustomStringConvertible {
    var description: String {
        let what =
            switch reason {
            case .bytes(let reason): "\(reason)"
            case .unknownForm(let form): "form \(form) is unknown"
            case .width(let width): "a width of \(width) bits is not between 0 and 64"
            case .exceptions(let count): "\(count) exceptions are more than there are values"
            case .position(let position): "an exception at position \(position) lies outside of the block"
            case .exponent(let exponent): "a decimal exponent of \(exponent) is above \(DecimalForm.exponentMax)"
            case .count(let count): "\(count) samples are more than a block holds"
            }
        return "cannot decode the block at offset \(offset): \(what)"
    }
}
