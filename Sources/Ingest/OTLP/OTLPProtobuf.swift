package import Encoding

/// Reads `ExportMetricsServiceRequest`.
package enum OTLPProtobuf {
    package static func read(_ bytes: Span<UInt8>) throws(DecodeError) -> [OTLPResource] {
        var reader = ProtobufReader(bytes)
        var resources: [OTLPResource] = []
        while let tag = try reader.nextTag() {
            if tag == .bytes(1) {
                resources.append(try resource(reader.readMessage()))
            } else {
                try reader.skip(tag)
            }
        }
        return resources
    }

    private static func resource(_ message: consuming ProtobufReader) throws(DecodeError) -> OTLPResource {
        var resource = OTLPResource()
        while let tag = try message.nextTag() {
            switch tag {
            case .bytes(1):
                var inner = try message.readMessage()
                while let tag = try inner.nextTag() {
                    if tag == .bytes(1) {
                        resource.attributes.append(try OTLPValue.attribute(inner.readMessage()))
                    } else {
                        try inner.skip(tag)
                    }
                }
            case .bytes(2): resource.scopes.append(try scope(message.readMessage()))
            default: try message.skip(tag)
            }
        }
        return resource
    }

    private static func scope(_ message: consuming ProtobufReader) throws(DecodeError) -> OTLPScope {
        var scope = OTLPScope()
        while let tag = try message.nextTag() {
            switch tag {
            case .bytes(1):
                var inner = try message.readMessage()
                while let tag = try inner.nextTag() {
                    switch tag {
                    case .bytes(1): scope.name = try inner.readBytes().text
                    case .bytes(2): scope.version = try inner.readBytes().text
                    case .bytes(3): scope.attributes.append(try OTLPValue.attribute(inner.readMessage()))
                    default: try inner.skip(tag)
                    }
                }
            case .bytes(2): scope.metrics.append(try metric(message.readMessage()))
            case .bytes(3): scope.schemaURL = try message.readBytes().text
            default: try message.skip(tag)
            }
        }
        return scope
    }

    private static func metric(_ message: consuming ProtobufReader) throws(DecodeError) -> OTLPMetric {
        var metric = OTLPMetric()
        while let tag = try message.nextTag() {
            switch tag {
            case .bytes(1): metric.name = try message.readBytes().text
            case .bytes(2): metric.description = try message.readBytes().text
            case .bytes(3): metric.unit = try message.readBytes().text
            case .bytes(5): try readData(message.readMessage(), .gauge, into: &metric)
            case .bytes(7): try readData(message.readMessage(), .sum, into: &metric)
            case .bytes(9): try readData(message.readMessage(), .histogram, into: &metric)
            case .bytes(10): try readData(message.readMessage(), .exponentialHistogram, into: &metric)
            case .bytes(11): try readData(message.readMessage(), .summary, into: &metric)
            default: try message.skip(tag)
            }
        }
        return metric
    }

    /// The message of any kind: points, temporality, monotony.
    private static func readData(
        _ message: consuming ProtobufReader, _ kind: OTLPMetric.Kind, into metric: inout OTLPMetric
    ) throws(DecodeError) {
        metric.kind = kind
        while let tag = try message.nextTag() {
            switch tag {
            case .bytes(1):
                let point: OTLPPoint =
                    switch kind {
                    case .gauge, .sum: try number(message.readMessage())
                    case .histogram: try histogram(message.readMessage())
                    case .exponentialHistogram: try exponential(message.readMessage())
                    case .summary: try summary(message.readMessage())
                    }
                metric.points.append(point)
            case .varint(2): metric.isDelta = try message.readVarint() == 1
            case .varint(3): metric.isMonotonic = try message.readVarint() != 0
            default: try message.skip(tag)
            }
        }
    }

    private static func number(_ message: consuming ProtobufReader) throws(DecodeError) -> OTLPPoint {
        var point = OTLPPoint()
        while let tag = try message.nextTag() {
            switch tag {
            case .bytes(7): point.attributes.append(try OTLPValue.attribute(message.readMessage()))
            case .fixed64(2): point.startNs = try message.readFixed64()
            case .fixed64(3): point.timeNs = try message.readFixed64()
            case .fixed64(4): point.value = try message.readDouble()
            case .fixed64(6): point.value = Double(Int64(bitPattern: try message.readFixed64()))
            case .bytes(5): point.exemplars.append(try exemplar(message.readMessage()))
            case .varint(8): point.flags = try message.readVarint()
            default: try message.skip(tag)
            }
        }
        return point
    }

    private static func histogram(_ message: consuming ProtobufReader) throws(DecodeError) -> OTLPPoint {
        var point = OTLPPoint()
        while let tag = try message.nextTag() {
            switch tag {
            case .bytes(9): point.attributes.append(try OTLPValue.attribute(message.readMessage()))
            case .fixed64(2): point.startNs = try message.readFixed64()
            case .fixed64(3): point.timeNs = try message.readFixed64()
            case .fixed64(4): point.count = try message.readFixed64()
            case .fixed64(5): point.sum = try message.readDouble()
            case .bytes(6): try message.readPackedFixed64s(appendingTo: &point.bucketCounts)
            case .fixed64(6): point.bucketCounts.append(try message.readFixed64())
            case .bytes(7): try message.readPackedDoubles(appendingTo: &point.bounds)
            case .fixed64(7): point.bounds.append(try message.readDouble())
            case .bytes(8): point.exemplars.append(try exemplar(message.readMessage()))
            case .varint(10): point.flags = try message.readVarint()
            default: try message.skip(tag)
            }
        }
        return point
    }

    private static func exponential(_ message: consuming ProtobufReader) throws(DecodeError) -> OTLPPoint {
        var point = OTLPPoint()
        while let tag = try message.nextTag() {
            switch tag {
            case .bytes(1): point.attributes.append(try OTLPValue.attribute(message.readMessage()))
            case .fixed64(2): point.startNs = try message.readFixed64()
            case .fixed64(3): point.timeNs = try message.readFixed64()
            case .fixed64(4): point.count = try message.readFixed64()
            case .fixed64(5): point.sum = try message.readDouble()
            case .varint(6): point.scale = Int32(truncatingIfNeeded: try message.readZigZag())
            case .fixed64(7): point.zeroCount = try message.readFixed64()
            case .bytes(8): point.positive = try buckets(message.readMessage())
            case .bytes(9): point.negative = try buckets(message.readMessage())
            case .varint(10): point.flags = try message.readVarint()
            case .bytes(11): point.exemplars.append(try exemplar(message.readMessage()))
            case .fixed64(14): point.zeroThreshold = try message.readDouble()
            default: try message.skip(tag)
            }
        }
        return point
    }

    private static func buckets(_ message: consuming ProtobufReader) throws(DecodeError) -> OTLPPoint.Buckets {
        var buckets = OTLPPoint.Buckets()
        while let tag = try message.nextTag() {
            switch tag {
            case .varint(1): buckets.offset = Int32(truncatingIfNeeded: try message.readZigZag())
            case .bytes(2): try message.readPackedVarints(appendingTo: &buckets.counts)
            case .varint(2): buckets.counts.append(try message.readVarint())
            default: try message.skip(tag)
            }
        }
        return buckets
    }

    private static func summary(_ message: consuming ProtobufReader) throws(DecodeError) -> OTLPPoint {
        var point = OTLPPoint()
        while let tag = try message.nextTag() {
            switch tag {
            case .bytes(7): point.attributes.append(try OTLPValue.attribute(message.readMessage()))
            case .fixed64(2): point.startNs = try message.readFixed64()
            case .fixed64(3): point.timeNs = try message.readFixed64()
            case .fixed64(4): point.count = try message.readFixed64()
            case .fixed64(5): point.sum = try message.readDouble()
            case .bytes(6):
                var inner = try message.readMessage()
                var entry = (quantile: 0.0, value: 0.0)
                while let tag = try inner.nextTag() {
                    switch tag {
                    case .fixed64(1): entry.quantile = try inner.readDouble()
                    case .fixed64(2): entry.value = try inner.readDouble()
                    default: try inner.skip(tag)
                    }
                }
                point.quantiles.append(entry)
            case .varint(8): point.flags = try message.readVarint()
            default: try message.skip(tag)
            }
        }
        return point
    }

    private static func exemplar(_ message: consuming ProtobufReader) throws(DecodeError) -> OTLPPoint.Exemplar {
        var exemplar = OTLPPoint.Exemplar()
        while let tag = try message.nextTag() {
            switch tag {
            case .bytes(7): exemplar.attributes.append(try OTLPValue.attribute(message.readMessage()))
            case .fixed64(2): exemplar.timeNs = try message.readFixed64()
            case .fixed64(3): exemplar.value = try message.readDouble()
            case .fixed64(6): exemplar.value = Double(Int64(bitPattern: try message.readFixed64()))
            case .bytes(4): exemplar.spanID = Hexadecimal.string(try message.readBytes())
            case .bytes(5): exemplar.traceID = Hexadecimal.string(try message.readBytes())
            default: try message.skip(tag)
            }
        }
        return exemplar
    }
}
