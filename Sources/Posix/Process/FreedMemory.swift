import CLinux
import Glibc

/// Memory that the process holds and does not need any more.
package enum FreedMemory {
    /// Gives back to the kernel what was freed and the allocator keeps for later. For the end of work that needed much
    /// for a while: it walks all of the heap.
    package static func giveBack() {
        malloc_trim(0)
    }

    /// Lets go of the program's code and constants, for the end of the start, most of whose code never runs again. What does
    /// comes back from the page cache, 64 KiB at each minor fault. In the release build it makes two thirds of the resident
    /// memory of an idle server.
    package static func giveBackCode(in system: any FileSystem = LocalFileSystem()) throws(SystemError) {
        let maps = try system.readFile("/proc/self/maps", atMostBytes: 1 << 20)
        for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            // Pages of a file that nothing ever writes to, so that the file has all of what they hold: code, and the
            // constants at the head of a program or library. Constants elsewhere hold addresses that were put in.
            guard fields.count >= 5, fields[4] != "0" else { continue }
            guard fields[1] == "r-xp" || fields[1] == "r--p" && fields[2] == "00000000" else { continue }
            let range = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard range.count == 2, let start = unsafe UnsafeMutableRawPointer(bitPattern: range[0]) else { continue }
            unsafe madvise(start, Int(range[1] - range[0]), MADV_DONTNEED)
        }
    }
}
