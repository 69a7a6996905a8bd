import CAssets
import Crypto
import Encoding
package import HTTP
import Posix

/// The files of the pages, as they lie within the program: nothing of them is copied or even read before it is asked for.
package final class PageAssets: Sendable {
    /// A path that differs whenever one byte of one file does, so that browsers may keep what is below it for good.
    private static let maxAgeSeconds = 31_536_000

    private let version = Lock("")
    private let modules = Lock<[[String]: [String]]>([:])

    package init() {}

    /// What set-up takes from packages and puts beside the pages' own files.
    private static let needed = "vendor/uPlot.iife.js"

    /// False where the program was built without set-up: the pages have no charts then.
    package var isComplete: Bool { Self.place(of: Self.needed) != nil }

    /// The folder of the addresses, `/assets/<version>`.
    package var folder: String { "/assets/\(currentVersion)" }

    package func add(to router: inout Router) {
        router.get("/assets/:version/*path", role: nil) { [self] request, response in
            let path = request.parameter("path")
            guard request.parameter("version") == currentVersion, let type = Self.contentType(path),
                let bytes = Self.bytes(path)
            else {
                response.status = .notFound
                response.send("there is no such file; the page that named it is of another version: load it anew\n")
                return
            }
            response.fields.append("Cache-Control", "public, max-age=\(Self.maxAgeSeconds), immutable")
            response.fields.append("X-Content-Type-Options", "nosniff")
            response.send(bytes, contentType: type)
        }
    }

    /// These scripts, and all that they need before they run: what their imports name, and so on.
    func modules(of names: [String]) -> [String] {
        modules.withLock { known in
            if let found = known[names] { return found }
            var found = names
            var place = 0
            while place < found.count {
                for name in Self.imports(of: found[place]) where !found.contains(name) { found.append(name) }
                place += 1
            }
            known[names] = found
            return found
        }
    }

    /// `import { a } from "../b.js";`, also where the names take several lines.
    private static func imports(of name: String) -> [String] {
        let text = bytes(name).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(separator: "\n").compactMap { line in
            guard ["import ", "export ", "} from "].contains(where: line.hasPrefix), line.hasSuffix(".js\";"),
                let path = line.split(separator: "\"").dropLast().last
            else { return nil }
            var folders = name.split(separator: "/").dropLast()
            for step in path.split(separator: "/") where step != "." {
                if step == ".." { folders.removeLast() } else { folders.append(step) }
            }
            return folders.joined(separator: "/")
        }
    }

    private static func contentType(_ path: String) -> String? {
        switch path.split(separator: ".").last {
        case "js": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "svg": "image/svg+xml"
        default: nil
        }
    }

    private var currentVersion: String {
        version.withLock { version in
            if version.isEmpty { version = Self.hash() }
            return version
        }
    }

    /// Of all files, in their order.
    private static func hash() -> String {
        var digests: [UInt8] = []
        for place in 0..<count { digests += HashAlgorithm.sha256.hash(bytes(at: place).span) }
        let hash = HashAlgorithm.sha256.hash(digests.span)
        return Hexadecimal.string(hash.span.extracting(first: 8))
    }

    static func bytes(_ name: String) -> [UInt8]? { place(of: name).map(bytes(at:)) }

    private static func place(of name: String) -> Int? {
        (0..<count).first { unsafe String(cString: all[$0].name) == name }
    }

    private static func bytes(at place: Int) -> [UInt8] {
        let asset = unsafe all[place]
        return unsafe Array(UnsafeBufferPointer(start: asset.bytes, count: asset.count))
    }

    private static var count: Int {
        var count = 0
        _ = unsafe cassets(&count)
        return count
    }

    private static var all: UnsafePointer<casset> {
        var count = 0
        return unsafe cassets(&count)
    }
}
