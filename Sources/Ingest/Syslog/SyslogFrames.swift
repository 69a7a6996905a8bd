import Encoding

/// Cuts a stream into messages, each by itself either counted (`57 <34>1 ...`) or ended by a line break (RFC 6587). Of a
/// message that is longer than the bound the beginning is told.
package struct SyslogFrames {
    private enum Place {
        case between
        /// Digits that may be a count.
        case digits
        case counted(left: Int)
        case line
    }

    package static let bytesMax = 1 << 20
    /// A count with more digits is none.
    private static let digitsMax = 7

    private var place = Place.between
    /// The beginning of a message whose end has not come.
    private var rest: [UInt8] = []

    package init() {}

    /// Tells the messages that end within `bytes`.
    package mutating func take(_ bytes: Span<UInt8>, _ tell: (Span<UInt8>) -> Void) {
        var at = 0
        while at < bytes.count {
            switch place {
            case .between: begin(bytes, &at)
            case .digits: readDigit(bytes, &at)
            case .counted(let left):
                let end = min(bytes.count, at + left)
                keep(bytes.extracting(at..<end))
                place = .counted(left: left - (end - at))
                if left == end - at { finish(tell) }
                at = end
            case .line:
                let end = bytes.offset(of: 0x0a, from: at)
                keep(bytes.extracting(at..<(end ?? bytes.count)))
                if end != nil { finish(tell) }
                at = (end ?? bytes.count - 1) + 1
            }
        }
    }

    /// Tells what stands at the end of the stream without a line break behind it. A counted message that was cut off is
    /// told too: its sender may know no more of it.
    package mutating func end(_ tell: (Span<UInt8>) -> Void) {
        if !rest.isEmpty { finish(tell) }
    }

    private mutating func begin(_ bytes: Span<UInt8>, _ at: inout Int) {
        switch bytes[at] {
        case 0x0a, 0x0d, 0: at += 1
        case UInt8(ascii: "1")...UInt8(ascii: "9"): place = .digits
        default: place = .line
        }
    }

    private mutating func readDigit(_ bytes: Span<UInt8>, _ at: inout Int) {
        switch bytes[at] {
        case UInt8(ascii: "0")...UInt8(ascii: "9") where rest.count < Self.digitsMax:
            rest.append(bytes[at])
            at += 1
        case 0x20:
            place = .counted(left: rest.reduce(0) { $0 * 10 + Int($1 - 0x30) })
            rest.removeAll(keepingCapacity: true)
            at += 1
        default: place = .line
        }
    }

    private mutating func keep(_ bytes: Span<UInt8>) {
        rest.append(bytes.extracting(first: min(bytes.count, Self.bytesMax - rest.count)))
    }

    private mutating func finish(_ tell: (Span<UInt8>) -> Void) {
        tell(rest.span)
        rest.removeAll(keepingCapacity: true)
        place = .between
    }
}
