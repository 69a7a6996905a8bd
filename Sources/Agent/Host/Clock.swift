/// Units in which the kernel counts.
enum Clock {
    /// USER_HZ, which Linux promises to programs on every architecture that this runs on.
    static let ticksPerSecond = 100.0
    /// A sector of /proc/diskstats and of /sys/block/*/size, whatever the device has.
    static let sectorBytes = 512.0
}
