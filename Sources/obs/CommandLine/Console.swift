import Glibc

/// Where a command writes, and what it may know of the world that called it.
struct Console: Sendable {
    /// How text is shown on standard output.
    struct Style: Sendable {
        /// Columns that a line may take.
        var columns = 80
        var isTerminal = false
        /// Whether headings are bold.
        var hasColour = false
    }

    let style: Style
    private let output: @Sendable (String) -> Void
    private let complaints: @Sendable (String) -> Void
    let environment: @Sendable (String) -> String?

    init(
        style: Style, environment: @escaping @Sendable (String) -> String?,
        output: @escaping @Sendable (String) -> Void,
        complaints: @escaping @Sendable (String) -> Void
    ) {
        self.style = style
        self.environment = environment
        self.output = output
        self.complaints = complaints
    }

    /// One line, or several, on standard output.
    func print(_ text: String) { output(text + "\n") }

    /// One line, or several, on standard error.
    func complain(_ text: String) { complaints(text + "\n") }

    /// The text in bold where colour is wanted.
    func heading(_ text: String) -> String { style.hasColour ? "\u{1b}[1m\(text)\u{1b}[0m" : text }
}

extension Console {
    /// The standard streams of the process.
    static let standard = Console(
        style: standardStyle(), environment: variable,
        output: { write($0, to: STDOUT_FILENO) }, complaints: { write($0, to: STDERR_FILENO) })

    private static func variable(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// Colour follows https://no-color.org and TERM; the width is COLUMNS, the terminal's, or 80.
    private static func standardStyle() -> Style {
        var style = Style()
        style.isTerminal = isatty(STDOUT_FILENO) == 1
        style.hasColour = style.isTerminal && (variable("NO_COLOR") ?? "").isEmpty && variable("TERM") != "dumb"
        if let columns = variable("COLUMNS").flatMap({ Int($0) }) ?? terminalColumns() {
            style.columns = max(20, columns)
        }
        return style
    }

    private static func terminalColumns() -> Int? {
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// A closed pipe ends the process by SIGPIPE or loses the rest; nobody is left to tell.
    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let count = unsafe Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
                if count > 0 {
                    done += count
                } else if errno != EINTR {
                    return
                }
            }
        }
    }
}
