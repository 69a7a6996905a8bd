import Testing

@testable import obs

@Suite struct ProgramTests {
    private func run(_ line: String) -> (code: ExitCode, output: String, complaints: String) {
        let recorded = RecordedConsole()
        let code = Program.run(["obs"] + line.split(separator: " ").map(String.init), recorded.console)
        return (code, recorded.output, recorded.complaints)
    }

    @Test func helpIsAnAnswerAndNoCommandIsAMistake() {
        #expect(run("--help").code == .ok)
        #expect(run("help").output == run("--help").output)
        #expect(run("").code == .usage)
        #expect(run("help completion").output == run("completion --help").output)
        #expect(run("completion bash -h").output == run("completion --help").output)
    }

    @Test(arguments: [
        ("hlep", "obs: unknown command 'hlep'; did you mean 'obs help'?\nSee 'obs --help'.\n"),
        ("qqqqqqqq", "obs: unknown command 'qqqqqqqq'\nSee 'obs --help'.\n"),
        ("--listen x", "obs: unknown flag '--listen'\nSee 'obs --help'.\n"),
        ("version now", "obs version: takes no argument, and 'now' is one\nSee 'obs version --help'.\n"),
        (
            "completion tcsh",
            "obs completion: 'tcsh' is none of bash, zsh, fish\nSee 'obs completion --help'.\n"
        ),
    ])
    func aMistakeEndsWithTwoAndSaysWhatToWrite(line: String, complaint: String) {
        let result = run(line)
        #expect(result.code == .usage)
        #expect(result.complaints == complaint)
        #expect(result.output.isEmpty)
    }
}
