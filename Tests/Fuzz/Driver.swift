import Glibc

#if LIBFUZZER
    import CFuzzer
#endif

/// Feeds a decoder with inputs that libFuzzer makes; the build of scripts/fuzz has it, others only name the decoders.
@main
struct Driver {
    static func main() {
        let arguments = CommandLine.arguments
        let inherited = unsafe getenv(variable).map { unsafe String(cString: $0) }
        let name = inherited ?? (arguments.count > 1 ? arguments[1] : "")
        guard let decoder = FuzzedDecoder.all.first(where: { $0.name == name }) else {
            print(
                "usage: Fuzz DECODER [option of libFuzzer or folder of inputs]...\ndecoders, each with its longest input:"
            )
            for decoder in FuzzedDecoder.all { print("  \(decoder.name) \(decoder.bytesMax)") }
            exit(arguments.count > 1 ? 2 : 0)
        }
        #if LIBFUZZER
            unsafe fuzz(decoder, CommandLine.unsafeArgv, namedFirst: inherited == nil)
        #else
            print("cannot fuzz \(decoder.name): this build is not that of scripts/fuzz, which adds libFuzzer")
            exit(2)
        #endif
    }

    /// Tells the processes that libFuzzer starts to merge or minimise, which get its options only, the decoder.
    private static let variable = "OBS_FUZZED_DECODER"

    #if LIBFUZZER
        /// Set before the first input and never again.
        nonisolated(unsafe) private static var current: FuzzedDecoder?

        private static func fuzz(
            _ decoder: FuzzedDecoder, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>,
            namedFirst: Bool
        ) {
            unsafe current = decoder
            var count = CommandLine.argc
            var rest: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe arguments
            if namedFirst {
                // The name of the decoder gives its place to that of the program.
                unsafe setenv(variable, decoder.name, 1)
                unsafe arguments[1] = arguments[0]
                count -= 1
                unsafe rest = arguments + 1
            }
            let status = unsafe LLVMFuzzerRunDriver(&count, &rest) { bytes, count in
                let input = unsafe UnsafeBufferPointer(start: bytes, count: count)
                unsafe Driver.current?.decode(Span(_unsafeElements: input))
                return 0
            }
            exit(status)
        }
    #endif
}
