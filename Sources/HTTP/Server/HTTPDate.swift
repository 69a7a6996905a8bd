import Encoding
import Posix

/// The Date field, written anew at most once a second.
struct HTTPDate {
    private var validUntilNs = Int64.min
    private(set) var text = ""

    /// - Parameter nowNs: monotonic.
    mutating func refresh(nowNs: Int64, _ time: any TimeSource) {
        guard nowNs >= validUntilNs else { return }
        let wallNs = time.wallNs
        validUntilNs = nowNs + 1_000_000_000 - wallNs % 1_000_000_000
        text = Self.text(wallNs: wallNs)
    }

    /// The form of RFC 9110, 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func text(wallNs: Int64) -> String {
        let now = CivilTime(ms: wallNs / 1_000_000)
        let clock = "\(two(now.hour)):\(two(now.minute)):\(two(now.second))"
        return "\(weekdays[now.weekday]), \(two(now.day)) \(months[now.month - 1]) \(now.year) \(clock) GMT"
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
