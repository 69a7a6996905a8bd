import Glibc

/// Unpredictable bytes from the kernel.
package enum SecureRandom {
    package static func bytes(_ count: Int) -> [UInt8] {
        let bytesPerCall = 256
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let wanted = min(bytesPerCall, count - filled)
                let failed = unsafe getentropy(buffer.baseAddress! + filled, wanted)
                precondition(failed == 0, "BUG: the kernel gives no random bytes (errno \(errno))")
                filled += wanted
            }
        }
    }
}
