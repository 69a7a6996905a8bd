import Encoding
import HTTP
import Posix
import Telemetry

/// Pictures of products, as files of one directory with a quota.
final class Media: Service {
    private static let pictureBytesMax = 2 << 20
    private static let countedNs: Int64 = 1_000_000_000

    private let context: ServiceContext
    private let folder: String
    private let files = LocalFileSystem()
    private let uploads: Counter
    private let counted: Lock<(bytes: Int, atNs: Int64)>

    init(_ context: ServiceContext) throws {
        self.context = context
        folder = FilePath.join(context.options.dataDirectory, "uploads")
        try files.createDirectories(folder)
        uploads = context.registry.counter("marketplace_uploads_total", "Pictures that were uploaded.")
        counted = Lock((0, .min))
        let registry = context.registry
        registry.callback("marketplace_uploads_bytes", "What uploads take.", unit: .bytes) { [weak self] in
            Double(self?.usedBytes() ?? 0)
        }
        let quota = Double(context.options.uploadsBytesMax)
        registry.callback("marketplace_uploads_quota_bytes", "What uploads may take.", unit: .bytes) { quota }
    }

    func add(to routes: inout Routes) {
        routes.post("/media") { [self] call in upload(call) }
        routes.get("/media/:id") { [self] call in show(call) }
    }

    private func upload(_ call: Call) {
        guard (1...Self.pictureBytesMax).contains(call.body.count) else {
            return call.refuse(
                .contentTooLarge, "too_large", "a picture has 1 to \(Self.pictureBytesMax) bytes")
        }
        guard usedBytes() + call.body.count <= context.options.uploadsBytesMax else {
            call.log.error(
                "the quota of uploads is used up", ["quota_bytes": .integer(context.options.uploadsBytesMax)])
            return call.refuse(Status(rawValue: 507), "quota", "there is no room for uploads; try again later")
        }
        let id = Identifier.new("m")
        let body = call.body
        do throws(SystemError) {
            try File(FilePath.join(folder, id), .create, in: files).append(body.span)
        } catch {
            call.log.error("an upload cannot be kept", ["error": .error(error)])
            return call.refuse(Status(rawValue: 507), "disk", "the upload cannot be kept now; try again later")
        }
        uploads.add()
        call.answer(.created) {
            $0.beginObject()
            $0.member("id", id)
            $0.member("bytes", call.body.count)
            $0.endObject()
        }
    }

    private func show(_ call: Call) {
        let id = call.parameter("id")
        // The names are ours, so whatever looks otherwise is no path to follow.
        let isOurs = id.hasPrefix("m_") && id.utf8.dropFirst(2).allSatisfy(Self.isHexadecimal)
        let path = FilePath.join(folder, id)
        guard isOurs, let bytes = try? files.readFile(path, atMostBytes: Self.pictureBytesMax) else {  // gone
            return call.refuse(.notFound, "unknown_picture", "there is no such picture")
        }
        call.answer(.ok, bytes, contentType: "application/octet-stream")
    }

    private static func isHexadecimal(_ digit: UInt8) -> Bool {
        (0x30...0x39).contains(digit) || (0x61...0x66).contains(digit)
    }

    /// Counted at most once a second.
    private func usedBytes() -> Int {
        let nowNs = context.time.monotonicNs
        let kept = counted.withLock { $0 }
        if kept.atNs != .min, nowNs - kept.atNs < Self.countedNs { return kept.bytes }
        let bytes = (try? files.treeBytes(folder)) ?? kept.bytes  // a file that went meanwhile: the next count is right
        counted.withLock { $0 = (bytes, nowNs) }
        return bytes
    }
}
