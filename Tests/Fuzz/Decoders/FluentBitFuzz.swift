import Encoding
import Ingest

extension FuzzedDecoder {
    /// Objects of a list or a sequence: each lies behind the one before, begins and ends with its braces.
    static let fluentBit = FuzzedDecoder("fluent-bit") { bytes in
        var objects = JSONObjects()
        var end = 0
        while let object = objects.next(in: bytes) {
            check(object.lowerBound >= end && object.upperBound <= bytes.count, "an object lies outside")
            check(bytes[object.lowerBound] == UInt8(ascii: "{"), "an object begins with something else")
            end = object.upperBound
        }
        check(!objects.isAtEnd || end <= bytes.count, "an end before the end")
    }
}
