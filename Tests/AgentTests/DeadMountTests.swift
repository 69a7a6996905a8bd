import Foundation
import Posix
import TestSupport
import Testing

@testable import Agent

/// A file system in user space whose server answers nothing: whoever asks for its room waits until the server is gone.
private final class DeadMount {
    static let canBeMade = (try? DeadMount()) != nil  // told by the condition

    struct Refused: Error {}

    let path: String
    private let folder = TemporaryDirectory()
    private var server: Int32

    init() throws {
        path = folder.file("dead")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        server = unsafe open("/dev/fuse", O_RDWR | O_CLOEXEC)
        guard server >= 0 else { throw Refused() }
        let options = "fd=\(server),rootmode=40000,user_id=0,group_id=0"
        let result = unsafe options.withCString { unsafe mount("dead", path, "fuse", 0, $0) }
        guard result == 0 else {
            close(server)
            throw Refused()
        }
    }

    deinit { end() }

    /// Ends the server; the kernel then refuses those who wait.
    func end() {
        guard server >= 0 else { return }
        close(server)
        server = -1
        unsafe umount2(path, Int32(MNT_DETACH))
    }
}

@Suite("A dead mount", .serialized, .enabled(if: DeadMount.canBeMade, "file systems can be mounted by root only"))
struct DeadMountTests {
    /// A folder in the place of /proc that lists the mounts in question.
    private static func host(_ folder: TemporaryDirectory, _ points: [String]) throws -> HostFiles {
        try FileManager.default.createDirectory(atPath: folder.file("1"), withIntermediateDirectories: false)
        let lines = points.enumerated().map { index, point in
            "\(30 + index) 1 0:\(60 + index) / \(point) rw,relatime - ext4 /dev/device\(index) rw\n"
        }
        try lines.joined().write(toFile: folder.file("1/mountinfo"), atomically: true, encoding: .utf8)
        try "0.10 0.20 0.30 1/100 200\n".write(toFile: folder.file("loadavg"), atomically: true, encoding: .utf8)
        return HostFiles(procfs: folder.path)
    }

    @Test("is told of as one, beside those that are well, and holds neither page nor collector")
    func page() throws {
        let dead = try DeadMount()
        let folder = TemporaryDirectory()
        let host = try Self.host(folder, ["/", dead.path, folder.path])
        let metrics = try HostMetrics(
            host, [FilesystemCollector.definition, LoadavgCollector.definition],
            settings: ["filesystem": ["mount-points-exclude": ""]])
        func page() -> ReadPage {
            var bytes: [UInt8] = []
            metrics.append(to: &bytes)
            return ReadPage(String(decoding: bytes, as: UTF8.self))
        }
        func labels(_ index: Int, _ point: String) -> String {
            #"{device="/dev/device\#(index)",fstype="ext4",mountpoint="\#(point)"}"#
        }
        for _ in 0..<3 {
            let page = page()
            #expect(page.samples["node_filesystem_device_error" + labels(1, dead.path)] == 1)
            #expect(page.samples["node_filesystem_size_bytes" + labels(1, dead.path)] == nil)
            for (index, point) in [(0, "/"), (2, folder.path)] {
                #expect(page.samples["node_filesystem_device_error" + labels(index, point)] == 0)
                #expect(page.samples["node_filesystem_size_bytes" + labels(index, point)].map { $0 > 0 } == true)
            }
            #expect(page.samples[#"node_scrape_collector_success{collector="filesystem"}"#] == 1)
            #expect(page.samples["node_load1"] == 0.1)
        }
        // Its server gone, the kernel refuses at once, and the folder below is seen again.
        dead.end()
        #expect(
            RunningService.wait {
                page().samples["node_filesystem_device_error" + labels(1, dead.path)] == 0
            })
    }
}
