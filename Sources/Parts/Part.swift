import Posix
import Synchronization

/// A live part. Whoever reads holds a reference; once the part was replaced or expired, its files are removed when the
/// last reference is gone.
package final class Part<Content: Sendable>: Sendable {
    package let info: PartInfo
    /// What the owner made of the files when it opened them.
    package let content: Content
    package let files: PartFiles
    private let isRetired = Atomic<Bool>(false)
    private let removals: PartRemovals

    init(_ files: PartFiles, _ content: Content, removals: PartRemovals) {
        info = files.info
        self.content = content
        self.files = files
        self.removals = removals
    }

    deinit {
        if isRetired.load(ordering: .acquiring) { removals.add(info.number) }
    }

    func retire() {
        isRetired.store(true, ordering: .releasing)
    }
}

/// Parts whose files nobody needs any more. They are removed by the next commit or `PartStore.removeRetired`, not by the
/// reader that happened to be the last one.
final class PartRemovals: Sendable {
    private let numbers = Lock<[UInt64]>([])

    func add(_ number: UInt64) {
        numbers.withLock { $0.append(number) }
    }

    func takeAll() -> [UInt64] {
        numbers.withLock { numbers in
            defer { numbers.removeAll() }
            return numbers
        }
    }
}
