import Posix
import TestSupport
import Testing

@testable import obs

struct BackupRecordTests {
    private let folder = TemporaryDirectory()
    private let system = LocalFileSystem()

    private func write(_ text: String) throws {
        try system.replaceFile(folder.file("backup.json"), with: Array(text.utf8).span)
    }

    @Test func isReadAsItWasWritten() throws {
        var record = BackupRecord(version: "1.2", hostname: "a\"b", startedMs: 5)
        record.finishedMs = 7
        record.files = [.init(path: "ledger/ledger.db", bytes: 3, checksum: .max)]
        try system.replaceFile(folder.file("backup.json"), with: record.json.span)
        #expect(try BackupRecord(in: folder.path, system) == record)
    }

    @Test func aFolderWithoutOneIsNoBackup() throws {
        #expect(try BackupRecord(in: folder.path, system) == nil)
        let error = #expect(throws: BackupFailure.self) { try BackupFolder(folder.path) }
        #expect(error?.description.contains("is no backup") == true)
    }

    @Test func oneThatWasNotFinishedIsNotUsed() throws {
        let record = BackupRecord(version: "1", hostname: "h", startedMs: 5)
        try system.replaceFile(folder.file("backup.json"), with: record.json.span)
        let error = #expect(throws: BackupFailure.self) { try BackupFolder(folder.path) }
        #expect(error?.description.contains("was not finished") == true)
    }

    @Test(arguments: [
        "", "{", "{}", "[1]",
        #"{"format":1,"obsVersion":"1","hostname":"h","startedMs":5,"files":[{"path":"../x","bytes":1,"crc32c":1}]}"#,
        #"{"format":1,"obsVersion":"1","hostname":"h","startedMs":5,"files":[{"path":"/x","bytes":1,"crc32c":1}]}"#,
        #"{"format":1,"obsVersion":"1","hostname":"h","startedMs":5,"files":[{"path":"x","bytes":1,"crc32c":-1}]}"#,
    ])
    func whatIsNoRecordIsRefused(text: String) throws {
        try write(text)
        let error = #expect(throws: BackupFailure.self) { try BackupRecord(in: folder.path, system) }
        #expect(error?.description.contains("is damaged") == true)
    }

    @Test func anotherFormatNamesWhoKnowsIt() throws {
        try write(#"{"format":2,"obsVersion":"9.9","hostname":"h","startedMs":5,"files":[]}"#)
        let error = #expect(throws: BackupFailure.self) { try BackupRecord(in: folder.path, system) }
        #expect(error?.description.contains("use version 9.9") == true)
    }
}
