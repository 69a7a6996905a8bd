import CKernels

/// Words of a text: runs of letters, digits and characters beyond ASCII.
package enum WordRuns {
    @inline(__always)
    package static func isWord(_ byte: UInt8) -> Bool { ckernels_is_word(byte) }

    /// Calls `body` with each word from its first byte to behind its last, and whether it holds a digit.
    package static func forEach(in text: Span<UInt8>, _ body: (_ run: Range<Int>, _ hasDigit: Bool) -> Void) {
        unsafe text.withUnsafeBufferPointer { text in
            guard let base = text.baseAddress else { return }
            var index = 0
            while true {
                let start = unsafe Int(ckernels_word_start(base, index, text.count))
                if start >= text.count { return }
                var hasDigit = false
                unsafe index = Int(ckernels_word_stop(base, start, text.count, &hasDigit))
                body(start..<index, hasDigit)
            }
        }
    }

    /// Where the word that begins at `start` ends, at the latest at `end`.
    package static func end(
        of start: Int, in text: Span<UInt8>, before end: Int, hasDigit: inout Bool
    ) -> Int {
        precondition(start >= 0 && end <= text.count, "BUG: a word outside of its text")
        return unsafe text.withUnsafeBufferPointer { text in
            guard let base = text.baseAddress else { return start }
            return unsafe Int(ckernels_word_stop(base, start, end, &hasDigit))
        }
    }
}
