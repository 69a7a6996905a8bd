import Glibc
import Posix

/// The program from its arguments to its exit code: 0 for a good end, 1 where something failed, 2 for a wrong line.
enum MarketplaceProgram {
    /// After this long the end is forced.
    private static let stopNs: Int64 = 15_000_000_000

    static func run(_ arguments: [String]) -> Int32 {
        let words = arguments.dropFirst()
        if words.contains("--help") || words.contains("-h") {
            print(MarketplaceOptions.help)
            return 0
        }
        do throws(UsageFailure) {
            return run(try MarketplaceOptions(words))
        } catch {
            complain("marketplace: \(error)")
            return 2
        }
    }

    private static func run(_ options: MarketplaceOptions) -> Int32 {
        do {
            SignalReceiver.ignoreBrokenPipes()
            let signals = try SignalReceiver([.terminate, .interrupt])
            let installation = try Installation(options)
            for service in installation.services {
                complain("\(service.name.rawValue) listens on \(service.address)")
            }
            _ = signals.wait()
            let deadline = try ExitDeadline(
                afterNs: stopNs, message: "marketplace: did not end in good order in time and gives up")
            installation.stop()
            deadline.cancel()
            return 0
        } catch {
            complain("marketplace: \(error)")
            return 1
        }
    }

    private static func complain(_ text: String) {
        let bytes = Array("\(text)\n".utf8)
        _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
    }
}
