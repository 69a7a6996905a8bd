import COpenSSL
package import Posix

/// The keys that seal session tickets, shared by all contexts of a process so that sessions resume across workers, names
/// and reloads. They are replaced as they age, and the replaced one still opens tickets for as long again.
package final class TicketKeys: Sendable {
    /// Sixteen bytes that a ticket carries, then the keys of AES-256-CBC and of HMAC-SHA256.
    private struct Key {
        static let nameBytes = 16
        static let secretBytes = 32

        let bytes = SecureRandom.bytes(nameBytes + 2 * secretBytes)
    }

    private struct Keys {
        var current = Key()
        var previous: Key?
        var bornNs: Int64
    }

    /// How a ticket is treated, by the numbers that OpenSSL's callback returns.
    private enum Verdict: Int32 {
        case failed = -1
        case notOurs = 0
        case good = 1
        /// Good, and the client is sent a new one.
        case renew = 2
    }

    private static let lifetimeNs: Int64 = 6 * 3_600 * 1_000_000_000

    private let time: any TimeSource
    private let keys: Lock<Keys>

    package init(time: any TimeSource = SystemTime()) {
        self.time = time
        keys = Lock(Keys(bornNs: time.monotonicNs))
    }

    private func present() -> (current: Key, previous: Key?) {
        let nowNs = time.monotonicNs
        return keys.withLock { keys in
            let ageNs = nowNs - keys.bornNs
            if ageNs >= Self.lifetimeNs {
                keys.previous = ageNs < 2 * Self.lifetimeNs ? keys.current : nil
                keys.current = Key()
                keys.bornNs = nowNs
            }
            return (keys.current, keys.previous)
        }
    }

    /// OpenSSL's callback: chooses the key and sets up the two ciphers with it.
    func prepare(
        name: UnsafeMutablePointer<UInt8>, iv: UnsafeMutablePointer<UInt8>, _ cipher: OpaquePointer,
        _ mac: OpaquePointer, isSealing: Bool
    ) -> Int32 {
        let (current, previous) = present()
        if isSealing {
            unsafe current.bytes.withUnsafeBufferPointer {
                unsafe name.update(from: $0.baseAddress!, count: Key.nameBytes)
            }
            guard unsafe RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1 else {
                return Verdict.failed.rawValue
            }
            return unsafe Self.start(current, iv, cipher, mac, isSealing: true, .good)
        }
        if unsafe Self.matches(current, name) {
            return unsafe Self.start(current, iv, cipher, mac, isSealing: false, .good)
        }
        if let previous, unsafe Self.matches(previous, name) {
            return unsafe Self.start(previous, iv, cipher, mac, isSealing: false, .renew)
        }
        return Verdict.notOurs.rawValue
    }

    private static func matches(_ key: Key, _ name: UnsafeMutablePointer<UInt8>) -> Bool {
        for index in 0..<Key.nameBytes where unsafe key.bytes[index] != name[index] { return false }
        return true
    }

    private static func start(
        _ key: Key, _ iv: UnsafeMutablePointer<UInt8>, _ cipher: OpaquePointer, _ mac: OpaquePointer,
        isSealing: Bool, _ verdict: Verdict
    ) -> Int32 {
        let hasStarted = unsafe key.bytes.withUnsafeBufferPointer { bytes in
            let sealKey = unsafe bytes.baseAddress! + Key.nameBytes
            let macKey = unsafe UnsafeMutablePointer(mutating: sealKey + Key.secretBytes)
            let isReady =
                unsafe isSealing
                ? EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nil, sealKey, iv)
                : EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nil, sealKey, iv)
            guard isReady == 1 else { return false }
            return unsafe cssl_start_ticket_mac(mac, macKey, Key.secretBytes) == 1
        }
        return (hasStarted ? verdict : .failed).rawValue
    }
}
