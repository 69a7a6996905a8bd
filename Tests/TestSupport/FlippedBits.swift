import Foundation

/// Copies of a directory, each with one bit of one file flipped.
package enum FlippedBits {
    /// Gives each file of the directory so many flips, one a copy.
    ///
    /// - Parameter body: told the copy and which byte of which file.
    package static func forEachCopy(
        of directory: String, flipsPerFile: Int, _ generator: inout SeededGenerator,
        _ body: (_ copy: String, _ place: String) throws -> Void
    ) throws {
        for name in try FileManager.default.subpathsOfDirectory(atPath: directory).sorted() {
            let attributes = try FileManager.default.attributesOfItem(atPath: directory + "/" + name)
            // What the lock file says is only for people.
            guard attributes[.type] as? FileAttributeType == .typeRegular, name != "LOCK" else { continue }
            for _ in 0..<flipsPerFile {
                let parent = TemporaryDirectory()
                let copy = parent.file("data")
                try FileManager.default.copyItem(atPath: directory, toPath: copy)
                let file = URL(filePath: copy + "/" + name)
                var bytes = [UInt8](try Data(contentsOf: file))
                guard !bytes.isEmpty else { continue }
                let offset = Int.random(in: bytes.indices, using: &generator)
                bytes[offset] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                try Data(bytes).write(to: file)
                try body(copy, "\(name), byte \(offset)")
            }
        }
    }
}
