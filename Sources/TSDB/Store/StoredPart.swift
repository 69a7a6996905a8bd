import LabelIndex
import Parts
import Posix

/// What the files of a part turn out to be. Samples and labels lie in one directory, so that one commit makes both live.
enum StoredContent: Sendable {
    case samples(SamplePart)
    case labels(LabelSegment)

    static let samplesFile = "samples"
    static let labelsFile = "labels"
    /// The partition of label segments: they belong to no time.
    static let labelsPartition = Int64.min

    static func open(_ files: PartFiles) throws(PartDamage) -> StoredContent {
        if files.info.partition == labelsPartition {
            let file = try files.map(labelsFile)
            do throws(LabelIndexError) {
                return .labels(try LabelSegment(file))
            } catch {
                throw .corrupt(file: labelsFile, reason: "\(error)")
            }
        }
        let file = try files.map(samplesFile)
        do throws(PartError) {
            return .samples(try SamplePart(file))
        } catch {
            throw .corrupt(file: samplesFile, reason: "\(error)")
        }
    }
}

typealias StoredPart = Part<StoredContent>

/// Everything that can be read at one instant. Copied by readers; whoever holds it keeps its files.
struct StoreView: Sendable {
    struct Samples: Sendable {
        let part: StoredPart
        let samples: SamplePart
    }

    struct Segment: Sendable {
        let part: StoredPart
        let index: LabelSegment
    }

    /// Oldest first: of two samples with one timestamp the later part's counts.
    var samples: [Samples] = []
    /// By series id.
    var segments: [Segment] = []
    /// Samples that are being written to a part, until it is live.
    var flushing: [FrozenShard] = []
    /// Series that are being written to a segment, until it is live.
    var flushingIndex: MemoryLabelIndex?
    var state = StoreState()

    mutating func set(_ parts: [StoredPart]) {
        samples = []
        segments = []
        for part in parts {
            switch part.content {
            case .samples(let content): samples.append(Samples(part: part, samples: content))
            case .labels(let content): segments.append(Segment(part: part, index: content))
            }
        }
        samples.sort { PartInfo.isOlder($0.part.info, $1.part.info) }
        segments.sort { ($0.index.idRange?.lowerBound ?? 0) < ($1.index.idRange?.lowerBound ?? 0) }
    }

    /// Deletions that are still to be applied to a part.
    func deletions(for part: SamplePart) -> [Deletion] {
        state.deletions.filter { $0.number > part.summary.deletionsApplied }
    }
}
