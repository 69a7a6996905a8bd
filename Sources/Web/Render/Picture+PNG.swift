import CCairo

/// Why a picture cannot be a PNG, as a sentence.
struct UndrawablePicture: Error, CustomStringConvertible {
    let description: String
}

extension Picture {
    /// The picture as pixels; cairo is loaded when it is first asked for.
    func png() throws(UndrawablePicture) -> [UInt8] {
        if let reason = unsafe ccairo_load() {
            throw UndrawablePicture(
                description:
                    "a PNG takes cairo: \(unsafe String(cString: reason)); install libcairo2, or ask for the .svg")
        }
        guard let drawn = unsafe ccairo_new(Int32(width), Int32(height)) else {
            throw UndrawablePicture(description: "there is no memory for a picture of \(width) x \(height)")
        }
        defer { unsafe ccairo_free(drawn) }
        for shape in shapes { unsafe Self.draw(shape, on: drawn) }
        var bytes: [UInt8] = []
        let isMade = unsafe withUnsafeMutablePointer(to: &bytes) { bytes in
            unsafe ccairo_png(
                drawn,
                { context, piece, count in
                    let bytes = unsafe context!.assumingMemoryBound(to: [UInt8].self)
                    unsafe bytes.pointee.append(contentsOf: UnsafeBufferPointer(start: piece, count: Int(count)))
                    return 0
                }, bytes)
        }
        guard isMade else { throw UndrawablePicture(description: "cairo could not write the PNG") }
        return bytes
    }

    private static func draw(_ shape: Shape, on picture: UnsafeMutableRawPointer) {
        switch shape {
        case .rectangle(let x, let y, let width, let height, let colour):
            unsafe ccairo_rectangle(picture, x, y, width, height, colour)
        case .line(let points, let width, let colour):
            unsafe points.withUnsafeBufferPointer {
                unsafe ccairo_line(picture, $0.baseAddress, $0.count, width, colour)
            }
        case .text(let text, let x, let y, let size, let isBold, let anchor, let colour):
            unsafe ccairo_text(picture, x, y, size, isBold, anchor.rawValue, text, colour)
        }
    }
}
