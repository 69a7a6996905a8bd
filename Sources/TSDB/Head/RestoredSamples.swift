/// Samples of one record on their way from the log back into the head; memory that is used again for each record.
@safe
final class RestoredSamples: @unchecked Sendable {  // only the thread that opens the store uses it
    private(set) var ids: UnsafeMutablePointer<UInt64>
    private(set) var times: UnsafeMutablePointer<Int64>
    private(set) var values: UnsafeMutablePointer<Double>
    private(set) var starts: UnsafeMutablePointer<Int64>
    private(set) var references: UnsafeMutablePointer<UInt64>
    private(set) var count = 0
    var hasStarts = false
    private var capacity = 1

    init() {
        unsafe ids = .allocate(capacity: capacity)
        unsafe times = .allocate(capacity: capacity)
        unsafe values = .allocate(capacity: capacity)
        unsafe starts = .allocate(capacity: capacity)
        unsafe references = .allocate(capacity: capacity)
    }

    deinit { free() }

    private func free() {
        unsafe ids.deallocate()
        unsafe times.deallocate()
        unsafe values.deallocate()
        unsafe starts.deallocate()
        unsafe references.deallocate()
    }

    /// Makes room for `count` samples, which the caller fills.
    func prepare(_ count: Int) {
        self.count = count
        guard count > capacity else { return }
        free()
        capacity = count * 2
        unsafe ids = .allocate(capacity: capacity)
        unsafe times = .allocate(capacity: capacity)
        unsafe values = .allocate(capacity: capacity)
        unsafe starts = .allocate(capacity: capacity)
        unsafe references = .allocate(capacity: capacity)
    }

    func removeAll() { count = 0 }
}
