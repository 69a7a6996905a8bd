/// Whether bytes are valid UTF-8, at the standard library's speed.
package enum UTF8Check {
    package static func isValid(_ bytes: Span<UInt8>) -> Bool { firstInvalidOffset(bytes) == nil }

    /// Where the first sequence begins that is not UTF-8.
    package static func firstInvalidOffset(_ bytes: Span<UInt8>) -> Int? {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes)
            return nil
        } catch {
            return error.byteOffsets.lowerBound
        }
    }
}
