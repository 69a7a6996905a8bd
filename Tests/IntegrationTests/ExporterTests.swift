import Foundation
import Testing

/// Exporters of services, each in front of the real service, scraped by obs and by Debian's Prometheus; and a writer of
/// InfluxDB's lines.
@Suite struct ExporterTests {
    private static func isInstalled(_ programs: String...) -> Bool {
        programs.allSatisfy { program in
            // A shell that does not start finds no program either.
            (try? Obs.shell("bash", "command -v \(program) || ls \(program)").code) == 0  // see above
        }
    }

    /// Waits until both have all series of the selector alike, and compares the values that do not change.
    private func compare(
        _ exporter: RunningProgram, series selector: String, atLeast: Int, constant: String
    ) throws -> [String: String] {
        let folder = try TemporaryFolder()
        let configuration = """
            global: {scrape_interval: 1s, scrape_timeout: 1s}
            scrape_configs: [{job_name: e, static_configs: [{targets: ['\(exporter.address)']}]}]
            """
        let file = try folder.write(configuration, to: "scrape.yml")
        let peer = try RunningProgram("prometheus") { address in
            ["--config.file=\(file)", "--storage.tsdb.path=\(folder.path)/peer", "--web.listen-address=\(address)"]
        }
        let obs = try RunningObs("--config", file, data: folder.path + "/obs")
        let series = try PrometheusAnswer.wait("that both have the same series") { () -> Set<String>? in
            let expected = PrometheusAnswer.series(peer.address, selector)
            return expected.count >= atLeast && PrometheusAnswer.series(obs.address, selector) == expected
                ? expected : nil
        }
        #expect(series.count >= atLeast)
        let values = try PrometheusAnswer.wait("that both have the same values") { () -> [String: String]? in
            let expected = PrometheusAnswer.values(peer.address, constant)
            return !expected.isEmpty && PrometheusAnswer.values(obs.address, constant) == expected ? expected : nil
        }
        return values
    }

