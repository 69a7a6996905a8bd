import Encoding
import Glibc
import HTTP
import Posix
import Telemetry

/// Puts the marketplace under load: visitors come at random times, as many as the hour of the day brings, whether those
/// before them are done or not.
final class Traffic: Service {
    /// Visitors at once; more wait, and beyond `waitingMax` they go elsewhere.
    private static let visitorsMax = 16
    private static let waitingMax = 256

    private let shop: Shop
    private let isStopping = Monitor(false)
    private let queue = BoundedQueue<Journey>(capacity: Traffic.waitingMax)
    private let threads: [OwnedThread]

    init(_ context: ServiceContext) throws {
        let shop = Shop(context)
        self.shop = shop
        let seed = context.options.seed ?? UInt64.random(in: 0...UInt64.max)
        context.log.info("traffic begins", ["seed": .text(String(seed))])
        let registry = context.registry
        let begun = registry.counters(
            "marketplace_traffic_journeys_total", "Journeys begun, by kind.", labels: ["journey"])
        let lost = registry.counter("marketplace_traffic_journeys_lost_total", "Visitors who found no place to wait.")
        let (queue, isStopping) = (queue, isStopping)
        let visitors = Visitors(shop)
        var threads: [OwnedThread] = []
        for number in 0..<Self.visitorsMax {
            threads.append(
                try OwnedThread(name: "visitor-\(number)") {
                    var numbers = SeededNumbers(seed: seed &+ UInt64(number) &* 7_919)
                    while let journey = queue.pop() { visitors.make(journey, &numbers) }
                })
        }
        threads.append(
            try OwnedThread(name: "arrivals") {
                Self.arrive(context, seed, isStopping) { journey in
                    begun.with(journey.rawValue).add()
                    if case .accepted = queue.push(journey) { return }
                    lost.add()
                }
            })
        threads.append(
            try OwnedThread(name: "attack") { Self.attack(context, shop, seed, isStopping) })
        self.threads = threads
    }

    func add(to routes: inout Routes) {}

    func stop() {
        isStopping.withLock { $0 = true }
        isStopping.wakeAll()
        queue.close()
        for thread in threads { thread.join() }
    }

    /// Arrivals as a Poisson process whose rate follows the day.
    private static func arrive(
        _ context: ServiceContext, _ seed: UInt64, _ isStopping: Monitor<Bool>, _ begin: (Journey) -> Void
    ) {
        var numbers = SeededNumbers(seed: seed)
        let shape = DailyShape(daySeconds: context.options.daySeconds)
        let startNs = context.time.monotonicNs
        var dueNs = startNs
        while true {
            let seconds = Double(dueNs - startNs) / 1e9
            let rate = context.options.journeysPerSecond * shape.load(atSeconds: seconds)
            dueNs += Int64(-log(Double.random(in: 1e-9..<1, using: &numbers)) / rate * 1e9)
            let waitNs = dueNs - context.time.monotonicNs
            if waitNs > 0, isStopping.wait(atMostNs: waitNs, until: { $0 ? true : nil }) == true { return }
            if isStopping.withLock({ $0 }) { return }
            begin(Journey.random(&numbers))
        }
    }

    /// While the fault is on: logins with lists of stolen passwords, from everywhere.
    private static func attack(
        _ context: ServiceContext, _ shop: Shop, _ seed: UInt64, _ isStopping: Monitor<Bool>
    ) {
        var numbers = SeededNumbers(seed: ~seed)
        while true {
            let rate = context.faults.level(of: .credentialStuffing)
            let waitNs = rate.map { Int64(1e9 / max($0, 0.01)) } ?? 200_000_000
            if isStopping.wait(atMostNs: waitNs, until: { $0 ? true : nil }) == true { return }
            guard rate != nil else { continue }
            let victim = "victim\(Int.random(in: 0..<100_000, using: &numbers))@example.com"
            _ = shop.ask(
                .post, "/v1/login", "attack", client: Visitors.client(&numbers),
                body: Shop.body(["email": .string(victim), "password": .string("123456789")]))
        }
    }
}
