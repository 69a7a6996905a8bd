import TestSupport
import Testing

@testable import obs

struct ProgressBarTests {
    private func console(_ recorded: RecordedConsole, showsProgress: Bool) -> Console {
        var style = recorded.console.style
        style.showsProgress = showsProgress
        return Console(style: style, environment: { _ in nil }, output: { _ in }, complaints: recorded.complain)
    }

    @Test func saysHowFarItIsAndHowFast() {
        let recorded = RecordedConsole()
        let time = ManualTime()
        let bar = ProgressBar("sending", total: 2000, console(recorded, showsProgress: true), time: time) { "\($0) B" }
        time.advance(bySeconds: 2)
        bar.advance(by: 500)
        #expect(recorded.complaints == "\rsending  [######..................] 25 %  500 B of 2000 B  250 B/s\u{1b}[K")
        // Within a tenth of a second nothing is shown again.
        bar.advance(by: 500)
        time.advance(bySeconds: 2)
        bar.advance(by: 0)
        #expect(
            recorded.complaints.hasSuffix(
                "\rsending  [############............] 50 %  1000 B of 2000 B  250 B/s\u{1b}[K"))
        #expect(recorded.complaints.split(separator: "\r").count == 2)
        bar.end()
        #expect(recorded.complaints.hasSuffix("\r\u{1b}[K"))
    }

    @Test func whereNobodyLooksNothingIsWritten() {
        let recorded = RecordedConsole()
        let time = ManualTime()
        let bar = ProgressBar("sending", total: nil, console(recorded, showsProgress: false), time: time) { "\($0)" }
        time.advance(bySeconds: 1)
        bar.advance(by: 1)
        bar.end()
        #expect(recorded.complaints == "")
    }

    @Test(arguments: [
        (0, "0 B", "0"), (999, "999 B", "999"), (1024, "1.0 KiB", "1.0 k"), (1_500_000, "1.4 MiB", "1.5 M"),
        (150_000_000, "143 MiB", "150 M"), (5_000_000_000, "4.7 GiB", "5.0 G"),
    ])
    func amountsAreShort(count: Int, bytes: String, plain: String) {
        #expect(Amount.bytes(count) == bytes)
        #expect(Amount.count(count) == plain)
    }
}
