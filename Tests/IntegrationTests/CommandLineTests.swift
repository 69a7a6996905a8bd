import Testing

/// The command line of the real binary.
@Suite struct CommandLineTests {
    @Test func exitCodesTellAMistakeFromAnAnswer() throws {
        #expect(try Obs.run("version").code == 0)
        #expect(try Obs.run("--help").code == 0)
        #expect(try Obs.run().code == 2)
        #expect(try Obs.run("nonsense").code == 2)
        #expect(try Obs.run("version", "--nonsense").code == 2)
    }

    @Test func aMistakeGoesToStandardErrorAndHelpToStandardOutput() throws {
        let mistake = try Obs.run("version", "--hlep")
        #expect(mistake.output.isEmpty)
        #expect(
            mistake.complaints == "obs version: unknown flag --hlep; did you mean --help?\nSee 'obs version --help'.\n")
        let help = try Obs.run("version", "--help")
        #expect(help.complaints.isEmpty)
        #expect(help.output.hasPrefix("obs version: "))
    }

    @Test func aPipeGetsNoColourAndTheWidthThatItAsksFor() throws {
        let help = try Obs.run("completion", "--help", environment: ["COLUMNS": "34", "TERM": "xterm"])
        #expect(!help.output.contains("\u{1b}"))
        let wrapped = help.output.split(separator: "\n").filter { !$0.hasPrefix("  obs ") && !$0.hasPrefix("  source") }
        #expect(wrapped.allSatisfy { $0.count <= 34 })
    }

    /// `script` runs the command on a pseudo-terminal.
    @Test func aTerminalGetsColourUnlessNoColorIsSet() throws {
        let bold = "\u{1b}[1mUsage:\u{1b}[0m"
        func help(_ environment: String) throws -> String {
            try Obs.shell("bash", "env -u NO_COLOR \(environment) script -qec 'obs --help' /dev/null").output
        }
        #expect(try help("TERM=xterm").contains(bold))
        #expect(try !help("NO_COLOR=1 TERM=xterm").contains("\u{1b}"))
        #expect(try !help("TERM=dumb").contains("\u{1b}"))
    }

    @Test func aClosedPipeIsNoError() throws {
        #expect(try Obs.shell("bash", "obs help --markdown | head -n 1").output == "## Commands\n")
    }
}
