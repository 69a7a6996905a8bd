import Encoding

/// Encodes blocks of integers. Holds its working memory, so that nothing is allocated per block.
@safe
struct IntegerEncoder: ~Copyable {
    private let residuals: UnsafeMutablePointer<UInt64>
    private let counted: UnsafeMutablePointer<Int64>
    /// Distances and high bits of the exceptions.
    private let distances: UnsafeMutablePointer<UInt64>
    private let highs: UnsafeMutablePointer<UInt64>

    init() {
        unsafe residuals = .allocate(capacity: IntegerCodec.countMax)
        unsafe counted = .allocate(capacity: IntegerCodec.countMax)
        unsafe distances = .allocate(capacity: IntegerCodec.countMax)
        unsafe highs = .allocate(capacity: IntegerCodec.countMax)
    }

    deinit {
        unsafe residuals.deallocate()
        unsafe counted.deallocate()
        unsafe distances.deallocate()
        unsafe highs.deallocate()
    }

    /// Appends one block of 1...`countMax` values.
    func encode(_ values: UnsafeBufferPointer<Int64>, appendingTo bytes: inout [UInt8]) {
        let count = values.count
        precondition(count > 0 && count <= IntegerCodec.countMax, "BUG: a block of \(count) values")
        let source = values.baseAddress!
        let unit = unsafe commonUnit(source, count)
        var input = unsafe source
        if unit > 1 {
            let first = unsafe source[0]
            for index in 0..<count { unsafe counted[index] = (source[index] &- first) / unit }
            unsafe input = UnsafePointer(counted)
        }
        let order = unsafe cheapestOrder(input, count)
        let tagAt = bytes.count
        bytes.append(UInt8(order) | (unit > 1 ? IntegerCodec.Tag.unit : 0))
        if unit > 1 {
            bytes.appendVarint(UInt64(unit))
            bytes.appendZigZag(unsafe source[0])
        }
        if order >= 1 && unit == 1 { bytes.appendZigZag(unsafe input[0]) }
        if order == 2 { bytes.appendZigZag(unsafe input[1] &- input[0]) }
        unsafe difference(input, count, order)
        pack(count &- order, tagAt: tagAt, appendingTo: &bytes)
    }

    /// The greatest common divisor of all distances from the first value, mostly 1 after a few of them.
    private func commonUnit(_ values: UnsafePointer<Int64>, _ count: Int) -> Int64 {
        let first = unsafe values[0]
        var unit: UInt64 = 0
        for index in 1..<max(count, 1) {
            let distance = unsafe (values[index] &- first).magnitude
            if distance == 0 { continue }
            if unit == 0 {
                unit = distance
            } else if distance % unit != 0 {
                unit = Self.commonDivisor(unit, distance)
            }
            if unit == 1 { return 1 }
        }
        return unit == 0 || unit > UInt64(Int64.max) ? 1 : Int64(unit)
    }

