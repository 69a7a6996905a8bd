import Glibc

/// Bytes on their way from or to a socket: filled at the end, consumed at the front, in one piece of memory.
///
/// An empty buffer made by `init()` owns no memory, so an idle connection costs nothing.
@safe
package struct SocketBuffer: ~Copyable, @unchecked Sendable {  // the memory has this one owner
    @usableFromInline var memory: UnsafeMutablePointer<UInt8>?
    @usableFromInline package private(set) var capacity: Int
    @usableFromInline var first = 0
    @usableFromInline var end = 0

    package init(capacity: Int = 0) {
        unsafe memory = capacity > 0 ? .allocate(capacity: capacity) : nil
        self.capacity = capacity
    }

    deinit {
        unsafe memory?.deallocate()
    }

    /// How many bytes wait.
    @inlinable package var count: Int { end &- first }
    @inlinable package var isEmpty: Bool { end == first }
    /// How many bytes fit behind the waiting ones without moving them.
    @inlinable package var freeCount: Int { capacity &- end }

    /// The waiting bytes.
    @inlinable
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get {
            let waiting = unsafe UnsafeBufferPointer(
                start: memory.map { unsafe UnsafePointer($0 + first) }, count: count)
            return unsafe _overrideLifetime(Span(_unsafeElements: waiting), borrowing: self)
        }
    }

    /// Drops bytes from the front.
    @inlinable
    package mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= self.count, "BUG: more is consumed than waits")
        first &+= count
        if first == end {
            first = 0
            end = 0
        }
    }

    /// Drops bytes from the end.
    @inlinable
    package mutating func removeLast(_ count: Int) {
        precondition(count >= 0 && count <= self.count, "BUG: more is removed than waits")
        end &-= count
    }

    @inlinable
    package mutating func removeAll() {
        first = 0
        end = 0
    }

    /// Makes room for `count` bytes more, moving the waiting ones to the front if that is enough.
    package mutating func reserve(_ count: Int) {
        if freeCount >= count { return }
        let waiting = self.count
        if waiting + count > capacity {
            let grown = max(waiting + count, min(capacity * 2, capacity + Self.growthBytesMax))
            unsafe move(to: .allocate(capacity: grown))
            capacity = grown
        } else if first > 0 {
            unsafe memory!.update(from: memory! + first, count: waiting)
        }
        first = 0
        end = waiting
    }

    /// Above this the buffer grows by exactly what is asked for.
    private static var growthBytesMax: Int { 1 << 20 }

    private mutating func move(to larger: UnsafeMutablePointer<UInt8>) {
        if let memory = unsafe memory {
            unsafe larger.update(from: memory + first, count: count)
            unsafe memory.deallocate()
        }
        unsafe memory = larger
    }

    @inlinable
    package mutating func append(_ bytes: Span<UInt8>) {
        // An empty span may have an address while the buffer has no memory.
        guard !bytes.isEmpty else { return }
        reserve(bytes.count)
        unsafe bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            unsafe (memory! + end).update(from: base, count: bytes.count)
        }
        end &+= bytes.count
    }

    /// Appends everything that waits in another buffer, which is empty afterwards.
    package mutating func append(emptying other: inout SocketBuffer) {
        if isEmpty, other.capacity > 0, capacity == 0 {
            swap(&self, &other)
        } else {
            append(other.bytes)
            other.removeAll()
        }
    }

    @inlinable
    package mutating func append(_ text: String) {
        append(text.utf8.span)
    }

    @inlinable
    package mutating func append(_ byte: UInt8) {
        reserve(1)
        unsafe memory![end] = byte
        end &+= 1
    }

    /// Moves waiting bytes to an earlier place among the waiting ones; the two may overlap.
    package mutating func move(from source: Int, to target: Int, count: Int) {
        precondition(target >= 0 && target <= source && count >= 0 && source + count <= self.count)
        guard count > 0, target != source else { return }
        unsafe memmove(memory! + first + target, memory! + first + source, count)
    }

    /// Lends some of the waiting bytes, for owners whose own property cannot lend a span.
    package borrowing func lend<Result>(_ range: Range<Int>, _ body: (Span<UInt8>) -> Result) -> Result {
        body(bytes.extracting(range))
    }

    /// Lends the waiting bytes for changes in place.
    @inlinable
    package mutating func withMutableBytes<Result>(_ body: (inout MutableSpan<UInt8>) -> Result) -> Result {
        let waiting = unsafe UnsafeMutableBufferPointer(start: memory.map { unsafe $0 + first }, count: count)
        var span = unsafe MutableSpan(_unsafeElements: waiting)
        return body(&span)
    }

    /// Lends the room behind the waiting bytes; `body` returns how many of it it filled.
    @inlinable
    package mutating func fill<Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        let room = unsafe UnsafeMutableRawBufferPointer(start: memory.map { unsafe $0 + end }, count: freeCount)
        let filled = unsafe try body(room)
        precondition(filled >= 0 && filled <= freeCount, "BUG: more was filled than there was room")
        end &+= filled
    }

    /// Reads once from the socket into the room behind the waiting bytes.
    package mutating func read(from socket: borrowing Socket, atMost limit: Int = .max) -> Socket.Outcome {
        precondition(freeCount > 0 && limit > 0, "BUG: no room to read into")
        let result = unsafe recv(socket.descriptor, memory! + end, min(freeCount, limit), 0)
        if result == 0 { return .ended }
        if result > 0 { end &+= result }
        return Socket.outcome(result)
    }
}
