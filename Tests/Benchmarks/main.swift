// benchmarks [FILTER]: runs every benchmark whose name holds FILTER and prints its rate. Build it in release.

/// One list a room.
let benchmarks =
    encodingBenchmarks() + compressionBenchmarks() + remoteWriteBenchmarks() + journalBenchmarks() + promQLBenchmarks()
    + scrapeBenchmarks()

let filter = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : ""
for benchmark in benchmarks where filter.isEmpty || benchmark.name.contains(filter) { try benchmark.run() }
