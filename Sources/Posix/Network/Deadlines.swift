/// The next wake-ups of an event loop: a binary heap of times with the slot that each belongs to.
///
/// A slot whose deadline moves later keeps its old alarm, which is looked at and pushed again when it comes up; so a
/// connection that is busy moves its deadline at the price of a store.
struct Deadlines {
    struct Alarm {
        let atNs: Int64
        let slot: UInt32
        let generation: UInt32
    }

    private var heap: [Alarm] = []

    var first: Alarm? { heap.first }

    mutating func insert(_ alarm: Alarm) {
        heap.append(alarm)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if heap[parent].atNs <= heap[child].atNs { return }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            let left = 2 * parent + 1
            if left >= heap.count { return }
            let right = left + 1
            let child = right < heap.count && heap[right].atNs < heap[left].atNs ? right : left
            if heap[parent].atNs <= heap[child].atNs { return }
            heap.swapAt(parent, child)
            parent = child
        }
    }
}
