import Parts
import Posix
import TestSupport
import Testing

@Suite struct RetentionTests {
    private func part(_ number: UInt64, maxTimeMs: Int64, bytes: Int) -> PartInfo {
        PartInfo(
            number: number, partition: 0, minTimeMs: 0, maxTimeMs: maxTimeMs, rows: 1, level: 0, createdMs: 0,
            files: [PartFile(name: "a", bytes: bytes - 1, checksum: 0), PartFile(name: "b", bytes: 1, checksum: 0)])
    }

    private var parts: [PartInfo] {
        [part(3, maxTimeMs: 300, bytes: 10), part(1, maxTimeMs: 100, bytes: 20), part(2, maxTimeMs: 200, bytes: 30)]
    }

    @Test(arguments: [(nil, []), (200, []), (199, [1]), (99, [1, 2]), (0, [1, 2])] as [(Int64?, [UInt64])])
    func partsGoWhenTheirNewestRowIsTooOld(ageMsMax: Int64?, expected: [UInt64]) {
        let retention = Retention(ageMsMax: ageMsMax)
        #expect(retention.expired(among: parts, nowMs: 300).map(\.number) == expected)
    }

    @Test(
        arguments: [(60, []), (59, [1]), (40, [1]), (39, [1, 2]), (10, [1, 2]), (9, [1, 2, 3])] as [(Int, [UInt64])])
    func theOldestPartsGoUntilTheRestFits(bytesMax: Int, expected: [UInt64]) {
        #expect(Retention(bytesMax: bytesMax).expired(among: parts, nowMs: 300).map(\.number) == expected)
    }

    @Test func whatIsTooOldCountsTowardsTheRoomThatIsMade() {
        let retention = Retention(ageMsMax: 150, bytesMax: 40)
        #expect(retention.expired(among: parts, nowMs: 300).map(\.number) == [1])
    }
}

@Suite struct DiskWatchTests {
    private final class Clock: TimeSource {
        private let now = Lock<Int64>(0)
        var wallNs: Int64 { monotonicNs }
        var monotonicNs: Int64 { now.withLock { $0 } }
        func advance(seconds: Int64) { now.withLock { $0 += seconds * 1_000_000_000 } }
    }

    private let gigabyte = 1_000_000_000

    /// Total and free gigabytes, and whether that is short: less than 2 GB and less than 5 %.
    @Test(arguments: [
        (1_000, 2, false), (1_000, 1, true), (20, 2, false), (20, 1, false), (19, 1, false), (10, 0, true),
    ])
    func theSmallerOfTwoGigabytesAndOneTwentiethIsTheLimit(total: Int, free: Int, isShort: Bool) {
        let system = FaultyFileSystem()
        system.pretend(DiskSpace(totalBytes: total * gigabyte, freeBytes: free * gigabyte))
        #expect((DiskWatch("/data", in: system).shortage != nil) == isShort)
    }

    @Test func theSentenceSaysWhatIsFreeAndWhatIsNeeded() throws {
        let system = FaultyFileSystem()
        system.pretend(DiskSpace(totalBytes: 100 * gigabyte, freeBytes: gigabyte))
        let shortage = try #require(DiskWatch("/data", in: system).shortage)
        #expect(
            shortage.description
                == "the device of /data is short of space: 1000 MB of 100000 MB are free, 2000 MB are needed; free some, or set a retention by size"
        )
    }

    @Test func theDeviceIsAskedOnceASecondAndMustRecoverByATenth() {
        let system = FaultyFileSystem()
        let clock = Clock()
        let watch = DiskWatch("/data", in: system, time: clock)
        func isShort(freeMegabytes: Int) -> Bool {
            system.pretend(DiskSpace(totalBytes: 100 * gigabyte, freeBytes: freeMegabytes * 1_000_000))
            return watch.shortage != nil
        }
        #expect(!isShort(freeMegabytes: 2_000))
        #expect(!isShort(freeMegabytes: 1_999), "not asked again within the second")
        clock.advance(seconds: 1)
        #expect(isShort(freeMegabytes: 1_999))
        clock.advance(seconds: 1)
        #expect(isShort(freeMegabytes: 2_199))
        clock.advance(seconds: 1)
        #expect(!isShort(freeMegabytes: 2_200))
    }

    @Test func aDeviceThatDoesNotAnswerIsNotCalledShort() {
        let system = FaultyFileSystem(Fault(.fail(5), at: 1, onwards: true, of: [.space]))
        #expect(DiskWatch("/data", in: system).shortage == nil)
    }
}
