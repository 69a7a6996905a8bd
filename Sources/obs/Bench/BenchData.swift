/// A data set that a server is loaded with, and what it is asked about it.
protocol BenchData: Sendable {
    /// What is counted: `sample` or `line`.
    static var unit: String { get }
    /// Of the server's questions, behind what `--query-path` says.
    static var questionPath: String { get }
    static var queries: [BenchQuery] { get }
    /// Of every request that carries the data.
    static var fields: [(name: String, value: String)] { get }
    /// What a host has several of: `series` or `streams`.
    static var seriesName: String { get }
    static var seriesOfHost: Int { get }

    var hosts: Int { get set }
    var durationSeconds: Int { get set }
    /// Another one gives other data.
    var seed: UInt64 { get set }
    /// Of the last sample or line.
    var endNs: Int64 { get set }
    var count: Int { get }

    /// What one connection of `connections` sends.
    func source(connection: Int, of connections: Int) -> any BenchSource
}

/// What one connection sends, request by request.
protocol BenchSource {
    /// The next body, how many samples or lines it has, and whether it is the last of a step of time.
    mutating func next() -> (body: [UInt8], units: Int, endsStep: Bool)?
}
