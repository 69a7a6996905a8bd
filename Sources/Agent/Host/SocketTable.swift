/// The tables of sockets under /proc/net: tcp, tcp6, udp, udp6.
enum SocketTable {
    /// States of /proc/net/tcp by number.
    static let states = [
        "", "established", "syn_sent", "syn_recv", "fin_wait1", "fin_wait2", "time_wait", "close", "close_wait",
        "last_ack", "listen", "closing", "new_syn_recv",
    ]

    struct Queues {
        var sending = 0.0
        var receiving = 0.0
    }

    /// The sums of what waits in all queues of the table.
    static func queues(_ table: inout FieldText) -> Queues {
        var sums = Queues()
        _ = table.nextLine()
        while table.nextLine() {
            let pair = table.string(4).split(separator: ":")
            guard pair.count == 2 else { continue }
            sums.sending += Double(UInt64(pair[0], radix: 16) ?? 0)
            sums.receiving += Double(UInt64(pair[1], radix: 16) ?? 0)
        }
        return sums
    }

    /// How many sockets are in each state, added to `counts`.
    static func countStates(_ table: inout FieldText, into counts: inout [String: Int]) {
        _ = table.nextLine()
        while table.nextLine() {
            guard let number = Int(table.string(3), radix: 16), states.indices.contains(number), number > 0 else {
                continue
            }
            counts[states[number], default: 0] += 1
        }
    }
}
