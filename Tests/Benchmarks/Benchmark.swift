import Glibc

/// One hot function with a name and how much one call of it does.
struct Benchmark {
    enum Amount {
        case bytes(Int)
        case items(Int)
    }

    let name: String
    let amount: Amount
    let call: () throws -> Void

    init(_ name: String, _ amount: Amount, _ call: @escaping () throws -> Void) {
        self.name = name
        self.amount = amount
        self.call = call
    }

    /// Prints the best rate of several rounds, per second of this process' CPU time.
    func run() throws {
        try call()
        var calls = 1
        while try Self.seconds(of: calls, call) < 0.02 { calls *= 2 }
        var best = Double.infinity
        for _ in 0..<5 { best = min(best, try Self.seconds(of: calls, call) / Double(calls)) }
        let padded = name + String(repeating: " ", count: max(1, 52 - name.utf8.count))
        switch amount {
        case .bytes(let count): print(padded + Self.text(Double(count) / best / 1e9) + " GB/s")
        case .items(let count):
            print(
                padded + Self.text(Double(count) / best / 1e6) + " M/s " + Self.text(best / Double(count) * 1e9) + " ns"
            )
        }
    }

    private static func seconds(of calls: Int, _ call: () throws -> Void) rethrows -> Double {
        let start = cpuNs()
        for _ in 0..<calls { try call() }
        return Double(cpuNs() - start) / 1e9
    }

    private static func cpuNs() -> Int {
        var now = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now)
        return now.tv_sec * 1_000_000_000 + now.tv_nsec
    }

    private static func text(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}

/// Keeps a result from being optimised away.
@inline(never)
func keep<T>(_ value: T) {}
