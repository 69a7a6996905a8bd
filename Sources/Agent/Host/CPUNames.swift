/// How the kernel names CPUs.
enum CPUNames {
    /// Whether a folder of /sys/devices/system/cpu is a CPU: `cpu0`, not `cpufreq`.
    static func isCPU(_ name: String) -> Bool {
        name.hasPrefix("cpu") && name.utf8.count > 3 && name.utf8.dropFirst(3).allSatisfy { (48...57).contains($0) }
    }

    /// The numbers of a list such as `0,2-3`. What is no number is left out; at most 65,536 are taken.
    static func range(_ list: String) -> [Int] {
        var numbers: [Int] = []
        for part in list.split(separator: ",") {
            let ends = part.split(separator: "-")
            guard let first = ends.first.flatMap({ Int($0) }), let last = ends.last.flatMap({ Int($0) }),
                first <= last, last < 1 << 16
            else { continue }
            numbers.append(contentsOf: first...last)
        }
        return numbers
    }
}
