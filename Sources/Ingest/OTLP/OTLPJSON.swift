package import Encoding

/// Reads `ExportMetricsServiceRequest` as JSON: names in camel case, 64-bit integers as texts or numbers, ids in
/// hexadecimal.
package enum OTLPJSON {
    package static func read(_ bytes: Span<UInt8>) throws(JSONError) -> [OTLPResource] {
        let tree = try JSONValue.parse(bytes)
        return list(tree, "resourceMetrics").map(resource)
    }

    private static func list(_ value: JSONValue, _ name: String) -> [JSONValue] { value[name]?.elements ?? [] }
    private static func text(_ value: JSONValue, _ name: String) -> String { value[name]?.text ?? "" }

    private static func unsigned(_ value: JSONValue?) -> UInt64 {
        if case .string(let text)? = value { return UInt64(text) ?? 0 }
        return value?.unsigned ?? 0
    }

    private static func resource(_ value: JSONValue) -> OTLPResource {
        var resource = OTLPResource()
        resource.attributes = attributes(value["resource"] ?? .null, "attributes")
        resource.scopes = list(value, "scopeMetrics").map(scope)
        return resource
    }

    private static func scope(_ value: JSONValue) -> OTLPScope {
        var scope = OTLPScope()
        let library = value["scope"] ?? .null
        scope.name = text(library, "name")
        scope.version = text(library, "version")
        scope.attributes = attributes(library, "attributes")
        scope.schemaURL = text(value, "schemaUrl")
        scope.metrics = list(value, "metrics").map(metric)
        return scope
    }

    private static func metric(_ value: JSONValue) -> OTLPMetric {
        var metric = OTLPMetric()
        metric.name = text(value, "name")
        metric.description = text(value, "description")
        metric.unit = text(value, "unit")
        for (name, kind) in kinds {
            guard let data = value[name] else { continue }
            metric.kind = kind
            let temporality = data["aggregationTemporality"]
            metric.isDelta =
                OTLPValue.signed(temporality) == 1 || temporality?.text == "AGGREGATION_TEMPORALITY_DELTA"
            metric.isMonotonic = data["isMonotonic"]?.bool ?? false
            metric.points = list(data, "dataPoints").map(point)
        }
        return metric
    }

    private static let kinds: [(String, OTLPMetric.Kind)] = [
        ("gauge", .gauge), ("sum", .sum), ("histogram", .histogram),
        ("exponentialHistogram", .exponentialHistogram), ("summary", .summary),
    ]

    private static func point(_ value: JSONValue) -> OTLPPoint {
        var point = OTLPPoint()
        point.attributes = attributes(value, "attributes")
        point.startNs = unsigned(value["startTimeUnixNano"])
        point.timeNs = unsigned(value["timeUnixNano"])
        point.value = OTLPValue.double(value["asDouble"]) ?? OTLPValue.signed(value["asInt"]).map { Double($0) } ?? 0
        point.flags = unsigned(value["flags"])
        point.count = unsigned(value["count"])
        point.sum = OTLPValue.double(value["sum"])
        point.bucketCounts = list(value, "bucketCounts").map(unsigned)
        point.bounds = list(value, "explicitBounds").map { OTLPValue.double($0) ?? .nan }
        point.scale = Int32(clamping: OTLPValue.signed(value["scale"]) ?? 0)
        point.zeroCount = unsigned(value["zeroCount"])
        point.zeroThreshold = OTLPValue.double(value["zeroThreshold"]) ?? 0
        point.positive = buckets(value["positive"] ?? .null)
        point.negative = buckets(value["negative"] ?? .null)
        point.quantiles = list(value, "quantileValues").map {
            (OTLPValue.double($0["quantile"]) ?? 0, OTLPValue.double($0["value"]) ?? 0)
        }
        point.exemplars = list(value, "exemplars").map(exemplar)
        return point
    }

    private static func buckets(_ value: JSONValue) -> OTLPPoint.Buckets {
        var buckets = OTLPPoint.Buckets()
        buckets.offset = Int32(clamping: OTLPValue.signed(value["offset"]) ?? 0)
        buckets.counts = list(value, "bucketCounts").map(unsigned)
        return buckets
    }

    private static func exemplar(_ value: JSONValue) -> OTLPPoint.Exemplar {
        var exemplar = OTLPPoint.Exemplar()
        exemplar.attributes = attributes(value, "filteredAttributes")
        exemplar.timeNs = unsigned(value["timeUnixNano"])
        exemplar.value = OTLPValue.double(value["asDouble"]) ?? OTLPValue.signed(value["asInt"]).map { Double($0) } ?? 0
        exemplar.traceID = text(value, "traceId").lowercased()
        exemplar.spanID = text(value, "spanId").lowercased()
        return exemplar
    }

    private static func attributes(_ value: JSONValue, _ name: String) -> [OTLPAttribute] {
        OTLPValue.attributes(value[name]).map { OTLPAttribute($0.name, OTLPValue.text($0.value)) }
    }
}
