import Encoding

/// What a run of `obs bench` has found.
struct BenchReport: Sendable {
    struct Server: Sendable {
        var cpuSeconds: Double
        /// With what was still to be done after the last sample.
        var cpuSecondsSettled: Double
        var peakResidentBytes: Int
        var residentBytes: Int
        var writtenBytes: Int?
    }

    /// What is counted: `sample` or `line`.
    var unit: String
    var url: String
    var hosts: Int
    var series: (name: String, ofHost: Int)
    var dataSeconds: Int
    var seed: UInt64
    var connections: Int
    var load: BenchLoad.Outcome
    /// Nil where no process was named.
    var server: Server?
    /// Nil where no directory was named.
    var diskBytes: Int?
    var queries: [QueryLatency] = []

    private var capitalUnit: String { unit.prefix(1).uppercased() + unit.dropFirst() }
    private var millions: Double { Double(load.units) / 1e6 }
    private var unitsPerSecond: Int { Int(Double(load.units) / max(0.001, load.seconds)) }

    /// Names and figures, in the order in which both forms show them.
    private var figures: [(name: String, label: String, value: Double, decimals: Int)] {
        var figures: [(name: String, label: String, value: Double, decimals: Int)] = [
            ("\(unit)s", "\(unit)s", Double(load.units), 0), ("seconds", "seconds", load.seconds, 2),
            ("\(unit)sPerSecond", "\(unit)s/s", Double(unitsPerSecond), 0),
            ("requests", "requests", Double(load.requests), 0), ("retries", "retries", Double(load.retries), 0),
            (
                "bytesPer\(capitalUnit)Sent", "bytes/\(unit) sent", Double(load.sentBytes) / max(1, Double(load.units)),
                2
            ),
            ("requestMsP50", "request ms, median", load.latencyMs(0.5), 2),
            ("requestMsP99", "request ms, 99 %", load.latencyMs(0.99), 2),
            ("requestMsMax", "request ms, slowest", load.latencyMs(1), 1),
        ]
        if let server {
            figures += [
                ("cpuSecondsPerMillion", "server CPU s per million", server.cpuSeconds / max(1e-6, millions), 4),
                (
                    "cpuSecondsPerMillionSettled", "the same, settled", server.cpuSecondsSettled / max(1e-6, millions),
                    4
                ),
                ("peakResidentMiB", "server peak RSS MiB", Double(server.peakResidentBytes) / 0x1p20, 1),
                ("residentMiB", "server RSS MiB, settled", Double(server.residentBytes) / 0x1p20, 1),
            ]
            if let written = server.writtenBytes {
                figures.append(
                    (
                        "writtenBytesPer\(capitalUnit)", "bytes/\(unit) written",
                        Double(written) / max(1, Double(load.units)), 3
                    )
                )
            }
        }
        if let diskBytes {
            figures.append(
                (
                    "diskBytesPer\(capitalUnit)", "bytes/\(unit) on disk",
                    Double(diskBytes) / max(1, Double(load.units)), 3
                ))
        }
        return figures
    }

    func text(_ console: Console) -> String {
        var table = TextTable("WHAT", "FIGURE")
        for figure in figures { table.add(figure.label, FloatText.fixed(figure.value, decimals: figure.decimals)) }
        let head =
            "\(url): \(hosts) hosts, \(series.ofHost) \(series.name) each, \(dataSeconds) s of data, seed \(seed), "
            + "\(connections) connections"
        var blocks = [head, table.text(console)]
        if !queries.isEmpty {
            var table = TextTable("QUERY", "MEDIAN MS", "95 % MS", "EXPRESSION")
            for times in queries {
                let isGood = times.failure == nil
                table.add(
                    times.query.name,
                    isGood ? FloatText.fixed(Percentile.ms(times.durationsNs, 0.5), decimals: 2) : "failed",
                    isGood ? FloatText.fixed(Percentile.ms(times.durationsNs, 0.95), decimals: 2) : "",
                    times.failure ?? times.query.expression)
            }
            blocks.append(table.text(console))
        }
        return blocks.joined(separator: "\n\n")
    }

    var json: String {
        var json = JSONWriter()
        json.beginObject()
        json.member("url", url)
        json.member("hosts", hosts)
        json.member(series.name, hosts * series.ofHost)
        json.member("dataSeconds", dataSeconds)
        json.member("seed", Int(clamping: seed))
        json.member("connections", connections)
        for figure in figures { json.member(figure.name, figure.value) }
        if let failure = load.failure { json.member("failure", failure) }
        json.name("queries")
        json.beginArray()
        for times in queries {
            json.beginObject()
            json.member("name", times.query.name)
            json.member("expression", times.query.expression)
            json.member("stepSeconds", times.query.stepSeconds)
            if let failure = times.failure {
                json.member("failure", failure)
            } else {
                json.member("msP50", Percentile.ms(times.durationsNs, 0.5))
                json.member("msP95", Percentile.ms(times.durationsNs, 0.95))
            }
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return String(decoding: json.bytes, as: UTF8.self)
    }
}
