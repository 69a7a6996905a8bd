/// A first-in first-out queue between threads that refuses, or makes its writers wait, when it is full.
package final class BoundedQueue<Element: Sendable>: Sendable {
    /// What became of an element that was offered.
    package enum Offer: Sendable {
        case accepted
        /// The queue held `capacity` elements for as long as the offer was ready to wait.
        case full
        case closed
    }

    @usableFromInline
    struct Ring {
        @usableFromInline var slots: [Element?]
        @usableFromInline var first = 0
        @usableFromInline var count = 0
        @usableFromInline var isClosed = false

        /// Places that a queue begins with; more are made as they are needed, as most queues are long on bad days only.
        @usableFromInline static var startCount: Int { 16 }
        /// An empty queue with more places than this gives them back.
        @usableFromInline static var keptCount: Int { 1024 }

        @usableFromInline
        init(capacity: Int) {
            slots = Array(repeating: nil, count: min(capacity, Self.startCount))
        }

        @inlinable
        mutating func append(_ element: Element, capacity: Int) {
            if count == slots.count { grow(to: min(2 * count, capacity)) }
            slots[(first + count) % slots.count] = element
            count += 1
        }

        @inlinable
        mutating func grow(to places: Int) {
            var grown: [Element?] = []
            grown.reserveCapacity(places)
            grown.append(contentsOf: slots[first...])
            grown.append(contentsOf: slots[..<first])
            grown.append(contentsOf: repeatElement(nil, count: places - slots.count))
            slots = grown
            first = 0
        }

        @inlinable
        mutating func removeFirst() -> Element? {
            guard count > 0, let element = slots[first] else { return nil }
            slots[first] = nil
            first = (first + 1) % slots.count
            count -= 1
            if count == 0, slots.count > Self.keptCount {
                slots = Array(repeating: nil, count: Self.startCount)
                first = 0
            }
            return element
        }
    }

    package let capacity: Int
    @usableFromInline let ring: Monitor<Ring>

    package init(capacity: Int) {
        precondition(capacity > 0, "BUG: a queue of no capacity refuses everything")
        self.capacity = capacity
        ring = Monitor(Ring(capacity: capacity))
    }

    package var count: Int { ring.withLock { $0.count } }
    package var isClosed: Bool { ring.withLock { $0.isClosed } }

    /// - Parameter limitNs: how long to wait for a free place: not at all by default, nil for ever.
    @inlinable
    package func push(_ element: Element, waitingAtMostNs limitNs: Int64? = 0) -> Offer {
        let capacity = capacity
        let offer = ring.wait(atMostNs: limitNs) { ring -> Offer? in
            if ring.isClosed { return .closed }
            if ring.count == capacity { return nil }
            ring.append(element, capacity: capacity)
            return .accepted
        }
        if case .accepted = offer { ring.wakeAll() }
        return offer ?? .full
    }

    /// The oldest element, waiting for one. What was accepted before `close` is still handed out after it.
    ///
    /// - Parameter limitNs: how long to wait at most; nil waits until an element comes or the queue is closed.
    /// - Returns: nil when the time is over, or when the queue is closed and empty.
    @inlinable
    package func pop(waitingAtMostNs limitNs: Int64? = nil) -> Element? {
        let taken = ring.wait(atMostNs: limitNs) { ring -> Element?? in
            if let element = ring.removeFirst() { return .some(element) }
            return ring.isClosed ? .some(nil) : nil
        }
        guard let element = taken ?? nil else { return nil }
        ring.wakeAll()
        return element
    }

    /// Refuses what is offered from now on and wakes everybody who waits.
    package func close() {
        ring.withLock { $0.isClosed = true }
        ring.wakeAll()
    }
}
