import Text

/// Cuts what was read of a file into events: lines, or lines that belong together.
struct EventCutter: Sendable {
    struct Event {
        var timestampNs: Int64?
        var stream: String?
        var text: [UInt8]
        /// Where in the bytes the event ends.
        var end: Int
        fileprivate var lines = 1
        fileprivate var isPart: Bool
    }

    let form: LineForm
    let lines: MultilineOptions
    let eventBytesMax: Int

    /// - Parameters:
    ///   - takesRest: also the last event goes, though lines that belong to it may still come, and bytes without an end
    ///     of line.
    ///   - take: gets each event in order.
    /// - Returns: how many bytes were taken.
    func cut(_ bytes: ArraySlice<UInt8>, takesRest: Bool, _ take: (borrowing Event) -> Void) -> Int {
        var traces = TraceLines()
        var open: Event?
        var taken = 0
        var start = bytes.startIndex
        while start < bytes.endIndex {
            var end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
            let isWhole = end < bytes.endIndex
            let isTooLong = end - start > eventBytesMax
            if isTooLong { end = start + eventBytesMax }
            guard isWhole || isTooLong || takesRest else { break }
            let next = isTooLong ? end : min(end + 1, bytes.endIndex)
            var line = bytes[start..<end]
            if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
            let read = form.read(line)
            let offset = next - bytes.startIndex
            if let event = open, goesOn(event, read, &traces) {
                open = joined(consume: event, read, end: offset)
            } else {
                if open == nil { _ = isContinuation(read.text, &traces) }
                if let event = open {
                    take(event)
                    taken = event.end
                }
                open = Event(
                    timestampNs: read.timestampNs, stream: read.stream, text: Array(read.text), end: offset,
                    isPart: read.isPart)
            }
            start = next
        }
        guard let event = open, takesRest || (!lines.isOn && !event.isPart) else { return taken }
        take(event)
        return event.end
    }

    private func goesOn(_ event: Event, _ line: LineForm.Line, _ traces: inout TraceLines) -> Bool {
        guard event.stream == line.stream, event.text.count + line.text.count < eventBytesMax else { return false }
        if event.isPart { return true }
        guard lines.isOn, event.lines < lines.linesMax else { return false }
        return isContinuation(line.text, &traces)
    }

    private func isContinuation(_ line: ArraySlice<UInt8>, _ traces: inout TraceLines) -> Bool {
        if let start = lines.start { return !start.matches(line.span) }
        return lines.joinsTraces && traces.continues(line)
    }

    private func joined(consume event: consuming Event, _ line: LineForm.Line, end: Int) -> Event {
        var event = event
        if !event.isPart {
            event.text.append(UInt8(ascii: "\n"))
            event.lines += 1
        }
        event.text += line.text
        event.isPart = line.isPart
        event.end = end
        return event
    }
}
