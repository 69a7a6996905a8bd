import Glibc

/// The time zone of this machine.
enum LocalZone {
    static func offset(atSeconds seconds: Int64) -> (seconds: Int, name: String) {
        var when = time_t(seconds)
        var local = unsafe tm()
        guard unsafe localtime_r(&when, &local) != nil else { return (0, "UTC") }
        let name = unsafe local.tm_zone.map { unsafe String(cString: $0) } ?? "UTC"
        return unsafe (local.tm_gmtoff, name)
    }
}
