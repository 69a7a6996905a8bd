import Testing
import Text

@testable import obs

@Suite struct DrawingTests {
    @Test func aLineOfBarsGoesBetweenTheSmallestAndTheLargest() {
        #expect(Sparkline.text([0, 1, 2, 3, 4, 5, 6, 7], columns: 8) == "▁▂▃▄▅▆▇█")
        #expect(Sparkline.text([5, 5, nil, 5], columns: 8) == "▄▄ ▄")
        #expect(Sparkline.text([0, 0, 10, 10, nil, nil, 10, 0], columns: 4) == "▁█ ▅")
        #expect(Sparkline.text([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], columns: 2) == "▄▄")
        #expect(Sparkline.text([.nan, .infinity, 1, 2], columns: 4) == "  ▁█")
        #expect(Sparkline.text([nil, nil], columns: 4) == "  ")
        #expect(Sparkline.text([], columns: 4) == "")
    }

    /// Each dot of a cell has its bit in Unicode's block of Braille patterns.
    @Test func dotsAndLinesFillTheCellsOfACanvas() {
        let console = RecordedConsole().console
        var canvas = BrailleCanvas(columns: 3, rows: 2)
        canvas.line(from: (0, 0), to: (5, 0), owner: 0)
        canvas.line(from: (0, 7), to: (5, 7), owner: 0)
        #expect(canvas.text(row: 0, console) == "⠉⠉⠉")
        #expect(canvas.text(row: 1, console) == "⣀⣀⣀")
        canvas = BrailleCanvas(columns: 2, rows: 1)
        canvas.line(from: (0, 0), to: (3, 3), owner: 0)
        #expect(canvas.text(row: 0, console) == "⠑⢄")
        canvas.set(-1, 0, owner: 0)
        canvas.set(4, 0, owner: 0)
        canvas.set(0, 4, owner: 0)
        #expect(canvas.text(row: 0, console) == "⠑⢄")
    }

    @Test func aCellHasTheColourOfWhatWasDrawnThereFirst() {
        let console = RecordedConsole(hasColour: true).console
        var canvas = BrailleCanvas(columns: 3, rows: 1)
        canvas.set(0, 0, owner: 0)
        canvas.set(1, 0, owner: 1)
        canvas.set(4, 0, owner: 1)
        #expect(canvas.text(row: 0, console) == "\u{1b}[36m⠉\u{1b}[0m \u{1b}[33m⠁\u{1b}[0m")
    }

    @Test(arguments: [
        (0, 10, ValueUnit.none, 6, ["0", "2", "4", "6", "8", "10"]),
        (0.71, 64.8, .none, 5, ["0", "20", "40", "60", "80"]),
        (99, 101, .none, 5, ["99.0", "99.5", "100.0", "100.5", "101.0"]),
        (5, 5, .none, 6, ["0", "1", "2", "3", "4", "5"]),
        (0, 0, .none, 6, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]), (-3, 4, .none, 5, ["-4", "-2", "0", "2", "4"]),
        (-8, -1, .none, 5, ["-8", "-6", "-4", "-2", "0"]),
        (1_000_000, 3_500_000, .bytes, 5, ["0 MiB", "1 MiB", "2 MiB", "3 MiB", "4 MiB"]),
        (0.001, 0.004, .seconds, 6, ["0 ms", "1 ms", "2 ms", "3 ms", "4 ms"]),
        (0.9, 0.97, .ratio, 5, ["90%", "92%", "94%", "96%", "98%"]),
    ])
    func marksOfValuesAreRound(lowest: Double, highest: Double, unit: ValueUnit, marksMax: Int, texts: [String]) {
        let axis = ValueAxis(lowest: lowest, highest: highest, unit: unit, marksMax: marksMax)
        #expect(axis.texts == texts)
        #expect(axis.low <= lowest && axis.high >= highest)
    }

    @Test func anAxisOfAnySizeHasFewMarksAroundItsValues() {
        for exponent in stride(from: -300.0, through: 300, by: 7) {
            for (low, high) in [(1.0, 2.0), (0, 9.99), (-1, 1), (1.0, 1.000001)] {
                let factor = Double("1e\(Int(exponent))")!
                let axis = ValueAxis(lowest: low * factor, highest: high * factor, unit: .none, marksMax: 6)
                #expect(axis.marks.count >= 2 && axis.marks.count <= 6)
                let rounding = max(low.magnitude, high.magnitude) * factor * 1e-9
                #expect(axis.low <= low * factor + rounding && axis.high >= high * factor - rounding)
            }
        }
    }

    @Test func marksOfTimeAreRoundAndDoNotRunIntoEachOther() {
        let hour: Int64 = 3_600_000
        let axis = TimeAxis(fromMs: 15 * hour, toMs: 21 * hour, columns: 73)
        #expect(axis.marksMs == (15...21).map { $0 * hour })
        let (line, texts) = axis.lines(columns: 73)
        #expect(line == "┬" + String(repeating: "───────────┬", count: 6))
        #expect(texts == "15:00     16:00       17:00       18:00       19:00       20:00     21:00")
        let days = TimeAxis(fromMs: 0, toMs: 96 * hour, columns: 49)
        #expect(days.lines(columns: 49).texts == "1 Jan     2 Jan       3 Jan       4 Jan     5 Jan")
        let seconds = TimeAxis(fromMs: 0, toMs: 10_000, columns: 24)
        #expect(seconds.lines(columns: 24).texts.contains("00:00:05"))
    }

    @Test func wideCharactersTakeTwoColumnsAndControlsNone() {
        #expect(DisplayWidth.of("日本") == 4)
        #expect(DisplayWidth.of("e\u{301}") == 1)
        #expect(DisplayWidth.cut("日本語", to: 5) == "日本…")
        #expect(DisplayWidth.cut("abc", to: 3) == "abc")
        #expect(DisplayWidth.cut("abcd", to: 3) == "ab…")
        #expect(DisplayWidth.printable("a\nb\u{1b}[1m\u{202e}") == "a\\nb\\u{1b}[1m\\u{202e}")
    }

    @Test func neitherCellsNorTitlesCommandTheTerminal() {
        var table = TextTable([TextTable.Column(title: "a\u{1b}[2J")])
        table.add("b\u{9b}2J")
        #expect(table.text(RecordedConsole().console) == "a\\u{1b}[2J\nb\\u{9b}2J")
    }

    @Test func aTableIsCutToTheTerminalWhereItMayBe() {
        var table = TextTable([
            TextTable.Column(title: "NAME", shortest: 6), TextTable.Column(title: "VALUE", alignsRight: true),
        ])
        table.add("a-name-that-is-long", "12")
        table.add("b", "3")
        #expect(
            table.text(RecordedConsole(columns: 20, hasColour: true).console.plain) == """
                NAME           VALUE
                a-name-that-…     12
                b                  3
                """)
        #expect(table.text(RecordedConsole(columns: 20).console).contains("a-name-that-is-long"))
    }
}

extension Console {
    /// A terminal without colour.
    fileprivate var plain: Console {
        var style = style
        style.hasColour = false
        return Console(style: style, environment: { _ in nil }, output: { _ in }, complaints: { _ in })
    }
}
