import Posix
import Testing

@testable import obs

@Suite struct ParsingTests {
    /// The options and operands that a line gives to the command.
    private func bake(_ line: String, variables: [String: String] = [:]) throws -> (BakeOptions, [String]) {
        let seen = Lock<(BakeOptions, [String])?>(nil)
        let command = bakeCommand { options, cakes in seen.withLock { $0 = (options, cakes) } }
        let words = line.split(separator: " ").map(String.init)
        _ = try command.run(words, RecordedConsole(variables: variables).console)
        return try #require(seen.withLock { $0 })
    }

    @Test(arguments: [
        ("cheese", BakeOptions(), ["cheese"]),
        ("--degrees 220 cheese", BakeOptions(degrees: 220), ["cheese"]),
        ("--degrees=220 cheese", BakeOptions(degrees: 220), ["cheese"]),
        ("-d 220 cheese", BakeOptions(degrees: 220), ["cheese"]),
        ("-d220 cheese", BakeOptions(degrees: 220), ["cheese"]),
        ("cheese --degrees -5", BakeOptions(degrees: -5), ["cheese"]),
        ("cheese -vf apple", BakeOptions(isVegan: true, isFast: true), ["cheese", "apple"]),
        ("-vd 200 cheese", BakeOptions(degrees: 200, isVegan: true), ["cheese"]),
        ("-d 1 -d 2 cheese", BakeOptions(degrees: 2), ["cheese"]),
        ("--pan= cheese", BakeOptions(), ["cheese"]),
        ("--pan=a=b cheese", BakeOptions(pan: "a=b"), ["cheese"]),
        ("--shape square -- --vegan -", BakeOptions(shape: "square"), ["--vegan", "-"]),
    ])
    func takesEveryForm(line: String, options: BakeOptions, cakes: [String]) throws {
        let (found, operands) = try bake(line)
        #expect(found == options)
        #expect(operands == cakes)
    }

    @Test(arguments: [
        ("--degrees", "--degrees needs a value: --degrees N"),
        ("cheese -d", "--degrees needs a value: --degrees N"),
        ("--degrees hot cheese", "--degrees: 'hot' is no number"),
        ("--shape oval cheese", "--shape: 'oval' is none of round, square"),
        ("--vegan=yes cheese", "--vegan takes no value"),
        ("--degress 220", "unknown flag --degress; did you mean --degrees?"),
        ("-degrees 220", "--degrees: 'egrees' is no number"),
        ("-vegan", "unknown flag -vegan; did you mean --vegan?"),
        ("--zzzzzz", "unknown flag --zzzzzz"),
        ("--hlep", "unknown flag --hlep; did you mean --help?"),
        ("", "needs CAKE...: what to bake"),
        ("a b c", "'c' is one argument too many"),
    ])
    func refusesWithWhatToWrite(line: String, message: String) {
        let error = #expect(throws: UsageError.self) { _ = try self.bake(line) }
        #expect(error?.description == message)
    }

    @Test func theEnvironmentStandsInForAFlag() throws {
        #expect(try bake("cheese", variables: ["BAKE_DEGREES": "90"]).0.degrees == 90)
        #expect(try bake("-d 91 cheese", variables: ["BAKE_DEGREES": "90"]).0.degrees == 91)
        #expect(try bake("cheese", variables: ["BAKE_DEGREES": ""]).0.degrees == 180)
        let error = #expect(throws: UsageError.self) { _ = try self.bake("cheese", variables: ["BAKE_DEGREES": "x"]) }
        #expect(error?.description == "--degrees: 'x' is no number")
    }
}
