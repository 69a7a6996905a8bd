import Encoding
import Model

/// What lines of one kind have in common: the text between the values, and the columns that the values are in.
struct LineShape: Equatable {
    /// One more than `columns`.
    var literals: [[UInt8]]
    /// Of the values of the line, in order.
    var columns: [Int]
    /// Of the values of structured metadata, by name.
    var metadataColumns: [Int]
}

/// A column of a block by what it holds.
struct ColumnName: Hashable {
    enum Source: UInt8 {
        /// Lines that have no fields, whole.
        case line
        case field
        case metadata
    }

    var source: Source
    /// Of the field; empty for whole lines.
    var name: [UInt8]
}

/// Takes the lines of a block apart.
struct LineShaper {
    static let shapesMax = 1 << 12
    /// A line adds no more than the fields that it may have and its metadata.
    static let columnsMax = shapesMax + LogFields.fieldsMax + metadataMax
    static let metadataMax = 1 << 10

    private(set) var shapes: [LineShape] = []
    private(set) var names: [ColumnName] = []
    /// For each line its shape.
    private(set) var shapeOf: [Int32] = []
    /// Values of all lines, one after the other, in the order of the shape: first the line's, then those of metadata.
    private(set) var values: [Slice] = []
    /// Where the values of each line begin.
    private(set) var firstValue: [Int32] = []
    private var fields = LogFields()
    private var numbers: [ColumnName: Int] = [:]
    private var byKey: [[UInt8]: Int] = [:]
    private var recent: [Int] = []
    private var metadata: [Slice] = []
    private var metadataNames: [Slice] = []

    /// What of the shapes is compared with each line, in one place.
    private var outlines: [Outline] = []
    private var pieceBytes: [UInt8] = []
    private var pieceEnds: [Int] = [0]

    private struct Outline {
        /// Its literals are the pieces from here on.
        var firstPiece: Int
        var fields: Int
        var metadata: Int
    }

    private static let recentMax = 8

    init() { removeAll() }

    /// Makes it ready for the lines of another block.
    mutating func removeAll() {
        shapes.removeAll(keepingCapacity: true)
        shapeOf.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        firstValue.removeAll(keepingCapacity: true)
        byKey.removeAll(keepingCapacity: true)
        recent.removeAll(keepingCapacity: true)
        outlines.removeAll(keepingCapacity: true)
        pieceBytes.removeAll(keepingCapacity: true)
        pieceEnds = [0]
        // Shape 0 is that of lines without fields and metadata.
        names = [ColumnName(source: .line, name: [])]
        numbers = [names[0]: 0]
        append(LineShape(literals: [[], []], columns: [0], metadataColumns: []), fields: 0)
    }

    private mutating func append(_ shape: LineShape, fields: Int) {
        outlines.append(
            Outline(firstPiece: pieceEnds.count - 1, fields: fields, metadata: shape.metadataColumns.count))
        for literal in shape.literals {
            pieceBytes += literal
            pieceEnds.append(pieceBytes.count)
        }
        shapes.append(shape)
    }

    /// Takes one line apart; line and metadata are ranges of `text`.
    mutating func add(_ line: Slice, metadata metadataSlice: Slice, in text: Span<UInt8>) {
        let bytes = text.extracting(line.range)
        fields.scan(bytes)
        readMetadata(metadataSlice, text)
        firstValue.append(Int32(values.count))
        var shape = 0
        if !fields.fields.isEmpty || !metadata.isEmpty {
            shape = recentShape(line, text) ?? makeShape(line, text)
        }
        shapeOf.append(Int32(shape))
        if shape == 0 || fields.fields.isEmpty {
            values.append(line)
        } else {
            for field in fields.fields {
                values.append(
                    Slice(
                        start: line.start + UInt32(field.value.lowerBound),
                        count: UInt32(field.value.upperBound - field.value.lowerBound)))
            }
        }
        values.append(contentsOf: metadata)
    }

