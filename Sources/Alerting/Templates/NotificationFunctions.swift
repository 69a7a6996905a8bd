import Encoding
import Model
import Posix
import Text

/// The functions of templates for notifications, beside those that every template of obs has.
enum NotificationFunctions {
    /// - Parameters:
    ///   - now: what the clock shows.
    ///   - routeLabel: the text of a route's label.
    static func all(
        now: @escaping @Sendable () -> Int64, routeLabel: @escaping @Sendable (String) throws(TemplateFailure) -> String
    ) -> [TemplateFunction] {
        TextFunctions.all + texts + collections + times(now)
            + [
                TemplateFunction("routeLabels", [.string]) { (arguments) throws(TemplateFailure) in
                    .string(try routeLabel(arguments[0].text ?? ""))
                }
            ]
    }

    private static let texts: [TemplateFunction] = [
        TemplateFunction("trimSpace", [.string]) { .string(($0[0].text ?? "").trimmingWhitespace) },
        TemplateFunction("join", [.string, .list]) { arguments in
            .string(
                (arguments[1].elements ?? []).compactMap(\.text).joined(separator: arguments[0].text ?? ""))
        },
        TemplateFunction("safeUrl", [.string]) { .markup($0[0].text ?? "") },
        TemplateFunction("urlUnescape", [.string]) { (arguments) throws(TemplateFailure) in
            let text = arguments[0].text ?? ""
            guard let plain = QueryText.unescaped(text) else {
                throw TemplateFailure("invalid URL escape in \(GoText.quoted(text))")
            }
            return .string(plain)
        },
        TemplateFunction("toJson", [.any]) { .string(GoJSON.text($0[0])) },
        TemplateFunction("base64encode", [.string]) { arguments in
            let plain = Base64.url.string(Array((arguments[0].text ?? "").utf8).span)
            return .string(plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4))
        },
        TemplateFunction("base64decode", [.string]) { (arguments) throws(TemplateFailure) in
            let text = String((arguments[0].text ?? "").reversed().drop { $0 == "=" }.reversed())
            do throws(DecodeError) {
                return .string(String(decoding: try Base64.url.decode(Array(text.utf8).span), as: UTF8.self))
            } catch {
                throw TemplateFailure("illegal base64 data: \(error)")
            }
        },
    ]

    private static let collections: [TemplateFunction] = [
        TemplateFunction("stringSlice", [], rest: .string) { .texts($0.compactMap(\.text)) },
        TemplateFunction("list", [], rest: .any) { .list($0) },
        TemplateFunction("append", [.list], rest: .any) { .list(($0[0].elements ?? []) + $0.dropFirst()) },
        TemplateFunction("dict", [], rest: .any) { (arguments) throws(TemplateFailure) in
            guard arguments.count.isMultiple(of: 2) else {
                throw TemplateFailure("dict requires an even number of arguments")
            }
            var entries: [(String, TemplateValue)] = []
            for place in stride(from: 0, to: arguments.count, by: 2) {
                guard let key = arguments[place].text else { throw TemplateFailure("dict keys must be strings") }
                entries.removeAll { $0.0 == key }
                entries.append((key, arguments[place + 1]))
            }
            return .map(TemplateMap(entries))
        },
    ]

    private static func times(_ now: @escaping @Sendable () -> Int64) -> [TemplateFunction] {
        [
            TemplateFunction("now", []) { _ in .object(GoTime(ms: now())) },
            TemplateFunction("date", [.string, .any]) { (arguments) throws(TemplateFailure) in
                .string(try moment(arguments[1]).formatted(arguments[0].text ?? ""))
            },
            TemplateFunction("tz", [.string, .any]) { (arguments) throws(TemplateFailure) in
                let time = try moment(arguments[1])
                do throws(TimeZone.Failure) {
                    return .object(
                        GoTime(ms: time.ms, zone: try TimeZone.named(arguments[0].text ?? "", in: LocalFileSystem())))
                } catch {
                    throw TemplateFailure("\(error)")
                }
            },
            TemplateFunction("toDate", [.string, .string]) { .object(parsed($0) ?? GoTime(ms: GoTime.zeroMs)) },
            TemplateFunction("mustToDate", [.string, .string]) { (arguments) throws(TemplateFailure) in
                guard let time = parsed(arguments) else {
                    let (layout, text) = (arguments[0].text ?? "", arguments[1].text ?? "")
                    throw TemplateFailure("cannot parse \(GoText.quoted(text)) as \(GoText.quoted(layout))")
                }
                return .object(time)
            },
            TemplateFunction("since", [.any]) { (arguments) throws(TemplateFailure) in
                .object(GoDuration(nanoseconds: (now() - (try moment(arguments[0])).ms) * 1_000_000))
            },
        ]
    }

    /// The moment that the second text names by the layout of the first.
    private static func parsed(_ arguments: [TemplateValue]) -> GoTime? {
        GoTime(arguments[1].text ?? "", layout: arguments[0].text ?? "")
    }

    private static func moment(_ value: TemplateValue) throws(TemplateFailure) -> GoTime {
        guard case .object(let object) = value, let moment = object as? GoTime else {
            throw TemplateFailure("wrong type for value; expected time.Time; got \(value.typeName)")
        }
        return moment
    }
}

extension String {
    /// Without white space at its ends.
    var trimmingWhitespace: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

/// `url.QueryUnescape`.
enum QueryText {
    /// Nil where a percent sign stands before no two digits.
    static func unescaped(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16) else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// `strconv.Quote` of short texts.
enum GoText {
    static func quoted(_ text: String) -> String { Quoted.text(text) }
}

/// `json.Marshal`: names of fields in small letters, `<`, `>` and `&` as escapes.
enum GoJSON {
    static func text(_ value: TemplateValue) -> String {
        var writer = JSONWriter()
        write(value, to: &writer)
        var text = ""
        for scalar in String(decoding: writer.bytes, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "<": text += "\\u003c"
            case ">": text += "\\u003e"
            case "&": text += "\\u0026"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    private static func write(_ value: TemplateValue, to writer: inout JSONWriter) {
        switch value {
        case .nothing: writer.null()
        case .bool(let value): writer.bool(value)
        case .int(let value): writer.number(value)
        case .float(let value): writer.number(value)
        case .string(let text), .markup(let text): writer.string(text)
        case .list(let list):
            writer.beginArray()
            for element in list.elements { write(element, to: &writer) }
            writer.endArray()
        case .map(let map): object(map.entries.map { ($0.key, $0.value) }, to: &writer)
        case .record(let record): object(record.fields.map { (fieldName($0.name), $0.value) }, to: &writer)
        case .object(let object):
            if let time = object as? GoTime {
                writer.string(GoJSON.time(time.ms))
            } else {
                write(object.value, to: &writer)
            }
        }
    }

    /// A moment as Go writes it into JSON: without zeros behind the seconds.
    static func time(_ ms: Int64) -> String { GoTime(ms: ms).formatted("2006-01-02T15:04:05.999999999Z07:00") }

    private static func object(_ members: [(String, TemplateValue)], to writer: inout JSONWriter) {
        writer.beginObject()
        for (name, value) in members {
            writer.name(name)
            write(value, to: &writer)
        }
        writer.endObject()
    }

    private static func fieldName(_ name: String) -> String {
        switch name {
        case "ExternalURL": "externalURL"
        case "GeneratorURL": "generatorURL"
        case "NotificationReason": "notification_reason"
        default: name.prefix(1).lowercased() + name.dropFirst()
        }
    }
}
