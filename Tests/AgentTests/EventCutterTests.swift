import Testing
import Text

@testable import Agent

@Suite("Events of a file")
struct EventCutterTests {
    private static func cut(
        _ text: String, form: LineForm = .plain, lines: MultilineOptions = MultilineOptions(), bytesMax: Int = 1 << 20,
        takesRest: Bool = true
    ) -> (events: [String], taken: Int) {
        var events: [String] = []
        let cutter = EventCutter(form: form, lines: lines, eventBytesMax: bytesMax)
        let taken = cutter.cut(Array(text.utf8)[...], takesRest: takesRest) {
            events.append(String(decoding: $0.text, as: UTF8.self))
        }
        return (events, taken)
    }

    private static var traces: MultilineOptions {
        var lines = MultilineOptions()
        lines.joinsTraces = true
        return lines
    }

    @Test("are lines, and what has no end yet waits")
    func lines() {
        #expect(Self.cut("a\nb\r\nc", takesRest: false) == (["a", "b"], 5))
        #expect(Self.cut("a\nb\nc") == (["a", "b", "c"], 5))
        #expect(Self.cut("", takesRest: false) == ([], 0))
        #expect(Self.cut("abcdef\ng\n", bytesMax: 4).events == ["abcd", "ef", "g"])
    }

    /// As the runtimes print them: OpenJDK 17, CPython 3.11, Go 1.19, Swift 6.
    static let stacks = [
        """
        2026-11-20 10:00:00 ERROR order failed
        java.lang.IllegalStateException: no stock
        \tat shop.Order.place(Order.java:42)
        \tat shop.Main.main(Main.java:7)
        Caused by: java.io.IOException: broken pipe
        \tat shop.Net.send(Net.java:3)
        \t... 2 more
        """,
        """
        ERROR:root:order failed
        Traceback (most recent call last):
          File "shop.py", line 7, in place
            charge(card)
        KeyError: 'card'

        During handling of the above exception, another exception occurred:

        Traceback (most recent call last):
          File "shop.py", line 9, in <module>
            place()
        RuntimeError: no order
        """,
        """
        panic: runtime error: index out of range [5] with length 3

        goroutine 1 [running]:
        main.place(...)
        \t/src/shop.go:12
        main.main()
        \t/src/shop.go:7 +0x1b
        created by main.start
        \t/src/shop.go:3 +0x2a
        exit status 2
        """,
        """
        shop/Order.swift:12: Fatal error: no stock

        *** Program crashed: Illegal instruction at 0x00005581 ***

        Thread 0 "shop" crashed:

        0 0x000055 place() + 12 in shop at /src/Order.swift:12:9
        1 [ra] 0x000056 static Main.main() + 8 in shop at /src/Main.swift:7:5
        """,
    ]

    @Test("keep a stack trace together, and the lines before and behind it apart", arguments: stacks.indices)
    func stackTraces(_ index: Int) {
        let stack = Self.stacks[index]
        // A Java trace goes on from the line before it only where that is indented: the exception's own line begins it.
        let text = "10:00:00 INFO before\n\(stack)\n10:00:01 INFO behind\n10:00:02 INFO last\n"
        let events = Self.cut(text, lines: Self.traces).events
        #expect(events.first == "10:00:00 INFO before")
        #expect(events.suffix(2) == ["10:00:01 INFO behind", "10:00:02 INFO last"])
        let between = events.dropFirst().dropLast(2)
        #expect(between.joined(separator: "\n") == stack)
        #expect(between.count == (index == 0 ? 2 : 1))
    }

    @Test("begin where the pattern says, and the last waits for more")
    func startPattern() throws {
        var lines = MultilineOptions()
        lines.start = try RegularExpression(#"^\d{4}-"#)
        let text = "2026-a\n more\n2026-b\nrest\n"
        #expect(Self.cut(text, lines: lines, takesRest: false) == (["2026-a\n more"], 13))
        #expect(Self.cut(text, lines: lines).events == ["2026-a\n more", "2026-b\nrest"])
        lines.linesMax = 2
        #expect(Self.cut("2026-a\n1\n2\n3\n", lines: lines).events == ["2026-a\n1", "2\n3"])
    }

    @Test("of containers come from Docker's JSON and the runtime interface, in parts joined")
    func containers() {
        let docker = """
            {"log":"one\\n","stream":"stdout","time":"2026-11-20T10:00:00.5Z"}
            {"log":"tw","stream":"stderr","time":"2026-11-20T10:00:01Z"}
            {"log":"o \\"x\\"\\n","stream":"stderr","time":"2026-11-20T10:00:01Z"}
            no json

            """
        #expect(Self.cut(docker, form: .docker).events == ["one", "two \"x\"", "no json"])
        let cri = """
            2026-11-20T10:00:00.000000001Z stdout F one
            2026-11-20T10:00:01Z stderr P tw
            2026-11-20T10:00:01Z stderr F o

            """
        var times: [Int64?] = []
        let cutter = EventCutter(form: .cri, lines: MultilineOptions(), eventBytesMax: 1 << 20)
        _ = cutter.cut(Array(cri.utf8)[...], takesRest: false) { times.append($0.timestampNs) }
        #expect(times == [1_795_168_800_000_000_001, 1_795_168_801_000_000_000])
        #expect(Self.cut(cri, form: .cri).events == ["one", "two"])
    }
}
