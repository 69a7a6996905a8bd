import Glibc

/// Where a command writes, and what it may know of the world that called it.
struct Console: Sendable {
    /// How text is shown on standard output.
    struct Style: Sendable {
        /// Columns that a line may take.
        var columns = 80
        /// Lines that a screen shows.
        var rows = 24
        var isTerminal = false
        /// Whether somebody looks at standard error, where progress is shown.
        var showsProgress = false
        /// Whether headings are bold.
        var hasColour = false
    }

    let style: Style
    private let output: @Sendable (String) -> Void
    private let complaints: @Sendable (String) -> Void
    private let input: @Sendable (_ bytesMax: Int) -> [UInt8]
    let environment: @Sendable (String) -> String?

    init(
        style: Style, environment: @escaping @Sendable (String) -> String?,
        output: @escaping @Sendable (String) -> Void,
        complaints: @escaping @Sendable (String) -> Void,
        input: @escaping @Sendable (_ bytesMax: Int) -> [UInt8] = { _ in [] }
    ) {
        self.style = style
        self.environment = environment
        self.output = output
        self.complaints = complaints
        self.input = input
    }

    /// One line, or several, on standard output.
    func print(_ text: String) { output(text + "\n") }

    /// One line, or several, on standard error.
    func complain(_ text: String) { complaints(text + "\n") }

    /// Standard input to its end; nil where it holds more than so many bytes.
    func read(bytesMax: Int) -> String? {
        let bytes = input(bytesMax + 1)
        return bytes.count > bytesMax ? nil : String(decoding: bytes, as: UTF8.self)
    }

    /// Replaces the line of progress on standard error; an empty text removes it.
    func progress(_ text: String) {
        guard style.showsProgress else { return }
        complaints("\r\(text.prefix(style.columns - 1))\u{1b}[K")
    }

    /// The text in bold where colour is wanted.
    func heading(_ text: String) -> String { style.hasColour ? "\u{1b}[1m\(text)\u{1b}[0m" : text }
}

extension Console {
    /// The standard streams of the process.
    static let standard = Console(
        style: standardStyle(), environment: variable,
        output: { if !write($0, to: STDOUT_FILENO) { exit(ExitCode.ok.rawValue) } },
        complaints: { _ = write($0, to: STDERR_FILENO) },
        input: readInput)

    private static func variable(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// Colour follows https://no-color.org and TERM; the width is COLUMNS, the terminal's, or 80.
    private static func standardStyle() -> Style {
        var style = Style()
        style.isTerminal = isatty(STDOUT_FILENO) == 1
        style.showsProgress = isatty(STDERR_FILENO) == 1 && variable("TERM") != "dumb"
        style.hasColour = style.isTerminal && (variable("NO_COLOR") ?? "").isEmpty && variable("TERM") != "dumb"
        let terminal = terminalSize()
        if let columns = variable("COLUMNS").flatMap({ Int($0) }) ?? terminal?.columns {
            style.columns = max(20, columns)
        }
        if let rows = terminal?.rows { style.rows = rows }
        return style
    }

    private static func terminalSize() -> (columns: Int, rows: Int)? {
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return nil
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    private static func readInput(bytesMax: Int) -> [UInt8] {
        var input: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: min(bytesMax, 65_536))
        while input.count < bytesMax {
            let count = unsafe Glibc.read(STDIN_FILENO, &buffer, min(buffer.count, bytesMax - input.count))
            if count > 0 {
                input += buffer[..<count]
            } else if count == 0 || errno != EINTR {
                break
            }
        }
        return input
    }

    /// - Returns: false when the reader is gone: who reads no further, such as `head`, has what was wanted.
    private static func write(_ text: String, to descriptor: Int32) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let count = unsafe Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
                if count > 0 {
                    done += count
                } else if errno != EINTR {
                    return errno != EPIPE
                }
            }
            return true
        }
    }
}
