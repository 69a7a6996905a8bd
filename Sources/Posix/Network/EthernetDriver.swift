import Glibc

/// What the driver of a network device tells of it, by the calls of ethtool(8). Text and numbers are laid out as
/// linux/ethtool.h has them.
package struct EthernetDriver: Sendable {
    private enum Call {
        static let socketIO: UInt = 0x8946
        static let driverInfo: UInt32 = 0x03
        static let strings: UInt32 = 0x1b
        static let statistics: UInt32 = 0x1d
    }

    private enum Layout {
        static let textBytes = 32
        static let driverBytes = 196
        static let statisticsCount = 180
        static let statisticsStrings: UInt32 = 1
        /// Drivers of many queues have some thousands.
        static let statisticsMax = 65_536
    }

    package let name: String
    package let version: String
    /// Of the device; empty where the driver does not tell.
    package let firmware: String
    /// Where the device sits, such as `0000:00:1f.6`.
    package let bus: String
    /// The version of the device's boot code.
    package let expansionROM: String
    private let statisticsCount: Int

    /// - Parameter socket: any socket of the host's network.
    package init(of device: String, _ socket: borrowing Socket) throws(SystemError) {
        var bytes = Self.words([Call.driverInfo], bytes: Layout.driverBytes)
        try Self.ask(device, &bytes, socket.descriptor)
        let texts = (0..<5).map { index in
            let start = 4 + index * Layout.textBytes
            return String(decoding: bytes[start..<start + Layout.textBytes].prefix { $0 != 0 }, as: UTF8.self)
        }
        (name, version, firmware, bus, expansionROM) = (texts[0], texts[1], texts[2], texts[3], texts[4])
        statisticsCount = min(Int(Self.word(bytes, at: Layout.statisticsCount)), Layout.statisticsMax)
    }

    /// The counters of the driver, under its names; none where it has none.
    package func statistics(
        of device: String, _ socket: borrowing Socket
    ) throws(SystemError) -> [(name: String, value: UInt64)] {
        let count = statisticsCount
        guard count > 0 else { return [] }
        var names = Self.words(
            [Call.strings, Layout.statisticsStrings, UInt32(count)], bytes: 12 + count * Layout.textBytes)
        try Self.ask(device, &names, socket.descriptor)
        var values = Self.words([Call.statistics, UInt32(count)], bytes: 8 + count * 8)
        try Self.ask(device, &values, socket.descriptor)
        return (0..<count).map { index in
            let start = 12 + index * Layout.textBytes
            let name = names[start..<start + Layout.textBytes].prefix { $0 != 0 }
            let value = values[(8 + index * 8)..<(16 + index * 8)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return (String(decoding: name, as: UTF8.self), value)
        }
    }

    private static func words(_ words: [UInt32], bytes: Int) -> [UInt8] {
        var buffer: [UInt8] = []
        for word in words { unsafe withUnsafeBytes(of: word) { unsafe buffer.append(contentsOf: $0) } }
        buffer.append(contentsOf: repeatElement(0, count: bytes - buffer.count))
        return buffer
    }

    private static func word(_ bytes: [UInt8], at start: Int) -> UInt32 {
        bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Fills the buffer by the command at its beginning.
    private static func ask(_ device: String, _ buffer: inout [UInt8], _ descriptor: Int32) throws(SystemError) {
        guard device.utf8.count < Int(IF_NAMESIZE) else {
            throw SystemError(call: "ioctl", on: device, code: ENODEV)
        }
        let result = unsafe buffer.withUnsafeMutableBytes { buffer in
            var request = unsafe ifreq()
            unsafe withUnsafeMutableBytes(of: &request) { unsafe $0.copyBytes(from: device.utf8) }
            unsafe request.ifr_ifru.ifru_data = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            return unsafe ioctl(descriptor, Call.socketIO, &request)
        }
        guard result >= 0 else { throw SystemError(call: "ioctl", on: device) }
    }
}
