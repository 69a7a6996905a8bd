/// A first-in first-out queue between threads that refuses, or makes its writers wait, when it is full. Of the readers
/// that wait, the one that came last is woken: what it works with is still in the caches of a processor.
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
        /// What the waiting readers wait on, in the order in which they came.
        @usableFromInline var idle: [Condition] = []
        /// What readers have waited on.
        @usableFromInline var spare: [Condition] = []

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

        /// Has a reader wait on what it gets; of those who wait it is the last one.
        @usableFromInline
        mutating func beginWaiting() -> Condition {
            let condition = spare.popLast() ?? Condition()
            idle.append(condition)
            return condition
        }

        /// After a wake-up for an element that another reader has taken.
        @usableFromInline
        mutating func goOnWaiting(_ condition: Condition) {
            if !idle.contains(where: { $0 === condition }) { idle.append(condition) }
        }

        /// A reader does not wait any more, whether it was woken or not.
        @usableFromInline
        mutating func endWaiting(_ condition: Condition) {
            idle.removeAll { $0 === condition }
            spare.append(condition)
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
        var reader: Condition?
        let offer = ring.wait(atMostNs: limitNs) { ring -> Offer? in
            if ring.isClosed { return .closed }
            if ring.count == capacity { return nil }
            ring.append(element, capacity: capacity)
            reader = ring.idle.popLast()
            return .accepted
        }
        reader?.wakeOne()
        return offer ?? .full
    }

    /// The oldest element, waiting for one. What was accepted before `close` is still handed out after it.
    ///
    /// - Parameter limitNs: how long to wait at most; nil waits until an element comes or the queue is closed.
    /// - Returns: nil when the time is over, or when the queue is closed and empty.
    @inlinable
    package func pop(waitingAtMostNs limitNs: Int64? = nil) -> Element? {
        let (first, condition) = ring.withLock { ring -> (Element?, Condition?) in
            if let element = ring.removeFirst() { return (element, nil) }
            return ring.isClosed ? (nil, nil) : (nil, ring.beginWaiting())
        }
        let taken = if let condition { wait(on: condition, atMostNs: limitNs) } else { first }
        if taken != nil { ring.wakeOne() }
        return taken
    }

    @usableFromInline
    func wait(on condition: Condition, atMostNs limitNs: Int64?) -> Element? {
        let taken = ring.wait(on: condition, atMostNs: limitNs) { ring -> Element?? in
            let element = ring.removeFirst()
            if element != nil || ring.isClosed {
                ring.endWaiting(condition)
                return .some(element)
            }
            ring.goOnWaiting(condition)
            return nil
        }
        if let taken { return taken }
        // A writer may have chosen this reader since its time was over.
        return ring.withLock { ring in
            ring.endWaiting(condition)
            return ring.removeFirst()
        }
    }

    /// Refuses what is offered from now on and wakes everybody who waits.
    package func close() {
        let readers = ring.withLock { ring in
            ring.isClosed = true
            return ring.idle
        }
        for reader in readers { reader.wakeOne() }
        ring.wakeAll()
    }
}