    private mutating func readMetadata(_ slice: Slice, _ text: Span<UInt8>) {
        metadata.removeAll(keepingCapacity: true)
        metadataNames.removeAll(keepingCapacity: true)
        guard slice.count > 0 else { return }
        let bytes = text.extracting(slice.range)
        var cursor = LabelCursor()
        while cursor.advance(in: bytes) {
            metadataNames.append(
                Slice(start: slice.start + UInt32(cursor.name.lowerBound), count: UInt32(cursor.name.count)))
            metadata.append(
                Slice(start: slice.start + UInt32(cursor.value.lowerBound), count: UInt32(cursor.value.count)))
        }
    }

    // MARK: finding the shape

    /// A shape that was met lately and that the line has.
    private mutating func recentShape(_ line: Slice, _ text: Span<UInt8>) -> Int? {
        for (place, shape) in recent.enumerated() where has(shape, line, text) {
            if place > 0 { recent.swapAt(place, place - 1) }
            return shape
        }
        return nil
    }

    private func has(_ shape: Int, _ line: Slice, _ text: Span<UInt8>) -> Bool {
        let known = outlines[shape]
        guard known.fields == fields.fields.count, known.metadata == metadata.count else { return false }
        var at = Int(line.start)
        var piece = known.firstPiece
        for field in fields.fields {
            let start = Int(line.start) + Int(field.value.lowerBound)
            guard isPiece(piece, text, at..<start) else { return false }
            at = Int(line.start) + Int(field.value.upperBound)
            piece += 1
        }
        if known.fields > 0, !isPiece(piece, text, at..<Int(line.start + line.count)) { return false }
        for (index, name) in metadataNames.enumerated() {
            let own = names[shapes[shape].metadataColumns[index]].name
            guard ByteSearch.equal(own, to: text.extracting(name.range)) else { return false }
        }
        return true
    }

    @inline(__always)
    private func isPiece(_ piece: Int, _ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let start = pieceEnds[piece]
        let end = pieceEnds[piece + 1]
        return end - start == range.count
            && ByteSearch.equal(pieceBytes.span.extracting(start..<end), text.extracting(range))
    }

    private mutating func makeShape(_ line: Slice, _ text: Span<UInt8>) -> Int {
        var shape = LineShape(literals: [[]], columns: [], metadataColumns: [])
        let bytes = text.extracting(line.range)
        var at = 0
        for field in fields.fields {
            shape.literals[shape.literals.count - 1].append(bytes.extracting(at..<Int(field.value.lowerBound)))
            var name: [UInt8] = []
            fields.appendName(of: field, in: bytes, to: &name)
            shape.columns.append(column(ColumnName(source: .field, name: name), notIn: shape.columns))
            shape.literals.append([])
            at = Int(field.value.upperBound)
        }
        if fields.fields.isEmpty {
            shape.columns = [0]
            shape.literals = [[], []]
        } else {
            shape.literals[shape.literals.count - 1].append(bytes.extracting(at..<bytes.count))
        }
        for name in metadataNames {
            var copy: [UInt8] = []
            copy.append(text.extracting(name.range))
            shape.metadataColumns.append(column(ColumnName(source: .metadata, name: copy), notIn: []))
        }
        return number(of: shape)
    }

    /// A shape that is known, though not lately met, or a new one.
    private mutating func number(of shape: LineShape) -> Int {
        var key: [UInt8] = []
        for literal in shape.literals {
            key.appendVarint(UInt64(literal.count))
            key += literal
        }
        for column in shape.columns + [-1] + shape.metadataColumns { key.appendZigZag(Int64(column)) }
        let number = byKey[key] ?? shapes.count
        if number == shapes.count {
            byKey[key] = number
            append(shape, fields: fields.fields.count)
        }
        recent.insert(number, at: 0)
        if recent.count > Self.recentMax { recent.removeLast() }
        return number
    }

    /// The column of that name. One that repeats within a line gets another of the same name.
    private mutating func column(_ name: ColumnName, notIn taken: [Int]) -> Int {
        if let known = numbers[name] {
            if !taken.contains(known) { return known }
            for index in names.indices where names[index] == name && !taken.contains(index) { return index }
        } else {
            numbers[name] = names.count
        }
        names.append(name)
        return names.count - 1
    }

    /// Whether the next line might not find room.
    var isFull: Bool { shapes.count >= Self.shapesMax || names.count >= Self.shapesMax }
}
