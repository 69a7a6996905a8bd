import PromQL
import Testing
import Web

@testable import obs

@Suite struct QueryOptionsTests {
    private func options(_ section: String) throws -> (options: QueryOptions, errors: [String]) {
        let folder = try ConfigurationFolder(["obs.yml": section])
        let result = folder.load()
        return (result.configuration.queries, folder.errors(result))
    }

    @Test func whatIsNotSaidIsAsInPrometheusAndAHalfOfWhatQueriesMayHold() throws {
        let engine = try options("# nothing\n").options.engineOptions(queriesBytes: 512 << 20)
        #expect(engine.timeoutMs == 120_000)
        #expect(engine.samplesMax == 50_000_000)
        #expect(engine.lookbackMs == 300_000)
        #expect(engine.memoryMaxBytes == 256 << 20)
        #expect(engine.features == .all)
    }

    @Test func everyBoundCanBeSet() throws {
        let (options, errors) = try options(
            """
            queries:
              timeout: 30s
              samples_max: 1000
              memory_max: 64MiB
              lookback_delta: 1m
              per_principal_max: 4
              memory_per_principal_max: 96MiB
              samples_per_principal_max: 5000
              log_slower_than: 250ms
              result_cache: 16MiB
              language: prometheus
            """)
        #expect(errors == [])
        let engine = options.engineOptions(queriesBytes: 512 << 20)
        #expect((engine.timeoutMs, engine.samplesMax, engine.lookbackMs) == (30_000, 1000, 60_000))
        #expect(engine.memoryMaxBytes == 64 << 20)
        #expect(engine.features == .stock)
        let service = options.serviceOptions
        #expect((service.perPrincipalMax, service.slowAfterMs, service.cacheBytes) == (4, 250, 16 << 20))
        #expect(service.principalShare.memoryMaxBytes == 96 << 20)
        #expect(service.principalShare.samplesMax == 5000)
        #expect(options.engineOptions(queriesBytes: 1 << 20).memoryMaxBytes == 1 << 20, "never more than all queries")
    }

    @Test func slowQueriesNeedNotBeLogged() throws {
        #expect(try options("queries: {log_slower_than: never}").options.slowAfterMs == nil)
    }

    @Test(arguments: [
        ("queries: {language: sql}", "write 'all' for everything that obs understands"),
        ("queries: {timeout: 0s}", "timeout has to be above zero"),
        ("queries: {samples_max: -1}", "samples_max has to be above zero"),
        ("queries: {memory_max: lots}", "memory_max"),
        ("queries: {samples_per_principal_max: 0}", "samples_per_principal_max has to be above zero"),
    ])
    func whatMakesNoSenseIsRefusedWithItsPlace(section: String, sentence: String) throws {
        let errors = try options(section).errors
        #expect(errors.count == 1)
        #expect(errors.first?.contains(sentence) == true, "\(errors)")
    }
}
