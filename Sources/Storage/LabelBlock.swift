package import Model

/// The labels of consecutive series of a selection in one buffer, so that grouping walks bytes and allocates nothing.
package struct LabelBlock: Sendable {
    package var bytes: [UInt8] = []
    /// Where set `i` lies: `offsets[i]..<offsets[i + 1]`.
    package var offsets: [Int] = [0]
    /// `LabelHash` of each set.
    package var hashes: [UInt64] = []

    package init() {}

    package var count: Int { hashes.count }

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        offsets.append(0)
        hashes.removeAll(keepingCapacity: true)
    }

    package mutating func append(_ labels: Labels) {
        bytes.append(contentsOf: labels.bytes)
        offsets.append(bytes.count)
        hashes.append(labels.hash)
    }

    package func labels(_ index: Int) -> Labels {
        Labels(canonical: Array(bytes[offsets[index]..<offsets[index + 1]]), hash: hashes[index])
    }
}
