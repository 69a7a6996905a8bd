import Posix
import TestSupport
import Testing

@testable import Telemetry

@Suite struct RegistryTests {
    private func samples(_ registry: Registry) -> [String: Double] {
        var samples: [String: Double] = [:]
        for family in registry.families {
            family.forEachSample { name, labels, value in
                samples[name + "{" + labels.map { "\($0.name)=\($0.value)" }.joined(separator: ",") + "}"] = value
            }
        }
        return samples
    }

    @Test func readsEveryKindAsSamplesWithoutHTTP() {
        let registry = Registry()
        let requests = registry.counters("obs_a_total", "", labels: ["route", "code"])
        requests.with("/", "200").add(3)
        requests.with("/", "500").add()
        registry.gauge("obs_b_bytes", "", unit: .bytes).set(-4)
        registry.counter("obs_c_seconds_total", "", unit: .seconds).add(1_500_000_000)
        registry.callback("obs_d", "") { 0.25 }
        registry.histogram("obs_e_seconds", "", unit: .seconds, buckets: HistogramBuckets(bounds: [0.5, 1]))
            .observe(700_000_000)

        #expect(
            samples(registry) == [
                "obs_a_total{route=/,code=200}": 3, "obs_a_total{route=/,code=500}": 1, "obs_b_bytes{}": -4,
                "obs_c_seconds_total{}": 1.5, "obs_d{}": 0.25, "obs_e_seconds_bucket{le=0.5}": 0,
                "obs_e_seconds_bucket{le=1.0}": 1, "obs_e_seconds_bucket{le=+Inf}": 1, "obs_e_seconds_sum{}": 0.7,
                "obs_e_seconds_count{}": 1,
            ])
    }

    @Test func theSameNameInTheSameShapeIsTheSameMetric() {
        let registry = Registry()
        registry.counter("obs_a_total", "").add()
        registry.counter("obs_a_total", "").add()
        #expect(samples(registry) == ["obs_a_total{}": 2])
    }

    @Test func labelSetsBeyondTheBoundShareOneChildAndAreCounted() {
        let registry = Registry()
        let family = registry.counters("obs_a_total", "", labels: ["peer"], childrenMax: 3)
        for number in 0..<10 { family.with("p\(number)").add() }
        let samples = samples(registry)
        #expect(samples["obs_a_total{peer=p0}"] == 1)
        #expect(samples["obs_a_total{peer=other}"] == 7)
        #expect(samples["obs_metric_label_sets_refused_total{metric=obs_a_total}"] == 7)
        #expect(samples.count == 5)
    }

    @Test func aRemovedChildIsNoLongerShownAndLeavesItsPlaceFree() {
        let registry = Registry()
        let family = registry.gauges("obs_a", "", labels: ["target"], childrenMax: 1)
        family.with("one").set(1)
        family.remove("one")
        family.with("two").set(2)
        #expect(samples(registry) == ["obs_a{target=two}": 2])
    }

    @Test func aLaterCallbackTakesThePlaceOfTheEarlierOne() {
        let registry = Registry()
        registry.callback("obs_a", "") { 1 }
        registry.callback("obs_a", "") { 2 }
        #expect(samples(registry) == ["obs_a{}": 2])
    }

    @Test func aCallbackMayAskTheRegistry() {
        let registry = Registry()
        let counter = registry.counter("obs_a_total", "")
        registry.callback("obs_b", "") { [weak registry] in
            registry?.counter("obs_a_total", "").add()
            return 1
        }
        _ = registry.families
        #expect(counter.total == 1)
    }

    @Test func namesThatBreakTheRulesTrap() async {
        await #expect(processExitsWith: .failure) { _ = Registry().counter("obs_a", "") }
        await #expect(processExitsWith: .failure) { _ = Registry().gauge("1a", "") }
        await #expect(processExitsWith: .failure) { _ = Registry().gauge("obs_a", "", unit: .seconds) }
        await #expect(processExitsWith: .failure) { _ = Registry().gauges("obs_a", "", labels: ["le"]) }
        await #expect(processExitsWith: .failure) {
            let registry = Registry()
            _ = registry.gauge("obs_a", "")
            _ = registry.gauges("obs_a", "", labels: ["b"])
        }
    }

    @Test func threadsLoseNoAddition() throws {
        let counters = Registry().counters("obs_a_total", "", labels: ["n"])
        let threads = try (0..<4).map { number in
            try OwnedThread(name: "add-\(number)") {
                for _ in 0..<10_000 { counters.with("same").add() }
            }
        }
        for thread in threads { thread.join() }
        #expect(counters.with("same").total == 40_000)
    }
}
