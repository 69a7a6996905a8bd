import LabelIndex
import Parts
import Posix
import Storage
import Telemetry

extension TimeSeriesStore {
    /// Stops serving a part that was found damaged. The rest is served.
    @discardableResult
    func quarantine(_ part: StoredPart, _ damage: any Error & CustomStringConvertible) -> StorageError {
        let isSamples = part.info.partition != StoredContent.labelsPartition
        let file = isSamples ? StoredContent.samplesFile : StoredContent.labelsFile
        let isServed = view.withLock { view in
            defer {
                view.samples.removeAll { $0.part === part }
                view.segments.removeAll { $0.part === part }
            }
            return view.samples.contains { $0.part === part } || view.segments.contains { $0.part === part }
        }
        if isServed { metrics?.quarantined.add() }
        if isServed { note("\(parts.quarantine(part, .corrupt(file: file, reason: "\(damage)")))") }
        return .corrupt(
            file: "\(part.info.name)/\(file)", offset: (damage as? PartError)?.offset ?? 0, reason: "\(damage)")
    }
}
