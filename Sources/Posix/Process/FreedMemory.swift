import CLinux

/// Memory that was freed and that the allocator keeps for later.
package enum FreedMemory {
    /// Gives it back to the kernel. For the end of work that needed much for a while: it walks all of the heap.
    package static func giveBack() {
        malloc_trim(0)
    }
}
