/// The wire form of remote_write 1.0, put together byte by byte from the protobuf encoding and remote.proto's field
/// numbers, apart from the project's own writer.
func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
    precondition(content.count < 128)
    return [number << 3 | 2, UInt8(content.count)] + content
}

func label(_ name: String, _ value: String) -> [UInt8] {
    field(1, field(1, Array(name.utf8)) + field(2, Array(value.utf8)))
}

func sample(_ value: Double, _ timestampMs: UInt8) -> [UInt8] {
    let bits = value.bitPattern
    return field(2, [0x09] + (0..<8).map { UInt8(truncatingIfNeeded: bits >> ($0 * 8)) } + [0x10, timestampMs])
}
