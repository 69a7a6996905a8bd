import Encoding
import HTTP
package import Model
package import Posix
package import Storage
package import Telemetry

/// What queues of remote_write share.
struct RemoteWriteSource: Sendable {
    let feed: any SampleFeed
    let metadata: @Sendable () throws(StorageError) -> [MetricMetadata]
    let externalLabels: [String: String]
    /// Where the positions of receivers are kept.
    let directory: String
    let files: any FileSystem
    let registry: Registry
    let time: any TimeSource
    /// Where a receiver that is new begins. Positions of files beyond it are of a log that a loss of power has taken.
    let newest: FeedPosition

    func path(of identity: RemoteWriteIdentity) -> String { FilePath.join(directory, identity.file) }
}

/// A receiver, as its file and metrics know it.
struct RemoteWriteIdentity: Hashable, Sendable {
    static let suffix = ".position"

    /// The name, or where there is none the URL; of several with one URL the later ones count on.
    let key: String
    let name: String
    /// Without user and password.
    let shownURL: String

    init(_ options: RemoteWriteOptions, repetition: Int) {
        let url = options.url?.text ?? ""
        let base = options.name.isEmpty ? "url \(url)" : "name \(options.name)"
        key = repetition == 0 ? base : "\(base) \(repetition)"
        let digits = String(Hash64.of(Array(key.utf8).span), radix: 16)
        name = options.name.isEmpty ? String(digits.prefix(6)) : options.name
        file = digits + Self.suffix
        shownURL = options.url.map { "\($0.scheme)://\($0.authority)\($0.target)" } ?? ""
    }

    let file: String
}

/// How sending to one receiver goes.
package struct RemoteWriteStatus: Sendable {
    package let name: String
    package let url: String
    package let shards: Int
    /// Samples in requests now.
    package let pending: Int
    package let sent: Int
    package let failed: Int
    package let retried: Int
    /// Of the log, that the receiver does not have yet.
    package let backlogBytes: Int
    package let lastSentMs: Int64?
    /// Nil once something was delivered again.
    package let lastFailure: String?
}

/// Every receiver of the configuration, each with its queue.
package final class RemoteWriteQueues: Sendable {
    private struct State: Sendable {
        var queues: [RemoteWriteQueue] = []
        var client: HTTPClient?
        var externalLabels: [String: String] = [:]
        /// The end of the feed at the start, until the first receivers run.
        var newest: FeedPosition?
    }

    private let feed: any SampleFeed
    private let metadata: @Sendable () throws(StorageError) -> [MetricMetadata]
    private let directory: String
    private let registry: Registry
    private let files: any FileSystem
    private let time: any TimeSource
    private let log: Logger
    private let state: Lock<State>

    /// To be made before the feed gains anything.
    ///
    /// - Parameter directory: where the positions of receivers are kept; made when there is one.
    package init(
        _ feed: any SampleFeed, directory: String, registry: Registry, log: Logger,
        files: any FileSystem = LocalFileSystem(), time: any TimeSource = SystemTime(),
        metadata: @escaping @Sendable () throws(StorageError) -> [MetricMetadata]
    ) {
        (self.feed, self.directory, self.registry, self.log) = (feed, directory, registry, log)
        (self.files, self.time, self.metadata) = (files, time, metadata)
        state = Lock(State(newest: feed.end))
    }

    /// Puts these receivers in force. One that is as it was goes on undisturbed, one that changed goes on from where it
    /// was, and of one that has gone nothing stays.
    package func apply(
        _ receivers: [RemoteWriteOptions], externalLabels: [String: String]
    ) throws(SystemError) {
        var repetitions: [String: Int] = [:]
        let wanted = receivers.map { options in
            let first = RemoteWriteIdentity(options, repetition: 0)
            let repetition = repetitions[first.key, default: 0]
            repetitions[first.key] = repetition + 1
            return (RemoteWriteIdentity(options, repetition: repetition), options)
        }
        let (running, before) = state.withLock { ($0.queues, $0.externalLabels) }
        let isSame = before == externalLabels
        let kept = running.filter { queue in
            isSame && wanted.contains { $0.0 == queue.identity && $0.1 == queue.options }
        }
        for queue in running where !kept.contains(where: { $0 === queue }) { queue.stop() }
        let keys = Set(wanted.map(\.0.key))
        for queue in running where !keys.contains(queue.identity.key) {
            feed.keep(from: nil, for: queue.identity.key)
        }
        try removeFiles(except: Set(wanted.map(\.0.file)))
        let queues = try start(wanted, kept, externalLabels)
        state.withLock {
            $0.queues = queues
            $0.externalLabels = externalLabels
            $0.newest = nil
        }
    }

    private func start(
        _ wanted: [(RemoteWriteIdentity, RemoteWriteOptions)], _ kept: [RemoteWriteQueue],
        _ externalLabels: [String: String]
    ) throws(SystemError) -> [RemoteWriteQueue] {
        guard !wanted.isEmpty else { return [] }
        try files.createDirectories(directory)
        let client = state.withLock { state in
            if let client = state.client { return client }
            let client = HTTPClient("remote_write", registry: registry, time: time)
            state.client = client
            return client
        }
        let source = RemoteWriteSource(
            feed: feed, metadata: metadata, externalLabels: externalLabels, directory: directory, files: files,
            registry: registry, time: time, newest: state.withLock { $0.newest } ?? feed.end)
        return try wanted.map { identity, options throws(SystemError) in
            if let queue = kept.first(where: { $0.identity == identity }) { return queue }
            let queue = RemoteWriteQueue(options, identity, source, client: client, log: log)
            try queue.start()
            return queue
        }
    }

    /// A receiver that comes back later begins anew.
    private func removeFiles(except kept: Set<String>) throws(SystemError) {
        guard try files.status(at: directory) != nil else { return }
        for name in try files.list(directory) where name.hasSuffix(RemoteWriteIdentity.suffix) && !kept.contains(name) {
            try files.removeFile(FilePath.join(directory, name))
        }
    }

    /// In the order of the configuration.
    package var status: [RemoteWriteStatus] { state.withLock { $0.queues }.map(\.status) }

    /// After the last sample came: requests under way may end, what is left is sent after the next start.
    package func stop() {
        let (queues, client) = state.withLock { state in
            defer { state.queues = [] }
            return (state.queues, state.client)
        }
        for queue in queues { queue.stop() }
        client?.stop()
    }
}
