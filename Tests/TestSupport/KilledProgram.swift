import Foundation

/// A program of this package that writes the number of each thing it has acknowledged to standard output, a line each,
/// until it is killed.
package enum KilledProgram {
    /// Runs it and kills it after a while.
    ///
    /// - Returns: the last number that it wrote whole; 0 where it came to none.
    package static func lastNumber(of name: String, _ arguments: [String], killedAfterMs: Int) throws -> Int64 {
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: name)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(killedAfterMs)) {
            kill(process.processIdentifier, SIGKILL)
        }
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        // A line that the end cut off was not acknowledged to anybody.
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        return lines.dropLast().last.flatMap { Int64($0) } ?? 0
    }
}
