import Foundation
import Posix
import Testing

@Suite struct MachineTests {
    @Test func saysWhatTheKernelAndFoundationSay() throws {
        let hostname = try String(contentsOfFile: "/proc/sys/kernel/hostname", encoding: .utf8)
        #expect(Machine.hostname + "\n" == hostname)
        #expect(Machine.workingDirectory == FileManager.default.currentDirectoryPath)
        #expect(Machine.processors == ProcessInfo.processInfo.activeProcessorCount)
    }
}
