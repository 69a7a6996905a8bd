import Glibc
import Parts
import Posix
import TestSupport
import Testing

/// Whatever call fails, in this process or by its end, the parts are those of a commit, whole.
@Suite struct PartFaultTests {
    /// Adds, merges, adds; returns the numbers that must be there, and those that may be there instead because the last
    /// commit failed somewhere.
    private func work(_ store: PartFixture.Store, _ committed: inout [UInt8], _ attempted: inout [UInt8]) throws {
        for numbers in [[1, 2], [3], [4, 5, 6]] as [[UInt8]] {
            attempted = (committed + numbers).sorted()
            try PartFixture.add(numbers, to: store)
            committed = attempted
        }
        try PartFixture.mergeAll(store)
        try store.removeRetired()
        attempted = (committed + [7]).sorted()
        try PartFixture.add([7], to: store)
        committed = attempted
    }

    private static let effects: [Fault.Effect] = [.fail(EIO), .tear(ENOSPC)]

    @Test(arguments: effects.indices, [false, true])
    func aFailureLeavesTheCommitsBeforeOrAfterIt(effect: Int, onwards: Bool) throws {
        let hits = try withEachFault(Self.effects[effect], onwards: onwards) { faulty, number in
            let fixture = PartFixture()
            var committed: [UInt8] = []
            var attempted: [UInt8] = []
            // A failure is what this is about; what counts is what is found afterwards.
            if let store = try? fixture.store(in: faulty) {  // as said above
                try? work(store, &committed, &attempted)  // as said above
                #expect(PartFixture.numbers(store) == committed, "call \(number)")
            }
            let store = try fixture.store()
            let found = PartFixture.numbers(store)
            #expect(found == committed || found == attempted, "call \(number)")
            #expect(store.state == found, "call \(number)")
            let unexpected = store.notices.filter { if case .leftoversRemoved = $0 { false } else { true } }
            #expect(unexpected == [], "call \(number)")
            #expect(try fixture.names().allSatisfy { !$0.hasSuffix(".tmp") })
        }
        #expect(hits > 40)
    }

    /// The second attempt meets a sound device.
    private static func retrying<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            return try body()
        }
    }

    @Test(arguments: effects.indices)
    func aStoreGoesOnAfterAFailure(effect: Int) throws {
        try withEachFault(Self.effects[effect]) { faulty, number in
            let fixture = PartFixture()
            do {
                let store = try Self.retrying { try fixture.store(in: faulty) }
                for value in 1...2 as ClosedRange<UInt8> {
                    try Self.retrying { try PartFixture.add([value], to: store) }
                    #expect(PartFixture.numbers(store) == Array(1...value), "call \(number)")
                    try Self.retrying { try PartFixture.mergeAll(store) }
                    _ = try? store.removeRetired()  // tried again by the next round
                }
                #expect(PartFixture.numbers(store) == [1, 2], "call \(number)")
            }
            let store = try fixture.store()
            #expect(PartFixture.numbers(store) == [1, 2], "call \(number)")
            #expect(store.state == [1, 2], "call \(number)")
            #expect(store.parts.count == 1)
            #expect(try fixture.names().count == 2)
        }
    }
}
