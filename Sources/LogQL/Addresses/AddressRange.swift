import Posix

/// What `ip("...")` matches: an address, a range `a-b` or a network `a/n`, of either family.
struct AddressRange: Sendable {
    private let isIPv6: Bool
    private let low: Address
    private let high: Address

    private struct Address: Comparable, Sendable {
        var high: UInt64
        var low: UInt64

        static func < (a: Address, b: Address) -> Bool { (a.high, a.low) < (b.high, b.low) }
    }

    /// Nil where the text is neither.
    init?(_ text: String) {
        let bounds = text.split(separator: "-", omittingEmptySubsequences: false)
        if bounds.count == 2 {
            guard let first = Self.address(String(bounds[0])), let last = Self.address(String(bounds[1])),
                first.isIPv6 == last.isIPv6, first.address <= last.address
            else { return nil }
            (isIPv6, low, high) = (first.isIPv6, first.address, last.address)
            return
        }
        let network = text.split(separator: "/", omittingEmptySubsequences: false)
        guard network.count <= 2, let base = Self.address(String(network[0])) else { return nil }
        isIPv6 = base.isIPv6
        guard network.count == 2 else {
            (low, high) = (base.address, base.address)
            return
        }
        let width = base.isIPv6 ? 128 : 32
        guard let bits = Int(network[1]), 0...width ~= bits else { return nil }
        let free = width - bits
        let mask = Address(
            high: free <= 64 ? 0 : free == 128 ? .max : (1 << UInt64(free - 64)) - 1,
            low: free >= 64 ? .max : (1 << UInt64(free)) - 1)
        low = Address(high: base.address.high & ~mask.high, low: base.address.low & ~mask.low)
        high = Address(high: base.address.high | mask.high, low: base.address.low | mask.low)
    }

    private static func address(_ text: String) -> (address: Address, isIPv6: Bool)? {
        guard text.utf8.contains(UInt8(ascii: ".")) || text.utf8.contains(UInt8(ascii: ":")) else { return nil }
        switch SocketAddress(text.utf8.contains(UInt8(ascii: ":")) ? "[\(text)]:0" : "\(text):0") {
        case .ipv4(let address, _)?: return (Address(high: 0, low: UInt64(address)), false)
        case .ipv6(let high, let low, _)?: return (Address(high: high, low: low), true)
        default: return nil
        }
    }

    /// Whether an address within the range stands anywhere in the text.
    func isFound(in text: Span<UInt8>) -> Bool {
        var at = 0
        while at < text.count {
            guard isPart(text[at]) else {
                at += 1
                continue
            }
            let start = at
            while at < text.count, isPart(text[at]) { at += 1 }
            if at - start >= 2, holds(text.extracting(start..<at)) { return true }
        }
        return false
    }

    private func isPart(_ byte: UInt8) -> Bool {
        if 0x30...0x39 ~= byte || byte == UInt8(ascii: ".") { return true }
        return isIPv6 && (byte == UInt8(ascii: ":") || 0x61...0x66 ~= byte | 0x20)
    }

    private func holds(_ word: Span<UInt8>) -> Bool {
        let text = String(copying: word)
        guard let (address, isIPv6) = Self.address(text), isIPv6 == self.isIPv6 else { return false }
        return low <= address && address <= high
    }
}

extension String {
    /// The text of bytes that may be no UTF-8.
    init(copying bytes: Span<UInt8>) {
        self = unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
