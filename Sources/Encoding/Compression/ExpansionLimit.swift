/// How much may come out of a compressed body: what a stranger can make a server allocate.
package struct ExpansionLimit: Equatable, Sendable {
    package let bytesMax: Int
    /// Bytes out for each byte in. Deflate reaches 1032; logs and scrapes stay below 100.
    package let ratioMax: Int
    /// Up to this size the ratio is not judged: a few kilobytes of one line repeated are nothing to refuse.
    package static let ratioFreeBytes = 1 << 20

    package init(bytesMax: Int, ratioMax: Int) {
        self.bytesMax = bytesMax
        self.ratioMax = ratioMax
    }

    func outputMax(ofInput count: Int) -> Int {
        let (byRatio, overflows) = count.multipliedReportingOverflow(by: ratioMax)
        return min(bytesMax, max(Self.ratioFreeBytes, overflows ? .max : byRatio))
    }

    /// What to say when more than `outputMax` would come out.
    func exceeded(byInput count: Int, _ format: CompressionError.Format) -> CompressionError {
        outputMax(ofInput: count) == bytesMax
            ? CompressionError(format, .tooLarge(bytesMax: bytesMax))
            : CompressionError(format, .expandsTooMuch(ratioMax: ratioMax))
    }
}
