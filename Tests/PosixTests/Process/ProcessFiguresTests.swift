import Foundation
import Posix
import TestSupport
import Testing

@Suite struct ProcessFiguresTests {
    /// A captured tree; the expected values are worked out by hand from proc_pid_stat(5), 100 ticks a second and pages
    /// of 4096 bytes.
    private func capturedTree() throws -> TemporaryDirectory {
        let directory = TemporaryDirectory()
        let system = LocalFileSystem()
        try system.createDirectories(directory.file("42/fd"))
        for name in ["0", "1", "2", "17"] {
            try system.replaceFile(directory.file("42/fd/\(name)"), with: Span())
        }
        let stat = """
            42 (odd) name (x)) S 1 42 42 0 -1 4194560 1 2 3 4 250 150 0 0 20 0 9 0 12345 1048576 25 \
            18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n
            """
        try system.replaceFile(directory.file("42/stat"), with: Array(stat.utf8).span)
        try system.replaceFile(directory.file("stat"), with: Array("cpu 1 2\nbtime 1700000000\n".utf8).span)
        let limits = """
            Limit                     Soft Limit           Hard Limit           Units
            Max open files            1024                 524288               files
            """
        try system.replaceFile(directory.file("42/limits"), with: Array(limits.utf8).span)
        return directory
    }

    @Test func aCapturedProcessIsReadFieldByField() throws {
        let tree = try capturedTree()
        let figures = try ProcessFigures(of: "42", under: tree.path)
        #expect(figures.userSeconds == 2.5)
        #expect(figures.systemSeconds == 1.5)
        #expect(figures.threads == 9)
        #expect(figures.startedAtSeconds == 1_700_000_123.45)
        #expect(figures.virtualBytes == 1_048_576)
        #expect(figures.residentBytes == 25 * 4096)
        #expect(figures.openFiles == 4)
        #expect(figures.openFilesMax == 1024)
    }

    @Test func aProcessThatIsGoneIsAnErrorThatNamesTheFile() throws {
        let tree = try capturedTree()
        let error = #expect(throws: SystemError.self) { try ProcessFigures(of: "43", under: tree.path) }
        #expect(error?.subject == tree.file("43/stat"))
    }

    @Test func theOwnFiguresAreThoseOfThisProcess() throws {
        let figures = try ProcessFigures()
        #expect(figures.residentBytes > 1 << 20)
        #expect(figures.threads >= 1)
        #expect(figures.openFiles >= 3)
        #expect(figures.startedAtSeconds <= Date().timeIntervalSince1970)
        #expect(figures.startedAtSeconds > Date().timeIntervalSince1970 - 86_400)
    }
}
