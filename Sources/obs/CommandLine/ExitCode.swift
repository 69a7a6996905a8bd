/// What a command tells the shell.
enum ExitCode: Int32, Sendable {
    case ok = 0
    /// It could not be done, or the answer is an error or "bad" where that is the question.
    case bad = 1
    /// The command line itself is wrong; nothing was tried.
    case usage = 2
}
