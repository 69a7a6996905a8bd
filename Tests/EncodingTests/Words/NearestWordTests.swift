import Encoding
import Testing

@Suite struct NearestWordTests {
    @Test(arguments: [
        ("scrap_interval", "scrape_interval"), ("taget_limit", "target_limit"), ("globla", "global"), ("ulr", "url"),
    ])
    func findsTheWordThatWasMeant(typed: String, meant: String) {
        let words = ["scrape_interval", "scrape_timeout", "target_limit", "global", "url", "name"]
        #expect(NearestWord.of(typed, among: words) == meant)
    }

    @Test(arguments: ["", "xyz", "completely_different"])
    func staysSilentWhenNothingIsNear(typed: String) {
        #expect(NearestWord.of(typed, among: ["scrape_interval", "global"]) == nil)
    }
}
