import Glibc

/// The unit of memory in which the kernel counts what belongs to sockets.
enum PageSize {
    static let bytes = sysconf(Int32(_SC_PAGESIZE))
}