    private static func commonDivisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
        var (a, b) = (a, b)
        while b != 0 { (a, b) = (b, a % b) }
        return a
    }

    /// Which order leaves the fewest bits, judged by the distance of each value and step from a middle one.
    private func cheapestOrder(_ values: UnsafePointer<Int64>, _ count: Int) -> Int {
        guard count > 2 else { return 0 }
        let first = unsafe values[0]
        let middle = unsafe values[count >> 1]
        let usualStep = unsafe medianStep(values, count)
        var bits0 = 0
        var bits1 = 0
        var bits2 = 0
        var previous = first
        var previousStep = unsafe values[1] &- first
        for index in 1..<count {
            let value = unsafe values[index]
            let step = value &- previous
            bits0 &+= bitLength(value &- middle)
            bits1 &+= bitLength(step &- usualStep)
            bits2 &+= bitLength(step &- previousStep)
            previous = value
            previousStep = step
        }
        if bits0 <= bits1 && bits0 <= bits2 { return 0 }
        return bits1 <= bits2 ? 1 : 2
    }

    /// The median of three steps: a mean would follow a single reset of a counter.
    private func medianStep(_ values: UnsafePointer<Int64>, _ count: Int) -> Int64 {
        func step(_ index: Int) -> Int64 { unsafe values[index &+ 1] &- values[index] }
        let (a, b, c) = (step(count >> 2), step((count &- 1) >> 1), step(count &- 2))
        return max(min(a, b), min(max(a, b), c))
    }

    @inline(__always)
    private func bitLength(_ value: Int64) -> Int {
        64 &- UInt64(bitPattern: value ^ (value >> 63)).leadingZeroBitCount
    }

    /// Leaves the differences of `order` in `residuals`.
    private func difference(_ values: UnsafePointer<Int64>, _ count: Int, _ order: Int) {
        switch order {
        case 0:
            for index in 0..<count { unsafe residuals[index] = UInt64(bitPattern: values[index]) }
        case 1:
            for index in 1..<count {
                unsafe residuals[index &- 1] = UInt64(bitPattern: values[index] &- values[index &- 1])
            }
        default:
            var previous = unsafe values[1] &- values[0]
            for index in 2..<max(count, 2) {
                let step = unsafe values[index] &- values[index &- 1]
                unsafe residuals[index &- 2] = UInt64(bitPattern: step &- previous)
                previous = step
            }
        }
    }

    // MARK: packing

    private func pack(_ count: Int, tagAt: Int, appendingTo bytes: inout [UInt8]) {
        guard count > 0 else {
            bytes[tagAt] |= IntegerCodec.Tag.flat
            bytes.append(0)
            return
        }
        let frame = cheapestFrame(count)
        bytes.appendZigZag(frame.base)
        guard frame.width > 0 || !frame.isFlat else {
            bytes[tagAt] |= IntegerCodec.Tag.flat
            return
        }
        bytes.append(UInt8(frame.width))
        let exceptions = split(count, frame)
        if exceptions > 0 {
            bytes[tagAt] |= IntegerCodec.Tag.exceptions
            bytes.appendVarint(UInt64(exceptions))
        }
        unsafe append(residuals, count, width: frame.width, to: &bytes)
        guard exceptions > 0 else { return }
        let distanceWidth = unsafe width(of: distances, exceptions)
        let highWidth = unsafe width(of: highs, exceptions)
        bytes.append(UInt8(distanceWidth))
        bytes.append(UInt8(highWidth))
        unsafe append(distances, exceptions, width: distanceWidth, to: &bytes)
        unsafe append(highs, exceptions, width: highWidth, to: &bytes)
    }

    private func append(
        _ values: UnsafeMutablePointer<UInt64>, _ count: Int, width: Int, to bytes: inout [UInt8]
    ) {
        let values = unsafe UnsafeBufferPointer(start: values, count: count)
        unsafe BitPacking.pack(values.span, width: width, appendingTo: &bytes)
    }

    private func width(of values: UnsafeMutablePointer<UInt64>, _ count: Int) -> Int {
        unsafe BitPacking.width(of: UnsafeBufferPointer(start: values, count: count).span)
    }

    /// Takes the base off all residuals and notes what does not fit the width: how far it is from the exception before,
    /// and what is above the width as a signed number, for it may lie on either side.
    ///
    /// - Returns: how many exceptions there are.
    private func split(_ count: Int, _ frame: Frame) -> Int {
        let base = UInt64(bitPattern: frame.base)
        if frame.width == 64 {
            for index in 0..<count { unsafe residuals[index] &-= base }
            return 0
        }
        var exceptions = 0
        var last = 0
        for index in 0..<count {
            let value = unsafe residuals[index] &- base
            unsafe residuals[index] = value
            let high = Int64(bitPattern: value) >> Int64(frame.width)
            if high != 0 {
                unsafe distances[exceptions] = UInt64(index &- last)
                unsafe highs[exceptions] = ZigZag.encode(high)
                exceptions &+= 1
                last = index
            }
        }
        return exceptions
    }

    /// From where on, and how wide, residuals are packed.
    private struct Frame {
        var base: Int64
        var width: Int
        /// All residuals equal the base.
        var isFlat = false
        var cost = Int.max
    }

    /// The frame with the fewest bits in all: one that begins at the least residual, which suits what has a bound below, or
    /// one around the middle, which suits what scatters to both sides.
    private func cheapestFrame(_ count: Int) -> Frame {
        var least = Int64.max
        var greatest = Int64.min
        for index in 0..<count {
            let value = unsafe Int64(bitPattern: residuals[index])
            least = min(least, value)
            greatest = max(greatest, value)
        }
        if least == greatest { return Frame(base: least, width: 0, isFlat: true) }
        return unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: 65) { lengths in
            var best = unsafe cheapestFrame(count, from: least, lengths)
            guard count >= 32 else { return best }
            let around = unsafe cheapestFrame(count, around: middle(count), lengths)
            if around.cost < best.cost { best = around }
            // A reset of a counter lies far below all else.
            let low = leastWithin(around, count)
            let (tail, body) = (UInt64(bitPattern: low &- least), UInt64(bitPattern: greatest &- low))
            if tail > body {
                let above = unsafe cheapestFrame(count, from: low, lengths)
                if above.cost < best.cost { best = above }
            }
            return best
        }
    }

    /// The least residual that is not below a frame.
    private func leastWithin(_ frame: Frame, _ count: Int) -> Int64 {
        var least = Int64.max
        for index in 0..<count {
            let value = unsafe Int64(bitPattern: residuals[index])
            if value >= frame.base { least = min(least, value) }
        }
        return least
    }

    /// The median of some residuals spread over the block.
    private func middle(_ count: Int) -> Int64 {
        let taken = 31
        return unsafe withUnsafeTemporaryAllocation(of: Int64.self, capacity: taken) { sample in
            for index in 0..<taken {
                unsafe sample.initializeElement(
                    at: index, to: Int64(bitPattern: residuals[index &* (count &- 1) / (taken &- 1)]))
            }
            var sorted = unsafe sample
            unsafe sorted.sort()
            return unsafe sorted[taken / 2]
        }
    }

    /// What an exception costs beside its high bits: about its distance.
    private static let exceptionBits = 7
    /// The two widths and the number.
    private static let exceptionsBits = 24

    /// What lies below `low` is an exception at any width.
    private func cheapestFrame(
        _ count: Int, from low: Int64, _ lengths: UnsafeMutableBufferPointer<Int32>
    ) -> Frame {
        unsafe lengths.initialize(repeating: 0)
        var exceptions = 0
        var widestBelow = 0
        for index in 0..<count {
            let above = Int64(bitPattern: unsafe residuals[index]) &- low
            let length = bitLength(above)
            if above < 0 {
                exceptions &+= 1
                widestBelow = max(widestBelow, length)
            } else {
                unsafe lengths[length] &+= 1
            }
        }
        var widest = 63
        while widest > 0, unsafe lengths[widest] == 0 { widest &-= 1 }
        let tallest = max(widest, widestBelow)
        var best = Frame(base: low, width: exceptions == 0 ? widest : 64)
        best.cost = count &* best.width
        for width in stride(from: widest, through: 0, by: -1) {
            if width < widest { exceptions &+= unsafe Int(lengths[width &+ 1]) }
            guard exceptions <= count >> 2 else { break }
            let each = Self.exceptionBits &+ tallest &- width &+ 1
            let cost = count &* width &+ exceptions &* each &+ (exceptions > 0 ? Self.exceptionsBits : 0)
            if cost < best.cost { best = Frame(base: low, width: width, cost: cost) }
        }
        return best
    }

    private func cheapestFrame(
        _ count: Int, around middle: Int64, _ lengths: UnsafeMutableBufferPointer<Int32>
    ) -> Frame {
        unsafe lengths.initialize(repeating: 0)
        for index in 0..<count {
            let distance = unsafe Int64(bitPattern: residuals[index]) &- middle
            unsafe lengths[bitLength(distance)] &+= 1
        }
        var widest = 63
        while widest > 0, unsafe lengths[widest] == 0 { widest &-= 1 }
        var best = Frame(base: middle, width: 64)
        var exceptions = 0
        // A frame of `width` bits holds what is less than `width - 1` bits away from its middle.
        for width in stride(from: min(widest &+ 1, 62), through: 1, by: -1) {
            if width <= widest { exceptions &+= unsafe Int(lengths[width]) }
            guard exceptions <= count >> 2 else { break }
            let each = Self.exceptionBits &+ widest &- width &+ 3
            let cost = count &* width &+ exceptions &* each &+ (exceptions > 0 ? Self.exceptionsBits : 0)
            if cost < best.cost { best = Frame(base: middle &- 1 << Int64(width &- 1), width: width, cost: cost) }
        }
        return best
    }
}
