import Glibc

/// A file mapped for reading, unmapped with its last reference. The file may be renamed or unlinked meanwhile, but must
/// not shrink: reading beyond its new end would end the process. An input/output error of the device does so too.
@safe
package final class MappedFile: @unchecked Sendable {  // the memory is only read until `deinit`
    package enum Advice: Sendable {
        case sequential, random, willNeed, notNeeded
    }

    package let path: String
    package let count: Int
    /// nil for an empty file, which cannot be mapped.
    @usableFromInline let base: UnsafeRawPointer?

    init(_ file: OpenFile, bytes: Int) throws(SystemError) {
        path = file.path
        count = bytes
        guard bytes > 0 else {
            unsafe base = nil
            return
        }
        let address = unsafe mmap(nil, bytes, PROT_READ, MAP_SHARED, file.descriptor, 0)
        guard let address = unsafe address, unsafe address != UnsafeMutableRawPointer(bitPattern: -1) else {
            throw SystemError(call: "mmap", on: file.path)
        }
        unsafe base = UnsafeRawPointer(address)
    }

    /// A copy in memory, for content that came in another way than from a file; `path` only names it.
    package init(copying bytes: Span<UInt8>, path: String) {
        self.path = path
        count = bytes.count
        let room = unsafe mmap(
            nil, max(1, count), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let room = unsafe room, unsafe room != UnsafeMutableRawPointer(bitPattern: -1) else {
            preconditionFailure("BUG: no memory for \(count) bytes")
        }
        unsafe bytes.withUnsafeBytes {
            unsafe room.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(room), byteCount: $0.count)
        }
        unsafe base = UnsafeRawPointer(room)
    }

    deinit {
        if let base = unsafe base { unsafe munmap(UnsafeMutableRawPointer(mutating: base), max(1, count)) }
    }

    @inlinable package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let buffer = unsafe UnsafeRawBufferPointer(start: base, count: count)
            let span = unsafe Span<UInt8>(_unsafeBytes: buffer)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Tells the kernel how the mapping will be read. It is free to ignore that, and so are we its answer.
    package func advise(_ advice: Advice) {
        guard let base = unsafe base else { return }
        let value =
            switch advice {
            case .sequential: MADV_SEQUENTIAL
            case .random: MADV_RANDOM
            case .willNeed: MADV_WILLNEED
            case .notNeeded: MADV_DONTNEED
            }
        _ = unsafe madvise(UnsafeMutableRawPointer(mutating: base), count, value)
    }
}
