import CYAML

/// The events of libyaml as values, one at a time. Owns the parser and a copy of the text.
@safe final class YAMLEvents {
    struct Event {
        enum Kind {
            case streamEnd, documentStart, documentEnd, sequenceEnd, mappingEnd
            case alias(String)
            case scalar(text: [UInt8], tag: String, isPlain: Bool, anchor: String)
            case sequenceStart(tag: String, anchor: String)
            case mappingStart(tag: String, anchor: String)
        }
        let kind: Kind
        let position: ConfigurationPosition
    }

    private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    private let text: UnsafeMutableBufferPointer<UInt8>
    private let file: String

    init(text source: Span<UInt8>, file: String) {
        self.file = file
        unsafe text = .allocate(capacity: source.count)
        for index in source.indices { unsafe text.initializeElement(at: index, to: source[index]) }
        guard unsafe yaml_parser_initialize(parser) == 1 else { preconditionFailure("out of memory for a YAML parser") }
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, text.baseAddress, text.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe text.deallocate()
    }

    /// The next event; the start of the stream is passed over.
    func next() throws(ConfigurationError) -> Event {
        var event = unsafe yaml_event_t()
        repeat {
            guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw failure() }
            if unsafe event.type != YAML_STREAM_START_EVENT { break }
            unsafe yaml_event_delete(&event)
        } while true
        defer { unsafe yaml_event_delete(&event) }
        return unsafe Event(kind: kind(of: event), position: position(event.start_mark))
    }

    private func kind(of event: yaml_event_t) -> Event.Kind {
        switch unsafe event.type {
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return .streamEnd
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        case YAML_ALIAS_EVENT: return unsafe .alias(Self.string(event.data.alias.anchor))
        case YAML_SEQUENCE_START_EVENT:
            let start = unsafe event.data.sequence_start
            return unsafe .sequenceStart(tag: Self.string(start.tag), anchor: Self.string(start.anchor))
        case YAML_MAPPING_START_EVENT:
            let start = unsafe event.data.mapping_start
            return unsafe .mappingStart(tag: Self.string(start.tag), anchor: Self.string(start.anchor))
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            return unsafe .scalar(
                text: Array(UnsafeBufferPointer(start: scalar.value, count: scalar.length)),
                tag: Self.string(scalar.tag), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE,
                anchor: Self.string(scalar.anchor))
        default: preconditionFailure("BUG: libyaml made an event that its parser does not make")
        }
    }

    private static func string(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String {
        guard let pointer = unsafe pointer else { return "" }
        return unsafe String(cString: pointer)
    }

    private func position(_ mark: yaml_mark_t) -> ConfigurationPosition {
        ConfigurationPosition(file: file, line: mark.line + 1, column: mark.column + 1)
    }

    private func failure() -> ConfigurationError {
        let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "unreadable"
        if unsafe parser.pointee.error == YAML_READER_ERROR {
            let offset = unsafe parser.pointee.problem_offset
            let position = unsafe YAMLParser.position(
                ofByte: offset, in: Span(_unsafeElements: UnsafeBufferPointer(text)), file: file)
            return ConfigurationError(
                at: position, problem, "remove the character or write it as an escape in double quotes")
        }
        let context = unsafe parser.pointee.context.map { unsafe " (\(String(cString: $0)))" } ?? ""
        return unsafe ConfigurationError(
            at: position(parser.pointee.problem_mark), "not valid YAML: \(problem)\(context)")
    }
}
