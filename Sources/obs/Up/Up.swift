import Glibc
import Posix

/// Everything on this machine: collector, agent, marketplace with its traffic, and a stand-in for those who are paged.
final class Up: Sendable {
    /// How long all of it may take to start.
    private static let readyNs: Int64 = 180_000_000_000
    private static let glanceNs: Int64 = 50_000_000
    private static let portsTried: [UInt16] = [8_080, 18_080, 28_080, 38_080]

    private let options: UpOptions
    private let console: Console
    private let lifecycle: Lifecycle
    private let collector: Collector
    private let standIn: StandIn
    private let processes: UpProcesses
    private let questions: UpQuestions
    private let places: UpFiles.Places
    private let cancellation = Cancellation()
    private let agentConfiguration: String

    init(_ options: UpOptions, flags: [(name: String, value: String)], _ console: Console) throws {
        (self.options, self.console) = (options, console)
        lifecycle = try Lifecycle()
        let material = try UpMaterial(options.material)
        let marketplace = try UpMaterial.marketplace()
        let data = options.collector.dataDirectory ?? CollectorOptions.dataDirectoryDefault
        let files = try UpFiles(folder: UpMaterial.absolute(FilePath.join(data, "up")))
        console.progress("starting the stand-in for PagerDuty and Slack ...")
        let standInPort = options.firstPort.map { $0 + 10 } ?? (Self.isFree(9_990) ? 9_990 : 0)
        let standIn = try StandIn(port: standInPort) { page in console.print(page.line) }
        self.standIn = standIn
        do {
            let agentPort = try options.firstPort.map { $0 + 9 } ?? Self.port(preferring: 9_100)
            var places = UpFiles.Places(
                agent: .loopback(port: agentPort), standIn: standIn.address,
                firstPort: try options.firstPort ?? Self.freePorts(),
                data: files.folder)
            // All that may be wrong with the files shows before the collector starts.
            let routing = try files.write("alertmanager.yaml", from: material.routing, UpFiles.routingChanges(places))
            _ = try files.write("agent.yaml", from: material.agent, UpFiles.agentChanges(places))
            var own = options.collector
            own.dataDirectory = data
            if own.configuration == nil {
                own.configuration = try files.write("obs.yaml", UpFiles.collector(material, routing: routing))
            }
            console.progress("starting the collector ...")
            collector = try Collector(own, flags: flags, lifecycle)
            places.collector = "\(collector.scheme)://" + (collector.addresses.first.map { "\($0)" } ?? "")
            agentConfiguration = try files.write(
                "agent.yaml", from: material.agent, UpFiles.agentChanges(places))
            self.places = places
        } catch {
            standIn.stop()
            throw error
        }
        questions = UpQuestions(collector: places.collector)
        processes = UpProcesses(
            marketplace: marketplace,
            arguments: [
                "--first-port", String(places.firstPort), "--data", FilePath.join(files.folder, "marketplace"),
                "--logs", FilePath.join(files.folder, "logs"), "--collector", places.collector, "--trace-ratio", "1",
                "--journeys", String(options.journeysPerSecond),
            ], folder: files.folder)
    }

    /// Runs until its end.
    ///
    /// - Returns: false where a story was asked for and did not happen.
    func run() throws -> Bool {
        let clock = SystemTime()
        let startedNs = clock.monotonicNs
        let outcome = Lock(true)
        let worker = try OwnedThread(name: "up") { [self] in
            let isGood = act(startedNs, clock)
            outcome.withLock { $0 = isGood }
            if options.report != nil || !isGood { lifecycle.requestStop() }
        }
        defer {
            cancellation.raise()
            worker.join()
            questions.stop()
            standIn.stop()
        }
        try collector.run(atMostNs: options.limitNs) { [self] in
            cancellation.raise()
            processes.stop()
        }
        return outcome.withLock { $0 }
    }

    /// Starts the programs, waits until all is there, says so, and tells the story.
    private func act(_ startedNs: Int64, _ clock: SystemTime) -> Bool {
        do {
            for service in UpProcesses.services {
                console.progress("starting \(service) ...")
                try processes.start(service: service)
            }
            console.progress("starting the agent ...")
            try processes.startAgent(configuration: agentConfiguration)
        } catch {
            console.complain("obs up: \(error)")
            return false
        }
        guard waitUntilReady(clock) else { return cancellation.isRaised && options.report == nil }
        let seconds = Double(clock.monotonicNs - startedNs) / 1e9
        console.progress("")
        console.print(UpGreeting.text(places, seconds: seconds))
        guard let report = options.report else { return true }
        let story = UpStory(
            questions: questions, processes: processes, standIn: standIn, cancellation: cancellation,
            say: { [console] in console.print($0) })
        let steps = story.run()
        do throws(SystemError) {
            try LocalFileSystem().replaceFile(report, with: UpStory.report(steps, readySeconds: seconds).span)
        } catch {
            console.complain("obs up: cannot write the report: \(error)")
            return false
        }
        return UpStory.isInTime(steps)
    }

    /// Ready is: every service answers, and the agent has measured all of them.
    private func waitUntilReady(_ clock: SystemTime) -> Bool {
        let endNs = clock.monotonicNs + Self.readyNs
        let count = Double(UpProcesses.services.count)
        while !cancellation.isRaised {
            let ended = processes.ended()
            guard ended.isEmpty else {
                for process in ended { console.complain("obs up: \(process.name) has ended: \(process.said)") }
                return false
            }
            let seen = questions.number("sum(up{job=~\"marketplace|traffic\"})") ?? 0
            if seen == count { return true }
            console.progress("waiting for the services: \(Int(seen)) of \(Int(count)) ...")
            guard clock.monotonicNs < endNs else {
                console.complain("obs up: only \(Int(seen)) of \(Int(count)) services are there after 3 minutes")
                return false
            }
            _ = Monitor(false).wait(atMostNs: Self.glanceNs) { $0 ? true : nil }
        }
        return false
    }
}

/// Ports of this machine that nobody has; somebody may take one before it is used.
extension Up {
    private static func freePorts() throws -> UInt16 {
        let random = (0..<20).map { _ in UInt16.random(in: 2_000...3_000) * 10 }
        for first in portsTried + random where (first..<first + 9).allSatisfy(isFree) { return first }
        throw StartFailure("finds no nine free ports in a row; name the first of some with --first-port")
    }

    private static func port(preferring port: UInt16) throws -> UInt16 {
        if isFree(port) { return port }
        return try Socket.listening(on: .loopback(port: 0)).localAddress().port ?? port
    }

    private static func isFree(_ port: UInt16) -> Bool {
        do throws(SystemError) {
            _ = try Socket.listening(on: .loopback(port: port))
            return true
        } catch {
            return false
        }
    }
}