    @Test(.enabled(if: isInstalled("redis-server", "prometheus-redis-exporter"), "needs Debian's redis exporter"))
    func redisExporterGivesBothTheSame() throws {
        let folder = try TemporaryFolder()
        let redis = try RunningProgram("redis-server") { address in
            let port = String(address.split(separator: ":")[1])
            return ["--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", folder.path, "--maxclients", "77"]
        }
        let port = String(redis.address.split(separator: ":")[1])
        _ = try PrometheusAnswer.wait("that redis listens") {
            try Obs.shell("bash", "redis-cli -p \(port) mset a 1 b 2 c 3").code == 0 ? true : nil
        }
        let exporter = try RunningProgram("prometheus-redis-exporter") {
            ["-redis.addr", "redis://\(redis.address)", "-web.listen-address", $0]
        }
        let constant =
            #"{job="e",__name__=~"redis_up|redis_config_maxclients|redis_db_keys|redis_instance_info|redis_exporter_build_info"}"#
        let values = try compare(exporter, series: #"{job="e",__name__=~"redis_.*"}"#, atLeast: 100, constant: constant)
        func value(_ start: String) -> String? { values.first { $0.key.hasPrefix(start) }?.value }
        #expect(value("__name__=redis_up,") == "1")
        #expect(value("__name__=redis_config_maxclients,") == "77")
        #expect(value("__name__=redis_db_keys,db=db0,") == "3")
    }

    @Test(
        .enabled(
            if: isInstalled("prometheus-postgres-exporter", "/usr/lib/postgresql/*/bin/postgres"),
            "needs Debian's postgres exporter and server"))
    func postgresExporterGivesBothTheSame() throws {
        let server = try RunningPostgres(maxConnections: 23)
        // `env` sets the variable and runs what follows.
        let source = "DATA_SOURCE_NAME=postgresql://postgres@127.0.0.1:\(server.port)/postgres?sslmode=disable"
        let exporter = try RunningProgram(source) { ["prometheus-postgres-exporter", "--web.listen-address=\($0)"] }
        let values = try compare(
            exporter, series: #"{job="e",__name__=~"pg_settings_.*|pg_up|pg_static"}"#, atLeast: 100,
            constant: #"{job="e",__name__=~"pg_up|pg_static|pg_settings_max_connections"}"#)
        func value(_ start: String) -> String? { values.first { $0.key.hasPrefix(start) }?.value }
        #expect(value("__name__=pg_up,") == "1")
        #expect(value("__name__=pg_settings_max_connections,") == "23")
    }

    @Test func linesAreWrittenAsTelegrafWritesThem() throws {
        let folder = try TemporaryFolder()
        let obs = try RunningObs(data: folder.path + "/obs")
        let script = try folder.write(Self.telegraf, to: "telegraf.py")
        let written = try Obs.shell("bash", "python3 '\(script)' \(obs.address)")
        #expect(written.code == 0, "\(written.output)\(written.complaints)")
        let first = PrometheusAnswer.values(obs.address, #"{db="telegraf"}"#)
        #expect(
            first == [
                "__name__=cpu_usage_idle,cpu=cpu0,db=telegraf,host=h 1": "98.5",
                "__name__=mem_used,db=telegraf,host=h 1": "12345678901",
                "__name__=system_up,db=telegraf,host=h 1": "1",
            ])
        let second = PrometheusAnswer.values(obs.address, #"{db="bucket"}"#)
        #expect(second == ["__name__=disk_free,db=bucket,path=/a,b": "7"])
    }

    /// The requests of Telegraf's two outputs: the database is made sure of, bodies are compressed.
    private static let telegraf = """
        import gzip, http.client, sys, time
        connection = http.client.HTTPConnection(sys.argv[1])
        def post(path, body, headers, expected):
            connection.request("POST", path, body, {"User-Agent": "Telegraf/1.30.0 Go/1.22", **headers})
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status == expected, (path, answer.status, text)
        now = time.time_ns()
        lines = f'cpu,cpu=cpu0,host=h\\\\ 1 usage_idle=98.5 {now}\\n'
        lines += f'mem,host=h\\\\ 1 used=12345678901i,note="a \\\\"b\\\\", c" {now}\\nsystem,host=h\\\\ 1 up=t {now}\\n'
        text = {"Content-Type": "text/plain; charset=utf-8", "Content-Encoding": "gzip"}
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        post("/query", "q=CREATE+DATABASE+%22telegraf%22", form, 200)
        post("/write?consistency=any&db=telegraf", gzip.compress(lines.encode()), text, 204)
        body = gzip.compress(f'disk,path=/a\\\\,b free=7u {now // 10**9}\\n'.encode())
        token = {"Authorization": "Token secret"}
        post("/api/v2/write?bucket=bucket&org=o&precision=s", body, {**text, **token}, 204)
        """
}

/// A PostgreSQL server of its own, gone with its owner.
final class RunningPostgres {
    let port: Int
    private let folder: String
    private let process = Process()

    init(maxConnections: Int) throws {
        port = try RunningProgram.freePort()
        folder = try #require(
            try Obs.shell("bash", "mktemp -d").output.trimmingCharacters(in: .whitespacesAndNewlines) as String?)
        // The server refuses to run as root.
        let script = """
            set -e
            bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
            as=
            if [ "$(id -u)" = 0 ]; then
                chown postgres: "$0"
                as='setpriv --reuid=postgres --regid=postgres --clear-groups'
            fi
            cd "$0"
            $as "$bin/initdb" --pgdata data --username postgres --auth trust --no-sync
            exec $as "$bin/postgres" -D data -p "$1" -k "$0" -c listen_addresses=127.0.0.1 -c fsync=off \
                -c max_connections="$2"
            """
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-c", script, folder, "\(port)", "\(maxConnections)"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        _ = try PrometheusAnswer.wait("that postgres listens") { () -> Bool? in
            try #require(process.isRunning, "postgres has ended")
            return try Obs.shell("bash", "exec 3<>/dev/tcp/127.0.0.1/\(port)").code == 0 ? true : nil
        }
    }

    deinit {
        // At once, children included.
        if process.isRunning { kill(process.processIdentifier, SIGQUIT) }
        process.waitUntilExit()
        // What cannot be removed is left in the folder for temporary files.
        try? FileManager.default.removeItem(atPath: folder)  // see above
    }
}
