import Model
package import Posix

/// Holds a part of samples against all that its format promises: every checksum, every block decoded, series and
/// timestamps ascending, and every count and range that header, index and footer tell.
package enum SamplePartCheck {
    /// - Parameter isKnown: whether the index has a series.
    package static func run(_ file: MappedFile, isKnown: (UInt64) -> Bool = { _ in true }) throws(PartError) {
        let part = try SamplePart(file)
        var walk = Walk(part)
        while let block = try walk.cursor.peek() {
            try walk.add(block, isKnown)
            walk.cursor.advance()
        }
        try walk.endGroup()
        guard walk.found == part.summary else {
            throw PartError("the footer does not tell what the part holds", at: part.bytes - PartFormat.footerBytes)
        }
    }

    private struct Walk: ~Copyable {
        var cursor: PartCursor
        private(set) var found = PartFormat.Summary()
        private var columns = FloatColumns()
        private var group: PartFormat.Group?
        private var inGroup = PartFormat.Summary()
        private var lastID: UInt64?
        private var lastWasHistograms = false
        private var lastMs = Int64.min

        init(_ part: SamplePart) {
            cursor = PartCursor(part)
            found.deletionsApplied = part.summary.deletionsApplied
        }

        mutating func add(_ block: PartCursor.Block, _ isKnown: (UInt64) -> Bool) throws(PartError) {
            if let current = cursor.current, current != group {
                try endGroup()
                group = current
            }
            let isHistograms = block.kind == .histograms
            if block.id != lastID {
                guard block.id > lastID ?? 0 else { throw damage("series \(block.id) comes after a greater one") }
                guard isKnown(block.id) else { throw damage("series \(block.id) is not in the index") }
                found.series += 1
                found.firstID = min(found.firstID, block.id)
                found.lastID = block.id
                lastMs = .min
            } else if isHistograms != lastWasHistograms {
                lastMs = .min
            }
            try checkTimes(block)
            if isHistograms { try checkHistograms(block) } else { try checkFloats(block) }
            (lastID, lastWasHistograms) = (block.id, isHistograms)
        }

        private mutating func checkTimes(_ block: PartCursor.Block) throws(PartError) {
            let times = unsafe try cursor.timestamps(block)
            let span = cursor.span(block)
            guard unsafe times[0] == span.lowerBound, unsafe times[times.count - 1] == span.upperBound else {
                throw damage("a block of series \(block.id) does not span the time that is said of it")
            }
            guard unsafe lastMs == .min || times[0] > lastMs else {
                throw damage("blocks of series \(block.id) overlap in time")
            }
            for place in 1..<max(1, times.count) where unsafe times[place - 1] >= times[place] {
                throw damage("timestamps of series \(block.id) do not ascend")
            }
            lastMs = span.upperBound
            inGroup.groups += 1
            inGroup.samples += block.count
            inGroup.minMs = min(inGroup.minMs, span.lowerBound)
            inGroup.maxMs = max(inGroup.maxMs, span.upperBound)
            inGroup.firstID = min(inGroup.firstID, block.id)
            inGroup.lastID = max(inGroup.lastID, block.id)
        }

        private mutating func checkFloats(_ block: PartCursor.Block) throws(PartError) {
            columns.removeAll()
            try cursor.appendFloats(block, to: &columns)
            found.samples += block.count
        }

        private mutating func checkHistograms(_ block: PartCursor.Block) throws(PartError) {
            for histogram in try cursor.histograms(block) {
                if let fault = histogram.value.fault { throw damage("a histogram of series \(block.id): \(fault)") }
            }
            found.histograms += block.count
        }

        /// Holds the group read last against its entry in the index.
        mutating func endGroup() throws(PartError) {
            guard let group else { return }
            guard
                inGroup.groups == group.blocks, inGroup.samples == group.samples, inGroup.minMs == group.minMs,
                inGroup.maxMs == group.maxMs, inGroup.firstID == group.firstID, inGroup.lastID == group.lastID
            else { throw damage("the index does not tell what a group holds") }
            found.groups += 1
            found.minMs = min(found.minMs, group.minMs)
            found.maxMs = max(found.maxMs, group.maxMs)
            inGroup = PartFormat.Summary()
        }

        private func damage(_ reason: String) -> PartError { PartError(reason, at: group?.offset ?? 0) }
    }
}
