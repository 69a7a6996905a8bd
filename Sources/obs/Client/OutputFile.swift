import Encoding
import Glibc
import Posix

/// Where a command writes much: a file or standard output, compressed where that is wanted.
final class OutputFile: Sendable {
    private struct State: ~Copyable {
        var compressor: GzipWriter?
        var compressed: [UInt8] = []
        var failure: SystemError?
    }

    private let path: String
    private let descriptor: Int32
    private let state: Lock<State>

    /// - Parameters:
    ///   - path: replaced if it is there; nil for standard output.
    ///   - isCompressed: nil goes by the name.
    init(_ path: String?, isCompressed: Bool?) throws {
        self.path = path ?? "standard output"
        var state = State()
        if isCompressed ?? path?.hasSuffix(".gz") ?? false { state.compressor = try GzipWriter(level: 6) }
        self.state = Lock(state)
        guard let path else {
            descriptor = STDOUT_FILENO
            return
        }
        descriptor = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemError(call: "open", on: path, code: errno) }
    }

    deinit { if descriptor != STDOUT_FILENO, descriptor >= 0 { close(descriptor) } }

    /// Why nothing more can be written.
    var failure: SystemError? { state.withLock { $0.failure } }

    /// - Returns: false once something could not be written.
    func write(_ bytes: Span<UInt8>) -> Bool {
        state.withLock { state -> Bool in
            guard state.compressor != nil else {
                put(bytes, &state)
                return state.failure == nil
            }
            state.compressed.removeAll(keepingCapacity: true)
            state.compressor?.write(bytes, appendingTo: &state.compressed)
            let compressed = state.compressed
            put(compressed.span, &state)
            return state.failure == nil
        }
    }

    /// Writes what is left.
    func finish() throws(SystemError) {
        let failure = state.withLock { state -> SystemError? in
            guard state.compressor != nil, state.failure == nil else { return state.failure }
            var rest: [UInt8] = []
            state.compressor?.finish(appendingTo: &rest)
            put(rest.span, &state)
            return state.failure
        }
        if let failure { throw failure }
    }

    private func put(_ bytes: Span<UInt8>, _ state: inout State) {
        unsafe bytes.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = unsafe Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
                if count > 0 {
                    done += count
                } else if errno != EINTR {
                    state.failure = SystemError(call: "write", on: path, code: errno)
                    return
                }
            }
        }
    }
}
